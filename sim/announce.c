#include "announce.h"

#include "base/base.h"
#include "base/list.h"
#include "codec/hello.h"
#include "more.h"
#include "setup.h"
#include "sim.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN_MOST 256 /* connections at a time; others wait for their turn */
#define MINUTE_MS INT64_C(60000)
#define LOOPBACK  127

struct announce {
	struct list link; /* in waiting, else in nothing */
	struct setup *setup;
	struct loop_timer timer;
	unsigned tries;
	int fd; /* -1: no connection */
	struct loop_fd *watch;
};

struct name {
	struct list link;
	uint32_t address;
	char text[SETUP_HOST_SIZE];
};

struct announces {
	struct list waiting;
	struct list names;
	unsigned open;
};

static void try_next(struct sim *s);

struct announces *announces_new(void)
{
	struct announces *all = mem_alloc(sizeof(*all));

	list_init(&all->waiting);
	list_init(&all->names);
	return all;
}

static void name_free(struct name *n)
{
	list_remove(&n->link);
	free(n);
}

void announces_free(struct announces *all)
{
	if (!all)
		return;
	LIST_EACH(&all->names, it, safe)
		name_free(LIST_ENTRY(it, struct name, link));
	free(all);
}

static struct name *name_find(const struct sim *s, const char *text)
{
	LIST_EACH(&s->announces->names, it, safe)
		if (strcasecmp(LIST_ENTRY(it, struct name, link)->text, text) == 0)
			return LIST_ENTRY(it, struct name, link);
	return NULL;
}

void announce_name_set(struct sim *s, const char *text, uint32_t address)
{
	struct name *n = name_find(s, text);

	if (n && address == 0) {
		name_free(n);
		return;
	}
	if (!n && address) {
		n = mem_alloc(sizeof(*n));
		snprintf(n->text, sizeof(n->text), "%s", text);
		list_init(&n->link);
		list_append(&s->announces->names, &n->link);
	}
	if (n)
		n->address = address;
}

bool announce_name_get(const struct sim *s, const char *text, uint32_t *ret_address)
{
	const struct name *n = name_find(s, text);

	if (n)
		*ret_address = n->address;
	return n != NULL;
}

const char *announce_name_at(const struct sim *s, unsigned i, uint32_t *ret_address)
{
	LIST_EACH(&s->announces->names, it, safe) {
		const struct name *n = LIST_ENTRY(it, struct name, link);

		if (i-- > 0)
			continue;
		*ret_address = n->address;
		return n->text;
	}
	return NULL;
}

static bool find_below(const struct sim *s, const char *domain, uint32_t *ret_address)
{
	char text[SETUP_HOST_SIZE + 32];

	snprintf(text, sizeof(text), "provisionserver.%s", domain);
	return domain[0] && announce_name_get(s, text, ret_address);
}

/* The domain that was set in the controller; what DHCP gives is asked behind it. */
static const char *own_domain(const struct device *d)
{
	const struct change *c = more_change(d, "AMT_GeneralSettings", 0, "DomainName");

	return c && c->count ? c->values : "";
}

/* Address, name, then the default name below either domain. */
bool announce_server(const struct sim *s, const struct device *d, uint32_t *ret_address, uint16_t *ret_port)
{
	const struct setup *p = d->setup;

	*ret_port = p && p->port ? p->port : HELLO_PORT;
	if (p && p->server) {
		*ret_address = p->server;
		return true;
	}
	if (p && p->server_fqdn && announce_name_get(s, p->server_fqdn, ret_address))
		return true;
	return find_below(s, own_domain(d), ret_address) || find_below(s, setup_dhcp_suffix(s, d), ret_address);
}

static void add_hashes(const struct sim *s, const struct device *d, struct hello *h, struct cert_hash *room)
{
	for (unsigned i = 0; h->hash_count < HELLO_HASHES_MAX && setup_hash_at(s, d, i, &room[h->hash_count]); i++) {
		struct cert_hash *c = &room[h->hash_count];

		if (setup_hash_counts(s, d, c))
			h->hashes[h->hash_count++] =
				(struct hello_hash){(enum hello_hash_type)c->type, BYTES(c->value, c->len)};
	}
}

