/* Races: two or three goroutines with short scripts of channel operations, in
 * all combinations, each under every schedule. After each run: no element is
 * lost or doubled, none arrives after a timeout, closing is seen, and whoever
 * is left waiting could not have gone on. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#include "../../src/debug.h"
#include "../../src/sched/timer.h"
#include "../../src/sync/chan.h"
#include "explore.h"
#include "harness.h"

#define ACTORS_MAX 3
#define STEPS_MAX 2
#define CHANS 2
#define DEADLINE_NS 10
#define CAP 20000
#define UNTOUCHED (-0x5a5a)

/* ---- operations ---- */

enum kind { PLAIN, TRY, UNTIL, CLOSE, TIME };

struct op {
  char code;
  enum kind kind;
  int count; /* of cases; more than one: a select */
  struct {
    int chan;
    bool sends;
  } cases[2];
};

static const struct op ops[] = {
    {'S', PLAIN, 1, {{0, true}}},
    {'R', PLAIN, 1, {{0, false}}},
    {'s', UNTIL, 1, {{0, true}}},
    {'r', UNTIL, 1, {{0, false}}},
    {'y', TRY, 1, {{0, true}}},
    {'z', TRY, 1, {{0, false}}},
    {'C', CLOSE, 0, {{0, false}}},
    {'T', TIME, 0, {{0, false}}}, /* the deadline passes now */
    {'X', PLAIN, 2, {{0, true}, {0, false}}},
    {'x', UNTIL, 2, {{0, true}, {0, false}}},
    {'P', PLAIN, 1, {{1, true}}},
    {'Q', PLAIN, 1, {{1, false}}},
    {'D', CLOSE, 0, {{1, false}}},
    {'M', PLAIN, 2, {{0, false}, {1, false}}},
    {'m', UNTIL, 2, {{0, false}, {1, false}}},
    {'N', PLAIN, 2, {{0, true}, {1, true}}},
    {'O', PLAIN, 2, {{0, true}, {1, false}}},
    {'t', TRY, 2, {{0, false}, {1, true}}},
};

static const struct op *op_of(char code) {
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    if (ops[i].code == code) return &ops[i];
  }
  return NULL;
}

/* ---- a scenario and one run of it ---- */

struct actor {
  const char *script; /* a code a step */
  const struct op *waiting;
  int received[STEPS_MAX][2];       /* by step and case */
  bool no_element[STEPS_MAX];       /* the step ended without one */
  int last_from[CHANS][ACTORS_MAX]; /* the last step received, by sender */
};

struct scenario {
  size_t capacity;
  int actors;
  char scripts[ACTORS_MAX][STEPS_MAX + 1];
};

static struct {
  const struct scenario *scenario;
  gs_chan *chans[CHANS];
  bool closed[CHANS];
  unsigned sent[CHANS]; /* elements by their bit, as senders saw it */
  unsigned got[CHANS];  /* as receivers saw it */
  struct actor actors[ACTORS_MAX];
} run;

static void explain(void) {
  const struct scenario *s = run.scenario;
  printf("# capacity %u:", (unsigned)s->capacity);
  for (int i = 0; i < s->actors; i++) printf(" %s", s->scripts[i]);
  printf("\n");
  explore_print_choices();
}

/* An element is its sender and its step; no two are alike. */
static int element(int actor, int step) { return 1 + actor * STEPS_MAX + step; }

static void take(struct actor *a, int chan, int elem) {
  CHECK(elem >= 1 && elem <= ACTORS_MAX * STEPS_MAX);
  unsigned bit = 1U << elem;
  CHECK((run.got[chan] & bit) == 0); /* doubled */
  run.got[chan] |= bit;
  int sender = (elem - 1) / STEPS_MAX;
  int step = (elem - 1) % STEPS_MAX;
  if (a == NULL) return;
  CHECK(step >= a->last_from[chan][sender]); /* in the order they were sent */
  a->last_from[chan][sender] = step;
}

