#include "option.h"

#include "base/base.h"
#include "base/err.h"
#include "fault.h"

#include <arpa/inet.h>

#define DELAY_MAX_MS 3600000

static const char usage[] =
	"usage: amtsim --devices N --net 127.20.0.0/16 --password-file FILE [OPTIONS]\n"
	"       amtsim ctl --control SOCK COMMAND [ARGS] [--json]\n\n"
	"Simulates N Intel AMT devices on consecutive addresses of the loopback net, the first at the net's first "
	"host\n"
	"address. Prints \"ready\" when they serve; SIGTERM ends it.\n\n"
	"  --devices N          1 to 100000\n"
	"  --net ADDRESS/BITS   a part of 127.0.0.0/8 that has room for them\n"
	"  --profile NAME       firmware of all devices (below), or mixed (default): generations in turn\n"
	"  --seed S             names, UUIDs, keys, faults and chance follow from it (default 1)\n"
	"  --password-file F    first line: the admin password of every device\n"
	"  --control SOCK       where \"amtsim ctl\" reaches it\n"
	"  --mode smb|factory   set up by hand (default), or not set up yet: ports closed until \"ctl mebx\"\n"
	"  --power on|off|sleep|hibernate   of the hosts (default off)\n"
	"  --tls profile|on|both   TLS where the firmware has nothing else (default), instead of plain, or beside it\n"
	"  --delay MS|LEAST-MOST|fast|typical|s5   of each answer: 0 (default), by chance between two, 30, 200, or 800 "
	"ms\n"
	"                       while the host is off with 1 to 2 s for the first answer after silence\n"
	"  --domain D           DNS domain of the devices\n"
	"  --audit on|off       power acts are written to the audit log (default off)\n"
	"  --listen wildcard|each   one listener for all devices, or each its own (default up to 256 devices: closed\n"
	"                       ports really refuse, and several amtsim can run side by side)\n"
	"  --port-base P        16992 by default; TLS is at P+1\n"
	"  --rmcp-port P        UDP port of presence pings: 623; 0: none\n"
	"  --clock real|driven  driven: time stands still until \"ctl clock advance\"\n"
	"  --set NAME=VALUE     a setting (below); may be given several times\n"
	"  --version, --help\n";

static const char examples[] =
	"\nexamples:\n"
	"  amtsim --devices 12 --net 127.20.0.0/24 --password-file pw --control sim.sock\n"
	"  amtsim --devices 10000 --net 127.20.0.0/16 --profile 11.8 --password-file pw --control sim.sock --delay "
	"200\n"
	"  amtsim --devices 1 --net 127.30.0.0/30 --profile 15 --tls on --power on --password-file pw\n"
	"  amtsim ctl --control sim.sock fault --share 10% --kind act-no-reply --on act\n";

void options_help(FILE *to)
{
	fputs(usage, to);
	fputs("\nprofiles:\n", to);
	for (size_t i = 0; i < profile_count; i++)
		fprintf(to, "  %-14s %s\n", profiles[i].name, profiles[i].server);
	fputs("\nsettings (NAME, default, unit):\n", to);
	for (size_t i = 0; i < setting_count; i++)
		fprintf(to, "  %-19s %6lld %-12s %s\n", setting_rows[i].name, (long long)setting_rows[i].def,
			setting_rows[i].unit, setting_rows[i].sentence);
	fputs("\nfaults (ctl fault --kind KIND; default --on):\n", to);
	for (int i = 1; i < FAULT_COUNT; i++)
		fprintf(to, "  %-24s %-4s %s\n", fault_rows[i].kind, fault_on_name(fault_rows[i].on),
			fault_rows[i].sentence);
	fputs(examples, to);
}

static int want_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret, struct err *e)
{
	if (!text_to_u64(bytes_str(text), ret) || *ret < least || *ret > most)
		return err_set(e, ERR_INVALID, "%s takes a number from %llu to %llu, not \"%s\"", name,
			       (unsigned long long)least, (unsigned long long)most, text);
	return 0;
}

static int take_devices(struct options *o, const char *text, struct err *e)
{
	uint64_t v;
	int r = want_number("--devices", text, 1, SIM_MAX_DEVICES, &v, e);

	if (r == 0)
		o->sim.devices = (uint32_t)v;
	return r;
}

