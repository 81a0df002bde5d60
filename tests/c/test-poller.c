/* Pollers: channels, and the set of what is watched. Row A6: sources with
 * interest and user data, a ready queue, edge-triggered. */
#include "poller-help.h"

/* ---- channels ---- */

TEST(a6_a_level_source_is_reported_as_long_as_it_is_ready) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(2);
  add(poller, chan, READ, 7);
  expect_none(poller);
  put(chan);
  put(chan);
  for (int i = 0; i < 3; i++) expect(poller, 7, READ);
  take(chan);
  expect(poller, 7, READ);
  take(chan);
  expect_none(poller);
  put(chan);
  expect(poller, 7, READ);
  gs_poller_release(poller);
  gs__chan_check(chan);
  gs_chan_release(chan);
}

TEST(what_is_ready_when_it_is_added_is_reported) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  put(chan);
  add(poller, chan, READ | EDGE, 1);
  expect(poller, 1, READ);
  expect_none(poller);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a6_an_edge_source_is_reported_once_for_what_is_new) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(4);
  add(poller, chan, READ | EDGE, 1);
  put(chan);
  put(chan);
  expect(poller, 1, READ);
  expect_none(poller); /* though two are there */
  take(chan);
  expect_none(poller);
  put(chan);
  expect(poller, 1, READ);
  take(chan);
  take(chan);
  put(chan);
  take(chan); /* gone before anybody looked */
  expect_none(poller);
  put(chan);
  expect(poller, 1, READ);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(an_edge_source_of_both_kinds_tells_only_what_is_new) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(2);
  add(poller, chan, READ | WRITE | EDGE, 1);
  expect(poller, 1, WRITE);
  put(chan);
  expect(poller, 1, READ);
  put(chan);
  expect(poller, 1, READ);
  expect_none(poller); /* it is full */
  take(chan);
  expect(poller, 1, WRITE);
  take(chan);
  put(chan);
  expect(poller, 1, READ | WRITE);
  expect_none(poller);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_oneshot_source_is_reported_once_until_it_is_modified) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(2);
  struct gs_source source = gs_source_chan(chan);
  add(poller, chan, READ | ONESHOT, 1);
  put(chan);
  expect(poller, 1, READ);
  expect_none(poller);
  put(chan);
  expect_none(poller);
  CHECK_EQ(gs_poller_modify(poller, source, READ | ONESHOT | EDGE, 2), GS_OK);
  expect(poller, 2, READ);
  take(chan);
  put(chan);
  expect_none(poller);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  expect_none(poller); /* it is off for that, too */
  CHECK_EQ(gs_poller_modify(poller, source, 0, 3), GS_OK);
  expect(poller, 3, CLOSED);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(writable_is_room_in_the_buffer) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(2);
  add(poller, chan, WRITE, 1);
  expect(poller, 1, WRITE);
  put(chan);
  expect(poller, 1, WRITE);
  put(chan);
  expect_none(poller);
  take(chan);
  expect(poller, 1, WRITE);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

static void send_one(void *arg) {
  int value = 5;
  CHECK_EQ(gs_chan_send(arg, &value), GS_OK);
}

static void receive_one(void *arg) {
  int value = 0;
  CHECK_EQ(gs_chan_recv(arg, &value), 1);
  CHECK_EQ(value, 1);
}

