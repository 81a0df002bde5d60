/* WebSockets on the fake host: what parks and what does not, what is freed when
 * others still wait, pings and silence by the virtual clock. Rows A2, A3. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#include "../../src/host/op.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"
#include "ws_fake.h"

#define URL "ws://fake/"

struct opener {
  struct gs_ws_options options;
  gs_ws *ws;
  int result;
  bool done;
};

static void open_socket(void *arg) {
  struct opener *o = arg;
  o->result = gs_ws_open(&o->ws, URL, &o->options);
  o->done = true;
}

/* A socket, with one round through the host. */
static gs_ws *opened(const struct gs_ws_options *options) {
  struct opener o = {.options = *options};
  CHECK(gs_go(open_socket, &o) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.pending, 1);
  ws_fake_open(7);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(o.done);
  CHECK_EQ(o.result, GS_OK);
  return o.ws;
}

static gs_ws *usual(void) {
  static const struct gs_ws_options none;
  return opened(&none);
}

struct receiver {
  gs_ws *ws;
  int64_t deadline_ns; /* 0: none */
  struct gs_ws_message message;
  int result;
  bool done;
};

static void receive(void *arg) {
  struct receiver *r = arg;
  r->result = gs_ws_receive_until(
      r->ws, &r->message, r->deadline_ns == 0 ? GS_FOREVER : r->deadline_ns);
  r->done = true;
}

struct sender {
  gs_ws *ws;
  int64_t deadline_ns;
  bool flushes;
  int result;
  bool done;
};

static void send_message(void *arg) {
  struct sender *s = arg;
  int64_t deadline_ns = s->deadline_ns == 0 ? GS_FOREVER : s->deadline_ns;
  s->result = s->flushes
                  ? gs_ws_flush_until(s->ws, deadline_ns)
                  : gs_ws_send_until(s->ws, GS_WS_TEXT, "hi", 2, deadline_ns);
  s->done = true;
}

/* ---- opening ---- */

TEST(opening_tells_the_host_what_was_asked_for) {
  static const char *const protocols[] = {"chat.v2", "b"};
  gs_ws *ws = opened(&(struct gs_ws_options){
      .protocols = protocols, .protocol_count = 2, .send_limit_bytes = 99});
  CHECK_STR_EQ(ws_fake.url, URL);
  CHECK_EQ(ws_fake.protocols_bytes, 10);
  CHECK(memcmp(ws_fake.protocols, "chat.v2\0b", 10) == 0);
  CHECK_EQ(ws_fake.receive_limit_bytes, UINT32_C(64) << 20);
  CHECK_EQ(gs_ws_send(ws, GS_WS_TEXT, "x", 1), GS_OK);
  CHECK_EQ(ws_fake.limit_bytes, 99);
  char text[5];
  CHECK_EQ(gs_ws_protocol(ws, text, sizeof text), 8);
  CHECK_STR_EQ(text, "prot");
  CHECK_EQ(gs_ws_close_reason(ws, NULL, 0), 6);
  CHECK_EQ(gs_ws_error(text, 1), 5);
  CHECK_STR_EQ(text, "");
  CHECK_EQ(gs_ws_error(NULL, 1), GS_EINVAL);
  gs_ws_close(ws);
  CHECK_EQ(ws_fake.closed, 1);
}

TEST(what_cannot_be_opened_leaves_out_untouched) {
  gs_ws *ws = (gs_ws *)&ws;
  static const char *const bad[] = {"a", NULL};
  struct gs_ws_options options = {.protocols = bad, .protocol_count = 2};
  CHECK_EQ(gs_ws_open(&ws, URL, &options), GS_EINVAL);
  options = (struct gs_ws_options){.protocol_count = 1};
  CHECK_EQ(gs_ws_open(&ws, URL, &options), GS_EINVAL);
  options = (struct gs_ws_options){.ping_ns = -1};
  CHECK_EQ(gs_ws_open(&ws, URL, &options), GS_EINVAL);
  options = (struct gs_ws_options){.silence_ns = -1};
  CHECK_EQ(gs_ws_open(&ws, URL, &options), GS_EINVAL);
  CHECK_EQ(gs_ws_open(NULL, URL, NULL), GS_EINVAL);
  CHECK_EQ(gs_ws_open(&ws, NULL, NULL), GS_EINVAL);
  host_fake.answer = GS_EACCES;
  CHECK_EQ(gs_ws_open(&ws, URL, NULL), GS_EACCES);
  CHECK_EQ(ws, (gs_ws *)&ws);
  CHECK_EQ(gs__ops_pending(), 0);
}

