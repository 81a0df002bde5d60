/* Groups: goroutines that belong together and end together.
 *
 *   gs_group *group;
 *   int error = gs_group_new(&group, NULL);
 *   if (error < 0) return error;
 *   for (int i = 0; i < count && error == GS_OK; i++) {
 *     error = gs_group_go(group, fetch, &parts[i]);
 *   }
 *   error = gs_group_wait(group);      <- the first that failed, if any
 *   gs_group_release(group);
 *
 * A group has a context below that of its maker, and its members run in it. The
 * first of them that fails cancels it, with its error as the cause, so that the
 * waits of the others end; so do the deadline and the end of a context above.
 * Nothing that was started in a group outlives it. Model of the semantics:
 * golang.org/x/sync/errgroup. */
#ifndef GOSSAMER_GROUP_H
#define GOSSAMER_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "ctx.h"
#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_group gs_group;

/* What a member runs; a negative result is its error. gs_exit() ends it
 * without one. */
typedef int gs_group_func(void *arg);

struct gs_group_options {
  size_t limit;       /* of members that run at a time; 0: none */
  size_t stack_bytes; /* of each; 0: GS_STACK_DEFAULT */
  const char *name;   /* of each, for dumps; outlives the group, or NULL */
};

/* 0 with *out set; GS_EINVAL when out is NULL or the stack size is out of
 * range; GS_ENOMEM. Options may be NULL; they are copied. Never parks. */
int gs_group_new(gs_group **out, const struct gs_group_options *options);

/* Starts fn(arg) as a member. **Parks** while the limit is reached; those who
 * wait are served in the order they came. 0; GS_ECANCELED or GS_ETIMEDOUT when
 * the group's context is done, or the caller's while it waits, and then nothing
 * was started; GS_EINVAL; GS_ENOMEM; GS_EPERM when it would wait outside a
 * goroutine. Members that wait here for each other to end deadlock. */
int gs_group_go(gs_group *group, gs_group_func *fn, void *arg);
/* Never parks: GS_EAGAIN where gs_group_go() would wait. */
int gs_group_try_go(gs_group *group, gs_group_func *fn, void *arg);

/* Both note where they are called, for dumps. */
#define gs_group_go(group, ...) gs__group_go(GS__HERE, (group), __VA_ARGS__)
#define gs_group_try_go(group, ...) \
  gs__group_try_go(GS__HERE, (group), __VA_ARGS__)
int gs__group_go(const char *from, gs_group *group, gs_group_func *fn,
                 void *arg);
int gs__group_try_go(const char *from, gs_group *group, gs_group_func *fn,
                     void *arg);

/* **Parks** until no member runs. The group's first error, or 0; GS_ECANCELED
 * or GS_ETIMEDOUT when the caller's context ends the wait; GS_EDEADLK in a
 * member; GS_EPERM when it would wait outside a goroutine; GS_EINVAL for NULL.
 * It neither cancels the group nor ends it: more may be started. */
int gs_group_wait(gs_group *group);
/* Never parks: GS_EAGAIN while members run. */
int gs_group_try_wait(gs_group *group);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT. */
int gs_group_wait_until(gs_group *group, int64_t deadline_ns);

/* Cancels the group's context: as gs_ctx_cancel(). Never parks. */
int gs_group_cancel(gs_group *group, int cause);

/* Cancels what still runs in the group, **parks** until it has ended, whatever
 * the caller's context says, and frees the group. Those who wait in
 * gs_group_go() get GS_ECANCELED. In a member and outside a goroutine it does
 * not wait: the last member frees the group. NULL is allowed. */
void gs_group_release(gs_group *group);

/* The group's context, not a reference; its first error, or 0; members that
 * run now; that were started in all. NULL and 0 for NULL. Never park. */
gs_ctx *gs_group_ctx(const gs_group *group);
int gs_group_error(const gs_group *group);
size_t gs_group_running(const gs_group *group);
size_t gs_group_started(const gs_group *group);

#ifdef __cplusplus
}
#endif
#endif
