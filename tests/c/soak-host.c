/* The badly behaved host: see soak-host.h. */
#include "soak-host.h"

#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/host/host.h"
#include "../../src/sched/timer.h"
#include "harness.h"
#include "host_fake.h"

#define FRAME_NS (GS_SECOND / 60)

/* An answer on its way. */
struct answer {
  struct gs__alarm alarm; /* must be first */
  uint32_t token;
};

static struct {
  struct gs__alarm frame;
  uint32_t on_their_way;
  uint32_t completed;
  uint32_t late;
  uint32_t twice;
  uint32_t never;
} host;

static const struct host_fake_op *pending_op(uint32_t token) {
  for (uint32_t i = 0; i < host_fake.pending; i++) {
    if (host_fake.ops[i].token == token) return &host_fake.ops[i];
  }
  return NULL;
}

static int32_t make_result(const struct host_fake_op *op) {
  if (soak_below(10) == 0) return GS_EIO;
  if (op->kind == HOST_FAKE_OPEN) return 0;
  if (soak_below(8) == 0) return 0;
  uint32_t count = 1 + soak_below((uint32_t)op->buf_bytes);
  memset(op->buf, SOAK_HOST_BYTE, count);
  return (int32_t)count;
}

static void answer(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)deadline_ns;
  struct answer *a = (struct answer *)alarm;
  uint32_t token = a->token;
  free(a);
  host.on_their_way--;
  const struct host_fake_op *op = pending_op(token);
  if (op == NULL) {
    host.late++;
    gs_complete(token, 1);
    return;
  }
  host.completed++;
  host_fake_complete(token, make_result(op));
  if (soak_below(5) != 0) return;
  host.twice++;
  gs_complete(token, 1);
}

static void send_answer(uint32_t token, int64_t delay_ns) {
  struct answer *a = malloc(sizeof *a);
  CHECK(a != NULL);
  *a = (struct answer){.alarm = {.item = {GS__HEAP_OUT}, .fire = answer},
                       .token = token};
  CHECK(gs__alarm_set(&a->alarm, gs_now() + delay_ns));
  host.on_their_way++;
}

static void on_start(const struct host_fake_op *op) {
  /* A read that somebody waits for without a deadline is closed some time. */
  if (soak_below(10) == 0) {
    host.never++;
    return;
  }
  send_answer(op->token, (int64_t)soak_below(80) * GS_MILLISECOND);
  if (soak_below(5) == 0) send_answer(op->token, 100 * GS_MILLISECOND);
}

static void frame(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)alarm;
  if (host_fake.frame_requested) host_fake_frame((double)deadline_ns / 1e6);
}

static void on_frame_request(void) {
  if (gs__heap_queued(&host.frame.item)) return;
  int64_t next_ns = (gs_now() / FRAME_NS + 1) * FRAME_NS;
  CHECK(gs__alarm_set(&host.frame, next_ns));
}

void soak_host_begin(void) {
  memset(&host, 0, sizeof host);
  host.frame = (struct gs__alarm){.item = {GS__HEAP_OUT}, .fire = frame};
  host_fake.on_start = on_start;
  host_fake.on_frame_request = on_frame_request;
}

bool soak_host_is_done(void) {
  return host.on_their_way == 0 && !gs__heap_queued(&host.frame.item);
}

void soak_host_report(void) {
  printf("%u operations: %u completed, %u late, %u twice, %u never\n",
         (unsigned)host_fake.started, (unsigned)host.completed,
         (unsigned)host.late, (unsigned)host.twice, (unsigned)host.never);
}