TEST(opening_ends_by_deadline_context_and_error) {
  struct opener o = {.options.deadline_ns = gs_now() + 100};
  gs_go(open_socket, &o);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(o.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.canceled, 1);
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  struct opener other = {0};
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_go(open_socket, &other);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_ctx_cancel(ctx, 0);
  harness_wait_for_others();
  CHECK_EQ(other.result, GS_ECANCELED);
  CHECK_EQ(host_fake.canceled, 2);
  gs_ctx_release(ctx);
  struct opener failing = {0};
  gs_go(open_socket, &failing);
  CHECK_EQ(gs_yield(), GS_OK);
  ws_fake_open(GS_EIO);
  harness_wait_for_others();
  CHECK_EQ(failing.result, GS_EIO);
}

TEST(without_memory_nothing_is_opened_and_nothing_is_left) {
  static const char *const protocols[] = {"a"};
  int failures = 0;
  for (uint32_t good = 0;; good++) {
    struct opener o = {.options = {.protocols = protocols,
                                   .protocol_count = 1,
                                   .ping_ns = GS_SECOND}};
    gs_go(open_socket, &o);
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_yield(), GS_OK);
    if (host_fake.pending > 0) ws_fake_open(7);
    CHECK_EQ(gs_yield(), GS_OK);
    bool never = alloc_fake_never_fail() != 0;
    CHECK(o.done);
    CHECK_EQ(o.result, never ? GS_OK : GS_ENOMEM);
    if (never) {
      gs_ws_close(o.ws);
      break;
    }
    failures++;
  }
  CHECK(failures >= 3);
  CHECK_EQ(ws_fake.opened, ws_fake.closed);
}

HOST_TEST(outside_a_goroutine_nothing_waits) {
  gs_ws *ws;
  CHECK_EQ(gs_ws_open(&ws, URL, NULL), GS_EPERM);
  CHECK_EQ(host_fake.pending, 0);
}

/* ---- receiving ---- */

TEST(messages_that_are_there_are_received_without_waiting) {
  gs_ws *ws = usual();
  uint32_t started = host_fake.started;
  static char large[5000];
  memset(large, 'x', sizeof large);
  ws_fake_arrive(GS_WS_TEXT, "", 0);
  ws_fake_arrive(GS_WS_TEXT, "abc", 3);
  ws_fake_arrive(GS_WS_BINARY, large, sizeof large);
  ws_fake_arrive(GS_WS_TEXT, "d", 1);
  struct gs_ws_message message;
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_EQ(message.size_bytes, 0);
  CHECK_STR_EQ(message.bytes, "");
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_EQ(message.kind, GS_WS_TEXT);
  CHECK_STR_EQ(message.bytes, "abc");
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_EQ(message.kind, GS_WS_BINARY);
  CHECK_EQ(message.size_bytes, sizeof large);
  CHECK(memcmp(message.bytes, large, sizeof large) == 0);
  CHECK_EQ(((const char *)message.bytes)[sizeof large], '\0');
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_STR_EQ(message.bytes, "d");
  ws_fake_end(1);
  CHECK_EQ(gs_ws_receive(ws, &message), 0);
  ws_fake_end(GS_ECONNRESET);
  CHECK_EQ(gs_ws_receive(ws, &message), GS_ECONNRESET);
  CHECK_EQ(host_fake.started, started);
  gs_ws_close(ws);
}

