/* The parser of event streams: the examples of HTML, 9.2.6, and the cases that
 * browsers are tested with, each cut in every possible way. How streams connect
 * again is in tests/e2e/sse.test.js. Row B1. */
#include <gossamer/error.h>
#include <stdio.h>
#include <string.h>

#include "../../src/host/sse_parser.h"
#include "alloc_fake.h"
#include "harness.h"

#define LIMIT ((size_t)1 << 20)
#define TEXT_BYTES 2000

/* What came of a stream: events and errors as lines. */
static struct {
  char text[TEXT_BYTES];
  size_t size;
} got;

static void note(const char *bytes, size_t size) {
  for (size_t i = 0; i < size && got.size + 4 < TEXT_BYTES; i++) {
    char c = bytes[i];
    if (c == '\n') {
      got.text[got.size++] = '/';
    } else if (c == '\0') {
      got.text[got.size++] = '0';
    } else {
      got.text[got.size++] = c;
    }
  }
  got.text[got.size] = '\0';
}

static void note_event(struct gs__sse_parser *p) {
  const char *type = gs__text_string(&p->type);
  const char *id = gs__text_string(&p->last_id);
  note("[", 1);
  if (type[0] != '\0') {
    note(type, strlen(type));
    note("=", 1);
  }
  CHECK_EQ(strlen(gs__text_string(&p->data)) <= p->data.size, true);
  note(p->data.bytes, p->data.size);
  if (id[0] != '\0') {
    note(" #", 2);
    note(id, strlen(id));
  }
  note("]", 1);
}

static void take(struct gs__sse_parser *p, const char *bytes, size_t size) {
  /* A copy of just these bytes, so that a look beyond them is found. */
  char *own = malloc(size + 1);
  CHECK(own != NULL);
  if (size > 0) memcpy(own, bytes, size);
  size_t at = 0;
  char *exact = realloc(own, size == 0 ? 1 : size);
  CHECK(exact != NULL);
  int result;
  do {
    size_t used = 0;
    result = gs__sse_parse(p, exact + at, size - at, &used);
    at += used;
    CHECK(at <= size);
    if (result == 1) note_event(p);
    if (result < 0) note(gs_error_name(result), strlen(gs_error_name(result)));
  } while (result != 0 || at < size);
  free(exact);
}

/* The stream in three pieces. */
static void parse_cut(const char *bytes, size_t size, size_t a, size_t b,
                      size_t limit) {
  struct gs__sse_parser p;
  gs__sse_parser_init(&p, limit);
  gs__sse_parser_begin(&p);
  got.size = 0;
  got.text[0] = '\0';
  take(&p, bytes, a);
  take(&p, bytes + a, b - a);
  take(&p, bytes + b, size - b);
  gs__sse_parser_term(&p);
}

static void parse_by_bytes(const char *bytes, size_t size, size_t limit) {
  struct gs__sse_parser p;
  gs__sse_parser_init(&p, limit);
  gs__sse_parser_begin(&p);
  got.size = 0;
  got.text[0] = '\0';
  for (size_t i = 0; i < size; i++) take(&p, bytes + i, 1);
  gs__sse_parser_term(&p);
}

static void check_limited(const char *bytes, size_t size, size_t limit,
                          const char *expected) {
  parse_cut(bytes, size, size, size, limit);
  CHECK_STR_EQ(got.text, expected);
  parse_by_bytes(bytes, size, limit);
  CHECK_STR_EQ(got.text, expected);
  for (size_t a = 0; a <= size; a++) {
    for (size_t b = a; b <= size; b++) {
      parse_cut(bytes, size, a, b, limit);
      CHECK_STR_EQ(got.text, expected);
    }
  }
}

#define CHECK_EVENTS(bytes, expected) \
  check_limited(bytes, sizeof(bytes) - 1, LIMIT, expected)

