/* Random bytes, hashes in one go, memory of secrets, and arguments that no
 * function takes. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/host/op.h"
#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "crypto_fake.h"
#include "harness.h"
#include "host_fake.h"

#define POISON 0xa5
#define HUGE_BYTES ((size_t)INT32_MAX + 1)

static bool poisoned(const void *at, size_t bytes) {
  const unsigned char *byte = at;
  for (size_t i = 0; i < bytes; i++) {
    if (byte[i] != POISON) return false;
  }
  return true;
}

/* ---- random ---- */

TEST(random_bytes_are_the_hosts) {
  unsigned char bytes[64] = {0};
  CHECK_EQ(gs_random(bytes, sizeof bytes - 1), GS_OK);
  for (size_t i = 0; i < sizeof bytes - 1; i++) CHECK_EQ(bytes[i], 7);
  CHECK_EQ(bytes[sizeof bytes - 1], 0);
  CHECK_EQ(gs_random(bytes, 0), GS_OK);
  CHECK_EQ(gs_random(NULL, 0), GS_OK);
  CHECK_EQ(gs_random(NULL, 1), GS_EINVAL);
  crypto_fake.answer = GS_EFAULT;
  CHECK_EQ(gs_random(bytes, 1), GS_EFAULT);
}

HOST_TEST(random_bytes_come_outside_a_goroutine_too) {
  unsigned char byte = 0;
  CHECK_EQ(gs_random(&byte, 1), GS_OK);
  CHECK_EQ(byte, 7);
}

/* ---- memory ---- */

TEST(equal_sees_a_difference_of_any_bit_at_any_place) {
  unsigned char a[67];
  unsigned char b[67];
  for (size_t i = 0; i < sizeof a; i++) a[i] = (unsigned char)(i * 37);
  memcpy(b, a, sizeof a);
  for (size_t size = 0; size <= sizeof a; size++) {
    CHECK(gs_crypto_equal(a, b, size));
  }
  for (size_t i = 0; i < sizeof a; i++) {
    for (int bit = 0; bit < 8; bit++) {
      b[i] ^= (unsigned char)(1 << bit);
      CHECK(!gs_crypto_equal(a, b, sizeof a));
      CHECK(gs_crypto_equal(a, b, i));
      b[i] = a[i];
    }
  }
  CHECK(gs_crypto_equal(a, a, sizeof a));
  CHECK(gs_crypto_equal(NULL, NULL, 0));
}

TEST(differences_do_not_cancel_each_other_out) {
  unsigned char a[4] = {1, 2, 3, 4};
  unsigned char b[4] = {1 ^ 0x80, 2 ^ 0x80, 3, 4};
  CHECK(!gs_crypto_equal(a, b, sizeof a));
}

TEST(zero_overwrites_all_and_no_more) {
  unsigned char bytes[40];
  for (size_t size = 0; size <= 32; size++) {
    memset(bytes, POISON, sizeof bytes);
    gs_crypto_zero(bytes + 4, size);
    CHECK(poisoned(bytes, 4));
    for (size_t i = 0; i < size; i++) CHECK_EQ(bytes[4 + i], 0);
    CHECK(poisoned(bytes + 4 + size, sizeof bytes - 4 - size));
  }
  gs_crypto_zero(NULL, 0);
}

/* ---- hashes ---- */

struct hashing {
  gs_ctx *ctx;
  enum gs_hash_kind kind;
  int result;
  bool done;
  unsigned char out[GS_HASH_BYTES_MAX + 1];
};

static const char text[] = "abc";

static void hash(void *arg) {
  struct hashing *h = arg;
  memset(h->out, POISON, sizeof h->out);
  gs_ctx *outer = gs_ctx_enter(h->ctx);
  h->result = gs_hash(h->kind, text, 3, h->out);
  gs_ctx_leave(outer);
  h->done = true;
}

