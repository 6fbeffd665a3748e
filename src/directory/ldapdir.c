#define LDAP_DEPRECATED 0
#include "directory/ldapdir.h"

#include <curl/curl.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/text.h"
#include "directory/directory.h"
#include "directory/filter.h"

#define SYSTEM_CA  "/etc/ssl/certs/ca-certificates.crt"
#define IN_CHAIN   "1.2.840.113556.1.4.1941" /* LDAP_MATCHING_RULE_IN_CHAIN, [MS-ADTS] 3.1.1.3.4.4.3 */
#define LEVELS_MAX 10                        /* of groups in groups */
#define ENTRIES    1000                      /* of one search for groups */

void directory_init(void)
{
	(void)setenv("LDAPNOINIT", "1", 1);          /* no ldap.conf, .ldaprc or LDAP... variables */
	(void)curl_global_init(CURL_GLOBAL_DEFAULT); /* providers fail with a sentence otherwise */
}

/* One conversation with one server of a source. */
struct talk {
	const struct ldapdir_question *q;
	const char *const *option; /* texts of the source */
	struct person *p;
	LDAP *ld;
	char url[256];
	int ca; /* file without a name that holds the source's authority; -1 */
	struct timeval limit;
	char *dn;       /* of the person */
	bool try_other; /* what failed may work with another server of this source */
};

static bool is_of_server(int code)
{
	switch (code) {
	case LDAP_SERVER_DOWN:
	case LDAP_TIMEOUT:
	case LDAP_CONNECT_ERROR:
	case LDAP_UNAVAILABLE:
	case LDAP_BUSY:
	case LDAP_LOCAL_ERROR:
	case LDAP_TIMELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
		return true;
	default:
		return false;
	}
}

/* What libldap says, with the server's own words. */
static int fail(struct talk *t, const char *what, int code)
{
	char *words = NULL, shown[200] = "";
	t->try_other = is_of_server(code);
	if (t->ld && ldap_get_option(t->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &words) == LDAP_OPT_SUCCESS && words)
		(void)snprintf(shown, sizeof(shown), "%s", words); /* cut is fine */
	ldap_memfree(words);
	if (!text_is_printable(bytes_str(shown)))
		shown[0] = 0;
	return err_set(&t->p->err, ERR_SOURCE_DOWN, "%s: %s: %s%s%s%s", t->url, what, ldap_err2string(code),
		       *shown ? " (" : "", shown, *shown ? ")" : "");
}

static int refuse(struct talk *t, const char *why)
{
	t->p->state = PERSON_REFUSED;
	return err_set(&t->p->err, ERR_WRONG_LOGIN, "%s", why);
}

static int make_no_sense(struct talk *t, int rc)
{
	(void)err_wrap(&t->p->err, rc, "%s", t->url);
	return t->p->err.code = ERR_SOURCE_DOWN;
}

/* libldap takes authorities from a file only. */
static const char *authority_file(struct talk *t, char to[64])
{
	const char *pem = t->option[SOURCE_CA];
	if (!*pem)
		return SYSTEM_CA;
	t->ca = memfd_create("ca", MFD_CLOEXEC);
	if (t->ca < 0 || write(t->ca, pem, strlen(pem)) != (ssize_t)strlen(pem))
		return NULL;
	(void)snprintf(to, 64, "/proc/self/fd/%d", t->ca); /* fits */
	return to;
}

static int set_up_tls(struct talk *t)
{
	char path[64];
	int demand = LDAP_OPT_X_TLS_HARD, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, of_client = 0;
	const char *file = authority_file(t, path);
	if (!file)
		return fail(t, "its authority's certificate cannot be kept", LDAP_LOCAL_ERROR);
	int rc = ldap_set_option(t->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_X_TLS_CACERTFILE, file);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_X_TLS_NEWCTX, &of_client);
	return rc ? fail(t, "the authority's certificate cannot be used", LDAP_PARAM_ERROR) : 0;
}

static int set_up(struct talk *t)
{
	int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;
	int rc = ldap_initialize(&t->ld, t->url);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_DEREF, &never);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_NETWORK_TIMEOUT, &t->limit);
	rc = rc ? rc : ldap_set_option(t->ld, LDAP_OPT_TIMEOUT, &t->limit);
	if (rc)
		return fail(t, "it cannot be asked", rc);
	bool secured = strncmp(t->url, "ldaps:", 6) == 0, start = strcmp(t->option[SOURCE_TLS], "off") != 0;
	rc = secured || start ? set_up_tls(t) : 0;
	if (rc || secured || !start)
		return rc;
	rc = ldap_start_tls_s(t->ld, NULL, NULL);
	return rc ? fail(t, "StartTLS", rc) : 0;
}

