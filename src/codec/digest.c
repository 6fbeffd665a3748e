#define OPENSSL_SUPPRESS_DEPRECATED /* see struct hash */
#include "codec/digest.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/http1.h"

#define HEX_SIZE (2 * DIGEST_HASH_MAX + 1)

static const struct algorithm {
	const char *name; /* in headers */
	size_t len;       /* of the hash */
} algorithms[] = {
	[DIGEST_MD5] = {"MD5", 16},
	[DIGEST_SHA256] = {"SHA-256", 32},
};

static const char *const qop_names[] = {
	[DIGEST_QOP_NONE] = "",
	[DIGEST_QOP_AUTH] = "auth",
	[DIGEST_QOP_AUTH_INT] = "auth-int",
};

/* OpenSSL 3.0's EVP allocates a context anew for each hash (two allocations and 630 ns per answer, with everything
 * fetched and reused that can be); these do not (none, 540 ns), need no state per thread, and work where a FIPS
 * policy takes MD5 away from EVP: digest leaves no choice of hash. */
struct hash {
	unsigned algorithm;
	union {
		MD5_CTX md5;
		SHA256_CTX sha256;
	} u;
};

static void hash_begin(struct hash *h, unsigned algorithm)
{
	h->algorithm = algorithm;
	if (algorithm == DIGEST_MD5)
		MD5_Init(&h->u.md5);
	else
		SHA256_Init(&h->u.sha256);
}

static void hash_add(struct hash *h, const void *p, size_t len)
{
	if (h->algorithm == DIGEST_MD5)
		MD5_Update(&h->u.md5, p, len);
	else
		SHA256_Update(&h->u.sha256, p, len);
}

static void hex_text(const uint8_t *raw, size_t len, char *ret)
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = hex[raw[i] >> 4];
		ret[2 * i + 1] = hex[raw[i] & 15];
	}
	ret[2 * len] = '\0';
}

static void hash_end(struct hash *h, char ret[HEX_SIZE])
{
	uint8_t raw[DIGEST_HASH_MAX];
	if (h->algorithm == DIGEST_MD5)
		MD5_Final(raw, &h->u.md5);
	else
		SHA256_Final(raw, &h->u.sha256);
	hex_text(raw, algorithms[h->algorithm].len, ret);
}

/* Hash of the parts with colons between them, as lower-case hex. */
static void hash_parts(unsigned algorithm, const struct bytes *parts, size_t count, char ret[HEX_SIZE])
{
	struct hash h;
	hash_begin(&h, algorithm);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			hash_add(&h, ":", 1);
		if (parts[i].len > 0)
			hash_add(&h, parts[i].p, parts[i].len);
	}
	hash_end(&h, ret);
}

/* What a response is made of, on either side. */
struct response_input {
	uint8_t algorithm, qop;
	const char *ha1;
	struct bytes nonce, nc, cnonce, method, uri, body;
};

static void response_make(const struct response_input *in, char ret[HEX_SIZE])
{
	char body[HEX_SIZE], ha2[HEX_SIZE];
	struct bytes a2[3] = {in->method, in->uri};
	if (in->qop == DIGEST_QOP_AUTH_INT) {
		hash_parts(in->algorithm, &in->body, 1, body);
		a2[2] = bytes_str(body);
	}
	hash_parts(in->algorithm, a2, in->qop == DIGEST_QOP_AUTH_INT ? 3 : 2, ha2);
	if (in->qop == DIGEST_QOP_NONE) {
		const struct bytes parts[] = {bytes_str(in->ha1), in->nonce, bytes_str(ha2)};
		hash_parts(in->algorithm, parts, ARRAY_LEN(parts), ret);
		return;
	}
	const struct bytes parts[] = {bytes_str(in->ha1), in->nonce, in->nc, in->cnonce, bytes_str(qop_names[in->qop]),
				      bytes_str(ha2)};
	hash_parts(in->algorithm, parts, ARRAY_LEN(parts), ret);
}

void digest_key_make(enum digest_algorithm a, struct bytes user, struct bytes realm, struct bytes password,
		     struct digest_key *ret)
{
	const struct bytes parts[] = {user, realm, password};
	hash_parts(a, parts, ARRAY_LEN(parts), ret->ha1);
}

