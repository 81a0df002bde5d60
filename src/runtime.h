/* Starting and ending the runtime, for runtime.c and the tests. */
#ifndef GS_RUNTIME_H
#define GS_RUNTIME_H

#include <stdint.h>

#include "sched/sched.h"

/* main() is an ordinary C program: it may want more than others. */
#define GS__MAIN_STACK_BYTES ((size_t)256 << 10)

void gs__runtime_init(uint64_t seed);
/* Drops all goroutines, cancels all host operations, frees all memory. */
void gs__runtime_term(void);

/* gs__sched_pump(), and what is to be looked after when goroutines pause. */
enum gs__idle gs__runtime_pump(void);

/* Every goroutine waits and nothing can wake one: reports who waits for what
 * and ends the program. */
_Noreturn void gs__deadlock(void);

#endif
