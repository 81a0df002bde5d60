/* Channels and select, against a model that knows which element is where and
 * who waits: what each call does, and whom it wakes with what, is predicted
 * but for the choice among several ready cases. */
#include <string.h>

#include "../../src/sync/chan.h"
#include "fuzz.h"

/* The typed forms serve a buffer in place, which debug builds leave out. */
#undef GS_DEBUG
#include <gossamer/typed.h>

#define POISON 0xa5

static struct model {
  gs_chan *chan;
  size_t elem_bytes;
  size_t capacity;
  bool closed;
  uint32_t buffer[CAPACITY_MAX]; /* tickets of elements, oldest first */
  size_t count;
} models[CHANS];

static uint32_t last_ticket;

static void open_chan(struct model *m, size_t elem_bytes, size_t capacity) {
  gs_chan *chan;
  int error = gs_chan_new(&chan, elem_bytes, capacity);
  if (error != GS_OK) {
    explain(&world.host, error);
    return;
  }
  *m = (struct model){
      .chan = chan, .elem_bytes = elem_bytes, .capacity = capacity};
}

void chans_init(void) {
  static const size_t elem_bytes[CHANS] = {8, 4, 24, 8};
  last_ticket = 0;
  for (unsigned i = 0; i < CHANS; i++) open_chan(&models[i], elem_bytes[i], i);
}

void chans_release(void) {
  for (unsigned i = 0; i < CHANS; i++) gs_chan_release(models[i].chan);
}

/* ---- elements ---- */

static void fill(unsigned char *elem, size_t bytes, uint32_t ticket) {
  memset(elem, (int)(ticket * 7 & 0xff), bytes);
  memcpy(elem, &ticket, sizeof ticket);
}

static void check_elem(const unsigned char *elem, size_t bytes,
                       uint32_t ticket) {
  unsigned char expected[ELEM_MAX];
  if (elem == NULL) return;
  fill(expected, bytes, ticket);
  uint32_t got;
  memcpy(&got, elem, sizeof got);
  CHECK_RESULT(memcmp(elem, expected, bytes) == 0, got);
}

static void check_bytes(const unsigned char *elem, size_t bytes, int value) {
  for (size_t i = 0; elem != NULL && i < bytes; i++) CHECK(elem[i] == value);
}

/* ---- the model ---- */

/* Waits, as far as is known; a call under way may just have woken it. */
static bool waits(const struct actor *actor) {
  return actor->in_call && actor->task != gs__sched.current &&
         actor->wait.kind == CHAN && !actor->wait.woken &&
         !actor->wait.fulfilled;
}

/* The oldest that waits with such a case, and which case; NULL: nobody. */
static struct actor *oldest(unsigned chan, enum case_kind kind,
                            unsigned *index) {
  struct actor *first = NULL;
  for (unsigned i = 0; i < ACTORS; i++) {
    struct actor *actor = &world.actors[i];
    const struct wait *w = &actor->wait;
    if (!waits(actor)) continue;
    if (first != NULL && first->wait.ticket < w->ticket) continue;
    for (unsigned c = w->count; c-- > 0;) {
      if (w->cases[c].kind != kind || w->cases[c].index != chan) continue;
      first = actor;
      *index = c;
    }
  }
  return first;
}

/* It must be ready again, with this case and result. */
static void fulfill(struct actor *actor, unsigned index, int result) {
  struct wait *w = &actor->wait;
  w->fulfilled = true;
  w->index = (int)index;
  w->result = result;
}

static uint32_t shift(struct model *m) {
  uint32_t ticket = m->buffer[0];
  m->count--;
  memmove(m->buffer, m->buffer + 1, m->count * sizeof *m->buffer);
  return ticket;
}

static bool ready(const struct wait_case *c) {
  const struct model *m = &models[c->index % CHANS];
  unsigned index;
  switch (c->kind) {
    case CASE_SEND:
      return m->closed || m->count < m->capacity ||
             oldest(c->index, CASE_RECV, &index) != NULL;
    case CASE_RECV:
      return m->closed || m->count > 0 ||
             oldest(c->index, CASE_SEND, &index) != NULL;
    case CASE_TIMER:
      return gs_chan_len(c->chan) > 0;
    case CASE_CTX:
      return ctx_error((int)c->index) != 0;
    default:
      return false;
  }
}

static int sends(const struct wait_case *c) {
  struct model *m = &models[c->index];
  unsigned index;
  if (m->closed) return GS_EPIPE;
  struct actor *receiver = oldest(c->index, CASE_RECV, &index);
  if (receiver == NULL) {
    m->buffer[m->count++] = c->ticket;
    return GS_OK;
  }
  check_elem(receiver->wait.cases[index].elem, m->elem_bytes, c->ticket);
  fulfill(receiver, index, 1);
  return GS_OK;
}