void digest_key_wipe(struct digest_key *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

/* The parameters that either header knows. p is NULL for what was not given. */
struct params {
	struct bytes realm, nonce, opaque, algorithm, qop, stale;
	struct bytes username, uri, response, cnonce, nc;
};

static const struct param_row {
	const char *name;
	size_t offset;
} param_rows[] = {
	{"realm", offsetof(struct params, realm)},
	{"nonce", offsetof(struct params, nonce)},
	{"opaque", offsetof(struct params, opaque)},
	{"algorithm", offsetof(struct params, algorithm)},
	{"qop", offsetof(struct params, qop)},
	{"stale", offsetof(struct params, stale)},
	{"username", offsetof(struct params, username)},
	{"uri", offsetof(struct params, uri)},
	{"response", offsetof(struct params, response)},
	{"cnonce", offsetof(struct params, cnonce)},
	{"nc", offsetof(struct params, nc)},
};

static int param_set(struct params *to, struct bytes name, struct bytes value, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(param_rows); i++) {
		if (!bytes_equal_str_nocase(name, param_rows[i].name))
			continue;
		struct bytes *field = (struct bytes *)(void *)((char *)to + param_rows[i].offset);
		if (field->p)
			return err_set(e, ERR_MALFORMED, "digest: parameter %s comes twice", param_rows[i].name);
		if (value.len > DIGEST_FIELD_MAX)
			return err_set(e, ERR_TOO_BIG, "digest: parameter %s over %d bytes", param_rows[i].name,
				       DIGEST_FIELD_MAX);
		*field = value;
	}
	return 0;
}

/* Reads "Scheme a=b, c="d", Scheme ..." item by item (RFC 9110 11.2 to 11.6). */
enum item {
	ITEM_END,
	ITEM_SCHEME, /* name is set */
	ITEM_PARAM,  /* name and value are set */
	ITEM_OTHER,  /* the token68 of another scheme */
	ITEM_BROKEN,
};

struct scan {
	const uint8_t *p, *end;
};

