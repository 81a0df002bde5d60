/* HTTP and the poller, as far as they know of each other. A program that has
 * only one of them does not link the other. */
#ifndef GS_HOST_HTTP_H
#define GS_HOST_HTTP_H

#include <gossamer/http.h>

#include "../sync/peek.h"

/* The pollers that watch the body. */
struct gs__peek **gs__http_peeks(gs_http *http) __attribute__((weak));
/* As the import. */
int32_t gs__http_poll(const gs_http *http, uint32_t token, int32_t since)
    __attribute__((weak));

/* The source of these peeks is being freed. */
void gs__poller_orphan(struct gs__peek **peeks) __attribute__((weak));

#endif
