/* The C tests' frame: TEST(name) { ... } registers itself, CHECK() and
 * CHECK_EQ() end the test when they fail.
 *
 * Every test gets a fresh runtime with a virtual clock and a fixed seed, and a
 * process (natively) or an instance (wasm) of its own. When it ends, nothing
 * may be left: no goroutine, timer, host operation, frame request or memory.
 * A test that deadlocks or runs out of time fails with the dump. */
#ifndef GS_TESTS_HARNESS_H
#define GS_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HARNESS_SEED UINT64_C(0x676f7373616d6572)

enum harness_kind {
  HARNESS_GOROUTINE, /* the body is a goroutine; the harness pumps */
  HARNESS_HOST       /* the body is the host: it pumps by itself */
};

struct harness_test {
  const char *name;
  const char *file;
  void (*body)(void);
  enum harness_kind kind;
  const char *const *dies_with; /* texts, ended by NULL; NULL: lives */
  struct harness_test *next;
};

void harness_register(struct harness_test *test);

#define HARNESS_TEST(name, kind, dies_with)                               \
  static void test_##name(void);                                          \
  __attribute__((constructor)) static void register_##name(void) {        \
    static struct harness_test test = {#name, __BASE_FILE__, test_##name, \
                                       kind,  dies_with,     NULL};       \
    harness_register(&test);                                              \
  }                                                                       \
  static void test_##name(void)

/* A body that runs as a goroutine. */
#define TEST(name) HARNESS_TEST(name, HARNESS_GOROUTINE, NULL)
/* A body that runs as the host does, outside goroutines: harness_run_all(). */
#define HOST_TEST(name) HARNESS_TEST(name, HARNESS_HOST, NULL)
/* A body (of either kind) that must end the program with code 2, and all of
 * the texts on stderr. */
#define DEATH_TEST(name, ...)                                    \
  static const char *const texts_##name[] = {__VA_ARGS__, NULL}; \
  HARNESS_TEST(name, HARNESS_GOROUTINE, texts_##name)
#define HOST_DEATH_TEST(name, ...)                               \
  static const char *const texts_##name[] = {__VA_ARGS__, NULL}; \
  HARNESS_TEST(name, HARNESS_HOST, texts_##name)

/* In a goroutine: waits until it is the only one. */
void harness_wait_for_others(void);
/* Pumps until no goroutine is left. Host events that the fake host has queued
 * happen when everything waits; with none, that ends the test. */
void harness_run_all(void);
/* Starts over within one test: checks that nothing is left, ends the runtime
 * and makes a fresh one. */
void harness_renew(void);
/* Checks the invariants of the scheduler and that nothing is left. */
void harness_check_nothing_left(void);
/* For tests after which things are left: everything is dropped unchecked. */
void harness_abandon(void);
/* Prints what the failing test was about; NULL: nothing. */
extern void (*harness_explain)(void);

/* ---- checks ---- */

struct harness_value {
  enum { HARNESS_SIGNED, HARNESS_UNSIGNED, HARNESS_POINTER, HARNESS_REAL } kind;
  union {
    long long integer;
    unsigned long long natural;
    const volatile void *pointer;
    double real;
  } as;
};

#ifdef __cplusplus
#define HARNESS_NORETURN [[noreturn]]
#else
#define HARNESS_NORETURN _Noreturn
#endif

void harness_fail_at(const char *file, int line);
HARNESS_NORETURN void harness_fail_end(void);
/* Ends the test; the words are printf's. */
#define harness_fail(file, line, ...) \
  (harness_fail_at(file, line), (void)printf(__VA_ARGS__), harness_fail_end())

void harness_check_equal(const char *file, int line, const char *text_a,
                         const char *text_b, struct harness_value a,
                         struct harness_value b);
void harness_check_text(const char *file, int line, const char *text_a,
                        const char *text_b, const char *a, const char *b);

struct harness_value harness_signed(long long value);
struct harness_value harness_unsigned(unsigned long long value);
struct harness_value harness_pointer(const volatile void *value);
struct harness_value harness_real(double value);

#define CHECK(cond) \
  ((cond) ? (void)0 : harness_fail(__FILE__, __LINE__, "failed: %s", #cond))
/* Integers of any width and sign, doubles and pointers. */
#define CHECK_EQ(a, b)                                              \
  harness_check_equal(__FILE__, __LINE__, #a, #b, HARNESS_VALUE(a), \
                      HARNESS_VALUE(b))
#define CHECK_STR_EQ(a, b) \
  harness_check_text(__FILE__, __LINE__, #a, #b, (a), (b))

#ifdef __cplusplus
}

template <class T>
inline harness_value harness_value_of(T value) {
  if constexpr (__is_enum(T)) {
    return harness_signed(static_cast<long long>(value));
  } else if constexpr (T(-1) < T(0) && T(1) / T(2) == T(0)) {
    return harness_signed(static_cast<long long>(value));
  } else if constexpr (T(1) / T(2) == T(0)) {
    return harness_unsigned(static_cast<unsigned long long>(value));
  } else {
    return harness_real(static_cast<double>(value));
  }
}
template <class T>
inline harness_value harness_value_of(T *value) {
  return harness_pointer(value);
}
#define HARNESS_VALUE(x) harness_value_of(x)
#else
#define HARNESS_VALUE(x)                        \
  _Generic((x), _Bool                           \
           : harness_unsigned, char             \
           : harness_signed, signed char        \
           : harness_signed, unsigned char      \
           : harness_unsigned, short            \
           : harness_signed, unsigned short     \
           : harness_unsigned, int              \
           : harness_signed, unsigned           \
           : harness_unsigned, long             \
           : harness_signed, unsigned long      \
           : harness_unsigned, long long        \
           : harness_signed, unsigned long long \
           : harness_unsigned, float            \
           : harness_real, double               \
           : harness_real, default              \
           : harness_pointer)(x)
#endif

#endif
