/* Generators: a goroutine as an iterator.
 *
 *   static int count(gs_gen *gen, void *arg) {
 *     for (int i = 0; i < *(int *)arg; i++) {
 *       int error = gs_gen_yield(gen, &i);
 *       if (error < 0) return error;        <- nobody wants more
 *     }
 *     return 0;
 *   }
 *
 *   gs_gen *gen;
 *   int i;
 *   gs_gen_new(&gen, sizeof i, count, &limit);
 *   while (gs_gen_next(gen, &i) > 0) ...
 *   gs_gen_release(gen);
 *
 * The body runs only while somebody waits for its next element: not before the
 * first is asked for, and between two elements not at all. Typed generators
 * stand at the end. Model of the semantics: Go's iter.Pull. */
#ifndef GOSSAMER_GEN_H
#define GOSSAMER_GEN_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"
#include "typed.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_gen gs_gen;

/* The body. What it returns, 0 or a negative error, is what gs_gen_next()
 * answers after the last element. gs_exit() ends it as 0 does. */
typedef int gs_gen_func(gs_gen *gen, void *arg);

/* Makes a generator of elements of elem_bytes (at least 1), whose body is
 * fn(gen, arg), in a goroutine in a context below the caller's. 0 with *out
 * set; GS_EINVAL; GS_ENOMEM. Never parks. */
int gs_gen_new(gs_gen **out, size_t elem_bytes, gs_gen_func *fn, void *arg);
/* ... with a stack size and a name for its goroutine; options may be NULL. */
int gs_gen_new_with(gs_gen **out, const struct gs_go_options *options,
                    size_t elem_bytes, gs_gen_func *fn, void *arg);

/* Both note where they are called, for dumps. */
#define gs_gen_new(...) gs__gen_new(GS__HERE, __VA_ARGS__)
#define gs_gen_new_with(...) gs__gen_new_with(GS__HERE, __VA_ARGS__)
int gs__gen_new(const char *from, gs_gen **out, size_t elem_bytes,
                gs_gen_func *fn, void *arg);
int gs__gen_new_with(const char *from, gs_gen **out,
                     const struct gs_go_options *options, size_t elem_bytes,
                     gs_gen_func *fn, void *arg);

/* In the body: gives a copy of *elem to the one who waits for it and **parks**
 * until the next is wanted. 0; GS_EPIPE when nobody wants more: the body should
 * clean up and return; GS_ECANCELED or GS_ETIMEDOUT when the next is wanted and
 * its context is done. GS_EPERM outside the body's goroutine;
 * GS_EINVAL for NULL. */
int gs_gen_yield(gs_gen *gen, const void *elem);

/* **Parks** until the body yields the next element, copied into *elem (NULL:
 * dropped), or ends. 1 with an element; then, again and again, what the body
 * returned: 0 or a negative error, *elem being left alone. Goroutines that ask
 * at the same time are served in the order they came. GS_EPIPE when it is
 * released meanwhile; GS_EDEADLK in the body; GS_EPERM outside a goroutine;
 * GS_EINVAL for NULL.
 *
 * There is no gs_gen_try_next(): the body runs only while somebody waits, so
 * there would never be an element. */
int gs_gen_next(gs_gen *gen, void *elem);
/* At most until deadline_ns: then GS_ETIMEDOUT, or GS_ENOMEM when the deadline
 * cannot be queued. The body goes on to its next yield; that element is kept
 * for whoever asks next. */
int gs_gen_next_until(gs_gen *gen, void *elem, int64_t deadline_ns);

/* Ends the generator at any time, and frees it when its body has ended; NULL is
 * allowed. A body that was not started never is. One that waits in its yield
 * goes on with GS_EPIPE. One that waits for something else has its context
 * canceled, with GS_EPIPE as the cause: clean-up that parks wants
 * gs_ctx_shield(). Never parks. */
void gs_gen_release(gs_gen *gen);

#ifdef __cplusplus
}
#endif

/* ---- typed: a wrong element type does not compile ----
 *
 *   GS_GEN_TYPE(int_gen, int);
 *   static int count(gs_gen *gen, void *arg) {
 *     int_gen self = GS_GEN_OF(gen);
 *     for (int i = 0; gs_emit(self, i) == GS_OK; i++) {}
 *     return 0;
 *   }
 *
 *   int_gen numbers;
 *   gs_generate(&numbers, count, NULL);
 *   while (gs_next(numbers, &i) > 0) ...
 *   gs_gen_release(numbers.gen); */

#ifdef __cplusplus

#define GS_GEN_TYPE(name, type)                                  \
  static_assert(std::is_trivially_copyable<type>::value,         \
                "a generator copies its elements byte by byte"); \
  struct name {                                                  \
    using elem_type = type;                                      \
    gs_gen *gen;                                                 \
  }
#define GS_GEN_OF(gen_) \
  { gen_ }

template <class G>
inline int gs_generate(G *out, gs_gen_func *fn, void *arg) {
  return (gs_gen_new)(&out->gen, sizeof(typename G::elem_type), fn, arg);
}
template <class G, class V>
inline int gs_emit(G g, V value) {
  static_assert(std::is_same<V, typename G::elem_type>::value,
                "the value is not of the generator's element type");
  return gs_gen_yield(g.gen, &value);
}
template <class G, class V>
inline int gs_next(G g, V *elem) {
  static_assert(std::is_same<V, typename G::elem_type>::value,
                "the pointer is not to the generator's element type");
  return gs_gen_next(g.gen, elem);
}
template <class G, class V>
inline int gs_next_until(G g, V *elem, int64_t deadline_ns) {
  static_assert(std::is_same<V, typename G::elem_type>::value,
                "the pointer is not to the generator's element type");
  return gs_gen_next_until(g.gen, elem, deadline_ns);
}

#else

#define GS_GEN_TYPE(name, type)           \
  typedef struct name {                   \
    gs_gen *gen;                          \
    __extension__ type *gs__elem_type[0]; \
  } name
#define GS_GEN_OF(gen_) \
  { .gen = (gen_) }

#define gs_generate(out, fn, arg) \
  gs_gen_new(&(out)->gen, sizeof(GS__ELEM(*(out))), (fn), (arg))
#define gs_emit(g, value) \
  gs_gen_yield((g).gen, (GS__ELEM(g)[1]){(value)} + GS__SAME_VALUE(g, value))
#define gs_next(g, elem) \
  gs_gen_next((g).gen, (elem) + GS__SAME_POINTER(g, elem))
#define gs_next_until(g, elem, deadline_ns) \
  gs_gen_next_until((g).gen, (elem) + GS__SAME_POINTER(g, elem), (deadline_ns))

#endif
#endif
