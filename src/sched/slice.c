/* Time slices: when a computation that never parks has to, and who kept the
 * others waiting. The countdown is in memory, where gs_checkpoint() and the
 * code that cmake/preempt.mjs puts in share it. */
#include "slice.h"

#include <gossamer/preempt.h>
#include <gossamer/time.h>

#include "timer.h"

/* A page's frame has 16 ms, of which a pump takes 8. */
#define SLICE_NS (2 * GS_MILLISECOND)
/* How often to look at the clock, and the counts it takes: a look costs about
 * 50 ns in an engine. The largest keeps what comes before the first look short
 * when the work behind a count is suddenly 1000 times as much. */
#define LOOK_NS (50 * GS_MICROSECOND)
#define COUNTS_MAX 1024

#define REMEMBERED 8
#define SAY_AGAIN_NS GS_SECOND

/* ---- slices ---- */

static struct {
  const struct gs__task *task; /* whose slice it is, as far as is known */
  gs_id id;                    /* its id: a task's memory is used again */
  int64_t begin_ns;            /* when it was first seen to run */
  int64_t look_ns;             /* the last look at the clock */
  int32_t counts;              /* between two looks */
} slice;

int32_t gs__slice_left; /* 0: the first call looks at the clock */

static bool over(void) {
  const struct gs__task *task = gs__sched.current;
  int64_t now_ns = gs__clock_read();
  int64_t since_ns = now_ns - slice.look_ns;
  slice.look_ns = now_ns;
  bool same = task != NULL && slice.task == task && slice.id == task->id;
  if (since_ns < 0) same = false; /* another runtime, in tests */
  if (since_ns < LOOK_NS / 2) {
    if (slice.counts < COUNTS_MAX) slice.counts *= 2;
  } else if (same && since_ns > LOOK_NS * 2) {
    slice.counts = (int32_t)(slice.counts * LOOK_NS / since_ns);
  }
  if (slice.counts == 0) slice.counts = 1;
  gs__slice_left = slice.counts;
  if (task == NULL) return false;
  if (!same) {
    slice.task = task;
    slice.id = task->id;
    slice.begin_ns = now_ns;
    return false;
  }
  if (now_ns - slice.begin_ns < SLICE_NS || task->unpreemptible > 0) {
    return false;
  }
  slice.task = NULL;
  gs__sched.sliced_ns += now_ns - slice.begin_ns;
  gs__sched.until_look = 0; /* the pump's budget may be spent too */
  return true;
}

GS__LEAF(gs__checkpoint) int gs__checkpoint(void) {
  GS__LEAF_BODY(int);
  if (!over()) return GS_OK;
  return gs__yield();
}

void gs_preempt_disable(void) {
  if (gs__sched.current != NULL) gs__sched.current->unpreemptible++;
}

void gs_preempt_enable(void) {
  struct gs__task *task = gs__sched.current;
  if (task != NULL && task->unpreemptible > 0) task->unpreemptible--;
}

/* ---- preemption ---- */

#ifdef __wasm__
/* The build looks for these by name: every function that is to be checked
 * calls the first, calls that are taken away; the second tells where the
 * countdown is. */
void gs__preempt_mark(void) __asm__("__sanitizer_cov_trace_pc");
__attribute__((export_name("gs__preempt_mark"))) void gs__preempt_mark(void) {}

int32_t *gs__preempt_counter(void);
__attribute__((export_name("gs__preempt_counter"), noinline)) int32_t *
gs__preempt_counter(void) {
  return &gs__slice_left;
}
#endif

/* ---- the watchdog ---- */

static struct {
  gs_id id;
  int64_t said_ns;
} remembered[REMEMBERED];

int gs_watchdog(int64_t limit_ns) {
  if (limit_ns < 0) return GS_EINVAL;
  gs__sched.watchdog_ns = limit_ns;
  gs__sched.until_look = 0;
  return GS_OK;
}

void gs__watch(gs_id id, const char *name, int64_t ran_ns) {
  int64_t now_ns = gs__sched.now_ns;
  int oldest = 0;
  for (int i = 0; i < REMEMBERED; i++) {
    int64_t since_ns = now_ns - remembered[i].said_ns;
    if (remembered[i].id == id) {
      if (since_ns >= 0 && since_ns < SAY_AGAIN_NS) return;
      oldest = i;
      break;
    }
    if (remembered[i].said_ns < remembered[oldest].said_ns) oldest = i;
  }
  remembered[oldest].id = id;
  remembered[oldest].said_ns = now_ns;
  long long ran_ms = (long long)(ran_ns / GS_MILLISECOND);
  if (name == NULL) {
    gs__report("goroutine %lld ran %lld ms without yielding", (long long)id,
               ran_ms);
  } else {
    gs__report("goroutine %lld (%s) ran %lld ms without yielding",
               (long long)id, name, ran_ms);
  }
}
