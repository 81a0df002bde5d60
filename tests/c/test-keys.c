/* Keys and what is done with them: what the host is asked, what comes back,
 * and that nothing is written by what fails. Row D2: a key is a number here. */
#include <gossamer/gossamer.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/host/op.h"
#include "alloc_fake.h"
#include "crypto_fake.h"
#include "harness.h"
#include "host_fake.h"

#define POISON 0xa5
#define KEY 0x10007
#define OTHER 0x20003

/* Everything a function here may write. */
struct outs {
  gs_key key;
  gs_key public_key;
  size_t need_bytes;
  unsigned char bytes[80];
};

static void poison(struct outs *outs) { memset(outs, POISON, sizeof *outs); }

static bool poisoned(const void *at, size_t bytes) {
  const unsigned char *byte = at;
  for (size_t i = 0; i < bytes; i++) {
    if (byte[i] != POISON) return false;
  }
  return true;
}

static const char data[] = "some data";
static const char iv[] = "twelve bytes";
static const char extra[] = "extra";
static const struct gs_key_spec aes = {.kind = GS_KEY_AES_GCM,
                                       .bits = 128,
                                       .uses = GS_KEY_ENCRYPT | GS_KEY_DECRYPT,
                                       .extractable = true};
static const struct gs_key_spec pair = {
    .kind = GS_KEY_ECDSA, .hash = GS_SHA_384, .curve = GS_P521};
static const struct gs_cipher cipher = {.iv = iv,
                                        .iv_bytes = 12,
                                        .extra = extra,
                                        .extra_bytes = 5,
                                        .tag_bytes = 12,
                                        .counter_bits = 32};
static const struct gs_derivation derivation = {.salt = iv,
                                                .salt_bytes = 12,
                                                .info = extra,
                                                .info_bytes = 5,
                                                .iterations = 1000,
                                                .hash = GS_SHA_512,
                                                .public_key = OTHER};
static const struct gs_signing signing = {.hash = GS_SHA_384, .salt_bytes = 20};

/* ---- one call of each ---- */

static int64_t generate(struct outs *o) {
  return gs_key_generate(&o->key, &o->public_key, &pair);
}
static int64_t import(struct outs *o) {
  return gs_key_import(&o->key, &aes, GS_KEY_RAW, data, 9);
}
static int64_t export(struct outs *o) {
  return gs_key_export(KEY, GS_KEY_SPKI, o->bytes, 64, NULL);
}
static int64_t wrap(struct outs *o) {
  return gs_key_wrap(KEY, GS_KEY_PKCS8, OTHER, &cipher, o->bytes, 64);
}
static int64_t unwrap(struct outs *o) {
  return gs_key_unwrap(&o->key, &aes, GS_KEY_JWK, OTHER, &cipher, data, 9);
}
static int64_t sign(struct outs *o) {
  return gs_sign(KEY, &signing, data, 9, o->bytes, 64);
}
static int64_t verify(struct outs *o) {
  (void)o;
  return gs_verify(KEY, &signing, data, 9, extra, 5);
}
static int64_t encrypt(struct outs *o) {
  return gs_encrypt(KEY, &cipher, data, 9, o->bytes, 64);
}
static int64_t decrypt(struct outs *o) {
  return gs_decrypt(KEY, &cipher, data, 9, o->bytes, 64);
}
static int64_t derive(struct outs *o) {
  return gs_derive(KEY, &derivation, o->bytes, 64);
}
static int64_t derive_key(struct outs *o) {
  return gs_key_derive(&o->key, KEY, &derivation, &aes);
}
static int64_t store(struct outs *o) {
  (void)o;
  return gs_key_store("name", KEY);
}
static int64_t load(struct outs *o) { return gs_key_load(&o->key, "name"); }
static int64_t delete (struct outs *o) {
  (void)o;
  return gs_key_delete("name");
}
static int64_t hmac(struct outs *o) {
  return gs_hmac(GS_SHA_512, data, 9, extra, 5, o->bytes);
}

