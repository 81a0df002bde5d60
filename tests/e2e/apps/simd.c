/* Built for more than WebAssembly's first version: vectors live across a
 * park. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <wasm_simd128.h>

int main(void) {
  v128_t numbers = wasm_f32x4_make(1, 2, 3, (float)gs_self() + 3);
  gs_yield();
  numbers = wasm_f32x4_mul(numbers, numbers);
  gs_yield();
  printf("%.0f %.0f\n", wasm_f32x4_extract_lane(numbers, 1),
         wasm_f32x4_extract_lane(numbers, 3));
  return 0;
}
