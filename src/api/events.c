#include <inttypes.h>
#include <stdio.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/text.h"
#include "codec/sse.h"
#include "store/event.h"

#define EVENT_MAX     (64u * 1024) /* bytes of one event as it goes out */
#define FILL_MAX      (64u * 1024) /* bytes that are put into out at once */
#define CATCH_UP_ROWS 500
#define RETRY_MS      2000

void event_id(int64_t server, uint64_t seq, char to[EVENT_ID_SIZE])
{
	(void)snprintf(to, EVENT_ID_SIZE, "%" PRId64 "-%" PRIu64, server, seq);
}

static void encode(struct buf *out, int64_t server, uint64_t seq, struct bytes json)
{
	char id[EVENT_ID_SIZE];
	event_id(server, seq, id);
	(void)sse_write(out, seq ? id : NULL, NULL, json); /* the buf is marked where it is too big */
}

static bool wants(const struct conn *c, uint64_t job, uint64_t scan)
{
	return (!c->only_job || c->only_job == job) && (!c->only_scan || c->only_scan == scan);
}

/* Progress is of a job or a scan; who sees only some jobs sees that of the one which he follows. */
static bool may_see_progress(const struct conn *c, const struct zone_event *z)
{
	unsigned bit = sight_bit(bytes_str(z->kind));
	return (c->sight.all & bit) || (z->job && z->job == c->only_job && c->sight.job);
}

static void ring_drop_first(struct ring *r)
{
	struct ring_event *ev = &r->at[r->first % RING_EVENTS];
	r->bytes -= ev->text.len;
	buf_release(&ev->text);
	r->first++;
}

/* Numbers follow each other; where they do not (another server's database), the ring begins anew. */
static void ring_put(struct api *a, const struct zone_event *z)
{
	struct ring *r = a->ring;
	while (r->first < r->next && (z->seq != r->next || r->next - r->first == RING_EVENTS || r->bytes > RING_BYTES))
		ring_drop_first(r);
	if (r->first == r->next)
		r->first = r->next = z->seq;
	struct ring_event *ev = &r->at[z->seq % RING_EVENTS];
	*ev = (struct ring_event){.seq = z->seq, .job = z->job, .scan = z->scan, .bit = sight_bit(bytes_str(z->kind))};
	buf_init(&ev->text, EVENT_MAX);
	encode(&ev->text, a->server, z->seq, buf_bytes(&z->json));
	r->bytes += ev->text.len;
	r->next = z->seq + 1;
}

void ring_free(struct ring *r)
{
	while (r && r->first < r->next)
		ring_drop_first(r);
	free(r);
}

/* Progress has no number and is not kept: who is behind does without. */
static void put_progress(struct api *a, const struct zone_event *z)
{
	LIST_EACH(&a->streams, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, stream_link);
		if (!wants(c, z->job, z->scan) || !may_see_progress(c, z) || c->catching_up || c->out.len ||
		    stream_pending(c->stream))
			continue;
		encode(&c->out, a->server, 0, buf_bytes(&z->json));
		conn_pump(c);
	}
}

/* Somebody may do less from now on: who follows by a login begins anew, and is asked who he is. */
static void end_streams(struct api *a, const struct api_events *ev)
{
	bool ends = false;
	for (size_t i = 0; i < ev->count; i++)
		ends = ends || ev->events[i].of_rights;
	if (!ends)
		return;
	a->rights_changes++;
	LIST_EACH(&a->streams, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, stream_link);
		if (!c->req.as_peer)
			conn_close(c);
	}
}

void events_put(struct api *a, const struct api_events *ev, bool progress)
{
	for (size_t i = 0; i < ev->count; i++) {
		if (progress)
			put_progress(a, &ev->events[i]);
		else
			ring_put(a, &ev->events[i]);
	}
	if (progress)
		return;
	end_streams(a, ev);
	LIST_EACH(&a->streams, it, safe) {
		conn_pump(LIST_ENTRY(it, struct conn, stream_link));
	}
}

/* The next event is of a kind of which the follower sees some: a worker goes on from here, once all before has left. */
static bool must_look_up(struct conn *c)
{
	if (c->out.len)
		return true;
	c->catching_up = work_start(c, WORK_CATCH_UP); /* else with the next event */
	return false;
}

