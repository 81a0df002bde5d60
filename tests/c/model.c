/* The reference model: see model.h. A state is a plain value; one step lets one
 * actor run from where it waited to where it waits next, as goroutines do, and
 * branches wherever a choice is free. States that were seen are not searched
 * again. */
#include "model.h"

#include <gossamer/error.h>
#include <string.h>

enum { WAITS, READY, ENDED };
#define NEVER 0xff

struct actor {
  uint8_t state;
  uint8_t queue;  /* enum model_kind: what it waits for */
  uint8_t ticket; /* lower: waits longer; 0: does not wait */
  uint8_t deadline;
  bool woken;               /* its operation is over, with `next` */
  bool unshakable;          /* its context cannot end the wait */
  bool inside;              /* runs the function of once */
  struct model_result next; /* what the operation answers when it is woken */
};

struct state {
  struct model_outcome out;
  struct actor actors[MODEL_ACTORS];
  bool closed[MODEL_CHANS];
  uint8_t now;
  uint8_t once; /* actor + 1 that runs it, or 0 */
  bool once_done;
  uint8_t ctx_done;     /* what ends its waits, negated; 0: not done */
  uint8_t ctx_deadline; /* or NEVER */
};

static struct {
  const struct model_program *program;
  struct model_set states; /* also the list of those to be searched */
  struct model_set *outcomes;
} search;

static const struct model_op *op_of(const struct state *s, int i) {
  return &search.program->actors[i].ops[s->out.done[i]];
}

/* ---- waiting ---- */

static void wait_for(struct state *s, int i, uint8_t queue, uint8_t deadline) {
  struct actor *a = &s->actors[i];
  uint8_t last = 0;
  for (int j = 0; j < MODEL_ACTORS; j++) {
    if (s->actors[j].ticket > last) last = s->actors[j].ticket;
  }
  a->state = WAITS;
  a->queue = queue;
  a->ticket = (uint8_t)(last + 1);
  a->deadline = deadline;
}

static void wake(struct state *s, int i, struct model_result result) {
  struct actor *a = &s->actors[i];
  a->state = READY;
  a->queue = 0;
  a->ticket = 0;
  a->deadline = NEVER;
  a->unshakable = false;
  a->woken = true;
  a->next = result;
}

static struct model_result answer(int code) {
  return (struct model_result){.code = (int8_t)code,
                               .values = {MODEL_UNTOUCHED, MODEL_UNTOUCHED}};
}

static void wake_with(struct state *s, int i, int code) {
  wake(s, i, answer(code));
}

/* The actor that has waited longest for one of two things, or -1. */
static int oldest(const struct state *s, uint8_t queue, uint8_t or_queue) {
  int found = -1;
  for (int i = 0; i < MODEL_ACTORS; i++) {
    const struct actor *a = &s->actors[i];
    if (a->state != WAITS || (a->queue != queue && a->queue != or_queue)) {
      continue;
    }
    if (found < 0 || a->ticket < s->actors[found].ticket) found = i;
  }
  return found;
}

/* ---- channels ---- */

/* The result of a transfer whose case number k came to `result`. */
static struct model_result transferred(const struct model_op *op, int k,
                                       int result, uint8_t value) {
  bool selects = op->cases_count > 1;
  struct model_result r = answer(selects ? k : result);
  if (selects) r.result = (int8_t)result;
  if (!op->cases[k].sends) r.values[k] = value;
  return r;
}

/* Who has waited longest to send to (or receive from) the channel, by which of
 * its cases; -1: nobody. */
static int partner(const struct state *s, int chan, bool sends, int *k) {
  int found = -1;
  for (int i = 0; i < MODEL_ACTORS; i++) {
    const struct actor *a = &s->actors[i];
    if (a->state != WAITS || a->queue != MODEL_TRANSFER) continue;
    if (found >= 0 && a->ticket > s->actors[found].ticket) continue;
    const struct model_op *op = op_of(s, i);
    for (int c = op->cases_count - 1; c >= 0; c--) {
      if (op->cases[c].chan != chan || op->cases[c].sends != sends) continue;
      found = i;
      *k = c;
    }
  }
  return found;
}

static void wake_transfer(struct state *s, int i, int k, int result,
                          uint8_t value) {
  wake(s, i, transferred(op_of(s, i), k, result, value));
}

