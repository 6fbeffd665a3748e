#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "store/discovered.h"
#include "store/reconcile.h"
#include "zone/match.h"
#include "zone/reconcile_view.h"

#define LINKED "linked"

int read_RECONCILE_SHOW(struct read *r, struct err *e)
{
	struct store_reconcile row;
	int code = reconcile_state(r->db, r->arena, &row, e);
	return code ? code : reconcile_write(r->db, r->arena, &r->json, &row, r->now, e);
}

static const char *const kinds[] = {
	[MATCH_UNMATCHED_AMT] = "unmatched_amt",
	[MATCH_UNMATCHED_HOST] = "unmatched_host",
	[MATCH_CONFLICT] = "conflict",
};

static bool is_wanted(const struct read *r, const char *state)
{
	const char *want = api_str(r->call, "state");
	return !want || strcmp(want, state) == 0;
}

static bool has_key(const struct match_word *w)
{
	return w->kind == MATCH_CONFLICT && w->reason != MATCH_BUSY && w->reason != MATCH_OWN_RULES;
}

static void put_finding(struct read *r, const struct store_finding_view *v, const struct match_word *w)
{
	const struct store_finding *f = &v->finding;
	struct api_writer out;
	api_begin(&out, &r->json, NULL, API_OBJECT_match);
	api_put_str(&out, "state", kinds[w->kind]);
	api_put_text(&out, "device", v->name);
	api_put_text(&out, "address", v->address);
	api_put_text(&out, "key", has_key(w) ? match_key_name((enum match_key)f->key) : "");
	api_put_text(&out, "other", v->other_name);
	api_put_str(&out, "reason", w->code);
	api_put_str(&out, "sentence", w->sentence);
	api_put_str(&out, "next", w->next);
	api_end(&out);
}

/* The thing may be gone since the run. */
static int see_finding(void *arg, const struct store_finding_view *v)
{
	struct read *r = arg;
	const struct match_word *w = match_word(v->finding.reason);
	char kind[16], object[32];
	read_row(r);
	if (w && (*v->name || *v->address) && is_wanted(r, kinds[w->kind])) {
		if (!read_take(r))
			return 1;
		put_finding(r, v, w);
	}
	(void)snprintf(kind, sizeof(kind), "%d", v->finding.kind);                    /* fits */
	(void)snprintf(object, sizeof(object), "%lld", (long long)v->finding.object); /* fits */
	read_key(r, kind, object);
	return 0;
}

static int fetch_findings(struct read *r, struct err *e)
{
	uint64_t kind = 0, object = 0;
	if (read_after(r, 0) &&
	    (!text_to_u64(bytes_str(r->key[0]), &kind) || !text_to_u64(bytes_str(r->key[1]), &object) ||
	     kind > STORE_FINDING_HOST || object > INT64_MAX))
		return err_set(e, ERR_INVALID, "'after' is not the 'next' of a page");
	return store_finding_views(r->db, (int)kind, (int64_t)object, READ_BATCH, see_finding, r, e);
}

/* By which key a record and its interface were, or could be, brought together. */
static const char *key_of(struct read *r, const struct store_inventory_view *v)
{
	const struct store_inventory *i = &v->record;
	struct store_discovered d;
	struct match_host host = {
		.uuid = match_uuid(&i->uuid), .macs = i->macs, .fqdn = i->fqdn, .addresses = i->addresses};
	struct match_amt amt = {.uuid = match_uuid(&v->amt_uuid), .macs = v->amt_mac, .fqdn = v->amt_host};
	amt.address = v->amt_host;
	if (i->pin == STORE_PIN_LINKED)
		return "hand";
	if (!*v->amt_host && store_discovered_by_address(r->db, r->arena, v->discovered, &d, NULL) == 0)
		amt = (struct match_amt){.uuid = match_uuid(&d.uuid), .macs = "", .fqdn = d.name, .address = d.address};
	return match_key_name(match_common(&host, &amt));
}

static void put_linked(struct read *r, const struct store_inventory_view *v)
{
	struct api_writer out;
	api_begin(&out, &r->json, NULL, API_OBJECT_match);
	api_put_str(&out, "state", LINKED);
	api_put_str(&out, "device", v->name);
	api_put_str(&out, "address", *v->amt_host ? v->amt_host : v->discovered);
	api_put_text(&out, "key", key_of(r, v));
	api_put_null(&out, "other");
	api_put_null(&out, "reason");
	api_put_null(&out, "sentence");
	api_put_null(&out, "next");
	api_end(&out);
}

static int see_record(void *arg, const struct store_inventory_view *v)
{
	struct read *r = arg;
	read_row(r);
	if (*v->amt_host || *v->discovered) {
		if (!read_take(r))
			return 1;
		put_linked(r, v);
	}
	read_key(r, LINKED, v->name);
	return 0;
}

static int fetch_linked(struct read *r, struct err *e)
{
	return store_inventory_list(r->db, "", read_after(r, 1), READ_BATCH, see_record, r, e);
}

/* Findings first, then what is linked. */
int read_RECONCILE_REPORT(struct read *r, struct err *e)
{
	const char *want = api_str(r->call, "state");
	bool known = !want || strcmp(want, LINKED) == 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		known = known || strcmp(want, kinds[i]) == 0;
	if (!known)
		return err_set(e, ERR_INVALID, "state '%s' is none of linked, unmatched_amt, unmatched_host, conflict",
			       want);
	if (strcmp(r->key[0], LINKED) != 0) {
		int code = !want || strcmp(want, LINKED) != 0 ? read_pages(r, fetch_findings, e) : 0;
		if (code || r->more)
			return code;
		read_key(r, LINKED, "");
	}
	return is_wanted(r, LINKED) ? read_pages(r, fetch_linked, e) : 0;
}
