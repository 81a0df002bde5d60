/* Server-sent events: the server ends the connection every now and then, and
 * the stream goes on with the next event, since it tells the last one's id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream-common.h"

#define CONNECT_NS (10 * GS_SECOND)
#define IDLE_NS (30 * GS_SECOND)
#define RETRIES 5

static struct {
  struct job job;
  gs_sse *sse;
  int64_t count;
  int64_t wrong; /* events that came twice, or others between them did not */
  int64_t last;
  uint32_t connections;
} events;

static int receive_all(void) {
  struct gs_sse_event event;
  int got;
  while ((got = gs_sse_next(events.sse, &event)) > 0) {
    int64_t id = strtoll(event.id, NULL, 10);
    char due[48];
    int length = snprintf(due, sizeof due, "{\"number\":%lld,", (long long)id);
    bool right = id == events.last + 1 && strcmp(event.type, "tick") == 0 &&
                 strncmp(event.data, due, (size_t)length) == 0;
    if (!right) events.wrong++;
    events.last = id;
    events.count++;
    events.connections = gs_sse_connections(events.sse);
  }
  return got;
}

GS_EXPORT(const char *, open_events, (const char *, url)) {
  int error = job_begin(&events.job);
  if (error == GS_EBUSY) return job_end(&events.job, error);
  events.count = events.wrong = events.last = 0;
  events.connections = 0;
  struct gs_http_request request = {
      .url = url,
      .timeout_ns = CONNECT_NS,
      .idle_ns = IDLE_NS,
      .words = events.job.words,
      .words_bytes = sizeof events.job.words,
  };
  struct gs_sse_options options = {.retries = RETRIES};
  if (error == GS_OK) error = gs_sse_open(&events.sse, &request, &options);
  if (error == GS_OK) {
    events.job.words[0] = '\0'; /* an attempt may have failed before */
    error = receive_all();
    gs_sse *sse = events.sse;
    events.sse = NULL;
    gs_sse_close(sse);
  }
  return job_end(&events.job, error);
}

GS_EXPORT_VOID(cancel_events) { job_cancel(&events.job); }

GS_EXPORT(const char *, measure_events) {
  static char text[160];
  snprintf(text, sizeof text,
           "{\"count\":%lld,\"wrong\":%lld,\"last\":%lld,\"connections\":%u}",
           (long long)events.count, (long long)events.wrong,
           (long long)events.last, (unsigned)events.connections);
  return text;
}
