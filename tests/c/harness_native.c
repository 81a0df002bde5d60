/* main() of the tests on the build machine: each test in a process of its own,
 * so that a crash, a leak or an endless loop fails that test alone.
 *
 * c-tests [--module M] [--filter TEXT] [--timeout SECONDS] [--no-fork]
 * Prints TAP, and "N passed, N failed" at the end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/debug.h"
#include "harness_run.h"

#define TIMEOUT_SECONDS 60
#define ALARM_STACK_BYTES ((size_t)256 << 10)
#define OUTPUT_BYTES ((size_t)64 << 10)

static struct {
  const char *module;
  const char *filter;
  unsigned timeout_seconds;
  bool no_fork;
} options = {.timeout_seconds = TIMEOUT_SECONDS};

_Noreturn void harness_exit(int code) {
  fflush(NULL);
  _exit(code);
}

static void on_alarm(int number) {
  (void)number;
  static const char text[] = "# out of time; the goroutines:\n";
  ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
  gs__dump_tasks();
  _exit(written < 0 ? 125 : 124);
}

/* On a stack of its own: a goroutine's may be the trouble. */
static void arm(void) {
  static char stack[ALARM_STACK_BYTES];
  stack_t on = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&on, NULL);
  struct sigaction action = {.sa_flags = SA_ONSTACK};
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, NULL);
  alarm(options.timeout_seconds);
}

static _Noreturn void run_child(const struct harness_test *test,
                                const int output[2]) {
  if (test->dies_with != NULL) {
    close(output[0]);
    dup2(output[1], STDERR_FILENO);
    close(output[1]);
  }
  arm();
  /* exit() looks for leaks; what was abandoned would be one. */
  if (harness_run_test(test)) harness_exit(0);
  exit(0);
}

/* All of what the child says on stderr. */
static void collect(int from, char *text) {
  size_t length = 0;
  char rest[4096];
  for (;;) {
    size_t room = OUTPUT_BYTES - 1 - length;
    ssize_t count = room > 0 ? read(from, text + length, room)
                             : read(from, rest, sizeof rest);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (room > 0) length += (size_t)count;
  }
  text[length] = '\0';
}

static const char *describe(int status) {
  static char text[64];
  if (WIFSIGNALED(status)) {
    snprintf(text, sizeof text, "ended by signal %d", WTERMSIG(status));
  } else {
    snprintf(text, sizeof text, "exit code %d", WEXITSTATUS(status));
  }
  return text;
}

static bool died_well(const struct harness_test *test, int status,
                      const char *text) {
  bool well = WIFEXITED(status) && WEXITSTATUS(status) == 2;
  for (const char *const *wanted = test->dies_with; *wanted != NULL; wanted++) {
    if (strstr(text, *wanted) != NULL) continue;
    printf("# the program ended without saying: %s\n", *wanted);
    well = false;
  }
  if (!well) printf("# %s; it said:\n%s", describe(status), text);
  return well;
}

static bool run(const struct harness_test *test) {
  static char text[OUTPUT_BYTES];
  int output[2] = {-1, -1};
  fflush(NULL);
  if (options.no_fork) run_child(test, output);
  if (test->dies_with != NULL && pipe(output) != 0) return false;
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) run_child(test, output);
  if (test->dies_with != NULL) {
    close(output[1]);
    collect(output[0], text);
    close(output[0]);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (test->dies_with != NULL) return died_well(test, status, text);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  printf("# %s\n", describe(status));
  return false;
}

static bool chosen(const char *name) {
  if (options.filter != NULL && strstr(name, options.filter) == NULL) {
    return false;
  }
  if (options.module == NULL) return true;
  size_t length = strlen(options.module);
  return strncmp(name, options.module, length) == 0 && name[length] == '.';
}

static bool parse(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--no-fork") == 0) {
      options.no_fork = true;
    } else if (i + 1 == argc) {
      return false;
    } else if (strcmp(argv[i], "--module") == 0) {
      options.module = argv[++i];
    } else if (strcmp(argv[i], "--filter") == 0) {
      options.filter = argv[++i];
    } else if (strcmp(argv[i], "--timeout") == 0) {
      options.timeout_seconds = (unsigned)strtoul(argv[++i], NULL, 10);
    } else {
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv) {
  if (!parse(argc, argv)) {
    fprintf(stderr,
            "usage: %s [--module M] [--filter TEXT] [--timeout SECONDS] "
            "[--no-fork]\n",
            argv[0]);
    return 2;
  }
  unsigned passed = 0;
  unsigned failed = 0;
  for (struct harness_test *test = harness_first(); test != NULL;
       test = test->next) {
    char name[HARNESS_NAME_BYTES];
    harness_full_name(test, name, sizeof name);
    if (!chosen(name)) continue;
    bool ok = run(test);
    passed += ok;
    failed += !ok;
    printf("%s %u - %s\n", ok ? "ok" : "not ok", passed + failed, name);
  }
  printf("1..%u\n%u passed, %u failed\n", passed + failed, passed, failed);
  if (passed + failed == 0) fprintf(stderr, "no test has that name\n");
  return failed > 0 || passed == 0;
}