TEST(an_unbuffered_channel_is_ready_when_the_other_side_waits) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(0);
  add(poller, chan, READ | WRITE, 1);
  int value = 1;
  expect_none(poller);
  CHECK_EQ(gs_chan_try_send(chan, &value), GS_EAGAIN); /* a poll receives not */
  gs_go(send_one, chan);
  CHECK_EQ(gs_yield(), GS_OK);
  expect(poller, 1, READ);
  CHECK_EQ(gs_chan_try_recv(chan, &value), 1);
  CHECK_EQ(value, 5);
  expect_none(poller);
  gs_go(receive_one, chan);
  CHECK_EQ(gs_yield(), GS_OK);
  expect(poller, 1, WRITE);
  put(chan);
  expect_none(poller);
  harness_wait_for_others();
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_select_is_not_misled_by_a_poller) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(0);
  add(poller, chan, READ | WRITE, 1);
  expect_none(poller);
  int value = 1;
  struct gs_case cases[] = {GS_SEND(chan, &value), GS_RECV(chan, &value)};
  CHECK_EQ(gs_try_select(cases, 1), GS_EAGAIN);
  CHECK_EQ(gs_select_until(cases, 1, gs_now() + 5), GS_ETIMEDOUT);
  CHECK_EQ(gs_select_until(cases + 1, 1, gs_now() + 5), GS_ETIMEDOUT);
  expect_none(poller);
  gs__chan_check(chan);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_waiting_receiver_comes_before_the_poller) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  expect_none(poller);
  gs_go(receive_one, chan);
  CHECK_EQ(gs_yield(), GS_OK);
  put(chan);
  expect_none(poller);
  harness_wait_for_others();
  put(chan);
  expect(poller, 1, READ);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_closed_channel_is_reported_for_ever) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ | WRITE, 1);
  put(chan);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  for (int i = 0; i < 3; i++) expect(poller, 1, READ | WRITE | CLOSED);
  CHECK_EQ(gs_poller_modify(poller, gs_source_chan(chan), 0, 2), GS_OK);
  expect(poller, 2, CLOSED);
  CHECK_EQ(gs_poller_modify(poller, gs_source_chan(chan), READ | EDGE, 3),
           GS_OK);
  expect(poller, 3, READ | CLOSED);
  take(chan);
  expect_none(poller);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_channel_is_watched_by_several_pollers) {
  gs_poller *a = new_poller();
  gs_poller *b = new_poller();
  gs_chan *chan = new_chan(1);
  add(a, chan, READ, 1);
  add(b, chan, READ | EDGE, 2);
  put(chan);
  expect(a, 1, READ);
  expect(b, 2, READ);
  expect_none(b);
  gs_poller_release(a);
  take(chan);
  put(chan);
  expect(b, 2, READ);
  gs_poller_release(b);
  gs__chan_check(chan);
  gs_chan_release(chan);
}

TEST(a_typed_channel_with_inline_paths_fires_too) {
  GS_CHAN_TYPE(int_chan, int);
  int_chan ints;
  CHECK_EQ(gs_make(&ints, 4), GS_OK);
  gs_poller *poller = new_poller();
  add(poller, ints.chan, READ | WRITE | EDGE, 1);
  expect(poller, 1, WRITE);
  for (int i = 0; i < 4; i++) CHECK_EQ(gs_send(ints, i), GS_OK);
  expect(poller, 1, READ);
  int value;
  for (int i = 0; i < 4; i++) CHECK_EQ(gs_recv(ints, &value), 1);
  expect(poller, 1, WRITE);
  expect_none(poller);
  gs_poller_release(poller);
  gs_release(ints);
}

/* ---- the set ---- */

TEST(a_source_is_watched_once_by_a_poller) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  struct gs_source source = gs_source_chan(chan);
  CHECK_EQ(gs_poller_modify(poller, source, READ, 0), GS_ENOENT);
  CHECK_EQ(gs_poller_remove(poller, source), GS_ENOENT);
  CHECK_EQ(gs_poller_add(poller, source, READ, 0), GS_OK);
  CHECK_EQ(gs_poller_add(poller, source, WRITE, 0), GS_EEXIST);
  CHECK_EQ(gs_poller_remove(poller, source), GS_OK);
  CHECK_EQ(gs_poller_remove(poller, source), GS_ENOENT);
  put(chan);
  expect_none(poller);
  CHECK_EQ(gs_poller_add(poller, source, READ, 9), GS_OK);
  expect(poller, 9, READ);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(one_busy_source_does_not_hide_the_others) {
  enum { SOURCES = 5, ROUNDS = 4 };
  gs_poller *poller = new_poller();
  gs_chan *chans[SOURCES];
  for (int i = 0; i < SOURCES; i++) {
    chans[i] = new_chan(1);
    add(poller, chans[i], READ, (uint64_t)i);
    put(chans[i]);
  }
  struct gs_poll_event found[2];
  for (int i = 0; i < SOURCES * ROUNDS; i++) {
    CHECK_EQ(gs_poller_try_wait(poller, found, 1), 1);
    CHECK_EQ(found[0].data, i % SOURCES);
  }
  for (int i = 0; i < SOURCES * ROUNDS; i += 2) {
    CHECK_EQ(gs_poller_try_wait(poller, found, 2), 2);
    CHECK_EQ(found[0].data, i % SOURCES);
    CHECK_EQ(found[1].data, (i + 1) % SOURCES);
  }
  gs_poller_release(poller);
  for (int i = 0; i < SOURCES; i++) gs_chan_release(chans[i]);
}

