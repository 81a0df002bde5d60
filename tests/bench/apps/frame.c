/* browser: waits for one animation frame after the other and counts them. */
#include <gossamer/gossamer.h>

static double frames;
static double last_ms;

GS_EXPORT(double, frame_count) { return frames; }
GS_EXPORT(double, frame_last) { return last_ms; }

int main(void) {
  while (gs_frame(&last_ms) == 0) frames++;
  return 1;
}
