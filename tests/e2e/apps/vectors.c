/* Prints the hashes of "abc", and whether random bytes differ. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  unsigned char hash[GS_HASH_BYTES_MAX];
  for (int kind = GS_SHA_1; kind <= GS_SHA_512; kind++) {
    int size = gs_hash((enum gs_hash_kind)kind, "abc", 3, hash);
    if (size < 0) {
      printf("%s\n", gs_error_name(size));
      return 1;
    }
    for (int i = 0; i < size; i++) printf("%02x", hash[i]);
    printf("\n");
  }
  static unsigned char a[100000];
  static unsigned char b[100000];
  if (gs_random(a, sizeof a) != GS_OK || gs_random(b, sizeof b) != GS_OK) {
    return 1;
  }
  puts(gs_crypto_equal(a, b, sizeof a) ? "the same" : "different");
  gs_crypto_zero(a, sizeof a);
  return a[0] == 0 && a[sizeof a - 1] == 0 ? 0 : 1;
}
