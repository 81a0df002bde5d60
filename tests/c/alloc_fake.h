/* malloc and its kin of the code under test: counted, and made to fail. The
 * linker's --wrap puts these in front. */
#ifndef GS_TESTS_ALLOC_FAKE_H
#define GS_TESTS_ALLOC_FAKE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Blocks allocated and not yet freed. */
size_t alloc_fake_live(void);
/* The next `good` allocations succeed, then one fails, then all succeed. */
void alloc_fake_fail_after(uint32_t good);
/* All succeed again. True when the failure had not happened yet. */
int alloc_fake_never_fail(void);

#ifdef __cplusplus
}
#endif
#endif
