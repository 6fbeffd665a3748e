#include "wire/names.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/pool.h"

#define KEEP_MS    60000
#define KNOWN_MAX  20000
#define AT_ONCE    4 /* the other workers stay free for the addresses of names */
#define SLOW_MS    3000
#define SILENT_MAX 3 /* look-ups in a row without an answer, until the resolver is left alone */
#define NAME_SIZE  256
#define LABEL_MAX  63

struct known {
	struct list link; /* on all, then oldest first; while it waits for a worker on queued */
	int64_t until_ms; /* 0: is being looked up */
	struct list waiting;
	struct range_addr address;
	char *name; /* NULL: none */
};

struct names {
	struct loop *loop;
	struct pool_client *workers;
	struct map_str *by_address; /* struct known */
	struct list all, queued;
	size_t running;
	unsigned silent;
	int64_t quiet_until_ms;
};

struct lookup {
	struct pool_job job;
	struct names *names;
	struct known *known;
	int64_t begun_ms;
	bool ran;
	int error; /* of getnameinfo */
	struct range_addr address;
	char name[NAME_SIZE];
};

struct names *names_new(struct loop *l, struct pool *workers)
{
	struct names *n = mem_alloc(sizeof(*n));
	n->loop = l;
	n->workers = pool_client_new(workers, l);
	n->by_address = map_str_new();
	list_init(&n->all);
	list_init(&n->queued);
	return n;
}

static struct bytes key_of(const struct range_addr *a)
{
	return BYTES(a->b, a->v6 ? 16 : 4);
}

static void known_drop(struct names *n, struct known *k)
{
	ASSERT(list_is_empty(&k->waiting));
	list_remove(&k->link);
	map_str_delete(n->by_address, key_of(&k->address));
	free(k->name);
	free(k);
}

static void drop_old(struct names *n, int64_t until_ms)
{
	LIST_EACH(&n->all, it, safe) {
		struct known *k = LIST_ENTRY(it, struct known, link);
		if (k->until_ms && k->until_ms <= until_ms)
			known_drop(n, k);
	}
}

void names_free(struct names *n)
{
	if (!n)
		return;
	pool_client_free(n->workers);
	LIST_EACH(&n->queued, it, safe)
		known_drop(n, LIST_ENTRY(it, struct known, link));
	drop_old(n, INT64_MAX);
	map_str_free(n->by_address);
	free(n);
}

bool names_is_idle(const struct names *n)
{
	return pool_client_open(n->workers) == 0;
}

static bool is_label(const char *p, size_t len)
{
	if (len == 0 || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = p[i];
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '_'; /* Windows names have it */
		if (!fine)
			return false;
	}
	return true;
}

bool names_is_host(const char *text)
{
	struct range_addr a;
	size_t len = strnlen(text, NAME_SIZE);
	if (len > 253 || range_addr_parse(bytes_str(text), &a, NULL) == 0)
		return false;
	for (const char *p = text;; p++) {
		size_t label = strcspn(p, ".");
		if (!is_label(p, label))
			return false;
		p += label;
		if (!*p)
			return true;
	}
}

static void run(struct pool_job *job)
{
	struct lookup *l = (struct lookup *)(void *)job;
	struct sockaddr_storage to;
	socklen_t len = range_addr_to_sockaddr(&l->address, 0, &to);
	l->ran = true;
	l->error = getnameinfo((struct sockaddr *)&to, len, l->name, sizeof(l->name), NULL, 0, NI_NAMEREQD);
}

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static void settle(struct names *n, struct known *k, int64_t keep_ms)
{
	k->until_ms = loop_now_ms(n->loop) + keep_ms;
	list_remove(&k->link);
	list_append(&n->all, &k->link);
	while (!list_is_empty(&k->waiting)) {
		struct names_wait *w = LIST_FIRST(&k->waiting, struct names_wait, link);
		list_remove(&w->link);
		w->done(w->arg, k->name ? k->name : "");
	}
}

/* The resolver is left alone: whoever waits for a worker goes without a name. */
static void fall_quiet(struct names *n)
{
	n->quiet_until_ms = loop_now_ms(n->loop) + KEEP_MS;
	n->silent = 0;
	while (!list_is_empty(&n->queued))
		settle(n, LIST_FIRST(&n->queued, struct known, link), 1);
}

static void look_up_next(struct names *n);

static void done(struct pool_job *job)
{
	struct lookup *l = (struct lookup *)(void *)job;
	struct names *n = l->names;
	bool silent = l->ran && (l->error == EAI_AGAIN || loop_now_ms(n->loop) - l->begun_ms >= SLOW_MS);
	n->running--;
	if (l->ran && !l->error && names_is_host(l->name)) {
		lower(l->name);
		l->known->name = mem_str(l->name);
	}
	settle(n, l->known, l->ran && l->error != EAI_AGAIN ? KEEP_MS : 1);
	n->silent = silent ? n->silent + 1 : 0;
	free(l);
	if (n->silent == SILENT_MAX)
		fall_quiet(n);
	look_up_next(n);
}

static void look_up_next(struct names *n)
{
	while (n->running < AT_ONCE && !list_is_empty(&n->queued)) {
		struct known *k = LIST_FIRST(&n->queued, struct known, link);
		if (list_is_empty(&k->waiting)) {
			known_drop(n, k);
			continue;
		}
		struct lookup *l = mem_alloc(sizeof(*l));
		l->job.run = run;
		l->job.done = done;
		l->names = n;
		l->known = k;
		l->address = k->address;
		l->begun_ms = loop_now_ms(n->loop);
		if (!pool_submit(n->workers, &l->job)) {
			free(l);
			return; /* the workers have too much to do: when the next one asks */
		}
		n->running++;
		list_remove(&k->link);
		list_append(&n->all, &k->link);
	}
}

const char *names_ask(struct names *n, const struct range_addr *a, struct names_wait *w)
{
	int64_t now = loop_now_ms(n->loop);
	struct known *k = map_str_get(n->by_address, key_of(a));
	if (k && k->until_ms > now)
		return k->name ? k->name : "";
	if (k && k->until_ms) { /* too old */
		known_drop(n, k);
		k = NULL;
	}
	if (!k && map_str_count(n->by_address) >= KNOWN_MAX)
		drop_old(n, now);
	if (!k && (now < n->quiet_until_ms || map_str_count(n->by_address) >= KNOWN_MAX))
		return "";
	if (!k) {
		k = mem_alloc(sizeof(*k));
		k->address = *a;
		list_init(&k->waiting);
		list_append(&n->queued, &k->link);
		map_str_put(n->by_address, key_of(a), k);
	}
	list_append(&k->waiting, &w->link);
	look_up_next(n);
	return NULL;
}

void names_wait_init(struct names_wait *w, void (*done_cb)(void *arg, const char *name), void *arg)
{
	list_init(&w->link);
	w->done = done_cb;
	w->arg = arg;
}

void names_cancel(struct names_wait *w)
{
	list_remove(&w->link);
}
