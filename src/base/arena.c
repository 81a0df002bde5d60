/* Arenas: see gossamer/arena.h. A chunk is its header and what it hands out;
 * under AddressSanitizer all but the pieces handed out is poisoned. */
#include <gossamer/arena.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "stress.h"

#ifdef GS__ASAN
#include <sanitizer/asan_interface.h>
#define GAP_BYTES GS_ARENA_ALIGN
static void poison(uintptr_t from, uintptr_t to) {
  ASAN_POISON_MEMORY_REGION((void *)from, to - from);
}
static void unpoison(uintptr_t from, size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION((void *)from, bytes);
}
#else
#define GAP_BYTES ((size_t)0)
static void poison(uintptr_t from, uintptr_t to) { (void)from, (void)to; }
static void unpoison(uintptr_t from, size_t bytes) { (void)from, (void)bytes; }
#endif

#define CHUNK_BYTES_MIN ((size_t)256)

struct gs__chunk {
  struct gs__chunk *before;
  size_t bytes;    /* from malloc() */
  uintptr_t start; /* of what it hands out */
  uintptr_t end;   /* behind it */
  uintptr_t used;  /* of one that is not the current: behind what is used */
};

static inline uintptr_t up(uintptr_t at, size_t align) {
  return (at + (align - 1)) & ~(uintptr_t)(align - 1);
}

static struct gs__chunk *chunk_new(gs_arena *arena, size_t bytes) {
  struct gs__chunk *chunk = gs__malloc(bytes);
  if (chunk == NULL) return NULL;
  uintptr_t end = (uintptr_t)chunk + bytes;
  *chunk =
      (struct gs__chunk){.bytes = bytes,
                         .start = up((uintptr_t)(chunk + 1), GS_ARENA_ALIGN),
                         .end = end & ~(uintptr_t)(GS_ARENA_ALIGN - 1)};
  poison(chunk->start, chunk->end);
  arena->gs__reserved += bytes;
  return chunk;
}

static void chunk_free(gs_arena *arena, struct gs__chunk *chunk) {
  arena->gs__reserved -= chunk->bytes;
  unpoison(chunk->start, chunk->end - chunk->start);
  free(chunk);
}

static size_t chunk_bytes_of(const gs_arena *arena) {
  size_t bytes = arena->gs__chunk_bytes;
  if (bytes == 0) return GS_ARENA_CHUNK_DEFAULT;
  return bytes < CHUNK_BYTES_MIN ? CHUNK_BYTES_MIN : bytes;
}

/* Begins to hand out from `chunk`, at `at`. */
static void use(gs_arena *arena, struct gs__chunk *chunk, uintptr_t at) {
  arena->gs__chunk = chunk;
  arena->gs__at = at;
  arena->gs__end = chunk == NULL ? at : chunk->end;
}

static void *take(uintptr_t at, size_t size) {
  unpoison(at, size);
  return (void *)at;
}

void *gs__arena_more(gs_arena *arena, size_t size, size_t align) {
  if (align == 0 || (align & (align - 1)) != 0) return NULL;
  if (size == 0) size = 1;
  size_t chunk_bytes = chunk_bytes_of(arena);
  size_t overhead = sizeof(struct gs__chunk) + GS_ARENA_ALIGN * 2 + GAP_BYTES;
  size_t needed;
  if (__builtin_add_overflow(align, overhead, &needed) ||
      __builtin_add_overflow(size, needed, &needed) || needed > PTRDIFF_MAX) {
    return NULL;
  }
  uintptr_t at = up(arena->gs__at, align);
  if (arena->gs__chunk != NULL && at <= arena->gs__end &&
      size + GAP_BYTES <= arena->gs__end - at) {
    arena->gs__at = at + size + GAP_BYTES;
    return take(at, size);
  }
  if (needed > chunk_bytes / 4) {
    struct gs__chunk *large = chunk_new(arena, needed);
    if (large == NULL) return NULL;
    at = up(large->start, align);
    large->used = at + size;
    large->before = arena->gs__large;
    arena->gs__large = large;
    return take(at, size);
  }
  struct gs__chunk *chunk = arena->gs__spare;
  if (chunk == NULL) {
    chunk = chunk_new(arena, chunk_bytes);
    if (chunk == NULL) return NULL;
  }
  arena->gs__spare = NULL;
  chunk->before = arena->gs__chunk;
  if (chunk->before != NULL) chunk->before->used = arena->gs__at;
  at = up(chunk->start, align);
  use(arena, chunk, at + size + GAP_BYTES);
  return take(at, size);
}

void gs_arena_init(gs_arena *arena, size_t chunk_bytes) {
  *arena = (gs_arena){.gs__chunk_bytes = chunk_bytes};
}

