#include "zone/reconcile_view.h"

#include "base/base.h"
#include "base/civil.h"
#include "base/err.h"
#include "codec/api.h"
#include "codec/json.h"
#include "store/server.h"
#include "store/setting.h"

#define DAY_HOURS 24

int reconcile_rule(const struct store_reconcile *row, int64_t zone_created, struct recur *ret, struct err *e)
{
	if (*row->rule)
		return recur_parse(row->rule, ret, e);
	struct recur_words words = {{NULL}};
	char from[CIVIL_TEXT_SIZE];
	civil_text(zone_created / 60000 * 60, from);
	words.value[RECUR_WORD_EVERY] = "24 hours";
	words.value[RECUR_WORD_FROM] = from;
	words.value[RECUR_WORD_UTC] = "";
	return recur_build(&words, ret, e);
}

int reconcile_state(struct db *db, struct arena *a, struct store_reconcile *ret, struct err *e)
{
	int rc = store_reconcile_get(db, a, ret, NULL);
	if (rc == ERR_NOT_FOUND)
		*ret = (struct store_reconcile){.rule = "", .time_zone = "", .started_by = ""};
	else if (rc)
		return err_set(e, rc, "the state of the reconciliation cannot be read");
	return 0;
}

const char *reconcile_zone(struct db *db, struct arena *a)
{
	struct store_setting_value v;
	if (store_setting_find(db, a, SETTING_TIME_ZONE, STORE_SCOPE_ZONE, 0, &v, NULL))
		return setting_row(SETTING_TIME_ZONE)->def;
	return v.text;
}

/* When it runs next; 0: never. */
static int64_t next_of(const struct store_reconcile *row, const struct recur *rule, const struct tz *tz,
		       int64_t created, int64_t now)
{
	struct recur_due due;
	int64_t after = row->handled < now ? row->handled : now;
	if (after < created)
		after = created;
	return recur_next(rule, tz, after, &due) ? due.due_ms : 0;
}

static void put(struct json_writer *json, const struct store_reconcile *row, const struct recur *rule, const char *zone,
		int64_t next)
{
	struct api_writer w;
	struct buf text, canonical;
	buf_init(&text, RECUR_TEXT_MAX);
	buf_init(&canonical, RECUR_TEXT_MAX);
	(void)recur_sentence(rule, zone, &text); /* cut where too long */
	(void)recur_write(rule, &canonical);     /* fits by its definition */
	api_begin(&w, json, NULL, API_OBJECT_reconciliation);
	api_put_str(&w, "rule", buf_cstr(&canonical));
	api_put_str(&w, "text", buf_cstr(&text));
	api_put_bool(&w, "default", !*row->rule);
	api_put_text(&w, "timezone", row->time_zone);
	api_put_time(&w, "next", next);
	api_put_bool(&w, "running", row->started_at && !row->ended_at);
	api_put_time(&w, "started", row->started_at);
	api_put_time(&w, "ended", row->ended_at);
	api_put_text(&w, "by", row->started_by);
	api_put_int(&w, "linked", row->linked);
	api_put_int(&w, "unmatched_amt", row->unmatched_amt);
	api_put_int(&w, "unmatched_hosts", row->unmatched_host);
	api_put_int(&w, "conflicts", row->conflicts);
	api_put_int(&w, "changed", row->changed);
	api_end(&w);
	buf_release(&text);
	buf_release(&canonical);
}

int reconcile_write(struct db *db, struct arena *a, struct json_writer *json, const struct store_reconcile *row,
		    int64_t now, struct err *e)
{
	struct store_zone zone;
	struct recur rule;
	struct tz *tz;
	const char *name = *row->time_zone ? row->time_zone : reconcile_zone(db, a);
	int rc = store_zone_get(db, a, &zone, e);
	rc = rc ? rc : reconcile_rule(row, zone.created_at, &rule, e);
	rc = rc ? rc : tz_load(NULL, name, &tz, e);
	if (rc)
		return rc;
	put(json, row, &rule, name, next_of(row, &rule, tz, zone.created_at, now));
	tz_free(tz);
	return 0;
}