static void push(struct state *s, int chan, uint8_t elem) {
  s->out.elems[chan][s->out.buffered[chan]++] = elem;
}

static bool send_now(struct state *s, int i, int chan, int *result) {
  *result = GS_EPIPE;
  if (s->closed[chan]) return true;
  *result = GS_OK;
  uint8_t elem = model_element(i, s->out.done[i]);
  int k = 0;
  int receiver = partner(s, chan, false, &k);
  if (receiver >= 0) {
    wake_transfer(s, receiver, k, 1, elem);
    return true;
  }
  if (s->out.buffered[chan] == search.program->capacities[chan]) return false;
  push(s, chan, elem);
  return true;
}

static bool recv_now(struct state *s, int chan, int *result, uint8_t *value) {
  int k = 0;
  int sender = partner(s, chan, true, &k);
  uint8_t offered = 0;
  if (sender >= 0) {
    offered = model_element(sender, s->out.done[sender]);
    wake_transfer(s, sender, k, GS_OK, 0);
  }
  *result = 1;
  *value = offered;
  if (s->out.buffered[chan] > 0) {
    *value = s->out.elems[chan][0];
    s->out.buffered[chan]--;
    s->out.elems[chan][0] = s->out.elems[chan][1];
    s->out.elems[chan][1] = 0;
    if (sender >= 0) push(s, chan, offered);
    return true;
  }
  if (sender >= 0) return true;
  *result = 0;
  return s->closed[chan];
}

/* Does case k at once, if it can. */
static bool transfer_now(struct state *s, int i, int k,
                         struct model_result *out) {
  const struct model_op *op = op_of(s, i);
  int chan = op->cases[k].chan;
  if (chan == MODEL_NULL_CHAN) return false;
  int result = 0;
  uint8_t value = 0;
  bool could = op->cases[k].sends ? send_now(s, i, chan, &result)
                                  : recv_now(s, chan, &result, &value);
  if (could) *out = transferred(op, k, result, value);
  return could;
}

static int close_chan(struct state *s, int chan) {
  if (chan == MODEL_NULL_CHAN) return GS_EINVAL;
  if (s->closed[chan]) return GS_EPIPE;
  s->closed[chan] = true;
  int k = 0;
  int i;
  while ((i = partner(s, chan, false, &k)) >= 0) wake_transfer(s, i, k, 0, 0);
  while ((i = partner(s, chan, true, &k)) >= 0) {
    wake_transfer(s, i, k, GS_EPIPE, 0);
  }
  return GS_OK;
}

/* ---- locks ---- */

static void hand_over_mutex(struct state *s) {
  int i = oldest(s, MODEL_LOCK, MODEL_LOCK);
  s->out.holder = (uint8_t)(i + 1);
  if (i >= 0) wake(s, i, s->actors[i].next);
}

/* One that waited for the condition waits for the mutex. */
static void leave_cond(struct state *s, int i, int code) {
  s->actors[i].ticket = 0;
  s->actors[i].next = answer(code);
  wait_for(s, i, MODEL_LOCK, NEVER);
  s->actors[i].unshakable = true;
  if (s->out.holder == 0) hand_over_mutex(s);
}

static void admit_to_rwmutex(struct state *s) {
  for (;;) {
    int i = oldest(s, MODEL_READ_LOCK, MODEL_WRITE_LOCK);
    if (i < 0 || s->out.writer != 0) return;
    if (s->actors[i].queue == MODEL_READ_LOCK) {
      s->out.readers++;
    } else if (s->out.readers == 0) {
      s->out.writer = (uint8_t)(i + 1);
    } else {
      return;
    }
    wake_with(s, i, GS_OK);
  }
}

static void admit_to_sem(struct state *s) {
  for (;;) {
    int i = oldest(s, MODEL_ACQUIRE, MODEL_ACQUIRE);
    if (i < 0 || op_of(s, i)->amount > s->out.units) return;
    s->out.units = (uint8_t)(s->out.units - op_of(s, i)->amount);
    wake_with(s, i, GS_OK);
  }
}

static int wake_all(struct state *s, uint8_t queue) {
  int count = 0;
  for (int i = 0; i < MODEL_ACTORS; i++) {
    if (s->actors[i].state != WAITS || s->actors[i].queue != queue) continue;
    wake_with(s, i, GS_OK);
    count++;
  }
  return count;
}

