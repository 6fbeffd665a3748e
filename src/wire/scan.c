#include "wire/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "amt/firmware.h"
#include "base/base.h"
#include "base/err.h"
#include "base/map.h"
#include "base/metric.h"
#include "wire/kit.h"
#include "wire/names.h"
#include "wire/net.h"
#include "wire/ping.h"
#include "wire/probe.h"

#define PASSES           2
#define AT_ONCE          2048 /* pings in one turn of the loop, when there is no rate: others wait about 10 ms */
#define TICK_MS          10   /* with a rate */
#define BLOCKED_MS       1
#define BETWEEN_MS       1000 /* between two pings to one address */
#define LAST_ANSWERS_MS  3000
#define PROGRESS_MS      250
#define PROBES_PINGING   32    /* while pings go out: looking must not make the answers late */
#define WAITING_PAUSE    16384 /* found and not yet looked at: no pings go out before looking has caught up */
#define WAITING_MAX      65536 /* more, of pings that were on their way, are counted and lost */
#define SWEEP_CONNECT_MS 2000  /* where nothing answered a ping, most addresses are nobody's */
#define NAME_WAIT_MS     3000  /* for a host name; then it is told without, and again when the name comes */
#define NAMINGS_MAX      20000

enum phase {
	PHASE_PINGING,
	PHASE_BETWEEN, /* two passes */
	PHASE_LAST_ANSWERS,
	PHASE_SWEEP,   /* TCP to who was silent */
	PHASE_LOOKING, /* at the last ones that were found, and for their names */
};

/* Answered a ping and waits to be looked at. */
struct found {
	struct list link;
	struct range_addr address;
	struct rmcp_pong pong;
};

struct look {
	struct list link;
	struct scan *scan;
	struct probe *probe;
	bool rmcp;
	struct rmcp_pong pong;
};

/* A sighting whose host name is being looked up. */
struct naming {
	struct list link;
	struct scanner *scanner;
	struct scan *scan;         /* that waits for it; NULL: it was told without */
	struct sighting *sighting; /* owned */
	int64_t until_ms;
	struct names_wait wait;
};

struct scan {
	struct list link;
	struct scanner *scanner;
	struct scan_start *order;
	struct pinger *pinger;
	enum phase phase;
	uint32_t passes_left;
	struct loop_timer timer, progress;
	int64_t last_ms;     /* when tokens were given last */
	int64_t pass_ms;     /* when the present pass began */
	uint32_t rate;       /* addresses a second, of the last pass */
	uint64_t sent_slots; /* of all passes */
	double tokens;
	uint64_t sweep_at, swept;
	struct list waiting, looks;
	size_t waiting_count, look_count, naming_count;
	uint64_t found;
};

struct scanner {
	struct wire_kit *kit;
	struct list scans;
	size_t open;
	struct list namings; /* oldest first */
	size_t naming_count;
	struct loop_timer naming_timer;
};

static void on_timer(void *arg);
static void on_progress(void *arg);
static void on_naming_timer(void *arg);
static void look_on(struct scan *s);

struct scanner *scanner_new(struct wire_kit *kit)
{
	struct scanner *s = mem_alloc(sizeof(*s));
	s->kit = kit;
	list_init(&s->scans);
	list_init(&s->namings);
	loop_timer_init(&s->naming_timer, kit->loop, on_naming_timer, s);
	return s;
}

static void naming_free(struct naming *n)
{
	names_cancel(&n->wait);
	list_remove(&n->link);
	n->scanner->naming_count--;
	if (n->scan)
		n->scan->naming_count--;
	if (n->sighting)
		n->sighting->mail.free(&n->sighting->mail);
	free(n);
}

static void namings_free(struct scanner *s)
{
	LIST_EACH(&s->namings, it, safe)
		naming_free(LIST_ENTRY(it, struct naming, link));
	loop_timer_stop(&s->naming_timer);
}

void scanner_free(struct scanner *s)
{
	if (!s)
		return;
	ASSERT(s->open == 0);
	namings_free(s);
	free(s);
}

size_t scanner_open(const struct scanner *s)
{
	return s->open;
}

