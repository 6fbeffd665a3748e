#include "api/read.h"
#include "base/err.h"
#include "directory/source.h"
#include "store/user_source.h"

static int put_source(struct read *r, const struct store_user_source *s, struct err *e)
{
	struct source_options o;
	struct api_writer w;
	int code = source_options_parse(s->options, r->arena, &o, e);
	if (code)
		return code;
	api_begin(&w, &r->json, NULL, API_OBJECT_user_source);
	api_put_int(&w, "id", s->id);
	api_put_str(&w, "name", s->name);
	api_put_str(&w, "kind", source_kind_name((enum source_kind)s->kind));
	api_put_bool(&w, "enabled", s->enabled);
	api_put_bool(&w, "default", s->is_default);
	api_put_list(&w, "url", o.text[SOURCE_URL], ' ');
	api_put_str(&w, "base", o.text[SOURCE_BASE]);
	api_put_str(&w, "bind_dn", o.text[SOURCE_BIND_DN]);
	api_put_bool(&w, "has_secret", s->secret.len > 0);
	api_put_str(&w, "tls", o.text[SOURCE_TLS]);
	api_put_str(&w, "authority", o.text[SOURCE_CA]);
	api_put_str(&w, "filter", o.text[SOURCE_FILTER]);
	api_put_str(&w, "login_attribute", o.text[SOURCE_LOGIN_ATTRIBUTE]);
	api_put_str(&w, "id_attribute", o.text[SOURCE_ID_ATTRIBUTE]);
	api_put_str(&w, "name_attribute", o.text[SOURCE_NAME_ATTRIBUTE]);
	api_put_str(&w, "groups", o.text[SOURCE_GROUPS]);
	api_put_str(&w, "group_attribute", o.text[SOURCE_GROUP_ATTRIBUTE]);
	api_put_str(&w, "group_base", o.text[SOURCE_GROUP_BASE]);
	api_put_str(&w, "nested", o.text[SOURCE_NESTED]);
	api_put_int(&w, "timeout", source_timeout_ms(&o));
	api_put_str(&w, "client_id", o.text[SOURCE_CLIENT_ID]);
	api_put_str(&w, "redirect", o.text[SOURCE_REDIRECT]);
	api_put_str(&w, "scopes", o.text[SOURCE_SCOPES]);
	api_put_str(&w, "login_claim", o.text[SOURCE_LOGIN_CLAIM]);
	api_put_str(&w, "groups_claim", o.text[SOURCE_GROUPS_CLAIM]);
	api_put_time(&w, "created", s->created_at);
	api_put_time(&w, "changed", s->changed_at);
	api_put_time(&w, "failing", s->failed_at);
	api_put_text(&w, "error", s->error);
	api_end(&w);
	return 0;
}

static int put_source_row(void *arg, const struct store_user_source *s)
{
	struct read *r = arg;
	if (strcmp(s->name, r->key[0]) <= 0)
		return 0;
	if (!read_take(r))
		return 1;
	int code = put_source(r, s, NULL);
	read_key(r, s->name, NULL);
	return code;
}

/* Few: they come whole, and the page begins behind the key. */
int read_SOURCE_LIST(struct read *r, struct err *e)
{
	int code = store_user_source_list(r->db, put_source_row, r, e);
	return code < 0 ? code : 0;
}

int read_SOURCE_SHOW(struct read *r, struct err *e)
{
	struct store_user_source s;
	const char *name = api_str(r->call, "source");
	int code = store_user_source_by_name(r->db, r->arena, name, &s, e);
	if (code == ERR_NOT_FOUND)
		return read_missing("user source", name, e);
	return code ? code : put_source(r, &s, e);
}

static int put_map(void *arg, const struct store_user_source_map *m)
{
	struct read *r = arg;
	struct api_writer w;
	if (r->rows++ < read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_user_source_map);
	api_put_str(&w, "source", m->source_name);
	api_put_str(&w, "outside", m->outside);
	api_put_str(&w, "group", m->group_name);
	api_put_time(&w, "since", m->created_at);
	api_put_str(&w, "by", m->created_by);
	api_end(&w);
	read_key_id(r, r->rows);
	return 0;
}

int read_SOURCE_MAPS(struct read *r, struct err *e)
{
	int code = store_user_source_map_list(r->db, 0, put_map, r, e);
	return code < 0 ? code : 0;
}

/* Begun by a worker that may wait (work.c), before reads are looked at. */
int read_OIDC_START(struct read *r, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "a login by a provider is not read");
}
