/* The dump: a line for each goroutine, with its state, what it waits for and
 * on whom, its stack, and where it was started. */
#include <gossamer/gossamer.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/debug.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

static void nothing(void *arg) { (void)arg; }

static void sleep_once(void *arg) {
  (void)arg;
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
}

/* The lines without their details, which differ from build to build. */
static const char *heads(const char *text) {
  static char kept[1024];
  size_t length = 0;
  bool detail = false;
  for (; *text != '\0'; text++) {
    if (*text == ';') detail = true;
    if (*text == '\n') detail = false;
    if (!detail && length + 1 < sizeof kept) kept[length++] = *text;
  }
  kept[length] = '\0';
  return kept;
}

/* The number behind `words` in the dump's line that begins with `head`. */
static long number_behind(const char *head, const char *words) {
  const char *line = strstr(gs_dump_text(), head);
  if (line == NULL) harness_fail(__FILE__, __LINE__, "no line '%s'", head);
  const char *end = strchr(line, '\n');
  const char *at = strstr(line, words);
  if (at == NULL || (end != NULL && at > end)) return -1;
  return strtol(at + strlen(words), NULL, 0);
}

TEST(dump_has_one_line_for_each_with_what_it_waits_for) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  struct gs_go_options options = {.name = "sleeper"};
  gs_go_with(&options, sleep_once, NULL);
  gs_go(nothing, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_go(nothing, NULL);
  host_fake.report_bytes = 0;
  gs_dump();
  host_fake.report[host_fake.report_bytes] = '\0';
  CHECK_STR_EQ(heads(host_fake.report),
               "goroutine 1 (test): running\n"
               "goroutine 2 (sleeper): waits for sleep since 0 ms\n"
               "goroutine 4: ready\n");
  gs_chan_release(chan);
}

TEST(the_dump_is_text_for_the_page_too) {
  struct gs_go_options options = {.name = "sleeper"};
  gs_go_with(&options, sleep_once, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake.report_bytes = 0;
  CHECK_STR_EQ(heads(gs_dump_text()),
               "goroutine 1 (test): running\n"
               "goroutine 2 (sleeper): waits for sleep since 0 ms");
  CHECK_EQ(gs_sleep(2 * GS_SECOND), GS_OK);
  CHECK_STR_EQ(heads(gs_dump_text()), "goroutine 1 (test): running");
  CHECK_EQ(host_fake.report_bytes, 0);
}

HOST_TEST(without_goroutines_the_dump_is_empty) {
  CHECK_STR_EQ(gs_dump_text(), "");
}

TEST(a_dump_without_memory_is_none_and_the_next_is_whole) {
  for (int i = 0; i < 20; i++) gs_go(nothing, NULL);
  for (uint32_t good = 0; good < 3; good++) {
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_dump_text(), (const char *)NULL);
    gs__dump_term();
  }
  alloc_fake_never_fail();
  const char *text = gs_dump_text();
  CHECK(text != NULL && strstr(text, "goroutine 21: ready") != NULL);
  host_fake.report_bytes = 0;
  gs_dump();
  CHECK(host_fake.report_bytes > 0);
  harness_wait_for_others();
}

TEST(a_long_name_is_cut_in_the_dump) {
  char name[300];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  struct gs_go_options options = {.name = name};
  gs_go_with(&options, nothing, NULL);
  gs_dump();
  CHECK(strstr(host_fake.report, "nnn") != NULL);
  CHECK(strstr(host_fake.report, "): ready; stack ") != NULL);
  harness_wait_for_others();
}

/* ---- what it waits for ---- */

static gs_mutex mutex;
static void lock_for_good(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
}
static void lock_in_vain(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_ECANCELED);
}

TEST(a_holder_that_has_ended_is_told) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_id holder = gs_go(lock_for_good, NULL);
  CHECK(gs_go(lock_in_vain, NULL) > 0);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
  char expected[96];
  snprintf(expected, sizeof expected,
           "waits for mutex held by goroutine %d, which has ended, since 0 ms; "
           "on 0x",
           (int)holder);
  CHECK(strstr(gs_dump_text(), expected) != NULL);
  CHECK_EQ(number_behind("goroutine 3", "; on "), (long)(intptr_t)&mutex);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  gs_ctx_release(ctx);
}

/* ---- where it was started ---- */

TEST(the_dump_says_where_a_goroutine_was_started) {
  gs_go(nothing, NULL);
  char expected[64];
  snprintf(expected, sizeof expected, "; from test-dump.c:%d\ngoroutine 3",
           __LINE__ - 3);
  gs_go_with(NULL, nothing, NULL);
  const char *text = gs_dump_text();
  CHECK(strstr(text, expected) != NULL);
  snprintf(expected, sizeof expected, "; from test-dump.c:%d", __LINE__ - 3);
  CHECK(strstr(text, expected) != NULL);
}

TEST(started_by_the_functions_behind_the_macros_it_does_not) {
  CHECK((gs_go)(nothing, NULL) > 0);
  CHECK((gs_go_with)(NULL, nothing, NULL) > 0);
  CHECK_EQ((gs_go)(NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_go(NULL, NULL), GS_EINVAL);
  const char *line = strstr(gs_dump_text(), "goroutine 2: ready");
  CHECK(line != NULL && strstr(line, "from") == NULL);
}

/* ---- stacks ---- */

static void fill(volatile char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = (char)i;
}

static void use_stack(void *arg) {
  char bytes[1500];
  fill(bytes, sizeof bytes);
  gs_chan_recv(arg, NULL);
  CHECK_EQ(bytes[700], (char)700);
}

TEST(D5_the_dump_says_how_much_stack_is_in_use) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  struct gs_go_options options = {.stack_bytes = 8192};
  CHECK(gs_go_with(&options, use_stack, chan) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  long used = number_behind("goroutine 2", "; stack ");
  CHECK(used >= 1500);
  CHECK_EQ(number_behind("goroutine 2", " of "), 8192);
#ifdef __wasm__
  CHECK(used < 2500);
  long most = number_behind("goroutine 2", ", at most ");
  CHECK(most >= used && most < 2500);
#endif
  gs_chan_close(chan);
  harness_wait_for_others();
  gs_chan_release(chan);
}

#ifdef __wasm__
__attribute__((noinline)) static void be_deep_and_return(void *arg) {
  char bytes[4000];
  fill(bytes, arg == NULL ? sizeof bytes : 0);
}

static void use_much_then_little(void *arg) {
  be_deep_and_return(NULL);
  gs_chan_recv(arg, NULL);
}

TEST(D5_the_dump_says_how_much_was_in_use_at_most) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  struct gs_go_options options = {.stack_bytes = 8192};
  for (int i = 0; i < 2; i++) { /* the second has the first one's block */
    CHECK(gs_go_with(&options, use_much_then_little, chan) > 0);
    CHECK_EQ(gs_yield(), GS_OK);
    const char *head = i == 0 ? "goroutine 2" : "goroutine 4";
    CHECK(number_behind(head, "; stack ") < 500);
    long most = number_behind(head, ", at most ");
    CHECK(most >= 4000 && most < 4500);
    CHECK_EQ(gs_chan_try_send(chan, ""), GS_OK);
    CHECK_EQ(gs_yield(), GS_OK);
    gs_go_with(&options, nothing, NULL);
    CHECK_EQ(gs_yield(), GS_OK);
  }
  CHECK(gs_go_with(&options, use_stack, chan) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(number_behind("goroutine 6", ", at most ") < 2500);
  CHECK_EQ(gs_chan_try_send(chan, ""), GS_OK);
  gs_chan_release(chan);
}
#endif