static void look_free(struct look *l)
{
	list_remove(&l->link);
	l->scan->look_count--;
	free(l);
}

static int64_t left_ms(const struct scan *s)
{
	uint64_t count = range_count(s->order->ranges);
	if (s->phase > PHASE_LAST_ANSWERS || (s->phase == PHASE_PINGING && !s->rate))
		return -1;
	uint64_t rest = s->phase == PHASE_PINGING ? count - pinger_place(s->pinger) : 0;
	rest += (s->passes_left ? s->passes_left - 1 : 0) * count;
	return (s->rate ? (int64_t)(rest * 1000 / s->rate) : 0) + LAST_ANSWERS_MS;
}

/* Over all passes, and over the TCP sweep as one more. */
static uint64_t done_share(const struct scan *s)
{
	uint64_t count = range_count(s->order->ranges);
	uint64_t rounds = s->order->passes + (s->order->tcp ? 1 : 0);
	return (s->sent_slots + (s->phase > PHASE_SWEEP && s->order->tcp ? count : s->swept)) / rounds;
}

static struct scan_progress *progress_new(const struct scan *s, enum zone_wire_mail kind)
{
	struct scan_progress *m = scan_progress_new(kind);
	m->scan = s->order->scan;
	m->total = s->order->ranges ? range_count(s->order->ranges) : 0;
	m->found = s->found;
	m->left_ms = -1;
	if (!s->pinger)
		return m;
	m->done = kind == ZONE_SCAN_END ? m->total : done_share(s);
	m->left_ms = kind == ZONE_SCAN_END ? 0 : left_ms(s);
	m->rate = s->rate;
	return m;
}

static void put_sighting(struct scanner *s, struct sighting *m)
{
	if (mailbox_put(s->kit->to_zone, &m->mail))
		return;
	m->mail.free(&m->mail);
	metric_add(METRIC_sightings_dropped, 1);
}

/* The name is late: what is known is told now. The sighting stays, to be told again with its name. */
static void tell_unnamed(struct naming *n)
{
	struct sighting *copy = sighting_new();
	struct mail mail = copy->mail;
	*copy = *n->sighting;
	copy->mail = mail;
	n->scan->naming_count--;
	n->scan = NULL;
	put_sighting(n->scanner, copy);
}

static void on_naming_timer(void *arg)
{
	struct scanner *s = arg;
	int64_t now = loop_now_ms(s->kit->loop);
	LIST_EACH(&s->namings, it, safe) {
		struct naming *n = LIST_ENTRY(it, struct naming, link);
		struct scan *scan = n->scan;
		if (scan && n->until_ms > now) {
			loop_timer_set(&s->naming_timer, n->until_ms - now);
			return;
		}
		if (!scan)
			continue;
		tell_unnamed(n);
		look_on(scan);
	}
}

static void on_named(void *arg, const char *name)
{
	struct naming *n = arg;
	struct scan *scan = n->scan;
	if (scan || *name) {
		struct sighting *m = n->sighting;
		n->sighting = NULL;
		(void)bytes_to_str(bytes_str(name), m->host, sizeof(m->host)); /* a host name fits */
		put_sighting(n->scanner, m);
	}
	naming_free(n);
	if (scan)
		look_on(scan);
}

/* Takes the sighting. */
static void name_and_tell(struct scan *s, const struct range_addr *a, struct sighting *m)
{
	struct scanner *scanner = s->scanner;
	if (!scanner->kit->reverse_names || scanner->naming_count >= NAMINGS_MAX) {
		put_sighting(scanner, m);
		return;
	}
	struct naming *n = mem_alloc(sizeof(*n));
	names_wait_init(&n->wait, on_named, n);
	const char *name = names_ask(scanner->kit->names, a, &n->wait);
	if (name) {
		(void)bytes_to_str(bytes_str(name), m->host, sizeof(m->host)); /* a host name fits */
		put_sighting(scanner, m);
		free(n);
		return;
	}
	n->scanner = scanner;
	n->scan = s;
	n->sighting = m;
	n->until_ms = loop_now_ms(scanner->kit->loop) + NAME_WAIT_MS;
	list_append(&scanner->namings, &n->link);
	scanner->naming_count++;
	s->naming_count++;
	if (!loop_timer_is_set(&scanner->naming_timer))
		loop_timer_set(&scanner->naming_timer, NAME_WAIT_MS);
}

