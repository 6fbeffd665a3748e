/* Targets of messages: what people set up, and what post/ says became of it. In the code a target is a sink. */
#include "store/sink.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/text.h"
#include "codec/json.h"
#include "zone/command.h"
#include "zone/post.h"

#define SINK_ID_MIN (INT64_C(1) << 40) /* api draws ids of sinks with a secret above the blocks of ids */
#define OPTION_MAX  1024
#define OPTIONS_MAX 8192
#define SECRET_MAX  1024
#define ADDRESS_MAX 1024
#define RECIPIENTS  20
#define CA_MAX      65536

static void mail_free_simply(struct mail *m)
{
	free(m);
}

#define MAIL_NEW(type, number)                                                                                         \
	struct type *type##_new(void)                                                                                  \
	{                                                                                                              \
		struct type *m = mem_alloc(sizeof(*m));                                                                \
		m->mail = (struct mail){.kind = (number), .free = mail_free_simply};                                   \
		return m;                                                                                              \
	}
MAIL_NEW(post_news, POST_NEWS)
MAIL_NEW(post_test, POST_TEST)
MAIL_NEW(post_debug, POST_DEBUG)
MAIL_NEW(sink_state, ZONE_SINK_STATE)
MAIL_NEW(sink_tested, ZONE_SINK_TESTED)

void sink_tell_news(struct zone *z)
{
	if (!z->news || !z->deps.to_post)
		return;
	struct post_news *m = post_news_new();
	m->sinks = z->news == NEWS_SINKS;
	chain_add(&z->to_post, &m->mail);
}

static bool has_line_end(const char *s)
{
	return strpbrk(s, "\r\n") != NULL;
}

static bool is_address(const char *s)
{
	return strchr(s, '@') && !strpbrk(s, " <>\r\n,;\"") && strlen(s) < 255;
}

/* "[IPv6]:PORT", "HOST:PORT" or "HOST" */
static int check_host(const char *address, bool port_needed, struct err *e)
{
	const char *colon = address[0] == '[' ? strstr(address, "]:") : strchr(address, ':');
	uint64_t port = 1;
	if (colon && address[0] == '[')
		colon++;
	if (colon && (!text_to_u64(bytes_str(colon + 1), &port) || port == 0 || port > 65535))
		return err_set(e, ERR_INVALID, "address \"%s\": its port is not between 1 and 65535", address);
	if ((!colon && port_needed) || colon == address || !*address || strpbrk(address, " /\r\n@"))
		return err_set(e, ERR_INVALID, "address \"%s\" is not HOST:PORT", address);
	return 0;
}

static int check_syslog(const char *address, struct err *e)
{
	if (strncmp(address, "unix:/", 6) == 0 && strlen(address) < 100 && !has_line_end(address))
		return 0;
	if (strncmp(address, "udp:", 4) == 0 || strncmp(address, "tcp:", 4) == 0 || strncmp(address, "tls:", 4) == 0)
		return check_host(address + 4, true, e);
	return err_set(e, ERR_INVALID, "address \"%s\" does not begin with unix:/, udp:, tcp: or tls:", address);
}

static int check_url(const char *address, const char *first, const char *second, struct err *e)
{
	const char *begins = strncmp(address, first, strlen(first)) == 0     ? first
			     : strncmp(address, second, strlen(second)) == 0 ? second
									     : NULL;
	if (!begins || !address[strlen(begins)] || strpbrk(address, " \r\n\"<>"))
		return err_set(e, ERR_INVALID, "address \"%s\" does not begin with %s or %s", address, first, second);
	if (strchr(address, '@'))
		return err_set(e, ERR_INVALID,
			       "address \"%s\" holds an @: give a login with --user and its password "
			       "as the secret",
			       address);
	return 0;
}

/* A plain name in one folder: nobody can have lampd write elsewhere. */
static int check_file(const char *name, struct err *e)
{
	if (!*name || name[0] == '.' || strchr(name, '/') || strlen(name) > 100)
		return err_set(e, ERR_INVALID, "address \"%s\" is not the name of a file in the folder log", name);
	return 0;
}

struct other {
	const struct store_sink *t;
	bool same;
};

