/* Animation frames and the page's canvas.
 *
 * In a page a frame is a requestAnimationFrame callback, and goroutines woken
 * by it run inside that callback: what they draw is in the same frame. Browsers
 * give a page no frames while it is hidden. Under Node they come 60 times a
 * second. */
#ifndef GOSSAMER_FRAME_H
#define GOSSAMER_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "chan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* **Parks** until the next animation frame and stores its timestamp, in
 * milliseconds on the page's clock (DOMHighResTimeStamp), in *timestamp_ms,
 * which may be NULL. Any number of goroutines may wait for the same frame.
 * Frames that pass while nobody waits are not made up for. 0; GS_EPERM outside
 * a goroutine. */
int gs_frame(double *timestamp_ms);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT. */
int gs_frame_until(double *timestamp_ms, int64_t deadline_ns);

/* Makes a channel of capacity 1 that receives each frame's timestamp, a
 * double; a frame that was not received yet is replaced by the newer one. The
 * feed ends when the channel is closed, or nobody else holds it any more. 0
 * with *out set, or GS_ENOMEM. The caller owns one reference, the feed
 * another. Never parks. */
int gs_frame_chan(gs_chan **out);

/* Shows `width` x `height` pixels, 4 bytes each (R, G, B, A, not premultiplied;
 * rows without gaps), on the page's canvas, which takes that size. The pixels
 * are read during the call and belong to the caller. 0; GS_ENODEV when the
 * program was given no canvas; GS_EINVAL for a NULL or empty picture or one
 * that does not lie in memory. Never parks. */
int gs_canvas_present(const void *pixels, uint32_t width, uint32_t height);

/* The canvas's size in pixels. 0 with both set, or GS_ENODEV. Never parks. */
int gs_canvas_size(uint32_t *width, uint32_t *height);

#ifdef __cplusplus
}
#endif
#endif
