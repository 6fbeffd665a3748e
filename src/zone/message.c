#include "zone/message.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/metric.h"
#include "base/text.h"
#include "codec/json.h"
#include "zone/command.h"
#include "zone/post.h"
#include "zone/task.h"

#define SERVER_ACTOR "server"

/* At most max bytes of s, not cutting a character. */
static const char *cut(struct zone *z, const char *s, size_t max)
{
	struct bytes rest = bytes_str(s);
	uint32_t c;
	size_t at = 0, n;
	if (rest.len <= max)
		return s;
	while ((n = text_utf8_next(BYTES(rest.p + at, rest.len - at), &c)) && at + n <= max)
		at += n;
	return arena_str(z->arena, BYTES(rest.p, at));
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void tell_debug(struct zone *z, const struct store_message *said)
{
	if (!z->deps.to_post || !setting(z, SETTING_MESSAGE_DEBUG))
		return;
	struct post_debug *m = post_debug_new();
	m->number = said->number;
	m->time = said->time;
	m->object = said->object;
	m->related = said->related;
	bytes_to_str(bytes_str(said->name), m->name, sizeof(m->name));
	bytes_to_str(bytes_str(said->text), m->text, sizeof(m->text));
	chain_add(&z->to_post, &m->mail);
}

int message_add(struct zone *z, const struct message *m, struct err *e)
{
	const struct message_row *row = message_row(m->id);
	struct store_message said = {
		.id = z->message_last + 1,
		.time = z->now,
		.number = row->number,
		.severity = m->severity ? m->severity : row->severity,
		.actor = m->by ? m->by : SERVER_ACTOR,
		.kind = m->kind,
		.object = m->object,
		.name = or_empty(m->name),
		.related = m->related,
		.text = cut(z, m->text ? m->text : row->sentence, STORE_MESSAGE_TEXT_MAX),
		.more = cut(z, or_empty(m->more), STORE_MESSAGE_TEXT_MAX),
		.acked_by = "",
	};
	if (said.severity == MESSAGE_DEBUG) {
		tell_debug(z, &said);
		return 0;
	}
	int rc = store_message_add(z->db, &said, e);
	if (rc)
		return rc;
	z->message_last++;
	if (!z->news)
		z->news = NEWS_SOME;
	metric_add(said.severity == MESSAGE_ERROR ? METRIC_messages_error : METRIC_messages, 1);
	return 0;
}

int message_load(struct zone *z, struct err *e)
{
	return store_message_last(z->db, z->server, &z->message_last, e);
}

static int ack_old(struct zone *z, int64_t *left, struct err *e)
{
	int64_t after = setting(z, SETTING_MESSAGE_ACK), n = 0;
	struct store_message_filter f = STORE_MESSAGE_FILTER_INIT(z->server);
	if (!after || *left <= 0)
		return 0;
	f.until = z->now - after;
	int rc = store_message_ack_all(z->db, &f, z->message_last, SERVER_ACTOR, z->now, (int)*left, &n, e);
	*left -= n;
	return rc;
}

int message_tidy(struct zone *z, int64_t *left, struct err *e)
{
	int64_t n = 0;
	int rc = ack_old(z, left, e);
	if (!rc && *left > 0)
		rc = store_message_purge(z->db, z->server, z->now - setting(z, SETTING_KEEP_MESSAGES), (int)*left, &n,
					 e);
	*left -= n;
	return rc;
}

static int tell(struct zone *z, int64_t seq, struct err *e)
{
	return event_tell(z, &(struct tell){.kind = "message", .change = "changed", .id = seq}, e);
}

static int read_number(struct command *c, struct bytes text, int64_t *ret, struct err *e)
{
	uint64_t n;
	if (!text_to_u64(text, &n) || n == 0 || n > STORE_SEQ_OF(-1))
		return err_set(e, ERR_INVALID, "\"%.*s\" is not the number of a message", (int)text.len, text.p);
	*ret = STORE_SEQ_ID(c->z->server, n);
	return 0;
}

static int ack_one(struct command *c, struct bytes text, struct err *e)
{
	int64_t id;
	bool won = false;
	int rc = read_number(c, text, &id, e);
	rc = rc ? rc : store_message_ack(c->z->db, id, c->m->by.name, c->z->now, &won, e);
	return rc || !won ? rc : tell(c->z, STORE_SEQ_OF(id), e);
}

static int check_numbers(struct command *c, const struct bytes *texts, size_t count, struct err *e)
{
	int rc = count <= ZONE_SLICE ? 0 : err_set(e, ERR_TOO_BIG, "more than %d messages at once", ZONE_SLICE);
	for (size_t i = 0; i < count && !rc; i++) {
		int64_t id;
		struct store_message m;
		rc = read_number(c, texts[i], &id, e);
		rc = rc ? rc : store_message_get(c->z->db, c->arena, id, &m, e);
	}
	return rc;
}

int command_MESSAGE_ACK(struct command *c, struct err *e)
{
	size_t count;
	const struct bytes *texts = api_strs(c->call, "messages", &count);
	int rc = check_numbers(c, texts, count, e);
	c->object = count == 1 ? arena_printf(c->arena, "message:%.*s", (int)texts[0].len, texts[0].p) : "message";
	for (size_t i = 0; i < count && !rc; i++)
		rc = ack_one(c, texts[i], e);
	return rc;
}

/* What a command of people asks for; kind stays -1 when no device is named. */
static int read_filter(struct command *c, struct store_message_filter *f, struct err *e)
{
	const char *device = api_str(c->call, "device"), *severity = api_str(c->call, "severity");
	enum message_severity worst;
	struct store_device d;
	*f = STORE_MESSAGE_FILTER_INIT(c->z->server);
	if (severity && !message_severity_from_name(severity, &worst))
		return err_set(e, ERR_INVALID, "severity \"%s\" is none of error, warning, information", severity);
	f->worst = severity ? (int)worst : 0;
	f->until = api_int(c->call, "until", 0);
	if (!device)
		return 0;
	int rc = find_device(c, device, &d, e);
	f->kind = MESSAGE_OF_DEVICE;
	f->object = rc ? 0 : d.id;
	return rc;
}

static int answer_count(struct command *c, int64_t count)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, &c->body);
	api_begin(&w, &json, NULL, API_OBJECT_acknowledged);
	api_put_int(&w, "acknowledged", count);
	api_end(&w);
	return 0;
}

/* counts: 0 acknowledged so far, 1 the last message there was when it was asked for. */
static int ack_slice(struct command *c, struct task *t, struct task_state *s, struct err *e)
{
	const struct store_message_filter *f = task_own(t);
	int64_t n = 0;
	int rc = store_message_ack_all(c->z->db, f, s->counts[1], c->m->by.name, c->z->now, ZONE_SLICE, &n, e);
	if (rc)
		return rc;
	s->counts[0] += n;
	s->done = n < ZONE_SLICE;
	if (!s->done)
		return 0;
	rc = tell(c->z, 0, e);
	return rc ? rc : answer_count(c, s->counts[0]);
}

int command_MESSAGE_ACK_ALL(struct command *c, struct err *e)
{
	static const struct task_kind kind = {ack_slice, free};
	struct store_message_filter *f = mem_alloc(sizeof(*f));
	int rc = read_filter(c, f, e);
	if (rc) {
		free(f);
		return rc;
	}
	c->object = f->kind < 0 ? "message" : arena_printf(c->arena, "device:%s", api_str(c->call, "device"));
	task_add(c, &kind, f)->counts[1] = c->z->message_last;
	return 0;
}
