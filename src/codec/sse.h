/* sse.h - server-sent events (WHATWG HTML, "Server-sent events"): a writer, and a reader that is fed with bytes.
 * No sockets, no reconnecting. Any thread, one at a time a reader. */
#ifndef CODEC_SSE_H
#define CODEC_SSE_H

#include "base/buf.h"

struct err;

/* Appends one event; id and event may be NULL. Lines of data (LF, CR, CRLF) become lines of the stream. 0, ERR_TOO_BIG,
 * or ERR_INVALID for a line end or NUL in id or event; then out is as it was. */
int sse_write(struct buf *out, const char *id, const char *event, struct bytes data);
int sse_write_comment(struct buf *out, const char *text); /* keeps the connection alive; readers pass it over */
int sse_write_retry(struct buf *out, uint32_t retry_ms);

/* A caller reads event, data, id and retry_ms; the rest is the reader's. */
struct sse_reader {
	struct buf event; /* type of the event; empty means "message" */
	struct buf data;
	struct buf id;    /* of the last complete event that had one: what to ask with after a reconnect */
	int64_t retry_ms; /* wanted pause before a reconnect; -1 until the server says one */
	struct buf line;
	struct buf next_id;
	bool begun;      /* the first line was read */
	bool after_cr;   /* an LF that comes now belongs to the CR before it */
	bool dispatched; /* event and data were given out */
};

/* max is the ceiling in bytes of one line, and of the data of one event. */
void sse_reader_init(struct sse_reader *r, size_t max);
void sse_reader_release(struct sse_reader *r);

/* Reads until an event is complete or the input ends. *ret_used bytes were taken; *ret_event says whether r->event,
 * r->data and r->id hold an event now (borrowed until the next call): call again with the rest. Returns 0, or
 * ERR_TOO_BIG; the stream is then useless. What ends without an empty line is dropped, as the standard wants. */
int sse_feed(struct sse_reader *r, struct bytes in, size_t *ret_used, bool *ret_event, struct err *e);

#endif
