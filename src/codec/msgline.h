/* msgline.h - one message as a line of the local log file:
 *
 *   [severity] [time] [user id] [component] [message id] [text] [additional] [related id]
 *
 * Each field stands in brackets, one blank between; inside, a backslash stands before backslash and ], and what cannot
 * be shown is written as text_escape writes it, so that a field holds no line end. Empty fields are []. Any thread. */
#ifndef CODEC_MSGLINE_H
#define CODEC_MSGLINE_H

#include "base/buf.h"

struct err;

enum msgline_field {
	MSGLINE_SEVERITY,
	MSGLINE_TIME, /* "2026-11-22T15:03:16.123Z" */
	MSGLINE_USER,
	MSGLINE_COMPONENT,
	MSGLINE_ID,
	MSGLINE_TEXT,
	MSGLINE_MORE,
	MSGLINE_RELATED,
	MSGLINE_FIELDS,
};

/* Appends the line with its line end; out is marked when it is full. */
void msgline_write(struct buf *out, const struct bytes fields[MSGLINE_FIELDS]);
/* Reads a line without its end. The fields, still escaped, point into it. ERR_INVALID. */
int msgline_parse(struct bytes line, struct bytes ret_fields[MSGLINE_FIELDS], struct err *e);

#endif
