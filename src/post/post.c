#include "post/post.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "base/vault.h"
#include "codec/json.h"
#include "post/post_priv.h"
#include "store/audit.h"
#include "store/server.h"
#include "zone/post.h"

#define WORKERS     2
#define WORK_MAX    256
#define PAGE        200  /* messages read at once for one sink */
#define TELL_MS     5000 /* how late the zone may learn how far a sink is */
#define PAUSE_MS    1000 /* before the first new try; doubled */
#define PAUSE_MAX   300000
#define MAILBOX_MAX 1024
#define OPTION_MAX  1024

/* One sink and how far it is. */
struct courier {
	struct list link; /* of post.couriers */
	struct post *post;
	struct arena *arena; /* of row and options */
	struct store_sink row;
	struct store_sink_state state;
	bool listed; /* still in the database */
	bool busy;   /* a worker has a parcel of it */
	bool failing;
	int64_t pause_ms;
	struct loop_timer retry, tell;
	char error[384];
};

struct post {
	struct post_deps deps;
	struct mailbox *mailbox, *to_zone;
	struct loop *loop;
	struct pool *pool;
	struct pool_client *workers;
	struct db *db;
	struct arena *scratch;
	struct list couriers;
	int64_t server;
	pthread_t thread;
	bool running, ending;
	atomic_bool stopping;
};

static void pump(struct courier *c);

static void tell_zone(void *arg)
{
	struct courier *c = arg;
	struct sink_state *m = sink_state_new();
	m->sink = c->row.id;
	m->position = c->state.position;
	m->sent = c->state.sent;
	m->missed = c->state.missed;
	m->failing = c->failing;
	bytes_to_str(bytes_str(c->error), m->error, sizeof(m->error));
	loop_timer_stop(&c->tell);
	if (mailbox_put(c->post->to_zone, &m->mail))
		return;
	m->mail.free(&m->mail);
	if (!c->post->ending)
		loop_timer_set(&c->tell, TELL_MS);
}

static void tell_later(struct courier *c)
{
	if (!loop_timer_is_set(&c->tell))
		loop_timer_set(&c->tell, TELL_MS);
}

/* Parcels. */

static const char *option(struct arena *a, const struct json_t *j, const char *name)
{
	const char *value = "";
	(void)json_opt_str(j, name, OPTION_MAX, &value, NULL); /* the zone wrote it; "" when it is not there */
	return arena_str(a, bytes_str(value));
}

static void read_options(struct parcel *p)
{
	struct json_t *j = NULL;
	if (json_parse(bytes_str(p->to.options), 64 * 1024, &j, NULL))
		j = NULL;
	p->options = (struct sink_options){option(p->arena, j, "from"), option(p->arena, j, "to"),
					   option(p->arena, j, "subject"), option(p->arena, j, "user"),
					   option(p->arena, j, "roll")};
	json_free(j);
}

static void copy_row(struct arena *a, const struct store_sink *from, struct store_sink *to)
{
	*to = *from;
	to->name = arena_str(a, bytes_str(from->name));
	to->address = arena_str(a, bytes_str(from->address));
	to->options = arena_str(a, bytes_str(from->options));
	to->components = arena_str(a, bytes_str(from->components));
	to->ca = arena_str(a, bytes_str(from->ca));
	to->secret = from->secret.p ? arena_bytes(a, from->secret) : BYTES_NONE;
}

static void parcel_free(struct parcel *p)
{
	secret_release(&p->secret);
	arena_free(p->arena);
	free(p->notes);
	free(p);
}

static int open_secret(struct parcel *p, struct err *e)
{
	struct vault_place place = {"sink", (uint64_t)p->to.id, "secret", (uint64_t)p->to.version};
	if (!p->to.secret.len)
		return 0;
	return vault_unseal(p->deps->vault, place, p->to.secret, &p->secret, e);
}

static int send_parcel(struct parcel *p, struct err *e)
{
	switch (p->to.kind) {
	case SINK_FILE:
		return send_file(p, e);
	case SINK_SYSLOG:
		return strncmp(p->to.address, "tcp:", 4) == 0   ? send_stream(p, e)
		       : strncmp(p->to.address, "tls:", 4) == 0 ? send_tls(p, e)
								: send_datagrams(p, e);
	case SINK_UDP:
	case SINK_SNMP:
		return send_datagrams(p, e);
	case SINK_SMTP:
		return send_mail(p, e);
	case SINK_WEBHOOK:
		return send_webhook(p, e);
	}
	return err_set(e, ERR_UNSUPPORTED, "target \"%s\" is of a kind that this version does not know", p->to.name);
}

