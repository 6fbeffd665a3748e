#include <sodium.h>

#include "api/api_priv.h"
#include "api/ask.h"
#include "api/certify.h"
#include "api/login.h"
#include "api/provider.h"
#include "api/read.h"
#include "api/setup_file.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/vault.h"
#include "codec/password.h"
#include "directory/person.h"
#include "store/credential.h"
#include "store/event.h"
#include "store/job.h"
#include "store/sink.h"
#include "zone/person.h"

/* Each worker's own connection: opened with its first job, closed with the worker. */
static __thread struct db *connection;

void work_thread(void *api, bool start)
{
	if (start)
		return;
	db_close(connection);
	connection = NULL;
}

struct db *work_db(struct api *a, struct err *e)
{
	if (!connection)
		(void)store_open(a->database, DB_READ_ONLY, 0, &connection, e); /* stays NULL, e says why */
	return connection;
}

static int answer_error(struct work *w, int status, int code)
{
	w->status = status ? status : api_error_status(code);
	return code;
}

static int64_t now_of(const struct work *w)
{
	return clock_wall_ms(w->api->clock);
}

/* Who holds the token that came; ended ones and unknown ones are refused alike. */
static int look_up_token(struct work *w, struct db *db, struct arena *arena)
{
	int code = login_look_up(db, arena, w->token, now_of(w), &w->by, &w->stale, &w->err);
	return code ? answer_error(w, code == ERR_NOT_ALLOWED ? 401 : 0, code) : 0;
}

static int look_up_rights(struct work *w, struct db *db, struct arena *arena)
{
	int code = entitle(db, arena, &w->by, now_of(w), &w->entitled, &w->err);
	return code ? answer_error(w, code == ERR_NOT_ALLOWED ? 401 : 0, code) : 0;
}

static struct asker asker_of(const struct work *w)
{
	return (struct asker){w->by.name, &w->entitled.rights, &w->by};
}

static int check_may_read_metrics(struct work *w)
{
	struct asker who = asker_of(w);
	int code = access_need_below(&who, w->page_right, "/", &w->err);
	return code ? answer_error(w, 0, code) : 0;
}

/* Row and present version of the secret that a command changes. */
static int find_secret(struct db *db, const struct api_call *call, int64_t *ret_row, int64_t *ret_version,
		       struct err *e)
{
	struct store_sink t;
	struct store_user_source s;
	struct store_credential c;
	int code;
	switch (call->command->id) {
	case API_CMD_TARGET_SET:
		code = store_sink_by_name(db, call->arena, api_str(call, "target"), &t, e);
		*ret_row = code ? 0 : t.id;
		*ret_version = code ? 0 : t.version;
		return code;
	case API_CMD_SOURCE_SET:
		code = store_user_source_by_name(db, call->arena, api_str(call, "source"), &s, e);
		*ret_row = code ? 0 : s.id;
		*ret_version = code ? 0 : s.version;
		return code;
	default:
		code = read_find_credential(db, call->arena, api_str(call, "credential"), &c, e);
		*ret_row = code ? 0 : c.id;
		*ret_version = code ? 0 : c.version;
		return code;
	}
}

/* Where a secret will be kept is part of its seal (base/vault.h): the row and version are settled here, and the zone
 * refuses the command when they are not what it finds (zone/zone.h). */
static int settle_place(struct work *w, const struct api_call *call, struct api_value *ret, struct err *e)
{
	enum api_command_id id = call->command->id;
	int64_t row, version = 0;
	if (id == API_CMD_CREDENTIAL_ADD || id == API_CMD_TARGET_ADD || id == API_CMD_SOURCE_ADD) {
		uint64_t random;
		rng_secret(&random, sizeof(random));
		row = (int64_t)ZONE_DRAWN_ID(random);
	} else {
		struct db *db = work_db(w->api, e);
		int code = db ? find_secret(db, call, &row, &version, e) : e->code;
		if (code)
			return code;
	}
	ret->v.secret.row = (uint64_t)row;
	ret->v.secret.version = (uint64_t)version + 1;
	return 0;
}

