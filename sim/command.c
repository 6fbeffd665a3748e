#include "command_priv.h"

#include "base/base.h"
#include "base/err.h"
#include "classes/classes.h"
#include "codec/json.h"
#include "fault.h"
#include "listen.h"
#include "mebx.h"
#include "more.h"
#include "setup.h"
#include "sim.h"
#include "tls.h"

#include <math.h>

#define LINE_MAX_LEN (64 * 1024)

const char *ask_text(const struct ask *a, const char *name)
{
	const char *text = NULL;

	(void)json_opt_str(a->args, name, ASK_TEXT_MAX, &text, NULL); /* of another type: not given */
	return text;
}

bool ask_flag(const struct ask *a, const char *name)
{
	bool on = false;

	(void)json_opt_bool(a->args, name, &on, NULL); /* of another type: not given */
	return on;
}

/* A number as text or as a number. False: neither. */
static int number(const struct ask *a, const char *name, int64_t least, int64_t most, int64_t *ret, struct err *e)
{
	const char *text = ask_text(a, name);
	int64_t v;

	if (!text)
		return json_opt_i64(a->args, name, least, most, ret, e);
	if (!text_to_i64(bytes_str(text), &v) || v < least || v > most)
		return err_set(e, ERR_INVALID, "%s is a whole number from %lld to %lld, not \"%s\"", name,
			       (long long)least, (long long)most, text);
	*ret = v;
	return 0;
}

static int duration(const struct ask *a, const char *name, int64_t *ret_ms, struct err *e)
{
	const char *text = ask_text(a, name);
	bool back = text && text[0] == '-';

	if (!text)
		return json_opt_i64(a->args, name, INT64_MIN / 2, INT64_MAX / 2, ret_ms, e);
	if (!text_to_duration_ms(text + back, ret_ms))
		return err_set(e, ERR_INVALID, "%s is a time like 500, 30s, 10m or 24h, not \"%s\"", name, text);
	*ret_ms = back ? -*ret_ms : *ret_ms;
	return 0;
}

/* "10%" or "0.1", 0 to 1. */
static int share(const struct ask *a, const char *name, double *ret, struct err *e)
{
	const char *text = ask_text(a, name);
	char *end;
	double v;

	if (!text)
		return json_has(a->args, name) ? err_set(e, ERR_INVALID, "%s is a text like \"10%%\" or \"0.1\"", name)
					       : 0;
	v = strtod(text, &end);
	if (end != text && *end == '%') {
		v /= 100;
		end++;
	}
	if (end == text || *end != '\0' || !isfinite(v) || v < 0 || v > 1)
		return err_set(e, ERR_INVALID, "%s is a share like 10%% or 0.1, not \"%s\"", name, text);
	*ret = v;
	return 0;
}

int ask_device(const struct ask *a, struct device **ret, struct err *e)
{
	const char *text = ask_text(a, "device");

	if (!text)
		return err_set(e, ERR_MISSING, "which device: an address, a name, a UUID or #NUMBER");
	*ret = device_find(a->s, text);
	return *ret ? 0 : err_set(e, ERR_NOT_FOUND, "no device \"%s\"", text);
}

/* Runs each for the one device that is named, or for all; must_choose: all only with --all. */
int ask_devices(struct ask *a, bool must_choose, int (*each)(struct ask *a, struct device *d, struct err *e),
		struct err *e)
{
	struct device *d;
	int r = 0;

	if (ask_text(a, "device")) {
		r = ask_device(a, &d, e);
		return r ? r : each(a, d, e);
	}
	if (must_choose && !ask_flag(a, "all"))
		return err_set(e, ERR_MISSING, "which device: an address, a name, a UUID, #NUMBER, or --all");
	for (uint32_t i = 0; i < a->s->opt.devices && r == 0; i++)
		r = each(a, &a->s->devices[i], e);
	return r;
}

void ask_begin(struct ask *a)
{
	json_writer_init(&a->w, a->out);
	json_begin_object(&a->w, NULL);
}

