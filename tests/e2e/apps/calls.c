/* A library without main(): functions that JavaScript calls. */
#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

GS_EXPORT(int, add, (int, a), (int, b)) { return a + b; }

GS_EXPORT(double, half, (double, number)) { return number / 2; }

GS_EXPORT(int64_t, next, (int64_t, number)) { return number + 1; }

GS_EXPORT(uint64_t, largest) { return UINT64_MAX; }

GS_EXPORT(bool, negate, (bool, value)) { return !value; }

static char greeting[128];
GS_EXPORT(const char *, greet, (const char *, who)) {
  if (who == NULL) return NULL;
  snprintf(greeting, sizeof greeting, "hello, %s", who);
  return greeting;
}

GS_EXPORT(unsigned, sum, (const void *, data), (size_t, size)) {
  const unsigned char *bytes = data;
  unsigned sum = 0;
  for (size_t i = 0; i < size; i++) sum += bytes[i];
  return sum;
}

GS_EXPORT(int, later, (int, milliseconds), (int, result)) {
  gs_sleep(milliseconds * GS_MILLISECOND);
  return result;
}

GS_EXPORT_VOID(for_ever) { gs_chan_recv(NULL, NULL); }

GS_EXPORT_VOID(say, (const char *, text)) { puts(text); }

GS_EXPORT_VOID(leave, (int, code)) { exit(code); }

GS_EXPORT_VOID(give_up) { abort(); }

GS_EXPORT_VOID(crash) { __builtin_trap(); }

GS_EXPORT(int, eight, (int, a), (int, b), (int, c), (int, d), (int, e),
          (int, f), (int, g), (int, h)) {
  return a + b + c + d + e + f + g + h;
}
