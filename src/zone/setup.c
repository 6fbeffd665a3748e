/* How AMT is set up on devices: adopt and unprovision as jobs, and what an attempt leaves behind that is not proven to
 * have ended.
 *
 * Before a device is told a new password, that password is a credential of the vault, and the table setup_left says
 * that the device may have it. Whatever conversation comes next tries both, and the one that was let in says which of
 * them the interface has from then on. So at no moment is a device on a password that is not in the vault. */
#include "store/setup.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/log.h"
#include "base/rng.h"
#include "codec/json.h"
#include "store/certificate.h"
#include "zone/command.h"
#include "zone/device.h"

#define DRAWN_FOLDER "/Devices/" /* of the vault: passwords that were made for one device each */
#define DRAWN_LOGIN  "admin"
#define SUFFIX_MAX   1000

/* A row of setup_left. */
struct left {
	int64_t credential;
	bool drawn, told, has_pin;
	uint8_t pin[TLS_PIN_SIZE];
};

static struct left *left_of(const struct zone *z, int64_t amt)
{
	return map_u64_get(z->setup_left, (uint64_t)amt);
}

static void remember(struct zone *z, int64_t amt, const struct left *l)
{
	struct left *there = left_of(z, amt);
	if (!there) {
		there = mem_alloc(sizeof(*there));
		map_u64_put(z->setup_left, (uint64_t)amt, there);
	}
	*there = *l;
}

void setup_drop(struct zone *z, int64_t amt)
{
	free(map_u64_delete(z->setup_left, (uint64_t)amt));
}

void setup_forget(struct zone *z)
{
	size_t it = 0;
	uint64_t amt;
	void *l;
	while (map_u64_each(z->setup_left, &it, &amt, &l))
		free(l);
	map_u64_free(z->setup_left);
	z->setup_left = map_u64_new();
}

static int see_left(void *arg, const struct store_setup_left *row)
{
	struct left l = {.credential = row->credential, .drawn = row->drawn, .told = row->told};
	l.has_pin = row->pin.len == sizeof(l.pin);
	if (l.has_pin)
		memcpy(l.pin, row->pin.p, sizeof(l.pin));
	remember(arg, row->amt, &l);
	return 0;
}

int setup_load(struct zone *z, struct err *e)
{
	setup_forget(z);
	return store_setup_left_list(z->db, see_left, z, e);
}

bool setup_may_use(const struct zone *z, int64_t credential)
{
	size_t it = 0;
	uint64_t amt;
	void *l;
	while (map_u64_each(z->setup_left, &it, &amt, &l))
		if (((const struct left *)l)->credential == credential)
			return true;
	return false;
}

static int put_left(struct zone *z, int64_t amt, const struct left *l, const char *step, struct err *e)
{
	struct store_setup_left row = {
		.amt = amt,
		.credential = l->credential,
		.drawn = l->drawn,
		.told = l->told,
		.pin = l->has_pin ? BYTES(l->pin, sizeof(l->pin)) : BYTES_NONE,
		.step = step,
		.changed_at = z->now,
	};
	int rc = store_setup_left_put(z->db, &row, e);
	if (!rc)
		remember(z, amt, l);
	return rc;
}

static int drop_left(struct zone *z, int64_t amt, struct err *e)
{
	int rc = left_of(z, amt) ? store_setup_left_delete(z->db, amt, e) : 0;
	if (!rc)
		setup_drop(z, amt);
	return rc;
}

int64_t setup_credential(const struct job *j, int64_t otherwise)
{
	return j && j->setup.credential ? j->setup.credential : otherwise;
}

static int copy_login(struct zone *z, int64_t credential, struct act_login *ret, struct err *e)
{
	const struct login *l;
	int rc = credential_login(z, credential, &l, e);
	if (rc)
		return rc;
	memcpy(ret->login, l->login, sizeof(ret->login));
	ret->credential = (uint64_t)l->id;
	ret->credential_version = (uint64_t)l->version;
	ret->sealed_len = l->sealed_len;
	memcpy(ret->sealed, l->sealed, l->sealed_len);
	return 0;
}

/* The credential that is to be made for this act's device: the same at each of its tries. */
static int64_t drawn_id(const struct zone *z, const struct slot *s)
{
	const int64_t key[2] = {s->id, s->amt};
	return ZONE_DRAWN_ID(rng_hash(z->deps.seed, key, sizeof(key)));
}

