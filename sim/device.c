#include "device.h"

#include "base/base.h"
#include "base/err.h"
#include "classes/classes.h"
#include "codec/digest.h"
#include "events.h"
#include "fault.h"
#include "more.h"
#include "setup.h"
#include "sim.h"

#include <arpa/inet.h>

/* Preset s5: 800 ms while the host is off; 1 to 2 s for the first answer after silence; on it answers faster. */
#define SLEEPY_WAKE_MS 1000
#define SLEEPY_ON_MS   200
#define PAUSE_MS       5000 /* of a client, after which it begins anew */

const char *const counter_names[COUNTER_COUNT] = {
#define COUNTER(id, sentence) #id,
#include "counter.tbl.h"
#undef COUNTER
};

uint64_t counter_get(const struct counters *c, size_t i)
{
	return ((const uint64_t *)(const void *)c)[i];
}

void counters_sum(struct counters *to, const struct counters *from)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		((uint64_t *)(void *)to)[i] += counter_get(from, i);
}

void device_init(struct sim *s, struct device *d, uint32_t number, uint8_t profile)
{
	*d = (struct device){.number = number, .profile = profile};
	d->serial = (uint32_t)(device_hash(s, d, "serial") % 4096);
	d->contexts = (uint16_t)(device_hash(s, d, "contexts") % 256);
	power_init(&d->power, s->opt.power);
	if (s->opt.audit)
		d->flags |= DEVICE_AUDIT;
	device_set_mode(s, d, s->opt.mode, s->opt.tls != SIM_TLS_PROFILE);
}

void device_release(struct device *d)
{
	more_free(d->more);
	d->more = NULL;
	setup_free(d->setup);
	d->setup = NULL;
}

const struct profile *device_profile(const struct device *d)
{
	return &profiles[d->profile];
}

uint32_t device_address(const struct sim *s, const struct device *d)
{
	return s->first + d->number;
}

struct device *device_at(struct sim *s, uint32_t address)
{
	uint32_t n = address - s->first;

	return n < s->opt.devices ? &s->devices[n] : NULL;
}

static struct device *find_by_text(struct sim *s, const char *text)
{
	struct uuid want, have;
	bool is_uuid = uuid_parse(bytes_str(text), &want);
	char name[DEVICE_TEXT_SIZE];

	for (uint32_t i = 0; i < s->opt.devices; i++) {
		have = device_uuid(s, &s->devices[i]);
		device_name(s, &s->devices[i], name, sizeof(name));
		if (is_uuid ? uuid_equal(&have, &want) : strcmp(name, text) == 0)
			return &s->devices[i];
	}
	return NULL;
}

struct device *device_find(struct sim *s, const char *text)
{
	struct in_addr a;
	uint64_t n;

	if (text[0] == '#')
		return text_to_u64(bytes_str(text + 1), &n) && n < s->opt.devices ? &s->devices[n] : NULL;
	if (inet_pton(AF_INET, text, &a) == 1)
		return device_at(s, ntohl(a.s_addr));
	return find_by_text(s, text);
}

/* What happens when the host has booted: BIOS takes the one-shot boot options and says so. */
static void boot(struct sim *s, struct device *d)
{
	struct more *m = d->more;

	if (!m)
		return;
	m->booted = boot_next(s, d);
	if (m->boot_role) {
		m->boot_role = false;
		m->boot_source[0] = '\0';
		more_unset(d, "AMT_BootSettingData", 0, NULL);
	}
	events_boot(s, d);
}

void device_settle(struct sim *s, struct device *d)
{
	if (d->power.steps > 0 && power_settle(&d->power, sim_now(s)) > 0)
		boot(s, d);
	if (d->more && d->more->objects)
		alarms_settle(s, d);
}

void device_force(struct sim *s, struct device *d, enum power_state state)
{
	uint32_t before = d->power.boots;

	power_force(&d->power, state);
	if (d->power.boots != before)
		boot(s, d);
}

int64_t device_clock_s(const struct sim *s, const struct device *d)
{
	int64_t off_ms = 0;

	(void)fault_is_on(s, d, FAULT_CLOCK_OFF, &off_ms); /* leaves it when it is not on */
	return (clock_wall_ms(s->clock) + off_ms) / 1000 + (d->more ? d->more->clock_offset_s : 0);
}

/* Intel AMT guide: a controller whose host is off sleeps after IdleWakeTimeout and is slow to answer first. */
static int64_t sleepy_delay(struct sim *s, struct device *d, bool asleep)
{
	int64_t now = sim_now(s);

	device_settle(s, d);
	if (d->power.state == POWER_ON)
		return SLEEPY_ON_MS;
	return asleep ? SLEEPY_WAKE_MS + (int64_t)(rng_hash(1, &now, sizeof(now)) % SLEEPY_WAKE_MS) : s->opt.delay_ms;
}

static int64_t chance_delay(const struct sim *s, const struct device *d)
{
	const uint64_t key[2] = {d->number, d->count.requests};

	return s->opt.delay_ms + (int64_t)(rng_hash(s->opt.seed, key, sizeof(key)) % ((uint64_t)s->opt.delay_span + 1));
}

int64_t device_hear(struct sim *s, struct device *d)
{
	int64_t now = sim_now(s), silent = now - d->heard_ms;

	if (!d->heard_ms || silent >= PAUSE_MS)
		d->began_ms = clock_wall_ms(s->clock);
	d->heard_ms = now;
	int64_t delay = s->opt.sleepy ? sleepy_delay(s, d, silent >= s->set.sleep_after * 1000) : chance_delay(s, d);
	d->answer_ms = (uint32_t)delay;
	return delay;
}

