/* Pipelines: see gossamer/pipeline.h. A stage is a goroutine that keeps its
 * outputs without a reference: closing one tells it, and it forgets the channel
 * before that is freed. So it reads an output anew for each send. */
#include <gossamer/pipeline.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "chan.h"

#define STAGE_STACK_BYTES 4096

struct outlet {
  struct gs__keeper keeper; /* must be first */
  gs_chan *chan;            /* NULL: it is closed */
  struct stage *stage;
};

struct stage {
  struct gs__owned owned; /* must be first */
  struct gs__task *task;
  struct gs_case *cases; /* as many as there are inputs, or outputs */
  gs_chan **ins;         /* a reference each; NULL: it is drained */
  struct outlet *outs;
  void *elem;
  size_t in_count;
  size_t out_count;
  size_t ins_left;
  size_t outs_left;
};

/* An output was closed, by the consumer, by its last reference or by us. */
static void outlet_closed(struct gs__keeper *keeper) {
  struct outlet *outlet = (struct outlet *)keeper;
  outlet->chan = NULL;
  outlet->stage->outs_left--;
  gs__task_interrupt(outlet->stage->task, GS_EINTR);
}

static void in_drained(struct stage *stage, size_t index) {
  gs_chan_release(stage->ins[index]);
  stage->ins[index] = NULL;
  stage->ins_left--;
}

static void end(struct gs__owned *owned, bool dropped) {
  struct stage *stage = (struct stage *)owned;
  for (size_t i = 0; i < stage->out_count; i++) {
    gs_chan *out = stage->outs[i].chan;
    if (out == NULL) continue;
    if (dropped) {
      out->keepers = NULL;
    } else {
      gs_chan_close(out);
    }
  }
  for (size_t i = 0; i < stage->in_count && !dropped; i++) {
    if (stage->ins[i] == NULL) continue;
    gs_chan_close(stage->ins[i]);
    gs_chan_release(stage->ins[i]);
  }
  free(stage);
}

/* GS_OK; GS_EPIPE when that output is closed; or the context's error. */
static int send_to(const struct outlet *outlet, const void *elem) {
  int error = GS_EPIPE;
  do { /* another one was closed */
    if (outlet->chan == NULL) return GS_EPIPE;
    error = gs_chan_send(outlet->chan, elem);
  } while (error == GS_EINTR);
  return error;
}

/* 1 with an element; 0 when that is all. */
static int receive(struct stage *stage) {
  int result;
  do {
    if (stage->outs_left == 0) return 0;
    result = gs_chan_recv(stage->ins[0], stage->elem);
  } while (result == GS_EINTR);
  return result > 0;
}

static void run_merge(void *arg) {
  struct stage *stage = arg;
  for (size_t i = 0; i < stage->in_count; i++) {
    stage->cases[i] = GS_RECV(stage->ins[i], stage->elem);
  }
  while (stage->ins_left > 0 && stage->outs_left > 0) {
    int index = gs_select(stage->cases, stage->in_count);
    if (index < 0) return; /* not wanted any more, or its context is done */
    if (stage->cases[index].result == 0) {
      stage->cases[index].op = GS_CASE_NONE;
      in_drained(stage, (size_t)index);
    } else if (send_to(&stage->outs[0], stage->elem) < 0) {
      return;
    }
  }
}

static void run_tee(void *arg) {
  struct stage *stage = arg;
  while (receive(stage) > 0) {
    for (size_t i = 0; i < stage->out_count; i++) {
      int error = send_to(&stage->outs[i], stage->elem);
      if (error < 0 && error != GS_EPIPE) return;
    }
  }
}

/* To whichever has room first. */
static int send_to_any(struct stage *stage) {
  while (stage->outs_left > 0) {
    for (size_t i = 0; i < stage->out_count; i++) {
      stage->cases[i] = GS_SEND(stage->outs[i].chan, stage->elem);
    }
    int index = gs_select(stage->cases, stage->out_count);
    if (index >= 0 && stage->cases[index].result == GS_OK) return GS_OK;
    if (index < 0) return index;
  }
  return GS_EPIPE;
}

