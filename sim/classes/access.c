/* Accounts and who may do what. Recorded: AMT 12; Intel AMT guide, class AMT_AuthorizationService. */
#include "audit.h"
#include "base/base.h"
#include "base/err.h"
#include "classes/classes.h"
#include "setup.h"

#define HA1_SIZE          16
#define USERS_MAX         15
#define REALM_MAX         24
#define USER_HANDLE_FIRST 3 /* after the built-in ones */

/* Users of the host's own services, which cannot log in over the network. */
static const struct {
	const char *name;
	unsigned realm;
} built_in[] = {{"$$uns", 16}, {"$$OsAdmin", 24}};

static const struct prop service_props[] = {
	{"AllowHttpQopAuthOnly", PROP_INT, 0, SINCE(12, 0), .value = "1"},
	KEY("CreationClassName", "AMT_AuthorizationService"),
	FIXED("ElementName", STR, "Intel(r) AMT Authorization Service"),
	FIXED("EnabledState", INT, "5"),
	KEY("Name", "Intel(r) AMT Authorization Service"),
	FIXED("RequestedState", INT, "12"),
	IN_AMT,
};

static struct user *user_at(const struct device *d, uint64_t handle)
{
	for (struct user *u = d->more ? d->more->users : NULL; u; u = u->next)
		if (u->handle == handle)
			return u;
	return NULL;
}

static struct user *user_named(const struct device *d, struct bytes name)
{
	for (struct user *u = d->more ? d->more->users : NULL; u; u = u->next)
		if (bytes_equal_str(name, u->name))
			return u;
	return NULL;
}

static unsigned user_count(const struct device *d)
{
	unsigned n = 0;

	for (const struct user *u = d->more ? d->more->users : NULL; u; u = u->next)
		n++;
	return n;
}

/* The 16 bytes of MD5(user:realm:password). */
static bool take_ha1(const struct invoke *i, uint8_t to[HA1_SIZE])
{
	struct bytes text = invoke_text(i, "DigestPassword");
	bool hex = i->x->s->set.acl_hex && text.len == 2 * HA1_SIZE, good;
	struct buf raw;

	buf_init(&raw, HA1_SIZE);
	good = (hex ? hex_decode(text, &raw) : base64_decode(text, &raw)) == 0 && raw.len == HA1_SIZE;
	if (good)
		memcpy(to, raw.p, HA1_SIZE);
	buf_release(&raw);
	return good;
}

static bool take_realms(const struct invoke *i, uint32_t *ret)
{
	uint32_t realms = 0;
	uint64_t v;

	for (const struct xml_node *n = invoke_node(i, "Realms"); n; n = xml_next(n)) {
		if (!xml_u64(n, &v) || v > REALM_MAX)
			return false;
		realms |= 1u << v;
	}
	*ret = realms;
	return true;
}

/* Checks and takes name, password, access and realms. */
static uint32_t take_user(const struct invoke *i, struct user *u)
{
	uint64_t access;

	if (!bytes_to_str(invoke_text(i, "DigestUsername"), u->name, sizeof(u->name)) || u->name[0] == '\0')
		return PT_INVALID_PARAMETER;
	if (!take_ha1(i, u->ha1))
		return PT_INVALID_PASSWORD;
	if (!invoke_u64(i, "AccessPermission", &access) || access > 2)
		return PT_INVALID_PARAMETER;
	u->permission = (uint8_t)access;
	u->enabled = true;
	return take_realms(i, &u->realms) ? RV_OK : PT_INVALID_REALM;
}

/* Who, as audit records tell it: a digest user by name. */
static void audit_user(const struct invoke *i, enum audit_security event, const char *name, int first)
{
	struct buf b;

	buf_init(&b, 64);
	if (first >= 0)
		buf_addc(&b, (char)first);
	buf_addc(&b, 0);
	buf_addc(&b, (char)strlen(name));
	buf_adds(&b, name);
	audit_add(i->x, AUDIT_SECURITY, event, buf_bytes(&b));
	buf_release(&b);
}

