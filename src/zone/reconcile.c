#include "zone/reconcile.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/range.h"
#include "store/discovered.h"
#include "store/server.h"
#include "zone/device.h"
#include "zone/reconcile_view.h"

#define PAGE        4000 /* rows read in one round */
#define WRITES      4000 /* single rows written in one round */
#define MERGES      100  /* devices that become one, in one round: each is a dozen of rows */
#define LOOK_MS     3600000
#define ALIVE_MS    600000
#define BY_SCHEDULE "schedule"
#define BY_SERVER   "server"

enum phase {
	IDLE,
	READ_HOSTS,
	READ_DISCOVERED,
	READ_INTERFACES,
	READ_BARE,
	READ_FINDINGS,
	MATCH_FIRST,
	MATCH_LAST = MATCH_FIRST + MATCH_KEY_COUNT - 1,
	WRITE_LINKS,
	WRITE_MERGES,
	COMPARE,
	WRITE_FINDINGS,
	DROP_FINDINGS,
	END,
	DONE, /* until that is committed */
};

/* Beside match_host: the interface that a record's device has. */
struct own {
	int64_t amt; /* 0: none */
	const char *host;
	struct uuid uuid;
	enum store_pin pin;
	bool by_hand; /* something discovered was linked by hand */
};

/* Beside match_amt. */
struct seen {
	bool is_interface; /* of a device without a record; else discovered */
	int64_t device;    /* that it belonged to when it was read; 0 none */
	bool followed;     /* a device's interface was found to be this */
	const char *realm;
	int64_t seen_at, valid_until;
};

/* How far a run got with what is committed. */
struct mark {
	enum phase phase;
	int64_t after;
	size_t at, host_count, amt_count, bare_count, was_count;
	int64_t linked, unmatched_amt, unmatched_host, conflicts, changed;
};

struct reconcile {
	struct recur rule;
	const struct tz *tz;
	struct tz_cache *zones;
	int64_t due, look_at; /* wall; INT64_MAX never */
	struct store_reconcile row;
	struct arena *row_texts;
	bool wanted; /* again, from the beginning: it was broken off */
	uint64_t ended;

	/* the run */
	struct mark mark;
	enum phase phase;
	int64_t now; /* at its start */
	int64_t after;
	size_t at;
	struct arena *texts;
	struct match m;
	struct own *own;
	struct seen *seen;
	int64_t *bare;
	struct store_finding *was, *is;
	size_t host_cap, amt_cap, bare_count, bare_cap, was_count, was_cap, is_count, is_cap;
};

struct reconcile *reconcile_new(void)
{
	struct reconcile *r = mem_alloc(sizeof(*r));
	r->zones = tz_cache_new(NULL);
	r->row_texts = arena_new(0);
	r->due = r->look_at = INT64_MAX;
	return r;
}

static void drop_run(struct reconcile *r)
{
	arena_free(r->texts);
	free(r->m.hosts);
	free(r->m.amts);
	free(r->own);
	free(r->seen);
	free(r->bare);
	free(r->was);
	free(r->is);
	r->texts = NULL;
	r->m = (struct match){NULL};
	r->own = NULL;
	r->seen = NULL;
	r->bare = NULL;
	r->was = r->is = NULL;
	r->host_cap = r->amt_cap = r->bare_count = r->bare_cap = r->was_count = r->was_cap = r->is_count = r->is_cap =
		0;
	r->phase = IDLE;
	r->at = 0;
	r->after = 0;
	r->mark = (struct mark){.phase = IDLE};
}

/* What a slice writes is made of what was read alone, never of what it wrote: so it can be done again. */
void reconcile_committed(struct zone *z)
{
	struct reconcile *r = z->reconcile;
	const struct store_reconcile *row = &r->row;
	if (r->phase == DONE) {
		drop_run(r);
		r->ended++;
	}
	r->mark = (struct mark){r->phase,       r->after,     r->at,       r->m.host_count,    r->m.amt_count,
				r->bare_count,  r->was_count, row->linked, row->unmatched_amt, row->unmatched_host,
				row->conflicts, row->changed};
}

