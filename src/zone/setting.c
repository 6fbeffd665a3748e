/* Settings of the zone, its folders and devices, and the name of the zone itself. */
#include <stdlib.h>

#include "base/base.h"
#include "codec/json.h"
#include "codec/tzif.h"
#include "store/server.h"
#include "zone/calendar.h"
#include "zone/command.h"
#include "zone/scope.h"

#define PRIVATE_NETS "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7" /* RFC 1918, RFC 4193 */
#define LOOPBACK     "127.0.0.0/8,::1"

/* What a device may take: TCP connect, head of a reply, one whole exchange. */
#define CONNECT_MS  5000
#define HEAD_MS     10000
#define EXCHANGE_MS 30000
#define HANDSHAKES  64

static int load_values(struct zone *z, struct err *e)
{
	for (int id = 0; id < SETTING_COUNT; id++) {
		int rc = store_setting_get(z->db, (enum setting_id)id, STORE_SCOPE_ZONE, 0, &z->setting[id], e);
		if (rc)
			return rc;
	}
	return 0;
}

static void add_part(struct buf *text, const char *part)
{
	if (!part || !*part)
		return;
	if (text->len)
		buf_addc(text, ',');
	buf_adds(text, part);
}

/* The setting or the private ranges, what the command line allows, and loopback where that is switched on. */
static int load_nets(struct zone *z, struct err *e)
{
	struct store_setting_value own;
	int rc = store_setting_find(z->db, z->arena, SETTING_ALLOWED_NETS, STORE_SCOPE_ZONE, 0, &own, e);
	if (rc)
		return rc;
	struct buf text;
	struct range *nets = mem_alloc(sizeof(*nets));
	range_init(nets);
	buf_init(&text, 1 << 16);
	add_part(&text, *own.text ? own.text : PRIVATE_NETS);
	add_part(&text, z->deps.allow_nets);
	add_part(&text, setting(z, SETTING_ALLOW_LOOPBACK) ? LOOPBACK : NULL);
	rc = range_parse(buf_cstr(&text), NULL, UINT64_MAX, nets, e);
	buf_release(&text);
	if (rc) {
		range_release(nets);
		free(nets);
		return err_wrap(e, rc, "allowed networks");
	}
	if (z->allowed_nets)
		range_release(z->allowed_nets);
	free(z->allowed_nets);
	z->allowed_nets = nets;
	return 0;
}

int setting_load(struct zone *z, struct err *e)
{
	int rc = load_values(z, e);
	rc = rc ? rc : load_nets(z, e);
	if (rc)
		return rc;
	const struct breaker_rule rule = {
		.share = (unsigned)setting(z, SETTING_BREAKER_SHARE),
		.pause_ms = setting(z, SETTING_BREAKER_PAUSE),
	};
	queue_set_limits(z->queue, (size_t)setting(z, SETTING_IN_FLIGHT_ZONE),
			 (size_t)setting(z, SETTING_IN_FLIGHT_SUBNET));
	queue_set_breaker(z->queue, &rule);
	queue_set_pace(z->queue, (size_t)setting(z, SETTING_SCHEDULE_ORDERS),
		       (size_t)setting(z, SETTING_SCHEDULE_STARTS));
	return 0;
}

/* Whether any address of loopback is among the allowed ones: those, less all others, leave something. */
static bool allows_loopback(const struct zone *z)
{
	static const char not_loopback[] = "0.0.0.0-126.255.255.255,128.0.0.0-255.255.255.255";
	const char *nets = z->deps.allow_nets;
	struct range r;
	range_init(&r);
	bool some = nets && *nets && range_parse(nets, not_loopback, UINT64_MAX, &r, NULL) == 0;
	some = some && r.v4_len;
	range_release(&r);
	return setting(z, SETTING_ALLOW_LOOPBACK) || some;
}

int setting_tell_wire(struct zone *z, struct err *e)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	struct wire_config *w = wire_config_new();
	w->allowed_nets = mem_alloc(sizeof(*w->allowed_nets));
	range_init(w->allowed_nets);
	int rc = range_text(z->allowed_nets, &text);
	rc = rc ? rc : range_parse(buf_cstr(&text), NULL, UINT64_MAX, w->allowed_nets, e);
	buf_release(&text);
	w->allow_loopback = allows_loopback(z);
	w->reverse_names = setting(z, SETTING_DISCOVERY_NAMES);
	w->connect_ms = CONNECT_MS;
	w->head_ms = HEAD_MS;
	w->exchange_ms = EXCHANGE_MS;
	w->handshakes_at_once = HANDSHAKES;
	if (rc)
		w->mail.free(&w->mail);
	else
		chain_add(&z->to_wire, &w->mail);
	return rc;
}