static void start(struct hashing *h) {
  CHECK(gs_go(hash, h) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
}

TEST(the_sizes_of_hashes) {
  CHECK_EQ(gs_hash_bytes(GS_SHA_1), 20);
  CHECK_EQ(gs_hash_bytes(GS_SHA_256), 32);
  CHECK_EQ(gs_hash_bytes(GS_SHA_384), 48);
  CHECK_EQ(gs_hash_bytes(GS_SHA_512), GS_HASH_BYTES_MAX);
  CHECK_EQ(gs_hash_bytes((enum gs_hash_kind)0), 0);
  CHECK_EQ(gs_hash_bytes((enum gs_hash_kind)5), 0);
}

TEST(a_hash_parks_and_is_there_when_its_goroutine_runs) {
  struct hashing h = {.kind = GS_SHA_384};
  start(&h);
  CHECK(!h.done);
  CHECK_EQ(crypto_fake.hash, GS_SHA_384);
  CHECK_EQ(crypto_fake.data, (const void *)text);
  CHECK_EQ(crypto_fake.data_bytes, 3);
  CHECK_EQ(crypto_fake.out, (void *)h.out);
  crypto_fake_complete(48);
  harness_wait_for_others();
  CHECK_EQ(h.result, 48);
  CHECK_EQ(h.out[0], 1);
  CHECK_EQ(h.out[47], 48);
  CHECK(poisoned(h.out + 48, sizeof h.out - 48));
}

TEST(a_hash_that_fails_later_leaves_out_untouched) {
  struct hashing h = {.kind = GS_SHA_256};
  start(&h);
  crypto_fake_complete(GS_EIO);
  harness_wait_for_others();
  CHECK_EQ(h.result, GS_EIO);
  CHECK(poisoned(h.out, sizeof h.out));
}

TEST(what_the_host_refuses_at_once_does_not_park) {
  unsigned char out[GS_HASH_BYTES_MAX];
  host_fake.answer = GS_ENOTSUP;
  CHECK_EQ(gs_hash(GS_SHA_256, text, 3, out), GS_ENOTSUP);
  CHECK_EQ(gs__ops_pending(), 0);
}

TEST(a_hash_wants_data_and_out) {
  unsigned char out[GS_HASH_BYTES_MAX];
  CHECK_EQ(gs_hash(GS_SHA_256, NULL, 1, out), GS_EINVAL);
  CHECK_EQ(gs_hash(GS_SHA_256, text, 3, NULL), GS_EINVAL);
  /* No browser takes more. */
  CHECK_EQ(gs_hash(GS_SHA_256, text, HUGE_BYTES, out), GS_EINVAL);
  CHECK_EQ(crypto_fake.digests, 0);
}

static void hash_nothing(void *arg) {
  unsigned char out[GS_HASH_BYTES_MAX];
  *(int *)arg = gs_hash(GS_SHA_1, NULL, 0, out);
}

TEST(the_hash_of_nothing_needs_no_data) {
  int result = 0;
  gs_go(hash_nothing, &result);
  CHECK_EQ(gs_yield(), GS_OK);
  crypto_fake_complete(20);
  harness_wait_for_others();
  CHECK_EQ(result, 20);
}

TEST(canceling_gives_up_the_hash_at_the_host) {
  struct hashing h = {.kind = GS_SHA_256};
  CHECK_EQ(gs_ctx_new(&h.ctx, NULL), GS_OK);
  start(&h);
  uint32_t token = host_fake.ops[0].token;
  CHECK_EQ(gs_ctx_cancel(h.ctx, 0), 1);
  CHECK_EQ(host_fake.last_canceled, token);
  harness_wait_for_others();
  CHECK_EQ(h.result, GS_ECANCELED);
  CHECK(poisoned(h.out, sizeof h.out));
  CHECK_EQ(host_fake.canceled, 1);
  gs_ctx_release(h.ctx);
}

TEST(a_deadline_gives_up_the_hash_at_the_host) {
  struct hashing h = {.kind = GS_SHA_256};
  CHECK_EQ(gs_ctx_new_timeout(&h.ctx, NULL, 100), GS_OK);
  start(&h);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK(h.done);
  CHECK_EQ(h.result, GS_ETIMEDOUT);
  CHECK(poisoned(h.out, sizeof h.out));
  CHECK_EQ(host_fake.canceled, 1);
  gs_ctx_release(h.ctx);
}

TEST(in_a_context_that_is_done_a_hash_ends_at_once) {
  struct hashing h = {.kind = GS_SHA_256};
  CHECK_EQ(gs_ctx_new(&h.ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(h.ctx, 0), 1);
  start(&h);
  CHECK(h.done);
  CHECK_EQ(h.result, GS_ECANCELED);
  CHECK_EQ(host_fake.canceled, host_fake.started);
  CHECK(poisoned(h.out, sizeof h.out));
  gs_ctx_release(h.ctx);
}

TEST(a_hash_without_memory_for_its_token_is_refused) {
  unsigned char out[GS_HASH_BYTES_MAX];
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_hash(GS_SHA_256, text, 3, out), GS_ENOMEM);
  CHECK(!alloc_fake_never_fail());
  CHECK_EQ(crypto_fake.digests, 0);
}

HOST_TEST(outside_a_goroutine_nothing_is_hashed) {
  unsigned char out[GS_HASH_BYTES_MAX];
  CHECK_EQ(gs_hash(GS_SHA_256, text, 3, out), GS_EPERM);
  CHECK_EQ(crypto_fake.digests, 0);
}

TEST(a_thousand_hashes_at_once_are_told_apart) {
  enum { COUNT = 1000 };
  static struct hashing many[COUNT];
  for (int i = 0; i < COUNT; i++) {
    many[i] = (struct hashing){.kind = GS_SHA_1};
    CHECK(gs_go(hash, &many[i]) > 0);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.pending, COUNT);
  for (int i = 0; i < COUNT; i++) crypto_fake_complete(i % 21);
  harness_wait_for_others();
  for (int i = 0; i < COUNT; i++) {
    const struct hashing *h = &many[i];
    CHECK_EQ(h->result, i % 21);
    size_t written = (size_t)h->result;
    CHECK(poisoned(h->out + written, sizeof h->out - written));
  }
}

/* ---- words ---- */

TEST(the_words_are_cut_to_the_room_and_end) {
  char buf[32];
  memset(buf, POISON, sizeof buf);
  CHECK_EQ(gs_crypto_error(buf, sizeof buf), 13);
  CHECK_STR_EQ(buf, "no such curve");
  memset(buf, POISON, sizeof buf);
  CHECK_EQ(gs_crypto_error(buf, 8), 13);
  CHECK_STR_EQ(buf, "no such");
  CHECK(poisoned(buf + 8, sizeof buf - 8));
  CHECK_EQ(gs_crypto_error(buf, 1), 13);
  CHECK_STR_EQ(buf, "");
  CHECK_EQ(gs_crypto_error(NULL, 0), 13);
  CHECK_EQ(gs_crypto_error(NULL, 1), GS_EINVAL);
}

/* ---- arguments of what works with keys ---- */

#define KEY 0x10007
#define OTHER 0x20003

static const char data[] = "some data";
static const char extra[] = "extra";
static const struct gs_key_spec aes = {.kind = GS_KEY_AES_GCM};
static const struct gs_derivation derivation = {.iterations = 1};

TEST(keys_want_places_for_what_comes_out) {
  struct gs_key_spec spec = aes;
  gs_key key = 0;
  CHECK_EQ(gs_key_generate(NULL, NULL, &spec), GS_EINVAL);
  CHECK_EQ(gs_key_generate(&key, NULL, NULL), GS_EINVAL);
  for (int kind = GS_KEY_ECDSA; kind <= GS_KEY_RSA_OAEP; kind++) {
    spec.kind = (enum gs_key_kind)kind;
    CHECK_EQ(gs_key_generate(&key, NULL, &spec), GS_EINVAL);
  }
  CHECK_EQ(gs_key_import(NULL, &aes, GS_KEY_RAW, data, 9), GS_EINVAL);
  CHECK_EQ(gs_key_import(&key, NULL, GS_KEY_RAW, data, 9), GS_EINVAL);
  CHECK_EQ(gs_key_import(&key, &aes, GS_KEY_RAW, NULL, 9), GS_EINVAL);
  CHECK_EQ(gs_key_import(&key, &aes, GS_KEY_RAW, data, HUGE_BYTES), GS_EINVAL);
  CHECK_EQ(gs_key_export(KEY, GS_KEY_RAW, NULL, 9, NULL), GS_EINVAL);
  CHECK_EQ(gs_key_wrap(KEY, GS_KEY_RAW, OTHER, NULL, NULL, 9), GS_EINVAL);
  CHECK_EQ(gs_key_unwrap(NULL, &aes, GS_KEY_RAW, OTHER, NULL, data, 9),
           GS_EINVAL);
  CHECK_EQ(gs_key_unwrap(&key, NULL, GS_KEY_RAW, OTHER, NULL, data, 9),
           GS_EINVAL);
  CHECK_EQ(gs_key_unwrap(&key, &aes, GS_KEY_RAW, OTHER, NULL, NULL, 9),
           GS_EINVAL);
  CHECK_EQ(gs_key_derive(NULL, KEY, &derivation, &aes), GS_EINVAL);
  CHECK_EQ(gs_key_derive(&key, KEY, NULL, &aes), GS_EINVAL);
  CHECK_EQ(gs_key_derive(&key, KEY, &derivation, NULL), GS_EINVAL);
  CHECK_EQ(gs_key_load(NULL, "name"), GS_EINVAL);
  CHECK_EQ(crypto_fake.runs, 0);
  CHECK_EQ(key, 0);
}

TEST(names_have_1_to_255_bytes) {
  char name[257];
  memset(name, 'n', sizeof name);
  name[256] = '\0';
  gs_key key = 0;
  const char *const bad[] = {NULL, "", name};
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(gs_key_store(bad[i], KEY), GS_EINVAL);
    CHECK_EQ(gs_key_load(&key, bad[i]), GS_EINVAL);
    CHECK_EQ(gs_key_delete(bad[i]), GS_EINVAL);
  }
  CHECK_EQ(crypto_fake.runs, 0);
  name[255] = '\0';
  host_fake.answer = GS_ENOTSUP;
  CHECK_EQ(gs_key_delete(name), GS_ENOTSUP);
  CHECK_EQ(crypto_fake.runs, 1);
}