static void run(struct pool_job *job)
{
	struct parcel *p = LIST_ENTRY(job, struct parcel, job);
	p->ran = true;
	if (!open_secret(p, &p->err))
		(void)send_parcel(p, &p->err); /* err says it */
	secret_release(&p->secret);
}

static void answer_test(struct post *post, const struct parcel *p)
{
	struct sink_tested *m = sink_tested_new();
	m->request = p->request;
	m->code = p->err.code;
	bytes_to_str(bytes_str(p->err.msg), m->error, sizeof(m->error));
	if (!mailbox_put_always(post->to_zone, &m->mail))
		m->mail.free(&m->mail);
}

static void on_retry(void *arg)
{
	pump(arg);
}

static void took(struct courier *c, const struct parcel *p)
{
	c->state.position = p->end;
	c->state.sent += (int64_t)p->count;
	c->pause_ms = 0;
	if (!c->failing) {
		tell_later(c);
		return;
	}
	c->failing = false;
	c->error[0] = 0;
	log_event(LOG_NOTICE, "target takes messages again", LOG_S("target", c->row.name));
	tell_zone(c);
}

static void refused(struct courier *c, const struct parcel *p)
{
	bool first = !c->failing;
	if (p->done) {
		c->state.position = p->notes[p->done - 1].id;
		c->state.sent += (int64_t)p->done;
	}
	c->failing = true;
	bytes_to_str(bytes_str(p->err.msg), c->error, sizeof(c->error));
	c->pause_ms = c->pause_ms ? c->pause_ms * 2 : PAUSE_MS;
	if (c->pause_ms > PAUSE_MAX)
		c->pause_ms = PAUSE_MAX;
	if (first)
		log_event(LOG_WARNING, "target takes no messages, trying again", LOG_S("target", c->row.name),
			  LOG_S("cause", c->error));
	if (!c->post->ending)
		loop_timer_set(&c->retry, c->pause_ms);
	if (first)
		tell_zone(c);
	else
		tell_later(c);
}

static void courier_free(struct courier *c)
{
	loop_timer_stop(&c->retry);
	loop_timer_stop(&c->tell);
	list_remove(&c->link);
	arena_free(c->arena);
	free(c);
}

static void done(struct pool_job *job)
{
	struct parcel *p = LIST_ENTRY(job, struct parcel, job);
	struct courier *c = p->courier;
	if (p->request) {
		if (!p->ran)
			(void)err_set(&p->err, ERR_BUSY, "the server is stopping");
		answer_test(c->post, p);
		parcel_free(p);
		return;
	}
	c->busy = false;
	if (p->ran && p->err.code)
		refused(c, p);
	else if (p->ran)
		took(c, p);
	parcel_free(p);
	if (!c->listed)
		courier_free(c);
	else if (!c->failing)
		pump(c);
}

static struct parcel *parcel_new(struct courier *c)
{
	struct post *post = c->post;
	struct parcel *p = mem_alloc(sizeof(*p));
	p->job = (struct pool_job){.run = run, .done = done};
	p->deps = &post->deps;
	p->stopping = &post->stopping;
	p->courier = c;
	p->arena = arena_new(0);
	copy_row(p->arena, &c->row, &p->to);
	read_options(p);
	p->end = c->state.position;
	p->notes = mem_array(PAGE, sizeof(p->notes[0]));
	return p;
}

/* Reading. */

struct page {
	struct parcel *p;
	struct courier *c;
	size_t rows;
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = words; (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (p[len] == 0 || p[len] == ' '))
			return true;
	return false;
}

static bool wants(const struct store_sink *t, const struct store_message *m)
{
	if (m->severity > t->severity || (m->kind == MESSAGE_OF_TARGET && m->object == t->id))
		return false; /* a sink is not told of its own trouble */
	return !*t->components || has_word(t->components, message_row(m->number)->component);
}

