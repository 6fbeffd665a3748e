/* http1.h - HTTP/1.1 (RFC 9112) without sockets: a machine that reads requests or replies, and writers for both.
 *
 * The reader takes bytes as they come, in any cut, and says what it found. It is strict where leniency has cost others
 * dearly: it refuses bare LF and CR, NUL and control characters, folded headers, blanks before the colon, a missing or
 * second Host, Content-Length twice or beside Transfer-Encoding, any transfer coding but chunked, versions other than
 * 1.0 and 1.1, and a reply that nobody asked for. Trailers and chunk extensions are checked, bounded and dropped.
 * Interim replies (1xx) are skipped. It never decides to send anything, least of all again.
 *
 * One struct belongs to one connection and its thread. Memory: about 250 bytes, plus two buffers that come with the
 * first byte, are kept from message to message (no allocation in steady state), and go with http1_next when they
 * have grown large, or with http1_shrink. */
#ifndef CODEC_HTTP1_H
#define CODEC_HTTP1_H

#include "base/buf.h"

struct err;

#define HTTP1_HEAD_MAX    (16 * 1024) /* bytes of start line and headers together */
#define HTTP1_HEADERS_MAX 64

enum http1_side {
	HTTP1_REQUEST, /* reads requests: for servers */
	HTTP1_REPLY,   /* reads replies: for clients */
};

enum http1_event {
	HTTP1_MORE, /* all was taken, the message is not complete */
	HTTP1_HEAD, /* the head is complete and readable; feed what was not taken */
	HTTP1_DONE, /* the message is complete; what was not taken belongs to the next one */
};

/* What a caller may read after HTTP1_HEAD, until http1_next: method, target, status, minor, keep_alive, upgrade,
 * chunked, has_length, content_length, body; and refusal after an error. All bytes are borrowed from the struct. The
 * rest is the machine's. */
struct http1 {
	uint32_t magic;
	uint8_t side;    /* enum http1_side */
	uint8_t state;   /* of the machine */
	uint8_t minor;   /* 0 or 1: HTTP/1.0 or HTTP/1.1 */
	bool keep_alive; /* the connection may carry another message */
	bool upgrade;    /* request: asks for an upgrade; reply: 101, the bytes that follow are of another protocol */
	bool chunked;
	bool has_length; /* content_length is set */
	uint8_t last;    /* byte of the body's framing that was fed before */
	bool until_end;  /* replies: the body ends with the connection */
	bool streaming;
	bool head_seen;         /* llhttp agreed that the head is complete */
	bool done_seen;         /* and that the message is */
	bool blank_seen;        /* requests: one empty line in front is passed over (RFC 9112 2.2) */
	bool expecting;         /* replies: a request is on its way */
	bool expecting_no_body; /* replies: to HEAD */
	bool expecting_upgrade;
	uint8_t interim;  /* 1xx replies skipped */
	uint16_t lines;   /* of the head so far */
	uint16_t status;  /* replies: 101, or 200 to 599 */
	uint16_t refusal; /* after an error: the status that a server should answer with before it closes; 400, 413, ...
			   */
	int error;        /* the code of the error that ended this machine */
	uint32_t line_start;
	uint64_t content_length;
	uint64_t body_seen;    /* bytes of body so far, also of those that the caller has taken out */
	uint64_t framing_seen; /* bytes of chunk sizes, extensions and trailers so far */
	struct bytes method;   /* "POST" */
	struct bytes target;   /* "/wsman"; not decoded */
	struct buf head;       /* start line and headers as they came */
	struct buf body;       /* with its ceiling */
	size_t body_max;       /* the ceiling that http1_next puts back */
	uint64_t parser[12];   /* llhttp's own struct */
};

/* body_max is the ceiling of a body in bytes; a message that announces or brings more is ERR_TOO_BIG. */
void http1_init(struct http1 *h, enum http1_side side, size_t body_max);
void http1_release(struct http1 *h);

/* From now on http1_feed leaves it to the caller to take the body out of h->body after each call (buf_reset, or
 * buf_consume of a part): the ceiling then counts what is in the buffer, and Content-Length has none. For bodies
 * without end (events). Stays until it is switched off. */
