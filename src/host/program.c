/* What the floors below need of the host: its clock and its stderr. */
#include "../base/check.h"
#include "../sched/coro.h"
#include "host.h"

double gs__clock_host_ms(void);

double gs__clock_host_ms(void) { return gs__host_now(); }

void gs__report_line(const char *text, size_t text_bytes) {
  gs__host_report(text, text_bytes);
}
