/* Makes programs for the model by chance, from a seed. Locks are mostly taken
 * before they are released, so that not all programs end soon. */
#ifndef GS_TESTS_MODEL_MAKE_H
#define GS_TESTS_MODEL_MAKE_H

#include "model.h"

/* How often each kind comes, relative to the others. */
struct model_mix {
  uint8_t weights[MODEL_KINDS];
  uint8_t try_percent;
  uint8_t until_percent;
  uint8_t select_percent; /* of transfers */
  uint8_t null_percent;   /* of channels */
  uint8_t chans;
  uint8_t ctx_percent; /* of goroutines in the context */
  uint8_t ops;         /* of all goroutines together, at most */
};

void model_make_seed(uint64_t seed);
void model_make(const struct model_mix *mix, struct model_program *out);

#endif