static int receives(const struct wait_case *c) {
  struct model *m = &models[c->index];
  unsigned index = 0;
  struct actor *sender = oldest(c->index, CASE_SEND, &index);
  if (sender == NULL && m->count == 0) {
    check_bytes(c->elem, m->elem_bytes, 0);
    return 0;
  }
  uint32_t ticket = 0;
  if (m->count > 0) ticket = shift(m);
  if (sender != NULL) {
    uint32_t sent = sender->wait.cases[index].ticket;
    if (ticket == 0) {
      ticket = sent;
    } else {
      m->buffer[m->count++] = sent;
    }
    fulfill(sender, index, GS_OK);
  }
  check_elem(c->elem, m->elem_bytes, ticket);
  return 1;
}

/* A case went through at once: the model does it too. */
static void went_through(const struct wait_case *c, int result) {
  switch (c->kind) {
    case CASE_SEND:
      CHECK_RESULT(result == sends(c), result);
      break;
    case CASE_RECV:
      CHECK_RESULT(result == receives(c), result);
      break;
    case CASE_TIMER:
      timer_received(c, result);
      break;
    default:
      CHECK_RESULT(result == 0, result);
      CHECK(ctx_error((int)c->index) != 0);
      break;
  }
}

static void untouched(const struct wait *w) {
  for (unsigned i = 0; i < w->count; i++) {
    const struct wait_case *c = &w->cases[i];
    if (c->kind != CASE_RECV) continue;
    check_bytes(c->elem, models[c->index].elem_bytes, POISON);
  }
}

/* ---- what the others see of a wait ---- */

void chan_woken(struct actor *actor, int64_t result) {
  struct wait *w = &actor->wait;
  if (w->fulfilled) {
    CHECK_RESULT(result == (w->selects ? w->index : w->result), result);
    return;
  }
  if (result < 0) {
    explain(actor, result);
    untouched(w);
    return;
  }
  /* A channel of somebody else's: it is looked at now, before it changes. */
  unsigned index = w->selects ? (unsigned)result : 0;
  CHECK_RESULT(index < w->count, result);
  const struct wait_case *c = &w->cases[index];
  CHECK_RESULT(c->kind == CASE_TIMER || c->kind == CASE_CTX, c->kind);
  int got = 1;
  if (c->kind == CASE_CTX || c->chan != timer_chan(c->index)) got = 0;
  if (!w->selects) CHECK_RESULT(result == got, result);
  went_through(c, got);
  fulfill(actor, index, got);
}

void chans_check(void) {
  for (unsigned i = 0; i < CHANS; i++) {
    const struct model *m = &models[i];
    gs__chan_check(m->chan);
    CHECK_RESULT(gs_chan_len(m->chan) == m->count,
                 (long long)gs_chan_len(m->chan));
  }
  for (unsigned i = 0; i < ACTORS; i++) {
    const struct actor *actor = &world.actors[i];
    if (!is_parked(actor) || actor->wait.kind != CHAN) continue;
    CHECK(!actor->wait.fulfilled); /* a lost wake-up */
  }
}

/* ---- calls ---- */

static struct wait_case case_of(struct actor *actor, unsigned slot,
                                enum case_kind kind, unsigned chan) {
  struct wait_case c = {.kind = kind, .index = chan, .chan = models[chan].chan};
  c.elem = actor->elems[slot];
  memset(c.elem, POISON, ELEM_MAX);
  if (kind == CASE_SEND) {
    c.ticket = ++last_ticket;
    fill(c.elem, models[chan].elem_bytes, c.ticket);
  }
  return c;
}

static void begin(struct actor *actor, const struct wait_case *cases,
                  unsigned count, struct how how, bool selects) {
  wait_begin(actor, CHAN, NULL, how, 0);
  struct wait *w = &actor->wait;
  w->selects = selects;
  w->count = count;
  memcpy(w->cases, cases, count * sizeof *cases);
}

static void end(struct actor *actor, int result, int index, int case_result,
                unsigned ready_mask) {
  struct wait *w = &actor->wait;
  if (wait_end(actor)) {
    CHECK_RESULT(ready_mask == 0, result);
    if (!w->woken) chan_woken(actor, result);
    CHECK_RESULT(w->fulfilled ? case_result == w->result : result < 0, result);
    return;
  }
  if (ready_mask == 0) {
    CHECK_RESULT(result < 0, result);
    explain(actor, result);
    untouched(w);
    return;
  }
  CHECK_RESULT(index >= 0 && (ready_mask >> index & 1) != 0, index);
  went_through(&w->cases[index], case_result);
}

static int call_send(const struct model *m, const void *elem, struct how how,
                     bool typed) {
  if (how.tries) return gs_chan_try_send(m->chan, elem);
  if (how.timed) return gs_chan_send_until(m->chan, elem, how.deadline_ns);
  if (typed && m->elem_bytes == 8) return gs__send_typed(m->chan, elem, 8);
  return gs_chan_send(m->chan, elem);
}

void op_chan_send(struct actor *actor, uint8_t byte) {
  unsigned chan = byte % CHANS;
  struct how how = how_of(byte);
  struct wait_case c = case_of(actor, 0, CASE_SEND, chan);
  begin(actor, &c, 1, how, false);
  unsigned mask = ready(&c);
  int result = call_send(&models[chan], c.elem, how, (byte & 4) != 0);
  end(actor, result, 0, result, mask);
}

