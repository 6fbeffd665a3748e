/* Discovery: scans, and what they see. A sighting is a hint: it never causes an act by itself. */
#include <stdlib.h>

#include "base/base.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/range.h"
#include "store/discovered.h"
#include "store/scan.h"
#include "zone/crash.h"
#include "zone/device.h"
#include "zone/discover.h"
#include "zone/hello.h"
#include "zone/task.h"

#define SCAN_ADDRESSES_MAX (UINT64_C(1) << 24)
#define TCP_AUTO_MAX       4096
#define PASSES_MAX         10
#define SPEC_MAX           (1 << 20)
#define WRITE_MS           1000 /* between two writes of a scan's progress */
#define RMCP_PORT          623
#define PLAIN_PORT         16992
#define TLS_PORT           16993

bool discover_uuid_is_none(const struct uuid *u)
{
	/* Left by board makers who set none; in both byte orders. */
	static const char *const defaults[] = {
		"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
		"12345678-1234-5678-90ab-cddeefaabbcc", "78563412-3412-7856-90ab-cddeefaabbcc",
		"01234567-8910-1112-1314-151617181920", "4c4c4544-0000-2010-8020-80c04f202020",
	};
	char text[UUID_TEXT_SIZE];
	bool all_same = true;
	for (size_t i = 1; i < sizeof(u->b); i++)
		all_same = all_same && u->b[i] == u->b[0];
	if (all_same)
		return true;
	uuid_text(u, text);
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (strcmp(text, defaults[i]) == 0)
			return true;
	return false;
}

static struct scan *scan_get(const struct zone *z, int64_t id)
{
	for (struct list *l = z->scans.next; l != &z->scans; l = l->next)
		if (LIST_ENTRY(l, struct scan, link)->id == id)
			return LIST_ENTRY(l, struct scan, link);
	return NULL;
}

static void scan_add(struct zone *z, int64_t id, int64_t found_new)
{
	struct scan *s = mem_alloc(sizeof(*s));
	s->id = id;
	s->found_new = found_new;
	list_append(&z->scans, &s->link);
}

static void scan_free(struct scan *s)
{
	list_remove(&s->link);
	free(s);
}

void discover_forget(struct zone *z)
{
	LIST_EACH(&z->scans, it, safe)
		scan_free(LIST_ENTRY(it, struct scan, link));
}

static int see_scan(void *arg, const struct store_scan *row)
{
	scan_add(arg, row->id, row->found_new);
	return 0;
}

static int find_next_end(struct zone *z, int64_t after, struct err *e)
{
	int64_t at;
	int rc = store_discovered_next_end(z->db, after, &at, e);
	if (!rc)
		z->expiry_at = at ? at : INT64_MAX;
	return rc;
}

int discover_load(struct zone *z, struct err *e)
{
	int rc = store_scan_list_open(z->db, z->server, see_scan, z, e);
	rc = rc ? rc : store_discovered_count_hello(z->db, &z->hello_rows, e);
	return rc ? rc : find_next_end(z, z->now, e);
}

/* Sightings. */

static const char *provisioned_name(enum store_provisioned p)
{
	static const char *const names[] = {"unknown", "unconfigured", "configured", "in_setup"};
	return names[p];
}

static int tell_discovered(struct zone *z, const struct store_discovered *d, int64_t scan, const char *change,
			   struct err *e)
{
	struct json_writer w;
	struct buf data;
	char uuid[UUID_TEXT_SIZE];
	uuid_text(&d->uuid, uuid);
	buf_init(&data, 8192);
	json_writer_init(&w, &data);
	json_begin_object(&w, NULL);
	json_put_str(&w, "address", d->address);
	json_put_str(&w, "host", *d->name ? d->name : NULL);
	json_put_str(&w, "uuid", uuid_is_nil(&d->uuid) ? NULL : uuid);
	json_put_str(&w, "amt_version", *d->version ? d->version : NULL);
	json_put_str(&w, "state", provisioned_name(d->provisioned));
	json_put_bool(&w, "valid", d->valid_until > z->now);
	json_end(&w);
	struct tell t = {"discovered", change, d->id, d->address, 0, scan, buf_bytes(&data)};
	int rc = event_tell(z, &t, e);
	buf_release(&data);
	return rc;
}

static unsigned sources_of(const struct sighting *m)
{
	return (m->rmcp ? STORE_SOURCE_RMCP : 0) | (m->tcp ? STORE_SOURCE_TCP : 0) | (m->scan ? 0 : STORE_SOURCE_HELLO);
}

