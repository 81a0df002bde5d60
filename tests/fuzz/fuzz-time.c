/* Sleeping, timers and bare alarms: in virtual time everything happens exactly
 * when it should, and each timer fires as often as it should. A goroutine of
 * ours stops periodic timers after a while, or time would never end. */
#include <string.h>

#include "../../src/sched/timer.h"
#include "fuzz.h"

#define HORIZON_NS (9 * GS_MILLISECOND)

static struct model {
  gs_timer *timer;
  int64_t first_ns; /* when it fires first */
  int64_t period_ns;
  bool calls; /* starts goroutines */
  bool stopped;
  unsigned generation; /* counts up when it is set */
  unsigned fired;      /* in this generation, as far as was seen */
} models[TIMERS];

static gs_timer *janitor;

/* Many at once, so that the heap is deep. */
static struct alarm {
  struct gs__alarm alarm; /* must be first */
  int64_t deadline_ns;
  uint32_t order; /* in which they were set */
  bool set;
} alarms[ALARMS];
static uint32_t next_order;

void timers_init(void) {
  memset(models, 0, sizeof models);
  janitor = NULL;
  next_order = 0;
  for (int i = 0; i < ALARMS; i++) {
    alarms[i] = (struct alarm){.alarm.item.slot = GS__HEAP_OUT};
  }
}

gs_chan *timer_chan(unsigned index) {
  return gs_timer_chan(models[index].timer);
}

static void check_time(const struct model *m, int64_t time_ns) {
  CHECK_RESULT(time_ns >= m->first_ns, time_ns);
  int64_t past_ns = time_ns - m->first_ns;
  CHECK_RESULT(
      past_ns == 0 || (m->period_ns > 0 && past_ns % m->period_ns == 0),
      time_ns);
}

void timer_received(const struct wait_case *c, int result) {
  if (result == 0) return;
  CHECK_RESULT(result == 1, result);
  int64_t time_ns;
  memcpy(&time_ns, c->elem, sizeof time_ns);
  CHECK_RESULT(time_ns <= gs__sched.now_ns, time_ns);
  check_time(&models[c->index], time_ns);
  models[c->index].fired++;
}

static void stop_periodic(void *arg) {
  (void)arg;
  world_sync();
  for (int i = 0; i < TIMERS; i++) {
    struct model *m = &models[i];
    if (m->timer == NULL || m->period_ns == 0) continue;
    CHECK(gs_timer_stop(m->timer) == !m->stopped);
    m->stopped = true;
  }
  CHECK(gs_timer_stop(janitor) == 1);
  world_sync();
}

/* Periodic, for there may be no memory for its goroutine. False: no memory. */
static bool call_janitor(void) {
  int error = janitor == NULL ? gs_timer_func(&janitor, HORIZON_NS, HORIZON_NS,
                                              stop_periodic, NULL)
                              : gs_timer_reset(janitor, HORIZON_NS, HORIZON_NS);
  if (error >= 0) return true;
  explain(&world.host, error);
  return false;
}

static void fired(void *arg) {
  uintptr_t code = (uintptr_t)arg;
  struct model *m = &models[code % TIMERS];
  world_sync();
  if (m->timer == NULL || m->generation != code / TIMERS) return;
  check_time(m, gs__sched.now_ns);
  m->fired++;
}

void timers_check_idle(void) {
  CHECK_RESULT(gs__timers_next() == GS_FOREVER, gs__timers_next());
  CHECK_RESULT(gs__sched.timers.count == 0, gs__sched.timers.count);
  for (int i = 0; i < TIMERS; i++) {
    const struct model *m = &models[i];
    if (m->timer == NULL || m->stopped || m->period_ns > 0) continue;
    if (world.lossy && m->calls) continue;
    size_t queued = gs_chan_len(gs_timer_chan(m->timer));
    CHECK_RESULT(m->fired + queued == 1, m->fired);
  }
}

/* The first of those that are set, in the order they were set. */
static void alarm_fired(struct gs__alarm *item, int64_t deadline_ns) {
  struct alarm *alarm = (struct alarm *)item;
  CHECK(alarm->set);
  alarm->set = false;
  CHECK_RESULT(deadline_ns == alarm->deadline_ns, deadline_ns);
  CHECK_RESULT(deadline_ns <= gs__sched.now_ns, deadline_ns);
  for (int i = 0; i < ALARMS; i++) {
    const struct alarm *other = &alarms[i];
    if (!other->set || other->deadline_ns > deadline_ns) continue;
    CHECK_RESULT(other->deadline_ns == deadline_ns, other->deadline_ns);
    CHECK_RESULT(other->order > alarm->order, other->order);
  }
}

