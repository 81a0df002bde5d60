/* Between the harness's parts: what runs one test, and what chooses it. */
#ifndef GS_TESTS_HARNESS_RUN_H
#define GS_TESTS_HARNESS_RUN_H

#include "harness.h"

#define HARNESS_NAME_BYTES 128

struct harness_test *harness_first(void);
/* "chan.send_waits": the module and the test. */
void harness_full_name(const struct harness_test *test, char *out,
                       size_t out_bytes);
/* Returns when the test passed; true when it left things behind on purpose. */
bool harness_run_test(const struct harness_test *test);
/* Ends the process or the instance at once. */
_Noreturn void harness_exit(int code);

#endif
