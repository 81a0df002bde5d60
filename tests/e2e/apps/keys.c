/* gossamer/crypto.h for tests in JavaScript: a call of each function. Results
 * that are bytes come as hexadecimal text, failures as the error's name; every
 * out-buffer is poisoned before the call, and a byte written that should not
 * be, then or after a call that was given up, makes the answer "written". */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POISON 0xa5
#define ROOM_BYTES 4096

/* ---- how calls are given up ---- */

enum { TO_THE_END, CANCELED, TIMED_OUT };
static int ending;

GS_EXPORT_VOID(end_by, (int, how)) { ending = how; }

static void cancel(void *ctx) {
  gs_ctx_cancel(ctx, 0);
  gs_ctx_release(ctx);
}

/* Keeps the host waiting until the deadline has come, whatever the clock's
 * steps. */
static void spin(void *ctx) {
  while (gs_ctx_error(ctx) == GS_OK) gs_yield();
  gs_ctx_release(ctx);
}

/* Makes the caller's context one that ends as soon as it waits: before the host
 * has its turn again. */
static gs_ctx *limit(void) {
  gs_ctx *ctx = NULL;
  if (ending == CANCELED && gs_ctx_new(&ctx, NULL) == GS_OK) {
    gs_go(cancel, gs_ctx_retain(ctx));
  } else if (ending == TIMED_OUT) {
    gs_ctx_new_timeout(&ctx, NULL, GS_MICROSECOND);
    gs_go(spin, gs_ctx_retain(ctx));
  }
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_ctx_release(ctx);
  return outer;
}

/* Gives what was given up the time to go wrong. */
static void unlimit(gs_ctx *outer) {
  gs_ctx_leave(outer);
  if (ending != TO_THE_END) gs_sleep(30 * GS_MILLISECOND);
}

/* ---- answers ---- */

static unsigned char *poisoned(size_t size) {
  unsigned char *out = malloc(size);
  if (out == NULL) abort();
  memset(out, POISON, size);
  return out;
}

static bool is_poison(const unsigned char *at, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (at[i] != POISON) return false;
  }
  return true;
}

/* Frees out, of which `result` bytes are the answer. */
static const char *answer(int64_t result, unsigned char *out,
                          size_t out_bytes) {
  static char hex[2 * ROOM_BYTES + 1];
  size_t size = result < 0 ? 0 : (size_t)result;
  bool good = size <= out_bytes && is_poison(out + size, out_bytes - size);
  for (size_t i = 0; good && i < size; i++) {
    snprintf(hex + 2 * i, 3, "%02x", (unsigned)out[i]);
  }
  hex[2 * size] = '\0';
  free(out);
  if (!good) return "written";
  return result < 0 ? gs_error_name((int)result) : hex;
}

static const char *answer_key(int result, gs_key key, gs_key public_key) {
  static char numbers[32];
  if (result < 0) {
    return key != 0 || public_key != 0 ? "written" : gs_error_name(result);
  }
  snprintf(numbers, sizeof numbers, "%u %u", (unsigned)key,
           (unsigned)public_key);
  return numbers;
}

static const char *answer_number(int result) {
  static char number[16];
  if (result < 0) return gs_error_name(result);
  snprintf(number, sizeof number, "%d", result);
  return number;
}

/* ---- parameters: 32-bit numbers, then bytes ---- */

static struct gs_key_spec spec_of(const void *packed) {
  uint32_t numbers[6];
  memcpy(numbers, packed, sizeof numbers);
  return (struct gs_key_spec){.kind = (enum gs_key_kind)numbers[0],
                              .hash = (enum gs_hash_kind)numbers[1],
                              .curve = (enum gs_key_curve)numbers[2],
                              .bits = numbers[3],
                              .uses = numbers[4],
                              .extractable = numbers[5] != 0};
}

