/* Messages of the runtime itself, formatted without stdio: a program that
 * never prints does not link printf for our sake, and a report about a full
 * stack needs little of it. */
#include "check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

#define LINE_BYTES 320

struct gs__lines *gs__report_to;

struct line {
  size_t length;
  char text[LINE_BYTES];
};

static void put_text(struct line *line, const char *text) {
  if (text == NULL) text = "(null)";
  size_t length = strlen(text);
  size_t room = LINE_BYTES - line->length;
  if (length > room) length = room;
  memcpy(line->text + line->length, text, length);
  line->length += length;
}

static void put_unsigned(struct line *line, unsigned long long value) {
  char digits[24];
  char *first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  put_text(line, first);
}

static void put_address(struct line *line, const void *pointer) {
  char digits[2 * sizeof pointer + 1];
  char *first = digits + sizeof digits - 1;
  uintptr_t value = (uintptr_t)pointer;
  *first = '\0';
  do {
    *--first = "0123456789abcdef"[value % 16];
    value /= 16;
  } while (value != 0);
  put_text(line, "0x");
  put_text(line, first);
}

static void put_signed(struct line *line, long long value) {
  if (value < 0) {
    put_text(line, "-");
    put_unsigned(line, 0 - (unsigned long long)value);
  } else {
    put_unsigned(line, (unsigned long long)value);
  }
}

/* One directive behind '%'; returns the first character after it. */
static const char *put_directive(struct line *line, const char *at,
                                 va_list *args) {
  bool wide = strncmp(at, "ll", 2) == 0;
  if (wide) at += 2;
  bool size = *at == 'z';
  if (size) at++;
  switch (*at) {
    case 's':
      put_text(line, va_arg(*args, const char *));
      break;
    case 'p':
      put_address(line, va_arg(*args, const void *));
      break;
    case 'd':
      put_signed(line, wide ? va_arg(*args, long long) : va_arg(*args, int));
      break;
    case 'u':
      if (size) {
        put_unsigned(line, va_arg(*args, size_t));
      } else {
        put_unsigned(line, wide ? va_arg(*args, unsigned long long)
                                : va_arg(*args, unsigned));
      }
      break;
    default:
      put_text(line, "%");
      break;
  }
  return at + 1;
}

static void format_line(struct line *line, const char *format, va_list *args) {
  while (*format != '\0') {
    if (*format == '%') {
      format = put_directive(line, format + 1, args);
    } else {
      char one[2] = {*format++, '\0'};
      put_text(line, one);
    }
  }
}

void gs__format(char *to, size_t size_bytes, const char *format, ...) {
  struct line line = {.length = 0};
  va_list args;
  va_start(args, format);
  format_line(&line, format, &args);
  va_end(args);
  if (line.length >= size_bytes) line.length = size_bytes - 1;
  memcpy(to, line.text, line.length);
  to[line.length] = '\0';
}

static void keep(struct gs__lines *lines, const struct line *line) {
  size_t wanted = lines->length + line->length + 1;
  if (wanted > lines->capacity) {
    size_t capacity = wanted * 2;
    char *text = gs__realloc(lines->text, capacity);
    if (text == NULL) {
      lines->no_memory = true;
      return;
    }
    lines->text = text;
    lines->capacity = capacity;
  }
  memcpy(lines->text + lines->length, line->text, line->length);
  lines->text[wanted - 1] = '\n';
  lines->length = wanted;
}

void gs__report(const char *format, ...) {
  struct line line = {.length = 0};
  va_list args;
  va_start(args, format);
  format_line(&line, format, &args);
  va_end(args);
  if (gs__report_to != NULL) {
    keep(gs__report_to, &line);
  } else {
    gs__report_line(line.text, line.length);
  }
}

_Noreturn void gs__fatal(const char *format, ...) {
  struct line line = {.length = 0};
  put_text(&line, "fatal: ");
  va_list args;
  va_start(args, format);
  format_line(&line, format, &args);
  va_end(args);
  gs__report_to = NULL;
  gs__report_line(line.text, line.length);
  gs__fatal_end();
}