static struct scan scan_of(struct bytes in)
{
	const uint8_t *p = in.p ? in.p : (const uint8_t *)"";
	return (struct scan){p, p + in.len};
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool is_token68(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~/", c));
}

static void skip_blanks(struct scan *s, bool commas)
{
	while (s->p < s->end && (is_blank(*s->p) || (commas && *s->p == ',')))
		s->p++;
}

/* The bytes between the quotes as they are, backslashes included: what is hashed and sent back is what came. */
static bool quoted_take(struct scan *s, struct bytes *ret)
{
	const uint8_t *from = ++s->p;
	for (; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\' && s->end - s->p > 1)
			s->p++;
	if (s->p >= s->end)
		return false;
	*ret = BYTES(from, (size_t)(s->p - from));
	s->p++;
	return true;
}

static bool plain_take(struct scan *s, struct bytes *ret)
{
	const uint8_t *from = s->p;
	while (s->p < s->end && !is_blank(*s->p) && *s->p != ',' && *s->p != '"')
		s->p++;
	*ret = BYTES(from, (size_t)(s->p - from));
	return s->p > from;
}

static enum item value_take(struct scan *s, struct bytes *ret)
{
	s->p++; /* the equals sign */
	skip_blanks(s, false);
	if (s->p == s->end || *s->p == ',' || *s->p == '=') {
		while (s->p < s->end && *s->p == '=')
			s->p++;
		return ITEM_OTHER;
	}
	if (!(*s->p == '"' ? quoted_take(s, ret) : plain_take(s, ret)) || !text_is_printable(*ret))
		return ITEM_BROKEN;
	skip_blanks(s, false);
	return s->p == s->end || *s->p == ',' ? ITEM_PARAM : ITEM_BROKEN;
}

static enum item item_next(struct scan *s, struct bytes *ret_name, struct bytes *ret_value)
{
	skip_blanks(s, true);
	if (s->p == s->end)
		return ITEM_END;
	const uint8_t *from = s->p;
	while (s->p < s->end && is_token68(*s->p))
		s->p++;
	*ret_name = BYTES(from, (size_t)(s->p - from));
	bool blank = s->p < s->end && is_blank(*s->p);
	skip_blanks(s, false);
	if (ret_name->len == 0)
		return ITEM_BROKEN;
	if (s->p < s->end && *s->p == '=')
		return value_take(s, ret_value);
	return blank || s->p == s->end || *s->p == ',' ? ITEM_SCHEME : ITEM_BROKEN;
}

static int algorithm_read(struct bytes name, uint8_t *ret, struct err *e)
{
	if (!name.p) {
		*ret = DIGEST_MD5;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		if (!bytes_equal_str_nocase(name, algorithms[i].name))
			continue;
		*ret = (uint8_t)i;
		return 0;
	}
	return err_set(e, ERR_UNSUPPORTED, "digest: unknown algorithm");
}

/* One word of a list such as "auth-int, auth"; false at its end. */
static bool word_next(struct scan *s, struct bytes *ret)
{
	skip_blanks(s, true);
	return s->p < s->end && plain_take(s, ret);
}

static int qop_choose(struct bytes list, unsigned flags, uint8_t *ret, struct err *e)
{
	bool auth = false, auth_int = false;
	if (!list.p && !(flags & DIGEST_FLAG_ALLOW_NO_QOP))
		return err_set(e, ERR_WEAK_AUTH, "digest: the challenge offers no qop");
	struct scan s = scan_of(list);
	for (struct bytes word; word_next(&s, &word);) {
		auth = auth || bytes_equal_str_nocase(word, qop_names[DIGEST_QOP_AUTH]);
		auth_int = auth_int || bytes_equal_str_nocase(word, qop_names[DIGEST_QOP_AUTH_INT]);
	}
	if (list.p && !auth && !auth_int)
		return err_set(e, ERR_UNSUPPORTED, "digest: the challenge offers no known qop");
	*ret = auth ? DIGEST_QOP_AUTH : auth_int ? DIGEST_QOP_AUTH_INT : DIGEST_QOP_NONE;
	return 0;
}

static int challenge_make(const struct params *p, unsigned flags, struct digest_challenge *ret, struct err *e)
{
	struct digest_challenge c = {.names_algorithm = p->algorithm.p, .has_opaque = p->opaque.p};
	if (!p->realm.p || p->nonce.len == 0)
		return err_set(e, ERR_MALFORMED, "digest: the challenge has no realm or no nonce");
	int rc = algorithm_read(p->algorithm, &c.algorithm, e);
	if (rc == 0)
		rc = qop_choose(p->qop, flags, &c.qop, e);
	if (rc)
		return rc;
	c.stale = p->stale.p && bytes_equal_str_nocase(p->stale, "true");
	/* param_set has looked at the lengths, value_take at the characters */
	ASSERT(bytes_to_str(p->realm, c.realm, sizeof(c.realm)));
	ASSERT(bytes_to_str(p->nonce, c.nonce, sizeof(c.nonce)));
	ASSERT(bytes_to_str(p->opaque, c.opaque, sizeof(c.opaque)));
	*ret = c;
	return 0;
}

/* Collects challenges until one can be answered; keeps the first reason why a digest challenge cannot. */
struct chooser {
	unsigned flags;
	bool in_digest;
	bool others;
	bool found;
	int rc; /* 0 until a digest challenge was refused */
	struct params params;
	struct digest_challenge *ret;
	struct err *e;
};

static void chooser_refuse(struct chooser *c, int rc)
{
	c->rc = rc;
	c->in_digest = false;
}

static void chooser_end(struct chooser *c)
{
	if (!c->in_digest || c->found)
		return;
	int rc = challenge_make(&c->params, c->flags, c->ret, c->rc ? NULL : c->e);
	c->found = rc == 0;
	chooser_refuse(c, c->rc ? c->rc : rc);
}

static void chooser_begin(struct chooser *c, struct bytes scheme)
{
	chooser_end(c);
	c->in_digest = bytes_equal_str_nocase(scheme, "Digest");
	c->others = c->others || !c->in_digest;
	c->params = (struct params){0};
}

static void chooser_param(struct chooser *c, struct bytes name, struct bytes value)
{
	int rc = c->in_digest ? param_set(&c->params, name, value, c->rc ? NULL : c->e) : 0;
	if (rc)
		chooser_refuse(c, c->rc ? c->rc : rc);
}

static void chooser_read(struct chooser *c, struct bytes value)
{
	struct scan s = scan_of(value);
	struct bytes name, v;
	enum item item;
	while ((item = item_next(&s, &name, &v)) != ITEM_END && item != ITEM_BROKEN) {
		if (item == ITEM_SCHEME)
			chooser_begin(c, name);
		else if (item == ITEM_PARAM)
			chooser_param(c, name, v);
	}
	if (item == ITEM_BROKEN && !c->rc)
		chooser_refuse(c, err_set(c->e, ERR_MALFORMED, "digest: the challenge cannot be read"));
	chooser_end(c);
	c->in_digest = false;
}

static int chooser_result(const struct chooser *c, bool any)
{
	if (c->found)
		return 0;
	if (c->rc)
		return c->rc;
	if (c->others)
		return err_set(c->e, ERR_WEAK_AUTH, "digest: only other ways to log in are offered");
	return err_set(c->e, ERR_MALFORMED, any ? "digest: the challenge is empty" : "digest: there is no challenge");
}

int digest_challenge_parse(const struct bytes *values, size_t count, unsigned flags, struct digest_challenge *ret,
			   struct err *e)
{
	struct err own = ERR_INIT;
	struct chooser c = {.flags = flags, .ret = ret, .e = &own};
	for (size_t i = 0; i < count && !c.found; i++)
		chooser_read(&c, values[i]);
	int rc = chooser_result(&c, count > 0);
	if (rc && e)
		*e = own;
	return rc;
}

int digest_challenge_read(const struct http1 *reply, unsigned flags, struct digest_challenge *ret, struct err *e)
{
	struct bytes values[HTTP1_HEADERS_MAX];
	size_t count = 0, it = 0;
	while (http1_header_again(reply, "WWW-Authenticate", &it, &values[count]))
		count++;
	return digest_challenge_parse(values, count, flags, ret, e);
}

void digest_session_start(struct digest_session *s, const struct digest_challenge *c, const uint8_t random[16])
{
	*s = (struct digest_session){.algorithm = c->algorithm,
				     .qop = c->qop,
				     .names_algorithm = c->names_algorithm,
				     .has_opaque = c->has_opaque,
				     .stale = c->stale};
	memcpy(s->realm, c->realm, sizeof(s->realm));
	memcpy(s->nonce, c->nonce, sizeof(s->nonce));
	memcpy(s->opaque, c->opaque, sizeof(s->opaque));
	hex_text(random, 16, s->cnonce);
}

bool digest_session_is_open(const struct digest_session *s)
{
	return s->nonce[0] != '\0';
}

int digest_session_encode(const struct digest_session *s, struct buf *out)
{
	const uint32_t numbers[] = {1, s->algorithm, s->qop, s->names_algorithm, s->has_opaque, s->stale, s->nc};
	const char *const texts[] = {s->cnonce, s->realm, s->nonce, s->opaque};
	size_t before = out->len;
	int rc = 0;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		rc |= buf_add_u64(out, numbers[i]);
		rc |= buf_addc(out, i + 1 < ARRAY_LEN(numbers) ? ' ' : '\n');
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		rc |= buf_adds(out, texts[i]);
		rc |= buf_addc(out, '\n');
	}
	if (rc)
		buf_truncate(out, before);
	return rc ? ERR_TOO_BIG : 0;
}

/* Cuts the text in front of end off the rest. */
static bool cut(struct bytes *rest, char end, struct bytes *ret)
{
	const uint8_t *p = rest->len ? memchr(rest->p, end, rest->len) : NULL;
	if (!p)
		return false;
	*ret = BYTES(rest->p, (size_t)(p - rest->p));
	*rest = BYTES(p + 1, rest->len - ret->len - 1);
	return true;
}

static bool cut_number(struct bytes *rest, char end, uint64_t most, uint64_t *ret)
{
	struct bytes text;
	return cut(rest, end, &text) && text_to_u64(text, ret) && *ret <= most;
}

static bool cut_text(struct bytes *rest, char *ret, size_t size)
{
	struct bytes text;
	return cut(rest, '\n', &text) && text_is_printable(text) && bytes_to_str(text, ret, size);
}

int digest_session_parse(struct bytes text, uint32_t add, struct digest_session *ret, struct err *e)
{
	struct digest_session s = {0};
	uint64_t n[7];
	static const uint64_t most[7] = {1, DIGEST_SHA256, DIGEST_QOP_AUTH_INT, 1, 1, 1, UINT32_MAX};
	bool fine = true;
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		fine = fine && cut_number(&text, i < 6 ? ' ' : '\n', most[i], &n[i]);
	fine = fine && n[0] == 1 && cut_text(&text, s.cnonce, sizeof(s.cnonce)) &&
	       cut_text(&text, s.realm, sizeof(s.realm)) && cut_text(&text, s.nonce, sizeof(s.nonce)) &&
	       cut_text(&text, s.opaque, sizeof(s.opaque)) && text.len == 0;
	if (!fine)
		return err_set(e, ERR_MALFORMED, "stored digest session: not what was stored");
	s.algorithm = (uint8_t)n[1];
	s.qop = (uint8_t)n[2];
	s.names_algorithm = n[3];
	s.has_opaque = n[4];
	s.stale = n[5];
	s.nc = n[6] + add > UINT32_MAX ? UINT32_MAX : (uint32_t)n[6] + add;
	*ret = s;
	return 0;
}

static bool may_be_quoted(struct bytes s, const char *but)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f || strchr(but, s.p[i]))
			return false;
	return s.len > 0;
}

