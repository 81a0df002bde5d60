/* Endless loops beside an animation. Each loop counts its rounds and never
 * yields; the build, gossamer_add_app(preempt PREEMPT preempt.c), ends its turn
 * when its time slice is over. Prints a line a frame: how many loops there are,
 * what the ticker counted, and the rounds of all loops. */
#include <gossamer/gossamer.h>
#include <math.h>
#include <stdio.h>

enum { WIDTH = 360, HEIGHT = 120, LOOPS = 12 };

static uint32_t pixels[HEIGHT][WIDTH];
static volatile uint64_t rounds[LOOPS];
static int loops;
static unsigned ticks;

static void spin(void *arg) { /* it never yields */
  volatile uint64_t *count = arg;
  for (;;) ++*count;
}

static void tick(void *arg) { /* one of those that want their turn */
  (void)arg;
  while (gs_sleep(10 * GS_MILLISECOND) == GS_OK) ticks++;
}

GS_EXPORT(int, start_loop, (int, count)) {
  while (count-- > 0 && loops < LOOPS) {
    gs_go(spin, (void *)&rounds[loops++]);
  }
  return loops;
}

static void paint(double ms) {
  for (int x = 0; x < WIDTH; x++) {
    double wave = HEIGHT / 2.0 * (1 + 0.7 * sin(ms / 300 + x / 22.0));
    for (int y = 0; y < HEIGHT; y++) {
      pixels[y][x] = y < wave ? 0xff3a2a1c : 0xffc08f4d;
    }
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  gs_go(tick, NULL);
  double ms;
  while (gs_frame(&ms) == GS_OK) {
    paint(ms);
    gs_canvas_present(pixels, WIDTH, HEIGHT);
    uint64_t sum = 0;
    for (int i = 0; i < loops; i++) sum += rounds[i];
    printf("%d %u %.0f\n", loops, ticks, (double)sum);
  }
  return 0;
}
