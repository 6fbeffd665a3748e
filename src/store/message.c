#include "store/message.h"

#include <ctype.h>

#include "base/base.h"
#include "store/names.h"
#include "store/row.h"

static const char *const severity_names[] = {NULL, "error", "warning", "information", "debug"};
static const char *const kind_names[] = {"zone",  "folder", "device", "server", "credential", "certificate",
					 "token", "target", "job",    "scan",   "admin",      "user-source"};
_Static_assert(ARRAY_LEN(kind_names) == MESSAGE_KINDS, "a name for each kind");

const char *message_severity_name(enum message_severity s)
{
	return names_of(severity_names, ARRAY_LEN(severity_names), (int)s);
}

bool message_severity_from_name(const char *name, enum message_severity *ret)
{
	int n;
	if (!names_find(severity_names, ARRAY_LEN(severity_names), name, &n))
		return false;
	*ret = (enum message_severity)n;
	return true;
}

const char *message_kind_name(enum message_kind k)
{
	return names_of(kind_names, ARRAY_LEN(kind_names), (int)k);
}

bool message_kind_from_name(const char *name, enum message_kind *ret)
{
	int n;
	if (!names_find(kind_names, ARRAY_LEN(kind_names), name, &n))
		return false;
	*ret = (enum message_kind)n;
	return true;
}

#define NAME_SIZE 32

static const struct message_row message_rows[] = {
#define MESSAGE(name, number, severity, component, sentence, next)                                                     \
	{number, #name, MESSAGE_##severity, component, sentence, next},
#include "store/message.tbl.h"
#undef MESSAGE
};

/* Spelled once, in the table; people see the lower-case form. */
static char row_names[ARRAY_LEN(message_rows)][NAME_SIZE];

__attribute__((constructor)) static void fill_names(void)
{
	for (size_t i = 0; i < ARRAY_LEN(message_rows); i++)
		for (size_t j = 0; message_rows[i].name[j] && j + 1 < NAME_SIZE; j++)
			row_names[i][j] = (char)tolower((unsigned char)message_rows[i].name[j]);
}

static const struct message_row unknown = {
	0, "unknown", MESSAGE_INFORMATION, "server", "a message of a newer version", "update this server"};

const struct message_row *message_row(int number)
{
	for (size_t i = 0; i < ARRAY_LEN(message_rows); i++)
		if (message_rows[i].number == number)
			return &message_rows[i];
	return &unknown;
}

const char *message_name(const struct message_row *row)
{
	return row == &unknown ? row->name : row_names[row - message_rows];
}

bool message_has_component(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LEN(message_rows); i++)
		if (bytes_equal_str(name, message_rows[i].component))
			return true;
	return false;
}

const struct message_row *message_row_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(message_rows); i++)
		if (strcmp(row_names[i], name) == 0)
			return &message_rows[i];
	return NULL;
}

int store_message_add(struct db *db, const struct store_message *m, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_ADD);
	db_bind_i64(st, m->id);
	db_bind_i64(st, m->time);
	db_bind_i64(st, m->number);
	db_bind_i64(st, m->severity);
	db_bind_text(st, m->actor);
	db_bind_i64(st, m->kind);
	db_bind_i64(st, m->object);
	db_bind_text(st, m->name);
	db_bind_i64(st, m->related);
	db_bind_text(st, m->text);
	db_bind_text(st, m->more);
	db_bind_i64(st, m->acked_at);
	db_bind_text(st, m->acked_by);
	return row_add(st, e, "message %lld", (long long)m->id);
}

int store_message_last(struct db *db, int64_t server, int64_t *ret_id, struct err *e)
{
	int64_t found;
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_LAST);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	int rc = row_number(st, &found, e);
	if (rc == 0)
		*ret_id = found ? found : STORE_SEQ_ID(server, 0);
	return rc;
}

