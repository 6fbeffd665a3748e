#include "lampd/option.h"

#include <errno.h>
#include <getopt.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "codec/conf.h"

#define CONFIG_MAX (64 * 1024)

enum { ONCE = false, MANY = true };

static const struct option_row rows[] = {
#define OPTION(NAME, name, argument, many, where, standard, sentence)                                                  \
	{OPTION_##NAME, name, argument, many, OPTION_##where, standard, sentence},
#include "lampd/option.tbl.h"
#undef OPTION
};

const struct option_row *option_row(enum option_id id)
{
	return &rows[id];
}

/* Whether this build takes it. */
static bool is_taken(const struct option_row *row)
{
#ifdef LAMPLIGHTER_TEST_CLOCK
	return true;
#else
	return row->where != OPTION_TEST;
#endif
}

static int keep(struct options *o, enum option_id id, const char *text, struct err *e)
{
	char **value = &o->value[id];
	if (!*value) {
		*value = mem_str(text);
		return 0;
	}
	if (!rows[id].many)
		return err_set(e, ERR_EXISTS, "--%s is given twice", rows[id].name);
	size_t size = strlen(*value) + strlen(text) + 2;
	char *joined = mem_alloc(size);
	(void)snprintf(joined, size, "%s,%s", *value, text);
	free(*value);
	*value = joined;
	return 0;
}

static const char *refused_option(char **argv)
{
	return optind > 0 && argv[optind - 1] ? argv[optind - 1] : "?";
}

static int read_flags(int argc, char **argv, struct options *o, struct err *e)
{
	struct option longs[OPTION_COUNT + 1] = {{0}};
	size_t n = 0;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (is_taken(&rows[i]))
			longs[n++] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument,
						     NULL, (int)(1000 + i)};
	opterr = 0;
	optind = 0; /* a test may call this more than once */
	for (;;) {
		int got = getopt_long(argc, argv, ":", longs, NULL);
		if (got == -1)
			break;
		if (got == ':')
			return err_set(e, ERR_MISSING, "%s needs a value", refused_option(argv));
		if (got < 1000)
			return err_set(e, ERR_INVALID, "unknown option %s", refused_option(argv));
		enum option_id id = (enum option_id)(got - 1000);
		int code = keep(o, id, optarg ? optarg : "", e);
		if (code)
			return code;
		o->by_flag[id] = true;
	}
	if (optind < argc)
		return err_set(e, ERR_INVALID, "unexpected argument '%s'", argv[optind]);
	return 0;
}

/* conf calls set without saying for which key, so each key has its own. */
#define OPTION(NAME, ...)                                                                                              \
	static int set_##NAME(void *arg, const char *value, struct err *e)                                             \
	{                                                                                                              \
		struct options *o = arg;                                                                               \
		return o->by_flag[OPTION_##NAME] ? 0 : keep(o, OPTION_##NAME, value, e);                               \
	}
#include "lampd/option.tbl.h"
#undef OPTION

static const struct conf_key all_keys[] = {
#define OPTION(NAME, name, argument, many, ...) {name, many, set_##NAME},
#include "lampd/option.tbl.h"
#undef OPTION
};

static int read_file(struct options *o, struct err *e)
{
	const char *path = o->value[OPTION_CONFIG];
	struct conf_key keys[OPTION_COUNT + 1] = {{0}};
	size_t n = 0;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (rows[i].where == OPTION_BOTH)
			keys[n++] = all_keys[i];
	struct buf text;
	buf_init(&text, CONFIG_MAX);
	int code = file_read(path, &text, e);
	if (code)
		code = err_wrap(e, code, "configuration");
	else
		code = conf_parse(buf_bytes(&text), path, keys, o, e);
	buf_release(&text);
	return code;
}

int options_read(int argc, char **argv, struct options *ret, struct err *e)
{
	*ret = (struct options){.value = {NULL}};
	int code = read_flags(argc, argv, ret, e);
	if (!code && ret->value[OPTION_CONFIG])
		code = read_file(ret, e);
	return code;
}

void options_release(struct options *o)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		free(o->value[i]);
		o->value[i] = NULL;
	}
}

bool option_is_set(const struct options *o, enum option_id id)
{
	return o->value[id] != NULL;
}

const char *option_text(const struct options *o, enum option_id id)
{
	return o->value[id] ? o->value[id] : rows[id].standard;
}

void option_help(struct buf *out)
{
	(void)buf_adds(out, "Usage: lampd --data DIR [OPTION...]\n"
			    "The server of a Lamplighter zone: finds Intel AMT devices and controls their power.\n\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char left[40];
		if (!is_taken(&rows[i]))
			continue;
		(void)snprintf(left, sizeof(left), "--%s %s", rows[i].name, rows[i].argument ? rows[i].argument : "");
		(void)buf_addf(out, "  %-22s %s", left, rows[i].sentence);
		if (rows[i].argument)
			(void)buf_addf(out, " (default: %s)", rows[i].standard);
		(void)buf_adds(out, "\n");
	}
	(void)buf_adds(out, "\nExample: lampd --data /tmp/zone --listen 127.0.0.1:8443 --allow-net 127.0.0.0/8\n"
			    "See lampd(8) and lampd.conf(5).\n");
}