/* Old files of a target end in a dot and a number. */
static int see_other(void *arg, const struct store_sink *row, const struct store_sink_state *state)
{
	struct other *o = arg;
	const char *a = o->t->address, *b = row->address;
	size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
	char behind = strlen(a) == len ? b[len] : a[len];
	if (row->kind == SINK_FILE && row->id != o->t->id)
		o->same = o->same || (strncmp(a, b, len) == 0 && (!behind || behind == '.'));
	return 0;
}

/* Two that write one file would spoil each other's: the audit's copy above all. */
static int check_own_file(struct zone *z, const struct store_sink *t, struct err *e)
{
	struct other o = {t, false};
	int rc = t->kind == SINK_FILE ? store_sink_list(z->db, z->server, see_other, &o, e) : 0;
	if (!rc && o.same)
		rc = err_set(e, ERR_EXISTS, "file \"%s\" is that of another target", t->address);
	return rc;
}

static int check_address(const struct store_sink *t, struct err *e)
{
	int rc = check_text("address", t->address, ADDRESS_MAX, e);
	if (rc)
		return rc;
	switch (t->kind) {
	case SINK_FILE:
		return check_file(t->address, e);
	case SINK_SYSLOG:
		return check_syslog(t->address, e);
	case SINK_SMTP:
		return check_url(t->address, "smtp://", "smtps://", e);
	case SINK_WEBHOOK:
		return check_url(t->address, "https://", "http://", e);
	case SINK_UDP:
		return check_host(t->address, true, e);
	case SINK_SNMP:
		return check_host(t->address, false, e);
	}
	return 0;
}

static int check_options(const struct store_sink *t, const struct json_t *options, struct err *e)
{
	const char *from = "", *to = "";
	if (t->kind != SINK_SMTP)
		return 0;
	(void)json_opt_str(options, "from", OPTION_MAX, &from, NULL); /* we wrote it */
	(void)json_opt_str(options, "to", OPTION_MAX, &to, NULL);
	if (!is_address(from))
		return err_set(e, ERR_INVALID, "a mail target needs --from with the address of the sender");
	if (!*to)
		return err_set(e, ERR_MISSING, "a mail target needs --to with an address, or several");
	return 0;
}

static int put_recipients(struct command *c, struct json_writer *w, struct err *e)
{
	size_t count;
	const struct bytes *to = api_strs(c->call, "to", &count);
	struct buf joined;
	buf_init(&joined, OPTION_MAX);
	int rc = count > RECIPIENTS ? err_set(e, ERR_TOO_BIG, "more than %d addresses in --to", RECIPIENTS) : 0;
	for (size_t i = 0; i < count && !rc; i++) {
		const char *one = arena_str(c->arena, to[i]);
		if (!is_address(one))
			rc = err_set(e, ERR_INVALID, "\"%s\" is not a mail address", one);
		(void)buf_addf(&joined, "%s%s", i ? "," : "", one); /* checked below */
	}
	rc = rc ? rc : buf_check(&joined, e, "list of addresses");
	if (!rc)
		json_put_bytes(w, "to", buf_bytes(&joined));
	buf_release(&joined);
	return rc;
}

/* The options that were there, with those of the command in their places. */
static int merge_options(struct command *c, struct store_sink *t, struct err *e)
{
	static const char *const names[] = {"from", "subject", "user", "roll"};
	struct json_t *was = NULL;
	struct json_writer w;
	struct buf out;
	buf_init(&out, OPTIONS_MAX);
	int rc = json_parse(bytes_str(t->options), OPTIONS_MAX, &was, e);
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names) && !rc; i++) {
		const char *value = NULL;
		(void)json_opt_str(was, names[i], OPTION_MAX, &value, NULL); /* we wrote it */
		value = command_str(c, names[i], value);
		if (value)
			rc = check_text(names[i], value, OPTION_MAX, e);
		if (value)
			json_put_str(&w, names[i], value);
	}
	const char *to = NULL;
	if (!rc && !api_has(c->call, "to"))
		(void)json_opt_str(was, "to", OPTION_MAX, &to, NULL);
	if (to)
		json_put_str(&w, "to", to);
	else if (!rc && api_has(c->call, "to"))
		rc = put_recipients(c, &w, e);
	json_end(&w);
	rc = rc ? rc : buf_check(&out, e, "options");
	if (!rc)
		t->options = arena_str(c->arena, buf_bytes(&out));
	json_free(was);
	buf_release(&out);
	return rc;
}