static enum store_answer answer_of(bool yes)
{
	return yes ? STORE_ANSWER_YES : STORE_ANSWER_NO;
}

static enum store_provisioned provisioned_of(int provisioning)
{
	return provisioning == 2   ? STORE_PROVISIONED_YES
	       : provisioning == 1 ? STORE_PROVISIONED_IN_SETUP
	       : provisioning == 0 ? STORE_PROVISIONED_NO
				   : STORE_PROVISIONED_UNKNOWN;
}

/* What was seen replaces what was known; what was not seen this time stays. True when something worth telling changed.
 */
static bool merge(struct store_discovered *d, const struct sighting *m, int64_t now)
{
	struct store_discovered was = *d;
	bool was_valid = d->valid_until > now;
	d->sources |= sources_of(m);
	d->seen_at = now;
	if (m->has_plain)
		d->plain = answer_of(m->plain);
	if (m->has_tls)
		d->tls = answer_of(m->tls);
	if (m->has_uuid && !discover_uuid_is_none(&m->uuid))
		d->uuid = m->uuid;
	if (m->provisioning >= 0)
		d->provisioned = provisioned_of(m->provisioning);
	if (*m->version)
		d->version = m->version;
	if (*m->realm)
		d->realm = m->realm;
	if (*m->host)
		d->name = m->host;
	bool new_hello = m->hello && hello_merge(&d->hello, m->hello, now);
	d->reason = REASON(m->note);
	d->transport = d->tls == STORE_ANSWER_YES     ? STORE_TRANSPORT_TLS
		       : d->plain == STORE_ANSWER_YES ? STORE_TRANSPORT_PLAIN
						      : d->transport;
	d->port = d->transport == STORE_TRANSPORT_TLS     ? TLS_PORT
		  : d->transport == STORE_TRANSPORT_PLAIN ? PLAIN_PORT
							  : d->port;
	return new_hello || !was_valid || was.plain != d->plain || was.tls != d->tls ||
	       was.provisioned != d->provisioned || was.reason != d->reason || !uuid_equal(&was.uuid, &d->uuid) ||
	       strcmp(was.version, d->version) != 0 || strcmp(was.name, d->name) != 0;
}

struct same {
	struct zone *z;
	int64_t id; /* 0: none */
	char address[RANGE_ADDR_TEXT_SIZE];
};

static int see_same(void *arg, const struct store_discovered *row)
{
	struct same *s = arg;
	if (!s->id)
		s->id = row->id;
	return 0;
}

/* One machine is one row: the one of its UUID, else the one of its address. *ret_known says whether there is one. */
static int find_row(struct zone *z, const struct sighting *m, const char *address, struct store_discovered *ret,
		    bool *ret_known, struct err *e)
{
	struct same same = {.z = z};
	bool has_uuid = m->has_uuid && !discover_uuid_is_none(&m->uuid);
	int rc = has_uuid ? store_discovered_by_uuid(z->db, &m->uuid, see_same, &same, e) : 0;
	if (rc)
		return rc;
	rc = store_discovered_by_address(z->db, z->arena, address, ret, NULL);
	if (rc && rc != ERR_NOT_FOUND)
		return err_set(e, rc, "discovered \"%s\" cannot be read", address);
	bool at_address = rc == 0;
	*ret_known = at_address || same.id;
	if (same.id && (!at_address || ret->id != same.id)) {
		/* The machine has this address now; who had it before is somewhere else, or was this one unnamed. */
		rc = at_address ? store_discovered_delete(z->db, ret->id, e) : 0;
		return rc ? rc : store_discovered_get(z->db, z->arena, same.id, ret, e);
	}
	if (at_address && has_uuid && !uuid_is_nil(&ret->uuid) && !uuid_equal(&ret->uuid, &m->uuid))
		*ret = (struct store_discovered){
			.id = ret->id, .name = "", .version = "", .realm = "", .detail = "", .first_at = z->now};
	return 0;
}

static int see_device(void *arg, const struct store_amt_user *row)
{
	int64_t *device = arg;
	if (row->device && !*device)
		*device = row->device;
	return 0;
}

/* The device of the same machine is found again where its address moved to (an IP address only; a name follows DNS). A
 * forged sighting gains nothing that a forged address would not: pin and realm are still checked at the next login. */
