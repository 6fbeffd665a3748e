#include "api/read.h"
#include "base/err.h"
#include "store/sink.h"

static void put_target(struct read *r, const struct store_sink *t, const struct store_sink_state *s)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_target);
	api_put_int(&w, "id", t->id);
	api_put_str(&w, "name", t->name);
	api_put_str(&w, "kind", sink_kind_name(t->kind));
	api_put_str(&w, "address", t->address);
	api_put_str(&w, "feed", t->feed == SINK_FEED_AUDIT ? "audit" : "messages");
	api_put_bool(&w, "enabled", t->enabled);
	api_put_str(&w, "severity", message_severity_name(t->severity));
	api_put_list(&w, "components", t->components, ' ');
	api_put_str(&w, "options", t->options);
	api_put_bool(&w, "has_ca", *t->ca != 0);
	api_put_bool(&w, "has_secret", t->secret.len > 0);
	api_put_int(&w, "sent", s->sent);
	api_put_int(&w, "missed", s->missed);
	api_put_time(&w, "failing", s->failed_at);
	api_put_text(&w, "error", s->error);
	api_end(&w);
}

static int put_target_row(void *arg, const struct store_sink *t, const struct store_sink_state *s)
{
	struct read *r = arg;
	if (strcmp(t->name, r->key[0]) <= 0)
		return 0;
	if (!read_take(r))
		return 1;
	put_target(r, t, s);
	read_key(r, t->name, NULL);
	return 0;
}

/* Few: they come whole, and the page begins behind the key. */
int read_TARGET_LIST(struct read *r, struct err *e)
{
	int code = store_sink_list(r->db, r->server, put_target_row, r, e);
	return code < 0 ? code : 0;
}

int read_TARGET_SHOW(struct read *r, struct err *e)
{
	struct store_sink t;
	struct store_sink_state s;
	const char *name = api_str(r->call, "target");
	int code = store_sink_by_name(r->db, r->arena, name, &t, e);
	if (code == ERR_NOT_FOUND)
		return read_missing("target", name, e);
	if (!code)
		code = store_sink_state_get(r->db, r->arena, t.id, r->server, &s, e);
	if (!code)
		put_target(r, &t, &s);
	return code;
}
