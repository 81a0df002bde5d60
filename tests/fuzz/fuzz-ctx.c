/* Contexts: a tree that is known, with what ended which of them and why, and
 * the goroutines that are in them. */
#include <string.h>

#include "fuzz.h"

#define NAMELESS (-2)

static struct node {
  gs_ctx *ctx; /* kept to the end, or owned by the name; NULL: out of reach */
  int parent;
  bool detached;
  bool waited_for; /* so it must stay */
  int64_t deadline_ns;
  int error;
  int cause;
  const void *key;
} nodes[NODES];

static int used;
static int names[CTXS]; /* nodes, or NAMELESS */
static const char keys[3];

static int above(const struct node *node) {
  return node->detached ? BACKGROUND : node->parent;
}

int ctx_error(int node) { return node == BACKGROUND ? 0 : nodes[node].error; }

static int64_t deadline_of(int node) {
  return node == BACKGROUND ? GS_FOREVER : nodes[node].deadline_ns;
}

int ctx_error_of(const struct actor *actor) {
  return actor->shields > 0 ? 0 : ctx_error(actor->nodes[actor->depth]);
}

/* Parents come before their children. */
void ctxs_tick(void) {
  for (int i = 0; i < used; i++) {
    struct node *node = &nodes[i];
    if (node->error != 0) continue;
    int parent = above(node);
    if (ctx_error(parent) != 0) {
      node->error = nodes[parent].error;
      node->cause = nodes[parent].cause;
    } else if (node->deadline_ns <= gs__sched.now_ns) {
      node->error = GS_ETIMEDOUT;
      node->cause = GS_ETIMEDOUT;
    }
  }
}

static void check_node(int i) {
  const struct node *node = &nodes[i];
  CHECK_RESULT(gs_ctx_error(node->ctx) == node->error, gs_ctx_error(node->ctx));
  CHECK_RESULT(gs_ctx_cause(node->ctx) == node->cause, gs_ctx_cause(node->ctx));
  CHECK(gs_ctx_deadline(node->ctx) == node->deadline_ns);
  for (unsigned k = 0; k < sizeof keys; k++) {
    int at = i;
    while (at != BACKGROUND && nodes[at].key != &keys[k]) {
      at = nodes[at].parent;
    }
    const void *value = at == BACKGROUND ? NULL : &nodes[at];
    CHECK(gs_ctx_value(node->ctx, &keys[k]) == value);
  }
}

/* Answers the node, or NAMELESS. */
static int make(int parent, uint8_t byte) {
  if (used == NODES) return NAMELESS;
  struct node *node = &nodes[used];
  gs_ctx *from = parent == BACKGROUND ? NULL : nodes[parent].ctx;
  int64_t deadline_ns = GS_FOREVER;
  *node = (struct node){.parent = parent};
  int error;
  switch (byte >> 5) {
    case 0:
      error = gs_ctx_new_detached(&node->ctx, from);
      node->detached = true;
      break;
    case 1:
    case 2:
      node->key = &keys[byte % sizeof keys];
      error = gs_ctx_new_value(&node->ctx, from, node->key, node);
      break;
    case 3:
    case 4:
      deadline_ns = gs_now() + ((byte >> 2 & 7) - 1) * GS_MILLISECOND;
      error = gs_ctx_new_until(&node->ctx, from, deadline_ns);
      break;
    default:
      error = gs_ctx_new(&node->ctx, from);
      break;
  }
  if (error != GS_OK) {
    explain(&world.host, error);
    CHECK(node->ctx == NULL);
    return NAMELESS;
  }
  int64_t above_ns = deadline_of(above(node));
  node->deadline_ns = deadline_ns < above_ns ? deadline_ns : above_ns;
  used++;
  ctxs_tick();
  check_node(used - 1);
  return used - 1;
}

void ctxs_init(void) {
  used = 0;
  make(BACKGROUND, 0xff);
  for (int i = 0; i < CTXS; i++) names[i] = NAMELESS;
}

static void cancel(int i, int cause) {
  struct node *node = &nodes[i];
  int result = gs_ctx_cancel(node->ctx, cause);
  CHECK_RESULT(result == (node->error == 0), result);
  if (node->error != 0) return;
  node->error = GS_ECANCELED;
  node->cause = cause == 0 ? GS_ECANCELED : cause;
  ctxs_tick();
}

void ctxs_cancel_root(void) {
  ctxs_tick();
  cancel(0, 0);
}

void ctxs_release(void) {
  /* Nobody waits for the channel of a context that is going to be freed. */
  for (int i = 0; i < used; i++) {
    if (nodes[i].waited_for) gs_ctx_cancel(nodes[i].ctx, 0);
  }
  for (int i = 0; i < used; i++) gs_ctx_release(nodes[i].ctx);
  used = 0;
}

/* Goes out of reach, unless somebody waits for it. */
static void forget(unsigned slot) {
  int i = names[slot];
  names[slot] = NAMELESS;
  if (i == NAMELESS || nodes[i].waited_for) return;
  gs_ctx_release(nodes[i].ctx);
  nodes[i].ctx = NULL;
}

