/* The stress modes of debug builds: what GS_STRESS means, and that calls mean
 * the same under it. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/base/stress.h"
#include "harness.h"
#include "host_fake.h"

#ifdef GS_DEBUG

static unsigned turns;
static bool stop;

static void count_turns(void *arg) {
  (void)arg;
  while (!stop) {
    turns++;
    gs_yield();
  }
}

static unsigned turns_during(void (*work)(void)) {
  turns = 0;
  stop = false;
  CHECK(gs_go(count_turns, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  unsigned before = turns;
  work();
  unsigned during = turns - before;
  gs__stress.yield = false;
  stop = true;
  harness_wait_for_others();
  return during;
}

static void calls_that_need_not_wait(void) {
  gs_chan *chan;
  int n = 5;
  CHECK_EQ(gs_chan_new(&chan, sizeof n, 2), GS_OK);
  CHECK_EQ(gs_chan_send(chan, &n), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, &n), 1);
  struct gs_case cases[] = {GS_RECV(chan, &n), GS_SEND(chan, &n)};
  CHECK_EQ(gs_select(cases, 2), 1);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  CHECK_EQ(gs_chan_send(chan, &n), GS_EPIPE);
  CHECK_EQ(gs_chan_recv(chan, &n), 1);
  CHECK_EQ(n, 5);
  CHECK_EQ(gs_chan_recv_until(chan, &n, gs_deadline(0)), 0);
  gs_mutex mutex = GS_SYNC_INIT;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_EDEADLK);
  gs_waitgroup group = GS_SYNC_INIT;
  CHECK_EQ(gs_waitgroup_wait(&group), GS_OK);
  gs_chan_release(chan);
}

TEST(under_yield_calls_that_need_not_wait_give_way) {
  CHECK_EQ(turns_during(calls_that_need_not_wait), 0);
  gs__stress_read("yield");
  CHECK(gs__stress.yield);
  CHECK_EQ(turns_during(calls_that_need_not_wait), 9);
}

TEST(under_alloc_the_nth_allocation_fails) {
  gs_chan *chan = NULL;
  gs__stress_read("grow,alloc=2");
  CHECK(!gs__stress.yield);
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  gs_chan_release(chan);
  chan = NULL;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_ENOMEM);
  CHECK_EQ(chan, (gs_chan *)NULL);
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  gs_chan_release(chan);
}

TEST(unknown_words_are_told) {
  static const char *const wrong[] = {
      "alloc", "alloc=", "alloc=0", "alloc=x", "alloc=-1", "yields", "all"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    host_fake.report_bytes = 0;
    gs__stress_read(wrong[i]);
    host_fake.report[host_fake.report_bytes] = '\0';
    CHECK(strstr(host_fake.report, wrong[i]) != NULL);
    CHECK(strstr(host_fake.report, "none of yield, alloc=N, grow") != NULL);
    CHECK_EQ(gs__stress.alloc_left, 0);
    CHECK(!gs__stress.yield);
  }
  host_fake.report_bytes = 0;
  gs__stress_read("");
  gs__stress_read(NULL);
  gs__stress_read("yield,,grow,");
  CHECK_EQ(host_fake.report_bytes, 0);
  gs__stress.yield = false;
}

#else

TEST(release_builds_have_no_stress) {
  CHECK(gs__stress_alloc(&host_fake) == &host_fake);
}

#endif