static void read_message(struct db_stmt *st, struct arena *a, struct store_message *ret)
{
	ret->id = db_take_i64(st);
	ret->time = db_take_i64(st);
	ret->number = (int)db_take_i64(st);
	ret->severity = (enum message_severity)db_take_i64(st);
	ret->actor = row_text(st, a);
	ret->kind = (enum message_kind)db_take_i64(st);
	ret->object = db_take_i64(st);
	ret->name = row_text(st, a);
	ret->related = db_take_i64(st);
	ret->text = row_text(st, a);
	ret->more = row_text(st, a);
	ret->acked_at = db_take_i64(st);
	ret->acked_by = row_text(st, a);
}

int store_message_get(struct db *db, struct arena *a, int64_t id, struct store_message *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "message %lld", (long long)STORE_SEQ_OF(id));
	if (rc < 0)
		return rc;
	read_message(st, a, ret);
	db_end(st);
	return 0;
}

/* $1 to $9 of TEXT_MESSAGE_FILTER. */
static void bind_filter(struct db_stmt *st, const struct store_message_filter *f, int64_t below)
{
	db_bind_i64(st, STORE_SEQ_ID(f->server, 0));
	db_bind_i64(st, below);
	db_bind_i64(st, f->worst ? f->worst : MESSAGE_DEBUG);
	db_bind_i64(st, f->number);
	db_bind_i64(st, f->kind);
	db_bind_i64(st, f->object);
	db_bind_i64(st, f->open);
	db_bind_i64(st, f->since);
	db_bind_i64(st, f->until ? f->until : INT64_MAX);
}

int store_message_list(struct db *db, const struct store_message_filter *f, int64_t before_id, int limit,
		       store_message_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, f->kind >= 0 ? SQL_MESSAGE_LIST_OF : SQL_MESSAGE_LIST);
	bind_filter(st, f, before_id ? before_id : STORE_SEQ_ID(f->server + 1, 0));
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_message, read_message, each, arg, e);
}

int store_message_follow(struct db *db, int64_t after_id, int limit, store_message_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_FOLLOW);
	db_bind_i64(st, after_id);
	db_bind_i64(st, STORE_SEQ_ID(STORE_SEQ_SERVER(after_id) + 1, 0));
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_message, read_message, each, arg, e);
}

int store_message_ack(struct db *db, int64_t id, const char *by, int64_t now, bool *ret_won, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_GET);
	db_bind_i64(st, id);
	int rc = row_need(st, e, "message %lld", (long long)STORE_SEQ_OF(id));
	if (rc < 0)
		return rc;
	db_end(st);
	st = db_stmt(db, SQL_MESSAGE_ACK);
	db_bind_i64(st, id);
	db_bind_i64(st, now);
	db_bind_text(st, by);
	return row_won(st, ret_won, e);
}

int store_message_ack_all(struct db *db, const struct store_message_filter *f, int64_t last, const char *by,
			  int64_t now, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_ACK_ALL);
	bind_filter(st, f, last + 1);
	db_bind_i64(st, limit);
	db_bind_i64(st, now);
	db_bind_text(st, by);
	return db_run(st, ret_count, e);
}

int store_message_purge(struct db *db, int64_t server, int64_t before, int limit, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_PURGE);
	db_bind_i64(st, STORE_SEQ_ID(server, 0));
	db_bind_i64(st, STORE_SEQ_ID(server + 1, 0));
	db_bind_i64(st, limit);
	db_bind_i64(st, before);
	return db_run(st, ret_count, e);
}

static void read_state(struct db_stmt *st, struct arena *a, struct store_message_state *ret)
{
	ret->kind = (enum message_kind)db_take_i64(st);
	ret->object = db_take_i64(st);
	ret->worst = (enum message_severity)db_take_i64(st);
	ret->count = db_take_i64(st);
	ret->name = row_text(st, a);
}

int store_message_states(struct db *db, int worst, int after_kind, int64_t after_object, int limit,
			 store_message_state_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_MESSAGE_STATES);
	db_bind_i64(st, after_kind);
	db_bind_i64(st, after_object);
	db_bind_i64(st, worst ? worst : MESSAGE_DEBUG);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_message_state, read_state, each, arg, e);
}
