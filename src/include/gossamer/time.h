/* Time: a monotonic clock in nanoseconds, sleeping, and timers.
 *
 * Durations and deadlines are int64_t nanoseconds; deadlines are absolute on
 * the clock of gs_now(). Model of the semantics: Go's package time. */
#ifndef GOSSAMER_TIME_H
#define GOSSAMER_TIME_H

#include <stdint.h>

#include "chan.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GS_NANOSECOND INT64_C(1)
#define GS_MICROSECOND INT64_C(1000)
#define GS_MILLISECOND INT64_C(1000000)
#define GS_SECOND INT64_C(1000000000)

/* The monotonic clock, in nanoseconds since the program started. It counts
 * what the host's `performance.now()` gives, often in steps of 5 us or 100 us.
 * Never parks. */
int64_t gs_now(void);

/* gs_now() + ns, saturating at GS_FOREVER; a negative ns gives a deadline in
 * the past. Never parks. */
int64_t gs_deadline(int64_t ns);

/* **Parks** for at least `ns` nanoseconds; ns <= 0 only yields.
 * 0, or GS_ENOMEM when the timer could not be queued, or GS_EPERM outside a
 * goroutine. */
int gs_sleep(int64_t ns);

/* **Parks** until gs_now() >= deadline_ns. Results as gs_sleep(). */
int gs_sleep_until(int64_t deadline_ns);

/* A timer fires once or periodically. It either sends the fire time (an
 * int64_t) on its own channel of capacity 1, dropping it when the last one was
 * not yet received, or starts a goroutine. */
typedef struct gs_timer gs_timer;

/* Makes a timer that fires `delay_ns` from now and then every `period_ns`
 * (0: once only; negative: GS_EINVAL) and sends int64_t fire times on
 * gs_timer_chan(). 0 with *out set, GS_EINVAL or GS_ENOMEM. The caller owns
 * the timer: gs_timer_release(). Never parks. */
int gs_timer_new(gs_timer **out, int64_t delay_ns, int64_t period_ns);

/* As gs_timer_new(), but each firing starts a goroutine that runs fn(arg). */
int gs_timer_func(gs_timer **out, int64_t delay_ns, int64_t period_ns,
                  gs_func *fn, void *arg);

/* The channel of int64_t fire times, owned by the timer; NULL for a timer made
 * by gs_timer_func(). Never parks. */
gs_chan *gs_timer_chan(const gs_timer *timer);

/* Stops the timer and empties its channel, so that no stale time is received
 * later. 1 when it was pending, 0 when it had fired (or was stopped). Never
 * parks. */
int gs_timer_stop(gs_timer *timer);

/* Stops the timer and starts it again with new times. 1 when it was pending, 0
 * when not, GS_EINVAL, GS_ENOMEM. Never parks. */
int gs_timer_reset(gs_timer *timer, int64_t delay_ns, int64_t period_ns);

/* Stops and frees the timer; NULL is allowed. A goroutine that waits on its
 * channel sees the channel closed. Never parks. */
void gs_timer_release(gs_timer *timer);

/* Timers in one line, for gs_select(): a channel of int64_t fire times of
 * capacity 1. The caller owns the channel, and the channel owns the timer:
 * releasing or closing it stops the timer and frees it.
 *
 * gs_after(): one fire time, `ns` from now (at once when ns <= 0); the channel
 * is not closed then. gs_tick(): one every period_ns, from now on; one that was
 * not received in time is dropped. 0 with *out set; GS_EINVAL when out is NULL
 * or period_ns is not positive; GS_ENOMEM. Never park. */
int gs_after(gs_chan **out, int64_t ns);
int gs_tick(gs_chan **out, int64_t period_ns);

#ifdef __cplusplus
}
#endif
#endif
