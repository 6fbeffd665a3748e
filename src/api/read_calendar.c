#include "api/read.h"
#include "base/err.h"
#include "store/calendar.h"

static void put_calendar(struct read *r, const struct store_calendar *c)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_calendar);
	api_put_int(&w, "id", c->id);
	api_put_str(&w, "name", c->name);
	api_put_str(&w, "note", c->note);
	api_put_int(&w, "ranges", c->ranges);
	api_put_time(&w, "created", c->created_at);
	api_put_time(&w, "changed", c->changed_at);
	api_end(&w);
}

static int put_row(void *arg, const struct store_calendar *c)
{
	struct read *r = arg;
	read_row(r);
	if (!read_take(r))
		return 1;
	put_calendar(r, c);
	read_key(r, c->name, NULL);
	return 0;
}

static int fetch(struct read *r, struct err *e)
{
	return store_calendar_list(r->db, read_after(r, 0), READ_BATCH, put_row, r, e);
}

int read_CALENDAR_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch, e);
}

static int find(struct read *r, struct store_calendar *ret, struct err *e)
{
	const char *name = api_str(r->call, "calendar");
	int code = store_calendar_by_name(r->db, r->arena, name, ret, e);
	return code == ERR_NOT_FOUND ? read_missing("calendar", name, e) : code;
}

int read_CALENDAR_SHOW(struct read *r, struct err *e)
{
	struct store_calendar c;
	int code = find(r, &c, e);
	if (!code)
		put_calendar(r, &c);
	return code;
}

static void put_point(struct api_writer *w, const char *name, int64_t s, bool is_utc)
{
	char text[CIVIL_TEXT_SIZE + 1];
	civil_text(s, text);
	size_t len = strlen(text);
	text[len] = is_utc ? 'Z' : '\0';
	text[len + 1] = '\0';
	api_put_str(w, name, text);
}

static int put_range(void *arg, const struct recur_out *o)
{
	struct read *r = arg;
	struct api_writer w;
	if (r->rows++ < read_after_id(r))
		return 0;
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_black_out);
	put_point(&w, "from", o->from_s, o->utc);
	put_point(&w, "to", o->to_s, o->utc);
	api_put_str(&w, "title", o->name);
	api_end(&w);
	read_key_id(r, r->rows);
	return 0;
}

/* A few thousand at most: the key is the place in the list. */
int read_CALENDAR_RANGES(struct read *r, struct err *e)
{
	struct store_calendar c;
	int code = find(r, &c, e);
	code = code ? code : store_calendar_list_ranges(r->db, c.id, put_range, r, e);
	return code < 0 ? code : 0;
}
