/* Settings of the zone, and the name of the zone itself. */
#include <stdlib.h>

#include "base/base.h"
#include "store/server.h"
#include "zone/command.h"

#define PRIVATE_NETS "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16" /* RFC 1918 */
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
	const char *own;
	bool is_own;
	int rc = store_setting_text(z->db, z->arena, SETTING_ALLOWED_NETS, STORE_SCOPE_ZONE, 0, &own, &is_own, e);
	if (rc)
		return rc;
	struct buf text;
	struct range *nets = mem_alloc(sizeof(*nets));
	range_init(nets);
	buf_init(&text, 1 << 16);
	add_part(&text, own && *own ? own : PRIVATE_NETS);
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
	if (!rc)
		queue_set_limits(z->queue, (size_t)setting(z, SETTING_IN_FLIGHT_ZONE),
				 (size_t)setting(z, SETTING_IN_FLIGHT_SUBNET));
	return rc;
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

static int find(struct command *c, enum setting_id *ret, struct err *e)
{
	const char *name = api_str(c->call, "name");
	if (setting_from_name(name, ret))
		return 0;
	command_name(c, name);
	return err_set(e, ERR_NOT_FOUND, "setting \"%s\" does not exist", name);
}

/* A changed setting counts at once: here, and in wire. */
static int changed(struct command *c, enum setting_id id, struct err *e)
{
	const char *name = setting_row(id)->name;
	c->object = arena_printf(c->arena, "setting:%s", name);
	int rc = setting_load(c->z, e);
	rc = rc ? rc : setting_tell_wire(c->z, e);
	return rc ? rc : event_tell(c->z, &(struct tell){.kind = "setting", .change = "changed", .name = name}, e);
}

static int check_value(enum setting_id id, const char *value, struct err *e)
{
	int rc = setting_check(id, value, NULL, e);
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
	const char *value = api_str(c->call, "value");
	int rc = find(c, &id, e);
	rc = rc ? rc : check_value(id, value, e);
	rc = rc ? rc : store_setting_put(c->z->db, id, STORE_SCOPE_ZONE, 0, value, e);
	rc = rc ? rc : changed(c, id, e);
	return rc ? rc : answer_ref(c, (int64_t)id, setting_row(id)->name);
}

int command_SETTING_RESET(struct command *c, struct err *e)
{
	enum setting_id id;
	int rc = find(c, &id, e);
	rc = rc ? rc : store_setting_delete(c->z->db, id, STORE_SCOPE_ZONE, 0, e);
	return rc ? rc : changed(c, id, e);
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
