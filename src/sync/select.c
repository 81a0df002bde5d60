/* Select: waits for the first of several channel cases. Each case's own clause
 * is queued at its channel, so nothing is allocated for any number of them. */
#include "../sched/timer.h"
#include "chan.h"

static bool can_be_ready(const struct gs_case *c) {
  return c->op != GS_CASE_NONE && c->chan != NULL;
}

/* The n-th ready case; there is one. */
static size_t nth_ready(const struct gs_case *cases, uint32_t n) {
  for (size_t i = 0;; i++) {
    if (!can_be_ready(&cases[i]) || !gs__chan_ready(&cases[i])) continue;
    if (n-- == 0) return i;
  }
}

/* Does one of the ready cases, each as likely as the others. */
static inline int select_now(struct gs_case *cases, size_t count) {
  if (cases == NULL && count > 0) return GS_EINVAL;
  if (count > INT32_MAX) return GS_EINVAL;
  size_t chosen = 0;
  uint32_t ready = 0;
  for (size_t i = 0; i < count; i++) {
    if ((unsigned)cases[i].op > GS_CASE_RECV) return GS_EINVAL;
    if (!can_be_ready(&cases[i]) || !gs__chan_ready(&cases[i])) continue;
    if (ready++ == 0) chosen = i;
  }
  if (ready == 0) return GS_EAGAIN;
  if (ready > 1) {
    uint32_t n = gs__choose(ready);
    if (n > 0) chosen = nth_ready(cases, n);
  }
  gs__chan_try(&cases[chosen], &cases[chosen].result);
  return (int)chosen;
}

GS__INLINE int select_until(struct gs_case *cases, size_t count,
                            int64_t deadline_ns) {
  int index = select_now(cases, count);
  if (index != GS_EAGAIN) return index;
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
