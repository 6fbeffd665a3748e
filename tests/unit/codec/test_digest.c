/* Digest authentication against the examples of RFC 2617 and RFC 7616, headers that real clients sent, and hashes that
 * openssl dgst and Python's hashlib computed. */
#include "testing.h"

#include "codec/digest.h"
#include "codec/http1.h"

#define AMT_REALM     "Digest:727734D63A1FC0423736E48DA554E462"
#define AMT_NONCE     "fVNueyEAAAAAAAAAcO8WqJ8s+WdyFUIY"
#define AMT_CHALLENGE "Digest realm=\"" AMT_REALM "\", nonce=\"" AMT_NONCE "\",stale=\"false\",qop=\"auth\""

static const uint8_t counting[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static struct digest_key key_of(enum digest_algorithm a, const char *user, const char *realm, const char *password)
{
	struct digest_key k;
	digest_key_make(a, bytes_str(user), bytes_str(realm), bytes_str(password), &k);
	return k;
}

static int parse_one(const char *challenge, unsigned flags, struct digest_challenge *ret, struct err *e)
{
	struct bytes value = visible(bytes_str(challenge), strlen(challenge));
	int rc = digest_challenge_parse(&value, 1, flags, ret, e);
	free((void *)(uintptr_t)value.p);
	return rc;
}

static void the_example_of_rfc_2617_is_answered(void **state)
{
	struct digest_challenge c;
	assert_int_equal(parse_one("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
				   "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
				   "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
				   0, &c, NULL),
			 0);
	struct digest_key k = key_of(DIGEST_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life");
	struct digest_session s;
	digest_session_start(&s, &c, counting);
	(void)snprintf(s.cnonce, sizeof(s.cnonce), "0a4f113b");
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(digest_session_answer(&s, &k, "Mufasa", "GET", "/dir/index.html", BYTES_NONE, &out, NULL), 0);
	assert_bytes_equal_str(
		buf_bytes(&out),
		"Authorization: Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
		"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", cnonce=\"0a4f113b\", "
		"nc=00000001, qop=auth, response=\"6629fae49393a05397450978507c4ef1\", "
		"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n");
	buf_release(&out);
}

struct header_row {
	const char *value; /* of Authorization */
	enum digest_algorithm algorithm;
	const char *user, *realm, *password, *method, *body;
	uint32_t nc;
};

#define RFC_7616                                                                                                       \
	"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "                       \
	"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "                                        \
	"cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "                                          \
	"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
#define AMT_LOGIN "username=\"admin\", realm=\"" AMT_REALM "\", nonce=\"" AMT_NONCE "\", uri=\"/wsman\""

/* The examples of RFC 7616, then the shapes in which consoles send it (quoted and unquoted qop and nc, nc unpadded). */
static const struct header_row good_headers[] = {
	{RFC_7616 "algorithm=MD5, response=\"8ca523f5e9506fed4657c9700eebdbec\"", DIGEST_MD5, "Mufasa",
	 "http-auth@example.org", "Circle of Life", "GET", "", 1},
	{RFC_7616 "algorithm=SHA-256, response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"",
	 DIGEST_SHA256, "Mufasa", "http-auth@example.org", "Circle of Life", "GET", "", 1},
	{"Digest " AMT_LOGIN
	 ",qop=auth-int, response=\"7de21f807faac3872e98f69ca224f221\", nc=\"6\", cnonce=\"a1b2c3\"",
	 DIGEST_MD5, "admin", AMT_REALM, "Passw0rd!", "POST", "<x/>", 6},
	{"Digest " AMT_LOGIN ",qop=auth-int,response=\"7de21f807faac3872e98f69ca224f221\",nc=6,cnonce=a1b2c3",
	 DIGEST_MD5, "admin", AMT_REALM, "Passw0rd!", "POST", "<x/>", 6},
	{"digest " AMT_LOGIN ", algorithm=\"MD5\", qop=\"auth\", nc=\"00000001\", cnonce=\"0a0b0c\", "
	 "response=\"a37318b995326bdccdf2f2c47ab819e5\"",
	 DIGEST_MD5, "admin", AMT_REALM, "Passw0rd!", "POST", "ignored", 1},
	{"Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
	 "uri=\"/dir/index.html\", response=\"670fd8c2df070c60b045671b8b24ff02\"",
	 DIGEST_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life", "GET", "", 0},
};

static void logins_of_real_clients_are_verified(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good_headers); i++) {
		const struct header_row *r = &good_headers[i];
		struct digest_authorization a;
		assert_int_equal(digest_authorization_parse(bytes_str(r->value), &a, NULL), 0);
		assert_int_equal(a.algorithm, r->algorithm);
		assert_int_equal(a.nc, r->nc);
		assert_bytes_equal_str(a.username, r->user);
		assert_bytes_equal_str(a.realm, r->realm);
		struct digest_key k = key_of(r->algorithm, r->user, r->realm, r->password);
		assert_true(digest_authorization_verify(&a, &k, bytes_str(r->method), bytes_str(r->body)));
		assert_false(digest_authorization_verify(&a, &k, BYTES_LIT("PUT"), bytes_str(r->body)));
		k.ha1[0] ^= 1;
		assert_false(digest_authorization_verify(&a, &k, bytes_str(r->method), bytes_str(r->body)));
	}
}

static void captured_logins_are_verified(void **state)
{
	static const char *const names[] = {"http1/request-curl-digest.bin", "http1/request-curl-chunked.bin",
					    "http1/request-lwp-digest.bin", "http1/request-requests-digest.bin"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf all;
		golden_read(names[i], &all);
		struct http1 h;
		http1_init(&h, HTTP1_REQUEST, 4096);
		size_t used;
		enum http1_event ev;
		assert_int_equal(http1_feed(&h, buf_bytes(&all), &used, &ev, NULL), 0);
		struct digest_authorization a;
		assert_int_equal(digest_authorization_parse(http1_header(&h, "Authorization"), &a, NULL), 0);
		struct digest_key k = key_of(DIGEST_MD5, "admin", AMT_REALM, "Passw0rd!");
		assert_true(digest_authorization_verify(&a, &k, h.method, BYTES_NONE));
		k = key_of(DIGEST_MD5, "admin", AMT_REALM, "Passw0rd?");
		assert_false(digest_authorization_verify(&a, &k, h.method, BYTES_NONE));
		http1_release(&h);
		buf_release(&all);
	}
}

static void auth_int_covers_the_body(void **state)
{
	struct digest_authorization a;
	struct digest_key k = key_of(DIGEST_MD5, "admin", AMT_REALM, "Passw0rd!");
	assert_int_equal(digest_authorization_parse(bytes_str(good_headers[2].value), &a, NULL), 0);
	assert_true(digest_authorization_verify(&a, &k, BYTES_LIT("POST"), BYTES_LIT("<x/>")));
	assert_false(digest_authorization_verify(&a, &k, BYTES_LIT("POST"), BYTES_LIT("<y/>")));
}

static void a_session_counts_up_and_goes_on_after_being_stored(void **state)
{
	static const char *const wanted[] = {"da22e89bdd9f4455053aac7f679ef92c", "6f462d110dd8ceb49ece2f985b663689"};
	struct digest_challenge c;
	assert_int_equal(parse_one(AMT_CHALLENGE, 0, &c, NULL), 0);
	assert_string_equal(c.realm, AMT_REALM);
	assert_string_equal(c.nonce, AMT_NONCE);
	assert_false(c.stale);
	struct digest_key k = key_of(DIGEST_MD5, "admin", c.realm, "Passw0rd!");
	struct digest_session s;
	struct buf out, stored;
	buf_init(&out, 4096);
	buf_init(&stored, 4096);
	digest_session_start(&s, &c, counting);
	for (int i = 0; i < 2; i++) {
		buf_reset(&out);
		assert_int_equal(digest_session_answer(&s, &k, "admin", "POST", "/wsman", BYTES_NONE, &out, NULL), 0);
		assert_contains(buf_cstr(&out), wanted[i]);
	}
	assert_int_equal(digest_session_encode(&s, &stored), 0);
	assert_true(stored.len < 140);
	struct digest_session later;
	assert_int_equal(digest_session_parse(buf_bytes(&stored), 13, &later, NULL), 0);
	buf_reset(&out);
	assert_int_equal(digest_session_answer(&later, &k, "admin", "POST", "/wsman", BYTES_NONE, &out, NULL), 0);
	assert_contains(buf_cstr(&out), "nc=00000010, ");
	assert_contains(buf_cstr(&out), "557c9c4fdd9079fa8ba3cb8036b947e5");
	buf_release(&out);
	buf_release(&stored);
}

static void auth_int_is_answered_where_it_alone_is_offered(void **state)
{
	struct digest_challenge c;
	struct digest_session s;
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(parse_one("Digest realm=\"" AMT_REALM "\", nonce=\"" AMT_NONCE
				   "\",stale=\"true\",qop=\"auth-int\"",
				   0, &c, NULL),
			 0);
	assert_true(c.stale);
	digest_session_start(&s, &c, counting);
	struct digest_key k = key_of(DIGEST_MD5, "admin", AMT_REALM, "Passw0rd!");
	assert_int_equal(digest_session_answer(&s, &k, "admin", "POST", "/wsman", BYTES_LIT("<x/>"), &out, NULL), 0);
	assert_contains(buf_cstr(&out), "qop=auth-int, response=\"b7aeccc6cb8d543f2dd6f2e7cf3249aa\"");
	buf_release(&out);
}

static void without_qop_it_is_answered_only_with_leave(void **state)
{
	static const char challenge[] = "Digest realm=\"testrealm@host.com\", algorithm=md5, "
					"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
	struct digest_challenge c;
	assert_int_equal(parse_one(challenge, 0, &c, NULL), ERR_WEAK_AUTH);
	assert_int_equal(parse_one(challenge, DIGEST_FLAG_ALLOW_NO_QOP, &c, NULL), 0);
	struct digest_session s;
	digest_session_start(&s, &c, counting);
	struct digest_key k = key_of(DIGEST_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life");
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(digest_session_answer(&s, &k, "Mufasa", "GET", "/dir/index.html", BYTES_NONE, &out, NULL), 0);
	assert_contains(buf_cstr(&out), ", response=\"670fd8c2df070c60b045671b8b24ff02\", algorithm=MD5\r\n");
	assert_null(strstr(buf_cstr(&out), "cnonce"));
	buf_release(&out);
}

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256 A64 A64 A64 A64

static void challenges_are_chosen_or_refused(void **state)
{
	static const struct {
		const char *in;
		int rc;
		const char *realm;
	} rows[] = {
		{"Digest realm=a, nonce=b, qop=auth", 0, "a"},
		{"DIGEST realm = \"a\" , nonce=\t\"b\",, qop=\"auth-int, auth\"", 0, "a"},
		{"Basic realm=\"x\", Digest realm=\"a\", nonce=\"b\", qop=\"auth\"", 0, "a"},
		{"Negotiate, Digest realm=\"a\", nonce=\"b\", qop=\"auth\"", 0, "a"},
		{"Negotiate abc==, Digest realm=\"a\", nonce=\"b\", qop=\"auth\"", 0, "a"},
		{"Negotiate abc, Digest realm=\"a\", nonce=\"b\", qop=\"auth\"", 0, "a"},
		{"Digest realm=\"a\", nonce=\"b\", qop=\"auth\", Basic realm=\"x\"", 0, "a"},
		{"Digest realm=\"n\", nonce=\"b\", qop=\"auth\", algorithm=SHA-512-256, Digest realm=\"a\", "
		 "nonce=\"b\", "
		 "qop=\"auth\", algorithm=SHA-256",
		 0, "a"},
		{"Digest realm=\"a\\\"b\", nonce=\"b\", qop=\"auth\"", 0, "a\\\"b"},
		{"Digest realm=\"" A256 "\", nonce=\"b\", qop=\"auth\"", 0, A256},
		{"Digest realm=\"" A256 "a\", nonce=\"b\", qop=\"auth\"", ERR_TOO_BIG, NULL},
		{"", ERR_MALFORMED, NULL},
		{"Digest", ERR_MALFORMED, NULL},
		{"Digest ", ERR_MALFORMED, NULL},
		{"Digest realm=\"\", nonce=\"\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest realm=, nonce=\"b\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest nonce=\"b\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\", nonce=\"b\", qop=\"auth\", nonce=\"c\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\tb\", nonce=\"b\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\1b\", nonce=\"b\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\xff\", nonce=\"b\", qop=\"auth\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a, nonce=b", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\\", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\"nonce=\"b\"", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\" nonce=\"b\"", ERR_MALFORMED, NULL},
		{"Digest realm=a\"b\"", ERR_MALFORMED, NULL},
		{"Digest (realm=a", ERR_MALFORMED, NULL},
		{"Digest@ realm=a", ERR_MALFORMED, NULL},
		{"Digest realm=\"a\", nonce=\"b\", qop=\"auth-conf\"", ERR_UNSUPPORTED, NULL},
		{"Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=MD5-sess", ERR_UNSUPPORTED, NULL},
		{"Digest realm=\"a\", nonce=\"b\"", ERR_WEAK_AUTH, NULL},
		{"Basic realm=\"x\"", ERR_WEAK_AUTH, NULL},
		{"Basic realm=\"x\", Negotiate", ERR_WEAK_AUTH, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest_challenge c = {.realm = "untouched"};
		struct err e = ERR_INIT;
		int rc = parse_one(rows[i].in, 0, &c, &e);
		if (rc != rows[i].rc || e.code != rows[i].rc)
			fail_msg("row %zu: %d \"%s\", wanted %d", i, rc, e.msg, rows[i].rc);
		assert_string_equal(c.realm, rc ? "untouched" : rows[i].realm);
		assert_int_equal(e.msg[0] != '\0', rc != 0);
	}
}

static void challenges_may_come_in_several_headers(void **state)
{
	static const char in[] =
		"HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: " AMT_CHALLENGE
		"\r\nContent-Length: 0\r\n\r\n";
	static const char none[] = "HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n";
	struct http1 h;
	http1_init(&h, HTTP1_REPLY, 0);
	http1_expect(&h, false, false);
	size_t used;
	enum http1_event ev;
	struct digest_challenge c;
	assert_int_equal(http1_feed(&h, bytes_str(in), &used, &ev, NULL), 0);
	assert_int_equal(digest_challenge_read(&h, 0, &c, NULL), 0);
	assert_string_equal(c.realm, AMT_REALM);
	http1_reuse(&h);
	http1_expect(&h, false, false);
	assert_int_equal(http1_feed(&h, bytes_str(none), &used, &ev, NULL), 0);
	struct err e = ERR_INIT;
	assert_int_equal(digest_challenge_read(&h, 0, &c, &e), ERR_MALFORMED);
	assert_contains(e.msg, "no challenge");
	http1_release(&h);
}

static void a_challenge_that_ends_at_any_byte_is_no_other_challenge(void **state)
{
	for (size_t len = 0; len <= strlen(AMT_CHALLENGE); len++) {
		struct bytes in = visible(bytes_str(AMT_CHALLENGE), len);
		struct digest_challenge c;
		int rc = digest_challenge_parse(&in, 1, 0, &c, NULL);
		assert_int_equal(rc == 0, len == strlen(AMT_CHALLENGE));
		free((void *)(uintptr_t)in.p);
	}
}

static void authorizations_that_break_the_rules_are_refused(void **state)
{
	static const struct {
		const char *in;
		int rc;
	} rows[] = {
		{"", ERR_MALFORMED},
		{"Digest", ERR_MALFORMED},
		{"a=b", ERR_MALFORMED},
		{"Basic YWRtaW46eA==", ERR_UNSUPPORTED},
		{"Negotiate abc", ERR_UNSUPPORTED},
		{"Digest " AMT_LOGIN, ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"\"", ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef\"", ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", qop=auth", ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", qop=auth, cnonce=a, nc=xyz",
		 ERR_MALFORMED},
		{"Digest " AMT_LOGIN
		 ", response=\"6629fae49393a05397450978507c4ef1\", qop=auth, cnonce=a, nc=000000001",
		 ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", qop=auth, nc=1", ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", qop=x, nc=1, cnonce=a",
		 ERR_UNSUPPORTED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", algorithm=SHA-256",
		 ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", algorithm=x", ERR_UNSUPPORTED},
		{"Digest " AMT_LOGIN ", username=\"b\", response=\"6629fae49393a05397450978507c4ef1\"", ERR_MALFORMED},
		{"Digest username=\"\", realm=\"a\", nonce=\"b\", uri=\"/\", "
		 "response=\"6629fae49393a05397450978507c4ef1\"",
		 ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\" x", ERR_MALFORMED},
		{"Digest " AMT_LOGIN ", response=\"6629fae49393a05397450978507c4ef1\", opaque=\"" A256 "a\"",
		 ERR_TOO_BIG},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest_authorization a;
		struct err e = ERR_INIT;
		struct bytes in = visible(bytes_str(rows[i].in), strlen(rows[i].in));
		int rc = digest_authorization_parse(in, &a, &e);
		free((void *)(uintptr_t)in.p);
		if (rc != rows[i].rc || e.code != rc)
			fail_msg("row %zu: %d \"%s\", wanted %d", i, rc, e.msg, rows[i].rc);
	}
}

static void what_cannot_be_sent_is_not_counted(void **state)
{
	struct digest_challenge c;
	assert_int_equal(parse_one(AMT_CHALLENGE, 0, &c, NULL), 0);
	struct digest_session s;
	digest_session_start(&s, &c, counting);
	struct digest_key k = key_of(DIGEST_MD5, "admin", c.realm, "Passw0rd!");
	struct buf out;
	buf_init(&out, 100);
	static const struct {
		const char *user, *uri;
		int rc;
	} rows[] = {
		{"ad\"min", "/wsman", ERR_INVALID}, {"ad:min", "/wsman", ERR_INVALID},
		{"ad\nmin", "/wsman", ERR_INVALID}, {"", "/wsman", ERR_INVALID},
		{"admin", "/ws man", ERR_INVALID},  {"admin", "/\r\nX: y", ERR_INVALID},
		{"admin", "/wsman", ERR_TOO_BIG},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			digest_session_answer(&s, &k, rows[i].user, "POST", rows[i].uri, BYTES_NONE, &out, NULL),
			rows[i].rc);
	assert_int_equal(out.len, 0);
	assert_int_equal(s.nc, 0);
	s.nc = UINT32_MAX;
	assert_int_equal(digest_session_answer(&s, &k, "admin", "POST", "/wsman", BYTES_NONE, &out, NULL), ERR_EXPIRED);
	digest_key_wipe(&k);
	assert_string_equal(k.ha1, "");
	buf_release(&out);
}

static void only_what_was_stored_is_a_session(void **state)
{
	struct digest_challenge c;
	assert_int_equal(parse_one("Digest realm=\"\", nonce=b, qop=auth, opaque=\"o\"", 0, &c, NULL), 0);
	struct digest_session s, again = {0};
	assert_false(digest_session_is_open(&again));
	digest_session_start(&s, &c, counting);
	assert_true(digest_session_is_open(&s));
	s.nc = UINT32_MAX - 1;
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(digest_session_encode(&s, &out), 0);
	for (size_t len = 0; len < out.len; len++) {
		struct bytes in = visible(buf_bytes(&out), len);
		assert_int_equal(digest_session_parse(in, 0, &again, NULL), ERR_MALFORMED);
		free((void *)(uintptr_t)in.p);
	}
	assert_int_equal(digest_session_parse(buf_bytes(&out), 64, &again, NULL), 0);
	assert_int_equal(again.nc, UINT32_MAX);
	again.nc = s.nc;
	assert_memory_equal(&again, &s, sizeof(s));
	buf_addc(&out, '\n');
	assert_int_equal(digest_session_parse(buf_bytes(&out), 0, &again, NULL), ERR_MALFORMED);
	assert_int_equal(digest_session_parse(BYTES_LIT("1 2 1 0 0 0 1\na\nb\nc\nd\n"), 0, &again, NULL),
			 ERR_MALFORMED);
	assert_int_equal(digest_session_parse(BYTES_LIT("2 0 1 0 0 0 1\na\nb\nc\nd\n"), 0, &again, NULL),
			 ERR_MALFORMED);
	buf_release(&out);
}

/* HA1 of the example of RFC 2617, computed with md5sum. */
static void a_key_is_the_hash_of_user_realm_and_password(void **state)
{
	struct digest_key k = key_of(DIGEST_MD5, "Mufasa", "testrealm@host.com", "Circle Of Life");
	assert_string_equal(k.ha1, "939e7578ed9e3c518a452acee763bce9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_2617_is_answered),
		cmocka_unit_test(logins_of_real_clients_are_verified),
		cmocka_unit_test(captured_logins_are_verified),
		cmocka_unit_test(auth_int_covers_the_body),
		cmocka_unit_test(a_session_counts_up_and_goes_on_after_being_stored),
		cmocka_unit_test(auth_int_is_answered_where_it_alone_is_offered),
		cmocka_unit_test(without_qop_it_is_answered_only_with_leave),
		cmocka_unit_test(challenges_are_chosen_or_refused),
		cmocka_unit_test(challenges_may_come_in_several_headers),
		cmocka_unit_test(a_challenge_that_ends_at_any_byte_is_no_other_challenge),
		cmocka_unit_test(authorizations_that_break_the_rules_are_refused),
		cmocka_unit_test(what_cannot_be_sent_is_not_counted),
		cmocka_unit_test(only_what_was_stored_is_a_session),
		cmocka_unit_test(a_key_is_the_hash_of_user_realm_and_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
