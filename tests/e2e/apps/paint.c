/* Shows one picture a frame on the canvas: red, then, after memory has grown,
 * green with a blue first pixel; then prints what the canvas said. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 8, HEIGHT = 4, PIXELS = WIDTH * HEIGHT };

static uint32_t pixels[PIXELS]; /* 0xAABBGGRR */

static int show(uint32_t colour) {
  int error = gs_frame(NULL);
  if (error != GS_OK) return error;
  for (int i = 0; i < PIXELS; i++) pixels[i] = colour;
  return gs_canvas_present(pixels, WIDTH, HEIGHT);
}

int main(void) {
  uint32_t width = 0;
  uint32_t height = 0;
  int sized = gs_canvas_size(&width, &height);
  printf("size %s %u %u\n", gs_error_name(sized), width, height);
  int red = show(0xff0000ff);
  volatile char *grown = malloc(16 << 20);
  if (grown == NULL) return 1;
  grown[0] = 1;
  int green = show(0xff00ff00);
  pixels[0] = 0xffff0000;
  if (green == GS_OK) green = gs_canvas_present(pixels, WIDTH, HEIGHT);
  printf("shown %s %s\n", gs_error_name(red), gs_error_name(green));
  return 0;
}
