/* match.h - which AMT interface belongs to which managed computer, by their keys. Pure: nothing is read or written.
 *
 * Keys in their order: UUID, MAC address, name in DNS, IP address. The strongest key of an interface that any record
 * has decides: one record, it is that; several, a conflict. A weaker key never decides against a stronger one: where
 * both sides know a stronger key and it differs, that is a conflict. A record gets the interface with the strongest
 * key; two with keys of the same strength are a conflict. The result depends on the keys alone, not on any order. */
#ifndef ZONE_MATCH_H
#define ZONE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum match_key { MATCH_UUID, MATCH_MAC, MATCH_FQDN, MATCH_ADDRESS, MATCH_KEY_COUNT };
const char *match_key_name(enum match_key k); /* "uuid", "mac", "fqdn", "address" */

enum match_kind { MATCH_UNMATCHED_AMT, MATCH_UNMATCHED_HOST, MATCH_CONFLICT };
enum match_reason {
	MATCH_LINKED = 0,
#define MATCH(id, number, ...) MATCH_##id = (number),
#include "zone/match.tbl.h"
#undef MATCH
};
struct match_word {
	enum match_reason reason;
	enum match_kind kind;
	const char *code, *sentence, *next;
};
const struct match_word *match_word(int reason); /* NULL: this version has no such number */

#define MATCH_NOBODY SIZE_MAX

/* Texts are never NULL; several values are joined with commas. */
struct match_host {
	int64_t device;
	struct uuid uuid;
	const char *macs, *fqdn, *addresses;
	bool bound;  /* has an AMT interface already */
	bool pinned; /* by hand: nothing is linked with it */
	/* results */
	bool linked, claimed; /* an interface is to be linked; one has its key, whatever comes of that */
	int best, best_count; /* strongest key by which it is claimed, and by how many */
};

struct match_amt {
	int64_t id;
	struct uuid uuid;
	const char *macs, *fqdn, *address;
	/* results */
	size_t host; /* place in hosts: it belongs to, or is in conflict about; MATCH_NOBODY */
	enum match_reason reason;
	enum match_key key; /* that decided; with DIFFERS the one that differs */
	bool hit, ambiguous;
};

struct match {
	struct match_host *hosts; /* in rising order of devices */
	size_t host_count;
	struct match_amt *amts;
	size_t amt_count;
	uint64_t seed; /* any number that strangers do not know */
};

/* One form for both byte orders in which SMBIOS UUIDs are written; nil: no identity (all the same, or a vendor's). */
struct uuid match_uuid(const struct uuid *u);
/* Keys that many computers have or none: whether a single value counts. */
bool match_mac_counts(struct bytes mac);
bool match_address_counts(struct bytes address);
bool match_fqdn_counts(const char *fqdn);
/* The strongest key that a record and an interface have in common; MATCH_KEY_COUNT: none. */
enum match_key match_common(const struct match_host *h, const struct match_amt *a);

/* In this order: begin, a pass for each key from the strongest on, end. Each costs a walk over all. */
void match_begin(struct match *m);
void match_pass(struct match *m, enum match_key k);
void match_end(struct match *m);

#endif