/* The parts of the line, put together with one reservation. */
struct line {
	size_t count;
	struct bytes parts[40];
};

static void line_add(struct line *l, const char *name, const char *value, const char *end)
{
	ASSERT(l->count + 3 <= ARRAY_LEN(l->parts));
	l->parts[l->count++] = bytes_str(name);
	l->parts[l->count++] = bytes_str(value);
	l->parts[l->count++] = bytes_str(end);
}

static int line_write(const struct line *l, struct buf *out)
{
	size_t len = 0;
	for (size_t i = 0; i < l->count; i++)
		len += l->parts[i].len;
	uint8_t *to = buf_reserve(out, len);
	if (!to)
		return ERR_TOO_BIG;
	for (size_t i = 0; i < l->count; i++) {
		memcpy(to, l->parts[i].p, l->parts[i].len);
		to += l->parts[i].len;
	}
	buf_commit(out, len);
	return 0;
}

static int answer_write(const struct digest_session *s, const char *user, const char *uri, const char *nc,
			const char *response, struct buf *out)
{
	struct line l = {0};
	line_add(&l, "Authorization: Digest username=\"", user, "\"");
	line_add(&l, ", realm=\"", s->realm, "\"");
	line_add(&l, ", nonce=\"", s->nonce, "\"");
	line_add(&l, ", uri=\"", uri, "\"");
	if (s->qop != DIGEST_QOP_NONE) {
		line_add(&l, ", cnonce=\"", s->cnonce, "\"");
		line_add(&l, ", nc=", nc, "");
		line_add(&l, ", qop=", qop_names[s->qop], "");
	}
	line_add(&l, ", response=\"", response, "\"");
	if (s->names_algorithm)
		line_add(&l, ", algorithm=", algorithms[s->algorithm].name, "");
	if (s->has_opaque)
		line_add(&l, ", opaque=\"", s->opaque, "\"");
	line_add(&l, "\r\n", "", "");
	return line_write(&l, out);
}

