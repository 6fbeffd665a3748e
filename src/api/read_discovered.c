#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/hello.h"
#include "codec/range.h"
#include "store/device.h"
#include "store/discovered.h"
#include "store/scan.h"

#define SPEC_MAX (1024u * 1024)

/* The lists of a scan stand in its spec, a JSON object as it was ordered. */
static void put_spec_list(struct api_writer *w, struct read *r, const char *name, const struct json_t *spec)
{
	const struct json_t *list = NULL;
	(void)json_opt_array(spec, name, API_STRS_MAX, &list, NULL); /* none is an empty list */
	size_t n = json_count(list);
	const char **texts = arena_alloc(r->arena, (n + 1) * sizeof(*texts));
	for (size_t i = 0; i < n; i++)
		if (json_at_str(list, i, API_STR_MAX, &texts[i], NULL))
			texts[i] = "?";
	api_put_strs(w, name, texts, n);
}

static int64_t elapsed_ms(const struct read *r, const struct store_scan *s)
{
	int64_t ms = (s->ended_at ? s->ended_at : r->now) - s->started_at;
	return s->started_at && ms > 0 ? ms : 1;
}

static void put_progress(struct api_writer *w, const struct read *r, const struct store_scan *s)
{
	int64_t rate = s->asked * 1000 / elapsed_ms(r, s);
	bool runs = s->state == SCAN_STATE_RUNNING;
	api_put_int(w, "total", s->total);
	api_put_int(w, "done", s->asked);
	api_put_int(w, "found", s->found);
	api_put_int(w, "rate", rate);
	if (runs && rate && s->total >= s->asked)
		api_put_int(w, "left_ms", (s->total - s->asked) * 1000 / rate);
	else
		api_put_null(w, "left_ms");
}

static void put_scan(struct read *r, const struct store_scan *s)
{
	struct json_t *spec = NULL;
	struct api_writer w;
	(void)json_parse(bytes_str(s->spec), SPEC_MAX, &spec, NULL); /* ours; lists are empty when it is not readable */
	api_begin(&w, &r->json, NULL, API_OBJECT_scan);
	api_put_int(&w, "id", s->id);
	put_spec_list(&w, r, "ranges", spec);
	put_spec_list(&w, r, "exclude", spec);
	api_put_str(&w, "state", scan_state_name(s->state));
	put_progress(&w, r, s);
	api_put_time(&w, "started", s->started_at);
	api_put_time(&w, "ended", s->ended_at);
	api_put_str(&w, "reason", s->reason ? err_name(-s->reason) : NULL);
	api_end(&w);
	json_free(spec);
}

static int put_scan_row(void *arg, const struct store_scan *s)
{
	struct read *r = arg;
	read_row(r);
	if (!read_take(r))
		return 1;
	put_scan(r, s);
	read_key_id(r, s->id);
	return 0;
}

static int fetch_scans(struct read *r, struct err *e)
{
	return store_scan_list(r->db, read_after_id(r), READ_BATCH, put_scan_row, r, e);
}

int read_SCAN_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_scans, e);
}

int read_SCAN_SHOW(struct read *r, struct err *e)
{
	struct store_scan s;
	int64_t id = read_id(r->call, "scan");
	int code = store_scan_get(r->db, r->arena, id, &s, e);
	if (code == ERR_NOT_FOUND)
		return err_set(e, code, "discovery task %lld does not exist", (long long)id);
	if (!code)
		put_scan(r, &s);
	return code;
}

static const char *state_of(const struct store_discovered *d)
{
	switch (d->provisioned) {
	case STORE_PROVISIONED_NO:
		return "unconfigured";
	case STORE_PROVISIONED_YES:
		return "configured";
	case STORE_PROVISIONED_IN_SETUP:
		return "in_setup";
	default:
		return "unknown";
	}
}

static void put_answer(struct api_writer *w, const char *name, enum store_answer a)
{
	if (a == STORE_ANSWER_UNKNOWN)
		api_put_null(w, name);
	else
		api_put_bool(w, name, a == STORE_ANSWER_YES);
}

static void put_sources(struct api_writer *w, unsigned sources)
{
	const char *list[3];
	size_t n = 0;
	if (sources & STORE_SOURCE_RMCP)
		list[n++] = "rmcp";
	if (sources & (STORE_SOURCE_TCP | STORE_SOURCE_PROBE))
		list[n++] = "tcp";
	if (sources & STORE_SOURCE_HELLO)
		list[n++] = "hello";
	api_put_strs(w, "sources", list, n);
}

static const char *hash_text(struct read *r, const struct hello_hash *h)
{
	char hex[3 * HELLO_HASH_MAX + 1] = "";
	for (size_t i = 0; i < h->value.len; i++)
		(void)snprintf(hex + 3 * i, 4, "%02X%s", h->value.p[i], i + 1 < h->value.len ? ":" : "");
	return arena_printf(r->arena, "%s:%s", hello_hash_name(h->type), hex);
}

