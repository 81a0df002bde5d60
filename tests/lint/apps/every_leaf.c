/* Calls every function that parks, each from one place only, which is where
 * Binaryen would fold it into its caller. Linked and looked at, never run. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <unistd.h>

static void channels(void *arg) {
  int value = 0;
  gs_chan_send(arg, &value);
  gs_chan_send_until(arg, &value, gs_deadline(GS_SECOND));
  gs_chan_recv(arg, &value);
  gs_chan_recv_until(arg, &value, gs_deadline(GS_SECOND));
  struct gs_case cases[] = {GS_RECV(arg, &value), GS_SEND(arg, &value)};
  gs_select(cases, 2);
  gs_select_until(cases, 2, gs_deadline(GS_SECOND));
}

static void time_and_frames(void *arg) {
  (void)arg;
  gs_yield();
  gs_sleep(GS_SECOND);
  gs_sleep_until(gs_deadline(GS_SECOND));
  usleep(1);
  gs_frame(NULL);
  gs_frame_until(NULL, gs_deadline(GS_SECOND));
  gs_exit();
}

static void network(void *arg) {
  gs_http *http = NULL;
  char bytes[64];
  gs_http_get(&http, arg);
  gs_http_read(http, bytes, sizeof bytes);
  gs_http_read_until(http, bytes, sizeof bytes, gs_deadline(GS_SECOND));
  gs_http_close(http);
}

static void never_parks(void *arg) {
  int value = 0;
  gs_chan_try_send(arg, &value);
  gs_chan_try_recv(arg, &value);
  struct gs_case cases[] = {GS_RECV(arg, &value)};
  gs_try_select(cases, 1);
  gs_chan_close(arg);
  gs_chan_release(arg);
  gs_timer *timer = NULL;
  if (gs_timer_new(&timer, GS_SECOND, 0) == GS_OK) gs_timer_release(timer);
  gs_frame_chan(arg);
  gs_dump();
}

GS_EXPORT(int, kernel, (int, n)) { return n * n; }

int main(void) {
  gs_chan *chan = NULL;
  gs_chan_new(&chan, sizeof(int), 1);
  gs_go(channels, chan);
  gs_go(time_and_frames, NULL);
  gs_go(network, "https://example.com/");
  gs_go(never_parks, chan);
  return getchar() == 'q' ? gs_serve() : 0;
}