static int write_message(const struct announce *a, struct buf *out)
{
	const struct sim *s = a->setup->s;
	const struct device *d = a->setup->d;
	struct cert_hash *room = mem_array(HELLO_HASHES_MAX + 1, sizeof(*room));
	struct hello *h = mem_alloc(sizeof(*h));
	int r;

	h->admin_set = !setup_password_is_factory(d);
	h->version = setup_uses_psk(d) ? HELLO_VERSION_PSK : HELLO_VERSION_PKI;
	h->retry = a->tries;
	h->uuid = device_uuid(s, d);
	if (h->version == HELLO_VERSION_PSK)
		snprintf(h->pid, sizeof(h->pid), "%s", a->setup->pid);
	else
		add_hashes(s, d, h, room);
	r = hello_encode(h, out, NULL);
	free(h);
	free(room);
	return r;
}

static int64_t gap_ms(unsigned tries)
{
	return tries < 5 ? MINUTE_MS : tries < 10 ? 10 * MINUTE_MS : 60 * MINUTE_MS;
}

static void end_connection(struct announce *a)
{
	if (a->fd < 0)
		return;
	loop_fd_free(a->watch);
	a->watch = NULL;
	(void)close(a->fd); /* nothing can be done about it */
	a->fd = -1;
	a->setup->s->announces->open--;
}

/* It counts as a try whether it got through or not. */
static void end_try(struct announce *a)
{
	struct sim *s = a->setup->s;

	end_connection(a);
	if (++a->tries < ANNOUNCE_MOST)
		loop_timer_set(&a->timer, gap_ms(a->tries));
	try_next(s);
}

static void on_connected(void *arg, int events)
{
	struct announce *a = arg;
	struct device *d = a->setup->d;
	struct buf message;

	buf_init(&message, HELLO_SIZE_MAX);
	if (write_message(a, &message) == 0 &&
	    send(a->fd, message.p, message.len, MSG_NOSIGNAL) == (ssize_t)message.len)
		d->count.hellos++;
	buf_release(&message);
	end_try(a);
}

static int connect_from(struct sim *s, const struct device *d, uint32_t address, uint16_t port)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(device_address(s, d))}};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)); /* then ports run out sooner */
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0 &&
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return fd;
	(void)close(fd); /* nothing can be done about it */
	return -1;
}

/* Nothing ever goes to an address outside of the loopback net. */
static void begin_try(struct announce *a)
{
	struct sim *s = a->setup->s;
	struct device *d = a->setup->d;
	uint32_t address = 0;
	uint16_t port;

	if (!a->setup->first_hello_ms)
		a->setup->first_hello_ms = sim_now(s);
	if (!announce_server(s, d, &address, &port))
		setup_refuse(s, d, REFUSED_NO_SERVER);
	if (address >> 24 == LOOPBACK && !setup_is_silent(s, d))
		a->fd = connect_from(s, d, address, port);
	if (a->fd < 0) {
		if (++a->tries < ANNOUNCE_MOST)
			loop_timer_set(&a->timer, gap_ms(a->tries));
		return;
	}
	s->announces->open++;
	a->watch = loop_fd_new(s->loop, a->fd, on_connected, a);
	loop_fd_want(a->watch, LOOP_WRITE);
}

static void try_next(struct sim *s)
{
	while (s->announces->open < OPEN_MOST) {
		struct announce *a = LIST_FIRST(&s->announces->waiting, struct announce, link);

		if (!a)
			return;
		list_remove(&a->link);
		begin_try(a);
	}
}

static void on_timer(void *arg)
{
	struct announce *a = arg;

	list_append(&a->setup->s->announces->waiting, &a->link);
	try_next(a->setup->s);
}

void announce_start(struct sim *s, struct device *d)
{
	struct setup *p = setup_get(s, d);

	announce_stop(d);
	p->announce = mem_alloc(sizeof(*p->announce));
	p->announce->setup = p;
	p->announce->fd = -1;
	list_init(&p->announce->link);
	loop_timer_init(&p->announce->timer, s->loop, on_timer, p->announce);
	loop_timer_set(&p->announce->timer, 0);
}

void announce_stop(struct device *d)
{
	struct announce *a = d->setup ? d->setup->announce : NULL;

	if (!a)
		return;
	loop_timer_stop(&a->timer);
	end_connection(a);
	list_remove(&a->link);
	d->setup->announce = NULL;
	free(a);
}

unsigned announce_tries(const struct device *d)
{
	return d->setup && d->setup->announce ? d->setup->announce->tries : 0;
}

int64_t announce_next_ms(const struct device *d)
{
	const struct announce *a = d->setup ? d->setup->announce : NULL;

	if (!a || (a->tries >= ANNOUNCE_MOST && a->fd < 0))
		return -1;
	return loop_timer_is_set(&a->timer) ? a->timer.due_ms - sim_now(a->setup->s) : 0;
}
