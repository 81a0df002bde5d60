/* browser, suite net: bodies that are read by pieces of 256 KiB into one
 * buffer, one request after the other or many at a time, and hashes and random
 * bytes of the host. Each export answers the milliseconds that it took. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define READ_BYTES 262144
#define BLOCK_BYTES 1048576
#define RANDOM_BYTES 65536

/* One buffer: whoever reads has it before anybody else does. */
static unsigned char piece[READ_BYTES];
static unsigned char block[BLOCK_BYTES];

void bench_fail(const char *file, int line, const char *condition) {
  fprintf(stderr, "%s:%d: wrong: %s\n", file, line, condition);
  exit(1);
}

static double now_ms(void) { return (double)gs_now() / GS_MILLISECOND; }

static gs_http *open_url(const char *url) {
  gs_http *http;
  EXPECT(gs_http_get(&http, url) == 0 && gs_http_status(http) == 200);
  return http;
}

static int64_t read_to_end(gs_http *http) {
  int64_t total = 0;
  int64_t count;
  while ((count = gs_http_read(http, piece, sizeof piece)) > 0) total += count;
  EXPECT(count == 0);
  gs_http_close(http);
  return total;
}

GS_EXPORT(double, download, (const char *, url), (int, bytes)) {
  double begin_ms = now_ms();
  EXPECT(read_to_end(open_url(url)) == bytes);
  return now_ms() - begin_ms;
}

/* From the request to the first bytes; the rest is read, too. */
GS_EXPORT(double, first_chunk, (const char *, url)) {
  double begin_ms = now_ms();
  gs_http *http = open_url(url);
  EXPECT(gs_http_read(http, piece, sizeof piece) > 0);
  double took_ms = now_ms() - begin_ms;
  EXPECT(read_to_end(http) > 0);
  return took_ms;
}

static struct {
  const char *url;
  int bytes;
  int left;
  gs_waitgroup group;
} flight;

static void fetch_some(void *arg) {
  (void)arg;
  while (flight.left > 0) {
    flight.left--;
    EXPECT(read_to_end(open_url(flight.url)) == flight.bytes);
  }
  gs_waitgroup_done(&flight.group);
}

GS_EXPORT(double, in_flight, (const char *, url), (int, bytes), (int, count),
          (int, width)) {
  flight.url = url;
  flight.bytes = bytes;
  flight.left = count;
  double begin_ms = now_ms();
  EXPECT(gs_waitgroup_add(&flight.group, width) == 0);
  for (int i = 0; i < width; i++) EXPECT(gs_go(fetch_some, NULL) >= 0);
  EXPECT(gs_waitgroup_wait(&flight.group) == 0);
  return now_ms() - begin_ms;
}

GS_EXPORT(double, hash_blocks, (int, count)) {
  double begin_ms = now_ms();
  for (int i = 0; i < count; i++) {
    EXPECT(gs_hash(GS_SHA_256, block, sizeof block, block) == 32);
  }
  return now_ms() - begin_ms;
}

GS_EXPORT(double, draw, (int, count)) {
  double begin_ms = now_ms();
  for (int i = 0; i < count; i++) {
    EXPECT(gs_random(block, RANDOM_BYTES) == 0);
  }
  return now_ms() - begin_ms;
}
