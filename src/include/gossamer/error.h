/* Error numbers, shared by C, libc's errno and JavaScript.
 *
 * The numbers are those of WASI preview1 (the type `errno`). A function that
 * can fail returns 0 or a count on success and one of the negative GS_E*
 * values on failure; it leaves its out-parameters untouched when it fails. */
#ifndef GOSSAMER_ERROR_H
#define GOSSAMER_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* name, WASI number, text */
#define GS_ERRORS(X)                                    \
  X(E2BIG, 1, "argument list too long")                 \
  X(EACCES, 2, "permission denied")                     \
  X(EADDRINUSE, 3, "address in use")                    \
  X(EADDRNOTAVAIL, 4, "address not available")          \
  X(EAFNOSUPPORT, 5, "address family not supported")    \
  X(EAGAIN, 6, "would have to wait")                    \
  X(EALREADY, 7, "already in progress")                 \
  X(EBADF, 8, "bad descriptor or handle")               \
  X(EBADMSG, 9, "bad message")                          \
  X(EBUSY, 10, "busy")                                  \
  X(ECANCELED, 11, "canceled")                          \
  X(ECHILD, 12, "no child process")                     \
  X(ECONNABORTED, 13, "connection aborted")             \
  X(ECONNREFUSED, 14, "connection refused")             \
  X(ECONNRESET, 15, "connection reset")                 \
  X(EDEADLK, 16, "would deadlock")                      \
  X(EDESTADDRREQ, 17, "destination address required")   \
  X(EDOM, 18, "argument out of the function's domain")  \
  X(EDQUOT, 19, "quota exceeded")                       \
  X(EEXIST, 20, "exists already")                       \
  X(EFAULT, 21, "bad address")                          \
  X(EFBIG, 22, "file too large")                        \
  X(EHOSTUNREACH, 23, "host unreachable")               \
  X(EIDRM, 24, "identifier removed")                    \
  X(EILSEQ, 25, "illegal byte sequence")                \
  X(EINPROGRESS, 26, "in progress")                     \
  X(EINTR, 27, "interrupted")                           \
  X(EINVAL, 28, "invalid argument")                     \
  X(EIO, 29, "input/output error")                      \
  X(EISCONN, 30, "connected already")                   \
  X(EISDIR, 31, "is a directory")                       \
  X(ELOOP, 32, "too many symbolic links")               \
  X(EMFILE, 33, "too many open descriptors")            \
  X(EMLINK, 34, "too many links")                       \
  X(EMSGSIZE, 35, "message too large")                  \
  X(EMULTIHOP, 36, "multihop attempted")                \
  X(ENAMETOOLONG, 37, "name too long")                  \
  X(ENETDOWN, 38, "network is down")                    \
  X(ENETRESET, 39, "connection aborted by the network") \
  X(ENETUNREACH, 40, "network unreachable")             \
  X(ENFILE, 41, "too many open files in the system")    \
  X(ENOBUFS, 42, "no buffer space")                     \
  X(ENODEV, 43, "no such device")                       \
  X(ENOENT, 44, "no such file or name")                 \
  X(ENOEXEC, 45, "not executable")                      \
  X(ENOLCK, 46, "no locks available")                   \
  X(ENOLINK, 47, "link severed")                        \
  X(ENOMEM, 48, "out of memory")                        \
  X(ENOMSG, 49, "no message of that type")              \
  X(ENOPROTOOPT, 50, "protocol option not available")   \
  X(ENOSPC, 51, "no space left")                        \
  X(ENOSYS, 52, "function not supported")               \
  X(ENOTCONN, 53, "not connected")                      \
  X(ENOTDIR, 54, "not a directory")                     \
  X(ENOTEMPTY, 55, "directory not empty")               \
  X(ENOTRECOVERABLE, 56, "state not recoverable")       \
  X(ENOTSOCK, 57, "not a socket")                       \
  X(ENOTSUP, 58, "operation not supported")             \
  X(ENOTTY, 59, "not a terminal")                       \
  X(ENXIO, 60, "no such device or address")             \
  X(EOVERFLOW, 61, "value too large")                   \
  X(EOWNERDEAD, 62, "previous owner died")              \
  X(EPERM, 63, "operation not permitted")               \
  X(EPIPE, 64, "closed at the other end")               \
  X(EPROTO, 65, "protocol error")                       \
  X(EPROTONOSUPPORT, 66, "protocol not supported")      \
  X(EPROTOTYPE, 67, "wrong protocol type")              \
  X(ERANGE, 68, "result out of range")                  \
  X(EROFS, 69, "read-only file system")                 \
  X(ESPIPE, 70, "cannot seek")                          \
  X(ESRCH, 71, "no such task")                          \
  X(ESTALE, 72, "stale handle")                         \
  X(ETIMEDOUT, 73, "timed out")                         \
  X(ETXTBSY, 74, "text file busy")                      \
  X(EXDEV, 75, "link across devices")                   \
  X(ENOTCAPABLE, 76, "capabilities insufficient")

#define GS__ERROR_ENTRY(name, wasi, text) GS_##name = -(wasi),
enum gs_error { GS_ERRORS(GS__ERROR_ENTRY) GS_OK = 0 };
#undef GS__ERROR_ENTRY

/* The text for a GS_E* value (or 0). Never NULL; "unknown error" for others.
 * The string is static. Never parks. */
const char *gs_strerror(int error);

/* The name for a GS_E* value, "ETIMEDOUT" for GS_ETIMEDOUT; "OK" for 0 and
 * "EUNKNOWN" for others. The string is static. Never parks. */
const char *gs_error_name(int error);

#ifdef __cplusplus
}
#endif
#endif
