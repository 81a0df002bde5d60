/* Prints the signals it gets. `signals all` ends by SIGTERM, and tells the
 * state at first; `signals once` gives SIGINT its usual effect again after one;
 * `signals pages` takes those of pages and the program's own, until number 0
 * comes. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

static const char *const names[32] = {
    "hidden",   "visible", "freeze",  "resume", "pagehide",
    "pageshow", "online",  "offline", "int",    "term"};

#define PAGES (GS_SIGNAL_OFFLINE | (GS_SIGNAL_OFFLINE - 1))
#define USERS (GS_SIGNAL_USER(0) | GS_SIGNAL_USER(1) | GS_SIGNAL_USER(15))

static void say(const struct gs_signal_event *event) {
  int bit = __builtin_ctz(event->signal);
  if (bit < 16) {
    printf("%s %d\n", names[bit], (int)event->value);
  } else {
    printf("user %d: %d\n", bit - 16, (int)event->value);
  }
  fflush(stdout);
}

static int follow(uint32_t signals, uint32_t last) {
  gs_chan *chan;
  if (gs_signal_chan(&chan, signals, 8) != GS_OK) return 1;
  uint32_t state = gs_signal_state();
  printf("%s, %s\n", (state & GS_SIGNAL_HIDDEN) != 0 ? "hidden" : "visible",
         (state & GS_SIGNAL_OFFLINE) != 0 ? "offline" : "online");
  fflush(stdout);
  struct gs_signal_event event = {0};
  while (event.signal != last && gs_chan_recv(chan, &event) == 1) say(&event);
  gs_chan_close(chan);
  gs_chan_release(chan);
  return 7;
}

static int once(void) {
  gs_chan *chan;
  if (gs_signal_chan(&chan, GS_SIGNAL_INT, 1) != GS_OK) return 1;
  puts("ready");
  fflush(stdout);
  struct gs_signal_event event;
  gs_chan_recv(chan, &event);
  say(&event);
  gs_chan_close(chan);
  gs_chan_release(chan);
  gs_sleep(GS_MILLISECOND);
  puts("listens no more");
  fflush(stdout);
  gs_sleep(GS_FOREVER);
  return 1;
}

/* Waits for a signal that nobody can send any more. */
static int deadlock(void) {
  gs_chan *chan;
  if (gs_signal_chan(&chan, GS_SIGNAL_INT, 1) != GS_OK) return 1;
  gs_chan_close(chan);
  gs_chan_release(chan);
  gs_chan_recv(NULL, NULL);
  return 1;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "all";
  if (strcmp(mode, "once") == 0) return once();
  if (strcmp(mode, "deadlock") == 0) return deadlock();
  if (strcmp(mode, "pages") == 0)
    return follow(PAGES | USERS, GS_SIGNAL_USER(0));
  return follow(GS_SIGNAL_INT | GS_SIGNAL_TERM | USERS, GS_SIGNAL_TERM);
}
