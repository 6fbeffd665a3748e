/* ID tokens: signatures of RFC 7515's examples, and tokens signed by openssl with keys that are made here, one claim
 * wrong at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/json.h"
#include "directory/idtoken.h"

#define NOW 1800000000

/* RFC 7515 appendix A: payload of all examples, then keys and signatures of A.2 and A.3, whole tokens of A.1 and A.5.
 */
#define PAYLOAD "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A2_SIGNATURE                                                                                                   \
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"                        \
	"O8W2Fp5jujGbds9uJdbF9CUAr7t"                                                                                  \
	"1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"  \
	"xi12j"                                                                                                        \
	"zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"      \
	"IoypGlUPQ"                                                                                                    \
	"Ge77Rw"
#define A2_KEY                                                                                                         \
	"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"                        \
	"wWJcyQoTbji9k0l8W26mPddxHm"                                                                                   \
	"fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"     \
	"bSf63kpa"                                                                                                     \
	"SHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"                   \
	"I5IhlJH7aGhyxXFvUK-DWN"                                                                                       \
	"moudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}]}"
#define A3_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define A3_KEY                                                                                                         \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","          \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

static void signatures_of_the_rfc_are_right_and_changed_ones_wrong(void **state)
{
	static const struct {
		const char *token, *keys;
		bool is_signed;
	} rows[] = {
		{"eyJhbGciOiJSUzI1NiJ9." PAYLOAD "." A2_SIGNATURE, A2_KEY, true},
		{"eyJhbGciOiJFUzI1NiJ9." PAYLOAD "." A3_SIGNATURE, A3_KEY, true},
		{"eyJhbGciOiJSUzI1NiJ9." PAYLOAD "." A2_SIGNATURE, A3_KEY, false},
		{"eyJhbGciOiJFUzI1NiJ9." PAYLOAD "." A3_SIGNATURE, A2_KEY, false},
		{"eyJhbGciOiJFUzI1NiJ9." PAYLOAD "Q." A3_SIGNATURE, A3_KEY, false},
		{"eyJhbGciOiJub25lIn0." PAYLOAD ".", A2_KEY, false}, /* A.5 */
		{"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		 "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
		 "1qS0gZH75aKtMN3Yj0iPS4hcg"
		 "UuTwjAzZr1Z9CAow\"}]}",
		 false}, /* A.1 */
	};
	const struct idtoken_rules r = {"joe", "us", NULL, 1300819000};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_t *claims = NULL;
		struct err e = ERR_INIT;
		assert_true(idtoken_check(bytes_str(rows[i].token), bytes_str(rows[i].keys), &r, &claims, &e) != 0);
		if ((strstr(e.msg, "(aud)") != NULL) != rows[i].is_signed) /* behind the signature and the issuer */
			fail_msg("row %zu: %s", i, e.msg);
	}
}

static void add_url(struct buf *out, struct bytes in)
{
	size_t from = out->len;
	base64_encode(out, in);
	while (out->len > from && out->p[out->len - 1] == '=')
		buf_truncate(out, out->len - 1);
	for (size_t i = from; i < out->len; i++)
		out->p[i] = out->p[i] == '+' ? '-' : out->p[i] == '/' ? '_' : out->p[i];
}

static EVP_PKEY *key;

static void put_number(struct buf *out, const char *member, const char *param)
{
	BIGNUM *n = NULL;
	uint8_t bytes[512];
	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &n), 1);
	int len = BN_bn2bin(n, bytes);
	(void)buf_addf(out, ",\"%s\":\"", member);
	add_url(out, BYTES(bytes, (size_t)len));
	(void)buf_addc(out, '"');
	BN_free(n);
}

/* Our key among others, with what else the entry says. */
static void put_keys(struct buf *out, const char *more)
{
	(void)buf_adds(out, "{\"keys\":[{\"kty\":\"RSA\"}");
	(void)buf_addf(out, ",{\"kty\":\"RSA\"%s", more);
	put_number(out, "n", OSSL_PKEY_PARAM_RSA_N);
	put_number(out, "e", OSSL_PKEY_PARAM_RSA_E);
	(void)buf_adds(out, "},{\"kty\":\"EC\"},7]}");
}

static void put_token(struct buf *out, const char *header, const char *claims)
{
	uint8_t signature[512];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	add_url(out, bytes_str(header));
	(void)buf_addc(out, '.');
	add_url(out, bytes_str(claims));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &len, out->p, out->len), 1);
	EVP_MD_CTX_free(ctx);
	(void)buf_addc(out, '.');
	add_url(out, BYTES(signature, len));
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\"}"
#define KEY    ",\"kid\":\"k1\",\"use\":\"sig\",\"alg\":\"RS256\""
#define WHOM   "\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":\"us\",\"nonce\":\"n1\""
#define WHEN   "\"iat\":1799999990,\"exp\":1800000300"

