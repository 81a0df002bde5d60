/* args_get and args_sizes_get, environ_get and environ_sizes_get, with the
 * arguments and the environment that programs.js gives this guest. */
#include "check.h"

static const char *const ARGS[] = {"args.wasm", "first",    "",
                                   "two words", "-x=\"y\"", "gr\u00f6\u00dfe"};
enum { ARG_COUNT = sizeof ARGS / sizeof *ARGS };

static const char *const ENV[] = {"PLAIN=1", "EMPTY=", "SIGNS=a=b c",
                                  "TEXT=\xe2\x86\x92\xf0\x9d\x84\x9e"};
enum { ENV_COUNT = sizeof ENV / sizeof *ENV };

static uint32_t bytes_of(const char *const *list, int count) {
  uint32_t size = 0;
  for (int i = 0; i < count; i++) size += (uint32_t)strlen(list[i]) + 1;
  return size;
}

CASE(args_sizes_get_counts_arguments_and_bytes) {
  uint32_t count = 0;
  uint32_t size = 0;
  WANT_OK(w_args_sizes_get(&count, &size));
  WANT_NUMBER(count, ARG_COUNT);
  WANT_NUMBER(size, bytes_of(ARGS, ARG_COUNT));
}

CASE(args_get_gives_every_argument_in_order) {
  char *argv[ARG_COUNT] = {NULL};
  char text[200];
  NEED(w_args_get(argv, text));
  for (int i = 0; i < ARG_COUNT; i++) {
    NEED_TRUE(argv[i] >= text && argv[i] < text + sizeof text);
    WANT_BYTES(argv[i], ARGS[i], strlen(ARGS[i]) + 1);
  }
}

CASE(args_get_writes_no_more_than_the_sizes_say) {
  char *argv[ARG_COUNT + 1];
  char text[200];
  memset(text, 0x55, sizeof text);
  argv[ARG_COUNT] = text;
  NEED(w_args_get(argv, text));
  WANT_TRUE(argv[ARG_COUNT] == text);
  for (size_t i = bytes_of(ARGS, ARG_COUNT); i < sizeof text; i++) {
    NEED_TRUE(text[i] == 0x55);
  }
}

CASE(environ_sizes_get_counts_variables_and_bytes) {
  uint32_t count = 0;
  uint32_t size = 0;
  WANT_OK(w_environ_sizes_get(&count, &size));
  WANT_NUMBER(count, ENV_COUNT);
  WANT_NUMBER(size, bytes_of(ENV, ENV_COUNT));
}

CASE(environ_get_gives_every_variable) {
  char *vars[ENV_COUNT] = {NULL};
  char text[200];
  NEED(w_environ_get(vars, text));
  for (int i = 0; i < ENV_COUNT; i++) {
    int found = 0;
    for (int j = 0; j < ENV_COUNT; j++) {
      NEED_TRUE(vars[j] >= text && vars[j] < text + sizeof text);
      found += strcmp(vars[j], ENV[i]) == 0;
    }
    WANT_NUMBER(found, 1);
  }
}

CASE(environ_get_writes_no_more_than_the_sizes_say) {
  char *vars[ENV_COUNT + 1];
  char text[200];
  memset(text, 0x55, sizeof text);
  vars[ENV_COUNT] = text;
  NEED(w_environ_get(vars, text));
  WANT_TRUE(vars[ENV_COUNT] == text);
  for (size_t i = bytes_of(ENV, ENV_COUNT); i < sizeof text; i++) {
    NEED_TRUE(text[i] == 0x55);
  }
}
