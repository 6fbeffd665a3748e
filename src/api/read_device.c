#include <arpa/inet.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>

#include "amt/act.h"
#include "api/read.h"
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "store/device.h"
#include "store/group.h"
#include "zone/filter.h"

static int put_folder(void *arg, const struct store_folder *f)
{
	struct read *r = arg;
	struct api_writer w;
	int64_t devices = 0, below = 0;
	read_row(r);
	if (!read_may(r, RIGHT_DEVICE_VIEW, f->path)) {
		read_key(r, f->path, NULL);
		return 0;
	}
	if (!read_take(r))
		return 1;
	int code = store_device_count_in_folder(r->db, f->id, &devices, NULL);
	if (!code && rights_may_below(r->who->rights, RIGHT_DEVICE_VIEW, f->path))
		code = store_device_count_below(r->db, f->path, &below, NULL);
	else
		below = devices;
	if (code)
		return code;
	api_begin(&w, &r->json, NULL, API_OBJECT_folder);
	api_put_int(&w, "id", f->id);
	api_put_str(&w, "path", f->path);
	api_put_int(&w, "devices", devices);
	api_put_int(&w, "devices_below", below);
	api_end(&w);
	read_key(r, f->path, NULL);
	return 0;
}

static int fetch_folders(struct read *r, struct err *e)
{
	return store_folder_list(r->db, STORE_TREE_DEVICE, "/", read_after(r, 0), READ_BATCH, put_folder, r, e);
}

int read_FOLDER_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_folders, e);
}

/* What stands between this device and power on demand, in the order in which people do it. */
static void put_missing(struct api_writer *w, const struct store_device_view *d)
{
	const char *missing[3];
	size_t n = 0;
	if (d->amt.mode == STORE_AMT_MODE_NONE)
		missing[n++] = "mode";
	if (!d->amt.credential)
		missing[n++] = "credential";
	if (!d->amt.id || !*d->amt.host)
		missing[n++] = "settings";
	api_put_strs(w, "missing", missing, n);
}

/* What counts where the device has no choice of its own; the neighbours in a list mostly share the folder. */
static void find_tls(struct read *r, int64_t folder)
{
	struct store_setting_value v;
	if (r->tls_of == folder)
		return;
	r->tls_of = folder;
	bool known = !store_setting_find(r->db, r->arena, SETTING_TLS_DEFAULT, STORE_SCOPE_FOLDER, folder, &v, NULL);
	r->tls = known ? v.text : setting_row(SETTING_TLS_DEFAULT)->def;
	r->tls_from = known ? read_from(r, &v) : "default";
}

static void put_tls(struct api_writer *w, struct read *r, const struct store_device_view *d)
{
	bool own = d->amt.id && d->amt.tls_policy != STORE_TLS_POLICY_DEFAULT;
	if (!own)
		find_tls(r, d->device.folder);
	api_put_str(w, "tls", own ? store_tls_policy_name(d->amt.tls_policy) : r->tls);
	api_put_str(w, "tls_from", own ? "device" : r->tls_from);
}

static void put_amt(struct api_writer *w, struct read *r, const struct store_device_view *d)
{
	const struct store_amt_state *s = &d->state;
	char pin[2 * TLS_PIN_SIZE + 1] = "", uuid[UUID_TEXT_SIZE] = "";
	struct buf hex;
	buf_init(&hex, sizeof(pin));
	hex_encode(&hex, s->tls_pin);
	(void)bytes_to_str(buf_bytes(&hex), pin, sizeof(pin)); /* empty when there is none */
	buf_release(&hex);
	if (!uuid_is_nil(&s->uuid))
		uuid_text(&s->uuid, uuid);
	api_put_text(w, "address", d->amt.host);
	api_put_str(w, "mode", store_amt_mode_name(d->amt.mode));
	api_put_str(w, "credential", read_credential_path(r, d->amt.credential));
	api_put_text(w, "server", d->server_name);
	put_tls(w, r, d);
	api_put_bool(w, "old_tls", d->amt.old_tls);
	api_put_text(w, "pin", pin);
	api_put_text(w, "uuid", uuid);
	api_put_text(w, "amt_version", s->version);
	api_put_str(w, "power", s->power_at ? power_state_name(s->power) : NULL);
	api_put_time(w, "power_seen", s->power_at);
	api_put_time(w, "last_seen", s->seen_at);
	api_put_str(w, "last_result", s->last_act ? err_name(-s->last_reason) : NULL);
}

