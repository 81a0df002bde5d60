/* Goroutines and channels of int32_t on Emscripten's fibers: the peer.
 *
 * As lean as the job allows: a switch is one emscripten_fiber_swap(), straight
 * from one goroutine to the next; blocks of ended goroutines are reused; all of
 * it is inline, so that a park adds no frame to unwind that it need not have.
 */
#ifndef BENCH_FIBERS_H
#define BENCH_FIBERS_H

#include <emscripten/fiber.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* For goroutines started by g_go(): C stack, and room for saved frames. */
#define G_STACK_BYTES ((size_t)4096)
#define G_FRAMES_BYTES ((size_t)4096)
#define G_MAIN_FRAMES_BYTES ((size_t)16384)

struct g {
  emscripten_fiber_t fiber;
  struct g *next; /* in the run queue, or among the ended */
  size_t bytes;   /* of both stacks */
};

/* One wait for one channel; on the stack of the goroutine that waits. */
struct waiter {
  struct waiter *next;
  struct waiter *prev;
  struct g *g;
  int32_t *elem;
  struct choice *choice; /* the select it belongs to, or NULL */
  bool ok;               /* false: the channel was closed */
};

struct choice {
  struct waiter *waiters;
  uint32_t count;
  struct waiter *fired;
};

/* Waiters in the order they came, in a ring through `ends`. */
struct chan {
  struct waiter receivers;
  struct waiter senders;
  int32_t *buffer;
  uint32_t capacity;
  uint32_t count;
  uint32_t first;
  bool closed;
};

static struct {
  struct g main;
  struct g *current;
  struct g *head;
  struct g *tail;
  struct g *ended;
  uint32_t random;
  char main_frames[G_MAIN_FRAMES_BYTES];
} g_sched;

static inline void g_fail(const char *text) {
  fprintf(stderr, "%s\n", text);
  emscripten_force_exit(1);
}

/* ---- scheduler ---- */

static inline void g_init(void) {
  g_sched.current = &g_sched.main;
  g_sched.random = 2463534242U;
  emscripten_fiber_init_from_current_context(
      &g_sched.main.fiber, g_sched.main_frames, G_MAIN_FRAMES_BYTES);
}

static inline void g_ready(struct g *g) {
  g->next = NULL;
  if (g_sched.head == NULL) {
    g_sched.head = g;
  } else {
    g_sched.tail->next = g;
  }
  g_sched.tail = g;
}

/* Leaves the current goroutine for the next one that is ready. */
static inline __attribute__((always_inline)) void g_park(void) {
  struct g *from = g_sched.current;
  struct g *to = g_sched.head;
  if (to == NULL) g_fail("fibers: all goroutines are asleep");
  g_sched.head = to->next;
  if (to == from) return;
  g_sched.current = to;
  emscripten_fiber_swap(&from->fiber, &to->fiber);
}

static inline __attribute__((always_inline)) void g_yield(void) {
  g_ready(g_sched.current);
  g_park();
}

/* fn must end with g_exit(): a wrapper that did so for it would be one more
 * frame in every switch. */
static inline void g_go_with(size_t stack_bytes, size_t frames_bytes,
                             em_arg_callback_func fn, void *arg) {
  struct g *g = g_sched.ended;
  if (g != NULL && g->bytes == stack_bytes + frames_bytes) {
    g_sched.ended = g->next;
  } else {
    /* 16: where the stack's end is rounded to. */
    g = malloc(sizeof *g + 16 + stack_bytes + frames_bytes);
    if (g == NULL) g_fail("fibers: out of memory");
    g->bytes = stack_bytes + frames_bytes;
  }
  char *stack = (char *)(((uintptr_t)(g + 1) + 15) & ~(uintptr_t)15);
  emscripten_fiber_init(&g->fiber, fn, arg, stack, stack_bytes,
                        stack + stack_bytes, frames_bytes);
  g_ready(g);
}

static inline void g_go(em_arg_callback_func fn, void *arg) {
  g_go_with(G_STACK_BYTES, G_FRAMES_BYTES, fn, arg);
}

static inline __attribute__((always_inline)) void g_exit(void) {
  /* Whoever reuses the block does so after the swap out of it. */
  g_sched.current->next = g_sched.ended;
  g_sched.ended = g_sched.current;
  g_park();
}

/* ---- channels ---- */

static inline void chan_ring_init(struct waiter *ends) {
  ends->next = ends;
  ends->prev = ends;
}

static inline struct waiter *chan_ring_first(struct waiter *ends) {
  return ends->next == ends ? NULL : ends->next;
}