static int read_components(struct command *c, struct store_sink *t, struct err *e)
{
	size_t count;
	const struct bytes *texts = api_strs(c->call, "component", &count);
	struct buf joined;
	buf_init(&joined, OPTION_MAX);
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		if (!message_has_component(texts[i]))
			rc = err_set(e, ERR_INVALID, "\"%.*s\" is not a component: see the guide's list of messages",
				     (int)texts[i].len, texts[i].p);
		(void)buf_addf(&joined, "%s%.*s", i ? " " : "", (int)texts[i].len, texts[i].p); /* checked below */
	}
	rc = rc ? rc : buf_check(&joined, e, "list of components");
	if (!rc)
		t->components = arena_str(c->arena, buf_bytes(&joined));
	buf_release(&joined);
	return rc;
}

static bool speaks_tls(const struct store_sink *t)
{
	return t->kind == SINK_SMTP || strncmp(t->address, "https://", 8) == 0 || strncmp(t->address, "tls:", 4) == 0;
}

/* The word system takes it away again. What is in it is found out by the first try. */
static int read_ca(struct command *c, struct store_sink *t, struct err *e)
{
	struct bytes pem = api_file(c->call, "ca");
	if (api_has(c->call, "ca"))
		t->ca = bytes_equal_str(bytes_trim(pem), "system") ? "" : arena_str(c->arena, pem);
	if (!*t->ca)
		return 0;
	if (!speaks_tls(t))
		return err_set(e, ERR_INVALID, "address \"%s\" is not one where certificates are looked at",
			       t->address);
	if (strlen(t->ca) > CA_MAX)
		return err_set(e, ERR_TOO_BIG, "--ca has more than %d KiB", CA_MAX / 1024);
	if (!strstr(t->ca, "-----BEGIN CERTIFICATE-----"))
		return err_set(e, ERR_INVALID, "--ca holds no certificate in PEM");
	return 0;
}

static int check_roll(const char *roll, struct err *e)
{
	if (!roll || strcmp(roll, "size") == 0 || strcmp(roll, "day") == 0)
		return 0;
	return err_set(e, ERR_INVALID, "--roll \"%s\" is neither size nor day", roll);
}

/* What add and set have in common. */
static int read_sink(struct command *c, struct store_sink *t, struct err *e)
{
	const char *severity = api_str(c->call, "severity"), *feed = api_str(c->call, "feed");
	struct json_t *options = NULL;
	t->address = command_str(c, "address", t->address);
	if (api_has(c->call, "enabled"))
		t->enabled = strcmp(api_str(c->call, "enabled"), "off") != 0;
	if (severity && !message_severity_from_name(severity, &t->severity))
		return err_set(e, ERR_INVALID, "severity \"%s\" is none of error, warning, information, debug",
			       severity);
	if (feed && strcmp(feed, "messages") != 0 && strcmp(feed, "audit") != 0)
		return err_set(e, ERR_INVALID, "feed \"%s\" is neither messages nor audit", feed);
	if (feed)
		t->feed = strcmp(feed, "audit") == 0 ? SINK_FEED_AUDIT : SINK_FEED_MESSAGES;
	int rc = check_roll(api_str(c->call, "roll"), e);
	rc = rc ? rc : check_address(t, e);
	rc = rc ? rc : check_own_file(c->z, t, e);
	rc = rc ? rc : read_ca(c, t, e);
	rc = rc || !api_has(c->call, "component") ? rc : read_components(c, t, e);
	rc = rc ? rc : merge_options(c, t, e);
	rc = rc ? rc : json_parse(bytes_str(t->options), OPTIONS_MAX, &options, e);
	rc = rc ? rc : check_options(t, options, e);
	json_free(options);
	return rc;
}

static int take_secret(struct command *c, struct store_sink *t, struct err *e)
{
	const struct api_value *secret = api_value(c->call, "secret");
	if (!secret->set)
		return 0;
	if ((int64_t)secret->v.secret.row != t->id || (int64_t)secret->v.secret.version != t->version + 1)
		return err_set(e, ERR_CONFLICT, "target \"%s\" was changed meanwhile", t->name);
	if (secret->v.secret.sealed.len > SECRET_MAX)
		return err_set(e, ERR_TOO_BIG, "secret is too long");
	t->secret = secret->v.secret.sealed;
	t->version++;
	return 0;
}