/* Numbers have no gaps, so one at the beginning was purged. */
static void look_for_gap(struct page *page, int64_t id)
{
	int64_t expected = page->p->end + 1;
	if (page->rows == 0 && STORE_SEQ_OF(page->p->end) && id > expected)
		page->c->state.missed += id - expected;
}

static int see_message(void *arg, const struct store_message *m)
{
	struct page *page = arg;
	struct parcel *p = page->p;
	const struct message_row *row = message_row(m->number);
	look_for_gap(page, m->id);
	page->rows++;
	p->end = m->id;
	if (!wants(&p->to, m))
		return 0;
	p->notes[p->count++] = (struct note){
		.id = m->id,
		.time = m->time,
		.number = m->number,
		.severity = m->severity,
		.name = message_name(row),
		.component = row->component,
		.actor = arena_str(p->arena, bytes_str(m->actor)),
		.about = arena_str(p->arena, bytes_str(m->name)),
		.object = m->kind == MESSAGE_OF_DEVICE ? m->object : 0,
		.related = m->related,
		.text = arena_str(p->arena, bytes_str(m->text)),
		.more = arena_str(p->arena, bytes_str(m->more)),
	};
	return 0;
}

static int see_audit(void *arg, const struct store_audit *a)
{
	struct page *page = arg;
	struct parcel *p = page->p;
	struct buf hex;
	look_for_gap(page, a->id);
	page->rows++;
	p->end = a->id;
	buf_init(&hex, 2 * 64);
	hex_encode(&hex, a->hash);
	struct note *n = &p->notes[p->count++];
	*n = (struct note){
		.id = a->id,
		.time = a->time,
		.severity = MESSAGE_INFORMATION,
		.name = "audit",
		.component = "audit",
		.actor = arena_str(p->arena, bytes_str(a->actor)),
		.about = arena_str(p->arena, bytes_str(a->object)),
		.text = arena_printf(p->arena, "%s: %s %s", a->actor, a->action, a->object),
		.action = arena_str(p->arena, bytes_str(a->action)),
		.audit_object = arena_str(p->arena, bytes_str(a->object)),
		.detail = arena_str(p->arena, bytes_str(a->detail)),
		.hash = arena_str(p->arena, buf_bytes(&hex)),
	};
	n->more = arena_printf(p->arena, "seq=%lld hash=%s %s", (long long)STORE_SEQ_OF(a->id), n->hash, n->detail);
	buf_release(&hex);
	return 0;
}

/* The next page behind the position. 0: nothing is there. */
static int read_page(struct courier *c, struct parcel *p, size_t *ret_rows, struct err *e)
{
	struct page page = {.p = p, .c = c};
	struct db *db = c->post->db;
	int rc = p->to.feed == SINK_FEED_AUDIT ? store_audit_follow(db, p->end, PAGE, see_audit, &page, e)
					       : store_message_follow(db, p->end, PAGE, see_message, &page, e);
	*ret_rows = page.rows;
	return rc;
}

static void pump(struct courier *c)
{
	struct err e = ERR_INIT;
	size_t rows = 0;
	if (c->busy || !c->listed || !c->row.enabled || c->post->ending || loop_timer_is_set(&c->retry))
		return;
	struct parcel *p = parcel_new(c);
	do
		if (read_page(c, p, &rows, &e)) {
			log_event(LOG_WARNING, "messages cannot be read, trying again", LOG_S("cause", e.msg));
			loop_timer_set(&c->retry, PAUSE_MAX / 10);
			break;
		}
	while (rows == PAGE && !p->count);
	c->busy = p->count && pool_submit(c->post->workers, &p->job);
	if (c->busy)
		return;
	if (p->count) /* the queue of the workers is full */
		loop_timer_set(&c->retry, PAUSE_MS);
	else if (p->end != c->state.position) /* nothing of it was wanted */
		c->state.position = p->end;
	parcel_free(p);
}

/* Sinks. */

static struct courier *courier_of(struct post *p, int64_t id)
{
	LIST_EACH(&p->couriers, it, safe) {
		struct courier *c = LIST_ENTRY(it, struct courier, link);
		if (c->row.id == id)
			return c;
	}
	return NULL;
}

