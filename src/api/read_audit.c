#include <stdio.h>

#include "api/read.h"
#include "base/err.h"
#include "base/text.h"
#include "store/audit.h"

#define DASHBOARD_MS (4 * INT64_C(3600000))
#define VERIFY_PAGE  10000
#define HASH_TEXT    65

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* A record's kind follows from what it says. */
static const char *kind_of(const char *action, bool refused)
{
	if (refused)
		return "refused";
	if (strcmp(action, "device.power") == 0 || strcmp(action, "credential.use") == 0)
		return "device";
	return strcmp(action, "audit.checkpoint") == 0 || strcmp(action, "audit.seal") == 0 ? "system" : "change";
}

static bool is_refused(const struct store_audit *a)
{
	return begins(a->object, "refused");
}

static void hash_text(struct bytes hash, char to[HASH_TEXT])
{
	struct buf hex;
	buf_init(&hex, HASH_TEXT - 1);
	hex_encode(&hex, hash);
	(void)bytes_to_str(buf_bytes(&hex), to, HASH_TEXT); /* 32 bytes at most are shown */
	buf_release(&hex);
}

static void put_audit(struct read *r, const struct store_audit *a)
{
	char hash[HASH_TEXT];
	struct api_writer w;
	hash_text(a->hash, hash);
	api_begin(&w, &r->json, NULL, API_OBJECT_audit);
	api_put_int(&w, "seq", STORE_SEQ_OF(a->id));
	api_put_time(&w, "time", a->time);
	api_put_str(&w, "actor", a->actor);
	api_put_str(&w, "kind", kind_of(a->action, is_refused(a)));
	api_put_str(&w, "action", a->action);
	api_put_str(&w, "object", a->object);
	api_put_str(&w, "detail", a->detail);
	api_put_str(&w, "hash", hash);
	api_end(&w);
}

static int put_audit_row(void *arg, const struct store_audit *a)
{
	struct read *r = arg;
	const char *kind = r->call->command->id == API_CMD_AUDIT_LIST ? api_str(r->call, "kind") : NULL;
	int64_t since = api_int(r->call, "since", 0);
	read_row(r);
	if (a->time >= since && (!kind || strcmp(kind, kind_of(a->action, is_refused(a))) == 0)) {
		if (!read_take(r))
			return 1;
		put_audit(r, a);
	}
	read_key_id(r, a->id);
	return 0;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int fetch_audit(struct read *r, struct err *e)
{
	struct store_audit_filter f = {
		.server = r->server,
		.actor = or_empty(api_str(r->call, "actor")),
		.action = or_empty(api_str(r->call, "action")),
		.object = or_empty(api_str(r->call, "object")),
		.since = api_int(r->call, "since", 0),
		.until = api_int(r->call, "until", 0),
	};
	return store_audit_list(r->db, &f, read_after_id(r), READ_BATCH, put_audit_row, r, e);
}

int read_AUDIT_LIST(struct read *r, struct err *e)
{
	static const char *const kinds[] = {"change", "device", "refused", "system"};
	const char *kind = api_str(r->call, "kind");
	bool known = !kind;
	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		known = known || strcmp(kind, kinds[i]) == 0;
	if (!known)
		return err_set(e, ERR_INVALID, "'kind' is none of change, device, refused, system: '%s'", kind);
	return read_pages(r, fetch_audit, e);
}

static int fetch_export(struct read *r, struct err *e)
{
	int64_t after = read_after_id(r);
	if (!after)
		after = STORE_SEQ_ID(r->server, api_int(r->call, "behind", 0));
	return store_audit_follow(r->db, after, READ_BATCH, put_audit_row, r, e);
}

int read_AUDIT_EXPORT(struct read *r, struct err *e)
{
	int64_t behind = api_int(r->call, "behind", 0);
	if (behind < 0 || behind > STORE_SEQ_OF(-1))
		return err_set(e, ERR_INVALID, "'behind' is not the number of an audit record");
	return read_pages(r, fetch_export, e);
}

static int put_count(void *arg, const char *action, bool refused, int64_t count)
{
	struct read *r = arg;
	struct api_writer w;
	const char *dot = strchr(action, '.');
	if (r->rows++ < read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_audit_count);
	api_put_bytes(&w, "category", BYTES(action, dot ? (size_t)(dot - action) : strlen(action)));
	api_put_str(&w, "action", action);
	api_put_str(&w, "kind", kind_of(action, refused));
	api_put_int(&w, "count", count);
	api_end(&w);
	read_key_id(r, r->rows);
	return 0;
}

/* Few: the key is the place in the list. */
int read_AUDIT_COUNTS(struct read *r, struct err *e)
{
	int64_t since = api_int(r->call, "since", r->now - DASHBOARD_MS);
	int code = store_audit_counts(r->db, since, api_int(r->call, "until", 0), put_count, r, e);
	return code < 0 ? code : 0;
}

static void put_seq(struct api_writer *w, const char *name, int64_t id)
{
	if (STORE_SEQ_OF(id))
		api_put_int(w, name, STORE_SEQ_OF(id));
	else
		api_put_null(w, name);
}

static void put_check(struct read *r, const struct store_audit_walk *walk)
{
	char hash[HASH_TEXT], message[256];
	struct api_writer w;
	hash_text(BYTES(walk->hash, sizeof(walk->hash)), hash);
	if (walk->fault)
		(void)snprintf(message, sizeof(message), "audit record %lld %s; the %lld before it hold",
			       (long long)STORE_SEQ_OF(walk->bad), store_audit_fault_text(walk->fault),
			       (long long)walk->rows); /* fits */
	else
		(void)snprintf(message, sizeof(message), "all %lld audit records hold", (long long)walk->rows);
	api_begin(&w, &r->json, NULL, API_OBJECT_audit_check);
	api_put_bool(&w, "ok", walk->fault == STORE_AUDIT_FINE);
	api_put_int(&w, "rows", walk->rows);
	put_seq(&w, "last", walk->expected - 1);
	api_put_str(&w, "hash", walk->rows ? hash : NULL);
	put_seq(&w, "checkpoint", walk->from.id);
	api_put_time(&w, "cut", walk->from.time);
	put_seq(&w, "without_key", walk->sealed);
	put_seq(&w, "bad", walk->bad);
	api_put_str(&w, "message", message);
	api_end(&w);
}

/* Each page in a snapshot of its own: a long reader would keep the journal from being written back. */
int read_AUDIT_VERIFY(struct read *r, struct err *e)
{
	const struct store_audit_chain chain = {r->server, r->audit_key};
	struct store_audit_walk walk;
	int code = store_audit_walk_start(r->db, &chain, &walk, e);
	while (!code && !walk.done) {
		code = store_audit_walk_page(r->db, &walk, VERIFY_PAGE, e);
		if (!code && !walk.done) {
			db_rollback(r->db);
			code = db_begin(r->db, e);
		}
	}
	if (!code)
		put_check(r, &walk);
	return code;
}
