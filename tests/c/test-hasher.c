/* Hashes by pieces: the C side, over a library that the test plays. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/host/op.h"
#include "alloc_fake.h"
#include "crypto_fake.h"
#include "harness.h"
#include "host_fake.h"

struct making {
  gs_ctx *ctx;
  gs_hasher *hasher;
  int result;
  bool done;
};

static void make(void *arg) {
  struct making *m = arg;
  m->hasher = (gs_hasher *)m;
  gs_ctx *outer = gs_ctx_enter(m->ctx);
  m->result = gs_hasher_new(&m->hasher, GS_SHA_512);
  gs_ctx_leave(outer);
  m->done = true;
}

static bool untouched(const struct making *m) {
  return m->hasher == (const gs_hasher *)m;
}

static void start(struct making *m) {
  CHECK(gs_go(make, m) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
}

static gs_hasher *made(int32_t handle) {
  struct making m = {0};
  start(&m);
  CHECK(!m.done);
  CHECK_EQ(crypto_fake.hash, GS_SHA_512);
  crypto_fake_complete(handle);
  harness_wait_for_others();
  CHECK_EQ(m.result, GS_OK);
  return m.hasher;
}

TEST(pieces_go_to_the_hasher_they_are_for) {
  gs_hasher *a = made(0x10001);
  gs_hasher *b = made(0x10002);
  char text[] = "abc";
  CHECK_EQ(gs_hasher_update(a, text, 3), GS_OK);
  CHECK_EQ(crypto_fake.hasher, 0x10001);
  CHECK_EQ(crypto_fake.data, (const void *)text);
  CHECK_EQ(crypto_fake.data_bytes, 3);
  CHECK_EQ(gs_hasher_update(b, text, 1), GS_OK);
  CHECK_EQ(crypto_fake.hasher, 0x10002);
  unsigned char out[GS_HASH_BYTES_MAX];
  crypto_fake.answer = 64;
  CHECK_EQ(gs_hasher_finish(a, out), 64);
  CHECK_EQ(crypto_fake.hasher, 0x10001);
  CHECK_EQ(crypto_fake.out, (void *)out);
  crypto_fake.answer = GS_EINVAL;
  CHECK_EQ(gs_hasher_update(a, text, 1), GS_EINVAL);
  CHECK_EQ(gs_hasher_finish(a, out), GS_EINVAL);
  crypto_fake.answer = 0;
  CHECK_EQ(gs_hasher_reset(a), GS_OK);
  CHECK_EQ(crypto_fake.out, (void *)NULL);
  CHECK_EQ(gs_hasher_update(a, NULL, 0), GS_OK);
  gs_hasher_free(b);
  CHECK_EQ(crypto_fake.freed, 0x10002);
  gs_hasher_free(a);
  CHECK_EQ(crypto_fake.freed, 0x10001);
  CHECK_EQ(crypto_fake.frees, 2);
}

TEST(pieces_want_a_hasher_and_data) {
  gs_hasher *hasher = made(5);
  unsigned char out[GS_HASH_BYTES_MAX];
  CHECK_EQ(gs_hasher_new(NULL, GS_SHA_1), GS_EINVAL);
  CHECK_EQ(gs_hasher_update(NULL, out, 1), GS_EINVAL);
  CHECK_EQ(gs_hasher_update(hasher, NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_hasher_finish(NULL, out), GS_EINVAL);
  CHECK_EQ(gs_hasher_finish(hasher, NULL), GS_EINVAL);
  CHECK_EQ(gs_hasher_reset(NULL), GS_EINVAL);
  CHECK_EQ(crypto_fake.hasher, 0);
  gs_hasher_free(NULL);
  CHECK_EQ(crypto_fake.frees, 0);
  gs_hasher_free(hasher);
}

TEST(without_a_library_there_is_no_hasher) {
  host_fake.answer = GS_ENOSYS;
  struct making m = {0};
  make(&m);
  CHECK_EQ(m.result, GS_ENOSYS);
  CHECK(untouched(&m));
  CHECK_EQ(crypto_fake.frees, 0);
}

TEST(a_library_that_fails_makes_no_hasher) {
  static const int32_t results[] = {GS_EMFILE, GS_EIO, 0};
  for (int i = 0; i < 3; i++) {
    struct making m = {0};
    start(&m);
    crypto_fake_complete(results[i]);
    harness_wait_for_others();
    CHECK_EQ(m.result, results[i] == 0 ? GS_EIO : results[i]);
    CHECK(untouched(&m));
  }
  CHECK_EQ(crypto_fake.frees, 0);
}

TEST(canceling_while_the_library_starts_makes_no_hasher) {
  struct making m = {0};
  CHECK_EQ(gs_ctx_new(&m.ctx, NULL), GS_OK);
  start(&m);
  CHECK_EQ(gs_ctx_cancel(m.ctx, 0), 1);
  harness_wait_for_others();
  CHECK_EQ(m.result, GS_ECANCELED);
  CHECK(untouched(&m));
  CHECK_EQ(host_fake.canceled, 1);
  gs_ctx_release(m.ctx);
}

TEST(a_deadline_while_the_library_starts_makes_no_hasher) {
  struct making m = {0};
  CHECK_EQ(gs_ctx_new_timeout(&m.ctx, NULL, 100), GS_OK);
  start(&m);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(m.result, GS_ETIMEDOUT);
  CHECK(untouched(&m));
  CHECK_EQ(host_fake.canceled, 1);
  gs_ctx_release(m.ctx);
}

TEST(without_memory_no_hasher_is_made) {
  for (uint32_t good = 0; good < 2; good++) {
    struct making m = {0};
    alloc_fake_fail_after(good);
    make(&m);
    CHECK(!alloc_fake_never_fail());
    CHECK_EQ(m.result, GS_ENOMEM);
    CHECK(untouched(&m));
  }
  CHECK_EQ(crypto_fake.hashers, 0);
}

HOST_TEST(outside_a_goroutine_no_hasher_is_made) {
  gs_hasher *hasher = NULL;
  CHECK_EQ(gs_hasher_new(&hasher, GS_SHA_1), GS_EPERM);
  CHECK_EQ(hasher, (gs_hasher *)NULL);
}