void ask_end(struct ask *a)
{
	json_end(&a->w);
	buf_addc(a->out, '\n');
}

void ask_put_device(struct ask *a, const struct device *d)
{
	char text[DEVICE_TEXT_SIZE];

	device_address_text(a->s, d, text);
	json_put_str(&a->w, "device", text);
}

/* boots: how often; booted: into what the last time; boot_next: what a client has chosen for the next; boot_set: a
 * source or option stands there, whether it counts or not. */
static void put_boot(struct ask *a, struct device *d)
{
	const char *booted = d->more && d->more->booted ? d->more->booted : "default";

	json_put_u64(&a->w, "boots", d->power.boots);
	json_put_str(&a->w, "booted", d->power.boots ? booted : NULL);
	json_put_str(&a->w, "boot_next", boot_next(a->s, d));
	json_put_bool(&a->w, "boot_set", boot_is_set(a->s, d));
}

int ask_ok(struct ask *a)
{
	ask_begin(a);
	json_put_bool(&a->w, "ok", true);
	ask_end(a);
	return 0;
}

static int list_one(struct ask *a, struct device *d, struct err *e)
{
	struct uuid u = device_uuid(a->s, d);
	char text[DEVICE_TEXT_SIZE];

	device_settle(a->s, d);
	ask_begin(a);
	ask_put_device(a, d);
	device_name(a->s, d, text, sizeof(text));
	json_put_str(&a->w, "name", text);
	uuid_text(&u, text);
	json_put_str(&a->w, "uuid", text);
	json_put_str(&a->w, "profile", device_profile(d)->name);
	json_put_str(&a->w, "version", device_profile(d)->version);
	json_put_str(&a->w, "mode", setup_mode_name(d));
	json_put_str(&a->w, "power", power_state_name(d->power.state));
	json_put_bool(&a->w, "plain", device_port_is_open(d, false));
	json_put_bool(&a->w, "tls", device_port_is_open(d, true));
	put_boot(a, d);
	device_realm(a->s, d, text);
	json_put_str(&a->w, "realm", text);
	ask_end(a);
	return 0;
}

static int do_list(struct ask *a, struct err *e)
{
	return ask_devices(a, false, list_one, e);
}

static void put_counters(struct ask *a, const struct counters *c)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		json_put_u64(&a->w, counter_names[i], counter_get(c, i));
}

static int stats_one(struct ask *a, struct device *d, struct err *e)
{
	ask_begin(a);
	ask_put_device(a, d);
	put_counters(a, &d->count);
	ask_end(a);
	return 0;
}

static int do_stats(struct ask *a, struct err *e)
{
	struct counters sum = {0};
	uint64_t open = 0;

	if (ask_text(a, "device") || ask_flag(a, "each"))
		return ask_devices(a, false, stats_one, e);
	for (uint32_t i = 0; i < a->s->opt.devices; i++) {
		counters_sum(&sum, &a->s->devices[i].count);
		open += a->s->devices[i].open;
	}
	ask_begin(a);
	json_put_u64(&a->w, "devices", a->s->opt.devices);
	json_put_u64(&a->w, "open", open);
	put_counters(a, &sum);
	ask_end(a);
	return 0;
}

static int do_reset_counters(struct ask *a, struct err *e)
{
	for (uint32_t i = 0; i < a->s->opt.devices; i++)
		a->s->devices[i].count = (struct counters){0};
	a->s->act_count = 0;
	return ask_ok(a);
}

static void wire_one(struct ask *a, size_t i)
{
	const struct act *act = &a->s->acts[i];
	const struct device *d = &a->s->devices[act->device];
	char text[DEVICE_TEXT_SIZE];

	ask_begin(a);
	json_put_u64(&a->w, "n", i + 1);
	ask_put_device(a, d);
	device_name(a->s, d, text, sizeof(text));
	json_put_str(&a->w, "name", text);
	json_put_str(&a->w, "act", power_requests[act->act].act);
	json_put_i64(&a->w, "time", act->time_ms);
	json_put_i64(&a->w, "began", act->began_ms);
	json_put_i64(&a->w, "answered", act->time_ms + act->answer_ms);
	json_put_str(&a->w, "message_id", act->message_id);
	json_put_str(&a->w, "boot", act->boot);
	ask_end(a);
}

