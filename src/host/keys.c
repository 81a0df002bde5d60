/* Keys and what is done with them: see gossamer/crypto.h. All of it is one
 * import, crypto_run, that reads a struct; the functions here only fill it in.
 * Secrets are never copied: the host reads them where the caller has them. */
#include <gossamer/crypto.h>
#include <string.h>

#include "op.h"

#define NAME_BYTES_MAX 255

/* Not public: has the host do it, and waits until op's results are written. */
int gs__crypto_run(struct gs__crypto_op *op);

GS__INLINE int run(struct gs__crypto_op *op) {
  struct gs__op pending;
  int error = gs__op_begin(&pending);
  if (error != GS_OK) return error;
  int32_t started = gs__host_crypto_run(pending.token, op);
  if (started != GS__PENDING) {
    gs__op_drop(&pending);
    return started;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&pending, &expiry, GS_FOREVER);
  if (error != GS_OK) return error;
  return (int)gs__park("WebCrypto", NULL);
}

GS__LEAF(gs__crypto_run)
int gs__crypto_run(struct gs__crypto_op *op) {
  GS__LEAF_BODY(int);
  return run(op);
}

/* ---- filling it in ---- */

/* Whether there are bytes where they are said to be, of a size that an int32
 * can tell. */
static bool is_span(const void *at, size_t bytes) {
  return bytes <= INT32_MAX && (at != NULL || bytes == 0);
}

static bool put_data(struct gs__crypto_op *op, const void *data, size_t bytes) {
  op->data = data;
  op->data_bytes = (uint32_t)bytes;
  return is_span(data, bytes);
}

/* More room than the largest answer is only that much. */
static bool put_out(struct gs__crypto_op *op, void *out, size_t out_bytes) {
  if (out_bytes > INT32_MAX) out_bytes = INT32_MAX;
  op->out = out;
  op->out_bytes = (uint32_t)out_bytes;
  return is_span(out, out_bytes);
}

static uint32_t hash_or_default(enum gs_hash_kind hash) {
  return hash == 0 ? GS_SHA_256 : (uint32_t)hash;
}

static bool put_spec(struct gs__crypto_op *op, const struct gs_key_spec *spec) {
  if (spec == NULL) return false;
  op->spec_kind = (uint32_t)spec->kind;
  op->spec_hash = hash_or_default(spec->hash);
  op->spec_curve = spec->curve == 0 ? GS_P256 : (uint32_t)spec->curve;
  op->spec_bits = spec->bits;
  op->spec_uses = spec->uses;
  op->spec_extractable = spec->extractable;
  return true;
}

/* NULL: no parameters. The key tells which of the two numbers is meant; one
 * that is no key is the host's to refuse. */
static bool put_cipher(struct gs__crypto_op *op, gs_key key,
                       const struct gs_cipher *cipher) {
  if (cipher == NULL) return true;
  op->iv = cipher->iv;
  op->iv_bytes = (uint32_t)cipher->iv_bytes;
  op->extra = cipher->extra;
  op->extra_bytes = (uint32_t)cipher->extra_bytes;
  struct gs_key_spec spec;
  if ((cipher->tag_bytes != 0 || cipher->counter_bits != 0) &&
      gs_key_info(&spec, key) == GS_OK) {
    if (spec.kind == GS_KEY_AES_GCM) op->number = cipher->tag_bytes;
    if (spec.kind == GS_KEY_AES_CTR) op->number = cipher->counter_bits;
  }
  return is_span(cipher->iv, cipher->iv_bytes) &&
         is_span(cipher->extra, cipher->extra_bytes);
}

static void put_signing(struct gs__crypto_op *op,
                        const struct gs_signing *options) {
  op->hash = hash_or_default(options == NULL ? 0 : options->hash);
  op->number = options == NULL ? 0 : options->salt_bytes;
}

static bool put_derivation(struct gs__crypto_op *op,
                           const struct gs_derivation *options) {
  if (options == NULL) return false;
  op->other = options->public_key;
  op->iv = options->salt;
  op->iv_bytes = (uint32_t)options->salt_bytes;
  op->extra = options->info;
  op->extra_bytes = (uint32_t)options->info_bytes;
  op->number = options->iterations;
  op->hash = hash_or_default(options->hash);
  return is_span(options->salt, options->salt_bytes) &&
         is_span(options->info, options->info_bytes);
}

