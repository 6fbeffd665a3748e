#include "store/row.h"

#include "base/base.h"

const char *row_text_or_null(struct db_stmt *st, struct arena *a)
{
	const char *s = db_take_text(st);
	return a && s ? arena_str(a, bytes_str(s)) : s;
}

const char *row_text(struct db_stmt *st, struct arena *a)
{
	const char *s = row_text_or_null(st, a);
	return s ? s : "";
}

struct bytes row_blob(struct db_stmt *st, struct arena *a)
{
	struct bytes b = db_take_blob(st);
	return a && b.p ? arena_bytes(a, b) : b;
}

/* Puts the name of the thing before the sentence of code. */
__attribute__((format(printf, 3, 0))) static int named(struct err *e, int code, const char *fmt, va_list ap)
{
	char what[STORE_ROW_NAME_SIZE];
	(void)vsnprintf(what, sizeof(what), fmt, ap); /* a longer name is cut */
	return err_set(e, code, "%s: %s", what, err_sentence(code));
}

int row_need(struct db_stmt *st, struct err *e, const char *fmt, ...)
{
	int rc = db_step(st, e);
	if (rc > 0)
		return 0;
	if (rc < 0)
		return rc;
	va_list ap;
	va_start(ap, fmt);
	rc = named(e, ERR_NOT_FOUND, fmt, ap);
	va_end(ap);
	return rc;
}

__attribute__((format(printf, 4, 0))) static int change(struct db_stmt *st, int none, struct err *e, const char *fmt,
							va_list ap)
{
	int64_t n;
	int rc = db_run(st, &n, e);
	if (rc == 0 && n == 0)
		rc = none;
	if (rc == ERR_EXISTS || rc == ERR_CONFLICT || rc == ERR_NOT_FOUND)
		return named(e, rc, fmt, ap);
	return rc;
}

int row_add(struct db_stmt *st, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int rc = change(st, 0, e, fmt, ap);
	va_end(ap);
	return rc;
}

int row_change(struct db_stmt *st, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int rc = change(st, ERR_NOT_FOUND, e, fmt, ap);
	va_end(ap);
	return rc;
}

int row_won(struct db_stmt *st, bool *ret_won, struct err *e)
{
	int64_t n;
	int rc = db_run(st, &n, e);
	if (rc == ERR_EXISTS) { /* one_live_act: another server was quicker */
		*ret_won = false;
		return 0;
	}
	if (rc == 0)
		*ret_won = n > 0;
	return rc;
}

int row_number(struct db_stmt *st, int64_t *ret, struct err *e)
{
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	ASSERT(rc > 0);
	*ret = db_take_i64(st);
	db_end(st);
	return 0;
}

/* U+10FFFF is no character, so it stands behind every text, in bytes as in code points. */
void row_prefix_end(const char *prefix, char to[ROW_PREFIX_END_MAX])
{
	(void)snprintf(to, ROW_PREFIX_END_MAX, "%s\xf4\x8f\xbf\xbf", prefix); /* prefixes have limits, see store.h */
}
