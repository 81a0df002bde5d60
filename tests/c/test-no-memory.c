/* Every public function that allocates, with its first, second, ... allocation
 * failing until none is left to fail: each time it answers GS_ENOMEM with
 * nothing done, and it works when it is called again. */
#include <gossamer/export.h>
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/debug.h"
#include "../../src/host/op.h"
#include "../../src/host/signal.h"
#include "../../src/sched/timer.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

enum { AN_ID = 1000 }; /* any positive number will do */
#define FILLS_MAX 64
#define URL "http://fake/"

/* ---- what the calls work on ---- */

static struct {
  gs_chan *chan; /* made by the call, or for it */
  gs_chan *gate; /* closed when those who hold something shall let go */
  gs_timer *timer;
  gs_ctx *ctx;
  gs_http *http;
  gs_arena *arena;
  gs_pool *pool;
  void *object; /* the pool's */
  gs_gen *gen;
  gs_group *members;
  gs_chan *ins[2];
  gs_chan *outs[2];
  gs_mutex mutex; /* in the goroutine's own hands */
  gs_mutex held;  /* these in another's */
  gs_rwmutex rw;
  gs_once once;
  gs_cond cond;
  gs_sem sem;
  gs_waitgroup group;
  gs_barrier barrier;
  gs_timer *fills[FILLS_MAX];
  int fills_count;
  bool host_answers;
} f;

static int64_t soon(void) { return gs_deadline(5); }

static void do_nothing(void *arg) { (void)arg; }

static void nothing(void) {}

static void make_chan(void) {
  CHECK_EQ(gs_chan_new(&f.chan, sizeof(int), 0), GS_OK);
}
static void drop_chan(void) { gs_chan_release(f.chan); }

static void wait_at_gate(void *arg) {
  (void)arg;
  CHECK_EQ(gs_chan_recv(f.gate, NULL), 0);
}

static void hold_all(void *arg) {
  CHECK_EQ(gs_mutex_lock(&f.held), GS_OK);
  CHECK_EQ(gs_rwmutex_write_lock(&f.rw), GS_OK);
  CHECK_EQ(gs_once_do(&f.once, wait_at_gate, arg), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&f.held), GS_OK);
  CHECK_EQ(gs_rwmutex_write_unlock(&f.rw), GS_OK);
}

