/* Cryptography: the host's WebCrypto, as calls that wait.
 *
 * A program that uses it needs the part "crypto" beside the core: the script
 * gossamer-crypto.js, or load(..., { parts: [webcrypto()] }) with webcrypto
 * from "gossamer/crypto". Without it the program does not load, and the error
 * says so. Browsers have WebCrypto only in pages from https: or localhost;
 * elsewhere all but gs_random() and hashes by pieces is GS_ENOTSUP.
 *
 * Keys stay in the host: a program holds handles. Key bytes come into its
 * memory only by gs_key_export() of a key that is extractable. A handle that
 * was released is GS_EBADF; its number comes back after 32766 others at least.
 *
 * Unless said otherwise a function **parks**, answers 0 or a count, and fails
 * by GS_EINVAL   an algorithm, size or parameter that the standard or the host
 *               refuses; NULL for bytes; 2^31 bytes and more
 *   GS_EBADF    no such key
 *   GS_EACCES   the key's uses, its algorithm or its being kept in forbid it
 *   GS_EBADMSG  what is decrypted, unwrapped or imported is not authentic, not
 *               well padded or not of the format: nothing was written
 *   GS_EMSGSIZE the result is larger than out_bytes: nothing was written
 *   GS_ENOTSUP  the host does not have the algorithm
 *   GS_ECANCELED, GS_ETIMEDOUT  the caller's context; nothing is written then
 *   GS_EMFILE, GS_ENOMEM, GS_EPERM outside a goroutine, GS_EIO, GS_EFAULT
 * gs_crypto_error() has words for people. In-buffers are read before the call
 * parks. Out-buffers are written only when the call succeeds, and may be the
 * same as in-buffers. WebCrypto cannot be stopped: a call that is given up no
 * longer waits, but what it began is computed to the end and thrown away.
 *
 * Source: Web Cryptography API (W3C), Secure Curves in it, FIPS 180-4. */
#ifndef GOSSAMER_CRYPTO_H
#define GOSSAMER_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- random, memory ---- */

/* Fills buf with random bytes fit for keys, as many as wanted. 0; GS_EINVAL;
 * GS_EIO: the host has none, and what is in buf then is no secret. Never parks;
 * may be called outside a goroutine. */
int gs_random(void *buf, size_t buf_bytes);

/* Whether two blocks are the same, in a time that depends on their size alone.
 * Never parks. */
bool gs_crypto_equal(const void *a, const void *b, size_t bytes);

/* Overwrites with zeros, what no optimisation leaves out. Never parks. The
 * stacks of goroutines that ended are not overwritten: keep secrets in memory
 * that you zero. What the host has copied meanwhile it frees when it likes. */
void gs_crypto_zero(void *memory, size_t bytes);

/* ---- hashes ---- */

enum gs_hash_kind {
  GS_SHA_1 = 1, /* for what still needs it; broken against collisions */
  GS_SHA_256 = 2,
  GS_SHA_384 = 3,
  GS_SHA_512 = 4
};
#define GS_HASH_BYTES_MAX 64
/* 20, 32, 48, 64; 0 for no kind. Never parks. */
size_t gs_hash_bytes(enum gs_hash_kind kind);

/* The hash of `bytes` at `data`, in one go, to out, which has room for
 * gs_hash_bytes(). Returns its size. */
int gs_hash(enum gs_hash_kind kind, const void *data, size_t bytes, void *out);

/* A hash by pieces. WebCrypto has none, so a library computes it that the page
 * gives: webcrypto({ hashes }) with a module that has createSHA256() and so on
 * as hash-wasm does. Without it gs_hasher_new() is GS_ENOSYS, and the words say
 * what to load. The values are those of gs_hash(). */
typedef struct gs_hasher gs_hasher;

/* 0 with *out set, the caller's until gs_hasher_free(); GS_ENOSYS. */
int gs_hasher_new(gs_hasher **out, enum gs_hash_kind kind);
/* Adds bytes, at once: some hundred MB a second, so give pieces of 1 MiB or
 * less, and yield between them. 0; GS_EINVAL after gs_hasher_finish(); GS_EIO:
 * the library failed. Never parks. */
int gs_hasher_update(gs_hasher *hasher, const void *data, size_t bytes);
/* Ends it: the hash to out, which has room for gs_hash_bytes(). Returns its
 * size; GS_EINVAL when it has ended; GS_EIO. gs_hasher_reset() begins anew: 0;
 * GS_EIO. Never park. */
int gs_hasher_finish(gs_hasher *hasher, void *out);
int gs_hasher_reset(gs_hasher *hasher);
/* NULL is allowed. Never parks. */
void gs_hasher_free(gs_hasher *hasher);

