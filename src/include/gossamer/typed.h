/* Typed channels: a wrong element type does not compile.
 *
 *   GS_CHAN_TYPE(int_chan, int);
 *   int_chan numbers = GS_CHAN_NULL;
 *   gs_make(&numbers, 8);
 *   gs_send(numbers, 42);       gs_send(numbers, 4.2);  <- does not compile
 *   int n;
 *   while (gs_recv(numbers, &n) > 0) ...
 *
 * The handle is one pointer, passed by value; numbers.chan is the untyped
 * channel: gs_chan_recv(numbers.chan, NULL) drops an element. Results and
 * parking are those of the gs_chan_* function behind. */
#ifndef GOSSAMER_TYPED_H
#define GOSSAMER_TYPED_H

#include <string.h>

#include "chan.h"

/* A buffered channel with room, or with an element, is served in place: the
 * size of the element is a constant here. Everything else is a call. Debug
 * builds always call. */
static inline __attribute__((always_inline)) int gs__send_typed(
    gs_chan *chan, const void *elem, size_t elem_bytes) {
  struct gs__ring *ring = (struct gs__ring *)(void *)chan;
#ifndef GS_DEBUG
  if (ring != NULL && ring->count < ring->send_limit) {
    unsigned char *slot = ring->tail;
    memcpy(slot, elem, elem_bytes);
    slot += elem_bytes;
    ring->tail = slot == ring->end ? ring->start : slot;
    ring->count++;
    return GS_OK;
  }
#endif
  (void)ring, (void)elem_bytes;
  return gs_chan_send(chan, elem);
}

static inline __attribute__((always_inline)) int gs__recv_typed(
    gs_chan *chan, void *elem, size_t elem_bytes) {
  struct gs__ring *ring = (struct gs__ring *)(void *)chan;
#ifndef GS_DEBUG
  if (ring != NULL && elem != NULL && ring->count > ring->recv_floor) {
    unsigned char *slot = ring->head;
    memcpy(elem, slot, elem_bytes);
    slot += elem_bytes;
    ring->head = slot == ring->end ? ring->start : slot;
    ring->count--;
    return 1;
  }
#endif
  (void)ring, (void)elem_bytes;
  return gs_chan_recv(chan, elem);
}

static inline int gs__select_result(int *result, const struct gs_case *cases,
                                    int index) {
  if (index >= 0 && result != NULL) *result = cases[index].result;
  return index;
}

#ifdef __cplusplus
#include <type_traits>

/* Declares `name`, a channel of elements of `type` (trivially copyable). */
#define GS_CHAN_TYPE(name, type)                               \
  static_assert(std::is_trivially_copyable<type>::value,       \
                "a channel copies its elements byte by byte"); \
  struct name {                                                \
    using elem_type = type;                                    \
    gs_chan *chan;                                             \
  }

#define GS_CHAN_NULL \
  { nullptr }

template <class C>
inline int gs_make(C *out, size_t capacity) {
  return gs_chan_new(&out->chan, sizeof(typename C::elem_type), capacity);
}

#define GS__TYPED_SEND(name, plain, EXTRA_PARAMS, EXTRA_ARGS)        \
  template <class C, class V>                                        \
  inline int name(C c, V value EXTRA_PARAMS) {                       \
    static_assert(std::is_same<V, typename C::elem_type>::value,     \
                  "the value is not of the channel's element type"); \
    return plain(c.chan, &value EXTRA_ARGS);                         \
  }
#define GS__TYPED_RECV(name, plain, EXTRA_PARAMS, EXTRA_ARGS)          \
  template <class C, class V>                                          \
  inline int name(C c, V *elem EXTRA_PARAMS) {                         \
    static_assert(std::is_same<V, typename C::elem_type>::value,       \
                  "the pointer is not to the channel's element type"); \
    return plain(c.chan, elem EXTRA_ARGS);                             \
  }
#define GS__COMMA ,
GS__TYPED_SEND(gs_send, gs__send_typed, , GS__COMMA sizeof(V))
GS__TYPED_SEND(gs_try_send, gs_chan_try_send, , )
GS__TYPED_SEND(gs_send_until, gs_chan_send_until, GS__COMMA int64_t deadline_ns,
               GS__COMMA deadline_ns)
GS__TYPED_RECV(gs_recv, gs__recv_typed, , GS__COMMA sizeof(V))
GS__TYPED_RECV(gs_try_recv, gs_chan_try_recv, , )
GS__TYPED_RECV(gs_recv_until, gs_chan_recv_until, GS__COMMA int64_t deadline_ns,
               GS__COMMA deadline_ns)

template <class C, class V>
inline gs_case gs_send_case(C c, const V *elem) {
  static_assert(std::is_same<V, typename C::elem_type>::value,
                "the pointer is not to the channel's element type");
  return GS_SEND(c.chan, elem);
}
template <class C, class V>
inline gs_case gs_recv_case(C c, V *elem) {
  static_assert(std::is_same<V, typename C::elem_type>::value,
                "the pointer is not to the channel's element type");
  return GS_RECV(c.chan, elem);
}