/* A run goes on where the last committed round left it. */
static void go_back(struct reconcile *r)
{
	const struct mark *m = &r->mark;
	r->phase = m->phase;
	r->after = m->after;
	r->at = m->at;
	r->m.host_count = m->host_count;
	r->m.amt_count = m->amt_count;
	r->bare_count = m->bare_count;
	r->was_count = m->was_count;
	r->row.linked = m->linked;
	r->row.unmatched_amt = m->unmatched_amt;
	r->row.unmatched_host = m->unmatched_host;
	r->row.conflicts = m->conflicts;
	r->row.changed = m->changed;
}

void reconcile_free(struct reconcile *r)
{
	if (!r)
		return;
	drop_run(r);
	arena_free(r->row_texts);
	tz_cache_free(r->zones);
	free(r);
}

static int find_due(struct zone *z, int64_t zone_created, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct recur_due due;
	const char *zone = r->row.time_zone;
	int64_t after = r->row.handled < z->now ? r->row.handled : z->now; /* the clock was put back */
	int rc = reconcile_rule(&r->row, zone_created, &r->rule, e);
	if (!rc && !*zone)
		rc = setting_text_at(z, SETTING_TIME_ZONE, STORE_FOLDER_ROOT, 0, &zone, e);
	rc = rc ? rc : tz_cache_get(r->zones, zone, &r->tz, e);
	if (rc)
		return rc;
	if (after < zone_created)
		after = zone_created;
	r->due = recur_next(&r->rule, r->tz, after, &due) ? due.due_ms : INT64_MAX;
	r->look_at = later(z->now, LOOK_MS);
	return 0;
}

int reconcile_load(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct store_zone zone;
	if (r->mark.phase == IDLE)
		drop_run(r);
	arena_reset(r->row_texts);
	int rc = reconcile_state(z->db, r->row_texts, &r->row, e);
	if (rc)
		return rc;
	r->wanted = r->phase == IDLE && r->row.started_at && !r->row.ended_at;
	if (r->mark.phase != IDLE)
		go_back(r);
	rc = store_zone_get(z->db, z->arena, &zone, e);
	return rc ? rc : find_due(z, zone.created_at, e);
}

int reconcile_changed(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct store_reconcile row;
	struct store_zone zone;
	int rc = reconcile_state(z->db, r->row_texts, &row, e);
	rc = rc ? rc : store_zone_get(z->db, z->arena, &zone, e);
	if (rc)
		return rc;
	r->row.rule = row.rule;
	r->row.time_zone = row.time_zone;
	r->row.handled = row.handled;
	return find_due(z, zone.created_at, e);
}

uint64_t reconcile_ended(const struct zone *z)
{
	return z->reconcile->ended;
}

int64_t reconcile_wake(const struct zone *z)
{
	const struct reconcile *r = z->reconcile;
	if (r->phase != IDLE || r->wanted)
		return INT64_MIN;
	return r->due;
}

static void begin(struct zone *z)
{
	struct reconcile *r = z->reconcile;
	drop_run(r);
	r->texts = arena_new(0);
	r->m.seed = z->deps.seed;
	r->now = z->now;
	r->row.changed = 0;
	r->wanted = false;
	r->phase = READ_HOSTS;
	z->run_again = true;
}

int reconcile_start(struct zone *z, const char *by, struct err *e)
{
	struct reconcile *r = z->reconcile;
	if (r->phase != IDLE)
		return 0;
	r->row.started_at = z->now;
	r->row.ended_at = 0;
	r->row.started_by = arena_str(r->row_texts, bytes_str(by));
	begin(z);
	return store_reconcile_put(z->db, &r->row, e);
}

/* Reading. */

