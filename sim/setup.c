#include "setup.h"

#include "announce.h"
#include "audit.h"
#include "base/base.h"
#include "base/err.h"
#include "conn.h"
#include "fault.h"
#include "listen.h"
#include "more.h"
#include "sim.h"
#include "trust.h"

#define HOUR_MS    INT64_C(3600000)
#define HOURS_MOST 255 /* after the first hello nothing extends the time any more; Intel AMT guide */

const struct refusal_row refusal_rows[REFUSED_COUNT] = {
	{"", "", ""},
#define REFUSAL(id, word, error, alert, sentence) {word, alert, sentence},
#include "refusal.tbl.h"
#undef REFUSAL
};

/* Firmware's own certificate authorities. */
static const struct {
	const char *name, *sha1, *sha256;
} roots[] = {
#define ROOT(name, sha1, sha256) {name, sha1, sha256},
#include "root.tbl.h"
#undef ROOT
};

static void on_window(void *arg)
{
	struct setup *p = arg;

	setup_close(p->s, p->d);
}

struct setup *setup_get(struct sim *s, struct device *d)
{
	struct setup *p = d->setup;

	if (p)
		return p;
	p = mem_alloc(sizeof(*p));
	p->s = s;
	p->d = d;
	loop_timer_init(&p->window, s->loop, on_window, p);
	if (device_is_set_up(d))
		(void)bytes_to_str(BYTES(s->password.p, s->password.len), p->mebx,
				   sizeof(p->mebx)); /* else it is none */
	d->setup = p;
	return p;
}

static void drop_chain(struct setup *p)
{
	trust_chain_free(p->chain);
	p->chain = NULL;
	free(p->pending);
	p->pending = NULL;
}

void setup_free(struct setup *p)
{
	if (!p)
		return;
	announce_stop(p->d);
	loop_timer_stop(&p->window);
	drop_chain(p);
	free(p->record);
	free(p->suffix);
	free(p->server_fqdn);
	free(p->dhcp_suffix);
	free(p);
}

struct bytes setup_password(const struct sim *s, const struct device *d)
{
	if (d->setup)
		return d->setup->mebx[0] ? bytes_str(d->setup->mebx) : BYTES_LIT("admin");
	return device_is_set_up(d) ? BYTES(s->password.p, s->password.len) : BYTES_LIT("admin");
}

bool setup_password_is_factory(const struct device *d)
{
	return d->setup ? !d->setup->mebx[0] : !device_is_set_up(d);
}

void setup_set_password(struct sim *s, struct device *d, struct bytes password)
{
	struct setup *p = setup_get(s, d);

	(void)bytes_to_str(password, p->mebx, sizeof(p->mebx)); /* its length was checked */
}

bool setup_takes_hash(const struct device *d, enum hash_type type)
{
	const struct profile *p = device_profile(d);

	return type == HASH_SHA1 ? !profile_wants_sha2(p) : p->major >= 6;
}

/* SHA-1 until 10.x, SHA-256 from 6.0 on; both in between. */
static unsigned builtin_sha1(const struct device *d)
{
	return device_profile(d)->major < 11 ? ARRAY_LEN(roots) : 0;
}

static unsigned builtin_count(const struct device *d)
{
	return builtin_sha1(d) + (device_profile(d)->major >= 6 ? ARRAY_LEN(roots) : 0);
}

static void builtin_at(const struct device *d, unsigned i, struct cert_hash *ret)
{
	unsigned old = builtin_sha1(d);
	bool sha1 = i < old;
	struct buf raw;

	buf_init(&raw, HASH_SIZE_MAX);
	(void)hex_decode(bytes_str(sha1 ? roots[i].sha1 : roots[i - old].sha256), &raw); /* a constant */
	*ret = (struct cert_hash){.type = sha1 ? HASH_SHA1 : HASH_SHA256, .len = (uint8_t)raw.len, .builtin = true};
	memcpy(ret->value, raw.p, raw.len);
	buf_release(&raw);
	snprintf(ret->name, sizeof(ret->name), "%s", roots[sha1 ? i : i - old].name);
	ret->active = !d->setup || (!d->setup->builtin_off && !(d->setup->builtin_changed & 1u << i));
}

bool setup_hash_at(const struct sim *s, const struct device *d, unsigned i, struct cert_hash *ret)
{
	unsigned fixed = builtin_count(d);

	if (i < fixed) {
		builtin_at(d, i, ret);
		return true;
	}
	if (!d->setup || i - fixed >= d->setup->user_count)
		return false;
	*ret = d->setup->user[i - fixed];
	return true;
}