TEST(no_source_is_reported_twice_by_one_wait) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ | WRITE, 1);
  put(chan);
  struct gs_poll_event found[8];
  CHECK_EQ(gs_poller_try_wait(poller, found, 8), 1);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_freed_source_is_reported_once_as_closed) {
  gs_poller *poller = new_poller();
  gs_chan *level = new_chan(1);
  gs_chan *edge = new_chan(1);
  gs_chan *off = new_chan(1);
  add(poller, level, READ, 1);
  put(off);
  add(poller, off, READ | ONESHOT, 2);
  expect(poller, 2, READ);
  add(poller, edge, EDGE, 3);
  expect_none(poller);
  gs_chan_release(level);
  expect(poller, 1, READ | CLOSED);
  expect_none(poller);
  gs_chan_release(off);
  expect_none(poller);
  gs_chan_release(edge);
  expect(poller, 3, CLOSED);
  expect_none(poller);
  gs_poller_release(poller);
}

TEST(a_poller_is_released_before_what_was_freed_is_reported) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  gs_chan_release(chan);
  gs_poller_release(poller);
}

TEST(what_cannot_be_watched_is_refused) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  struct gs_source good = gs_source_chan(chan);
  CHECK_EQ(gs_poller_new(NULL), GS_EINVAL);
  CHECK_EQ(gs_poller_add(NULL, good, READ, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_modify(NULL, good, READ, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_remove(NULL, good), GS_EINVAL);
  CHECK_EQ(gs_poller_add(poller, good, 8, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_add(poller, gs_source_chan(NULL), READ, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_add(poller, gs_source_http(NULL), READ, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_add(poller, (struct gs_source){0}, READ, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_add(poller, gs_source_fd(1), READ, 0), GS_EBADF);
  CHECK_EQ(gs_poller_add(poller, gs_source_fd(-1), READ, 0), GS_EBADF);
  CHECK_EQ(gs_poller_add(poller, STDIN, CLOSED, 0), GS_EINVAL);
  struct gs_poll_event found;
  CHECK_EQ(gs_poller_wait(NULL, &found, 1), GS_EINVAL);
  CHECK_EQ(gs_poller_wait(poller, NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_poller_wait(poller, &found, 0), GS_EINVAL);
  CHECK_EQ(gs_poller_try_wait(poller, NULL, 1), GS_EINVAL);
  gs_poller_release(poller);
  gs_poller_release(NULL);
  gs_chan_release(chan);
}

TEST(a_poller_without_memory_leaves_nothing) {
  gs_poller *poller = (gs_poller *)&poller;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_poller_new(&poller), GS_ENOMEM);
  CHECK_EQ(poller, (gs_poller *)&poller);
  poller = new_poller();
  gs_chan *chan = new_chan(1);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_poller_add(poller, gs_source_chan(chan), READ, 0), GS_ENOMEM);
  CHECK_EQ(gs_poller_remove(poller, gs_source_chan(chan)), GS_ENOENT);
  struct gs_poll_event found;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_poller_wait_until(poller, &found, 1, gs_now() + 5), GS_ENOMEM);
  CHECK_EQ(gs_poller_add(poller, STDIN, READ, 0), GS_OK);
  alloc_fake_fail_after(0); /* for the token */
  CHECK_EQ(gs_poller_wait_until(poller, &found, 1, gs_now() + 5), GS_ENOMEM);
  alloc_fake_never_fail();
  host_fake.readable = 2;
  expect(poller, 0, READ);
  gs_poller_release(poller);
  gs_chan_release(chan);
}
