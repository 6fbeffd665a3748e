#include "store/amt.h"

#include "base/base.h"
#include "store/amt_row.h"
#include "store/names.h"
#include "store/row.h"

static const char *const modes[] = {"none", "smb", "enterprise"};
static const char *const policies[] = {"auto", "require", "never", "default"};
static const char *const transports[] = {"", "plain", "tls"};

const char *store_amt_mode_name(enum store_amt_mode m)
{
	return names_of(modes, ARRAY_LEN(modes), (int)m);
}

bool store_amt_mode_from_name(const char *name, enum store_amt_mode *ret)
{
	int n;
	if (!names_find(modes, ARRAY_LEN(modes), name, &n))
		return false;
	*ret = (enum store_amt_mode)n;
	return true;
}

const char *store_tls_policy_name(enum store_tls_policy p)
{
	return names_of(policies, ARRAY_LEN(policies), (int)p);
}

bool store_tls_policy_from_name(const char *name, enum store_tls_policy *ret)
{
	int n;
	if (!names_find(policies, ARRAY_LEN(policies), name, &n))
		return false;
	*ret = (enum store_tls_policy)n;
	return true;
}

const char *store_transport_name(enum store_transport t)
{
	return names_of(transports, ARRAY_LEN(transports), (int)t);
}

void amt_row_read(struct db_stmt *st, struct arena *a, struct store_amt *ret)
{
	ret->id = db_take_i64(st);
	ret->device = db_take_i64(st);
	ret->discovered = db_take_i64(st);
	ret->host = row_text(st, a);
	ret->port_plain = (int)db_take_i64(st);
	ret->port_tls = (int)db_take_i64(st);
	ret->mode = (enum store_amt_mode)db_take_i64(st);
	ret->credential = db_take_i64(st);
	ret->server = db_take_i64(st);
	ret->tls_policy = (enum store_tls_policy)db_take_i64(st);
	ret->old_tls = db_take_bool(st);
	ret->changed_at = db_take_i64(st);
}

void amt_state_row_read(struct db_stmt *st, struct arena *a, struct store_amt_state *ret)
{
	ret->amt = db_take_i64(st);
	db_take_uuid(st, &ret->uuid);
	ret->version = row_text(st, a);
	ret->transport = (enum store_transport)db_take_i64(st);
	ret->tls_pin = row_blob(st, a);
	ret->realm = row_text(st, a);
	ret->digest = row_text(st, a);
	ret->power = (int)db_take_i64(st);
	ret->power_at = db_take_i64(st);
	ret->seen_at = db_take_i64(st);
	ret->last_act = db_take_i64(st);
	ret->last_verb = (int)db_take_i64(st);
	ret->last_state = (int)db_take_i64(st);
	ret->last_reason = (int)db_take_i64(st);
	ret->last_at = db_take_i64(st);
}

static struct db_stmt *bind_amt(struct db *db, enum sql_id id, const struct store_amt *m)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, m->id);
	db_bind_id(st, m->device);
	db_bind_id(st, m->discovered);
	db_bind_text(st, m->host);
	db_bind_i64(st, m->port_plain);
	db_bind_i64(st, m->port_tls);
	db_bind_i64(st, m->mode);
	db_bind_id(st, m->credential);
	db_bind_id(st, m->server);
	db_bind_i64(st, m->tls_policy);
	db_bind_bool(st, m->old_tls);
	db_bind_i64(st, m->changed_at);
	return st;
}

int store_amt_add(struct db *db, const struct store_amt *m, struct err *e)
{
	int rc = row_add(bind_amt(db, SQL_AMT_ADD, m), e, "AMT interface \"%s\"", m->host);
	if (rc < 0)
		return rc;
	struct db_stmt *st = db_stmt(db, SQL_AMT_STATE_ADD);
	db_bind_i64(st, m->id);
	return row_add(st, e, "AMT interface \"%s\"", m->host);
}

int store_amt_put(struct db *db, const struct store_amt *m, struct err *e)
{
	return row_change(bind_amt(db, SQL_AMT_PUT, m), e, "AMT interface \"%s\"", m->host);
}

int store_amt_delete(struct db *db, int64_t id, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_DELETE);
	db_bind_i64(st, id);
	return row_change(st, e, "AMT interface %lld", (long long)id);
}

static int get_amt(struct db *db, enum sql_id id, int64_t key, const char *of, struct arena *a, struct store_amt *ret,
		   struct err *e)
{
	struct db_stmt *st = db_stmt(db, id);
	db_bind_i64(st, key);
	int rc = row_need(st, e, "AMT interface %s%lld", of, (long long)key);
	if (rc < 0)
		return rc;
	amt_row_read(st, a, ret);
	db_end(st);
	return 0;
}

int store_amt_get(struct db *db, struct arena *a, int64_t id, struct store_amt *ret, struct err *e)
{
	return get_amt(db, SQL_AMT_GET, id, "", a, ret, e);
}

