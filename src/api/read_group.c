#include "api/read.h"
#include "base/err.h"
#include "base/text.h"
#include "store/group.h"
#include "zone/group.h"

int read_find_group(struct read *r, const char *text, struct store_group *ret, struct err *e)
{
	uint64_t id;
	int code = store_group_by_name(r->db, r->arena, text, ret, e);
	if (code == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		code = store_group_get(r->db, r->arena, (int64_t)id, ret, e);
	return code == ERR_NOT_FOUND ? read_missing("group", text, e) : code;
}

/* members below 0: not counted */
static void put_group(struct read *r, const struct store_group *g, int64_t members)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_group);
	api_put_int(&w, "id", g->id);
	api_put_str(&w, "name", g->name);
	api_put_str(&w, "kind", *g->filter ? "dynamic" : "static");
	api_put_text(&w, "filter", g->filter);
	api_put_str(&w, "note", g->note);
	if (members < 0)
		api_put_null(&w, "members");
	else
		api_put_int(&w, "members", members);
	api_put_time(&w, "created", g->created_at);
	api_put_time(&w, "changed", g->changed_at);
	api_end(&w);
}

static int put_group_row(void *arg, const struct store_group *g)
{
	struct read *r = arg;
	int64_t members = -1;
	if (strcmp(g->name, r->key[0]) <= 0)
		return 0;
	if (!read_take(r))
		return 1;
	int code = *g->filter ? 0 : store_group_member_count(r->db, g->id, &members, NULL);
	if (code)
		return code;
	put_group(r, g, members);
	read_key(r, g->name, NULL);
	return 0;
}

int read_GROUP_LIST(struct read *r, struct err *e)
{
	int code = store_group_list(r->db, put_group_row, r, e);
	return code < 0 ? code : 0;
}

static int count_member(void *arg, const struct store_device_view *row)
{
	++*(int64_t *)arg;
	return 0;
}

int read_GROUP_SHOW(struct read *r, struct err *e)
{
	struct store_group g;
	int64_t members = 0;
	int code = read_find_group(r, api_str(r->call, "group"), &g, e);
	if (!code)
		code = group_members(r->db, &g, r->now, count_member, &members, e);
	if (!code)
		put_group(r, &g, members);
	return code;
}