static int prove(struct work *w, const struct api_call *call, const char *name_arg, struct bytes plain, struct err *e)
{
	struct db *db = work_db(w->api, e);
	if (!db)
		return e->code;
	return login_prove(db, call->arena, api_str(call, name_arg), w->by.source, plain, now_of(w), &w->proof, e);
}

/* A login of a user source is left to an asker; all others are decided by passwords that are kept here. */
static int prove_login(struct work *w, const struct api_call *call, struct bytes plain, struct err *e)
{
	struct db *db = work_db(w->api, e);
	struct store_user_source s;
	const char *there, *source = w->by.source;
	int64_t now = now_of(w);
	int code = db ? person_find_source(db, call->arena, api_str(call, "name"), &s, &there, e) : e->code;
	if (code)
		return code == ERR_NOT_FOUND ? prove(w, call, "name", plain, e) : code;
	const char *account = person_account(call->arena, &s, NULL, there);
	if (login_must_wait(db, account, source, now))
		return 0; /* the zone says for how long */
	if (w->is_asker)
		w->person = ask_source(w->api, db, call->arena, &s, there, &plain, source, now);
	w->asks = true;
	return 0;
}

/* Secrets are compared, hashed or sealed as they arrive; what goes on to the zone is what came of it. */
static int seal_for_device(struct work *w, const struct api_call *call, struct bytes plain, struct api_value *ret,
			   struct err *e);
static int seal(void *arg, const struct api_call *call, const struct api_arg *a, struct bytes plain,
		struct api_value *ret, struct err *e)
{
	struct work *w = arg;
	switch (call->command->id) {
	case API_CMD_LOGIN:
		return prove_login(w, call, plain, e);
	case API_CMD_ADMIN_PASSWORD:
		if (strcmp(a->name, "password") != 0)
			return prove(w, call, "admin", plain, e);
		return login_hash(plain, api_str(call, "admin"), call->arena, &ret->v.secret.sealed, e);
	case API_CMD_SETUP_FILE_ADD:
		secret_set(strcmp(a->name, "password") == 0 ? &w->fresh : &w->current, plain.p, plain.len);
		return 0;
	case API_CMD_CERTIFICATE_IMPORT:
	case API_CMD_CERTIFICATE_AUTHORITY_BACKUP:
	case API_CMD_CERTIFICATE_AUTHORITY_RESTORE:
		secret_set(&w->password, plain.p, plain.len);
		return 0;
	case API_CMD_ADMIN_ADD:
	case API_CMD_SETUP:
		return login_hash(plain, api_str(call, "name"), call->arena, &ret->v.secret.sealed, e);
	default:
		return seal_for_device(w, call, plain, ret, e);
	}
}

static int seal_for_device(struct work *w, const struct api_call *call, struct bytes plain, struct api_value *ret,
			   struct err *e)
{
	enum api_command_id id = call->command->id;
	const char *table = id == API_CMD_TARGET_ADD || id == API_CMD_TARGET_SET   ? "sink"
			    : id == API_CMD_SOURCE_ADD || id == API_CMD_SOURCE_SET ? "user_source"
										   : "credential";
	bool of_device = strcmp(table, "credential") == 0;
	int code = !of_device || api_bool(call, "any-password") ? 0 : password_check(plain, e);
	if (!code)
		code = settle_place(w, call, ret, e);
	if (code)
		return code;
	struct buf sealed;
	buf_init(&sealed, VAULT_SEALED_MAX);
	struct vault_place place = {table, ret->v.secret.row, "secret", ret->v.secret.version};
	code = vault_seal(w->api->vault, place, plain, &sealed, e);
	if (!code)
		ret->v.secret.sealed = arena_bytes(call->arena, buf_bytes(&sealed));
	buf_release(&sealed);
	return code;
}

/* The secret of a new token or session is shown once and kept nowhere: the zone gets its hash. */
static void make_token(struct work *w, const char *prefix)
{
	uint8_t random[32];
	struct buf text;
	buf_init(&text, TOKEN_TEXT_SIZE - 1);
	rng_secret(random, sizeof(random));
	(void)buf_adds(&text, prefix); /* fits: 5 + 64 */
	hex_encode(&text, BYTES(random, sizeof(random)));
	(void)bytes_to_str(buf_bytes(&text), w->conn->token_secret, TOKEN_TEXT_SIZE); /* fits */
	(void)crypto_hash_sha256(w->token_hash, text.p, text.len);                    /* cannot fail */
	secret_wipe(random, sizeof(random));
	secret_wipe(text.p, text.cap);
	buf_release(&text);
}

