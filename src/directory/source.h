/* source.h - the options of a user source: kept in the database as one JSON object, checked when they are given. Pure.
 */
#ifndef DIRECTORY_SOURCE_H
#define DIRECTORY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct arena;
struct err;

/* Numbers of the database. */
enum source_kind { SOURCE_LDAP = 0, SOURCE_OIDC = 1 };
const char *source_kind_name(enum source_kind k); /* "ldap" */
bool source_kind_from_name(const char *name, enum source_kind *ret);

enum source_option {
#define SOURCE_OPTION(NAME, ...) SOURCE_##NAME,
#include "directory/source.tbl.h"
#undef SOURCE_OPTION
	SOURCE_OPTION_COUNT
};
const char *source_option_name(enum source_option o); /* "bind-dn" */
bool source_option_is_of(enum source_option o, enum source_kind k);

#define SOURCE_URLS_MAX       8
#define SOURCE_TIMEOUT_MIN_MS 500
#define SOURCE_TIMEOUT_MAX_MS 30000
#define SOURCE_JSON_MAX       (512u * 1024)

struct source_options {
	const char *text[SOURCE_OPTION_COUNT]; /* never NULL; borrowed */
};

void source_options_init(struct source_options *o); /* the defaults */
/* What source_options_write wrote; texts in a. Options that this version does not know are left out. ERR_INVALID. */
int source_options_parse(const char *json, struct arena *a, struct source_options *ret, struct err *e);
void source_options_write(const struct source_options *o, struct buf *out);
/* Whether a source of this kind can work with them: ERR_INVALID, ERR_MISSING, ERR_TOO_BIG with the option's name. */
int source_options_check(enum source_kind k, const struct source_options *o, struct err *e);

int64_t source_timeout_ms(const struct source_options *o);
/* The URLs one by one: *at is 0 at first. False at the end. */
bool source_next_url(const struct source_options *o, size_t *at, struct bytes *ret);

#endif
