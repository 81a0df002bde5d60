/* Typed channels in C++17, and what else is C++'s own. */
#include "typed-cases.h"

extern "C" struct gs__call *gs_call_new(uint32_t bytes);

namespace {

enum class colour : short { red = 1, green = 2 };
GS_CHAN_TYPE(colour_chan, colour);

int destroyed;

struct counted {
  ~counted() { destroyed++; }
};

}  // namespace

TEST(enumerations_pass) {
  colour_chan colours = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&colours, 1), GS_OK);
  CHECK_EQ(gs_send(colours, colour::green), GS_OK);
  colour got = colour::red;
  CHECK_EQ(gs_recv(colours, &got), 1);
  CHECK(got == colour::green);
  gs_release(colours);
}

TEST(a_lambda_without_captures_is_a_goroutine) {
  int runs = 0;
  gs_go([](void *arg) { ++*static_cast<int *>(arg); }, &runs);
  harness_wait_for_others();
  CHECK_EQ(runs, 1);
}

TEST(destructors_run_when_a_goroutine_returns) {
  gs_go(
      [](void *) {
        counted one;
        gs_sleep(5);
        counted two;
      },
      nullptr);
  harness_wait_for_others();
  CHECK_EQ(destroyed, 2);
}

TEST(plain_cases_are_written_the_same) {
  gs_chan *chan = nullptr;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 1), GS_OK);
  const int sent = 4;
  int got = 0;
  gs_case cases[] = {GS_SEND(chan, &sent), GS_RECV(chan, &got)};
  CHECK_EQ(gs_select(cases, 2), 0);
  CHECK_EQ(gs_select(cases, 2), 1);
  CHECK_EQ(got, 4);
  gs_chan_release(chan);
}

GS_EXPORT(const char *, name_of, (int, number)) {
  return number == 1 ? "one" : nullptr;
}
GS_EXPORT_VOID(nothing_at_all) {}

TEST(exports_compile_and_run_in_cpp) {
  auto *call = static_cast<gs__call *>(gs_call_new(sizeof(gs__call)));
  call->count = 1;
  gs__value_set_number(&call->args[0], 1);
  CHECK_EQ(gs__call_name_of(call), GS_OK);
  call = static_cast<gs__call *>(gs_call_new(sizeof(gs__call)));
  CHECK_EQ(gs__call_nothing_at_all(call), GS_OK);
  harness_wait_for_others();
}
