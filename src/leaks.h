/* What is left at the program's end that should not be. */
#ifndef GS_LEAKS_H
#define GS_LEAKS_H

/* Reports each goroutine that waits for ever on an object nobody else holds:
 * no other memory has the object's address, so that nothing could ever have
 * woken it. */
void gs__leaks_report(void);

#endif