static const char *keep(struct reconcile *r, const char *s)
{
	return *s ? arena_str(r->texts, bytes_str(s)) : "";
}

/* As names in records are: lower case, no dot at the end. An address is no name. */
static const char *keep_name(struct reconcile *r, const char *s)
{
	struct range_addr a;
	size_t len = strlen(s);
	if (!len || range_addr_parse(bytes_str(s), &a, NULL) == 0)
		return "";
	char *name = arena_str(r->texts, BYTES(s, s[len - 1] == '.' ? len - 1 : len));
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return name;
}

static const char *keep_address(struct reconcile *r, const char *s)
{
	struct range_addr a;
	return range_addr_parse(bytes_str(s), &a, NULL) == 0 ? keep(r, s) : "";
}

static int see_host(void *arg, const struct store_reconcile_host *row)
{
	struct reconcile *r = arg;
	if (r->m.host_count == r->host_cap) {
		r->host_cap = r->host_cap ? 2 * r->host_cap : 1024;
		r->m.hosts = mem_grow(r->m.hosts, r->host_cap, sizeof(r->m.hosts[0]));
		r->own = mem_grow(r->own, r->host_cap, sizeof(r->own[0]));
	}
	bool bound = row->amt != 0;
	r->own[r->m.host_count] = (struct own){row->amt, keep(r, row->host), row->amt_uuid, row->pin, false};
	r->m.hosts[r->m.host_count++] = (struct match_host){
		.device = row->device,
		.uuid = match_uuid(&row->uuid),
		.macs = keep(r, row->macs),
		.fqdn = keep(r, row->fqdn),
		.addresses = keep(r, row->addresses),
		.bound = bound,
		.pinned = row->pin == STORE_PIN_APART || (row->pin == STORE_PIN_LINKED && !bound),
	};
	r->after = row->device;
	return 0;
}

static size_t find_host(const struct reconcile *r, int64_t device)
{
	size_t low = 0, high = r->m.host_count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (r->m.hosts[mid].device < device)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->m.host_count && r->m.hosts[low].device == device ? low : MATCH_NOBODY;
}

static void add_amt(struct reconcile *r, const struct store_reconcile_amt *row, bool is_interface)
{
	if (r->m.amt_count == r->amt_cap) {
		r->amt_cap = r->amt_cap ? 2 * r->amt_cap : 1024;
		r->m.amts = mem_grow(r->m.amts, r->amt_cap, sizeof(r->m.amts[0]));
		r->seen = mem_grow(r->seen, r->amt_cap, sizeof(r->seen[0]));
	}
	r->seen[r->m.amt_count] =
		(struct seen){is_interface, row->device, false, keep(r, row->realm), row->seen_at, row->valid_until};
	r->m.amts[r->m.amt_count++] = (struct match_amt){
		.id = row->id,
		.uuid = match_uuid(&row->uuid),
		.macs = keep(r, row->mac),
		.fqdn = keep_name(r, row->name),
		.address = keep_address(r, row->address),
	};
}

/* What belongs to a device without a record, was linked by hand, or is the interface that a device has, is not looked
 * at; nor is what has to be rediscovered first. */
static int see_discovered(void *arg, const struct store_reconcile_amt *row)
{
	struct reconcile *r = arg;
	size_t host = row->device ? find_host(r, row->device) : MATCH_NOBODY;
	r->after = row->id;
	if (row->device ? host == MATCH_NOBODY : row->valid_until <= r->now)
		return 0;
	if (host != MATCH_NOBODY) {
		struct own *own = &r->own[host];
		bool is_its_own = own->amt && strcmp(own->host, row->address) == 0;
		bool by_hand = !own->amt && own->pin == STORE_PIN_LINKED;
		own->by_hand = own->by_hand || by_hand;
		if (is_its_own || by_hand)
			return 0;
	}
	add_amt(r, row, false);
	return 0;
}

