/* Many small programs, each under every schedule, beside the reference model:
 * what comes of them is exactly what the model says. The programs come from a
 * fixed seed; GS_SEED takes another and GS_PROGRAMS tries more of them. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/debug.h"
#include "../../src/sched/timer.h"
#include "../../src/sync/chan.h"
#include "explore.h"
#include "harness.h"
#include "model-make.h"
#include "model.h"

#define CAP 4000

/* ---- running one on the runtime ---- */

static struct {
  const struct model_program *program;
  gs_chan *chans[MODEL_CHANS + 1]; /* the last is NULL */
  gs_mutex mutex;
  gs_cond cond;
  gs_rwmutex rw;
  gs_sem sem;
  gs_waitgroup group;
  gs_barrier barrier;
  gs_once once;
  gs_ctx *ctx;
  gs_id ids[MODEL_ACTORS];
  bool over; /* those that are stuck are let go, and must do nothing more */
  struct model_outcome outcome;
} now;

/* The typed calls, which have a short way of their own. */
GS_CHAN_TYPE(bytes, uint8_t);

static int transfer_typed(const struct model_op *op, uint8_t elem,
                          struct model_result *r) {
  bytes chan = {.chan = now.chans[op->cases[0].chan]};
  int64_t deadline_ns = op->deadline;
  if (op->cases[0].sends) {
    if (op->form == MODEL_PLAIN) return gs_send(chan, elem);
    if (op->form == MODEL_TRY) return gs_try_send(chan, elem);
    return gs_send_until(chan, elem, deadline_ns);
  }
  if (op->form == MODEL_PLAIN) return gs_recv(chan, &r->values[0]);
  if (op->form == MODEL_TRY) return gs_try_recv(chan, &r->values[0]);
  return gs_recv_until(chan, &r->values[0], deadline_ns);
}

static int transfer(const struct model_op *op, uint8_t elem,
                    struct model_result *r) {
  struct gs_case cases[2] = {{0}};
  for (int k = 0; k < op->cases_count; k++) {
    gs_chan *chan = now.chans[op->cases[k].chan];
    cases[k] = op->cases[k].sends ? GS_SEND(chan, &elem)
                                  : GS_RECV(chan, &r->values[k]);
  }
  gs_chan *chan = cases[0].chan;
  if (op->cases_count > 1) {
    int index = op->form == MODEL_PLAIN ? gs_select(cases, 2)
                : op->form == MODEL_TRY
                    ? gs_try_select(cases, 2)
                    : gs_select_until(cases, 2, op->deadline);
    if (index >= 0) r->result = (int8_t)cases[index].result;
    return index;
  }
  if (op->cases[0].sends) {
    if (op->form == MODEL_PLAIN) return gs_chan_send(chan, &elem);
    if (op->form == MODEL_TRY) return gs_chan_try_send(chan, &elem);
    return gs_chan_send_until(chan, &elem, op->deadline);
  }
  if (op->form == MODEL_PLAIN) return gs_chan_recv(chan, &r->values[0]);
  if (op->form == MODEL_TRY) return gs_chan_try_recv(chan, &r->values[0]);
  return gs_chan_recv_until(chan, &r->values[0], op->deadline);
}

static int tick(int64_t time) {
  if (gs__sched.now_ns < time) gs__sched.now_ns = time;
  gs__timers_fire();
  return GS_OK;
}

static void run_inside_once(void *arg) {
  uint8_t ns = *(const uint8_t *)arg;
  if (ns == 0) {
    gs_yield();
  } else {
    gs_sleep(ns);
  }
}

static int do_once(const struct model_op *op) {
  void *arg = (void *)&op->amount;
  if (op->form == MODEL_TRY) {
    return gs_once_try_do(&now.once, run_inside_once, arg);
  }
  if (op->form == MODEL_PLAIN) {
    return gs_once_do(&now.once, run_inside_once, arg);
  }
  return gs_once_do_until(&now.once, run_inside_once, arg, op->deadline);
}