static void end(struct scan *s, int reason, const char *why)
{
	struct scanner *scanner = s->scanner;
	struct scan_progress *m = progress_new(s, ZONE_SCAN_END);
	m->reason = reason;
	(void)snprintf(m->detail, sizeof(m->detail), "%.*s", (int)sizeof(m->detail) - 1, why);
	if (reason && s->pinger)
		m->done = done_share(s);
	LIST_EACH(&s->looks, it, safe) {
		struct look *l = LIST_ENTRY(it, struct look, link);
		probe_free(l->probe);
		look_free(l);
	}
	LIST_EACH(&s->waiting, it, safe)
		free(LIST_ENTRY(it, struct found, link));
	LIST_EACH(&scanner->namings, it, safe) {
		struct naming *n = LIST_ENTRY(it, struct naming, link);
		if (n->scan == s)
			tell_unnamed(n);
	}
	loop_timer_stop(&s->timer);
	loop_timer_stop(&s->progress);
	pinger_free(s->pinger);
	list_remove(&s->link);
	s->order->mail.free(&s->order->mail);
	free(s);
	scanner->open--;
	kit_tell_zone(scanner->kit, &m->mail);
}

static void tell_sighting(struct scan *s, const struct look *l, const struct probe_target *t,
			  const struct probe_result *r)
{
	struct sighting *m = sighting_new();
	bool told = l->rmcp && l->pong.major; /* version and state are in a pong from 6.0 on */
	m->scan = s->order->scan;
	range_addr_text(&t->address, m->address);
	m->rmcp = l->rmcp;
	m->tcp = r->plain || r->tls;
	m->has_plain = m->has_tls = true;
	m->plain = r->plain;
	m->tls = r->tls;
	m->provisioning = *r->realm ? 2 : told && l->pong.provisioning <= 2 ? l->pong.provisioning : -1;
	memcpy(m->realm, r->realm, sizeof(m->realm));
	if (*r->version)
		memcpy(m->version, r->version, sizeof(m->version));
	else if (told)
		(void)snprintf(m->version, sizeof(m->version), "%u.%u", l->pong.major, l->pong.minor);
	m->note = firmware_is_too_old(m->version) ? ERR_TOO_OLD : m->provisioning == 0 ? ERR_NOT_PROVISIONED : 0;
	name_and_tell(s, &t->address, m);
}

static void looked(void *arg, struct probe *p, const struct probe_target *t, const struct probe_result *r)
{
	struct look *l = arg;
	struct scan *s = l->scan;
	if (!l->rmcp)
		s->found += r->is_amt ? 1 : 0;
	if (l->rmcp || r->is_amt)
		tell_sighting(s, l, t, r);
	look_free(l);
	look_on(s);
}

static void look_start(struct scan *s, const struct probe_target *t, const struct rmcp_pong *pong)
{
	struct look *l = mem_alloc(sizeof(*l));
	l->scan = s;
	l->rmcp = pong != NULL;
	if (pong)
		l->pong = *pong;
	list_append(&s->looks, &l->link);
	s->look_count++;
	l->probe = probe_start(s->scanner->kit, t, looked, l);
}

static struct probe_target target_of(const struct scan *s, const struct range_addr *a)
{
	return (struct probe_target){
		.address = *a,
		.plain_port = s->order->plain_port,
		.tls_port = s->order->tls_port,
		.connect_ms = s->scanner->kit->connect_ms,
	};
}

