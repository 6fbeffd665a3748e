#include <inttypes.h>
#include <stdio.h>

#include "api/read.h"
#include "base/err.h"
#include "base/metric.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/device.h"
#include "store/discovered.h"
#include "store/folder.h"
#include "store/hold.h"
#include "store/server.h"
#include "store/setting.h"
#include "store/token.h"

int read_VERSION(struct read *r, struct err *e)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_version);
	api_put_str(&w, "version", LAMPLIGHTER_VERSION);
	api_put_str(&w, "api", API_VERSION);
	api_end(&w);
	return 0;
}

int read_ZONE_SHOW(struct read *r, struct err *e)
{
	struct store_zone z;
	int64_t devices = 0, discovered = 0;
	int code = store_zone_get(r->db, r->arena, &z, e);
	if (!code)
		code = store_device_count(r->db, &devices, e);
	if (!code)
		code = store_discovered_count(r->db, &discovered, e);
	if (code)
		return code;
	char id[UUID_TEXT_SIZE];
	uuid_text(&z.id, id);
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_zone);
	api_put_str(&w, "id", id);
	api_put_str(&w, "name", z.name);
	api_put_time(&w, "created", z.created_at);
	api_put_int(&w, "devices", devices);
	api_put_int(&w, "discovered", discovered);
	api_put_int(&w, "acts_open", metric_get(METRIC_zone_acts_open));
	api_end(&w);
	return 0;
}

/* Lists of few rows come whole; the page begins behind the key. */
static bool is_behind(const struct read *r, const char *name)
{
	return strcmp(name, r->key[0]) > 0;
}

static int put_server(void *arg, const struct store_server *s)
{
	struct read *r = arg;
	struct api_writer w;
	if (!is_behind(r, s->name))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_server);
	api_put_int(&w, "id", s->id);
	api_put_str(&w, "name", s->name);
	api_put_str(&w, "fqdn", s->fqdn);
	api_put_str(&w, "version", s->version);
	api_put_time(&w, "started", s->started_at);
	api_put_time(&w, "last_seen", s->seen_at);
	api_end(&w);
	read_key(r, s->name, NULL);
	return 0;
}

int read_SERVER_LIST(struct read *r, struct err *e)
{
	int code = store_server_list(r->db, put_server, r, e);
	return code < 0 ? code : 0;
}

static void duration_text(int64_t ms, char *to, size_t to_size)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;
	while (ms % units[i].ms)
		i++;
	(void)snprintf(to, to_size, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

static void limit_text(const struct setting_row *s, int64_t v, char *to, size_t to_size)
{
	*to = 0;
	if (s->type == SETTING_TYPE_DURATION)
		duration_text(v, to, to_size);
	else if (s->type == SETTING_TYPE_COUNT)
		(void)snprintf(to, to_size, "%" PRId64, v);
}

static int put_setting(struct read *r, const struct setting_row *s, struct err *e)
{
	const char *value;
	bool own;
	char least[32], most[32];
	struct api_writer w;
	int code = store_setting_text(r->db, r->arena, s->id, STORE_SCOPE_ZONE, 0, &value, &own, e);
	if (code)
		return code;
	limit_text(s, s->min, least, sizeof(least));
	limit_text(s, s->max, most, sizeof(most));
	api_begin(&w, &r->json, NULL, API_OBJECT_setting);
	api_put_str(&w, "name", s->name);
	api_put_str(&w, "value", value);
	api_put_str(&w, "default", s->def);
	api_put_str(&w, "unit", s->unit);
	api_put_str(&w, "least", least);
	api_put_str(&w, "most", most);
	api_put_str(&w, "from", own ? "zone" : "default");
	api_put_str(&w, "sentence", s->sentence);
	api_end(&w);
	return 0;
}

/* In the order of the table; the key is the place in it. */
int read_SETTING_LIST(struct read *r, struct err *e)
{
	int code = 0;
	for (int64_t i = read_after_id(r); !code && i < SETTING_COUNT; i++) {
		if (!read_take(r))
			return 0;
		code = put_setting(r, setting_row((enum setting_id)i), e);
		read_key_id(r, i + 1);
	}
	return code;
}

static const char *hold_target(struct read *r, const struct store_hold *h)
{
	struct store_folder f;
	struct store_device d;
	if (h->scope == STORE_SCOPE_FOLDER && !store_folder_get(r->db, r->arena, h->object, &f, NULL))
		return f.path;
	if (h->scope == STORE_SCOPE_DEVICE && !store_device_get(r->db, r->arena, h->object, &d, NULL))
		return d.name;
	return h->scope == STORE_SCOPE_ZONE ? "zone" : "?";
}

static int put_hold(void *arg, const struct store_hold *h)
{
	struct read *r = arg;
	struct api_writer w;
	if (r->rows++ < read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_hold);
	api_put_int(&w, "id", h->object);
	api_put_str(&w, "target", hold_target(r, h));
	api_put_str(&w, "by", h->actor);
	api_put_time(&w, "created", h->created_at);
	api_put_str(&w, "note", h->reason);
	api_end(&w);
	read_key_id(r, r->rows);
	return 0;
}

/* Few: the key is the place in the list. */
int read_HOLD_LIST(struct read *r, struct err *e)
{
	int code = store_hold_list(r->db, put_hold, r, e);
	return code < 0 ? code : 0;
}

static int put_token(void *arg, const struct store_token *t)
{
	struct read *r = arg;
	struct api_writer w;
	if (!is_behind(r, t->name))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_token);
	api_put_int(&w, "id", t->id);
	api_put_str(&w, "name", t->name);
	api_put_str(&w, "role", t->role);
	api_put_time(&w, "created", t->created_at);
	api_put_time(&w, "expires", t->expires_at);
	api_put_null(&w, "token");
	api_end(&w);
	read_key(r, t->name, NULL);
	return 0;
}

int read_TOKEN_LIST(struct read *r, struct err *e)
{
	int code = store_token_list(r->db, put_token, r, e);
	return code < 0 ? code : 0;
}

static int put_audit(void *arg, const struct store_audit *a)
{
	struct read *r = arg;
	struct api_writer w;
	const char *only = api_str(r->call, "action");
	read_row(r);
	if (only && strcmp(only, a->action) != 0) {
		read_key_id(r, a->id);
		return 0;
	}
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_audit);
	api_put_int(&w, "seq", STORE_SEQ_OF(a->id));
	api_put_time(&w, "time", a->time);
	api_put_str(&w, "actor", a->actor);
	api_put_str(&w, "action", a->action);
	api_put_str(&w, "object", a->object);
	api_put_str(&w, "detail", a->detail);
	api_end(&w);
	read_key_id(r, a->id);
	return 0;
}

static int fetch_audit(struct read *r, struct err *e)
{
	return store_audit_list(r->db, r->server, read_after_id(r), READ_BATCH, put_audit, r, e);
}

int read_AUDIT_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_audit, e);
}
