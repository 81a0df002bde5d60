/* Signals: what happens to the page or the process, and what the page's script
 * says, on channels.
 *
 * Model of the semantics: Go's os/signal. A channel gets each signal it asked
 * for without anybody waiting for it: what does not fit is dropped. Any number
 * of channels may ask for the same signal. A signal that no channel asks for
 * has its usual effect: SIGINT and SIGTERM end Node. */
#ifndef GOSSAMER_SIGNAL_H
#define GOSSAMER_SIGNAL_H

#include <stddef.h>
#include <stdint.h>

#include "chan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The signals, a bit each, so that several make a set. Pages send the first
 * eight (workers only GS_SIGNAL_ONLINE and GS_SIGNAL_OFFLINE), Node the next
 * two; the page's script can send any of them by app.signal(). */

/* The page is not to be seen any more: another tab, a minimised window. It gets
 * no frames, and timers seldom. */
#define GS_SIGNAL_HIDDEN (UINT32_C(1) << 0)
#define GS_SIGNAL_VISIBLE (UINT32_C(1) << 1)
/* The browser is about to stop the hidden page. Goroutines that wait for this
 * signal run before it does, for one time slice. */
#define GS_SIGNAL_FREEZE (UINT32_C(1) << 2)
#define GS_SIGNAL_RESUME (UINT32_C(1) << 3)
/* The page is left; often the last that the program gets to do. Goroutines
 * that wait for this signal run before the page goes, for one time slice. The
 * event's value is 1 when the browser may keep the page and come back to it by
 * GS_SIGNAL_PAGESHOW. */
#define GS_SIGNAL_PAGEHIDE (UINT32_C(1) << 4)
#define GS_SIGNAL_PAGESHOW (UINT32_C(1) << 5)
#define GS_SIGNAL_ONLINE (UINT32_C(1) << 6)
#define GS_SIGNAL_OFFLINE (UINT32_C(1) << 7)
/* Ctrl-C in the terminal, and the request to end. */
#define GS_SIGNAL_INT (UINT32_C(1) << 8)
#define GS_SIGNAL_TERM (UINT32_C(1) << 9)
/* Signals with the program's own meaning, n from 0 to GS_SIGNAL_USERS - 1:
 * app.signal(n, value), gs_signal_raise(). */
#define GS_SIGNAL_USERS 16
#define GS_SIGNAL_USER(n) (UINT32_C(1) << (16 + (n)))

/* What a channel receives. */
struct gs_signal_event {
  uint32_t signal; /* one of the above */
  int32_t value;   /* given with it; 0 where nothing else is said */
};

/* Makes a channel that receives a struct gs_signal_event for each of the
 * `signals` from now on, and buffers `capacity` of them. One is enough for a
 * channel that only wants to know whether there was any; with less room than
 * signals between two receives, the later ones are dropped. It ends when the
 * channel is closed, or nobody else holds it any more, as soon as goroutines
 * pause. Until then a goroutine that waits for it is no deadlock, and
 * GS_SIGNAL_INT and GS_SIGNAL_TERM keep Node alive.
 *
 * 0 with *out set; GS_EINVAL when out is NULL, `signals` is 0 or has unknown
 * bits, or capacity is 0; GS_ENOMEM. The caller owns one reference, the
 * runtime another. Never parks. */
int gs_signal_chan(gs_chan **out, uint32_t signals, size_t capacity);

/* Sends a signal from within the program, to its own channels only. Returns
 * how many of them took it; GS_EINVAL when `signal` is not one signal. Never
 * parks. */
int gs_signal_raise(uint32_t signal, int32_t value);

/* The state that signals tell the changes of: GS_SIGNAL_HIDDEN or
 * GS_SIGNAL_VISIBLE, and GS_SIGNAL_ONLINE or GS_SIGNAL_OFFLINE, as the host
 * has it now; what was raised does not count. A channel receives nothing for
 * the state it starts in: ask here after making it. Where there is no page the
 * program counts as visible, and as online where nothing is known. Never
 * parks. */
uint32_t gs_signal_state(void);

#ifdef __cplusplus
}
#endif
#endif