/* A pong from 6.0 on tells the ports; an older one only that something is there. */
static void look_at(struct scan *s, const struct found *f)
{
	struct probe_target t = target_of(s, &f->address);
	const struct rmcp_pong *pong = &f->pong;
	if (pong->major) {
		t.plain = pong->port == 16992 || pong->both_ports ? PROBE_OPEN : PROBE_CLOSED;
		t.tls = pong->port == 16993 || pong->both_ports ? PROBE_OPEN : PROBE_CLOSED;
	}
	if (s->order->presence_only) {
		struct look l = {.scan = s, .rmcp = true, .pong = *pong};
		struct probe_result r = {.plain = t.plain == PROBE_OPEN, .tls = t.tls == PROBE_OPEN};
		tell_sighting(s, &l, &t, &r);
	} else {
		look_start(s, &t, pong);
	}
}

static void take_waiting(struct scan *s)
{
	bool is_pinging = s->phase == PHASE_PINGING && s->waiting_count < WAITING_PAUSE;
	size_t most = is_pinging ? PROBES_PINGING : s->scanner->kit->probes_max;
	while (s->look_count < most && !list_is_empty(&s->waiting)) {
		struct found *f = LIST_FIRST(&s->waiting, struct found, link);
		list_remove(&f->link);
		s->waiting_count--;
		look_at(s, f);
		free(f);
	}
}

static void sweep_on(struct scan *s)
{
	struct range_addr a;
	while (s->look_count < s->scanner->kit->probes_max && pinger_next_silent(s->pinger, &s->sweep_at, &a)) {
		struct probe_target t = target_of(s, &a);
		t.connect_ms = t.connect_ms < SWEEP_CONNECT_MS ? t.connect_ms : SWEEP_CONNECT_MS;
		s->swept = s->sweep_at;
		if (net_check(s->scanner->kit->net, &a, NULL) == 0)
			look_start(s, &t, NULL);
	}
	if (s->look_count < s->scanner->kit->probes_max)
		s->phase = PHASE_LOOKING;
}

static void look_on(struct scan *s)
{
	take_waiting(s);
	if (s->phase == PHASE_SWEEP)
		sweep_on(s);
	if (s->phase == PHASE_LOOKING && s->look_count == 0 && s->naming_count == 0)
		loop_timer_set(&s->timer, 0); /* the end comes from there: this runs inside a probe's event */
}

static void on_pong(void *arg, const struct range_addr *from, const struct rmcp_pong *pong)
{
	struct scan *s = arg;
	if (s->waiting_count >= WAITING_MAX) {
		metric_add(METRIC_sightings_dropped, 1);
		return;
	}
	struct found *f = mem_alloc(sizeof(*f));
	f->address = *from;
	f->pong = *pong;
	list_append(&s->waiting, &f->link);
	s->waiting_count++;
	s->found++;
	if (!pinger_silent(s->pinger) && (s->phase == PHASE_BETWEEN || s->phase == PHASE_LAST_ANSWERS))
		loop_timer_set(&s->timer, 0); /* nobody is left to wait for */
}

static void wait_for(struct scan *s, enum phase phase, int64_t ms)
{
	s->phase = phase;
	loop_timer_set(&s->timer, pinger_silent(s->pinger) ? ms : 0);
}

/* How many pings may go now; with a rate as many as have come due, at most a tenth of a second's. */
static uint64_t allowance(struct scan *s)
{
	if (!s->order->rate)
		return AT_ONCE;
	int64_t now = loop_now_ms(s->scanner->kit->loop);
	double most = s->order->rate / 10.0 > 1 ? s->order->rate / 10.0 : 1;
	s->tokens += (double)(now - s->last_ms) * s->order->rate / 1000.0;
	s->tokens = s->tokens < most ? s->tokens : most;
	s->last_ms = now;
	uint64_t whole = (uint64_t)s->tokens;
	s->tokens -= (double)whole;
	return whole;
}

