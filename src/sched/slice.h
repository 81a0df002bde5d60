/* Time slices and the watchdog, for the pump: see gossamer/preempt.h. */
#ifndef GS_SCHED_SLICE_H
#define GS_SCHED_SLICE_H

#include <gossamer/time.h>

#include "sched.h"

/* What the watchdog does in debug builds before anybody sets it. */
#define GS__WATCHDOG_DEBUG_NS (100 * GS_MILLISECOND)

/* While the watchdog is on: a goroutine has run for so long, and parked or
 * ended. Weak: who never turns it on does not link it. */
void gs__watch(gs_id id, const char *name, int64_t ran_ns)
    __attribute__((weak));

#endif