/* What the host answers when all goes well, and what is in op then. */
static const struct call {
  uint32_t code;
  int64_t (*make)(struct outs *outs);
  int32_t good;
  bool makes_key;
} calls[] = {
    {GS__CRYPTO_GENERATE, generate, 0, true},
    {GS__CRYPTO_IMPORT, import, 0, true},
    {GS__CRYPTO_EXPORT, export, 40, false},
    {GS__CRYPTO_WRAP, wrap, 48, false},
    {GS__CRYPTO_UNWRAP, unwrap, 0, true},
    {GS__CRYPTO_SIGN, sign, 64, false},
    {GS__CRYPTO_VERIFY, verify, 1, false},
    {GS__CRYPTO_ENCRYPT, encrypt, 25, false},
    {GS__CRYPTO_DECRYPT, decrypt, 0, false},
    {GS__CRYPTO_DERIVE, derive, 64, false},
    {GS__CRYPTO_DERIVE_KEY, derive_key, 0, true},
    {GS__CRYPTO_STORE, store, 0, false},
    {GS__CRYPTO_LOAD, load, 0, true},
    {GS__CRYPTO_DELETE, delete, 0, false},
    {GS__CRYPTO_IMPORT, hmac, 0, false},
};
#define CALLS (sizeof calls / sizeof *calls)
#define HMAC (&calls[CALLS - 1])

struct doing {
  const struct call *call;
  gs_ctx *ctx;
  struct outs outs;
  int64_t result;
  bool done;
};

static void run_call(void *arg) {
  struct doing *d = arg;
  poison(&d->outs);
  gs_ctx *outer = gs_ctx_enter(d->ctx);
  d->result = d->call->make(&d->outs);
  gs_ctx_leave(outer);
  d->done = true;
}

static void start(struct doing *d) {
  CHECK(gs_go(run_call, d) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!d->done);
  CHECK_EQ(host_fake.pending, 1);
}

/* ---- each of them ---- */

TEST(each_call_parks_and_answers_what_the_host_answers) {
  for (const struct call *call = calls; call < HMAC; call++) {
    struct doing d = {.call = call};
    start(&d);
    CHECK_EQ(crypto_fake.op->code, call->code);
    if (call->makes_key) {
      crypto_fake_complete_keys(0, 0x30001, 0x30002);
    } else {
      crypto_fake_complete(call->good);
    }
    harness_wait_for_others();
    CHECK_EQ(d.result, call->good);
    if (call->makes_key) {
      CHECK_EQ(d.outs.key, 0x30001);
    } else {
      CHECK(poisoned(&d.outs.key, sizeof d.outs.key));
    }
    if (call->make == generate) {
      CHECK_EQ(d.outs.public_key, 0x30002);
    } else {
      CHECK(poisoned(&d.outs.public_key, sizeof d.outs.public_key));
    }
  }
}

TEST(each_call_that_fails_at_once_writes_nothing) {
  host_fake.answer = GS_EACCES;
  for (size_t i = 0; i < CALLS; i++) {
    struct doing d = {.call = &calls[i]};
    run_call(&d);
    CHECK_EQ(d.result, GS_EACCES);
    CHECK(poisoned(&d.outs, sizeof d.outs));
    CHECK_EQ(gs__ops_pending(), 0);
  }
}

/* The handles that a host might have left in op do not come out either. */
TEST(each_call_that_fails_later_writes_nothing) {
  for (size_t i = 0; i < CALLS; i++) {
    struct doing d = {.call = &calls[i]};
    start(&d);
    crypto_fake_complete_keys(GS_EBADMSG, 0x30001, 0x30002);
    harness_wait_for_others();
    CHECK_EQ(d.result, GS_EBADMSG);
    CHECK(poisoned(&d.outs, sizeof d.outs));
  }
}