static void have_all_held(void) {
  CHECK_EQ(gs_chan_new(&f.gate, 1, 0), GS_OK);
  CHECK(gs_go(hold_all, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
}
static void open_gate(void) {
  CHECK_EQ(gs_chan_close(f.gate), GS_OK);
  harness_wait_for_others();
  gs_chan_release(f.gate);
}

static void lock(void) { CHECK_EQ(gs_mutex_lock(&f.mutex), GS_OK); }
static void unlock(void) { CHECK_EQ(gs_mutex_unlock(&f.mutex), GS_OK); }

static void count_one(void) { CHECK_EQ(gs_waitgroup_add(&f.group, 1), GS_OK); }
static void need_two(void) { f.barrier = (gs_barrier)GS_BARRIER_INIT(2); }

static void make_ctx(void) { CHECK_EQ(gs_ctx_new(&f.ctx, NULL), GS_OK); }
static void drop_ctx(void) { gs_ctx_release(f.ctx); }

static void drop_timer(void) { gs_timer_release(f.timer); }

/* The heap is as full then as the timer found it. */
static void make_stopped_timer(void) {
  CHECK_EQ(gs_timer_new(&f.timer, GS_SECOND, 0), GS_OK);
  CHECK_EQ(gs_timer_stop(f.timer), 1);
  while (gs__sched.timers.count < gs__sched.timers.capacity) {
    CHECK(f.fills_count < FILLS_MAX);
    gs_timer **fill = &f.fills[f.fills_count++];
    CHECK_EQ(gs_timer_new(fill, GS_FOREVER, 0), GS_OK);
  }
}

static void make_arena(void) { CHECK_EQ(gs_arena_new(&f.arena, 0), GS_OK); }
static void drop_arena(void) { gs_arena_release(f.arena); }

static int make_object(void **out, void *arg) {
  (void)arg;
  *out = &f;
  return GS_OK;
}
static void make_pool(void) {
  struct gs_pool_options options = {.limit = 1, .make = make_object};
  CHECK_EQ(gs_pool_new(&f.pool, &options), GS_OK);
}
static void empty_pool(void) {
  make_pool();
  CHECK_EQ(gs_pool_get(&f.object, f.pool), GS_OK);
}
static void drop_pool(void) {
  if (gs_pool_lent(f.pool) > 0) CHECK_EQ(gs_pool_put(f.pool, f.object), GS_OK);
  gs_pool_release(f.pool);
}

static int give_two(gs_gen *gen, void *arg) {
  (void)arg;
  for (int i = 0; i < 2; i++) {
    if (gs_gen_yield(gen, &i) < 0) break;
  }
  return 0;
}
static void make_gen(void) {
  CHECK_EQ(gs_gen_new(&f.gen, sizeof(int), give_two, NULL), GS_OK);
}
static void drop_gen(void) { gs_gen_release(f.gen); }

static int end_well(void *arg) {
  (void)arg;
  return 0;
}
static int stay_at_gate(void *arg) {
  wait_at_gate(arg);
  return 0;
}
static void make_group(void) {
  CHECK_EQ(gs_group_new(&f.members, NULL), GS_OK);
}
static void drop_group(void) { gs_group_release(f.members); }
static void occupy_group(void) {
  make_group();
  CHECK_EQ(gs_chan_new(&f.gate, 1, 0), GS_OK);
  CHECK_EQ(gs_group_go(f.members, stay_at_gate, NULL), GS_OK);
}
static void leave_group(void) {
  open_gate();
  drop_group();
}

static void make_ins(void) {
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(gs_chan_new(&f.ins[i], sizeof(int), 0), GS_OK);
  }
}
static void end_pipeline(void) {
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(gs_chan_close(f.ins[i]), GS_OK);
    gs_chan_release(f.ins[i]);
    gs_chan_release(f.outs[i]);
  }
  gs_chan_release(f.chan);
  harness_wait_for_others();
}

static void answer(void *arg) {
  (void)arg;
  while (f.host_answers) {
    if (host_fake.pending > 0) {
      host_fake_complete(host_fake.ops[0].token, 0);
    }
    gs_yield();
  }
}

static void let_host_answer(void) {
  f.host_answers = true;
  CHECK(gs_go(answer, NULL) > 0);
}
static void drop_http(void) {
  f.host_answers = false;
  gs_http_close(f.http);
}
static void open_http(void) {
  let_host_answer();
  CHECK_EQ(gs_http_get(&f.http, URL), GS_OK);
  f.host_answers = false;
  CHECK_EQ(gs_yield(), GS_OK);
}

static void end_frames(void) {
  gs_chan_release(f.chan);
  host_fake_frame(1);
}
static void end_signals(void) {
  gs_chan_release(f.chan);
  CHECK(gs__signals_sweep());
}

/* ---- the calls ---- */

#define CALL(name, ...) \
  static int name(void) { return (int)(__VA_ARGS__); }

CALL(chan_new, gs_chan_new(&f.chan, 8, 4))
CALL(send_until, gs_chan_send_until(f.chan, &(int){1}, soon()))
CALL(recv_until, gs_chan_recv_until(f.chan, &(int){1}, soon()))
CALL(send_until_null, gs_chan_send_until(NULL, &(int){1}, soon()))
CALL(select_none_until, gs_select_until(NULL, 0, soon()))
CALL(go, gs_go(do_nothing, NULL))
CALL(go_with,
     gs_go_with(&(struct gs_go_options){.stack_bytes = 65536, .name = "g"},
                do_nothing, NULL))