/* What came of one case. */
static void settle_case(struct actor *a, int step, const struct op *op,
                        int index, int result) {
  int chan = op->cases[index].chan;
  if (op->cases[index].sends) {
    if (result == GS_EPIPE) {
      CHECK(run.closed[chan]);
    } else {
      CHECK_EQ(result, GS_OK);
      run.sent[chan] |= 1U << element((int)(a - run.actors), step);
    }
  } else if (result == 0) {
    CHECK(run.closed[chan]);
    CHECK_EQ(a->received[step][index], 0);
  } else {
    CHECK_EQ(result, 1);
    take(a, chan, a->received[step][index]);
  }
}

static int call(const struct op *op, struct gs_case *cases, int sent) {
  int64_t deadline_ns = DEADLINE_NS;
  if (op->count > 1) {
    size_t count = (size_t)op->count;
    if (op->kind == TRY) return gs_try_select(cases, count);
    if (op->kind == PLAIN) return gs_select(cases, count);
    return gs_select_until(cases, count, deadline_ns);
  }
  gs_chan *chan = cases[0].chan;
  if (op->cases[0].sends) {
    if (op->kind == TRY) return gs_chan_try_send(chan, &sent);
    if (op->kind == PLAIN) return gs_chan_send(chan, &sent);
    return gs_chan_send_until(chan, &sent, deadline_ns);
  }
  if (op->kind == TRY) return gs_chan_try_recv(chan, cases[0].elem);
  if (op->kind == PLAIN) return gs_chan_recv(chan, cases[0].elem);
  return gs_chan_recv_until(chan, cases[0].elem, deadline_ns);
}

static void transfer(struct actor *a, int step, const struct op *op) {
  int sent = element((int)(a - run.actors), step);
  struct gs_case cases[2] = {{0}};
  for (int i = 0; i < op->count; i++) {
    gs_chan *chan = run.chans[op->cases[i].chan];
    a->received[step][i] = UNTOUCHED;
    cases[i] = op->cases[i].sends ? GS_SEND(chan, &sent)
                                  : GS_RECV(chan, &a->received[step][i]);
  }
  a->waiting = op;
  int result = call(op, cases, sent);
  a->waiting = NULL;
  if (result == GS_ETIMEDOUT) {
    CHECK_EQ(op->kind, UNTIL);
    CHECK(gs_now() >= DEADLINE_NS);
    a->no_element[step] = true;
  } else if (result == GS_EAGAIN) {
    CHECK_EQ(op->kind, TRY);
    a->no_element[step] = true;
  } else if (op->count > 1) {
    CHECK(result >= 0 && result < op->count);
    settle_case(a, step, op, result, cases[result].result);
    if (!op->cases[1 - result].sends) {
      CHECK_EQ(a->received[step][1 - result], UNTOUCHED);
    }
  } else {
    settle_case(a, step, op, 0, result);
  }
}

static void close_chan(int chan) {
  CHECK_EQ(gs_chan_close(run.chans[chan]), run.closed[chan] ? GS_EPIPE : GS_OK);
  run.closed[chan] = true;
}

static void act(void *arg) {
  struct actor *a = arg;
  for (int step = 0; a->script[step] != '\0'; step++) {
    if (step > 0) CHECK_EQ(gs_yield(), GS_OK);
    const struct op *op = op_of(a->script[step]);
    switch (op->kind) {
      case CLOSE:
        close_chan(op->cases[0].chan);
        break;
      case TIME:
        if (gs__sched.now_ns < DEADLINE_NS) gs__sched.now_ns = DEADLINE_NS;
        gs__timers_fire();
        break;
      default:
        transfer(a, step, op);
        break;
    }
  }
}

/* ---- after the run ---- */

static bool meet(const struct op *a, const struct op *b) {
  for (int i = 0; i < a->count; i++) {
    for (int j = 0; j < b->count; j++) {
      if (a->cases[i].chan == b->cases[j].chan &&
          a->cases[i].sends != b->cases[j].sends) {
        return true;
      }
    }
  }
  return false;
}

