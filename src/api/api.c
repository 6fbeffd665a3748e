#include "api/api.h"

#include <signal.h>
#include <unistd.h>

#include "api/api_priv.h"
#include "api/ask.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/server.h"

#define TAKE_MAX 1000
#define END_MS   2000

/* Mails that api sends to itself; kinds beside those of enum api_zone_mail. */
enum { DO_IDENTITY = 100, DO_STOP, DO_END };

struct identity {
	struct mail mail;
	struct buf chain, ca;
	struct secret key;
};

static void free_identity(struct mail *m)
{
	struct identity *id = LIST_ENTRY(m, struct identity, mail);
	buf_release(&id->chain);
	buf_release(&id->ca);
	secret_release(&id->key);
	free(id);
}

static void free_plain(struct mail *m)
{
	free(m);
}

#define PEM_MAX (256u * 1024)

void api_set_identity(struct api *a, struct bytes chain_pem, const struct secret *key_pem, struct bytes ca_pem)
{
	struct identity *id = mem_alloc(sizeof(*id));
	id->mail.kind = DO_IDENTITY;
	id->mail.free = free_identity;
	buf_init(&id->chain, PEM_MAX);
	buf_init(&id->ca, PEM_MAX);
	(void)buf_add_bytes(&id->chain, chain_pem); /* ours, and small */
	(void)buf_add_bytes(&id->ca, ca_pem);
	secret_set(&id->key, key_pem->p, key_pem->len);
	if (!mailbox_put_always(a->mailbox, &id->mail))
		free_identity(&id->mail);
}

static void tell(struct api *a, int kind)
{
	struct mail *m = mem_alloc(sizeof(*m));
	m->kind = kind;
	m->free = free_plain;
	if (!mailbox_put_always(a->mailbox, m))
		free_plain(m);
}

static void take_identity(struct api *a, struct identity *id)
{
	struct err e = ERR_INIT;
	struct tls_ctx *tls = NULL;
	int code = tls_ctx_new(TLS_SERVER, &tls, &e);
	if (!code)
		code = tls_ctx_set_identity_mem(tls, buf_bytes(&id->chain), BYTES(id->key.p, id->key.len), &e);
	if (code) {
		log_event(LOG_ERROR, "api cannot use its certificate", LOG_S("cause", e.msg));
		tls_ctx_free(tls);
		return;
	}
	tls_ctx_free(a->tls);
	a->tls = tls;
	buf_reset(&a->ca_pem);
	(void)buf_add_bytes(&a->ca_pem, buf_bytes(&id->ca)); /* same ceiling and more */
	if (!a->stopping)
		listen_start(&a->tcp);
}

static void take_answer(struct api *a, const struct api_answer *answer)
{
	struct conn *c = map_u64_delete(a->waiting, answer->request);
	if (c)
		conn_answered(c, answer);
}

/* The zone has gone: what still waits for it gets no answer. */
static void take_zone_stopped(struct api *a)
{
	a->zone_stopped = true;
	LIST_EACH(&a->conns, it, safe) {
		struct conn *c = LIST_ENTRY(it, struct conn, link);
		if (!c->number)
			continue;
		(void)map_u64_delete(a->waiting, c->number);
		c->number = 0;
		request_busy(c, "the server stopped before it took this");
	}
}

static void stop_taking(struct api *a)
{
	a->stopping = true;
	listen_stop(&a->local);
	listen_stop(&a->tcp);
	conn_shut_idle(a);
}

static void check_end(struct api *a)
{
	if (a->ending && list_is_empty(&a->conns) && !pool_client_open(a->workers) && !pool_client_open(a->askers))
		loop_stop(a->loop);
}

static void on_end(void *arg)
{
	struct api *a = arg;
	LIST_EACH(&a->conns, it, safe) {
		conn_close(LIST_ENTRY(it, struct conn, link));
	}
	check_end(a);
}

static void begin_end(struct api *a)
{
	stop_taking(a);
	take_zone_stopped(a);
	a->ending = true;
	loop_timer_set(&a->end, END_MS);
	check_end(a);
}

static void take_mail(struct api *a, struct mail *m)
{
	switch (m->kind) {
	case API_ANSWER:
		take_answer(a, LIST_ENTRY(m, struct api_answer, mail));
		break;
	case API_EVENTS:
	case API_PROGRESS:
		events_put(a, LIST_ENTRY(m, struct api_events, mail), m->kind == API_PROGRESS);
		break;
	case API_STOPPED:
		take_zone_stopped(a);
		break;
	case API_RECHECK:
		ask_recheck(a, LIST_ENTRY(m, struct api_recheck, mail));
		break;
	case DO_IDENTITY:
		take_identity(a, LIST_ENTRY(m, struct identity, mail));
		break;
	case DO_STOP:
		stop_taking(a);
		break;
	default:
		begin_end(a);
		break;
	}
}

static void on_wake(void *arg)
{
	struct api *a = arg;
	size_t n = 0;
	struct mail *m = mailbox_take(a->mailbox, TAKE_MAX, &n), *next;
	for (; m; m = next) {
		next = m->next;
		take_mail(a, m);
		m->free(m);
	}
	if (n == TAKE_MAX)
		loop_wake(a->loop);
}