int store_amt_of_device(struct db *db, struct arena *a, int64_t device, struct store_amt *ret, struct err *e)
{
	return get_amt(db, SQL_AMT_OF_DEVICE, device, "of device ", a, ret, e);
}

int store_amt_state_get(struct db *db, struct arena *a, int64_t amt, struct store_amt_state *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_STATE_GET);
	db_bind_i64(st, amt);
	int rc = row_need(st, e, "AMT interface %lld", (long long)amt);
	if (rc < 0)
		return rc;
	amt_state_row_read(st, a, ret);
	db_end(st);
	return 0;
}

int store_amt_state_put(struct db *db, const struct store_amt_state *s, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_STATE_PUT);
	db_bind_i64(st, s->amt);
	db_bind_text(st, s->version);
	db_bind_i64(st, s->transport);
	db_bind_blob(st, s->tls_pin);
	db_bind_text(st, s->realm);
	db_bind_text(st, s->digest);
	db_bind_i64(st, s->power);
	db_bind_i64(st, s->power_at);
	db_bind_i64(st, s->seen_at);
	db_bind_i64(st, s->last_act);
	db_bind_i64(st, s->last_verb);
	db_bind_i64(st, s->last_state);
	db_bind_i64(st, s->last_reason);
	db_bind_i64(st, s->last_at);
	return row_change(st, e, "AMT interface %lld", (long long)s->amt);
}

int store_amt_state_learn(struct db *db, const struct store_amt_learned *l, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_STATE_LEARN);
	db_bind_i64(st, l->amt);
	db_bind_text(st, l->version);
	db_bind_i64(st, l->transport);
	db_bind_blob(st, l->tls_pin);
	db_bind_text(st, l->realm);
	db_bind_text(st, l->digest);
	db_bind_i64(st, l->power);
	db_bind_i64(st, l->last_act);
	db_bind_i64(st, l->last_verb);
	db_bind_i64(st, l->last_state);
	db_bind_i64(st, l->last_reason);
	db_bind_i64(st, l->at);
	db_bind_bool(st, l->answered);
	return row_change(st, e, "AMT interface %lld", (long long)l->amt);
}

int store_amt_state_set_uuid(struct db *db, int64_t amt, const struct uuid *u, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_STATE_UUID);
	db_bind_i64(st, amt);
	db_bind_uuid(st, u);
	return row_change(st, e, "AMT interface %lld", (long long)amt);
}

int store_boot_left_put(struct db *db, int64_t amt, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_BOOT_LEFT_PUT);
	db_bind_i64(st, amt);
	return db_run(st, NULL, e);
}

int store_boot_left_delete(struct db *db, int64_t amt, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_BOOT_LEFT_DELETE);
	db_bind_i64(st, amt);
	return db_run(st, NULL, e);
}

int store_boot_left_list(struct db *db, store_boot_left_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_BOOT_LEFT_LIST);
	int rc;
	while ((rc = db_step(st, e)) > 0)
		each(arg, db_take_i64(st));
	return rc;
}

static void read_user(struct db_stmt *st, struct arena *a, struct store_amt_user *ret)
{
	ret->amt = db_take_i64(st);
	ret->device = db_take_i64(st);
	ret->discovered = db_take_i64(st);
	ret->device_name = row_text_or_null(st, a);
	ret->host = row_text(st, a);
}

int store_amt_list_by_credential(struct db *db, int64_t credential, int64_t after_amt, int limit,
				 store_amt_user_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_LIST_BY_CREDENTIAL);
	db_bind_i64(st, credential);
	db_bind_i64(st, after_amt);
	db_bind_i64(st, limit);
	return ROW_EACH(st, struct store_amt_user, read_user, each, arg, e);
}

int store_amt_list_by_uuid(struct db *db, const struct uuid *u, store_amt_user_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_LIST_BY_UUID);
	db_bind_uuid(st, u);
	return ROW_EACH(st, struct store_amt_user, read_user, each, arg, e);
}

int store_amt_list_by_host(struct db *db, const char *host, store_amt_user_fn each, void *arg, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_LIST_BY_HOST);
	db_bind_text(st, host);
	return ROW_EACH(st, struct store_amt_user, read_user, each, arg, e);
}

int store_amt_clear_credential(struct db *db, int64_t credential, int64_t *ret_count, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_CLEAR_CREDENTIAL);
	db_bind_i64(st, credential);
	return db_run(st, ret_count, e);
}

int store_amt_count_mode(struct db *db, enum store_amt_mode mode, int64_t *ret, struct err *e)
{
	struct db_stmt *st = db_stmt(db, SQL_AMT_COUNT_MODE);
	db_bind_i64(st, mode);
	return row_number(st, ret, e);
}

int store_amt_count(struct db *db, int64_t *ret, struct err *e)
{
	return row_number(db_stmt(db, SQL_AMT_COUNT), ret, e);
}