static int bind_as(struct talk *t, const char *dn, const struct secret *password)
{
	struct berval cred = {password ? password->len : 0, password ? (char *)password->p : NULL};
	return ldap_sasl_bind_s(t->ld, dn, LDAP_SASL_SIMPLE, &cred, NULL, NULL, NULL);
}

/* Under the source's own login; without one nothing is bound, which is anonymous. */
static int bind_source(struct talk *t)
{
	const char *dn = t->option[SOURCE_BIND_DN];
	bool has_password = t->q->bind && t->q->bind->len;
	if (*dn && !has_password)
		return fail(t, "bind-dn has no password: give it as the secret", LDAP_PARAM_ERROR);
	int rc = bind_as(t, *dn ? dn : NULL, *dn ? t->q->bind : NULL);
	return rc ? fail(t, *dn ? "login as bind-dn" : "anonymous login", rc) : 0;
}

static int search(struct talk *t, const char *base, int scope, const char *filter, const char *const *attributes,
		  int most, LDAPMessage **ret)
{
	struct timeval limit = t->limit;
	char *wanted[5] = {NULL};
	for (size_t i = 0; i < ARRAY_LEN(wanted) - 1 && attributes[i]; i++)
		wanted[i] = (char *)(uintptr_t)attributes[i]; /* libldap only reads them */
	*ret = NULL;
	return ldap_search_ext_s(t->ld, base, scope, filter, wanted, 0, NULL, NULL, &limit, most, ret);
}

/* The first value; *ret_len 0: there is none. Lives as long as *ret_values. */
static struct bytes first_value(struct talk *t, LDAPMessage *entry, const char *attribute, struct berval ***ret_values)
{
	*ret_values = *attribute ? ldap_get_values_len(t->ld, entry, attribute) : NULL;
	if (!*ret_values || !**ret_values)
		return BYTES_NONE;
	return BYTES((**ret_values)->bv_val, (**ret_values)->bv_len);
}

/* Ids of Active Directory are bytes: those are kept as hex. */
static int take_subject(struct talk *t, struct bytes id)
{
	struct buf text;
	struct err *e = &t->p->err;
	if (!id.len)
		return err_set(e, ERR_MALFORMED, "the person has no attribute %s, or it may not be read",
			       t->option[SOURCE_ID_ATTRIBUTE]);
	if (text_is_printable(id))
		return person_set(&t->p->subject, "the person's id", id, e);
	buf_init(&text, PERSON_TEXT_MAX);
	(void)buf_adds(&text, "hex:"); /* checked below */
	hex_encode(&text, id);
	int rc = buf_check(&text, e, "the person's id");
	rc = rc ? rc : person_set(&t->p->subject, "the person's id", buf_bytes(&text), e);
	buf_release(&text);
	return rc;
}

static int take_person(struct talk *t, LDAPMessage *entry)
{
	struct berval **id, **login, **name;
	struct person *p = t->p;
	int rc = take_subject(t, first_value(t, entry, t->option[SOURCE_ID_ATTRIBUTE], &id));
	struct bytes text = first_value(t, entry, t->option[SOURCE_LOGIN_ATTRIBUTE], &login);
	rc = rc ? rc : person_set(&p->login, "the person's login", text, &p->err);
	text = first_value(t, entry, t->option[SOURCE_NAME_ATTRIBUTE], &name);
	if (!rc && text.len)
		(void)person_set(&p->name, "the person's name", text, NULL); /* without one, then */
	ldap_value_free_len(id);
	ldap_value_free_len(login);
	ldap_value_free_len(name);
	t->dn = ldap_get_dn(t->ld, entry);
	if (!rc && (!t->dn || !*t->dn)) /* a bind without a name would be anonymous */
		rc = err_set(&p->err, ERR_MALFORMED, "the person has no distinguished name");
	return rc ? make_no_sense(t, rc) : 0;
}

