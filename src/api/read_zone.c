#include <inttypes.h>
#include <stdio.h>

#include "api/read.h"
#include "base/err.h"
#include "base/metric.h"
#include "base/text.h"
#include "store/device.h"
#include "store/discovered.h"
#include "store/folder.h"
#include "store/hold.h"
#include "store/server.h"
#include "store/setting.h"

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
	size_t i = ms ? 0 : 3; /* nothing is 0s */
	while (ms % units[i].ms)
		i++;
	(void)snprintf(to, to_size, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

static void limit_text(const struct setting_row *s, int64_t v, char *to, size_t to_size)
{
	*to = 0;
	if (s->type == SETTING_TYPE_DURATION || s->type == SETTING_TYPE_SPAN)
		duration_text(v, to, to_size);
	else if (s->type == SETTING_TYPE_COUNT)
		(void)snprintf(to, to_size, "%" PRId64, v);
}

int read_scope(struct read *r, const char *text, struct read_scope *ret, struct err *e)
{
	struct store_folder f;
	struct store_device d;
	*ret = (struct read_scope){STORE_SCOPE_ZONE, 0, "zone"};
	if (!text || strcmp(text, "zone") == 0)
		return 0;
	if (strncmp(text, "group:", 6) == 0 || strncmp(text, "tag:", 4) == 0)
		return err_set(e, ERR_INVALID, "'%s' is neither the word zone nor a /folder/ nor a device", text);
	if (*text != '/') {
		int code = read_find_device(r, text, &d, e);
		if (!code)
			*ret = (struct read_scope){STORE_SCOPE_DEVICE, d.id, d.name};
		return code;
	}
	int code = store_folder_by_path(r->db, r->arena, STORE_TREE_DEVICE, text, &f, e);
	if (!code)
		*ret = (struct read_scope){STORE_SCOPE_FOLDER, f.id, f.path};
	return code == ERR_NOT_FOUND ? read_missing("folder", text, e) : code;
}

const char *read_scope_name(struct read *r, enum store_scope scope, int64_t object)
{
	struct store_folder f;
	struct store_device d;
	if (scope == STORE_SCOPE_FOLDER && !store_folder_get(r->db, r->arena, object, &f, NULL))
		return f.path;
	if (scope == STORE_SCOPE_DEVICE && !store_device_get(r->db, r->arena, object, &d, NULL))
		return d.name;
	return scope == STORE_SCOPE_ZONE ? "zone" : "?";
}

const char *read_from(struct read *r, const struct store_setting_value *v)
{
	return v->is_default ? "default" : read_scope_name(r, v->from, v->from_object);
}

static int put_setting(struct read *r, const struct setting_row *s, const struct read_scope *at, struct err *e)
{
	struct store_setting_value v, inherited;
	char least[32], most[32];
	struct api_writer w;
	int code = store_setting_find(r->db, r->arena, s->id, at->kind, at->object, &v, e);
	if (!code)
		code = store_setting_inherited(r->db, r->arena, s->id, at->kind, at->object, &inherited, e);
	if (code)
		return code;
	limit_text(s, s->min, least, sizeof(least));
	limit_text(s, s->max, most, sizeof(most));
	api_begin(&w, &r->json, NULL, API_OBJECT_setting);
	api_put_str(&w, "name", s->name);
	api_put_str(&w, "at", at->name);
	api_put_str(&w, "value", v.text);
	api_put_str(&w, "from", read_from(r, &v));
	api_put_bool(&w, "overridden", !v.is_default && v.from == at->kind && v.from_object == at->object);
	api_put_str(&w, "inherited", inherited.text);
	api_put_str(&w, "inherited_from", read_from(r, &inherited));
	api_put_str(&w, "default", s->def);
	api_put_str(&w, "type", setting_type_name(s->type));
	api_put_str(&w, "unit", s->unit);
	api_put_str(&w, "least", least);
	api_put_str(&w, "most", most);
	api_put_str(&w, "scope", store_scope_name(s->scopes));
	api_put_str(&w, "sentence", s->sentence);
	api_end(&w);
	return 0;
}

/* In the order of the table; the key is the place in it. At a folder or a device those that may be set there. */
int read_SETTING_LIST(struct read *r, struct err *e)
{
	struct read_scope at;
	int code = read_scope(r, api_str(r->call, "at"), &at, e);
	for (int64_t i = read_after_id(r); !code && i < SETTING_COUNT; i++) {
		const struct setting_row *s = setting_row((enum setting_id)i);
		if (at.kind > s->scopes)
			continue;
		if (!read_take(r))
			return 0;
		code = put_setting(r, s, &at, e);
		read_key_id(r, i + 1);
	}
	return code;
}

static int find_setting(const char *name, enum setting_id *ret, struct err *e)
{
	return setting_from_name(name, ret) ? 0 : read_missing("setting", name, e);
}

int read_SETTING_SHOW(struct read *r, struct err *e)
{
	enum setting_id id;
	struct read_scope at;
	int code = find_setting(api_str(r->call, "name"), &id, e);
	code = code ? code : read_scope(r, api_str(r->call, "at"), &at, e);
	code = code ? code : setting_check_scope(id, at.kind, e);
	return code ? code : put_setting(r, setting_row(id), &at, e);
}

/* What stands at the zone counts for whatever one has. */
static bool may_see_at(struct read *r, enum right_id right, enum store_scope scope, int64_t object)
{
	struct store_folder f;
	struct store_device d;
	if (scope == STORE_SCOPE_ZONE || rights_may_below(r->who->rights, right, "/"))
		return true;
	if (scope == STORE_SCOPE_DEVICE && !store_device_get(r->db, r->arena, object, &d, NULL))
		object = d.folder;
	return !store_folder_get(r->db, r->arena, object, &f, NULL) && read_may(r, right, f.path);
}

static int put_override(void *arg, const struct store_setting *s)
{
	struct read *r = arg;
	struct api_writer w;
	const char *only = api_str(r->call, "name");
	if (r->rows++ < read_after_id(r) || (only && strcmp(only, s->name) != 0))
		return 0;
	if (!may_see_at(r, RIGHT_SETTING_VIEW, s->scope, s->object))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_override);
	api_put_str(&w, "setting", s->name);
	api_put_str(&w, "at", read_scope_name(r, s->scope, s->object));
	api_put_str(&w, "value", s->value);
	api_end(&w);
	read_key_id(r, r->rows);
	return 0;
}

/* The key is the place in the list. */
int read_SETTING_OVERRIDES(struct read *r, struct err *e)
{
	enum setting_id id;
	const char *only = api_str(r->call, "name");
	int code = only ? find_setting(only, &id, e) : 0;
	code = code ? code : store_setting_list(r->db, put_override, r, e);
	return code < 0 ? code : 0;
}

static int put_hold(void *arg, const struct store_hold *h)
{
	struct read *r = arg;
	struct api_writer w;
	if (r->rows++ < read_after_id(r) || !may_see_at(r, RIGHT_DEVICE_VIEW, h->scope, h->object))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_hold);
	api_put_int(&w, "id", h->object);
	api_put_str(&w, "target", read_scope_name(r, h->scope, h->object));
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
