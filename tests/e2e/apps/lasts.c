/* Files that last, as a program sees them: writes and checks files whose bytes
 * tell where they are, and says what fsync() answers. */
#include <errno.h>
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 65536 };

static unsigned char block[BLOCK];

/* Browsers compress what they store: this they cannot. */
static void fill(unsigned seed, int index) {
  unsigned state = seed * 2654435761u + (unsigned)index * 40503u + 1;
  for (int i = 0; i < BLOCK; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    block[i] = (unsigned char)state;
  }
}

/* Writes blocks; how many of them were taken whole. */
static int save(int fd, unsigned seed, int blocks) {
  for (int index = 0; index < blocks; index++) {
    fill(seed, index);
    for (size_t at = 0; at < BLOCK;) {
      ssize_t count = write(fd, block + at, BLOCK - at);
      if (count < 0) return index;
      at += (size_t)count;
    }
  }
  return blocks;
}

/* How many blocks are as save() made them, from the first on. */
static int check(int fd, unsigned seed) {
  unsigned char got[4096];
  for (int index = 0;; index++) {
    fill(seed, index);
    for (size_t at = 0; at < BLOCK;) {
      ssize_t count = read(fd, got, sizeof got);
      if (count <= 0) return index;
      if (memcmp(got, block + at, (size_t)count) != 0) return index;
      at += (size_t)count;
    }
  }
}

static void say(const char *what, int answer) {
  printf("%s: %s\n", what, answer < 0 ? strerror(errno) : "done");
}

/* Files of 32 blocks until they do not fit any more; then a large one goes. */
static void overflow(const char *large) {
  enum { BLOCKS = 32, MOST = 100 };
  int first = open(large, O_RDWR | O_CREAT | O_TRUNC, 0666);
  save(first, 1, 3 * BLOCKS);
  say("fsync of what fits", fsync(first));
  close(first);
  int fd = -1;
  int answer = 0;
  for (int count = 0; answer == 0 && count < MOST; count++) {
    if (fd >= 0) close(fd);
    char name[64];
    snprintf(name, sizeof name, "%s.%d", large, count);
    fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0666);
    answer = save(fd, 2, BLOCKS) == BLOCKS ? fsync(fd) : -1;
  }
  say("fsync of too much", answer);
  lseek(fd, 0, SEEK_SET);
  printf("%d blocks in memory\n", check(fd, 2));
  say("unlink", unlink(large));
  say("fsync again", fsync(fd));
  say("ftruncate", ftruncate(fd, BLOCK));
  say("fsync of less", fsync(fd));
  close(fd);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *path = argv[2];
  unsigned seed = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
  int blocks = argc > 4 ? atoi(argv[4]) : 0;
  if (strcmp(argv[1], "save") == 0) {
    int fd = open(path, O_RDWR | O_CREAT, 0666);
    say("open", fd);
    printf("%d blocks\n", save(fd, seed, blocks));
    say("fsync", fsync(fd));
    close(fd);
  } else if (strcmp(argv[1], "check") == 0) {
    int fd = open(path, O_RDONLY);
    say("open", fd);
    printf("%d blocks\n", check(fd, seed));
    close(fd);
  } else {
    overflow(path);
  }
  return 0;
}
