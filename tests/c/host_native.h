/* What the fake host saw, and how it answers. */
#ifndef GS_TESTS_HOST_NATIVE_H
#define GS_TESTS_HOST_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gs__host_fake {
  bool answers_pending; /* HTTP operations stay pending */
  uint32_t last_started;
  uint32_t last_canceled;
  uint32_t canceled;
  uint32_t closed;
  uint32_t frame_requests;
  uint32_t frame_cancels;
  void *last_buffer;
  size_t last_buffer_bytes;
};
extern struct gs__host_fake gs__host_fake;

#endif