/* What the follower may see, and whether the one job that he follows is among it. */
static int look(struct work *w, struct db *db)
{
	struct asker who = asker_of(w);
	struct store_job j;
	int64_t job = api_int(w->call, "job", 0);
	int code = 0;
	sight_of(&who, &w->sight);
	if (job && store_job_get(db, w->call->arena, job, &j, NULL) == 0)
		code = access_may_see_job(db, &who, job, j.requested_by, &w->sight.job, &w->err);
	return code ? answer_error(w, 0, code) : 0;
}

static int stream_position(struct work *w, struct db *db)
{
	int64_t last = 0;
	int code = store_event_last(db, w->api->server, &last, &w->err);
	w->newest = (uint64_t)STORE_SEQ_OF(last);
	return code ? answer_error(w, 0, code) : look(w, db);
}

/* What is drawn for a file goes to the zone sealed; the file itself waits until that is on disk. */
static int make_setup_file(struct work *w, struct db *db)
{
	struct setup_file_order o = {w->call, db, w->api->vault, w->api->server, &w->current, &w->fresh};
	if (w->command->id != API_CMD_SETUP_FILE_ADD)
		return 0;
	return setup_file_make(&o, &w->setup, &w->file, &w->err);
}

static void make_hash(struct work *w)
{
	if (w->command->id == API_CMD_TOKEN_ADD)
		make_token(w, "lamp_");
	else if (w->command->id == API_CMD_LOGIN || w->command->id == API_CMD_OIDC_FINISH)
		make_token(w, LOGIN_SESSION_PREFIX);
	else if (w->command->id == API_CMD_SETUP) {
		struct bytes told = bytes_trim(bytes_str(api_str(w->call, "setup-token")));
		(void)crypto_hash_sha256(w->token_hash, told.p, told.len); /* cannot fail */
	}
}

/* SOURCE_TEST: what the source says, for the zone to answer. */
static int ask_for_test(struct work *w, struct db *db)
{
	struct store_user_source s;
	const char *name = api_str(w->call, "source");
	int code = store_user_source_by_name(db, w->call->arena, name, &s, &w->err);
	if (code)
		return code == ERR_NOT_FOUND ? 0 : answer_error(w, 0, code); /* the zone says it */
	if (w->is_asker)
		w->person = ask_source(w->api, db, w->call->arena, &s, api_str(w->call, "login"), NULL, NULL, 0);
	w->asks = true;
	return 0;
}

/* Both halves of a login by a provider are for an asker. */
static int ask_provider(struct work *w, struct db *db)
{
	bool finish = w->command->id == API_CMD_OIDC_FINISH;
	w->asks = true;
	if (!w->is_asker || (finish && login_must_wait(db, "", w->by.source, now_of(w))))
		return 0; /* the zone says for how long */
	int code = finish ? provider_finish(w->api, db, w->call, &w->person, &w->err)
			  : provider_begin(w->api, db, w->call, &w->out, &w->err);
	if (code)
		return answer_error(w, 0, code);
	w->status = finish ? 0 : 200;
	return 0;
}

static int certify(struct work *w, struct db *db)
{
	struct asker who = asker_of(w);
	const struct certify c = {
		.db = db,
		.vault = w->api->vault,
		.who = &who,
		.call = w->call,
		.password = &w->password,
		.server = w->api->server,
		.now = now_of(w),
	};
	int code = certify_run(&c, &w->made, &w->err);
	secret_release(&w->password);
	return code ? answer_error(w, 0, code) : 0;
}