static void nc_text(uint32_t nc, char to[9])
{
	for (int i = 7; i >= 0; i--, nc >>= 4)
		to[i] = "0123456789abcdef"[nc & 15];
	to[8] = '\0';
}

int digest_session_answer(struct digest_session *s, const struct digest_key *key, const char *user, const char *method,
			  const char *uri, struct bytes body, struct buf *out, struct err *e)
{
	ASSERT(digest_session_is_open(s));
	if (!may_be_quoted(bytes_str(user), "\":\\"))
		return err_set(e, ERR_INVALID, "digest: the user name cannot be sent");
	if (!may_be_quoted(bytes_str(uri), "\" \\"))
		return err_set(e, ERR_INVALID, "digest: the path cannot be sent");
	if (s->nc == UINT32_MAX)
		return err_set(e, ERR_EXPIRED, "digest: the counter of this nonce is used up");
	char nc[9], response[HEX_SIZE];
	nc_text(s->nc + 1, nc);
	const struct response_input in = {.algorithm = s->algorithm,
					  .qop = s->qop,
					  .ha1 = key->ha1,
					  .nonce = bytes_str(s->nonce),
					  .nc = bytes_str(nc),
					  .cnonce = bytes_str(s->cnonce),
					  .method = bytes_str(method),
					  .uri = bytes_str(uri),
					  .body = body};
	response_make(&in, response);
	int rc = answer_write(s, user, uri, nc, response, out);
	if (rc)
		return err_set(e, rc, "digest: no room for the answer");
	s->nc++;
	return 0;
}

