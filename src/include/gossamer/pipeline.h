/* Channels put together: many into one, one into many.
 *
 * Each of these starts a goroutine that passes elements on, in the caller's
 * context. The channels it makes are the caller's, one reference each; of its
 * inputs it keeps references of its own, and nobody else should receive from
 * them.
 *
 * A pipeline ends from either side. When the inputs are closed and drained, the
 * outputs are closed. When nobody wants the outputs any more, because the
 * consumers closed them or dropped their last references, the inputs are
 * closed: who sends there gets GS_EPIPE. When the context is done, both. An
 * element that was on its way from input to output may then be lost; else none
 * is. Never park. */
#ifndef GOSSAMER_PIPELINE_H
#define GOSSAMER_PIPELINE_H

#include <stddef.h>

#include "chan.h"
#include "error.h"
#include "typed.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fan-in: *out gets every element of the `count` inputs. Those of one input
 * stay in order; among inputs that are ready the choice is random. `out`
 * buffers `capacity` elements, and one more is on its way: beyond that a slow
 * consumer holds back the producers. It takes time in proportion to `count` for
 * each element.
 *
 * 0 with *out set; GS_EINVAL when count is 0, a channel is NULL or the elements
 * are not all of one size; GS_ENOMEM. */
int gs_chan_merge(gs_chan **out, gs_chan *const *ins, size_t count,
                  size_t capacity);

/* Fan-out, each element to all: every one of the `count` outputs gets every
 * element of `in`, in order. An output whose consumer is `capacity` elements
 * behind holds back all the others. Results as gs_chan_merge(). */
int gs_chan_tee(gs_chan **outs, size_t count, gs_chan *in, size_t capacity);

/* Fan-out, each element to one: an output gets an element when it has room for
 * it; among several that have, the choice is random. A slow consumer gets
 * fewer, and holds back the others only when none has room. What is buffered
 * for a consumer that goes is lost with it. Results as gs_chan_merge(). */
int gs_chan_distribute(gs_chan **outs, size_t count, gs_chan *in,
                       size_t capacity);

#ifdef __cplusplus
}

/* Typed channels: all of one type. */
template <class C>
inline int gs_merge(C *out, const C *ins, size_t count, size_t capacity) {
  static_assert(sizeof(C) == sizeof(gs_chan *), "a typed channel");
  return gs_chan_merge(&out->chan, &ins->chan, count, capacity);
}
template <class C>
inline int gs_tee(C *outs, size_t count, C in, size_t capacity) {
  return gs_chan_tee(&outs->chan, count, in.chan, capacity);
}
template <class C>
inline int gs_distribute(C *outs, size_t count, C in, size_t capacity) {
  return gs_chan_distribute(&outs->chan, count, in.chan, capacity);
}

#else

#define GS__SAME_CHAN(a, b)                                           \
  GS__REQUIRE(__builtin_types_compatible_p(GS__ELEM(a), GS__ELEM(b)), \
              "the channels are not of the same element type")
#define gs_merge(out, ins, count, capacity) \
  gs_chan_merge(&(out)->chan, &(ins)->chan, \
                (count) + GS__SAME_CHAN(*(out), *(ins)), (capacity))
#define gs_tee(outs, count, in, capacity)                                     \
  gs_chan_tee(&(outs)->chan, (count) + GS__SAME_CHAN(*(outs), in), (in).chan, \
              (capacity))
#define gs_distribute(outs, count, in, capacity)                          \
  gs_chan_distribute(&(outs)->chan, (count) + GS__SAME_CHAN(*(outs), in), \
                     (in).chan, (capacity))

#endif
#endif
