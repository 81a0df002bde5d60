/* Where libc waits: for an answer of the host, and for one's turn at a FILE.
 * One file, for the second is needed in the programs that have the first, and
 * stdio.c finds out by a weak reference. */
#ifdef __EMSCRIPTEN__
#include "../host/op.h"
#include "turn.h"
#include "wasi.h"

/* ---- the host ---- */

/* The errno of a call that waited. */
GS__INLINE __wasi_errno_t ended(int64_t result) {
  return (__wasi_errno_t)(result < 0 ? -result : result);
}

GS__LEAF(gs__wasi_wait) __wasi_errno_t gs__wasi_wait(const char *name) {
  if (gs__coro_resumed()) return ended(gs__sched.current->result);
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) {
    gs__host_wasi_wait(0);
    return ended(error);
  }
  gs__host_wasi_wait(op.token);
  error = gs__op_wait(&op, NULL, GS_FOREVER);
  if (error != GS_OK) return ended(error);
  return ended(gs__park(name, NULL));
}

/* ---- turns ---- */

/* The oldest first. */
static struct gs__turn *turns;

static void cancel(struct gs__clause *clause) {
  ((struct gs__turn *)clause)->waits = false;
}

/* Not public: until the turn is the first of its file. GS_OK, or the context's
 * error. */
int gs__turn_wait(struct gs__turn *turn);

GS__LEAF(gs__turn_wait) int gs__turn_wait(struct gs__turn *turn) {
  GS__LEAF_BODY(int);
  turn->clause.cancel = cancel;
  turn->waits = true;
  gs__wait_add(&turn->clause.clause, GS__CLAUSE_OTHER);
  return (int)gs__park("FILE", turn->file);
}

/* The first turn at the file from there on. */
static struct gs__turn *first_of(struct gs__turn *turn, const void *file) {
  while (turn != NULL && turn->file != file) turn = turn->next;
  return turn;
}

static const char *name_of(const struct gs__task *task) {
  return task->name == NULL ? "-" : task->name;
}

static int refuse(const struct gs__turn *turn, const struct gs__turn *other) {
  static const char *const verbs[] = {"read", "write", "seek in", "close"};
  gs__report(
      "goroutine %lld (%s) cannot %s a FILE that goroutine %lld (%s) is "
      "busy with",
      (long long)turn->task->id, name_of(turn->task), verbs[turn->kind],
      (long long)other->task->id, name_of(other->task));
  return GS_EBUSY;
}

/* Whether one can only come after the other, and not in between. */
static bool clash(enum gs__turn_kind a, enum gs__turn_kind b) {
  if (a == GS__TURN_CLOSES || b == GS__TURN_CLOSES) return true;
  return a != b && a != GS__TURN_SEEKS && b != GS__TURN_SEEKS;
}

int gs__turn_begin(struct gs__turn *turn, void *file, enum gs__turn_kind kind) {
  *turn =
      (struct gs__turn){.file = file, .kind = kind, .task = gs__sched.current};
  if (turn->task == NULL) return GS_OK;
  struct gs__turn *holder = first_of(turns, file);
  for (struct gs__turn *t = holder; t != NULL; t = first_of(t->next, file)) {
    if (clash(kind, t->kind)) return refuse(turn, t);
  }
  struct gs__turn **end = &turns;
  while (*end != NULL) end = &(*end)->next;
  *end = turn;
  if (holder == NULL) return GS_OK;
  turn->waited = true;
  int error = gs__turn_wait(turn);
  if (error != GS_OK) gs__turn_end(turn);
  return error;
}

void gs__turn_end(struct gs__turn *turn) {
  if (turn->task == NULL) return;
  struct gs__turn **at = &turns;
  while (*at != turn) at = &(*at)->next;
  *at = turn->next;
  struct gs__turn *next = first_of(turns, turn->file);
  if (next == NULL || !next->waits) return;
  next->waits = false;
  gs__wake(&next->clause.clause, GS_OK);
}
#endif