static void put_hashes(struct api_writer *w, struct read *r, struct bytes hashes)
{
	const char *texts[HELLO_HASHES_MAX];
	struct hello_hash h;
	size_t n = 0;
	while (n < HELLO_HASHES_MAX && hello_hash_next(&hashes, &h))
		texts[n++] = hash_text(r, &h);
	api_put_strs(w, "hashes", texts, n);
}

static void put_hello(struct api_writer *w, struct read *r, const struct store_hello *h)
{
	if (!h->version) {
		static const char *const names[] = {"hello",       "hello_retry",      "hello_at", "hello_last",
						    "setup_until", "password_changed", "pid"};
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			api_put_null(w, names[i]);
		put_hashes(w, r, BYTES_NONE);
		return;
	}
	api_put_str(w, "hello", h->version == HELLO_VERSION_PSK ? "psk" : "pki");
	api_put_int(w, "hello_retry", h->retry);
	api_put_time(w, "hello_at", h->at);
	api_put_time(w, "hello_last", h->since + HELLO_SERIES_MS);
	api_put_time(w, "setup_until", h->until);
	api_put_bool(w, "password_changed", h->admin_set);
	api_put_text(w, "pid", h->pid);
	put_hashes(w, r, h->hashes);
}

static void put_discovered(struct read *r, const struct store_discovered *d)
{
	struct store_device device;
	struct api_writer w;
	char uuid[UUID_TEXT_SIZE] = "";
	bool linked = d->device && !store_device_get(r->db, r->arena, d->device, &device, NULL) &&
		      read_may_see_device(r, d->device);
	if (!uuid_is_nil(&d->uuid))
		uuid_text(&d->uuid, uuid);
	api_begin(&w, &r->json, NULL, API_OBJECT_discovered);
	api_put_int(&w, "id", d->id);
	api_put_str(&w, "address", d->address);
	api_put_text(&w, "host", d->name);
	api_put_text(&w, "uuid", uuid);
	api_put_text(&w, "amt_version", d->version);
	api_put_str(&w, "state", state_of(d));
	put_answer(&w, "tls", d->tls);
	put_answer(&w, "plain", d->plain);
	api_put_text(&w, "realm", d->realm);
	put_sources(&w, d->sources);
	api_put_time(&w, "first_seen", d->first_at);
	api_put_time(&w, "last_seen", d->seen_at);
	api_put_time(&w, "valid_until", d->valid_until);
	api_put_bool(&w, "valid", d->valid_until > r->now);
	api_put_str(&w, "device", linked ? device.name : NULL);
	api_put_str(&w, "note", d->reason ? err_name(-d->reason) : NULL);
	put_hello(&w, r, &d->hello);
	api_end(&w);
}

struct wanted {
	struct read *r;
	const char *state;
	struct range *range; /* NULL: any */
};

static bool is_wanted(const struct wanted *w, const struct store_discovered *d)
{
	struct range_addr at;
	bool expired = d->valid_until <= w->r->now;
	if (w->state && strcmp(w->state, "expired") == 0 && !expired)
		return false;
	if (w->state && strcmp(w->state, "expired") != 0 && strcmp(w->state, state_of(d)) != 0)
		return false;
	if (!w->range)
		return true;
	return !range_addr_parse(bytes_str(d->address), &at, NULL) && range_contains(w->range, &at);
}

static int put_discovered_row(void *arg, const struct store_discovered *d)
{
	struct wanted *w = arg;
	struct read *r = w->r;
	read_row(r);
	if (is_wanted(w, d)) {
		if (!read_take(r))
			return 1;
		put_discovered(r, d);
	}
	read_key_id(r, d->id);
	return 0;
}

static int fetch_discovered(struct read *r, struct err *e)
{
	struct store_discovered_filter f = {.after_id = read_after_id(r), .limit = READ_BATCH};
	struct wanted w = {.r = r, .state = api_str(r->call, "state")};
	const char *text = api_str(r->call, "range");
	struct range range;
	range_init(&range);
	int code = text ? range_parse(text, NULL, UINT64_MAX, &range, e) : 0;
	if (!code) {
		w.range = text ? &range : NULL;
		f.imported = api_bool(r->call, "linked") ? -1 : 0;
		code = store_discovered_list(r->db, &f, put_discovered_row, &w, e);
	}
	range_release(&range);
	return code;
}

int read_DISCOVERED_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_discovered, e);
}

int read_DISCOVERED_SHOW(struct read *r, struct err *e)
{
	struct store_discovered d;
	uint64_t id;
	const char *text = api_str(r->call, "discovered");
	int code = store_discovered_by_address(r->db, r->arena, text, &d, e);
	if (code == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		code = store_discovered_get(r->db, r->arena, (int64_t)id, &d, e);
	if (code == ERR_NOT_FOUND)
		return read_missing("discovered interface", text, e);
	if (!code)
		put_discovered(r, &d);
	return code;
}