bool events_fill(struct conn *c)
{
	struct ring *r = c->api->ring;
	if (c->catching_up || r->first == r->next)
		return false;
	if (c->seq < r->first) {
		metric_add(METRIC_events_dropped, (int64_t)(r->first - c->seq));
		c->catching_up = work_start(c, WORK_CATCH_UP); /* else with the next event */
		return false;
	}
	while (c->seq < r->next && c->out.len < FILL_MAX) {
		struct ring_event *ev = &r->at[c->seq % RING_EVENTS];
		bool wanted = wants(c, ev->job, ev->scan);
		if (wanted && !(c->sight.all & ev->bit) && (c->sight.some & ev->bit))
			return must_look_up(c);
		c->seq++;
		if (wanted && (c->sight.all & ev->bit))
			(void)buf_add_bytes(&c->out, buf_bytes(&ev->text)); /* far below its ceiling */
	}
	return c->out.len > 0;
}

static void heartbeat(void *arg)
{
	struct api *a = arg;
	LIST_EACH(&a->streams, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, stream_link);
		if (c->out.len || stream_pending(c->stream))
			continue;
		(void)sse_write_comment(&c->out, "still here");
		conn_pump(c);
	}
	if (a->stream_count)
		loop_timer_set(&a->heartbeat, HEARTBEAT_MS);
}

void events_start(struct api *a)
{
	list_init(&a->streams);
	a->ring = mem_alloc(sizeof(*a->ring));
	loop_timer_init(&a->heartbeat, a->loop, heartbeat, a);
}

void events_leave(struct conn *c)
{
	if (c->state != CONN_STREAMING)
		return;
	list_remove(&c->stream_link);
	c->api->stream_count--;
	metric_add(METRIC_api_event_streams, -1);
}

/* "1-4711": goes on behind it; "0": all that are kept. */
static bool read_position(const struct api *a, struct bytes text, uint64_t *ret_seq)
{
	uint64_t server, seq;
	const uint8_t *dash = text.len ? memchr(text.p, '-', text.len) : NULL;
	if (!dash) {
		*ret_seq = 0;
		return bytes_equal_str(text, "0");
	}
	size_t n = (size_t)(dash - text.p);
	if (!text_to_u64(BYTES(text.p, n), &server) || !text_to_u64(BYTES(dash + 1, text.len - n - 1), &seq))
		return false;
	if (seq >= (uint64_t)1 << STORE_SEQ_BITS)
		return false;
	*ret_seq = server == (uint64_t)a->server ? seq + 1 : 1;
	return true;
}

static int start_position(struct conn *c, struct err *e)
{
	const struct api_call *call = c->work.call;
	struct bytes from = http1_header(&c->http, "Last-Event-ID");
	if (!from.len)
		from = bytes_str(api_str(call, "from"));
	c->seq = c->work.newest + 1;
	c->only_job = (uint64_t)api_int(call, "job", 0);
	c->only_scan = (uint64_t)api_int(call, "scan", 0);
	bool fine = !from.len || read_position(c->api, from, &c->seq);
	if (c->seq > c->work.newest + 1)
		c->seq = c->work.newest + 1; /* of a time that a restored backup does not know */
	return fine ? 0 : err_set(e, ERR_INVALID, "'from' is not the id of an event, such as 1-4711, nor 0");
}

/* The first thing that goes out is the id of the event before, so that a client that lost the connection before the
 * first event can ask for the rest. */
static void greet(struct conn *c, bool live)
{
	char id[EVENT_ID_SIZE];
	reply_stream(c);
	(void)sse_write_retry(&c->out, RETRY_MS);
	event_id(c->api->server, c->seq - 1, id);
	if (live)
		(void)buf_addf(&c->out, "id: %s\n\n", id);
}

