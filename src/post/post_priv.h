/* post_priv.h - what the files of post/ share: one thing to pass on, and what a worker gets. */
#ifndef POST_POST_PRIV_H
#define POST_POST_PRIV_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/secret.h"
#include "post/post.h"
#include "store/sink.h"

/* A message or an audit record. Texts live in the parcel's arena. */
struct note {
	int64_t id; /* of the message or record; 0: a test */
	int64_t time;
	int number; /* of store/message.tbl.h; 0: an audit record */
	enum message_severity severity;
	const char *name, *component;
	const char *actor;
	const char *about; /* name of the thing */
	int64_t object, related;
	const char *text, *more;
	const char *action, *audit_object, *detail, *hash; /* audit records only */
};

/* What a sink says of itself, beside its row. Texts live in the parcel's arena, "" where there is none. */
struct sink_options {
	const char *from, *to, *subject, *user, *roll;
};

/* Work for a worker, which owns it between pool_submit and done. */
struct parcel {
	struct pool_job job;
	const struct post_deps *deps;
	const atomic_bool *stopping; /* give up soon */
	void *courier;               /* whose it is */
	int64_t sink;
	uint64_t request; /* a test: of the command that waits */
	struct arena *arena;
	struct store_sink to;
	struct sink_options options;
	struct secret secret; /* opened by the worker, wiped at its end */
	struct note *notes;
	size_t count;
	int64_t end; /* position behind all of them, and behind what the sink did not want */
	/* out */
	bool ran;
	size_t done; /* how many the sink took, from the first on */
	struct err err;
};

/* note.c: how a note is written. Each marks out when it is full. */
void note_line(const struct note *n, struct buf *out);                     /* of the local log file */
void note_csv(const struct note *n, struct buf *out);                      /* an audit record */
void note_syslog(const struct note *n, const char *host, struct buf *out); /* RFC 5424 */
int note_trap(const struct note *n, struct bytes community, struct buf *out, struct err *e);
void note_json(const struct note *notes, size_t count, const char *server, struct buf *out);
void note_mail(const struct note *n, const struct parcel *p, struct buf *out); /* RFC 5322, with its headers */
/* The subject with its macros: %s severity, %c component, %d id of the device, %t time, %a its name. */
void note_subject(const struct note *n, const char *format, struct buf *out);

/* All notes of a parcel as system logs take them from a stream, RFC 6587 3.4.1 and RFC 5425 4.3. */
int note_stream(const struct parcel *p, struct buf *out, struct err *e);

/* Each passes notes of a parcel on from its first, counts in p->done, and fails with ERR_NOT_DELIVERED. */
int send_file(struct parcel *p, struct err *e);
int send_datagrams(struct parcel *p, struct err *e); /* udp, snmp, syslog by udp or a local socket */
int send_stream(struct parcel *p, struct err *e);    /* syslog by tcp */
int send_tls(struct parcel *p, struct err *e);       /* syslog by TLS, RFC 5425 */
int send_mail(struct parcel *p, struct err *e);
int send_webhook(struct parcel *p, struct err *e);
/* The id of the last message or record in a file, for the server of begin; begin when there is none. */
int64_t file_position(const char *folder, const struct store_sink *s, int64_t begin);

#define NOTE_MAX     60000 /* bytes of one, as it goes out */
#define LOG_FILE_MAX (10 * 1024 * 1024)
#define LOG_FILES    13   /* old ones that are kept */
#define SEND_MS      5000 /* to connect, and for each write without progress */

#endif
