#include <ifaddrs.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "api/api_priv.h"
#include "api/read.h"
#include "base/base.h"
#include "store/server.h"
#include "store/setup_file.h"

static void put_file(struct read *r, const struct store_setup_file *f)
{
	struct api_writer w;
	api_begin(&w, &r->json, NULL, API_OBJECT_setup_file);
	api_put_int(&w, "id", f->id);
	api_put_str(&w, "name", f->name);
	api_put_str(&w, "version", f->version);
	api_put_bool(&w, "shared", f->is_shared);
	api_put_text(&w, "fqdn", f->fqdn);
	api_put_text(&w, "dns", f->suffix);
	api_put_int(&w, "records", f->records);
	api_put_int(&w, "used", f->used);
	api_put_bool(&w, "expired", f->expires_at <= r->now);
	api_put_str(&w, "created_by", f->created_by);
	api_put_time(&w, "created", f->created_at);
	api_put_time(&w, "expires", f->expires_at);
	api_put_null(&w, "file");
	api_end(&w);
}

static int put_file_row(void *arg, const struct store_setup_file *f)
{
	struct read *r = arg;
	read_row(r);
	if (!read_take(r))
		return 1;
	put_file(r, f);
	read_key(r, f->name, NULL);
	return 0;
}

static int fetch_files(struct read *r, struct err *e)
{
	return store_setup_file_list(r->db, read_after(r, 0), READ_BATCH, put_file_row, r, e);
}

int read_SETUP_FILE_LIST(struct read *r, struct err *e)
{
	return read_pages(r, fetch_files, e);
}

static int find_file(struct read *r, struct store_setup_file *ret, struct err *e)
{
	uint64_t id;
	const char *text = api_str(r->call, "setup-file");
	int code = store_setup_file_by_name(r->db, r->arena, text, ret, e);
	if (code == ERR_NOT_FOUND && text_to_u64(bytes_str(text), &id) && id <= INT64_MAX)
		code = store_setup_file_get(r->db, r->arena, (int64_t)id, ret, e);
	return code == ERR_NOT_FOUND ? read_missing("setup file", text, e) : code;
}

int read_SETUP_FILE_SHOW(struct read *r, struct err *e)
{
	struct store_setup_file f;
	int code = find_file(r, &f, e);
	if (!code)
		put_file(r, &f);
	return code;
}

struct records {
	struct read *r;
	struct store_setup_file file;
};

static int put_record_row(void *arg, const struct store_setup_record *row)
{
	struct records *s = arg;
	struct read *r = s->r;
	struct api_writer w;
	read_row(r);
	if (!read_take(r))
		return 1;
	bool over = s->file.expires_at <= r->now;
	api_begin(&w, &r->json, NULL, API_OBJECT_setup_record);
	api_put_int(&w, "number", row->number);
	api_put_str(&w, "state", row->used_at ? "used" : over ? "expired" : "unused");
	api_put_text(&w, "pid", row->pid);
	api_put_text(&w, "device", row->device && read_may_see_device(r, row->device) ? row->device_name : NULL);
	api_put_time(&w, "used_at", row->used_at);
	api_end(&w);
	read_key_id(r, row->number);
	return 0;
}

static int fetch_records(struct read *r, struct err *e)
{
	struct records s = {.r = r};
	int code = find_file(r, &s.file, e);
	return code ? code
		    : store_setup_record_list(r->db, s.file.id, read_after_id(r), READ_BATCH, put_record_row, &s, e);
}

int read_SETUP_FILE_RECORDS(struct read *r, struct err *e)
{
	return read_pages(r, fetch_records, e);
}

#define ADDRESSES_MAX   16
#define LOOKUPS_AT_ONCE 2
#define LOOKED_FOR      "provisionserver" /* Intel AMT guide, "Provisioning Server" */

struct found {
	char texts[ADDRESSES_MAX][INET6_ADDRSTRLEN];
	const char *list[ADDRESSES_MAX];
	size_t count;
	bool here;
};

static bool is_own(const char *text)
{
	struct ifaddrs *all = NULL;
	char own[NI_MAXHOST];
	bool found = false;
	if (getifaddrs(&all))
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
		socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
		found = (family == AF_INET || family == AF_INET6) &&
			getnameinfo(i->ifa_addr, len, own, sizeof(own), NULL, 0, NI_NUMERICHOST) == 0 &&
			strcmp(own, text) == 0;
	}
	freeifaddrs(all);
	return found;
}

static void look_up(const char *name, struct found *f)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *answer = NULL;
	*f = (struct found){.count = 0};
	if (!*name || getaddrinfo(name, NULL, &hints, &answer))
		return;
	for (const struct addrinfo *at = answer; at && f->count < ADDRESSES_MAX; at = at->ai_next) {
		char *to = f->texts[f->count];
		if (getnameinfo(at->ai_addr, at->ai_addrlen, to, INET6_ADDRSTRLEN, NULL, 0, NI_NUMERICHOST))
			continue;
		f->list[f->count++] = to;
		f->here |= is_own(to);
	}
	freeaddrinfo(answer);
}

static const char *next_step(struct read *r, const char *name, const struct found *n, const char *fqdn,
			     const struct found *own)
{
	if (!own->here)
		return arena_printf(r->arena,
				    own->count ? "%s is the address of another machine: correct it in DNS, or give "
						 "this server another name with --fqdn"
					       : "%s does not resolve: add it to DNS",
				    fqdn);
	if (!n->count)
		return arena_printf(
			r->arena,
			"%s does not resolve: add it to DNS as an alias of %s, or name the server in setup files "
			"and MEBx",
			name, fqdn);
	return n->here ? NULL : arena_printf(r->arena, "%s is the address of another machine", name);
}

static void put_check(struct read *r, const char *name, const char *fqdn)
{
	struct found n, own;
	struct api_writer w;
	look_up(name, &n);
	look_up(fqdn, &own);
	api_begin(&w, &r->json, NULL, API_OBJECT_hello_check);
	api_put_str(&w, "name", name);
	api_put_strs(&w, "addresses", n.list, n.count);
	api_put_bool(&w, "points_here", n.here);
	api_put_str(&w, "fqdn", fqdn);
	api_put_strs(&w, "fqdn_addresses", own.list, own.count);
	api_put_bool(&w, "fqdn_points_here", own.here);
	api_put_str(&w, "next", next_step(r, name, &n, fqdn, &own));
	api_end(&w);
}

/* DNS may be slow: some workers are left for the others. */
int read_HELLO_CHECK(struct read *r, struct err *e)
{
	static atomic_int at_once;
	struct store_server s;
	int code = store_server_get(r->db, r->arena, r->server, &s, e);
	if (code)
		return code;
	const char *dot = strchr(s.fqdn, '.');
	const char *domain = api_str(r->call, "dns");
	domain = domain ? domain : dot ? dot + 1 : "";
	const char *name = *domain ? arena_printf(r->arena, LOOKED_FOR ".%s", domain) : LOOKED_FOR;
	bool free_one = atomic_fetch_add(&at_once, 1) < LOOKUPS_AT_ONCE;
	if (free_one)
		put_check(r, name, s.fqdn);
	atomic_fetch_sub(&at_once, 1);
	return free_one ? 0 : err_set(e, ERR_BUSY, "too many names are being looked up");
}
