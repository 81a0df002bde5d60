/* Two HTTP streams, each read, taken apart and counted by goroutines that are
 * joined by channels: an endless feed of JSON lines, and a large download
 * whose every byte is checked. The page starts, measures and cancels them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream-common.h"

#define CHUNK_BYTES ((size_t)128 << 10)
#define CHUNKS                                                  \
  4 /* in use at once; then the reader waits, and so the server \
     */
#define LINE_BYTES 256
#define VALUES 512
#define CONNECT_NS (10 * GS_SECOND)

struct chunk {
  size_t size;
  char bytes[CHUNK_BYTES];
};

/* One line of the feed. */
struct sample {
  double seq;
  double value;
};

/* A stretch of the download. */
struct stretch {
  int64_t size;
  bool right;
};

GS_CHAN_TYPE(chunk_chan, struct chunk *);
GS_CHAN_TYPE(sample_chan, struct sample);
GS_CHAN_TYPE(stretch_chan, struct stretch);

/* What both streams have: the reader and its chunks, which go round. */
struct stream {
  gs_ctx *opening; /* NULL but while it is being opened */
  gs_http *http;   /* NULL before it is open, and once it is cancelled */
  bool busy;
  bool cancelled;
  struct chunk *chunks;
  chunk_chan empty;
  chunk_chan full;
  gs_chan *done;   /* closed by the last goroutine of the line */
  int64_t total;   /* bytes to come, -1 when the server does not say */
  int64_t bytes;   /* read so far */
  char words[256]; /* why it could not be opened */
};

static struct {
  struct stream stream;
  sample_chan samples;
  int64_t lines;
  int64_t wrong; /* lines that were no sample, out of turn, or not as due */
  float values[VALUES];
  uint32_t unseen; /* of the values: not yet handed to the page */
} feed;

static struct {
  struct stream stream;
  stretch_chan stretches;
  int64_t checked;
  int64_t wrong_at; /* -1: nowhere */
} download;

/* ---- the reader ---- */

static int read_all(struct stream *self) {
  struct chunk *chunk;
  while (gs_recv(self->empty, &chunk) > 0 && !self->cancelled) {
    int64_t size = gs_http_read(self->http, chunk->bytes, CHUNK_BYTES);
    if (size <= 0) return (int)size;
    chunk->size = (size_t)size;
    self->bytes += size;
    gs_send(self->full, chunk);
  }
  return GS_ECANCELED;
}

/* A goroutine that waits for bytes gets GS_ECANCELED; one that has chunks left
 * works them off. */
static void cancel(struct stream *self) {
  if (!self->busy) return;
  gs_http *http = self->http;
  self->cancelled = true;
  self->http = NULL;
  if (self->opening != NULL) gs_ctx_cancel(self->opening, GS_ECANCELED);
  gs_http_close(http);
}

static int prepare(struct stream *self) {
  *self = (struct stream){.busy = true, .total = -1};
  self->chunks = malloc(CHUNKS * sizeof *self->chunks);
  if (self->chunks == NULL) return GS_ENOMEM;
  int error = gs_make(&self->empty, CHUNKS);
  if (error == GS_OK) error = gs_make(&self->full, CHUNKS);
  if (error == GS_OK) error = gs_chan_new(&self->done, 1, 0);
  for (int i = 0; i < CHUNKS && error == GS_OK; i++) {
    error = gs_send(self->empty, &self->chunks[i]);
  }
  return error;
}

static void clear(struct stream *self) {
  cancel(self);
  gs_release(self->empty);
  gs_release(self->full);
  gs_chan_release(self->done);
  free(self->chunks);
  self->chunks = NULL;
  self->busy = false;
}

/* A cancel ends it, too. */
static int open_http(struct stream *self, gs_http **http, const char *url) {
  int error = gs_ctx_new_timeout(&self->opening, gs_ctx_current(), CONNECT_NS);
  if (error != GS_OK) return error;
  gs_ctx *outer = gs_ctx_enter(self->opening);
  error = gs_http_get(http, url);
  gs_ctx_leave(outer);
  gs_ctx_release(self->opening);
  self->opening = NULL;
  return error;
}

static int connect(struct stream *self, const char *url) {
  gs_http *http;
  int error = open_http(self, &http, url);
  if (error != GS_OK) {
    if (error != GS_ETIMEDOUT) gs_http_error(self->words, sizeof self->words);
    return error;
  }
  self->http = http;
  char length[32];
  if (gs_http_header(http, "content-length", length, sizeof length) > 0) {
    self->total = strtoll(length, NULL, 10);
  }
  int status = gs_http_status(http);
  if (status == 200) return GS_OK;
  snprintf(self->words, sizeof self->words, "the server answered %d", status);
  return GS_EPROTO;
}

/* Reads the stream to its end in the calling goroutine, while `take_apart` and
 * `count` run in their own, one behind the other. */
static int run(struct stream *self, const char *url, gs_func *take_apart,
               gs_func *count, gs_chan *between) {
  int error = connect(self, url);
  if (error != GS_OK) return error;
  if (gs_go(count, NULL) < 0) return GS_ENOMEM;
  if (gs_go(take_apart, NULL) < 0) {
    gs_chan_close(between);
    error = GS_ENOMEM;
  } else {
    error = read_all(self);
    gs_close(self->full);
  }
  gs_chan_recv(self->done, NULL);
  return error;
}