static int waiting(const struct state *s, uint8_t queue) {
  int count = 0;
  for (int i = 0; i < MODEL_ACTORS; i++) {
    count += s->actors[i].state == WAITS && s->actors[i].queue == queue;
  }
  return count;
}

/* ---- time ---- */

/* The waiting actor whose deadline is next, equal ones in the order they began
 * to wait; -1: none. */
static int next_to_expire(const struct state *s) {
  int found = -1;
  for (int i = 0; i < MODEL_ACTORS; i++) {
    const struct actor *a = &s->actors[i];
    if (a->state != WAITS || a->deadline == NEVER) continue;
    const struct actor *b = found < 0 ? NULL : &s->actors[found];
    if (b == NULL || a->deadline < b->deadline ||
        (a->deadline == b->deadline && a->ticket < b->ticket)) {
      found = i;
    }
  }
  return found;
}

static void end_wait(struct state *s, int i, int code) {
  uint8_t queue = s->actors[i].queue;
  if (queue == MODEL_COND_WAIT) {
    leave_cond(s, i, code);
    return;
  }
  wake_with(s, i, code);
  if (queue == MODEL_ACQUIRE) admit_to_sem(s);
  if (queue == MODEL_READ_LOCK || queue == MODEL_WRITE_LOCK) {
    admit_to_rwmutex(s);
  }
}

static bool in_done_ctx(const struct state *s, int i) {
  return s->ctx_done != 0 && search.program->actors[i].in_ctx;
}

/* Ends all waits in the context, the longest first; but who was signaled waits
 * for the mutex all the same. */
static int end_ctx(struct state *s, int error) {
  if (s->ctx_done != 0) return 0;
  s->ctx_done = (uint8_t)-error;
  s->ctx_deadline = NEVER;
  for (;;) {
    int found = -1;
    for (int i = 0; i < MODEL_ACTORS; i++) {
      const struct actor *a = &s->actors[i];
      if (a->state != WAITS || a->unshakable || !in_done_ctx(s, i)) continue;
      if (found < 0 || a->ticket < s->actors[found].ticket) found = i;
    }
    if (found < 0) return 1;
    end_wait(s, found, error);
  }
}

static uint8_t next_deadline(const struct state *s) {
  int i = next_to_expire(s);
  uint8_t deadline = i < 0 ? NEVER : s->actors[i].deadline;
  return s->ctx_deadline < deadline ? s->ctx_deadline : deadline;
}

static void fire(struct state *s) {
  uint8_t deadline;
  while ((deadline = next_deadline(s)) <= s->now) {
    if (s->ctx_deadline == deadline) { /* set before all others */
      end_ctx(s, GS_ETIMEDOUT);
      continue;
    }
    int i = next_to_expire(s);
    bool sleeps = s->actors[i].queue == MODEL_SLEEP;
    end_wait(s, i, sleeps ? GS_OK : GS_ETIMEDOUT);
  }
}

/* ---- operations ---- */

enum { MUST_WAIT = 1000, GOES_BEHIND };

static int lock_now(struct state *s, int i) {
  if (s->out.holder == i + 1) return GS_EDEADLK;
  if (s->out.holder != 0) return MUST_WAIT;
  s->out.holder = (uint8_t)(i + 1);
  return GS_OK;
}

static int rw_lock_now(struct state *s, int i, bool writes) {
  if (s->out.writer == i + 1) return GS_EDEADLK;
  if (s->out.writer != 0 || oldest(s, MODEL_READ_LOCK, MODEL_WRITE_LOCK) >= 0) {
    return MUST_WAIT;
  }
  if (writes && s->out.readers > 0) return MUST_WAIT;
  if (writes) {
    s->out.writer = (uint8_t)(i + 1);
  } else {
    s->out.readers++;
  }
  return GS_OK;
}

static int cond_wait(struct state *s, int i) {
  if (s->out.holder != i + 1) return GS_EPERM;
  hand_over_mutex(s);
  return MUST_WAIT;
}

static int signal_one(struct state *s) {
  int i = oldest(s, MODEL_COND_WAIT, MODEL_COND_WAIT);
  if (i < 0) return 0;
  leave_cond(s, i, GS_OK);
  return 1;
}

static int broadcast(struct state *s) {
  int count = 0;
  while (signal_one(s) == 1) count++;
  return count;
}

static int unlock(struct state *s, int i) {
  if (s->out.holder != i + 1) return GS_EPERM;
  hand_over_mutex(s);
  return GS_OK;
}

