/* That nothing is left out: each function of preview1 has cases that name it,
 * and each of the 72 tests of the public suite (WebAssembly/wasi-testsuite) for
 * preview1 has its counterpart here, in our own words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FUNCTIONS } from "../../js/wasi/abi.js";
import { casesIn, guestNames } from "../helpers/guests.js";
import { PROGRAMS } from "./programs.js";

const cases = guestNames().flatMap(casesIn);
/** Programs without cases are cases themselves. */
const known = new Set([...cases, ...PROGRAMS.map(({ name }) => name)]);

test("every function of preview1 has cases that name it", () => {
  const named = (/** @type {string} */ name) =>
    [...known].some((one) => one.startsWith(name));
  assert.deepEqual(
    FUNCTIONS.filter((name) => !named(name)),
    [],
  );
});

test("no two cases have the same name", () => {
  const twice = cases.filter((name, at) => cases.indexOf(name) !== at);
  assert.deepEqual(twice, []);
});

/** By the suite's name, some case of ours that would fail with it. */
const COUNTERPARTS = {
  "args_get-multiple-arguments": "args_get_gives_every_argument_in_order",
  "args_sizes_get-multiple-arguments":
    "args_sizes_get_counts_arguments_and_bytes",
  "args_sizes_get-no-arguments": "args_sizes_get_tells_of_the_name_alone",
  "environ_get-multiple-variables": "environ_get_gives_every_variable",
  "environ_sizes_get-multiple-variables":
    "environ_sizes_get_counts_variables_and_bytes",
  "environ_sizes_get-no-variables": "environ_sizes_get_tells_of_no_variables",
  "fd_write-to-invalid-fd": "fd_write_to_a_bad_descriptor",
  "fd_write-to-stdout": "returns 0",
  "proc_exit-failure": "proc_exit 33",
  "proc_exit-success": "proc_exit 0",
  "random_get-non-zero-length": "random_get_fills_the_buffer",
  "random_get-zero-length": "random_get_of_nothing_succeeds",
  "clock_getres-monotonic": "clock_res_get_of_the_monotonic_clock_is_not_zero",
  "clock_getres-realtime": "clock_res_get_of_the_realtime_clock_is_not_zero",
  "clock_gettime-monotonic": "clock_time_get_monotonic_goes_on",
  "clock_gettime-realtime": "clock_time_get_tells_the_time_of_day",
  "fdopendir-with-access": "libc_openat_and_fdopendir",
  "fopen-with-access": "libc_fopen_writes_and_reads",
  "fopen-with-no-access": "libc_open_outside_of_all_mounts",
  lseek: "libc_lseek_pread_and_pwrite",
  "pread-with-access": "libc_lseek_pread_and_pwrite",
  "pwrite-with-access": "libc_lseek_pread_and_pwrite",
  "pwrite-with-append": "libc_pwrite_to_a_file_that_appends",
  "sock_shutdown-invalid_fd": "sock_functions_of_a_bad_descriptor",
  "sock_shutdown-not_sock": "sock_shutdown_on_what_is_no_socket",
  "stat-dev-ino": "libc_stat_tells_files_apart",
  big_random_buf: "random_get_fills_more_than_one_call_of_webcrypto",
  clock_time_get: "clock_time_get_monotonic_never_goes_back",
  close_preopen: "fd_close_and_fd_renumber_of_mounts",
  dangling_fd: "fd_write_to_an_unlinked_file_leaves_its_namesake_alone",
  dangling_symlink: "path_open_of_a_link_itself_is_refused",
  dir_fd_op_failures: "fd_seek_on_what_has_no_offset",
  directory_seek: "path_open_gives_a_directory_no_right_to_seek",
  fd_advise: "fd_advise_takes_every_advice_and_changes_nothing",
  fd_fdstat_set_rights: "fd_fdstat_set_rights_gives_none_back",
  fd_filestat_set: "fd_filestat_set_times_leaves_what_is_not_named",
  fd_flags_set: "fd_fdstat_set_flags_turns_append_on_and_off",
  fd_readdir: "fd_readdir_of_an_empty_directory_has_dot_and_dot_dot",
  file_allocate: "fd_allocate_makes_a_file_longer_and_never_shorter",
  file_pread_pwrite: "fd_pread_scatters_and_stops_at_the_end",
  file_seek_tell: "fd_seek_from_start_end_and_offset",
  file_truncation: "path_open_trunc_empties_a_file",
  file_unbuffered_write: "fd_read_sees_what_another_descriptor_wrote",
  fstflags_validate: "fd_filestat_set_times_refuses_a_time_and_now",
  interesting_paths: "path_with_dots_and_slashes_in_it",
  isatty: "libc_isatty_of_files_and_pipes",
  nofollow_errors: "path_open_follows_a_link_when_asked",
  overwrite_preopen: "fd_close_and_fd_renumber_of_mounts",
  path_exists: "path_filestat_get_follows_when_asked",
  path_filestat: "path_filestat_set_times_sets_one_or_both",
  path_link: "path_link_gives_a_file_a_second_name",
  path_open_create_existing: "path_open_excl_refuses_what_is_there",
  path_open_dirfd_not_dir: "path_open_at_what_is_no_directory",
  path_open_missing: "path_open_of_what_is_missing",
  path_open_nonblock: "path_open_nonblocking",
  path_open_preopen: "fd_fdstat_get_gives_a_mount_what_libraries_count_on",
  path_open_read_write: "path_open_gives_the_rights_that_were_asked_for",
  path_rename: "path_rename_of_a_directory_over_an_empty_one",
  path_rename_dir_trailing_slashes:
    "path_rename_of_directories_with_slashes_at_the_end",
  path_symlink_trailing_slashes: "path_symlink_with_a_slash_at_its_end",
  poll_oneoff_stdio: "poll_oneoff_finds_standard_output_and_error_writable",
  readlink: "path_readlink_cuts_off_what_does_not_fit",
  remove_directory_trailing_slashes: "path_remove_directory_of_what_is_none",
  remove_nonempty_directory:
    "path_remove_directory_keeps_one_that_is_not_empty",
  renumber: "fd_renumber_takes_rights_flags_and_type_along",
  sched_yield: "sched_yield_comes_back",
  stdio: "fd_renumber_of_the_standard_streams",
  symlink_create: "path_symlink_to_an_absolute_path_is_refused",
  symlink_filestat: "path_filestat_set_times_of_a_link_or_what_it_names",
  symlink_loop: "path_open_in_a_loop_of_links",
  truncation_rights: "path_open_trunc_needs_the_right_to_set_sizes",
  unlink_file_trailing_slashes: "path_unlink_file_with_a_slash_at_its_end",
};

test("each test of the public suite has its counterpart", () => {
  assert.equal(Object.keys(COUNTERPARTS).length, 72);
  const missing = Object.entries(COUNTERPARTS).filter(
    ([, name]) => !known.has(name),
  );
  assert.deepEqual(missing, []);
});
