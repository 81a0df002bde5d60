/* The program's arguments, from WASI's args_get. */
#ifdef __EMSCRIPTEN__
#include <stdlib.h>
#include <wasi/api.h>

#include "args.h"

int gs__args(char ***argv) {
  size_t count = 0;
  size_t text_bytes = 0;
  if (__wasi_args_sizes_get(&count, &text_bytes) != 0) return -1;
  char **list = calloc(count + 1, sizeof *list);
  char *text = malloc(text_bytes + 1);
  if (list == NULL || text == NULL ||
      __wasi_args_get((uint8_t **)list, (uint8_t *)text) != 0) {
    free(list);
    free(text);
    return -1;
  }
  *argv = list;
  return (int)count;
}
#endif
