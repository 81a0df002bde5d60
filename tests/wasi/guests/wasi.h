/* WASI preview1 as the specification lays it out, written down once more and
 * apart from any tool chain's header: a mistake in the host's layouts and one
 * here would have to be the same one to go unseen. Paths are a pointer and a
 * length, so that a guest can pass any bytes. */
#ifndef GUEST_WASI_H
#define GUEST_WASI_H

#include <stddef.h>
#include <stdint.h>

/* In the order of their numbers, from 0. */
enum {
  W_ESUCCESS,
  W_E2BIG,
  W_EACCES,
  W_EADDRINUSE,
  W_EADDRNOTAVAIL,
  W_EAFNOSUPPORT,
  W_EAGAIN,
  W_EALREADY,
  W_EBADF,
  W_EBADMSG,
  W_EBUSY,
  W_ECANCELED,
  W_ECHILD,
  W_ECONNABORTED,
  W_ECONNREFUSED,
  W_ECONNRESET,
  W_EDEADLK,
  W_EDESTADDRREQ,
  W_EDOM,
  W_EDQUOT,
  W_EEXIST,
  W_EFAULT,
  W_EFBIG,
  W_EHOSTUNREACH,
  W_EIDRM,
  W_EILSEQ,
  W_EINPROGRESS,
  W_EINTR,
  W_EINVAL,
  W_EIO,
  W_EISCONN,
  W_EISDIR,
  W_ELOOP,
  W_EMFILE,
  W_EMLINK,
  W_EMSGSIZE,
  W_EMULTIHOP,
  W_ENAMETOOLONG,
  W_ENETDOWN,
  W_ENETRESET,
  W_ENETUNREACH,
  W_ENFILE,
  W_ENOBUFS,
  W_ENODEV,
  W_ENOENT,
  W_ENOEXEC,
  W_ENOLCK,
  W_ENOLINK,
  W_ENOMEM,
  W_ENOMSG,
  W_ENOPROTOOPT,
  W_ENOSPC,
  W_ENOSYS,
  W_ENOTCONN,
  W_ENOTDIR,
  W_ENOTEMPTY,
  W_ENOTRECOVERABLE,
  W_ENOTSOCK,
  W_ENOTSUP,
  W_ENOTTY,
  W_ENXIO,
  W_EOVERFLOW,
  W_EOWNERDEAD,
  W_EPERM,
  W_EPIPE,
  W_EPROTO,
  W_EPROTONOSUPPORT,
  W_EPROTOTYPE,
  W_ERANGE,
  W_EROFS,
  W_ESPIPE,
  W_ESRCH,
  W_ESTALE,
  W_ETIMEDOUT,
  W_ETXTBSY,
  W_EXDEV,
  W_ENOTCAPABLE,
  W_ERRNO_COUNT,
};
_Static_assert(W_ENOTCAPABLE == 76, "76 errors and success");

enum {
  W_CLOCK_REALTIME = 0,
  W_CLOCK_MONOTONIC = 1,
  W_CLOCK_PROCESS_CPUTIME = 2,
  W_CLOCK_THREAD_CPUTIME = 3,
};

enum {
  W_TYPE_UNKNOWN = 0,
  W_TYPE_BLOCK_DEVICE = 1,
  W_TYPE_CHARACTER_DEVICE = 2,
  W_TYPE_DIRECTORY = 3,
  W_TYPE_FILE = 4,
  W_TYPE_SOCKET_DGRAM = 5,
  W_TYPE_SOCKET_STREAM = 6,
  W_TYPE_SYMLINK = 7,
};

enum {
  W_APPEND = 1 << 0,
  W_DSYNC = 1 << 1,
  W_NONBLOCK = 1 << 2,
  W_RSYNC = 1 << 3,
  W_SYNC = 1 << 4,
};

enum {
  W_CREAT = 1 << 0,
  W_DIRECTORY = 1 << 1,
  W_EXCL = 1 << 2,
  W_TRUNC = 1 << 3,
};

