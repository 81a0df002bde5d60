/* Arenas (D5): alignment, growth, large pieces, marks, what is freed and when,
 * no memory, and the goroutine's own. */
#include <gossamer/gossamer.h>
#include <stdalign.h>
#include <string.h>

#include "../../src/runtime.h"
#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "harness.h"

#define CHUNK 1024

static bool is_aligned(const void *pointer, size_t align) {
  return ((uintptr_t)pointer & (align - 1)) == 0;
}

TEST(arena_pieces_are_apart_aligned_and_writable) {
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  unsigned char *pieces[200];
  for (int i = 0; i < 200; i++) {
    size_t size = (size_t)i % 37 + 1;
    size_t used = gs_arena_used(&arena);
    pieces[i] = gs_arena_alloc(&arena, size);
    used = gs_arena_used(&arena) - used;
    CHECK(used >= size && used <= size + 32); /* over chunks' ends, too */
    CHECK(pieces[i] != NULL);
    CHECK(is_aligned(pieces[i], 16));
    memset(pieces[i], i, size);
  }
  for (int i = 0; i < 200; i++) {
    for (size_t at = 0; at < (size_t)i % 37 + 1; at++) {
      CHECK_EQ(pieces[i][at], i);
    }
  }
  gs_arena_term(&arena);
}

TEST(arena_aligns_as_asked_and_refuses_what_is_no_power_of_two) {
  gs_arena arena = {0};
  for (size_t align = 1; align <= 1 << 16; align *= 2) {
    CHECK(gs_arena_alloc_aligned(&arena, 1, 1) != NULL);
    char *piece = gs_arena_alloc_aligned(&arena, 3, align);
    CHECK(piece != NULL);
    CHECK(is_aligned(piece, align));
    memset(piece, 1, 3);
  }
  size_t used = gs_arena_used(&arena);
  CHECK_EQ(gs_arena_alloc_aligned(&arena, 1, 0), (void *)NULL);
  CHECK_EQ(gs_arena_alloc_aligned(&arena, 1, 3), (void *)NULL);
  CHECK_EQ(gs_arena_alloc_aligned(&arena, 1, 48), (void *)NULL);
  CHECK_EQ(gs_arena_used(&arena), used);
  gs_arena_term(&arena);
}

TEST(arena_packs_bytes_that_want_no_alignment) {
  gs_arena arena = {0};
  char *first = gs_arena_alloc_aligned(&arena, 1, 1);
  char *second = gs_arena_alloc_aligned(&arena, 1, 1);
#ifdef GS__ASAN
  CHECK(second - first > 1); /* a gap */
#else
  CHECK_EQ(second - first, 1);
#endif
  gs_arena_term(&arena);
}

TEST(arena_of_size_zero_and_pieces_of_size_zero) {
  gs_arena arena;
  gs_arena_init(&arena, 0);
  CHECK_EQ(gs_arena_reserved(&arena), 0);
  char *a = gs_arena_alloc(&arena, 0);
  char *b = gs_arena_alloc(&arena, 0);
  CHECK(a != NULL && b != NULL && a != b);
  CHECK_EQ(gs_arena_reserved(&arena), GS_ARENA_CHUNK_DEFAULT);
  gs_arena_term(&arena);
  CHECK_EQ(gs_arena_reserved(&arena), 0);
  CHECK(gs_arena_alloc(&arena, 1) != NULL); /* can be used on */
  gs_arena_term(&arena);
}

TEST(a_large_piece_has_a_chunk_of_its_own_and_the_current_one_is_used_on) {
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  char *before = gs_arena_alloc(&arena, 16);
  size_t reserved = gs_arena_reserved(&arena);
  char *large = gs_arena_alloc(&arena, 10 * CHUNK);
  CHECK(large != NULL);
  memset(large, 1, 10 * CHUNK);
  CHECK(gs_arena_reserved(&arena) >= reserved + 10 * CHUNK);
  CHECK(gs_arena_reserved(&arena) <= reserved + 10 * CHUNK + 256);
  reserved = gs_arena_reserved(&arena);
  char *after = gs_arena_alloc(&arena, 16);
  CHECK(after - before >= 16 && after - before <= 48);
  CHECK_EQ(gs_arena_reserved(&arena), reserved);
  CHECK(gs_arena_used(&arena) >= 10 * CHUNK + 32);
  gs_arena_term(&arena);
}

