/* The runtime's own messages, formatted without stdio, and the walkers that
 * look for broken invariants of a channel. */
#include "../../src/base/check.h"

#include <limits.h>
#include <string.h>

#include "../../src/sync/chan.h"
#include "harness.h"
#include "host_fake.h"

static const char *last_report(void) {
  host_fake.report[host_fake.report_bytes] = '\0';
  return host_fake.report;
}

HOST_TEST(numbers_are_written_whole) {
  gs__report("%d %d %d", 0, INT_MAX, INT_MIN);
  gs__report("%lld %lld", LLONG_MAX, LLONG_MIN);
  gs__report("%u %llu %zu", UINT_MAX, ULLONG_MAX, (size_t)7);
  CHECK_STR_EQ(last_report(),
               "0 2147483647 -2147483648\n"
               "9223372036854775807 -9223372036854775808\n"
               "4294967295 18446744073709551615 7\n");
}

HOST_TEST(texts_and_percent_signs) {
  const char *volatile none = NULL;
  gs__report("100%% of \"%s\" and %s", "text", none);
  CHECK_STR_EQ(last_report(), "100% of \"text\" and (null)\n");
}

HOST_TEST(a_message_that_is_too_long_is_cut) {
  char text[1000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  gs__report("%s and %d", text, 5);
  CHECK(host_fake.report_bytes > 200);
  CHECK(host_fake.report_bytes < 400);
  CHECK_EQ(strspn(last_report(), "x"), host_fake.report_bytes - 1);
}

HOST_DEATH_TEST(a_fatal_error_is_reported_and_ends_the_program,
                "fatal: 7 of 9\n") {
  gs__fatal("%d of %u", 7, 9U);
}

/* ---- channels ---- */

static gs_chan *new_chan(size_t capacity) {
  gs_chan *chan = NULL;
  CHECK_EQ(gs_chan_new(&chan, 1, capacity), GS_OK);
  gs__chan_check(chan);
  return chan;
}

HOST_DEATH_TEST(a_receiver_that_waits_beside_elements_is_seen,
                "fatal: channel: a receiver waits though 1 are buffered") {
  gs_chan *chan = new_chan(1);
  struct gs__list node;
  gs__list_append(&chan->receivers, &node);
  chan->ring.count = 1;
  gs__chan_check(chan);
}

HOST_DEATH_TEST(a_sender_that_waits_beside_room_is_seen,
                "fatal: channel: a sender waits though there is room") {
  gs_chan *chan = new_chan(1);
  struct gs__list node;
  gs__list_append(&chan->senders, &node);
  gs__chan_check(chan);
}

HOST_DEATH_TEST(a_waiter_on_a_closed_channel_is_seen,
                "fatal: channel: somebody waits though it is closed") {
  gs_chan *chan = new_chan(0);
  struct gs__list node;
  gs__list_append(&chan->senders, &node);
  chan->closed = true;
  gs__chan_check(chan);
}

HOST_DEATH_TEST(a_channel_that_holds_more_than_it_can_is_seen,
                "fatal: channel: 3 of 2 buffered, 1 references") {
  gs_chan *chan = new_chan(2);
  chan->ring.count = 3;
  gs__chan_check(chan);
}
