#include "directory/source.h"

#include <string.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/json.h"
#include "directory/filter.h"

#define FOR_LDAP (1u << SOURCE_LDAP)
#define FOR_OIDC (1u << SOURCE_OIDC)
#define FOR_BOTH (FOR_LDAP | FOR_OIDC)

static const struct {
	const char *name;
	unsigned kinds;
	const char *by_default;
	size_t longest;
} rows[] = {
#define SOURCE_OPTION(NAME, name, kinds, by_default, longest)                                                          \
	[SOURCE_##NAME] = {name, FOR_##kinds, by_default, longest},
#include "directory/source.tbl.h"
#undef SOURCE_OPTION
};

static const char *const kind_names[] = {"ldap", "oidc"};

const char *source_kind_name(enum source_kind k)
{
	return (size_t)k < ARRAY_LEN(kind_names) ? kind_names[k] : "?";
}

bool source_kind_from_name(const char *name, enum source_kind *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*ret = (enum source_kind)i;
			return true;
		}
	}
	return false;
}

const char *source_option_name(enum source_option o)
{
	return rows[o].name;
}

bool source_option_is_of(enum source_option o, enum source_kind k)
{
	return rows[o].kinds & (1u << k);
}

void source_options_init(struct source_options *o)
{
	for (size_t i = 0; i < SOURCE_OPTION_COUNT; i++)
		o->text[i] = rows[i].by_default;
}

int source_options_parse(const char *json, struct arena *a, struct source_options *ret, struct err *e)
{
	struct json_t *j = NULL;
	struct source_options o;
	int rc = json_parse(bytes_str(json), SOURCE_JSON_MAX, &j, e);
	source_options_init(&o);
	for (size_t i = 0; i < SOURCE_OPTION_COUNT && !rc; i++) {
		const char *text = o.text[i];
		rc = json_opt_str(j, rows[i].name, rows[i].longest, &text, e);
		o.text[i] = arena_str(a, bytes_str(text));
	}
	json_free(j);
	if (!rc)
		*ret = o;
	return rc;
}

void source_options_write(const struct source_options *o, struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	for (size_t i = 0; i < SOURCE_OPTION_COUNT; i++)
		if (strcmp(o->text[i], rows[i].by_default) != 0)
			json_put_str(&w, rows[i].name, o->text[i]);
	json_end(&w);
}

int64_t source_timeout_ms(const struct source_options *o)
{
	int64_t ms;
	return text_to_i64(bytes_str(o->text[SOURCE_TIMEOUT]), &ms) ? ms : SOURCE_TIMEOUT_MIN_MS;
}

bool source_next_url(const struct source_options *o, size_t *at, struct bytes *ret)
{
	const char *from = o->text[SOURCE_URL] + *at;
	size_t blanks = strspn(from, " "), len = strcspn(from + blanks, " ");
	*at += blanks + len;
	*ret = BYTES(from + blanks, len);
	return len > 0;
}

/* "ldap://HOST", "ldaps://HOST:PORT", with nothing behind: what is asked for stands in options of its own. */
static int check_ldap_url(struct bytes url, struct err *e)
{
	const char *scheme = bytes_starts_with(url, "ldaps://")  ? "ldaps://"
			     : bytes_starts_with(url, "ldap://") ? "ldap://"
								 : NULL;
	if (!scheme)
		return err_set(e, ERR_INVALID, "url \"%.*s\" does not begin with ldap:// or ldaps://", (int)url.len,
			       url.p);
	struct bytes rest = BYTES(url.p + strlen(scheme), url.len - strlen(scheme));
	if (rest.len && rest.p[rest.len - 1] == '/')
		rest.len--;
	bool plain = rest.len > 0 && rest.p[0] != ':';
	for (size_t i = 0; i < rest.len; i++)
		plain = plain && rest.p[i] > ' ' && rest.p[i] < 0x7f && !strchr("/?#@,\"\\<>%", rest.p[i]);
	return plain ? 0 : err_set(e, ERR_INVALID, "url \"%.*s\" is not ldaps://HOST:PORT", (int)url.len, url.p);
}

static int check_urls(const struct source_options *o, struct err *e)
{
	struct bytes url;
	size_t at = 0, count = 0;
	int rc = 0;
	while (!rc && source_next_url(o, &at, &url)) {
		count++;
		rc = check_ldap_url(url, e);
	}
	if (!rc && !count)
		rc = err_set(e, ERR_MISSING, "a user source needs --url");
	if (!rc && count > SOURCE_URLS_MAX)
		rc = err_set(e, ERR_TOO_BIG, "more than %d URLs for one user source", SOURCE_URLS_MAX);
	return rc;
}

/* A name or an OID of RFC 4512, with options: nothing that could end a filter. */
static int check_attribute(const struct source_options *o, enum source_option which, bool needed, struct err *e)
{
	const char *text = o->text[which];
	bool fine = *text || !needed;
	for (const char *p = text; *p; p++)
		fine = fine && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
				strchr(".;-", *p));
	return fine ? 0 : err_set(e, ERR_INVALID, "%s \"%s\" is not the name of an attribute", rows[which].name, text);
}