TEST(who_waits_gets_the_message_also_one_that_is_larger_than_the_room) {
  gs_ws *ws = usual();
  static char large[5000];
  memset(large, 'y', sizeof large);
  struct receiver r = {.ws = ws};
  gs_go(receive, &r);
  CHECK_EQ(gs_yield(), GS_OK);
  ws_fake_arrive(GS_WS_TEXT, "now", 3);
  harness_wait_for_others();
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.message.bytes, "now");
  gs_go(receive, &r);
  CHECK_EQ(gs_yield(), GS_OK);
  ws_fake_arrive(GS_WS_BINARY, large, sizeof large);
  harness_wait_for_others();
  CHECK_EQ(r.result, 1);
  CHECK_EQ(r.message.size_bytes, sizeof large);
  CHECK(memcmp(r.message.bytes, large, sizeof large) == 0);
  gs_ws_close(ws);
}

TEST(one_at_a_time_receives) {
  gs_ws *ws = usual();
  struct receiver r = {.ws = ws, .deadline_ns = gs_now() + 100};
  gs_go(receive, &r);
  CHECK_EQ(gs_yield(), GS_OK);
  struct gs_ws_message message = {.size_bytes = 1234};
  CHECK_EQ(gs_ws_receive(ws, &message), GS_EBUSY);
  CHECK_EQ(message.size_bytes, 1234);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.canceled, 1);
  ws_fake_arrive(GS_WS_TEXT, "late", 4);
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_STR_EQ(message.bytes, "late");
  CHECK_EQ(gs_ws_receive(NULL, &message), GS_EINVAL);
  CHECK_EQ(gs_ws_receive(ws, NULL), GS_EINVAL);
  gs_ws_close(ws);
}

TEST(a_message_that_finds_no_memory_stays) {
  gs_ws *ws = usual();
  static char large[5000];
  struct gs_ws_message message;
  ws_fake_arrive(GS_WS_TEXT, "a", 1);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_ws_receive(ws, &message), GS_ENOMEM);
  alloc_fake_never_fail();
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_STR_EQ(message.bytes, "a");
  ws_fake_arrive(GS_WS_BINARY, large, sizeof large);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_ws_receive(ws, &message), GS_ENOMEM);
  alloc_fake_never_fail();
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_EQ(message.size_bytes, sizeof large);
  gs_ws_close(ws);
}

/* ---- sending ---- */

TEST(what_can_be_sent_is_sent_without_waiting) {
  gs_ws *ws = usual();
  uint32_t started = host_fake.started;
  CHECK_EQ(gs_ws_send(ws, GS_WS_TEXT, "hello", 5), GS_OK);
  CHECK_STR_EQ(ws_fake.text, "hello");
  CHECK_EQ(ws_fake.kind, GS_WS_TEXT);
  CHECK_EQ(gs_ws_send(ws, GS_WS_BINARY, NULL, 0), GS_OK);
  CHECK_EQ(ws_fake.kind, GS_WS_BINARY);
  CHECK_EQ(gs_ws_try_send(ws, GS_WS_TEXT, "x", 1), GS_OK);
  CHECK_EQ(gs_ws_flush(ws), GS_OK);
  CHECK_EQ(ws_fake.limit_bytes, 0);
  ws_fake.send_answer = GS_EILSEQ;
  CHECK_EQ(gs_ws_send(ws, GS_WS_TEXT, "x", 1), GS_EILSEQ);
  ws_fake.send_answer = GS_EAGAIN;
  CHECK_EQ(gs_ws_try_send(ws, GS_WS_TEXT, "x", 1), GS_EAGAIN);
  CHECK_EQ(host_fake.started, started);
  CHECK_EQ(gs_ws_send(ws, (enum gs_ws_kind)0, "x", 1), GS_EINVAL);
  CHECK_EQ(gs_ws_send(ws, (enum gs_ws_kind)3, "x", 1), GS_EINVAL);
  CHECK_EQ(gs_ws_try_send(ws, (enum gs_ws_kind)0, "x", 1), GS_EINVAL);
  CHECK_EQ(gs_ws_send(ws, GS_WS_TEXT, NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_ws_send(NULL, GS_WS_TEXT, "x", 1), GS_EINVAL);
  CHECK_EQ(gs_ws_flush(NULL), GS_EINVAL);
  ws_fake.state[1] = 77;
  CHECK_EQ(gs_ws_buffered(ws), 77);
  gs_ws_close(ws);
}

TEST(a_send_waits_and_ends_by_the_host_or_its_deadline) {
  gs_ws *ws = usual();
  ws_fake.send_answer = GS_EAGAIN;
  struct sender first = {.ws = ws};
  struct sender second = {.ws = ws, .deadline_ns = gs_now() + 100};
  struct sender flush = {.ws = ws, .flushes = true};
  gs_go(send_message, &first);
  gs_go(send_message, &second);
  gs_go(send_message, &flush);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(second.result, GS_ETIMEDOUT);
  CHECK(!first.done && !flush.done);
  CHECK_EQ(host_fake.pending, 2);
  ws_fake_sent(GS_OK);
  ws_fake_sent(GS_EPIPE);
  harness_wait_for_others();
  CHECK_EQ(first.result, GS_OK);
  CHECK_EQ(flush.result, GS_EPIPE);
  gs_ws_close(ws);
}

/* ---- closing ---- */

TEST(closing_wakes_all_who_wait_and_the_last_one_frees) {
  gs_ws *ws = usual();
  ws_fake.send_answer = GS_EAGAIN;
  struct receiver r = {.ws = ws};
  struct sender s[3] = {{.ws = ws}, {.ws = ws}, {.ws = ws, .flushes = true}};
  gs_go(receive, &r);
  for (int i = 0; i < 3; i++) gs_go(send_message, &s[i]);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.pending, 4);
  gs_ws_close(ws);
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(ws_fake.closed, 1);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
  for (int i = 0; i < 3; i++) CHECK_EQ(s[i].result, GS_ECANCELED);
  gs_ws_close(NULL);
}

