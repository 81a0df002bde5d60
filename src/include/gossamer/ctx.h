/* Contexts: cancel, deadline and values for whatever a goroutine waits for.
 *
 * A goroutine has a current context, inherited by those it starts. When the
 * context is done, every function that parks ends: with GS_ECANCELED when it
 * was canceled, with GS_ETIMEDOUT when its deadline came, and so does every
 * such call that would have to park later. What can go on at once still does.
 * The error is as for a deadline of that call: nothing was sent, received or
 * locked. gs_cond_wait() ends holding its mutex all the same.
 *
 * NULL is the background: never done, without values. Goroutines start in it
 * when a timer, the host or JavaScript starts them. Model of the semantics:
 * Go's package context. */
#ifndef GOSSAMER_CTX_H
#define GOSSAMER_CTX_H

#include <stdint.h>

#include "chan.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_ctx gs_ctx;

/* Make a context below `parent` (often gs_ctx_current()): it is done when the
 * parent is, and sees the parent's values. 0 with *out set, one reference being
 * the caller's; GS_EINVAL, GS_ENOMEM. Never park. */
int gs_ctx_new(gs_ctx **out, gs_ctx *parent);
/* ... and at deadline_ns, on the clock of gs_now(), at the latest. */
int gs_ctx_new_until(gs_ctx **out, gs_ctx *parent, int64_t deadline_ns);
/* ... and `ns` from now at the latest. */
int gs_ctx_new_timeout(gs_ctx **out, gs_ctx *parent, int64_t ns);
/* ... with a value of its own under `key`, which is an address: that of some
 * static object makes a key nobody else has. The value is the caller's and must
 * outlive the context. GS_EINVAL when key is NULL. */
int gs_ctx_new_value(gs_ctx **out, gs_ctx *parent, const void *key,
                     void *value);
/* Sees the parent's values but is not done with it. */
int gs_ctx_new_detached(gs_ctx **out, gs_ctx *parent);

/* Adds a reference and returns the context. Never parks. */
gs_ctx *gs_ctx_retain(gs_ctx *ctx);
/* Drops a reference. Goroutines in the context and contexts below it have one
 * each: it does not cancel. Never parks. */
void gs_ctx_release(gs_ctx *ctx);

/* Ends the context and those below it: wakes all who wait in them. `cause` is
 * any negative number that tells why, often a GS_E*; 0 stands for GS_ECANCELED.
 * 1; 0 when it was done already, and nothing changes; GS_EINVAL for NULL or a
 * positive cause. Never parks. */
int gs_ctx_cancel(gs_ctx *ctx, int cause);

/* 0, GS_ECANCELED or GS_ETIMEDOUT: whether it is done, and how. */
int gs_ctx_error(const gs_ctx *ctx);
/* 0, or the cause that ended it or the context above that ended it;
 * GS_ETIMEDOUT for a deadline. */
int gs_ctx_cause(const gs_ctx *ctx);
/* The earliest deadline of it and those above; GS_FOREVER when none has one. */
int64_t gs_ctx_deadline(const gs_ctx *ctx);
/* The value of the nearest context that has the key; NULL: none has. */
void *gs_ctx_value(const gs_ctx *ctx, const void *key);

/* A channel that is closed when the context is done, for gs_select(). *out is
 * the context's: retain it to keep it longer. NULL, which is never ready, for
 * the background. 0, GS_EINVAL, GS_ENOMEM. Never parks. */
int gs_ctx_chan(gs_chan **out, gs_ctx *ctx);
/* **Parks** until `ctx`, which need not be the caller's, is done. 0;
 * GS_EPERM outside a goroutine. */
int gs_ctx_wait(gs_ctx *ctx);
int gs_ctx_wait_until(gs_ctx *ctx, int64_t deadline_ns);

/* The caller's context, not a reference; NULL in the background and outside a
 * goroutine. Never parks. */
gs_ctx *gs_ctx_current(void);
/* Makes `ctx` the caller's context. The result, which takes over the
 * goroutine's reference to the former one, is for gs_ctx_leave() and nothing
 * else; the two nest. A goroutine that ends between them, by gs_exit(), leaves
 * the former one with a reference too many: it is freed no more, and works all
 * the same. Outside a goroutine they do nothing. Never park.
 *
 *   gs_ctx *ctx;
 *   if (gs_ctx_new_timeout(&ctx, gs_ctx_current(), 5 * GS_SECOND) == GS_OK) {
 *     gs_ctx *outer = gs_ctx_enter(ctx);
 *     error = fetch_all();              <- whatever waits in it ends in time
 *     gs_ctx_leave(outer);
 *     gs_ctx_release(ctx);
 *   } */
gs_ctx *gs_ctx_enter(gs_ctx *ctx);
void gs_ctx_leave(gs_ctx *outer);

/* Between the two the caller's waits do not end by its context; its deadlines
 * and gs_ctx_error() still hold. They nest. For clean-up that must be done:
 * goroutines started inside are not shielded. Outside a goroutine they do
 * nothing. Never park. */
void gs_ctx_shield(void);
void gs_ctx_unshield(void);

#ifdef __cplusplus
}
#endif
#endif
