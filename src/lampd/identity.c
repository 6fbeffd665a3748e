#include "lampd/identity.h"

#include <pthread.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "pki/ca.h"
#include "store/certificate.h"
#include "store/id.h"
#include "store/server.h"

#define PEM_MAX (64 * 1024)
#define DAY_MS  (24 * 3600 * 1000)

struct identity {
	pthread_t thread;
	struct identity_deps deps;
	struct db *db;
	struct arena *arena;
	struct store_server server;
	struct pki_names names;
	int64_t now;
	int64_t handed_over; /* id of the certificate that the API has; 0: none */
	struct loop *loop;
	struct loop_timer daily;
};

static struct vault_place place_of(int64_t id)
{
	return (struct vault_place){"certificate", (uint64_t)id, "key", 1};
}

static int take_id(struct identity *d, int64_t *ret, struct err *e)
{
	struct store_ids ids;
	store_ids_forget(&ids);
	int code = db_begin(d->db, e);
	if (!code)
		code = store_ids_take(d->db, &ids, STORE_ID_OBJECT, 1, ret, e);
	if (!code)
		return db_commit(d->db, e);
	db_rollback(d->db);
	return code;
}

static int keep(struct identity *d, int64_t id, const char *kind, int64_t server, const struct pki_stored *made,
		struct err *e)
{
	struct store_certificate row = {
		.id = id,
		.kind = kind,
		.server = server,
		.cert = buf_bytes(&made->cert),
		.key = buf_bytes(&made->key),
		.key_version = 1,
		.not_before = made->not_before,
		.not_after = made->not_after,
		.created_at = d->now,
	};
	int code = db_begin(d->db, e);
	if (!code)
		code = store_certificate_add(d->db, &row, e);
	if (!code)
		return db_commit(d->db, e);
	db_rollback(d->db);
	return code;
}

static int make_root(struct identity *d, struct err *e)
{
	struct store_zone zone;
	struct pki_stored made;
	char zone_id[UUID_TEXT_SIZE];
	int64_t id = 0;
	pki_stored_init(&made);
	int code = store_zone_get(d->db, d->arena, &zone, e);
	if (!code)
		code = take_id(d, &id, e);
	if (!code) {
		uuid_text(&zone.id, zone_id);
		code = pki_ca_make(d->deps.vault, place_of(id), zone.name, zone_id, d->now, &made, e);
	}
	if (!code)
		code = keep(d, id, STORE_CERTIFICATE_CA, 0, &made, e);
	if (!code)
		log_event(LOG_NOTICE, "zone root certificate made", LOG_I("id", id));
	pki_stored_release(&made);
	return code;
}

static int make_server(struct identity *d, const struct pki_ca *ca, struct err *e)
{
	struct pki_stored made;
	int64_t id = 0;
	pki_stored_init(&made);
	int code = take_id(d, &id, e);
	if (!code)
		code = pki_ca_issue_server(ca, d->deps.vault, place_of(id), &d->names, d->now, &made, e);
	if (!code)
		code = keep(d, id, STORE_CERTIFICATE_SERVER, d->server.id, &made, e);
	if (!code)
		log_event(LOG_NOTICE, "server certificate made", LOG_I("id", id), LOG_S("fqdn", d->names.fqdn));
	pki_stored_release(&made);
	return code;
}

/* The newest root; made when there is none. */
static int get_root(struct identity *d, struct store_certificate *ret, struct err *e)
{
	int code = store_certificate_newest(d->db, d->arena, STORE_CERTIFICATE_CA, 0, ret, e);
	if (code != ERR_NOT_FOUND)
		return code;
	code = make_root(d, e);
	return code ? code : store_certificate_newest(d->db, d->arena, STORE_CERTIFICATE_CA, 0, ret, e);
}