static int see_interface(void *arg, const struct store_reconcile_amt *row)
{
	struct reconcile *r = arg;
	r->after = row->id;
	add_amt(r, row, true);
	return 0;
}

static int see_bare(void *arg, int64_t device)
{
	struct reconcile *r = arg;
	if (r->bare_count == r->bare_cap) {
		r->bare_cap = r->bare_cap ? 2 * r->bare_cap : 1024;
		r->bare = mem_grow(r->bare, r->bare_cap, sizeof(r->bare[0]));
	}
	r->after = r->bare[r->bare_count++] = device;
	return 0;
}

static int see_finding(void *arg, const struct store_finding *row)
{
	struct reconcile *r = arg;
	if (r->was_count == r->was_cap) {
		r->was_cap = r->was_cap ? 2 * r->was_cap : 1024;
		r->was = mem_grow(r->was, r->was_cap, sizeof(r->was[0]));
	}
	r->was[r->was_count++] = *row;
	return 0;
}

static size_t count_read(const struct reconcile *r)
{
	return r->m.host_count + r->m.amt_count + r->bare_count + r->was_count;
}

static int read_page(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct store_finding last = {.kind = STORE_FINDING_DISCOVERED};
	switch (r->phase) {
	case READ_HOSTS:
		return store_reconcile_hosts(z->db, r->after, PAGE, see_host, r, e);
	case READ_DISCOVERED:
		return store_reconcile_discovered(z->db, r->after, PAGE, see_discovered, r, e);
	case READ_INTERFACES:
		return store_reconcile_interfaces(z->db, r->after, PAGE, see_interface, r, e);
	case READ_BARE:
		return store_reconcile_bare(z->db, r->after, PAGE, see_bare, r, e);
	default:
		if (r->was_count)
			last = r->was[r->was_count - 1];
		return store_finding_list(z->db, last.kind, last.object, PAGE, see_finding, r, e);
	}
}

static void next_phase(struct reconcile *r)
{
	r->phase++;
	r->after = 0;
	r->at = 0;
}

/* A page that moved nothing was behind the end. */
static int read_some(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int64_t after = r->after;
	size_t before = count_read(r);
	int rc = read_page(z, e);
	if (!rc && r->after == after && count_read(r) == before)
		next_phase(r);
	return rc;
}

/* Writing. */

static int audit_pair(struct zone *z, const char *by, const char *action, int64_t device, const char *detail,
		      struct err *e)
{
	struct store_device d;
	int rc = store_device_get(z->db, z->arena, device, &d, e);
	rc = rc ? rc : audit_add(z, by, action, arena_printf(z->arena, "device:%s", d.name), detail, e);
	return rc ? rc : device_tell(z, "changed", d.id, d.name, e);
}

static const char *detail_of(struct zone *z, const char *name, const char *value, const char *more, const char *other)
{
	struct buf text;
	struct json_writer w;
	buf_init(&text, 4096);
	json_writer_init(&w, &text);
	json_begin_object(&w, NULL);
	json_put_str(&w, name, value);
	if (more)
		json_put_str(&w, more, other);
	json_end(&w);
	const char *s = arena_str(z->arena, buf_bytes(&text));
	buf_release(&text);
	return s;
}

/* What was written about a device that goes is kept where the other says nothing. */
static int keep_note(struct zone *z, int64_t from, int64_t to, const char **ret_name, struct err *e)
{
	struct store_device d, target;
	int rc = store_device_get(z->db, z->arena, from, &d, e);
	rc = rc ? rc : store_device_get(z->db, z->arena, to, &target, e);
	if (rc)
		return rc;
	*ret_name = d.name;
	if (!*d.note || *target.note)
		return 0;
	target.note = d.note;
	target.changed_at = z->now;
	return store_device_put(z->db, &target, e);
}