static int follow_move(struct zone *z, int64_t device, const struct store_discovered *d, struct err *e)
{
	struct store_amt m;
	struct store_amt_state s;
	struct store_device row;
	struct range_addr a;
	int rc = store_amt_of_device(z->db, z->arena, device, &m, NULL);
	if (rc || strcmp(m.host, d->address) == 0 || range_addr_parse(bytes_str(m.host), &a, NULL))
		return rc == ERR_NOT_FOUND ? 0 : rc;
	rc = store_amt_state_get(z->db, z->arena, m.id, &s, e);
	if (rc || (*s.realm && strcmp(s.realm, d->realm) != 0) || queue_has_interface(z->queue, m.id))
		return rc;
	int64_t other = 0;
	rc = store_amt_list_by_host(z->db, d->address, see_device, &other, e);
	rc = rc ? rc : store_device_get(z->db, z->arena, device, &row, e);
	if (rc || other)
		return rc;
	log_event(LOG_NOTICE, "device found at another address", LOG_S("device", row.name), LOG_S("was", m.host),
		  LOG_S("is", d->address));
	m.host = d->address;
	m.changed_at = z->now;
	rc = store_amt_put(z->db, &m, e);
	return rc ? rc : device_tell(z, "changed", device, row.name, e);
}

/* The device that this is, by UUID, else by address. */
static int link_device(struct zone *z, struct store_discovered *d, bool asked, struct err *e)
{
	int64_t device = 0;
	int rc = uuid_is_nil(&d->uuid) ? 0 : store_amt_list_by_uuid(z->db, &d->uuid, see_device, &device, e);
	if (!rc && device && asked)
		rc = follow_move(z, device, d, e);
	if (!rc && !device)
		rc = store_amt_list_by_host(z->db, d->address, see_device, &device, e);
	if (!rc && device)
		d->device = device;
	return rc;
}

static int write_sighting(struct zone *z, const struct sighting *m, const char *address, struct err *e)
{
	struct store_discovered d = {.name = "", .version = "", .realm = "", .detail = "", .first_at = z->now};
	bool known;
	int rc = find_row(z, m, address, &d, &known, e);
	if (rc)
		return rc;
	bool moved = known && (!d.address || strcmp(d.address, address) != 0);
	bool changed = merge(&d, m, z->now) || moved;
	d.address = address;
	d.valid_until = later(z->now, setting(z, SETTING_DISCOVERY_VALIDITY));
	rc = link_device(z, &d, m->scan != 0, e);
	if (!rc && !known && !m->scan)
		rc = hello_make_room(z, e);
	if (!rc && !known)
		rc = new_id(z, STORE_ID_DISCOVERED, &d.id, e);
	rc = rc ? rc : known ? store_discovered_put(z->db, &d, e) : store_discovered_add(z->db, &d, e);
	if (rc)
		return rc;
	crash_mark(z, CRASH_DISCOVERED);
	struct scan *s = scan_get(z, (int64_t)m->scan);
	if (s && !known)
		s->found_new++;
	if (d.valid_until < z->expiry_at)
		z->expiry_at = d.valid_until;
	return known && !changed ? 0 : tell_discovered(z, &d, (int64_t)m->scan, known ? "changed" : "added", e);
}

int discover_on_sighting(struct zone *z, const struct sighting *m, struct err *e)
{
	struct range_addr a;
	char address[RANGE_ADDR_TEXT_SIZE];
	if (range_addr_parse(bytes_str(m->address), &a, NULL) || setting_check_address(z, &a, NULL))
		return 0;
	range_addr_text(&a, address);
	return write_sighting(z, m, address, e);
}

struct ended {
	struct zone *z;
	int count;
	int64_t last_until, last_id;
	struct err *e;
};

static int see_ended(void *arg, const struct store_discovered *row)
{
	struct ended *n = arg;
	n->count++;
	n->last_until = row->valid_until;
	n->last_id = row->id;
	return row->device ? 0 : tell_discovered(n->z, row, 0, "changed", n->e);
}

int discover_expire(struct zone *z, struct err *e)
{
	struct ended n = {.z = z, .e = e, .last_until = z->expiry_at};
	if (z->now < z->expiry_at)
		return 0;
	int64_t after = z->expiry_at - 1;
	int rc = store_discovered_ended(z->db, after, z->now, after, 0, ZONE_SLICE, see_ended, &n, e);
	if (rc || n.count < ZONE_SLICE)
		return rc ? rc : find_next_end(z, z->now, e);
	/* Several may end in the same millisecond: that one is told again from its start, which does no harm. */
	z->expiry_at = n.last_until > z->expiry_at ? n.last_until : n.last_until + 1;
	z->run_again = true;
	return 0;
}