void events_follow(struct conn *c)
{
	struct api *a = c->api;
	struct err e = ERR_INIT;
	if (!c->req.as_peer && c->work.rights_changes != a->rights_changes) {
		request_run(c); /* while it was looked up */
		return;
	}
	if (start_position(c, &e)) {
		reply_error(c, 400, &e);
		return;
	}
	if (a->stream_count >= STREAM_MAX || a->stopping) {
		request_busy(c, a->stopping ? "the server is stopping" : "too many clients follow events");
		return;
	}
	if (c->req.head_only) {
		reply_text(c, 200, "text/event-stream", BYTES_NONE);
		return;
	}
	bool live = c->seq == c->work.newest + 1;
	c->sight = c->work.sight;
	greet(c, live);
	c->state = CONN_STREAMING;
	list_append(&a->streams, &c->stream_link);
	a->stream_count++;
	metric_add(METRIC_api_event_streams, 1);
	if (!loop_timer_is_set(&a->heartbeat))
		loop_timer_set(&a->heartbeat, HEARTBEAT_MS);
	stream_pause(c->stream, false);
	if (!live)
		c->catching_up = work_start(c, WORK_CATCH_UP);
	conn_pump(c);
}

/* A kept event stands under its job, else under its scan, else under the thing itself (zone/event.c). */
static bool row_belongs(const struct store_event *row, uint64_t id, const char *kind, const char *other_kind)
{
	if (!id)
		return true;
	return (uint64_t)row->object == id && (strcmp(row->kind, kind) == 0 || strcmp(row->kind, other_kind) == 0);
}

static bool row_wanted(const struct work *w, const struct store_event *row)
{
	return row_belongs(row, w->only_job, "job", "act") && row_belongs(row, w->only_scan, "scan", "discovered");
}

struct taking {
	struct work *w;
	struct db *db;
	struct arena *arena;
	struct asker who;
};

static int take_row(void *arg, const struct store_event *row)
{
	struct taking *t = arg;
	struct work *w = t->w;
	if (w->out.len > FILL_MAX)
		return 1; /* enough for this time */
	w->last = (uint64_t)STORE_SEQ_OF(row->id);
	if (row_wanted(w, row) && sight_may_see(t->db, t->arena, &t->who, &w->sight, row))
		encode(&w->out, w->api->server, w->last, bytes_str(row->body));
	return 0;
}

void events_catch_up_run(struct work *w, struct db *db, struct arena *a)
{
	int64_t first = 0;
	struct taking t = {w, db, a, {w->by.name, &w->entitled.rights, &w->by}};
	int code = store_event_first(db, w->api->server, &first, &w->err);
	sight_of(&t.who, &w->sight);
	w->last = w->seq ? w->seq - 1 : 0;
	w->missed = !code && w->seq && first && (uint64_t)STORE_SEQ_OF(first) > w->seq;
	if (!code)
		code = store_event_list(db, STORE_SEQ_ID(w->api->server, w->last), CATCH_UP_ROWS, take_row, &t,
					&w->err);
	w->status = code < 0 ? api_error_status(code) : 200;
}

static void say_missed(struct conn *c)
{
	struct err e = ERR_INIT;
	struct buf json;
	buf_init(&json, EVENT_MAX);
	(void)err_set(&e, ERR_EXPIRED, "some events between are no longer kept; read what you show again");
	api_error_write(&json, &e, &API_ERROR_NONE);
	(void)sse_write(&c->out, NULL, "missed", buf_bytes(&json)); /* far below its ceiling */
	buf_release(&json);
}

void events_caught_up(struct conn *c)
{
	struct work *w = &c->work;
	struct ring *r = c->api->ring;
	c->catching_up = false;
	if (w->status != 200) {
		log_event(LOG_WARNING, "api cannot read events, closing a stream", LOG_S("cause", w->err.msg));
		conn_close(c);
		return;
	}
	if (w->missed)
		say_missed(c);
	if (buf_add_bytes(&c->out, buf_bytes(&w->out))) {
		conn_close(c);
		return;
	}
	bool none = w->last < w->seq || !w->last;
	c->seq = w->last + 1;
	if (none && r->first < r->next && c->seq < r->first)
		c->seq = r->first; /* nothing is kept of what lies between */
	if (!none && (r->first == r->next || c->seq < r->first))
		c->catching_up = work_start(c, WORK_CATCH_UP);
	conn_pump(c);
}
