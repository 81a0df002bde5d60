/* Frames from the inside: the runtime delivers them. */
#ifndef GS_HOST_FRAME_H
#define GS_HOST_FRAME_H

void gs__frames_init(void);
void gs__frames_term(void);
/* A frame has come: wakes whoever waits for it. The pump runs them. */
void gs__frames_deliver(double timestamp_ms);

#endif