static struct gs_cipher cipher_of(const void *packed) {
  uint32_t numbers[4];
  memcpy(numbers, packed, sizeof numbers);
  const char *rest = (const char *)packed + sizeof numbers;
  return (struct gs_cipher){.iv = rest,
                            .iv_bytes = numbers[0],
                            .extra = rest + numbers[0],
                            .extra_bytes = numbers[1],
                            .tag_bytes = numbers[2],
                            .counter_bits = numbers[3]};
}

static struct gs_derivation derivation_of(const void *packed) {
  uint32_t numbers[5];
  memcpy(numbers, packed, sizeof numbers);
  const char *rest = (const char *)packed + sizeof numbers;
  return (struct gs_derivation){.salt = rest,
                                .salt_bytes = numbers[0],
                                .info = rest + numbers[0],
                                .info_bytes = numbers[1],
                                .iterations = numbers[2],
                                .hash = (enum gs_hash_kind)numbers[3],
                                .public_key = numbers[4]};
}

/* ---- hashes ---- */

GS_EXPORT(const char *, hash, (int, kind), (const void *, data),
          (size_t, size)) {
  unsigned char *out = poisoned(GS_HASH_BYTES_MAX);
  gs_ctx *outer = limit();
  int result = gs_hash((enum gs_hash_kind)kind, data, size, out);
  unlimit(outer);
  return answer(result, out, GS_HASH_BYTES_MAX);
}

/* In pieces, twice by one hasher, which must say the same both times. */
GS_EXPORT(const char *, hash_pieces, (int, kind), (const void *, data),
          (size_t, size), (size_t, piece)) {
  gs_hasher *hasher = NULL;
  gs_ctx *outer = limit();
  int error = gs_hasher_new(&hasher, (enum gs_hash_kind)kind);
  unlimit(outer);
  if (error != GS_OK) return hasher != NULL ? "written" : gs_error_name(error);
  unsigned char first[GS_HASH_BYTES_MAX];
  unsigned char *out = poisoned(GS_HASH_BYTES_MAX);
  int result = 0;
  for (int round = 0; round < 2; round++) {
    for (size_t at = 0; at < size; at += piece) {
      size_t left = size - at;
      error = gs_hasher_update(hasher, (const char *)data + at,
                               left < piece ? left : piece);
      if (error != GS_OK) result = error;
    }
    if (result >= 0) result = gs_hasher_finish(hasher, out);
    if (gs_hasher_update(hasher, data, 1) != GS_EINVAL) result = GS_EIO;
    if (round == 0) memcpy(first, out, sizeof first);
    if (gs_hasher_reset(hasher) != GS_OK) result = GS_EIO;
  }
  gs_hasher_free(hasher);
  if (memcmp(first, out, sizeof first) != 0) result = GS_EIO;
  return answer(result, out, GS_HASH_BYTES_MAX);
}

GS_EXPORT(const char *, hmac, (int, kind), (const void *, key),
          (size_t, key_size), (const void *, data), (size_t, size)) {
  unsigned char *out = poisoned(GS_HASH_BYTES_MAX);
  gs_ctx *outer = limit();
  int result = gs_hmac((enum gs_hash_kind)kind, key, key_size, data, size, out);
  unlimit(outer);
  return answer(result, out, GS_HASH_BYTES_MAX);
}

/* ---- keys ---- */

GS_EXPORT(const char *, generate, (const void *, packed)) {
  struct gs_key_spec spec = spec_of(packed);
  gs_key key = 0;
  gs_key public_key = 0;
  gs_ctx *outer = limit();
  int result = gs_key_generate(&key, &public_key, &spec);
  unlimit(outer);
  return answer_key(result, key, public_key);
}

/* The bytes are zeroed when they have been read, as a program should. */
GS_EXPORT(const char *, import, (const void *, packed), (int, format),
          (const void *, data), (size_t, size)) {
  struct gs_key_spec spec = spec_of(packed);
  gs_key key = 0;
  gs_ctx *outer = limit();
  int result =
      gs_key_import(&key, &spec, (enum gs_key_format)format, data, size);
  unlimit(outer);
  gs_crypto_zero((void *)data, size);
  return answer_key(result, key, 0);
}

