#include "wire/net.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/pool.h"

#define KEEP_MS     60000 /* a resolved name; one that did not resolve a tenth of that */
#define NAMES_MAX   20000
#define ANSWERS_MAX 4
#define OWN_MAX     64

struct name {
	struct list link;
	int64_t until_ms; /* 0: a worker is at it */
	struct list waiting;
	int code; /* 0 or ERR_NAME_UNRESOLVED */
	char why[96];
	size_t count;
	struct range_addr addresses[ANSWERS_MAX];
	char host[];
};

struct net {
	struct loop *loop;
	struct pool_client *workers;
	struct map_str *by_host; /* struct name */
	struct list names;       /* the same */
	struct range *allowed;
	bool allow_loopback;
	int64_t own_read_ms; /* when own was read; 0: never */
	size_t own_count;
	struct range_addr own[OWN_MAX];
};

struct lookup {
	struct pool_job job;
	struct net *net;
	bool ran;
	int error; /* of getaddrinfo */
	size_t count;
	struct range_addr addresses[ANSWERS_MAX];
	char host[];
};

static const struct never {
	bool v6, is_loopback;
	uint8_t bits;
	uint8_t prefix[16];
	const char *what;
} nevers[] = {
	{false, false, 8, {0}, "an unspecified address"},
	{false, true, 8, {127}, "a loopback address"},
	{false, false, 16, {169, 254}, "a link-local address"},
	{false, false, 4, {224}, "a multicast address"},
	{false, false, 4, {240}, "a reserved or broadcast address"},
	{true, true, 128, {[15] = 1}, "a loopback address"},
	{true, false, 128, {0}, "the unspecified address"},
	{true, false, 10, {0xfe, 0x80}, "a link-local address"},
	{true, false, 8, {0xff}, "a multicast address"},
};

struct net *net_new(struct loop *l, struct pool *workers)
{
	struct net *n = mem_alloc(sizeof(*n));
	n->loop = l;
	n->workers = pool_client_new(workers, l);
	n->by_host = map_str_new();
	list_init(&n->names);
	return n;
}

static void allowed_free(struct net *n)
{
	if (n->allowed)
		range_release(n->allowed);
	free(n->allowed);
}

static void name_drop(struct net *n, struct name *name)
{
	list_remove(&name->link);
	map_str_delete(n->by_host, bytes_str(name->host));
	free(name);
}

static void names_drop(struct net *n, int64_t until_ms)
{
	LIST_EACH(&n->names, it, safe) {
		struct name *name = LIST_ENTRY(it, struct name, link);
		if (name->until_ms && name->until_ms <= until_ms)
			name_drop(n, name);
	}
}

void net_free(struct net *n)
{
	if (!n)
		return;
	pool_client_free(n->workers);
	names_drop(n, INT64_MAX);
	map_str_free(n->by_host);
	allowed_free(n);
	free(n);
}

bool net_is_idle(const struct net *n)
{
	return pool_client_open(n->workers) == 0;
}

void net_set_allowed(struct net *n, struct range *allowed, bool allow_loopback)
{
	allowed_free(n);
	n->allowed = allowed;
	n->allow_loopback = allow_loopback;
	n->own_read_ms = 0;
}

static bool is_under(const struct range_addr *a, const struct never *row)
{
	if (a->v6 != row->v6)
		return false;
	unsigned whole = row->bits / 8, rest = row->bits % 8;
	if (memcmp(a->b, row->prefix, whole) != 0)
		return false;
	return rest == 0 || (a->b[whole] ^ row->prefix[whole]) >> (8 - rest) == 0;
}

static const struct never *never_row(const struct range_addr *a)
{
	for (size_t i = 0; i < ARRAY_LEN(nevers); i++)
		if (is_under(a, &nevers[i]))
			return &nevers[i];
	return NULL;
}

static void own_read(struct net *n)
{
	struct ifaddrs *all, *i;
	n->own_count = 0;
	n->own_read_ms = loop_now_ms(n->loop) + 1;
	if (getifaddrs(&all) != 0)
		return;
	for (i = all; i && n->own_count < OWN_MAX; i = i->ifa_next)
		if (i->ifa_addr && range_addr_from_sockaddr(i->ifa_addr, &n->own[n->own_count]) &&
		    !never_row(&n->own[n->own_count]))
			n->own_count++;
	freeifaddrs(all);
}

static bool is_own(struct net *n, const struct range_addr *a)
{
	if (!n->own_read_ms || loop_now_ms(n->loop) - n->own_read_ms > KEEP_MS)
		own_read(n);
	for (size_t i = 0; i < n->own_count; i++)
		if (range_addr_equal(a, &n->own[i]))
			return true;
	return false;
}