/* The message lay in memory that is the socket's. */
TEST(who_has_a_message_and_did_not_run_yet_is_canceled_by_closing) {
  gs_ws *ws = usual();
  struct receiver r = {.ws = ws};
  gs_go(receive, &r);
  CHECK_EQ(gs_yield(), GS_OK);
  ws_fake_arrive(GS_WS_TEXT, "a", 1);
  CHECK(!r.done);
  gs_ws_close(ws);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(a_shutdown_passes_only_what_may_be) {
  gs_ws *ws = usual();
  static const int bad[] = {-1, 1, 999, 1001, 1005, 2999, 5000};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK_EQ(gs_ws_shutdown(ws, bad[i], NULL), GS_EINVAL);
  }
  char reason[125];
  memset(reason, 'r', sizeof reason);
  reason[124] = '\0';
  CHECK_EQ(gs_ws_shutdown(ws, 1000, reason), GS_EINVAL);
  CHECK_EQ(ws_fake.shutdowns, 0);
  reason[123] = '\0';
  CHECK_EQ(gs_ws_shutdown(ws, 4999, reason), GS_OK);
  CHECK_STR_EQ(ws_fake.reason, reason);
  CHECK_EQ(gs_ws_shutdown(ws, 3000, NULL), GS_OK);
  CHECK_EQ(gs_ws_shutdown(ws, 0, NULL), GS_OK);
  CHECK_EQ(ws_fake.code, 1000);
  CHECK_EQ(gs_ws_shutdown(NULL, 0, NULL), GS_EINVAL);
  ws_fake.state[0] = 4321;
  CHECK_EQ(gs_ws_close_code(ws), 4321);
  CHECK_EQ(gs_ws_close_code(NULL), GS_EINVAL);
  gs_ws_close(ws);
}

/* ---- pings and silence ---- */

/* Time passes at the host too, which last heard something at that time. */
static void silent_since(int64_t then_ns) {
  ws_fake.state[2] = (int32_t)((gs_now() - then_ns) / GS_MILLISECOND);
}

