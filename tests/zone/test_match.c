/* Which AMT interface belongs to which record: the rules one by one, and random sets beside a judge that was written in
 * another way: it looks at every pair, and knows no passes, hashes or order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/rng.h"
#include "zone/match.h"

static struct uuid uuid(const char *text)
{
	struct uuid u = {{0}};
	if (*text)
		assert_true(uuid_parse(bytes_str(text), &u));
	return match_uuid(&u);
}

static void run(struct match *m)
{
	match_begin(m);
	for (int k = 0; k < MATCH_KEY_COUNT; k++)
		match_pass(m, (enum match_key)k);
	match_end(m);
}

#define U1 "4c4c4544-0043-4a10-8052-b4c04f564431"
#define U2 "4c4c4544-0043-4a10-8052-b4c04f564432"
#define M1 "02:00:5e:10:00:01"
#define M2 "02:00:5e:10:00:02"

struct row {
	const char *host[2][4], *amt[2][4]; /* uuid, macs, fqdn, addresses; NULL: only one */
	bool bound, pinned;                 /* the first record */
	enum match_reason reason[2];        /* of each interface */
	int host_of[2], key[2];
};
static const struct row rows[] = {
	/* each key alone */
	{{{U1, "", "", ""}}, {{U1, "", "", ""}}, 0, 0, {MATCH_LINKED}, {0}, {MATCH_UUID}},
	{{{"", M2 "," M1, "", ""}}, {{"", M1, "", ""}}, 0, 0, {MATCH_LINKED}, {0}, {MATCH_MAC}},
	{{{"", "", "a.b", ""}}, {{"", "", "a.b", ""}}, 0, 0, {MATCH_LINKED}, {0}, {MATCH_FQDN}},
	{{{"", "", "", "10.0.0.1,10.0.0.2"}}, {{"", "", "", "10.0.0.2"}}, 0, 0, {MATCH_LINKED}, {0}, {MATCH_ADDRESS}},
	/* both byte orders of a UUID */
	{{{"44454c4c-4300-104a-8052-b4c04f564431", "", "", ""}},
	 {{U1, "", "", ""}},
	 0,
	 0,
	 {MATCH_LINKED},
	 {0},
	 {MATCH_UUID}},
	/* what tells no computers apart */
	{{{"03000200-0400-0500-0006-000700080009", "", "", ""}},
	 {{"03000200-0400-0500-0006-000700080009", "", "", ""}},
	 0,
	 0,
	 {MATCH_AMT_NO_KEYS},
	 {-1},
	 {MATCH_KEY_COUNT}},
	{{{"00020003-0004-0005-0006-000700080009", "", "", ""}},
	 {{"03000200-0400-0500-0006-000700080009", "", "", ""}},
	 0,
	 0,
	 {MATCH_AMT_NO_KEYS},
	 {-1},
	 {MATCH_KEY_COUNT}},
	{{{"ffffffff-ffff-ffff-ffff-ffffffffffff", "", "", ""}},
	 {{"ffffffff-ffff-ffff-ffff-ffffffffffff", "", "", ""}},
	 0,
	 0,
	 {MATCH_AMT_NO_KEYS},
	 {-1},
	 {MATCH_KEY_COUNT}},
	{{{"", "00:00:00:00:00:00", "pc", "127.0.0.1"}},
	 {{"", "00:00:00:00:00:00", "pc", "127.0.0.1"}},
	 0,
	 0,
	 {MATCH_AMT_NO_KEYS},
	 {-1},
	 {MATCH_KEY_COUNT}},
	{{{"", "ff:ff:ff:ff:ff:ff", "", "fe80::1"}},
	 {{"", "ff:ff:ff:ff:ff:ff", "", "fe80::1"}},
	 0,
	 0,
	 {MATCH_AMT_NO_KEYS},
	 {-1},
	 {MATCH_KEY_COUNT}},
	{{{"", "", "", "169.254.1.1"}},
	 {{"", "", "x.y", "169.254.1.1"}},
	 0,
	 0,
	 {MATCH_NO_HOST},
	 {-1},
	 {MATCH_KEY_COUNT}},
	/* same address, another UUID: not linked (M110); and so for each weaker key */
	{{{U2, "", "", "10.0.0.1"}}, {{U1, "", "", "10.0.0.1"}}, 0, 0, {MATCH_DIFFERS}, {0}, {MATCH_UUID}},
	{{{U2, M1, "", ""}}, {{U1, M1, "", ""}}, 0, 0, {MATCH_DIFFERS}, {0}, {MATCH_UUID}},
	{{{"", M2, "a.b", ""}}, {{"", M1, "a.b", ""}}, 0, 0, {MATCH_DIFFERS}, {0}, {MATCH_MAC}},
	{{{"", "", "c.d", "10.0.0.1"}}, {{"", "", "a.b", "10.0.0.1"}}, 0, 0, {MATCH_DIFFERS}, {0}, {MATCH_FQDN}},
	/* a stronger key that only one side knows does not stand in the way */
	{{{U1, "", "", "10.0.0.1"}}, {{"", M1, "", "10.0.0.1"}}, 0, 0, {MATCH_LINKED}, {0}, {MATCH_ADDRESS}},
	/* weaker keys that differ do not either */
	{{{U1, M2, "a.b", "10.0.0.2"}}, {{U1, M1, "c.d", "10.0.0.1"}}, 0, 0, {MATCH_LINKED}, {0}, {MATCH_UUID}},
	/* the stronger key decides between two records */
	{{{U1, "", "", ""}, {"", "", "", "10.0.0.1"}},
	 {{U1, "", "", "10.0.0.1"}},
	 0,
	 0,
	 {MATCH_LINKED},
	 {0},
	 {MATCH_UUID}},
	{{{"", "", "", "10.0.0.1"}, {U1, "", "", ""}},
	 {{U1, "", "", "10.0.0.1"}},
	 0,
	 0,
	 {MATCH_LINKED},
	 {1},
	 {MATCH_UUID}},
	/* two records with the same key */
	{{{U1, "", "", ""}, {U1, "", "", ""}}, {{U1, "", "", ""}}, 0, 0, {MATCH_DUPLICATE_HOST}, {0}, {MATCH_UUID}},
	{{{"", M1, "", ""}, {"", M1 "," M2, "", ""}},
	 {{"", M1, "", ""}},
	 0,
	 0,
	 {MATCH_DUPLICATE_HOST},
	 {0},
	 {MATCH_MAC}},
	{{{U1, M1, "", ""}, {U1, M2, "", ""}}, {{U1, M1, "", ""}}, 0, 0, {MATCH_DUPLICATE_HOST}, {0}, {MATCH_UUID}},
	/* one interface with the MAC addresses of two records */
	{{{"", M1, "", ""}, {"", M2, "", ""}},
	 {{"", M1 "," M2, "", ""}},
	 0,
	 0,
	 {MATCH_DUPLICATE_HOST},
	 {0},
	 {MATCH_MAC}},
	/* two interfaces for one record */
	{{{U1, "", "", ""}},
	 {{U1, "", "", ""}, {U1, "", "", ""}},
	 0,
	 0,
	 {MATCH_DUPLICATE_AMT, MATCH_DUPLICATE_AMT},
	 {0, 0},
	 {MATCH_UUID, MATCH_UUID}},
	{{{U1, "", "", "10.0.0.1"}},
	 {{"", "", "", "10.0.0.1"}, {U1, "", "", ""}},
	 0,
	 0,
	 {MATCH_STRONGER, MATCH_LINKED},
	 {0, 0},
	 {MATCH_ADDRESS, MATCH_UUID}},
	/* by hand, or taken */
	{{{U1, "", "", ""}}, {{U1, "", "", ""}}, 0, 1, {MATCH_PINNED}, {0}, {MATCH_UUID}},
	{{{U1, "", "", ""}}, {{U1, "", "", ""}}, 1, 0, {MATCH_HAS_AMT}, {0}, {MATCH_UUID}},
	{{{U1, "", "", ""}},
	 {{U1, "", "", ""}, {U1, "", "", ""}},
	 1,
	 0,
	 {MATCH_DUPLICATE_AMT, MATCH_DUPLICATE_AMT},
	 {0, 0},
	 {MATCH_UUID, MATCH_UUID}},
	/* nobody */
	{{{U1, "", "", ""}}, {{U2, "", "", ""}}, 0, 0, {MATCH_NO_HOST}, {-1}, {MATCH_KEY_COUNT}},
};