static int do_wire(struct ask *a, struct err *e)
{
	struct device *only = NULL;
	int64_t since = 1;
	int r = number(a, "since", 1, INT64_MAX, &since, e);

	if (r == 0 && ask_text(a, "device"))
		r = ask_device(a, &only, e);
	if (r != 0)
		return r;
	for (size_t i = (size_t)since - 1; i < a->s->act_count; i++)
		if (!only || a->s->acts[i].device == only->number)
			wire_one(a, i);
	if (ask_flag(a, "clear"))
		a->s->act_count = 0;
	return 0;
}

static int power_one(struct ask *a, struct device *d, struct err *e)
{
	const char *text = ask_text(a, "state");
	enum power_state state;

	device_settle(a->s, d);
	if (text && !power_state_from_name(text, &state))
		return err_set(e, ERR_INVALID, "a power state is on, off, sleep or hibernate, not \"%s\"", text);
	if (text)
		device_force(a->s, d, state);
	ask_begin(a);
	ask_put_device(a, d);
	json_put_str(&a->w, "power", power_state_name(d->power.state));
	put_boot(a, d);
	ask_end(a);
	return 0;
}

/* "power --all on": the first word is no device then. */
static int do_power(struct ask *a, struct err *e)
{
	return ask_devices(a, true, power_one, e);
}

static int session_one(struct ask *a, struct device *d, struct err *e)
{
	const char *text = ask_text(a, "state");

	if (!text || (strcmp(text, "open") != 0 && strcmp(text, "close") != 0))
		return err_set(e, ERR_INVALID, "a session is opened or closed: session DEVICE open|close");
	d->power.session = text[0] == 'o';
	return 0;
}

static int do_session(struct ask *a, struct err *e)
{
	int r = ask_devices(a, true, session_one, e);

	return r ? r : ask_ok(a);
}

static int audit_one(struct ask *a, struct device *d, struct err *e)
{
	const char *text = ask_text(a, "state");

	if (!text || (strcmp(text, "on") != 0 && strcmp(text, "off") != 0))
		return err_set(e, ERR_INVALID, "auditing is switched: audit DEVICE on|off");
	d->flags = (uint16_t)(text[1] == 'n' ? d->flags | DEVICE_AUDIT : d->flags & ~DEVICE_AUDIT);
	return 0;
}

static int do_audit(struct ask *a, struct err *e)
{
	int r = ask_devices(a, true, audit_one, e);

	return r ? r : ask_ok(a);
}

static int do_clock_show(struct ask *a, struct err *e)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text_ms(clock_wall_ms(a->s->clock), text);
	ask_begin(a);
	json_put_str(&a->w, "time", text);
	json_put_i64(&a->w, "ms", clock_wall_ms(a->s->clock));
	json_put_bool(&a->w, "driven", a->s->opt.driven);
	ask_end(a);
	return 0;
}

static int need_driven(const struct ask *a, struct err *e)
{
	return a->s->opt.driven
		       ? 0
		       : err_set(e, ERR_INVALID, "the clock is the system's; start amtsim with --clock driven");
}

static int do_clock_advance(struct ask *a, struct err *e)
{
	int64_t ms = -1;
	int r = need_driven(a, e);

	if (r == 0)
		r = duration(a, "time", &ms, e);
	if (r == 0 && ms < 0)
		r = err_set(e, ERR_MISSING, "how far: clock advance 500 (ms), 30s, 10m, 24h, 7d");
	if (r != 0)
		return r;
	clock_advance(a->s->clock, ms);
	return do_clock_show(a, e);
}

