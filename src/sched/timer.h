/* The clock and everything that waits for it, on one heap: deadlines of
 * parked tasks and alarms that call a function. The clock is the host's, or
 * virtual: then it jumps to the next deadline when all tasks are parked. */
#ifndef GS_SCHED_TIMER_H
#define GS_SCHED_TIMER_H

#include <gossamer/time.h>
#include <stdbool.h>
#include <stdint.h>

#include "wait.h"

/* Calls fire(alarm) from the pump, not in a goroutine: it must not park. */
struct gs__alarm {
  struct gs__heap_item item; /* must be first */
  void (*fire)(struct gs__alarm *alarm, int64_t deadline_ns);
};

/* A deadline of a parked task: wakes it with `result`. */
struct gs__deadline {
  struct gs__clause clause; /* must be first */
  struct gs__alarm alarm;   /* without a function */
  int result;
};

/* Reads the clock, and remembers it in gs__sched.now_ns. */
int64_t gs__clock_read(void);

/* Adds a clause that wakes the current task at deadline_ns. False: no memory.
 * Call it before the other clauses are queued. */
bool gs__deadline_wait(struct gs__deadline *deadline, int64_t deadline_ns,
                       int result);

/* False: no memory. The alarm must not be queued. */
bool gs__alarm_set(struct gs__alarm *alarm, int64_t deadline_ns);
/* True when it was queued. */
bool gs__alarm_clear(struct gs__alarm *alarm);

/* Fires what is due at gs__sched.now_ns. */
void gs__timers_fire(void);
/* The first deadline, or GS_FOREVER. */
int64_t gs__timers_next(void);

#endif