TEST(each_call_can_be_canceled_and_writes_nothing) {
  for (size_t i = 0; i < CALLS; i++) {
    struct doing d = {.call = &calls[i]};
    CHECK_EQ(gs_ctx_new(&d.ctx, NULL), GS_OK);
    start(&d);
    uint32_t token = host_fake.ops[0].token;
    CHECK_EQ(gs_ctx_cancel(d.ctx, 0), 1);
    CHECK_EQ(host_fake.last_canceled, token);
    harness_wait_for_others();
    CHECK_EQ(d.result, GS_ECANCELED);
    CHECK(poisoned(&d.outs, sizeof d.outs));
    gs_complete(token, 1); /* comes late */
    gs_ctx_release(d.ctx);
  }
  CHECK_EQ(host_fake.canceled, CALLS);
  CHECK_EQ(host_fake.canceled_unknown, 0);
}

TEST(each_call_ends_at_a_deadline_and_writes_nothing) {
  for (size_t i = 0; i < CALLS; i++) {
    struct doing d = {.call = &calls[i]};
    CHECK_EQ(gs_ctx_new_timeout(&d.ctx, NULL, 100), GS_OK);
    start(&d);
    CHECK_EQ(gs_sleep(200), GS_OK);
    CHECK(d.done);
    CHECK_EQ(d.result, GS_ETIMEDOUT);
    CHECK(poisoned(&d.outs, sizeof d.outs));
    gs_ctx_release(d.ctx);
  }
  CHECK_EQ(host_fake.canceled, CALLS);
}

TEST(in_a_context_that_is_done_each_call_ends_at_once) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  for (size_t i = 0; i < CALLS; i++) {
    struct doing d = {.call = &calls[i], .ctx = ctx};
    CHECK(gs_go(run_call, &d) > 0);
    CHECK_EQ(gs_yield(), GS_OK);
    CHECK(d.done);
    CHECK_EQ(d.result, GS_ECANCELED);
    CHECK(poisoned(&d.outs, sizeof d.outs));
  }
  CHECK_EQ(host_fake.canceled, host_fake.started);
  gs_ctx_release(ctx);
}

TEST(each_call_without_memory_for_its_token_is_refused) {
  for (size_t i = 0; i < CALLS; i++) {
    struct doing d = {.call = &calls[i]};
    alloc_fake_fail_after(0);
    run_call(&d);
    CHECK(!alloc_fake_never_fail());
    CHECK_EQ(d.result, GS_ENOMEM);
    CHECK(poisoned(&d.outs, sizeof d.outs));
  }
  CHECK_EQ(crypto_fake.runs, 0);
}

HOST_TEST(outside_a_goroutine_each_call_is_refused) {
  for (size_t i = 0; i < CALLS; i++) {
    struct outs outs;
    poison(&outs);
    CHECK_EQ(calls[i].make(&outs), GS_EPERM);
    CHECK(poisoned(&outs, sizeof outs));
  }
  CHECK_EQ(crypto_fake.runs, 0);
}

TEST(many_calls_at_once_are_told_apart) {
  enum { COUNT = 300 };
  static struct doing many[COUNT];
  for (int i = 0; i < COUNT; i++) {
    many[i] = (struct doing){.call = &calls[1]};
    CHECK(gs_go(run_call, &many[i]) > 0);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.pending, COUNT);
  for (int i = 0; i < COUNT; i++) {
    crypto_fake_complete_keys(i % 2 == 0 ? 0 : GS_EINVAL, (uint32_t)i + 1, 0);
  }
  harness_wait_for_others();
  for (int i = 0; i < COUNT; i++) {
    CHECK_EQ(many[i].result, i % 2 == 0 ? 0 : GS_EINVAL);
    if (i % 2 == 0) CHECK_EQ(many[i].outs.key, (uint32_t)i + 1);
  }
}

/* ---- what the host is asked ---- */

/* The struct as the host sees it; the call is given up then. */
static struct gs__crypto_op asked(int64_t (*make)(struct outs *outs)) {
  struct call call = {.make = make};
  struct doing d = {.call = &call};
  CHECK_EQ(gs_ctx_new(&d.ctx, NULL), GS_OK);
  start(&d);
  struct gs__crypto_op op = *crypto_fake.op;
  CHECK(op.out == NULL || op.out == d.outs.bytes);
  CHECK_EQ(gs_ctx_cancel(d.ctx, 0), 1);
  harness_wait_for_others();
  gs_ctx_release(d.ctx);
  return op;
}