static int take_net(struct options *o, const char *text, struct err *e)
{
	char address[32];
	const char *slash = strchr(text, '/');
	struct in_addr a;
	uint64_t bits;

	if (!slash || !bytes_to_str(BYTES(text, slash - text), address, sizeof(address)) ||
	    inet_pton(AF_INET, address, &a) != 1 || !text_to_u64(bytes_str(slash + 1), &bits) || bits < 8 || bits > 30)
		return err_set(e, ERR_INVALID, "--net takes a net like 127.20.0.0/16 (8 to 30 bits), not \"%s\"", text);
	o->sim.net = ntohl(a.s_addr);
	o->sim.net_mask = ~0u << (32 - bits);
	if (o->sim.net >> 24 != 127)
		return err_set(e, ERR_INVALID, "--net \"%s\" is outside of 127.0.0.0/8, where devices are simulated",
			       text);
	if (o->sim.net & ~o->sim.net_mask)
		return err_set(e, ERR_INVALID, "--net \"%s\" has bits behind its prefix", text);
	return 0;
}

static int take_profile(struct options *o, const char *text, struct err *e)
{
	if (strcmp(text, "mixed") != 0 && !profile_find(text))
		return err_set(e, ERR_INVALID, "no profile \"%s\" (amtsim --help lists them)", text);
	o->sim.profile = text;
	return 0;
}

static int take_seed(struct options *o, const char *text, struct err *e)
{
	return want_number("--seed", text, 0, UINT64_MAX, &o->sim.seed, e);
}

static int take_password_file(struct options *o, const char *text, struct err *e)
{
	o->password_file = text;
	return 0;
}

static int take_control(struct options *o, const char *text, struct err *e)
{
	o->sim.control = text;
	return 0;
}

static int take_mode(struct options *o, const char *text, struct err *e)
{
	if (strcmp(text, "smb") != 0 && strcmp(text, "factory") != 0)
		return err_set(e, ERR_INVALID, "--mode is smb or factory, not \"%s\"", text);
	o->sim.mode = text[0] == 's' ? DEVICE_SMB : DEVICE_FACTORY;
	return 0;
}

static int take_power(struct options *o, const char *text, struct err *e)
{
	if (!power_state_from_name(text, &o->sim.power))
		return err_set(e, ERR_INVALID, "--power is on, off, sleep or hibernate, not \"%s\"", text);
	return 0;
}

static int take_tls(struct options *o, const char *text, struct err *e)
{
	static const char *const names[] = {"profile", "on", "both"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], text) == 0) {
			o->sim.tls = (enum sim_tls)i;
			return 0;
		}
	return err_set(e, ERR_INVALID, "--tls is profile, on or both, not \"%s\"", text);
}

/* One time, or the least and the most. */
static bool take_span(const char *text, struct sim_options *o)
{
	char least[32];
	const char *dash = strchr(text, '-');
	int64_t from, to;

	if (!dash)
		return text_to_duration_ms(text, &o->delay_ms);
	if (!bytes_to_str(BYTES(text, (size_t)(dash - text)), least, sizeof(least)) ||
	    !text_to_duration_ms(least, &from) || !text_to_duration_ms(dash + 1, &to) || to < from || to > DELAY_MAX_MS)
		return false;
	o->delay_ms = from;
	o->delay_span = to - from;
	return true;
}

/* Presets: what real firmware was seen to take, from a fast one to one whose host is off. */
static int take_delay(struct options *o, const char *text, struct err *e)
{
	static const struct {
		const char *name;
		int64_t ms;
		bool sleepy;
	} presets[] = {{"fast", 30, false}, {"typical", 200, false}, {"s5", 800, true}};

	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (strcmp(presets[i].name, text) == 0) {
			o->sim.delay_ms = presets[i].ms;
			o->sim.sleepy = presets[i].sleepy;
			return 0;
		}
	if (take_span(text, &o->sim))
		return 0;
	return err_set(e, ERR_INVALID,
		       "--delay is fast, typical, s5, a time like 200, 30s, or two of them like 100-500; not \"%s\"",
		       text);
}

static int take_domain(struct options *o, const char *text, struct err *e)
{
	o->sim.domain = text;
	return strlen(text) <= 191 ? 0 : err_set(e, ERR_INVALID, "--domain is longer than 191 characters");
}