static void each_rule_holds(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct match_host hosts[2];
		struct match_amt amts[2];
		struct match m = {.hosts = hosts, .amts = amts, .seed = 7};
		for (; m.host_count < 2 && r->host[m.host_count][0]; m.host_count++)
			hosts[m.host_count] = (struct match_host){.device = 10 + (int64_t)m.host_count,
								  .uuid = uuid(r->host[m.host_count][0]),
								  .macs = r->host[m.host_count][1],
								  .fqdn = r->host[m.host_count][2],
								  .addresses = r->host[m.host_count][3]};
		for (; m.amt_count < 2 && r->amt[m.amt_count][0]; m.amt_count++)
			amts[m.amt_count] = (struct match_amt){.id = 20 + (int64_t)m.amt_count,
							       .uuid = uuid(r->amt[m.amt_count][0]),
							       .macs = r->amt[m.amt_count][1],
							       .fqdn = r->amt[m.amt_count][2],
							       .address = r->amt[m.amt_count][3]};
		hosts[0].bound = r->bound;
		hosts[0].pinned = r->pinned;
		run(&m);
		for (size_t a = 0; a < m.amt_count; a++)
			if (amts[a].reason != r->reason[a] || (int)amts[a].key != r->key[a] ||
			    amts[a].host != (r->host_of[a] < 0 ? MATCH_NOBODY : (size_t)r->host_of[a]))
				fail_msg("row %zu interface %zu: reason %d key %d host %zd", i, a, amts[a].reason,
					 amts[a].key, (ssize_t)amts[a].host);
	}
}