/* ---- keys ---- */

/* A key in the host: 1 to 2^31-1, with a generation; 0: none. */
typedef uint32_t gs_key;

enum gs_key_kind {
  GS_KEY_HMAC = 1,     /* bits: multiples of 8; hash */
  GS_KEY_AES_GCM = 2,  /* bits: 128, 192 (not in Chromium), 256 */
  GS_KEY_AES_CBC = 3,  /* bits */
  GS_KEY_AES_CTR = 4,  /* bits */
  GS_KEY_AES_KW = 5,   /* bits; to wrap keys, RFC 3394 */
  GS_KEY_PBKDF2 = 6,   /* a password: imported raw, never exported */
  GS_KEY_HKDF = 7,     /* key material: imported raw, never exported */
  GS_KEY_ECDSA = 8,    /* curve */
  GS_KEY_ECDH = 9,     /* curve */
  GS_KEY_ED25519 = 10, /* where present */
  GS_KEY_X25519 = 11,  /* where present */
  GS_KEY_RSA_PSS = 12, /* bits: of the modulus, multiples of 8 from 512 to
                        * 16384; hash; the exponent is 65537 */
  GS_KEY_RSA_OAEP = 13 /* bits, hash */
};

enum gs_key_curve { GS_P256 = 1, GS_P384 = 2, GS_P521 = 3 };

/* What a key may be used for, a bit each; WebCrypto's usages. */
#define GS_KEY_ENCRYPT (UINT32_C(1) << 0)
#define GS_KEY_DECRYPT (UINT32_C(1) << 1)
#define GS_KEY_SIGN (UINT32_C(1) << 2)
#define GS_KEY_VERIFY (UINT32_C(1) << 3)
#define GS_KEY_DERIVE_KEY (UINT32_C(1) << 4)
#define GS_KEY_DERIVE_BITS (UINT32_C(1) << 5)
#define GS_KEY_WRAP (UINT32_C(1) << 6)
#define GS_KEY_UNWRAP (UINT32_C(1) << 7)

enum gs_key_format {
  GS_KEY_RAW = 1,   /* secrets, and public keys of curves */
  GS_KEY_SPKI = 2,  /* public keys, DER */
  GS_KEY_PKCS8 = 3, /* private keys, DER */
  GS_KEY_JWK = 4    /* JSON, UTF-8 */
};

/* What a key is, or is to be. */
struct gs_key_spec {
  enum gs_key_kind kind;
  enum gs_hash_kind hash;  /* HMAC, RSA; 0: GS_SHA_256 */
  enum gs_key_curve curve; /* EC; 0: GS_P256 */
  uint32_t bits; /* 0: AES 256, RSA 3072, HMAC the block of its hash; of a key
                  * that is imported: as many as it has */
  uint32_t uses; /* GS_KEY_SIGN ...; 0: all that the kind has. Of a pair each
                  * half gets its own. */
  bool extractable; /* whether the bytes of a secret or private key may leave
                     * the host; public keys always may */
};

/* Makes a key, or a pair: *key is the secret or private one, *public_key the
 * other; for kinds without one it may be NULL, and is set to 0. Released by
 * gs_key_release(). 0. */
int gs_key_generate(gs_key *key, gs_key *public_key,
                    const struct gs_key_spec *spec);
/* Makes a key of its bytes. 0. Zero the bytes afterwards. */
int gs_key_import(gs_key *out, const struct gs_key_spec *spec,
                  enum gs_key_format format, const void *data, size_t bytes);
/* The key's bytes to out. Returns how many; GS_EACCES when it is not
 * extractable; GS_EMSGSIZE and, if need_bytes is not NULL, how many they are,
 * which may be asked with a NULL out of 0 bytes. */
int64_t gs_key_export(gs_key key, enum gs_key_format format, void *out,
                      size_t out_bytes, size_t *need_bytes);

/* A key encrypted by another, without its bytes coming here; wrapping is by
 * AES-KW, AES-GCM, -CBC, -CTR or RSA-OAEP, with the parameters of struct
 * gs_cipher (NULL for AES-KW; for RSA-OAEP if there is no label). Return the
 * size of what is written; 0. */
struct gs_cipher;
int64_t gs_key_wrap(gs_key key, enum gs_key_format format, gs_key wrapping,
                    const struct gs_cipher *cipher, void *out,
                    size_t out_bytes);
int gs_key_unwrap(gs_key *out, const struct gs_key_spec *spec,
                  enum gs_key_format format, gs_key unwrapping,
                  const struct gs_cipher *cipher, const void *data,
                  size_t bytes);

