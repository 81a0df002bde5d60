/* When a request is made again, and how long to wait before: see struct
 * gs_http_retry in gossamer/http.h. Source: RFC 9110, 5.6.7, 9.2.2, 10.2.3. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../sched/sched.h"
#include "http.h"

#define FIRST_NS (200 * GS_MILLISECOND)
#define MOST_NS (10 * GS_SECOND)

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Digits, at most nine; *text stands behind them. */
static int64_t take_number(const char **text) {
  int64_t number = 0;
  const char *c = *text;
  for (int i = 0; i < 9 && is_digit(*c); i++) number = number * 10 + *c++ - '0';
  *text = c;
  return number;
}

/* From 0; -1 for what is no month, a day of the week say. */
static int month_of(const char *text) {
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (int month = 0; month < 12; month++) {
    if (strncasecmp(text, names + (ptrdiff_t)month * 3, 3) == 0) return month;
  }
  return -1;
}

/* Days from 1970-01-01 on in the Gregorian calendar, which repeats after 400
 * years; years begin in March here. */
static int64_t days_of(int64_t year, int month, int64_t day) {
  if (month < 2) year--;
  int64_t era = year / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
         719468;
}

/* An HTTP-date in any of its three forms, in seconds since 1970; -1: none. */
static int64_t seconds_of_date(const char *text) {
  int64_t day = 0;
  int64_t year = -1;
  int64_t clock = -1;
  int month = -1;
  while (*text != '\0') {
    if (is_letter(*text)) {
      if (month < 0) month = month_of(text);
      while (is_letter(*text)) text++;
    } else if (is_digit(*text)) {
      int64_t number = take_number(&text);
      if (*text == ':') {
        clock = number * 3600;
        text++;
        clock += take_number(&text) * 60;
        if (*text++ != ':') return -1;
        clock += take_number(&text);
      } else if (day == 0) {
        day = number;
      } else {
        year = number;
      }
    } else {
      text++;
    }
  }
  if (day < 1 || day > 31 || month < 0 || year < 0 || year > 9999) return -1;
  if (clock < 0 || clock > 86400) return -1;
  if (year < 100) year += year < 70 ? 2000 : 1900;
  return days_of(year, month, day) * 86400 + clock;
}

int64_t gs__http_retry_after(const gs_http *http) {
  char text[64];
  int length = gs_http_header(http, "retry-after", text, sizeof text);
  if (length <= 0 || length >= (int)sizeof text) return 0;
  const char *rest = text;
  int64_t seconds = 0;
  if (is_digit(text[0])) {
    seconds = take_number(&rest);
    if (*rest != '\0' && !is_digit(*rest)) return 0;
  } else {
    int64_t then = seconds_of_date(text);
    if (then < 0) return 0;
    /* The server's own clock, when it tells it. */
    length = gs_http_header(http, "date", text, sizeof text);
    int64_t now = length > 0 ? seconds_of_date(text) : -1;
    seconds = then - (now >= 0 ? now : (int64_t)time(NULL));
  }
  if (seconds > INT32_MAX) seconds = INT32_MAX;
  return seconds <= 0 ? 0 : seconds * GS_SECOND;
}

static bool is_idempotent(const struct gs_http_request *request) {
  static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PUT",
                                        "DELETE"};
  if (request->method == NULL || request->method[0] == '\0') {
    return request->body.kind == GS_HTTP_NO_BODY;
  }
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcasecmp(request->method, methods[i]) == 0) return true;
  }
  return false;
}

static bool is_passing(uint32_t status) {
  return status == 408 || status == 425 || status == 429 || status == 500 ||
         status == 502 || status == 503 || status == 504;
}

/* Between half of it and all, by chance. */
static int64_t jittered(int64_t wait_ns) {
  int64_t half_us = wait_ns / (2 * GS_MICROSECOND);
  uint32_t among = half_us < UINT32_MAX ? (uint32_t)half_us + 1 : UINT32_MAX;
  int64_t part_us = gs__random_below(&gs__sched.random, among);
  return wait_ns / 2 + part_us * GS_MICROSECOND;
}

int64_t gs__http_retry_wait(const gs_http *http,
                            const struct gs_http_request *request, int error,
                            uint32_t tried) {
  const struct gs_http_retry *retry = &request->retry;
  if (error != GS_EIO && (error != GS_OK || !is_passing(http->head.status))) {
    return -1;
  }
  if (!retry->any_method && !is_idempotent(request)) return -1;
  int64_t most_ns = retry->most_ns == 0 ? MOST_NS : retry->most_ns;
  int64_t wait_ns = retry->first_ns == 0 ? FIRST_NS : retry->first_ns;
  if (wait_ns > most_ns) wait_ns = most_ns;
  for (uint32_t i = 0; i < tried && wait_ns < most_ns; i++) {
    wait_ns = wait_ns > most_ns / 2 ? most_ns : wait_ns * 2;
  }
  int64_t told_ns = error == GS_OK ? gs__http_retry_after(http) : 0;
  if (told_ns > most_ns) return -1;
  wait_ns = jittered(wait_ns);
  return told_ns > wait_ns ? told_ns : wait_ns;
}
