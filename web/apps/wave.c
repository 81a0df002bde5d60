/* A wave in a picture: 320 goroutines, each animates one column. */
#include <gossamer/gossamer.h>
#include <math.h>

enum { WIDTH = 320, HEIGHT = 200 };
static uint32_t pixels[HEIGHT][WIDTH];

static void column(void *arg) { /* one goroutine a column */
  intptr_t x = (intptr_t)arg;
  double ms;
  while (gs_frame(&ms) == GS_OK) { /* only this goroutine waits */
    double wave = HEIGHT / 2.0 * (1 + 0.8 * sin(ms / 400 + (double)x / 25));
    for (int y = 0; y < HEIGHT; y++) {
      pixels[y][x] = y < wave ? 0xff302010 : 0xffd0a060;
    }
  }
}

int main(void) {
  for (intptr_t x = 0; x < WIDTH; x++) gs_go(column, (void *)x);
  while (gs_frame(NULL) == GS_OK) gs_canvas_present(pixels, WIDTH, HEIGHT);
  return 0;
}