static void on_round(void *arg)
{
	struct api *a = arg;
	conn_sweep(a);
	check_end(a);
}

static void wake(void *loop)
{
	loop_wake(loop);
}

static void init(struct api *a, const struct api_deps *deps)
{
	a->magic = API_MAGIC;
	a->clock = deps->clock;
	a->vault = deps->vault;
	a->audit_key = deps->audit_key;
	a->root_changed = deps->root_changed;
	a->root_changed_arg = deps->root_changed_arg;
	a->database = mem_str(deps->database);
	a->setup_path = deps->setup_path ? mem_str(deps->setup_path) : NULL;
	a->socket_path = mem_str(deps->socket_path);
	a->local = (struct listener){.api = a, .fd = -1, .local = true};
	a->tcp = (struct listener){.api = a, .fd = -1};
	a->loop = loop_new(deps->clock);
	a->mailbox = mailbox_new(API_MAILBOX_MAX, wake, a->loop);
	a->sources = map_str_new();
	a->waiting = map_u64_new();
	list_init(&a->conns);
	list_init(&a->dead);
	loop_set_wake(a->loop, on_wake, a);
	loop_set_round(a->loop, on_round, a);
	loop_timer_init(&a->end, a->loop, on_end, a);
	events_start(a);
}

int api_new(const struct api_deps *deps, struct api **ret, struct err *e)
{
	struct api *a = mem_alloc(sizeof(*a));
	init(a, deps);
	int code = page_prepare(a, e);
	if (!code)
		code = listen_open(a, deps, e);
	if (code)
		api_free(a);
	else
		*ret = a;
	return code;
}

struct mailbox *api_mailbox(struct api *a)
{
	return a->mailbox;
}

int api_port(const struct api *a)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char text[80];
	if (a->tcp.fd < 0 || getsockname(a->tcp.fd, (struct sockaddr *)&addr, &len) < 0)
		return 0;
	stream_address_text((struct sockaddr *)&addr, text, sizeof(text), true);
	const char *colon = strrchr(text, ':');
	return colon ? (int)strtol(colon + 1, NULL, 10) : 0;
}

/* Part of the ids of events. */
static int find_server(struct api *a, struct err *e)
{
	struct db *db = NULL;
	struct store_server s;
	int code = store_open(a->database, DB_READ_ONLY, 0, &db, e);
	struct arena *arena = arena_new(0);
	if (!code)
		code = store_server_by_name(db, arena, a->server_name, &s, e);
	if (!code)
		a->server = s.id;
	arena_free(arena);
	db_close(db);
	return code;
}

static void *run(void *arg)
{
	struct api *a = arg;
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL); /* signals are for the main thread */
	listen_start(&a->local);
	loop_run(a->loop);
	return NULL;
}

int api_start(struct api *a, struct mailbox *to_zone, const char *server_name, struct err *e)
{
	a->to_zone = to_zone;
	a->server_name = mem_str(server_name);
	int code = find_server(a, e);
	if (code)
		return code;
	a->pool = pool_new(WORKERS, WORK_MAX, work_thread, a);
	a->workers = pool_client_new(a->pool, a->loop);
	a->ask_pool = pool_new(ASKERS, ASK_MAX, work_thread, a);
	a->askers = pool_client_new(a->ask_pool, a->loop);
	int sys = pthread_create(&a->thread, NULL, run, a);
	if (sys)
		return err_set_sys(e, ERR_SYSTEM, sys, "cannot start the api thread");
	(void)pthread_setname_np(a->thread, "api"); /* for people only */
	a->running = true;
	return 0;
}

void api_stop(struct api *a)
{
	tell(a, DO_STOP);
}

static void free_sources(struct api *a)
{
	size_t it = 0;
	struct bytes key;
	void *value;
	while (map_str_each(a->sources, &it, &key, &value))
		free(value);
	map_str_free(a->sources);
}

void api_free(struct api *a)
{
	if (!a)
		return;
	ASSERT(a->magic == API_MAGIC);
	if (a->running) {
		tell(a, DO_END);
		pthread_join(a->thread, NULL);
	}
	if (a->socket_path && a->local_bound)
		(void)unlink(a->socket_path); /* the next start replaces it anyway */
	listen_stop(&a->local);
	listen_stop(&a->tcp);
	pool_free(a->pool);
	pool_free(a->ask_pool);
	if (a->workers)
		pool_client_free(a->workers);
	if (a->askers)
		pool_client_free(a->askers);
	conn_sweep(a);
	loop_timer_stop(&a->end);
	loop_timer_stop(&a->heartbeat);
	mailbox_free(a->mailbox);
	tls_ctx_free(a->tls);
	ring_free(a->ring);
	free_sources(a);
	map_u64_free(a->waiting);
	loop_free(a->loop);
	buf_release(&a->openapi);
	buf_release(&a->ca_pem);
	free(a->database);
	free(a->socket_path);
	free(a->setup_path);
	free(a->server_name);
	free(a);
}
