/* Calls from JavaScript: the goroutine, the arguments, the result. */
#include <gossamer/gossamer.h>
#include <math.h>
#include <string.h>

#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

struct gs__call *gs_call_new(uint32_t bytes);

static struct gs__value result;

static void keep_result(void *call) {
  result = ((struct gs__call *)call)->result;
}

static struct gs__call *new_call(uint32_t count) {
  struct gs__call *call = gs_call_new(sizeof *call);
  CHECK(call != NULL);
  CHECK_EQ(call->result.kind, GS__VALUE_NONE);
  call->count = count;
  host_fake.on_call_done = keep_result;
  return call;
}

static void set_arg(struct gs__call *call, int index, double number) {
  gs__value_set_number(&call->args[index], number);
}

GS_EXPORT(int, add, (int, a), (int, b)) {
  CHECK(gs_self() != 0);
  CHECK_EQ(gs_sleep(10), GS_OK);
  return a + b;
}

static int noted;

GS_EXPORT_VOID(note, (double, number)) { noted = (int)number; }

GS_EXPORT(long long, wide) { return INT64_MIN; }

GS_EXPORT(unsigned long long, unsigned_wide, (unsigned long long, x)) {
  return x;
}

TEST(a_call_runs_in_a_goroutine_of_its_own_and_reports_its_result) {
  struct gs__call *call = new_call(2);
  set_arg(call, 0, 2);
  set_arg(call, 1, 40);
  CHECK_EQ(gs__call_add(call), GS_OK);
  CHECK_EQ(gs_count(), 2);
  CHECK_EQ(host_fake.calls_done, 0);
  harness_wait_for_others();
  CHECK_EQ(host_fake.calls_done, 1);
  CHECK_EQ(result.kind, GS__VALUE_DOUBLE);
  CHECK_EQ(result.as.number, 42.0);
}

TEST(a_call_goroutine_has_the_functions_name) {
  struct gs__call *call = new_call(2);
  CHECK_EQ(gs__call_add(call), GS_OK);
  gs_dump();
  CHECK(strstr(host_fake.report, "goroutine 2 (add): ready") != NULL);
  harness_wait_for_others();
}

TEST(a_call_without_a_result) {
  struct gs__call *call = new_call(1);
  set_arg(call, 0, 7);
  CHECK_EQ(gs__call_note(call), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(noted, 7);
  CHECK_EQ(result.kind, GS__VALUE_NONE);
}

GS_EXPORT(int, leave, (int, later)) {
  if (later) gs_sleep(10);
  gs_exit();
}

TEST(a_call_whose_body_exits_ends_without_a_result) {
  for (int later = 0; later < 2; later++) {
    struct gs__call *call = new_call(1);
    set_arg(call, 0, later);
    CHECK_EQ(gs__call_leave(call), GS_OK);
    harness_wait_for_others();
    CHECK_EQ(host_fake.calls_done, (uint32_t)later + 1);
    CHECK_EQ(result.kind, GS__VALUE_NONE);
  }
}

TEST(sixty_four_bit_results_are_whole) {
  CHECK_EQ(gs__call_wide(new_call(0)), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(result.kind, GS__VALUE_INT64);
  CHECK_EQ(result.as.integer, INT64_MIN);
  struct gs__call *call = new_call(1);
  gs__value_set_uint64(&call->args[0], UINT64_MAX);
  CHECK_EQ(gs__call_unsigned_wide(call), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(result.kind, GS__VALUE_UINT64);
  CHECK_EQ((uint64_t)result.as.integer, UINT64_MAX);
}

TEST(a_wrong_count_of_arguments_is_refused_and_the_call_freed) {
  for (uint32_t count = 0; count <= 8; count++) {
    if (count == 2) continue;
    CHECK_EQ(gs__call_add(new_call(count)), GS_EINVAL);
  }
  CHECK_EQ(gs__call_add(new_call(UINT32_MAX)), GS_EINVAL);
  CHECK_EQ(gs_count(), 1);
}

TEST(a_call_without_memory_is_refused_and_freed_wherever_it_fails) {
  uint32_t good = 0;
  for (;; good++) {
    struct gs__call *call = new_call(2);
    alloc_fake_fail_after(good);
    int error = gs__call_add(call);
    if (error == GS_OK) break;
    CHECK_EQ(error, GS_ENOMEM);
    CHECK_EQ(gs_count(), 1);
  }
  alloc_fake_never_fail();
  CHECK_EQ(good, 2); /* the note of the call, the goroutine */
  harness_wait_for_others();
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_call_new(sizeof(struct gs__call)), (void *)NULL);
}

TEST(a_block_too_small_for_a_call_is_refused) {
  CHECK_EQ(gs_call_new(0), (void *)NULL);
  CHECK_EQ(gs_call_new(sizeof(struct gs__call) - 1), (void *)NULL);
}

TEST(numbers_become_integers_without_undefined_behaviour) {
  static const struct {
    double number;
    int64_t integer;
  } rows[] = {{0, 0},
              {-0.9, 0},
              {1.9, 1},
              {-1.9, -1},
              {1e18, INT64_C(1000000000000000000)},
              {0x1p62, INT64_C(1) << 62},
              {0x1p63, INT64_MAX},
              {-0x1p63, INT64_MIN},
              {1e300, INT64_MAX},
              {-1e300, INT64_MIN}};
  struct gs__value value;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    gs__value_set_number(&value, rows[i].number);
    CHECK_EQ(gs__value_integer(&value), rows[i].integer);
    CHECK_EQ(gs__value_number(&value), rows[i].number);
  }
  gs__value_set_number(&value, NAN);
  CHECK_EQ(gs__value_integer(&value), 0);
  gs__value_set_number(&value, INFINITY);
  CHECK_EQ(gs__value_integer(&value), INT64_MAX);
  gs__value_set_number(&value, -INFINITY);
  CHECK_EQ(gs__value_integer(&value), INT64_MIN);
  gs__value_set_int64(&value, INT64_MIN);
  CHECK_EQ(gs__value_integer(&value), INT64_MIN);
  CHECK_EQ(gs__value_number(&value), -0x1p63);
}

TEST(texts_and_null) {
  struct gs__value value = {.kind = GS__VALUE_DOUBLE};
  gs__value_set_text(&value, NULL);
  CHECK_EQ(value.kind, GS__VALUE_NONE);
  CHECK_EQ(gs__value_pointer(&value), (void *)NULL);
  static const char text[] = "hello";
  gs__value_set_text(&value, text);
  CHECK_EQ(value.kind, GS__VALUE_TEXT);
  CHECK_EQ(value.size_bytes, 5);
#ifdef __wasm__ /* offsets have 32 bits */
  CHECK_EQ(gs__value_pointer(&value), (const void *)text);
#endif
}
