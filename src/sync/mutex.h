/* Mutexes from the inside, for condition variables and the dump. */
#ifndef GS_SYNC_MUTEX_H
#define GS_SYNC_MUTEX_H

#include "queue.h"

/* The reason of a task that waits for a mutex. Its waiter's amount is the
 * result it returns with once it holds the mutex. */
#define GS__MUTEX_REASON "mutex"

/* Gives the mutex to the next waiter, or to nobody. */
void gs__mutex_hand_over(gs_mutex *mutex);

#endif
