/* Random bytes, hashes in one go, memory of secrets: see gossamer/crypto.h. */
#include <gossamer/crypto.h>

#include "op.h"

int gs_random(void *buf, size_t buf_bytes) {
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  return gs__host_crypto_random(buf, buf_bytes);
}

bool gs_crypto_equal(const void *a, const void *b, size_t bytes) {
  const volatile unsigned char *x = a;
  const volatile unsigned char *y = b;
  unsigned char differs = 0;
  for (size_t i = 0; i < bytes; i++) differs |= (unsigned char)(x[i] ^ y[i]);
  return differs == 0;
}

void gs_crypto_zero(void *memory, size_t bytes) {
  volatile unsigned char *at = memory;
  for (size_t i = 0; i < bytes; i++) at[i] = 0;
}

size_t gs_hash_bytes(enum gs_hash_kind kind) {
  switch (kind) {
    case GS_SHA_1:
      return 20;
    case GS_SHA_256:
      return 32;
    case GS_SHA_384:
      return 48;
    case GS_SHA_512:
      return 64;
  }
  return 0;
}

GS__INLINE int hash(enum gs_hash_kind kind, const void *data, size_t bytes,
                    void *out) {
  if ((data == NULL && bytes > 0) || bytes > INT32_MAX || out == NULL) {
    return GS_EINVAL;
  }
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t started =
      gs__host_crypto_digest(op.token, (uint32_t)kind, data, bytes, out);
  if (started != GS__PENDING) {
    gs__op_drop(&op);
    return started;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, GS_FOREVER);
  if (error != GS_OK) return error;
  return (int)gs__park("hash", NULL);
}

GS__LEAF(gs_hash)
int gs_hash(enum gs_hash_kind kind, const void *data, size_t bytes, void *out) {
  GS__LEAF_BODY(int);
  return hash(kind, data, bytes, out);
}

int gs_crypto_error(char *buf, size_t buf_bytes) {
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  size_t room = buf_bytes == 0 ? 0 : buf_bytes - 1;
  int length = gs__host_crypto_error(buf, room);
  if (length < 0 || buf_bytes == 0) return length;
  buf[(size_t)length < room ? (size_t)length : room] = '\0';
  return length;
}