static int do_clock_set(struct ask *a, struct err *e)
{
	const char *text = ask_text(a, "time");
	int64_t ms;
	int r = need_driven(a, e);

	if (r != 0)
		return r;
	if (!text || !clock_parse(text, &ms))
		return err_set(e, ERR_INVALID, "a time is written 2026-11-22T15:03:16Z");
	clock_set_wall(a->s->clock, ms);
	return do_clock_show(a, e);
}

static int read_counts(const struct ask *a, struct fault_rule *rule, struct err *e)
{
	int64_t request = 0, times = 0, seed = (int64_t)(a->s->opt.seed & INT64_MAX);
	int r = number(a, "request", 1, INT64_MAX, &request, e);

	if (r == 0)
		r = number(a, "times", 1, INT64_MAX, &times, e);
	if (r == 0)
		r = number(a, "seed", 0, INT64_MAX, &seed, e);
	rule->request = (uint64_t)request;
	rule->times = (uint64_t)times;
	rule->seed = (uint64_t)seed;
	return r;
}

static int read_rule(const struct ask *a, struct fault_rule *rule, struct err *e)
{
	const char *kind = ask_text(a, "kind"), *on = ask_text(a, "on");
	int r;

	fault_rule_init(rule);
	if (!kind)
		return err_set(e, ERR_MISSING, "which kind of fault (amtsim --help lists them)");
	r = fault_kind_parse(kind, rule, e);
	if (r == 0 && on && !fault_on_parse(on, &rule->on))
		r = err_set(e, ERR_INVALID, "--on is act, read, connect or any, not \"%s\"", on);
	if (r == 0)
		r = share(a, "share", &rule->share, e);
	if (r == 0)
		r = share(a, "chance", &rule->chance, e);
	if (r == 0 && json_has(a->args, "after") && !(fault_rows[rule->kind].flags & FAULT_FLAG_AFTER))
		r = err_set(e, ERR_INVALID, "--after is for kinds that come late, not for %s", kind);
	if (r == 0)
		r = duration(a, "after", &rule->after_ms, e);
	if (r == 0)
		r = read_counts(a, rule, e);
	rule->device = ask_text(a, "device");
	rule->about = ask_text(a, "about");
	return r;
}

static int do_fault_add(struct ask *a, struct err *e)
{
	struct fault_rule rule;
	unsigned id;
	uint32_t devices;
	int r = read_rule(a, &rule, e);

	if (r == 0)
		r = faults_add(a->s, &rule, &id, &devices, e);
	if (r != 0)
		return r;
	ask_begin(a);
	json_put_u64(&a->w, "fault", id);
	json_put_str(&a->w, "kind", ask_text(a, "kind"));
	json_put_u64(&a->w, "devices", devices);
	ask_end(a);
	return 0;
}

static int do_fault_list(struct ask *a, struct err *e)
{
	faults_list(a->s, a->out);
	return 0;
}

static int do_fault(struct ask *a, struct err *e)
{
	return ask_text(a, "kind") ? do_fault_add(a, e) : do_fault_list(a, e);
}

static int do_fault_clear(struct ask *a, struct err *e)
{
	int64_t id = 0;
	int r = number(a, "fault", 1, INT32_MAX, &id, e);
	unsigned n;

	if (r != 0)
		return r;
	n = faults_clear(a->s, (unsigned)id);
	if (id && n == 0)
		return err_set(e, ERR_NOT_FOUND, "no fault number %lld", (long long)id);
	ask_begin(a);
	json_put_u64(&a->w, "cleared", n);
	ask_end(a);
	return 0;
}