/* Scans. */

static int tell_scan(struct zone *z, const struct store_scan *s, const char *change, int64_t rate, int64_t left_ms,
		     struct err *e)
{
	struct json_writer w;
	struct buf data;
	buf_init(&data, 4096);
	json_writer_init(&w, &data);
	json_begin_object(&w, NULL);
	json_put_str(&w, "state", scan_state_name(s->state));
	json_put_i64(&w, "total", s->total);
	json_put_i64(&w, "done", s->asked);
	json_put_i64(&w, "found", s->found);
	json_put_i64(&w, "rate", rate);
	if (left_ms >= 0)
		json_put_i64(&w, "left_ms", left_ms);
	else
		json_put_null(&w, "left_ms");
	json_put_str(&w, "reason", s->reason ? err_name(-s->reason) : NULL);
	json_put_str(&w, "message", s->reason ? err_sentence(-s->reason) : NULL);
	json_put_str(&w, "detail", *s->detail ? s->detail : NULL);
	json_end(&w);
	struct tell t = {"scan", change, s->id, "", 0, s->id, buf_bytes(&data)};
	int rc = 0;
	if (strcmp(change, "progress") == 0)
		event_tell_progress(z, &t);
	else
		rc = event_tell(z, &t, e);
	buf_release(&data);
	return rc;
}

int discover_on_progress(struct zone *z, const struct scan_progress *m, struct err *e)
{
	struct store_scan row;
	struct scan *s = scan_get(z, (int64_t)m->scan);
	if (!s)
		return 0;
	int rc = store_scan_get(z->db, z->arena, s->id, &row, e);
	if (rc)
		return rc;
	row.asked = (int64_t)m->done;
	row.found = (int64_t)m->found;
	row.found_new = s->found_new;
	if (z->now - s->written_at >= WRITE_MS) {
		s->written_at = z->now;
		rc = store_scan_put(z->db, &row, e);
	}
	return rc ? rc : tell_scan(z, &row, "progress", m->rate, m->left_ms, e);
}

static int say_ended(struct zone *z, const struct store_scan *row, int code, struct err *e)
{
	bool failed = row->state == SCAN_STATE_FAILED;
	struct message m = {
		.id = failed ? MESSAGE_SCAN_FAILED : MESSAGE_SCAN_ENDED,
		.by = row->requested_by,
		.kind = MESSAGE_OF_SCAN,
		.object = row->id,
		.related = row->id,
		.more = row->detail,
	};
	m.text = failed ? arena_printf(z->arena, "discovery task %lld failed: %s; %s", (long long)row->id,
				       err_sentence(code), err_next(code))
			: arena_printf(z->arena,
				       "discovery task %lld ended: %lld AMT interfaces found, %lld of them new",
				       (long long)row->id, (long long)row->found, (long long)row->found_new);
	return message_add(z, &m, e);
}

static int end_scan(struct zone *z, struct scan *s, struct store_scan *row, enum scan_state state, int code,
		    struct err *e)
{
	row->state = state;
	row->reason = REASON(code);
	row->ended_at = z->now;
	row->found_new = s->found_new;
	scan_free(s);
	int rc = store_scan_put(z->db, row, e);
	int64_t took = z->now - row->started_at;
	rc = rc ? rc : tell_scan(z, row, "final", took > 0 ? row->asked * 1000 / took : 0, -1, e);
	return rc ? rc : say_ended(z, row, code, e);
}

int discover_on_end(struct zone *z, const struct scan_progress *m, struct err *e)
{
	struct store_scan row;
	struct scan *s = scan_get(z, (int64_t)m->scan);
	if (z->scan_in_wire == (int64_t)m->scan)
		z->scan_in_wire = 0;
	if (!s)
		return 0;
	int rc = store_scan_get(z->db, z->arena, s->id, &row, e);
	if (rc)
		return rc;
	row.asked = (int64_t)m->done;
	row.found = (int64_t)m->found;
	row.detail = m->detail;
	if (s->cancelled || m->reason == ERR_CANCELLED) {
		if (z->stopping && !s->cancelled)
			return 0; /* it goes on, from its beginning, after the next start */
		return end_scan(z, s, &row, SCAN_STATE_CANCELLED, ERR_CANCELLED, e);
	}
	return end_scan(z, s, &row, m->reason ? SCAN_STATE_FAILED : SCAN_STATE_DONE, m->reason, e);
}