/* See below. */
template <class... Cases>
inline int gs_select_of(int *result, Cases... cases) {
  gs_case all[] = {cases...};
  return gs__select_result(result, all, gs_select(all, sizeof...(cases)));
}
template <class... Cases>
inline int gs_try_select_of(int *result, Cases... cases) {
  gs_case all[] = {cases...};
  return gs__select_result(result, all, gs_try_select(all, sizeof...(cases)));
}
template <class... Cases>
inline int gs_select_of_until(int *result, int64_t deadline_ns,
                              Cases... cases) {
  gs_case all[] = {cases...};
  return gs__select_result(result, all,
                           gs_select_until(all, sizeof...(cases), deadline_ns));
}

#else /* C11 */

/* Declares `name`, a channel of elements of `type`. The empty array carries
 * the type and takes no room. */
#define GS_CHAN_TYPE(name, type)          \
  typedef struct name {                   \
    gs_chan *chan;                        \
    __extension__ type *gs__elem_type[0]; \
  } name

#define GS_CHAN_NULL \
  { 0 }

#define GS__ELEM(c) __typeof__(*(c).gs__elem_type[0])
/* 0 at no cost when `cond` holds; does not compile when it does not. */
#define GS__REQUIRE(cond, text)  \
  (0 * sizeof(struct {           \
     _Static_assert(cond, text); \
     char gs__c;                 \
   }))
/* The comma takes the value of an lvalue or an array, and promotes nothing. */
#define GS__SAME_VALUE(c, value)                                               \
  GS__REQUIRE(                                                                 \
      __builtin_types_compatible_p(GS__ELEM(c), __typeof__((void)0, (value))), \
      "the value is not of the channel's element type")
#define GS__SAME_POINTER(c, pointer)                                     \
  GS__REQUIRE(                                                           \
      __builtin_types_compatible_p(GS__ELEM(c), __typeof__(*(pointer))), \
      "the pointer is not to the channel's element type")

#define gs_make(out, capacity) \
  gs_chan_new(&(out)->chan, sizeof(GS__ELEM(*(out))), (capacity))

/* The value may be any expression of exactly the element type. */
#define gs_send(c, value)                                              \
  gs__send_typed((c).chan,                                             \
                 (GS__ELEM(c)[1]){(value)} + GS__SAME_VALUE(c, value), \
                 sizeof(GS__ELEM(c)))
#define gs_try_send(c, value) \
  gs_chan_try_send((c).chan,  \
                   (GS__ELEM(c)[1]){(value)} + GS__SAME_VALUE(c, value))
#define gs_send_until(c, value, deadline_ns)                               \
  gs_chan_send_until((c).chan,                                             \
                     (GS__ELEM(c)[1]){(value)} + GS__SAME_VALUE(c, value), \
                     (deadline_ns))
#define gs_recv(c, elem)                                       \
  gs__recv_typed((c).chan, (elem) + GS__SAME_POINTER(c, elem), \
                 sizeof(GS__ELEM(c)))
#define gs_try_recv(c, elem) \
  gs_chan_try_recv((c).chan, (elem) + GS__SAME_POINTER(c, elem))
#define gs_recv_until(c, elem, deadline_ns)                        \
  gs_chan_recv_until((c).chan, (elem) + GS__SAME_POINTER(c, elem), \
                     (deadline_ns))

/* Cases for gs_select(), with the element's type checked. */
#define gs_send_case(c, elem) \
  GS_SEND((c).chan, (elem) + GS__SAME_POINTER(c, elem))
#define gs_recv_case(c, elem) \
  GS_RECV((c).chan, (elem) + GS__SAME_POINTER(c, elem))

/* Select without an array: **park** and answer as gs_select(), gs_try_select()
 * and gs_select_until(), with the chosen case's own result in *result (which
 * may be NULL, and stays as it was when no case was chosen).
 *
 *   int got;
 *   switch (gs_select_of(&got, gs_recv_case(numbers, &n),
 *                        gs_send_case(texts, &text))) {
 *     case 0: if (got == 0) ...    <- numbers is closed */
#define GS__CASES(...) ((struct gs_case[]){__VA_ARGS__})
#define GS__CASE_COUNT(...) \
  (sizeof GS__CASES(__VA_ARGS__) / sizeof(struct gs_case))
#define gs_select_of(result, ...) \
  gs__select_of((result), GS__CASES(__VA_ARGS__), GS__CASE_COUNT(__VA_ARGS__))
#define gs_try_select_of(result, ...)                 \
  gs__try_select_of((result), GS__CASES(__VA_ARGS__), \
                    GS__CASE_COUNT(__VA_ARGS__))
#define gs_select_of_until(result, deadline_ns, ...)    \
  gs__select_of_until((result), GS__CASES(__VA_ARGS__), \
                      GS__CASE_COUNT(__VA_ARGS__), (deadline_ns))

static inline int gs__select_of(int *result, struct gs_case *cases,
                                size_t count) {
  return gs__select_result(result, cases, gs_select(cases, count));
}
static inline int gs__try_select_of(int *result, struct gs_case *cases,
                                    size_t count) {
  return gs__select_result(result, cases, gs_try_select(cases, count));
}
static inline int gs__select_of_until(int *result, struct gs_case *cases,
                                      size_t count, int64_t deadline_ns) {
  return gs__select_result(result, cases,
                           gs_select_until(cases, count, deadline_ns));
}

#endif

#define gs_close(c) gs_chan_close((c).chan)
#define gs_release(c) gs_chan_release((c).chan)

#endif