/* Waits for what has three forms. */
#define CALL(op, plain, try_form, until_form) \
  ((op)->form == MODEL_PLAIN ? (plain)        \
   : (op)->form == MODEL_TRY ? (try_form)     \
                             : (until_form))

static int perform(const struct model_op *op, uint8_t elem,
                   struct model_result *r) {
  int64_t deadline_ns = op->deadline;
  int64_t n = op->amount;
  switch ((enum model_kind)op->kind) {
    case MODEL_TRANSFER:
      if (op->cases_count == 1 && elem % 2 == 0) {
        return transfer_typed(op, elem, r);
      }
      return transfer(op, elem, r);
    case MODEL_CLOSE:
      return gs_chan_close(now.chans[op->cases[0].chan]);
    case MODEL_SLEEP:
      return gs_sleep(n);
    case MODEL_YIELD:
      return gs_yield();
    case MODEL_TICK:
      return tick(n);
    case MODEL_LOCK:
      return CALL(op, gs_mutex_lock(&now.mutex), gs_mutex_try_lock(&now.mutex),
                  gs_mutex_lock_until(&now.mutex, deadline_ns));
    case MODEL_UNLOCK:
      return gs_mutex_unlock(&now.mutex);
    case MODEL_COND_WAIT:
      if (op->form == MODEL_PLAIN) return gs_cond_wait(&now.cond, &now.mutex);
      return gs_cond_wait_until(&now.cond, &now.mutex, deadline_ns);
    case MODEL_SIGNAL:
      return gs_cond_signal(&now.cond);
    case MODEL_BROADCAST:
      return gs_cond_broadcast(&now.cond);
    case MODEL_READ_LOCK:
      return CALL(op, gs_rwmutex_read_lock(&now.rw),
                  gs_rwmutex_try_read_lock(&now.rw),
                  gs_rwmutex_read_lock_until(&now.rw, deadline_ns));
    case MODEL_READ_UNLOCK:
      return gs_rwmutex_read_unlock(&now.rw);
    case MODEL_WRITE_LOCK:
      return CALL(op, gs_rwmutex_write_lock(&now.rw),
                  gs_rwmutex_try_write_lock(&now.rw),
                  gs_rwmutex_write_lock_until(&now.rw, deadline_ns));
    case MODEL_WRITE_UNLOCK:
      return gs_rwmutex_write_unlock(&now.rw);
    case MODEL_ACQUIRE:
      return CALL(op, gs_sem_acquire(&now.sem, n),
                  gs_sem_try_acquire(&now.sem, n),
                  gs_sem_acquire_until(&now.sem, n, deadline_ns));
    case MODEL_RELEASE:
      return gs_sem_release(&now.sem, n);
    case MODEL_COUNT_ADD:
      return gs_waitgroup_add(&now.group, n);
    case MODEL_COUNT_DONE:
      return gs_waitgroup_done(&now.group);
    case MODEL_COUNT_WAIT:
      return CALL(op, gs_waitgroup_wait(&now.group),
                  gs_waitgroup_try_wait(&now.group),
                  gs_waitgroup_wait_until(&now.group, deadline_ns));
    case MODEL_BARRIER:
      return CALL(op, gs_barrier_wait(&now.barrier),
                  gs_barrier_try_wait(&now.barrier),
                  gs_barrier_wait_until(&now.barrier, deadline_ns));
    case MODEL_ONCE:
      return do_once(op);
    case MODEL_CANCEL:
      return gs_ctx_cancel(now.ctx, 0);
    case MODEL_KINDS:
      break;
  }
  return GS_ENOSYS;
}

static void act_in_ctx(int i) {
  const struct model_actor *a = &now.program->actors[i];
  for (int step = 0; step < a->count && !now.over; step++) {
    struct model_result r = {.values = {MODEL_UNTOUCHED, MODEL_UNTOUCHED}};
    int code = perform(&a->ops[step], model_element(i, step), &r);
    if (now.over) return;
    r.code = (int8_t)code;
    r.time = (uint8_t)gs_now();
    now.outcome.results[i][step] = r;
    now.outcome.done[i]++;
  }
}