static int read_unlock(struct state *s) {
  if (s->out.readers == 0) return GS_EPERM;
  s->out.readers--;
  admit_to_rwmutex(s);
  return GS_OK;
}

static int write_unlock(struct state *s, int i) {
  if (s->out.writer != i + 1) return GS_EPERM;
  s->out.writer = 0;
  admit_to_rwmutex(s);
  return GS_OK;
}

static int acquire_now(struct state *s, uint8_t units) {
  if (units > s->out.units || waiting(s, MODEL_ACQUIRE) > 0) return MUST_WAIT;
  s->out.units = (uint8_t)(s->out.units - units);
  return GS_OK;
}

static int release(struct state *s, uint8_t units) {
  s->out.units = (uint8_t)(s->out.units + units);
  admit_to_sem(s);
  return GS_OK;
}

static int count_down(struct state *s) {
  if (s->out.count == 0) return GS_EINVAL;
  if (--s->out.count == 0) wake_all(s, MODEL_COUNT_WAIT);
  return GS_OK;
}

static int arrive(struct state *s) {
  if (waiting(s, MODEL_BARRIER) + 1 < search.program->parties) {
    return MUST_WAIT;
  }
  wake_all(s, MODEL_BARRIER);
  return 1;
}

static int sleep_now(struct state *s, int i, const struct model_op *op) {
  if (op->amount > 0 && in_done_ctx(s, i)) return -s->ctx_done;
  if (op->amount > 0) {
    wait_for(s, i, MODEL_SLEEP, (uint8_t)(s->now + op->amount));
  }
  return GOES_BEHIND;
}

static int end_once(struct state *s, int i) {
  s->actors[i].inside = false;
  s->once = 0;
  s->once_done = true;
  wake_all(s, MODEL_ONCE);
  return GS_OK;
}

static int once_now(struct state *s, int i, const struct model_op *op) {
  struct actor *a = &s->actors[i];
  if (s->once_done) return GS_OK;
  if (s->once != 0) return MUST_WAIT;
  s->once = (uint8_t)(i + 1);
  a->inside = true;
  if (op->amount > 0 && in_done_ctx(s, i)) return end_once(s, i);
  return sleep_now(s, i, op);
}

static int tick(struct state *s, uint8_t time) {
  if (s->now < time) s->now = time;
  fire(s);
  return GS_OK;
}

/* All but transfers. */
static int do_now(struct state *s, int i, const struct model_op *op) {
  switch ((enum model_kind)op->kind) {
    case MODEL_CLOSE:
      return close_chan(s, op->cases[0].chan);
    case MODEL_SLEEP:
      return sleep_now(s, i, op);
    case MODEL_YIELD:
      return GOES_BEHIND;
    case MODEL_TICK:
      return tick(s, op->amount);
    case MODEL_LOCK:
      return lock_now(s, i);
    case MODEL_UNLOCK:
      return unlock(s, i);
    case MODEL_COND_WAIT:
      return cond_wait(s, i);
    case MODEL_SIGNAL:
      return signal_one(s);
    case MODEL_BROADCAST:
      return broadcast(s);
    case MODEL_READ_LOCK:
      return rw_lock_now(s, i, false);
    case MODEL_READ_UNLOCK:
      return read_unlock(s);
    case MODEL_WRITE_LOCK:
      return rw_lock_now(s, i, true);
    case MODEL_WRITE_UNLOCK:
      return write_unlock(s, i);
    case MODEL_ACQUIRE:
      return acquire_now(s, op->amount);
    case MODEL_RELEASE:
      return release(s, op->amount);
    case MODEL_COUNT_ADD:
      s->out.count = (uint8_t)(s->out.count + op->amount);
      return GS_OK;
    case MODEL_COUNT_DONE:
      return count_down(s);
    case MODEL_COUNT_WAIT:
      return s->out.count == 0 ? GS_OK : MUST_WAIT;
    case MODEL_BARRIER:
      return arrive(s);
    case MODEL_ONCE:
      return once_now(s, i, op);
    case MODEL_CANCEL:
      return end_ctx(s, GS_ECANCELED);
    case MODEL_TRANSFER:
    case MODEL_KINDS:
      break;
  }
  return GS_ENOSYS;
}

/* ---- one actor's turn ---- */

