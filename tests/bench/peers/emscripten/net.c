/* net: the same bodies by emscripten_fetch(), which has each whole in memory
 * before the program sees it: Chromium hands it no pieces. Each function ends
 * by calling the page back with the milliseconds that it took. */
#include <emscripten.h>
#include <emscripten/fetch.h>
#include <string.h>

static struct {
  char url[256];
  int bytes;
  int left; /* not yet begun */
  int under_way;
  double begin_ms;
} run;

/* NaN: it failed. */
static void tell(double ms) {
  EM_ASM({ Module.told($0); }, ms);
}

static void begin_one(void);

static void next(emscripten_fetch_t *fetch) {
  int right = fetch->status == 200 && fetch->numBytes == (uint64_t)run.bytes;
  emscripten_fetch_close(fetch);
  run.under_way--;
  if (!right) {
    run.left = 0;
    tell(__builtin_nan(""));
    return;
  }
  if (run.left > 0) {
    begin_one();
  } else if (run.under_way == 0) {
    tell(emscripten_get_now() - run.begin_ms);
  }
}

static void begin_one(void) {
  emscripten_fetch_attr_t attr;
  emscripten_fetch_attr_init(&attr);
  strcpy(attr.requestMethod, "GET");
  attr.attributes = EMSCRIPTEN_FETCH_LOAD_TO_MEMORY | EMSCRIPTEN_FETCH_REPLACE;
  attr.onsuccess = next;
  attr.onerror = next;
  run.left--;
  run.under_way++;
  emscripten_fetch(&attr, run.url);
}

/* `count` requests of the address, `width` at a time. */
EMSCRIPTEN_KEEPALIVE
void fetch_many(const char *url, int bytes, int count, int width) {
  strncpy(run.url, url, sizeof run.url - 1);
  run.bytes = bytes;
  run.left = count;
  run.under_way = 0;
  run.begin_ms = emscripten_get_now();
  for (int i = 0; i < width; i++) begin_one();
}
