/* Hashes by pieces, which a library of the page computes: see
 * gossamer/crypto.h. */
#include <gossamer/crypto.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "op.h"

struct gs_hasher {
  uint32_t handle; /* the host's */
};

/* Not public: the host's handle, when the library is ready. */
int gs__hash_new(enum gs_hash_kind kind);

GS__INLINE int hash_new(enum gs_hash_kind kind) {
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t started = gs__host_hash_new(op.token, (uint32_t)kind);
  if (started != GS__PENDING) {
    gs__op_drop(&op);
    return started;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, GS_FOREVER);
  if (error != GS_OK) return error;
  return (int)gs__park("hash by pieces", NULL);
}

GS__LEAF(gs__hash_new)
int gs__hash_new(enum gs_hash_kind kind) {
  GS__LEAF_BODY(int);
  return hash_new(kind);
}

int gs_hasher_new(gs_hasher **out, enum gs_hash_kind kind) {
  if (out == NULL) return GS_EINVAL;
  gs_hasher *hasher = gs__malloc(sizeof *hasher);
  if (hasher == NULL) return GS_ENOMEM;
  int handle = gs__hash_new(kind);
  if (handle <= 0) {
    free(hasher);
    return handle < 0 ? handle : GS_EIO;
  }
  hasher->handle = (uint32_t)handle;
  *out = hasher;
  return GS_OK;
}

int gs_hasher_update(gs_hasher *hasher, const void *data, size_t bytes) {
  if (hasher == NULL || (data == NULL && bytes > 0)) return GS_EINVAL;
  return gs__host_hash_update(hasher->handle, data, bytes);
}

int gs_hasher_finish(gs_hasher *hasher, void *out) {
  if (hasher == NULL || out == NULL) return GS_EINVAL;
  return gs__host_hash_finish(hasher->handle, out);
}

int gs_hasher_reset(gs_hasher *hasher) {
  if (hasher == NULL) return GS_EINVAL;
  return gs__host_hash_finish(hasher->handle, NULL);
}

void gs_hasher_free(gs_hasher *hasher) {
  if (hasher == NULL) return;
  gs__host_hash_free(hasher->handle);
  free(hasher);
}