/* What was ordered, as it stands in the spec. */
struct spec {
	const char *ranges, *exclude; /* joined with commas */
	bool tcp, ping_only;
	int64_t rate, passes;
};

static void join(struct buf *out, const struct json_t *list)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *s;
		if (json_at_str(list, i, API_STR_MAX, &s, NULL))
			continue;
		buf_adds(out, out->len ? "," : "");
		buf_adds(out, s);
	}
}

static void put_parts(struct json_writer *w, const char *name, const char *joined)
{
	json_begin_array(w, name);
	while (joined && *joined) {
		size_t n = strcspn(joined, ", ");
		if (n)
			json_put_bytes(w, NULL, BYTES(joined, n));
		joined += n;
		joined += *joined ? 1 : 0;
	}
	json_end(w);
}

static void write_spec(const struct spec *s, struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	put_parts(&w, "ranges", s->ranges);
	put_parts(&w, "exclude", s->exclude);
	json_put_bool(&w, "tcp", s->tcp);
	json_put_bool(&w, "ping_only", s->ping_only);
	json_put_i64(&w, "rate", s->rate);
	json_put_i64(&w, "passes", s->passes);
	json_end(&w);
}

static void add_excluded(struct buf *out, const struct zone *z)
{
	buf_adds(out, out->len ? "," : "");
	buf_adds(out, setting_never_scanned(z));
}

static bool has_addresses(const char *ranges, const char *exclude)
{
	struct range r;
	range_init(&r);
	bool some = range_parse(ranges, *exclude ? exclude : NULL, UINT64_MAX, &r, NULL) == 0;
	range_release(&r);
	return some;
}

static int parse_ranges(const struct zone *z, const char *ranges, const char *exclude, struct range *r, struct err *e)
{
	struct buf out;
	buf_init(&out, SPEC_MAX);
	buf_adds(&out, exclude);
	add_excluded(&out, z);
	int rc = buf_check(&out, e, "list of ranges");
	rc = rc ? rc : range_parse(ranges, buf_cstr(&out), SCAN_ADDRESSES_MAX, r, e);
	buf_release(&out);
	if (rc == ERR_MISSING && has_addresses(ranges, exclude))
		return err_set(e, ERR_NET_NOT_ALLOWED,
			       "range: no address is left in it: these are never scanned (loopback unless it is "
			       "allowed, link-local, multicast)");
	return rc;
}

static int read_spec(const struct zone *z, const char *text, struct scan_start *m, struct err *e)
{
	struct json_t *doc;
	const struct json_t *ranges = NULL, *exclude = NULL;
	struct buf in, out;
	bool tcp = false, ping_only = false;
	int64_t rate = 0, passes = 0;
	int rc = json_parse(bytes_str(text), SPEC_MAX, &doc, e);
	if (rc)
		return rc;
	buf_init(&in, SPEC_MAX);
	buf_init(&out, SPEC_MAX);
	rc = json_get_array(doc, "ranges", API_STRS_MAX, &ranges, e);
	rc = rc ? rc : json_opt_array(doc, "exclude", API_STRS_MAX, &exclude, e);
	rc = rc ? rc : json_opt_bool(doc, "tcp", &tcp, e);
	rc = rc ? rc : json_opt_bool(doc, "ping_only", &ping_only, e);
	rc = rc ? rc : json_opt_i64(doc, "rate", 0, UINT32_MAX, &rate, e);
	rc = rc ? rc : json_opt_i64(doc, "passes", 0, PASSES_MAX, &passes, e);
	if (!rc) {
		join(&in, ranges);
		join(&out, exclude);
		rc = parse_ranges(z, buf_cstr(&in), buf_cstr(&out), m->ranges, e);
	}
	m->tcp = tcp;
	m->presence_only = ping_only;
	m->rate = (uint32_t)rate;
	m->passes = (uint32_t)passes;
	buf_release(&in);
	buf_release(&out);
	json_free(doc);
	return rc;
}