static bool hex_read(struct bytes text, uint32_t *ret)
{
	uint32_t v = 0;
	for (size_t i = 0; i < text.len; i++) {
		const char *digit = text.p[i] ? strchr("0123456789abcdef", text.p[i] | 0x20) : NULL;
		if (!digit || text.p[i] < '0')
			return false;
		v = v << 4 | (uint32_t)(digit - "0123456789abcdef");
	}
	*ret = v;
	return text.len > 0 && text.len <= 8;
}

static int params_read(struct bytes value, struct params *ret, struct err *e)
{
	struct scan s = scan_of(value);
	struct bytes name, v;
	if (item_next(&s, &name, &v) != ITEM_SCHEME)
		return err_set(e, ERR_MALFORMED, "authorization: no scheme");
	if (!bytes_equal_str_nocase(name, "Digest"))
		return err_set(e, ERR_UNSUPPORTED, "authorization: another scheme than Digest");
	enum item item;
	while ((item = item_next(&s, &name, &v)) == ITEM_PARAM) {
		int rc = param_set(ret, name, v, e);
		if (rc)
			return rc;
	}
	return item == ITEM_END ? 0 : err_set(e, ERR_MALFORMED, "authorization: the parameters cannot be read");
}

static int server_qop(struct digest_authorization *a, struct bytes qop, struct err *e)
{
	if (!qop.p)
		return 0;
	a->qop = bytes_equal_str_nocase(qop, qop_names[DIGEST_QOP_AUTH])       ? DIGEST_QOP_AUTH
		 : bytes_equal_str_nocase(qop, qop_names[DIGEST_QOP_AUTH_INT]) ? DIGEST_QOP_AUTH_INT
									       : DIGEST_QOP_NONE;
	if (a->qop == DIGEST_QOP_NONE)
		return err_set(e, ERR_UNSUPPORTED, "authorization: unknown qop");
	if (!a->cnonce.p || !hex_read(a->nc_text, &a->nc))
		return err_set(e, ERR_MALFORMED, "authorization: qop without cnonce, or without a hexadecimal nc");
	return 0;
}

int digest_authorization_parse(struct bytes value, struct digest_authorization *ret, struct err *e)
{
	struct params p = {0};
	int rc = params_read(value, &p, e);
	if (rc)
		return rc;
	if (!p.username.len || !p.realm.p || !p.nonce.len || !p.uri.len || !p.response.p)
		return err_set(e, ERR_MALFORMED, "authorization: username, realm, nonce, uri or response is missing");
	struct digest_authorization a = {.username = p.username,
					 .realm = p.realm,
					 .nonce = p.nonce,
					 .uri = p.uri,
					 .response = p.response,
					 .cnonce = p.cnonce,
					 .nc_text = p.nc,
					 .opaque = p.opaque};
	rc = algorithm_read(p.algorithm, &a.algorithm, e);
	if (rc == 0)
		rc = server_qop(&a, p.qop, e);
	if (rc)
		return rc;
	if (p.response.len != 2 * algorithms[a.algorithm].len)
		return err_set(e, ERR_MALFORMED, "authorization: response of %zu characters", p.response.len);
	*ret = a;
	return 0;
}

bool digest_authorization_verify(const struct digest_authorization *a, const struct digest_key *key,
				 struct bytes method, struct bytes body)
{
	const struct response_input in = {.algorithm = a->algorithm,
					  .qop = a->qop,
					  .ha1 = key->ha1,
					  .nonce = a->nonce,
					  .nc = a->nc_text,
					  .cnonce = a->cnonce,
					  .method = method,
					  .uri = a->uri,
					  .body = body};
	char wanted[HEX_SIZE];
	response_make(&in, wanted);
	/* An empty or short response never compares: that was CVE-2017-5689. */
	size_t len = 2 * algorithms[a->algorithm].len;
	return a->response.len == len && CRYPTO_memcmp(a->response.p, wanted, len) == 0;
}
