/* Gossamer: goroutines for C in web pages and in Node. Includes everything.
 *
 * In the contracts, **Parks** means that only the calling goroutine waits
 * while the others and the page go on; "outside a goroutine" is code that the
 * host calls directly, such as a C++ constructor of a global. */
#ifndef GOSSAMER_GOSSAMER_H
#define GOSSAMER_GOSSAMER_H

#include "arena.h"
#include "chan.h"
#include "crypto.h"
#include "ctx.h"
#include "error.h"
#include "export.h"
#include "frame.h"
#include "gen.h"
#include "go.h"
#include "group.h"
#include "http.h"
#include "ndjson.h"
#include "panic.h"
#include "pipeline.h"
#include "poller.h"
#include "pool.h"
#include "preempt.h"
#include "signal.h"
#include "sse.h"
#include "sync.h"
#include "time.h"
#include "typed.h"
#include "ws.h"

#endif