static bool put_name(struct gs__crypto_op *op, const char *name) {
  if (name == NULL) return false;
  size_t bytes = strlen(name);
  return bytes > 0 && bytes <= NAME_BYTES_MAX && put_data(op, name, bytes);
}

/* Runs what makes a key: 0 with *out set. */
static int run_for_key(gs_key *out, struct gs__crypto_op *op) {
  int result = gs__crypto_run(op);
  if (result < 0) return result;
  *out = op->result;
  return GS_OK;
}

/* ---- keys ---- */

int gs_key_generate(gs_key *key, gs_key *public_key,
                    const struct gs_key_spec *spec) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_GENERATE};
  if (key == NULL || !put_spec(&op, spec)) return GS_EINVAL;
  bool is_pair = spec->kind >= GS_KEY_ECDSA && spec->kind <= GS_KEY_RSA_OAEP;
  if (is_pair && public_key == NULL) return GS_EINVAL;
  int error = run_for_key(key, &op);
  if (error != GS_OK) return error;
  if (public_key != NULL) *public_key = op.result_public;
  return GS_OK;
}

int gs_key_import(gs_key *out, const struct gs_key_spec *spec,
                  enum gs_key_format format, const void *data, size_t bytes) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_IMPORT,
                             .format = (uint32_t)format};
  if (out == NULL || !put_spec(&op, spec) || !put_data(&op, data, bytes)) {
    return GS_EINVAL;
  }
  return run_for_key(out, &op);
}

int64_t gs_key_export(gs_key key, enum gs_key_format format, void *out,
                      size_t out_bytes, size_t *need_bytes) {
  struct gs__crypto_op op = {
      .code = GS__CRYPTO_EXPORT, .key = key, .format = (uint32_t)format};
  if (!put_out(&op, out, out_bytes)) return GS_EINVAL;
  int result = gs__crypto_run(&op);
  if (result == GS_EMSGSIZE && need_bytes != NULL) *need_bytes = op.result;
  return result;
}

int64_t gs_key_wrap(gs_key key, enum gs_key_format format, gs_key wrapping,
                    const struct gs_cipher *cipher, void *out,
                    size_t out_bytes) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_WRAP,
                             .key = key,
                             .other = wrapping,
                             .format = (uint32_t)format};
  if (!put_cipher(&op, wrapping, cipher) || !put_out(&op, out, out_bytes)) {
    return GS_EINVAL;
  }
  return gs__crypto_run(&op);
}

int gs_key_unwrap(gs_key *out, const struct gs_key_spec *spec,
                  enum gs_key_format format, gs_key unwrapping,
                  const struct gs_cipher *cipher, const void *data,
                  size_t bytes) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_UNWRAP,
                             .other = unwrapping,
                             .format = (uint32_t)format};
  if (out == NULL || !put_spec(&op, spec) ||
      !put_cipher(&op, unwrapping, cipher) || !put_data(&op, data, bytes)) {
    return GS_EINVAL;
  }
  return run_for_key(out, &op);
}

int gs_key_derive(gs_key *out, gs_key key, const struct gs_derivation *options,
                  const struct gs_key_spec *spec) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_DERIVE_KEY, .key = key};
  if (out == NULL || !put_spec(&op, spec) || !put_derivation(&op, options)) {
    return GS_EINVAL;
  }
  return run_for_key(out, &op);
}

int gs_key_info(struct gs_key_spec *out, gs_key key) {
  if (out == NULL) return GS_EINVAL;
  uint32_t info[6];
  int error = gs__host_crypto_key_info(key, info);
  if (error != GS_OK) return error;
  *out = (struct gs_key_spec){.kind = (enum gs_key_kind)info[0],
                              .hash = (enum gs_hash_kind)info[1],
                              .curve = (enum gs_key_curve)info[2],
                              .bits = info[3],
                              .uses = info[4],
                              .extractable = info[5] != 0};
  return GS_OK;
}

