/* Small concurrent programs, and a reference model that tells everything that
 * may come of one: an abstract machine, searched through all its choices. It is
 * written from the contracts in the public headers and has no queues of its
 * own: who is served is who waits longest. Nothing of the runtime is in it. */
#ifndef GS_TESTS_MODEL_H
#define GS_TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model-set.h"

enum {
  MODEL_ACTORS = 4,
  MODEL_OPS = 4,
  MODEL_CHANS = 3,
  MODEL_BUFFER = 2,
  MODEL_NULL_CHAN = MODEL_CHANS, /* the number of the NULL channel */
  MODEL_UNTOUCHED = 0xee         /* an element that was not written */
};

enum model_kind {
  MODEL_TRANSFER, /* cases: one is a send or a receive, more are a select */
  MODEL_CLOSE,
  MODEL_SLEEP, /* `amount` */
  MODEL_YIELD,
  MODEL_TICK, /* the clock reaches `amount`, and deadlines fire */
  MODEL_LOCK,
  MODEL_UNLOCK,
  MODEL_COND_WAIT,
  MODEL_SIGNAL,
  MODEL_BROADCAST,
  MODEL_READ_LOCK,
  MODEL_READ_UNLOCK,
  MODEL_WRITE_LOCK,
  MODEL_WRITE_UNLOCK,
  MODEL_ACQUIRE, /* `amount` units */
  MODEL_RELEASE, /* as above */
  MODEL_COUNT_ADD,
  MODEL_COUNT_DONE,
  MODEL_COUNT_WAIT,
  MODEL_BARRIER,
  MODEL_ONCE,   /* its function yields, or sleeps for `amount` */
  MODEL_CANCEL, /* the context */
  MODEL_KINDS
};

enum model_form { MODEL_PLAIN, MODEL_TRY, MODEL_UNTIL };

struct model_case {
  uint8_t chan;
  bool sends;
};

struct model_op {
  uint8_t kind; /* enum model_kind */
  uint8_t form; /* enum model_form */
  uint8_t cases_count;
  struct model_case cases[2];
  uint8_t amount;
  uint8_t deadline;
};

struct model_actor {
  uint8_t count;
  bool in_ctx; /* else in the background */
  struct model_op ops[MODEL_OPS];
};

/* There is one of everything but channels: a mutex, a context, ... */
struct model_program {
  uint8_t capacities[MODEL_CHANS];
  uint8_t units;        /* of the semaphore, at first */
  uint8_t parties;      /* of the barrier, at least 1 */
  uint8_t ctx_deadline; /* 0: none */
  uint8_t actors_count;
  struct model_actor actors[MODEL_ACTORS];
};

/* What one operation answered. */
struct model_result {
  int8_t code;       /* what the function returned */
  int8_t result;     /* of the chosen case of a select, else 0 */
  uint8_t values[2]; /* received, by case, or MODEL_UNTOUCHED */
  uint8_t time;      /* when it returned */
};

/* Everything that can be seen of a run. Unused members are 0. */
struct model_outcome {
  struct model_result results[MODEL_ACTORS][MODEL_OPS];
  uint8_t done[MODEL_ACTORS]; /* operations that returned */
  uint8_t buffered[MODEL_CHANS];
  uint8_t elems[MODEL_CHANS][MODEL_BUFFER];
  uint8_t holder; /* of the mutex: actor + 1, or 0 */
  uint8_t writer; /* as above */
  uint8_t readers;
  uint8_t units;
  uint8_t count; /* of the wait group */
  uint8_t deadlock;
};

/* An element of `actor`'s operation number `step`; no two are alike. */
static inline uint8_t model_element(int actor, int step) {
  return (uint8_t)(1 + actor * MODEL_OPS + step);
}

/* ---- the model ---- */

/* Adds to `outcomes` (of struct model_outcome) all that may come of the
 * program. */
void model_run(const struct model_program *program, struct model_set *outcomes);

void model_print_program(const struct model_program *program);
void model_print_outcome(const struct model_program *program,
                         const struct model_outcome *outcome);

#endif