static void act(void *arg) {
  int i = *(const int *)arg;
  gs_ctx *ctx = now.program->actors[i].in_ctx ? now.ctx : NULL;
  gs_ctx *former = gs_ctx_enter(ctx);
  act_in_ctx(i);
  gs_ctx_leave(former);
}

/* Lets go whoever waits, as a cancellation would. */
static void release_all(void) {
  now.over = true;
  for (struct gs__list *node = gs__sched.all.next; node != &gs__sched.all;
       node = node->next) {
    struct gs__task *task = gs__container(node, struct gs__task, all);
    if (task->state != GS__PARKED) continue;
    for (struct gs__clause *c = task->clauses; c != NULL; c = c->next) {
      if (c->kind == GS__CLAUSE_LIST || c->kind == GS__CLAUSE_MOVES) {
        gs__list_remove(&c->node);
      } else {
        gs__wait_cancel(c);
      }
    }
    task->clauses = NULL;
    task->result = GS_ECANCELED;
    gs__ready(task);
  }
}

static uint8_t actor_of(gs_id id) {
  for (int i = 0; i < MODEL_ACTORS; i++) {
    if (id != 0 && now.ids[i] == id) return (uint8_t)(i + 1);
  }
  return 0;
}

static void observe(struct model_outcome *out) {
  out->holder = actor_of(now.mutex.gs__holder);
  out->writer = actor_of(now.rw.gs__writer);
  out->readers = (uint8_t)now.rw.gs__readers;
  out->units = (uint8_t)gs_sem_available(&now.sem);
  out->count = (uint8_t)now.group.gs__count;
}

static void drain(struct model_outcome *out, int c) {
  CHECK(gs_chan_len(now.chans[c]) <= MODEL_BUFFER);
  out->buffered[c] = (uint8_t)gs_chan_len(now.chans[c]);
  for (int e = 0; e < out->buffered[c]; e++) {
    CHECK_EQ(gs_chan_try_recv(now.chans[c], &out->elems[c][e]), 1);
  }
}

static struct model_set expected;
static struct model_set seen;
static uint64_t deadlocks;

static void run_once(void *arg) {
  static const int numbers[MODEL_ACTORS] = {0, 1, 2, 3};
  memset(&now, 0, sizeof now);
  now.program = arg;
  now.sem = (gs_sem)GS_SEM_INIT(now.program->units);
  now.barrier = (gs_barrier)GS_BARRIER_INIT(now.program->parties);
  gs__sched.now_ns = 0;
  int64_t until_ns = now.program->ctx_deadline;
  CHECK_EQ(
      gs_ctx_new_until(&now.ctx, NULL, until_ns > 0 ? until_ns : GS_FOREVER),
      GS_OK);
  for (int c = 0; c < MODEL_CHANS; c++) {
    size_t capacity = now.program->capacities[c];
    CHECK_EQ(gs_chan_new(&now.chans[c], 1, capacity), GS_OK);
  }
  for (int i = 0; i < now.program->actors_count; i++) {
    now.ids[i] = gs_go(act, (void *)&numbers[i]);
    CHECK(now.ids[i] > 0);
  }
  enum gs__idle idle = gs__sched_pump();
  observe(&now.outcome);
  for (int c = 0; c < MODEL_CHANS; c++) gs__chan_check(now.chans[c]);
  if (idle == GS__IDLE_DEADLOCK) {
    deadlocks++;
    now.outcome.deadlock = 1;
    release_all();
    idle = gs__sched_pump();
  }
  CHECK_EQ(idle, GS__IDLE_EMPTY);
  gs__sched_check();
  CHECK_EQ(gs__sched.timers.count, 0);
  for (int c = 0; c < MODEL_CHANS; c++) {
    drain(&now.outcome, c);
    gs_chan_release(now.chans[c]);
  }
  gs_ctx_release(now.ctx);
  bool is_new;
  model_set_add(&seen, &now.outcome, &is_new);
  if (!is_new || model_set_has(&expected, &now.outcome)) return;
  harness_fail(__FILE__, __LINE__, "the model knows no such outcome");
}