TEST(arena_sizes_that_overflow_are_no_memory) {
  gs_arena arena = {0};
  CHECK_EQ(gs_arena_alloc(&arena, SIZE_MAX), (void *)NULL);
  CHECK_EQ(gs_arena_alloc(&arena, SIZE_MAX - 15), (void *)NULL);
  CHECK_EQ(gs_arena_alloc_aligned(&arena, 1, SIZE_MAX / 2 + 1), (void *)NULL);
  CHECK_EQ(GS_ARENA_ARRAY(&arena, int64_t, SIZE_MAX / 8 + 1), (void *)NULL);
  CHECK_EQ(GS_ARENA_ARRAY(&arena, int64_t, SIZE_MAX / 8), (void *)NULL);
  CHECK_EQ(gs_arena_strndup(&arena, "text", SIZE_MAX)[3], 't');
  CHECK_EQ(gs_arena_alloc(&arena, SIZE_MAX), (void *)NULL);
  gs_arena_term(&arena);
}

struct node {
  struct node *next;
  double value;
};

TEST(arena_objects_and_arrays_are_zero_even_where_others_were) {
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  gs_arena_mark mark = gs_arena_mark_now(&arena);
  memset(gs_arena_alloc(&arena, 200), 0xff, 200);
  gs_arena_rewind(&arena, mark);
  struct node *node = GS_ARENA_NEW(&arena, struct node);
  CHECK(is_aligned(node, alignof(struct node)));
  CHECK(node->next == NULL && node->value == 0);
  int *numbers = GS_ARENA_ARRAY(&arena, int, 30);
  for (int i = 0; i < 30; i++) CHECK_EQ(numbers[i], 0);
  CHECK(GS_ARENA_ARRAY(&arena, int, 0) != NULL);
  gs_arena_term(&arena);
}

TEST(arena_copies_and_formats) {
  gs_arena *arena = NULL;
  CHECK_EQ(gs_arena_new(&arena, CHUNK), GS_OK);
  const int numbers[] = {1, 2, 3};
  int *copied = gs_arena_memdup(arena, numbers, sizeof numbers);
  CHECK(copied != numbers && memcmp(copied, numbers, sizeof numbers) == 0);
  CHECK(gs_arena_memdup(arena, NULL, 0) != NULL);
  CHECK_STR_EQ(gs_arena_strdup(arena, "hello"), "hello");
  CHECK_STR_EQ(gs_arena_strdup(arena, ""), "");
  CHECK_STR_EQ(gs_arena_strndup(arena, "hello", 3), "hel");
  CHECK_STR_EQ(gs_arena_strndup(arena, "hello", 50), "hello");
  CHECK_STR_EQ(gs_arena_format(arena, "%d of %s", 7, "nine"), "7 of nine");
  char *text = gs_arena_format(arena, "%500d|", 1);
  CHECK_EQ(strlen(text), 501);
  CHECK_STR_EQ(text + 498, " 1|");
  text = gs_arena_format(arena, "%127d", 1); /* what just fits, and not */
  CHECK_EQ(strlen(text), 127);
  text = gs_arena_format(arena, "%128d", 1);
  CHECK_EQ(strlen(text), 128);
  gs_arena_release(arena);
  gs_arena_release(NULL);
  gs_arena_term(NULL);
  CHECK_EQ(gs_arena_new(NULL, 0), GS_EINVAL);
}

TEST(rewinding_frees_what_came_after_the_mark_and_marks_nest) {
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  char *kept = gs_arena_strdup(&arena, "kept");
  gs_arena_mark outer = gs_arena_mark_now(&arena);
  size_t used = gs_arena_used(&arena);
  size_t live = alloc_fake_live();
  char *first = gs_arena_alloc(&arena, 16);
  for (int i = 0; i < 100; i++) CHECK(gs_arena_alloc(&arena, 100) != NULL);
  gs_arena_mark inner = gs_arena_mark_now(&arena);
  size_t used_inner = gs_arena_used(&arena);
  for (int i = 0; i < 100; i++) CHECK(gs_arena_alloc(&arena, 100) != NULL);
  CHECK(gs_arena_alloc(&arena, 5000) != NULL);
  gs_arena_rewind(&arena, inner);
  CHECK_EQ(gs_arena_used(&arena), used_inner);
  gs_arena_rewind(&arena, outer);
  CHECK_EQ(gs_arena_used(&arena), used);
  CHECK_EQ(alloc_fake_live(), live + 1); /* the spare one */
  CHECK_EQ(gs_arena_alloc(&arena, 16), (void *)first);
  CHECK_STR_EQ(kept, "kept");
  gs_arena_term(&arena);
}