static void check_aes(const struct gs__crypto_op *op) {
  CHECK_EQ(op->spec_kind, GS_KEY_AES_GCM);
  CHECK_EQ(op->spec_hash, GS_SHA_256);
  CHECK_EQ(op->spec_curve, GS_P256);
  CHECK_EQ(op->spec_bits, 128);
  CHECK_EQ(op->spec_uses, GS_KEY_ENCRYPT | GS_KEY_DECRYPT);
  CHECK_EQ(op->spec_extractable, 1);
}

static void check_cipher(const struct gs__crypto_op *op) {
  CHECK_EQ(op->iv, (const void *)iv);
  CHECK_EQ(op->iv_bytes, 12);
  CHECK_EQ(op->extra, (const void *)extra);
  CHECK_EQ(op->extra_bytes, 5);
}

static void check_derivation(const struct gs__crypto_op *op) {
  CHECK_EQ(op->key, KEY);
  CHECK_EQ(op->other, OTHER);
  check_cipher(op); /* the salt and the info are where these are */
  CHECK_EQ(op->number, 1000);
  CHECK_EQ(op->hash, GS_SHA_512);
}

static void check_data(const struct gs__crypto_op *op) {
  CHECK_EQ(op->data, (const void *)data);
  CHECK_EQ(op->data_bytes, 9);
}

TEST(generate_asks_for_the_pair_that_is_described) {
  struct gs__crypto_op op = asked(generate);
  CHECK_EQ(op.code, GS__CRYPTO_GENERATE);
  CHECK_EQ(op.spec_kind, GS_KEY_ECDSA);
  CHECK_EQ(op.spec_hash, GS_SHA_384);
  CHECK_EQ(op.spec_curve, GS_P521);
  CHECK_EQ(op.spec_bits, 0);
  CHECK_EQ(op.spec_uses, 0);
  CHECK_EQ(op.spec_extractable, 0);
}

TEST(import_and_unwrap_ask_for_the_key_that_is_described) {
  struct gs__crypto_op op = asked(import);
  CHECK_EQ(op.code, GS__CRYPTO_IMPORT);
  CHECK_EQ(op.format, GS_KEY_RAW);
  check_aes(&op);
  check_data(&op);
  op = asked(unwrap);
  CHECK_EQ(op.code, GS__CRYPTO_UNWRAP);
  CHECK_EQ(op.format, GS_KEY_JWK);
  CHECK_EQ(op.other, OTHER);
  check_aes(&op);
  check_data(&op);
  check_cipher(&op);
}

TEST(export_and_wrap_ask_for_the_key_and_the_format) {
  struct gs__crypto_op op = asked(export);
  CHECK_EQ(op.code, GS__CRYPTO_EXPORT);
  CHECK_EQ(op.key, KEY);
  CHECK_EQ(op.format, GS_KEY_SPKI);
  CHECK_EQ(op.out_bytes, 64);
  op = asked(wrap);
  CHECK_EQ(op.code, GS__CRYPTO_WRAP);
  CHECK_EQ(op.key, KEY);
  CHECK_EQ(op.other, OTHER);
  CHECK_EQ(op.format, GS_KEY_PKCS8);
  CHECK_EQ(op.out_bytes, 64);
  check_cipher(&op);
}

TEST(sign_and_verify_ask_with_their_options) {
  struct gs__crypto_op op = asked(sign);
  CHECK_EQ(op.code, GS__CRYPTO_SIGN);
  CHECK_EQ(op.key, KEY);
  CHECK_EQ(op.hash, GS_SHA_384);
  CHECK_EQ(op.number, 20);
  CHECK_EQ(op.out_bytes, 64);
  check_data(&op);
  op = asked(verify);
  CHECK_EQ(op.code, GS__CRYPTO_VERIFY);
  CHECK_EQ(op.key, KEY);
  CHECK_EQ(op.hash, GS_SHA_384);
  CHECK_EQ(op.number, 20);
  CHECK_EQ(op.extra, (const void *)extra);
  CHECK_EQ(op.extra_bytes, 5);
  check_data(&op);
}