static int call_recv(gs_chan *chan, void *elem, struct how how, bool typed) {
  if (how.tries) return gs_chan_try_recv(chan, elem);
  if (how.timed) return gs_chan_recv_until(chan, elem, how.deadline_ns);
  if (typed) return gs__recv_typed(chan, elem, 8);
  return gs_chan_recv(chan, elem);
}

static void receive(struct actor *actor, struct wait_case c, struct how how,
                    bool typed) {
  begin(actor, &c, 1, how, false);
  unsigned mask = ready(&c);
  int result = call_recv(c.chan, c.elem, how, typed);
  end(actor, result, 0, result, mask);
}

void op_chan_recv(struct actor *actor, uint8_t byte) {
  unsigned chan = byte % CHANS;
  struct wait_case c = case_of(actor, 0, CASE_RECV, chan);
  if ((byte & 24) == 24) c.elem = NULL;
  bool typed = (byte & 4) != 0 && models[chan].elem_bytes == 8;
  receive(actor, c, how_of(byte), typed);
}

void op_timer_recv(struct actor *actor, uint8_t byte) {
  struct wait_case c = case_of(actor, 0, CASE_RECV, 0);
  c.kind = CASE_TIMER;
  c.index = byte % TIMERS;
  c.chan = timer_chan(c.index);
  receive(actor, c, how_of(byte), false);
}

static void close_chan(unsigned chan) {
  struct model *m = &models[chan];
  int result = gs_chan_close(m->chan);
  CHECK_RESULT(result == (m->closed ? GS_EPIPE : GS_OK), result);
  m->closed = true;
  struct actor *actor;
  unsigned index;
  while ((actor = oldest(chan, CASE_RECV, &index)) != NULL) {
    check_bytes(actor->wait.cases[index].elem, m->elem_bytes, 0);
    fulfill(actor, index, 0);
  }
  while ((actor = oldest(chan, CASE_SEND, &index)) != NULL) {
    fulfill(actor, index, GS_EPIPE);
  }
}

void op_chan_close(struct actor *actor, uint8_t byte) {
  (void)actor;
  if ((byte & 4) != 0) close_chan(byte % CHANS);
}

void chans_close(void) {
  for (unsigned i = 0; i < CHANS; i++) close_chan(i);
}

/* A new channel in the place of a closed one, with another capacity. */
void op_chan_renew(struct actor *actor, uint8_t byte) {
  (void)actor;
  struct model *m = &models[byte % CHANS];
  if (!m->closed) return;
  struct model old = *m;
  open_chan(m, m->elem_bytes, byte / CHANS % (CAPACITY_MAX + 1));
  if (m->chan == old.chan) return; /* no memory */
  for (; old.count > 0; shift(&old)) {
    unsigned char elem[ELEM_MAX];
    CHECK(gs_chan_recv(old.chan, elem) == 1);
    check_elem(elem, old.elem_bytes, old.buffer[0]);
  }
  gs_chan_release(old.chan);
}

/* ---- select ---- */

static struct wait_case take_case(struct actor *actor, unsigned slot) {
  uint8_t byte = take();
  unsigned chan = byte % CHANS;
  switch (byte >> 5) {
    case 0:
      return (struct wait_case){.kind = CASE_NEVER};
    case 1: {
      struct wait_case c = case_of(actor, slot, CASE_RECV, 0);
      c.kind = CASE_CTX;
      c.chan = ctx_chan(byte % CTXS, &c.index);
      return c;
    }
    case 2: {
      struct wait_case c = case_of(actor, slot, CASE_RECV, 0);
      c.kind = CASE_TIMER;
      c.index = byte % TIMERS;
      c.chan = timer_chan(c.index);
      return c;
    }
    case 3:
    case 4:
      return case_of(actor, slot, CASE_RECV, chan);
    default:
      return case_of(actor, slot, CASE_SEND, chan);
  }
}

void op_select(struct actor *actor, uint8_t byte) {
  struct how how = how_of(byte);
  unsigned count = byte % (CASES + 1);
  struct wait_case waits[CASES] = {{0}};
  struct gs_case cases[CASES] = {{0}};
  for (unsigned i = 0; i < count; i++) waits[i] = take_case(actor, i);
  begin(actor, waits, count, how, true);
  unsigned mask = 0;
  for (unsigned i = 0; i < count; i++) {
    struct wait_case *c = &actor->wait.cases[i];
    if (c->kind == CASE_NEVER) continue;
    cases[i] = c->kind == CASE_SEND ? GS_SEND(c->chan, c->elem)
                                    : GS_RECV(c->chan, c->elem);
    mask |= (unsigned)ready(c) << i;
  }
  int index = how.tries   ? gs_try_select(cases, count)
              : how.timed ? gs_select_until(cases, count, how.deadline_ns)
                          : gs_select(cases, count);
  CHECK_RESULT(index < (int)count, index);
  end(actor, index, index, index < 0 ? index : cases[index].result, mask);
}