GS_EXPORT(const char *, export, (gs_key, key), (int, format), (size_t, room)) {
  unsigned char *out = poisoned(ROOM_BYTES);
  size_t need = 0;
  gs_ctx *outer = limit();
  int64_t result =
      gs_key_export(key, (enum gs_key_format)format, out, room, &need);
  unlimit(outer);
  const char *found = answer(result, out, ROOM_BYTES);
  static char needs[40];
  if (result != GS_EMSGSIZE) return found;
  snprintf(needs, sizeof needs, "%s %u", found, (unsigned)need);
  return needs;
}

GS_EXPORT(const char *, wrap, (gs_key, key), (int, format), (gs_key, wrapping),
          (const void *, packed), (size_t, room)) {
  struct gs_cipher cipher = cipher_of(packed);
  unsigned char *out = poisoned(ROOM_BYTES);
  gs_ctx *outer = limit();
  int64_t result = gs_key_wrap(key, (enum gs_key_format)format, wrapping,
                               &cipher, out, room);
  unlimit(outer);
  return answer(result, out, ROOM_BYTES);
}

GS_EXPORT(const char *, unwrap, (const void *, packed_spec), (int, format),
          (gs_key, unwrapping), (const void *, packed), (const void *, data),
          (size_t, size)) {
  struct gs_key_spec spec = spec_of(packed_spec);
  struct gs_cipher cipher = cipher_of(packed);
  gs_key key = 0;
  gs_ctx *outer = limit();
  int result = gs_key_unwrap(&key, &spec, (enum gs_key_format)format,
                             unwrapping, &cipher, data, size);
  unlimit(outer);
  return answer_key(result, key, 0);
}

GS_EXPORT(const char *, info, (gs_key, key)) {
  struct gs_key_spec spec;
  int result = gs_key_info(&spec, key);
  if (result != GS_OK) return gs_error_name(result);
  static char numbers[80];
  snprintf(numbers, sizeof numbers, "%d %d %d %u %u %d", (int)spec.kind,
           (int)spec.hash, (int)spec.curve, (unsigned)spec.bits,
           (unsigned)spec.uses, spec.extractable);
  return numbers;
}

GS_EXPORT(const char *, release, (gs_key, key)) {
  return answer_number(gs_key_release(key));
}

/* Releases a key while something is under way with it. */
static void release_later(void *key) { gs_key_release(*(gs_key *)key); }

GS_EXPORT(const char *, store, (const char *, name), (gs_key, key)) {
  gs_ctx *outer = limit();
  int result = gs_key_store(name, key);
  unlimit(outer);
  return answer_number(result);
}

GS_EXPORT(const char *, load, (const char *, name)) {
  gs_key key = 0;
  gs_ctx *outer = limit();
  int result = gs_key_load(&key, name);
  unlimit(outer);
  return answer_key(result, key, 0);
}

GS_EXPORT(const char *, forget, (const char *, name)) {
  gs_ctx *outer = limit();
  int result = gs_key_delete(name);
  unlimit(outer);
  return answer_number(result);
}

/* ---- what is done with them ---- */

GS_EXPORT(const char *, sign, (gs_key, key), (int, hash), (unsigned, salt),
          (const void *, data), (size_t, size), (size_t, room)) {
  struct gs_signing options = {(enum gs_hash_kind)hash, salt};
  unsigned char *out = poisoned(ROOM_BYTES);
  gs_ctx *outer = limit();
  int64_t result = gs_sign(key, &options, data, size, out, room);
  unlimit(outer);
  return answer(result, out, ROOM_BYTES);
}

GS_EXPORT(const char *, sign_and_release, (gs_key, key), (const void *, data),
          (size_t, size)) {
  unsigned char *out = poisoned(ROOM_BYTES);
  gs_go(release_later, &key);
  int64_t result = gs_sign(key, NULL, data, size, out, ROOM_BYTES);
  return answer(result, out, ROOM_BYTES);
}

