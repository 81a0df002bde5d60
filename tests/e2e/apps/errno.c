/* errno is each goroutine's own: two of them set it, each parks, and finds its
 * own value again; a goroutine that begins has none. Row A3. */
#include <errno.h>
#include <gossamer/gossamer.h>
#include <stdio.h>

static int wrong;

static void keep(void *arg) {
  int mine = (int)(intptr_t)arg;
  if (errno != 0) wrong++;
  int *where = &errno;
  for (int i = 0; i < 100; i++) {
    errno = mine + i;
    gs_yield();
    if (errno != mine + i || where != &errno) wrong++;
  }
}

int main(void) {
  errno = EDOM;
  gs_go(keep, (void *)1000);
  gs_go(keep, (void *)2000);
  gs_sleep(GS_MILLISECOND);
  for (int i = 0; i < 200; i++) gs_yield();
  if (errno != EDOM) wrong++;
  printf("%d wrong\n", wrong);
  return wrong;
}
