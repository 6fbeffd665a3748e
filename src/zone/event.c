#include "zone/event.h"

#include "base/base.h"
#include "base/metric.h"
#include "codec/json.h"
#include "store/event.h"
#include "zone/engine.h"

#define EVENT_MAX 16384

static void write_event(const struct zone *z, const struct tell *t, uint64_t seq, struct buf *out)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, out);
	api_begin(&w, &json, NULL, API_OBJECT_event);
	api_put_int(&w, "seq", (int64_t)seq);
	api_put_time(&w, "time", z->now);
	api_put_str(&w, "kind", t->kind);
	api_put_str(&w, "change", t->change);
	api_put_int(&w, "id", t->id);
	api_put_str(&w, "name", t->name ? t->name : "");
	api_put_bytes(&w, "data", t->data.p ? t->data : BYTES_LIT("{}"));
	api_end(&w);
}

static struct zone_event *grow(struct zone_event **list, size_t *count, size_t *cap)
{
	if (*count == *cap) {
		*cap = *cap ? *cap * 2 : 16;
		*list = mem_grow(*list, *cap, sizeof(**list));
	}
	return &(*list)[(*count)++];
}

static struct zone_event *make(struct zone_event *ev, const struct zone *z, const struct tell *t, uint64_t seq)
{
	*ev = (struct zone_event){.seq = seq,
				  .job = (uint64_t)t->job,
				  .scan = (uint64_t)t->scan,
				  .kind = t->kind,
				  .of_rights = t->of_rights};
	buf_init(&ev->json, EVENT_MAX);
	write_event(z, t, seq, &ev->json);
	return ev;
}

/* Under what it is found: a follower of scan 7 must not get what is discovered as number 7. */
static int64_t object_of(const struct tell *t)
{
	if (t->job)
		return t->job;
	return t->scan || strcmp(t->kind, "discovered") == 0 ? t->scan : t->id;
}

/* What the plan of schedules is made of; every change of it is told. */
static bool concerns_schedules(const char *kind)
{
	static const char *const kinds[] = {"folder", "setting", "schedule", "group", "calendar"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

int event_tell(struct zone *z, const struct tell *t, struct err *e)
{
	uint64_t seq = (uint64_t)STORE_SEQ_OF(z->event_last + 1);
	struct zone_event *ev = make(grow(&z->events, &z->event_count, &z->event_cap), z, t, seq);
	int rc = buf_check(&ev->json, e, "event");
	if (rc)
		return rc;
	struct store_event row = {
		.id = z->event_last + 1,
		.time = z->now,
		.kind = t->kind,
		.object = object_of(t),
		.body = buf_cstr(&ev->json),
	};
	rc = store_event_add(z->db, &row, e);
	if (rc)
		return rc;
	z->event_last++;
	if (concerns_schedules(t->kind))
		engine_stale(z);
	return 0;
}

void event_tell_progress(struct zone *z, const struct tell *t)
{
	make(grow(&z->progress, &z->progress_count, &z->progress_cap), z, t, 0);
}

int event_load(struct zone *z, struct err *e)
{
	return store_event_last(z->db, z->server, &z->event_last, e);
}