bool setup_hash_counts(const struct sim *s, const struct device *d, const struct cert_hash *h)
{
	return h->active && setup_takes_hash(d, (enum hash_type)h->type) &&
	       (h->builtin || !fault_is_on(s, d, FAULT_SETUP_HASH_MISSING, NULL));
}

static size_t hash_size(enum hash_type type)
{
	return type == HASH_SHA1 ? 20 : type == HASH_SHA256 ? 32 : type == HASH_SHA384 ? 48 : 0;
}

/* Its number among all; false: there is none of this name (the user's come before those of the firmware). */
static bool hash_find(const struct sim *s, const struct device *d, const char *name, unsigned *ret)
{
	struct cert_hash h;
	bool found = false;

	for (unsigned i = 0; setup_hash_at(s, d, i, &h); i++)
		if (strcmp(h.name, name) == 0) {
			*ret = i;
			found = true;
		}
	return found;
}

static int check_hash(const struct sim *s, const struct device *d, enum hash_type type, struct bytes value,
		      const char *name, struct err *e)
{
	struct cert_hash h;

	if (hash_size(type) == 0 || value.len != hash_size(type))
		return err_set(e, ERR_INVALID, "a hash has 20 (SHA-1), 32 (SHA-256) or 48 bytes (SHA-384), not %zu",
			       value.len);
	if (!name[0] || strlen(name) >= HASH_NAME_SIZE)
		return err_set(e, ERR_INVALID, "the name of a hash has 1 to %d characters", HASH_NAME_SIZE - 1);
	if (!setup_takes_hash(d, type))
		return err_set(e, ERR_UNSUPPORTED, "firmware %s takes no hash of %zu bytes", device_profile(d)->version,
			       value.len);
	for (unsigned i = 0; setup_hash_at(s, d, i, &h); i++)
		if (h.type == type && memcmp(h.value, value.p, value.len) == 0)
			return err_set(e, ERR_EXISTS, "the hash is there already, as \"%s\"", h.name);
	return 0;
}

int setup_hash_add(struct sim *s, struct device *d, enum hash_type type, struct bytes value, const char *name,
		   struct err *e)
{
	struct setup *p = setup_get(s, d);
	struct cert_hash *h;
	int r = check_hash(s, d, type, value, name, e);

	if (r != 0)
		return r;
	if (p->user_count >= SETUP_USER_HASHES)
		return err_set(e, ERR_TOO_BIG, "the device holds %d added hashes already; delete one first",
			       SETUP_USER_HASHES);
	h = &p->user[p->user_count++];
	*h = (struct cert_hash){.type = (uint8_t)type, .len = (uint8_t)value.len, .active = true};
	memcpy(h->value, value.p, value.len);
	snprintf(h->name, sizeof(h->name), "%s", name);
	return 0;
}

int setup_hash_delete(struct sim *s, struct device *d, const char *name, struct err *e)
{
	struct setup *p = setup_get(s, d);
	unsigned i, fixed = builtin_count(d);

	if (!hash_find(s, d, name, &i))
		return err_set(e, ERR_NOT_FOUND, "no hash \"%s\"", name);
	if (i < fixed)
		return err_set(e, ERR_NOT_ALLOWED, "the hash \"%s\" came with the firmware and can only be disabled",
			       name);
	i -= fixed;
	p->user_count--;
	memmove(&p->user[i], &p->user[i + 1], (p->user_count - i) * sizeof(*p->user));
	return 0;
}

int setup_hash_enable(struct sim *s, struct device *d, const char *name, bool on, struct err *e)
{
	struct setup *p = setup_get(s, d);
	unsigned i, fixed = builtin_count(d);

	if (!hash_find(s, d, name, &i))
		return err_set(e, ERR_NOT_FOUND, "no hash \"%s\"", name);
	if (i >= fixed)
		p->user[i - fixed].active = on;
	else if (on)
		p->builtin_changed &= ~(1u << i);
	else
		p->builtin_changed |= 1u << i;
	return 0;
}

void setup_hash_clear(struct sim *s, struct device *d)
{
	setup_get(s, d)->user_count = 0;
}

const char *setup_dhcp_suffix(const struct sim *s, const struct device *d)
{
	if (fault_is_on(s, d, FAULT_SETUP_NO_SUFFIX, NULL))
		return "";
	if (fault_is_on(s, d, FAULT_SETUP_OTHER_SUFFIX, NULL))
		return "elsewhere.invalid";
	return d->setup && d->setup->dhcp_suffix ? d->setup->dhcp_suffix : s->opt.domain;
}