static bool takes_password(enum verb v)
{
	return v == VERB_ADOPT || v == VERB_PROVISION;
}

/* What the admin of the device is to have; credential 0: no other password. One that was drawn for this device by an
 * earlier try is taken again. */
static int64_t next_of(const struct zone *z, const struct slot *s, const struct job *j, bool *ret_draws)
{
	const struct left *l = left_of(z, s->amt);
	*ret_draws = false;
	if (!j || !takes_password(s->verb))
		return 0;
	if (!j->setup.new_passwords)
		return j->setup.next;
	if (l && l->drawn)
		return l->credential;
	*ret_draws = true;
	return drawn_id(z, s);
}

static struct wire_certificate part_of(const struct store_certificate *c, struct bytes chain)
{
	return (struct wire_certificate){
		.row = (uint64_t)c->id,
		.key_version = (uint64_t)c->key_version,
		.cert = c->cert,
		.chain = chain,
		.key = c->key,
	};
}

/* Wire learns who we are towards devices that wait to be set up, once for each certificate. */
static int tell_identity(struct zone *z, struct err *e)
{
	struct store_certificate own, root;
	int rc = store_certificate_newest(z->db, z->arena, STORE_CERTIFICATE_MANAGEMENT, z->server, &own, NULL);
	rc = rc ? rc : store_certificate_newest(z->db, z->arena, STORE_CERTIFICATE_CA, 0, &root, NULL);
	if (rc)
		return err_set(e, rc == ERR_NOT_FOUND ? ERR_NO_MANAGEMENT_CERT : rc,
			       "the management certificate cannot be read");
	if (z->identity[0] == own.id && z->identity[1] == root.id)
		return 0;
	struct wire_certificate client = part_of(&own, own.chain.len ? own.chain : root.cert);
	struct wire_certificate authority = part_of(&root, BYTES_NONE);
	chain_add(&z->to_wire, &wire_identity_new(&client, &authority)->mail);
	z->identity[0] = own.id;
	z->identity[1] = root.id;
	return 0;
}