static int start_scan(struct zone *z, struct scan *s, struct err *e)
{
	struct store_scan row;
	struct err why = ERR_INIT;
	int rc = store_scan_get(z->db, z->arena, s->id, &row, e);
	if (rc)
		return rc;
	struct scan_start *m = scan_start_new();
	m->scan = (uint64_t)s->id;
	m->ranges = mem_alloc(sizeof(*m->ranges));
	range_init(m->ranges);
	m->rmcp_port = RMCP_PORT;
	m->plain_port = PLAIN_PORT;
	m->tls_port = TLS_PORT;
	rc = read_spec(z, row.spec, m, &why);
	if (rc) {
		m->mail.free(&m->mail);
		row.detail = why.msg;
		return end_scan(z, s, &row, SCAN_STATE_FAILED, rc, e);
	}
	row.state = SCAN_STATE_RUNNING;
	row.started_at = z->now;
	z->scan_in_wire = s->id;
	chain_add(&z->to_wire, &m->mail);
	rc = store_scan_put(z->db, &row, e);
	return rc ? rc : tell_scan(z, &row, "changed", 0, -1, e);
}

int discover_start_next(struct zone *z, struct err *e)
{
	struct scan *s;
	int rc = 0;
	while (!rc && !z->stopping && !z->scan_in_wire && (s = LIST_FIRST(&z->scans, struct scan, link)))
		rc = start_scan(z, s, e);
	return rc;
}

static int add_scan(struct command *c, const struct spec *spec, uint64_t total, int64_t *ret_id, struct err *e)
{
	struct zone *z = c->z;
	struct buf text;
	buf_init(&text, SPEC_MAX);
	write_spec(spec, &text);
	int rc = buf_check(&text, e, "list of ranges");
	struct store_scan row = {
		.spec = buf_cstr(&text),
		.state = SCAN_STATE_WAITING,
		.server = z->server,
		.requested_by = c->m->by.name,
		.created_at = z->now,
		.total = (int64_t)total,
		.detail = "",
	};
	rc = rc ? rc : new_id(z, STORE_ID_OBJECT, &row.id, e);
	rc = rc ? rc : store_scan_add(z->db, &row, e);
	rc = rc ? rc : tell_scan(z, &row, "added", 0, -1, e);
	buf_release(&text);
	if (rc)
		return rc;
	scan_add(z, row.id, 0);
	c->object = arena_printf(c->arena, "scan:%lld", (long long)row.id);
	*ret_id = row.id;
	return 0;
}

static const char *join_arg(struct command *c, const char *name)
{
	struct buf out;
	size_t count = 0;
	const struct bytes *parts = api_has(c->call, name) ? api_strs(c->call, name, &count) : NULL;
	buf_init(&out, SPEC_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_adds(&out, out.len ? "," : "");
		buf_add_bytes(&out, parts[i]);
	}
	const char *s = arena_str(c->arena, buf_bytes(&out));
	buf_release(&out);
	return s;
}

static int read_rate(struct command *c, struct spec *s, struct err *e)
{
	uint64_t n;
	const char *rate = api_str(c->call, "rate");
	s->rate = setting(c->z, SETTING_SCAN_RATE);
	if (!rate)
		return 0;
	if (strcmp(rate, "max") == 0) {
		s->rate = 0;
		return 0;
	}
	if (!text_to_u64(bytes_str(rate), &n) || n == 0 || n > (uint64_t)setting_row(SETTING_SCAN_RATE)->max)
		return err_set(e, ERR_INVALID, "rate \"%s\" is neither max nor 1 to %lld", rate,
			       (long long)setting_row(SETTING_SCAN_RATE)->max);
	s->rate = (int64_t)n;
	return 0;
}

static int read_tcp(struct command *c, uint64_t addresses, struct spec *s, struct err *e)
{
	const char *tcp = command_str(c, "tcp", "auto");
	if (strcmp(tcp, "auto") && strcmp(tcp, "always") && strcmp(tcp, "never"))
		return err_set(e, ERR_INVALID, "tcp \"%s\" is none of auto, always, never", tcp);
	if (s->ping_only && tcp[1] == 'l')
		return err_set(e, ERR_INVALID, "ping-only and tcp \"always\" exclude each other");
	s->tcp = tcp[1] == 'l' || (tcp[1] == 'u' && !s->ping_only && addresses <= TCP_AUTO_MAX);
	return 0;
}

static int count_addresses(const struct zone *z, const struct spec *s, uint64_t *ret, struct err *e)
{
	struct range r;
	range_init(&r);
	int rc = parse_ranges(z, s->ranges, s->exclude, &r, e);
	rc = rc ? rc : setting_check_ranges(z, s->ranges, s->exclude, e);
	if (!rc)
		*ret = range_count(&r);
	range_release(&r);
	return rc;
}

