/* The host of the soak test: it acts by itself, on the virtual clock, and
 * badly: answers come late, twice, or never. */
#ifndef GS_TESTS_SOAK_HOST_H
#define GS_TESTS_SOAK_HOST_H

#include <stdbool.h>
#include <stdint.h>

#define SOAK_HOST_BYTE 0x11 /* what bodies are made of */

/* The test's source of random numbers. */
uint32_t soak_below(uint32_t count);

void soak_host_begin(void);
/* Nothing is to come any more. */
bool soak_host_is_done(void);
void soak_host_report(void);

#endif
