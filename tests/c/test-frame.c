/* Animation frames and the canvas. Row B2: a frame wakes its goroutine through
 * a channel of capacity 1 that keeps only the newest. */
#include <gossamer/gossamer.h>

#include "../../src/host/frame.h"
#include "../../src/runtime.h"
#include "../../src/sync/chan.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

struct waiter {
  double time_ms;
  int64_t deadline_ns;
  int result;
  int frames; /* how many to wait for */
  bool done;
};

static void wait_for_frames(void *arg) {
  struct waiter *w = arg;
  for (int i = 0; i < w->frames; i++) {
    w->result = w->deadline_ns == 0
                    ? gs_frame(&w->time_ms)
                    : gs_frame_until(&w->time_ms, w->deadline_ns);
  }
  w->done = true;
}

TEST(a_frame_wakes_its_goroutine_with_the_timestamp) {
  struct waiter w = {.frames = 1};
  gs_go(wait_for_frames, &w);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w.done);
  CHECK_EQ(host_fake.frame_requests, 1);
  CHECK_EQ(gs__sched.outstanding, 1);
  host_fake_frame(16.5);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(w.done);
  CHECK_EQ(w.result, GS_OK);
  CHECK_EQ(w.time_ms, 16.5);
  CHECK_EQ(gs__sched.outstanding, 0);
}

TEST(several_goroutines_share_one_frame_and_one_request) {
  struct waiter w[10];
  for (int i = 0; i < 10; i++) {
    w[i] = (struct waiter){.frames = 1};
    gs_go(wait_for_frames, &w[i]);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.frame_requests, 1);
  host_fake_frame(33);
  harness_wait_for_others();
  for (int i = 0; i < 10; i++) {
    CHECK(w[i].done);
    CHECK_EQ(w[i].time_ms, 33.0);
  }
}

TEST(whoever_waits_again_gets_the_next_frame) {
  struct waiter w = {.frames = 3};
  gs_go(wait_for_frames, &w);
  CHECK_EQ(gs_yield(), GS_OK);
  for (int i = 1; i <= 3; i++) {
    CHECK(!w.done);
    CHECK_EQ(host_fake.frame_requests, i);
    host_fake_frame(i);
    CHECK_EQ(gs_yield(), GS_OK);
    CHECK_EQ(w.time_ms, (double)i);
  }
  CHECK(w.done);
  CHECK(!host_fake.frame_requested);
}

TEST(frames_while_nobody_waits_are_not_made_up_for) {
  gs__frames_deliver(1);
  gs__frames_deliver(2);
  struct waiter w = {.frames = 1};
  gs_go(wait_for_frames, &w);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w.done);
  host_fake_frame(3);
  harness_wait_for_others();
  CHECK_EQ(w.time_ms, 3.0);
}

static void frame_without_timestamp(void *arg) { *(int *)arg = gs_frame(NULL); }

TEST(gs_frame_takes_null) {
  int result = -1;
  gs_go(frame_without_timestamp, &result);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake_frame(1);
  harness_wait_for_others();
  CHECK_EQ(result, GS_OK);
}

/* ---- deadlines ---- */

TEST(frame_until_times_out_and_the_request_is_taken_back) {
  double time_ms = -1;
  CHECK_EQ(gs_frame_until(&time_ms, gs_now() + GS_SECOND), GS_ETIMEDOUT);
  CHECK_EQ(gs_now(), GS_SECOND);
  CHECK_EQ(time_ms, -1.0);
  CHECK_EQ(host_fake.frame_cancels, 1);
  CHECK_EQ(gs__sched.outstanding, 0);
}

TEST(a_timeout_leaves_the_others_waiting) {
  struct waiter a = {.frames = 1, .deadline_ns = 100};
  struct waiter b = {.frames = 1};
  gs_go(wait_for_frames, &a);
  gs_go(wait_for_frames, &b);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(a.result, GS_ETIMEDOUT);
  CHECK(!b.done);
  CHECK_EQ(host_fake.frame_cancels, 0);
  host_fake_frame(5);
  harness_wait_for_others();
  CHECK_EQ(b.time_ms, 5.0);
}

