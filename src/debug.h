/* Dumps for people. May read every floor. */
#ifndef GS_DEBUG_H
#define GS_DEBUG_H

#include "sched/sched.h"

/* One line per goroutine, oldest first. */
void gs__dump_tasks(void);
/* The same as text, lines with '\n' between them, valid until the next call;
 * NULL: no memory. An export. Never parks. */
const char *gs_dump_text(void);
/* Frees that text. */
void gs__dump_term(void);
/* "goroutine 7 (worker)", into a buffer that the next call overwrites; empty
 * when task is NULL. */
const char *gs__task_label(const struct gs__task *task);
/* How what a parked task waits for stands, as " held by goroutine 3" or " (2
 * lent, 0 idle)"; empty when there is nothing to say. */
void gs__wait_state(const struct gs__task *task, char *to, size_t size_bytes);
/* Panics when the scheduler's own lists or the timer heap are wrong. */
void gs__sched_check(void);

#endif