int reconcile_merge(struct zone *z, const char *by, int64_t amt, int64_t from, int64_t to, enum match_reason *ret,
		    struct err *e)
{
	bool has_own = false, won;
	const char *name = "";
	*ret = MATCH_BUSY;
	if (queue_has_interface(z->queue, amt))
		return 0;
	int rc = store_reconcile_has_own(z->db, from, &has_own, e);
	*ret = MATCH_OWN_RULES;
	if (rc || has_own)
		return rc;
	rc = store_reconcile_move(z->db, amt, from, to, z->now, &won, e);
	*ret = MATCH_HAS_AMT;
	if (rc || !won)
		return rc;
	rc = keep_note(z, from, to, &name, e);
	rc = rc ? rc : store_device_delete(z->db, from, e);
	rc = rc ? rc : device_tell(z, "removed", from, name, e);
	*ret = MATCH_LINKED;
	return rc ? rc : audit_pair(z, by, "reconcile.link", to, detail_of(z, "was", name, NULL, NULL), e);
}

/* The last conversation with it failed because it was not there, or another one was. */
static bool was_not_there(int reason)
{
	static const int codes[] = {ERR_UNREACHABLE, ERR_REFUSED_PORT, ERR_NO_ANSWER,
				    ERR_NOT_AMT,     ERR_WRONG_DEVICE, ERR_TLS_PIN,
				    ERR_TIMEOUT,     ERR_CLOSED,       ERR_REALM_CHANGED};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (reason == REASON(codes[i]))
			return true;
	return false;
}

/* Both were seen at about the same time: one machine with two addresses, wired and wireless, has not moved. */
static bool is_there_still(const struct store_discovered *old, const struct seen *s, int last_reason)
{
	return old->seen_at > s->seen_at - ALIVE_MS && !(was_not_there(last_reason) && old->seen_at < s->seen_at);
}

/* The row of the address that an interface had. *ret_stays: it is to be found there. */
static int drop_old_address(struct zone *z, const char *address, const struct seen *s, int last_reason, bool *ret_stays,
			    struct err *e)
{
	struct store_discovered old;
	int rc = store_discovered_by_address(z->db, z->arena, address, &old, NULL);
	*ret_stays = rc == 0 && is_there_still(&old, s, last_reason);
	if (rc == ERR_NOT_FOUND || *ret_stays)
		return 0;
	return rc ? err_set(e, rc, "discovered \"%s\" cannot be read", address)
		  : store_discovered_delete(z->db, old.id, e);
}

static int see_device(void *arg, const struct store_amt_user *row)
{
	if (row->device)
		*(int64_t *)arg = row->device;
	return 0;
}

/* Whether something discovered may be the interface m: it was seen later, and its login realm, which is a device's own
 * from its set-up on, is no other. */
static bool may_be(const struct zone *z, const struct seen *s, const struct store_amt *m,
		   const struct store_amt_state *st)
{
	struct range_addr a;
	bool other_realm = *s->realm && *st->realm && strcmp(s->realm, st->realm) != 0;
	return !other_realm && s->valid_until > z->now && s->seen_at > st->seen_at &&
	       range_addr_parse(bytes_str(m->host), &a, NULL) == 0;
}

static int go_after(struct zone *z, size_t i, struct store_amt *m, int last_reason, bool *ret_done, struct err *e)
{
	struct reconcile *r = z->reconcile;
	const struct match_amt *a = &r->m.amts[i];
	bool stays;
	int64_t other = 0;
	int rc = store_amt_list_by_host(z->db, a->address, see_device, &other, e);
	if (rc || other)
		return rc;
	rc = drop_old_address(z, m->host, &r->seen[i], last_reason, &stays, e);
	if (rc || stays)
		return rc;
	log_event(LOG_NOTICE, "device found at another address", LOG_I("device", m->device), LOG_S("was", m->host),
		  LOG_S("is", a->address));
	const char *detail = detail_of(z, "was", m->host, "is", a->address);
	m->host = a->address;
	m->changed_at = z->now;
	rc = store_amt_put(z->db, m, e);
	rc = rc ? rc : store_discovered_link(z->db, a->id, m->device, e);
	*ret_done = true;
	return rc ? rc : audit_pair(z, BY_SERVER, "reconcile.follow", m->device, detail, e);
}

