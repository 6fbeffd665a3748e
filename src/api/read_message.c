#include "api/read.h"
#include "base/err.h"
#include "base/text.h"
#include "store/device.h"
#include "store/message.h"

static const char *or_null(const char *s)
{
	return *s ? s : NULL;
}

static void put_message(struct read *r, const struct store_message *m)
{
	const struct message_row *row = message_row(m->number);
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_message);
	api_put_int(&w, "seq", STORE_SEQ_OF(m->id));
	api_put_time(&w, "time", m->time);
	api_put_str(&w, "severity", message_severity_name(m->severity));
	api_put_str(&w, "id", message_name(row));
	api_put_str(&w, "component", row->component);
	api_put_str(&w, "actor", m->actor);
	api_put_str(&w, "kind", message_kind_name(m->kind));
	api_put_int(&w, "object", m->object);
	api_put_str(&w, "name", m->name);
	api_put_str(&w, "text", m->text);
	api_put_str(&w, "detail", m->more);
	api_put_str(&w, "next", row->next);
	if (m->related)
		api_put_int(&w, "related", m->related);
	else
		api_put_null(&w, "related");
	api_put_time(&w, "acked", m->acked_at);
	api_put_str(&w, "acked_by", or_null(m->acked_by));
	api_end(&w);
}

static int put_message_row(void *arg, const struct store_message *m)
{
	struct read *r = arg;
	read_row(r);
	if (!read_take(r))
		return 1;
	put_message(r, m);
	read_key_id(r, m->id);
	return 0;
}

static int read_severity(struct read *r, int *ret, struct err *e)
{
	const char *name = api_str(r->call, "severity");
	enum message_severity worst;
	*ret = 0;
	if (!name)
		return 0;
	if (!message_severity_from_name(name, &worst))
		return err_set(e, ERR_INVALID, "'severity' is none of error, warning, information: '%s'", name);
	*ret = (int)worst;
	return 0;
}

static int read_id_filter(struct read *r, int *ret, struct err *e)
{
	const char *name = api_str(r->call, "id");
	const struct message_row *row = name ? message_row_from_name(name) : NULL;
	if (name && !row)
		return err_set(e, ERR_INVALID, "'id' is not in the list of messages: '%s'", name);
	*ret = row ? row->number : 0;
	return 0;
}

static int read_filter(struct read *r, struct store_message_filter *f, struct err *e)
{
	struct store_device d;
	const char *device = api_str(r->call, "device");
	*f = STORE_MESSAGE_FILTER_INIT(r->server);
	f->open = api_bool(r->call, "open");
	f->since = api_int(r->call, "since", 0);
	f->until = api_int(r->call, "until", 0);
	int code = read_severity(r, &f->worst, e);
	if (!code)
		code = read_id_filter(r, &f->number, e);
	if (code || !device)
		return code;
	code = read_find_device(r, device, &d, e);
	f->kind = MESSAGE_OF_DEVICE;
	f->object = code ? 0 : d.id;
	return code;
}

static int fetch_messages(struct read *r, struct err *e)
{
	struct store_message_filter f;
	int code = read_filter(r, &f, e);
	return code ? code : store_message_list(r->db, &f, read_after_id(r), READ_BATCH, put_message_row, r, e);
}

int read_MESSAGE_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_messages, e);
}

int read_MESSAGE_SHOW(struct read *r, struct err *e)
{
	struct store_message m;
	int64_t seq = read_id(r->call, "message");
	int code = seq > 0 && seq <= STORE_SEQ_OF(-1)
			   ? store_message_get(r->db, r->arena, STORE_SEQ_ID(r->server, seq), &m, e)
			   : ERR_NOT_FOUND;
	if (code == ERR_NOT_FOUND)
		return err_set(e, code, "message %lld does not exist", (long long)seq);
	if (!code)
		put_message(r, &m);
	return code;
}

static int put_state(void *arg, const struct store_message_state *s)
{
	struct read *r = arg;
	struct api_writer w;
	char kind[16], object[24];
	read_row(r);
	if (!read_take(r))
		return 1;
	api_begin(&w, &r->json, NULL, API_OBJECT_message_state);
	api_put_str(&w, "kind", message_kind_name(s->kind));
	api_put_int(&w, "object", s->object);
	api_put_str(&w, "name", s->name);
	api_put_str(&w, "worst", message_severity_name(s->worst));
	api_put_int(&w, "open", s->count);
	api_end(&w);
	(void)snprintf(kind, sizeof(kind), "%d", (int)s->kind); /* both fit */
	(void)snprintf(object, sizeof(object), "%lld", (long long)s->object);
	read_key(r, kind, object);
	return 0;
}

static int64_t number_after(const struct read *r, int part, int64_t none)
{
	int64_t n;
	const char *text = read_after(r, part);
	return text && text_to_i64(bytes_str(text), &n) ? n : none;
}

static int fetch_states(struct read *r, struct err *e)
{
	int worst;
	int code = read_severity(r, &worst, e);
	return code ? code
		    : store_message_states(r->db, worst, (int)number_after(r, 0, -1), number_after(r, 1, 0), READ_BATCH,
					   put_state, r, e);
}

int read_MESSAGE_STATE(struct read *r, struct err *e)
{
	return read_pages(r, fetch_states, e);
}
