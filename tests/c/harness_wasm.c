/* The tests in wasm: exports by which Node lists them and runs one, each in an
 * instance of its own. A test that fails ends by proc_exit, which throws. */
#include <gossamer/export.h>
#include <wasi/api.h>

#include "harness_run.h"

_Noreturn void harness_exit(int code) {
  __wasi_proc_exit((__wasi_exitcode_t)code);
}

static struct harness_test *at(uint32_t index) {
  struct harness_test *test = harness_first();
  while (test != NULL && index-- > 0) test = test->next;
  return test;
}

GS__EXPORT_AS("harness_count") uint32_t harness_count(void);
uint32_t harness_count(void) {
  uint32_t count = 0;
  while (at(count) != NULL) count++;
  return count;
}

GS__EXPORT_AS("harness_name") const char *harness_name(uint32_t index);
const char *harness_name(uint32_t index) {
  static char name[HARNESS_NAME_BYTES];
  harness_full_name(at(index), name, sizeof name);
  return name;
}

/* Text number `n` of those a death test must report; NULL after the last. */
GS__EXPORT_AS("harness_dies_with")
const char *harness_dies_with(uint32_t index, uint32_t n);
const char *harness_dies_with(uint32_t index, uint32_t n) {
  const struct harness_test *test = at(index);
  return test->dies_with == NULL ? NULL : test->dies_with[n];
}

GS__EXPORT_AS("harness_run") void harness_run(uint32_t index);
void harness_run(uint32_t index) { harness_run_test(at(index)); }
