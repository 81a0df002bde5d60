/* sock_accept, sock_recv, sock_send and sock_shutdown: one socket that is
 * connected and one that listens, on the descriptors after the mounts. */
#include "check.h"

enum { CONNECTED = 5, LISTENING = 6 };

static const uint64_t MS = 1000000;
static const uint64_t HOUR = UINT64_C(3600) * 1000000000;

static char buf[64];
static uint32_t size;
static uint16_t flags;
static struct w_fdstat fdstat;
static struct w_event event;

__attribute__((constructor)) static void keep_sockets(void) {
  kept = LISTENING;
}

static int32_t recv(uint32_t fd, uint32_t len, uint32_t how) {
  struct w_iovec iov = {buf, len};
  memset(buf, '-', sizeof buf);
  size = 99;
  flags = 99;
  return w_sock_recv(fd, &iov, 1, how, &size, &flags);
}

static int32_t send(uint32_t fd, const char *text) {
  struct w_iovec iov = {text, (uint32_t)strlen(text)};
  size = 99;
  return w_sock_send(fd, &iov, 1, 0, &size);
}

/* A connection of its own, for a case that ends it. */
static uint32_t connection(void) {
  uint32_t fd = UINT32_MAX;
  ask("connect");
  WANT_OK(w_sock_accept(LISTENING, 0, &fd));
  return fd;
}

static int32_t poll(uint32_t fd, uint8_t type, uint64_t ns) {
  struct w_subscription two[2];
  memset(two, 0, sizeof two);
  two[0].userdata = 1;
  two[0].tag = type;
  two[0].u.fd = fd;
  two[1].userdata = 2;
  two[1].tag = W_EVENT_CLOCK;
  two[1].u.clock.id = W_CLOCK_MONOTONIC;
  two[1].u.clock.timeout = ns;
  static struct w_event events[2];
  uint32_t stored = 0;
  int32_t err = w_poll_oneoff(two, events, 2, &stored);
  event = events[0];
  return err;
}

CASE(fd_fdstat_get_of_a_socket) {
  NEED(w_fd_fdstat_get(CONNECTED, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_SOCKET_STREAM);
  uint64_t rights =
      W_R_FD_READ | W_R_FD_WRITE | W_R_POLL_FD_READWRITE | W_R_SOCK_SHUTDOWN;
  WANT_NUMBER(fdstat.rights_base & rights, rights);
  NEED(w_fd_fdstat_get(LISTENING, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_SOCKET_STREAM);
  WANT_TRUE((fdstat.rights_base & W_R_SOCK_ACCEPT) != 0);
}

CASE(sock_recv_waits_for_what_is_sent) {
  ask("send abc");
  NEED(recv(CONNECTED, sizeof buf, 0));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "abc-", 4);
  WANT_NUMBER(flags, 0);
}

CASE(sock_recv_leaves_what_did_not_fit) {
  ask("send hello");
  NEED(recv(CONNECTED, 2, 0));
  WANT_NUMBER(size, 2);
  WANT_NUMBER(flags, 0);
  NEED(recv(CONNECTED, sizeof buf, 0));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "llo", 3);
}

CASE(sock_recv_scatters) {
  char one[2];
  char two[4] = "----";
  struct w_iovec iovs[] = {{one, 2}, {two, 3}};
  ask("send abcd");
  NEED(w_sock_recv(CONNECTED, iovs, 2, 0, &size, &flags));
  NEED_TRUE(size == 4);
  WANT_BYTES(one, "ab", 2);
  WANT_BYTES(two, "cd-", 3);
}

CASE(sock_recv_peek_leaves_what_it_shows) {
  ask("send hello");
  NEED(recv(CONNECTED, 3, W_RECV_PEEK));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "hel", 3);
  NEED(recv(CONNECTED, sizeof buf, 0));
  NEED_TRUE(size == 5);
  WANT_BYTES(buf, "hello", 5);
}

CASE(sock_recv_waitall_waits_for_all) {
  ask("send ab");
  ask("send cd");
  NEED(recv(CONNECTED, 4, W_RECV_WAITALL));
  NEED_TRUE(size == 4);
  WANT_BYTES(buf, "abcd", 4);
}

