/* The fuzzer's world: a handful of goroutines (actors) that take operations
 * from the input, the objects they share, and what is known about both. Every
 * operation is predicted or, where the order of what happened meanwhile is not
 * known, judged by what must hold: see world_sync(). */
#ifndef GS_FUZZ_FUZZ_H
#define GS_FUZZ_FUZZ_H

#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/sched/sched.h"

#define ACTORS 12
#define CHANS 4
#define CASES 4
#define MUTEXES 2
#define RWMUTEXES 2
#define CONDS 2
#define SEMS 2
#define ONCES 2
#define GROUPS 2
#define BARRIERS 2
#define TIMERS 4
#define ALARMS 32
#define OBJECTS 12
#define GENS 2
#define CTXS 4   /* contexts that have a name */
#define NODES 24 /* contexts of one run, named or not; 0 is the root */
#define DEPTH 3  /* contexts that an actor has entered, one in another */
#define ELEM_MAX 24
#define CAPACITY_MAX 4

#define BACKGROUND (-1)

enum kind {
  YIELD,
  SLEEP,
  CHAN, /* send, receive or select */
  MUTEX,
  READ,
  WRITE,
  COND,
  SEM,
  ONCE,
  GROUP,
  BARRIER,
  CTX,
  POOL,
  GEN
};

enum case_kind { CASE_NEVER, CASE_SEND, CASE_RECV, CASE_TIMER, CASE_CTX };

struct wait_case {
  enum case_kind kind;
  unsigned index;      /* of the channel, timer or context node */
  gs_chan *chan;       /* as it was when the wait began */
  uint32_t ticket;     /* of the element that is sent */
  bool drops;          /* receives into nothing */
  unsigned char *elem; /* or NULL */
};

/* One call that may park. */
struct wait {
  enum kind kind;
  const void *object;  /* what it waits for */
  int64_t amount;      /* units of a semaphore; the mutex of a condition */
  bool tries;          /* the form that never parks */
  int64_t deadline_ns; /* or GS_FOREVER */
  int64_t began_ns;
  uint32_t ticket; /* counts up with every call: who came first */
  int refused;     /* its context's error when it began */
  bool woken;      /* it was seen that the task is ready again */
  bool fulfilled;  /* a channel case or a signal came through */
  int index;       /* which case, and with which result */
  int result;
  bool selects;
  unsigned count;
  struct wait_case cases[CASES];
};

struct actor {
  struct gs__task *task; /* NULL: has not started, or is the host */
  bool used;
  bool in_call;
  bool nested; /* inside the function of a once or of gs_try() */
  struct wait wait;
  unsigned char elems[CASES][ELEM_MAX];
  unsigned mutexes; /* held, a bit each */
  unsigned writes;  /* held for writing, a bit each */
  unsigned reads[RWMUTEXES];
  int64_t units[SEMS];
  unsigned objects; /* of pools, a bit each */
  int depth;
  int nodes[DEPTH + 2]; /* the contexts it is in; the last one counts */
  gs_ctx *outer[DEPTH + 1];
  unsigned shields;
};

struct how {
  bool tries;
  bool timed;
  int64_t deadline_ns;
};

struct world {
  const uint8_t *at; /* the input */
  const uint8_t *end;
  struct actor actors[ACTORS];
  struct actor host; /* operations outside goroutines */
  uint32_t ticket;
  bool armed; /* an allocation is going to fail */
  bool lossy; /* one may have failed where nobody hears of it */
};
extern struct world world;

/* ---- fuzz-sync.c ---- */

/* Says what is wrong and aborts, which the fuzzer takes for a crash. */
_Noreturn void fail(const char *file, int line, const char *text,
                    long long value);
#define CHECK(cond) \
  ((cond) ? (void)0 : fail(__FILE__, __LINE__, "failed: " #cond, 0))
#define CHECK_RESULT(cond, result) \
  ((cond) ? (void)0 : fail(__FILE__, __LINE__, "failed: " #cond, (result)))

/* The next byte of the input; 0 behind its end. */
uint8_t take(void);
/* The upper three bits say in which form a function is called. */
struct how how_of(uint8_t byte);
/* The next operation, which may start others inside of it. */
void run_op(struct actor *actor);
/* Starts one inside a call that is under way. */
void run_nested(struct actor *actor);
/* A free actor that will be a goroutine in context `node`, or NULL. */
struct actor *actor_claim(int node);
bool actor_start(struct actor *actor);
/* Lets go of everything it holds. */
void actor_let_go(struct actor *actor);

/* Looks at all that waits: who was woken had a reason, who was not had none.
 * Called around each operation, and after each pump. */
void world_sync(void);

/* Around a call that may park. The second answers whether it did. */
void wait_begin(struct actor *actor, enum kind kind, const void *object,
                struct how how, int64_t amount);
bool wait_end(struct actor *actor);
/* The result is an error that the call's form, deadline or context explains. */
void explain(struct actor *actor, int64_t result);
/* Whether the actor is parked in a call. */
static inline bool is_parked(const struct actor *actor) {
  return actor->in_call && actor->task != NULL &&
         actor->task->state == GS__PARKED && actor->task != gs__sched.current;
}

/* ---- the objects, a file an area ---- */

typedef void op_fn(struct actor *actor, uint8_t byte);

void chans_init(void);
void chans_check(void);
void chans_close(void);
void chans_release(void);
/* A task that waited for a channel is ready again. */
void chan_woken(struct actor *actor, int64_t result);
op_fn op_chan_send, op_chan_recv, op_chan_close, op_chan_renew, op_select;

void locks_init(void);
void locks_check(void);
/* Nobody who came before is still waiting. */
void lock_woken(struct actor *actor, int64_t result);
void locks_let_go(struct actor *actor);
op_fn op_mutex_lock, op_mutex_unlock, op_rwmutex_lock, op_rwmutex_unlock,
    op_cond_wait, op_cond_wake, op_sem_acquire, op_sem_release, op_once,
    op_group_add, op_group_wait, op_barrier;

void timers_init(void);
/* No time is left to pass. */
void timers_check_idle(void);
void timers_release(void);
gs_chan *timer_chan(unsigned index);
/* What was received from a timer's channel. */
void timer_received(const struct wait_case *c, int result);
op_fn op_sleep, op_yield, op_timer_new, op_timer_stop, op_timer_recv, op_alarms;

void made_init(void);
void made_check(void);
/* Ends pools and generators, and so those who wait for them. */
void made_close(void);
void made_check_end(void);
void made_let_go(struct actor *actor);
op_fn op_pool_get, op_pool_put, op_pool_end, op_gen_new, op_gen_next;

void ctxs_init(void);
/* What time has ended is done. */
void ctxs_tick(void);
void ctxs_cancel_root(void);
void ctxs_enter_root(struct actor *actor);
void ctxs_release(void);
void ctxs_let_go(struct actor *actor);
/* A panic took it back to where it was that deep. */
void ctxs_restored(struct actor *actor, int depth, unsigned shields);
/* References that parked actors would have given back. */
void ctxs_drop(struct actor *actor);
int ctx_error(int node);
/* What ends the actor's waits now. */
int ctx_error_of(const struct actor *actor);
/* The channel of a context with a name, and which it is; NULL: background. */
gs_chan *ctx_chan(unsigned slot, unsigned *node);
op_fn op_ctx_new, op_ctx_end, op_ctx_enter, op_ctx_leave, op_ctx_shield,
    op_ctx_wait, op_ctx_query;

#endif