static uint32_t add_user(struct invoke *i)
{
	struct user u = {0}, *made;
	struct more *m;
	uint32_t rv = take_user(i, &u);

	if (rv != RV_OK)
		return rv;
	if (strcmp(u.name, "admin") == 0 || user_named(i->x->d, bytes_str(u.name)))
		return PT_DUPLICATE;
	if (user_count(i->x->d) >= USERS_MAX)
		return PT_MAX_LIMIT_REACHED;
	m = more_get(i->x->d);
	made = mem_alloc(sizeof(*made));
	*made = u;
	made->handle = USER_HANDLE_FIRST - 1 + m->next_user++;
	made->next = m->users;
	m->users = made;
	wsman_add_u64(i->w, "Handle", made->handle);
	audit_user(i, AUDIT_ACL_ADDED, made->name, -1);
	return RV_OK;
}

static uint32_t update_user(struct invoke *i)
{
	struct user u = {0}, *old;
	uint64_t handle;
	uint32_t rv;

	if (!invoke_u64(i, "Handle", &handle) || !(old = user_at(i->x->d, handle)))
		return PT_INVALID_HANDLE;
	rv = take_user(i, &u);
	if (rv != RV_OK)
		return rv;
	u.handle = old->handle;
	u.next = old->next;
	*old = u;
	i->x->d->nonce_epoch++; /* a change of users ends the sessions */
	audit_user(i, AUDIT_ACL_CHANGED, old->name, 1);
	return RV_OK;
}

static uint32_t remove_user(struct invoke *i)
{
	uint64_t handle;

	if (!invoke_u64(i, "Handle", &handle) || !user_at(i->x->d, handle))
		return PT_INVALID_HANDLE;
	for (struct user **p = &i->x->d->more->users; *p; p = &(*p)->next)
		if ((*p)->handle == handle) {
			struct user *u = *p;

			*p = u->next;
			audit_user(i, AUDIT_ACL_REMOVED, u->name, -1);
			free(u);
			break;
		}
	return RV_OK;
}

/* All handles from StartIndex on, which counts from 1. */
static uint32_t enumerate_users(struct invoke *i)
{
	unsigned total = ARRAY_LEN(built_in) + user_count(i->x->d);
	uint64_t start;

	if (!invoke_u64(i, "StartIndex", &start) || start == 0 || start > total)
		return PT_INVALID_INDEX;
	wsman_add_u64(i->w, "TotalCount", total);
	wsman_add_u64(i->w, "HandlesCount", total - start + 1);
	for (uint64_t k = start; k <= ARRAY_LEN(built_in); k++)
		wsman_add_u64(i->w, "Handles", k);
	/* The list has the newest first. */
	for (uint64_t k = start > ARRAY_LEN(built_in) ? start : ARRAY_LEN(built_in) + 1; k <= total; k++) {
		const struct user *u = i->x->d->more->users;

		for (uint64_t back = total - k; back > 0; back--)
			u = u->next;
		wsman_add_u64(i->w, "Handles", u->handle);
	}
	return RV_OK;
}

static uint32_t get_user(struct invoke *i)
{
	uint64_t handle;
	const struct user *u;

	if (!invoke_u64(i, "Handle", &handle))
		return PT_INVALID_HANDLE;
	if (handle >= 1 && handle <= ARRAY_LEN(built_in)) {
		wsman_add_str(i->w, "DigestUsername", built_in[handle - 1].name);
		wsman_add_u64(i->w, "AccessPermission", 0);
		wsman_add_u64(i->w, "Realms", built_in[handle - 1].realm);
		return RV_OK;
	}
	u = user_at(i->x->d, handle);
	if (!u)
		return PT_INVALID_HANDLE;
	wsman_add_str(i->w, "DigestUsername", u->name);
	wsman_add_u64(i->w, "AccessPermission", u->permission);
	for (unsigned k = 0; k <= REALM_MAX; k++)
		if (u->realms & 1u << k)
			wsman_add_u64(i->w, "Realms", k);
	return RV_OK;
}

static uint32_t get_enabled(struct invoke *i)
{
	uint64_t handle;
	const struct user *u;

	if (!invoke_u64(i, "Handle", &handle))
		return PT_INVALID_HANDLE;
	u = user_at(i->x->d, handle);
	if (!u && (handle < 1 || handle > ARRAY_LEN(built_in)))
		return PT_INVALID_HANDLE;
	wsman_add_bool(i->w, "Enabled", !u || u->enabled);
	return RV_OK;
}

static uint32_t set_enabled(struct invoke *i)
{
	uint64_t handle;
	struct user *u;
	bool on;

	if (!invoke_u64(i, "Handle", &handle) || !(u = user_at(i->x->d, handle)))
		return PT_INVALID_HANDLE;
	if (!invoke_bool(i, "Enabled", &on))
		return PT_INVALID_PARAMETER;
	u->enabled = on;
	audit_user(i, AUDIT_ACL_STATE, u->name, on);
	return RV_OK;
}