GS_EXPORT(const char *, verify, (gs_key, key), (int, hash), (unsigned, salt),
          (const void *, data), (size_t, size), (const void *, signature),
          (size_t, signature_size)) {
  struct gs_signing options = {(enum gs_hash_kind)hash, salt};
  gs_ctx *outer = limit();
  int result = gs_verify(key, &options, data, size, signature, signature_size);
  unlimit(outer);
  return answer_number(result);
}

typedef int64_t transform(gs_key key, const struct gs_cipher *cipher,
                          const void *data, size_t data_bytes, void *out,
                          size_t out_bytes);

/* Data and out may be far apart, the same or overlap: `shift` is how far behind
 * the data's start out begins; below 0 they are apart. */
static const char *put_through(transform *work, gs_key key, const void *packed,
                               const void *data, size_t size, size_t room,
                               int shift) {
  struct gs_cipher cipher = cipher_of(packed);
  unsigned char *block = poisoned(ROOM_BYTES);
  gs_ctx *outer = limit();
  int64_t result;
  if (shift < 0) {
    result = work(key, &cipher, data, size, block, room);
    unlimit(outer);
    return answer(result, block, ROOM_BYTES);
  }
  memcpy(block, data, size);
  result = work(key, &cipher, block, size, block + shift, room);
  unlimit(outer);
  unsigned char *out = poisoned(ROOM_BYTES);
  if (result >= 0) {
    memcpy(out, block + shift, (size_t)result);
  } else if (memcmp(block, data, size) != 0 ||
             !is_poison(block + size, ROOM_BYTES - size)) {
    result = ROOM_BYTES + 1; /* "written" */
  }
  free(block);
  return answer(result, out, ROOM_BYTES);
}

GS_EXPORT(const char *, encrypt, (gs_key, key), (const void *, packed),
          (const void *, data), (size_t, size), (size_t, room), (int, shift)) {
  return put_through(gs_encrypt, key, packed, data, size, room, shift);
}

GS_EXPORT(const char *, decrypt, (gs_key, key), (const void *, packed),
          (const void *, data), (size_t, size), (size_t, room), (int, shift)) {
  return put_through(gs_decrypt, key, packed, data, size, room, shift);
}

GS_EXPORT(const char *, derive, (gs_key, key), (const void *, packed),
          (size_t, size)) {
  struct gs_derivation options = derivation_of(packed);
  unsigned char *out = poisoned(ROOM_BYTES);
  gs_ctx *outer = limit();
  int64_t result = gs_derive(key, &options, out, size);
  unlimit(outer);
  return answer(result, out, ROOM_BYTES);
}

GS_EXPORT(const char *, derive_key, (gs_key, key), (const void *, packed),
          (const void *, packed_spec)) {
  struct gs_derivation options = derivation_of(packed);
  struct gs_key_spec spec = spec_of(packed_spec);
  gs_key made = 0;
  gs_ctx *outer = limit();
  int result = gs_key_derive(&made, key, &options, &spec);
  unlimit(outer);
  return answer_key(result, made, 0);
}

/* ---- memory and words ---- */

GS_EXPORT(const char *, words) {
  static char buf[256];
  gs_crypto_error(buf, sizeof buf);
  return buf;
}

GS_EXPORT(bool, equal, (const void *, a), (const void *, b), (size_t, size)) {
  return gs_crypto_equal(a, b, size);
}

/* Random bytes, `size` of them; 0: none of them is as it was. */
GS_EXPORT(const char *, random, (size_t, size)) {
  unsigned char *out = poisoned(ROOM_BYTES);
  int error = gs_random(out, size);
  return answer(error != GS_OK ? error : (int64_t)size, out, ROOM_BYTES);
}

/* Makes memory grow by at least so much: views of it die. */
GS_EXPORT(bool, grow, (size_t, size)) {
  char *block = malloc(size);
  if (block == NULL) return false;
  memset(block, POISON, size);
  free(block);
  return true;
}