CALL(sleep_for, gs_sleep(5))
CALL(sleep_until, gs_sleep_until(soon()))
CALL(timer_new, gs_timer_new(&f.timer, 5, 0))
CALL(timer_periodic, gs_timer_new(&f.timer, GS_SECOND, GS_SECOND))
CALL(timer_func, gs_timer_func(&f.timer, GS_SECOND, 0, do_nothing, NULL))
CALL(timer_reset, gs_timer_reset(f.timer, GS_SECOND, 0))
CALL(mutex_until, gs_mutex_lock_until(&f.held, soon()))
CALL(read_until, gs_rwmutex_read_lock_until(&f.rw, soon()))
CALL(write_until, gs_rwmutex_write_lock_until(&f.rw, soon()))
CALL(once_until, gs_once_do_until(&f.once, do_nothing, NULL, soon()))
CALL(cond_until, gs_cond_wait_until(&f.cond, &f.mutex, soon()))
CALL(sem_until, gs_sem_acquire_until(&f.sem, 1, soon()))
CALL(group_until, gs_waitgroup_wait_until(&f.group, soon()))
CALL(barrier_until, gs_barrier_wait_until(&f.barrier, soon()))
CALL(ctx_new, gs_ctx_new(&f.ctx, gs_ctx_current()))
CALL(ctx_new_until, gs_ctx_new_until(&f.ctx, gs_ctx_current(), soon()))
CALL(ctx_new_timeout, gs_ctx_new_timeout(&f.ctx, NULL, GS_SECOND))
CALL(ctx_new_value, gs_ctx_new_value(&f.ctx, gs_ctx_current(), &f, NULL))
CALL(ctx_new_detached, gs_ctx_new_detached(&f.ctx, gs_ctx_current()))
CALL(ctx_chan, gs_ctx_chan(&f.chan, f.ctx))
CALL(ctx_wait_until, gs_ctx_wait_until(f.ctx, soon()))
CALL(frame_until, gs_frame_until(NULL, soon()))
CALL(frame_chan, gs_frame_chan(&f.chan))
CALL(signal_chan, gs_signal_chan(&f.chan, GS_SIGNAL_HIDDEN, 1))
CALL(http_get, gs_http_get(&f.http, URL))
CALL(http_get_until, gs_http_get_until(&f.http, URL, soon()))
CALL(http_read_until, gs_http_read_until(f.http, &(char[8]){0}, 8, soon()))

CALL(arena_new, gs_arena_new(&f.arena, 0))
CALL(pool_new, gs_pool_new(&f.pool, &(struct gs_pool_options){
                                        .limit = 1, .make = make_object}))
CALL(pool_get, gs_pool_get(&f.object, f.pool))
CALL(pool_try_get, gs_pool_try_get(&f.object, f.pool))
CALL(pool_get_until, gs_pool_get_until(&f.object, f.pool, soon()))
CALL(gen_new, gs_gen_new(&f.gen, sizeof(int), give_two, NULL))
CALL(gen_next_until, gs_gen_next_until(f.gen, &(int){0}, soon()))

CALL(group_new, gs_group_new(&f.members, NULL))
CALL(group_go, gs_group_go(f.members, end_well, NULL))
CALL(group_try_go, gs_group_try_go(f.members, end_well, NULL))
CALL(group_wait_until, gs_group_wait_until(f.members, soon()))
CALL(chan_merge, gs_chan_merge(&f.chan, f.ins, 2, 1))
CALL(chan_tee, gs_chan_tee(f.outs, 2, f.ins[0], 1))
CALL(chan_distribute, gs_chan_distribute(f.outs, 2, f.ins[0], 1))

/* Those that answer NULL for no memory. */
#define CALL_FOR_POINTER(name, ...) \
  CALL(name, (__VA_ARGS__) == NULL ? GS_ENOMEM : GS_OK)

