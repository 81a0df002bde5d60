/* errno: each goroutine's own, kept in its task, so that a switch neither saves
 * nor restores it. Outside goroutines, in constructors say, one for all. */
#ifdef __EMSCRIPTEN__
#include <errno.h>

#include "../sched/sched.h"

static int host_errno;

int *__errno_location(void) {
  struct gs__task *task = gs__sched.current;
  return task != NULL ? &task->own_errno : &host_errno;
}

/* What libc calls from inside. */
int *___errno_location(void) __attribute__((alias("__errno_location")));
#endif