static int mebx_one(struct ask *a, struct device *d, struct err *e)
{
	struct mebx m = {
		.password = bytes_str(ask_text(a, "password")),
		.new_password = bytes_str(ask_text(a, "new-password")),
		.mode = ask_text(a, "mode"),
		.host_name = ask_text(a, "host-name"),
		.domain = ask_text(a, "domain"),
		.dhcp = ask_text(a, "dhcp"),
		.address = ask_text(a, "address"),
		.mask = ask_text(a, "mask"),
		.gateway = ask_text(a, "gateway"),
		.dns = ask_text(a, "dns"),
		.dns2 = ask_text(a, "dns2"),
		.server = ask_text(a, "server"),
		.port = ask_text(a, "port"),
		.server_fqdn = ask_text(a, "server-fqdn"),
		.remote = ask_text(a, "remote-configuration"),
		.preinstalled = ask_text(a, "preinstalled"),
		.suffix = ask_text(a, "pki-dns-suffix"),
		.hash = ask_text(a, "hash"),
		.hash_name = ask_text(a, "hash-name"),
		.hash_delete = ask_text(a, "hash-delete"),
		.hash_enable = ask_text(a, "hash-enable"),
		.hash_disable = ask_text(a, "hash-disable"),
		.pid = ask_text(a, "pid"),
		.pps = ask_text(a, "pps"),
	};
	int r = mebx_save(a->s, d, &m, e);

	return r ? r : list_one(a, d, e);
}

static int do_mebx(struct ask *a, struct err *e)
{
	return ask_devices(a, true, mebx_one, e);
}

static int do_set(struct ask *a, struct err *e)
{
	const char *text = ask_text(a, "setting");
	int r = text ? settings_set(&a->s->set, text, e) : 0;

	if (r != 0)
		return r;
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting_row *row = &setting_rows[i];

		if (text && strncmp(text, row->name, strcspn(text, "=")) != 0)
			continue;
		ask_begin(a);
		json_put_str(&a->w, "setting", row->name);
		json_put_i64(&a->w, "value", setting_get(&a->s->set, row));
		json_put_str(&a->w, "unit", row->unit);
		ask_end(a);
	}
	return 0;
}

static int do_consent(struct ask *a, struct err *e)
{
	struct device *d;
	int r = ask_device(a, &d, e);

	if (r != 0)
		return r;
	ask_begin(a);
	ask_put_device(a, d);
	json_put_u64(&a->w, "state", d->more ? d->more->optin_state : 0);
	json_put_u64(&a->w, "code", d->more ? d->more->optin_code : 0);
	ask_end(a);
	return 0;
}

static int do_pin(struct ask *a, struct err *e)
{
	uint8_t pin[32];
	struct buf text;
	struct device *d;
	int r = ask_device(a, &d, e);

	if (r == 0)
		r = tls_leaf_pin(a->s, d, pin, e);
	if (r != 0)
		return r;
	buf_init(&text, 2 * sizeof(pin));
	hex_encode(&text, BYTES(pin, sizeof(pin)));
	ask_begin(a);
	ask_put_device(a, d);
	json_put_bytes(&a->w, "pin", buf_bytes(&text));
	ask_end(a);
	buf_release(&text);
	return 0;
}

static int do_stop(struct ask *a, struct err *e)
{
	loop_stop(a->s->loop);
	return ask_ok(a);
}

static const struct {
	const char *words;
	int (*run)(struct ask *a, struct err *e);
} commands[] = {
#define COMMAND(words, handler, args, options, flags, sentence) {words, handler},
#include "command.tbl.h"
#undef COMMAND
};

static int dispatch(struct ask *a, struct err *e)
{
	const char *words;
	int r = json_get_str(a->args, "command", ASK_TEXT_MAX, &words, e);

	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].words, words) == 0)
			return commands[i].run(a, e);
	return err_set(e, ERR_NOT_FOUND, "no command \"%s\"", words);
}

int command_run(struct sim *s, struct bytes line, struct buf *out, struct err *e)
{
	struct ask a = {.s = s, .out = out};
	struct json_t *doc;
	int r = json_parse(line, LINE_MAX_LEN, &doc, e);

	if (r != 0)
		return r;
	a.args = doc;
	r = dispatch(&a, e);
	json_free(doc);
	return r ? r : buf_check(out, e, "answer");
}
