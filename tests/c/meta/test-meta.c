/* Tests that must fail: they prove that the harness sees what it promises to
 * see. ctest and the Node runner expect each to fail, with the words given in
 * EXPECT. */
#include <gossamer/gossamer.h>
#include <stdlib.h>

#include "../../../src/sched/timer.h"
#include "../harness.h"

static void nothing(void *arg) { (void)arg; }

static void *volatile lost;

/* EXPECT: failed: 1 + 1 == 3 */
TEST(check) { CHECK(1 + 1 == 3); }

/* EXPECT: gs_count() is 1, not 2, which is 2 */
TEST(check_eq) { CHECK_EQ(gs_count(), 2); }

/* EXPECT: "a" is "a", not "b", which is "b" */
TEST(check_str_eq) { CHECK_STR_EQ("a", "b"); }

/* EXPECT: alloc_fake_live() is */
TEST(leak) { lost = malloc(10); }

/* EXPECT: channel receive */
TEST(deadlock) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  gs_chan_recv(chan, NULL);
}

/* EXPECT: everything waits for the host */
TEST(forgotten_frame) { gs_frame(NULL); }

/* EXPECT: s->alive is 1, not 0 */
HOST_TEST(forgotten_goroutine) { CHECK(gs_go(nothing, NULL) > 0); }

/* EXPECT: s->timers.count is 1, not 0 */
HOST_TEST(forgotten_timer) {
  static struct gs__alarm alarm;
  CHECK(gs__alarm_set(&alarm, 1));
}

/* EXPECT: it should have died */
DEATH_TEST(death_that_does_not_come, "anything") {}

/* EXPECT: saying: something else */
DEATH_TEST(death_with_other_words, "something else") { gs_select(NULL, 0); }

/* EXPECT: ended by signal|unreachable */
TEST(crash) { __builtin_trap(); }

/* EXPECT: out of time|ran for more than */
TEST(endless) {
  for (;;) gs_yield();
}

/* EXPECT: out of time|ran for more than */
TEST(endless_without_parking) {
  for (volatile bool on = true; on;) continue;
}
