/* A set of structures without padding, compared byte by byte. */
#ifndef GS_TESTS_MODEL_SET_H
#define GS_TESTS_MODEL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_set {
  size_t item_bytes;
  size_t count;
  size_t capacity;
  unsigned char *items; /* in the order they were added */
  uint32_t *table;      /* item + 1, or 0 */
  size_t table_size;    /* a power of two */
};

void model_set_init(struct model_set *set, size_t item_bytes);
void model_set_term(struct model_set *set);
/* Its index; *is_new tells whether it was added. */
size_t model_set_add(struct model_set *set, const void *item, bool *is_new);
bool model_set_has(const struct model_set *set, const void *item);
static inline const void *model_set_at(const struct model_set *set,
                                       size_t index) {
  return set->items + index * set->item_bytes;
}

#endif
