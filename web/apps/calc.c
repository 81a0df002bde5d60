/* A calculator in a terminal: plain stdio, a line at a time, and nothing that
 * knows of a browser. While it waits for a line, or sleeps, it is the program
 * alone that waits. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "plain.h"

#define VARIABLES 32
#define NAME_BYTES 16
#define MAX_DEPTH 100
#define MAX_WAIT_SECONDS 60

#define BOLD "\033[1;36m"
#define RED "\033[31m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

static struct variable {
  char name[NAME_BYTES];
  double value;
} variables[VARIABLES] = {{"pi", 3.14159265358979323846}, {"ans", 0}};
static int variable_count = 2;

/* The line that is being read: where, how deep, and its first mistake. */
static struct {
  const char *start;
  const char *at;
  const char *mistake; /* NULL while there is none */
  const char *mistake_at;
  int depth;
} input;

static double sum(void);

static void wrong(const char *mistake) {
  if (input.mistake != NULL) return;
  input.mistake = mistake;
  input.mistake_at = input.at;
}

static void skip_space(void) {
  while (isspace((unsigned char)*input.at)) input.at++;
}

static bool take(char wanted) {
  skip_space();
  if (*input.at != wanted) return false;
  input.at++;
  return true;
}

/* The length of the name at `at`; 0 when there is none. */
static size_t name_length(const char *at) {
  size_t length = 0;
  if (!isalpha((unsigned char)*at)) return 0;
  while (isalnum((unsigned char)at[length]) || at[length] == '_') length++;
  return length;
}

static struct variable *find(const char *name, size_t length) {
  for (int i = 0; i < variable_count; i++) {
    const char *known = variables[i].name;
    if (strlen(known) == length && memcmp(known, name, length) == 0) {
      return &variables[i];
    }
  }
  return NULL;
}

static double named(void) {
  static const struct {
    const char *name;
    double (*function)(double);
  } functions[] = {{"sqrt", sqrt}, {"sin", sin}, {"cos", cos},
                   {"log", log},   {"exp", exp}, {"abs", fabs}};
  const char *name = input.at;
  size_t length = name_length(name);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (strlen(functions[i].name) != length ||
        memcmp(functions[i].name, name, length) != 0) {
      continue;
    }
    input.at += length;
    if (!take('(')) wrong("a function wants its ( here");
    double value = functions[i].function(sum());
    if (!take(')')) wrong("a ) is missing here");
    return value;
  }
  struct variable *variable = find(name, length);
  if (variable == NULL) {
    wrong("nothing has this name");
    return 0;
  }
  input.at += length;
  return variable->value;
}

static double operand(void) {
  skip_space();
  if (input.depth > MAX_DEPTH) {
    wrong("too many brackets");
    return 0;
  }
  if (name_length(input.at) > 0) return named();
  if (take('(')) {
    input.depth++;
    double value = sum();
    input.depth--;
    if (!take(')')) wrong("a ) is missing here");
    return value;
  }
  char *end;
  double value = strtod(input.at, &end);
  if (end == input.at) wrong("a number is missing here");
  input.at = end;
  return value;
}

static double power(void) {
  if (take('-')) return -power();
  double base = operand();
  if (!take('^')) return base;
  input.depth++;
  double exponent = input.depth > MAX_DEPTH ? operand() : power();
  input.depth--;
  return pow(base, exponent);
}

static double product(void) {
  double value = power();
  for (;;) {
    if (take('*')) {
      value *= power();
    } else if (take('/')) {
      value /= power();
    } else if (take('%')) {
      value = fmod(value, power());
    } else {
      return value;
    }
  }
}

static double sum(void) {
  double value = product();
  for (;;) {
    if (take('+')) {
      value += product();
    } else if (take('-')) {
      value -= product();
    } else {
      return value;
    }
  }
}

static void set(const char *name, size_t length, double value) {
  struct variable *variable = find(name, length);
  if (variable == NULL) {
    if (variable_count == VARIABLES || length >= NAME_BYTES) {
      wrong("no room for this name");
      return;
    }
    variable = &variables[variable_count++];
    memcpy(variable->name, name, length);
  }
  variable->value = value;
}

static void calculate(const char *line) {
  input.start = line;
  input.at = line;
  input.mistake = NULL;
  input.depth = 0;
  size_t length = name_length(line);
  const char *equals = line + length + strspn(line + length, " \t");
  bool assigns = length > 0 && *equals == '=';
  if (assigns) input.at = equals + 1;
  double value = sum();
  skip_space();
  if (*input.at != '\0') wrong("this was not expected");
  if (input.mistake == NULL && assigns) set(line, length, value);
  if (input.mistake != NULL) {
    /* The caret stands below the mistake: the prompt is two columns wide. */
    int column = (int)(input.mistake_at - input.start) + 2;
    printf(RED "%*s^ %s" PLAIN "\n", column, "", input.mistake);
    return;
  }
  set("ans", 3, value);
  printf(BOLD "%.15g" PLAIN "\n", value);
}

/* The page goes on, and keys that are typed meanwhile are not lost. */
static void wait(double seconds) {
  if (!(seconds >= 0 && seconds <= MAX_WAIT_SECONDS)) {
    printf(RED "wait 0 to %d seconds" PLAIN "\n", MAX_WAIT_SECONDS);
    return;
  }
  struct timespec span = {(time_t)seconds, (long)(fmod(seconds, 1) * 1e9)};
  if (nanosleep(&span, NULL) != 0) {
    printf(RED "cannot wait: %s" PLAIN "\n", strerror(errno));
    return;
  }
  printf(DIM "waited %g s" PLAIN "\n", seconds);
}

static void help(void) {
  printf(
      "  2 * (3 + 4) ^ 2    numbers, + - * / %% ^ and brackets\n"
      "  r = sqrt(2)        names; ans is the last result, pi is there\n"
      "  vars               all names\n"
      "  wait 2.5           sleep so many seconds\n"
      "  quit, or ^D        end\n");
}

/* Runs one line; false when it is the last. */
static bool run(char *line) {
  line += strspn(line, " \t");
  line[strcspn(line, "\r\n")] = '\0';
  if (*line == '\0') return true;
  if (strcmp(line, "quit") == 0) return false;
  if (strcmp(line, "help") == 0) {
    help();
  } else if (strcmp(line, "vars") == 0) {
    for (int i = 0; i < variable_count; i++) {
      printf("%*s = %.15g\n", NAME_BYTES, variables[i].name,
             variables[i].value);
    }
  } else if (strncmp(line, "wait ", 5) == 0) {
    wait(strtod(line + 5, NULL));
  } else {
    calculate(line);
  }
  return true;
}

int main(void) {
  char line[256];
  plain_line_buffered();
  printf("A calculator. " DIM "help tells what it knows." PLAIN "\n");
  do {
    printf("> ");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) { /* only it waits here */
      printf("\n");
      break;
    }
  } while (run(line));
  printf("Bye.\n");
  return 0;
}
