/* Goroutines that sleep for different times wake in that order. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <unistd.h>

static gs_chan *done;

static void sleeper(void *arg) {
  int delay = *(int *)arg;
  gs_sleep(delay * GS_MILLISECOND);
  printf("%d ms\n", delay);
  gs_chan_send(done, &delay);
}

int main(void) {
  int delays[] = {40, 5, 20};
  if (gs_chan_new(&done, sizeof(int), 0) != GS_OK) return 1;
  int64_t before = gs_now();
  for (int i = 0; i < 3; i++) gs_go(sleeper, &delays[i]);
  for (int i = 0; i < 3; i++) gs_chan_recv(done, NULL);
  usleep(1000);
  puts(gs_now() - before >= 41 * GS_MILLISECOND ? "in time" : "too early");
  return 0;
}