bool device_is_set_up(const struct device *d)
{
	return d->mode >= DEVICE_SMB;
}

bool device_port_is_open(const struct device *d, bool tls)
{
	return d->flags & (tls ? DEVICE_TLS : DEVICE_PLAIN);
}

void device_set_mode(struct sim *s, struct device *d, enum device_mode mode, bool tls)
{
	bool tls_only = device_profile(d)->flags & PROFILE_TLS_ONLY;

	d->mode = (uint8_t)mode;
	d->flags &= (uint16_t) ~(DEVICE_TLS | DEVICE_PLAIN | DEVICE_OWN);
	if (mode == DEVICE_FACTORY)
		return;
	tls = tls || tls_only || mode == DEVICE_SETUP;
	if (tls)
		d->flags |= DEVICE_TLS;
	if (tls_only || (tls && mode == DEVICE_SMB))
		d->flags |= DEVICE_OWN;
	if (mode == DEVICE_SETUP)
		return;
	if (!tls || (s->opt.tls == SIM_TLS_BOTH && !(device_profile(d)->flags & PROFILE_TLS_ONLY)))
		d->flags |= DEVICE_PLAIN;
}

void device_set_password(struct sim *s, struct device *d, struct bytes password)
{
	struct buf raw;
	char realm[DEVICE_TEXT_SIZE];
	struct digest_key key;

	device_realm(s, d, realm);
	digest_key_make(DIGEST_MD5, BYTES_LIT("admin"), bytes_str(realm), password, &key);
	buf_init(&raw, sizeof(d->ha1));
	(void)hex_decode(bytes_str(key.ha1), &raw); /* 32 digits always fit */
	memcpy(d->ha1, raw.p, sizeof(d->ha1));
	d->flags |= DEVICE_HA1;
	buf_release(&raw);
	digest_key_wipe(&key);
}

struct bytes device_password(const struct sim *s, const struct device *d)
{
	return setup_password(s, d);
}

/* What strangers changed stays with its machine. */
static void take_address(struct device *d, bool taken)
{
	struct more *now = d->more;

	d->more = NULL;
	if (taken) {
		more_get(d)->owner = now;
	} else if (now) {
		d->more = now->owner;
		now->owner = NULL;
		more_free(now);
	}
	d->identity = taken;
}

void device_apply_faults(struct sim *s, struct device *d)
{
	bool taken = fault_is_on(s, d, FAULT_ADDRESS_TAKEN, NULL), realm = fault_is_on(s, d, FAULT_REALM_CHANGED, NULL);

	if (taken == (d->identity != 0) && realm == !!(d->flags & DEVICE_REALM))
		return;
	if (taken != (d->identity != 0))
		take_address(d, taken);
	d->flags = (uint16_t)((d->flags & ~(DEVICE_REALM | DEVICE_HA1)) | (realm ? DEVICE_REALM : 0));
	d->nonce_epoch++;
}

uint64_t device_hash(const struct sim *s, const struct device *d, const char *what)
{
	struct {
		uint32_t number;
		uint32_t identity;
	} who = {d->number, d->identity};

	return rng_hash(rng_hash(s->opt.seed, &who, sizeof(who)), what, strlen(what));
}

struct uuid device_uuid(const struct sim *s, const struct device *d)
{
	uint64_t r[2] = {device_hash(s, d, "uuid"), device_hash(s, d, "uuid 2")};
	uint8_t bytes[16];

	memcpy(bytes, r, sizeof(bytes));
	return uuid_v4(bytes);
}

void device_realm(const struct sim *s, const struct device *d, char to[DEVICE_TEXT_SIZE])
{
	uint64_t a = device_hash(s, d, "realm"), b = device_hash(s, d, "realm 2");

	if (d->flags & DEVICE_REALM)
		a = ~a;
	if (d->realm_epoch)
		b = rng_hash(b, &d->realm_epoch, sizeof(d->realm_epoch));
	snprintf(to, DEVICE_TEXT_SIZE, "Digest:%016llX%016llX", (unsigned long long)a, (unsigned long long)b);
}

void device_address_text(const struct sim *s, const struct device *d, char to[DEVICE_TEXT_SIZE])
{
	uint32_t a = device_address(s, d);

	snprintf(to, DEVICE_TEXT_SIZE, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

void device_name(const struct sim *s, const struct device *d, char *to, size_t to_size)
{
	const struct change *c = more_change(d, "AMT_GeneralSettings", 0, "HostName");

	if (c)
		snprintf(to, to_size, "%s", c->count ? c->values : "");
	else if (d->identity)
		snprintf(to, to_size, "other%u-%05u", d->identity, d->number + 1);
	else
		snprintf(to, to_size, "pc-%05u", d->number + 1);
}

/* Intel's own prefixes: 88:88:88 is not one, 00:1e:67 (wired) and 7c:5c:f8 (wireless) are. */
void device_mac(const struct sim *s, const struct device *d, unsigned port, uint8_t to[6])
{
	static const uint8_t prefix[2][3] = {{0x00, 0x1e, 0x67}, {0x7c, 0x5c, 0xf8}};
	uint64_t r = device_hash(s, d, port ? "mac 1" : "mac 0");

	memcpy(to, prefix[port != 0], 3);
	memcpy(to + 3, &r, 3);
}

void device_serial(const struct sim *s, const struct device *d, const char *what, char to[DEVICE_TEXT_SIZE])
{
	static const char letters[] = "0123456789ABCDEFGHJKLMNPRSTUVWXY";
	uint64_t r = device_hash(s, d, what);
	size_t i;

	for (i = 0; i < 12; i++, r >>= 5)
		to[i] = letters[r & 31];
	to[i] = '\0';
}
