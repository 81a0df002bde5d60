/* Object pools and generators: objects are one goroutine's at a time and no
 * more than allowed, elements come once each, and what was ended says so. */
#include <string.h>

#include "fuzz.h"

#define LIMIT 2
#define LAST_MAX 12

static struct object {
  gs_pool *pool; /* NULL: does not exist */
  bool lent;
} objects[OBJECTS];

static gs_pool *pool; /* the one that is open, or NULL */

static struct model {
  gs_gen *gen;
  int node;      /* the context it was made in */
  unsigned last; /* its elements are 1 to this */
  unsigned produced;
  unsigned received; /* a bit each */
  bool ended;
  int result;
} gens[GENS];

/* ---- pools ---- */

static int make(void **out, void *arg) {
  (void)arg;
  if (take() % 8 == 1) return GS_EIO;
  unsigned i = 0;
  while (i < OBJECTS && objects[i].pool != NULL) i++;
  if (i == OBJECTS) return GS_EIO;
  objects[i].pool = (gs_pool *)&objects[i]; /* until it is known */
  if (i % 2 != 0) gs_yield();
  *out = &objects[i];
  return GS_OK;
}

static void destroy(void *object, void *arg) {
  (void)arg;
  struct object *o = object;
  CHECK(o->pool != NULL && !o->lent);
  if ((o - objects) % 3 == 0) gs_yield();
  o->pool = NULL;
}

static void open_pool(void) {
  struct gs_pool_options options = {
      .limit = LIMIT, .make = make, .destroy = destroy};
  int error = gs_pool_new(&pool, &options);
  if (error != GS_OK) explain(&world.host, error);
}

void made_init(void) {
  memset(objects, 0, sizeof objects);
  memset(gens, 0, sizeof gens);
  pool = NULL;
  open_pool();
}

void op_pool_get(struct actor *actor, uint8_t byte) {
  struct how how = how_of(byte);
  gs_pool *from = pool;
  void *got = NULL;
  if (from == NULL) return;
  wait_begin(actor, POOL, from, how, 0);
  bool idle = gs_pool_idle(from) > 0;
  int result = how.tries   ? gs_pool_try_get(&got, from)
               : how.timed ? gs_pool_get_until(&got, from, how.deadline_ns)
                           : gs_pool_get(&got, from);
  wait_end(actor);
  if (result < 0) {
    CHECK_RESULT(!idle, result);
    CHECK(got == NULL);
    if (result == GS_EPIPE) CHECK(pool != from);
    if (result != GS_EPIPE && result != GS_EIO) explain(actor, result);
    return;
  }
  struct object *object = got;
  CHECK(object->pool == from || object->pool == (gs_pool *)got);
  CHECK(!object->lent);
  object->pool = from;
  object->lent = true;
  actor->objects |= 1U << (object - objects);
  CHECK(pool != from || gs_pool_lent(from) <= LIMIT);
}

static void put(struct actor *actor, unsigned i, bool broken) {
  struct object *object = &objects[i];
  CHECK(object->lent);
  actor->objects &= ~(1U << i);
  object->lent = false;
  int result = broken ? gs_pool_discard(object->pool, object)
                      : gs_pool_put(object->pool, object);
  CHECK_RESULT(result == GS_OK, result);
}

/* Destroying one may park, in no call that others judge. */
void op_pool_put(struct actor *actor, uint8_t byte) {
  for (unsigned i = 0; i < OBJECTS; i++) {
    if ((actor->objects >> i & 1) == 0) continue;
    put(actor, i, (byte & 4) != 0);
    return;
  }
}

/* Those who wait hear of it. */
static void close_pool(void) {
  gs_pool *old = pool;
  pool = NULL;
  for (int i = 0; i < ACTORS; i++) {
    struct actor *actor = &world.actors[i];
    if (actor->in_call && actor->wait.object == old) {
      actor->wait.fulfilled = true;
    }
  }
  gs_pool_release(old);
}

void op_pool_end(struct actor *actor, uint8_t byte) {
  (void)actor;
  if (pool == NULL) {
    open_pool();
  } else if ((byte & 3) == 0) {
    close_pool();
  } else {
    gs_pool_trim(pool, byte >> 6, 0);
  }
}

/* ---- generators ---- */

static int produce(gs_gen *gen, void *arg) {
  struct model *m = arg;
  int error = GS_OK;
  while (error == GS_OK && m->produced < m->last) {
    unsigned element = m->produced + 1;
    if (element % 3 == 0) gs_yield();
    m->produced++;
    error = gs_gen_yield(gen, &element);
  }
  /* Whoever released it may have made another in its place. */
  if (m->gen != gen) return error;
  m->ended = true;
  m->result = error == GS_OK && m->last % 2 != 0 ? GS_EIO : error;
  return m->result;
}

void op_gen_new(struct actor *actor, uint8_t byte) {
  struct model *m = &gens[byte % GENS];
  if (m->gen != NULL) {
    if ((byte & 4) == 0) return;
    gs_gen *old = m->gen;
    for (int i = 0; i < ACTORS; i++) {
      struct wait *w = &world.actors[i].wait;
      if (world.actors[i].in_call && w->object == old) w->fulfilled = true;
    }
    *m = (struct model){.gen = NULL};
    gs_gen_release(old);
    return;
  }
  *m = (struct model){.node = actor->nodes[actor->depth],
                      .last = byte / GENS % LAST_MAX};
  int error = gs_gen_new(&m->gen, sizeof(unsigned), produce, m);
  if (error != GS_OK) explain(&world.host, error);
}

void op_gen_next(struct actor *actor, uint8_t byte) {
  struct model *m = &gens[byte % GENS];
  struct how how = how_of(byte);
  unsigned element = 0;
  if (m->gen == NULL || how.tries) return;
  gs_gen *gen = m->gen;
  wait_begin(actor, GEN, gen, how, 0);
  int result = how.timed ? gs_gen_next_until(gen, &element, how.deadline_ns)
                         : gs_gen_next(gen, &element);
  wait_end(actor);
  if (actor->wait.fulfilled) return; /* it has been released meanwhile */
  if (result == 1) {
    CHECK_RESULT(element > 0 && element <= m->produced, element);
    CHECK_RESULT((m->received >> element & 1) == 0, element);
    m->received |= 1U << element;
    return;
  }
  CHECK_RESULT(element == 0, element);
  if (m->ended && m->result == result) return;
  /* One whose context is done before it begins does not begin. */
  if (m->produced == 0 && result == ctx_error(m->node)) return;
  explain(actor, result);
}

/* ---- the end ---- */

void made_close(void) {
  for (unsigned i = 0; i < GENS; i++) {
    if (gens[i].gen != NULL) op_gen_new(&world.host, (uint8_t)(i + 4));
  }
  if (pool != NULL) close_pool();
}

void made_let_go(struct actor *actor) {
  while (actor->objects != 0) op_pool_put(actor, 0);
}

void made_check(void) {
  if (pool == NULL) return;
  CHECK(gs_pool_lent(pool) + gs_pool_idle(pool) <= LIMIT);
  CHECK(gs_pool_waiting(pool) == 0 || gs_pool_idle(pool) == 0);
}

void made_check_end(void) {
  for (unsigned i = 0; i < OBJECTS; i++) CHECK(objects[i].pool == NULL);
}
