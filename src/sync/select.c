/* Select: waits for the first of several channel cases. Each case's own clause
 * is queued at its channel, so nothing is allocated for any number of them. */
#include "../sched/timer.h"
#include "chan.h"

#define MASK_BITS 64
#define COUNTED 8 /* cases, at most, that are all looked at */

static bool can_be_ready(const struct gs_case *c) {
  return c->op != GS_CASE_NONE && c->chan != NULL;
}

/* What follows has hardly a branch that depends on which case is ready: a
 * processor cannot guess a random choice, and a wrong guess costs as much as
 * the rest of it. */
static inline uint32_t is_ready(const struct gs_case *c) {
  return can_be_ready(c) ? (uint32_t)gs__chan_ready(c) : 0;
}

/* The n-th of the ready cases, counted from 0; there is one. Of many, those
 * before it are stepped over: then the scan costs more than a wrong guess. */
static inline size_t nth_ready(const struct gs_case *cases, size_t count,
                               uint64_t ready, uint32_t n) {
  size_t index = 0;
  uint32_t seen = 0;
  if (count <= COUNTED) {
    for (size_t i = 0; i < count; i++) {
      seen += (uint32_t)(ready >> i) & 1;
      index += seen <= n;
    }
  } else if (count <= MASK_BITS) {
    for (; n > 0; n--) ready &= ready - 1;
    index = (size_t)__builtin_ctzll(ready);
  } else {
    for (; seen <= n; index++) seen += is_ready(&cases[index]);
    index--;
  }
  return index;
}

/* Does one of the ready cases, each as likely as the others. */
static inline int select_now(struct gs_case *cases, size_t count) {
  if (cases == NULL && count > 0) return GS_EINVAL;
  if (count > INT32_MAX) return GS_EINVAL;
  uint64_t mask = 0; /* of the ready ones, when there are few cases */
  uint32_t ready = 0;
  for (size_t i = 0; i < count; i++) {
    if ((unsigned)cases[i].op > GS_CASE_RECV) return GS_EINVAL;
    uint32_t one = is_ready(&cases[i]);
    ready += one;
    mask |= (uint64_t)one << (i % MASK_BITS);
  }
  if (ready == 0) return GS_EAGAIN;
  uint32_t n = ready == 1 ? 0 : gs__choose(ready);
  size_t chosen = nth_ready(cases, count, mask, n);
  gs__chan_try(&cases[chosen], &cases[chosen].result);
  return (int)chosen;
}

GS__INLINE int select_until(struct gs_case *cases, size_t count,
                            int64_t deadline_ns) {
  int index = select_now(cases, count);
  if (index != GS_EAGAIN) return gs__done(index);
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  struct gs__deadline expiry;
  if (deadline_ns != GS_FOREVER &&
      !gs__deadline_wait(&expiry, deadline_ns, GS_ETIMEDOUT)) {
    return GS_ENOMEM;
  }
  for (size_t i = 0; i < count; i++) {
    if (can_be_ready(&cases[i])) gs__chan_enqueue(&cases[i], (uint32_t)i + 1);
  }
  return (int)gs__park(count == 0 ? "select with no cases" : "select", cases);
}

GS__LEAF(gs_select) int gs_select(struct gs_case *cases, size_t count) {
  GS__LEAF_BODY(int);
  return select_until(cases, count, GS_FOREVER);
}

GS__LEAF(gs_select_until)
int gs_select_until(struct gs_case *cases, size_t count, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return select_until(cases, count, deadline_ns);
}

int gs_try_select(struct gs_case *cases, size_t count) {
  return select_now(cases, count);
}