static int64_t sign_plainly(struct outs *o) {
  return gs_sign(KEY, NULL, NULL, 0, o->bytes, 64);
}

TEST(without_options_the_hash_is_sha_256) {
  struct gs__crypto_op op = asked(sign_plainly);
  CHECK_EQ(op.hash, GS_SHA_256);
  CHECK_EQ(op.number, 0);
  CHECK_EQ(op.data_bytes, 0);
}

/* One struct for all keys may have both numbers. */
TEST(encrypt_sends_the_number_that_the_keys_kind_has) {
  static const struct {
    uint32_t kind;
    uint32_t number;
  } kinds[] = {{GS_KEY_AES_GCM, 12},
               {GS_KEY_AES_CTR, 32},
               {GS_KEY_AES_CBC, 0},
               {GS_KEY_RSA_OAEP, 0}};
  for (int i = 0; i < 4; i++) {
    crypto_fake.key = KEY;
    crypto_fake.info[0] = kinds[i].kind;
    struct gs__crypto_op op = asked(encrypt);
    CHECK_EQ(op.code, GS__CRYPTO_ENCRYPT);
    CHECK_EQ(op.number, kinds[i].number);
    CHECK_EQ(op.key, KEY);
    CHECK_EQ(op.out_bytes, 64);
    check_data(&op);
    check_cipher(&op);
    op = asked(decrypt);
    CHECK_EQ(op.code, GS__CRYPTO_DECRYPT);
    CHECK_EQ(op.number, kinds[i].number);
    crypto_fake.key = OTHER;
    CHECK_EQ(asked(wrap).number, kinds[i].number);
    CHECK_EQ(asked(unwrap).number, kinds[i].number);
  }
}

static int64_t encrypt_plainly(struct outs *o) {
  struct gs_cipher plain = {.iv = iv, .iv_bytes = 12};
  return gs_encrypt(KEY, &plain, data, 9, o->bytes, 64);
}

static int64_t wrap_plainly(struct outs *o) {
  return gs_key_wrap(KEY, GS_KEY_RAW, OTHER, NULL, o->bytes, 64);
}

TEST(without_numbers_nobody_asks_what_the_key_is) {
  CHECK_EQ(asked(encrypt_plainly).number, 0);
  struct gs__crypto_op op = asked(wrap_plainly);
  CHECK_EQ(op.iv_bytes, 0);
  CHECK_EQ(op.number, 0);
  CHECK_EQ(crypto_fake.infos, 0);
}

TEST(derive_asks_with_its_options) {
  struct gs__crypto_op op = asked(derive);
  CHECK_EQ(op.code, GS__CRYPTO_DERIVE);
  CHECK_EQ(op.out_bytes, 64);
  check_derivation(&op);
  op = asked(derive_key);
  CHECK_EQ(op.code, GS__CRYPTO_DERIVE_KEY);
  check_derivation(&op);
  check_aes(&op);
}

TEST(stored_keys_are_asked_for_by_name) {
  struct gs__crypto_op op = asked(store);
  CHECK_EQ(op.code, GS__CRYPTO_STORE);
  CHECK_EQ(op.key, KEY);
  CHECK_EQ(op.data_bytes, 4);
  CHECK(memcmp(op.data, "name", 4) == 0);
  op = asked(load);
  CHECK_EQ(op.code, GS__CRYPTO_LOAD);
  CHECK_EQ(op.data_bytes, 4);
  op = asked(delete);
  CHECK_EQ(op.code, GS__CRYPTO_DELETE);
  CHECK_EQ(op.data_bytes, 4);
}