void http1_set_streaming(struct http1 *h, bool on);
/* Lowers the ceiling for this message, after HTTP1_HEAD, when a server knows what is asked for. http1_next puts it
 * back. Returns 0, or ERR_TOO_BIG when the announced length is larger. */
int http1_limit_body(struct http1 *h, size_t body_max, struct err *e);

/* Replies only, before the request leaves: one reply is welcome. head_only: the request is HEAD. upgrade: 101 is. */
void http1_expect(struct http1 *h, bool head_only, bool upgrade);

/* Reads from in. *ret_used says how many bytes were taken (all, for HTTP1_MORE). After HTTP1_HEAD call again with what
 * is left, also when that is nothing; after HTTP1_DONE call http1_next first.
 * Returns 0, or ERR_MALFORMED with a sentence that says what is wrong, or ERR_TOO_BIG. After an error the machine
 * refuses everything until http1_reuse; the connection has to be closed, for nobody knows where the next message
 * begins. Bytes that are fed to a reader of replies which expects none are ERR_MALFORMED: feed what follows HTTP1_DONE
 * to find them. */
int http1_feed(struct http1 *h, struct bytes in, size_t *ret_used, enum http1_event *ret, struct err *e);

/* The other side has closed its direction. Returns 0 when this completes a body that ends with the connection (the
 * message is done), ERR_END when no message had begun, ERR_CLOSED in the middle of one. */
int http1_end(struct http1 *h, struct err *e);

/* True when nothing of a message was read yet. */
bool http1_is_idle(const struct http1 *h);

/* Makes ready for the next message of the same connection; borrowed bytes end here. Buffers above 16 KiB are freed. */
void http1_next(struct http1 *h);
/* Frees the buffers of an idle machine. Bytes borrowed before end here. */
void http1_shrink(struct http1 *h);
/* As new, for another connection, but keeps the buffers: for a free list of machines. */
void http1_reuse(struct http1 *h);

/* The value of the first header of this name (case does not matter), without blanks around it; p is NULL when there
 * is none. */
struct bytes http1_header(const struct http1 *h, const char *name);
/* All headers in order; *it starts at 0. */
bool http1_header_each(const struct http1 *h, size_t *it, struct bytes *ret_name, struct bytes *ret_value);
/* As http1_header for the next one of this name; for headers that may come several times. */
bool http1_header_again(const struct http1 *h, const char *name, size_t *it, struct bytes *ret_value);

/* Writers append to out; order and spelling of headers are the caller's. They return 0, ERR_TOO_BIG at the ceiling, or
 * ERR_INVALID for a name or value that would break the framing (CR, LF, NUL). Either marks the buf, so that a caller
 * may look once, at the end, with buf_check.
 * A message is written as start line, headers, then one of the ends. */
int http1_write_request(struct buf *out, const char *method, const char *target);
int http1_write_status(struct buf *out, int status, const char *reason); /* NULL: the usual words for the status */
int http1_write_header(struct buf *out, const char *name, struct bytes value);
int http1_write_header_str(struct buf *out, const char *name, const char *value);
int http1_write_header_u64(struct buf *out, const char *name, uint64_t value);
int http1_write_end(struct buf *out);                         /* the empty line; no body follows from here */
int http1_write_end_body(struct buf *out, struct bytes body); /* Content-Length, empty line, body */

/* How the text of a chunk's size looks. AMT firmware writes at least four upper-case digits with leading zeros. */
struct http1_chunking {
	uint32_t chunk_len; /* bytes in each chunk but the last, at least 1 */
	uint8_t digits;     /* at least this many, 1 .. 8 */
	bool upper;
};
extern const struct http1_chunking http1_chunking_amt;    /* 1024 bytes, 4 digits, upper case */
extern const struct http1_chunking http1_chunking_common; /* 8192 bytes, 1 digit, lower case */

int http1_write_chunks(struct buf *out, struct bytes body, const struct http1_chunking *how);
int http1_write_last_chunk(struct buf *out); /* 0, CRLF, CRLF: as every server seen writes it */

const char *http1_status_reason(int status); /* "Not Found"; "" for a status without usual words */

#endif
