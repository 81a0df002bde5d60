/* Published values, asked of the host by gossamer/crypto.h: one line for each,
 * "ok NAME" or what came instead, and "absent NAME" where the host has not the
 * algorithm. Ends with 1 when something was wrong.
 *
 * Sources: FIPS 180-4 (with NIST's examples), RFC 4231, RFC 6070, RFC 5869,
 * NIST SP 800-38A, the GCM specification of McGrew and Viega, RFC 3394, RFC
 * 7748, RFC 8032, RFC 6979 (whose signatures are verified: they need no random
 * number). */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#define ROOM_BYTES 256

static int wrong;

struct bytes {
  unsigned char at[ROOM_BYTES];
  size_t size;
};

static unsigned digit(char c) {
  return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static struct bytes unhex(const char *hex) {
  struct bytes bytes = {.size = strlen(hex) / 2};
  for (size_t i = 0; i < bytes.size; i++) {
    bytes.at[i] =
        (unsigned char)(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
  }
  return bytes;
}

/* Says whether `result` bytes at `out` are what was expected. */
static void tell(const char *name, int64_t result, const void *out,
                 const char *expected) {
  if (result == GS_ENOTSUP) {
    printf("absent %s\n", name);
    return;
  }
  struct bytes want = unhex(expected);
  if (result == (int64_t)want.size &&
      gs_crypto_equal(out, want.at, want.size)) {
    printf("ok %s\n", name);
    return;
  }
  char words[200] = "";
  gs_crypto_error(words, sizeof words);
  printf("wrong %s: %s", name, result < 0 ? gs_error_name((int)result) : "");
  for (int64_t i = 0; i < result; i++) {
    printf("%02x", ((const unsigned char *)out)[i]);
  }
  printf(" (%s)\n", words);
  wrong++;
}

/* The same for a call that must answer a number. */
static void tell_number(const char *name, int64_t result, int64_t expected) {
  if (result == expected) {
    printf("ok %s\n", name);
  } else if (result == GS_ENOTSUP) {
    printf("absent %s\n", name);
  } else {
    printf("wrong %s: %d\n", name, (int)result);
    wrong++;
  }
}

static int import(gs_key *key, enum gs_key_kind kind, enum gs_hash_kind hash,
                  enum gs_key_format format, const char *hex) {
  struct gs_key_spec spec = {
      .kind = kind,
      .hash = hash,
      .extractable = kind != GS_KEY_HKDF && kind != GS_KEY_PBKDF2};
  struct bytes raw = unhex(hex);
  int error = gs_key_import(key, &spec, format, raw.at, raw.size);
  gs_crypto_zero(&raw, sizeof raw);
  return error;
}

/* ---- hashes ---- */

static const struct {
  enum gs_hash_kind kind;
  const char *name;
  const char *abc;
  const char *nothing;
  const char *million; /* times 'a' */
} hashes[] = {
    {GS_SHA_1, "SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
    {GS_SHA_256, "SHA-256",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {GS_SHA_384, "SHA-384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b",
     "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
     "07b8b3dc38ecc4ebae97ddd87f3d8985"},
    {GS_SHA_512, "SHA-512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
     "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
     "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"},
};

static char million[1000000];

static void check_hashes(void) {
  unsigned char out[GS_HASH_BYTES_MAX];
  memset(million, 'a', sizeof million);
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
    enum gs_hash_kind kind = hashes[i].kind;
    char name[40];
    snprintf(name, sizeof name, "%s of abc", hashes[i].name);
    tell(name, gs_hash(kind, "abc", 3, out), out, hashes[i].abc);
    snprintf(name, sizeof name, "%s of nothing", hashes[i].name);
    tell(name, gs_hash(kind, NULL, 0, out), out, hashes[i].nothing);
    snprintf(name, sizeof name, "%s of a million a", hashes[i].name);
    tell(name, gs_hash(kind, million, sizeof million, out), out,
         hashes[i].million);
    snprintf(name, sizeof name, "%s by pieces", hashes[i].name);
    gs_hasher *hasher;
    int result = gs_hasher_new(&hasher, kind);
    if (result == GS_OK) {
      for (size_t at = 0; at < sizeof million; at += 4000) {
        gs_hasher_update(hasher, million + at, 4000);
      }
      result = gs_hasher_finish(hasher, out);
      gs_hasher_free(hasher);
    }
    tell(name, result, out, hashes[i].million);
  }
}

/* RFC 4231: case 2, and case 6 with a key longer than a block. */
static void check_hmac(void) {
  static const char data[] = "what do ya want for nothing?";
  static const char *const expected[] = {
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
      "8e2240ca5e69e2c78b3239ecfab21649",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
      "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"};
  unsigned char out[GS_HASH_BYTES_MAX];
  for (int i = 0; i < 3; i++) {
    char name[40];
    snprintf(name, sizeof name, "HMAC, RFC 4231 case 2, %s",
             hashes[i + 1].name);
    int result = gs_hmac(hashes[i + 1].kind, "Jefe", 4, data, 28, out);
    tell(name, result, out, expected[i]);
  }
  unsigned char key[131];
  memset(key, 0xaa, sizeof key);
  static const char larger[] =
      "Test Using Larger Than Block-Size Key - Hash Key First";
  tell("HMAC, RFC 4231 case 6",
       gs_hmac(GS_SHA_256, key, sizeof key, larger, strlen(larger), out), out,
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* ---- derivation ---- */

static void check_derivation(void) {
  unsigned char out[ROOM_BYTES];
  gs_key key = 0;
  int error = import(&key, GS_KEY_PBKDF2, 0, GS_KEY_RAW, "70617373776f7264");
  struct gs_derivation options = {
      .salt = "salt", .salt_bytes = 4, .iterations = 2, .hash = GS_SHA_1};
  tell("PBKDF2, RFC 6070, 2 rounds",
       error != GS_OK ? error : gs_derive(key, &options, out, 20), out,
       "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
  options.iterations = 4096;
  tell("PBKDF2, RFC 6070, 4096 rounds", gs_derive(key, &options, out, 20), out,
       "4b007901b765489abead49d926f721d065a429c1");
  gs_key_release(key);

  error = import(&key, GS_KEY_HKDF, 0, GS_KEY_RAW,
                 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
  struct bytes salt = unhex("000102030405060708090a0b0c");
  struct bytes info = unhex("f0f1f2f3f4f5f6f7f8f9");
  options = (struct gs_derivation){.salt = salt.at,
                                   .salt_bytes = salt.size,
                                   .info = info.at,
                                   .info_bytes = info.size};
  tell("HKDF, RFC 5869 case 1",
       error != GS_OK ? error : gs_derive(key, &options, out, 42), out,
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
       "34007208d5b887185865");
  options = (struct gs_derivation){0};
  tell("HKDF, RFC 5869 case 3", gs_derive(key, &options, out, 42), out,
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
       "9d201395faa4b61a96c8");
  gs_key_release(key);
}

/* ---- AES ---- */

#define BLOCKS                                                       \
  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define AES_128 "2b7e151628aed2a6abf7158809cf4f3c"
#define AES_256 \
  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"

static void check_counter(const char *name, const char *key_hex,
                          const char *expected) {
  unsigned char out[ROOM_BYTES];
  gs_key key = 0;
  struct bytes data = unhex(BLOCKS);
  struct bytes iv = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  struct gs_cipher cipher = {
      .iv = iv.at, .iv_bytes = iv.size, .counter_bits = 128};
  int64_t result = import(&key, GS_KEY_AES_CTR, 0, GS_KEY_RAW, key_hex);
  if (result == GS_OK) {
    result = gs_encrypt(key, &cipher, data.at, data.size, out, sizeof out);
  }
  tell(name, result, out, expected);
  if (result > 0) {
    result = gs_decrypt(key, &cipher, out, (size_t)result, out, sizeof out);
    tell("and back", result, out, BLOCKS);
  }
  gs_key_release(key);
}

/* The standard's blocks are not padded: one more comes, which is cut off. */
static void check_chaining(const char *name, const char *key_hex,
                           const char *expected) {
  unsigned char out[ROOM_BYTES];
  gs_key key = 0;
  struct bytes data = unhex(BLOCKS);
  struct bytes iv = unhex("000102030405060708090a0b0c0d0e0f");
  struct gs_cipher cipher = {.iv = iv.at, .iv_bytes = iv.size};
  int64_t result = import(&key, GS_KEY_AES_CBC, 0, GS_KEY_RAW, key_hex);
  if (result == GS_OK) {
    result = gs_encrypt(key, &cipher, data.at, data.size, out, sizeof out);
  }
  tell(name, result == 80 ? 64 : result, out, expected);
  if (result == 80) {
    result = gs_decrypt(key, &cipher, out, 80, out, sizeof out);
    tell("and back", result, out, BLOCKS);
  }
  gs_key_release(key);
}

/* Cases 3 and 4 of the specification's test vectors for GCM. */
static void check_gcm(void) {
  unsigned char out[ROOM_BYTES];
  unsigned char kept[ROOM_BYTES];
  struct bytes data = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255");
  struct bytes iv = unhex("cafebabefacedbaddecaf888");
  struct bytes extra = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  gs_key key = 0;
  int64_t result = import(&key, GS_KEY_AES_GCM, 0, GS_KEY_RAW,
                          "feffe9928665731c6d6a8f9467308308");
  struct gs_cipher cipher = {.iv = iv.at, .iv_bytes = iv.size};
  if (result == GS_OK) {
    result = gs_encrypt(key, &cipher, data.at, 64, out, sizeof out);
  }
  tell("AES-GCM, case 3", result, out,
       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
       "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
       "4d5c2af327cd64a62cf35abd2ba6fab4");
  cipher.extra = extra.at;
  cipher.extra_bytes = extra.size;
  result = gs_encrypt(key, &cipher, data.at, 60, out, sizeof out);
  tell("AES-GCM, case 4", result, out,
       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
       "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
       "5bc94fbc3221a5db94fae95ae7121a47");
  /* Each bit of the tag counts, and what is not authentic is not there. */
  int64_t refused = 0;
  for (size_t bit = 0; bit < 128; bit++) {
    out[60 + bit / 8] ^= (unsigned char)(1 << bit % 8);
    memset(kept, 0xa5, sizeof kept);
    if (gs_decrypt(key, &cipher, out, 76, kept, sizeof kept) == GS_EBADMSG) {
      refused++;
    }
    out[60 + bit / 8] ^= (unsigned char)(1 << bit % 8);
    for (size_t i = 0; i < sizeof kept; i++) {
      if (kept[i] != 0xa5) refused = GS_EIO;
    }
  }
  tell_number("AES-GCM refuses each wrong bit of a tag", refused, 128);
  tell_number("AES-GCM refuses what is cut",
              gs_decrypt(key, &cipher, out, 75, kept, sizeof kept), GS_EBADMSG);
  tell_number("AES-GCM takes what is right",
              gs_decrypt(key, &cipher, out, 76, out, sizeof out), 60);
  gs_key_release(key);
}

/* Section 4.6: 256 bits wrapped by 256. */
static void check_wrapping(void) {
  unsigned char out[ROOM_BYTES];
  gs_key wrapping = 0;
  gs_key key = 0;
  int64_t result = import(
      &wrapping, GS_KEY_AES_KW, 0, GS_KEY_RAW,
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  if (result == GS_OK) {
    result = import(
        &key, GS_KEY_AES_GCM, 0, GS_KEY_RAW,
        "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  }
  if (result == GS_OK) {
    result = gs_key_wrap(key, GS_KEY_RAW, wrapping, NULL, out, sizeof out);
  }
  tell("AES-KW, RFC 3394 4.6", result, out,
       "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43b"
       "fb988b9b7a02dd21");
  struct gs_key_spec spec = {.kind = GS_KEY_AES_GCM};
  gs_key again = 0;
  out[0] ^= 1;
  tell_number("AES-KW refuses a wrong bit",
              gs_key_unwrap(&again, &spec, GS_KEY_RAW, wrapping, NULL, out, 40),
              GS_EBADMSG);
  tell_number("and makes no key", again, 0);
  gs_key_release(key);
  gs_key_release(wrapping);
}

/* ---- curves ---- */

/* PKCS 8 of a key of 32 bytes, before them. */
#define X25519_HEAD "302e020100300506032b656e04220420"
#define ED25519_HEAD "302e020100300506032b657004220420"

/* Section 6.1: Alice and Bob. */
static void check_agreement(void) {
  unsigned char out[ROOM_BYTES];
  gs_key alice = 0;
  gs_key bob = 0;
  int64_t result = import(
      &alice, GS_KEY_X25519, 0, GS_KEY_PKCS8,
      X25519_HEAD
      "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  if (result == GS_OK) {
    result = import(
        &bob, GS_KEY_X25519, 0, GS_KEY_RAW,
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  }
  struct gs_derivation options = {.public_key = bob};
  if (result == GS_OK) result = gs_derive(alice, &options, out, 32);
  tell("X25519, RFC 7748 6.1", result, out,
       "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  gs_key_release(alice);
  gs_key_release(bob);
}

/* Section 7.1, test 2: the message is one byte. */
static void check_ed25519(void) {
  static const char expected[] =
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  unsigned char out[ROOM_BYTES];
  unsigned char message = 0x72;
  gs_key own = 0;
  gs_key public_key = 0;
  int64_t result = import(
      &own, GS_KEY_ED25519, 0, GS_KEY_PKCS8,
      ED25519_HEAD
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  if (result == GS_OK) {
    result = gs_sign(own, NULL, &message, 1, out, sizeof out);
  }
  tell("Ed25519, RFC 8032 test 2", result, out, expected);
  result = import(
      &public_key, GS_KEY_ED25519, 0, GS_KEY_RAW,
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  struct bytes signature = unhex(expected);
  tell_number("Ed25519 verifies it",
              result != GS_OK ? result
                              : gs_verify(public_key, NULL, &message, 1,
                                          signature.at, signature.size),
              1);
  message ^= 1;
  tell_number("Ed25519 refuses another message",
              result != GS_OK ? result
                              : gs_verify(public_key, NULL, &message, 1,
                                          signature.at, signature.size),
              0);
  gs_key_release(own);
  gs_key_release(public_key);
}

/* Appendix A.2.5: P-256, SHA-256, "sample". */
static void check_ecdsa(void) {
  static const char signature_hex[] =
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
  gs_key key = 0;
  int64_t result = import(
      &key, GS_KEY_ECDSA, 0, GS_KEY_RAW,
      "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  struct bytes signature = unhex(signature_hex);
  if (result == GS_OK) {
    result = gs_verify(key, NULL, "sample", 6, signature.at, signature.size);
  }
  tell_number("ECDSA, RFC 6979 A.2.5", result, 1);
  tell_number("ECDSA refuses another message",
              gs_verify(key, NULL, "Sample", 6, signature.at, signature.size),
              0);
  tell_number("ECDSA refuses what is cut",
              gs_verify(key, NULL, "sample", 6, signature.at, 63), 0);
  signature.at[63] ^= 1;
  tell_number("ECDSA refuses a wrong bit",
              gs_verify(key, NULL, "sample", 6, signature.at, 64), 0);
  memset(signature.at, 0, 64);
  tell_number("ECDSA refuses zeros",
              gs_verify(key, NULL, "sample", 6, signature.at, 64), 0);
  gs_key_release(key);
}

/* ---- memory ---- */

static void check_random(void) {
  static unsigned char a[100000];
  static unsigned char b[100000];
  int error = gs_random(a, sizeof a);
  if (error == GS_OK) error = gs_random(b, sizeof b);
  tell_number("random bytes", error, GS_OK);
  tell_number("random bytes differ", gs_crypto_equal(a, b, sizeof a), false);
  /* Each kibibyte of 100000 bytes was filled, not the first ones alone. */
  static const unsigned char none[1000];
  int empty = 0;
  for (size_t at = 0; at < sizeof a; at += sizeof none) {
    empty += gs_crypto_equal(a + at, none, sizeof none);
  }
  tell_number("random bytes all along", empty, 0);
  gs_crypto_zero(a, sizeof a);
  memset(b, 0, sizeof b);
  tell_number("zeroing", gs_crypto_equal(a, b, sizeof a), true);
}

int main(void) {
  check_hashes();
  check_hmac();
  check_derivation();
  check_counter(
      "AES-CTR, SP 800-38A F.5.1", AES_128,
      "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
      "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
  check_counter(
      "AES-CTR, SP 800-38A F.5.5", AES_256,
      "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
      "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6");
  check_chaining(
      "AES-CBC, SP 800-38A F.2.1", AES_128,
      "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
      "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
  check_chaining(
      "AES-CBC, SP 800-38A F.2.5", AES_256,
      "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
      "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
  check_gcm();
  check_wrapping();
  check_agreement();
  check_ed25519();
  check_ecdsa();
  check_random();
  return wrong > 0;
}
