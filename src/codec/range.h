/* range.h - sets of addresses as people write them: "10.0.0.1", "10.0.0.0/24", "10.0.0.1-10.0.0.99", "10.0.0.1-99",
 * "fd00::1", "fd00::/64", "fd00::1-fd00::99", several of them separated by commas or blanks.
 *
 * A prefix means all of its addresses, the first and the last (network and broadcast) included: AMT networks are
 * cut in many ways, and leaving out two addresses by guess would miss devices. A prefix with host bits set
 * ("10.0.0.7/24") is refused, for it is as often a slip as not. Overlaps count once. The set is kept as intervals and
 * never expanded, so 0.0.0.0/0 costs as much as one address. Pure; any thread. */
#ifndef CODEC_RANGE_H
#define CODEC_RANGE_H

#include <sys/socket.h>

#include "base/buf.h"

struct err;

#define RANGE_PARTS_MAX      1024 /* parts in one text */
#define RANGE_ADDR_TEXT_SIZE 46

struct range_addr {
	bool v6;
	uint8_t b[16]; /* network order; IPv4 in the first four, the rest zero */
};

struct range_span;

struct range {
	struct range_span *v4, *v6; /* intervals: sorted, apart */
	size_t v4_len, v6_len;
	uint64_t count; /* UINT64_MAX: so many or more, and places have no meaning */
};

void range_init(struct range *r);
void range_release(struct range *r);

/* Fills an initialised set with include less exclude (NULL: nothing is excluded). Returns 0; ERR_INVALID with a
 * sentence that quotes the bad part; ERR_MISSING when nothing is included or everything excluded again; ERR_TOO_BIG
 * over max_count addresses or RANGE_PARTS_MAX parts. */
int range_parse(const char *include, const char *exclude, uint64_t max_count, struct range *r, struct err *e);

uint64_t range_count(const struct range *r);
bool range_contains(const struct range *r, const struct range_addr *a);
/* The address at place i (0 .. count-1): IPv4 in rising order, then IPv6. False past the end. O(log of the intervals).
 */
bool range_at(const struct range *r, uint64_t i, struct range_addr *ret);
bool range_index(const struct range *r, const struct range_addr *a, uint64_t *ret); /* the way back */

/* One canonical text per set: rising, comma-separated, prefixes where an interval is one ("10.0.0.0/24"), else
 * "first-last", else single addresses. range_parse of it gives the same set. 0 or ERR_TOO_BIG. */
int range_text(const struct range *r, struct buf *out);

int range_addr_parse(struct bytes text, struct range_addr *ret, struct err *e); /* one address; ERR_INVALID */
void range_addr_text(const struct range_addr *a, char to[RANGE_ADDR_TEXT_SIZE]);
socklen_t range_addr_to_sockaddr(const struct range_addr *a, uint16_t port, struct sockaddr_storage *ret);
bool range_addr_from_sockaddr(const struct sockaddr *sa, struct range_addr *ret); /* mapped IPv4 becomes IPv4 */
bool range_addr_equal(const struct range_addr *a, const struct range_addr *b);

#endif
