/* Host operations: what a goroutine asked the host to do and waits for.
 *
 * Each has a token, a slot number with a generation: a completion that comes
 * late or twice names a generation that is gone, and is dropped. Canceling
 * tells the host first, so that it never touches the buffers afterwards. */
#ifndef GS_HOST_OP_H
#define GS_HOST_OP_H

#include "../sched/timer.h"
#include "host.h"

#define GS__OP_SLOT_BITS 20

/* One operation; lives in the leaf's frame while its goroutine is parked. */
struct gs__op {
  struct gs__clause_other clause; /* must be first */
  uint32_t token;
  struct gs__op **watch; /* where somebody who may cancel it looks, or NULL */
};

/* Gives the operation a token; call it before the import that starts it.
 * GS_EPERM outside a goroutine, GS_ENOMEM. */
int gs__op_begin(struct gs__op *op);
/* The import did not answer GS__PENDING: the token is free again. */
void gs__op_drop(struct gs__op *op);
/* Queues the operation and, unless deadline_ns is GS_FOREVER, the deadline,
 * for the leaf to park. GS_ENOMEM: the operation was canceled. */
int gs__op_wait(struct gs__op *op, struct gs__deadline *expiry,
                int64_t deadline_ns);
/* Ends a pending operation with `result`, at the host too. */
void gs__op_abort(struct gs__op *op, int result);

/* An operation that no goroutine waits for: gs__op_ended() is called with it
 * when the host completes it. GS_ENOMEM. May be called outside goroutines. */
int gs__op_begin_detached(struct gs__op *op);
/* Gives up one of these that is pending, at the host too. */
void gs__op_forget(struct gs__op *op);
/* Defined by the only file that begins such; it does not park. */
void gs__op_ended(struct gs__op *op) __attribute__((weak));

/* How many operations are pending. */
uint32_t gs__ops_pending(void);
void gs__ops_term(void);

#endif