/* The judge. Keys are small numbers, 0 is none; MACs and addresses are sets of bits. */
struct thing {
	unsigned uuid, macs, fqdn, addresses;
	bool bound, pinned;
};

static unsigned key_of(const struct thing *t, int k)
{
	return k == 0   ? (t->uuid ? 1u << t->uuid : 0)
	       : k == 1 ? t->macs
	       : k == 2 ? (t->fqdn ? 1u << t->fqdn : 0)
			: t->addresses;
}

#define HOSTS 12
#define AMTS  12

struct verdict {
	enum match_reason reason;
	int host;
};

/* The record that an interface names: by its strongest key that anybody has. */
static int names(const struct thing *hosts, const struct thing *a, int *ret_key, enum match_reason *why)
{
	for (int k = 0; k < 4; k++) {
		int count = 0, first = -1;
		for (int h = HOSTS - 1; h >= 0; h--)
			if (key_of(&hosts[h], k) & key_of(a, k)) {
				count++;
				first = h;
			}
		if (!count)
			continue;
		*ret_key = k;
		*why = count > 1 ? MATCH_DUPLICATE_HOST : MATCH_LINKED;
		for (int s = 0; s < k && count == 1; s++)
			if (key_of(&hosts[first], s) && key_of(a, s) && !(key_of(&hosts[first], s) & key_of(a, s)))
				*why = MATCH_DIFFERS;
		return first;
	}
	*ret_key = 4;
	*why = key_of(a, 0) | key_of(a, 1) | key_of(a, 2) | key_of(a, 3) ? MATCH_NO_HOST : MATCH_AMT_NO_KEYS;
	return -1;
}

static void judge(const struct thing *hosts, const struct thing *amts, struct verdict *ret)
{
	for (int a = 0; a < AMTS; a++) {
		int key, other_key, stronger = 0, equal = 0;
		enum match_reason other;
		ret[a].host = names(hosts, &amts[a], &key, &ret[a].reason);
		if (ret[a].reason != MATCH_LINKED)
			continue;
		for (int b = 0; b < AMTS; b++)
			if (b != a && names(hosts, &amts[b], &other_key, &other) == ret[a].host &&
			    other == MATCH_LINKED) {
				stronger += other_key < key;
				equal += other_key == key;
			}
		const struct thing *h = &hosts[ret[a].host];
		ret[a].reason = h->pinned  ? MATCH_PINNED
				: stronger ? MATCH_STRONGER
				: equal    ? MATCH_DUPLICATE_AMT
				: h->bound ? MATCH_HAS_AMT
					   : MATCH_LINKED;
	}
}

static char pool[64 * 1024];
static size_t pool_used;

enum form { MAC, NAME, IP };