/* What the key is: kind, hash, curve, bits, uses, extractable; what its kind
 * has not is 0. 0; GS_EBADF. Never parks. */
int gs_key_info(struct gs_key_spec *out, gs_key key);
/* Forgets the handle; what is under way with the key goes on. 0; GS_EBADF.
 * Never parks. */
int gs_key_release(gs_key key);

/* Keys in the browser's storage (IndexedDB), non-extractable ones too: their
 * bytes are never in this program's memory. `name` is UTF-8, at most 255 bytes;
 * names are those of the page's origin and of the part's option `store`.
 * GS_ENOTSUP where there is no IndexedDB; GS_ENOSPC; GS_EIO. */
/* Stores it under the name, in place of another; it is on the disk when this
 * answers. 0. Given up, this and gs_key_delete() have done nothing, unless the
 * browser was just committing it: gs_key_load() tells. */
int gs_key_store(const char *name, gs_key key);
/* 0; GS_ENOENT. */
int gs_key_load(gs_key *out, const char *name);
/* 0; GS_ENOENT. */
int gs_key_delete(const char *name);

/* ---- sign and verify ---- */

/* By HMAC, ECDSA (IEEE P1363: r and s, each of the curve's size), Ed25519,
 * RSA-PSS. */
struct gs_signing {
  enum gs_hash_kind hash; /* ECDSA; 0: GS_SHA_256 */
  uint32_t salt_bytes;    /* RSA-PSS; 0: the hash's size */
};
/* options may be NULL. Returns the signature's size. */
int64_t gs_sign(gs_key key, const struct gs_signing *options, const void *data,
                size_t bytes, void *out, size_t out_bytes);
/* 1: the signature is right; 0: it is not; else an error. Only 1 is true. */
int gs_verify(gs_key key, const struct gs_signing *options, const void *data,
              size_t bytes, const void *signature, size_t signature_bytes);
/* HMAC with the bytes of a key, of any number, without a handle; `out` has room
 * for gs_hash_bytes(). Parks twice: data must not change before it answers.
 * Returns the size. */
int gs_hmac(enum gs_hash_kind kind, const void *key, size_t key_bytes,
            const void *data, size_t bytes, void *out);

/* ---- encrypt and decrypt ---- */

struct gs_cipher {
  const void *iv; /* GCM: 12 bytes, never twice with one key; CBC: 16; CTR: the
                   * first counter block, 16 */
  size_t iv_bytes;
  const void *extra; /* GCM: data that is authenticated too; OAEP: the label */
  size_t extra_bytes;
  uint32_t tag_bytes;    /* GCM: 4, 8, 12 to 16; 0: 16 */
  uint32_t counter_bits; /* CTR: 1 to 128, enough to count the blocks; 0: 64 */
};
/* GCM: the tag comes last, so out has tag_bytes more than data. CBC: PKCS #7,
 * up to 16 bytes more. OAEP: the modulus's size. Returns the size written. */
int64_t gs_encrypt(gs_key key, const struct gs_cipher *cipher, const void *data,
                   size_t bytes, void *out, size_t out_bytes);
/* GS_EBADMSG: not authentic. Only GCM and OAEP see every change; what was
 * changed of CBC or CTR may be decrypted, to something else. */
int64_t gs_decrypt(gs_key key, const struct gs_cipher *cipher, const void *data,
                   size_t bytes, void *out, size_t out_bytes);

/* ---- derive ---- */

struct gs_derivation {
  const void *salt; /* PBKDF2, HKDF */
  size_t salt_bytes;
  const void *info; /* HKDF */
  size_t info_bytes;
  uint32_t iterations;    /* PBKDF2; 0 is GS_EINVAL: think */
  enum gs_hash_kind hash; /* PBKDF2, HKDF; 0: GS_SHA_256 */
  gs_key public_key;      /* ECDH, X25519: the other side's */
};
/* out_bytes of key material to out: 1 to 2^29-1 by PBKDF2, to 255 times the
 * hash's size by HKDF, to the size of a coordinate by ECDH and X25519. Returns
 * out_bytes. */
int64_t gs_derive(gs_key key, const struct gs_derivation *options, void *out,
                  size_t out_bytes);
/* A key of it, whose bytes never come here. 0. */
int gs_key_derive(gs_key *out, gs_key key, const struct gs_derivation *options,
                  const struct gs_key_spec *spec);

/* Copies the words for the last failure, of whichever goroutine, that the host
 * told; returns their length, 0 when there was none. What is refused before the
 * host is asked, as NULL for bytes, has no words. Never parks. */
int gs_crypto_error(char *buf, size_t buf_bytes);

#ifdef __cplusplus
}
#endif
#endif