const char *setup_suffix(const struct sim *s, const struct device *d, bool *ret_secure)
{
	bool hidden =
		fault_is_on(s, d, FAULT_SETUP_NO_SUFFIX, NULL) || fault_is_on(s, d, FAULT_SETUP_OTHER_SUFFIX, NULL);

	*ret_secure = d->setup && d->setup->suffix && !hidden;
	return *ret_secure ? d->setup->suffix : setup_dhcp_suffix(s, d);
}

bool setup_uses_psk(const struct device *d)
{
	return d->setup && d->setup->pid[0] && device_profile(d)->major < 11;
}

const char *setup_mode_name(const struct device *d)
{
	static const char *const names[] = {[DEVICE_FACTORY] = "factory",
					    [DEVICE_SETUP] = "setup",
					    [DEVICE_SMB] = "smb",
					    [DEVICE_ENTERPRISE] = "enterprise",
					    [DEVICE_CLIENT] = "client"};

	return names[d->mode];
}

static bool has_static_address(const struct device *d)
{
	const struct change *c = more_change(d, "AMT_EthernetPortSettings", 0, "DHCPEnabled");

	return c && c->count && strcmp(c->values, "false") == 0;
}

static bool has_hash(const struct sim *s, const struct device *d)
{
	struct cert_hash h;

	for (unsigned i = 0; setup_hash_at(s, d, i, &h); i++)
		if (setup_hash_counts(s, d, &h))
			return true;
	return false;
}

/* TLS-PSK needs neither hashes nor DHCP. */
static enum refusal obstacle(const struct sim *s, const struct device *d)
{
	if (setup_uses_psk(d))
		return REFUSED_NOT;
	if ((d->setup && d->setup->remote_off) || fault_is_on(s, d, FAULT_SETUP_REMOTE_OFF, NULL))
		return REFUSED_REMOTE_OFF;
	if (has_static_address(d))
		return REFUSED_STATIC;
	return has_hash(s, d) ? REFUSED_NOT : REFUSED_NO_HASHES;
}

static void close_after(struct setup *p, int64_t ms)
{
	int64_t most = p->first_hello_ms ? p->first_hello_ms + HOURS_MOST * HOUR_MS : INT64_MAX;

	p->closes_ms = sim_now(p->s) + ms < most ? sim_now(p->s) + ms : most;
	loop_timer_set(&p->window, p->closes_ms > sim_now(p->s) ? p->closes_ms - sim_now(p->s) : 0);
}

enum refusal setup_open(struct sim *s, struct device *d)
{
	struct setup *p = setup_get(s, d);
	enum refusal why = obstacle(s, d);
	int64_t hours = p->opened ? s->set.setup_window_again : s->set.setup_window_first;

	if (device_is_set_up(d))
		return REFUSED_NOT;
	if (why == REFUSED_NOT && hours == 0)
		why = REFUSED_CLOSED;
	conns_drop(s, d);
	device_set_mode(s, d, why == REFUSED_NOT ? DEVICE_SETUP : DEVICE_FACTORY, true);
	if (why == REFUSED_NOT) {
		p->opened = true;
		p->admin_set = p->clock_set = false;
		drop_chain(p);
		p->first_hello_ms = 0;
		close_after(p, hours * HOUR_MS);
		announce_start(s, d);
	} else {
		announce_stop(d);
		setup_refuse(s, d, why);
	}
	listen_update(s, d);
	return why;
}

void setup_extend(struct sim *s, struct device *d, unsigned hours)
{
	if (hours == 0)
		setup_close(s, d);
	else if (d->mode == DEVICE_SETUP)
		close_after(setup_get(s, d), hours * HOUR_MS);
}

void setup_close(struct sim *s, struct device *d)
{
	struct setup *p = setup_get(s, d);

	announce_stop(d);
	loop_timer_stop(&p->window);
	p->closes_ms = 0;
	if (d->mode != DEVICE_SETUP)
		return;
	conns_drop(s, d);
	device_set_mode(s, d, DEVICE_FACTORY, false);
	setup_refuse(s, d, REFUSED_CLOSED);
	listen_update(s, d);
}

int64_t setup_closes_ms(const struct device *d)
{
	return d->setup && d->mode == DEVICE_SETUP ? d->setup->closes_ms : 0;
}

bool setup_is_shut(const struct sim *s, const struct device *d)
{
	return d->mode == DEVICE_SETUP && !faults_is_empty(s->faults) &&
	       (fault_is_on(s, d, FAULT_SETUP_CLOSED, NULL) || fault_is_on(s, d, FAULT_SETUP_REMOTE_OFF, NULL));
}