int gs_arena_new(gs_arena **out, size_t chunk_bytes) {
  if (out == NULL) return GS_EINVAL;
  gs_arena *arena = gs__malloc(sizeof *arena);
  if (arena == NULL) return GS_ENOMEM;
  gs_arena_init(arena, chunk_bytes);
  *out = arena;
  return GS_OK;
}

static void free_large(gs_arena *arena, const struct gs__chunk *until) {
  while (arena->gs__large != until) {
    struct gs__chunk *chunk = arena->gs__large;
    gs_assert(chunk != NULL); /* the mark is of another arena, or void */
    arena->gs__large = chunk->before;
    chunk_free(arena, chunk);
  }
}

/* Back to `until`, which becomes the current chunk. */
static void free_chunks(gs_arena *arena, struct gs__chunk *until,
                        uintptr_t at) {
  struct gs__chunk *chunk = arena->gs__chunk;
  while (chunk != until) {
    gs_assert(chunk != NULL); /* as above */
    struct gs__chunk *before = chunk->before;
    if (arena->gs__spare == NULL) {
      poison(chunk->start, chunk->end);
      arena->gs__spare = chunk;
    } else {
      chunk_free(arena, chunk);
    }
    chunk = before;
  }
  if (until != NULL) poison(at, until->end);
  use(arena, until, at);
}

void gs_arena_term(gs_arena *arena) {
  if (arena == NULL) return;
  free_large(arena, NULL);
  free_chunks(arena, NULL, 0);
  if (arena->gs__spare != NULL) chunk_free(arena, arena->gs__spare);
  arena->gs__spare = NULL;
}

void gs_arena_release(gs_arena *arena) {
  gs_arena_term(arena);
  free(arena);
}

gs_arena_mark gs_arena_mark_now(const gs_arena *arena) {
  return (gs_arena_mark){.gs__chunk = arena->gs__chunk,
                         .gs__large = arena->gs__large,
                         .gs__at = arena->gs__at};
}

void gs_arena_rewind(gs_arena *arena, gs_arena_mark mark) {
  free_large(arena, mark.gs__large);
  free_chunks(arena, mark.gs__chunk, mark.gs__at);
}

void gs_arena_reset(gs_arena *arena) {
  struct gs__chunk *first = arena->gs__chunk;
  while (first != NULL && first->before != NULL) first = first->before;
  free_large(arena, NULL);
  free_chunks(arena, first, first == NULL ? 0 : first->start);
  if (first != NULL && arena->gs__spare != NULL) {
    chunk_free(arena, arena->gs__spare);
    arena->gs__spare = NULL;
  }
}

size_t gs_arena_used(const gs_arena *arena) {
  size_t used = 0;
  const struct gs__chunk *chunk = arena->gs__chunk;
  if (chunk != NULL) used += arena->gs__at - chunk->start;
  while (chunk != NULL && (chunk = chunk->before) != NULL) {
    used += chunk->used - chunk->start;
  }
  for (chunk = arena->gs__large; chunk != NULL; chunk = chunk->before) {
    used += chunk->used - chunk->start;
  }
  return used;
}

size_t gs_arena_reserved(const gs_arena *arena) { return arena->gs__reserved; }

void *gs_arena_alloc_zeroed(gs_arena *arena, size_t size, size_t align) {
  void *bytes = gs_arena_alloc_aligned(arena, size, align);
  if (bytes != NULL) memset(bytes, 0, size);
  return bytes;
}

void *gs_arena_alloc_array(gs_arena *arena, size_t count, size_t elem_bytes,
                           size_t align) {
  size_t size;
  if (__builtin_mul_overflow(count, elem_bytes, &size)) return NULL;
  return gs_arena_alloc_zeroed(arena, size, align);
}

static void *copy(gs_arena *arena, const void *bytes, size_t size,
                  size_t align) {
  void *to = gs_arena_alloc_aligned(arena, size, align);
  if (to != NULL && size > 0) memcpy(to, bytes, size);
  return to;
}

void *gs_arena_memdup(gs_arena *arena, const void *bytes, size_t size) {
  return copy(arena, bytes, size, GS_ARENA_ALIGN);
}

char *gs_arena_strdup(gs_arena *arena, const char *text) {
  return copy(arena, text, strlen(text) + 1, 1);
}

char *gs_arena_strndup(gs_arena *arena, const char *text, size_t size_max) {
  const char *end = memchr(text, '\0', size_max);
  size_t length = end == NULL ? size_max : (size_t)(end - text);
  if (length == SIZE_MAX) return NULL;
  char *to = gs_arena_alloc_aligned(arena, length + 1, 1);
  if (to == NULL) return NULL;
  memcpy(to, text, length);
  to[length] = '\0';
  return to;
}