static uint32_t get_admin(struct invoke *i)
{
	wsman_add_str(i->w, "Username", "admin");
	return RV_OK;
}

static uint32_t get_admin_status(struct invoke *i)
{
	const struct device *d = i->x->d;

	wsman_add_bool(i->w, "IsDefault", d->mode == DEVICE_SETUP && !(d->setup && d->setup->admin_set));
	return RV_OK;
}

/* The new password holds from the next login on. */
static uint32_t set_admin(struct invoke *i)
{
	struct device *d = i->x->d;

	if (!bytes_equal_str(invoke_text(i, "Username"), "admin"))
		return PT_INVALID_PARAMETER;
	if (!take_ha1(i, d->ha1))
		return PT_INVALID_PASSWORD;
	d->flags |= DEVICE_HA1;
	d->nonce_epoch++;
	setup_get(i->x->s, d)->admin_set = true;
	audit_user(i, AUDIT_ACL_CHANGED, "admin", 1);
	return RV_OK;
}

static const struct method service_methods[] = {
	{"AddUserAclEntryEx", add_user, 0},
	{"UpdateUserAclEntryEx", update_user, 0},
	{"RemoveUserAclEntry", remove_user, 0},
	{"EnumerateUserAclEntries", enumerate_users, 0},
	{"GetUserAclEntryEx", get_user, 0},
	{"GetAclEnabledState", get_enabled, 0},
	{"SetAclEnabledState", set_enabled, 0},
	{"GetAdminAclEntry", get_admin, 0},
	{"GetAdminAclEntryStatus", get_admin_status, 0},
	{"GetAdminNetAclEntryStatus", get_admin_status, 0},
	{"SetAdminAclEntryEx", set_admin, 0},
};

static const struct class service = {.name = "AMT_AuthorizationService",
				     CLASS_PROPS(service_props),
				     CLASS_METHODS(service_methods),
				     .instances = 1,
				     .flags = CLASS_COMMON};

static const char *const account_names[] = {"$$OsAdmin", "$$uns", "admin"};

static void account_id(const struct get *g, struct values *to)
{
	values_fmt(to, "Intel(r) AMT:%s", account_names[g->instance]);
}

static void account_element(const struct get *g, struct values *to)
{
	values_str(to, account_names[g->instance]);
}

static const struct prop identity_props[] = {
	MADE("ElementName", STR, account_element),
	MADE_KEY("InstanceID", account_id),
};

static const struct class identity = {
	.name = "CIM_Identity", CLASS_PROPS(identity_props), .instances = ARRAY_LEN(account_names)};

static const struct prop role_props[] = {
	KEY("CreationClassName", "CIM_Role"),
	MADE("ElementName", STR, account_element),
	MADE_KEY("Name", account_id),
	LIST("RoleCharacteristics", INT, "2"),
};

static const struct class role = {.name = "CIM_Role", CLASS_PROPS(role_props), .instances = ARRAY_LEN(account_names)};

static void dependency_identity(const struct get *g, struct values *to)
{
	values_fmt(to, "CIM_Identity?InstanceID=Intel(r) AMT:%s", account_names[g->instance]);
}

static void dependency_role(const struct get *g, struct values *to)
{
	values_fmt(to, "CIM_Role?CreationClassName=CIM_Role&Name=Intel(r) AMT:%s", account_names[g->instance]);
}

static const struct prop dependency_props[] = {
	{"Antecedent", PROP_EPR, PROP_KEY, .make = dependency_identity},
	{"Dependent", PROP_EPR, PROP_KEY, .make = dependency_role},
};

static const struct class dependency = {
	.name = "CIM_ConcreteDependency", CLASS_PROPS(dependency_props), .instances = ARRAY_LEN(account_names)};

static const struct prop kerberos_props[] = {
	FIXED("ElementName", STR, "Intel(r) AMT: Kerberos Settings"),
	KEY("InstanceID", "Intel (r) AMT: Kerberos Settings"),
	FIXED("KrbEnabled", BOOL, "false"),
	LIST("SupportedEncryptionAlgorithms", INT, "0|1|2"),
};

static const struct class kerberos = {.name = "AMT_KerberosSettingData", CLASS_PROPS(kerberos_props), .instances = 1};

const struct class *const classes_access[] = {&service, &identity, &role, &dependency, &kerberos, NULL};