static void ping_on(struct scan *s)
{
	if (s->waiting_count >= WAITING_PAUSE) {
		take_waiting(s);
		loop_timer_set(&s->timer, TICK_MS);
		return;
	}
	uint64_t before = pinger_place(s->pinger), allowed = allowance(s);
	enum pinger_state state = allowed ? pinger_send(s->pinger, allowed) : PINGER_MORE;
	int64_t took = loop_now_ms(s->scanner->kit->loop) - s->pass_ms;
	s->sent_slots += pinger_place(s->pinger) - before;
	s->rate = took > 0 ? (uint32_t)(pinger_place(s->pinger) * 1000 / (uint64_t)took) : 0;
	if (state == PINGER_OVER && --s->passes_left == 0)
		wait_for(s, PHASE_LAST_ANSWERS, LAST_ANSWERS_MS);
	else if (state == PINGER_OVER)
		wait_for(s, PHASE_BETWEEN, BETWEEN_MS);
	else
		loop_timer_set(&s->timer, state == PINGER_BLOCKED ? BLOCKED_MS : s->order->rate ? TICK_MS : 0);
	take_waiting(s);
}

static void pass_begin(struct scan *s)
{
	if (!pinger_silent(s->pinger)) {
		s->sent_slots += s->passes_left * range_count(s->order->ranges);
		wait_for(s, PHASE_LAST_ANSWERS, 0);
		return;
	}
	pinger_next_pass(s->pinger);
	s->phase = PHASE_PINGING;
	s->last_ms = s->pass_ms = loop_now_ms(s->scanner->kit->loop);
	ping_on(s);
}

static void on_timer(void *arg)
{
	struct scan *s = arg;
	switch (s->phase) {
	case PHASE_PINGING:
		ping_on(s);
		break;
	case PHASE_BETWEEN:
		pass_begin(s);
		break;
	case PHASE_LAST_ANSWERS:
		s->phase = s->order->tcp ? PHASE_SWEEP : PHASE_LOOKING;
		look_on(s);
		break;
	case PHASE_SWEEP:
		break;
	case PHASE_LOOKING:
		if (s->look_count == 0 && s->naming_count == 0 && list_is_empty(&s->waiting))
			end(s, 0, "");
		break;
	}
}

static void on_progress(void *arg)
{
	struct scan *s = arg;
	struct scan_progress *m = progress_new(s, ZONE_SCAN_PROGRESS);
	take_waiting(s);
	if (!mailbox_put(s->scanner->kit->to_zone, &m->mail))
		m->mail.free(&m->mail); /* the next one says more */
	loop_timer_set(&s->progress, PROGRESS_MS);
}

static void defaults(struct scan_start *order)
{
	order->passes = order->passes ? order->passes : PASSES;
	order->rmcp_port = order->rmcp_port ? order->rmcp_port : RMCP_PORT;
	order->plain_port = order->plain_port ? order->plain_port : 16992;
	order->tls_port = order->tls_port ? order->tls_port : 16993;
}

void scanner_start(struct scanner *scanner, struct scan_start *order)
{
	struct scan *s = mem_alloc(sizeof(*s));
	struct err e = ERR_INIT;
	defaults(order);
	s->scanner = scanner;
	s->order = order;
	s->passes_left = order->passes;
	s->pass_ms = s->last_ms = loop_now_ms(scanner->kit->loop);
	list_init(&s->waiting);
	list_init(&s->looks);
	list_append(&scanner->scans, &s->link);
	scanner->open++;
	loop_timer_init(&s->timer, scanner->kit->loop, on_timer, s);
	loop_timer_init(&s->progress, scanner->kit->loop, on_progress, s);
	int rc = order->ranges ? pinger_new(scanner->kit, order->ranges, order->rmcp_port, on_pong, s, &s->pinger, &e)
			       : err_set(&e, ERR_MISSING, "the scan has no range");
	if (rc) {
		end(s, rc, e.msg);
		return;
	}
	loop_timer_set(&s->timer, 0);
	loop_timer_set(&s->progress, PROGRESS_MS);
}

void scanner_cancel(struct scanner *scanner, uint64_t scan)
{
	LIST_EACH(&scanner->scans, it, safe) {
		struct scan *s = LIST_ENTRY(it, struct scan, link);
		if (s->order->scan == scan)
			end(s, ERR_CANCELLED, "");
	}
}

void scanner_stop(struct scanner *scanner)
{
	LIST_EACH(&scanner->scans, it, safe)
		end(LIST_ENTRY(it, struct scan, link), ERR_CANCELLED, "the server stops");
	namings_free(scanner);
}
