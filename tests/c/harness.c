/* One test from start to end, and the checks: see harness.h. How tests are
 * chosen and kept apart is harness_native.c's or harness_wasm.c's business. */
#include "harness.h"

#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/debug.h"
#include "../../src/host/op.h"
#include "../../src/runtime.h"
#include "alloc_fake.h"
#include "harness_run.h"
#include "host_fake.h"

void (*harness_explain)(void);

static struct {
  struct harness_test *first;
  struct harness_test *last;
  const struct harness_test *running;
  bool abandoned;
} harness;

void harness_register(struct harness_test *test) {
  if (harness.first == NULL) {
    harness.first = test;
  } else {
    harness.last->next = test;
  }
  harness.last = test;
}

struct harness_test *harness_first(void) {
  return harness.first;
}

void harness_full_name(const struct harness_test *test, char *out,
                       size_t out_bytes) {
  const char *base = strrchr(test->file, '/');
  base = base == NULL ? test->file : base + 1;
  if (strncmp(base, "test-", 5) == 0) base += 5;
  size_t length = strcspn(base, ".");
  snprintf(out, out_bytes, "%.*s.%s", (int)length, base, test->name);
}

/* ---- failing ---- */

void harness_fail_at(const char *file, int line) {
  const char *base = strrchr(file, '/');
  printf("# %s:%d: ", base == NULL ? file : base + 1, line);
}

_Noreturn void harness_fail_end(void) {
  printf("\n");
  if (harness_explain != NULL) harness_explain();
  fflush(stdout);
  gs__dump_tasks();
  harness_exit(1);
}

static bool equal(struct harness_value a, struct harness_value b) {
  if (a.kind == HARNESS_REAL || b.kind == HARNESS_REAL) {
    return a.kind == b.kind && a.as.real == b.as.real;
  }
  if (a.kind == HARNESS_POINTER || b.kind == HARNESS_POINTER) {
    return a.kind == b.kind && a.as.pointer == b.as.pointer;
  }
  if (a.kind != b.kind) {
    /* Of different signs: equal only as numbers. */
    long long with_sign =
        a.kind == HARNESS_SIGNED ? a.as.integer : b.as.integer;
    if (with_sign < 0) return false;
  }
  return a.as.integer == b.as.integer;
}

static const char *print_value(struct harness_value value, char *out,
                               size_t out_bytes) {
  switch (value.kind) {
    case HARNESS_SIGNED:
      snprintf(out, out_bytes, "%lld", value.as.integer);
      break;
    case HARNESS_UNSIGNED:
      snprintf(out, out_bytes, "%llu", value.as.natural);
      break;
    case HARNESS_POINTER:
      snprintf(out, out_bytes, "%p", (const void *)value.as.pointer);
      break;
    case HARNESS_REAL:
      snprintf(out, out_bytes, "%.17g", value.as.real);
      break;
  }
  return out;
}

void harness_check_equal(const char *file, int line, const char *text_a,
                         const char *text_b, struct harness_value a,
                         struct harness_value b) {
  if (equal(a, b)) return;
  char value_a[40];
  char value_b[40];
  harness_fail(file, line, "%s is %s, not %s, which is %s", text_a,
               print_value(a, value_a, sizeof value_a), text_b,
               print_value(b, value_b, sizeof value_b));
}

void harness_check_text(const char *file, int line, const char *text_a,
                        const char *text_b, const char *a, const char *b) {
  if (a != NULL && b != NULL && strcmp(a, b) == 0) return;
  harness_fail(file, line, "%s is \"%s\", not %s, which is \"%s\"", text_a,
               a == NULL ? "(null)" : a, text_b, b == NULL ? "(null)" : b);
}

struct harness_value harness_signed(long long value) {
  return (struct harness_value){HARNESS_SIGNED, {.integer = value}};
}
struct harness_value harness_unsigned(unsigned long long value) {
  return (struct harness_value){HARNESS_UNSIGNED, {.natural = value}};
}
struct harness_value harness_pointer(const volatile void *value) {
  return (struct harness_value){HARNESS_POINTER, {.pointer = value}};
}
struct harness_value harness_real(double value) {
  return (struct harness_value){HARNESS_REAL, {.real = value}};
}

/* ---- running ---- */

static void init(void) {
  gs__runtime_init(HARNESS_SEED);
  gs__sched.virtual_clock = true;
  host_fake_reset();
}

void harness_run_all(void) {
  for (;;) {
    enum gs__idle idle = gs__runtime_pump();
    gs__sched_check();
    switch (idle) {
      case GS__IDLE_EMPTY:
        return;
      case GS__IDLE_AGAIN:
        continue;
      case GS__IDLE_WAIT:
        if (harness.abandoned) return;
        harness_fail(__FILE__, __LINE__,
                     "everything waits for the host, which has nothing");
      case GS__IDLE_DEADLOCK:
        gs__deadlock();
      default:
        harness_fail(__FILE__, __LINE__, "the pump answered %d", (int)idle);
    }
  }
}

/* Sleeps, because virtual time passes only when everything waits. */
void harness_wait_for_others(void) {
  while (gs_count() > 1) CHECK_EQ(gs_sleep(GS_MICROSECOND), GS_OK);
}

void harness_check_nothing_left(void) {
  const struct gs__sched *s = &gs__sched;
  gs__sched_check();
  CHECK_EQ(s->alive, 0);
  CHECK(gs__list_empty(&s->all));
  CHECK_EQ(s->head, (void *)NULL);
  CHECK_EQ(s->current, (void *)NULL);
  CHECK_EQ(s->timers.count, 0);
  CHECK_EQ(s->outstanding, 0);
  CHECK_EQ(gs__ops_pending(), 0);
  host_fake_check_nothing_left();
}

void harness_renew(void) {
  harness_check_nothing_left();
  gs__runtime_term();
  init();
}

void harness_abandon(void) { harness.abandoned = true; }

static void run_body(void *arg) {
  const struct harness_test *test = arg;
  test->body();
}

bool harness_run_test(const struct harness_test *test) {
  harness.running = test;
  harness.abandoned = false;
  size_t live_before = alloc_fake_live();
  init();
  if (test->kind == HARNESS_HOST) {
    test->body();
  } else {
    struct gs_go_options options = {.stack_bytes = GS__MAIN_STACK_BYTES,
                                    .name = "test"};
    CHECK_EQ(gs_go_with(&options, run_body, (void *)test), 1);
    harness_run_all();
  }
  if (test->dies_with != NULL) {
    harness_fail(test->file, 0, "the program lives, but it should have died");
  }
  if (!harness.abandoned) harness_check_nothing_left();
  gs__runtime_term();
  alloc_fake_never_fail();
  if (!harness.abandoned) CHECK_EQ(alloc_fake_live(), live_before);
  fflush(stdout);
  return harness.abandoned;
}
