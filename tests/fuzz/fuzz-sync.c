/* The fuzzer's entry: boots the runtime, decodes the input into goroutines
 * and operations, drives them, and looks after each step whether all is well.
 *
 * The first byte holds flags, the second areas of operations; of the rest the
 * last quarter decides scheduling and select choices, the other bytes are
 * operations, which whoever runs takes two at a time. Every input means
 * something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/debug.h"
#include "../../src/runtime.h"
#include "../../src/sched/timer.h"
#include "../c/alloc_fake.h"
#include "../c/host_fake.h"
#include "fuzz.h"

#define CHOICES_MAX 1024
#define FLAG_DROPS 1 /* ends with all parked, instead of ending them */
#define FLAG_FRESH 2 /* starts without goroutines' blocks from before */

struct world world;

_Noreturn void fail(const char *file, int line, const char *text,
                    long long value) {
  fprintf(stderr, "%s:%d: %s (%lld), at %lld ns\n", file, line, text, value,
          (long long)gs__sched.now_ns);
  gs__dump_tasks();
  abort();
}

/* The runtime ends by the host's exit, which the fuzzer would not notice. */
void __wrap_gs__host_exit(int32_t code);
void __wrap_gs__host_exit(int32_t code) {
  (void)code;
  abort();
}

/* ---- input ---- */

uint8_t take(void) { return world.at < world.end ? *world.at++ : 0; }

struct how how_of(uint8_t byte) {
  static const int64_t delays_ms[] = {0, 0, 0, -1, 0, 1, 2, 5};
  unsigned mode = byte >> 5;
  if (mode < 2) return (struct how){.deadline_ns = GS_FOREVER};
  if (mode == 2) return (struct how){.tries = true, .deadline_ns = GS_FOREVER};
  return (struct how){
      .timed = true,
      .deadline_ns = gs_now() + delays_ms[mode] * GS_MILLISECOND};
}

/* ---- waits ---- */

void wait_begin(struct actor *actor, enum kind kind, const void *object,
                struct how how, int64_t amount) {
  world_sync();
  actor->wait = (struct wait){.kind = kind,
                              .object = object,
                              .amount = amount,
                              .tries = how.tries,
                              .deadline_ns = how.deadline_ns,
                              .began_ns = gs__sched.now_ns,
                              .ticket = ++world.ticket,
                              .refused = ctx_error_of(actor)};
  actor->in_call = true;
  if (actor->task != NULL) actor->task->reason = NULL;
}

bool wait_end(struct actor *actor) {
  ctxs_tick();
  const struct wait *w = &actor->wait;
  actor->in_call = false;
  if (actor->task == NULL || actor->task->reason == NULL) return false;
  /* With its context done it was turned away, but a condition's waiter goes
   * on to its mutex. */
  return w->refused == 0 || w->kind == COND;
}

void explain(struct actor *actor, int64_t result) {
  const struct wait *w = &actor->wait;
  int error = ctx_error_of(actor);
  switch (result) {
    case GS_ETIMEDOUT:
      if (error == GS_ETIMEDOUT) return;
      CHECK(w->deadline_ns <= gs__sched.now_ns);
      /* Time stands still until it has run; a mutex may keep it longer. */
      CHECK_RESULT(w->kind == COND || gs__sched.now_ns == w->began_ns ||
                       gs__sched.now_ns == w->deadline_ns,
                   w->deadline_ns);
      return;
    case GS_ECANCELED:
      CHECK_RESULT(error == GS_ECANCELED, error);
      return;
    case GS_EAGAIN:
      CHECK(w->tries);
      return;
    case GS_EPERM:
      CHECK(actor == &world.host);
      return;
    case GS_ENOMEM:
      CHECK(world.armed);
      CHECK(!alloc_fake_never_fail());
      world.armed = false;
      return;
    default:
      fail(__FILE__, __LINE__, "nothing explains the result", result);
  }
}

static void look_at(struct actor *actor) {
  struct wait *w = &actor->wait;
  if (is_parked(actor)) {
    CHECK(!w->woken);
    if (w->kind == COND && actor->task->object != w->object) return;
    CHECK_RESULT(ctx_error_of(actor) == 0, w->kind);
    CHECK_RESULT(
        w->deadline_ns <= w->began_ns || w->deadline_ns > gs__sched.now_ns,
        w->kind);
    return;
  }
  if (w->woken) return;
  w->woken = true;
  if (w->kind == CHAN) {
    chan_woken(actor, actor->task->result);
  } else if (w->kind != YIELD && w->kind != SLEEP) {
    lock_woken(actor, actor->task->result);
  }
}