/* The interface of a device is followed to the address of something discovered. proven: by UUID or login realm; else
 * it must have been missed where it was. *ret_done: it is there now. */
static int follow(struct zone *z, size_t i, int64_t device, bool proven, bool *ret_done, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct store_amt m;
	struct store_amt_state st;
	*ret_done = false;
	int rc = store_amt_of_device(z->db, z->arena, device, &m, NULL);
	rc = rc ? rc : store_amt_state_get(z->db, z->arena, m.id, &st, NULL);
	if (rc)
		return rc == ERR_NOT_FOUND
			       ? 0
			       : err_set(e, rc, "AMT settings of device %lld cannot be read", (long long)device);
	if (!may_be(z, &r->seen[i], &m, &st) || (!proven && !was_not_there(st.last_reason)))
		return 0;
	if (queue_has_interface(z->queue, m.id)) {
		r->m.amts[i].reason = MATCH_BUSY;
		return 0;
	}
	return go_after(z, i, &m, st.last_reason, ret_done, e);
}

/* Whose interface this may be, found at another address: by the login realm, else by what it was matched with. */
static int find_followed(struct zone *z, size_t i, int64_t *ret_device, bool *ret_proven, struct err *e)
{
	struct reconcile *r = z->reconcile;
	const struct match_amt *a = &r->m.amts[i];
	const struct seen *s = &r->seen[i];
	*ret_device = 0;
	*ret_proven = true;
	int rc = *s->realm ? store_reconcile_by_realm(z->db, s->realm, ret_device, e) : 0;
	if (rc || *ret_device || a->reason != MATCH_HAS_AMT || a->key == MATCH_ADDRESS)
		return rc;
	*ret_device = r->m.hosts[a->host].device;
	*ret_proven = a->key == MATCH_UUID;
	return 0;
}

static int write_link(struct zone *z, size_t i, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct match_amt *a = &r->m.amts[i];
	struct seen *s = &r->seen[i];
	int64_t device = 0;
	bool proven, followed = false, won; /* not won: changed meanwhile, and the next run's */
	int rc = a->reason == MATCH_LINKED ? 0 : find_followed(z, i, &device, &proven, e);
	if (!rc && device)
		rc = follow(z, i, device, proven, &followed, e);
	s->followed = followed;
	if (rc || followed)
		return rc;
	int64_t want = a->reason == MATCH_LINKED ? r->m.hosts[a->host].device : 0;
	if (want == s->device)
		return 0;
	return store_reconcile_link(z->db, a->id, want, s->device, &won, e);
}

static int write_links(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int64_t before = db_total_changes(z->db);
	int rc = 0;
	for (; r->at < r->m.amt_count && db_total_changes(z->db) - before < WRITES && !rc; r->at++)
		if (!r->seen[r->at].is_interface)
			rc = write_link(z, r->at, e);
	if (!rc && r->at == r->m.amt_count)
		next_phase(r);
	return rc;
}

static int write_merges(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int rc = 0, n = 0;
	for (; r->at < r->m.amt_count && n < MERGES && !rc; r->at++) {
		struct match_amt *a = &r->m.amts[r->at];
		if (!r->seen[r->at].is_interface || a->reason != MATCH_LINKED)
			continue;
		struct match_host *h = &r->m.hosts[a->host];
		rc = reconcile_merge(z, BY_SERVER, a->id, r->seen[r->at].device, h->device, &a->reason, e);
		h->linked = a->reason == MATCH_LINKED;
		n++;
	}
	if (!rc && r->at == r->m.amt_count)
		next_phase(r);
	return rc;
}

