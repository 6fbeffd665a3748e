#include "store/sink.h"

#include "base/base.h"
#include "store/names.h"
#include "store/row.h"

static const char *const kind_names[] = {
#define SINK_KIND(NAME, number, name, address, sentence) [number] = name,
#include "store/sink.tbl.h"
#undef SINK_KIND
};
static const char *const kind_addresses[] = {
#define SINK_KIND(NAME, number, name, address, sentence) [number] = address,
#include "store/sink.tbl.h"
#undef SINK_KIND
};

const char *sink_kind_name(enum sink_kind k)
{
	return names_of(kind_names, ARRAY_LEN(kind_names), (int)k);
}

const char *sink_kind_address(enum sink_kind k)
{
	return names_of(kind_addresses, ARRAY_LEN(kind_addresses), (int)k);
}

bool sink_kind_from_name(const char *name, enum sink_kind *ret)
{
	int n;
	if (!names_find(kind_names, ARRAY_LEN(kind_names), name, &n))
		return false;
	*ret = (enum sink_kind)n;
	return true;
}

static void bind_sink(struct db_stmt *st, const struct store_sink *t)
{
	db_bind_i64(st, t->id);
	db_bind_text(st, t->name);
	db_bind_i64(st, t->kind);
	db_bind_i64(st, t->feed);
	db_bind_i64(st, t->enabled);
	db_bind_text(st, t->address);
	db_bind_text(st, t->options);
	db_bind_blob(st, t->secret);
	db_bind_i64(st, t->version);
	db_bind_i64(st, t->severity);
	db_bind_text(st, t->components);
	db_bind_i64(st, t->created_at);
	db_bind_i64(st, t->changed_at);
	db_bind_text(st, t->ca);
}

int store_sink_add(struct db *db, const struct store_sink *t, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_ADD);
	bind_sink(st, t);
	return row_add(st, e, "target \"%s\"", t->name);
}

int store_sink_put(struct db *db, const struct store_sink *t, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_PUT);
	bind_sink(st, t);
	return row_change(st, e, "target \"%s\"", t->name);
}

int store_sink_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "target %lld", (long long)id);
}

static void read_sink(struct db_stmt *st, struct arena *a, struct store_sink *ret)
{
	ret->id = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->kind = (enum sink_kind)db_take_i64(st);
	ret->feed = (enum sink_feed)db_take_i64(st);
	ret->enabled = db_take_i64(st) != 0;
	ret->address = row_text(st, a);
	ret->options = row_text(st, a);
	ret->secret = row_blob(st, a);
	ret->version = db_take_i64(st);
	ret->severity = (enum message_severity)db_take_i64(st);
	ret->components = row_text(st, a);
	ret->created_at = db_take_i64(st);
	ret->changed_at = db_take_i64(st);
	ret->ca = row_text(st, a);
}

static int take_sink(struct db_stmt *st, struct arena *a, struct store_sink *ret)
{
	read_sink(st, a, ret);
	db_end(st);
	return 0;
}

int store_sink_get(struct db *db, struct arena *a, int64_t id, struct store_sink *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "target %lld", (long long)id);
	return rc < 0 ? rc : take_sink(st, a, ret);
}

int store_sink_by_name(struct db *db, struct arena *a, const char *name, struct store_sink *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_BY_NAME);
	db_bind_text(st, name);
	int rc = row_need(st, e, "target \"%s\"", name);
	return rc < 0 ? rc : take_sink(st, a, ret);
}

int store_sink_state_put(struct db *db, const struct store_sink_state *s, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_STATE_PUT);
	db_bind_i64(st, s->sink);
	db_bind_i64(st, s->server);
	db_bind_i64(st, s->position);
	db_bind_i64(st, s->sent);
	db_bind_i64(st, s->missed);
	db_bind_i64(st, s->failed_at);
	db_bind_text(st, s->error);
	return row_add(st, e, "state of target %lld", (long long)s->sink);
}

static void read_state(struct db_stmt *st, struct arena *a, struct store_sink_state *ret)
{
	ret->position = db_take_i64(st);
	ret->sent = db_take_i64(st);
	ret->missed = db_take_i64(st);
	ret->failed_at = db_take_i64(st);
	ret->error = row_text(st, a);
}

int store_sink_state_get(struct db *db, struct arena *a, int64_t sink, int64_t server, struct store_sink_state *ret,
			 struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_STATE);
	db_bind_i64(st, sink);
	db_bind_i64(st, server);
	int rc = db_step(st, e);
	if (rc < 0)
		return rc;
	*ret = (struct store_sink_state){.sink = sink, .server = server, .error = ""};
	if (rc > 0) {
		read_state(st, a, ret);
		db_end(st);
	}
	return 0;
}

int store_sink_list(struct db *db, int64_t server, store_sink_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_SINK_LIST);
	db_bind_i64(st, server);
	int rc;
	while ((rc = db_step(st, e)) > 0) {
		struct store_sink t;
		struct store_sink_state s = {.server = server};
		read_sink(st, NULL, &t);
		s.sink = t.id;
		read_state(st, NULL, &s);
		rc = each(arg, &t, &s);
		if (rc) {
			db_end(st);
			break;
		}
	}
	return rc;
}
