/* browser: a fiber that waits for one animation frame after the other and
 * counts them. */
#include <emscripten/emscripten.h>
#include <emscripten/fiber.h>

static emscripten_fiber_t base;
static emscripten_fiber_t waiter;
static char base_frames[4096];
static char waiter_frames[4096];
static char waiter_stack[4096] __attribute__((aligned(16)));
static double frames;

EM_JS(void, request_frame, (void), { requestAnimationFrame(Module["_frame"]); })

static void wait_for_frames(void *arg) {
  (void)arg;
  for (;;) {
    request_frame();
    emscripten_fiber_swap(&waiter, &base);
    frames++;
  }
}

EMSCRIPTEN_KEEPALIVE void frame(double timestamp_ms) {
  (void)timestamp_ms;
  emscripten_fiber_swap(&base, &waiter);
}

EMSCRIPTEN_KEEPALIVE double frame_count(void) { return frames; }

EMSCRIPTEN_KEEPALIVE void start(void) {
  emscripten_fiber_init_from_current_context(&base, base_frames,
                                             sizeof base_frames);
  emscripten_fiber_init(&waiter, wait_for_frames, 0, waiter_stack,
                        sizeof waiter_stack, waiter_frames,
                        sizeof waiter_frames);
  emscripten_fiber_swap(&base, &waiter);
}