/* A label of a host name (RFC 1123 2.1) out of a device's name: what firmware takes as one. */
static void label_of(const char *name, char to[64])
{
	size_t n = strcspn(name, ".");
	bool good = n && n < 64 && name[0] != '-' && name[n - 1] != '-';
	for (size_t i = 0; i < n && good; i++)
		good = (name[i] >= '0' && name[i] <= '9') || name[i] == '-' ||
		       ((name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z');
	(void)bytes_to_str(BYTES((const uint8_t *)name, good ? n : 0), to, 64);
}

/* A device that waits to be set up has another certificate and realm than before, and may have no login. */
static int prepare_first(struct zone *z, const struct slot *s, struct act_start *m, struct err *e)
{
	const struct left *l = left_of(z, s->amt);
	struct act_setup *to = m->setup;
	struct store_device d;
	int rc = tell_identity(z, e);
	rc = rc ? rc : store_device_get(z->db, z->arena, s->device, &d, e);
	if (rc)
		return rc;
	label_of(d.name, to->host_name);
	(void)bytes_to_str(bytes_str(*to->host_name ? d.name : m->at.host), to->fqdn, sizeof(to->fqdn));
	if (!to->before.credential && m->at.credential && m->at.credential != to->next.credential)
		rc = copy_login(z, (int64_t)m->at.credential, &to->before, e);
	if (rc)
		return rc;
	to->has_pin = l && l->has_pin;
	if (to->has_pin)
		memcpy(to->pin, l->pin, sizeof(to->pin));
	m->at.in_setup = m->at.factory = true;
	m->at.has_pin = m->at.tls_seen = false;
	m->at.tls_policy = TLS_POLICY_REQUIRE;
	m->at.digest = (struct digest_session){0};
	m->at.credential = 0;
	m->at.sealed_len = 0;
	bytes_to_str(bytes_str(DRAWN_LOGIN), m->at.login, sizeof(m->at.login));
	return 0;
}

int setup_prepare(struct zone *z, const struct slot *s, struct act_start *m, struct err *e)
{
	const struct job *j = job_get(z, s->job);
	const struct left *l = left_of(z, s->amt);
	bool draws;
	if (!l && !verb_sets_up(s->verb))
		return 0;
	struct act_setup *to = m->setup = mem_alloc(sizeof(*to));
	int64_t next = next_of(z, s, j, &draws);
	int rc = l && l->credential && l->credential != next ? copy_login(z, l->credential, &to->before, e) : 0;
	if (!rc && draws) {
		to->next.credential = (uint64_t)next;
		to->next.credential_version = 1;
		bytes_to_str(bytes_str(DRAWN_LOGIN), to->next.login, sizeof(to->next.login));
	} else if (!rc && next) {
		rc = copy_login(z, next, &to->next, e);
	}
	if (!rc && s->verb == VERB_PROVISION)
		rc = prepare_first(z, s, m, e);
	to->full = j && j->setup.full;
	to->told = l && l->told && s->verb == VERB_UNPROVISION;
	return rc;
}

/* The device's name, with a number behind it where the vault has that name. */
static int drawn_name(struct zone *z, int64_t folder, const char *base, const char **ret, struct err *e)
{
	struct store_credential there;
	const char *name = base;
	for (int n = 2; n <= SUFFIX_MAX; n++) {
		int rc = store_credential_by_name(z->db, z->arena, folder, name, &there, NULL);
		if (rc == ERR_NOT_FOUND) {
			*ret = name;
			return 0;
		}
		if (rc)
			return err_set(e, rc, "credential \"%s\" cannot be read", name);
		name = arena_printf(z->arena, "%s-%d", base, n);
	}
	return err_set(e, ERR_EXISTS, "no free name like \"%s\"", base);
}

static int keep_drawn(struct zone *z, const struct slot *s, int64_t id, const struct act_keep *k, struct err *e)
{
	const struct job *j = job_get(z, s->job);
	struct store_device d;
	struct store_credential row = {
		.id = id,
		.login = DRAWN_LOGIN,
		.description = "made for this device",
		.secret = BYTES(k->sealed, k->sealed_len),
		.version = 1,
		.created_at = z->now,
		.changed_at = z->now,
	};
	int rc = store_device_get(z->db, z->arena, s->device, &d, e);
	rc = rc ? rc : folder_make(z, STORE_TREE_CREDENTIAL, DRAWN_FOLDER, &row.folder, e);
	rc = rc ? rc : drawn_name(z, row.folder, d.name, &row.name, e);
	rc = rc ? rc : store_credential_add(z->db, &row, e);
	if (rc)
		return rc;
	const char *object = arena_printf(z->arena, "credential:%s%s", DRAWN_FOLDER, row.name);
	const char *detail = arena_printf(z->arena, "{\"job\":%lld}", (long long)s->job);
	rc = event_tell(z, &(struct tell){.kind = "credential", .change = "added", .id = id, .name = row.name}, e);
	return rc ? rc : audit_add(z, j ? j->by : z->deps.server_name, "credential.draw", object, detail, e);
}

/* The interface has the login that let us in: what an earlier change left is decided. */
static int set_credential(struct zone *z, int64_t amt, int64_t credential, struct err *e)
{
	struct store_amt m;
	int rc = store_amt_get(z->db, z->arena, amt, &m, e);
	if (rc || m.credential == credential)
		return rc;
	m.credential = credential;
	m.changed_at = z->now;
	return store_amt_put(z->db, &m, e);
}

/* Whether the password that wire has is still that of the vault. */
static bool is_as_sealed(struct zone *z, int64_t credential, const struct act_keep *k)
{
	const struct login *l;
	return credential_login(z, credential, &l, NULL) == 0 && l->sealed_len == k->sealed_len &&
	       memcmp(l->sealed, k->sealed, k->sealed_len) == 0;
}

int setup_on_gate(struct zone *z, const struct slot *s, const struct act_gate *m, int *ret_reason, struct err *e)
{
	const struct left *was = left_of(z, s->amt);
	struct left l = {.told = s->verb == VERB_UNPROVISION};
	bool draws;
	int64_t next = next_of(z, s, job_get(z, s->job), &draws);
	int rc = 0;
	*ret_reason = ERR_CONFLICT;
	if (s->verb == VERB_UNPROVISION && was) {
		l.credential = was->credential;
		l.drawn = was->drawn;
	} else if (next && draws) {
		l = (struct left){.credential = next, .drawn = true};
		rc = keep_drawn(z, s, next, &m->keep, e);
	} else if (next) {
		l = (struct left){.credential = next, .drawn = was && was->drawn && was->credential == next};
		if (m->keep.sealed_len && !is_as_sealed(z, next, &m->keep))
			return 0;
	}
	if (was && was->has_pin && !m->keep.has_pin) { /* what an earlier run has given to the device is still there */
		l.has_pin = true;
		memcpy(l.pin, was->pin, sizeof(l.pin));
	}
	if (m->keep.has_pin) {
		l.has_pin = true;
		memcpy(l.pin, m->keep.pin, sizeof(l.pin));
	}
	if (!rc && takes_password(s->verb) && m->keep.credential)
		rc = set_credential(z, s->amt, (int64_t)m->keep.credential, e);
	rc = rc ? rc : put_left(z, s->amt, &l, m->keep.step, e);
	if (!rc)
		*ret_reason = 0;
	return rc;
}

static int set_mode(struct zone *z, int64_t amt, enum store_amt_mode mode, struct err *e)
{
	struct store_amt m;
	int rc = store_amt_get(z->db, z->arena, amt, &m, e);
	if (rc || m.mode == mode)
		return rc;
	m.mode = mode;
	m.changed_at = z->now;
	return store_amt_put(z->db, &m, e);
}

/* Nothing that was known of the device's AMT holds any more: an order of a person took it down. */
static int taken_down(struct zone *z, int64_t amt, struct err *e)
{
	struct store_amt_state s;
	int rc = store_amt_state_get(z->db, z->arena, amt, &s, e);
	if (rc)
		return rc;
	s.tls_pin = BYTES_NONE;
	s.transport = STORE_TRANSPORT_UNKNOWN;
	s.realm = s.digest = "";
	s.power = 0;
	rc = store_amt_state_put(z->db, &s, e);
	return rc ? rc : set_mode(z, amt, STORE_AMT_MODE_NONE, e);
}

static int audit_deleted(struct zone *z, const struct job *j, const struct store_device *d, int64_t amt, struct err *e)
{
	struct store_amt m;
	struct store_amt_state s;
	char uuid[UUID_TEXT_SIZE];
	int rc = store_amt_get(z->db, z->arena, amt, &m, e);
	rc = rc ? rc : store_amt_state_get(z->db, z->arena, amt, &s, e);
	if (rc)
		return rc;
	uuid_text(&s.uuid, uuid);
	const char *object = arena_printf(z->arena, "device:%s", d->name);
	const char *detail = arena_printf(z->arena, "{\"job\":%lld,\"uuid\":\"%s\",\"credential\":%lld}",
					  (long long)j->id, uuid, (long long)m.credential);
	return audit_add(z, j->by, "device.removed-without-unprovisioning", object, detail, e);
}

/* Only when nothing else is to be done with it. */
static int delete_device(struct zone *z, const struct slot *s, const struct job *j, struct err *e)
{
	struct store_device d;
	if (queue_has_interface(z->queue, s->amt)) {
		log_event(LOG_NOTICE, "device kept: it has other acts", LOG_I("device", s->device),
			  LOG_I("job", s->job));
		return 0;
	}
	int rc = store_device_get(z->db, z->arena, s->device, &d, NULL);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : err_set(e, rc, "device %lld cannot be read", (long long)s->device);
	rc = audit_deleted(z, j, &d, s->amt, e);
	rc = rc ? rc : device_remove(z, &d, e);
	if (!rc)
		setup_drop(z, s->amt);
	return rc;
}

static int learn_adopted(struct zone *z, const struct slot *s, const struct act_outcome *m, struct err *e)
{
	const struct act_learned *l = &m->learned;
	int rc = l->credential ? set_credential(z, s->amt, (int64_t)l->credential, e) : 0;
	if (!rc && l->has_mode)
		rc = set_mode(z, s->amt, l->mode == 2 ? STORE_AMT_MODE_ENTERPRISE : STORE_AMT_MODE_SMB, e);
	return rc ? rc : drop_left(z, s->amt, e);
}

/* It is another device to its network than before: what was latched goes. */
static int learn_provisioned(struct zone *z, const struct slot *s, const struct act_outcome *m, struct err *e)
{
	const struct act_learned *l = &m->learned;
	struct store_amt_state st;
	int rc = store_amt_state_get(z->db, z->arena, s->amt, &st, e);
	if (rc)
		return rc;
	st.tls_pin = BYTES(l->pin, sizeof(l->pin));
	st.realm = l->digest.realm;
	st.transport = STORE_TRANSPORT_TLS;
	rc = store_amt_state_put(z->db, &st, e);
	return rc ? rc : learn_adopted(z, s, m, e);
}

static int learn_down(struct zone *z, const struct slot *s, enum act_state end, struct err *e)
{
	const struct job *j = job_get(z, s->job);
	if (end == ACT_STATE_DONE || end == ACT_STATE_ALREADY) {
		int rc = taken_down(z, s->amt, e);
		return rc ? rc : drop_left(z, s->amt, e);
	}
	return end == ACT_STATE_FAILED && j && j->setup.delete_failed ? delete_device(z, s, j, e) : 0;
}

/* A login that was let in, and that is not the one which a change under way replaces, says what the device has. */
static int learn_login(struct zone *z, const struct slot *s, const struct act_outcome *m, struct err *e)
{
	const struct left *l = left_of(z, s->amt);
	int64_t credential = (int64_t)m->learned.credential;
	if (!l || !credential || l->told)
		return 0;
	if (verb_sets_up(s->verb) && credential != l->credential)
		return 0;
	int rc = set_credential(z, s->amt, credential, e);
	if (rc || s->verb == VERB_PROVISION) /* the certificate that it was given is not proven yet */
		return rc;
	return drop_left(z, s->amt, e);
}

int setup_learn(struct zone *z, const struct slot *s, const struct act_outcome *m, enum act_state end, struct err *e)
{
	if (s->verb == VERB_ADOPT && end == ACT_STATE_DONE)
		return learn_adopted(z, s, m, e);
	if (s->verb == VERB_PROVISION && end == ACT_STATE_DONE)
		return learn_provisioned(z, s, m, e);
	int rc = learn_login(z, s, m, e);
	return rc || s->verb != VERB_UNPROVISION ? rc : learn_down(z, s, end, e);
}

static int read_credential(struct command *c, const char *arg, int64_t *ret, struct err *e)
{
	const char *name = api_str(c->call, arg);
	struct store_credential row;
	int rc = name ? find_credential(c, name, &row, e) : 0;
	if (!rc && name)
		*ret = row.id;
	return rc;
}

static struct job_order order_of(const struct command *c, enum verb verb)
{
	return (struct job_order){.verb = verb, .deadline = later(c->z->now, setting(c->z, SETTING_ACT_DEADLINE))};
}

int command_ADOPT(struct command *c, struct err *e)
{
	struct job_order o = order_of(c, VERB_ADOPT);
	o.options.setup.new_passwords = api_bool(c->call, "new-passwords");
	if (o.options.setup.new_passwords && api_has(c->call, "new-credential"))
		return err_set(e, ERR_INVALID,
			       "a new password for each device and one credential for all do not go together");
	int rc = read_credential(c, "credential", &o.options.setup.credential, e);
	rc = rc ? rc : read_credential(c, "new-credential", &o.options.setup.next, e);
	return rc ? rc : order_devices(c, &o, e);
}

int command_PROVISION(struct command *c, struct err *e)
{
	struct job_order o = order_of(c, VERB_PROVISION);
	o.options.setup.new_passwords = api_bool(c->call, "new-passwords");
	if (o.options.setup.new_passwords == api_has(c->call, "credential"))
		return err_set(e, ERR_MISSING,
			       "say which login the devices are to have: a credential, or new passwords");
	int rc = read_credential(c, "credential", &o.options.setup.next, e);
	return rc ? rc : order_devices(c, &o, e);
}

int command_UNPROVISION(struct command *c, struct err *e)
{
	struct job_order o = order_of(c, VERB_UNPROVISION);
	o.options.include_protected = api_bool(c->call, "include-protected");
	o.options.setup.full = api_bool(c->call, "full");
	o.options.setup.delete_failed = api_bool(c->call, "delete-if-fails");
	int rc = read_credential(c, "credential", &o.options.setup.credential, e);
	return rc ? rc : order_devices(c, &o, e);
}
