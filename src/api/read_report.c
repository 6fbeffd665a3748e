/* Reports that are reckoned from what was seen. */
#include <stdio.h>

#include "amt/act.h"
#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/tzif.h"
#include "store/power.h"
#include "store/schedule.h"

#define DAYS_MAX     400
#define DAYS_DEFAULT 7
#define DAY_MS       (CIVIL_DAY_S * 1000)

enum { STATE_ON, STATE_SLEEP, STATE_OFF, STATE_UNKNOWN, STATE_COUNT };

struct report {
	int64_t first, last, split;   /* days, both included; split 0: a row for each day */
	int64_t day_ms[DAYS_MAX + 2]; /* when each day of the folder begins; one more: the end */
	size_t days;
	int64_t ms[DAYS_MAX + 1][STATE_COUNT];
	int64_t devices, device; /* the one at hand */
	int64_t at;              /* until where its time was counted */
	size_t day;              /* in which that is */
	int state;
	int64_t watts[STATE_COUNT], price;
};

static int state_of(int power)
{
	if (power_state_is_on(power))
		return STATE_ON;
	if (power_state_is_off(power))
		return STATE_OFF;
	const char *name = power_state_name(power);
	return strcmp(name, "sleep") == 0 || strcmp(name, "hibernate") == 0 ? STATE_SLEEP : STATE_UNKNOWN;
}

/* The device was in its state from r->at until to. */
static void count_until(struct report *r, int64_t to)
{
	while (r->at < to && r->day < r->days) {
		int64_t end = to < r->day_ms[r->day + 1] ? to : r->day_ms[r->day + 1];
		if (end > r->at) {
			r->ms[r->day][r->state] += end - r->at;
			r->at = end;
		}
		r->day += r->at >= r->day_ms[r->day + 1];
	}
}

static void device_end(struct report *r)
{
	if (r->device)
		count_until(r, r->day_ms[r->days]);
}

static int count_row(void *arg, const struct store_power *p)
{
	struct report *r = arg;
	if (p->device != r->device) {
		device_end(r);
		r->device = p->device;
		r->devices++;
		r->at = p->created_at > r->day_ms[0] ? p->created_at : r->day_ms[0];
		r->state = STATE_UNKNOWN;
		r->day = 0;
	}
	if (p->time) {
		count_until(r, p->time);
		r->state = state_of(p->power);
	}
	return 0;
}

static int parse_day(struct read *r, const char *name, int64_t otherwise, int64_t *ret, struct err *e)
{
	const char *text = api_str(r->call, name);
	*ret = otherwise;
	if (text && !civil_parse_date(bytes_str(text), ret))
		return err_set(e, ERR_INVALID, "'%s' is not a day such as 2027-01-31: '%s'", name, text);
	return 0;
}

/* A day, or a schedule: the day on which it was made. */
static int parse_split(struct read *r, struct report *to, struct err *e)
{
	const char *text = api_str(r->call, "split");
	struct store_schedule s;
	to->split = 0;
	if (!text || civil_parse_date(bytes_str(text), &to->split))
		return 0;
	int code = read_find_schedule(r, text, &s, e);
	if (code == ERR_NOT_FOUND)
		return err_set(e, code, "'split' is neither a day such as 2027-01-31 nor a schedule: '%s'", text);
	to->split = code ? 0 : civil_floor_div(s.created_at, DAY_MS);
	return code;
}

static int check_split(struct read *r, const struct report *to, struct err *e)
{
	char day[CIVIL_DATE_SIZE];
	if (!to->split || (to->split > to->first && to->split <= to->last))
		return 0;
	civil_date_text(to->split, day);
	if (strcmp(api_str(r->call, "split"), day) == 0)
		return err_set(e, ERR_INVALID, "'split' lies outside of the days of the report");
	return err_set(e, ERR_INVALID,
		       "schedule \"%s\" was made on %s, outside of the days of the report; say since when with 'since'",
		       api_str(r->call, "split"), day);
}

static int parse_range(struct read *r, struct report *to, struct err *e)
{
	int64_t today = civil_floor_div(r->now, DAY_MS);
	int code = parse_day(r, "until", today, &to->last, e);
	code = code ? code : parse_day(r, "since", to->last - DAYS_DEFAULT, &to->first, e);
	code = code ? code : parse_split(r, to, e);
	if (code)
		return code;
	if (to->first > to->last)
		return err_set(e, ERR_INVALID, "'since' lies behind 'until'");
	if (to->last - to->first >= DAYS_MAX)
		return err_set(e, ERR_TOO_BIG, "the report is for at most %d days", DAYS_MAX);
	return check_split(r, to, e);
}

static int setting_of(struct read *r, enum setting_id id, int64_t folder, int64_t *ret, struct err *e)
{
	return store_setting_get(r->db, id, STORE_SCOPE_FOLDER, folder, ret, e);
}

/* What is assumed of the folder: when its days begin, watts and price. A day that has not come ends now. */
static int load_assumptions(struct read *r, int64_t folder, struct report *to, struct err *e)
{
	static const enum setting_id watts[] = {SETTING_WATTS_ON, SETTING_WATTS_SLEEP, SETTING_WATTS_OFF};
	struct store_setting_value zone;
	struct tz *tz = NULL;
	int code = store_setting_find(r->db, r->arena, SETTING_TIME_ZONE, STORE_SCOPE_FOLDER, folder, &zone, e);
	code = code ? code : tz_load(NULL, zone.text, &tz, e);
	for (size_t i = 0; !code && i < ARRAY_LEN(watts); i++)
		code = setting_of(r, watts[i], folder, &to->watts[i], e);
	code = code ? code : setting_of(r, SETTING_PRICE_KWH, folder, &to->price, e);
	to->days = (size_t)(to->last - to->first + 1);
	for (size_t i = 0; !code && i <= to->days; i++) {
		int64_t s;
		(void)tz_instant(tz, (to->first + (int64_t)i) * CIVIL_DAY_S, &s); /* any fit will do */
		to->day_ms[i] = s * 1000 < r->now ? s * 1000 : r->now;
	}
	tz_free(tz);
	return code;
}

