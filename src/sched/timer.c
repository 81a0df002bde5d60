/* The clock, deadlines and alarms, and sleeping: see timer.h. */
#include "timer.h"

#include <gossamer/time.h>

/* The host floor defines it: milliseconds, monotonic. */
double gs__clock_host_ms(void);

int64_t gs__clock_read(void) {
  if (!gs__sched.virtual_clock) {
    int64_t now_ns = (int64_t)(gs__clock_host_ms() * 1e6);
    if (now_ns > gs__sched.now_ns) gs__sched.now_ns = now_ns;
  }
  return gs__sched.now_ns;
}

bool gs__alarm_set(struct gs__alarm *alarm, int64_t deadline_ns) {
  return gs__heap_insert(&gs__sched.timers, &alarm->item, deadline_ns);
}

bool gs__alarm_clear(struct gs__alarm *alarm) {
  if (!gs__heap_queued(&alarm->item)) return false;
  gs__heap_remove(&gs__sched.timers, &alarm->item);
  return true;
}

bool gs__deadline_wait(struct gs__deadline *deadline, int64_t deadline_ns,
                       int result) {
  deadline->alarm.fire = NULL;
  deadline->result = result;
  if (!gs__alarm_set(&deadline->alarm, deadline_ns)) return false;
  gs__wait_add(&deadline->clause, GS__CLAUSE_TIMER);
  return true;
}

void gs__timers_fire(void) {
  struct gs__heap *heap = &gs__sched.timers;
  while (heap->count > 0 && heap->entries[0].deadline_ns <= gs__sched.now_ns) {
    int64_t deadline_ns = heap->entries[0].deadline_ns;
    struct gs__alarm *alarm = (struct gs__alarm *)heap->entries[0].item;
    gs__heap_remove(heap, &alarm->item);
    if (alarm->fire != NULL) {
      alarm->fire(alarm, deadline_ns);
    } else {
      struct gs__deadline *deadline =
          gs__container(alarm, struct gs__deadline, alarm);
      gs__wake(&deadline->clause, deadline->result);
    }
  }
}

int64_t gs__timers_next(void) {
  const struct gs__heap *heap = &gs__sched.timers;
  if (heap->count == 0) return GS_FOREVER;
  /* The clock starts at 0: subtracting it from what is returned is safe. */
  int64_t deadline_ns = heap->entries[0].deadline_ns;
  return deadline_ns < 0 ? 0 : deadline_ns;
}

int64_t gs_now(void) { return gs__clock_read(); }

int64_t gs_deadline(int64_t ns) {
  int64_t now_ns = gs__clock_read();
  if (ns > 0 && now_ns > GS_FOREVER - ns) return GS_FOREVER;
  if (ns < 0 && now_ns < INT64_MIN - ns) return INT64_MIN;
  return now_ns + ns;
}

GS__INLINE int sleep_until(int64_t deadline_ns) {
  struct gs__deadline expiry;
  if (deadline_ns != GS_FOREVER &&
      !gs__deadline_wait(&expiry, deadline_ns, GS_OK)) {
    return GS_ENOMEM;
  }
  return (int)gs__park("sleep", NULL);
}

GS__LEAF(gs_sleep_until) int gs_sleep_until(int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  if (gs__sched.current == NULL) return GS_EPERM;
  return sleep_until(deadline_ns);
}

GS__LEAF(gs_sleep) int gs_sleep(int64_t ns) {
  GS__LEAF_BODY(int);
  if (gs__sched.current == NULL) return GS_EPERM;
  if (ns <= 0) return gs__yield();
  return sleep_until(gs_deadline(ns));
}
