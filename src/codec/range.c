#include "codec/range.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

#define PART_MAX 96 /* two IPv6 addresses and a dash */

__extension__ typedef unsigned __int128 u128;

/* Addresses as numbers, both included. */
struct range_span {
	u128 first, last;
	uint64_t before; /* addresses of the set in front of it */
};

/* What was written, before it is put in order. */
struct parts {
	struct range_span v4[RANGE_PARTS_MAX], v6[RANGE_PARTS_MAX];
	size_t v4_len, v6_len;
};

void range_init(struct range *r)
{
	*r = (struct range){0};
}

void range_release(struct range *r)
{
	free(r->v4);
	free(r->v6);
	range_init(r);
}

static bool v4_parse(struct bytes text, uint32_t *ret)
{
	char s[16];
	struct in_addr a;
	if (!bytes_to_str(text, s, sizeof(s)) || inet_pton(AF_INET, s, &a) != 1)
		return false;
	*ret = ntohl(a.s_addr);
	return true;
}

static u128 number_of(const struct range_addr *a)
{
	u128 n = 0;
	for (size_t i = 0; i < (a->v6 ? 16 : 4); i++)
		n = n << 8 | a->b[i];
	return n;
}

static struct range_addr address_of(u128 n, bool v6)
{
	struct range_addr a = {.v6 = v6};
	for (size_t i = v6 ? 16 : 4; i-- > 0; n >>= 8)
		a.b[i] = (uint8_t)n;
	return a;
}

static struct range_addr from_v6(const struct in6_addr *in)
{
	struct range_addr a = {.v6 = true};
	if (IN6_IS_ADDR_V4MAPPED(in)) {
		a.v6 = false;
		memcpy(a.b, in->s6_addr + 12, 4);
		return a;
	}
	memcpy(a.b, in->s6_addr, 16);
	return a;
}

static bool addr_parse(struct bytes text, struct range_addr *ret)
{
	char s[RANGE_ADDR_TEXT_SIZE];
	struct in6_addr v6;
	uint32_t v4;
	if (v4_parse(text, &v4)) {
		*ret = address_of(v4, false);
		return true;
	}
	if (!bytes_to_str(text, s, sizeof(s)) || inet_pton(AF_INET6, s, &v6) != 1)
		return false;
	*ret = from_v6(&v6);
	return true;
}

int range_addr_parse(struct bytes text, struct range_addr *ret, struct err *e)
{
	char quoted[PART_MAX];
	if (addr_parse(text, ret))
		return 0;
	if (!text_is_printable(text) || !bytes_to_str(text, quoted, sizeof(quoted)))
		return err_set(e, ERR_INVALID, "address: too long, or with characters that no address has");
	return err_set(e, ERR_INVALID, "address \"%s\": neither an IPv4 nor an IPv6 address", quoted);
}

void range_addr_text(const struct range_addr *a, char to[RANGE_ADDR_TEXT_SIZE])
{
	ASSERT(inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->b, to, RANGE_ADDR_TEXT_SIZE));
}

socklen_t range_addr_to_sockaddr(const struct range_addr *a, uint16_t port, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (a->v6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ret;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->b, 16);
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)ret;
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, a->b, 4);
	return sizeof(*in);
}

bool range_addr_from_sockaddr(const struct sockaddr *sa, struct range_addr *ret)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;
		*ret = address_of(ntohl(in->sin_addr.s_addr), false);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	*ret = from_v6(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
	return true;
}

