/* The WebCrypto imports of the fake host: as of a host that has none. */
#include <gossamer/error.h>

#define GS__HOST_DEFINED
#include "../../src/host/host.h"

int32_t gs__host_crypto_random(void *buf, size_t buf_bytes) {
  (void)buf, (void)buf_bytes;
  return GS_ENOTSUP;
}

int32_t gs__host_crypto_digest(uint32_t token, uint32_t hash, const void *data,
                               size_t bytes, void *out) {
  (void)token, (void)hash, (void)data, (void)bytes, (void)out;
  return GS_ENOTSUP;
}

int32_t gs__host_crypto_run(uint32_t token, struct gs__crypto_op *op) {
  (void)token, (void)op;
  return GS_ENOTSUP;
}

int32_t gs__host_crypto_key_info(uint32_t key, uint32_t *info) {
  (void)key, (void)info;
  return GS_EBADF;
}

int32_t gs__host_crypto_key_release(uint32_t key) {
  (void)key;
  return GS_EBADF;
}

int32_t gs__host_crypto_error(char *buf, size_t buf_bytes) {
  (void)buf, (void)buf_bytes;
  return 0;
}

int32_t gs__host_hash_new(uint32_t token, uint32_t hash) {
  (void)token, (void)hash;
  return GS_ENOTSUP;
}

int32_t gs__host_hash_update(uint32_t hasher, const void *data, size_t bytes) {
  (void)hasher, (void)data, (void)bytes;
  return GS_EBADF;
}

int32_t gs__host_hash_finish(uint32_t hasher, void *out) {
  (void)hasher, (void)out;
  return GS_EBADF;
}

void gs__host_hash_free(uint32_t hasher) { (void)hasher; }