TEST(a_frame_before_the_deadline_takes_the_deadline_away) {
  struct waiter w = {.frames = 1, .deadline_ns = GS_SECOND};
  gs_go(wait_for_frames, &w);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake_frame(5);
  CHECK_EQ(gs__sched.timers.count, 0);
  harness_wait_for_others();
  CHECK_EQ(w.result, GS_OK);
}

HOST_TEST(outside_a_goroutine_nobody_waits_for_frames) {
  double time_ms = -1;
  CHECK_EQ(gs_frame(&time_ms), GS_EPERM);
  CHECK_EQ(gs_frame_until(&time_ms, 5), GS_EPERM);
  CHECK_EQ(time_ms, -1.0);
  CHECK_EQ(host_fake.frame_requests, 0);
}

TEST(a_wait_for_a_frame_reports_no_memory) {
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_frame_until(NULL, gs_now() + 5), GS_ENOMEM);
  CHECK_EQ(host_fake.frame_requests, 0);
}

/* ---- the channel of frames ---- */

/* Ends a feed: the host is told no more at the next frame. */
static void end_feed(gs_chan *chan) {
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  if (host_fake.frame_requested) host_fake_frame(1e9);
  CHECK(!host_fake.frame_requested);
  gs_chan_release(chan);
}

TEST(a_frame_channel_has_capacity_1_and_keeps_the_newest) {
  gs_chan *chan;
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  CHECK_EQ(gs_chan_cap(chan), 1);
  CHECK_EQ(gs_chan_elem_bytes(chan), sizeof(double));
  CHECK_EQ(gs_chan_len(chan), 0);
  for (int i = 1; i <= 5; i++) host_fake_frame(i);
  CHECK_EQ(gs_chan_len(chan), 1);
  double time_ms = 0;
  CHECK_EQ(gs_chan_recv(chan, &time_ms), 1);
  CHECK_EQ(time_ms, 5.0);
  CHECK_EQ(gs_chan_try_recv(chan, &time_ms), GS_EAGAIN);
  end_feed(chan);
}

static void receive_frames(void *arg) {
  double time_ms;
  double last_ms = 0;
  while (gs_chan_recv(arg, &time_ms) > 0) {
    CHECK(time_ms > last_ms);
    last_ms = time_ms;
  }
  CHECK_EQ(last_ms, 20.0);
}

TEST(a_waiting_goroutine_gets_every_frame_and_the_end) {
  gs_chan *chan;
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  gs_go(receive_frames, chan);
  for (int i = 1; i <= 20; i++) {
    CHECK_EQ(gs_yield(), GS_OK);
    host_fake_frame(i);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  harness_wait_for_others();
  gs_chan_release(chan);
  host_fake_frame(21);
}

TEST(the_feed_ends_at_the_frame_after_the_close) {
  gs_chan *chan;
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  host_fake_frame(1);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  size_t live = alloc_fake_live();
  host_fake_frame(2);
  CHECK(!host_fake.frame_requested);
  CHECK_EQ(gs__sched.outstanding, 0);
  CHECK_EQ(alloc_fake_live(), live - 1);
  double time_ms = 0;
  CHECK_EQ(gs_chan_recv(chan, &time_ms), 1);
  CHECK_EQ(time_ms, 1.0);
  CHECK_EQ(gs_chan_recv(chan, &time_ms), 0);
  gs_chan_release(chan);
}

TEST(a_channel_that_only_the_feed_still_holds_ends_it) {
  gs_chan *chan;
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  gs_chan_release(chan);
  host_fake_frame(1);
  CHECK(!host_fake.frame_requested);
}

TEST(several_feeds_and_waiters_share_a_frame) {
  gs_chan *a;
  gs_chan *b;
  CHECK_EQ(gs_frame_chan(&a), GS_OK);
  CHECK_EQ(gs_frame_chan(&b), GS_OK);
  struct waiter w = {.frames = 1};
  gs_go(wait_for_frames, &w);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.frame_requests, 1);
  host_fake_frame(7);
  CHECK_EQ(host_fake.frame_requests, 2);
  harness_wait_for_others();
  CHECK_EQ(w.time_ms, 7.0);
  double time_ms = 0;
  CHECK_EQ(gs_chan_recv(a, &time_ms), 1);
  CHECK_EQ(gs_chan_close(a), GS_OK);
  host_fake_frame(8);
  CHECK(host_fake.frame_requested);
  CHECK_EQ(gs_chan_recv(b, &time_ms), 1);
  CHECK_EQ(time_ms, 8.0);
  gs_chan_release(a);
  end_feed(b);
}

