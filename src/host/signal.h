/* Signals from the inside. A program without signal channels does not link
 * signal.c: runtime.c looks whether these are there. */
#ifndef GS_HOST_SIGNAL_H
#define GS_HOST_SIGNAL_H

#include <gossamer/signal.h>
#include <stdbool.h>

/* Ends the subscriptions of channels that were closed or that nobody else
 * holds. True when there were any. */
bool gs__signals_sweep(void) __attribute__((weak));
void gs__signals_term(void) __attribute__((weak));

/* The export: the host reports a signal. The pump follows. */
void gs_signal_event(uint32_t signal, int32_t value);

#endif
