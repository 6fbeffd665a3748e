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
#include "base/mailbox.h"
#include "base/rng.h"
#include "base/text.h"
#include "pki/ca.h"
#include "store/certificate.h"
#include "store/server.h"
#include "zone/zone.h"

#define PEM_MAX   (64 * 1024)
#define DAY_MS    (24 * 3600 * 1000)
#define RETRY_MS  60000 /* what was made did not come into the database */
#define INBOX_MAX 100

enum identity_mail {
	IDENTITY_KEPT, /* the zone is done with what was made */
	IDENTITY_LOOK,
	IDENTITY_STOP,
};

struct identity {
	pthread_t thread;
	struct mailbox *inbox;
	struct identity_deps deps;
	struct db *db;
	struct arena *arena;
	struct store_server server;
	struct pki_names names;
	int64_t now;
	int64_t handed_over; /* id of the certificate that the API has; 0: none */
	bool waits;          /* for the zone to be done with what was made */
	struct loop *loop;
	struct loop_timer next;
};

/* What was made, on its way into the database; the zone frees it when it is done, which is what its sender waits for.
 */
struct made {
	struct zone_certificate row; /* first */
	struct identity *by;
	struct pki_stored stored;
};

static struct vault_place place_of(int64_t id)
{
	return (struct vault_place){"certificate", (uint64_t)id, "key", 1};
}

static void mail_free_simply(struct mail *m)
{
	free(m);
}

static void tell(struct identity *d, enum identity_mail kind)
{
	struct mail *m = mem_alloc(sizeof(*m));
	*m = (struct mail){.kind = kind, .free = mail_free_simply};
	if (!mailbox_put_always(d->inbox, m))
		free(m); /* it has stopped */
}

static void made_free(struct mail *m)
{
	struct made *made = (struct made *)(void *)m;
	tell(made->by, IDENTITY_KEPT);
	pki_stored_release(&made->stored);
	free(made);
}

/* Ids of what is sealed are drawn before the zone has seen it (zone.h). */
static struct made *made_new(struct identity *d, const char *kind)
{
	struct made *m = mem_alloc(sizeof(*m));
	uint64_t draw;
	rng_secret(&draw, sizeof(draw));
	m->row.mail = (struct mail){.kind = ZONE_CERTIFICATE, .free = made_free};
	m->row.kind = kind;
	m->row.id = ZONE_DRAWN_ID(draw);
	m->by = d;
	pki_stored_init(&m->stored);
	return m;
}

static int keep(struct identity *d, struct made *m, struct err *e)
{
	m->row.cert = buf_bytes(&m->stored.cert);
	m->row.key = buf_bytes(&m->stored.key);
	m->row.not_before = m->stored.not_before;
	m->row.not_after = m->stored.not_after;
	if (!mailbox_put(d->deps.zone, &m->row.mail))
		return err_set(e, ERR_BUSY, "the zone takes no messages");
	d->waits = true;
	return 0;
}

static void made_drop(struct made *m)
{
	pki_stored_release(&m->stored);
	free(m);
}

static int make_root(struct identity *d, struct err *e)
{
	struct store_zone zone;
	char zone_id[UUID_TEXT_SIZE];
	int code = store_zone_get(d->db, d->arena, &zone, e);
	if (code)
		return code;
	struct made *m = made_new(d, STORE_CERTIFICATE_CA);
	uuid_text(&zone.id, zone_id);
	code = pki_ca_make(d->deps.vault, place_of(m->row.id), zone.name, zone_id, PKI_CA_CHOICE, d->now, &m->stored,
			   e);
	code = code ? code : keep(d, m, e);
	if (code)
		made_drop(m);
	return code;
}

static int make_server(struct identity *d, const struct pki_ca *ca, struct err *e)
{
	struct made *m = made_new(d, STORE_CERTIFICATE_SERVER);
	int code = pki_ca_issue_server(ca, d->deps.vault, place_of(m->row.id), &d->names, d->now, &m->stored, e);
	code = code ? code : keep(d, m, e);
	if (code)
		made_drop(m);
	return code;
}

/* The newest root, and whether there is one; else one is made. */
static int get_root(struct identity *d, struct store_certificate *ret, bool *ret_there, struct err *e)
{
	int code = store_certificate_newest(d->db, d->arena, STORE_CERTIFICATE_CA, 0, ret, e);
	*ret_there = !code;
	return code == ERR_NOT_FOUND ? make_root(d, e) : code;
}