HOST_TEST(the_examples_of_the_standard) {
  CHECK_EVENTS("data: YHOO\ndata: +2\ndata: 10\n\n", "[YHOO/+2/10]");
  CHECK_EVENTS(
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
      "data:  third event\n",
      "[first event #1][second event]");
  CHECK_EVENTS("data\n\ndata\ndata\n\ndata:", "[][/]");
  CHECK_EVENTS("data:test\n\ndata: test\n\n", "[test][test]");
  CHECK_EVENTS(
      "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n"
      "event: add\ndata: 113411\n\n",
      "[add=73857293][remove=2153][add=113411]");
}

HOST_TEST(lines_end_by_cr_lf_or_both) {
  CHECK_EVENTS("data:test\r\ndata\ndata:test\r\n\r", "[test//test]");
  CHECK_EVENTS("data:a\r\rdata:b\r\n\r\ndata:c\n\n", "[a][b][c]");
  CHECK_EVENTS("data:a\r\n\rdata:b\n\r\n", "[a][b]");
  CHECK_EVENTS("\r\n\r\ndata:a\n\r", "[a]");
}

HOST_TEST(one_byte_order_mark_is_dropped_at_the_beginning_only) {
  CHECK_EVENTS(
      "\xef\xbb\xbf"
      "data:1\n\n\xef\xbb\xbf"
      "data:2\n\ndata:3\n\n",
      "[1][3]");
  CHECK_EVENTS(
      "\xef\xbb\xbf\xef\xbb\xbf"
      "data:1\n\ndata:2\n\ndata:3\n\n",
      "[2][3]");
  CHECK_EVENTS(
      "\xef\xbb"
      "data:1\n\ndata:2\n\n",
      "[2]");
  CHECK_EVENTS(
      "\xef"
      "data:1\ndata:2\n\n",
      "[2]");
}

HOST_TEST(comments_are_left_out) {
  CHECK_EVENTS(
      "data:1\r:\0\n:\r\ndata:2\n:long long comment\rdata:3\n:data:fail\r"
      ":more\ndata:4\n\n",
      "[1/2/3/4]");
  CHECK_EVENTS(":\n\n:a\n\n", "");
}

HOST_TEST(fields_are_read_to_the_letter) {
  CHECK_EVENTS(
      "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\r"
      "data_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
      "[0/ 2/1/3//4]");
  CHECK_EVENTS(
      "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacomment\n"
      "data:test\n\n",
      "[test//test]");
  CHECK_EVENTS("data:\ttest\rdata: \ndata:test\n\n", "[\ttest//test]");
  CHECK_EVENTS("data:\n\ndata\ndata\n\ndata:test\n\n", "[][/][test]");
  CHECK_EVENTS("data:\0\n\n\n\n", "[0]");
  CHECK_EVENTS("data:ok\xe2\x80\xa6\xc3\xbc\n\n", "[ok\xe2\x80\xa6\xc3\xbc]");
}

HOST_TEST(types_hold_for_one_event) {
  CHECK_EVENTS("event:test\ndata:x\n\ndata:x\n\n", "[test=x][x]");
  CHECK_EVENTS("event: \ndata:data\n\n", "[data]");
  CHECK_EVENTS("event:a\nevent:b\ndata:x\n\n", "[b=x]");
  CHECK_EVENTS("event:a\n\ndata:x\n\n", "[x]"); /* no data, no event */
}

HOST_TEST(ids_hold_until_another_is_given) {
  CHECK_EVENTS("id:1\ndata:a\n\ndata:b\n\nid:2\n\ndata:c\n\nid\ndata:d\n\n",
               "[a #1][b #1][c #2][d]");
  CHECK_EVENTS("id:1\ndata:a\n\nid:x\0y\ndata:b\n\n", "[a #1][b #1]");
  CHECK_EVENTS("id:1\nid:2\ndata:a\n\n", "[a #2]");
}