/* ---- comparing ---- */

static const struct model_outcome *missing;

static void explain(void) {
  if (now.program == NULL) return;
  model_print_program(now.program);
  if (missing != NULL) {
    printf("# of no schedule came what the model says:\n");
    model_print_outcome(now.program, missing);
    return;
  }
  explore_print_choices();
  printf("# came to:\n");
  model_print_outcome(now.program, &now.outcome);
  printf("# the model says:\n");
  for (size_t i = 0; i < expected.count && i < 20; i++) {
    model_print_outcome(now.program, model_set_at(&expected, i));
    printf("#   -\n");
  }
}

static struct explored explored;
static uint64_t outcomes;

static void compare(const struct model_program *program) {
  model_set_init(&expected, sizeof(struct model_outcome));
  model_set_init(&seen, sizeof(struct model_outcome));
  model_run(program, &expected);
  uint32_t capped = explored.capped;
  explore(&explored, CAP, run_once, (void *)program);
  bool complete = explored.capped == capped;
  for (size_t i = 0; complete && i < expected.count; i++) {
    missing = model_set_at(&expected, i);
    CHECK(model_set_has(&seen, missing));
  }
  missing = NULL;
  outcomes += seen.count;
  model_set_term(&expected);
  model_set_term(&seen);
}

static uint64_t number_from(const char *name, uint64_t otherwise) {
#ifndef __wasm__
  const char *text = getenv(name);
  if (text != NULL) return strtoull(text, NULL, 0);
#endif
  (void)name;
  return otherwise;
}

static void compare_many(const struct model_mix *mix, uint64_t count) {
  static struct model_program program;
  harness_explain = explain;
  memset(&explored, 0, sizeof explored);
  outcomes = deadlocks = 0;
  count = number_from("GS_PROGRAMS", count);
  model_make_seed(number_from("GS_SEED", HARNESS_SEED));
  for (uint64_t i = 0; i < count; i++) {
    model_make(mix, &program);
    compare(&program);
  }
  printf(
      "# %llu programs, %llu schedules, %llu outcomes; %llu schedules ended "
      "waiting; %u programs not under all schedules\n",
      (unsigned long long)count, (unsigned long long)explored.schedules,
      (unsigned long long)outcomes, (unsigned long long)deadlocks,
      (unsigned)explored.capped);
}