enum { W_NOFOLLOW = 0, W_FOLLOW = 1 << 0 };

enum {
  W_ATIM = 1 << 0,
  W_ATIM_NOW = 1 << 1,
  W_MTIM = 1 << 2,
  W_MTIM_NOW = 1 << 3,
};

enum { W_SEEK_SET = 0, W_SEEK_CUR = 1, W_SEEK_END = 2 };

enum {
  W_EVENT_CLOCK = 0,
  W_EVENT_READ = 1,
  W_EVENT_WRITE = 2,
  W_EVENT_HANGUP = 1 << 0,
  W_ABSTIME = 1 << 0,
};

enum { W_RECV_PEEK = 1 << 0, W_RECV_WAITALL = 1 << 1 };
enum { W_SHUT_RD = 1 << 0, W_SHUT_WR = 1 << 1 };

#define W_RIGHT(bit) (UINT64_C(1) << (bit))
#define W_R_FD_DATASYNC W_RIGHT(0)
#define W_R_FD_READ W_RIGHT(1)
#define W_R_FD_SEEK W_RIGHT(2)
#define W_R_FD_FDSTAT_SET_FLAGS W_RIGHT(3)
#define W_R_FD_SYNC W_RIGHT(4)
#define W_R_FD_TELL W_RIGHT(5)
#define W_R_FD_WRITE W_RIGHT(6)
#define W_R_FD_ADVISE W_RIGHT(7)
#define W_R_FD_ALLOCATE W_RIGHT(8)
#define W_R_PATH_CREATE_DIRECTORY W_RIGHT(9)
#define W_R_PATH_CREATE_FILE W_RIGHT(10)
#define W_R_PATH_LINK_SOURCE W_RIGHT(11)
#define W_R_PATH_LINK_TARGET W_RIGHT(12)
#define W_R_PATH_OPEN W_RIGHT(13)
#define W_R_FD_READDIR W_RIGHT(14)
#define W_R_PATH_READLINK W_RIGHT(15)
#define W_R_PATH_RENAME_SOURCE W_RIGHT(16)
#define W_R_PATH_RENAME_TARGET W_RIGHT(17)
#define W_R_PATH_FILESTAT_GET W_RIGHT(18)
#define W_R_PATH_FILESTAT_SET_SIZE W_RIGHT(19)
#define W_R_PATH_FILESTAT_SET_TIMES W_RIGHT(20)
#define W_R_FD_FILESTAT_GET W_RIGHT(21)
#define W_R_FD_FILESTAT_SET_SIZE W_RIGHT(22)
#define W_R_FD_FILESTAT_SET_TIMES W_RIGHT(23)
#define W_R_PATH_SYMLINK W_RIGHT(24)
#define W_R_PATH_REMOVE_DIRECTORY W_RIGHT(25)
#define W_R_PATH_UNLINK_FILE W_RIGHT(26)
#define W_R_POLL_FD_READWRITE W_RIGHT(27)
#define W_R_SOCK_SHUTDOWN W_RIGHT(28)
#define W_R_SOCK_ACCEPT W_RIGHT(29)

struct w_iovec {
  const void *buf;
  uint32_t len;
};

struct w_dirent {
  uint64_t next;
  uint64_t ino;
  uint32_t namlen;
  uint8_t type;
};

struct w_fdstat {
  uint8_t filetype;
  uint16_t flags;
  uint64_t rights_base;
  uint64_t rights_inheriting;
};

struct w_filestat {
  uint64_t dev;
  uint64_t ino;
  uint8_t filetype;
  uint64_t nlink;
  uint64_t size;
  uint64_t atim;
  uint64_t mtim;
  uint64_t ctim;
};

struct w_prestat {
  uint8_t tag;
  uint32_t name_len;
};

struct w_subscription {
  uint64_t userdata;
  uint8_t tag;
  union {
    struct {
      uint32_t id;
      uint64_t timeout;
      uint64_t precision;
      uint16_t flags;
    } clock;
    uint32_t fd;
  } u;
};

struct w_event {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint64_t nbytes;
  uint16_t flags;
};

