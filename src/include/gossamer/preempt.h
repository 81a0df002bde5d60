/* Long computations beside other goroutines: checkpoints, preemption, and a
 * watchdog that names who keeps the others waiting.
 *
 * A goroutine's time slice is 2 ms from the first look at the clock since
 * another one ran. Goroutines that park on their own never notice it. Three
 * ways to end a computation's slice, from cheap to thorough:
 *
 * - gs_checkpoint() in a loop of your choice, in any build.
 * - gossamer_add_app(name PREEMPT sources...), WebAssembly only: the build puts
 *   checks into the functions of these sources (and of libraries given to
 *   gossamer_preempt()), so that a goroutine that never yields parks when its
 *   slice ends. The rule:
 *     - every loop is checked: an innermost one whose body can neither park nor
 *       be preempted counts in a register and looks up after at most 1024
 *       rounds, at most 16 when it calls functions; every other one counts each
 *       round in memory, with
 *     - every entry of a function that closes a cycle of direct calls, whose
 *       address is taken, or that is called by code without checks.
 *     - After 1024 of these counts at most, usually about 50 microseconds, the
 *       clock is looked at.
 *   So any loop and any such call may be a switch point: what goroutines share
 *   wants a lock, a channel, or a region without preemption, as with threads.
 *   Code that was compiled elsewhere, libc and this runtime, is never left in
 *   the middle: a memset of a gigabyte or a qsort does not end early, though
 *   qsort's callback is checked. Sources built with -flto are not checked.
 * - The native build ignores PREEMPT; checkpoints and the watchdog work there.
 */
#ifndef GOSSAMER_PREEMPT_H
#define GOSSAMER_PREEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* gs_checkpoint()'s: how many more calls until the clock is looked at. */
extern int32_t gs__slice_left;
int gs__checkpoint(void);

/* **Parks**, as gs_yield() does, when the goroutine's time slice is over; most
 * calls only count down. 0; or GS_ECANCELED or GS_ETIMEDOUT when it parked and
 * its context is done. Outside a goroutine and in a region without preemption
 * it does nothing. */
static inline int gs_checkpoint(void) {
  if (--gs__slice_left > 0) return 0;
  return gs__checkpoint();
}

/* Between these the calling goroutine is neither preempted nor parked by
 * gs_checkpoint(); it still parks where it calls a function that parks. They
 * nest; a goroutine ends with its regions. Outside a goroutine they do nothing.
 * Never park. */
void gs_preempt_disable(void);
void gs_preempt_enable(void);

/* Before a function's definition: the build puts no checks into it, nor is it
 * inlined where there are some. What it calls is checked as ever. For a
 * function that must not be interrupted, such as a malloc of one's own. */
#if defined(__wasm__) && defined(__clang__)
#define GS_NO_PREEMPT __attribute__((noinline, no_sanitize("coverage")))
#elif defined(__GNUC__)
#define GS_NO_PREEMPT __attribute__((noinline))
#else
#define GS_NO_PREEMPT
#endif

/* Reports each goroutine that runs for longer than this without parking:
 * "goroutine 7 (worker) ran 120 ms without yielding" on stderr, about the same
 * one at most once a second. It is told when the goroutine parks or ends, so a
 * loop that never ends is not found. 0 turns it off; negative: GS_EINVAL. Debug
 * builds start with 100 ms, others with 0, where it costs nothing; on, it reads
 * the clock at every switch. Never parks. */
int gs_watchdog(int64_t limit_ns);

#ifdef __cplusplus
}
#endif
#endif