CALL_FOR_POINTER(arena_own, gs_arena_own())
CALL_FOR_POINTER(arena_alloc, gs_arena_alloc(f.arena, 10))
CALL_FOR_POINTER(arena_large, gs_arena_alloc(f.arena, 100000))
CALL_FOR_POINTER(arena_zeroed, gs_arena_alloc_zeroed(f.arena, 10, 8))
CALL_FOR_POINTER(arena_array, gs_arena_alloc_array(f.arena, 10, 8, 8))
CALL_FOR_POINTER(arena_memdup, gs_arena_memdup(f.arena, "text", 4))
CALL_FOR_POINTER(arena_strdup, gs_arena_strdup(f.arena, "text"))
CALL_FOR_POINTER(arena_strndup, gs_arena_strndup(f.arena, "text", 2))
CALL_FOR_POINTER(arena_format, gs_arena_format(f.arena, "%d", 42))

static int select_until(void) {
  int elem = 0;
  struct gs_case cases[] = {GS_SEND(f.chan, &elem), GS_RECV(f.chan, &elem)};
  return gs_select_until(cases, 2, soon());
}

static void body(struct gs__call *call) {
  gs__value_set_number(&call->result, 1);
}

/* An export, which the glue calls. */
struct gs__call *gs_call_new(uint32_t bytes);

static int call_from_js(void) {
  struct gs__call *call = gs_call_new(sizeof *call);
  return call == NULL ? GS_ENOMEM : gs__call_start(call, body, "body", 0);
}

/* ---- the table ---- */

struct door {
  const char *name;
  void (*prepare)(void);
  int (*call)(void);
  int expected; /* with memory, or AN_ID */
  void (*undo)(void);
};