static const char *ending(struct stream *self, int error) {
  if (error == GS_OK) return "complete";
  if (error == GS_ECANCELED) return "cancelled";
  return self->words[0] != '\0' ? self->words : gs_strerror(error);
}

/* ---- the feed: lines ---- */

static bool number_after(const char *line, const char *key, double *number) {
  const char *at = strstr(line, key);
  if (at == NULL) return false;
  char *end;
  *number = strtod(at + strlen(key), &end);
  return end != at + strlen(key);
}

static void parse(void *arg) {
  (void)arg;
  static char line[LINE_BYTES];
  size_t length = 0;
  struct chunk *chunk;
  while (gs_recv(feed.stream.full, &chunk) > 0) {
    for (size_t i = 0; i < chunk->size; i++) {
      if (chunk->bytes[i] != '\n') {
        if (length < LINE_BYTES - 1) line[length++] = chunk->bytes[i];
        continue;
      }
      line[length] = '\0';
      length = 0;
      struct sample sample = {-1, 0};
      number_after(line, "\"seq\":", &sample.seq);
      number_after(line, "\"value\":", &sample.value);
      gs_send(feed.samples, sample);
    }
    gs_send(feed.stream.empty, chunk);
  }
  gs_close(feed.samples);
}

static void count_lines(void *arg) {
  (void)arg;
  struct sample sample;
  while (gs_recv(feed.samples, &sample) > 0) {
    double due = sin((double)feed.lines / 50);
    if (sample.seq != (double)feed.lines || fabs(sample.value - due) > 1e-6) {
      feed.wrong++;
    }
    feed.values[feed.lines % VALUES] = (float)sample.value;
    feed.lines++;
    if (feed.unseen < VALUES) feed.unseen++;
  }
  gs_chan_close(feed.stream.done);
}

/* ---- the download: bytes ---- */

static void check(void *arg) {
  (void)arg;
  int64_t offset = 0;
  struct chunk *chunk;
  while (gs_recv(download.stream.full, &chunk) > 0) {
    size_t right = pattern_wrong(chunk->bytes, chunk->size, offset);
    struct stretch stretch = {(int64_t)right, right == chunk->size};
    offset += (int64_t)chunk->size;
    gs_send(download.stream.empty, chunk);
    gs_send(download.stretches, stretch);
  }
  gs_close(download.stretches);
}

static void count_bytes(void *arg) {
  (void)arg;
  struct stretch stretch;
  while (gs_recv(download.stretches, &stretch) > 0) {
    if (download.wrong_at >= 0) continue;
    download.checked += stretch.size;
    if (!stretch.right) download.wrong_at = download.checked;
  }
  gs_chan_close(download.stream.done);
}

/* ---- what the page calls ---- */

/* Runs until the stream ends, and says how it did: "complete", "cancelled", or
 * what went wrong. */
GS_EXPORT(const char *, open_feed, (const char *, url)) {
  if (feed.stream.busy) return "a feed is open already";
  feed.lines = 0;
  feed.wrong = 0;
  feed.unseen = 0;
  int error = prepare(&feed.stream);
  if (error == GS_OK) error = gs_make(&feed.samples, 64);
  if (error == GS_OK) {
    error = run(&feed.stream, url, parse, count_lines, feed.samples.chan);
  }
  gs_release(feed.samples);
  feed.samples = (sample_chan)GS_CHAN_NULL;
  clear(&feed.stream);
  return ending(&feed.stream, error);
}

GS_EXPORT(const char *, open_download, (const char *, url)) {
  if (download.stream.busy) return "a download is open already";
  download.checked = 0;
  download.wrong_at = -1;
  int error = prepare(&download.stream);
  if (error == GS_OK) error = gs_make(&download.stretches, CHUNKS);
  if (error == GS_OK) {
    error =
        run(&download.stream, url, check, count_bytes, download.stretches.chan);
  }
  gs_release(download.stretches);
  download.stretches = (stretch_chan)GS_CHAN_NULL;
  clear(&download.stream);
  return ending(&download.stream, error);
}

GS_EXPORT_VOID(cancel_feed) { cancel(&feed.stream); }
GS_EXPORT_VOID(cancel_download) { cancel(&download.stream); }

GS_EXPORT(const char *, measure_download) {
  static char text[160];
  snprintf(text, sizeof text,
           "{\"bytes\":%lld,\"total\":%lld,\"checked\":%lld,\"wrongAt\":%lld}",
           (long long)download.stream.bytes, (long long)download.stream.total,
           (long long)download.checked, (long long)download.wrong_at);
  return text;
}

/* With the values that came since it was called last. */
GS_EXPORT(const char *, measure_feed) {
  static char text[128 + VALUES * 8];
  int length =
      snprintf(text, sizeof text,
               "{\"lines\":%lld,\"bytes\":%lld,\"wrong\":%lld,\"values\":[",
               (long long)feed.lines, (long long)feed.stream.bytes,
               (long long)feed.wrong);
  const char *comma = "";
  for (; feed.unseen > 0; feed.unseen--) {
    int64_t at = (feed.lines - feed.unseen) % VALUES;
    length += snprintf(text + length, sizeof text - (size_t)length, "%s%.3f",
                       comma, (double)feed.values[at]);
    comma = ",";
  }
  snprintf(text + length, sizeof text - (size_t)length, "]}");
  return text;
}
