#include "harness.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "codec/json.h"
#include "store/act.h"

#define LOG_MAX  (64u << 20)
#define BODY_MAX (4u << 20)

static void log_wire(struct harness *h, const struct mail *m)
{
	if (m->kind == WIRE_ACT_START) {
		const struct act_start *s = (const struct act_start *)m;
		buf_addf(&h->log, "start %llu.%u %s %d %s %s %lld\n", (unsigned long long)s->act, s->fence,
			 verb_name(s->verb), s->mode, s->at.host, s->at.login, (long long)s->give_up_after_ms);
	} else if (m->kind == WIRE_ACT_GATE_ANSWER || m->kind == WIRE_ACT_CANCEL) {
		const struct act_gate_answer *a = (const struct act_gate_answer *)m;
		buf_addf(&h->log, "%s %llu.%u %d %d\n", m->kind == WIRE_ACT_CANCEL ? "cancel" : "answer",
			 (unsigned long long)a->act, a->fence, a->go, a->reason);
	} else {
		buf_addf(&h->log, "wire %d\n", m->kind);
	}
}

static void note_events(struct harness *h, const struct api_events *ev)
{
	for (size_t i = 0; i < ev->count; i++) {
		struct json_t *doc;
		const char *kind = "", *change = "";
		assert_int_equal(json_parse(buf_bytes(&ev->events[i].json), BODY_MAX, &doc, NULL), 0);
		assert_int_equal(json_get_str(doc, "kind", 100, &kind, NULL), 0);
		assert_int_equal(json_get_str(doc, "change", 100, &change, NULL), 0);
		buf_addf(&h->events, "%s %s\n", kind, change);
		if (ev->mail.kind == API_EVENTS)
			buf_addf(&h->log, "event %.*s\n", (int)ev->events[i].json.len,
				 (const char *)ev->events[i].json.p);
		json_free(doc);
	}
}

static void append(struct mail **chain, struct mail *more)
{
	while (*chain)
		chain = &(*chain)->next;
	*chain = more;
}

static void take_api(struct harness *h, struct mail *chain)
{
	for (struct mail *m = chain; m; m = m->next) {
		if (m->kind != API_ANSWER) {
			note_events(h, (const struct api_events *)m);
			continue;
		}
		const struct api_answer *a = (const struct api_answer *)m;
		buf_addf(&h->log, "answer %llu %d %.*s\n", (unsigned long long)a->request, a->status, (int)a->body.len,
			 (const char *)a->body.p);
		if (a->request == h->request) {
			h->status = a->status;
			buf_reset(&h->body);
			buf_add_bytes(&h->body, buf_bytes(&a->body));
		}
	}
	mail_free_all(chain);
}

static void take_out(struct harness *h, struct zone_out *out)
{
	for (struct mail *m = out->to_wire; m; m = m->next)
		log_wire(h, m);
	append(&h->wire, out->to_wire);
	take_api(h, out->to_api);
	if (h->forgetful)
		assert_int_equal(machine_forget(h->z, NULL), 0);
}

static void start(struct harness *h)
{
	struct zone_out out;
	struct err e = ERR_INIT;
	int rc = machine_new(&h->deps, &h->z, &out, &e);
	if (rc)
		print_error("%s\n", e.msg);
	assert_int_equal(rc, 0);
	h->deps.audit_is_new = false;
	take_out(h, &out);
}

