/* Runs the fuzzer's inputs from files, without the fuzzer: for debuggers, and
 * where there is no libFuzzer. */
#include <stdint.h>
#include <stdio.h>

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  static uint8_t data[INPUT_MAX];
  for (int i = 1; i < argc; i++) {
    FILE *file = fopen(argv[i], "rb");
    if (file == NULL) {
      perror(argv[i]);
      return 1;
    }
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    printf("%s: %zu bytes\n", argv[i], size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
  }
  printf("%d inputs\n", argc - 1);
  return argc < 2;
}
