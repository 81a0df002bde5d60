/* gs_panicf(), apart: only programs that use it link printf for it. */
#include <gossamer/panic.h>
#include <stdarg.h>
#include <stdio.h>

/* In wasm gs_panic() returns, unwinding, and so must its callers. */
void gs__panic(const char *message) __asm__("gs_panic");
void gs__panicf(const char *format, ...) __asm__("gs_panicf")
    __attribute__((format(printf, 1, 2)));

void gs__panicf(const char *format, ...) {
  char message[GS_FAILURE_BYTES];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  gs__panic(message);
}
