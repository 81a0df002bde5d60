/* The heap of deadlines: order, ties in order of entry, removal of any item,
 * no memory. */
#include "../../src/base/heap.h"

#include "../../src/base/random.h"
#include "alloc_fake.h"
#include "harness.h"

#define ITEMS 2000

static struct gs__heap_item items[ITEMS];
static int64_t deadlines[ITEMS];
static bool queued[ITEMS];

static void init_items(void) {
  for (int i = 0; i < ITEMS; i++) items[i].slot = GS__HEAP_OUT;
}

static int first_of(const struct gs__heap *heap) {
  return (int)(heap->entries[0].item - items);
}

HOST_TEST(items_leave_by_deadline_and_ties_in_order_of_entry) {
  struct gs__heap heap = {0};
  struct gs__random random;
  gs__random_seed(&random, HARNESS_SEED);
  init_items();
  for (int i = 0; i < ITEMS; i++) {
    deadlines[i] = gs__random_below(&random, 50);
    CHECK(gs__heap_insert(&heap, &items[i], deadlines[i]));
    gs__heap_check(&heap);
  }
  int last = -1;
  while (heap.count > 0) {
    int first = first_of(&heap);
    if (last >= 0) {
      CHECK(deadlines[last] <= deadlines[first]);
      if (deadlines[last] == deadlines[first]) CHECK(last < first);
    }
    gs__heap_remove(&heap, &items[first]);
    CHECK(!gs__heap_queued(&items[first]));
    last = first;
  }
  gs__heap_term(&heap);
}

/* The item that a sorted list would have first. */
static int model_first(const uint64_t *entered) {
  int best = -1;
  for (int i = 0; i < ITEMS; i++) {
    if (!queued[i]) continue;
    if (best < 0 || deadlines[i] < deadlines[best] ||
        (deadlines[i] == deadlines[best] && entered[i] < entered[best])) {
      best = i;
    }
  }
  return best;
}

HOST_TEST(random_inserts_and_removals_agree_with_a_sorted_list) {
  static uint64_t entered[ITEMS];
  uint64_t seq = 0;
  struct gs__heap heap = {0};
  struct gs__random random;
  gs__random_seed(&random, 1);
  init_items();
  for (int step = 0; step < 20000; step++) {
    int i = (int)gs__random_below(&random, ITEMS);
    if (queued[i]) {
      gs__heap_remove(&heap, &items[i]);
      queued[i] = false;
    } else {
      deadlines[i] = (int64_t)gs__random_below(&random, 1000) - 500;
      CHECK(gs__heap_insert(&heap, &items[i], deadlines[i]));
      entered[i] = seq++;
      queued[i] = true;
    }
    CHECK_EQ(gs__heap_queued(&items[i]), queued[i]);
    if (step % 50 != 0) continue;
    gs__heap_check(&heap);
    int first = model_first(entered);
    CHECK_EQ(heap.count == 0 ? -1 : first_of(&heap), first);
  }
  gs__heap_term(&heap);
}

HOST_TEST(extreme_deadlines_keep_their_order) {
  static const int64_t extremes[] = {INT64_MAX, 0,  INT64_MIN, -1,
                                     1,         -1, INT64_MAX};
  static const int order[] = {2, 3, 5, 1, 4, 0, 6};
  struct gs__heap heap = {0};
  init_items();
  for (int i = 0; i < 7; i++) {
    CHECK(gs__heap_insert(&heap, &items[i], extremes[i]));
  }
  for (int i = 0; i < 7; i++) {
    CHECK_EQ(first_of(&heap), order[i]);
    gs__heap_remove(&heap, &items[order[i]]);
  }
  gs__heap_term(&heap);
}

HOST_TEST(an_insert_without_memory_changes_nothing) {
  struct gs__heap heap = {0};
  init_items();
  alloc_fake_fail_after(0);
  CHECK(!gs__heap_insert(&heap, &items[0], 1));
  CHECK_EQ(heap.count, 0);
  CHECK(!gs__heap_queued(&items[0]));
  uint32_t count = 0;
  for (; count < 16; count++) {
    CHECK(gs__heap_insert(&heap, &items[count], count));
  }
  while (count < heap.capacity) {
    CHECK(gs__heap_insert(&heap, &items[count], count));
    count++;
  }
  alloc_fake_fail_after(0);
  CHECK(!gs__heap_insert(&heap, &items[count], count));
  CHECK(!gs__heap_queued(&items[count]));
  CHECK_EQ(heap.count, count);
  gs__heap_check(&heap);
  gs__heap_term(&heap);
}

HOST_DEATH_TEST(the_walker_sees_a_wrong_order,
                "fatal: timer heap: slot 1 is before its parent") {
  struct gs__heap heap = {0};
  init_items();
  for (int i = 0; i < 3; i++) gs__heap_insert(&heap, &items[i], i);
  heap.entries[0].deadline_ns = 10;
  gs__heap_check(&heap);
}

HOST_DEATH_TEST(the_walker_sees_a_wrong_slot,
                "fatal: timer heap: an item does not know its slot 2") {
  struct gs__heap heap = {0};
  init_items();
  for (int i = 0; i < 3; i++) gs__heap_insert(&heap, &items[i], i);
  items[2].slot = 1;
  gs__heap_check(&heap);
}
