/* The program from start to end, and the exports by which the host drives it:
 * boot, pump, frame event. Each floor keeps its state in one struct of its
 * own; this file initialises them from the bottom up. */
#include <gossamer/export.h>
#include <gossamer/preempt.h>
#include <gossamer/time.h>
#include <stdlib.h>

#include "debug.h"
#include "host/frame.h"
#include "host/host.h"
#include "host/op.h"
#include "host/signal.h"
#include "leaks.h"
#include "libc/args.h"
#include "runtime.h"
#include "sched/slice.h"

#define EXIT_FATAL 2

void gs__runtime_init(uint64_t seed) {
  gs__sched_init(seed);
  gs__frames_init();
}

void gs__runtime_term(void) {
  gs__frames_term();
  if (gs__signals_term != NULL) gs__signals_term();
  gs__ops_term();
  gs__dump_term();
  gs__sched_term();
}

/* Before the constructors of a program's globals: they may start goroutines
 * and make timers, which run after boot. */
__attribute__((constructor(101))) static void init(void) {
  gs__runtime_init(0);
#ifdef GS_DEBUG
  gs_watchdog(GS__WATCHDOG_DEBUG_NS);
#endif
}

enum gs__idle gs__runtime_pump(void) {
  enum gs__idle idle = gs__sched_pump();
  if (gs__signals_sweep == NULL || idle == GS__IDLE_BUSY) return idle;
  /* Whoever waits on for what has ended now is in a deadlock. */
  bool ended = gs__signals_sweep();
  return ended && idle == GS__IDLE_WAIT ? gs__sched_pump() : idle;
}

/* ---- fatal ends ---- */

_Noreturn void gs__fatal_end(void) {
  if (!gs__sched.stopping) {
    gs__sched.stopping = true;
    gs__dump_tasks();
  }
  gs__host_exit(EXIT_FATAL);
  abort();
}

_Noreturn void gs__coro_overflowed(struct gs__coro *coro, gs_id id,
                                   const char *name) {
  struct gs__task *task = (struct gs__task *)coro;
  if (id != 0) {
    task->id = id;
    task->name = name;
  }
  gs__sched.stopping = true; /* a dump might read what was overwritten */
  gs__fatal("stack overflow in %s: its stack of %zu bytes is too small",
            gs__task_label(task), coro->stack_bytes);
}

_Noreturn void gs__coro_running_overflowed(void) {
  gs__coro_overflowed(&gs__sched.current->coro, 0, NULL);
}

_Noreturn void gs__deadlock(void) {
  gs__clock_read();
  gs__fatal("all goroutines are asleep - deadlock");
}

#ifdef __wasm__

/* ---- main ---- */

/* Where the program's main went depends on the compiler's release and on its
 * parameters; a library has none at all. */
int main(int argc, char **argv) __attribute__((weak));
int __main_void(void) __attribute__((weak));

static void run_main(void *arg) {
  (void)arg;
  int code;
  if (main != NULL) {
    char **argv;
    int argc = gs__args(&argv);
    code = argc < 0 ? EXIT_FATAL : main(argc, argv);
  } else {
    code = __main_void();
  }
  gs__sched.running_main = false;
  exit(code);
}

/* ---- exports ---- */

GS__EXPORT_AS("gossamer_abi_1") void gs__abi(void);
void gs__abi(void) {}

GS__EXPORT_AS("gs_boot") int32_t gs_boot(void);
int32_t gs_boot(void) {
  uint64_t seed = (uint64_t)gs__host_seed() << 32 | gs__host_seed();
  gs__random_seed(&gs__sched.random, seed);
  gs__clock_read();
#ifdef GS_DEBUG
  gs__stress_read(getenv("GS_STRESS"));
  atexit(gs__leaks_report);
#endif
  if (main == NULL && __main_void == NULL) {
    gs__sched.serving = 1;
    return 1;
  }
  struct gs_go_options options = {.stack_bytes = GS__MAIN_STACK_BYTES,
                                  .name = "main"};
  gs_id id = gs__go_with_from(NULL, &options, run_main, NULL);
  if (id < 0) return (int32_t)id;
  gs__sched.running_main = true;
  return 0;
}

/* Milliseconds until the pump wants to be called again: 0 at once, -1 not
 * before a completion, -2 it is running already. */
static double pump(void) {
  enum gs__idle idle = gs__runtime_pump();
#ifdef GS_DEBUG
  if (idle != GS__IDLE_BUSY) gs__sched_check();
#endif
  switch (idle) {
    case GS__IDLE_AGAIN:
      return 0;
    case GS__IDLE_TIMER: {
      int64_t wait_ns = gs__timers_next() - gs__sched.now_ns;
      /* Never 0, which means something else. */
      return wait_ns < 1000 ? 1e-3 : (double)wait_ns / 1e6;
    }
    case GS__IDLE_DEADLOCK:
      gs__deadlock();
    case GS__IDLE_BUSY:
      return -2;
    default:
      return -1;
  }
}

GS__EXPORT_AS("gs_pump") double gs_pump(void);
double gs_pump(void) { return pump(); }

GS__EXPORT_AS("gs_frame_event") double gs_frame_event(double timestamp_ms);
double gs_frame_event(double timestamp_ms) {
  /* Those who wait for it go first: the frame is painted when this returns. */
  struct gs__sched *s = &gs__sched;
  struct gs__task *head = s->head;
  struct gs__task *tail = s->tail;
  s->head = NULL;
  gs__frames_deliver(timestamp_ms);
  if (head != NULL && s->head != NULL) {
    s->tail->next = head;
    s->tail = tail;
  } else if (head != NULL) {
    s->head = head;
    s->tail = tail;
  }
  return pump();
}

GS__EXPORT_AS("gs_budget") void gs_budget(double budget_ms);
void gs_budget(double budget_ms) {
  /* Any budget can be added to the clock. */
  gs__sched.budget_ns =
      budget_ms < 1e12 ? (int64_t)(budget_ms * 1e6) : INT64_C(1) << 62;
}

/* Who was running, for the report about a trap. */
GS__EXPORT_AS("gs_fault") const char *gs_fault(void);
const char *gs_fault(void) { return gs__task_label(gs__sched.current); }

#endif
