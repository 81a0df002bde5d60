/* The typed channels, the same text in C11 and C++17: test-typed.c and
 * test-typed-cpp.cc include it. */
#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <string.h>

#include "harness.h"

struct point {
  int x;
  double y;
};

typedef const char *text;

GS_CHAN_TYPE(int_chan, int);
GS_CHAN_TYPE(point_chan, struct point);
GS_CHAN_TYPE(text_chan, text);
GS_CHAN_TYPE(byte_chan, unsigned char);
GS_CHAN_TYPE(short_chan, short);
GS_CHAN_TYPE(bool_chan, bool);

TEST(a_typed_channel_is_one_pointer) {
  CHECK_EQ(sizeof(int_chan), sizeof(void *));
  int_chan none = GS_CHAN_NULL;
  CHECK(none.chan == NULL);
  CHECK_EQ(gs_close(none), GS_EINVAL);
  gs_release(none);
}

TEST(elements_have_the_types_size) {
  int_chan ints = GS_CHAN_NULL;
  point_chan points = GS_CHAN_NULL;
  byte_chan bytes = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 3), GS_OK);
  CHECK_EQ(gs_make(&points, 0), GS_OK);
  CHECK_EQ(gs_make(&bytes, 1), GS_OK);
  CHECK_EQ(gs_chan_elem_bytes(ints.chan), sizeof(int));
  CHECK_EQ(gs_chan_elem_bytes(points.chan), sizeof(struct point));
  CHECK_EQ(gs_chan_elem_bytes(bytes.chan), 1);
  CHECK_EQ(gs_chan_cap(ints.chan), 3);
  gs_release(ints);
  gs_release(points);
  gs_release(bytes);
}

TEST(make_refuses_what_cannot_be_had) {
  int_chan ints = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, SIZE_MAX), GS_ENOMEM);
  CHECK(ints.chan == NULL);
}

TEST(values_variables_and_expressions_are_sent) {
  int_chan ints = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 8), GS_OK);
  int variable = 20;
  const int constant = 30;
  CHECK_EQ(gs_send(ints, 10), GS_OK);
  CHECK_EQ(gs_send(ints, variable), GS_OK);
  CHECK_EQ(gs_send(ints, constant), GS_OK);
  CHECK_EQ(gs_send(ints, variable + constant - 10), GS_OK);
  CHECK_EQ(gs_try_send(ints, 50), GS_OK);
  CHECK_EQ(gs_send_until(ints, 60, gs_now()), GS_OK);
  for (int wanted = 10; wanted <= 60; wanted += 10) {
    int got = 0;
    CHECK_EQ(gs_recv(ints, &got), 1);
    CHECK_EQ(got, wanted);
  }
  int got = 5;
  CHECK_EQ(gs_try_recv(ints, &got), GS_EAGAIN);
  CHECK_EQ(gs_recv_until(ints, &got, gs_now() + 5), GS_ETIMEDOUT);
  CHECK_EQ(gs_close(ints), GS_OK);
  CHECK_EQ(gs_recv(ints, &got), 0);
  CHECK_EQ(got, 0);
  CHECK_EQ(gs_send(ints, 1), GS_EPIPE);
  gs_release(ints);
}

/* Narrower than int: C would promote them in arithmetic. */
TEST(variables_of_small_types_are_sent) {
  byte_chan bytes = GS_CHAN_NULL;
  short_chan shorts = GS_CHAN_NULL;
  bool_chan bools = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&bytes, 1), GS_OK);
  CHECK_EQ(gs_make(&shorts, 1), GS_OK);
  CHECK_EQ(gs_make(&bools, 1), GS_OK);
  unsigned char byte = 200;
  const short negative = -5;
  bool yes = true;
  CHECK_EQ(gs_send(bytes, byte), GS_OK);
  CHECK_EQ(gs_try_send(shorts, negative), GS_OK);
  CHECK_EQ(gs_send_until(bools, yes, gs_now()), GS_OK);
  short got = 0;
  byte = 0;
  yes = false;
  CHECK_EQ(gs_recv(bytes, &byte), 1);
  CHECK_EQ(gs_recv(shorts, &got), 1);
  CHECK_EQ(gs_recv(bools, &yes), 1);
  CHECK_EQ(byte, 200);
  CHECK_EQ(got, -5);
  CHECK(yes);
  gs_release(bytes);
  gs_release(shorts);
  gs_release(bools);
}

TEST(an_expression_is_evaluated_once) {
  int_chan ints = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 2), GS_OK);
  int next = 1;
  int slots[2] = {0, 0};
  int *slot = slots;
  CHECK_EQ(gs_send(ints, next++), GS_OK);
  CHECK_EQ(gs_send(ints, next++), GS_OK);
  CHECK_EQ(next, 3);
  CHECK_EQ(gs_recv(ints, slot++), 1);
  CHECK_EQ(gs_recv(ints, slot++), 1);
  CHECK_EQ(slot - slots, 2);
  CHECK_EQ(slots[0], 1);
  CHECK_EQ(slots[1], 2);
  gs_release(ints);
}