static void keep(const struct state *s) {
  bool is_new;
  model_set_add(&search.states, s, &is_new);
}

static void record(struct state *s, int i, struct model_result result) {
  result.time = s->now;
  s->out.results[i][s->out.done[i]++] = result;
}

/* The operation was over already when the actor came to run. */
static void resume(struct state *s, int i) {
  struct actor *a = &s->actors[i];
  if (!a->woken) return;
  struct model_result result = a->next;
  a->woken = false;
  memset(&a->next, 0, sizeof a->next);
  if (a->inside) result = answer(end_once(s, i));
  record(s, i, result);
}

static void run(struct state s, int i);

/* True when the actor has gone on in other states, one for each ready case, or
 * waits. */
static bool run_transfer(struct state *s, int i, const struct model_op *op) {
  bool ready = false;
  for (int k = 0; k < op->cases_count; k++) {
    struct state next = *s;
    struct model_result result;
    if (!transfer_now(&next, i, k, &result)) continue;
    ready = true;
    record(&next, i, result);
    run(next, i);
  }
  if (ready) return true;
  if (op->form == MODEL_TRY) {
    record(s, i, answer(GS_EAGAIN));
    return false;
  }
  if (in_done_ctx(s, i)) {
    record(s, i, answer(-s->ctx_done));
    return false;
  }
  wait_for(s, i, MODEL_TRANSFER,
           op->form == MODEL_UNTIL ? op->deadline : NEVER);
  return true;
}

/* Runs until it waits, goes behind the others, or ends. Copies, so that
 * choices can branch off. */
static void run(struct state s, int i) {
  resume(&s, i);
  while (s.out.done[i] < search.program->actors[i].count) {
    const struct model_op *op = op_of(&s, i);
    if (op->kind == MODEL_TRANSFER) {
      if (!run_transfer(&s, i, op)) continue;
      if (s.actors[i].state == WAITS) keep(&s);
      return;
    }
    int code = do_now(&s, i, op);
    if (code == GOES_BEHIND) {
      if (s.actors[i].state == READY) {
        wake_with(&s, i, in_done_ctx(&s, i) ? -s.ctx_done : GS_OK);
      }
      keep(&s);
      return;
    }
    bool may_wait = code == MUST_WAIT && op->form != MODEL_TRY;
    if (may_wait && in_done_ctx(&s, i) && op->kind != MODEL_COND_WAIT) {
      code = -s.ctx_done;
    } else if (may_wait) {
      wait_for(&s, i, op->kind, op->form == MODEL_UNTIL ? op->deadline : NEVER);
      s.actors[i].next = answer(GS_OK);
      if (in_done_ctx(&s, i)) leave_cond(&s, i, -s.ctx_done);
      keep(&s);
      return;
    }
    record(&s, i, answer(code == MUST_WAIT ? GS_EAGAIN : code));
  }
  s.actors[i].state = ENDED;
  keep(&s);
}

/* Nobody can run: time passes, or that was all. */
static void rest(struct state s) {
  uint8_t deadline = next_deadline(&s);
  if (deadline != NEVER) {
    if (deadline > s.now) s.now = deadline;
    fire(&s);
    keep(&s);
    return;
  }
  for (int i = 0; i < MODEL_ACTORS; i++) {
    if (s.actors[i].state == WAITS) s.out.deadlock = 1;
  }
  bool is_new;
  model_set_add(search.outcomes, &s.out, &is_new);
}

void model_run(const struct model_program *program,
               struct model_set *outcomes) {
  struct state s;
  memset(&s, 0, sizeof s);
  s.out.units = program->units;
  s.ctx_deadline = program->ctx_deadline > 0 ? program->ctx_deadline : NEVER;
  for (int i = 0; i < MODEL_ACTORS; i++) {
    s.actors[i].state = i < program->actors_count ? READY : ENDED;
    s.actors[i].deadline = NEVER;
  }
  search.program = program;
  search.outcomes = outcomes;
  model_set_init(&search.states, sizeof s);
  keep(&s);
  for (size_t at = 0; at < search.states.count; at++) {
    memcpy(&s, model_set_at(&search.states, at), sizeof s);
    bool any = false;
    for (int i = 0; i < MODEL_ACTORS; i++) {
      if (s.actors[i].state != READY) continue;
      any = true;
      run(s, i);
    }
    if (!any) rest(s);
  }
  model_set_term(&search.states);
}
