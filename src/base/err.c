#include "base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct row {
	int code;
	enum err_class class;
	const char *name;
	const char *sentence;
	const char *next;
} rows[] = {
#define ERR(name, number, class, sentence, next) {ERR_##name, ERR_CLASS_##class, #name, sentence, next},
#include "base/err.tbl.h"
#undef ERR
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))
#define NAME_SIZE 32

/* "WRONG_PASSWORD" is spelled once, in the table; people see the lower-case form. */
static char names[ROW_COUNT][NAME_SIZE];

__attribute__((constructor)) static void fill_names(void)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		for (size_t j = 0; rows[i].name[j] && j + 1 < NAME_SIZE; j++)
			names[i][j] = (char)tolower((unsigned char)rows[i].name[j]);
}

static size_t row_of(int code)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].code == code)
			return i;
	return 0; /* FAILED stands first */
}

__attribute__((format(printf, 4, 0))) static void set_v(struct err *e, int code, int sys, const char *fmt, va_list ap)
{
	e->code = code;
	int n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	if (sys && n >= 0 && (size_t)n < sizeof(e->msg)) {
		char text[128];
		(void)snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s", strerror_r(sys, text, sizeof(text)));
	}
}

int(err_set)(struct err *e, int code, const char *fmt, ...)
{
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		set_v(e, code, 0, fmt, ap);
		va_end(ap);
	}
	return code;
}

int(err_set_sys)(struct err *e, int code, int sys, const char *fmt, ...)
{
	if (e) {
		va_list ap;
		va_start(ap, fmt);
		set_v(e, code, sys, fmt, ap);
		va_end(ap);
	}
	return code;
}

int(err_wrap)(struct err *e, int code, const char *fmt, ...)
{
	if (!e)
		return code;
	char was[sizeof(e->msg)];
	memcpy(was, e->msg, sizeof(was));
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(e->msg))
		(void)snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s", was);
	return code;
}

enum err_class err_class(int code)
{
	return code == ERR_OK ? ERR_CLASS_NONE : rows[row_of(code)].class;
}

const char *err_class_name(enum err_class c)
{
	static const char *const text[] = {"none", "retry", "refused", "auth", "input", "uncertain", "bug"};
	return text[c];
}

const char *err_name(int code)
{
	return code == ERR_OK ? "ok" : names[row_of(code)];
}

const char *err_sentence(int code)
{
	return code == ERR_OK ? "done" : rows[row_of(code)].sentence;
}

const char *err_next(int code)
{
	return code == ERR_OK ? "" : rows[row_of(code)].next;
}

int err_from_name(const char *name)
{
	if (strcmp(name, "ok") == 0)
		return ERR_OK;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strcmp(name, names[i]) == 0)
			return rows[i].code;
	return ERR_NOT_FOUND;
}
