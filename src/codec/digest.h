/* digest.h - HTTP digest authentication (RFC 7616 and its elders 2617 and 2069), client and server side.
 *
 * The client reads a challenge, starts a session with it and answers any number of requests with a rising counter; the
 * session has a fixed size and can be stored and continued later, also over other connections, as AMT allows (Intel AMT
 * guide, "Authentication Options"). The server side reads an Authorization header and checks it; which nonces
 * are good and what counter is next is its caller's business. Hashes: MD5 (all AMT) and SHA-256; no -sess forms.
 *
 * A struct digest_key is as good as the password for its realm: it lives on the stack or inside something that is
 * wiped, and ends with digest_key_wipe. Any thread. */
#ifndef CODEC_DIGEST_H
#define CODEC_DIGEST_H

#include "base/buf.h"

struct err;
struct http1;

#define DIGEST_FIELD_MAX   256 /* bytes of one field of a stranger */
#define DIGEST_FIELD_SIZE  (DIGEST_FIELD_MAX + 1)
#define DIGEST_HASH_MAX    32
#define DIGEST_CNONCE_SIZE 33

enum digest_algorithm {
	DIGEST_MD5,
	DIGEST_SHA256,
};

enum digest_qop {
	DIGEST_QOP_NONE, /* RFC 2069: neither counter nor cnonce */
	DIGEST_QOP_AUTH,
	DIGEST_QOP_AUTH_INT, /* covers the body too */
};

#define DIGEST_FLAG_ALLOW_NO_QOP 1u /* answer a challenge without qop: replays are possible, so not by default */

/* A challenge that can be answered. Texts are as between the quotes on the wire. */
struct digest_challenge {
	uint8_t algorithm; /* enum digest_algorithm */
	uint8_t qop;       /* enum digest_qop: auth where it is offered, auth-int where that alone is */
	bool names_algorithm;
	bool has_opaque;
	bool stale; /* the login was right but the nonce too old */
	char realm[DIGEST_FIELD_SIZE];
	char nonce[DIGEST_FIELD_SIZE];
	char opaque[DIGEST_FIELD_SIZE];
};

/* Takes the first challenge that it can answer out of all WWW-Authenticate values. Other schemes are passed over.
 * Returns 0, or ERR_WEAK_AUTH (only Basic or other schemes, or digest without qop where flags do not allow it),
 * ERR_UNSUPPORTED (only algorithms or qops that are unknown here), ERR_TOO_BIG (a field over DIGEST_FIELD_MAX),
 * ERR_MALFORMED (no header, an empty challenge, no realm or nonce, control characters, a parameter twice). */
int digest_challenge_parse(const struct bytes *values, size_t count, unsigned flags, struct digest_challenge *ret,
			   struct err *e);
/* The same from a reply that http1 has read. */
int digest_challenge_read(const struct http1 *reply, unsigned flags, struct digest_challenge *ret, struct err *e);

/* Hash of user, realm and password, made once per realm. */
struct digest_key {
	char ha1[2 * DIGEST_HASH_MAX + 1]; /* lower-case hex */
};
void digest_key_make(enum digest_algorithm a, struct bytes user, struct bytes realm, struct bytes password,
		     struct digest_key *ret);
void digest_key_wipe(struct digest_key *k);

/* What is needed to answer the next request; no secret in it. */
struct digest_session {
	uint8_t algorithm;
	uint8_t qop;
	bool names_algorithm;
	bool has_opaque;
	bool stale;  /* the challenge that began this session said so */
	uint32_t nc; /* of the last answer; 0 before the first */
	char cnonce[DIGEST_CNONCE_SIZE];
	char realm[DIGEST_FIELD_SIZE];
	char nonce[DIGEST_FIELD_SIZE];
	char opaque[DIGEST_FIELD_SIZE];
};

/* Begins with a challenge; random makes the cnonce. */
void digest_session_start(struct digest_session *s, const struct digest_challenge *c, const uint8_t random[16]);
/* True for a session that was started and can be answered from; a zeroed struct is none. */
bool digest_session_is_open(const struct digest_session *s);
/* Compact text (about 130 bytes for AMT) for a database, and back. The parser starts from nothing but what the
 * encoder wrote: ERR_MALFORMED else. add is put on top of the stored counter, for answers whose storing was lost in a
 * crash. */
int digest_session_encode(const struct digest_session *s, struct buf *out);
int digest_session_parse(struct bytes text, uint32_t add, struct digest_session *ret, struct err *e);

/* Counts up and appends the line "Authorization: Digest ...\r\n" to out. body matters for auth-int only. Returns 0,
 * ERR_INVALID for a user or uri that cannot be written (control characters; a colon in the user), ERR_EXPIRED when the
 * counter is used up (a new challenge is needed), or ERR_TOO_BIG; then out is as it was and nothing was counted. */
int digest_session_answer(struct digest_session *s, const struct digest_key *key, const char *user, const char *method,
			  const char *uri, struct bytes body, struct buf *out, struct err *e);

/* An Authorization header, server side. All bytes are borrowed from its value; p is NULL for what was not given. */
struct digest_authorization {
	struct bytes username;
	struct bytes realm;
	struct bytes nonce;
	struct bytes uri;
	struct bytes response;
	struct bytes cnonce;
	struct bytes nc_text; /* as it came: the hash is over this text, and real clients send it unpadded */
	struct bytes opaque;
	uint32_t nc;       /* nc_text read as hexadecimal */
	uint8_t algorithm; /* enum digest_algorithm; MD5 when not given */
	uint8_t qop;       /* enum digest_qop */
};

/* Takes quoted and unquoted forms of every parameter; unknown ones are passed over. Returns 0, ERR_UNSUPPORTED
 * (another scheme, algorithm or qop), ERR_TOO_BIG or ERR_MALFORMED (which includes a response of a wrong length, and
 * qop without nc or cnonce). */
int digest_authorization_parse(struct bytes value, struct digest_authorization *ret, struct err *e);
/* True when the response was made with this key for this method and body. Takes the same time wherever it
 * differs. The caller compares realm, nonce, uri and nc with what it expects. */
bool digest_authorization_verify(const struct digest_authorization *a, const struct digest_key *key,
				 struct bytes method, struct bytes body);

#endif
