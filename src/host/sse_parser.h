/* Events out of the bytes of a stream, however they are cut. Source: HTML,
 * 9.2.6 "Interpreting an event stream". It neither waits nor reads. */
#ifndef GS_HOST_SSE_PARSER_H
#define GS_HOST_SSE_PARSER_H

#include <stdint.h>

#include "text.h"

struct gs__sse_parser {
  size_t limit_bytes;   /* of an event: its data, type and line together */
  struct gs__text line; /* begun in bytes that are gone */
  struct gs__text data; /* of the event, a \n behind each line */
  struct gs__text type;
  struct gs__text next_id; /* as given, becomes the last at the event's end */
  struct gs__text last_id;
  int64_t retry_ms;   /* the server's wish; -1: none */
  uint32_t bom_bytes; /* of a byte order mark seen; BOM_DONE: it has begun */
  bool after_cr;      /* a LF belongs to the line before */
  bool in_comment;    /* the rest of the line is one */
  bool is_long;       /* the rest of the line is dropped */
  bool is_dropped;    /* the event is, to its end */
  bool is_told;       /* the event was handed out: the next byte begins anew */
};

/* All zero but for the limit. */
void gs__sse_parser_init(struct gs__sse_parser *p, size_t limit_bytes);
void gs__sse_parser_term(struct gs__sse_parser *p);

/* A connection begins: what was not complete is dropped. */
void gs__sse_parser_begin(struct gs__sse_parser *p);

/* Takes bytes up to the end of an event, *used of them. 1: it is in data (that
 * and type as strings) until the next call; 0: all were taken. GS_EMSGSIZE,
 * GS_ENOMEM: the event is dropped, to go on with the rest. */
int gs__sse_parse(struct gs__sse_parser *p, const char *bytes, size_t size,
                  size_t *used);

#endif
