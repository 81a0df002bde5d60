/* Goroutines: starting, yielding, ending, ids, names, stacks. */
#include <gossamer/gossamer.h>

#include "harness.h"

static char order[64];
static size_t order_count;

static void note(void *arg) { order[order_count++] = *(const char *)arg; }

TEST(goroutines_start_in_the_order_of_go) {
  order_count = 0;
  CHECK_EQ(gs_go(note, "a"), 2);
  CHECK_EQ(gs_go(note, "b"), 3);
  CHECK_EQ(gs_go(note, "c"), 4);
  CHECK_EQ(order_count, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  order[order_count] = '\0';
  CHECK_STR_EQ(order, "abc");
}