CASE(sock_recv_refuses_unknown_flags) {
  WANT(recv(CONNECTED, 4, 1 << 2), W_EINVAL, W_ENOTSUP);
}

CASE(sock_send_reaches_the_other_side) {
  NEED(send(CONNECTED, "ping"));
  WANT_NUMBER(size, 4);
  ask("echo");
  NEED(recv(CONNECTED, sizeof buf, 0));
  NEED_TRUE(size == 4);
  WANT_BYTES(buf, "ping", 4);
}

CASE(sock_send_gathers) {
  struct w_iovec iovs[] = {{"one", 3}, {"", 0}, {"two", 3}};
  NEED(w_sock_send(CONNECTED, iovs, 3, 0, &size));
  WANT_NUMBER(size, 6);
  ask("echo");
  NEED(recv(CONNECTED, 6, W_RECV_WAITALL));
  WANT_BYTES(buf, "onetwo", 6);
}

CASE(sock_send_refuses_flags) {
  struct w_iovec iov = {"x", 1};
  WANT(w_sock_send(CONNECTED, &iov, 1, 1, &size), W_EINVAL, W_ENOTSUP);
}

CASE(fd_read_and_fd_write_of_a_socket) {
  NEED(write_text(CONNECTED, "pong"));
  ask("echo");
  NEED(read_some(CONNECTED, buf, sizeof buf, &size));
  NEED_TRUE(size == 4);
  WANT_BYTES(buf, "pong", 4);
}

CASE(fd_seek_of_a_socket) {
  uint64_t at = 0;
  WANT(w_fd_seek(CONNECTED, 0, W_SEEK_CUR, &at), W_ESPIPE, W_ENOTCAPABLE);
  WANT(w_fd_tell(CONNECTED, &at), W_ESPIPE, W_ENOTCAPABLE);
}

CASE(poll_oneoff_waits_for_a_socket) {
  NEED(poll(CONNECTED, W_EVENT_READ, 2 * MS));
  WANT_NUMBER(event.userdata, 2);
  ask("send x");
  NEED(poll(CONNECTED, W_EVENT_READ, HOUR));
  WANT_NUMBER(event.userdata, 1);
  WANT_NUMBER(event.error, 0);
  WANT_NUMBER(event.nbytes, 1);
  WANT_NUMBER(event.flags & W_EVENT_HANGUP, 0);
  NEED(recv(CONNECTED, sizeof buf, 0));
  NEED(poll(CONNECTED, W_EVENT_WRITE, HOUR));
  WANT_NUMBER(event.userdata, 1);
  WANT_TRUE(event.nbytes > 0);
}

CASE(poll_oneoff_waits_for_a_connection) {
  NEED(poll(LISTENING, W_EVENT_READ, 2 * MS));
  WANT_NUMBER(event.userdata, 2);
  ask("connect");
  NEED(poll(LISTENING, W_EVENT_READ, HOUR));
  WANT_NUMBER(event.userdata, 1);
  uint32_t fd = 0;
  WANT_OK(w_sock_accept(LISTENING, 0, &fd));
}

CASE(sock_recv_of_a_nonblocking_socket_does_not_wait) {
  NEED(w_fd_fdstat_set_flags(CONNECTED, W_NONBLOCK));
  WANT(recv(CONNECTED, 4, 0), W_EAGAIN);
  WANT(recv(CONNECTED, 4, W_RECV_PEEK), W_EAGAIN);
  NEED(w_fd_fdstat_set_flags(CONNECTED, 0));
}

CASE(sock_accept_takes_a_connection) {
  uint32_t fd = 0;
  ask("connect");
  ask("send-new hi");
  NEED(w_sock_accept(LISTENING, 0, &fd));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_SOCKET_STREAM);
  WANT_NUMBER(fdstat.flags, 0);
  NEED(recv(fd, sizeof buf, 0));
  NEED_TRUE(size == 2);
  WANT_BYTES(buf, "hi", 2);
}

