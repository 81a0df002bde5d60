/* sleep(), usleep() and nanosleep() park the goroutine. Emscripten's own
 * would spin. */
#ifdef __EMSCRIPTEN__
#include <errno.h>
#include <gossamer/time.h>
#include <time.h>
#include <unistd.h>

static int sleep_ns(int64_t ns) {
  int error = gs_sleep(ns);
  if (error == GS_OK) return 0;
  errno = -error; /* GS_E* are negative errno numbers */
  return -1;
}

int nanosleep(const struct timespec *wanted, struct timespec *left) {
  if (wanted->tv_nsec < 0 || wanted->tv_nsec >= GS_SECOND ||
      wanted->tv_sec < 0) {
    errno = EINVAL;
    return -1;
  }
  int64_t seconds = wanted->tv_sec; /* time_t has 32 bits in some releases */
  int64_t ns = wanted->tv_nsec;
  if (left != NULL) *left = (struct timespec){0}; /* may be `wanted` itself */
  if (seconds > INT64_MAX / GS_SECOND - 1) return sleep_ns(GS_FOREVER);
  return sleep_ns(seconds * GS_SECOND + ns);
}

/* Answers the errno. Until a moment only by these two clocks. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                    struct timespec *left) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return EINVAL;
  struct timespec span = *wanted;
  if ((flags & TIMER_ABSTIME) != 0) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) return errno;
    int64_t seconds = (int64_t)span.tv_sec - now.tv_sec;
    int64_t ns = seconds * GS_SECOND + span.tv_nsec - now.tv_nsec;
    if (span.tv_nsec < 0 || span.tv_nsec >= GS_SECOND) return EINVAL;
    return ns <= 0 || sleep_ns(ns) == 0 ? 0 : errno;
  }
  return nanosleep(&span, left) == 0 ? 0 : errno;
}

int usleep(unsigned us) { return sleep_ns((int64_t)us * GS_MICROSECOND); }

unsigned sleep(unsigned seconds) {
  return sleep_ns((int64_t)seconds * GS_SECOND) == 0 ? 0 : seconds;
}
#endif
