/* Bytes that grow, with room for a NUL behind them. All zero: none. */
#ifndef GS_HOST_TEXT_H
#define GS_HOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"

struct gs__text {
  char *bytes; /* malloc's; NULL: none yet */
  size_t size;
  size_t room; /* without the NUL */
};

/* False: no memory, and nothing has changed. */
static inline bool gs__text_reserve(struct gs__text *text, size_t size) {
  if (text->bytes != NULL && size <= text->room) return true;
  size_t room = text->room * 2 < 32 ? 32 : text->room * 2;
  if (room < size) room = size;
  char *bytes = (char *)gs__realloc(text->bytes, room + 1);
  if (bytes == NULL) return false;
  text->bytes = bytes;
  text->room = room;
  return true;
}

static inline bool gs__text_append(struct gs__text *text, const char *bytes,
                                   size_t size) {
  if (!gs__text_reserve(text, text->size + size)) return false;
  if (size > 0) memcpy(text->bytes + text->size, bytes, size);
  text->size += size;
  return true;
}

static inline bool gs__text_set(struct gs__text *text, const char *bytes,
                                size_t size) {
  if (!gs__text_reserve(text, size)) return false;
  text->size = 0;
  return gs__text_append(text, bytes, size);
}

/* As a string; "" when there is no memory yet. */
static inline const char *gs__text_string(struct gs__text *text) {
  if (text->bytes == NULL) return "";
  text->bytes[text->size] = '\0';
  return text->bytes;
}

static inline void gs__text_free(struct gs__text *text) {
  free(text->bytes);
  *text = (struct gs__text){NULL, 0, 0};
}

#endif