TEST(structures_and_pointers_pass_whole) {
  point_chan points = GS_CHAN_NULL;
  text_chan texts = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&points, 1), GS_OK);
  CHECK_EQ(gs_make(&texts, 1), GS_OK);
  struct point sent = {3, 2.5};
  CHECK_EQ(gs_send(points, sent), GS_OK);
  struct point got = {0, 0};
  CHECK_EQ(gs_recv(points, &got), 1);
  CHECK_EQ(got.x, 3);
  CHECK_EQ(got.y, 2.5);
  text word = "hello";
  CHECK_EQ(gs_send(texts, word), GS_OK);
  text received = NULL;
  CHECK_EQ(gs_recv(texts, &received), 1);
  CHECK_EQ(received, word);
  gs_release(points);
  gs_release(texts);
}

static void count_up(void *arg) {
  int_chan ints = GS_CHAN_NULL;
  ints.chan = (gs_chan *)arg;
  for (int i = 1; i <= 3; i++) CHECK_EQ(gs_send(ints, i), GS_OK);
  CHECK_EQ(gs_close(ints), GS_OK);
}

TEST(typed_channels_park_as_the_plain_ones) {
  int_chan ints = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 0), GS_OK);
  CHECK(gs_go(count_up, ints.chan) > 0);
  int sum = 0;
  int n = 0;
  while (gs_recv(ints, &n) > 0) sum += n;
  CHECK_EQ(sum, 6);
  gs_release(ints);
}

TEST(typed_cases_in_a_select) {
  int_chan ints = GS_CHAN_NULL;
  point_chan points = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 0), GS_OK);
  CHECK_EQ(gs_make(&points, 1), GS_OK);
  int n = 0;
  struct point p = {1, 2};
  struct gs_case cases[2] = {gs_recv_case(ints, &n), gs_send_case(points, &p)};
  CHECK_EQ(gs_select(cases, 2), 1);
  CHECK_EQ(cases[1].result, GS_OK);
  CHECK_EQ(gs_chan_len(points.chan), 1);
  gs_release(ints);
  gs_release(points);
}

GS_GEN_TYPE(int_gen, int);
GS_GEN_TYPE(point_gen, struct point);

static int emits_squares(gs_gen *gen, void *arg) {
  int_gen self = GS_GEN_OF(gen);
  for (int i = 1; i <= *(int *)arg; i++) {
    int error = gs_emit(self, i * i);
    if (error < 0) return error;
  }
  return GS_OK;
}

static int emits_points(gs_gen *gen, void *arg) {
  point_gen self = GS_GEN_OF(gen);
  (void)arg;
  struct point p = {4, 0.5};
  return gs_emit(self, p);
}

TEST(typed_generators) {
  int three = 3;
  int_gen squares = GS_GEN_OF(NULL);
  CHECK_EQ(gs_generate(&squares, emits_squares, &three), GS_OK);
  int sum = 0;
  int n = 0;
  while (gs_next(squares, &n) > 0) sum += n;
  CHECK_EQ(sum, 14);
  CHECK_EQ(gs_next_until(squares, &n, gs_now()), 0);
  gs_gen_release(squares.gen);
  point_gen points = GS_GEN_OF(NULL);
  CHECK_EQ(gs_generate(&points, emits_points, NULL), GS_OK);
  struct point p = {0, 0};
  CHECK_EQ(gs_next(points, &p), 1);
  CHECK_EQ(p.x, 4);
  CHECK_EQ(p.y, 0.5);
  gs_gen_release(points.gen);
}

TEST(select_of_cases_without_an_array) {
  int_chan ints = GS_CHAN_NULL;
  point_chan points = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 1), GS_OK);
  CHECK_EQ(gs_make(&points, 1), GS_OK);
  int n = 0;
  struct point p = {1, 2};
  int result = -99;
  CHECK_EQ(gs_try_select_of(&result, gs_recv_case(ints, &n)), GS_EAGAIN);
  CHECK_EQ(gs_select_of_until(&result, gs_now() + 5, gs_recv_case(ints, &n),
                              gs_recv_case(points, &p)),
           GS_ETIMEDOUT);
  CHECK_EQ(result, -99);
  CHECK_EQ(
      gs_select_of(&result, gs_recv_case(ints, &n), gs_send_case(points, &p)),
      1);
  CHECK_EQ(result, GS_OK);
  CHECK_EQ(gs_send(ints, 7), GS_OK);
  CHECK_EQ(
      gs_select_of(&result, gs_recv_case(ints, &n), gs_send_case(points, &p)),
      0);
  CHECK_EQ(result, 1);
  CHECK_EQ(n, 7);
  CHECK_EQ(gs_close(ints), GS_OK);
  CHECK_EQ(gs_select_of(&result, gs_recv_case(ints, &n)), 0);
  CHECK_EQ(result, 0);
  CHECK_EQ(gs_select_of(NULL, gs_recv_case(ints, &n)), 0);
  gs_release(ints);
  gs_release(points);
}

TEST(select_of_parks_as_select_does) {
  int_chan ints = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&ints, 0), GS_OK);
  CHECK(gs_go(count_up, ints.chan) > 0);
  int result = 0;
  int n = 0;
  int sum = 0;
  do {
    CHECK_EQ(gs_select_of(&result, gs_recv_case(ints, &n)), 0);
    sum += n;
  } while (result > 0);
  CHECK_EQ(sum, 6);
  gs_release(ints);
}