int net_check(struct net *n, const struct range_addr *a, struct err *e)
{
	const char *what = NULL;
	const struct never *row = never_row(a);
	if (row && !(row->is_loopback && n->allow_loopback))
		what = row->what;
	else if (!n->allowed || !range_contains(n->allowed, a))
		what = "outside the allowed networks";
	else if (is_own(n, a))
		what = "this server's own address";
	if (!what)
		return 0;
	char text[RANGE_ADDR_TEXT_SIZE];
	range_addr_text(a, text);
	return err_set(e, ERR_NET_NOT_ALLOWED, "address \"%s\" is %s", text, what);
}

static void run(struct pool_job *job)
{
	struct lookup *l = (struct lookup *)(void *)job;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *all = NULL;
	l->ran = true;
	l->error = getaddrinfo(l->host, NULL, &hints, &all);
	for (struct addrinfo *i = l->error ? NULL : all; i && l->count < ANSWERS_MAX; i = i->ai_next)
		l->count += range_addr_from_sockaddr(i->ai_addr, &l->addresses[l->count]) ? 1 : 0;
	if (all)
		freeaddrinfo(all);
}

/* The first of a name's addresses that is allowed. */
static int choose(struct net *n, const char *host, const struct name *name, struct range_addr *ret, struct err *e)
{
	if (name->code)
		return err_set(e, name->code, "name \"%s\": %s", host, name->why);
	int rc = ERR_NAME_UNRESOLVED;
	for (size_t i = 0; i < name->count; i++) {
		rc = net_check(n, &name->addresses[i], e);
		if (!rc) {
			*ret = name->addresses[i];
			return 0;
		}
	}
	return err_wrap(e, rc, "name \"%s\"", host);
}

static void keep(struct net *n, struct name *name, const struct lookup *l)
{
	bool good = l->ran && !l->error && l->count;
	name->count = l->count;
	memcpy(name->addresses, l->addresses, sizeof(name->addresses));
	name->code = good ? 0 : ERR_NAME_UNRESOLVED;
	const char *why = !l->ran ? "the server stops" : l->error ? gai_strerror(l->error) : "it has no address";
	(void)bytes_to_str(bytes_str(why), name->why, sizeof(name->why));
	name->until_ms = loop_now_ms(n->loop) + (good ? KEEP_MS : KEEP_MS / 10);
}

static void done(struct pool_job *job)
{
	struct lookup *l = (struct lookup *)(void *)job;
	struct net *n = l->net;
	struct name *name = map_str_get(n->by_host, bytes_str(l->host));
	keep(n, name, l);
	while (!list_is_empty(&name->waiting)) {
		struct net_wait *w = LIST_FIRST(&name->waiting, struct net_wait, link);
		struct range_addr address;
		struct err e = ERR_INIT;
		list_remove(&w->link);
		int rc = choose(n, l->host, name, &address, &e);
		w->done(w->arg, rc, rc ? NULL : &address, &e);
	}
	free(l);
}

static int lookup_start(struct net *n, const char *host, struct name **ret, struct err *e)
{
	size_t len = strlen(host);
	struct lookup *l = mem_alloc(sizeof(*l) + len + 1);
	l->job.run = run;
	l->job.done = done;
	l->net = n;
	memcpy(l->host, host, len + 1);
	if (map_str_count(n->by_host) >= NAMES_MAX)
		names_drop(n, loop_now_ms(n->loop));
	if (map_str_count(n->by_host) >= NAMES_MAX || !pool_submit(n->workers, &l->job)) {
		free(l);
		return err_set(e, ERR_BUSY, "name \"%s\": too many names are being resolved", host);
	}
	struct name *name = mem_alloc(sizeof(*name) + len + 1);
	memcpy(name->host, host, len + 1);
	list_init(&name->waiting);
	list_append(&n->names, &name->link);
	map_str_put(n->by_host, BYTES(host, len), name);
	*ret = name;
	return 0;
}

int net_resolve(struct net *n, const char *host, struct net_wait *w, struct range_addr *ret, struct err *e)
{
	struct range_addr address;
	if (range_addr_parse(bytes_str(host), &address, NULL) == 0) {
		int rc = net_check(n, &address, e);
		if (!rc)
			*ret = address;
		return rc;
	}
	struct name *name = map_str_get(n->by_host, bytes_str(host));
	if (name && name->until_ms > loop_now_ms(n->loop))
		return choose(n, host, name, ret, e);
	if (name && name->until_ms) { /* too old */
		name_drop(n, name);
		name = NULL;
	}
	int rc = name ? 0 : lookup_start(n, host, &name, e);
	if (rc)
		return rc;
	list_append(&name->waiting, &w->link);
	return NET_LATER;
}

void net_wait_init(struct net_wait *w,
		   void (*done_cb)(void *arg, int code, const struct range_addr *a, const struct err *e), void *arg)
{
	list_init(&w->link);
	w->done = done_cb;
	w->arg = arg;
}

void net_cancel(struct net_wait *w)
{
	list_remove(&w->link);
}