/* What was found. */

static void find(struct reconcile *r, enum store_finding_kind kind, int64_t object, int reason, int key, int64_t other)
{
	const struct match_word *w = match_word(reason);
	if (r->is_count == r->is_cap) {
		r->is_cap = r->is_cap ? 2 * r->is_cap : 1024;
		r->is = mem_grow(r->is, r->is_cap, sizeof(r->is[0]));
	}
	r->is[r->is_count++] = (struct store_finding){kind, object, reason, key, other};
	r->row.unmatched_amt += w->kind == MATCH_UNMATCHED_AMT;
	r->row.unmatched_host += w->kind == MATCH_UNMATCHED_HOST;
	r->row.conflicts += w->kind == MATCH_CONFLICT;
}

static bool has_key(const struct match_host *h)
{
	struct match_amt same = {.uuid = h->uuid, .macs = h->macs, .fqdn = h->fqdn, .address = h->addresses};
	return match_common(h, &same) != MATCH_KEY_COUNT;
}

static void find_of_host(struct reconcile *r, size_t i)
{
	const struct match_host *h = &r->m.hosts[i];
	const struct own *own = &r->own[i];
	struct uuid uuid = match_uuid(&own->uuid);
	bool differs = !uuid_is_nil(&uuid) && !uuid_is_nil(&h->uuid) && !uuid_equal(&uuid, &h->uuid);
	int reason = MATCH_LINKED;
	if (h->bound)
		reason = differs && own->pin != STORE_PIN_LINKED ? MATCH_OWN_DIFFERS : MATCH_LINKED;
	else if (own->pin == STORE_PIN_APART)
		reason = MATCH_APART;
	else if (!h->linked && !own->by_hand)
		reason = h->claimed ? MATCH_IN_CONFLICT : has_key(h) ? MATCH_NO_AMT : MATCH_HOST_NO_KEYS;
	if (reason)
		find(r, STORE_FINDING_HOST, h->device, reason, MATCH_UUID, 0);
	else
		r->row.linked++;
}

static int compare(const void *a, const void *b)
{
	const struct store_finding *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->object < y->object ? -1 : x->object > y->object;
}

static int compare_all(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	r->is_count = 0;
	r->row.linked = r->row.unmatched_amt = r->row.unmatched_host = r->row.conflicts = 0;
	for (size_t i = 0; i < r->m.amt_count; i++) {
		const struct match_amt *a = &r->m.amts[i];
		const struct seen *s = &r->seen[i];
		if (a->reason != MATCH_LINKED && !s->followed)
			find(r, s->is_interface ? STORE_FINDING_AMT : STORE_FINDING_DISCOVERED,
			     s->is_interface ? s->device : a->id, a->reason, a->key,
			     a->host == MATCH_NOBODY ? 0 : r->m.hosts[a->host].device);
	}
	for (size_t i = 0; i < r->m.host_count; i++)
		find_of_host(r, i);
	for (size_t i = 0; i < r->bare_count; i++)
		find(r, STORE_FINDING_HOST, r->bare[i], MATCH_NOT_INVENTORIED, MATCH_UUID, 0);
	if (r->is_count)
		qsort(r->is, r->is_count, sizeof(r->is[0]), compare);
	next_phase(r);
	return 0;
}

static const struct store_finding *find_in(const struct store_finding *v, size_t count, const struct store_finding *f)
{
	return count ? bsearch(f, v, count, sizeof(*v), compare) : NULL;
}

static bool is_same(const struct store_finding *a, const struct store_finding *b)
{
	return a && a->reason == b->reason && a->key == b->key && a->other == b->other;
}

static int write_findings(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int rc = 0, n = 0;
	for (; r->at < r->is_count && n < WRITES && !rc; r->at++) {
		const struct store_finding *f = &r->is[r->at];
		if (is_same(find_in(r->was, r->was_count, f), f))
			continue;
		rc = store_finding_put(z->db, f, e);
		n++;
	}
	if (!rc && r->at == r->is_count)
		next_phase(r);
	return rc;
}

