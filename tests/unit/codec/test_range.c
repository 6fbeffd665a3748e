/* Sets of addresses: what people may write, what is said about slips, and membership against plain counting. */
#include "testing.h"

#include <netinet/in.h>

#include "codec/range.h"

static void ranges_are_read_counted_and_written_canonically(void **state)
{
	static const struct {
		const char *include, *exclude;
		uint64_t count;
		const char *text, *first, *last;
	} rows[] = {
		{"10.0.0.1", NULL, 1, "10.0.0.1", "10.0.0.1", "10.0.0.1"},
		{"10.0.0.0/24", NULL, 256, "10.0.0.0/24", "10.0.0.0", "10.0.0.255"},
		{"10.0.0.1-10.0.0.99", NULL, 99, "10.0.0.1-10.0.0.99", "10.0.0.1", "10.0.0.99"},
		{"10.0.0.1-99", NULL, 99, "10.0.0.1-10.0.0.99", "10.0.0.1", "10.0.0.99"},
		{"10.0.0.1-1", NULL, 1, "10.0.0.1", "10.0.0.1", "10.0.0.1"},
		{"10.0.0.5/32", NULL, 1, "10.0.0.5", "10.0.0.5", "10.0.0.5"},
		{"0.0.0.0/0", NULL, 4294967296, "0.0.0.0/0", "0.0.0.0", "255.255.255.255"},
		{"255.255.255.255, 255.255.255.254", NULL, 2, "255.255.255.254/31", "255.255.255.254",
		 "255.255.255.255"},
		{"10.0.1.0/24,10.0.0.0/24", NULL, 512, "10.0.0.0/23", "10.0.0.0", "10.0.1.255"},
		{"10.0.0.0/24 10.0.0.7,\n10.0.0.1-50", NULL, 256, "10.0.0.0/24", "10.0.0.0", "10.0.0.255"},
		{"10.0.0.0/24", "10.0.0.0,10.0.0.255", 254, "10.0.0.1-10.0.0.254", "10.0.0.1", "10.0.0.254"},
		{"10.0.0.0/24", "10.0.0.128/25", 128, "10.0.0.0/25", "10.0.0.0", "10.0.0.127"},
		{"10.0.0.0/28", "10.0.0.4-5 10.0.0.9", 13, "10.0.0.0/30,10.0.0.6-10.0.0.8,10.0.0.10-10.0.0.15",
		 "10.0.0.0", "10.0.0.15"},
		{"10.0.0.1,10.0.0.3,10.0.0.5", "10.0.0.2-4", 2, "10.0.0.1,10.0.0.5", "10.0.0.1", "10.0.0.5"},
		{"0.0.0.0/0", "255.255.255.255", 4294967295, "0.0.0.0-255.255.255.254", "0.0.0.0", "255.255.255.254"},
		{"::1 fe80::2 10.0.0.1 ::1", NULL, 3, "10.0.0.1,::1,fe80::2", "10.0.0.1", "fe80::2"},
		{"::1,::2,FE80::0:3", "::2", 2, "::1,fe80::3", "::1", "fe80::3"},
		{"::ffff:10.0.0.1", NULL, 1, "10.0.0.1", "10.0.0.1", "10.0.0.1"},
		{"fd00::/126", NULL, 4, "fd00::/126", "fd00::", "fd00::3"},
		{"fd00::/112 10.0.0.0/30", "fd00::100-fd00::ffff", 260, "10.0.0.0/30,fd00::/120", "10.0.0.0",
		 "fd00::ff"},
		{"fd00::1-fd00::9", "fd00::4/126", 5, "fd00::1-fd00::3,fd00::8/127", "fd00::1", "fd00::9"},
		{"fd00::3,fd00::4,fd00::2", NULL, 3, "fd00::2-fd00::4", "fd00::2", "fd00::4"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1,
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct range r, again;
		struct range_addr a;
		struct err e = ERR_INIT;
		char text[RANGE_ADDR_TEXT_SIZE];
		struct buf out;
		buf_init(&out, 1024);
		range_init(&r);
		range_init(&again);
		if (range_parse(rows[i].include, rows[i].exclude, UINT64_MAX, &r, &e))
			fail_msg("%s: %s", rows[i].include, e.msg);
		assert_int_equal(range_count(&r), rows[i].count);
		assert_int_equal(range_text(&r, &out), 0);
		assert_bytes_equal_str(buf_bytes(&out), rows[i].text);
		assert_int_equal(range_parse(buf_cstr(&out), NULL, UINT64_MAX, &again, NULL), 0);
		assert_int_equal(range_count(&again), rows[i].count);
		assert_true(range_at(&r, 0, &a));
		range_addr_text(&a, text);
		assert_string_equal(text, rows[i].first);
		assert_true(range_contains(&r, &a));
		uint64_t back = 0;
		assert_true(range_at(&r, rows[i].count - 1, &a));
		assert_true(range_index(&r, &a, &back));
		assert_int_equal(back, rows[i].count - 1);
		range_addr_text(&a, text);
		assert_string_equal(text, rows[i].last);
		assert_true(range_contains(&r, &a));
		assert_false(range_at(&r, rows[i].count, &a));
		range_release(&r);
		range_release(&again);
		buf_release(&out);
	}
}

static void slips_are_quoted_and_explained(void **state)
{
	static const struct {
		const char *include, *exclude;
		int rc;
		const char *says;
	} rows[] = {
		{"", NULL, ERR_MISSING, "range: no address is left in it"},
		{" , ", NULL, ERR_MISSING, "range: no address is left in it"},
		{"10.0.0.1", "10.0.0.0/8", ERR_MISSING, "range: no address is left in it"},
		{"10.0.0.256", NULL, ERR_INVALID, "range \"10.0.0.256\": neither an address, a prefix nor first-last"},
		{"10.0.0", NULL, ERR_INVALID, "range \"10.0.0\": neither an address, a prefix nor first-last"},
		{"10.0.0.010", NULL, ERR_INVALID, "range \"10.0.0.010\": neither an address, a prefix nor first-last"},
		{"host.example", NULL, ERR_INVALID,
		 "range \"host.example\": neither an address, a prefix nor first-last"},
		{"10.0.0.0/33", NULL, ERR_INVALID, "range \"10.0.0.0/33\": the prefix length is not between 0 and 32"},
		{"10.0.0.0/", NULL, ERR_INVALID, "range \"10.0.0.0/\": the prefix length is not between 0 and 32"},
		{"10.0.0.0/-1", NULL, ERR_INVALID, "range \"10.0.0.0/-1\": the prefix length is not between 0 and 32"},
		{"10.0.0.7/24", NULL, ERR_INVALID, "range \"10.0.0.7/24\": the network of this prefix is 10.0.0.0/24"},
		{"10.0/16", NULL, ERR_INVALID, "range \"10.0/16\": what is in front of the slash is no IPv4 address"},
		{"fe80::/129", NULL, ERR_INVALID, "range \"fe80::/129\": the prefix length is not between 0 and 128"},
		{"fe80::1/64", NULL, ERR_INVALID, "range \"fe80::1/64\": the network of this prefix is fe80::/64"},
		{"fe80::g/64", NULL, ERR_INVALID,
		 "range \"fe80::g/64\": what is in front of the slash is no IPv6 address"},
		{"::ffff:10.0.0.0/104", NULL, ERR_INVALID,
		 "range \"::ffff:10.0.0.0/104\": what is in front of the slash is no IPv6 address"},
		{"::/0", NULL, ERR_INVALID, "range \"::/0\": has IPv4 addresses in it; write those as IPv4"},
		{"fe80::1-9", NULL, ERR_INVALID, "range \"fe80::1-9\": its end is no IPv6 address"},
		{"10.0.0.1-fe80::9", NULL, ERR_INVALID, "range \"10.0.0.1-fe80::9\": from IPv4 to IPv6"},
		{"fe80::9-fe80::1", NULL, ERR_INVALID, "range \"fe80::9-fe80::1\": ends before it begins"},
		{"fd00::/64", NULL, ERR_TOO_BIG, "range: 18446744073709551615 addresses, the limit is 256"},
		{"fe80::1%eth0", NULL, ERR_INVALID,
		 "range \"fe80::1%eth0\": neither an address, a prefix nor first-last"},
		{"10.0.0.9-10.0.0.1", NULL, ERR_INVALID, "range \"10.0.0.9-10.0.0.1\": ends before it begins"},
		{"10.0.0.9-1", NULL, ERR_INVALID, "range \"10.0.0.9-1\": ends before it begins"},
		{"10.0.0.1-256", NULL, ERR_INVALID,
		 "range \"10.0.0.1-256\": its end is neither an IPv4 address nor a number up to 255"},
		{"10.0.0.1-", NULL, ERR_INVALID,
		 "range \"10.0.0.1-\": its end is neither an IPv4 address nor a number up to 255"},
		{"-10.0.0.1", NULL, ERR_INVALID, "range \"-10.0.0.1\": its begin is no address"},
		{"10.0.0.1", "x", ERR_INVALID, "range \"x\": neither an address, a prefix nor first-last"},
		{"10.0.0.\1", NULL, ERR_INVALID, "range: a part is too long, or holds characters that no address has"},
		{"10.0.0.0/23", NULL, ERR_TOO_BIG, "range: 512 addresses, the limit is 256"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct range r;
		struct err e = ERR_INIT;
		range_init(&r);
		assert_int_equal(range_parse(rows[i].include, rows[i].exclude, 256, &r, &e), rows[i].rc);
		assert_string_equal(e.msg, rows[i].says);
		assert_int_equal(range_count(&r), 0);
		range_release(&r);
	}
}

static void whole_networks_of_ipv6_are_sets_too(void **state)
{
	static const struct {
		const char *include, *exclude, *text;
		const char *inside[2], *outside[2];
	} rows[] = {
		{"fc00::/7",
		 NULL,
		 "fc00::/7",
		 {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		 {"fe00::", "10.0.0.1"}},
		{"2000::/3",
		 NULL,
		 "2000::/3",
		 {"2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		 {"::1", "4000::"}},
		{"8000::/1", "8000::/2", "c000::/2", {"c000::", "ffff::"}, {"8000::", "bfff::"}},
		{"2001:db8::/32,10.0.0.0/8",
		 "2001:db8::/33",
		 "10.0.0.0/8,2001:db8:8000::/33",
		 {"2001:db8:8000::1", "10.255.255.255"},
		 {"2001:db8::1", "11.0.0.0"}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct range r;
		struct range_addr a;
		struct buf out;
		buf_init(&out, 1024);
		range_init(&r);
		assert_int_equal(range_parse(rows[i].include, rows[i].exclude, UINT64_MAX, &r, NULL), 0);
		assert_true(range_count(&r) == UINT64_MAX);
		assert_int_equal(range_text(&r, &out), 0);
		assert_bytes_equal_str(buf_bytes(&out), rows[i].text);
		for (size_t k = 0; k < 2; k++) {
			assert_int_equal(range_addr_parse(bytes_str(rows[i].inside[k]), &a, NULL), 0);
			assert_true(range_contains(&r, &a));
			assert_int_equal(range_addr_parse(bytes_str(rows[i].outside[k]), &a, NULL), 0);
			assert_false(range_contains(&r, &a));
		}
		range_release(&r);
		buf_release(&out);
	}
}

static void parts_have_a_limit(void **state)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < RANGE_PARTS_MAX; i++)
		buf_addf(&text, "10.0.%d.%d ", i / 100, 2 * (i % 100));
	struct range r;
	range_init(&r);
	assert_int_equal(range_parse(buf_cstr(&text), NULL, UINT64_MAX, &r, NULL), 0);
	assert_int_equal(range_count(&r), RANGE_PARTS_MAX);
	buf_adds(&text, "11.0.0.1");
	assert_int_equal(range_parse(buf_cstr(&text), NULL, UINT64_MAX, &r, NULL), ERR_TOO_BIG);
	assert_int_equal(range_count(&r), RANGE_PARTS_MAX);
	range_release(&r);
	buf_release(&text);
}

/* Inside 10.0.0.0/24, membership and order against a plain table. */
static void membership_and_order_agree_with_a_plain_table(void **state)
{
	bool table[256] = {false};
	for (int i = 0; i < 256; i++)
		table[i] = (i >= 16 && i <= 31) || (i >= 40 && i <= 80 && !(i >= 50 && i <= 60) && i != 70) || i == 200;
	struct range r;
	range_init(&r);
	assert_int_equal(range_parse("10.0.0.16/28 10.0.0.40-80 10.0.0.200", "10.0.0.50-60,10.0.0.70,10.0.0.81-99", 256,
				     &r, NULL),
			 0);
	uint64_t at = 0;
	for (int i = 0; i < 256; i++) {
		struct range_addr a = {.b = {10, 0, 0, (uint8_t)i}}, b;
		assert_int_equal(range_contains(&r, &a), table[i]);
		if (!table[i])
			continue;
		uint64_t back;
		assert_true(range_index(&r, &a, &back));
		assert_int_equal(back, at);
		assert_true(range_at(&r, at++, &b));
		assert_true(range_addr_equal(&a, &b));
	}
	assert_int_equal(at, range_count(&r));
	struct range_addr v6 = {.v6 = true, .b = {10, 0, 0, 16}};
	assert_false(range_contains(&r, &v6));
	uint64_t none;
	assert_false(range_index(&r, &v6, &none));
	range_release(&r);
}

static void addresses_go_to_sockets_and_back(void **state)
{
	static const char *const texts[] = {"10.1.2.3", "2001:db8::17"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct range_addr a, b;
		struct sockaddr_storage sa;
		assert_int_equal(range_addr_parse(bytes_str(texts[i]), &a, NULL), 0);
		socklen_t len = range_addr_to_sockaddr(&a, 623, &sa);
		assert_int_equal(len, a.v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
		assert_int_equal(ntohs(((struct sockaddr_in *)(void *)&sa)->sin_port), 623);
		assert_true(range_addr_from_sockaddr((struct sockaddr *)(void *)&sa, &b));
		assert_true(range_addr_equal(&a, &b));
	}
	struct range_addr a;
	struct sockaddr unix_one = {.sa_family = AF_UNIX};
	struct err e = ERR_INIT;
	assert_false(range_addr_from_sockaddr(&unix_one, &a));
	assert_int_equal(range_addr_parse(BYTES_LIT("10.0.0.0/8"), &a, &e), ERR_INVALID);
	assert_string_equal(e.msg, "address \"10.0.0.0/8\": neither an IPv4 nor an IPv6 address");
	assert_int_equal(range_addr_parse(BYTES_LIT("\n"), &a, &e), ERR_INVALID);
}

static void a_full_buffer_is_noticed(void **state)
{
	struct range r;
	range_init(&r);
	assert_int_equal(range_parse("10.0.0.1-9,::1", NULL, 99, &r, NULL), 0);
	for (size_t max = 0; max <= strlen("10.0.0.1-10.0.0.9,::1"); max++) {
		struct buf out;
		buf_init(&out, max);
		assert_int_equal(range_text(&r, &out), max < strlen("10.0.0.1-10.0.0.9,::1") ? ERR_TOO_BIG : 0);
		buf_release(&out);
	}
	range_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_read_counted_and_written_canonically),
		cmocka_unit_test(slips_are_quoted_and_explained),
		cmocka_unit_test(whole_networks_of_ipv6_are_sets_too),
		cmocka_unit_test(parts_have_a_limit),
		cmocka_unit_test(membership_and_order_agree_with_a_plain_table),
		cmocka_unit_test(addresses_go_to_sockets_and_back),
		cmocka_unit_test(a_full_buffer_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
