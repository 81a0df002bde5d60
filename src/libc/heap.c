/* Memory grows by an eighth at least, up to 64 MiB: an engine takes 0.2 to
 * 3 ms for a growth of whatever size, and Emscripten's sbrk() asks for no more
 * than malloc needs just then. Linked with --wrap, since the original shares
 * its object file with others. */
#ifdef __EMSCRIPTEN__
#include <stddef.h>

#define WASM_PAGE_BYTES ((size_t)65536)
#define STEP_BYTES_MAX ((size_t)64 << 20)

int __real_emscripten_resize_heap(size_t size_bytes);
int __wrap_emscripten_resize_heap(size_t size_bytes);

/* True when memory has the size asked for, or more. */
int __wrap_emscripten_resize_heap(size_t size_bytes) {
  size_t now_bytes = __builtin_wasm_memory_size(0) * WASM_PAGE_BYTES;
  size_t step_bytes = now_bytes / 8;
  if (step_bytes > STEP_BYTES_MAX) step_bytes = STEP_BYTES_MAX;
  step_bytes -= step_bytes % WASM_PAGE_BYTES;
  if (now_bytes + step_bytes > size_bytes &&
      __real_emscripten_resize_heap(now_bytes + step_bytes)) {
    return 1;
  }
  return __real_emscripten_resize_heap(size_bytes);
}
#endif