bool range_addr_equal(const struct range_addr *a, const struct range_addr *b)
{
	return a->v6 == b->v6 && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* RFC 4291 2.5.5.2: these are IPv4 addresses, and each has one place only. */
static bool holds_mapped(u128 first, u128 last)
{
	return first <= (u128)0xffffffffffff && last >= (u128)0xffff00000000;
}

static int add_part(struct parts *to, const char *part, bool v6, u128 first, u128 last, struct err *e)
{
	struct range_span span = {.first = first, .last = last};
	if (v6 && holds_mapped(first, last))
		return err_set(e, ERR_INVALID, "range \"%s\": has IPv4 addresses in it; write those as IPv4", part);
	if (v6)
		to->v6[to->v6_len++] = span;
	else
		to->v4[to->v4_len++] = span;
	return 0;
}

/* "10.0.0.0/24", "fd00::/64"; slash points into the part. */
static int prefix_parse(const char *part, const char *slash, struct parts *to, struct err *e)
{
	struct range_addr a;
	uint64_t bits;
	bool written_v6 = strchr(part, ':') != NULL;
	if (!addr_parse(BYTES(part, (size_t)(slash - part)), &a) || a.v6 != written_v6)
		return err_set(e, ERR_INVALID, "range \"%s\": what is in front of the slash is no %s address", part,
			       written_v6 ? "IPv6" : "IPv4");
	unsigned most = a.v6 ? 128 : 32;
	if (!text_to_u64(bytes_str(slash + 1), &bits) || bits > most)
		return err_set(e, ERR_INVALID, "range \"%s\": the prefix length is not between 0 and %u", part, most);
	u128 base = number_of(&a), hosts = bits == 0 ? ~(u128)0 : ((u128)1 << (most - bits)) - 1;
	hosts = a.v6 ? hosts : (uint32_t)hosts;
	if (base & hosts) {
		char network[RANGE_ADDR_TEXT_SIZE];
		a = address_of(base & ~hosts, a.v6);
		range_addr_text(&a, network);
		return err_set(e, ERR_INVALID, "range \"%s\": the network of this prefix is %s/%u", part, network,
			       (unsigned)bits);
	}
	return add_part(to, part, a.v6, base, base | hosts, e);
}

/* "10.0.0.1-10.0.0.99", "10.0.0.1-99" or "fd00::1-fd00::99". */
static int span_parse(const char *part, const char *dash, struct parts *to, struct err *e)
{
	struct range_addr first, last;
	uint64_t octet;
	if (!addr_parse(BYTES(part, (size_t)(dash - part)), &first))
		return err_set(e, ERR_INVALID, "range \"%s\": its begin is no address", part);
	if (!addr_parse(bytes_str(dash + 1), &last)) {
		if (first.v6)
			return err_set(e, ERR_INVALID, "range \"%s\": its end is no IPv6 address", part);
		if (!text_to_u64(bytes_str(dash + 1), &octet) || octet > 255)
			return err_set(e, ERR_INVALID,
				       "range \"%s\": its end is neither an IPv4 address nor a number up to 255", part);
		last = first;
		last.b[3] = (uint8_t)octet;
	}
	if (first.v6 != last.v6)
		return err_set(e, ERR_INVALID, "range \"%s\": from IPv4 to IPv6", part);
	if (number_of(&last) < number_of(&first))
		return err_set(e, ERR_INVALID, "range \"%s\": ends before it begins", part);
	return add_part(to, part, first.v6, number_of(&first), number_of(&last), e);
}

static int single_parse(const char *part, struct parts *to, struct err *e)
{
	struct range_addr a;
	if (!addr_parse(bytes_str(part), &a))
		return err_set(e, ERR_INVALID, "range \"%s\": neither an address, a prefix nor first-last", part);
	return add_part(to, part, a.v6, number_of(&a), number_of(&a), e);
}

static int part_parse(struct bytes text, struct parts *to, struct err *e)
{
	char part[PART_MAX];
	if (!text_is_printable(text) || !bytes_to_str(text, part, sizeof(part)))
		return err_set(e, ERR_INVALID, "range: a part is too long, or holds characters that no address has");
	if (to->v4_len + to->v6_len == RANGE_PARTS_MAX)
		return err_set(e, ERR_TOO_BIG, "range: more than %d parts", RANGE_PARTS_MAX);
	const char *slash = strchr(part, '/');
	const char *dash = strchr(part, '-');
	if (!slash && !dash)
		return single_parse(part, to, e);
	return slash ? prefix_parse(part, slash, to, e) : span_parse(part, dash, to, e);
}

static int span_compare(const void *a, const void *b)
{
	u128 x = ((const struct range_span *)a)->first, y = ((const struct range_span *)b)->first;
	return x < y ? -1 : x > y;
}

/* Sorts, and joins what overlaps or touches. */
static size_t order(struct range_span *spans, size_t len)
{
	size_t n = 0;
	qsort(spans, len, sizeof(spans[0]), span_compare);
	for (size_t i = 0; i < len; i++) {
		if (n > 0 && (spans[i].first <= spans[n - 1].last || spans[i].first - 1 == spans[n - 1].last)) {
			if (spans[i].last > spans[n - 1].last)
				spans[n - 1].last = spans[i].last;
			continue;
		}
		spans[n++] = spans[i];
	}
	return n;
}

static void parts_order(struct parts *p)
{
	p->v4_len = order(p->v4, p->v4_len);
	p->v6_len = order(p->v6, p->v6_len);
}

static bool is_gap(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int parts_parse(const char *text, struct parts *ret, struct err *e)
{
	ret->v4_len = ret->v6_len = 0;
	while (*text) {
		const char *from = text;
		while (*text && !is_gap(*text))
			text++;
		int rc = text > from ? part_parse(BYTES(from, (size_t)(text - from)), ret, e) : 0;
		if (rc)
			return rc;
		text += *text != '\0';
	}
	parts_order(ret);
	return 0;
}

/* A set being filled. */
struct filling {
	struct range_span *spans;
	size_t len;
	uint64_t *count;
};

static void fill(struct filling *f, u128 first, u128 last)
{
	u128 more = last - first, room = UINT64_MAX - *f->count;
	f->spans[f->len++] = (struct range_span){.first = first, .last = last, .before = *f->count};
	*f->count = more >= room ? UINT64_MAX : *f->count + (uint64_t)more + 1;
}

/* Both lists are in order: one walk through each. What is left has at most as many pieces as both together. */
static size_t subtract(const struct range_span *in, size_t in_len, const struct range_span *ex, size_t ex_len,
		       struct range_span **ret, uint64_t *count)
{
	struct filling f = {mem_array(in_len + ex_len + 1, sizeof(**ret)), 0, count};
	size_t j = 0;
	for (size_t i = 0; i < in_len; i++) {
		u128 first = in[i].first;
		bool left = true;
		while (j < ex_len && ex[j].last < first)
			j++;
		for (size_t k = j; left && k < ex_len && ex[k].first <= in[i].last; k++) {
			if (ex[k].first > first)
				fill(&f, first, ex[k].first - 1);
			left = ex[k].last < in[i].last;
			first = left ? ex[k].last + 1 : first;
		}
		if (left)
			fill(&f, first, in[i].last);
	}
	*ret = f.spans;
	return f.len;
}

static int result_check(const struct range *r, uint64_t max_count, struct err *e)
{
	if (r->count == 0)
		return err_set(e, ERR_MISSING, "range: no address is left in it");
	if (r->count > max_count)
		return err_set(e, ERR_TOO_BIG, "range: %llu addresses, the limit is %llu", (unsigned long long)r->count,
			       (unsigned long long)max_count);
	return 0;
}

int range_parse(const char *include, const char *exclude, uint64_t max_count, struct range *r, struct err *e)
{
	struct range made;
	AUTO_FREE struct parts *in = mem_alloc(sizeof(*in));
	AUTO_FREE struct parts *ex = mem_alloc(sizeof(*ex));
	int rc = parts_parse(include, in, e);
	if (rc == 0 && exclude)
		rc = parts_parse(exclude, ex, e);
	if (rc)
		return rc;
	range_init(&made);
	made.v4_len = subtract(in->v4, in->v4_len, ex->v4, ex->v4_len, &made.v4, &made.count);
	made.v6_len = subtract(in->v6, in->v6_len, ex->v6, ex->v6_len, &made.v6, &made.count);
	rc = result_check(&made, max_count, e);
	if (rc) {
		range_release(&made);
		return rc;
	}
	range_release(r);
	*r = made;
	return 0;
}

uint64_t range_count(const struct range *r)
{
	return r->count;
}

static size_t len_of(const struct range *r, bool v6)
{
	return v6 ? r->v6_len : r->v4_len;
}

static const struct range_span *spans_of(const struct range *r, bool v6)
{
	return v6 ? r->v6 : r->v4;
}

/* The last interval that begins at or before a place: by its address, or by how many addresses are before it. */
static const struct range_span *find(const struct range *r, bool v6, bool by_place, u128 key)
{
	const struct range_span *spans = spans_of(r, v6);
	size_t low = 0, high = len_of(r, v6);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		u128 at = by_place ? spans[mid].before : spans[mid].first;
		if (at <= key)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &spans[low - 1] : NULL;
}

bool range_contains(const struct range *r, const struct range_addr *a)
{
	const struct range_span *s = find(r, a->v6, false, number_of(a));
	return s && number_of(a) <= s->last;
}

bool range_at(const struct range *r, uint64_t i, struct range_addr *ret)
{
	if (i >= r->count)
		return false;
	bool v6 = r->v6_len && i >= r->v6[0].before;
	const struct range_span *s = find(r, v6, true, i);
	*ret = address_of(s->first + (i - s->before), v6);
	return true;
}

bool range_index(const struct range *r, const struct range_addr *a, uint64_t *ret)
{
	if (!range_contains(r, a))
		return false;
	const struct range_span *s = find(r, a->v6, false, number_of(a));
	*ret = s->before + (uint64_t)(number_of(a) - s->first);
	return true;
}

static unsigned bits_of(u128 n)
{
	return (unsigned)(__builtin_popcountll((uint64_t)n) + __builtin_popcountll((uint64_t)(n >> 64)));
}

static void span_text(const struct range_span *s, bool v6, struct buf *out)
{
	char first[RANGE_ADDR_TEXT_SIZE], last[RANGE_ADDR_TEXT_SIZE];
	struct range_addr a = address_of(s->first, v6), b = address_of(s->last, v6);
	range_addr_text(&a, first);
	range_addr_text(&b, last);
	u128 hosts = s->first ^ s->last;
	bool is_prefix = (hosts & (hosts + 1)) == 0 && (s->first & hosts) == 0;
	if (!hosts)
		(void)buf_adds(out, first); /* range_text looks whether there was room */
	else if (is_prefix)
		(void)buf_addf(out, "%s/%u", first, (v6 ? 128 : 32) - bits_of(hosts));
	else
		(void)buf_addf(out, "%s-%s", first, last);
}

int range_text(const struct range *r, struct buf *out)
{
	for (size_t i = 0; i < r->v4_len + r->v6_len; i++) {
		bool v6 = i >= r->v4_len;
		if (i > 0)
			(void)buf_addc(out, ',');
		span_text(v6 ? &r->v6[i - r->v4_len] : &r->v4[i], v6, out);
	}
	return out->failed ? ERR_TOO_BIG : 0;
}
