/* Reading GS_STRESS: see stress.h. */
#include "stress.h"

#ifdef GS_DEBUG

#include <string.h>

#include "check.h"

struct gs__stress gs__stress;

static void read_word(const char *word, size_t length) {
  static const char alloc[] = "alloc=";
  const size_t head = sizeof alloc - 1;
  if (length == strlen("yield") && strncmp(word, "yield", length) == 0) {
    gs__stress.yield = true;
    return;
  }
  if (length == strlen("grow") && strncmp(word, "grow", length) == 0) return;
  if (length > head && strncmp(word, alloc, head) == 0) {
    char *end;
    unsigned long n = strtoul(word + head, &end, 10);
    bool digits = word[head] >= '0' && word[head] <= '9';
    if (digits && end == word + length && n > 0 && n <= UINT32_MAX) {
      gs__stress.alloc_left = (uint32_t)n;
      return;
    }
  }
  gs__report("GS_STRESS has \"%s\", which is none of yield, alloc=N, grow",
             word);
}

void gs__stress_read(const char *text) {
  gs__stress = (struct gs__stress){0};
  while (text != NULL && *text != '\0') {
    size_t length = strcspn(text, ",");
    if (length > 0) read_word(text, length);
    text += length;
    if (*text == ',') text++;
  }
}

bool gs__stress_alloc_fails(void) {
  return gs__stress.alloc_left > 0 && --gs__stress.alloc_left == 0;
}

#else

typedef int gs__stress_is_for_debug_builds;

#endif
