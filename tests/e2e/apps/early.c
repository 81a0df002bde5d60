/* Overflows the host's stack before there is a goroutine. */
__attribute__((noinline)) static int climb(int steps) {
  volatile char here[512];
  here[steps % 512] = 1;
  return steps == 0 ? 0 : climb(steps - 1) + here[0];
}

__attribute__((constructor)) static void start(void) { climb(100000); }

int main(void) { return 0; }
