/* Programs and outcomes in words: see model.h. */
#include <gossamer/error.h>
#include <stdio.h>

#include "model.h"

static const char *const kinds[MODEL_KINDS] = {
    [MODEL_TRANSFER] = "select",
    [MODEL_CLOSE] = "close",
    [MODEL_SLEEP] = "sleep",
    [MODEL_YIELD] = "yield",
    [MODEL_TICK] = "tick",
    [MODEL_LOCK] = "lock",
    [MODEL_UNLOCK] = "unlock",
    [MODEL_COND_WAIT] = "wait",
    [MODEL_SIGNAL] = "signal",
    [MODEL_BROADCAST] = "broadcast",
    [MODEL_READ_LOCK] = "read-lock",
    [MODEL_READ_UNLOCK] = "read-unlock",
    [MODEL_WRITE_LOCK] = "write-lock",
    [MODEL_WRITE_UNLOCK] = "write-unlock",
    [MODEL_ACQUIRE] = "acquire",
    [MODEL_RELEASE] = "release",
    [MODEL_COUNT_ADD] = "group-add",
    [MODEL_COUNT_DONE] = "group-done",
    [MODEL_COUNT_WAIT] = "group-wait",
    [MODEL_BARRIER] = "barrier",
    [MODEL_ONCE] = "once",
    [MODEL_CANCEL] = "cancel",
};

static const char *chan_name(int chan) {
  static const char *const names[] = {"a", "b", "c", "NULL"};
  return names[chan];
}

static void print_case(const struct model_case *c) {
  printf("%s %s", c->sends ? "send" : "recv", chan_name(c->chan));
}

static void print_op(const struct model_op *op) {
  if (op->kind == MODEL_TRANSFER && op->cases_count == 1) {
    print_case(&op->cases[0]);
  } else {
    printf("%s", kinds[op->kind]);
  }
  if (op->kind == MODEL_TRANSFER && op->cases_count > 1) {
    printf("{");
    for (int k = 0; k < op->cases_count; k++) {
      if (k > 0) printf(" | ");
      print_case(&op->cases[k]);
    }
    printf("}");
  }
  if (op->kind == MODEL_CLOSE) printf(" %s", chan_name(op->cases[0].chan));
  if (op->amount > 0) printf(" %u", (unsigned)op->amount);
  if (op->form == MODEL_TRY) printf(" (try)");
  if (op->form == MODEL_UNTIL) printf(" (until %u)", (unsigned)op->deadline);
}

void model_print_program(const struct model_program *program) {
  printf(
      "# capacities a %u, b %u, c %u; %u units; %u parties; "
      "context until %u\n",
      (unsigned)program->capacities[0], (unsigned)program->capacities[1],
      (unsigned)program->capacities[2], (unsigned)program->units,
      (unsigned)program->parties, (unsigned)program->ctx_deadline);
  for (int i = 0; i < program->actors_count; i++) {
    printf("# %d%s:", i, program->actors[i].in_ctx ? " (in the context)" : "");
    for (int step = 0; step < program->actors[i].count; step++) {
      printf(step == 0 ? " " : "; ");
      print_op(&program->actors[i].ops[step]);
    }
    printf("\n");
  }
}

static void print_result(const struct model_op *op,
                         const struct model_result *r) {
  if (r->code < 0) {
    printf("%s", gs_error_name(r->code));
  } else {
    printf("%d", r->code);
  }
  if (op->cases_count > 1 && r->code >= 0) printf(":%d", r->result);
  for (int k = 0; k < 2; k++) {
    if (r->values[k] != MODEL_UNTOUCHED) printf(" got %u", r->values[k]);
  }
  printf(" at %u", (unsigned)r->time);
}

void model_print_outcome(const struct model_program *program,
                         const struct model_outcome *outcome) {
  for (int i = 0; i < program->actors_count; i++) {
    printf("#   %d:", i);
    for (int step = 0; step < outcome->done[i]; step++) {
      printf(step == 0 ? " " : "; ");
      print_result(&program->actors[i].ops[step], &outcome->results[i][step]);
    }
    printf(outcome->done[i] < program->actors[i].count ? " ...\n" : "\n");
  }
  for (int c = 0; c < MODEL_CHANS; c++) {
    if (outcome->buffered[c] == 0) continue;
    printf("#   left in %s:", chan_name(c));
    for (int e = 0; e < outcome->buffered[c]; e++) {
      printf(" %u", (unsigned)outcome->elems[c][e]);
    }
    printf("\n");
  }
  printf("#   holder %u, writer %u, readers %u, units %u, count %u%s\n",
         (unsigned)outcome->holder, (unsigned)outcome->writer,
         (unsigned)outcome->readers, (unsigned)outcome->units,
         (unsigned)outcome->count, outcome->deadlock ? ", deadlock" : "");
}
