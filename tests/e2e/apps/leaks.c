/* Goroutines that wait when the program ends: some could be woken by somebody,
 * some by nobody. */
#include <gossamer/gossamer.h>
#include <stdlib.h>

static gs_chan *known; /* held by the program's data */

struct pair {
  gs_chan *mine;
  gs_chan *other;
};

static void receive(void *arg) { gs_chan_recv(arg, NULL); }
static void receive_for_a_while(void *arg) {
  gs_chan_recv_until(arg, NULL, gs_deadline(60 * GS_SECOND));
}

/* Each has the other's channel, but neither will ever use it. */
static void wait_for_other(void *arg) {
  struct pair pair = *(struct pair *)arg;
  int n = 0;
  gs_chan_recv(pair.mine, &n);
  gs_chan_send(pair.other, &n);
}

static void sleep_with(void *arg) {
  gs_sleep(60 * GS_SECOND);
  gs_chan_close(arg);
}

static void start(const char *name, gs_func *fn, void *arg) {
  struct gs_go_options options = {.name = name};
  if (gs_go_with(&options, fn, arg) < 0) exit(1);
}

static gs_chan *chan(void) {
  gs_chan *made = NULL;
  if (gs_chan_new(&made, sizeof(int), 0) != GS_OK) exit(1);
  return made;
}

__attribute__((noinline)) static void begin(void) {
  known = chan();
  start("kept", receive, known);
  start("lost", receive, chan());
  start("brief", receive_for_a_while, chan());
  gs_chan *later = chan();
  start("woken later", receive, later);
  start("sleeper", sleep_with, later);
  struct pair one = {chan(), chan()};
  struct pair two = {one.other, one.mine};
  start("one", wait_for_other, &one);
  start("two", wait_for_other, &two);
  gs_yield();
}

int main(void) {
  begin();
  return 0;
}