bool setup_is_silent(const struct sim *s, const struct device *d)
{
	return !faults_is_empty(s->faults) && fault_is_on(s, d, FAULT_SETUP_REMOTE_OFF, NULL);
}

void setup_reached(struct sim *s, struct device *d)
{
	struct setup *p = setup_get(s, d);

	d->count.setups++;
	if (s->set.hello_stop)
		announce_stop(d);
	if (setup_uses_psk(d)) {
		free(p->pending);
		p->pending = mem_alloc(sizeof(*p->pending));
		p->pending->psk = true;
	}
	p->refused = REFUSED_NOT;
	audit_add_local(s, d, AUDIT_SECURITY, AUDIT_SETUP_STARTED, BYTES_NONE);
}

void setup_refuse(struct sim *s, struct device *d, enum refusal why)
{
	struct setup *p = setup_get(s, d);

	p->refused = (uint8_t)why;
	p->refusals++;
}

void setup_done(struct sim *s, struct device *d, enum device_mode mode)
{
	struct setup *p = setup_get(s, d);

	announce_stop(d);
	loop_timer_stop(&p->window);
	p->closes_ms = 0;
	p->refused = REFUSED_NOT;
	p->nonces++;
	free(p->record);
	p->record = p->pending;
	p->record_s = device_clock_s(s, d);
	p->pending = NULL;
	drop_chain(p);
	p->otp[0] = '\0';
	d->mode = (uint8_t)mode;
}

void setup_activate_client(struct sim *s, struct device *d, struct bytes password)
{
	setup_done(s, d, DEVICE_CLIENT);
	device_set_mode(s, d, DEVICE_CLIENT, false);
	device_set_password(s, d, password);
	more_set_str(d, "IPS_OptInService", 0, "OptInRequired", "4294967295");
	audit_add_local(s, d, AUDIT_SECURITY, AUDIT_SETUP_DONE, BYTES_LIT("\5\0\0\0\0"));
	listen_update(s, d);
}

static const char *const kept_names[] = {"HostName", "DomainName"};

static void keep_names(struct device *d, const struct more *old)
{
	for (const struct change *c = old->changes; c; c = c->next)
		for (size_t i = 0; i < ARRAY_LEN(kept_names); i++)
			if (strcmp(c->class_name, "AMT_GeneralSettings") == 0 && strcmp(c->prop, kept_names[i]) == 0 &&
			    c->count)
				more_set_str(d, c->class_name, 0, c->prop, c->values);
}

/* Logs and clock are no settings: they stay, except when CMOS is cleared. */
static void forget_changes(struct device *d, enum setup_forget what)
{
	struct more *old = d->more, *m;

	d->more = NULL;
	if (!old || what == SETUP_FACTORY) {
		more_free(old);
		return;
	}
	m = more_get(d);
	m->events = old->events;
	m->audit = old->audit;
	old->events = old->audit = (struct log){0};
	m->events_cleared = old->events_cleared;
	m->events_frozen = old->events_frozen;
	m->audit_off = old->audit_off;
	m->booted = old->booted;
	m->clock_offset_s = old->clock_offset_s;
	m->owner = old->owner;
	old->owner = NULL;
	if (what == SETUP_PARTIAL)
		keep_names(d, old);
	more_free(old);
}

static void forget_server(struct setup *p)
{
	char **texts[] = {&p->suffix, &p->server_fqdn};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
	p->server = 0;
	p->port = 0;
	p->pid[0] = p->pps[0] = '\0';
	p->user_count = 0;
}

static void new_realm(struct sim *s, struct device *d)
{
	if (s->set.new_realm)
		d->realm_epoch++;
	d->flags &= (uint16_t)~DEVICE_HA1;
}

void setup_forget(struct sim *s, struct device *d, enum setup_forget what)
{
	struct setup *p = setup_get(s, d);

	conns_drop(s, d);
	announce_stop(d);
	loop_timer_stop(&p->window);
	forget_changes(d, what);
	drop_chain(p);
	p->closes_ms = p->first_hello_ms = 0;
	p->admin_set = p->clock_set = false;
	p->nonces++;
	d->nonce_epoch++;
	d->tls_epoch++;
	if (what != SETUP_PARTIAL) {
		forget_server(p);
		new_realm(s, d);
	}
	device_set_mode(s, d, DEVICE_FACTORY, false);
	if (what == SETUP_FACTORY) {
		setup_free(p);
		d->setup = NULL;
	}
	if (what == SETUP_PARTIAL)
		(void)setup_open(s, d); /* it has noted why not */
	listen_update(s, d);
}