static int drop_findings(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int rc = 0, n = 0;
	for (; r->at < r->was_count && n < WRITES && !rc; r->at++) {
		const struct store_finding *f = &r->was[r->at];
		if (find_in(r->is, r->is_count, f))
			continue;
		rc = store_finding_delete(z->db, f->kind, f->object, e);
		n++;
	}
	if (!rc && r->at == r->was_count)
		next_phase(r);
	return rc;
}

static int say(struct zone *z, struct err *e)
{
	const struct store_reconcile *row = &z->reconcile->row;
	struct message m = {
		.id = row->conflicts ? MESSAGE_RECONCILE_CONFLICTS : MESSAGE_RECONCILED,
		.by = row->started_by,
		.kind = MESSAGE_OF_ZONE,
	};
	m.text = arena_printf(
		z->arena,
		"reconciliation ended: %lld linked, %lld AMT interfaces and %lld devices without their other "
		"half, %lld conflicts",
		(long long)row->linked, (long long)row->unmatched_amt, (long long)row->unmatched_host,
		(long long)row->conflicts);
	return message_add(z, &m, e);
}

static int end(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	struct store_zone zone;
	int rc = r->row.changed ? say(z, e) : 0;
	r->row.ended_at = z->now;
	rc = rc ? rc : store_reconcile_put(z->db, &r->row, e);
	rc = rc ? rc : store_zone_get(z->db, z->arena, &zone, e);
	rc = rc ? rc : find_due(z, zone.created_at, e);
	if (rc)
		return rc;
	r->phase = DONE;
	return 0;
}

static int write_some(struct zone *z, struct err *e)
{
	switch (z->reconcile->phase) {
	case WRITE_LINKS:
		return write_links(z, e);
	case WRITE_MERGES:
		return write_merges(z, e);
	case COMPARE:
		return compare_all(z, e);
	case WRITE_FINDINGS:
		return write_findings(z, e);
	default:
		return drop_findings(z, e);
	}
}

static void match_some(struct reconcile *r)
{
	if (r->phase == MATCH_FIRST)
		match_begin(&r->m);
	match_pass(&r->m, (enum match_key)(r->phase - MATCH_FIRST));
	if (r->phase == MATCH_LAST)
		match_end(&r->m);
	next_phase(r);
}

static int run_slice(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int64_t before = db_total_changes(z->db);
	arena_reset(z->arena);
	z->run_again = true;
	if (r->phase == END)
		return end(z, e);
	if (r->phase < MATCH_FIRST)
		return read_some(z, e);
	if (r->phase <= MATCH_LAST) {
		match_some(r);
		return 0;
	}
	int rc = write_some(z, e);
	r->row.changed += db_total_changes(z->db) - before;
	return rc;
}

static int start_due(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	r->row.handled = z->now;
	r->due = INT64_MAX;
	if (r->phase == IDLE)
		return reconcile_start(z, BY_SCHEDULE, e);
	return store_reconcile_put(z->db, &r->row, e);
}

static int look_again(struct zone *z, struct err *e)
{
	struct store_zone zone;
	int rc = store_zone_get(z->db, z->arena, &zone, e);
	return rc ? rc : find_due(z, zone.created_at, e);
}

int reconcile_step(struct zone *z, struct err *e)
{
	struct reconcile *r = z->reconcile;
	int rc = 0;
	if (z->stopping)
		return 0;
	if (z->now >= r->look_at)
		rc = look_again(z, e);
	if (!rc && z->now >= r->due)
		rc = start_due(z, e);
	if (!rc && r->wanted && r->phase == IDLE)
		begin(z);
	return rc || r->phase == IDLE || r->phase == DONE ? rc : run_slice(z, e);
}