static const char *text_of(unsigned bits, enum form form)
{
	char *start = pool + pool_used, *at = start;
	for (unsigned i = 1; i < 32; i++)
		if (bits >> i & 1) {
			at += snprintf(at, 40, "%s", at > start ? "," : "");
			at += form == MAC    ? snprintf(at, 40, "02:00:00:00:00:%02x", i)
			      : form == NAME ? snprintf(at, 40, "h%u.x", i)
					     : snprintf(at, 40, "10.0.0.%u", i);
		}
	*at = 0;
	pool_used += (size_t)(at - start) + 1;
	assert_true(pool_used < sizeof(pool) - 4096);
	return start;
}

static struct uuid numbered(unsigned n, bool swapped)
{
	struct uuid u = {{0}};
	uint8_t wire[16];
	if (!n)
		return u;
	memset(u.b, 0x11, sizeof(u.b));
	u.b[3] = (uint8_t)n;
	uuid_to_smbios(&u, wire);
	if (swapped)
		memcpy(u.b, wire, sizeof(wire));
	return match_uuid(&u);
}

static void draw(struct rng *r, struct thing *t, bool is_host)
{
	*t = (struct thing){.uuid = rng_below(r, 3) ? (unsigned)rng_below(r, 14) : 0,
			    .fqdn = (unsigned)rng_below(r, 10)};
	for (unsigned i = 0; i < 2; i++) {
		t->macs |= rng_below(r, 2) && (is_host || i == 0) ? 1u << (1 + rng_below(r, 12)) : 0;
		t->addresses |= rng_below(r, 2) && (is_host || i == 0) ? 1u << (1 + rng_below(r, 12)) : 0;
	}
	t->bound = is_host && rng_below(r, 8) == 0;
	t->pinned = is_host && rng_below(r, 8) == 0;
}

static void random_sets_are_matched_as_a_judge_says_who_looks_at_every_pair(void **state)
{
	struct rng chance, *r = &chance;
	rng_init(r, 4711);
	size_t seen[64] = {0};
	for (int round = 0; round < 5000; round++) {
		struct thing hosts[HOSTS], amts[AMTS];
		struct match_host mh[HOSTS] = {{0}};
		struct match_amt ma[AMTS] = {{0}};
		struct verdict want[AMTS];
		pool_used = 0;
		for (int i = 0; i < HOSTS; i++) {
			draw(r, &hosts[i], true);
			mh[i] = (struct match_host){.device = i + 1,
						    .uuid = numbered(hosts[i].uuid, rng_below(r, 2)),
						    .macs = text_of(hosts[i].macs, MAC),
						    .fqdn = text_of(hosts[i].fqdn ? 1u << hosts[i].fqdn : 0, NAME),
						    .addresses = text_of(hosts[i].addresses, IP),
						    .bound = hosts[i].bound,
						    .pinned = hosts[i].pinned};
		}
		for (int i = 0; i < AMTS; i++) {
			draw(r, &amts[i], false);
			ma[i] = (struct match_amt){.id = i + 1,
						   .uuid = numbered(amts[i].uuid, rng_below(r, 2)),
						   .macs = text_of(amts[i].macs, MAC),
						   .fqdn = text_of(amts[i].fqdn ? 1u << amts[i].fqdn : 0, NAME),
						   .address = text_of(amts[i].addresses, IP)};
		}
		struct match m = {mh, HOSTS, ma, AMTS, rng_next(r)};
		run(&m);
		judge(hosts, amts, want);
		for (int i = 0; i < AMTS; i++) {
			int host = ma[i].host == MATCH_NOBODY ? -1 : (int)ma[i].host;
			if (ma[i].reason != want[i].reason || host != want[i].host)
				fail_msg("round %d interface %d: %d %d, wanted %d %d", round, i, ma[i].reason, host,
					 want[i].reason, want[i].host);
			seen[ma[i].reason]++;
		}
	}
	static const enum match_reason all[] = {MATCH_LINKED,         MATCH_NO_HOST,  MATCH_AMT_NO_KEYS,
						MATCH_DUPLICATE_HOST, MATCH_STRONGER, MATCH_DUPLICATE_AMT,
						MATCH_DIFFERS,        MATCH_HAS_AMT,  MATCH_PINNED};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_true(seen[all[i]] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_holds),
		cmocka_unit_test(random_sets_are_matched_as_a_judge_says_who_looks_at_every_pair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