int setting_check_ranges(const struct zone *z, const char *ranges, const char *exclude, struct err *e)
{
	struct buf out;
	struct range left;
	buf_init(&out, 1 << 20);
	range_init(&left);
	add_part(&out, exclude);
	int rc = buf_check(&out, e, "list of excluded ranges");
	if (!rc && out.len)
		buf_addc(&out, ',');
	rc = rc ? rc : range_text(z->allowed_nets, &out);
	if (!rc && range_parse(ranges, buf_cstr(&out), UINT64_MAX, &left, NULL) == 0) {
		buf_reset(&out);
		rc = range_text(&left, &out);
		rc = rc ? rc
			: err_set(e, ERR_NET_NOT_ALLOWED, "%.200s is outside the networks that this zone may talk to",
				  buf_cstr(&out));
	}
	range_release(&left);
	buf_release(&out);
	return rc;
}

const char *setting_never_scanned(const struct zone *z)
{
	if (allows_loopback(z))
		return "0.0.0.0/8,169.254.0.0/16,224.0.0.0-255.255.255.255";
	return "0.0.0.0/8,127.0.0.0/8,169.254.0.0/16,224.0.0.0-255.255.255.255";
}

static bool is_loopback(const struct range_addr *a)
{
	static const uint8_t one[16] = {[15] = 1};
	return a->v6 ? memcmp(a->b, one, 16) == 0 : a->b[0] == 127;
}

/* Never a device: unspecified, link-local, multicast, broadcast. RFC 1122 3.2.1.3, RFC 3927, RFC 4291 2.4. */
static bool is_no_host(const struct range_addr *a)
{
	if (a->v6)
		return a->b[0] == 0xff || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80) ||
		       (a->b[0] == 0 && memcmp(a->b, a->b + 1, 15) == 0);
	return a->b[0] == 0 || a->b[0] >= 224 || (a->b[0] == 169 && a->b[1] == 254);
}

int setting_check_address(const struct zone *z, const struct range_addr *a, struct err *e)
{
	char text[RANGE_ADDR_TEXT_SIZE];
	bool allowed = z->allowed_nets && range_contains(z->allowed_nets, a) && !is_no_host(a);
	if (allowed)
		return 0;
	range_addr_text(a, text);
	if (is_loopback(a))
		return err_set(e, ERR_NET_NOT_ALLOWED, "address %s is this computer's own; allow-loopback is off",
			       text);
	return err_set(e, ERR_NET_NOT_ALLOWED, "address %s", text);
}

/* The nearest that is set below the zone; NULL: none. */
static const struct override *nearest(struct zone *z, enum setting_id id, int64_t folder, int64_t device)
{
	const struct override *o = device ? overrides_get(z->overrides, id, STORE_SCOPE_DEVICE, device) : NULL;
	for (const struct tree_folder *f = tree_get(z->tree, folder); !o && f; f = tree_above(z->tree, f))
		o = overrides_get(z->overrides, id, STORE_SCOPE_FOLDER, f->id);
	return o;
}

static int find_nearest(struct zone *z, enum setting_id id, int64_t folder, int64_t device, const struct override **ret,
			struct err *e)
{
	*ret = NULL;
	if (!overrides_below_zone(z->overrides, id))
		return 0;
	int rc = folder || !device ? 0 : store_device_folder(z->db, device, &folder, e);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	*ret = nearest(z, id, folder, device);
	return 0;
}

int setting_at(struct zone *z, enum setting_id id, int64_t folder, int64_t device, int64_t *ret, struct err *e)
{
	const struct override *o;
	int rc = find_nearest(z, id, folder, device, &o, e);
	if (!rc)
		*ret = o ? o->value : setting(z, id);
	return rc;
}

int setting_text_at(struct zone *z, enum setting_id id, int64_t folder, int64_t device, const char **ret, struct err *e)
{
	const struct override *o;
	int rc = find_nearest(z, id, folder, device, &o, e);
	if (rc)
		return rc;
	o = o ? o : overrides_get(z->overrides, id, STORE_SCOPE_ZONE, 0);
	*ret = o ? o->text : setting_row(id)->def;
	return 0;
}

int setting_forget(struct zone *z, enum store_scope scope, int64_t object, struct err *e)
{
	int rc = store_setting_forget(z->db, scope, object, e);
	if (!rc)
		overrides_forget(z->overrides, scope, object);
	return rc;
}

static int find(struct command *c, enum setting_id *ret, struct err *e)
{
	const char *name = api_str(c->call, "name");
	if (setting_from_name(name, ret))
		return 0;
	command_name(c, name);
	return err_set(e, ERR_NOT_FOUND, "setting \"%s\" does not exist", name);
}