static void toggle(struct alarm *alarm, int64_t delay_ns) {
  CHECK(gs__alarm_clear(&alarm->alarm) == alarm->set);
  if (alarm->set) {
    alarm->set = false;
    return;
  }
  alarm->alarm.fire = alarm_fired;
  alarm->deadline_ns = gs_now() + delay_ns;
  alarm->order = ++next_order;
  alarm->set = gs__alarm_set(&alarm->alarm, alarm->deadline_ns);
  if (!alarm->set) explain(&world.host, GS_ENOMEM);
}

/* Sets or clears some, at times that a byte each decides. */
void op_alarms(struct actor *actor, uint8_t byte) {
  (void)actor;
  for (unsigned i = 0; i < byte / ALARMS + 1U; i++) {
    toggle(&alarms[(byte + i * 5) % ALARMS], take() * (GS_MILLISECOND / 32));
  }
}

static void release(struct model *m) {
  unsigned generation = m->generation + 1;
  gs_timer_release(m->timer);
  *m = (struct model){.generation = generation};
}

void timers_release(void) {
  for (int i = 0; i < ALARMS; i++) gs__alarm_clear(&alarms[i].alarm);
  for (int i = 0; i < TIMERS; i++) release(&models[i]);
  gs_timer_release(janitor);
}

static void set(struct model *m, int64_t delay_ns, int64_t period_ns) {
  m->first_ns = gs__sched.now_ns + (delay_ns > 0 ? delay_ns : 0);
  m->period_ns = period_ns;
  m->stopped = false;
  m->fired = 0;
}

static int64_t delay_of(uint8_t byte) {
  return ((byte >> 2 & 7) - 1) * GS_MILLISECOND;
}

/* In a slot that is free; else releases what is there. */
void op_timer_new(struct actor *actor, uint8_t byte) {
  (void)actor;
  struct model *m = &models[byte % TIMERS];
  if (m->timer != NULL) {
    if ((byte & 64) != 0) release(m);
    return;
  }
  int64_t period_ns = (byte & 32) != 0 ? 2 * GS_MILLISECOND : 0;
  bool calls = (byte & 128) != 0;
  m->generation++;
  uintptr_t code = m->generation * TIMERS + byte % TIMERS;
  int error = calls ? gs_timer_func(&m->timer, delay_of(byte), period_ns, fired,
                                    (void *)code)
                    : gs_timer_new(&m->timer, delay_of(byte), period_ns);
  if (error < 0) {
    explain(&world.host, error);
    CHECK(m->timer == NULL);
    return;
  }
  set(m, delay_of(byte), period_ns);
  m->calls = calls;
  if (period_ns > 0 && !call_janitor()) release(m);
}

/* Or sets it anew. A stopped timer has nothing in its channel. */
void op_timer_stop(struct actor *actor, uint8_t byte) {
  (void)actor;
  struct model *m = &models[byte % TIMERS];
  if (m->timer == NULL) return;
  bool resets = (byte & 32) != 0 && !m->calls;
  int64_t now_ns = gs__sched.now_ns;
  int result = resets ? gs_timer_reset(m->timer, delay_of(byte), m->period_ns)
                      : gs_timer_stop(m->timer);
  CHECK(gs_chan_len(gs_timer_chan(m->timer)) == 0);
  if (result < 0) {
    explain(&world.host, result);
  } else if (m->stopped) {
    CHECK_RESULT(result == 0, result);
  } else if (m->period_ns > 0 || m->first_ns > now_ns) {
    CHECK_RESULT(result == 1, result);
  } else if (m->fired > 0) {
    CHECK_RESULT(result == 0, result);
  }
  m->stopped = true;
  if (!resets || result < 0) return;
  m->generation++;
  set(m, delay_of(byte), m->period_ns);
  if (m->period_ns > 0 && !call_janitor()) release(m);
}

void op_sleep(struct actor *actor, uint8_t byte) {
  struct how how = how_of(byte);
  int64_t began_ns = gs__sched.now_ns;
  int64_t delay_ns = how.timed ? how.deadline_ns - began_ns : 0;
  wait_begin(actor, SLEEP, NULL, (struct how){.deadline_ns = GS_FOREVER}, 0);
  bool until = (byte & 1) != 0 && delay_ns != 0;
  int result = until ? gs_sleep_until(began_ns + delay_ns) : gs_sleep(delay_ns);
  wait_end(actor);
  if (result < 0) {
    explain(actor, result);
    return;
  }
  CHECK(actor != &world.host);
  if (delay_ns < 0) delay_ns = 0;
  CHECK_RESULT(gs__sched.now_ns == began_ns + delay_ns, began_ns + delay_ns);
}

void op_yield(struct actor *actor, uint8_t byte) {
  (void)byte;
  wait_begin(actor, YIELD, NULL, (struct how){.deadline_ns = GS_FOREVER}, 0);
  int result = gs_yield();
  wait_end(actor);
  if (result < 0) explain(actor, result);
}