static inline void chan_ring_add(struct waiter *ends, struct waiter *waiter) {
  waiter->next = ends;
  waiter->prev = ends->prev;
  ends->prev->next = waiter;
  ends->prev = waiter;
}

static inline void chan_ring_remove(struct waiter *waiter) {
  waiter->prev->next = waiter->next;
  waiter->next->prev = waiter->prev;
}

static inline struct chan *chan_new(uint32_t capacity) {
  struct chan *c = calloc(1, sizeof *c + capacity * sizeof(int32_t));
  if (c == NULL) {
    g_fail("fibers: out of memory");
    return NULL;
  }
  chan_ring_init(&c->receivers);
  chan_ring_init(&c->senders);
  c->buffer = (int32_t *)(c + 1);
  c->capacity = capacity;
  return c;
}

static inline void chan_wake(struct waiter *waiter, bool ok) {
  struct choice *choice = waiter->choice;
  waiter->ok = ok;
  if (choice == NULL) {
    chan_ring_remove(waiter);
  } else {
    choice->fired = waiter;
    for (uint32_t i = 0; i < choice->count; i++) {
      chan_ring_remove(&choice->waiters[i]);
    }
  }
  g_ready(waiter->g);
}

static inline void chan_close(struct chan *c) {
  struct waiter *waiter;
  c->closed = true;
  while ((waiter = chan_ring_first(&c->receivers)) != NULL) {
    chan_wake(waiter, false);
  }
}

static inline void chan_send(struct chan *c, int32_t value) {
  struct waiter *receiver = chan_ring_first(&c->receivers);
  if (c->closed) g_fail("fibers: send on a closed channel");
  if (receiver != NULL) {
    *receiver->elem = value;
    chan_wake(receiver, true);
    return;
  }
  if (c->count < c->capacity) {
    uint32_t slot = c->first + c->count;
    c->buffer[slot < c->capacity ? slot : slot - c->capacity] = value;
    c->count++;
    return;
  }
  struct waiter self = {.g = g_sched.current, .elem = &value};
  chan_ring_add(&c->senders, &self);
  g_park();
}

/* What can be had without waiting: 1, 0 when closed, -1 when nothing. */
static inline int chan_try_recv(struct chan *c, int32_t *elem) {
  struct waiter *sender = chan_ring_first(&c->senders);
  if (c->count > 0) {
    *elem = c->buffer[c->first];
    c->first = c->first + 1 < c->capacity ? c->first + 1 : 0;
    if (sender == NULL) {
      c->count--;
    } else {
      uint32_t slot = c->first + c->count - 1;
      c->buffer[slot < c->capacity ? slot : slot - c->capacity] = *sender->elem;
      chan_wake(sender, true);
    }
    return 1;
  }
  if (sender != NULL) {
    *elem = *sender->elem;
    chan_wake(sender, true);
    return 1;
  }
  return c->closed ? 0 : -1;
}

static inline bool chan_recv(struct chan *c, int32_t *elem) {
  int got = chan_try_recv(c, elem);
  if (got >= 0) return got > 0;
  struct waiter self = {.g = g_sched.current, .elem = elem};
  chan_ring_add(&c->receivers, &self);
  g_park();
  return self.ok;
}

#define CHAN_SELECT_MAX 64

/* Which of `count` channels a value came from; any of those that are ready is
 * as likely as the others. */
static inline uint32_t chan_select_recv(struct chan *const *chans,
                                        uint32_t count, int32_t *elem) {
  uint32_t ready[CHAN_SELECT_MAX];
  uint32_t ready_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct chan *c = chans[i];
    if (c->count > 0 || c->closed || chan_ring_first(&c->senders) != NULL) {
      ready[ready_count++] = i;
    }
  }
  if (ready_count > 0) {
    g_sched.random ^= g_sched.random << 13;
    g_sched.random ^= g_sched.random >> 17;
    g_sched.random ^= g_sched.random << 5;
    uint64_t scaled = (uint64_t)g_sched.random * ready_count;
    uint32_t index = ready[scaled >> 32];
    chan_try_recv(chans[index], elem);
    return index;
  }
  struct waiter waiters[CHAN_SELECT_MAX];
  struct choice choice = {.waiters = waiters, .count = count};
  for (uint32_t i = 0; i < count; i++) {
    waiters[i].g = g_sched.current;
    waiters[i].elem = elem;
    waiters[i].choice = &choice;
    chan_ring_add(&chans[i]->receivers, &waiters[i]);
  }
  g_park();
  return (uint32_t)(choice.fired - waiters);
}

#endif