static int run_command(struct work *w, struct db *db)
{
	struct asker who = asker_of(w);
	int code = access_check_somewhere(&who, w->command, &w->err);
	if (code)
		return answer_error(w, 0, code);
	code = api_call_parse(w->command, w->path, w->query, w->body, seal, w, &w->call, &w->err);
	if (code)
		return answer_error(w, 0, code);
	if (w->command->id == API_CMD_SOURCE_TEST && ask_for_test(w, db))
		return w->err.code;
	bool of_provider = w->command->id == API_CMD_OIDC_START || w->command->id == API_CMD_OIDC_FINISH;
	if (of_provider && ask_provider(w, db))
		return w->err.code;
	if (w->command->id == API_CMD_OIDC_START)
		return 0;
	make_hash(w);
	code = make_setup_file(w, db);
	if (code)
		return answer_error(w, 0, code);
	if (certify_takes(w->command->id))
		return certify(w, db);
	if (w->command->kind == API_WRITE)
		return 0;
	if (w->command->kind == API_STREAM)
		return stream_position(w, db);
	code = read_run(w->api, db, &who, w->call, &w->out, &w->err);
	w->status = code ? api_error_status(code) : 200;
	return code;
}

static int run_request(struct work *w, struct arena *arena)
{
	struct db *db = work_db(w->api, &w->err);
	if (!db)
		return answer_error(w, 0, w->err.code);
	int code = w->token.p ? look_up_token(w, db, arena) : 0;
	if (!code)
		code = look_up_rights(w, db, arena);
	if (code)
		return code;
	switch (w->kind) {
	case WORK_METRICS:
		return check_may_read_metrics(w);
	case WORK_CATCH_UP:
		events_catch_up_run(w, db, arena);
		return 0;
	default:
		return run_command(w, db);
	}
}

static void run(struct pool_job *job)
{
	struct work *w = LIST_ENTRY(job, struct work, job);
	struct arena *arena = arena_new(0);
	w->ran = true;
	(void)run_request(w, arena); /* status and err say it */
	arena_free(arena);
}

/* What a worker found to be a question to a user source begins anew with those who may wait for the answer. */
static bool goes_on_asking(struct work *w)
{
	struct conn *c = w->conn;
	if (!w->asks || w->is_asker || !w->ran || w->status || c->state == CONN_DEAD)
		return false;
	w->is_asker = true;
	api_call_free(w->call);
	w->call = NULL;
	entitled_release(&w->entitled);
	c->busy = pool_submit(c->api->askers, &w->job);
	if (!c->busy)
		w->status = api_error_status(err_set(&w->err, ERR_BUSY, "too many people log in at this moment"));
	return c->busy;
}

static void done(struct pool_job *job)
{
	struct work *w = LIST_ENTRY(job, struct work, job);
	struct conn *c = w->conn;
	c->busy = false;
	if (goes_on_asking(w))
		return;
	if (!w->ran) { /* the pool ends */
		conn_close(c);
		return;
	}
	if (w->kind != WORK_CATCH_UP)
		request_worked(c);
	else if (c->state != CONN_DEAD)
		events_caught_up(c);
}

bool work_start(struct conn *c, enum work_kind kind)
{
	struct work *w = &c->work;
	work_release(w);
	*w = (struct work){.job = {.run = run, .done = done}, .api = c->api, .conn = c, .kind = kind};
	buf_init(&w->out, REPLY_MAX);
	w->command = c->req.command;
	w->page_right = c->req.page ? c->req.page->right : RIGHT_OPEN;
	w->path = c->req.path;
	w->query = c->req.query;
	w->body = buf_bytes(&c->http.body);
	bool open = w->command && w->command->right == RIGHT_OPEN;
	w->token = c->req.as_peer || open ? BYTES_NONE : c->req.token;
	w->rights_changes = c->api->rights_changes;
	w->by = c->peer;
	w->seq = c->seq;
	w->only_job = c->only_job;
	w->only_scan = c->only_scan;
	c->busy = pool_submit(c->api->workers, &w->job);
	return c->busy;
}

void work_release(struct work *w)
{
	buf_release(&w->out);
	entitled_release(&w->entitled);
	secret_release(&w->password);
	zone_made_free(w->made);
	w->made = NULL;
	api_call_free(w->call);
	person_free(w->person);
	secret_release(&w->current);
	secret_release(&w->fresh);
	secret_release(&w->file);
	w->call = NULL;
	w->person = NULL;
}