static int64_t sign_with_much_room(struct outs *o) {
  return gs_sign(KEY, NULL, data, 9, o->bytes, (size_t)INT32_MAX + 10);
}

TEST(more_room_than_an_answer_can_tell_is_that_much) {
  CHECK_EQ(asked(sign_with_much_room).out_bytes, INT32_MAX);
}

/* ---- results that are more than a number ---- */

static size_t need_bytes;
static int64_t export_needs(struct outs *o) {
  return gs_key_export(KEY, GS_KEY_JWK, o->bytes, 4, &need_bytes);
}
static int64_t export_asks(struct outs *o) {
  (void)o;
  return gs_key_export(KEY, GS_KEY_JWK, NULL, 0, &need_bytes);
}

TEST(export_tells_how_much_room_it_needs) {
  const struct call more[] = {{.make = export_needs}, {.make = export_asks}};
  for (int i = 0; i < 2; i++) {
    need_bytes = 0;
    struct doing d = {.call = &more[i]};
    start(&d);
    crypto_fake_complete_keys(GS_EMSGSIZE, 123, 0);
    harness_wait_for_others();
    CHECK_EQ(d.result, GS_EMSGSIZE);
    CHECK_EQ(need_bytes, 123);
    CHECK(poisoned(&d.outs, sizeof d.outs));
    d = (struct doing){.call = &more[i]};
    start(&d);
    crypto_fake_complete_keys(GS_EACCES, 5, 0);
    harness_wait_for_others();
    CHECK_EQ(need_bytes, 123);
  }
}

TEST(export_without_a_place_for_the_need_only_fails) {
  struct doing d = {.call = &calls[2]};
  start(&d);
  crypto_fake_complete_keys(GS_EMSGSIZE, 123, 0);
  harness_wait_for_others();
  CHECK_EQ(d.result, GS_EMSGSIZE);
}

static int64_t generate_one(struct outs *o) {
  return gs_key_generate(&o->key, NULL, &aes);
}
static int64_t generate_both(struct outs *o) {
  return gs_key_generate(&o->key, &o->public_key, &aes);
}

TEST(a_key_without_a_public_half_leaves_none) {
  const struct call one = {.make = generate_one};
  struct doing d = {.call = &one};
  start(&d);
  crypto_fake_complete_keys(0, KEY, 0);
  harness_wait_for_others();
  CHECK_EQ(d.result, GS_OK);
  CHECK_EQ(d.outs.key, KEY);
  const struct call both = {.make = generate_both};
  d = (struct doing){.call = &both};
  start(&d);
  crypto_fake_complete_keys(0, KEY, 0);
  harness_wait_for_others();
  CHECK_EQ(d.outs.public_key, 0);
}

TEST(info_tells_what_a_key_is) {
  crypto_fake.key = KEY;
  const uint32_t info[6] = {GS_KEY_ECDH, 0, GS_P384, 384, 0x30, 1};
  memcpy(crypto_fake.info, info, sizeof info);
  struct gs_key_spec spec;
  CHECK_EQ(gs_key_info(&spec, KEY), GS_OK);
  CHECK_EQ(spec.kind, GS_KEY_ECDH);
  CHECK_EQ(spec.hash, 0);
  CHECK_EQ(spec.curve, GS_P384);
  CHECK_EQ(spec.bits, 384);
  CHECK_EQ(spec.uses, GS_KEY_DERIVE_KEY | GS_KEY_DERIVE_BITS);
  CHECK(spec.extractable);
  memset(&spec, POISON, sizeof spec);
  CHECK_EQ(gs_key_info(&spec, OTHER), GS_EBADF);
  CHECK(poisoned(&spec, sizeof spec));
  CHECK_EQ(gs_key_info(NULL, KEY), GS_EINVAL);
}

HOST_TEST(a_key_is_released_once_anywhere) {
  crypto_fake.key = KEY;
  CHECK_EQ(gs_key_release(KEY), GS_OK);
  CHECK_EQ(gs_key_release(KEY), GS_EBADF);
  CHECK_EQ(gs_key_release(0), GS_EBADF);
}