static int tell(struct command *c, const char *change, const struct store_sink *t, struct err *e)
{
	c->z->news = NEWS_SINKS;
	c->object = arena_printf(c->arena, "target:%s", t->name);
	return event_tell(c->z, &(struct tell){.kind = "target", .change = change, .id = t->id, .name = t->name}, e);
}

/* A new one gets what comes from now on. */
static int begin_at_the_end(struct zone *z, const struct store_sink *t, struct err *e)
{
	struct store_sink_state s = {.sink = t->id, .server = z->server, .position = z->message_last, .error = ""};
	int rc = t->feed == SINK_FEED_AUDIT ? store_audit_last(z->db, z->server, &s.position, e) : 0;
	return rc ? rc : store_sink_state_put(z->db, &s, e);
}

static int choose_id(struct command *c, struct store_sink *t, struct err *e)
{
	const struct api_value *secret = api_value(c->call, "secret");
	struct store_sink there;
	if (!secret->set)
		return new_id(c->z, STORE_ID_OBJECT, &t->id, e);
	t->id = (int64_t)secret->v.secret.row;
	if (t->id < SINK_ID_MIN || t->id > API_INT_MAX ||
	    store_sink_get(c->z->db, c->arena, t->id, &there, NULL) != ERR_NOT_FOUND)
		return err_set(e, ERR_CONFLICT, "secret was sealed for another place; try again");
	return 0;
}

/* What goes to a target can be read there: whoever sends the audit somewhere must be allowed to read it, and whoever
 * ends that too. */
static int check_feed(struct command *c, const struct store_sink *t, struct err *e)
{
	return t->feed == SINK_FEED_AUDIT ? access_need(&c->who, RIGHT_AUDIT_VIEW, "/", t->name, e) : 0;
}

/* A password or community goes only where it was given for. */
static int check_secret_stays(struct command *c, const struct store_sink *t, const char *address_before, struct err *e)
{
	if (!t->secret.len || api_has(c->call, "secret") || strcmp(t->address, address_before) == 0)
		return 0;
	return err_set(e, ERR_INVALID, "a new address of target \"%s\" needs its secret once more", t->name);
}

int command_TARGET_ADD(struct command *c, struct err *e)
{
	struct store_sink there, t = {
					 .name = api_str(c->call, "name"),
					 .enabled = true,
					 .address = "",
					 .options = "{}",
					 .severity = MESSAGE_WARNING,
					 .components = "",
					 .ca = "",
					 .created_at = c->z->now,
					 .changed_at = c->z->now,
				 };
	const char *kind = api_str(c->call, "kind");
	if (!sink_kind_from_name(kind, &t.kind))
		return err_set(e, ERR_INVALID, "kind \"%s\" is none of file, syslog, smtp, udp, snmp, webhook", kind);
	int rc = check_name("target name", t.name, e);
	rc = rc ? rc : read_sink(c, &t, e);
	rc = rc ? rc : check_feed(c, &t, e);
	if (!rc && store_sink_by_name(c->z->db, c->arena, t.name, &there, NULL) == 0)
		rc = err_set(e, ERR_EXISTS, "target \"%s\" exists already", t.name);
	rc = rc ? rc : choose_id(c, &t, e);
	rc = rc ? rc : take_secret(c, &t, e);
	rc = rc ? rc : store_sink_add(c->z->db, &t, e);
	rc = rc ? rc : begin_at_the_end(c->z, &t, e);
	rc = rc ? rc : tell(c, "added", &t, e);
	return rc ? rc : answer_ref(c, t.id, t.name);
}

static int find(struct command *c, struct store_sink *ret, struct err *e)
{
	const char *name = api_str(c->call, "target");
	int rc = store_sink_by_name(c->z->db, c->arena, name, ret, NULL);
	if (rc != ERR_NOT_FOUND)
		return rc ? err_set(e, rc, "target \"%s\" cannot be read", name) : 0;
	command_name(c, name);
	return err_set(e, rc, "target \"%s\" does not exist", name);
}