#define W_AT(type, field, offset)                          \
  _Static_assert(offsetof(struct type, field) == (offset), \
                 #type "." #field " at " #offset)
#define W_SIZE(type, size) \
  _Static_assert(sizeof(struct type) == (size), #type " of " #size " bytes")
W_SIZE(w_iovec, 8);
W_SIZE(w_dirent, 24);
W_AT(w_dirent, type, 20);
W_SIZE(w_fdstat, 24);
W_AT(w_fdstat, flags, 2);
W_AT(w_fdstat, rights_base, 8);
W_SIZE(w_filestat, 64);
W_AT(w_filestat, filetype, 16);
W_AT(w_filestat, nlink, 24);
W_SIZE(w_prestat, 8);
W_SIZE(w_subscription, 48);
W_AT(w_subscription, u.clock.timeout, 24);
W_AT(w_subscription, u.clock.flags, 40);
W_AT(w_subscription, u.fd, 16);
W_SIZE(w_event, 32);
W_AT(w_event, type, 10);
W_AT(w_event, nbytes, 16);
W_AT(w_event, flags, 24);

#define W_IMPORT(name) \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

/* What may wait is called by the name that libc has for it, which a Gossamer
 * program defines: it parks. */
#ifdef __EMSCRIPTEN__
#define W_CALL(name) __asm__("__wasi_" #name)
#else
#define W_CALL(name) W_IMPORT(name)
#endif

int32_t w_args_get(char **argv, char *text) W_IMPORT(args_get);
int32_t w_args_sizes_get(uint32_t *count, uint32_t *text_size)
    W_IMPORT(args_sizes_get);
int32_t w_environ_get(char **environ, char *text) W_IMPORT(environ_get);
int32_t w_environ_sizes_get(uint32_t *count, uint32_t *text_size)
    W_IMPORT(environ_sizes_get);
int32_t w_clock_res_get(uint32_t id, uint64_t *ns) W_IMPORT(clock_res_get);
int32_t w_clock_time_get(uint32_t id, uint64_t precision_ns, uint64_t *ns)
    W_IMPORT(clock_time_get);
int32_t w_fd_advise(uint32_t fd, uint64_t offset, uint64_t len, uint32_t advice)
    W_IMPORT(fd_advise);
int32_t w_fd_allocate(uint32_t fd, uint64_t offset, uint64_t len)
    W_CALL(fd_allocate);
int32_t w_fd_close(uint32_t fd) W_CALL(fd_close);
int32_t w_fd_datasync(uint32_t fd) W_CALL(fd_datasync);
int32_t w_fd_fdstat_get(uint32_t fd, struct w_fdstat *stat)
    W_IMPORT(fd_fdstat_get);
int32_t w_fd_fdstat_set_flags(uint32_t fd, uint32_t flags)
    W_IMPORT(fd_fdstat_set_flags);
int32_t w_fd_fdstat_set_rights(uint32_t fd, uint64_t base, uint64_t inheriting)
    W_IMPORT(fd_fdstat_set_rights);
int32_t w_fd_filestat_get(uint32_t fd, struct w_filestat *stat)
    W_CALL(fd_filestat_get);
int32_t w_fd_filestat_set_size(uint32_t fd, uint64_t size)
    W_CALL(fd_filestat_set_size);
int32_t w_fd_filestat_set_times(uint32_t fd, uint64_t atim, uint64_t mtim,
                                uint32_t flags) W_CALL(fd_filestat_set_times);
int32_t w_fd_pread(uint32_t fd, const struct w_iovec *iovs, uint32_t count,
                   uint64_t offset, uint32_t *size) W_CALL(fd_pread);
int32_t w_fd_prestat_get(uint32_t fd, struct w_prestat *stat)
    W_IMPORT(fd_prestat_get);
int32_t w_fd_prestat_dir_name(uint32_t fd, char *path, uint32_t len)
    W_IMPORT(fd_prestat_dir_name);
int32_t w_fd_pwrite(uint32_t fd, const struct w_iovec *iovs, uint32_t count,
                    uint64_t offset, uint32_t *size) W_CALL(fd_pwrite);
int32_t w_fd_read(uint32_t fd, const struct w_iovec *iovs, uint32_t count,
                  uint32_t *size) W_CALL(fd_read);
int32_t w_fd_readdir(uint32_t fd, void *buf, uint32_t len, uint64_t cookie,
                     uint32_t *size) W_CALL(fd_readdir);
int32_t w_fd_renumber(uint32_t fd, uint32_t to) W_CALL(fd_renumber);
int32_t w_fd_seek(uint32_t fd, int64_t offset, uint32_t whence, uint64_t *at)
    W_IMPORT(fd_seek);
int32_t w_fd_sync(uint32_t fd) W_CALL(fd_sync);
int32_t w_fd_tell(uint32_t fd, uint64_t *at) W_IMPORT(fd_tell);
int32_t w_fd_write(uint32_t fd, const struct w_iovec *iovs, uint32_t count,
                   uint32_t *size) W_CALL(fd_write);
int32_t w_path_create_directory(uint32_t fd, const char *path, uint32_t len)
    W_CALL(path_create_directory);
int32_t w_path_filestat_get(uint32_t fd, uint32_t flags, const char *path,
                            uint32_t len, struct w_filestat *stat)
    W_CALL(path_filestat_get);
int32_t w_path_filestat_set_times(uint32_t fd, uint32_t flags, const char *path,
                                  uint32_t len, uint64_t atim, uint64_t mtim,
                                  uint32_t fst_flags)
    W_CALL(path_filestat_set_times);
int32_t w_path_link(uint32_t fd, uint32_t flags, const char *path, uint32_t len,
                    uint32_t new_fd, const char *new_path, uint32_t new_len)
    W_CALL(path_link);
int32_t w_path_open(uint32_t fd, uint32_t flags, const char *path, uint32_t len,
                    uint32_t oflags, uint64_t base, uint64_t inheriting,
                    uint32_t fdflags, uint32_t *opened) W_CALL(path_open);
int32_t w_path_readlink(uint32_t fd, const char *path, uint32_t len, void *buf,
                        uint32_t buf_len, uint32_t *size) W_CALL(path_readlink);
int32_t w_path_remove_directory(uint32_t fd, const char *path, uint32_t len)
    W_CALL(path_remove_directory);
int32_t w_path_rename(uint32_t fd, const char *path, uint32_t len,
                      uint32_t new_fd, const char *new_path, uint32_t new_len)
    W_CALL(path_rename);
int32_t w_path_symlink(const char *target, uint32_t target_len, uint32_t fd,
                       const char *path, uint32_t len) W_CALL(path_symlink);
int32_t w_path_unlink_file(uint32_t fd, const char *path, uint32_t len)
    W_CALL(path_unlink_file);
int32_t w_poll_oneoff(const struct w_subscription *in, struct w_event *out,
                      uint32_t count, uint32_t *stored) W_CALL(poll_oneoff);
_Noreturn void w_proc_exit(uint32_t code) W_IMPORT(proc_exit);
int32_t w_proc_raise(uint32_t signal) W_IMPORT(proc_raise);
int32_t w_sched_yield(void) W_IMPORT(sched_yield);
int32_t w_random_get(void *buf, uint32_t len) W_IMPORT(random_get);
int32_t w_sock_accept(uint32_t fd, uint32_t flags, uint32_t *accepted)
    W_IMPORT(sock_accept);
int32_t w_sock_recv(uint32_t fd, const struct w_iovec *iovs, uint32_t count,
                    uint32_t flags, uint32_t *size, uint16_t *out_flags)
    W_CALL(sock_recv);
int32_t w_sock_send(uint32_t fd, const struct w_iovec *iovs, uint32_t count,
                    uint32_t flags, uint32_t *size) W_CALL(sock_send);
int32_t w_sock_shutdown(uint32_t fd, uint32_t how) W_IMPORT(sock_shutdown);

#endif
