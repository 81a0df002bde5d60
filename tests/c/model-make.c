/* Programs by chance: see model-make.h. */
#include "model-make.h"

#include <string.h>

#include "../../src/base/random.h"

static struct gs__random source;

void model_make_seed(uint64_t seed) { gs__random_seed(&source, seed); }

static uint32_t below(uint32_t count) {
  return gs__random_below(&source, count);
}

static uint8_t pick_kind(const struct model_mix *mix) {
  uint32_t sum = 0;
  for (int k = 0; k < MODEL_KINDS; k++) sum += mix->weights[k];
  uint32_t at = below(sum);
  uint8_t kind = 0;
  while (at >= mix->weights[kind]) at -= mix->weights[kind++];
  return kind;
}

static uint8_t pick_chan(const struct model_mix *mix) {
  if (below(100) < mix->null_percent) return MODEL_NULL_CHAN;
  return (uint8_t)below(mix->chans);
}

static bool has_forms(uint8_t kind) {
  switch (kind) {
    case MODEL_TRANSFER:
    case MODEL_LOCK:
    case MODEL_READ_LOCK:
    case MODEL_WRITE_LOCK:
    case MODEL_ACQUIRE:
    case MODEL_COUNT_WAIT:
    case MODEL_BARRIER:
    case MODEL_ONCE:
      return true;
    default:
      return false;
  }
}

/* What a goroutine should have done before, so that most of them get far. */
static uint8_t needed_before(uint8_t kind) {
  switch (kind) {
    case MODEL_UNLOCK:
    case MODEL_COND_WAIT:
      return MODEL_LOCK;
    case MODEL_READ_UNLOCK:
      return MODEL_READ_LOCK;
    case MODEL_WRITE_UNLOCK:
      return MODEL_WRITE_LOCK;
    case MODEL_COUNT_DONE:
      return MODEL_COUNT_ADD;
    default:
      return MODEL_KINDS;
  }
}

/* What should end an actor that has done `kind`. */
static uint8_t needed_after(uint8_t kind) {
  switch (kind) {
    case MODEL_LOCK:
      return MODEL_UNLOCK;
    case MODEL_READ_LOCK:
      return MODEL_READ_UNLOCK;
    case MODEL_WRITE_LOCK:
      return MODEL_WRITE_UNLOCK;
    default:
      return MODEL_KINDS;
  }
}

static int count_of(const struct model_actor *a, int steps, uint8_t kind) {
  int count = 0;
  for (int i = 0; i < steps; i++) count += a->ops[i].kind == kind;
  return count;
}

static uint8_t pick_next_kind(const struct model_mix *mix,
                              const struct model_actor *a, int step) {
  if (step + 1 == a->count && below(4) > 0) {
    for (int k = 0; k < MODEL_KINDS; k++) {
      uint8_t kind = (uint8_t)k;
      uint8_t after = needed_after(kind);
      if (after == MODEL_KINDS) continue;
      if (count_of(a, step, kind) > count_of(a, step, after)) return after;
    }
  }
  uint8_t kind = pick_kind(mix);
  uint8_t before = needed_before(kind);
  if (before == MODEL_KINDS || below(5) == 0) return kind;
  return count_of(a, step, before) > 0 ? kind : before;
}

static uint8_t pick_time(void) { return below(3) == 0 ? 20 : 10; }

static void make_op(const struct model_mix *mix, uint8_t kind,
                    struct model_op *op) {
  op->kind = kind;
  uint32_t form = below(100);
  if (has_forms(op->kind) && form < mix->try_percent) {
    op->form = MODEL_TRY;
  } else if ((has_forms(op->kind) || op->kind == MODEL_COND_WAIT) &&
             form < (uint32_t)mix->try_percent + mix->until_percent) {
    op->form = MODEL_UNTIL;
    op->deadline = pick_time();
  }
  switch (op->kind) {
    case MODEL_TRANSFER:
      op->cases_count = below(100) < mix->select_percent ? 2 : 1;
      for (int k = 0; k < op->cases_count; k++) {
        op->cases[k].chan = pick_chan(mix);
        op->cases[k].sends = below(2) == 0;
      }
      break;
    case MODEL_CLOSE:
      op->cases[0].chan = pick_chan(mix);
      break;
    case MODEL_SLEEP:
    case MODEL_TICK:
      op->amount = pick_time();
      break;
    case MODEL_ACQUIRE:
    case MODEL_RELEASE:
    case MODEL_COUNT_ADD:
      op->amount = (uint8_t)(1 + below(2));
      break;
    case MODEL_ONCE:
      op->amount = below(2) == 0 ? 0 : 10;
      break;
    default:
      break;
  }
}

void model_make(const struct model_mix *mix, struct model_program *out) {
  memset(out, 0, sizeof *out);
  for (int c = 0; c < MODEL_CHANS; c++) {
    out->capacities[c] = (uint8_t)below(MODEL_BUFFER + 1);
  }
  out->units = (uint8_t)below(4);
  if (mix->ctx_percent > 0 && below(3) == 0) out->ctx_deadline = pick_time();
  out->parties = (uint8_t)(1 + below(3));
  out->actors_count = (uint8_t)(2 + below(MODEL_ACTORS - 1));
  uint32_t left = mix->ops;
  for (int i = 0; i < out->actors_count; i++) {
    uint32_t others = (uint32_t)(out->actors_count - 1 - i);
    uint32_t most = left - others;
    if (most > MODEL_OPS) most = MODEL_OPS;
    struct model_actor *a = &out->actors[i];
    a->count = (uint8_t)(1 + below(most));
    left -= a->count;
    a->in_ctx = below(100) < mix->ctx_percent;
    for (int step = 0; step < a->count; step++) {
      make_op(mix, pick_next_kind(mix, a, step), &a->ops[step]);
    }
  }
}
