/* The WebSocket imports of the fake host: as of a host that has none. */
#include <gossamer/error.h>

#define GS__HOST_DEFINED
#include "../../src/host/host.h"

int32_t gs__host_ws_open(uint32_t token, const char *url, size_t url_bytes,
                         const char *protocols, size_t protocols_bytes,
                         uint32_t receive_limit_bytes) {
  (void)token, (void)url, (void)url_bytes, (void)protocols;
  (void)protocols_bytes, (void)receive_limit_bytes;
  return GS_ENOTSUP;
}

int32_t gs__host_ws_send(uint32_t token, uint32_t ws, uint32_t kind,
                         const void *bytes, size_t size_bytes,
                         uint32_t limit_bytes) {
  (void)token, (void)ws, (void)kind, (void)bytes, (void)size_bytes;
  (void)limit_bytes;
  return GS_EBADF;
}

int32_t gs__host_ws_receive(uint32_t token, uint32_t ws, void *buf,
                            size_t buf_bytes, struct gs__ws_message *message) {
  (void)token, (void)ws, (void)buf, (void)buf_bytes, (void)message;
  return GS_EBADF;
}

int32_t gs__host_ws_shutdown(uint32_t ws, uint32_t code, const char *reason,
                             size_t reason_bytes) {
  (void)ws, (void)code, (void)reason, (void)reason_bytes;
  return GS_EBADF;
}

int32_t gs__host_ws_state(uint32_t ws, uint32_t what) {
  (void)ws, (void)what;
  return GS_EBADF;
}

int32_t gs__host_ws_text(uint32_t ws, uint32_t what, char *buf,
                         size_t buf_bytes) {
  (void)ws, (void)what, (void)buf, (void)buf_bytes;
  return 0;
}

void gs__host_ws_close(uint32_t ws) { (void)ws; }
