/* The notes of one test: see notes.h. */
#include "notes.h"

#include <string.h>

#include "harness.h"

char log_text[128];

void clear_log(void) { log_text[0] = '\0'; }

void note(char letter) {
  size_t length = strlen(log_text);
  CHECK(length + 1 < sizeof log_text);
  log_text[length] = letter;
  log_text[length + 1] = '\0';
}

void note_letter(void *letter) { note(*(const char *)letter); }