int command_TARGET_SET(struct command *c, struct err *e)
{
	struct store_sink t;
	int rc = find(c, &t, e);
	enum sink_feed feed = rc ? SINK_FEED_MESSAGES : t.feed;
	const char *address = rc ? "" : t.address;
	rc = rc ? rc : check_feed(c, &t, e);
	rc = rc ? rc : read_sink(c, &t, e);
	rc = rc ? rc : check_feed(c, &t, e);
	rc = rc ? rc : check_secret_stays(c, &t, address, e);
	rc = rc ? rc : take_secret(c, &t, e);
	if (rc)
		return rc;
	t.changed_at = c->z->now;
	rc = store_sink_put(c->z->db, &t, e);
	rc = rc || t.feed == feed ? rc : begin_at_the_end(c->z, &t, e);
	rc = rc ? rc : tell(c, "changed", &t, e);
	return rc ? rc : answer_ref(c, t.id, t.name);
}

int command_TARGET_REMOVE(struct command *c, struct err *e)
{
	struct store_sink t;
	int rc = find(c, &t, e);
	rc = rc ? rc : check_feed(c, &t, e);
	rc = rc ? rc : store_sink_delete(c->z->db, t.id, e);
	return rc ? rc : tell(c, "removed", &t, e);
}

/* The answer comes when a worker has tried it. */
int command_TARGET_TEST(struct command *c, struct err *e)
{
	struct store_sink t;
	int rc = find(c, &t, e);
	if (rc)
		return rc;
	if (!c->z->deps.to_post)
		return err_set(e, ERR_UNSUPPORTED, "this server passes no messages on");
	c->object = arena_printf(c->arena, "target:%s", t.name);
	struct post_test *m = post_test_new();
	m->request = c->m->request;
	m->sink = t.id;
	chain_add(&c->z->to_post, &m->mail);
	c->later = true;
	return 0;
}

int sink_on_tested(struct zone *z, const struct sink_tested *m, struct err *e)
{
	struct zone_command asked = {.request = m->request};
	struct err why = ERR_INIT;
	struct buf body;
	if (m->code) {
		err_set(&why, m->code, "%s", m->error);
		command_answer_error(z, &asked, &why, &API_ERROR_NONE);
		return 0;
	}
	buf_init(&body, COMMAND_BODY_MAX);
	command_answer(z, m->request, 204, &body);
	return 0;
}

static int say(struct zone *z, enum message_id id, const struct store_sink *t, const char *text, struct err *e)
{
	struct message m = {.id = id, .kind = MESSAGE_OF_TARGET, .object = t->id, .name = t->name, .text = text};
	return message_add(z, &m, e);
}

static int say_change(struct zone *z, const struct store_sink *t, const struct store_sink_state *was,
		      const struct sink_state *m, struct err *e)
{
	int rc = 0;
	if (m->failing && !was->failed_at)
		rc = say(z, MESSAGE_TARGET_FAILED, t,
			 arena_printf(z->arena, "target \"%s\" takes no messages: %s", t->name, m->error), e);
	else if (!m->failing && was->failed_at)
		rc = say(z, MESSAGE_TARGET_BACK, t,
			 arena_printf(z->arena, "target \"%s\" takes messages again", t->name), e);
	if (!rc && m->missed > was->missed)
		rc = say(z, MESSAGE_TARGET_MISSED, t,
			 arena_printf(z->arena, "%lld messages were purged before target \"%s\" got them",
				      (long long)(m->missed - was->missed), t->name),
			 e);
	return rc;
}

int sink_on_state(struct zone *z, const struct sink_state *m, struct err *e)
{
	struct store_sink t;
	struct store_sink_state was;
	int rc = store_sink_get(z->db, z->arena, m->sink, &t, NULL);
	if (rc == ERR_NOT_FOUND) /* removed meanwhile */
		return 0;
	rc = rc ? err_set(e, rc, "target %lld cannot be read", (long long)m->sink)
		: store_sink_state_get(z->db, z->arena, m->sink, z->server, &was, e);
	if (rc)
		return rc;
	struct store_sink_state s = {
		.sink = m->sink,
		.server = z->server,
		.position = m->position,
		.sent = m->sent,
		.missed = m->missed,
		.failed_at = !m->failing     ? 0
			     : was.failed_at ? was.failed_at
					     : z->now,
		.error = m->failing ? m->error : "",
	};
	rc = store_sink_state_put(z->db, &s, e);
	return rc ? rc : say_change(z, &t, &was, m, e);
}