static int get_server(struct identity *d, const struct pki_ca *ca, struct store_certificate *ret, struct err *e)
{
	int code = store_certificate_newest(d->db, d->arena, STORE_CERTIFICATE_SERVER, d->server.id, ret, e);
	if (!code && !pki_server_needs_renewal(ca, ret->cert, &d->names, d->now))
		return 0;
	if (code && code != ERR_NOT_FOUND)
		return code;
	code = make_server(d, ca, e);
	if (code)
		return code;
	return store_certificate_newest(d->db, d->arena, STORE_CERTIFICATE_SERVER, d->server.id, ret, e);
}

static int hand_over(struct identity *d, const struct store_certificate *root, const struct store_certificate *leaf,
		     struct err *e)
{
	struct buf chain, ca;
	struct secret key = SECRET_INIT;
	buf_init(&chain, PEM_MAX);
	buf_init(&ca, PEM_MAX);
	int code = pki_cert_pem(root->cert, &ca, e);
	if (!code)
		code = pki_cert_pem(leaf->cert, &chain, e);
	if (!code)
		code = pki_cert_pem(root->cert, &chain, e);
	if (!code)
		code = pki_server_key_pem(d->deps.vault, place_of(leaf->id), leaf->key, &key, e);
	if (!code)
		code = file_write(d->deps.ca_path, 0644, buf_bytes(&ca), e);
	if (!code)
		api_set_identity(d->deps.api, buf_bytes(&chain), &key, buf_bytes(&ca));
	secret_release(&key);
	buf_release(&chain);
	buf_release(&ca);
	return code;
}

static int prepare(struct identity *d, struct err *e)
{
	struct store_certificate root, leaf;
	struct pki_ca *ca = NULL;
	int code = d->db ? 0 : store_open(d->deps.database, DB_READ_WRITE, 0, &d->db, e);
	if (!code)
		code = store_server_by_name(d->db, d->arena, d->deps.server_name, &d->server, e);
	if (!code)
		code = get_root(d, &root, e);
	if (!code)
		code = pki_ca_load(d->deps.vault, place_of(root.id), root.cert, root.key, &ca, e);
	if (!code)
		code = get_server(d, ca, &leaf, e);
	if (!code && leaf.id != d->handed_over)
		code = hand_over(d, &root, &leaf, e);
	if (!code)
		d->handed_over = leaf.id;
	pki_ca_free(ca);
	return code;
}

static void look(void *arg)
{
	struct identity *d = arg;
	struct err e = ERR_INIT;
	d->now = clock_wall_ms(d->deps.clock);
	arena_reset(d->arena);
	if (prepare(d, &e))
		log_event(LOG_ERROR, "no new certificate for the API, trying again in a day", LOG_S("cause", e.msg));
	loop_timer_set(&d->daily, DAY_MS);
}

static void on_wake(void *arg)
{
	struct identity *d = arg;
	loop_stop(d->loop); /* identity_free */
}

static void *run(void *arg)
{
	struct identity *d = arg;
	loop_run(d->loop);
	loop_timer_stop(&d->daily);
	return NULL;
}

int identity_start(const struct identity_deps *deps, struct identity **ret, struct err *e)
{
	struct identity *d = mem_alloc(sizeof(*d));
	d->deps = *deps;
	d->names = (struct pki_names){deps->fqdn, deps->address};
	d->arena = arena_new(0);
	d->loop = loop_new(deps->clock);
	loop_set_wake(d->loop, on_wake, d);
	loop_timer_init(&d->daily, d->loop, look, d);
	loop_timer_set(&d->daily, 0);
	int sys = pthread_create(&d->thread, NULL, run, d);
	if (sys) {
		loop_timer_stop(&d->daily);
		loop_free(d->loop);
		arena_free(d->arena);
		free(d);
		return err_set_sys(e, ERR_SYSTEM, sys, "cannot start the certificate thread");
	}
	*ret = d;
	return 0;
}

void identity_free(struct identity *d)
{
	if (!d)
		return;
	loop_wake(d->loop);
	pthread_join(d->thread, NULL);
	loop_free(d->loop);
	db_close(d->db);
	arena_free(d->arena);
	free(d);
}