/* Everything waits: nobody may be able to go on. */
static void check_stuck(void) {
  for (int i = 0; i < run.scenario->actors; i++) {
    const struct op *op = run.actors[i].waiting;
    if (op == NULL) continue;
    CHECK_EQ(op->kind, PLAIN);
    for (int c = 0; c < op->count; c++) {
      const gs_chan *chan = run.chans[op->cases[c].chan];
      CHECK(!run.closed[op->cases[c].chan]);
      if (op->cases[c].sends) {
        CHECK_EQ(gs_chan_len(chan), gs_chan_cap(chan));
      } else {
        CHECK_EQ(gs_chan_len(chan), 0);
      }
    }
    for (int j = i + 1; j < run.scenario->actors; j++) {
      if (run.actors[j].waiting == NULL) continue;
      CHECK(!meet(op, run.actors[j].waiting));
    }
  }
}

static void check_elements(void) {
  for (int c = 0; c < CHANS; c++) {
    int elem = UNTOUCHED;
    while (gs_chan_try_recv(run.chans[c], &elem) == 1) take(NULL, c, elem);
    CHECK_EQ(run.got[c], run.sent[c]); /* lost, or from nowhere */
  }
  for (int i = 0; i < run.scenario->actors; i++) {
    const struct actor *a = &run.actors[i];
    for (int step = 0; step < STEPS_MAX; step++) {
      if (!a->no_element[step]) continue;
      const struct op *op = op_of(a->script[step]);
      for (int c = 0; c < op->count; c++) {
        CHECK_EQ(a->received[step][c], UNTOUCHED);
      }
    }
  }
}

static uint64_t deadlocks;

static void run_scenario(void *arg) {
  const struct scenario *s = arg;
  memset(&run, 0, sizeof run);
  run.scenario = s;
  gs__sched.now_ns = 0;
  for (int c = 0; c < CHANS; c++) {
    CHECK_EQ(gs_chan_new(&run.chans[c], sizeof(int), s->capacity), GS_OK);
  }
  for (int i = 0; i < s->actors; i++) {
    run.actors[i].script = s->scripts[i];
    CHECK(gs_go(act, &run.actors[i]) > 0);
  }
  enum gs__idle idle = gs__sched_pump();
  if (idle == GS__IDLE_DEADLOCK) {
    deadlocks++;
    check_stuck();
    for (int c = 0; c < CHANS; c++) {
      gs__chan_check(run.chans[c]);
      if (!run.closed[c]) close_chan(c);
    }
    /* Steps behind the one that was stuck may close again. */
    idle = gs__sched_pump();
  }
  CHECK_EQ(idle, GS__IDLE_EMPTY);
  gs__sched_check();
  CHECK_EQ(gs__sched.timers.count, 0);
  check_elements();
  for (int c = 0; c < CHANS; c++) {
    gs__chan_check(run.chans[c]);
    CHECK(gs__list_empty(&run.chans[c]->receivers));
    CHECK(gs__list_empty(&run.chans[c]->senders));
    gs_chan_release(run.chans[c]);
  }
}

/* ---- combinations ---- */

#define SCRIPTS_MAX 512

struct scripts {
  int count;
  char text[SCRIPTS_MAX][STEPS_MAX + 1];
};

/* All scripts of exactly `steps` of these operations. */
static void add_scripts(struct scripts *out, const char *codes, int steps) {
  for (const char *a = codes; *a != '\0'; a++) {
    if (steps == 1) {
      CHECK(out->count < SCRIPTS_MAX);
      snprintf(out->text[out->count++], STEPS_MAX + 1, "%c", *a);
      continue;
    }
    for (const char *b = codes; *b != '\0'; b++) {
      CHECK(out->count < SCRIPTS_MAX);
      snprintf(out->text[out->count++], STEPS_MAX + 1, "%c%c", *a, *b);
    }
  }
}

static struct {
  uint64_t scenarios;
  struct explored explored;
} totals;