static struct courier *courier_new(struct post *p, const struct store_sink_state *s, const struct store_sink *row)
{
	struct courier *c = mem_alloc(sizeof(*c));
	c->post = p;
	c->state = *s;
	c->state.error = "";
	c->failing = s->failed_at != 0;
	bytes_to_str(bytes_str(s->error), c->error, sizeof(c->error));
	loop_timer_init(&c->retry, p->loop, on_retry, c);
	loop_timer_init(&c->tell, p->loop, tell_zone, c);
	list_append(&p->couriers, &c->link);
	if (!c->state.position)
		c->state.position = STORE_SEQ_ID(p->server, 0);
	if (row->kind == SINK_FILE)
		c->state.position = file_position(p->deps.folder, row, c->state.position);
	return c;
}

static int see_sink(void *arg, const struct store_sink *row, const struct store_sink_state *state)
{
	struct post *p = arg;
	struct courier *c = courier_of(p, row->id);
	if (!c)
		c = courier_new(p, state, row);
	else if (c->arena && c->row.feed != row->feed)
		c->state.position = state->position; /* the zone has put it at the end of the other feed */
	bool changed = !c->arena || c->row.changed_at != row->changed_at;
	arena_free(c->arena);
	c->arena = arena_new(0);
	copy_row(c->arena, row, &c->row);
	c->listed = true;
	if (changed && loop_timer_is_set(&c->retry)) { /* at once with what is set up now */
		loop_timer_stop(&c->retry);
		c->pause_ms = 0;
	}
	return 0;
}

static void read_sinks(struct post *p)
{
	struct err e = ERR_INIT;
	LIST_EACH(&p->couriers, it, safe)
		LIST_ENTRY(it, struct courier, link)->listed = false;
	if (store_sink_list(p->db, p->server, see_sink, p, &e))
		log_event(LOG_WARNING, "targets cannot be read", LOG_S("cause", e.msg));
	LIST_EACH(&p->couriers, it2, safe2) {
		struct courier *c = LIST_ENTRY(it2, struct courier, link);
		if (!c->listed && !c->busy)
			courier_free(c);
	}
}

static void pump_all(struct post *p)
{
	LIST_EACH(&p->couriers, it, safe)
		pump(LIST_ENTRY(it, struct courier, link));
}

static void start_test(struct post *post, const struct post_test *m)
{
	struct courier *c = courier_of(post, m->sink);
	if (!c) { /* made in the same moment */
		read_sinks(post);
		c = courier_of(post, m->sink);
	}
	if (!c)
		return; /* removed in the same moment: the command runs into its time limit */
	const struct message_row *row = message_row(MESSAGE_TARGET_TEST);
	struct parcel *p = parcel_new(c);
	p->request = m->request;
	p->count = 1;
	p->notes[0] = (struct note){
		.id = c->state.position, /* no number of its own */
		.time = clock_wall_ms(post->deps.clock),
		.number = row->number,
		.severity = MESSAGE_INFORMATION,
		.name = message_name(row),
		.component = row->component,
		.actor = "server",
		.about = p->to.name,
		.text = arena_printf(p->arena, "this is a test of the target \"%s\" by the zone server \"%s\"",
				     p->to.name, post->deps.server_name),
		.more = "",
	};
	if (pool_submit(post->workers, &p->job))
		return;
	(void)err_set(&p->err, ERR_BUSY, "too many messages wait for a worker");
	answer_test(post, p);
	parcel_free(p);
}

/* Straight into the local log: what is in no database cannot be read from it. Late by a round at most. */
static void pass_debug(struct post *post, const struct post_debug *m)
{
	LIST_EACH(&post->couriers, it, safe) {
		struct courier *c = LIST_ENTRY(it, struct courier, link);
		if (c->row.kind != SINK_FILE || c->row.feed != SINK_FEED_MESSAGES || c->row.severity < MESSAGE_DEBUG ||
		    !c->row.enabled || c->busy) /* two would write at once */
			continue;
		const struct message_row *row = message_row(m->number);
		struct parcel *p = parcel_new(c);
		p->count = 1;
		p->notes[0] = (struct note){
			.id = c->state.position,
			.time = m->time,
			.number = m->number,
			.severity = MESSAGE_DEBUG,
			.name = message_name(row),
			.component = row->component,
			.actor = "server",
			.about = m->name,
			.related = m->related,
			.text = arena_printf(p->arena, "device \"%s\": %s", m->name, m->text),
			.more = "",
		};
		(void)send_file(p, NULL); /* debug may be lost */
		parcel_free(p);
	}
}