static int check(const char *header, const char *claims, const char *more, const char *nonce, struct err *e)
{
	struct json_t *got = NULL;
	struct buf token, keys;
	const struct idtoken_rules r = {"https://op", "us", nonce, NOW};
	buf_init(&token, 8192);
	buf_init(&keys, 8192);
	put_keys(&keys, more);
	put_token(&token, header, claims);
	int code = idtoken_check(buf_bytes(&token), buf_bytes(&keys), &r, &got, e);
	json_free(got);
	for (size_t len = 0; !code && len < token.len; len += 7) { /* ended early, it is none */
		assert_true(idtoken_check(BYTES(token.p, len), buf_bytes(&keys), &r, &got, NULL) != 0);
	}
	buf_release(&token);
	buf_release(&keys);
	return code;
}

static void one_wrong_claim_is_enough(void **state)
{
	static const struct {
		const char *header, *claims, *key, *nonce, *says; /* NULL: it is right */
	} rows[] = {
		{HEADER, "{" WHOM "," WHEN "}", KEY, "n1", NULL},
		{"{\"alg\":\"RS256\"}", "{" WHOM "," WHEN "}", "", "n1", NULL},
		{HEADER, "{" WHOM "," WHEN "}", KEY, NULL, NULL},
		{HEADER, "{" WHOM "," WHEN "}", ",\"kid\":\"k2\"", "n1", "signature"},
		{HEADER, "{" WHOM "," WHEN "}", ",\"kid\":\"k1\",\"use\":\"enc\"", "n1", "signature"},
		{HEADER, "{" WHOM "," WHEN "}", ",\"kid\":\"k1\",\"alg\":\"RS512\"", "n1", "signature"},
		{"{\"alg\":\"PS256\",\"kid\":\"k1\"}", "{" WHOM "," WHEN "}", ",\"kid\":\"k1\"", "n1", "signature"},
		{"{\"alg\":\"HS256\",\"kid\":\"k1\"}", "{" WHOM "," WHEN "}", KEY, "n1", "HS256"},
		{"{\"alg\":\"none\"}", "{" WHOM "," WHEN "}", KEY, "n1", "none"},
		{"{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}", "{" WHOM "," WHEN "}", "", "n1", "critical"},
		{HEADER, "{" WHOM "," WHEN "}", KEY, "n2", "nonce"},
		{HEADER, "{\"iss\":\"https://op/\",\"sub\":\"s1\",\"aud\":\"us\"," WHEN "}", KEY, NULL, "iss"},
		{HEADER, "{\"sub\":\"s1\",\"aud\":\"us\"," WHEN "}", KEY, NULL, "iss"},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":\"them\"," WHEN "}", KEY, NULL, "aud"},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":[\"us\"]," WHEN "}", KEY, NULL, NULL},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":[]," WHEN "}", KEY, NULL, "aud"},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":[\"us\",\"them\"]," WHEN "}", KEY, NULL,
		 "azp"},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":[\"us\",\"them\"],\"azp\":\"us\"," WHEN "}",
		 KEY, NULL, NULL},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"s1\",\"aud\":\"us\",\"azp\":\"them\"," WHEN "}", KEY, NULL,
		 "azp"},
		{HEADER, "{\"iss\":\"https://op\",\"sub\":\"\",\"aud\":\"us\"," WHEN "}", KEY, NULL, "sub"},
		{HEADER, "{" WHOM ",\"iat\":1799999990,\"exp\":1799999941}", KEY, "n1", NULL},
		{HEADER, "{" WHOM ",\"iat\":1799999990,\"exp\":1799999940}", KEY, "n1", "exp"},
		{HEADER, "{" WHOM ",\"iat\":1799999990}", KEY, "n1", "exp"},
		{HEADER, "{" WHOM ",\"iat\":1799999990,\"exp\":\"1800000300\"}", KEY, "n1", "exp"},
		{HEADER, "{" WHOM ",\"exp\":1800000300}", KEY, "n1", "iat"},
		{HEADER, "{" WHOM ",\"iat\":1800000060,\"exp\":1800000300}", KEY, "n1", NULL},
		{HEADER, "{" WHOM ",\"iat\":1800000061,\"exp\":1800000300}", KEY, "n1", "iat"},
		{HEADER, "{" WHOM ",\"iat\":1799999400,\"exp\":1800000300.5}", KEY, "n1", NULL},
		{HEADER, "{" WHOM ",\"iat\":1799999399,\"exp\":1800000300}", KEY, "n1", "iat"},
		{HEADER, "{" WHOM "," WHEN ",\"nbf\":1800000061}", KEY, "n1", "nbf"},
		{HEADER, "[]", KEY, "n1", "iss"},
		{HEADER, "nothing", KEY, "n1", "JSON"},
	};
	key = EVP_RSA_gen(2048);
	assert_non_null(key);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;
		int code = check(rows[i].header, rows[i].claims, rows[i].key, rows[i].nonce, &e);
		if (rows[i].says ? !code || !strstr(e.msg, rows[i].says) : code)
			fail_msg("row %zu: %d %s", i, code, e.msg);
	}
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_the_rfc_are_right_and_changed_ones_wrong),
		cmocka_unit_test(one_wrong_claim_is_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