void world_sync(void) {
  ctxs_tick();
  for (int i = 0; i < ACTORS; i++) {
    struct actor *actor = &world.actors[i];
    if (actor->in_call && actor->task != gs__sched.current) look_at(actor);
  }
  chans_check();
  locks_check();
  made_check();
  gs__sched_check();
}

/* ---- actors ---- */

struct actor *actor_claim(int node) {
  for (int i = 0; i < ACTORS; i++) {
    struct actor *actor = &world.actors[i];
    if (actor->used) continue;
    *actor = (struct actor){.used = true, .nodes = {node}};
    return actor;
  }
  return NULL;
}

void actor_let_go(struct actor *actor) {
  world_sync();
  made_let_go(actor);
  locks_let_go(actor);
  ctxs_let_go(actor);
  world_sync();
}

static void op_go(struct actor *actor, uint8_t byte) {
  (void)byte;
  struct actor *child = actor_claim(actor->nodes[actor->depth]);
  if (child != NULL) actor_start(child);
}

static void op_exit(struct actor *actor, uint8_t byte) {
  if (actor == &world.host || actor->nested || byte % 4 != 0) return;
  actor_let_go(actor);
  actor->used = false;
  gs_exit();
}

/* One of the next allocations fails. */
static void op_no_memory(struct actor *actor, uint8_t byte) {
  (void)actor;
  alloc_fake_fail_after(byte % 4);
  world.armed = true;
  world.lossy = true;
}

/* ---- panics ---- */

struct attempt {
  struct actor *actor;
  uint8_t byte;
  unsigned cleaned; /* deferred calls that have run */
};

static void clean(void *arg) {
  struct attempt *attempt = arg;
  attempt->cleaned++;
  if ((attempt->byte & 8) != 0) run_nested(attempt->actor);
}

static void attempt(void *arg) {
  struct attempt *attempt = arg;
  gs_defer(clean, attempt);
  if ((attempt->byte & 4) != 0) {
    gs_defer(clean, attempt);
    run_nested(attempt->actor);
  }
  if ((attempt->byte & 1) != 0) gs_panic("as the input says");
}

/* What is deferred runs, panic or not, and the panic goes no further. */
static void op_try(struct actor *actor, uint8_t byte) {
  struct attempt what = {actor, byte, 0};
  struct gs_failure failure = {""};
  int depth = actor->depth;
  unsigned shields = actor->shields;
  int result = gs_try(attempt, &what, &failure);
  if (actor == &world.host) {
    CHECK_RESULT(result == GS_EPERM, result);
    return;
  }
  CHECK_RESULT(result == (byte & 1), result);
  CHECK_RESULT(what.cleaned == 1 + ((byte & 4) != 0), what.cleaned);
  CHECK((failure.message[0] != '\0') == ((byte & 1) != 0));
  if (result == 1) ctxs_restored(actor, depth, shields);
}

/* ---- operations ---- */

#define AREAS 8
#define AREA_OPS 8

/* The input's second byte has a bit for each area that takes part; 0: all. */
static op_fn *const areas[AREAS][AREA_OPS] = {
    {op_chan_send, op_chan_recv, op_select, op_chan_close, op_chan_renew,
     op_chan_send, op_chan_recv, op_select},
    {op_mutex_lock, op_mutex_unlock, op_cond_wait, op_cond_wake},
    {op_rwmutex_lock, op_rwmutex_unlock, op_rwmutex_lock, op_yield},
    {op_sem_acquire, op_sem_release, op_sem_acquire, op_yield},
    {op_group_add, op_group_wait, op_barrier, op_once, op_try},
    {op_timer_new, op_timer_stop, op_timer_recv, op_alarms, op_select},
    {op_ctx_new, op_ctx_end, op_ctx_enter, op_ctx_leave, op_ctx_shield,
     op_ctx_wait, op_ctx_query},
    {op_pool_get, op_pool_put, op_pool_end, op_gen_new, op_gen_next,
     op_gen_next}};
static op_fn *const always[] = {op_go, op_yield, op_sleep, op_exit,
                                op_no_memory};

static struct {
  op_fn *ops[(AREAS + 1) * AREA_OPS];
  unsigned count;
} table;

static void choose_areas(uint8_t mask) {
  table.count = 0;
  for (unsigned i = 0; i < sizeof always / sizeof *always; i++) {
    table.ops[table.count++] = always[i];
  }
  for (unsigned i = 0; i < AREAS; i++) {
    if (mask != 0 && (mask >> i & 1) == 0) continue;
    for (unsigned k = 0; k < AREA_OPS && areas[i][k] != NULL; k++) {
      table.ops[table.count++] = areas[i][k];
    }
  }
}

