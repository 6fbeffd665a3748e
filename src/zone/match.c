#include "zone/match.h"

#include <stdlib.h>

#include "base/base.h"
#include "zone/zone_priv.h"

#define VALUES_MAX 64 /* of one key of one record; more are not looked at */
#define EMPTY      UINT32_MAX

const char *match_key_name(enum match_key k)
{
	static const char *const names[] = {"uuid", "mac", "fqdn", "address"};
	return k < MATCH_KEY_COUNT ? names[k] : "";
}

const struct match_word *match_word(int reason)
{
	static const struct match_word words[] = {
#define MATCH(id, number, kind, code, sentence, next) {MATCH_##id, MATCH_##kind, code, sentence, next},
#include "zone/match.tbl.h"
#undef MATCH
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if ((int)words[i].reason == reason)
			return &words[i];
	return NULL;
}

struct uuid match_uuid(const struct uuid *u)
{
	struct uuid swapped = uuid_from_smbios(u->b);
	if (discover_uuid_is_none(u))
		return (struct uuid){{0}};
	return memcmp(u->b, swapped.b, sizeof(u->b)) <= 0 ? *u : swapped;
}

/* Not zero, and not for groups (IEEE 802: the lowest bit of the first octet), which all-ones are too. */
bool match_mac_counts(struct bytes mac)
{
	return mac.len == 17 && !bytes_equal_str(mac, "00:00:00:00:00:00") && !memchr("13579bdf", mac.p[1], 8);
}

bool match_address_counts(struct bytes address)
{
	static const char *const of_many[] = {"127.", "169.254.", "0.", "fe8", "fe9", "fea", "feb", "ff"};
	for (size_t i = 0; i < ARRAY_LEN(of_many); i++)
		if (bytes_starts_with(address, of_many[i]))
			return false;
	return address.len && !bytes_equal_str(address, "::") && !bytes_equal_str(address, "::1");
}

bool match_fqdn_counts(const char *fqdn)
{
	return strchr(fqdn, '.') && strncmp(fqdn, "localhost.", 10) != 0;
}

/* The values of one key. */
struct values {
	struct bytes v[VALUES_MAX];
	size_t count;
};

static void split(const char *joined, enum match_key k, struct values *ret)
{
	ret->count = 0;
	for (const char *at = joined; *at && ret->count < VALUES_MAX;) {
		struct bytes one = BYTES(at, strcspn(at, ","));
		if (k == MATCH_MAC ? match_mac_counts(one) : match_address_counts(one))
			ret->v[ret->count++] = one;
		at += one.len + (at[one.len] == ',');
	}
}

static void get_values(const struct uuid *uuid, const char *macs, const char *fqdn, const char *addresses,
		       enum match_key k, struct values *ret)
{
	ret->count = 0;
	if (k == MATCH_UUID && !uuid_is_nil(uuid))
		ret->v[ret->count++] = BYTES(uuid->b, sizeof(uuid->b));
	else if (k == MATCH_MAC)
		split(macs, k, ret);
	else if (k == MATCH_FQDN && match_fqdn_counts(fqdn))
		ret->v[ret->count++] = bytes_str(fqdn);
	else if (k == MATCH_ADDRESS)
		split(addresses, k, ret);
}

static void host_values(const struct match_host *h, enum match_key k, struct values *ret)
{
	get_values(&h->uuid, h->macs, h->fqdn, h->addresses, k, ret);
}

static void amt_values(const struct match_amt *a, enum match_key k, struct values *ret)
{
	get_values(&a->uuid, a->macs, a->fqdn, a->address, k, ret);
}

enum match_key match_common(const struct match_host *h, const struct match_amt *a)
{
	struct values of_host, of_amt;
	int k = 0;
	for (; k < MATCH_KEY_COUNT; k++) {
		host_values(h, (enum match_key)k, &of_host);
		amt_values(a, (enum match_key)k, &of_amt);
		for (size_t i = 0; i < of_host.count; i++)
			for (size_t j = 0; j < of_amt.count; j++)
				if (bytes_equal(of_host.v[i], of_amt.v[j]))
					return (enum match_key)k;
	}
	return (enum match_key)k;
}

/* Values of interfaces, to be found by those of records. */
struct entry {
	uint64_t hash;
	struct bytes value;
	uint32_t amt;
};
struct index {
	struct entry *entries;
	size_t count, cap;
	uint32_t *slots;
	size_t mask;
};

static uint64_t hash(uint64_t seed, struct bytes v)
{
	uint64_t h = seed ^ (v.len * UINT64_C(0x9e3779b97f4a7c15)), word;
	while (v.len) {
		size_t n = v.len < sizeof(word) ? v.len : sizeof(word);
		word = 0;
		memcpy(&word, v.p, n);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
		v = BYTES(v.p + n, v.len - n);
	}
	return h ^ h >> 29;
}

static void add_entry(struct index *x, uint64_t seed, struct bytes value, size_t amt)
{
	if (x->count == x->cap) {
		x->cap = x->cap ? 2 * x->cap : 1024;
		x->entries = mem_grow(x->entries, x->cap, sizeof(x->entries[0]));
	}
	x->entries[x->count++] = (struct entry){hash(seed, value), value, (uint32_t)amt};
}

static void build(struct index *x)
{
	size_t size = 16;
	while (size < 2 * x->count)
		size *= 2;
	x->mask = size - 1;
	x->slots = mem_array(size, sizeof(x->slots[0]));
	memset(x->slots, 0xff, size * sizeof(x->slots[0])); /* EMPTY */
	for (size_t i = 0; i < x->count; i++) {
		size_t at = x->entries[i].hash & x->mask;
		while (x->slots[at] != EMPTY)
			at = (at + 1) & x->mask;
		x->slots[at] = (uint32_t)i;
	}
}

static void hit(struct match *m, struct match_amt *a, size_t host)
{
	m->hosts[host].claimed = true;
	if (!a->hit) {
		a->hit = true;
		a->host = host;
	} else if (a->host != host) {
		a->ambiguous = true;
	}
}

static void look_up(struct match *m, const struct index *x, struct bytes value, size_t host)
{
	uint64_t h = hash(m->seed, value);
	for (size_t at = h & x->mask; x->slots[at] != EMPTY; at = (at + 1) & x->mask) {
		const struct entry *en = &x->entries[x->slots[at]];
		if (en->hash == h && bytes_equal(en->value, value))
			hit(m, &m->amts[en->amt], host);
	}
}

/* Whether both know a stronger key: then it differs, for no record has the interface's. */
static bool differs(const struct match_host *h, struct match_amt *a, enum match_key than)
{
	struct values of_host, of_amt;
	for (int k = 0; k < (int)than; k++) {
		host_values(h, (enum match_key)k, &of_host);
		amt_values(a, (enum match_key)k, &of_amt);
		if (!of_host.count || !of_amt.count)
			continue;
		a->key = (enum match_key)k;
		return true;
	}
	return false;
}

static void judge(struct match *m, struct match_amt *a, enum match_key k)
{
	struct match_host *h = &m->hosts[a->host];
	a->key = k;
	a->reason = MATCH_LINKED;
	if (a->ambiguous)
		a->reason = MATCH_DUPLICATE_HOST;
	else if (differs(h, a, k))
		a->reason = MATCH_DIFFERS;
	else if ((int)k < h->best) {
		h->best = (int)k;
		h->best_count = 1;
	} else if ((int)k == h->best) {
		h->best_count++;
	}
}

void match_begin(struct match *m)
{
	struct values v;
	for (size_t i = 0; i < m->host_count; i++) {
		m->hosts[i].best = MATCH_KEY_COUNT;
		m->hosts[i].best_count = 0;
		m->hosts[i].linked = m->hosts[i].claimed = false;
	}
	for (size_t i = 0; i < m->amt_count; i++) {
		struct match_amt *a = &m->amts[i];
		a->host = MATCH_NOBODY;
		a->hit = a->ambiguous = false;
		a->key = MATCH_KEY_COUNT;
		a->reason = MATCH_AMT_NO_KEYS;
		for (int k = 0; k < MATCH_KEY_COUNT && a->reason == MATCH_AMT_NO_KEYS; k++) {
			amt_values(a, (enum match_key)k, &v);
			a->reason = v.count ? MATCH_NO_HOST : MATCH_AMT_NO_KEYS;
		}
	}
}

void match_pass(struct match *m, enum match_key k)
{
	struct index x = {.count = 0};
	struct values v;
	for (size_t i = 0; i < m->amt_count; i++) {
		if (m->amts[i].hit)
			continue;
		amt_values(&m->amts[i], k, &v);
		for (size_t n = 0; n < v.count; n++)
			add_entry(&x, m->seed, v.v[n], i);
	}
	if (!x.count)
		return;
	build(&x);
	for (size_t i = 0; i < m->host_count; i++) {
		host_values(&m->hosts[i], k, &v);
		for (size_t n = 0; n < v.count; n++)
			look_up(m, &x, v.v[n], i);
	}
	/* Each once: its key says that it was judged. */
	for (size_t i = 0; i < x.count; i++) {
		struct match_amt *a = &m->amts[x.entries[i].amt];
		if (a->hit && a->key == MATCH_KEY_COUNT)
			judge(m, a, k);
	}
	free(x.entries);
	free(x.slots);
}

void match_end(struct match *m)
{
	for (size_t i = 0; i < m->amt_count; i++) {
		struct match_amt *a = &m->amts[i];
		if (a->reason != MATCH_LINKED)
			continue;
		struct match_host *h = &m->hosts[a->host];
		if (h->pinned)
			a->reason = MATCH_PINNED;
		else if ((int)a->key > h->best)
			a->reason = MATCH_STRONGER;
		else if (h->best_count > 1)
			a->reason = MATCH_DUPLICATE_AMT;
		else if (h->bound)
			a->reason = MATCH_HAS_AMT;
		else
			h->linked = true;
	}
}
