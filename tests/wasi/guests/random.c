/* random_get and sched_yield. */
#include "check.h"

static uint8_t bytes[300 * 1024];

CASE(random_get_fills_the_buffer) {
  memset(bytes, 0, 256);
  WANT_OK(w_random_get(bytes, 256));
  int zeros = 0;
  for (int i = 0; i < 256; i++) zeros += bytes[i] == 0;
  /* One byte in 256 is zero; 20 of 256 come once in 10^17 runs. */
  WANT_TRUE(zeros < 20);
}

CASE(random_get_writes_no_byte_beside_the_buffer) {
  memset(bytes, 0x5a, 64);
  WANT_OK(w_random_get(bytes + 8, 16));
  for (int i = 0; i < 8; i++) WANT_NUMBER(bytes[i], 0x5a);
  for (int i = 24; i < 64; i++) WANT_NUMBER(bytes[i], 0x5a);
}

CASE(random_get_of_nothing_succeeds) {
  bytes[0] = 7;
  WANT_OK(w_random_get(bytes, 0));
  WANT_NUMBER(bytes[0], 7);
}

/* WebCrypto gives 65536 bytes at a time. */
CASE(random_get_fills_more_than_one_call_of_webcrypto) {
  memset(bytes, 0, sizeof bytes);
  WANT_OK(w_random_get(bytes, sizeof bytes));
  for (size_t at = 0; at < sizeof bytes; at += 4096) {
    int zeros = 0;
    for (int i = 0; i < 4096; i++) zeros += bytes[at + i] == 0;
    WANT_TRUE(zeros < 100);
  }
}

CASE(random_get_answers_other_bytes_each_time) {
  uint8_t other[32];
  WANT_OK(w_random_get(bytes, 32));
  WANT_OK(w_random_get(other, 32));
  WANT_TRUE(memcmp(bytes, other, 32) != 0);
}

CASE(sched_yield_comes_back) {
  for (int i = 0; i < 3; i++) WANT_OK(w_sched_yield());
}
