/* The game, in a terminal in raw mode: it draws, then waits for a key or for
 * its next step, whichever comes first. Wants COLUMNS and LINES for the size;
 * arrows or w a s d steer, q ends. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plain.h"

#define STEP_NS 130000000u
#define MAX_WIDTH 40 /* cells, each two columns wide */
#define MAX_HEIGHT 20
#define MAX_CELLS (MAX_WIDTH * MAX_HEIGHT)

struct cell {
  int x;
  int y;
};

static int width;
static int height;
static struct cell body[MAX_CELLS]; /* a ring; the head is at `head` */
static int head;
static int length;
static struct cell heading = {1, 0};
static struct cell food;

static struct cell part(int behind_head) {
  return body[(head - behind_head + MAX_CELLS) % MAX_CELLS];
}

static bool is_snake(struct cell at) {
  for (int i = 0; i < length; i++) {
    struct cell here = part(i);
    if (here.x == at.x && here.y == at.y) return true;
  }
  return false;
}

static void put(struct cell at, const char *colour, const char *text) {
  printf("\033[%d;%dH%s%s\033[0m", at.y + 2, at.x * 2 + 2, colour, text);
}

static void place_food(void) {
  do {
    food = (struct cell){rand() % width, rand() % height};
  } while (is_snake(food));
  put(food, "\033[31m", "\u25cf ");
}

static void draw_frame(void) {
  printf("\033[?25l\033[2J\033[H\033[2m\u250c");
  for (int x = 0; x < width * 2; x++) printf("\u2500");
  printf("\u2510");
  for (int y = 0; y < height; y++) {
    printf("\033[%d;1H\u2502\033[%d;%dH\u2502", y + 2, y + 2, width * 2 + 2);
  }
  printf("\033[%d;1H\u2514", height + 2);
  for (int x = 0; x < width * 2; x++) printf("\u2500");
  printf("\u2518\033[0m");
}

/* A snake does not turn into its own neck. */
static void turn(int x, int y) {
  struct cell neck = part(1);
  struct cell now = part(0);
  if (now.x + x == neck.x && now.y + y == neck.y) return;
  heading = (struct cell){x, y};
}

/* All keys that are there; false at q, ^C and the end of input. */
static bool read_keys(void) {
  char keys[32];
  ssize_t size = read(STDIN_FILENO, keys, sizeof keys);
  if (size <= 0) return false;
  for (ssize_t i = 0; i < size; i++) {
    char key = keys[i];
    /* An arrow is ESC [ and a letter. */
    if (key == 033 && i + 2 < size && keys[i + 1] == '[') {
      i += 2;
      key = "wsda"[(keys[i] - 'A') & 3];
    }
    if (key == 'w') turn(0, -1);
    if (key == 's') turn(0, 1);
    if (key == 'd') turn(1, 0);
    if (key == 'a') turn(-1, 0);
    if (key == 'q' || key == 3 || key == 4) return false;
  }
  return true;
}

/* One cell on; false when that is into the wall or itself, or all is full. */
static bool step(void) {
  struct cell next = {part(0).x + heading.x, part(0).y + heading.y};
  bool inside = next.x >= 0 && next.x < width && next.y >= 0 && next.y < height;
  if (!inside || is_snake(next)) return false;
  bool eats = next.x == food.x && next.y == food.y;
  if (!eats) put(part(length - 1), "", "  ");
  put(part(0), "\033[32m", "\u2588\u2588");
  head = (head + 1) % MAX_CELLS;
  body[head] = next;
  if (eats) length++;
  put(next, "\033[92m", "\u2588\u2588");
  if (!eats) return true;
  if (length == width * height) return false;
  place_food();
  return true;
}

static bool play(void) {
  uint64_t due_ns = plain_now() + STEP_NS;
  for (;;) {
    printf("\033[%d;1H Length %d ", height + 3, length);
    fflush(stdout);
    for (uint64_t now_ns = plain_now(); now_ns < due_ns; now_ns = plain_now()) {
      if (plain_wait_key(due_ns - now_ns) && !read_keys()) return false;
    }
    due_ns += STEP_NS;
    if (!step()) return true;
  }
}

int main(void) {
  width = (plain_env("COLUMNS", 80) - 2) / 2;
  height = plain_env("LINES", 24) - 4;
  if (width > MAX_WIDTH) width = MAX_WIDTH;
  if (height > MAX_HEIGHT) height = MAX_HEIGHT;
  if (width < 6 || height < 4) {
    fprintf(stderr, "the terminal is too small\n");
    return 1;
  }
  srand((unsigned)plain_now());
  length = 3;
  for (int i = 0; i < length; i++) {
    body[i] = (struct cell){width / 2 - length + i, height / 2};
  }
  head = length - 1;
  draw_frame();
  place_food();
  bool played = play();
  printf("\033[%d;1H\033[?25h%s Length %d.\n", height + 3,
         played ? "The end." : "Bye.", length);
  return 0;
}