/* Go's channels: send, receive, close, select, buffers, NULL. */
HOST_TEST(channels_do_what_the_model_says) {
  static const struct model_mix mix = {
      .weights = {[MODEL_TRANSFER] = 8, [MODEL_CLOSE] = 1, [MODEL_YIELD] = 1},
      .try_percent = 15,
      .select_percent = 25,
      .null_percent = 4,
      .chans = 2,
      .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(selects_do_what_the_model_says) {
  static const struct model_mix mix = {
      .weights = {[MODEL_TRANSFER] = 8, [MODEL_CLOSE] = 1},
      .try_percent = 20,
      .until_percent = 10,
      .select_percent = 75,
      .null_percent = 6,
      .chans = 3,
      .ops = 8};
  compare_many(&mix, 500);
}

/* Deadlines that race with hand-over and with closing. */
HOST_TEST(deadlines_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_TRANSFER] = 8,
                                                   [MODEL_CLOSE] = 1,
                                                   [MODEL_SLEEP] = 2,
                                                   [MODEL_TICK] = 3},
                                       .until_percent = 60,
                                       .select_percent = 30,
                                       .null_percent = 4,
                                       .chans = 2,
                                       .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(locks_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_LOCK] = 6,
                                                   [MODEL_UNLOCK] = 6,
                                                   [MODEL_COND_WAIT] = 4,
                                                   [MODEL_SIGNAL] = 2,
                                                   [MODEL_BROADCAST] = 1,
                                                   [MODEL_YIELD] = 1,
                                                   [MODEL_SLEEP] = 1,
                                                   [MODEL_TICK] = 2},
                                       .try_percent = 10,
                                       .until_percent = 30,
                                       .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(rwmutexes_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_READ_LOCK] = 6,
                                                   [MODEL_READ_UNLOCK] = 5,
                                                   [MODEL_WRITE_LOCK] = 6,
                                                   [MODEL_WRITE_UNLOCK] = 5,
                                                   [MODEL_YIELD] = 1,
                                                   [MODEL_SLEEP] = 1,
                                                   [MODEL_TICK] = 2},
                                       .try_percent = 10,
                                       .until_percent = 30,
                                       .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(sems_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_ACQUIRE] = 8,
                                                   [MODEL_RELEASE] = 4,
                                                   [MODEL_YIELD] = 1,
                                                   [MODEL_SLEEP] = 1,
                                                   [MODEL_TICK] = 2},
                                       .try_percent = 10,
                                       .until_percent = 40,
                                       .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(waitgroups_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_COUNT_ADD] = 2,
                                                   [MODEL_COUNT_DONE] = 4,
                                                   [MODEL_COUNT_WAIT] = 6,
                                                   [MODEL_YIELD] = 1,
                                                   [MODEL_SLEEP] = 1,
                                                   [MODEL_TICK] = 1},
                                       .try_percent = 10,
                                       .until_percent = 30,
                                       .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(once_and_barriers_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_ONCE] = 3,
                                                   [MODEL_BARRIER] = 4,
                                                   [MODEL_YIELD] = 1,
                                                   [MODEL_SLEEP] = 1,
                                                   [MODEL_TICK] = 2},
                                       .try_percent = 10,
                                       .until_percent = 40,
                                       .ops = 9};
  compare_many(&mix, 500);
}

/* Whatever waits in a context ends with it. */
HOST_TEST(contexts_do_what_the_model_says) {
  struct model_mix mix = {.try_percent = 5,
                          .until_percent = 10,
                          .select_percent = 30,
                          .null_percent = 5,
                          .chans = 2,
                          .ctx_percent = 70,
                          .ops = 8};
  memset(mix.weights, 2, sizeof mix.weights);
  mix.weights[MODEL_CANCEL] = 12;
  mix.weights[MODEL_TRANSFER] = mix.weights[MODEL_ACQUIRE] = 5;
  mix.weights[MODEL_COND_WAIT] = mix.weights[MODEL_READ_LOCK] = 5;
  compare_many(&mix, 500);
}

/* Who was signaled waits for the mutex, whatever its context does. */
HOST_TEST(conditions_in_contexts_do_what_the_model_says) {
  static const struct model_mix mix = {.weights = {[MODEL_LOCK] = 3,
                                                   [MODEL_UNLOCK] = 1,
                                                   [MODEL_COND_WAIT] = 5,
                                                   [MODEL_SIGNAL] = 4,
                                                   [MODEL_BROADCAST] = 1,
                                                   [MODEL_CANCEL] = 4,
                                                   [MODEL_YIELD] = 2},
                                       .until_percent = 20,
                                       .ctx_percent = 70,
                                       .ops = 9};
  compare_many(&mix, 500);
}

HOST_TEST(all_together_do_what_the_model_says) {
  struct model_mix mix = {.try_percent = 15,
                          .until_percent = 30,
                          .select_percent = 30,
                          .null_percent = 3,
                          .chans = 2,
                          .ctx_percent = 20,
                          .ops = 9};
  memset(mix.weights, 2, sizeof mix.weights);
  mix.weights[MODEL_TRANSFER] = 12;
  mix.weights[MODEL_LOCK] = mix.weights[MODEL_UNLOCK] = 5;
  compare_many(&mix, 500);
}