HOST_TEST(an_event_that_is_cut_by_the_end_is_dropped) {
  static const char bytes[] = "data:1\nid:a\n\nid:b\ndata:2\n";
  struct gs__sse_parser p;
  gs__sse_parser_init(&p, LIMIT);
  gs__sse_parser_begin(&p);
  got.size = 0;
  take(&p, bytes, sizeof bytes - 1);
  CHECK_STR_EQ(gs__text_string(&p.last_id), "a");
  gs__sse_parser_begin(&p);
  take(&p,
       "\xef\xbb\xbf"
       "data:3\n\n",
       11);
  CHECK_STR_EQ(got.text, "[1 #a][3 #a]");
  gs__sse_parser_term(&p);
}

static int64_t retry_of(const char *line) {
  struct gs__sse_parser p;
  gs__sse_parser_init(&p, LIMIT);
  gs__sse_parser_begin(&p);
  take(&p, line, strlen(line));
  int64_t retry_ms = p.retry_ms;
  gs__sse_parser_term(&p);
  return retry_ms;
}

HOST_TEST(a_retry_is_digits_and_nothing_else) {
  CHECK_EQ(retry_of("retry:3000\n"), 3000);
  CHECK_EQ(retry_of("retry: 5\n"), 5);
  CHECK_EQ(retry_of("retry:0\n"), 0);
  CHECK_EQ(retry_of("retry:3000\nretry:1000x\n"), 3000);
  CHECK_EQ(retry_of("retry:-1\n"), -1);
  CHECK_EQ(retry_of("retry:1.5\n"), -1);
  CHECK_EQ(retry_of("retry:\n"), -1);
  CHECK_EQ(retry_of("retry\n"), -1);
  CHECK_EQ(retry_of("retry:7"), -1);
  int64_t most = retry_of("retry:99999999999999999999999999\n");
  CHECK(most > INT64_C(1000000000000) && most <= INT64_MAX / 1000000);
}

#define CHECK_LIMITED(bytes, expected) \
  check_limited(bytes, sizeof(bytes) - 1, 10, expected)

HOST_TEST(an_event_above_the_limit_is_dropped_and_the_next_is_there) {
  CHECK_LIMITED("data:123456\n\ndata:1\n\n", "EMSGSIZE[1]");
  CHECK_LIMITED("data:12\ndata:34\ndata:56\n\ndata:1\n\n", "EMSGSIZE[1]");
  CHECK_LIMITED("id:7\ndata:1234567\nid:8\ndata:x\n\ndata:1\n\n",
                "EMSGSIZE[1 #8]");
  CHECK_LIMITED("event:toolong\ndata:2\n\ndata:1\n\n", "EMSGSIZE[1]");
  CHECK_LIMITED(":a comment of any length\ndata:1\n\n", "[1]");
  CHECK_LIMITED("data:12345\n\n", "[12345]");
}

/* One failure at each allocation in turn. */
HOST_TEST(without_memory_an_event_is_lost_and_not_more) {
  static const char bytes[] =
      "id:a long enough id to need memory twice\n"
      "event:a long enough type to need memory twice\n"
      "data:a long enough line of data to need memory twice\n\n"
      "data:2\n\n";
  for (uint32_t good = 0;; good++) {
    struct gs__sse_parser p;
    gs__sse_parser_init(&p, LIMIT);
    gs__sse_parser_begin(&p);
    got.size = 0;
    got.text[0] = '\0';
    bool failed = false;
    size_t size = sizeof bytes - 1;
    size_t at = 0;
    size_t events = 0;
    int result;
    alloc_fake_fail_after(good);
    do {
      size_t used = 0;
      size_t piece = size - at < 7 ? size - at : 7;
      result = gs__sse_parse(&p, bytes + at, piece, &used);
      at += used;
      if (result == GS_ENOMEM) failed = true;
      if (result == 1) events++;
      CHECK(result == 1 || result == 0 || result == GS_ENOMEM);
    } while (at < size);
    bool never = alloc_fake_never_fail() != 0;
    CHECK_EQ(events, failed ? 1 : 2);
    gs__sse_parser_term(&p);
    if (never) break;
    CHECK(failed);
  }
}