static void put_device(struct read *r, const struct store_device_view *d)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_device);
	api_put_int(&w, "id", d->device.id);
	api_put_str(&w, "name", d->device.name);
	api_put_str(&w, "folder", d->folder_path);
	api_put_list(&w, "tags", d->tags, ',');
	api_put_str(&w, "note", d->device.note);
	api_put_bool(&w, "protected", d->device.is_protected);
	put_amt(&w, r, d);
	put_missing(&w, d);
	api_end(&w);
}

static bool has_tag(const char *tags, const char *tag)
{
	size_t len = strlen(tag);
	for (const char *at = tags; (at = strstr(at, tag)); at += len)
		if ((at == tags || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

/* Not seen for longer than its folder allows; 0 is never. */
static bool is_overdue(struct read *r, const struct store_device_view *d)
{
	if (r->removal_of != d->device.folder) {
		r->removal_of = d->device.folder;
		if (store_setting_get(r->db, SETTING_REMOVAL_AFTER, STORE_SCOPE_FOLDER, d->device.folder,
				      &r->removal_ms, NULL))
			r->removal_ms = 0;
	}
	return r->removal_ms && filter_unseen(d, r->now) > r->removal_ms;
}

static bool fits(const struct devfilter *f, const struct devfilter_facts *facts)
{
	return !f || devfilter_match(f, facts);
}

/* Several numbers share a word, so this is not the database's to filter. */
static bool is_wanted(struct read *r, const struct store_device_view *d)
{
	const char *power = api_str(r->call, "power"), *tag = api_str(r->call, "tag");
	const char *prefix = api_str(r->call, "name"), *folder = api_str(r->call, "folder");
	struct devfilter_facts facts;
	filter_facts(d, r->now, &facts);
	if (power && (!d->state.power_at || strcmp(power, power_state_name(d->state.power)) != 0))
		return false;
	if (prefix && strncmp(d->device.name, prefix, strlen(prefix)) != 0)
		return false;
	if (folder && strncmp(d->folder_path, folder, strlen(folder)) != 0)
		return false;
	if (facts.unseen_ms < api_int(r->call, "not-seen-for", 0))
		return false;
	if (api_bool(r->call, "overdue") && !is_overdue(r, d))
		return false;
	return fits(r->filter, &facts) && fits(r->group_filter, &facts) && (!tag || has_tag(d->tags, tag));
}

static int put_device_row(void *arg, const struct store_device_view *d)
{
	struct read *r = arg;
	read_row(r);
	if (read_may(r, RIGHT_DEVICE_VIEW, d->folder_path) && is_wanted(r, d)) {
		if (!read_take(r))
			return 1;
		put_device(r, d);
	}
	if (r->group)
		read_key_id(r, d->device.id);
	else
		read_key(r, d->device.name, d->folder_path);
	return 0;
}

/* What all that is wanted has in common. */
static const char *narrow(struct read *r, const char *arg, enum devfilter_key key)
{
	const struct devfilter *const filters[] = {r->group_filter, r->filter};
	const char *found = api_str(r->call, arg);
	for (size_t i = 0; i < ARRAY_LEN(filters) && !found; i++)
		found = filters[i] ? devfilter_only(filters[i], key) : NULL;
	return found;
}

/* The store takes one of group, folder, tag and name; the others are looked at here. */
static int fetch_devices(struct read *r, struct err *e)
{
	struct store_device_filter f = STORE_DEVICE_FILTER_INIT;
	const char *mode = api_str(r->call, "mode");
	enum store_amt_mode m;
	if (mode && !store_amt_mode_from_name(mode, &m))
		return err_set(e, ERR_INVALID, "'mode' is neither smb nor enterprise nor none");
	f.group = r->group;
	f.folder = f.group ? NULL : narrow(r, "folder", DEVFILTER_FOLDER);
	f.tag = f.group || f.folder ? NULL : narrow(r, "tag", DEVFILTER_TAG);
	f.name_prefix = f.group || f.folder || f.tag ? NULL : api_str(r->call, "name");
	f.after_name = f.group ? NULL : read_after(r, 0);
	f.after_id = f.group ? read_after_id(r) : 0;
	f.after_path = f.folder ? read_after(r, 1) : NULL;
	f.mode = mode ? (int)m : -1;
	f.limit = READ_BATCH;
	return store_device_list(r->db, &f, put_device_row, r, e);
}

static int read_filters(struct read *r, struct err *e)
{
	const char *group = api_str(r->call, "group"), *filter = api_str(r->call, "filter");
	struct store_group g;
	int code = filter ? filter_parse(filter, FILTER_DEVICES, &r->filter, e) : 0;
	if (!code && group)
		code = read_find_group(r, group, &g, e);
	if (code || !group)
		return code;
	if (*g.filter)
		return filter_parse(g.filter, FILTER_DEVICES, &r->group_filter, e);
	r->group = g.id;
	return 0;
}

int read_DEVICE_LIST(struct read *r, struct err *e)
{
	int code = read_check_folder(r, STORE_TREE_DEVICE, api_str(r->call, "folder"), e);
	code = code ? code : read_filters(r, e);
	code = code ? code : read_pages(r, fetch_devices, e);
	devfilter_free(r->filter);
	devfilter_free(r->group_filter);
	return code;
}

int read_DEVICE_SHOW(struct read *r, struct err *e)
{
	struct store_device d;
	struct store_device_view v;
	int code = read_find_device(r, api_str(r->call, "device"), &d, e);
	if (!code)
		code = store_device_view(r->db, r->arena, d.id, &v, e);
	if (!code)
		put_device(r, &v);
	return code;
}

#define ADDRESSES_MAX   16
#define LOOKUPS_AT_ONCE 2

struct names {
	char forward[ADDRESSES_MAX][INET6_ADDRSTRLEN];
	const char *list[ADDRESSES_MAX];
	size_t count;
	char reverse[NI_MAXHOST];
};

static void look_up_forward(const char *host, struct names *n, struct addrinfo **ret)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	if (getaddrinfo(host, NULL, &hints, ret))
		*ret = NULL;
	for (struct addrinfo *at = *ret; at && n->count < ADDRESSES_MAX; at = at->ai_next) {
		char *to = n->forward[n->count];
		if (getnameinfo(at->ai_addr, at->ai_addrlen, to, INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST))
			continue;
		n->list[n->count++] = to;
	}
}

static const char *name_warning(struct read *r, const char *host, const struct names *n)
{
	if (!n->count)
		return arena_printf(r->arena, "the name '%s' does not resolve to an address", host);
	if (!*n->reverse)
		return arena_printf(r->arena, "the address %s has no name in DNS", n->list[0]);
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(host, n->list[i]) == 0)
			return NULL; /* an address and not a name: nothing to compare */
	if (strcasecmp(n->reverse, host) != 0 && strncasecmp(n->reverse, host, strlen(host)) != 0)
		return arena_printf(r->arena, "the address %s is called '%s' and not '%s'", n->list[0], n->reverse,
				    host);
	return NULL;
}

static void look_up(const char *host, struct names *n)
{
	struct addrinfo *found = NULL;
	look_up_forward(host, n, &found);
	if (found &&
	    getnameinfo(found->ai_addr, found->ai_addrlen, n->reverse, sizeof(n->reverse), NULL, 0, NI_NAMEREQD))
		n->reverse[0] = 0;
	if (found)
		freeaddrinfo(found);
}

static int find_named(struct read *r, struct store_device *d, struct store_device_view *v, struct err *e)
{
	int code = read_find_device(r, api_str(r->call, "device"), d, e);
	if (!code)
		code = store_device_view(r->db, r->arena, d->id, v, e);
	if (!code && (!v->amt.id || !*v->amt.host))
		code = err_set(e, ERR_NOT_CONFIGURED, "device '%s' has no AMT address", d->name);
	return code;
}

/* DNS may be slow: the resolver has a time limit of its own, and some workers are left for the others. */
int read_DEVICE_CHECK_NAME(struct read *r, struct err *e)
{
	static atomic_int at_once;
	struct store_device d;
	struct store_device_view v;
	struct names n = {.count = 0};
	int code = find_named(r, &d, &v, e);
	if (code)
		return code;
	bool free_one = atomic_fetch_add(&at_once, 1) < LOOKUPS_AT_ONCE;
	if (free_one)
		look_up(v.amt.host, &n);
	atomic_fetch_sub(&at_once, 1);
	if (!free_one)
		return err_set(e, ERR_BUSY, "too many names are being looked up");
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_name_check);
	api_put_str(&w, "device", d.name);
	api_put_str(&w, "address", v.amt.host);
	api_put_strs(&w, "forward", n.list, n.count);
	api_put_text(&w, "reverse", n.reverse);
	api_put_str(&w, "warning", name_warning(r, v.amt.host, &n));
	api_end(&w);
	return 0;
}