static int find_place(struct command *c, enum setting_id *ret_id, struct scope *ret_at, struct err *e)
{
	const char *at = api_str(c->call, "at");
	int rc = find(c, ret_id, e);
	if (!rc && at && strncmp(at, "group:", 6) == 0)
		rc = err_set(e, ERR_INVALID, "groups carry tasks and never settings; set %s for a folder or a device",
			     setting_row(*ret_id)->name);
	rc = rc ? rc : scope_find(c, at, ret_at, e);
	return rc ? rc : setting_check_scope(*ret_id, ret_at->kind, e);
}

static int tell_changed(struct command *c, const char *name, const struct scope *at, const char *value, struct err *e)
{
	struct json_writer w;
	struct buf data;
	buf_init(&data, 16384);
	json_writer_init(&w, &data);
	json_begin_object(&w, NULL);
	json_put_str(&w, "at", at->name);
	json_put_str(&w, "value", value);
	json_end(&w);
	struct tell t = {"setting", "changed", at->object, name, 0, 0, buf_bytes(&data)};
	int rc = buf_check(&data, e, "event");
	rc = rc ? rc : event_tell(c->z, &t, e);
	buf_release(&data);
	return rc;
}

/* A changed setting counts at once: here, and in wire. value NULL: it is no longer set there. */
static int changed(struct command *c, enum setting_id id, const struct scope *at, const char *value, struct err *e)
{
	const char *name = setting_row(id)->name;
	int rc = 0;
	c->object = arena_printf(c->arena, "setting:%s at %s", name, at->name);
	if (at->kind == STORE_SCOPE_ZONE) {
		c->object = arena_printf(c->arena, "setting:%s", name);
		rc = setting_load(c->z, e);
		rc = rc ? rc : setting_tell_wire(c->z, e);
	}
	return rc ? rc : tell_changed(c, name, at, value, e);
}

/* It can be read, by this server: what counts is whether schedules can be reckoned in it. */
static int check_time_zone(const char *name, struct err *e)
{
	struct tz *tz;
	int rc = tz_load(NULL, name, &tz, e);
	if (!rc)
		tz_free(tz);
	return rc ? err_wrap(e, ERR_INVALID, "setting time-zone") : 0;
}

static int check_value(enum setting_id id, const char *value, int64_t *ret, struct err *e)
{
	int rc = setting_check(id, value, ret, e);
	if (!rc && setting_row(id)->type == SETTING_TYPE_TIMEZONE)
		return check_time_zone(value, e);
	if (rc || setting_row(id)->type != SETTING_TYPE_CIDRS || !*value)
		return rc;
	struct range r;
	range_init(&r);
	rc = range_parse(value, NULL, UINT64_MAX, &r, e);
	range_release(&r);
	return rc;
}

int command_SETTING_SET(struct command *c, struct err *e)
{
	enum setting_id id;
	struct scope at;
	int64_t v;
	const char *value = api_str(c->call, "value");
	int rc = find_place(c, &id, &at, e);
	rc = rc ? rc : check_value(id, value, &v, e);
	if (!rc && id == SETTING_BLACK_OUTS)
		rc = calendar_check_names(c->z, value, e);
	rc = rc ? rc : store_setting_put(c->z->db, id, at.kind, at.object, value, e);
	if (rc)
		return rc;
	overrides_put(c->z->overrides, id, at.kind, at.object, v, value);
	rc = changed(c, id, &at, value, e);
	return rc ? rc : answer_ref(c, (int64_t)id, setting_row(id)->name);
}

int command_SETTING_RESET(struct command *c, struct err *e)
{
	enum setting_id id;
	struct scope at;
	int rc = find_place(c, &id, &at, e);
	rc = rc ? rc : store_setting_delete(c->z->db, id, at.kind, at.object, e);
	if (rc)
		return rc;
	overrides_delete(c->z->overrides, id, at.kind, at.object);
	return changed(c, id, &at, NULL, e);
}

int command_ZONE_RENAME(struct command *c, struct err *e)
{
	struct store_zone row;
	const char *name = api_str(c->call, "name");
	int rc = check_text("zone name", name, STORE_NAME_MAX, e);
	rc = rc ? rc : store_zone_get(c->z->db, c->arena, &row, e);
	if (rc)
		return rc;
	row.name = name;
	c->object = "zone";
	rc = store_zone_put(c->z->db, &row, e);
	rc = rc ? rc : event_tell(c->z, &(struct tell){.kind = "zone", .change = "changed", .id = 1, .name = name}, e);
	return rc ? rc : answer_ref(c, 1, name);
}