TEST(operations_want_bytes_where_they_are_said_to_be) {
  unsigned char out[64];
  struct gs_cipher bad_iv = {.iv_bytes = 12};
  struct gs_cipher bad_extra = {.extra_bytes = 1};
  CHECK_EQ(gs_sign(KEY, NULL, NULL, 9, out, 64), GS_EINVAL);
  CHECK_EQ(gs_sign(KEY, NULL, data, 9, NULL, 64), GS_EINVAL);
  CHECK_EQ(gs_sign(KEY, NULL, data, HUGE_BYTES, out, 64), GS_EINVAL);
  CHECK_EQ(gs_verify(KEY, NULL, NULL, 9, extra, 5), GS_EINVAL);
  CHECK_EQ(gs_verify(KEY, NULL, data, 9, NULL, 5), GS_EINVAL);
  CHECK_EQ(gs_encrypt(KEY, &bad_iv, data, 9, out, 64), GS_EINVAL);
  CHECK_EQ(gs_encrypt(KEY, &bad_extra, data, 9, out, 64), GS_EINVAL);
  CHECK_EQ(gs_encrypt(KEY, NULL, NULL, 9, out, 64), GS_EINVAL);
  CHECK_EQ(gs_decrypt(KEY, NULL, data, 9, NULL, 64), GS_EINVAL);
  CHECK_EQ(gs_key_wrap(KEY, GS_KEY_RAW, OTHER, &bad_iv, out, 64), GS_EINVAL);
  struct gs_derivation bad_salt = {.salt_bytes = 1};
  struct gs_derivation bad_info = {.info_bytes = 1};
  CHECK_EQ(gs_derive(KEY, &bad_salt, out, 64), GS_EINVAL);
  CHECK_EQ(gs_derive(KEY, &bad_info, out, 64), GS_EINVAL);
  CHECK_EQ(gs_derive(KEY, NULL, out, 64), GS_EINVAL);
  CHECK_EQ(gs_derive(KEY, &derivation, NULL, 64), GS_EINVAL);
  CHECK_EQ(gs_derive(KEY, &derivation, out, 0), GS_EINVAL);
  CHECK_EQ(gs_derive(KEY, &derivation, out, HUGE_BYTES), GS_EINVAL);
  enum gs_hash_kind none = (enum gs_hash_kind)9;
  CHECK_EQ(gs_hmac(none, data, 9, extra, 5, out), GS_EINVAL);
  CHECK_EQ(gs_hmac(GS_SHA_1, NULL, 9, extra, 5, out), GS_EINVAL);
  CHECK_EQ(gs_hmac(GS_SHA_1, data, 9, NULL, 5, out), GS_EINVAL);
  CHECK_EQ(gs_hmac(GS_SHA_1, data, 9, extra, 5, NULL), GS_EINVAL);
  CHECK_EQ(crypto_fake.runs, 0);
}
