/* printf() into an arena: see gossamer/arena.h. A file of its own, so that
 * only programs that use it link printf(). */
#include <gossamer/arena.h>
#include <stdio.h>

#define SHORT_BYTES 128

char *gs_arena_vformat(gs_arena *arena, const char *format, va_list args) {
  char text[SHORT_BYTES];
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(text, sizeof text, format, args);
  char *to = NULL;
  if (length >= 0 && (size_t)length < sizeof text) {
    to = gs_arena_strndup(arena, text, (size_t)length);
  } else if (length >= 0) {
    to = gs_arena_alloc_aligned(arena, (size_t)length + 1, 1);
    if (to != NULL) vsnprintf(to, (size_t)length + 1, format, again);
  }
  va_end(again);
  return to;
}

char *gs_arena_format(gs_arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = gs_arena_vformat(arena, format, args);
  va_end(args);
  return text;
}
