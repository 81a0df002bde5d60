/* C++: constructors of globals run before main(), destructors at exit, and the
 * headers compile. */
#include <gossamer/gossamer.h>

#include <cstdio>
#include <string>

namespace {

struct Global {
  Global() { std::puts("constructed"); }
  ~Global() { std::puts("destroyed"); }
} global;

GS_CHAN_TYPE(Ints, int);

}  // namespace

GS_EXPORT(int64_t, twice, (int64_t, number)) { return number * 2; }

int main() {
  Ints ints = GS_CHAN_NULL;
  if (gs_make(&ints, 1) != GS_OK) return 1;
  gs_send(ints, 42);
  int got = 0;
  gs_recv(ints, &got);
  std::printf("got %d\n", got);
  gs_release(ints);
  return got == 42 ? 0 : 1;
}
