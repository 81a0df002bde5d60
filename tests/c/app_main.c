/* main() of an app on the build machine: what gs_boot() and the page's event
 * loop are in a browser. */
#include <errno.h>
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/base/check.h"
#include "../../src/host/host.h"
#include "../../src/runtime.h"
#include "../../src/sched/timer.h"

int gs__app_main(int argc, char **argv);

static struct {
  int argc;
  char **argv;
} program;

static void run_main(void *arg) {
  (void)arg;
  exit(gs__app_main(program.argc, program.argv));
}

static void wait_until(int64_t deadline_ns) {
  int64_t wait_ns = deadline_ns - gs_now();
  if (wait_ns <= 0) return;
  struct timespec left = {.tv_sec = (time_t)(wait_ns / GS_SECOND),
                          .tv_nsec = (long)(wait_ns % GS_SECOND)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

int main(int argc, char **argv) {
  program.argc = argc;
  program.argv = argv;
  gs__random_seed(&gs__sched.random, gs__host_seed());
  gs__sched.running_main = true;
  struct gs_go_options options = {.stack_bytes = GS__MAIN_STACK_BYTES,
                                  .name = "main"};
  if (gs_go_with(&options, run_main, NULL) < 0) return 2;
  for (;;) {
    switch (gs__sched_pump()) {
      case GS__IDLE_AGAIN:
        continue;
      case GS__IDLE_TIMER:
        wait_until(gs__timers_next());
        continue;
      case GS__IDLE_DEADLOCK:
        gs__deadlock();
      default:
        gs__fatal("this host has no events: nothing can wake the program");
    }
  }
}