int command_DISCOVER(struct command *c, struct err *e)
{
	struct spec s = {
		.ranges = join_arg(c, "ranges"),
		.exclude = join_arg(c, "exclude"),
		.ping_only = api_bool(c->call, "ping-only"),
		.passes = api_int(c->call, "passes", setting(c->z, SETTING_SCAN_PASSES)),
	};
	uint64_t total = 0;
	int64_t id;
	int rc = count_addresses(c->z, &s, &total, e);
	rc = rc ? rc : read_rate(c, &s, e);
	rc = rc ? rc : read_tcp(c, total, &s, e);
	if (!rc && (s.passes < 1 || s.passes > PASSES_MAX))
		rc = err_set(e, ERR_INVALID, "passes %lld is not between 1 and %d", (long long)s.passes, PASSES_MAX);
	rc = rc ? rc : add_scan(c, &s, total, &id, e);
	return rc ? rc : answer_ref(c, id, "");
}

int command_SCAN_CANCEL(struct command *c, struct err *e)
{
	struct store_scan row;
	int64_t id = api_int(c->call, "scan", 0);
	int rc = store_scan_get(c->z->db, c->arena, id, &row, NULL);
	if (rc)
		return err_set(e, rc, "discovery task %lld does not exist", (long long)id);
	c->object = arena_printf(c->arena, "scan:%lld", (long long)id);
	struct scan *s = scan_get(c->z, id);
	if (!s)
		return 0;
	s->cancelled = true;
	if (c->z->scan_in_wire != id)
		return end_scan(c->z, s, &row, SCAN_STATE_CANCELLED, ERR_CANCELLED, e);
	struct scan_cancel *m = scan_cancel_new();
	m->scan = (uint64_t)id;
	chain_add(&c->z->to_wire, &m->mail);
	return 0;
}

/* Discovered things by address or id. */

int discover_find(struct command *c, const char *text, struct store_discovered *ret, struct err *e)
{
	uint64_t id;
	struct range_addr a;
	char address[RANGE_ADDR_TEXT_SIZE];
	int rc = ERR_NOT_FOUND;
	if (range_addr_parse(bytes_str(text), &a, NULL) == 0) {
		range_addr_text(&a, address);
		rc = store_discovered_by_address(c->z->db, c->arena, address, ret, NULL);
	} else if (text_to_u64(bytes_str(text), &id) && id <= INT64_MAX) {
		rc = store_discovered_get(c->z->db, c->arena, (int64_t)id, ret, NULL);
	}
	if (!rc)
		return 0;
	command_name(c, text);
	return err_set(e, rc, "discovered interface \"%s\" does not exist", text);
}

/* Rediscovery: one scan for every so many addresses, because a scan's ranges have so many parts. They run one after the
 * other, so the last one's end is the end of all. */
struct renewal {
	struct command *c;
	struct spec spec;
	struct buf ranges;
	size_t parts;
	int64_t last_scan, after;
	int rows;
};

static int add_renewal_scan(struct renewal *r, struct err *e)
{
	uint64_t total = 0;
	if (!r->parts)
		return 0;
	r->spec.ranges = buf_cstr(&r->ranges);
	int rc = count_addresses(r->c->z, &r->spec, &total, e);
	rc = rc ? rc : add_scan(r->c, &r->spec, total, &r->last_scan, e);
	buf_reset(&r->ranges);
	r->parts = 0;
	return rc;
}

static int renew_address(struct renewal *r, const char *address, struct err *e)
{
	buf_adds(&r->ranges, r->parts ? "," : "");
	buf_adds(&r->ranges, address);
	return ++r->parts == RANGE_PARTS_MAX ? add_renewal_scan(r, e) : 0;
}

struct address_page {
	char (*addresses)[RANGE_ADDR_TEXT_SIZE];
	int count;
	int64_t last;
};

static int see_address(void *arg, const struct store_discovered *row)
{
	struct address_page *p = arg;
	bytes_to_str(bytes_str(row->address), p->addresses[p->count++], RANGE_ADDR_TEXT_SIZE);
	p->last = row->id;
	return 0;
}

