/* Challenges, logins and stored sessions: each input is read as all three. A challenge that is taken is answered, and
 * the answer verified. */
#include "base/base.h"
#include "codec/digest.h"
#include "fuzz/fuzz.h"

static void answer_and_verify(struct digest_session *s, const char *method, struct bytes body)
{
	struct digest_key key;
	struct digest_authorization a;
	struct buf out;
	buf_init(&out, 4096);
	digest_key_make(s->algorithm, BYTES_LIT("admin"), bytes_str(s->realm), BYTES_LIT("Passw0rd!"), &key);
	if (digest_session_answer(s, &key, "admin", method, "/wsman", body, &out, NULL) == 0) {
		size_t name = strlen("Authorization: ");
		ASSERT(digest_authorization_parse(BYTES(out.p + name, out.len - name - 2), &a, NULL) == 0);
		ASSERT(a.nc == (s->qop == DIGEST_QOP_NONE ? 0 : s->nc));
		ASSERT(digest_authorization_verify(&a, &key, bytes_str(method), body));
		digest_key_wipe(&key);
		ASSERT(!digest_authorization_verify(&a, &key, bytes_str(method), body));
	}
	buf_release(&out);
}

static void store_and_continue(const struct digest_session *s)
{
	struct digest_session again;
	struct buf stored;
	buf_init(&stored, 4096);
	ASSERT(digest_session_encode(s, &stored) == 0);
	ASSERT(digest_session_parse(buf_bytes(&stored), 0, &again, NULL) == 0);
	ASSERT(again.nc == s->nc && strcmp(again.nonce, s->nonce) == 0 && strcmp(again.realm, s->realm) == 0);
	buf_release(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t random[16] = {1, 2, 3};
	struct bytes in = BYTES(data, size);
	struct digest_challenge c;
	struct digest_session s;
	struct digest_authorization a;
	if (digest_challenge_parse(&in, 1, size & 1 ? DIGEST_FLAG_ALLOW_NO_QOP : 0, &c, NULL) == 0) {
		digest_session_start(&s, &c, random);
		store_and_continue(&s);
		answer_and_verify(&s, "POST", BYTES_LIT("<x/>"));
	}
	if (digest_session_parse(in, 64, &s, NULL) == 0 && digest_session_is_open(&s))
		store_and_continue(&s);
	if (digest_authorization_parse(in, &a, NULL) == 0)
		(void)digest_authorization_verify(&a, &(struct digest_key){"x"}, BYTES_LIT("POST"), BYTES_NONE);
	return 0;
}
