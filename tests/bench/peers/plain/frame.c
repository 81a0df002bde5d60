/* browser: no goroutine at all, an export that the frame's callback calls. */
static double frames;

__attribute__((export_name("frame"))) void frame(double timestamp_ms) {
  if (timestamp_ms >= 0) frames++;
}

__attribute__((export_name("frame_count"))) double frame_count(void) {
  return frames;
}
