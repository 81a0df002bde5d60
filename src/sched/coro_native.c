/* The switch on the build machine: a few instructions that swap stacks, with
 * the annotations AddressSanitizer wants. The stack is an mmap of its own with
 * a guard page below. Native frames are larger than wasm's and the sanitizers'
 * larger still, so stacks are scaled up; stack_bytes stays what was asked. */
#include <stdlib.h>
#include <sys/mman.h>

#include "../base/stress.h"
#include "coro.h"

#if defined(__SANITIZE_ADDRESS__)
#define GS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GS_ASAN 1
#endif
#endif

#ifdef GS_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_MIN ((size_t)256 << 10)
#define GUARD_BYTES ((size_t)4096)
#else
#define STACK_MIN ((size_t)32 << 10)
/* Without a guard, neighbouring mappings become one, and there may be as many
 * goroutines as memory allows; the canary stays. */
#define GUARD_BYTES ((size_t)0)
#endif
#define CANARY_BYTES ((size_t)16)
#define PAGE_BYTES ((size_t)4096)

/* Saves the callee-saved registers on this stack, its pointer in *save, and
 * goes on where the stack `load` was saved. */
void gs__native_switch(char **save, char *load);

#if defined(__x86_64__)
#define SAVED_WORDS 7
#define ENTRY_WORD 6
/* A function is entered with its return address on an aligned stack. */
#define TOP_PAD_BYTES 8
__asm__(
    ".text\n"
    ".globl gs__native_switch\n"
    ".type gs__native_switch, @function\n"
    "gs__native_switch:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size gs__native_switch, .-gs__native_switch\n"
    ".section .note.GNU-stack,\"\",@progbits\n"
    ".text\n");
#elif defined(__aarch64__)
#define SAVED_WORDS 20
#define ENTRY_WORD 11
#define TOP_PAD_BYTES 16
__asm__(
    ".text\n"
    ".globl gs__native_switch\n"
    ".type gs__native_switch, %function\n"
    "gs__native_switch:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp, #0]\n"
    "  stp x21, x22, [sp, #16]\n"
    "  stp x23, x24, [sp, #32]\n"
    "  stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n"
    "  stp x29, x30, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n"
    "  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n"
    "  stp d14, d15, [sp, #144]\n"
    "  mov x9, sp\n"
    "  str x9, [x0]\n"
    "  mov sp, x1\n"
    "  ldp x19, x20, [sp, #0]\n"
    "  ldp x21, x22, [sp, #16]\n"
    "  ldp x23, x24, [sp, #32]\n"
    "  ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n"
    "  ldp x29, x30, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n"
    "  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n"
    "  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n"
    "  ret\n"
    ".size gs__native_switch, .-gs__native_switch\n"
    ".section .note.GNU-stack,\"\",%progbits\n"
    ".text\n");
#else
#error "coro_native.c knows x86-64 and AArch64; add this processor's switch"
#endif

/* The thread's own stack, while a coroutine runs. */
static struct {
  char *stack_pointer;
  struct gs__coro *running;
  bool ended;
#ifdef GS_ASAN
  void *fake_stack;
  const void *bottom;
  size_t size_bytes;
#endif
} host;

static void enter_host(struct gs__coro *coro, bool for_good) {
#ifdef GS_ASAN
  __sanitizer_start_switch_fiber(for_good ? NULL : &coro->fake_stack,
                                 host.bottom, host.size_bytes);
#endif
  (void)for_good;
  gs__native_switch(&coro->stack_pointer, host.stack_pointer);
#ifdef GS_ASAN
  __sanitizer_finish_switch_fiber(coro->fake_stack, &host.bottom,
                                  &host.size_bytes);
#endif
}

static void entry(void) {
  struct gs__coro *coro = host.running;
#ifdef GS_ASAN
  __sanitizer_finish_switch_fiber(NULL, &host.bottom, &host.size_bytes);
#endif
  coro->fn(coro->arg);
  gs__coro_end(coro);
}

/* The guard page and the operating system check stacks here. */
void gs__coro_init(void) {}

