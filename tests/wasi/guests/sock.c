/* sock_accept, sock_recv, sock_send and sock_shutdown on what is no socket. */
#include "check.h"

static char buf[16];
static uint32_t size;
static uint16_t flags;
static const struct w_iovec IOV = {buf, sizeof buf};

CASE(sock_functions_of_a_bad_descriptor) {
  uint32_t fd = 0;
  WANT(w_sock_accept(40, 0, &fd), W_EBADF);
  WANT(w_sock_recv(40, &IOV, 1, 0, &size, &flags), W_EBADF);
  WANT(w_sock_send(40, &IOV, 1, 0, &size), W_EBADF);
  WANT(w_sock_shutdown(40, W_SHUT_RD), W_EBADF);
  WANT(w_sock_shutdown(UINT32_MAX, W_SHUT_RD), W_EBADF);
}

CASE(sock_accept_on_what_is_no_socket) {
  uint32_t fd = 0;
  uint32_t opened = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &fd));
  WANT(w_sock_accept(fd, 0, &opened), W_ENOTSOCK, W_ENOTCAPABLE);
  WANT(w_sock_accept(dir, 0, &opened), W_ENOTSOCK, W_ENOTCAPABLE);
}

CASE(sock_recv_and_send_on_what_is_no_socket) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &fd));
  WANT(w_sock_recv(fd, &IOV, 1, 0, &size, &flags), W_ENOTSOCK);
  WANT(w_sock_send(fd, &IOV, 1, 0, &size), W_ENOTSOCK);
  WANT(w_sock_recv(dir, &IOV, 1, 0, &size, &flags), W_ENOTSOCK, W_ENOTCAPABLE);
  WANT(w_sock_send(dir, &IOV, 1, 0, &size), W_ENOTSOCK, W_ENOTCAPABLE);
  WANT_FILE(dir, "f", "abc");
}

CASE(sock_shutdown_on_what_is_no_socket) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &fd));
  WANT(w_sock_shutdown(fd, W_SHUT_RD), W_ENOTSOCK, W_ENOTCAPABLE);
  WANT(w_sock_shutdown(dir, W_SHUT_RD | W_SHUT_WR), W_ENOTSOCK, W_ENOTCAPABLE);
}