/* Groups that stand in an entry itself, as in memberOf. */
static int take_groups(struct talk *t, LDAPMessage *entry, const char *attribute)
{
	struct berval **values = ldap_get_values_len(t->ld, entry, attribute);
	int rc = 0;
	for (size_t i = 0; values && values[i] && !rc; i++)
		rc = person_add_group(t->p, BYTES(values[i]->bv_val, values[i]->bv_len), &t->p->err);
	ldap_value_free_len(values);
	return rc ? make_no_sense(t, rc) : 0;
}

static bool groups_are_in_entries(const struct talk *t)
{
	return strcmp(t->option[SOURCE_GROUPS], "attribute") == 0;
}

static const char *group_attribute(const struct talk *t)
{
	const char *given = t->option[SOURCE_GROUP_ATTRIBUTE];
	if (*given)
		return given;
	return groups_are_in_entries(t) ? "memberOf" : "member";
}

static int find_person(struct talk *t)
{
	const char *attributes[] = {t->option[SOURCE_ID_ATTRIBUTE], t->option[SOURCE_LOGIN_ATTRIBUTE],
				    groups_are_in_entries(t) ? group_attribute(t) : "1.1",
				    *t->option[SOURCE_NAME_ATTRIBUTE] ? t->option[SOURCE_NAME_ATTRIBUTE] : NULL, NULL};
	char by_attribute[160];
	const char *template = t->option[SOURCE_FILTER];
	LDAPMessage *found = NULL;
	struct buf filter;
	(void)snprintf(by_attribute, sizeof(by_attribute), "(%s={login})",
		       t->option[SOURCE_LOGIN_ATTRIBUTE]); /* fits */
	buf_init(&filter, FILTER_MAX);
	int rc = filter_fill(*template ? template : by_attribute, bytes_str(t->q->login), &filter, &t->p->err);
	if (rc) {
		buf_release(&filter);
		return refuse(t, "the login name is too long");
	}
	int code = search(t, t->option[SOURCE_BASE], LDAP_SCOPE_SUBTREE, buf_cstr(&filter), attributes, 2, &found);
	int count = code == LDAP_SUCCESS ? ldap_count_entries(t->ld, found) : 0;
	if (code == LDAP_SIZELIMIT_EXCEEDED || count > 1)
		rc = refuse(t, "several people are called so there");
	else if (code)
		rc = fail(t, "search for the person", code);
	else if (count < 1)
		rc = refuse(t, "nobody is called so there");
	else
		rc = take_person(t, ldap_first_entry(t->ld, found));
	if (!rc && groups_are_in_entries(t))
		rc = take_groups(t, ldap_first_entry(t->ld, found), group_attribute(t));
	ldap_msgfree(found);
	buf_release(&filter);
	return rc;
}

static bool is_refusal(int code)
{
	return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_NO_SUCH_OBJECT ||
	       code == LDAP_UNWILLING_TO_PERFORM || code == LDAP_CONSTRAINT_VIOLATION ||
	       code == LDAP_INSUFFICIENT_ACCESS;
}

static int prove(struct talk *t)
{
	const struct ldapdir_question *q = t->q;
	if (!q->password)
		return 0;
	if (!q->password->len)
		return refuse(t, "the password is empty");
	if (q->may_try && !q->may_try(q->arg, t->p->login))
		return refuse(t, "too many logins failed");
	int code = bind_as(t, t->dn, q->password);
	if (is_refusal(code))
		return refuse(t, "the password is not the person's, or the directory locked the account");
	if (code)
		return fail(t, "login as the person", code);
	return bind_source(t); /* the groups are looked up as the source */
}

/* The groups that name this member, by a search. */
static int search_groups(struct talk *t, const char *member)
{
	static const char *const nothing[] = {"1.1", NULL}; /* RFC 4511 section 4.5.1.8: no attributes */
	const char *base = *t->option[SOURCE_GROUP_BASE] ? t->option[SOURCE_GROUP_BASE] : t->option[SOURCE_BASE];
	bool in_chain = strcmp(t->option[SOURCE_GROUPS], "in-chain") == 0;
	LDAPMessage *found = NULL;
	struct buf filter;
	buf_init(&filter, FILTER_MAX);
	(void)buf_addf(&filter, "(%s%s=", group_attribute(t), in_chain ? ":" IN_CHAIN ":" : ""); /* checked below */
	filter_escape(&filter, bytes_str(member));
	(void)buf_addc(&filter, ')');
	int rc = buf_check(&filter, &t->p->err, "search filter");
	int code = rc ? 0 : search(t, base, LDAP_SCOPE_SUBTREE, buf_cstr(&filter), nothing, ENTRIES, &found);
	if (code)
		rc = fail(t, "search for groups", code);
	for (LDAPMessage *m = ldap_first_entry(t->ld, found); m && !rc; m = ldap_next_entry(t->ld, m)) {
		char *dn = ldap_get_dn(t->ld, m);
		rc = person_add_group(t->p, bytes_str(dn), &t->p->err);
		ldap_memfree(dn);
	}
	ldap_msgfree(found);
	buf_release(&filter);
	return rc;
}