void *gs__coro_new(size_t object_bytes, size_t stack_bytes) {
  size_t usable = stack_bytes < STACK_MIN ? STACK_MIN : stack_bytes;
#ifdef GS_ASAN
  usable *= 2;
#endif
  usable = (usable + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  struct gs__coro *coro = gs__malloc(object_bytes);
  if (coro == NULL) return NULL;
  coro->mapping_bytes = usable + GUARD_BYTES;
  char *mapping = mmap(NULL, coro->mapping_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) goto free_object;
  if (GUARD_BYTES > 0 && mprotect(mapping, GUARD_BYTES, PROT_NONE) != 0) {
    goto unmap;
  }
  coro->stack_base = mapping + GUARD_BYTES + CANARY_BYTES;
  coro->stack_bytes = stack_bytes;
  ((uint32_t *)(void *)coro->stack_base)[-1] = GS__CANARY;
  return coro;

unmap:
  munmap(mapping, coro->mapping_bytes);
free_object:
  free(coro);
  return NULL;
}

void gs__coro_free(void *object) {
  struct gs__coro *coro = object;
#ifdef GS_ASAN
  /* A coroutine that is dropped leaves red zones to who is there next. */
  __asan_unpoison_memory_region(
      coro->stack_base, coro->mapping_bytes - GUARD_BYTES - CANARY_BYTES);
#endif
  munmap(coro->stack_base - CANARY_BYTES - GUARD_BYTES, coro->mapping_bytes);
  free(coro);
}

void gs__coro_reset(struct gs__coro *coro, gs_func *fn, void *arg, gs_id id,
                    const char *name) {
  (void)id, (void)name; /* the object is out of reach of the stack */
  char *mapping = coro->stack_base - CANARY_BYTES - GUARD_BYTES;
  char *top = mapping + coro->mapping_bytes;
  /* As if entry() had been called: a return address below an aligned end. */
  void **frame = (void **)(void *)(top - TOP_PAD_BYTES) - SAVED_WORDS;
  for (int i = 0; i < SAVED_WORDS; i++) frame[i] = NULL;
  void (*first)(void) = entry;
  frame[ENTRY_WORD] = *(void **)(void *)&first;
  coro->stack_pointer = (char *)frame;
  coro->fake_stack = NULL;
  coro->fn = fn;
  coro->arg = arg;
  coro->attempts = NULL;
}

void gs__coro_usage(const struct gs__coro *coro, size_t *now, size_t *most) {
  const char *top = coro->stack_base - CANARY_BYTES - GUARD_BYTES +
                    coro->mapping_bytes - TOP_PAD_BYTES;
  const char *pointer =
      coro == host.running ? __builtin_frame_address(0) : coro->stack_pointer;
  *now = (size_t)(top - pointer);
  *most = 0;
}

bool gs__coro_try(struct gs__try *attempt) {
  struct gs__coro *coro = host.running;
  attempt->outer = coro->attempts;
  coro->attempts = attempt;
  if (setjmp(attempt->begin) != 0) {
    host.running->attempts = attempt->outer;
    return true;
  }
  attempt->fn(attempt->arg);
  coro->attempts = attempt->outer;
  return false;
}

void gs__coro_throw(void) { longjmp(host.running->attempts->begin, 1); }

bool gs__coro_resume(struct gs__coro *coro) {
  host.running = coro;
  host.ended = false;
#ifdef GS_ASAN
  __sanitizer_start_switch_fiber(
      &host.fake_stack, coro->stack_base,
      coro->mapping_bytes - GUARD_BYTES - CANARY_BYTES);
#endif
  gs__native_switch(&host.stack_pointer, coro->stack_pointer);
#ifdef GS_ASAN
  __sanitizer_finish_switch_fiber(host.fake_stack, NULL, NULL);
#endif
  if (gs__unlikely(!gs__coro_canary_ok(coro))) {
    gs__coro_overflowed(coro, 0, NULL);
  }
  host.running = NULL;
  return host.ended;
}

void gs__coro_park(struct gs__coro *coro) { enter_host(coro, false); }

_Noreturn void gs__coro_end(struct gs__coro *coro) {
  host.ended = true;
  enter_host(coro, true);
  abort();
}
