/* args_get and environ_get of a program that was given nothing but its name. */
#include "check.h"

CASE(args_sizes_get_tells_of_the_name_alone) {
  uint32_t count = 9;
  uint32_t size = 9;
  WANT_OK(w_args_sizes_get(&count, &size));
  WANT_NUMBER(count, 1);
  WANT_NUMBER(size, sizeof "noargs.wasm");
}

CASE(environ_sizes_get_tells_of_no_variables) {
  uint32_t count = 9;
  uint32_t size = 9;
  WANT_OK(w_environ_sizes_get(&count, &size));
  WANT_NUMBER(count, 0);
  WANT_NUMBER(size, 0);
}

CASE(environ_get_of_no_variables_writes_nothing) {
  char *vars[1] = {NULL};
  char text[4] = "abc";
  WANT_OK(w_environ_get(vars, text));
  WANT_TRUE(vars[0] == NULL);
  WANT_BYTES(text, "abc", 4);
}
