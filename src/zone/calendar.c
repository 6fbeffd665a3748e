/* Calendars of black-outs: made by hand, or from the content of an iCalendar file. Reading such a file takes at most
 * some tenths of a second (codec/ical.h has the bounds), and is rare: it is done here, not in a worker. */
#include "zone/calendar.h"

#include "base/base.h"
#include "codec/ical.h"
#include "codec/json.h"
#include "store/calendar.h"
#include "zone/command.h"

#define BACK_S  (INT64_C(31) * CIVIL_DAY_S)   /* what is over for longer is not imported */
#define AHEAD_S (INT64_C(3653) * CIVIL_DAY_S) /* recurrences are written out for ten years */

/* The ranges of one value of the setting. */
struct merged {
	struct recur_outs outs;
	struct recur_out *v;
	struct arena *names;
};

static void merged_free(struct merged *m)
{
	free(m->v);
	arena_free(m->names);
	free(m);
}

struct calendars {
	struct map_str *by_names; /* struct merged by value of the setting */
	struct tz_cache *zones;
};

void calendar_forget(struct zone *z)
{
	size_t it = 0;
	struct bytes key;
	void *m;
	if (!z->calendars)
		return;
	while (map_str_each(z->calendars->by_names, &it, &key, &m))
		merged_free(m);
	map_str_free(z->calendars->by_names);
	tz_cache_free(z->calendars->zones);
	free(z->calendars);
	z->calendars = NULL;
}

static struct calendars *calendars(struct zone *z)
{
	if (!z->calendars) {
		z->calendars = mem_alloc(sizeof(*z->calendars));
		z->calendars->by_names = map_str_new();
		z->calendars->zones = tz_cache_new(NULL);
	}
	return z->calendars;
}

static int merge_range(void *arg, const struct recur_out *r)
{
	struct merged *m = arg;
	if (m->outs.len % 256 == 0)
		m->v = mem_grow(m->v, m->outs.len + 256, sizeof(*m->v));
	struct recur_out *to = &m->v[m->outs.len++];
	*to = *r;
	to->name = arena_str(m->names, bytes_str(r->name));
	return 0;
}

static int merge(struct zone *z, const char *names, struct merged *m, struct err *e)
{
	char name[STORE_NAME_MAX + 1];
	struct store_calendar c;
	int rc = 0;
	while (!rc && *names && setting_next_name(&names, name))
		if (store_calendar_by_name(z->db, z->arena, name, &c, NULL) == 0)
			rc = store_calendar_list_ranges(z->db, c.id, merge_range, m, e);
	recur_outs_sort(m->v, m->outs.len);
	m->outs.v = m->v;
	return rc;
}

static int find_merged(struct zone *z, const char *names, struct merged **ret, struct err *e)
{
	struct map_str *known = calendars(z)->by_names;
	struct merged *m = map_str_get(known, bytes_str(names));
	if (!m) {
		m = mem_alloc(sizeof(*m));
		m->names = arena_new(0);
		int rc = merge(z, names, m, e);
		if (rc) {
			merged_free(m);
			return rc;
		}
		(void)map_str_put(known, bytes_str(names), m); /* nothing was there */
	}
	*ret = m;
	return 0;
}

int calendar_black_out(struct zone *z, int64_t folder, int64_t device, int64_t utc_ms, const struct recur_out **ret,
		       struct err *e)
{
	const char *names, *zone;
	const struct tz *tz;
	struct merged *m;
	int rc = setting_text_at(z, SETTING_BLACK_OUTS, folder, device, &names, e);
	if (rc)
		return rc;
	if (strcmp(names, "none") == 0) {
		*ret = NULL;
		return 0;
	}
	rc = setting_text_at(z, SETTING_TIME_ZONE, folder, device, &zone, e);
	rc = rc ? rc : tz_cache_get(calendars(z)->zones, zone, &tz, e);
	rc = rc ? rc : find_merged(z, names, &m, e);
	if (!rc)
		*ret = recur_out_at(&m->outs, tz, utc_ms);
	return rc;
}

static int not_found(const char *name, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "calendar \"%s\" does not exist; 'lamp calendar list' shows those that do",
		       name);
}

int calendar_check_names(struct zone *z, const char *names, struct err *e)
{
	char name[STORE_NAME_MAX + 1];
	struct store_calendar c;
	if (strcmp(names, "none") == 0)
		return 0;
	while (*names && setting_next_name(&names, name)) {
		int rc = store_calendar_by_name(z->db, z->arena, name, &c, e);
		if (rc)
			return rc == ERR_NOT_FOUND ? not_found(name, e) : rc;
	}
	return 0;
}