gs_chan *ctx_chan(unsigned slot, unsigned *node) {
  int i = names[slot] == NAMELESS ? BACKGROUND : names[slot];
  gs_chan *chan = NULL;
  *node = (unsigned)i;
  if (i == BACKGROUND) {
    CHECK(gs_ctx_chan(&chan, NULL) == GS_OK && chan == NULL);
    return NULL;
  }
  int error = gs_ctx_chan(&chan, nodes[i].ctx);
  if (error == GS_OK) {
    nodes[i].waited_for = true;
    return chan;
  }
  explain(&world.host, error);
  *node = (unsigned)BACKGROUND;
  return NULL;
}

/* ---- operations ---- */

void op_ctx_new(struct actor *actor, uint8_t byte) {
  unsigned slot = byte % CTXS;
  uint8_t more = take();
  int parent = names[more % CTXS];
  if ((more & 8) != 0 || parent == NAMELESS) {
    parent = actor->nodes[actor->depth];
    /* The context it is in may be one that nobody else can reach any more. */
    if (parent != BACKGROUND && nodes[parent].ctx == NULL) return;
  }
  forget(slot);
  if (parent != BACKGROUND && nodes[parent].ctx == NULL) parent = 0;
  names[slot] = make(parent, more);
}

void op_ctx_end(struct actor *actor, uint8_t byte) {
  (void)actor;
  unsigned slot = byte % CTXS;
  if (names[slot] == NAMELESS) return;
  if ((byte & 4) != 0) {
    forget(slot);
    return;
  }
  CHECK(gs_ctx_cancel(nodes[names[slot]].ctx, 1) == GS_EINVAL);
  cancel(names[slot], -(int)(byte >> 4));
}

static void enter(struct actor *actor, int node) {
  gs_ctx *ctx = node == BACKGROUND ? NULL : nodes[node].ctx;
  actor->outer[actor->depth] = gs_ctx_enter(ctx);
  actor->nodes[++actor->depth] = node;
  CHECK(gs_ctx_current() == ctx);
}

void ctxs_enter_root(struct actor *actor) { enter(actor, 0); }

void op_ctx_enter(struct actor *actor, uint8_t byte) {
  if (actor == &world.host) {
    CHECK(gs_ctx_enter(nodes[0].ctx) == NULL && gs_ctx_current() == NULL);
    return;
  }
  if (actor->depth >= DEPTH) return;
  int node = names[byte % CTXS];
  if ((byte & 0xf0) == 0) node = BACKGROUND;
  if (node != NAMELESS) enter(actor, node);
}

static void leave(struct actor *actor) {
  actor->depth--;
  gs_ctx_leave(actor->outer[actor->depth]);
}

void op_ctx_leave(struct actor *actor, uint8_t byte) {
  (void)byte;
  /* The first that it entered is for its whole life, and inside of gs_try()
   * none is left that was entered outside. */
  if (actor->depth > 1 && !actor->nested) leave(actor);
}

void op_ctx_shield(struct actor *actor, uint8_t byte) {
  if (actor == &world.host) return;
  if (byte % 2 == 0 && actor->shields < 3) {
    gs_ctx_shield();
    actor->shields++;
  } else {
    gs_ctx_unshield();
    if (actor->shields > 0) actor->shields--;
  }
}

void op_ctx_wait(struct actor *actor, uint8_t byte) {
  int node = names[byte % CTXS];
  struct how how = how_of(byte);
  if (how.tries) return;
  if (node == NAMELESS) {
    node = BACKGROUND;
  } else {
    nodes[node].waited_for = true;
  }
  gs_ctx *ctx = node == BACKGROUND ? NULL : nodes[node].ctx;
  wait_begin(actor, CTX, ctx, how, node);
  bool done = ctx_error(node) != 0;
  int result =
      how.timed ? gs_ctx_wait_until(ctx, how.deadline_ns) : gs_ctx_wait(ctx);
  bool parked = wait_end(actor);
  CHECK(!parked || !done);
  if (result < 0) {
    explain(actor, result);
    CHECK(!done);
  } else {
    CHECK_RESULT(ctx_error(node) != 0, result);
  }
}

void op_ctx_query(struct actor *actor, uint8_t byte) {
  int node = names[byte % CTXS];
  if (node != NAMELESS) check_node(node);
  node = actor->nodes[actor->depth];
  if (actor != &world.host && node != BACKGROUND) {
    CHECK(gs_ctx_error(gs_ctx_current()) == nodes[node].error);
    CHECK(gs_ctx_cause(gs_ctx_current()) == nodes[node].cause);
  }
}

/* ---- the end ---- */

void ctxs_let_go(struct actor *actor) {
  while (actor->depth > 0) leave(actor);
  while (actor->shields > 0) {
    gs_ctx_unshield();
    actor->shields--;
  }
}

void ctxs_restored(struct actor *actor, int depth, unsigned shields) {
  /* The goroutine has its reference to the one it is back in; those that
   * dropped frames had are nobody's. */
  bool same = actor->nodes[actor->depth] == actor->nodes[depth];
  for (int i = depth + !same; i < actor->depth; i++) {
    gs_ctx_release(actor->outer[i]);
  }
  actor->depth = depth;
  actor->shields = shields;
  int node = actor->nodes[depth];
  CHECK(gs_ctx_error(gs_ctx_current()) == ctx_error(node));
  CHECK(gs_ctx_deadline(gs_ctx_current()) == deadline_of(node));
}

void ctxs_drop(struct actor *actor) {
  if (!actor->used) return;
  for (int i = 0; i < actor->depth; i++) gs_ctx_release(actor->outer[i]);
}
