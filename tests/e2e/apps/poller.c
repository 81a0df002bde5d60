/* Copies standard input and HTTP bodies to standard output, a piece at a time,
 * while a timer ticks and a goroutine sends: all in one poller, by one
 * goroutine. `poller edge ...` has sources reported by edge. Ends when every
 * source has, and prints how much came of each. */
#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT, TIMER, NUMBERS, BODY };
enum { NUMBERS_SENT = 20, TICKS = 3, BODIES_MAX = 8 };

static gs_http *bodies[BODIES_MAX];
static long totals[BODY + BODIES_MAX];

static void fail(const char *what, int64_t error) {
  fprintf(stderr, "%s: %s\n", what, gs_error_name((int)error));
  exit(1);
}

static void send_numbers(void *arg) {
  for (int i = 0; i < NUMBERS_SENT; i++) {
    gs_chan_send(arg, &i);
    if (i % 7 == 0) gs_sleep(GS_MILLISECOND);
  }
  gs_chan_close(arg);
}

static gs_chan *numbers;
static gs_timer *timer;

/* Takes all there is, as by edge one must. False: the source has ended. */
static bool serve_channel(int id, gs_chan *chan) {
  int64_t elem;
  int result;
  while ((result = gs_chan_try_recv(chan, &elem)) == 1) totals[id]++;
  return result == GS_EAGAIN && (id != TIMER || totals[id] < TICKS);
}

/* One piece: it is ready, so the read does not wait. */
static bool serve_input(void) {
  char bytes[1000];
  int64_t count = read(0, bytes, sizeof bytes);
  if (count < 0) fail("read", count);
  totals[INPUT] += (long)count;
  return count > 0;
}

/* By edge, all that is there now. */
static bool serve_body(int id, bool edge) {
  gs_http *http = bodies[id - BODY];
  char bytes[1000];
  int64_t count;
  do {
    count = edge ? gs_http_read_until(http, bytes, sizeof bytes, gs_now())
                 : gs_http_read(http, bytes, sizeof bytes);
    if (count == GS_ETIMEDOUT) return true;
    if (count < 0) fail("gs_http_read", count);
    totals[id] += (long)count;
  } while (edge && count > 0);
  return count > 0;
}

int main(int argc, char **argv) {
  bool edge = argc > 1 && strcmp(argv[1], "edge") == 0;
  uint32_t events = GS_POLL_READABLE | (edge ? GS_POLL_EDGE : 0);
  gs_poller *poller;
  if (gs_poller_new(&poller) != GS_OK) return 1;
  if (gs_chan_new(&numbers, sizeof(int), 2) != GS_OK) return 1;
  if (gs_timer_new(&timer, GS_MILLISECOND, GS_MILLISECOND) != GS_OK) return 1;
  struct gs_source sources[BODY + BODIES_MAX] = {
      gs_source_fd(0), gs_source_timer(timer), gs_source_chan(numbers)};
  int count = BODY;
  for (int i = 1 + edge; i < argc && count < BODY + BODIES_MAX; i++) {
    int error = gs_http_get(&bodies[count - BODY], argv[i]);
    if (error != GS_OK) fail("get", error);
    sources[count] = gs_source_http(bodies[count - BODY]);
    count++;
  }
  for (int id = 0; id < count; id++) {
    /* There is no read of input that does not wait: for that, level. */
    uint32_t wanted = id == INPUT ? GS_POLL_READABLE : events;
    int error = gs_poller_add(poller, sources[id], wanted, (uint64_t)id);
    if (error != GS_OK) fail("add", error);
  }
  gs_go(send_numbers, numbers);
  int left = count;
  while (left > 0) {
    struct gs_poll_event found[2];
    int n = gs_poller_wait(poller, found, 2);
    if (n < 0) fail("wait", n);
    for (int i = 0; i < n; i++) {
      int id = (int)found[i].data;
      bool more;
      if (id == TIMER) {
        more = serve_channel(id, gs_timer_chan(timer));
      } else if (id == NUMBERS) {
        more = serve_channel(id, numbers);
      } else {
        more = id == INPUT ? serve_input() : serve_body(id, edge);
      }
      if (more) continue;
      if (gs_poller_remove(poller, sources[id]) != GS_OK) fail("remove", id);
      left--;
    }
  }
  gs_poller_release(poller);
  gs_timer_release(timer);
  gs_chan_release(numbers);
  printf("input %ld, ticks %s, numbers %ld", totals[INPUT],
         totals[TIMER] >= TICKS ? "enough" : "too few", totals[NUMBERS]);
  for (int id = BODY; id < count; id++) {
    printf(", body %ld", totals[id]);
    gs_http_close(bodies[id - BODY]);
  }
  printf("\n");
  return 0;
}