static int tell(struct command *c, const char *change, const struct store_calendar *row, struct err *e)
{
	calendar_forget(c->z);
	c->object = arena_printf(c->arena, "calendar:%s", row->name);
	return event_tell(c->z, &(struct tell){.kind = "calendar", .change = change, .id = row->id, .name = row->name},
			  e);
}

/* A new row in memory, or the one that is there. */
static int find_or_make(struct command *c, const char *name, struct store_calendar *ret, bool *ret_new, struct err *e)
{
	int rc = store_calendar_by_name(c->z->db, c->arena, name, ret, e);
	*ret_new = rc == ERR_NOT_FOUND;
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = check_name("calendar name", name, e);
	if (!rc && (strchr(name, ',') || strcmp(name, "none") == 0))
		rc = err_set(
			e, ERR_INVALID,
			"calendar name \"%s\": the word none and commas mean something else where calendars are chosen",
			name);
	*ret = (struct store_calendar){.name = name, .note = "", .created_at = c->z->now};
	return rc ? rc : new_id(c->z, STORE_ID_OBJECT, &ret->id, e);
}

static int keep(struct command *c, struct store_calendar *row, bool is_new, struct err *e)
{
	row->changed_at = c->z->now;
	int rc = is_new ? store_calendar_add(c->z->db, row, e) : store_calendar_put(c->z->db, row, e);
	return rc ? rc : tell(c, is_new ? "added" : "changed", row, e);
}

static int add_range(struct command *c, struct store_calendar *row, const struct recur_out *r, int64_t *added,
		     struct err *e)
{
	bool won;
	int rc = store_calendar_add_range(c->z->db, row->id, r, &won, e);
	if (rc)
		return rc;
	row->ranges += won;
	*added += won;
	return row->ranges <= CALENDAR_RANGES_MAX
		       ? 0
		       : err_set(e, ERR_TOO_BIG, "calendar \"%s\" would have more than %d ranges", row->name,
				 CALENDAR_RANGES_MAX);
}

/* "2027-12-24" is a day, "2027-12-24T18:00" a time. */
static int parse_point(const char *what, const char *text, int64_t *ret_s, bool *ret_is_day, struct err *e)
{
	int64_t day;
	int minute = 0;
	size_t len = strlen(text);
	*ret_is_day = len == 10;
	bool fine = len >= 10 && civil_parse_date(BYTES(text, 10), &day);
	if (fine && !*ret_is_day)
		fine = text[10] == 'T' && civil_parse_time(bytes_str(text + 11), &minute);
	if (!fine)
		return err_set(e, ERR_INVALID,
			       "'%s' \"%s\" is neither a day such as 2027-12-24 nor a time such as 2027-12-24T18:00",
			       what, text);
	*ret_s = day * CIVIL_DAY_S + minute * 60;
	return 0;
}

/* The range that the arguments name; both days belong to it, the end time does not. */
static int parse_range(struct command *c, const char *name, struct recur_out *ret, struct err *e)
{
	const char *from = api_str(c->call, "from"), *to = command_str(c, "to", from);
	bool from_day, to_day;
	*ret = (struct recur_out){.utc = api_bool(c->call, "utc"), .name = command_str(c, "title", name)};
	int rc = parse_point("from", from, &ret->from_s, &from_day, e);
	rc = rc ? rc : parse_point("to", to, &ret->to_s, &to_day, e);
	rc = rc ? rc : check_text("title", ret->name, ICAL_NAME_MAX, e);
	if (rc)
		return rc;
	ret->to_s += to_day ? CIVIL_DAY_S : 0;
	if (ret->to_s <= ret->from_s)
		return err_set(e, ERR_INVALID, "the black-out from %s to %s ends before it begins", from, to);
	return 0;
}

int command_CALENDAR_ADD(struct command *c, struct err *e)
{
	const char *name = api_str(c->call, "name");
	struct store_calendar row;
	struct recur_out r;
	bool is_new, has_range = api_has(c->call, "from");
	int64_t added = 0;
	int rc = find_or_make(c, name, &row, &is_new, e);
	if (!rc && !is_new && !has_range)
		rc = err_set(e, ERR_EXISTS, "calendar \"%s\" exists already; give --from to add a black-out to it",
			     name);
	if (!rc && !has_range && (api_has(c->call, "to") || api_has(c->call, "title")))
		rc = err_set(e, ERR_MISSING, "'from' is missing: the day or time at which the black-out begins");
	row.note = command_str(c, "note", row.note);
	rc = rc ? rc : check_text("note", row.note, STORE_NOTE_MAX, e);
	rc = rc ? rc : has_range ? parse_range(c, name, &r, e) : 0;
	if (!rc && has_range)
		rc = add_range(c, &row, &r, &added, e);
	rc = rc ? rc : keep(c, &row, is_new, e);
	return rc ? rc : answer_ref(c, row.id, row.name);
}