#define DOOR(prepare, call, expected, undo) \
  { #call, prepare, call, expected, undo }

static const struct door doors[] = {
    DOOR(nothing, chan_new, GS_OK, drop_chan),
    DOOR(make_chan, send_until, GS_ETIMEDOUT, drop_chan),
    DOOR(make_chan, recv_until, GS_ETIMEDOUT, drop_chan),
    DOOR(nothing, send_until_null, GS_ETIMEDOUT, nothing),
    DOOR(make_chan, select_until, GS_ETIMEDOUT, drop_chan),
    DOOR(nothing, select_none_until, GS_ETIMEDOUT, nothing),
    DOOR(nothing, go, AN_ID, nothing),
    DOOR(nothing, go_with, AN_ID, nothing),
    DOOR(nothing, sleep_for, GS_OK, nothing),
    DOOR(nothing, sleep_until, GS_OK, nothing),
    DOOR(nothing, timer_new, GS_OK, drop_timer),
    DOOR(nothing, timer_periodic, GS_OK, drop_timer),
    DOOR(nothing, timer_func, GS_OK, drop_timer),
    DOOR(make_stopped_timer, timer_reset, 0, drop_timer),
    DOOR(have_all_held, mutex_until, GS_ETIMEDOUT, open_gate),
    DOOR(have_all_held, read_until, GS_ETIMEDOUT, open_gate),
    DOOR(have_all_held, write_until, GS_ETIMEDOUT, open_gate),
    DOOR(have_all_held, once_until, GS_ETIMEDOUT, open_gate),
    DOOR(lock, cond_until, GS_ETIMEDOUT, unlock),
    DOOR(nothing, sem_until, GS_ETIMEDOUT, nothing),
    DOOR(count_one, group_until, GS_ETIMEDOUT, nothing),
    DOOR(need_two, barrier_until, GS_ETIMEDOUT, nothing),
    DOOR(nothing, ctx_new, GS_OK, drop_ctx),
    DOOR(nothing, ctx_new_until, GS_OK, drop_ctx),
    DOOR(nothing, ctx_new_timeout, GS_OK, drop_ctx),
    DOOR(nothing, ctx_new_value, GS_OK, drop_ctx),
    DOOR(nothing, ctx_new_detached, GS_OK, drop_ctx),
    DOOR(make_ctx, ctx_chan, GS_OK, drop_ctx),
    DOOR(make_ctx, ctx_wait_until, GS_ETIMEDOUT, drop_ctx),
    DOOR(nothing, frame_until, GS_ETIMEDOUT, nothing),
    DOOR(nothing, frame_chan, GS_OK, end_frames),
    DOOR(nothing, signal_chan, GS_OK, end_signals),
    DOOR(let_host_answer, http_get, GS_OK, drop_http),
    DOOR(nothing, http_get_until, GS_ETIMEDOUT, nothing),
    DOOR(open_http, http_read_until, GS_ETIMEDOUT, drop_http),
    DOOR(nothing, call_from_js, GS_OK, nothing),
    DOOR(nothing, arena_new, GS_OK, drop_arena),
    DOOR(nothing, arena_own, GS_OK, nothing),
    DOOR(make_arena, arena_alloc, GS_OK, drop_arena),
    DOOR(make_arena, arena_large, GS_OK, drop_arena),
    DOOR(make_arena, arena_zeroed, GS_OK, drop_arena),
    DOOR(make_arena, arena_array, GS_OK, drop_arena),
    DOOR(make_arena, arena_memdup, GS_OK, drop_arena),
    DOOR(make_arena, arena_strdup, GS_OK, drop_arena),
    DOOR(make_arena, arena_strndup, GS_OK, drop_arena),
    DOOR(make_arena, arena_format, GS_OK, drop_arena),
    DOOR(nothing, pool_new, GS_OK, drop_pool),
    DOOR(make_pool, pool_get, GS_OK, drop_pool),
    DOOR(make_pool, pool_try_get, GS_OK, drop_pool),
    DOOR(empty_pool, pool_get_until, GS_ETIMEDOUT, drop_pool),
    DOOR(nothing, gen_new, GS_OK, drop_gen),
    DOOR(nothing, group_new, GS_OK, drop_group),
    DOOR(make_group, group_go, GS_OK, drop_group),
    DOOR(make_group, group_try_go, GS_OK, drop_group),
    DOOR(occupy_group, group_wait_until, GS_ETIMEDOUT, leave_group),
    DOOR(make_ins, chan_merge, GS_OK, end_pipeline),
    DOOR(make_ins, chan_tee, GS_OK, end_pipeline),
    DOOR(make_ins, chan_distribute, GS_OK, end_pipeline),
    DOOR(make_gen, gen_next_until, 1, drop_gen),
};

/* ---- one attempt ---- */

/* What a call that answers GS_ENOMEM must leave alone. */
struct traces {
  size_t goroutines;
  uint32_t timers;
  uint32_t outstanding;
  uint32_t operations;
  uint32_t at_host;
  uint32_t responses;
  bool frame;
  uint32_t signals;
  gs_id holder;
  int64_t units;
  int64_t count;
  uint32_t arrived;
  size_t reserved; /* by the arena */
  size_t used;
  size_t idle; /* in the pool */
  size_t lent;
  size_t running; /* in the group */
  size_t started;
  void *made[11];
};

static struct traces traces_now(void) {
  return (struct traces){
      .goroutines = gs_count(),
      .timers = gs__sched.timers.count,
      .outstanding = gs__sched.outstanding,
      .operations = gs__ops_pending(),
      .at_host = host_fake.pending,
      .responses = host_fake.opened - host_fake.closed,
      .frame = host_fake.frame_requested,
      .signals = host_fake.signals,
      .holder = f.mutex.gs__holder,
      .units = gs_sem_available(&f.sem),
      .count = f.group.gs__count,
      .arrived = f.barrier.gs__arrived,
      .reserved = f.arena == NULL ? 0 : gs_arena_reserved(f.arena),
      .used = f.arena == NULL ? 0 : gs_arena_used(f.arena),
      .idle = gs_pool_idle(f.pool),
      .lent = gs_pool_lent(f.pool),
      .running = gs_group_running(f.members),
      .started = gs_group_started(f.members),
      .made = {f.chan, f.timer, f.ctx, f.http, f.arena, f.pool, f.object, f.gen,
               f.members, f.outs[0], f.outs[1]},
  };
}

static void check_no_trace(const struct traces *before) {
  struct traces after = traces_now();
  CHECK_EQ(after.goroutines, before->goroutines);
  CHECK_EQ(after.timers, before->timers);
  CHECK_EQ(after.outstanding, before->outstanding);
  CHECK_EQ(after.operations, before->operations);
  CHECK_EQ(after.at_host, before->at_host);
  CHECK_EQ(after.responses, before->responses);
  CHECK_EQ(after.frame, before->frame);
  CHECK_EQ(after.signals, before->signals);
  CHECK_EQ(after.holder, before->holder);
  CHECK_EQ(after.units, before->units);
  CHECK_EQ(after.count, before->count);
  CHECK_EQ(after.arrived, before->arrived);
  CHECK_EQ(after.reserved, before->reserved);
  CHECK_EQ(after.used, before->used);
  CHECK_EQ(after.idle, before->idle);
  CHECK_EQ(after.lent, before->lent);
  CHECK_EQ(after.running, before->running);
  CHECK_EQ(after.started, before->started);
  CHECK_EQ(memcmp(after.made, before->made, sizeof after.made), 0);
  gs__sched_check();
}

static struct {
  const struct door *door;
  uint32_t good;   /* allocations that succeed before one fails */
  bool full;       /* the heap of deadlines must grow for one more */
  bool in_context; /* the goroutine has one */
  bool failed;     /* the failure happened */
} run;

static void explain(void) {
  if (run.door == NULL) return;
  printf("# %s, allocation %u fails%s%s\n", run.door->name,
         (unsigned)run.good + 1, run.full ? ", with a full heap" : "",
         run.in_context ? ", in a context" : "");
}

static void check_expected(int result) {
  if (run.door->expected == AN_ID) {
    CHECK(result > 0);
  } else {
    CHECK_EQ(result, run.door->expected);
  }
}

static void fill_heap(void) {
  do {
    CHECK(f.fills_count < FILLS_MAX);
    gs_timer **fill = &f.fills[f.fills_count++];
    CHECK_EQ(gs_timer_new(fill, GS_FOREVER, 0), GS_OK);
  } while (gs__sched.timers.count < gs__sched.timers.capacity);
}

static void call_without_memory(void) {
  run.door->prepare();
  struct traces before = traces_now();
  alloc_fake_fail_after(run.good);
  int result = run.door->call();
  run.failed = !alloc_fake_never_fail();
  if (run.failed) {
    CHECK_EQ(result, GS_ENOMEM);
    check_no_trace(&before);
    result = run.door->call();
  }
  check_expected(result);
  run.door->undo();
}

static void attempt(void *arg) {
  gs_ctx *ctx = NULL;
  if (run.in_context) CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  if (run.full) fill_heap();
  gs_ctx *outer = gs_ctx_enter(ctx);
  call_without_memory();
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
  while (f.fills_count > 0) gs_timer_release(f.fills[--f.fills_count]);
  (void)arg;
}

/* From the first allocation to beyond the last. */
static void try_door(const struct door *door) {
  harness_renew();
  size_t live = alloc_fake_live();
  run.door = door;
  run.good = 0;
  do {
    memset(&f, 0, sizeof f);
    CHECK(gs_go(attempt, NULL) > 0);
    harness_run_all();
    harness_renew();
    CHECK_EQ(alloc_fake_live(), live);
    CHECK(++run.good < 100);
  } while (run.failed);
  if (run.full) return; /* not all of them use the heap */
  CHECK(run.good > 1);  /* it allocates: else it is no door */
}

static void try_all(bool full, bool in_context) {
  harness_explain = explain;
  run.full = full;
  run.in_context = in_context;
  uint32_t failures = 0;
  for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
    try_door(&doors[i]);
    failures += run.good - 1;
  }
  printf("# %u calls, %u failing allocations\n",
         (unsigned)(sizeof doors / sizeof *doors), (unsigned)failures);
}

HOST_TEST(each_call_reports_it_and_leaves_no_trace) { try_all(false, false); }

HOST_TEST(each_call_reports_it_when_deadlines_find_no_room) {
  try_all(true, false);
}

HOST_TEST(each_call_reports_it_in_a_context_too) { try_all(false, true); }