static int reckon(struct read *r, int64_t folder, struct report *to, struct err *e)
{
	memset(to->ms, 0, sizeof(to->ms));
	to->devices = to->device = 0;
	int code = load_assumptions(r, folder, to, e);
	code = code ? code : store_power_list(r->db, folder, to->day_ms[0], to->day_ms[to->days], count_row, to, e);
	device_end(to);
	return code < 0 ? code : 0;
}

/* "12.34": v in hundredths. */
static void put_hundredths(struct api_writer *w, const char *name, int64_t v)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "%lld.%02lld", (long long)(v / 100), (long long)(v % 100));
	api_put_str(w, name, text);
}

#define MS_PER_HUNDREDTH_HOUR 36000

static void put_row(struct read *r, const char *folder, const char *day, const struct report *report,
		    const int64_t ms[STATE_COUNT])
{
	static const char *const names[] = {"on", "sleep", "off", "unknown"};
	int64_t known = ms[STATE_ON] + ms[STATE_SLEEP] + ms[STATE_OFF], watt_ms = 0;
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_power_report);
	api_put_str(&w, "folder", folder);
	api_put_str(&w, "day", day);
	api_put_int(&w, "devices", report->devices);
	for (size_t i = 0; i < STATE_COUNT; i++) {
		put_hundredths(&w, names[i], ms[i] / MS_PER_HUNDREDTH_HOUR);
		watt_ms += ms[i] * report->watts[i];
	}
	put_hundredths(&w, "on_share", known ? (int64_t)((double)ms[STATE_ON] / (double)known * 2400 + 0.5) : 0);
	put_hundredths(&w, "kwh", watt_ms / 1000 / MS_PER_HUNDREDTH_HOUR);
	put_hundredths(&w, "cost", (int64_t)((double)watt_ms / 3600000000.0 * (double)report->price + 0.5));
	api_end(&w);
}

/* One day, or one side of the split. key is what the page goes on behind. False: the page is full. */
static bool put_days(struct read *r, const char *folder, const struct report *report, int64_t from, int64_t to)
{
	char text[CIVIL_DATE_SIZE], name[CIVIL_DATE_SIZE + 16];
	int64_t ms[STATE_COUNT] = {0};
	civil_date_text(from, text);
	bool seen = strcmp(folder, r->key[0]) == 0 && strcmp(text, r->key[1]) <= 0;
	if (seen)
		return true;
	if (!read_take(r))
		return false;
	for (int64_t day = from; day <= to; day++)
		for (size_t i = 0; i < STATE_COUNT; i++)
			ms[i] += report->ms[day - report->first][i];
	(void)snprintf(name, sizeof(name), "%s", text);
	if (report->split) {
		civil_date_text(report->split, text);
		(void)snprintf(name, sizeof(name), "%s %s", from < report->split ? "before" : "from", text);
		civil_date_text(from, text);
	}
	put_row(r, folder, name, report, ms);
	read_key(r, folder, text);
	return true;
}

static bool put_folder(struct read *r, const char *path, const struct report *report)
{
	if (report->devices == 0)
		return true;
	if (report->split)
		return put_days(r, path, report, report->first, report->split - 1) &&
		       put_days(r, path, report, report->split, report->last);
	for (int64_t day = report->first; day <= report->last; day++)
		if (!put_days(r, path, report, day, day))
			return false;
	return true;
}

struct folder {
	int64_t id;
	char path[STORE_PATH_MAX + 1];
};

static int keep_folder(void *arg, const struct store_folder *f)
{
	struct folder *to = arg;
	to->id = f->id;
	(void)snprintf(to->path, sizeof(to->path), "%s", f->path);
	return 1;
}

/* The folder in which the page before ended, once more; else the first one. 1: there is one. */
static int first_folder(struct read *r, const char *root, struct folder *ret, struct err *e)
{
	struct store_folder f;
	const char *after = read_after(r, 0);
	if (!after)
		return store_folder_list(r->db, STORE_TREE_DEVICE, root, NULL, 1, keep_folder, ret, e);
	int code = store_folder_by_path(r->db, r->arena, STORE_TREE_DEVICE, after, &f, NULL);
	if (code) /* it was removed meanwhile */
		return store_folder_list(r->db, STORE_TREE_DEVICE, root, after, 1, keep_folder, ret, e);
	return keep_folder(ret, &f);
}

int read_REPORT_POWER(struct read *r, struct err *e)
{
	const char *root = api_str(r->call, "folder");
	AUTO_FREE struct report *report = mem_alloc(sizeof(*report));
	struct folder at;
	int code = parse_range(r, report, e);
	code = code ? code : read_check_folder(r, STORE_TREE_DEVICE, root, e);
	if (code)
		return code;
	root = root ? root : "/";
	int more = first_folder(r, root, &at, e);
	while (more > 0) {
		bool may = read_may(r, RIGHT_DEVICE_VIEW, at.path);
		code = may ? reckon(r, at.id, report, e) : 0;
		if (code || (may && !put_folder(r, at.path, report)))
			return code;
		more = store_folder_list(r->db, STORE_TREE_DEVICE, root, at.path, 1, keep_folder, &at, e);
	}
	return more;
}
