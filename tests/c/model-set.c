/* Sets: see model-set.h. A hash table of indices, linear probing. */
#include "model-set.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

void model_set_init(struct model_set *set, size_t item_bytes) {
  memset(set, 0, sizeof *set);
  set->item_bytes = item_bytes;
}

void model_set_term(struct model_set *set) {
  free(set->items);
  free(set->table);
  model_set_init(set, set->item_bytes);
}

/* Where in the table the item is, or would be. */
static size_t find(const struct model_set *set, const void *item) {
  const unsigned char *bytes = item;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < set->item_bytes; i++) {
    hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  }
  size_t at = (size_t)(hash ^ (hash >> 32)) & (set->table_size - 1);
  while (set->table[at] != 0 && memcmp(model_set_at(set, set->table[at] - 1),
                                       item, set->item_bytes) != 0) {
    at = (at + 1) & (set->table_size - 1);
  }
  return at;
}

static void grow(struct model_set *set) {
  set->capacity = set->capacity == 0 ? 64 : set->capacity * 2;
  set->items = realloc(set->items, set->capacity * set->item_bytes);
  free(set->table);
  set->table_size = set->capacity * 2;
  set->table = calloc(set->table_size, sizeof *set->table);
  CHECK(set->items != NULL && set->table != NULL);
  for (size_t i = 0; i < set->count; i++) {
    set->table[find(set, model_set_at(set, i))] = (uint32_t)i + 1;
  }
}

size_t model_set_add(struct model_set *set, const void *item, bool *is_new) {
  if (set->count == set->capacity) grow(set);
  size_t at = find(set, item);
  *is_new = set->table[at] == 0;
  if (*is_new) {
    memcpy(set->items + set->count * set->item_bytes, item, set->item_bytes);
    set->table[at] = (uint32_t)++set->count;
  }
  return set->table[at] - 1;
}

bool model_set_has(const struct model_set *set, const void *item) {
  return set->count > 0 && set->table[find(set, item)] != 0;
}
