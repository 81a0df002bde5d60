/* Calls from JavaScript, each in a goroutine of its own: the other half of
 * gossamer/export.h. */
#include <gossamer/export.h>
#include <gossamer/go.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/check.h"
#include "../base/stress.h"
#include "host.h"

#ifdef __wasm__
_Static_assert(sizeof(struct gs__value) == 16, "the glue knows the layout");
_Static_assert(sizeof(struct gs__call) == 152, "the glue knows the layout");
#endif

/* What the goroutine needs besides the call itself. */
struct pending {
  struct gs__call *call;
  gs__call_body *body;
};

/* A call's block of memory, zeroed, for the glue to fill in; NULL: none. */
GS__EXPORT_AS("gs_call_new") struct gs__call *gs_call_new(uint32_t bytes);
struct gs__call *gs_call_new(uint32_t bytes) {
  if (bytes < sizeof(struct gs__call)) return NULL;
  return gs__calloc(1, bytes);
}

static void done(struct pending *pending) {
  gs__host_call_done(pending->call);
  free(pending->call);
  free(pending);
}

static void run(void *arg) {
  struct pending *pending = arg;
  pending->body(pending->call);
  done(pending);
}

/* The body called gs_exit(): there is no result. */
void gs__call_exits(gs_func *fn, void *arg);
void gs__call_exits(gs_func *fn, void *arg) {
  if (fn == run) done(arg);
}

int gs__call_start(struct gs__call *call, gs__call_body *body, const char *name,
                   uint32_t arity) {
  int error = GS_EINVAL;
  if (call->count != arity) goto free_call;
  error = GS_ENOMEM;
  struct pending *pending = gs__malloc(sizeof *pending);
  if (pending == NULL) goto free_call;
  *pending = (struct pending){call, body};
  struct gs_go_options options = {.name = name};
  gs_id id = gs__go_with_from("JavaScript", &options, run, pending);
  if (id >= 0) return GS_OK;
  error = (int)id;
  free(pending);
free_call:
  free(call);
  return error;
}

double gs__value_number(const struct gs__value *value) {
  return value->kind == GS__VALUE_DOUBLE ? value->as.number
                                         : (double)value->as.integer;
}

/* Without undefined behaviour for any double: NaN is 0, the rest saturates. */
int64_t gs__value_integer(const struct gs__value *value) {
  if (value->kind != GS__VALUE_DOUBLE) return value->as.integer;
  double number = value->as.number;
  if (!(number > -0x1p63)) return isnan(number) ? 0 : INT64_MIN;
  if (number >= 0x1p63) return INT64_MAX;
  return (int64_t)number;
}

const void *gs__value_pointer(const struct gs__value *value) {
  if (value->kind == GS__VALUE_NONE) return NULL;
  return (const void *)(uintptr_t)value->as.offset;
}

void gs__value_set_number(struct gs__value *value, double number) {
  value->kind = GS__VALUE_DOUBLE;
  value->as.number = number;
}

void gs__value_set_int64(struct gs__value *value, long long number) {
  value->kind = GS__VALUE_INT64;
  value->as.integer = number;
}

void gs__value_set_uint64(struct gs__value *value, unsigned long long number) {
  value->kind = GS__VALUE_UINT64;
  value->as.integer = (int64_t)number;
}

void gs__value_set_text(struct gs__value *value, const char *text) {
  value->kind = text == NULL ? GS__VALUE_NONE : GS__VALUE_TEXT;
  if (text == NULL) return;
  value->as.offset = (uint32_t)(uintptr_t)text;
  value->size_bytes = (uint32_t)strlen(text);
}
