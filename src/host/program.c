/* What the floors below need of the host: its clock and its stderr. */
#include "../base/check.h"
#include "../sched/coro.h"
#include "host.h"

double gs__clock_host_ms(void);

double gs__clock_host_ms(void) { return gs__host_now(); }

void gs__report_line(const char *text, size_t text_bytes) {
  gs__host_report(text, text_bytes);
}

#ifdef GS_STACK_CHECK
#include <emscripten/stack.h>

void gs__stack_check_enter(const struct gs__coro *coro) {
  gs__host_stack_limits((uintptr_t)coro->stack_base + coro->stack_bytes,
                        (uintptr_t)coro->stack_base);
}

void gs__stack_check_leave(void) {
  gs__host_stack_limits(emscripten_stack_get_base(),
                        emscripten_stack_get_end());
}
#endif