static int renew_all(struct renewal *r, struct err *e)
{
	struct address_page p = {.addresses = mem_array(ZONE_SLICE, RANGE_ADDR_TEXT_SIZE)};
	int rc;
	do {
		struct store_discovered_filter f = {.after_id = p.last, .imported = -1, .limit = ZONE_SLICE};
		p.count = 0;
		rc = store_discovered_list(r->c->z->db, &f, see_address, &p, e);
		for (int i = 0; i < p.count && !rc; i++)
			rc = renew_address(r, p.addresses[i], e);
	} while (!rc && p.count == ZONE_SLICE);
	free(p.addresses);
	return rc;
}

static int renew_named(struct renewal *r, struct err *e)
{
	size_t count = 0;
	struct command *c = r->c;
	const struct bytes *names = api_has(c->call, "discovered") ? api_strs(c->call, "discovered", &count) : NULL;
	int rc = count ? 0 : err_set(e, ERR_MISSING, "no discovered interface is named; name some or ask for all");
	struct store_discovered d;
	for (size_t i = 0; i < count && !rc; i++)
		rc = discover_find(c, (const char *)names[i].p, &d, e);
	for (size_t i = 0; i < count && !rc; i++) {
		rc = discover_find(c, (const char *)names[i].p, &d, e);
		rc = rc ? rc : renew_address(r, d.address, e);
	}
	return rc;
}

int command_DISCOVERED_RENEW(struct command *c, struct err *e)
{
	struct renewal r = {
		.c = c,
		.spec = {.exclude = "",
			 .tcp = true,
			 .rate = setting(c->z, SETTING_SCAN_RATE),
			 .passes = setting(c->z, SETTING_SCAN_PASSES)},
	};
	buf_init(&r.ranges, SPEC_MAX);
	int rc = api_bool(c->call, "all") ? renew_all(&r, e) : renew_named(&r, e);
	rc = rc ? rc : add_renewal_scan(&r, e);
	buf_release(&r.ranges);
	if (!rc && !r.last_scan)
		rc = err_set(e, ERR_NOT_FOUND, "nothing is discovered yet");
	return rc ? rc : answer_ref(c, r.last_scan, "");
}

/* Removal of many goes in slices. */

static int remove_one(struct command *c, const struct store_discovered *d, struct err *e)
{
	int rc = store_discovered_delete(c->z->db, d->id, e);
	return rc ? rc : tell_discovered(c->z, d, 0, "removed", e);
}

static int remove_named(struct command *c, struct err *e)
{
	size_t count = 0;
	const struct bytes *names = api_has(c->call, "discovered") ? api_strs(c->call, "discovered", &count) : NULL;
	int rc = count ? 0
		       : err_set(e, ERR_MISSING, "no discovered interface is named; name some, or say all or expired");
	struct store_discovered d;
	for (size_t i = 0; i < count && !rc; i++)
		rc = discover_find(c, (const char *)names[i].p, &d, e);
	for (size_t i = 0; i < count && !rc; i++)
		if (discover_find(c, (const char *)names[i].p, &d, NULL) == 0) /* named twice: gone already */
			rc = remove_one(c, &d, e);
	return rc;
}

struct id_page {
	int64_t ids[ZONE_SLICE];
	int count;
};

static int see_id(void *arg, const struct store_discovered *row)
{
	struct id_page *p = arg;
	p->ids[p->count++] = row->id;
	return 0;
}

static int remove_slice(struct command *c, struct task *t, struct task_state *s, struct err *e)
{
	struct id_page p = {.count = 0};
	struct store_discovered d;
	bool all = api_bool(c->call, "all");
	struct store_discovered_filter f = {.after_id = s->after, .imported = -1, .limit = ZONE_SLICE};
	int rc = store_discovered_list(c->z->db, &f, see_id, &p, e);
	for (int i = 0; i < p.count && !rc; i++) {
		arena_reset(c->arena);
		s->after = p.ids[i];
		rc = store_discovered_get(c->z->db, c->arena, p.ids[i], &d, e);
		if (!rc && (all || d.valid_until <= c->z->now))
			rc = remove_one(c, &d, e);
	}
	s->done = p.count < ZONE_SLICE;
	return rc;
}

static void own_nothing(void *own)
{
	ASSERT(!own);
}

int command_DISCOVERED_REMOVE(struct command *c, struct err *e)
{
	static const struct task_kind kind = {remove_slice, own_nothing};
	if (!api_bool(c->call, "all") && !api_bool(c->call, "expired"))
		return remove_named(c, e);
	task_add(c, &kind, NULL);
	return 0;
}
