/* The table of pending host operations: see op.h. */
#include "op.h"

#include <gossamer/export.h>
#include <stdlib.h>

#include "../base/stress.h"

#define SLOT_MASK ((UINT32_C(1) << GS__OP_SLOT_BITS) - 1)
#define SLOTS_MAX SLOT_MASK
#define NO_SLOT UINT32_MAX

struct slot {
  struct gs__op *op;   /* NULL: free */
  uint32_t generation; /* of the token given out last */
  uint32_t next_free;
};

/* Free slots form a queue, so that a token's number comes back as late as can
 * be. Slot 0 is never used: no token is 0. */
static struct {
  struct slot *slots;
  uint32_t count; /* slots made so far, slot 0 included */
  uint32_t capacity;
  uint32_t first_free;
  uint32_t last_free;
  uint32_t pending;
} ops = {.count = 1, .first_free = NO_SLOT, .last_free = NO_SLOT};

static void release(uint32_t index) {
  struct slot *slot = &ops.slots[index];
  slot->op = NULL;
  slot->next_free = NO_SLOT;
  if (ops.first_free == NO_SLOT) {
    ops.first_free = index;
  } else {
    ops.slots[ops.last_free].next_free = index;
  }
  ops.last_free = index;
  ops.pending--;
  gs__sched.outstanding--;
}

static uint32_t acquire(void) {
  uint32_t index = ops.first_free;
  if (index != NO_SLOT) {
    ops.first_free = ops.slots[index].next_free;
    return index;
  }
  if (ops.count > SLOTS_MAX) return NO_SLOT;
  if (ops.count >= ops.capacity) {
    uint32_t capacity = ops.capacity == 0 ? 16 : ops.capacity * 2;
    struct slot *slots = gs__realloc(ops.slots, capacity * sizeof *slots);
    if (slots == NULL) return NO_SLOT;
    ops.slots = slots;
    ops.capacity = capacity;
  }
  ops.slots[ops.count] = (struct slot){0};
  return ops.count++;
}

static void cancel(struct gs__clause *clause) {
  struct gs__op *op = (struct gs__op *)clause;
  if (op->watch != NULL) *op->watch = NULL;
  gs__host_op_cancel(op->token);
  release(op->token & SLOT_MASK);
}

static int begin(struct gs__op *op, struct gs__task *task) {
  uint32_t index = acquire();
  if (index == NO_SLOT) return GS_ENOMEM;
  struct slot *slot = &ops.slots[index];
  slot->generation++;
  slot->op = op;
  op->clause.clause.task = task;
  op->token = slot->generation << GS__OP_SLOT_BITS | index;
  op->clause.cancel = cancel;
  op->watch = NULL;
  ops.pending++;
  gs__sched.outstanding++;
  return GS_OK;
}

int gs__op_begin(struct gs__op *op) {
  if (gs__sched.current == NULL) return GS_EPERM;
  return begin(op, gs__sched.current); /* it may complete before it waits */
}

int gs__op_begin_detached(struct gs__op *op) { return begin(op, NULL); }

void gs__op_forget(struct gs__op *op) { cancel(&op->clause.clause); }

void gs__op_drop(struct gs__op *op) { release(op->token & SLOT_MASK); }

int gs__op_wait(struct gs__op *op, struct gs__deadline *expiry,
                int64_t deadline_ns) {
  if (deadline_ns != GS_FOREVER &&
      !gs__deadline_wait(expiry, deadline_ns, GS_ETIMEDOUT)) {
    cancel(&op->clause.clause);
    return GS_ENOMEM;
  }
  gs__wait_add(&op->clause.clause, GS__CLAUSE_OTHER);
  return GS_OK;
}

void gs__op_abort(struct gs__op *op, int result) {
  cancel(&op->clause.clause);
  gs__wake(&op->clause.clause, result);
}

uint32_t gs__ops_pending(void) { return ops.pending; }

void gs__ops_term(void) {
  for (uint32_t i = 1; i < ops.count; i++) {
    if (ops.slots[i].op != NULL) gs__host_op_cancel(ops.slots[i].op->token);
  }
  free(ops.slots);
  ops.slots = NULL;
  ops.count = 1;
  ops.capacity = 0;
  ops.first_free = NO_SLOT;
  ops.last_free = NO_SLOT;
  gs__sched.outstanding -= ops.pending;
  ops.pending = 0;
}

/* The host finished an operation: its goroutine may run. Stale tokens are
 * ignored. */
GS__EXPORT_AS("gs_complete") void gs_complete(uint32_t token, int32_t result);
void gs_complete(uint32_t token, int32_t result) {
  uint32_t index = token & SLOT_MASK;
  if (index == 0 || index >= ops.count) return;
  struct gs__op *op = ops.slots[index].op;
  if (op == NULL || op->token != token) return;
  struct gs__task *task = op->clause.clause.task;
  if (task == NULL) {
    release(index);
    gs__op_ended(op);
    return;
  }
  if (task->state != GS__PARKED) return;
  if (op->watch != NULL) *op->watch = NULL;
  release(index);
  gs__wake(&op->clause.clause, result);
}