static void run_distribute(void *arg) {
  struct stage *stage = arg;
  while (receive(stage) > 0) {
    if (send_to_any(stage) < 0) return;
  }
}

static size_t aligned(size_t bytes) { return (bytes + 15) & ~(size_t)15; }

/* One block for everything. NULL: no memory. */
static struct stage *stage_new(size_t ins, size_t outs, size_t elem_bytes) {
  size_t most = ins > outs ? ins : outs;
  if (most > PTRDIFF_MAX / 4 / sizeof(struct gs_case) ||
      elem_bytes > PTRDIFF_MAX / 2) {
    return NULL;
  }
  size_t head = aligned(sizeof(struct stage));
  size_t cases = aligned(most * sizeof(struct gs_case));
  size_t outlets = aligned(outs * sizeof(struct outlet));
  size_t inlets = aligned(ins * sizeof(gs_chan *));
  char *block = gs__malloc(head + cases + outlets + inlets + elem_bytes);
  if (block == NULL) return NULL;
  struct stage *stage = (struct stage *)(void *)block;
  *stage = (struct stage){.owned = {.end = end},
                          .in_count = ins,
                          .out_count = outs,
                          .ins_left = ins,
                          .outs_left = outs};
  block += head;
  stage->cases = (struct gs_case *)(void *)block;
  block += cases;
  stage->outs = (struct outlet *)(void *)block;
  block += outlets;
  stage->ins = (gs_chan **)(void *)block;
  stage->elem = block + inlets;
  return stage;
}

/* The inputs' element size; 0: something is wrong with them. */
static size_t common_size(gs_chan *const *ins, size_t count) {
  size_t elem_bytes = count == 0 ? 0 : gs_chan_elem_bytes(ins[0]);
  for (size_t i = 0; i < count; i++) {
    if (gs_chan_elem_bytes(ins[i]) != elem_bytes) return 0;
  }
  return elem_bytes;
}

static int start(gs_chan **outs, size_t out_count, gs_chan *const *ins,
                 size_t in_count, size_t capacity, const char *name,
                 gs_func *run) {
  if (outs == NULL || ins == NULL || out_count == 0) return GS_EINVAL;
  size_t elem_bytes = common_size(ins, in_count);
  if (elem_bytes == 0) return GS_EINVAL;
  struct stage *stage = stage_new(in_count, out_count, elem_bytes);
  if (stage == NULL) return GS_ENOMEM;
  int error;
  size_t made = 0;
  for (; made < out_count; made++) {
    struct outlet *outlet = &stage->outs[made];
    *outlet =
        (struct outlet){.keeper = {.closed = outlet_closed}, .stage = stage};
    error = gs_chan_new(&outlet->chan, elem_bytes, capacity);
    if (error != GS_OK) goto no_outs;
  }
  struct gs_go_options options = {.stack_bytes = STAGE_STACK_BYTES,
                                  .name = name};
  gs_id id = (gs_go_with)(&options, run, stage);
  if (id < 0) {
    error = (int)id;
    goto no_outs;
  }
  stage->task = gs__task_newest();
  gs__own(stage->task, &stage->owned);
  for (size_t i = 0; i < in_count; i++) stage->ins[i] = gs_chan_retain(ins[i]);
  for (size_t i = 0; i < out_count; i++) {
    outs[i] = stage->outs[i].chan;
    gs__chan_keep(outs[i], &stage->outs[i].keeper);
  }
  return GS_OK;

no_outs:
  while (made > 0) gs_chan_release(stage->outs[--made].chan);
  free(stage);
  return error;
}

int gs_chan_merge(gs_chan **out, gs_chan *const *ins, size_t count,
                  size_t capacity) {
  return start(out, 1, ins, count, capacity, "merge", run_merge);
}

int gs_chan_tee(gs_chan **outs, size_t count, gs_chan *in, size_t capacity) {
  return start(outs, count, &in, 1, capacity, "tee", run_tee);
}

int gs_chan_distribute(gs_chan **outs, size_t count, gs_chan *in,
                       size_t capacity) {
  return start(outs, count, &in, 1, capacity, "distribute", run_distribute);
}
