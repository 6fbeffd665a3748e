#include "codec/range.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

#define PART_MAX 96 /* two IPv6 addresses and a dash */

/* What was written, before it is put in order. */
struct parts {
	struct range_v4 v4[RANGE_PARTS_MAX];
	struct range_addr v6[RANGE_PARTS_MAX];
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

static struct range_addr from_v4(uint32_t v4)
{
	return (struct range_addr){.b = {(uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8), (uint8_t)v4}};
}

static uint32_t to_v4(const struct range_addr *a)
{
	return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
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
		*ret = from_v4(v4);
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
		*ret = from_v4(ntohl(in->sin_addr.s_addr));
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	*ret = from_v6(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
	return true;
}

static int addr_compare(const void *a, const void *b)
{
	return memcmp(((const struct range_addr *)a)->b, ((const struct range_addr *)b)->b, 16);
}

bool range_addr_equal(const struct range_addr *a, const struct range_addr *b)
{
	return a->v6 == b->v6 && addr_compare(a, b) == 0;
}

/* "10.0.0.0/24"; slash points into the part. */
static int prefix_parse(const char *part, const char *slash, struct range_v4 *ret, struct err *e)
{
	uint32_t base;
	uint64_t bits;
	if (!v4_parse(BYTES(part, (size_t)(slash - part)), &base))
		return err_set(e, ERR_INVALID,
			       strchr(part, ':') ? "range \"%s\": IPv6 is taken as single addresses only"
						 : "range \"%s\": what is in front of the slash is no IPv4 address",
			       part);
	if (!text_to_u64(bytes_str(slash + 1), &bits) || bits > 32)
		return err_set(e, ERR_INVALID, "range \"%s\": the prefix length is not between 0 and 32", part);
	uint32_t hosts = bits == 0 ? UINT32_MAX : bits == 32 ? 0 : (1u << (32 - bits)) - 1;
	if (base & hosts) {
		char network[RANGE_ADDR_TEXT_SIZE];
		struct range_addr a = from_v4(base & ~hosts);
		range_addr_text(&a, network);
		return err_set(e, ERR_INVALID, "range \"%s\": the network of this prefix is %s/%u", part, network,
			       (unsigned)bits);
	}
	*ret = (struct range_v4){.first = base, .last = base | hosts};
	return 0;
}

/* "10.0.0.1-10.0.0.99" or "10.0.0.1-99". */
static int span_parse(const char *part, const char *dash, struct range_v4 *ret, struct err *e)
{
	uint32_t first, last;
	uint64_t octet;
	if (!v4_parse(BYTES(part, (size_t)(dash - part)), &first))
		return err_set(e, ERR_INVALID,
			       strchr(part, ':') ? "range \"%s\": IPv6 is taken as single addresses only"
						 : "range \"%s\": its begin is no IPv4 address",
			       part);
	if (!v4_parse(bytes_str(dash + 1), &last)) {
		if (!text_to_u64(bytes_str(dash + 1), &octet) || octet > 255)
			return err_set(e, ERR_INVALID,
				       "range \"%s\": its end is neither an IPv4 address nor a number up to 255", part);
		last = (first & 0xffffff00u) | (uint32_t)octet;
	}
	if (last < first)
		return err_set(e, ERR_INVALID, "range \"%s\": ends before it begins", part);
	*ret = (struct range_v4){.first = first, .last = last};
	return 0;
}

static int single_parse(const char *part, struct parts *to, struct err *e)
{
	struct range_addr a;
	if (!addr_parse(bytes_str(part), &a))
		return err_set(e, ERR_INVALID, "range \"%s\": neither an address, a prefix nor first-last", part);
	if (a.v6)
		to->v6[to->v6_len++] = a;
	else
		to->v4[to->v4_len++] = (struct range_v4){.first = to_v4(&a), .last = to_v4(&a)};
	return 0;
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
	int rc = slash ? prefix_parse(part, slash, &to->v4[to->v4_len], e)
		       : span_parse(part, dash, &to->v4[to->v4_len], e);
	to->v4_len += rc == 0;
	return rc;
}

static int v4_compare(const void *a, const void *b)
{
	uint32_t x = ((const struct range_v4 *)a)->first, y = ((const struct range_v4 *)b)->first;
	return x < y ? -1 : x > y;
}

/* Sorts, and joins what overlaps or touches. */
static void parts_order(struct parts *p)
{
	qsort(p->v4, p->v4_len, sizeof(p->v4[0]), v4_compare);
	size_t n = 0;
	for (size_t i = 0; i < p->v4_len; i++) {
		if (n > 0 && (uint64_t)p->v4[n - 1].last + 1 >= p->v4[i].first) {
			if (p->v4[i].last > p->v4[n - 1].last)
				p->v4[n - 1].last = p->v4[i].last;
			continue;
		}
		p->v4[n++] = p->v4[i];
	}
	p->v4_len = n;
	qsort(p->v6, p->v6_len, sizeof(p->v6[0]), addr_compare);
	n = 0;
	for (size_t i = 0; i < p->v6_len; i++)
		if (n == 0 || !range_addr_equal(&p->v6[n - 1], &p->v6[i]))
			p->v6[n++] = p->v6[i];
	p->v6_len = n;
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

static void v4_add(struct range *r, uint64_t first, uint64_t last)
{
	if (first > last)
		return;
	r->v4[r->v4_len++] = (struct range_v4){.first = (uint32_t)first, .last = (uint32_t)last, .before = r->count};
	r->count += last - first + 1;
}

/* Both lists are in order: one walk through each. What is left has at most as many pieces as both together. */
static void v4_subtract(struct range *r, const struct parts *in, const struct parts *ex)
{
	size_t j = 0;
	r->v4 = mem_array(in->v4_len + ex->v4_len + 1, sizeof(*r->v4));
	for (size_t i = 0; i < in->v4_len; i++) {
		uint64_t first = in->v4[i].first;
		while (j < ex->v4_len && ex->v4[j].last < first)
			j++;
		for (size_t k = j; k < ex->v4_len && ex->v4[k].first <= in->v4[i].last; k++) {
			if (ex->v4[k].first > first)
				v4_add(r, first, (uint64_t)ex->v4[k].first - 1);
			first = (uint64_t)ex->v4[k].last + 1;
		}
		v4_add(r, first, in->v4[i].last);
	}
}

static void v6_subtract(struct range *r, const struct parts *in, const struct parts *ex)
{
	r->v6 = mem_array(in->v6_len + 1, sizeof(*r->v6));
	for (size_t i = 0; i < in->v6_len; i++)
		if (!bsearch(&in->v6[i], ex->v6, ex->v6_len, sizeof(ex->v6[0]), addr_compare))
			r->v6[r->v6_len++] = in->v6[i];
	r->count += r->v6_len;
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
	v4_subtract(&made, in, ex);
	v6_subtract(&made, in, ex);
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

/* The last interval that begins at or before a place: by its address, or by how many addresses are before it. */
static const struct range_v4 *v4_find(const struct range *r, bool by_place, uint64_t key)
{
	size_t low = 0, high = r->v4_len;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		uint64_t at = by_place ? r->v4[mid].before : r->v4[mid].first;
		if (at <= key)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &r->v4[low - 1] : NULL;
}

bool range_contains(const struct range *r, const struct range_addr *a)
{
	if (a->v6)
		return r->v6_len > 0 && bsearch(a, r->v6, r->v6_len, sizeof(*r->v6), addr_compare);
	const struct range_v4 *v = v4_find(r, false, to_v4(a));
	return v && to_v4(a) <= v->last;
}

bool range_at(const struct range *r, uint64_t i, struct range_addr *ret)
{
	uint64_t v4_count = r->count - r->v6_len;
	if (i >= r->count)
		return false;
	if (i >= v4_count) {
		*ret = r->v6[i - v4_count];
		return true;
	}
	const struct range_v4 *v = v4_find(r, true, i);
	*ret = from_v4(v->first + (uint32_t)(i - v->before));
	return true;
}

bool range_index(const struct range *r, const struct range_addr *a, uint64_t *ret)
{
	if (!range_contains(r, a))
		return false;
	if (a->v6) {
		const struct range_addr *v6 = bsearch(a, r->v6, r->v6_len, sizeof(*r->v6), addr_compare);
		*ret = r->count - r->v6_len + (uint64_t)(v6 - r->v6);
		return true;
	}
	const struct range_v4 *v = v4_find(r, false, to_v4(a));
	*ret = v->before + (to_v4(a) - v->first);
	return true;
}

static void v4_text(const struct range_v4 *v, struct buf *out)
{
	char first[RANGE_ADDR_TEXT_SIZE], last[RANGE_ADDR_TEXT_SIZE];
	struct range_addr a = from_v4(v->first), b = from_v4(v->last);
	range_addr_text(&a, first);
	range_addr_text(&b, last);
	uint64_t size = (uint64_t)v->last - v->first + 1;
	bool is_prefix = (size & (size - 1)) == 0 && (v->first & (size - 1)) == 0;
	if (size == 1)
		(void)buf_adds(out, first); /* range_text looks whether there was room */
	else if (is_prefix)
		(void)buf_addf(out, "%s/%d", first, 32 - __builtin_ctzll(size));
	else
		(void)buf_addf(out, "%s-%s", first, last);
}

int range_text(const struct range *r, struct buf *out)
{
	for (size_t i = 0; i < r->v4_len + r->v6_len; i++) {
		if (i > 0)
			(void)buf_addc(out, ',');
		if (i < r->v4_len) {
			v4_text(&r->v4[i], out);
			continue;
		}
		char text[RANGE_ADDR_TEXT_SIZE];
		range_addr_text(&r->v6[i - r->v4_len], text);
		(void)buf_adds(out, text);
	}
	return out->failed ? ERR_TOO_BIG : 0;
}