TEST(frames_race_in_a_select) {
  gs_chan *chan;
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  host_fake_frame(3);
  double time_ms = 0;
  struct gs_case cases[] = {GS_RECV(chan, &time_ms)};
  CHECK_EQ(gs_select(cases, 1), 0);
  CHECK_EQ(time_ms, 3.0);
  CHECK_EQ(gs_select_until(cases, 1, gs_now() + 5), GS_ETIMEDOUT);
  end_feed(chan);
}

TEST(a_frame_channel_wants_a_place) {
  CHECK_EQ(gs_frame_chan(NULL), GS_EINVAL);
  CHECK_EQ(host_fake.frame_requests, 0);
}

TEST(a_frame_channel_without_memory_leaves_nothing) {
  gs_chan *chan = (gs_chan *)&chan;
  for (uint32_t good = 0; good < 2; good++) {
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_frame_chan(&chan), GS_ENOMEM);
    CHECK_EQ(chan, (gs_chan *)&chan);
    CHECK_EQ(host_fake.frame_requests, 0);
  }
}

HOST_TEST(the_end_of_the_runtime_ends_feeds_and_waits) {
  gs_chan *chan;
  static struct waiter w = {.frames = 1};
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  CHECK(gs_go(wait_for_frames, &w) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  gs_chan_release(chan);
  harness_abandon();
  gs__runtime_term();
  CHECK(!host_fake.frame_requested);
}

/* ---- canvas ---- */

TEST(a_picture_is_checked_before_the_host_sees_it) {
  static const unsigned char pixels[16];
  CHECK_EQ(gs_canvas_present(pixels, 2, 2), GS_OK);
  CHECK_EQ(gs_canvas_present(NULL, 2, 2), GS_EINVAL);
  CHECK_EQ(gs_canvas_present(pixels, 0, 2), GS_EINVAL);
  CHECK_EQ(gs_canvas_present(pixels, 2, 0), GS_EINVAL);
  CHECK_EQ(gs_canvas_present(pixels, UINT32_MAX, UINT32_MAX), GS_EINVAL);
  CHECK_EQ(gs_canvas_present(pixels, 1U << 16, 1U << 16), GS_EINVAL);
  CHECK_EQ(gs_canvas_present(pixels, 1, UINT32_MAX), GS_EINVAL);
}

TEST(the_canvas_has_a_size_or_there_is_none) {
  uint32_t width = 1;
  uint32_t height = 1;
  CHECK_EQ(gs_canvas_size(&width, &height), GS_OK);
  CHECK_EQ(width, 320);
  CHECK_EQ(height, 240);
  CHECK_EQ(gs_canvas_size(NULL, &height), GS_EINVAL);
  CHECK_EQ(gs_canvas_size(&width, NULL), GS_EINVAL);
  host_fake.testing = false;
  width = 1;
  height = 1;
  CHECK_EQ(gs_canvas_size(&width, &height), GS_ENODEV);
  CHECK_EQ(width, 1);
  CHECK_EQ(height, 1);
  host_fake.testing = true;
}