TEST(a_loop_that_marks_and_rewinds_leaves_malloc_alone) {
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  size_t reserved = 0;
  for (int round = 0; round < 10; round++) {
    gs_arena_mark mark = gs_arena_mark_now(&arena);
    for (int i = 0; i < 7; i++) CHECK(gs_arena_alloc(&arena, 100) != NULL);
    gs_arena_rewind(&arena, mark);
    if (round == 0) {
      reserved = gs_arena_reserved(&arena);
      alloc_fake_fail_after(0);
    }
    CHECK_EQ(gs_arena_reserved(&arena), reserved);
  }
  CHECK(alloc_fake_never_fail());
  gs_arena_term(&arena);
}

TEST(resetting_keeps_the_first_chunk_alone) {
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  gs_arena_reset(&arena);
  CHECK_EQ(gs_arena_reserved(&arena), 0);
  char *first = gs_arena_alloc(&arena, 16);
  for (int i = 0; i < 100; i++) CHECK(gs_arena_alloc(&arena, 100) != NULL);
  CHECK(gs_arena_alloc(&arena, 5000) != NULL);
  gs_arena_reset(&arena);
  CHECK_EQ(gs_arena_used(&arena), 0);
  CHECK_EQ(gs_arena_reserved(&arena), CHUNK);
  CHECK_EQ(gs_arena_alloc(&arena, 16), (void *)first);
  gs_arena_term(&arena);
}

TEST(an_arena_without_memory_answers_null_and_is_as_it_was) {
  gs_arena *made = NULL;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_arena_new(&made, 0), GS_ENOMEM);
  CHECK(made == NULL);
  gs_arena arena;
  gs_arena_init(&arena, CHUNK);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_arena_alloc(&arena, 8), (void *)NULL);
  char *first = gs_arena_alloc(&arena, 8);
  size_t used = gs_arena_used(&arena);
  size_t reserved = gs_arena_reserved(&arena);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_arena_alloc(&arena, 2 * CHUNK), (void *)NULL);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_arena_memdup(&arena, first, 0x1000), (void *)NULL);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_arena_format(&arena, "%5000d", 1), (char *)NULL);
  CHECK_EQ(gs_arena_used(&arena), used);
  CHECK_EQ(gs_arena_reserved(&arena), reserved);
  CHECK(gs_arena_alloc(&arena, 8) != NULL);
  gs_arena_term(&arena);
}

/* ---- a goroutine's own ---- */

static size_t live_inside;

static void use_own(void *arg) {
  gs_arena *arena = gs_arena_own();
  CHECK(arena != NULL);
  char *text = gs_arena_strdup(arena, arg);
  CHECK(gs_arena_alloc(arena, 100000) != NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_arena_own(), arena);
  CHECK_STR_EQ(text, (const char *)arg);
  live_inside = alloc_fake_live();
  if (strcmp(text, "exits") == 0) gs_exit();
}

TEST(a_goroutines_own_arena_ends_with_it) {
  CHECK(gs_go(use_own, "warms up") > 0);
  harness_wait_for_others();
  size_t live = alloc_fake_live();
  CHECK(gs_go(use_own, "returns") > 0);
  harness_wait_for_others();
  CHECK(live_inside > live);
  CHECK_EQ(alloc_fake_live(), live);
  CHECK(gs_go(use_own, "exits") > 0);
  harness_wait_for_others();
  CHECK_EQ(alloc_fake_live(), live);
}

TEST(goroutines_have_arenas_of_their_own) {
  CHECK(gs_go(use_own, "one") > 0);
  CHECK(gs_go(use_own, "two") > 0);
  gs_arena *mine = gs_arena_own();
  CHECK(mine != NULL);
  CHECK(gs_arena_alloc(mine, 10) != NULL);
  harness_wait_for_others();
  CHECK_EQ(gs_arena_own(), mine);
}

HOST_TEST(no_own_arena_outside_a_goroutine) {
  CHECK_EQ(gs_arena_own(), (gs_arena *)NULL);
}

TEST(no_own_arena_without_memory) {
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_arena_own(), (gs_arena *)NULL);
  CHECK(gs_arena_own() != NULL);
}

static void use_own_for_ever(void *arg) {
  (void)arg;
  CHECK(gs_arena_alloc(gs_arena_own(), 10) != NULL);
  gs_chan_recv(NULL, NULL);
}

HOST_TEST(own_arenas_are_freed_when_the_program_ends_first) {
  size_t live = alloc_fake_live();
  CHECK(gs_go(use_own_for_ever, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  gs__runtime_term();
  CHECK_EQ(alloc_fake_live(), live);
  gs__runtime_init(HARNESS_SEED);
}
