/* log.h - one line per event on standard error, "<N>" priority first so that journald takes it, then the time, the
 * subject and key=value fields. Texts of strangers are escaped and quoted, floods of one call site are thinned and
 * counted. Secrets have no field type. base, codec, amt, store and pki log at debug only. Any thread; a line is
 * written with one write. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>

#include "base/buf.h"

enum log_level {
	LOG_ERROR,   /* a person, soon */
	LOG_WARNING, /* noticed and carried on */
	LOG_NOTICE,  /* the state of the server changed */
	LOG_INFO,    /* one finished job or act */
	LOG_DEBUG,
};

struct log_field {
	const char *key; /* NULL ends the list */
	enum { LOG_FIELD_STR, LOG_FIELD_I64, LOG_FIELD_U64, LOG_FIELD_BYTES } type;
	union {
		const char *s; /* NULL is written as "" */
		int64_t i;
		uint64_t u;
		struct bytes b;
	} v;
};

#define LOG_S(k, x) ((struct log_field){(k), LOG_FIELD_STR, {.s = (x)}})
#define LOG_I(k, x) ((struct log_field){(k), LOG_FIELD_I64, {.i = (x)}})
#define LOG_U(k, x) ((struct log_field){(k), LOG_FIELD_U64, {.u = (x)}})
#define LOG_B(k, x) ((struct log_field){(k), LOG_FIELD_BYTES, {.b = (x)}})
#define LOG_END     ((struct log_field){NULL, LOG_FIELD_STR, {.s = NULL}})

/* log_event(LOG_INFO, "act finished", LOG_S("device", name), LOG_U("job", job));
 *
 * A statement. The subject is a literal. The fields are evaluated only when the level is on. Of the errors and warnings
 * of one such place in the source 20 are written in a second; how many more there were is said in a line of its own, at
 * the latest before the first line of any place in a later second, or by log_flush. */
#define log_event(lvl, literal, ...)                                                                                   \
	do {                                                                                                           \
		static struct log_site log_site_;                                                                      \
		if (log_is_on(lvl))                                                                                    \
			log_write_thinned(&log_site_, (lvl), "" literal,                                               \
					  (const struct log_field[]){__VA_ARGS__, LOG_END});                           \
	} while (0)

/* One place in the source that logs; log_event makes it. */
struct log_site {
	_Atomic uint64_t state;
	atomic_bool listed;
	enum log_level level;
	const char *subject;
	struct log_site *older;
};
void log_write_thinned(struct log_site *site, enum log_level level, const char *subject,
		       const struct log_field *fields);

/* One line, never thinned. At most 1,000 bytes of a text and 4,000 of a line are written; what is cut shows as "..." or
 * as the field cut=1. */
void log_write(enum log_level level, const char *subject, const struct log_field *fields);
void log_set_level(enum log_level level); /* may change at run time */
bool log_is_on(enum log_level level);
bool log_level_from_name(const char *name, enum log_level *ret); /* "error" ... "debug" */
void log_flush(void); /* says what is still unsaid about thinned lines; at the end of a program */
void log_set_fd(int fd);
struct clock;
void log_set_clock(struct clock *c); /* for programs and tests with a driven clock; outlives all logging */

#endif
