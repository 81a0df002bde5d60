/* Turns at a FILE: libc leaves it half changed when a goroutine parks in it, so
 * those that come meanwhile wait. Two that read, or two that write, take turns,
 * as do seeks; a read in the middle of a write is refused, and so is to close
 * what somebody is in. */
#ifndef GS_LIBC_TURN_H
#define GS_LIBC_TURN_H

#include <stdbool.h>

#include "../sched/wait.h"

enum gs__turn_kind {
  GS__TURN_READS,
  GS__TURN_WRITES,
  GS__TURN_SEEKS,
  GS__TURN_CLOSES
};

/* Lies in its goroutine's frame. */
struct gs__turn {
  struct gs__clause_other clause; /* must be first */
  struct gs__turn *next;          /* that began later, at whatever file */
  void *file;
  struct gs__task *task; /* NULL: outside goroutines, nobody parks */
  enum gs__turn_kind kind;
  bool waits;  /* the clause is the task's */
  bool waited; /* others were at the file when it began */
};

/* **Parks** until nobody else is at the file. 0, and gs__turn_end() is due;
 * GS_EBUSY with a line on stderr; the context's error. */
int gs__turn_begin(struct gs__turn *turn, void *file, enum gs__turn_kind kind);
void gs__turn_end(struct gs__turn *turn);

#endif
