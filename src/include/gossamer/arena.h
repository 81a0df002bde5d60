/* Arenas: memory that is handed out piece by piece and freed whole.
 *
 * An allocation moves a pointer; nothing is freed by itself. What was handed
 * out stays where it is until the arena is rewound to a mark made before,
 * reset or ended. Its memory comes from malloc() in chunks; a request that is
 * large beside them gets a chunk of its own. Natively, AddressSanitizer sees
 * each piece as an object with a gap behind it.
 *
 * An arena is not a goroutine's but whoever's it is: gs_arena_own() is one for
 * the calling goroutine. Nothing here parks. */
#ifndef GOSSAMER_ARENA_H
#define GOSSAMER_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a chunk takes from malloc() when nothing else is asked for. */
#define GS_ARENA_CHUNK_DEFAULT ((size_t)4096)
/* How allocations are aligned that do not say: enough for any C object. */
#define GS_ARENA_ALIGN ((size_t)16)

#if defined(__SANITIZE_ADDRESS__)
#define GS__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GS__ASAN 1
#endif
#endif

struct gs__chunk;

/* The zero value is an arena with chunks of GS_ARENA_CHUNK_DEFAULT. */
typedef struct gs_arena {
  uintptr_t gs__at;            /* the first free byte of the current chunk */
  uintptr_t gs__end;           /* behind it */
  struct gs__chunk *gs__chunk; /* the current one; those before it behind it */
  struct gs__chunk *gs__large; /* those that serve one request, newest first */
  struct gs__chunk *gs__spare; /* an empty one, after a rewind */
  size_t gs__chunk_bytes;      /* 0: the default */
  size_t gs__reserved;         /* what malloc() gave, in all */
} gs_arena;

/* A point to rewind to. */
typedef struct gs_arena_mark {
  struct gs__chunk *gs__chunk;
  struct gs__chunk *gs__large;
  uintptr_t gs__at;
} gs_arena_mark;

/* Make an arena in place, or on the heap: then 0 with *out set, GS_EINVAL,
 * GS_ENOMEM. A chunk takes chunk_bytes from malloc() (0: the default; at least
 * 256), when it is needed. */
void gs_arena_init(gs_arena *arena, size_t chunk_bytes);
int gs_arena_new(gs_arena **out, size_t chunk_bytes);
/* End it: all that it handed out is free. After gs_arena_term() it is empty
 * and can be used on. NULL is allowed. */
void gs_arena_term(gs_arena *arena);
void gs_arena_release(gs_arena *arena);

/* The calling goroutine's own arena, made when first asked for and freed whole
 * when the goroutine has ended, whichever way. It must not be released; mark,
 * rewind and reset are the goroutine's affair. NULL outside a goroutine, and
 * when there is no memory. */
gs_arena *gs_arena_own(void);

/* The runtime's: what does not fit into the current chunk. */
void *gs__arena_more(gs_arena *arena, size_t size, size_t align);

/* `size` bytes aligned to `align`, a power of two; they hold anything. A size
 * of 0 counts as 1. NULL when there is no memory, and when align is no power of
 * two; the arena is then as it was. */
static inline void *gs_arena_alloc_aligned(gs_arena *arena, size_t size,
                                           size_t align) {
#ifndef GS__ASAN
  /* Chunks end at a multiple of GS_ARENA_ALIGN: aligning up cannot pass the
   * end. A size of 0 does not fit. */
  if (align - 1 < GS_ARENA_ALIGN && (align & (align - 1)) == 0) {
    uintptr_t at = (arena->gs__at + (align - 1)) & ~(uintptr_t)(align - 1);
    if (size - 1 < arena->gs__end - at) {
      arena->gs__at = at + size;
      return (void *)at;
    }
  }
#endif
  return gs__arena_more(arena, size, align);
}

/* ... aligned to GS_ARENA_ALIGN. */
static inline void *gs_arena_alloc(gs_arena *arena, size_t size) {
  return gs_arena_alloc_aligned(arena, size, GS_ARENA_ALIGN);
}

/* ... all zero bytes. */
void *gs_arena_alloc_zeroed(gs_arena *arena, size_t size, size_t align);

/* Room for `count` elements of `elem_bytes`, all zero bytes; NULL, too, when
 * that is more than a size_t holds. */
void *gs_arena_alloc_array(gs_arena *arena, size_t count, size_t elem_bytes,
                           size_t align);

#ifdef __cplusplus
#define GS__ALIGN_OF(type) alignof(type)
#else
#define GS__ALIGN_OF(type) _Alignof(type)
#endif
/* A zeroed object, or array of `count`, of a type; NULL: no memory.
 *
 *   struct node *node = GS_ARENA_NEW(arena, struct node); */
#define GS_ARENA_NEW(arena, type) \
  ((type *)gs_arena_alloc_zeroed((arena), sizeof(type), GS__ALIGN_OF(type)))
#define GS_ARENA_ARRAY(arena, type, count)                      \
  ((type *)gs_arena_alloc_array((arena), (count), sizeof(type), \
                                GS__ALIGN_OF(type)))

/* A copy of `size` bytes, aligned to GS_ARENA_ALIGN; of a string; of its first
 * `size_max` characters at most, ended by '\0'. NULL: no memory. */
void *gs_arena_memdup(gs_arena *arena, const void *bytes, size_t size);
char *gs_arena_strdup(gs_arena *arena, const char *text);
char *gs_arena_strndup(gs_arena *arena, const char *text, size_t size_max);

/* The text that printf() would write. NULL: no memory, or a format that
 * printf() refuses. Only programs that use them link printf(). */
char *gs_arena_format(gs_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *gs_arena_vformat(gs_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Rewinding frees what was handed out since the mark; marks nest, and those
 * made since are void. One empty chunk is kept, so that a loop that marks and
 * rewinds leaves malloc() alone. */
gs_arena_mark gs_arena_mark_now(const gs_arena *arena);
void gs_arena_rewind(gs_arena *arena, gs_arena_mark mark);

/* Frees all that was handed out, and all chunks but the first. */
void gs_arena_reset(gs_arena *arena);

/* Bytes handed out, with the gaps that alignment left; bytes taken from
 * malloc(). */
size_t gs_arena_used(const gs_arena *arena);
size_t gs_arena_reserved(const gs_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