struct harness *harness_new(uint64_t seed)
{
	struct harness *h = mem_alloc(sizeof(*h));
	(void)snprintf(h->folder, sizeof(h->folder), "/tmp/lamp-zone-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	(void)snprintf(h->path, sizeof(h->path), "%s/zone.db", h->folder);
	h->clock = clock_driven_new(HARNESS_START_MS);
	h->role = RIGHT_ROLE_ADMINISTRATOR;
	h->next_credential = UINT64_C(1) << 41;
	buf_init(&h->body, BODY_MAX);
	buf_init(&h->events, LOG_MAX);
	buf_init(&h->log, LOG_MAX);
	h->deps = (struct zone_deps){
		.database = h->path,
		.clock = h->clock,
		.seed = seed,
		.server_name = "lamp1",
		.fqdn = "lamp1.example",
		.no_sync = true,
		.audit_key = BYTES_LIT("0123456789abcdef0123456789abcdef"),
		.audit_is_new = true,
	};
	log_set_level(LOG_ERROR);
	start(h);
	assert_int_equal(sqlite3_open_v2(h->path, &h->sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	return h;
}

void harness_free(struct harness *h)
{
	mail_free_all(h->wire);
	machine_free(h->z);
	sqlite3_close(h->sql);
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s%s", h->path, ends[i]);
		(void)unlink(path); /* not all of them are there */
	}
	assert_int_equal(rmdir(h->folder), 0);
	clock_free(h->clock);
	buf_release(&h->body);
	buf_release(&h->events);
	buf_release(&h->log);
	free(h);
}

int harness_set_up(void **state)
{
	*state = harness_new(7);
	return 0;
}

int harness_tear_down(void **state)
{
	harness_free(*state);
	return 0;
}

void harness_restart(struct harness *h)
{
	machine_free(h->z);
	mail_free_all(h->wire);
	h->wire = NULL;
	start(h);
}

static void round_with(struct harness *h, struct mail *commands, struct mail *messages)
{
	struct zone_out out;
	machine_round(h->z, commands, messages, &out);
	take_out(h, &out);
}

static void settle(struct harness *h)
{
	for (int n = 0; machine_wake(h->z) == INT64_MIN; n++) {
		assert_true(n < 10000);
		round_with(h, NULL, NULL);
	}
}

void harness_round(struct harness *h, struct mail *messages)
{
	round_with(h, NULL, messages);
	settle(h);
}

void harness_pass(struct harness *h, int64_t ms)
{
	int64_t end = clock_wall_ms(h->clock) + ms;
	for (;;) {
		settle(h);
		int64_t now = clock_wall_ms(h->clock), wake = machine_wake(h->z);
		if (wake > end || now >= end)
			break;
		clock_advance(h->clock, wake > now ? wake - now : 0);
		round_with(h, NULL, NULL);
	}
	clock_advance(h->clock, end - clock_wall_ms(h->clock));
	harness_round(h, NULL);
}

struct sealing {
	struct harness *h;
};

/* As api does it, but that nothing is sealed: the zone cannot tell. */
static int seal(void *arg, const struct api_call *call, const struct api_arg *a, struct bytes plain,
		struct api_value *ret, struct err *e)
{
	struct harness *h = arg;
	ret->v.secret.sealed = arena_bytes(call->arena, plain);
	ret->v.secret.row = h->next_credential++;
	ret->v.secret.version = 1;
	if (call->command->id == API_CMD_CREDENTIAL_SET) {
		ret->v.secret.row = (uint64_t)query(h, "SELECT id FROM credential WHERE name = 'lab'");
		ret->v.secret.version = 1 + (uint64_t)query(h, "SELECT version FROM credential WHERE name = 'lab'");
	}
	return 0;
}

/* A token of the role, made once. */
static int64_t role_token(struct harness *h)
{
	int64_t *token = &h->role_tokens[h->role];
	enum right_role role = h->role;
	if (!*token) {
		h->role = RIGHT_ROLE_ADMINISTRATOR;
		assert_int_equal(askf(h, "POST /tokens", "{\"name\":\"%s\",\"role\":\"%s\"}", right_role_name(role),
				      right_role_name(role)),
				 200);
		*token = answer_int(h, "id");
		h->role = role;
	}
	return *token;
}

static struct principal principal_of(struct harness *h)
{
	if (h->role == RIGHT_ROLE_ADMINISTRATOR)
		return (struct principal){.kind = PRINCIPAL_LOCAL, .name = "root (local)", .source = "local"};
	return (struct principal){
		.kind = PRINCIPAL_TOKEN, .id = role_token(h), .name = "root (local)", .source = "local"};
}

struct zone_command *command_of(struct harness *h, const char *what, const char *json)
{
	struct principal by = principal_of(h);
	const struct api_command *c;
	enum api_method method;
	char allowed[API_ALLOW_SIZE], path[1024];
	struct err e = ERR_INIT;
	const char *blank = strchr(what, ' ');
	assert_true(api_method_from_name(BYTES(what, (size_t)(blank - what)), &method));
	(void)snprintf(path, sizeof(path), API_PREFIX "%s", blank + 1);
	const char *query_at = strchr(path, '?');
	struct bytes p = BYTES(path, query_at ? (size_t)(query_at - path) : strlen(path));
	struct bytes q = query_at ? bytes_str(query_at + 1) : BYTES_NONE;
	assert_int_equal(api_route(method, p, &c, allowed, &e), 0);
	struct zone_command *m = zone_command_new();
	m->request = ++h->request;
	m->by = by;
	memcpy(m->token_hash, &h->request, sizeof(h->request)); /* another one each time */
	if (api_call_parse(c, p, q, bytes_str(json), seal, h, &m->call, &e))
		fail_msg("%s: %s", what, e.msg);
	return m;
}

int ask(struct harness *h, const char *what, const char *json)
{
	return harness_give(h, command_of(h, what, json));
}

int harness_give(struct harness *h, struct zone_command *m)
{
	h->status = 0;
	round_with(h, &m->mail, NULL);
	settle(h);
	assert_int_not_equal(h->status, 0);
	return h->status;
}

void harness_mail(struct harness *h, struct mail *m)
{
	round_with(h, m, NULL);
	settle(h);
}

int askf(struct harness *h, const char *what, const char *fmt, ...)
{
	char json[4096];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(json, sizeof(json), fmt, ap);
	va_end(ap);
	return ask(h, what, json);
}

void ask_all(struct harness *h, const struct ask_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int status = ask(h, rows[i].what, rows[i].json);
		if (status != rows[i].status || (rows[i].holds && !strstr(answer(h), rows[i].holds)))
			fail_msg("row %zu: %s %s: %d %s", i, rows[i].what, rows[i].json ? rows[i].json : "", status,
				 answer(h));
	}
}

const char *answer(struct harness *h)
{
	return buf_cstr(&h->body);
}

int64_t answer_int(struct harness *h, const char *member)
{
	struct json_t *doc;
	int64_t v = -1;
	assert_int_equal(json_parse(buf_bytes(&h->body), BODY_MAX, &doc, NULL), 0);
	assert_int_equal(json_get_i64(doc, member, INT64_MIN / 2, INT64_MAX / 2, &v, NULL), 0);
	json_free(doc);
	return v;
}

struct mail *take_wire(struct harness *h, int kind)
{
	for (struct mail **m = &h->wire; *m; m = &(*m)->next) {
		if ((*m)->kind != kind)
			continue;
		struct mail *found = *m;
		*m = found->next;
		found->next = NULL;
		return found;
	}
	return NULL;
}

struct act_start *take_start(struct harness *h)
{
	return (struct act_start *)take_wire(h, WIRE_ACT_START);
}

struct act_gate_answer *take_gate_answer(struct harness *h)
{
	return (struct act_gate_answer *)take_wire(h, WIRE_ACT_GATE_ANSWER);
}

size_t count_wire(struct harness *h, int kind)
{
	size_t n = 0;
	for (const struct mail *m = h->wire; m; m = m->next)
		n += m->kind == kind;
	return n;
}

uint64_t harness_number(const char *variable, uint64_t otherwise)
{
	uint64_t n;
	const char *text = getenv(variable);
	return text && text_to_u64(bytes_str(text), &n) ? n : otherwise;
}

void mail_drop(void *mail)
{
	struct mail *m = mail;
	if (m)
		m->free(m);
}

struct act_gate *gate_of(const struct act_start *s, int power_before)
{
	struct act_gate *g = act_gate_new();
	g->act = s->act;
	g->fence = s->fence;
	g->power_before = power_before;
	(void)snprintf(g->message_id, sizeof(g->message_id), "uuid:%llu", (unsigned long long)s->act);
	return g;
}

struct act_outcome *outcome_of(const struct act_start *s, enum act_end end, int reason)
{
	struct act_outcome *o = act_outcome_new();
	o->act = s->act;
	o->interface = s->at.id;
	o->fence = s->fence;
	o->end = end;
	o->reason = reason;
	o->evidence = end == ACT_END_DONE ? ACT_EVIDENCE_OBSERVED : ACT_EVIDENCE_NONE;
	return o;
}

void send_gate(struct harness *h, const struct act_start *s, int power_before)
{
	harness_round(h, &gate_of(s, power_before)->mail);
}

void send_outcome(struct harness *h, const struct act_start *s, enum act_end end, int reason)
{
	harness_round(h, &outcome_of(s, end, reason)->mail);
}

static sqlite3_stmt *prepare(struct harness *h, const char *sql)
{
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(h->sql, sql, -1, &st, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(h->sql));
	return st;
}

int64_t query(struct harness *h, const char *sql)
{
	sqlite3_stmt *st = prepare(h, sql);
	if (sqlite3_step(st) != SQLITE_ROW)
		fail_msg("no row: %s", sql);
	int64_t v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

const char *query_text(struct harness *h, const char *sql)
{
	static char text[4096];
	sqlite3_stmt *st = prepare(h, sql);
	if (sqlite3_step(st) != SQLITE_ROW)
		fail_msg("no row: %s", sql);
	const char *s = (const char *)sqlite3_column_text(st, 0);
	(void)snprintf(text, sizeof(text), "%s", s ? s : "(null)");
	sqlite3_finalize(st);
	return text;
}

static void dump_value(struct buf *out, sqlite3_stmt *st, int i)
{
	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		buf_adds(out, "|-");
	else if (sqlite3_column_type(st, i) == SQLITE_BLOB) {
		buf_adds(out, "|x");
		hex_encode(out, BYTES(sqlite3_column_blob(st, i), (size_t)sqlite3_column_bytes(st, i)));
	} else
		buf_addf(out, "|%s", (const char *)sqlite3_column_text(st, i));
}

static void dump_table(struct harness *h, const char *table, struct buf *out)
{
	char sql[256];
	(void)snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" ORDER BY rowid", table);
	sqlite3_stmt *st = prepare(h, sql);
	while (sqlite3_step(st) == SQLITE_ROW) {
		buf_adds(out, table);
		for (int i = 0; i < sqlite3_column_count(st); i++)
			dump_value(out, st, i);
		buf_addc(out, '\n');
	}
	sqlite3_finalize(st);
}

void dump(struct harness *h, struct buf *out)
{
	sqlite3_stmt *st = prepare(h, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
	while (sqlite3_step(st) == SQLITE_ROW)
		dump_table(h, (const char *)sqlite3_column_text(st, 0), out);
	sqlite3_finalize(st);
}

void furnish(struct harness *h, int devices)
{
	assert_int_equal(ask(h, "POST /credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd1\"}"), 200);
	for (int i = 1; i <= devices; i++)
		assert_int_equal(askf(h, "POST /devices",
				      "{\"name\":\"d%d\",\"amt\":\"10.%d.%d.%d\",\"credential\":\"lab\"}", i,
				      (i - 1) / 65536, (i - 1) / 250 % 256, (i - 1) % 250 + 1),
				 200);
}

const char *state_of(struct harness *h, int64_t act)
{
	char sql[128];
	(void)snprintf(sql, sizeof(sql), "SELECT state FROM act WHERE id = %lld", (long long)act);
	return act_state_name((enum act_state)query(h, sql));
}

const char *reason_of(struct harness *h, int64_t act)
{
	char sql[128];
	(void)snprintf(sql, sizeof(sql), "SELECT reason FROM act WHERE id = %lld", (long long)act);
	return err_name(-(int)query(h, sql));
}

int ask_by(struct harness *h, const struct principal *by, const char *what, const char *json)
{
	struct zone_command *m = command_of(h, what, json);
	m->by = *by;
	return harness_give(h, m);
}

struct principal token_by(struct harness *h, const char *name)
{
	char sql[128];
	struct principal p = {.kind = PRINCIPAL_TOKEN, .source = "192.0.2.7"};
	(void)snprintf(sql, sizeof(sql), "SELECT id FROM token WHERE name = '%s'", name);
	p.id = query(h, sql);
	(void)snprintf(p.name, sizeof(p.name), "token %s", name);
	return p;
}

int log_in(struct harness *h, const char *name, const char *source, bool matches)
{
	char json[128], sql[128];
	(void)snprintf(json, sizeof(json), "{\"name\":\"%s\",\"password\":\"x\"}", name);
	struct zone_command *m = command_of(h, "POST /login", json);
	m->by = (struct principal){.name = "nobody"};
	(void)snprintf(m->by.source, sizeof(m->by.source), "%s", source);
	(void)snprintf(sql, sizeof(sql), "SELECT COALESCE(MAX(id), 0) FROM admin WHERE name = '%s'", name);
	m->proof.admin = query(h, sql);
	(void)snprintf(sql, sizeof(sql), "SELECT COALESCE(MAX(version), 0) FROM admin WHERE name = '%s'", name);
	m->proof.version = query(h, sql);
	m->proof.matches = matches && m->proof.admin;
	return harness_give(h, m);
}

struct principal session_by(struct harness *h, const char *name)
{
	char sql[128];
	struct principal p = {.kind = PRINCIPAL_SESSION, .source = "192.0.2.8"};
	assert_int_equal(log_in(h, name, "192.0.2.8", true), 200);
	p.id = answer_int(h, "id");
	(void)snprintf(sql, sizeof(sql), "SELECT id FROM admin WHERE name = '%s'", name);
	p.admin = query(h, sql);
	(void)snprintf(p.name, sizeof(p.name), "admin %s", name);
	return p;
}

void add_admin(struct harness *h, const char *name, const char *role, const char *at)
{
	assert_int_equal(askf(h, "POST /admins", "{\"name\":\"%s\",\"password\":\"x\",\"role\":\"%s\",\"at\":\"%s\"}",
			      name, role, at),
			 200);
}

void let_through(struct harness *h, const struct act_start *s)
{
	send_gate(h, s, POWER_STATE_ON);
	struct act_gate_answer *a = take_gate_answer(h);
	assert_true(a->go);
	mail_drop(a);
}