static int take_audit(struct options *o, const char *text, struct err *e)
{
	o->sim.audit = strcmp(text, "on") == 0;
	return o->sim.audit || strcmp(text, "off") == 0
		       ? 0
		       : err_set(e, ERR_INVALID, "--audit is on or off, not \"%s\"", text);
}

static int take_listen(struct options *o, const char *text, struct err *e)
{
	if (strcmp(text, "wildcard") != 0 && strcmp(text, "each") != 0)
		return err_set(e, ERR_INVALID, "--listen is wildcard or each, not \"%s\"", text);
	o->listen = text;
	return 0;
}

static int take_port_base(struct options *o, const char *text, struct err *e)
{
	uint64_t v;
	int r = want_number("--port-base", text, 1, 65534, &v, e);

	if (r == 0) {
		o->sim.port_plain = (uint16_t)v;
		o->sim.port_tls = (uint16_t)(v + 1);
	}
	return r;
}

static int take_rmcp_port(struct options *o, const char *text, struct err *e)
{
	uint64_t v;
	int r = want_number("--rmcp-port", text, 0, 65535, &v, e);

	if (r == 0)
		o->sim.port_rmcp = (uint16_t)v;
	return r;
}

static int take_clock(struct options *o, const char *text, struct err *e)
{
	o->sim.driven = strcmp(text, "driven") == 0;
	return o->sim.driven || strcmp(text, "real") == 0
		       ? 0
		       : err_set(e, ERR_INVALID, "--clock is real or driven, not \"%s\"", text);
}

static int take_setting(struct options *o, const char *text, struct err *e)
{
	return settings_set(&o->set, text, e);
}

static const struct {
	const char *name;
	int (*take)(struct options *o, const char *text, struct err *e);
} takers[] = {
	{"--devices", take_devices},
	{"--net", take_net},
	{"--profile", take_profile},
	{"--seed", take_seed},
	{"--password-file", take_password_file},
	{"--control", take_control},
	{"--mode", take_mode},
	{"--power", take_power},
	{"--tls", take_tls},
	{"--delay", take_delay},
	{"--domain", take_domain},
	{"--audit", take_audit},
	{"--listen", take_listen},
	{"--port-base", take_port_base},
	{"--rmcp-port", take_rmcp_port},
	{"--clock", take_clock},
	{"--set", take_setting},
};

static int take(struct options *o, const char *name, const char *value, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(takers); i++)
		if (strcmp(takers[i].name, name) == 0) {
			if (!value)
				return err_set(e, ERR_MISSING, "%s needs a value", name);
			return takers[i].take(o, value, e);
		}
	return err_set(e, ERR_INVALID, "unknown option \"%s\" (see amtsim --help)", name);
}

/* What only shows when all is known. */
static int check(struct options *o, struct err *e)
{
	if (o->sim.devices == 0)
		return err_set(e, ERR_MISSING, "how many devices: --devices N");
	if (o->sim.net_mask == 0)
		return err_set(e, ERR_MISSING, "on which addresses: --net 127.20.0.0/16");
	if (!o->password_file)
		return err_set(e, ERR_MISSING, "the devices need a password: --password-file FILE");
	if (o->sim.devices > ~o->sim.net_mask - 1)
		return err_set(e, ERR_INVALID, "--net has room for %u devices, not for %u", ~o->sim.net_mask - 1,
			       o->sim.devices);
	o->sim.each = o->listen ? strcmp(o->listen, "each") == 0 : o->sim.devices <= SIM_MAX_EACH;
	if (o->sim.each && o->sim.devices > SIM_MAX_OWN)
		return err_set(e, ERR_INVALID, "--listen each is for at most %d devices", SIM_MAX_OWN);
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret, struct err *e)
{
	int r = 0;

	*ret = (struct options){.sim = {.profile = "mixed",
					.seed = 1,
					.mode = DEVICE_SMB,
					.power = POWER_OFF,
					.domain = "",
					.port_plain = 16992,
					.port_tls = 16993,
					.port_rmcp = 623}};
	settings_init(&ret->set);
	for (int i = 1; i < argc && r == 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			ret->help = true;
		else if (strcmp(argv[i], "--version") == 0)
			ret->version = true;
		else {
			r = take(ret, argv[i], i + 1 < argc ? argv[i + 1] : NULL, e);
			i++;
		}
	}
	if (r != 0 || ret->help || ret->version)
		return r;
	return check(ret, e);
}