TEST(a_ping_is_sent_after_each_while_of_silence) {
  gs_ws *ws = opened(&(struct gs_ws_options){.ping_text = "are you there",
                                             .ping_ns = 30 * GS_MILLISECOND});
  int64_t heard_ns = gs_now();
  uint32_t sent[11] = {0};
  for (int i = 1; i <= 10; i++) {
    CHECK_EQ(
        gs_sleep_until(heard_ns + i * 10 * GS_MILLISECOND - GS_MICROSECOND),
        GS_OK);
    silent_since(heard_ns - GS_MICROSECOND);
    CHECK_EQ(
        gs_sleep_until(heard_ns + i * 10 * GS_MILLISECOND + GS_MICROSECOND),
        GS_OK);
    sent[i] = ws_fake.sent;
  }
  CHECK_EQ(sent[2], 0);
  CHECK_EQ(sent[3], 1);
  CHECK_EQ(sent[5], 1);
  CHECK_EQ(sent[6], 2);
  CHECK_EQ(sent[9], 3);
  CHECK_STR_EQ(ws_fake.text, "are you there");
  CHECK_EQ(ws_fake.kind, GS_WS_TEXT);
  gs_ws_close(ws);
}

TEST(no_ping_is_sent_while_something_comes) {
  gs_ws *ws = opened(&(struct gs_ws_options){.ping_ns = GS_SECOND});
  for (int i = 0; i < 50; i++) {
    ws_fake.state[2] = 100;
    CHECK_EQ(gs_sleep(GS_SECOND / 10), GS_OK);
  }
  CHECK_EQ(ws_fake.sent, 0);
  gs_ws_close(ws);
}

TEST(a_silent_connection_is_reset_for_all_who_wait_and_those_who_come) {
  gs_ws *ws = opened(&(struct gs_ws_options){.silence_ns = GS_SECOND});
  ws_fake.send_answer = GS_EAGAIN;
  struct receiver r = {.ws = ws};
  struct sender s = {.ws = ws};
  gs_go(receive, &r);
  gs_go(send_message, &s);
  CHECK_EQ(gs_sleep(GS_SECOND - GS_MILLISECOND), GS_OK);
  ws_fake.state[2] = 999;
  CHECK(!r.done && !s.done);
  CHECK_EQ(gs_sleep(GS_MILLISECOND / 2), GS_OK);
  ws_fake.state[2] = 1000;
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECONNRESET);
  CHECK_EQ(s.result, GS_ECONNRESET);
  CHECK_EQ(ws_fake.shutdowns, 1);
  CHECK_EQ(gs_ws_close_code(ws), 1006);
  CHECK_EQ(gs_ws_send(ws, GS_WS_TEXT, "x", 1), GS_ECONNRESET);
  /* What had come is still there. */
  struct gs_ws_message message;
  ws_fake_arrive(GS_WS_TEXT, "a", 1);
  CHECK_EQ(gs_ws_receive(ws, &message), 1);
  CHECK_EQ(gs_ws_receive(ws, &message), GS_ECONNRESET);
  /* The other side was only slow, and answers the closing handshake. */
  ws_fake_end(1);
  CHECK_EQ(gs_ws_receive(ws, &message), GS_ECONNRESET);
  gs_ws_close(ws);
}

TEST(a_closed_connection_is_not_looked_after) {
  gs_ws *ws = opened(&(struct gs_ws_options){.ping_ns = GS_SECOND,
                                             .silence_ns = 2 * GS_SECOND});
  ws_fake.state[0] = 1000;
  ws_fake.state[2] = 5000;
  CHECK_EQ(gs_sleep(10 * GS_SECOND), GS_OK);
  CHECK_EQ(ws_fake.sent, 0);
  CHECK_EQ(ws_fake.shutdowns, 0);
  gs_ws_close(ws);
}

TEST(a_ping_and_a_silence_of_for_ever_never_come) {
  gs_ws *ws = opened(
      &(struct gs_ws_options){.ping_ns = GS_FOREVER, .silence_ns = GS_FOREVER});
  ws_fake.state[2] = INT32_MAX;
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  CHECK_EQ(ws_fake.sent, 0);
  CHECK_EQ(ws_fake.shutdowns, 0);
  gs_ws_close(ws);
  ws = opened(
      &(struct gs_ws_options){.ping_ns = GS_FOREVER, .silence_ns = GS_SECOND});
  ws_fake.state[2] = 0;
  CHECK_EQ(gs_sleep(GS_SECOND / 2), GS_OK);
  ws_fake.state[2] = 1000;
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  CHECK_EQ(ws_fake.sent, 0);
  CHECK_EQ(ws_fake.shutdowns, 1);
  gs_ws_close(ws);
}
