/* The WebCrypto imports of the fake host: see crypto_fake.h. An app on the
 * build machine has none of it. */
#define GS__HOST_DEFINED
#include "crypto_fake.h"

#include <gossamer/error.h>
#include <string.h>

#include "../../src/base/check.h"
#include "../../src/host/host.h"
#include "host_fake.h"

struct crypto_fake crypto_fake;

/* Kinds of operations beside those of host_fake.h. */
enum { RUN = 1000, DIGEST, HASHER };

/* A body that no response has. */
#define NO_HTTP UINT32_MAX

static int32_t start(uint32_t token, int kind, void *buf, size_t buf_bytes) {
  struct host_fake *h = &host_fake;
  if (h->answer != GS__PENDING) return h->answer;
  gs_assert(token != 0 && h->pending < HOST_FAKE_OPS_MAX);
  h->ops[h->pending++] = (struct host_fake_op){
      .token = token,
      .kind = (enum host_fake_kind)kind,
      .http = NO_HTTP,
      .buf = buf,
      .buf_bytes = buf_bytes,
  };
  h->started++;
  if (h->on_start != NULL) h->on_start(&h->ops[h->pending - 1]);
  return GS__PENDING;
}

void crypto_fake_complete_keys(int32_t result, uint32_t key,
                               uint32_t public_key) {
  gs_assert(host_fake.pending > 0);
  struct host_fake_op op = host_fake.ops[0];
  gs_assert((int)op.kind == RUN);
  struct gs__crypto_op *run = op.buf;
  run->result = key;
  run->result_public = public_key;
  host_fake_complete(op.token, result);
}

void crypto_fake_complete(int32_t result) {
  gs_assert(host_fake.pending > 0);
  struct host_fake_op op = host_fake.ops[0];
  void *out = op.buf;
  size_t room = op.buf_bytes;
  if ((int)op.kind == RUN) {
    const struct gs__crypto_op *run = op.buf;
    out = run->out;
    room = run->out_bytes;
  }
  if (result > 0 && out != NULL && (size_t)result <= room) {
    for (int32_t i = 0; i < result; i++) {
      ((unsigned char *)out)[i] = (unsigned char)(i + 1);
    }
  }
  host_fake_complete(op.token, result);
}

int32_t gs__host_crypto_random(void *buf, size_t buf_bytes) {
  if (!host_fake.testing) return GS_ENOSYS;
  if (crypto_fake.answer == 0 && buf_bytes > 0) memset(buf, 7, buf_bytes);
  return crypto_fake.answer;
}

int32_t gs__host_crypto_digest(uint32_t token, uint32_t hash, const void *data,
                               size_t bytes, void *out) {
  crypto_fake.digests++;
  crypto_fake.hash = hash;
  crypto_fake.data = data;
  crypto_fake.data_bytes = bytes;
  crypto_fake.out = out;
  return start(token, DIGEST, out, SIZE_MAX);
}

int32_t gs__host_crypto_run(uint32_t token, struct gs__crypto_op *op) {
  crypto_fake.runs++;
  crypto_fake.op = op;
  return start(token, RUN, op, 0);
}

int32_t gs__host_crypto_key_info(uint32_t key, uint32_t *info) {
  crypto_fake.infos++;
  if (key == 0 || key != crypto_fake.key) return GS_EBADF;
  memcpy(info, crypto_fake.info, sizeof crypto_fake.info);
  return GS_OK;
}

int32_t gs__host_crypto_key_release(uint32_t key) {
  crypto_fake.releases++;
  crypto_fake.released = key;
  if (key == 0 || key != crypto_fake.key) return GS_EBADF;
  crypto_fake.key = 0;
  return GS_OK;
}

int32_t gs__host_crypto_error(char *buf, size_t buf_bytes) {
  static const char text[] = "no such curve";
  size_t length = sizeof text - 1;
  if (buf_bytes > 0) memcpy(buf, text, length < buf_bytes ? length : buf_bytes);
  return (int32_t)length;
}

int32_t gs__host_hash_new(uint32_t token, uint32_t hash) {
  crypto_fake.hashers++;
  crypto_fake.hash = hash;
  return start(token, HASHER, NULL, 0);
}

int32_t gs__host_hash_update(uint32_t hasher, const void *data, size_t bytes) {
  crypto_fake.hasher = hasher;
  crypto_fake.data = data;
  crypto_fake.data_bytes = bytes;
  return crypto_fake.answer;
}

int32_t gs__host_hash_finish(uint32_t hasher, void *out) {
  crypto_fake.hasher = hasher;
  crypto_fake.out = out;
  return crypto_fake.answer;
}

void gs__host_hash_free(uint32_t hasher) {
  crypto_fake.frees++;
  crypto_fake.freed = hasher;
}
