/* Where node:wasi (uvwasi, as Node 20 has it on Linux) differs from the
 * specification, by program and case, each with the reason. */

const NO_TABLE =
  "an empty table of variables is taken for a missing pointer: EINVAL";
const LINUX_APPENDS =
  "the pwrite() of Linux appends to a file in append mode, against POSIX";
const FOLLOWS = "links at the end are followed unasked";
const RAW_FLAGS = "flags are told in the numbers of Linux";
const SECONDS = "times are cut off to whole seconds";
const LEXICAL =
  '"a/.." is taken out of the text of a path: a may be missing, no directory ' +
  "or a link to elsewhere";
const LEAKED_LOCK = "a refused call keeps the descriptor locked for ever";
const RELATIVE = "an absolute time is taken for a relative one";
const EPOLL = "files are passed on to epoll, which refuses them: EPERM";
const WHOLE_CALL = "a missing right fails the whole call";
const BY_INDEX =
  "cookies count entries of the directory as it is now, so that those behind " +
  "a removed or before an added one are missed or come twice";

const NO_SIGNAL = "ENOSYS for a number that is no signal";

/** @type {import("../helpers/conformance.js").Differences} */
export const NODE_DIFFERENCES = {
  noargs: {
    environ_get_of_no_variables_writes_nothing: NO_TABLE,
  },
  poll: {
    poll_oneoff_waits_for_an_absolute_time: `hangs: ${RELATIVE}`,
    poll_oneoff_of_a_time_that_is_past: `hangs: ${RELATIVE}`,
    poll_oneoff_waits_for_an_absolute_time_of_day: `hangs: ${RELATIVE}`,
    poll_oneoff_mixes_relative_and_absolute_times: `hangs: ${RELATIVE}`,
    poll_oneoff_of_the_longest_time_can_still_end: EPOLL,
    poll_oneoff_refuses_an_unknown_clock: "an unknown clock is taken",
    poll_oneoff_finds_a_file_ready_at_once: EPOLL,
    poll_oneoff_tells_how_much_a_file_has_left: EPOLL,
    poll_oneoff_finds_a_file_ready_at_its_end_too: EPOLL,
    poll_oneoff_tells_of_every_subscription_on_its_own: EPOLL,
    poll_oneoff_tells_of_a_bad_descriptor:
      "a bad descriptor is told as the time that was waited for",
    poll_oneoff_tells_of_bad_and_ready_descriptors_together:
      "hangs: a bad descriptor among others is passed over",
    poll_oneoff_needs_the_right_to_poll: WHOLE_CALL,
    poll_oneoff_needs_the_right_to_read_or_write: WHOLE_CALL,
    poll_oneoff_in_place_of_its_subscriptions: EPOLL,
  },
  sock: {
    sock_functions_of_a_bad_descriptor: "sock_shutdown is ENOTSUP on Linux",
    sock_recv_and_send_on_what_is_no_socket: "ENOTCAPABLE for ENOTSOCK",
    sock_shutdown_on_what_is_no_socket: "sock_shutdown is ENOTSUP on Linux",
  },
  "proc_raise unknown": { "proc_raise unknown": NO_SIGNAL },
  "proc_raise far off": { "proc_raise far off": NO_SIGNAL },
  libc: {
    libc_pwrite_to_a_file_that_appends: LINUX_APPENDS,
    libc_links_and_names: FOLLOWS,
    libc_poll_of_a_file_and_of_nothing: EPOLL,
    libc_fcntl_turns_flags_on_and_off: RAW_FLAGS,
  },
  wait: {
    poll_oneoff_tells_how_much_input_there_is: "it is told to be 0 bytes",
    poll_oneoff_keeps_nobody_else_from_anything:
      "hangs: a program keeps all else of its process waiting",
  },
  stdio: {
    fd_read_from_output_and_fd_write_to_input:
      "hangs: every standard stream may be read, and waits",
  },
  io: {
    fd_pwrite_goes_to_its_offset_when_appending_too: LINUX_APPENDS,
    fd_seek_by_nothing_needs_the_right_to_tell_alone:
      "fd_seek wants the right to seek whatever is asked",
    fd_tell_is_implied_by_the_right_to_seek:
      "fd_tell wants its own right, which the right to seek should imply",
  },
  fd: {
    fd_renumber_wants_both_to_be_open: "a number renumbered to itself is fine",
    fd_fdstat_get_tells_type_flags_and_rights: RAW_FLAGS,
    fd_fdstat_get_tells_the_flags_of_path_open: RAW_FLAGS,
    fd_fdstat_get_tells_synchronous_flags: RAW_FLAGS,
    fd_fdstat_set_flags_turns_append_on_and_off: RAW_FLAGS,
    fd_fdstat_set_flags_replaces_all_flags: RAW_FLAGS,
    fd_fdstat_set_flags_is_of_the_descriptor_alone: RAW_FLAGS,
    fd_fdstat_set_flags_refuses_unknown_flags: "unknown flags are ignored",
    fd_allocate_of_nothing_is_refused:
      "a length of 0 is taken, and makes the file as long as the offset",
    fd_prestat_dir_name_in_a_smaller_buffer: "ENOBUFS",
    fd_prestat_get_of_what_is_no_mount: "EINVAL, where libraries want EBADF",
  },
  filestat: {
    fd_filestat_set_times_keeps_microseconds: SECONDS,
    fd_filestat_set_times_keeps_nanoseconds: SECONDS,
  },
  mounts: {
    fd_close_and_fd_renumber_of_mounts: "EINVAL, where libraries want EBADF",
  },
  readdir: {
    fd_readdir_of_an_empty_directory_has_dot_and_dot_dot:
      '"." and ".." are left out',
    fd_readdir_tells_the_numbers_that_stat_tells: "every inode number is 0",
    fd_readdir_while_entries_are_removed: BY_INDEX,
    fd_readdir_while_entries_are_added: BY_INDEX,
  },
  open: {
    path_open_under_a_file: LEXICAL,
    path_open_excl_refuses_what_is_there:
      "O_EXCL follows a link at the end and makes what it names",
    path_open_refuses_unknown_flags: "unknown flags are ignored",
    path_open_of_a_link_itself_is_refused: FOLLOWS,
    path_open_resolves_a_link_from_where_it_lies:
      "path_symlink takes a target relative to the mount, not to the link",
    path_open_in_a_directory_that_was_renamed:
      "a directory's descriptor keeps a path, and not the directory",
  },
  names: {
    path_remove_directory_of_itself_is_refused: LEXICAL,
    path_rename_of_dots: LEXICAL,
  },
  links: {
    path_readlink_gives_the_target_without_nul: "a NUL is put behind it",
    path_readlink_cuts_off_what_does_not_fit: "ENOBUFS",
    path_readlink_into_no_buffer: "ENOBUFS",
  },
  stat: {
    path_filestat_set_times_keeps_nanoseconds: SECONDS,
    path_filestat_set_times_refuses_a_time_and_now: `hangs: ${LEAKED_LOCK}`,
    path_filestat_set_times_refuses_unknown_flags: `hangs: ${LEAKED_LOCK}`,
  },
  paths: {
    path_that_goes_up_and_comes_back_to_its_directory:
      "what is above a directory can be reached from it inside the same mount",
    path_whose_missing_parts_are_gone_up_from: LEXICAL,
    path_goes_up_from_where_a_link_leads: LEXICAL,
    path_with_a_nul_in_it: "a path ends at its first NUL",
    path_that_is_not_utf8: "names are bytes, as on Linux",
  },
};