/* ---- HMAC without a handle ---- */

TEST(hmac_imports_signs_and_releases) {
  struct doing d = {.call = HMAC};
  start(&d);
  struct gs__crypto_op op = *crypto_fake.op;
  CHECK_EQ(op.code, GS__CRYPTO_IMPORT);
  CHECK_EQ(op.format, GS_KEY_RAW);
  CHECK_EQ(op.spec_kind, GS_KEY_HMAC);
  CHECK_EQ(op.spec_hash, GS_SHA_512);
  CHECK_EQ(op.spec_uses, GS_KEY_SIGN);
  CHECK_EQ(op.spec_extractable, 0);
  check_data(&op);
  crypto_fake.key = KEY;
  crypto_fake_complete_keys(0, KEY, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  op = *crypto_fake.op;
  CHECK_EQ(op.code, GS__CRYPTO_SIGN);
  CHECK_EQ(op.key, KEY);
  CHECK_EQ(op.data, (const void *)extra);
  CHECK_EQ(op.data_bytes, 5);
  CHECK_EQ(op.out, (void *)d.outs.bytes);
  CHECK_EQ(op.out_bytes, 64);
  CHECK_EQ(crypto_fake.releases, 0);
  crypto_fake_complete(64);
  harness_wait_for_others();
  CHECK_EQ(d.result, 64);
  CHECK_EQ(d.outs.bytes[63], 64);
  CHECK_EQ(crypto_fake.released, KEY);
  CHECK_EQ(crypto_fake.key, 0);
}

/* Parked in its second step. */
static void start_signing(struct doing *d) {
  start(d);
  crypto_fake.key = KEY;
  crypto_fake_complete_keys(0, KEY, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(crypto_fake.op->code, GS__CRYPTO_SIGN);
}

TEST(hmac_signs_with_no_key_that_was_not_imported) {
  struct doing d = {.call = HMAC};
  start(&d);
  crypto_fake_complete_keys(GS_EIO, KEY, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(crypto_fake.runs, 1);
  harness_wait_for_others();
  CHECK_EQ(d.result, GS_EIO);
  CHECK_EQ(crypto_fake.releases, 0);
}

TEST(hmac_releases_the_key_when_signing_fails) {
  struct doing d = {.call = HMAC};
  start_signing(&d);
  crypto_fake_complete(GS_EIO);
  harness_wait_for_others();
  CHECK_EQ(d.result, GS_EIO);
  CHECK(poisoned(&d.outs, sizeof d.outs));
  CHECK_EQ(crypto_fake.released, KEY);
}

TEST(hmac_releases_the_key_when_signing_is_canceled) {
  struct doing d = {.call = HMAC};
  CHECK_EQ(gs_ctx_new(&d.ctx, NULL), GS_OK);
  start_signing(&d);
  CHECK_EQ(gs_ctx_cancel(d.ctx, 0), 1);
  harness_wait_for_others();
  CHECK_EQ(d.result, GS_ECANCELED);
  CHECK(poisoned(&d.outs, sizeof d.outs));
  CHECK_EQ(crypto_fake.released, KEY);
  gs_ctx_release(d.ctx);
}

TEST(hmac_releases_the_key_when_signing_times_out) {
  struct doing d = {.call = HMAC};
  CHECK_EQ(gs_ctx_new_timeout(&d.ctx, NULL, 100), GS_OK);
  start_signing(&d);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(d.result, GS_ETIMEDOUT);
  CHECK_EQ(crypto_fake.released, KEY);
  gs_ctx_release(d.ctx);
}

static int64_t hmac_without_key(struct outs *o) {
  return gs_hmac(GS_SHA_256, NULL, 0, extra, 5, o->bytes);
}

/* The host imports no empty key. */
TEST(the_empty_hmac_key_is_one_zero) {
  struct gs__crypto_op op = asked(hmac_without_key);
  CHECK_EQ(op.data_bytes, 1);
  CHECK_EQ(*(const unsigned char *)op.data, 0);
}
