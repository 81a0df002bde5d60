/* Groups: see gossamer/group.h. A member is counted out by what its task owns,
 * so it does not matter how it ends. */
#include "group.h"

#include <stdlib.h>

#include "../base/stress.h"

struct member {
  struct gs__owned owned; /* must be first */
  gs_group *group;
  gs_group_func *fn;
  void *arg;
  int result;
};

int gs__group_slot(gs_group *group);

int gs_group_new(gs_group **out, const struct gs_group_options *options) {
  if (out == NULL) return GS_EINVAL;
  struct gs_group_options o = {0, 0, NULL};
  if (options != NULL) o = *options;
  if (o.stack_bytes != 0 &&
      (o.stack_bytes < GS_STACK_MIN || o.stack_bytes > GS_STACK_MAX)) {
    return GS_EINVAL;
  }
  gs_group *group = gs__malloc(sizeof *group);
  if (group == NULL) return GS_ENOMEM;
  *group = (gs_group){.options = o};
  int error = gs_ctx_new(&group->ctx, gs_ctx_current());
  if (error != GS_OK) {
    free(group);
    return error;
  }
  *out = group;
  return GS_OK;
}

static void free_group(gs_group *group) {
  gs_ctx_release(group->ctx);
  free(group);
}

static inline void wake_first(struct gs__queue *queue, int result) {
  gs__wake(&gs__queue_take(queue)->clause.clause, result);
}

/* Gives up a slot, to the first who waits for one. */
static void slot_give(gs_group *group) {
  if (!gs__queue_empty(&group->slot_waiters)) {
    wake_first(&group->slot_waiters, GS_OK);
    return;
  }
  if (--group->slots > 0) return;
  while (!gs__queue_empty(&group->end_waiters)) {
    wake_first(&group->end_waiters, group->error);
  }
  if (group->released) free_group(group);
}

static void member_ended(struct gs__owned *owned, bool dropped) {
  struct member *member = (struct member *)owned;
  gs_group *group = member->group;
  int result = member->result;
  free(member);
  if (dropped) return;
  group->running--;
  if (result < 0 && group->error == 0) {
    group->error = result;
    gs_ctx_cancel(group->ctx, result);
  }
  slot_give(group);
}

static void run_member(void *arg) {
  struct member *member = arg;
  member->result = member->fn(member->arg);
}

/* In the slot that the caller has. */
static int start_member(gs_group *group, gs_group_func *fn, void *arg,
                        const char *from) {
  int error = gs_ctx_error(group->ctx);
  if (error != GS_OK) goto no_member;
  struct member *member = gs__malloc(sizeof *member);
  error = GS_ENOMEM;
  if (member == NULL) goto no_member;
  *member = (struct member){
      .owned = {.end = member_ended}, .group = group, .fn = fn, .arg = arg};
  struct gs_go_options options = {.stack_bytes = group->options.stack_bytes,
                                  .name = group->options.name};
  gs_id id = gs__go_with_from(from, &options, run_member, member);
  if (id < 0) {
    error = (int)id;
    free(member);
    goto no_member;
  }
  struct gs__task *task = gs__task_newest();
  gs__task_enter(task, (struct gs__scope *)group->ctx);
  gs__own(task, &member->owned);
  group->running++;
  group->started++;
  return GS_OK;

no_member:
  slot_give(group);
  return error;
}

/* A slot for a member that may be started: GS_OK; GS_EAGAIN: none is free. */
static int slot_take(gs_group *group, gs_group_func *fn) {
  if (group == NULL || fn == NULL) return GS_EINVAL;
  int error = gs_ctx_error(group->ctx);
  if (error != GS_OK) return error;
  size_t limit = group->options.limit;
  if (limit > 0 && group->slots >= limit) return GS_EAGAIN;
  group->slots++;
  return GS_OK;
}

int gs__group_try_go(const char *from, gs_group *group, gs_group_func *fn,
                     void *arg) {
  int error = slot_take(group, fn);
  return error == GS_OK ? start_member(group, fn, arg, from) : error;
}

GS__LEAF(gs__group_slot) int gs__group_slot(gs_group *group) {
  GS__LEAF_BODY(int);
  struct gs__waiter waiter;
  int error = gs__queue_add(&group->slot_waiters, &waiter, NULL, GS_FOREVER);
  if (error != GS_OK) return error;
  return (int)gs__park("slot of group", group);
}

int gs__group_go(const char *from, gs_group *group, gs_group_func *fn,
                 void *arg) {
  int error = slot_take(group, fn);
  if (error == GS_EAGAIN) error = gs__group_slot(group);
  return error == GS_OK ? start_member(group, fn, arg, from) : error;
}

int(gs_group_try_go)(gs_group *group, gs_group_func *fn, void *arg) {
  return gs__group_try_go(NULL, group, fn, arg);
}

int(gs_group_go)(gs_group *group, gs_group_func *fn, void *arg) {
  return gs__group_go(NULL, group, fn, arg);
}

static bool is_member(const gs_group *group) {
  const struct gs__owned *owned = gs__sched.current->owned;
  for (; owned != NULL; owned = owned->next) {
    if (owned->end != member_ended) continue;
    if (((const struct member *)owned)->group == group) return true;
  }
  return false;
}

GS__INLINE int wait_until(gs_group *group, int64_t deadline_ns) {
  if (group == NULL) return GS_EINVAL;
  if (group->slots == 0) return group->error;
  if (gs__sched.current == NULL) return GS_EPERM;
  if (is_member(group)) return GS_EDEADLK;
  struct gs__waiter waiter;
  int error = gs__queue_add(&group->end_waiters, &waiter, NULL, deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("group", group);
}

GS__LEAF(gs_group_wait) int gs_group_wait(gs_group *group) {
  GS__LEAF_BODY(int);
  return wait_until(group, GS_FOREVER);
}

GS__LEAF(gs_group_wait_until)
int gs_group_wait_until(gs_group *group, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return wait_until(group, deadline_ns);
}

int gs_group_try_wait(gs_group *group) {
  if (group == NULL) return GS_EINVAL;
  return group->slots == 0 ? group->error : GS_EAGAIN;
}

int gs_group_cancel(gs_group *group, int cause) {
  return gs_ctx_cancel(gs_group_ctx(group), cause);
}

void gs_group_release(gs_group *group) {
  if (group == NULL) return;
  gs_ctx_cancel(group->ctx, 0);
  while (!gs__queue_empty(&group->slot_waiters)) {
    wake_first(&group->slot_waiters, GS_ECANCELED);
  }
  if (group->slots > 0 && (gs__sched.current == NULL || is_member(group))) {
    group->released = true;
    return;
  }
  gs_ctx_shield();
  while (group->slots > 0) gs_group_wait(group);
  gs_ctx_unshield();
  free_group(group);
}

gs_ctx *gs_group_ctx(const gs_group *group) {
  return group == NULL ? NULL : group->ctx;
}

int gs_group_error(const gs_group *group) {
  return group == NULL ? 0 : group->error;
}

size_t gs_group_running(const gs_group *group) {
  return group == NULL ? 0 : group->running;
}

size_t gs_group_started(const gs_group *group) {
  return group == NULL ? 0 : group->started;
}