CASE(sock_accept_gives_flags) {
  uint32_t fd = 0;
  ask("connect");
  NEED(w_sock_accept(LISTENING, W_NONBLOCK, &fd));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.flags, W_NONBLOCK);
  WANT(recv(fd, 4, 0), W_EAGAIN);
  WANT(w_sock_accept(LISTENING, 1 << 5, &fd), W_EINVAL);
}

CASE(sock_accept_of_a_nonblocking_listener_does_not_wait) {
  uint32_t fd = 0;
  NEED(w_fd_fdstat_set_flags(LISTENING, W_NONBLOCK));
  WANT(w_sock_accept(LISTENING, 0, &fd), W_EAGAIN);
  NEED(w_fd_fdstat_set_flags(LISTENING, 0));
}

CASE(sock_accept_on_a_connection) {
  uint32_t fd = 0;
  WANT(w_sock_accept(CONNECTED, 0, &fd), W_EINVAL, W_ENOTSUP);
}

CASE(sock_recv_and_send_on_a_listener) {
  WANT(recv(LISTENING, 4, 0), W_ENOTCONN, W_EINVAL, W_ENOTCAPABLE);
  WANT(send(LISTENING, "x"), W_ENOTCONN, W_EPIPE, W_ENOTCAPABLE);
}

CASE(sock_shutdown_refuses_what_is_no_side) {
  WANT(w_sock_shutdown(CONNECTED, 0), W_EINVAL);
  WANT(w_sock_shutdown(CONNECTED, 1 << 2), W_EINVAL);
}

CASE(sock_shutdown_of_writing) {
  uint32_t fd = connection();
  NEED(send(fd, "last"));
  NEED(w_sock_shutdown(fd, W_SHUT_WR));
  WANT(send(fd, "more"), W_EPIPE);
  ask("echo-new");
  NEED(recv(fd, sizeof buf, 0));
  WANT_NUMBER(size, 4);
}

CASE(sock_shutdown_of_reading) {
  uint32_t fd = connection();
  NEED(w_sock_shutdown(fd, W_SHUT_RD));
  WANT_OK(recv(fd, 4, 0));
  WANT_NUMBER(size, 0);
  WANT_OK(send(fd, "still"));
}

CASE(sock_shutdown_of_both) {
  uint32_t fd = connection();
  NEED(w_sock_shutdown(fd, W_SHUT_RD | W_SHUT_WR));
  WANT_OK(recv(fd, 4, 0));
  WANT_NUMBER(size, 0);
  WANT(send(fd, "more"), W_EPIPE);
}

CASE(sock_recv_when_the_other_side_is_gone) {
  uint32_t fd = connection();
  ask("send-new bye");
  ask("close-new");
  NEED(recv(fd, sizeof buf, W_RECV_WAITALL));
  WANT_NUMBER(size, 3);
  WANT_OK(recv(fd, sizeof buf, 0));
  WANT_NUMBER(size, 0);
  NEED(poll(fd, W_EVENT_READ, HOUR));
  WANT_NUMBER(event.userdata, 1);
  WANT_NUMBER(event.flags & W_EVENT_HANGUP, W_EVENT_HANGUP);
  WANT(send(fd, "more"), W_EPIPE);
}

CASE(sock_functions_need_their_rights) {
  uint32_t fd = connection();
  NEED(w_fd_fdstat_set_rights(fd, 0, 0));
  WANT(recv(fd, 4, 0), W_ENOTCAPABLE);
  WANT(send(fd, "x"), W_ENOTCAPABLE);
  WANT(w_sock_shutdown(fd, W_SHUT_RD), W_ENOTCAPABLE);
  WANT(w_sock_accept(fd, 0, &fd), W_ENOTCAPABLE);
}

CASE(fd_close_of_a_socket) {
  uint32_t fd = connection();
  NEED(w_fd_close(fd));
  WANT(recv(fd, 4, 0), W_EBADF);
  WANT(send(fd, "x"), W_EBADF);
  WANT(w_sock_shutdown(fd, W_SHUT_RD), W_EBADF);
}
