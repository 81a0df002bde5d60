/* A body as a channel: a goroutine that reads it piece by piece: see
 * gossamer/http.h. It keeps the channel without a reference: closing it, also
 * by its last reference, tells it. */
#include <gossamer/ctx.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "../sync/chan.h"
#include "http.h"

#define PIECE_BYTES ((size_t)64 << 10)
#define STACK_BYTES 4096

struct gs__http_feed {
  struct gs__owned owned;   /* must be first */
  struct gs__keeper keeper; /* at the channel */
  struct gs__http_use use;
  struct gs__task *task;
  gs_http *http; /* valid while !use.closed */
  gs_chan *chan; /* NULL: it is closed */
  gs_ctx *ctx;
  size_t piece_bytes;
};

static struct gs__http_feed *feed_of(struct gs__keeper *keeper) {
  return gs__container(keeper, struct gs__http_feed, keeper);
}

/* Nobody wants more, or we closed it ourselves. */
static void chan_closed(struct gs__keeper *keeper) {
  struct gs__http_feed *feed = feed_of(keeper);
  feed->chan = NULL;
  if (feed->task != NULL) gs__task_interrupt(feed->task, GS_ECANCELED);
}

/* The goroutine has ended, however. */
static void end(struct gs__owned *owned, bool dropped) {
  struct gs__http_feed *feed = (struct gs__http_feed *)owned;
  feed->task = NULL;
  if (feed->chan != NULL && dropped) feed->chan->keepers = NULL;
  if (feed->chan != NULL && !dropped) gs_chan_close(feed->chan);
  if (!feed->use.closed) {
    gs_http *http = feed->http;
    http->use = NULL;
    http->feed = NULL;
    if (!http->ended && http->error == 0) http->error = GS_ECANCELED;
  }
  gs_ctx_release(feed->ctx);
  free(feed);
}

/* One piece: its size, 0 at the end, or an error. */
static int64_t pass_on(struct gs__http_feed *feed) {
  struct gs_http_chunk chunk = {.bytes = gs__malloc(feed->piece_bytes)};
  if (chunk.bytes == NULL) return GS_ENOMEM;
  int64_t count = gs__http_next(feed->http, &feed->use, chunk.bytes,
                                feed->piece_bytes, GS_FOREVER);
  if (count > 0) {
    chunk.size_bytes = (size_t)count;
    if (chunk.size_bytes <= feed->piece_bytes / 2) {
      void *fits = realloc(chunk.bytes, chunk.size_bytes);
      if (fits != NULL) chunk.bytes = fits;
    }
    int error =
        feed->chan == NULL ? GS_ECANCELED : gs_chan_send(feed->chan, &chunk);
    if (error == GS_OK) return count;
    count = error == GS_EPIPE ? GS_ECANCELED : error;
  }
  free(chunk.bytes);
  return count;
}

static void run_feed(void *arg) {
  struct gs__http_feed *feed = arg;
  int64_t count = 1;
  while (count > 0) {
    count =
        feed->use.closed || feed->chan == NULL ? GS_ECANCELED : pass_on(feed);
  }
  if (count < 0 && !feed->use.closed && feed->http->error == 0) {
    feed->http->error = (int)count;
  }
}

int gs_http_chan(gs_chan **out, gs_http *http, size_t chunk_bytes,
                 size_t capacity) {
  if (out == NULL || http == NULL) return GS_EINVAL;
  if (http->use != NULL) return GS_EBUSY;
  struct gs__http_feed *feed = gs__calloc(1, sizeof *feed);
  if (feed == NULL) return GS_ENOMEM;
  feed->owned.end = end;
  feed->keeper.closed = chan_closed;
  feed->http = http;
  feed->piece_bytes = chunk_bytes == 0 ? PIECE_BYTES : chunk_bytes;
  gs_chan *chan = NULL;
  int error = gs_chan_new(&chan, sizeof(struct gs_http_chunk), capacity);
  if (error != GS_OK) goto no_chan;
  error = gs_ctx_new(&feed->ctx, gs_ctx_current());
  if (error != GS_OK) goto no_ctx;
  struct gs_go_options options = {.stack_bytes = STACK_BYTES,
                                  .name = "HTTP body"};
  gs_id id = gs_go_with(&options, run_feed, feed);
  if (id < 0) {
    error = (int)id;
    goto no_task;
  }
  feed->task = gs__task_newest();
  gs__task_enter(feed->task, (struct gs__scope *)feed->ctx);
  gs__own(feed->task, &feed->owned);
  feed->chan = chan;
  gs__chan_keep(chan, &feed->keeper);
  http->use = &feed->use;
  http->feed = feed;
  *out = chan;
  return GS_OK;

no_task:
  gs_ctx_release(feed->ctx);
no_ctx:
  gs_chan_release(chan);
no_chan:
  free(feed);
  return error;
}

void gs__http_feed_close(struct gs__http_feed *feed) {
  gs_ctx_cancel(feed->ctx, GS_ECANCELED);
}