static void explore_one(size_t capacity, int actors, const char *a,
                        const char *b, const char *c) {
  static struct scenario s;
  memset(&s, 0, sizeof s);
  s.capacity = capacity;
  s.actors = actors;
  snprintf(s.scripts[0], sizeof s.scripts[0], "%s", a);
  snprintf(s.scripts[1], sizeof s.scripts[1], "%s", b);
  snprintf(s.scripts[2], sizeof s.scripts[2], "%s", c);
  totals.scenarios++;
  explore(&totals.explored, CAP, run_scenario, &s);
}

static void begin(void) {
  harness_explain = explain;
  memset(&totals, 0, sizeof totals);
  deadlocks = 0;
}

static void report(void) {
  printf("# %llu scenarios, %llu schedules, %llu ended waiting\n",
         (unsigned long long)totals.scenarios,
         (unsigned long long)totals.explored.schedules,
         (unsigned long long)deadlocks);
  if (totals.explored.capped > 0) {
    printf("# %u scenarios have more than %d schedules: not all were run\n",
           (unsigned)totals.explored.capped, CAP);
  }
}

/* Two goroutines of one or two steps each. */
static void explore_pairs(const char *codes) {
  static struct scripts scripts;
  begin();
  add_scripts(&scripts, codes, 1);
  add_scripts(&scripts, codes, 2);
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    for (int i = 0; i < scripts.count; i++) {
      for (int j = i; j < scripts.count; j++) {
        explore_one(capacity, 2, scripts.text[i], scripts.text[j], "");
      }
    }
  }
  report();
}

/* Three goroutines: one of `steps` steps, and two of one. */
static void explore_triples(const char *codes, int steps) {
  static struct scripts first;
  static struct scripts others;
  begin();
  add_scripts(&first, codes, steps);
  add_scripts(&others, codes, 1);
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    for (int i = 0; i < first.count; i++) {
      for (int j = 0; j < others.count; j++) {
        for (int k = j; k < others.count; k++) {
          explore_one(capacity, 3, first.text[i], others.text[j],
                      others.text[k]);
        }
      }
    }
  }
  report();
}

#define ONE_CHANNEL "SRsryzCTXx"
#define TWO_CHANNELS "SPRQCDMmNOtT"

HOST_TEST(pairs_on_one_channel) { explore_pairs(ONE_CHANNEL); }

HOST_TEST(triples_on_one_channel) { explore_triples(ONE_CHANNEL, 2); }

HOST_TEST(pairs_on_two_channels) { explore_pairs(TWO_CHANNELS); }

HOST_TEST(triples_on_two_channels) { explore_triples(TWO_CHANNELS, 2); }

/* ---- the explorer itself ---- */

static int outcomes[8];

static void add_bit(void *arg) {
  int *at = arg;
  *at = *at * 2 + 1;
  CHECK_EQ(gs_yield(), GS_OK);
}

static void add_nothing(void *arg) {
  int *at = arg;
  *at *= 2;
  CHECK_EQ(gs_yield(), GS_OK);
}

static void run_three(void *arg) {
  int at = 0;
  CHECK(gs_go(add_bit, &at) > 0);
  CHECK(gs_go(add_nothing, &at) > 0);
  CHECK(gs_go(add_bit, &at) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  outcomes[at]++;
  (void)arg;
}

/* Three goroutines of two turns each: 6! / (2! 2! 2!) orders. */
HOST_TEST(every_schedule_is_run_once) {
  struct explored explored = {0};
  explore(&explored, CAP, run_three, NULL);
  CHECK_EQ(explored.schedules, 90);
  CHECK_EQ(explored.capped, 0);
  CHECK_EQ(outcomes[3] + outcomes[5] + outcomes[6], 90);
  CHECK_EQ(outcomes[3], 30);
}

HOST_TEST(the_cap_is_reported) {
  struct explored explored = {0};
  explore(&explored, 50, run_three, NULL);
  CHECK_EQ(explored.schedules, 50);
  CHECK_EQ(explored.capped, 1);
}