/* Mail of the zone. */

static void handle(struct post *p, const struct mail *m, bool *news)
{
	switch (m->kind) {
	case POST_NEWS:
		*news = true;
		if (((const struct post_news *)m)->sinks)
			read_sinks(p);
		break;
	case POST_TEST:
		start_test(p, (const struct post_test *)m);
		break;
	case POST_DEBUG:
		pass_debug(p, (const struct post_debug *)m);
		break;
	default:
		p->ending = true;
	}
}

static void on_wake(void *arg)
{
	struct post *p = arg;
	bool news = false;
	size_t n;
	struct mail *m = mailbox_take(p->mailbox, MAILBOX_MAX, &n);
	while (m) {
		struct mail *next = m->next;
		handle(p, m, &news);
		m->free(m);
		m = next;
	}
	if (p->ending)
		loop_stop(p->loop);
	else if (news)
		pump_all(p);
}

static void wake_loop(void *arg)
{
	loop_wake(arg);
}

/* On the post's own thread: the last positions reach the zone. */
static void wind_up(struct post *p)
{
	pool_free(p->pool);
	p->pool = NULL;
	pool_client_free(p->workers);
	p->workers = NULL;
	LIST_EACH(&p->couriers, it, safe) {
		struct courier *c = LIST_ENTRY(it, struct courier, link);
		if (loop_timer_is_set(&c->tell))
			tell_zone(c);
		courier_free(c);
	}
}

static void *run_thread(void *arg)
{
	struct post *p = arg;
	read_sinks(p);
	pump_all(p);
	loop_run(p->loop);
	wind_up(p);
	return NULL;
}

struct post *post_new(const struct post_deps *deps)
{
	struct post *p = mem_alloc(sizeof(*p));
	p->deps = *deps;
	p->loop = loop_new(deps->clock);
	p->mailbox = mailbox_new(MAILBOX_MAX, wake_loop, p->loop);
	p->scratch = arena_new(0);
	list_init(&p->couriers);
	loop_set_wake(p->loop, on_wake, p);
	return p;
}

struct mailbox *post_mailbox(struct post *p)
{
	return p->mailbox;
}

static int prepare(struct post *p, struct err *e)
{
	struct store_server server;
	int rc = file_make_folder(p->deps.folder, 0700, e);
	rc = rc ? rc : store_open(p->deps.database, DB_READ_ONLY, 0, &p->db, e);
	rc = rc ? rc : store_server_by_name(p->db, p->scratch, p->deps.server_name, &server, e);
	if (!rc)
		p->server = server.id;
	return rc;
}

int post_start(struct post *p, struct mailbox *to_zone, struct err *e)
{
	p->to_zone = to_zone;
	int rc = prepare(p, e);
	if (rc)
		return err_wrap(e, rc, "targets of messages");
	(void)curl_global_init(CURL_GLOBAL_DEFAULT); /* mails and webhooks fail with a sentence otherwise */
	p->pool = pool_new(WORKERS, WORK_MAX, NULL, NULL);
	p->workers = pool_client_new(p->pool, p->loop);
	int sys = pthread_create(&p->thread, NULL, run_thread, p);
	if (sys) {
		wind_up(p);
		return err_set_sys(e, ERR_SYSTEM, sys, "thread of the targets cannot be started");
	}
	(void)pthread_setname_np(p->thread, "post"); /* for people only */
	p->running = true;
	return 0;
}

static void mail_free_simply(struct mail *m)
{
	free(m);
}

void post_stop(struct post *p)
{
	if (!p->running)
		return;
	struct mail *m = mem_alloc(sizeof(*m));
	*m = (struct mail){.kind = POST_STOP, .free = mail_free_simply};
	atomic_store(&p->stopping, true);
	if (!mailbox_put_always(p->mailbox, m))
		m->free(m);
	(void)pthread_join(p->thread, NULL); /* ours, and joined once */
	p->running = false;
}

void post_free(struct post *p)
{
	if (!p)
		return;
	post_stop(p);
	mailbox_free(p->mailbox);
	loop_free(p->loop);
	db_close(p->db);
	arena_free(p->scratch);
	free(p);
}