static void answer_import(struct command *c, const struct store_calendar *row, const struct ical *read, int64_t added)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_calendar_import);
	api_put_int(&w, "id", row->id);
	api_put_str(&w, "name", row->name);
	api_put_int(&w, "events", (int64_t)read->events);
	api_put_int(&w, "cancelled", (int64_t)read->cancelled);
	api_put_int(&w, "empty", (int64_t)read->empty);
	api_put_int(&w, "added", added);
	api_put_int(&w, "ranges", row->ranges);
	api_end(&w);
}

static int import(struct command *c, struct store_calendar *row, const struct ical *read, struct err *e)
{
	int64_t added = 0;
	int rc = 0;
	if (api_bool(c->call, "replace")) {
		rc = store_calendar_clear(c->z->db, row->id, e);
		row->ranges = 0;
	}
	for (size_t i = 0; !rc && i < read->len; i++)
		rc = add_range(c, row, &read->v[i], &added, e);
	if (!rc)
		answer_import(c, row, read, added);
	return rc;
}

int command_CALENDAR_IMPORT(struct command *c, struct err *e)
{
	struct store_calendar row;
	struct ical read = {0};
	bool is_new;
	int64_t now_s = c->z->now / 1000;
	struct tz_cache *zones = tz_cache_new(NULL);
	int rc = find_or_make(c, api_str(c->call, "calendar"), &row, &is_new, e);
	rc = rc ? rc : ical_read(api_file(c->call, "file"), zones, now_s - BACK_S, now_s + AHEAD_S, &read, e);
	if (!rc && read.len > CALENDAR_RANGES_MAX)
		rc = err_set(e, ERR_TOO_BIG,
			     "calendar \"%s\": the file gives %zu ranges for ten years, the limit is %d", row.name,
			     read.len, CALENDAR_RANGES_MAX);
	rc = rc ? rc : import(c, &row, &read, e);
	rc = rc ? rc : keep(c, &row, is_new, e);
	ical_release(&read);
	tz_cache_free(zones);
	return rc;
}

struct search {
	struct command *c;
	const char *name;
};

static int name_user(void *arg, const struct store_setting *s)
{
	struct search *search = arg;
	const char *rest = s->value;
	char name[STORE_NAME_MAX + 1], at[64];
	if (strcmp(s->name, setting_row(SETTING_BLACK_OUTS)->name) != 0)
		return 0;
	while (*rest && setting_next_name(&rest, name))
		if (strcmp(name, search->name) == 0 && search->c->name_count < COMMAND_NAMES_MAX) {
			(void)snprintf(at, sizeof(at), "%s %lld", store_scope_name(s->scope),
				       (long long)s->object); /* fits */
			command_name(search->c, s->scope == STORE_SCOPE_ZONE ? "zone" : at);
		}
	return 0;
}

static int check_unused(struct command *c, const char *name, struct err *e)
{
	struct search search = {c, name};
	int rc = store_setting_list(c->z->db, name_user, &search, e);
	if (!rc && c->name_count)
		rc = err_set(e, ERR_IN_USE, "calendar \"%s\" is named by setting black-outs in %zu place%s", name,
			     c->name_count, c->name_count > 1 ? "s" : "");
	return rc;
}

static int remove_ranges(struct command *c, struct store_calendar *row, struct err *e)
{
	const char *from = api_str(c->call, "from");
	int64_t from_s, by_wall, by_utc;
	bool is_day;
	int rc = parse_point("from", from, &from_s, &is_day, e);
	rc = rc ? rc : store_calendar_delete_ranges(c->z->db, row->id, from_s, false, &by_wall, e);
	rc = rc ? rc : store_calendar_delete_ranges(c->z->db, row->id, from_s, true, &by_utc, e);
	if (rc)
		return rc;
	if (by_wall + by_utc == 0)
		return err_set(e, ERR_NOT_FOUND, "calendar \"%s\" has no black-out that begins at %s", row->name, from);
	row->ranges -= by_wall + by_utc;
	return keep(c, row, false, e);
}

int command_CALENDAR_REMOVE(struct command *c, struct err *e)
{
	const char *name = api_str(c->call, "calendar");
	struct store_calendar row;
	int rc = store_calendar_by_name(c->z->db, c->arena, name, &row, e);
	if (rc)
		return rc == ERR_NOT_FOUND ? not_found(name, e) : rc;
	if (api_has(c->call, "from"))
		return remove_ranges(c, &row, e);
	if (!api_bool(c->call, "force"))
		rc = check_unused(c, name, e);
	rc = rc ? rc : store_calendar_delete(c->z->db, row.id, e);
	return rc ? rc : tell(c, "removed", &row, e);
}
