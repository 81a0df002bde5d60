/* Timers of the public API: each an alarm that sends on a channel of its own
 * or starts a goroutine. See gossamer/time.h. */
#include <gossamer/time.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "../sched/timer.h"
#include "chan.h"

struct gs_timer {
  struct gs__alarm alarm;   /* must be first */
  int64_t period_ns;        /* 0: fires once */
  gs_chan *chan;            /* or NULL: starts fn(arg) */
  struct gs__keeper keeper; /* of a channel that has the timer, not the other
                             * way round: gs_after(), gs_tick() */
  gs_func *fn;
  void *arg;
};

/* A periodic timer keeps its phase: a late firing does not shift the next
 * ones, and firings that were missed altogether are not made up for. */
static int64_t next_deadline(const gs_timer *timer, int64_t deadline_ns) {
  int64_t now_ns = gs__sched.now_ns;
  if (timer->period_ns > GS_FOREVER - now_ns) return GS_FOREVER;
  int64_t next_ns = deadline_ns + timer->period_ns;
  if (next_ns > now_ns) return next_ns;
  int64_t missed = (now_ns - next_ns) / timer->period_ns + 1;
  return next_ns + missed * timer->period_ns;
}

static void fire(struct gs__alarm *alarm, int64_t deadline_ns) {
  gs_timer *timer = (gs_timer *)alarm;
  if (timer->period_ns > 0) {
    /* Firing made room for one in the heap, so this cannot fail. */
    gs__alarm_set(alarm, next_deadline(timer, deadline_ns));
  }
  if (timer->chan != NULL) {
    int64_t now_ns = gs__sched.now_ns;
    gs_chan_try_send(timer->chan, &now_ns);
  } else if (gs__go_from("a timer", timer->fn, timer->arg) < 0) {
    gs__report("gossamer: no memory to start a timer's goroutine");
  }
}

/* A negative delay is none: phases are counted from a time that has been. */
static bool set(gs_timer *timer, int64_t delay_ns) {
  return gs__alarm_set(&timer->alarm, gs_deadline(delay_ns < 0 ? 0 : delay_ns));
}

static int make(gs_timer **out, int64_t delay_ns, int64_t period_ns,
                gs_chan *chan, gs_func *fn, void *arg) {
  gs_timer *timer = gs__malloc(sizeof *timer);
  if (timer == NULL) return GS_ENOMEM;
  *timer = (gs_timer){.alarm = {.item = {GS__HEAP_OUT}, .fire = fire},
                      .period_ns = period_ns,
                      .chan = chan,
                      .fn = fn,
                      .arg = arg};
  if (!set(timer, delay_ns)) {
    free(timer);
    return GS_ENOMEM;
  }
  *out = timer;
  return GS_OK;
}

int gs_timer_new(gs_timer **out, int64_t delay_ns, int64_t period_ns) {
  if (out == NULL || period_ns < 0) return GS_EINVAL;
  gs_chan *chan;
  int error = gs_chan_new(&chan, sizeof(int64_t), 1);
  if (error != GS_OK) return error;
  error = make(out, delay_ns, period_ns, chan, NULL, NULL);
  if (error != GS_OK) gs_chan_release(chan);
  return error;
}

int gs_timer_func(gs_timer **out, int64_t delay_ns, int64_t period_ns,
                  gs_func *fn, void *arg) {
  if (out == NULL || period_ns < 0 || fn == NULL) return GS_EINVAL;
  return make(out, delay_ns, period_ns, NULL, fn, arg);
}

gs_chan *gs_timer_chan(const gs_timer *timer) {
  return timer == NULL ? NULL : timer->chan;
}

int gs_timer_stop(gs_timer *timer) {
  if (timer == NULL) return GS_EINVAL;
  bool pending = gs__alarm_clear(&timer->alarm);
  if (timer->chan != NULL) gs__chan_drain(timer->chan);
  return pending ? 1 : 0;
}

int gs_timer_reset(gs_timer *timer, int64_t delay_ns, int64_t period_ns) {
  if (timer == NULL || period_ns < 0) return GS_EINVAL;
  int pending = gs_timer_stop(timer);
  timer->period_ns = period_ns;
  if (!set(timer, delay_ns)) return GS_ENOMEM;
  return pending;
}

void gs_timer_release(gs_timer *timer) {
  if (timer == NULL) return;
  gs__alarm_clear(&timer->alarm);
  if (timer->chan != NULL) {
    gs_chan_close(timer->chan);
    gs_chan_release(timer->chan);
  }
  free(timer);
}

static void channel_closed(struct gs__keeper *keeper) {
  gs_timer *timer = gs__container(keeper, gs_timer, keeper);
  gs__alarm_clear(&timer->alarm);
  free(timer);
}

static int channel_of_timer(gs_chan **out, int64_t delay_ns,
                            int64_t period_ns) {
  if (out == NULL) return GS_EINVAL;
  gs_timer *timer;
  int error = gs_timer_new(&timer, delay_ns, period_ns);
  if (error != GS_OK) return error;
  timer->keeper.closed = channel_closed;
  gs__chan_keep(timer->chan, &timer->keeper);
  *out = timer->chan;
  return GS_OK;
}

int gs_after(gs_chan **out, int64_t ns) { return channel_of_timer(out, ns, 0); }

int gs_tick(gs_chan **out, int64_t period_ns) {
  if (period_ns <= 0) return GS_EINVAL;
  return channel_of_timer(out, period_ns, period_ns);
}