static int get_server(struct identity *d, const struct pki_ca *ca, struct store_certificate *ret, bool *ret_there,
		      struct err *e)
{
	int code = store_certificate_newest(d->db, d->arena, STORE_CERTIFICATE_SERVER, d->server.id, ret, e);
	*ret_there = !code && !pki_server_needs_renewal(ca, ret->cert, &d->names, d->now);
	if (code && code != ERR_NOT_FOUND)
		return code;
	return *ret_there ? 0 : make_server(d, ca, e);
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
		code = pki_key_pem(d->deps.vault, place_of(leaf->id), leaf->key, &key, e);
	if (!code)
		code = file_write(d->deps.ca_path, 0644, buf_bytes(&ca), e);
	if (!code)
		api_set_identity(d->deps.api, buf_bytes(&chain), &key, buf_bytes(&ca));
	secret_release(&key);
	buf_release(&chain);
	buf_release(&ca);
	return code;
}

/* Uses what is there; makes what is not. */
static int prepare(struct identity *d, struct err *e)
{
	struct store_certificate root, leaf;
	struct pki_ca *ca = NULL;
	bool there = false;
	int code = d->db ? 0 : store_open(d->deps.database, DB_READ_ONLY, 0, &d->db, e);
	if (!code)
		code = store_server_by_name(d->db, d->arena, d->deps.server_name, &d->server, e);
	if (!code)
		code = get_root(d, &root, &there, e);
	if (code || !there)
		return code;
	code = pki_ca_load(d->deps.vault, place_of(root.id), root.cert, root.key, &ca, e);
	if (!code)
		code = get_server(d, ca, &leaf, &there, e);
	if (!code && there && leaf.id != d->handed_over)
		code = hand_over(d, &root, &leaf, e);
	if (!code && there)
		d->handed_over = leaf.id;
	pki_ca_free(ca);
	return code;
}

static void look(void *arg)
{
	struct identity *d = arg;
	struct err e = ERR_INIT;
	d->now = clock_wall_ms(d->deps.clock);
	d->waits = false;
	arena_reset(d->arena);
	int code = prepare(d, &e);
	if (code)
		log_event(LOG_ERROR, "no new certificate for the API; trying again", LOG_S("cause", e.msg));
	loop_timer_set(&d->next, code || d->waits ? RETRY_MS : DAY_MS);
}

static void on_wake(void *arg)
{
	struct identity *d = arg;
	struct mail *m = mailbox_take(d->inbox, INBOX_MAX, NULL);
	while (m) {
		struct mail *next = m->next;
		if (m->kind == IDENTITY_STOP)
			loop_stop(d->loop);
		else if (m->kind == IDENTITY_LOOK || d->waits)
			look(d);
		m->free(m);
		m = next;
	}
}

static void *run(void *arg)
{
	struct identity *d = arg;
	loop_run(d->loop);
	loop_timer_stop(&d->next);
	return NULL;
}

static void wake(void *arg)
{
	struct identity *d = arg;
	loop_wake(d->loop);
}

int identity_start(const struct identity_deps *deps, struct identity **ret, struct err *e)
{
	struct identity *d = mem_alloc(sizeof(*d));
	d->deps = *deps;
	d->names = (struct pki_names){deps->fqdn, deps->address};
	d->arena = arena_new(0);
	d->loop = loop_new(deps->clock);
	d->inbox = mailbox_new(INBOX_MAX, wake, d);
	loop_set_wake(d->loop, on_wake, d);
	loop_timer_init(&d->next, d->loop, look, d);
	loop_timer_set(&d->next, 0);
	int sys = pthread_create(&d->thread, NULL, run, d);
	if (sys) {
		loop_timer_stop(&d->next);
		mailbox_free(d->inbox);
		loop_free(d->loop);
		arena_free(d->arena);
		free(d);
		return err_set_sys(e, ERR_SYSTEM, sys, "cannot start the certificate thread");
	}
	*ret = d;
	return 0;
}

void identity_look(struct identity *d)
{
	tell(d, IDENTITY_LOOK);
}

void identity_stop(struct identity *d)
{
	if (!d)
		return;
	tell(d, IDENTITY_STOP);
	pthread_join(d->thread, NULL);
	mailbox_close(d->inbox);
	db_close(d->db);
	d->db = NULL;
}

void identity_free(struct identity *d)
{
	if (!d)
		return;
	mailbox_free(d->inbox);
	loop_free(d->loop);
	arena_free(d->arena);
	free(d);
}