int gs_key_release(gs_key key) { return gs__host_crypto_key_release(key); }

int gs_key_store(const char *name, gs_key key) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_STORE, .key = key};
  if (!put_name(&op, name)) return GS_EINVAL;
  return gs__crypto_run(&op);
}

int gs_key_load(gs_key *out, const char *name) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_LOAD};
  if (out == NULL || !put_name(&op, name)) return GS_EINVAL;
  return run_for_key(out, &op);
}

int gs_key_delete(const char *name) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_DELETE};
  if (!put_name(&op, name)) return GS_EINVAL;
  return gs__crypto_run(&op);
}

/* ---- sign, verify ---- */

int64_t gs_sign(gs_key key, const struct gs_signing *options, const void *data,
                size_t bytes, void *out, size_t out_bytes) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_SIGN, .key = key};
  put_signing(&op, options);
  if (!put_data(&op, data, bytes) || !put_out(&op, out, out_bytes)) {
    return GS_EINVAL;
  }
  return gs__crypto_run(&op);
}

int gs_verify(gs_key key, const struct gs_signing *options, const void *data,
              size_t bytes, const void *signature, size_t signature_bytes) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_VERIFY,
                             .key = key,
                             .extra = signature,
                             .extra_bytes = (uint32_t)signature_bytes};
  put_signing(&op, options);
  if (!put_data(&op, data, bytes) || !is_span(signature, signature_bytes)) {
    return GS_EINVAL;
  }
  return gs__crypto_run(&op);
}

int gs_hmac(enum gs_hash_kind kind, const void *key, size_t key_bytes,
            const void *data, size_t bytes, void *out) {
  size_t out_bytes = gs_hash_bytes(kind);
  if (out_bytes == 0 || out == NULL || !is_span(key, key_bytes) ||
      !is_span(data, bytes)) {
    return GS_EINVAL;
  }
  /* WebCrypto imports no empty key. HMAC fills keys up with zeros, so one zero
   * is the same key. */
  static const unsigned char zero[1];
  struct gs_key_spec spec = {
      .kind = GS_KEY_HMAC, .hash = kind, .uses = GS_KEY_SIGN};
  gs_key handle;
  int result =
      gs_key_import(&handle, &spec, GS_KEY_RAW, key_bytes == 0 ? zero : key,
                    key_bytes == 0 ? sizeof zero : key_bytes);
  if (result != GS_OK) return result;
  result = (int)gs_sign(handle, NULL, data, bytes, out, out_bytes);
  gs_key_release(handle);
  return result;
}

/* ---- encrypt, decrypt, derive ---- */

static int64_t cipher_run(uint32_t code, gs_key key,
                          const struct gs_cipher *cipher, const void *data,
                          size_t bytes, void *out, size_t out_bytes) {
  struct gs__crypto_op op = {.code = code, .key = key};
  if (!put_cipher(&op, key, cipher) || !put_data(&op, data, bytes) ||
      !put_out(&op, out, out_bytes)) {
    return GS_EINVAL;
  }
  return gs__crypto_run(&op);
}

int64_t gs_encrypt(gs_key key, const struct gs_cipher *cipher, const void *data,
                   size_t bytes, void *out, size_t out_bytes) {
  return cipher_run(GS__CRYPTO_ENCRYPT, key, cipher, data, bytes, out,
                    out_bytes);
}

int64_t gs_decrypt(gs_key key, const struct gs_cipher *cipher, const void *data,
                   size_t bytes, void *out, size_t out_bytes) {
  return cipher_run(GS__CRYPTO_DECRYPT, key, cipher, data, bytes, out,
                    out_bytes);
}

int64_t gs_derive(gs_key key, const struct gs_derivation *options, void *out,
                  size_t out_bytes) {
  struct gs__crypto_op op = {.code = GS__CRYPTO_DERIVE, .key = key};
  if (out == NULL || out_bytes == 0 || out_bytes > INT32_MAX ||
      !put_derivation(&op, options) || !put_out(&op, out, out_bytes)) {
    return GS_EINVAL;
  }
  return gs__crypto_run(&op);
}
