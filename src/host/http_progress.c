/* How far a request is, told to a function and a channel: see
 * gossamer/http.h. */
#include <stdlib.h>

#include "../base/stress.h"
#include "http.h"

#define EVERY_NS (50 * GS_MILLISECOND)

struct gs__http_watch {
  struct gs_http_progress now;
  gs_http_progress_func *fn; /* or NULL */
  void *arg;
  gs_chan *chan; /* a reference, or NULL */
  int64_t every_ns;
  int64_t next_ns; /* not told before, but for an end */
};

int gs__http_watch(gs_http *http, const struct gs_http_request *request) {
  if (request->progress == NULL && request->progress_chan == NULL) return GS_OK;
  struct gs__http_watch *watch = gs__malloc(sizeof *watch);
  if (watch == NULL) return GS_ENOMEM;
  *watch = (struct gs__http_watch){
      .fn = request->progress,
      .arg = request->progress_arg,
      .chan = gs_chan_retain(request->progress_chan),
      .every_ns = request->progress_ns == 0 ? EVERY_NS : request->progress_ns};
  http->watch = watch;
  return GS_OK;
}

void gs__http_unwatch(struct gs__http_watch *watch) {
  gs_chan_release(watch->chan);
  free(watch);
}

/* The oldest makes room. */
static void put(gs_chan *chan, const struct gs_http_progress *now) {
  if (gs_chan_try_send(chan, now) != GS_EAGAIN) return;
  if (gs_chan_try_recv(chan, NULL) > 0) gs_chan_try_send(chan, now);
}

/* The response may be closed by the function. */
static void tell(struct gs__http_watch *watch, bool end) {
  int64_t now_ns = gs_now();
  if (!end && now_ns < watch->next_ns) return;
  watch->next_ns = now_ns + watch->every_ns;
  struct gs_http_progress now = watch->now;
  if (watch->chan != NULL) put(watch->chan, &now);
  if (watch->fn != NULL) watch->fn(watch->arg, &now);
}

void gs__http_begins(gs_http *http, int64_t up_total_bytes) {
  http->watch->now = (struct gs_http_progress){.up_total_bytes = up_total_bytes,
                                               .down_total_bytes = -1};
}

void gs__http_opened(gs_http *http) {
  struct gs__http_watch *watch = http->watch;
  watch->now.down_total_bytes = gs_http_length(http);
  /* Bytes of the request's own went in one go. */
  bool went = http->sending == NULL && watch->now.up_total_bytes > 0 &&
              watch->now.up_bytes == 0;
  if (went) watch->now.up_bytes = watch->now.up_total_bytes;
  tell(watch, went);
}

void gs__http_went_up(gs_http *http, int64_t bytes, bool end) {
  http->watch->now.up_bytes += bytes;
  tell(http->watch, end);
}

void gs__http_came_down(gs_http *http, int64_t bytes, bool end) {
  http->watch->now.down_bytes += bytes;
  tell(http->watch, end);
}
