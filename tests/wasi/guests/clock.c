/* clock_res_get and clock_time_get. */
#include "check.h"

static const uint64_t SECOND_NS = 1000000000;

static uint64_t now(uint32_t id) {
  uint64_t ns = 0;
  WANT_OK(w_clock_time_get(id, 0, &ns));
  return ns;
}

CASE(clock_res_get_of_the_realtime_clock_is_not_zero) {
  uint64_t ns = 0;
  WANT_OK(w_clock_res_get(W_CLOCK_REALTIME, &ns));
  WANT_TRUE(ns > 0 && ns < SECOND_NS);
}

CASE(clock_res_get_of_the_monotonic_clock_is_not_zero) {
  uint64_t ns = 0;
  WANT_OK(w_clock_res_get(W_CLOCK_MONOTONIC, &ns));
  WANT_TRUE(ns > 0 && ns < SECOND_NS);
}

/* A clock the host does not have is EINVAL; one it has is not zero. */
static void has_or_refuses(uint32_t id) {
  uint64_t ns = 0;
  int32_t err = w_clock_res_get(id, &ns);
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err == W_ESUCCESS) WANT_TRUE(ns > 0);
}

CASE(clock_res_get_of_processor_time_is_there_or_refused) {
  has_or_refuses(W_CLOCK_PROCESS_CPUTIME);
  has_or_refuses(W_CLOCK_THREAD_CPUTIME);
}

CASE(clock_time_get_of_processor_time_never_goes_back) {
  for (uint32_t id = W_CLOCK_PROCESS_CPUTIME; id <= W_CLOCK_THREAD_CPUTIME;
       id++) {
    uint64_t first = 0;
    uint64_t second = 0;
    int32_t err = w_clock_time_get(id, 0, &first);
    WANT(err, W_ESUCCESS, W_EINVAL);
    if (err != W_ESUCCESS) continue;
    WANT_OK(w_clock_time_get(id, 0, &second));
    WANT_TRUE(second >= first);
  }
}

CASE(clock_res_get_refuses_an_unknown_clock) {
  uint64_t ns = 7;
  WANT(w_clock_res_get(4, &ns), W_EINVAL);
  WANT(w_clock_res_get(UINT32_MAX, &ns), W_EINVAL);
  WANT_NUMBER(ns, 7);
}

CASE(clock_time_get_refuses_an_unknown_clock) {
  uint64_t ns = 7;
  WANT(w_clock_time_get(4, 0, &ns), W_EINVAL);
  WANT(w_clock_time_get(UINT32_MAX, 0, &ns), W_EINVAL);
  WANT_NUMBER(ns, 7);
}

/* Between 2023 and 2223, in nanoseconds. */
CASE(clock_time_get_tells_the_time_of_day) {
  uint64_t seconds = now(W_CLOCK_REALTIME) / SECOND_NS;
  WANT_TRUE(seconds > 1672531200);
  WANT_TRUE(seconds < UINT64_C(7984000000));
}

CASE(clock_time_get_monotonic_never_goes_back) {
  uint64_t last = now(W_CLOCK_MONOTONIC);
  for (int i = 0; i < 1000; i++) {
    uint64_t next = now(W_CLOCK_MONOTONIC);
    NEED_TRUE(next >= last);
    last = next;
  }
}

CASE(clock_time_get_monotonic_goes_on) {
  uint64_t first = now(W_CLOCK_MONOTONIC);
  uint64_t next = first;
  for (int i = 0; i < 100000000 && next == first; i++) {
    next = now(W_CLOCK_MONOTONIC);
  }
  WANT_TRUE(next > first);
}

/* It says how much later than exactly the answer may be. */
CASE(clock_time_get_takes_any_precision) {
  uint64_t ns = 0;
  WANT_OK(w_clock_time_get(W_CLOCK_MONOTONIC, 1, &ns));
  WANT_OK(w_clock_time_get(W_CLOCK_MONOTONIC, UINT64_MAX, &ns));
  WANT_OK(w_clock_time_get(W_CLOCK_REALTIME, SECOND_NS, &ns));
  WANT_TRUE(ns > 0);
}