/* The groups that a group is in, which it names itself. One that is gone, or may not be read, is in none. */
static int read_groups(struct talk *t, const char *group)
{
	const char *attributes[] = {group_attribute(t), NULL};
	LDAPMessage *found = NULL;
	int code = search(t, group, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 1, &found);
	bool none = code == LDAP_NO_SUCH_OBJECT || code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_REFERRAL ||
		    code == LDAP_INVALID_DN_SYNTAX;
	int rc = code && !none ? fail(t, "search for groups", code) : 0;
	LDAPMessage *entry = code ? NULL : ldap_first_entry(t->ld, found);
	if (entry)
		rc = take_groups(t, entry, group_attribute(t));
	ldap_msgfree(found);
	return rc;
}

/* Level by level: groups that came with one level are looked at in the next; none is looked at twice, so circles end.
 */
static int find_groups(struct talk *t)
{
	bool in_entries = groups_are_in_entries(t);
	int rc = in_entries ? 0 : search_groups(t, t->dn);
	if (strcmp(t->option[SOURCE_NESTED], "on") != 0 || strcmp(t->option[SOURCE_GROUPS], "in-chain") == 0)
		return rc;
	size_t from = 0;
	for (int level = 0; level < LEVELS_MAX && !rc && from < t->p->group_count; level++) {
		size_t to = t->p->group_count;
		for (; from < to && !rc; from++)
			rc = in_entries ? read_groups(t, t->p->groups[from]) : search_groups(t, t->p->groups[from]);
	}
	return rc;
}

static int ask_base(struct talk *t)
{
	static const char *const nothing[] = {"1.1", NULL};
	LDAPMessage *found = NULL;
	int code = search(t, t->option[SOURCE_BASE], LDAP_SCOPE_BASE, "(objectClass=*)", nothing, 1, &found);
	ldap_msgfree(found);
	return code ? fail(t, "base cannot be read", code) : 0;
}

static int converse(struct talk *t)
{
	int rc = set_up(t);
	rc = rc ? rc : bind_source(t);
	if (!rc && !t->q->login)
		return ask_base(t);
	rc = rc ? rc : find_person(t);
	rc = rc ? rc : prove(t);
	return rc ? rc : find_groups(t);
}

static void forget(struct person *p)
{
	struct person *fresh = person_new(p->source);
	struct person old = *p;
	*p = *fresh;
	*fresh = old;
	person_free(fresh);
}

/* Whether the next URL has to be asked. */
static bool ask_one(const struct ldapdir_question *q, struct bytes url, struct person *p)
{
	int64_t ms = source_timeout_ms(q->options);
	struct talk t = {.q = q, .option = q->options->text, .p = p, .ca = -1};
	t.limit = (struct timeval){.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	if (!bytes_to_str(url, t.url, sizeof(t.url))) {
		(void)err_set(&p->err, ERR_SOURCE_DOWN, "a URL is too long");
		return true;
	}
	forget(p);
	if (converse(&t) == 0)
		p->state = PERSON_PROVEN;
	if (t.ld)
		(void)ldap_unbind_ext_s(t.ld, NULL, NULL); /* frees it whatever comes */
	ldap_memfree(t.dn);
	if (t.ca >= 0)
		close(t.ca);
	return p->state == PERSON_UNKNOWN && t.try_other;
}

void ldapdir_ask(const struct ldapdir_question *q, struct person *p)
{
	size_t at = 0;
	struct bytes url;
	(void)err_set(&p->err, ERR_SOURCE_DOWN, "the user source has no URL");
	while (source_next_url(q->options, &at, &url) && ask_one(q, url, p))
		;
}
