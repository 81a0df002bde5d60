/* WebSockets of the fake host: one socket at a time, whose other side the test
 * plays. What waits is in host_fake.ops. */
#ifndef GS_TESTS_WS_FAKE_H
#define GS_TESTS_WS_FAKE_H

#include <stddef.h>
#include <stdint.h>

#define WS_FAKE_MESSAGES_MAX 8

struct ws_fake_message {
  uint32_t kind;
  const char *bytes;
  size_t size_bytes;
};

struct ws_fake {
  int32_t handle; /* the next one; 0: 1 */
  uint32_t opened;
  uint32_t closed;
  char url[64];
  char protocols[64];
  size_t protocols_bytes;
  uint32_t receive_limit_bytes;
  /* What has come and was not received; what follows when there is none. */
  struct ws_fake_message queue[WS_FAKE_MESSAGES_MAX];
  uint32_t queued;
  int32_t end;         /* 0: it goes on; 1: a clean end; or an error */
  int32_t send_answer; /* of what need not wait: 0, GS_EAGAIN or an error */
  uint32_t sent;       /* how many were, and the last of them */
  uint32_t kind;
  char text[64];
  size_t text_bytes;
  uint32_t limit_bytes;
  int32_t state[3]; /* close code, buffered bytes, silent milliseconds */
  uint32_t shutdowns;
  uint32_t code;
  char reason[130];
};
extern struct ws_fake ws_fake;

/* The socket is open, or could not be. */
void ws_fake_open(int32_t result);
/* A message comes: to who waits for it, or into the queue. */
void ws_fake_arrive(uint32_t kind, const char *bytes, size_t size_bytes);
/* Nothing more comes. */
void ws_fake_end(int32_t end);
/* The oldest send that waits ends so. */
void ws_fake_sent(int32_t result);

#endif
