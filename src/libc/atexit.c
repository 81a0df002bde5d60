/* atexit() and the destructors of C++ globals. Emscripten links empty ones
 * into a module without an entry, since it expects it never to end; a program
 * here does end. exit() calls __funcs_on_exit(). */
#ifdef __EMSCRIPTEN__
#include <stdlib.h>

#include "../sched/sched.h"

struct handler {
  struct handler *next; /* registered before this one */
  void (*fn)(void *arg);
  void *arg;
};

static struct handler *handlers;

int __cxa_atexit(void (*fn)(void *), void *arg, void *dso);
void __cxa_finalize(void *dso);
void __funcs_on_exit(void);

int __cxa_atexit(void (*fn)(void *), void *arg, void *dso) {
  (void)dso;
  struct handler *handler = malloc(sizeof *handler);
  if (handler == NULL) return -1;
  *handler = (struct handler){handlers, fn, arg};
  handlers = handler;
  return 0;
}

void __cxa_finalize(void *dso) { (void)dso; }

static void call_plain(void *arg) {
  void (*fn)(void);
  *(void **)&fn = arg;
  fn();
}

int atexit(void (*fn)(void)) {
  return __cxa_atexit(call_plain, *(void **)&fn, NULL);
}

/* The newest first; a handler may register more. Nobody comes in between. */
void __funcs_on_exit(void) {
  if (gs__sched.current != NULL) gs__sched.current->unpreemptible++;
  while (handlers != NULL) {
    struct handler *handler = handlers;
    handlers = handler->next;
    handler->fn(handler->arg);
    free(handler);
  }
}
#endif