void run_op(struct actor *actor) {
  uint8_t code = take();
  uint8_t byte = take();
  world_sync();
  table.ops[code % table.count](actor, byte);
  world_sync();
}

void run_nested(struct actor *actor) {
  struct wait outer = actor->wait;
  bool nested = actor->nested;
  actor->in_call = false;
  actor->nested = true;
  if (actor->task != NULL && world.at < world.end) run_op(actor);
  actor->nested = nested;
  actor->wait = outer;
}

static void act(void *arg) {
  struct actor *actor = arg;
  actor->task = gs__sched.current;
  if (actor->nodes[0] == BACKGROUND && take() % 8 != 0) {
    ctxs_enter_root(actor);
  }
  while (world.at < world.end) run_op(actor);
  actor_let_go(actor);
  actor->used = false;
}

bool actor_start(struct actor *actor) {
  gs_id id = gs_go(act, actor);
  if (id > 0) return true;
  actor->used = false;
  explain(&world.host, id);
  return false;
}

/* ---- driving ---- */

static void pump(void) {
  enum gs__idle idle = gs__runtime_pump();
  world_sync();
  bool any = false;
  for (int i = 0; i < ACTORS; i++) any |= world.actors[i].used;
  CHECK(!any || gs_count() > 0);
  CHECK_RESULT(idle == (gs_count() > 0 ? GS__IDLE_DEADLOCK : GS__IDLE_EMPTY),
               idle);
  timers_check_idle();
}

static void drive(void) {
  while (world.at < world.end) {
    struct actor *actor = NULL;
    if (take() % 8 != 0) actor = actor_claim(BACKGROUND);
    if (actor != NULL) {
      actor_start(actor);
    } else {
      run_op(&world.host);
    }
    pump();
  }
}

/* Ends what can be ended; what is left waits for a lock or is shielded. */
static void finish(void) {
  ctxs_cancel_root();
  pump();
  chans_close();
  pump();
}

/* Mapping stacks anew for each input would take most of the time. */
static struct gs__pool kept[GS__POOLS];
static size_t kept_bytes;

static size_t count_kept(void) {
  size_t count = 0;
  for (int i = 0; i < GS__POOLS; i++) {
    for (const struct gs__task *t = kept[i].first; t != NULL; t = t->next) {
      count++;
    }
  }
  return count;
}

static void put_back_blocks(void) {
  memcpy(gs__sched.pools, kept, sizeof kept);
  gs__sched.pooled_bytes = kept_bytes;
  memset(kept, 0, sizeof kept);
}

static void keep_blocks(void) {
  if (count_kept() > 0) return; /* set aside */
  memcpy(kept, gs__sched.pools, sizeof kept);
  kept_bytes = gs__sched.pooled_bytes;
  memset(gs__sched.pools, 0, sizeof kept);
}

static void boot(const uint8_t *data, size_t size) {
  static uint32_t taken[CHOICES_MAX];
  static uint32_t among[CHOICES_MAX];
  static struct gs__script script;
  size_t choices = size / 4 < CHOICES_MAX ? size / 4 : CHOICES_MAX;
  for (size_t i = 0; i < choices; i++) taken[i] = data[size - choices + i];
  script = (struct gs__script){.taken = taken,
                               .among = among,
                               .given = (uint32_t)choices,
                               .capacity = CHOICES_MAX};
  gs__runtime_init(1);
  gs__sched.virtual_clock = true;
  gs__sched.script = &script;
  world = (struct world){.at = data, .end = data + (size - choices)};
  world.host.used = true;
  world.host.nodes[0] = BACKGROUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t live_before = alloc_fake_live() - count_kept();
  host_fake_reset();
  boot(data, size);
  uint8_t flags = take();
  choose_areas(take());
  if ((flags & FLAG_FRESH) == 0) put_back_blocks();
  chans_init();
  locks_init();
  timers_init();
  ctxs_init();
  made_init();
  drive();
  world.at = world.end;
  pump();
  alloc_fake_never_fail();
  world.armed = false;
  if ((flags & FLAG_DROPS) == 0) finish();
  made_close();
  pump();
  for (int i = 0; i < ACTORS; i++) made_let_go(&world.actors[i]);
  made_let_go(&world.host);
  made_check_end();
  locks_let_go(&world.host);
  timers_release();
  chans_release();
  for (int i = 0; i < ACTORS; i++) ctxs_drop(&world.actors[i]);
  ctxs_release();
  keep_blocks();
  gs__runtime_term();
  alloc_fake_never_fail();
  size_t live = alloc_fake_live() - count_kept();
  CHECK_RESULT(live == live_before, (long long)(live - live_before));
  return 0;
}
