/* C++: constructors of globals run before main() and may start goroutines,
 * destructors run at exit and may park, and the headers compile. */
#include <gossamer/gossamer.h>

#include <cstdio>
#include <string>

namespace {

GS_CHAN_TYPE(Ints, int);

void work(void *arg) { gs_send(*static_cast<Ints *>(arg), 40); }

/* Its goroutine and its timer are there before main() is. */
struct Global {
  Ints ints = GS_CHAN_NULL;
  gs_timer *timer = nullptr;
  Global() {
    gs_make(&ints, 0);
    gs_timer_new(&timer, 1, 0);
    std::puts(gs_go(work, &ints) > 0 ? "constructed" : "failed");
  }
  ~Global() {
    gs_sleep(1);
    gs_timer_release(timer);
    gs_release(ints);
    std::puts("destroyed");
  }
} global;

}  // namespace

GS_EXPORT(int64_t, twice, (int64_t, number)) { return number * 2; }

int main() {
  Ints ints = GS_CHAN_NULL;
  if (gs_make(&ints, 1) != GS_OK) return 1;
  int first = 0;
  gs_recv(global.ints, &first);
  gs_chan_recv(gs_timer_chan(global.timer), nullptr);
  gs_send(ints, first + 2);
  int got = 0;
  gs_recv(ints, &got);
  std::printf("got %d\n", got);
  gs_release(ints);
  return got == 42 ? 0 : 1;
}
