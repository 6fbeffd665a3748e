/* The audit: what goes into it, when old rows are cut off, and the daily look at the whole chain. */
#include "store/audit.h"

#include <stdio.h>

#include "base/base.h"
#include "base/text.h"
#include "codec/json.h"
#include "zone/command.h"

#define SERVER_ACTOR "server"
#define DAY_MS       INT64_C(86400000)

static struct store_audit_chain audit_chain(const struct zone *z)
{
	return (struct store_audit_chain){z->server, z->deps.audit_key};
}

int audit_add(struct zone *z, const char *actor, const char *action, const char *object, const char *detail,
	      struct err *e)
{
	struct store_audit row = {
		.time = z->now,
		.actor = actor,
		.action = action,
		.object = object ? object : "",
		.detail = detail ? detail : "{}",
	};
	if (!z->news)
		z->news = NEWS_SOME;
	const struct store_audit_chain chain = audit_chain(z);
	return store_audit_add(z->db, &chain, &row, NULL, e);
}

/* Who turns the audit of changes off cannot hide that, nor anything that decides who may do what. */
int audit_wants(const struct command *c, bool *ret, struct err *e)
{
	int64_t on = 1;
	int rc = 0;
	if (!c->of_rights && right_audit(c->call->command->right) == RIGHT_AUDIT_SWITCHED)
		rc = setting_at(c->z, SETTING_AUDIT_CHANGES, c->at_folder, c->at_device, &on, e);
	*ret = on != 0;
	return rc;
}

#define HASH_TEXT 65

static void hash_text(const uint8_t hash[32], char to[HASH_TEXT])
{
	struct buf hex;
	buf_init(&hex, HASH_TEXT - 1);
	hex_encode(&hex, BYTES(hash, 32));
	(void)bytes_to_str(buf_bytes(&hex), to, HASH_TEXT); /* 64 digits */
	buf_release(&hex);
}

static int say_cut(struct zone *z, const struct store_audit_checkpoint *c, struct err *e)
{
	char hash[HASH_TEXT], detail[256];
	hash_text(c->hash, hash);
	(void)snprintf(detail, sizeof(detail), "{\"upto\":%lld,\"hash\":\"%s\",\"removed\":%lld}",
		       (long long)STORE_SEQ_OF(c->id), hash, (long long)c->removed); /* fits */
	int rc = audit_add(z, SERVER_ACTOR, "audit.checkpoint", "audit", detail, e);
	struct message m = {
		.id = MESSAGE_AUDIT_CUT,
		.text = arena_printf(z->arena,
				     "%lld audit records up to number %lld were removed; the checkpoint says so",
				     (long long)c->removed, (long long)STORE_SEQ_OF(c->id)),
		.more = detail,
	};
	return rc ? rc : message_add(z, &m, e);
}

static int say_sealed(struct zone *z, int64_t last, const uint8_t hash[32], int64_t bad, struct err *e)
{
	char text[HASH_TEXT], detail[256];
	hash_text(hash, text);
	(void)snprintf(detail, sizeof(detail), "{\"upto\":%lld,\"hash\":\"%s\",\"bad\":%lld}",
		       (long long)STORE_SEQ_OF(last), text, (long long)STORE_SEQ_OF(bad)); /* fits */
	return audit_add(z, SERVER_ACTOR, "audit.seal", "audit", detail, e);
}

int audit_start(struct zone *z, struct err *e)
{
	const struct store_audit_chain chain = audit_chain(z);
	uint8_t hash[32];
	int64_t last, bad;
	if (!z->deps.audit_is_new)
		return 0;
	int rc = store_audit_seal(z->db, &chain, z->now, &last, hash, &bad, e);
	return rc || !STORE_SEQ_OF(last) ? rc : say_sealed(z, last, hash, bad, e);
}

static int cut(struct zone *z, int64_t *left, struct err *e)
{
	struct store_audit_checkpoint c;
	const struct store_audit_chain chain = audit_chain(z);
	int rc = store_audit_cut(z->db, &chain, z->now - setting(z, SETTING_KEEP_AUDIT), z->now, (int)*left, &c, e);
	if (rc || !c.removed)
		return rc;
	*left -= c.removed;
	return say_cut(z, &c, e);
}

static int say_tampered(struct zone *z, const struct store_audit_walk *w, struct err *e)
{
	struct message m = {
		.id = MESSAGE_AUDIT_TAMPERED,
		.text = arena_printf(z->arena, "audit record %lld %s; everything before it holds",
				     (long long)STORE_SEQ_OF(w->bad), store_audit_fault_text(w->fault)),
	};
	return message_add(z, &m, e);
}

/* One page of the look at the whole chain, which is taken once a day. */
static int look(struct zone *z, int64_t *left, struct err *e)
{
	struct store_audit_walk *w = &z->audit_walk;
	const struct store_audit_chain chain = audit_chain(z);
	int rc = w->of.server ? 0 : store_audit_walk_start(z->db, &chain, w, e);
	rc = rc ? rc : store_audit_walk_page(z->db, w, (int)*left, e);
	if (rc)
		return rc;
	if (!w->done) {
		*left = 0; /* another round for the next page */
		return 0;
	}
	z->audit_at = later(z->now, DAY_MS);
	if (w->fault && w->bad != z->audit_bad)
		rc = say_tampered(z, w, e);
	z->audit_bad = w->bad;
	w->of.server = 0;
	return rc;
}

int audit_tidy(struct zone *z, int64_t *left, struct err *e)
{
	if (*left <= 0 || z->now < z->audit_at)
		return 0;
	int rc = z->audit_walk.of.server ? 0 : cut(z, left, e);
	return rc || *left <= 0 ? rc : look(z, left, e);
}

void audit_forget(struct zone *z)
{
	z->audit_walk.of.server = 0;
}
