/* Goroutines: start, yield, end.
 *
 * All goroutines of a program run on one thread and switch only where a
 * function parks; such functions say **Parks** in their contract. main() is
 * the first goroutine, and the program ends when it returns, as in Go. */
#ifndef GOSSAMER_GO_H
#define GOSSAMER_GO_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A goroutine's number, from 1 upwards, never reused. 1 is main, unless the
 * constructor of a global started another before it. */
typedef int64_t gs_id;

/* What a goroutine runs. It must have exactly this type: WebAssembly checks
 * the signature of a call through a pointer. */
typedef void gs_func(void *arg);

/* A deadline that never comes. */
#define GS_FOREVER INT64_MAX

/* Stack of a goroutine started by gs_go(): C stack and parked frames share it.
 * It has room for printf("%Lf") five calls deep. */
#define GS_STACK_DEFAULT ((size_t)32768)
/* The smallest stack; gs_go_with() answers GS_EINVAL below it. It is enough for
 * a few small functions: printf("%d") wants 1024 bytes, printf("%f") 2048.
 *
 * A goroutine that overflows its stack ends the program with an error that
 * names it: the build puts a check into every function that uses the C stack,
 * libc's too, and parked frames are checked as they are saved. (On the build
 * machine a guard page does that, under AddressSanitizer.) */
#define GS_STACK_MIN ((size_t)256)
/* The largest stack; gs_go_with() answers GS_EINVAL above it. */
#define GS_STACK_MAX ((size_t)1 << 28)

struct gs_go_options {
  size_t stack_bytes; /* 0: GS_STACK_DEFAULT; rounded up to a multiple of 16 */
  const char *name;   /* for dumps; a string that outlives it, or NULL */
};

/* Starts a goroutine that runs fn(arg) after the caller parks or ends. Returns
 * its id, GS_EINVAL when fn is NULL, or GS_ENOMEM. Never parks. */
gs_id gs_go(gs_func *fn, void *arg);

/* As gs_go(), with a stack size and a name; options may be NULL. GS_EINVAL too
 * when the stack size is out of range. */
gs_id gs_go_with(const struct gs_go_options *options, gs_func *fn, void *arg);

/* Both note where they are called, for dumps; the functions behind them, where
 * a pointer to one is wanted, do not. Arguments may have commas, as in
 * &(struct pair){1, 2}. */
#define gs_go(...) gs__go_from(GS__HERE, __VA_ARGS__)
#define gs_go_with(...) gs__go_with_from(GS__HERE, __VA_ARGS__)
gs_id gs__go_from(const char *from, gs_func *fn, void *arg);
gs_id gs__go_with_from(const char *from, const struct gs_go_options *options,
                       gs_func *fn, void *arg);
/* "main.c:42", a static string. */
#define GS__HERE GS__FILE ":" GS__HERE_TEXT(__LINE__)
#define GS__HERE_TEXT(x) GS__HERE_TEXT_OF(x)
#define GS__HERE_TEXT_OF(x) #x
#ifdef __FILE_NAME__
#define GS__FILE __FILE_NAME__
#else
#define GS__FILE __FILE__
#endif

/* **Parks** behind all goroutines that are ready to run, and gives the host a
 * turn when the time slice is over. 0; in a context that is done, its error,
 * having yielded all the same; GS_EPERM outside a goroutine. */
int gs_yield(void);

/* **Parks** while the program serves calls from JavaScript: until the host
 * stops it, or the caller's context is done. Other goroutines that wait are
 * then not a deadlock. GS_EPERM outside a goroutine. */
int gs_serve(void);

/* Ends the calling goroutine and runs nothing more of it (Go's Goexit). In
 * main it leaves the others running; when they have ended too, that is a
 * deadlock. Outside a goroutine it ends the program with an error. */
#ifdef __cplusplus
[[noreturn]] void gs_exit(void);
#else
_Noreturn void gs_exit(void);
#endif

/* The running goroutine's id; 0 outside a goroutine. Never parks. */
gs_id gs_self(void);
/* The same, for inline functions. */
extern gs_id gs__self_id;

/* How many goroutines there are, main included. Never parks. */
size_t gs_count(void);

/* Writes one line per goroutine to stderr: id and name; running, ready, or what
 * it waits for, the object's address, who holds it, and for how long; the bytes
 * of its stack in use (C stack and parked frames) of how many, and at most so
 * far (the C stack alone, in steps of 128); and where it was started.
 *
 * A stack is well chosen when that most, with the frames the goroutine parks
 * with, leaves a third of it free in the worst case that was tried. Never
 * parks. */
void gs_dump(void);

#ifdef __cplusplus
}
#endif
#endif
