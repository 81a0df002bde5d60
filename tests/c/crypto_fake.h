/* WebCrypto without JavaScript: notes what it is asked, and the test completes
 * it how it likes. What is pending is in host_fake.ops too, so that canceling
 * and deadlines go the way of all operations. */
#ifndef GS_TESTS_CRYPTO_FAKE_H
#define GS_TESTS_CRYPTO_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gs__crypto_op;

struct crypto_fake {
  uint32_t runs; /* counts */
  uint32_t digests;
  uint32_t hashers;         /* that were asked for */
  uint32_t releases;        /* of keys */
  uint32_t frees;           /* of hashers */
  uint32_t infos;           /* questions what a key is */
  struct gs__crypto_op *op; /* of the last run: the caller's */
  uint32_t released;        /* the key that was released last */
  uint32_t freed;           /* the hasher that was freed last */
  uint32_t key;             /* the only one there is; 0: none */
  uint32_t info[6];         /* what it is */
  uint32_t hash;            /* of the last digest or hasher */
  const void *data;         /* of the last digest or update */
  size_t data_bytes;
  uint32_t hasher; /* of the last update or finish */
  void *out;       /* of the last digest or finish */
  int32_t answer;  /* of hash_update, hash_finish and crypto_random */
};
extern struct crypto_fake crypto_fake;

/* Completes what is pending, the oldest first, as the host does: writes what
 * there is to write, then the result. */
void crypto_fake_complete(int32_t result);
/* The same of a run, with the handles of keys that were made. */
void crypto_fake_complete_keys(int32_t result, uint32_t key,
                               uint32_t public_key);

#endif
