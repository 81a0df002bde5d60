/* Broken invariants and fatal errors: say what is wrong, then end the program.
 *
 * gs_assert() is for our own mistakes and is compiled into debug builds only;
 * gs__fatal() is for what cannot go on in any build. Both end through
 * gs__fatal_end(), which the runtime defines: code 2. */
#ifndef GS_BASE_CHECK_H
#define GS_BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* What a leaf is made of must be inside it: a function of its own would start
 * the unwind in the leaf's place. */
#define GS__INLINE static inline __attribute__((always_inline))

#define gs__likely(x) __builtin_expect(!!(x), 1)
#define gs__unlikely(x) __builtin_expect(!!(x), 0)

#ifdef GS_DEBUG
#define gs_assert(cond) \
  ((cond)               \
       ? (void)0        \
       : gs__fatal("%s:%d: broken invariant: %s", __FILE__, __LINE__, #cond))
#else
#define gs_assert(cond) ((void)sizeof(cond))
#endif

/* Reports "fatal: ..." on stderr and ends the program with code 2. Never
 * parks, needs little stack of its own. */
_Noreturn void gs__fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Writes one line to the host's stderr, or to gs__report_to while that is set.
 * Formats: %s %d %u %lld %llu %zu %p %%. */
void gs__report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lines in memory, each with its '\n'; all zero: none. */
struct gs__lines {
  char *text; /* malloc's */
  size_t length;
  size_t capacity;
  bool no_memory; /* some are missing */
};
extern struct gs__lines *gs__report_to;

/* The same into a buffer, cut off. */
void gs__format(char *to, size_t size_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the program after a fatal error was reported; the runtime defines it. */
_Noreturn void gs__fatal_end(void);
/* Writes one line to the host's stderr; the host floor defines it. */
void gs__report_line(const char *text, size_t text_bytes);

#endif