static int check_word(const struct source_options *o, enum source_option which, const char *a, const char *b,
		      const char *c, struct err *e)
{
	const char *text = o->text[which];
	if (strcmp(text, a) == 0 || strcmp(text, b) == 0 || (c && strcmp(text, c) == 0))
		return 0;
	return err_set(e, ERR_INVALID, "%s \"%s\" is none of %s, %s%s%s", rows[which].name, text, a, b, c ? ", " : "",
		       c ? c : "");
}

static int check_ldap(const struct source_options *o, struct err *e)
{
	int rc = check_urls(o, e);
	if (!rc && !*o->text[SOURCE_BASE])
		rc = err_set(e, ERR_MISSING, "a user source of kind ldap needs --base, such as ou=people,dc=corp");
	rc = rc ? rc : check_attribute(o, SOURCE_LOGIN_ATTRIBUTE, true, e);
	rc = rc ? rc : check_attribute(o, SOURCE_ID_ATTRIBUTE, true, e);
	rc = rc ? rc : check_attribute(o, SOURCE_NAME_ATTRIBUTE, false, e);
	rc = rc ? rc : check_attribute(o, SOURCE_GROUP_ATTRIBUTE, false, e);
	rc = rc ? rc : check_word(o, SOURCE_TLS, "starttls", "off", NULL, e);
	rc = rc ? rc : check_word(o, SOURCE_GROUPS, "attribute", "search", "in-chain", e);
	rc = rc ? rc : check_word(o, SOURCE_NESTED, "on", "off", NULL, e);
	return rc || !*o->text[SOURCE_FILTER] ? rc : filter_check(o->text[SOURCE_FILTER], e);
}

static int check_https(const struct source_options *o, enum source_option which, struct err *e)
{
	const char *url = o->text[which];
	if (strncmp(url, "https://", 8) == 0 && url[8] && !strpbrk(url, " \"<>#?@"))
		return 0;
	return err_set(e, ERR_INVALID, "%s \"%s\" is not https://HOST/PATH", rows[which].name, url);
}

static int check_oidc(const struct source_options *o, struct err *e)
{
	int rc = check_https(o, SOURCE_URL, e);
	if (!rc && *o->text[SOURCE_REDIRECT])
		rc = check_https(o, SOURCE_REDIRECT, e);
	if (!rc && !*o->text[SOURCE_CLIENT_ID])
		rc = err_set(e, ERR_MISSING, "a user source of kind oidc needs --client-id");
	if (!rc && strncmp(o->text[SOURCE_SCOPES], "openid", 6) != 0)
		rc = err_set(e, ERR_INVALID, "scopes \"%s\" does not begin with openid", o->text[SOURCE_SCOPES]);
	if (!rc && (!*o->text[SOURCE_LOGIN_CLAIM] || !*o->text[SOURCE_GROUPS_CLAIM]))
		rc = err_set(e, ERR_INVALID, "login-claim and groups-claim have to be named");
	return rc;
}

static int check_lengths(enum source_kind k, const struct source_options *o, struct err *e)
{
	for (size_t i = 0; i < SOURCE_OPTION_COUNT; i++) {
		if (strlen(o->text[i]) > rows[i].longest)
			return err_set(e, ERR_TOO_BIG, "%s has more than %zu bytes", rows[i].name, rows[i].longest);
		if (!source_option_is_of((enum source_option)i, k) && strcmp(o->text[i], rows[i].by_default) != 0)
			return err_set(e, ERR_INVALID, "a user source of kind %s has no %s", source_kind_name(k),
				       rows[i].name);
		if (i != SOURCE_CA && !text_is_printable(bytes_str(o->text[i])))
			return err_set(e, ERR_INVALID, "%s holds characters that cannot be shown", rows[i].name);
	}
	return 0;
}

int source_options_check(enum source_kind k, const struct source_options *o, struct err *e)
{
	int64_t ms = source_timeout_ms(o);
	int rc = check_lengths(k, o, e);
	if (!rc && (ms < SOURCE_TIMEOUT_MIN_MS || ms > SOURCE_TIMEOUT_MAX_MS))
		rc = err_set(e, ERR_INVALID, "timeout is not between %d and %d ms", SOURCE_TIMEOUT_MIN_MS,
			     SOURCE_TIMEOUT_MAX_MS);
	if (!rc && *o->text[SOURCE_CA] && !strstr(o->text[SOURCE_CA], "-----BEGIN CERTIFICATE-----"))
		rc = err_set(e, ERR_INVALID, "authority holds no certificate in PEM form");
	if (rc)
		return rc;
	return k == SOURCE_OIDC ? check_oidc(o, e) : check_ldap(o, e);
}
