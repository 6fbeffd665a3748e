#include "directory/oidc.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/rng.h"
#include "base/text.h"
#include "codec/api.h"
#include "codec/json.h"
#include "directory/idtoken.h"

#define ANSWER_MAX  (1024u * 1024)
#define REQUEST_MAX (16u * 1024)
#define DISCOVERY   "/.well-known/openid-configuration" /* OpenID Connect Discovery 4 */
#define BY_DEVICE   "urn:ietf:params:oauth:grant-type:device_code"

/* What the provider says of itself. Texts live as long as the document. */
struct provider {
	struct json_t *document;
	const char *authorization, *token, *jwks, *userinfo, *device, *end;
};

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) ? 0 : size * n;
}

static int down(struct err *e, const char *url, const char *why)
{
	return err_set(e, ERR_SOURCE_DOWN, "%s: %s", url, why);
}

static void set_up(CURL *c, const struct oidc *o, const char *url, struct buf *out, char why[CURL_ERROR_SIZE])
{
	const char *pem = o->options->text[SOURCE_CA];
	struct curl_blob ca = {(void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_COPY};
	why[0] = 0;
	/* Known options with fitting values: these calls do not fail. */
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)source_timeout_ms(o->options));
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)source_timeout_ms(o->options));
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	if (*pem)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
}

/* "Basic ID:SECRET", both form-encoded first (RFC 6749 section 2.3.1). */
static struct curl_slist *add_client(const struct oidc *o, struct curl_slist *headers)
{
	struct buf pair, line;
	buf_init(&pair, REQUEST_MAX);
	buf_init(&line, REQUEST_MAX);
	api_escape(&pair, bytes_str(o->options->text[SOURCE_CLIENT_ID]));
	(void)buf_addc(&pair, ':'); /* fits, as all here */
	api_escape(&pair, BYTES(o->secret->p, o->secret->len));
	(void)buf_adds(&line, "Authorization: Basic ");
	base64_encode(&line, buf_bytes(&pair));
	headers = curl_slist_append(headers, buf_cstr(&line));
	secret_wipe(pair.p, pair.cap);
	secret_wipe(line.p, line.cap);
	buf_release(&pair);
	buf_release(&line);
	return headers;
}

/* One request; form NULL: GET. bearer NULL: none. Any status with a JSON object is an answer. */
static int fetch(const struct oidc *o, const char *url, struct buf *form, const char *bearer, long *ret_status,
		 struct json_t **ret, struct err *e)
{
	char why[CURL_ERROR_SIZE];
	struct buf out;
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	CURL *c = curl_easy_init();
	int rc = 0;
	ASSERT(c && headers); /* memory */
	buf_init(&out, ANSWER_MAX);
	set_up(c, o, url, &out, why);
	if (form) {
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)form->len);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, buf_cstr(form));
		headers = o->secret->len ? add_client(o, headers) : headers;
	}
	if (bearer) {
		(void)curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		(void)curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, bearer);
	}
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl_easy_perform(c);
	if (code != CURLE_OK)
		rc = down(e, url, *why ? why : curl_easy_strerror(code));
	else if (json_parse(buf_bytes(&out), ANSWER_MAX, ret, NULL))
		rc = down(e, url, "the answer is no JSON");
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	secret_wipe(out.p, out.cap);
	buf_release(&out);
	return rc;
}

static const char *text_of(const struct json_t *j, const char *name)
{
	const char *text = NULL;
	(void)json_opt_str(j, name, OIDC_TEXT_MAX - 1, &text, NULL); /* stays NULL otherwise */
	return text;
}

/* Endpoints that are not HTTPS count as not there. */
static const char *endpoint(const struct provider *p, const char *name)
{
	const char *url = text_of(p->document, name);
	return url && strncmp(url, "https://", 8) == 0 && text_is_printable(bytes_str(url)) ? url : NULL;
}

static int discover(const struct oidc *o, struct provider *ret, struct err *e)
{
	char url[OIDC_TEXT_MAX + sizeof(DISCOVERY)];
	const char *issuer = o->options->text[SOURCE_URL];
	size_t len = strlen(issuer);
	long status = 0;
	struct provider p = {0};
	(void)snprintf(url, sizeof(url), "%.*s" DISCOVERY, (int)(len && issuer[len - 1] == '/' ? len - 1 : len),
		       issuer);
	int rc = fetch(o, url, NULL, NULL, &status, &p.document, e);
	if (rc)
		return rc;
	const char *says = text_of(p.document, "issuer");
	p.authorization = endpoint(&p, "authorization_endpoint");
	p.token = endpoint(&p, "token_endpoint");
	p.jwks = endpoint(&p, "jwks_uri");
	p.userinfo = endpoint(&p, "userinfo_endpoint");
	p.device = endpoint(&p, "device_authorization_endpoint");
	p.end = endpoint(&p, "end_session_endpoint");
	if (status != 200 || !says || strcmp(says, issuer) != 0)
		rc = down(e, url, "this is not the issuer that the source's URL names");
	else if (!p.authorization || !p.token || !p.jwks)
		rc = down(e, url, "its endpoints are not all there, or not HTTPS");
	if (rc)
		json_free(p.document);
	else
		*ret = p;
	return rc;
}

static void put(struct buf *out, const char *name, const char *value)
{
	(void)buf_addf(out, "%s%s=", out->len && out->p[out->len - 1] != '?' ? "&" : "", name); /* the caller checks */
	api_escape(out, bytes_str(value));
}

static void draw(char to[OIDC_RANDOM])
{
	uint8_t random[32];
	rng_secret(random, sizeof(random));
	(void)sodium_bin2hex(to, OIDC_RANDOM, random, sizeof(random)); /* fits */
	secret_wipe(random, sizeof(random));
}

/* BASE64URL(SHA256(verifier)) without padding: RFC 7636 section 4.2. */
static void challenge_of(const char *verifier, char to[64])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	(void)crypto_hash_sha256(hash, (const uint8_t *)verifier, strlen(verifier)); /* cannot fail */
	(void)sodium_bin2base64(to, 64, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static int begin_by_browser(const struct oidc *o, const struct provider *p, struct oidc_flow *flow,
			    struct oidc_begun *ret, struct err *e)
{
	char challenge[64];
	struct buf url;
	if (!*o->options->text[SOURCE_REDIRECT])
		return err_set(e, ERR_UNSUPPORTED,
			       "the user source has no redirect: its people log in with a device code");
	draw(flow->state);
	draw(flow->nonce);
	draw(flow->verifier);
	challenge_of(flow->verifier, challenge);
	buf_init(&url, sizeof(ret->url) - 1);
	(void)buf_addf(&url, "%s%s", p->authorization, strchr(p->authorization, '?') ? "&" : "?"); /* checked below */
	put(&url, "response_type", "code");
	put(&url, "client_id", o->options->text[SOURCE_CLIENT_ID]);
	put(&url, "redirect_uri", o->options->text[SOURCE_REDIRECT]);
	put(&url, "scope", o->options->text[SOURCE_SCOPES]);
	put(&url, "state", flow->state);
	put(&url, "nonce", flow->nonce);
	put(&url, "code_challenge", challenge);
	put(&url, "code_challenge_method", "S256");
	int rc = buf_check(&url, e, "URL");
	if (!rc)
		(void)bytes_to_str(buf_bytes(&url), ret->url, sizeof(ret->url)); /* fits */
	ret->expires_in_s = 600;
	buf_release(&url);
	return rc;
}

/* What the provider says when it refuses: RFC 6749 section 5.2. */
static int refused(struct err *e, int code, const char *url, long status, const struct json_t *answer)
{
	const char *error = text_of(answer, "error"), *more = text_of(answer, "error_description");
	if (error && !text_is_printable(bytes_str(error)))
		error = NULL;
	if (more && !text_is_printable(bytes_str(more)))
		more = NULL;
	return err_set(e, code, "%s: HTTP status %ld: %.64s%s%.120s", url, status, error ? error : "no reason",
		       more ? ": " : "", more ? more : "");
}

static bool copy(char *to, size_t size, const char *text)
{
	return text && text_is_printable(bytes_str(text)) && bytes_to_str(bytes_str(text), to, size);
}

static int read_device(const struct provider *p, const struct json_t *answer, struct oidc_flow *flow,
		       struct oidc_begun *ret, struct err *e)
{
	const char *complete = text_of(answer, "verification_uri_complete");
	ret->interval_s = 5; /* RFC 8628 section 3.2 */
	ret->expires_in_s = 600;
	(void)json_opt_i64(answer, "interval", 1, 300, &ret->interval_s, NULL); /* the default otherwise */
	(void)json_opt_i64(answer, "expires_in", 1, 86400, &ret->expires_in_s, NULL);
	if (!copy(flow->device_code, sizeof(flow->device_code), text_of(answer, "device_code")) ||
	    !copy(ret->user_code, sizeof(ret->user_code), text_of(answer, "user_code")) ||
	    !copy(ret->url, sizeof(ret->url), text_of(answer, "verification_uri")))
		return down(e, p->device, "the answer is not one of RFC 8628");
	if (!complete || !copy(ret->complete, sizeof(ret->complete), complete))
		ret->complete[0] = 0;
	return 0;
}

static int begin_by_device(const struct oidc *o, const struct provider *p, struct oidc_flow *flow,
			   struct oidc_begun *ret, struct err *e)
{
	struct json_t *answer = NULL;
	struct buf form;
	long status = 0;
	if (!p->device)
		return err_set(e, ERR_UNSUPPORTED, "the provider has no device codes");
	buf_init(&form, REQUEST_MAX);
	put(&form, "client_id", o->options->text[SOURCE_CLIENT_ID]);
	put(&form, "scope", o->options->text[SOURCE_SCOPES]);
	int rc = fetch(o, p->device, &form, NULL, &status, &answer, e);
	if (!rc && status != 200)
		rc = refused(e, ERR_SOURCE_DOWN, p->device, status, answer);
	rc = rc ? rc : read_device(p, answer, flow, ret, e);
	json_free(answer);
	buf_release(&form);
	return rc;
}

int oidc_begin(const struct oidc *o, bool by_device, struct oidc_flow *flow, struct oidc_begun *ret, struct err *e)
{
	struct provider p;
	int rc = discover(o, &p, e);
	if (rc)
		return rc;
	*flow = (struct oidc_flow){.state = ""};
	*ret = (struct oidc_begun){.interval_s = 0};
	rc = by_device ? begin_by_device(o, &p, flow, ret, e) : begin_by_browser(o, &p, flow, ret, e);
	if (!rc && (!p.end || !copy(ret->end, sizeof(ret->end), p.end)))
		ret->end[0] = 0;
	json_free(p.document);
	return rc;
}

int oidc_take_claims(const struct source_options *o, const struct json_t *claims, struct person *p, struct err *e)
{
	const char *login = text_of(claims, o->text[SOURCE_LOGIN_CLAIM]), *name = text_of(claims, "name"), *group;
	const char *groups_claim = o->text[SOURCE_GROUPS_CLAIM];
	const struct json_t *groups = NULL;
	p->is_exact = true;
	int rc = person_set(&p->subject, "the person's id (sub)", bytes_str(text_of(claims, "sub")), e);
	if (!rc && !login)
		rc = err_set(e, ERR_MALFORMED, "the provider gives no claim %s", o->text[SOURCE_LOGIN_CLAIM]);
	rc = rc ? rc : person_set(&p->login, "the person's login", bytes_str(login), e);
	if (!rc && name)
		(void)person_set(&p->name, "the person's name", bytes_str(name), NULL); /* without one, then */
	const char *one = rc ? NULL : text_of(claims, groups_claim);
	if (one)
		return person_add_group(p, bytes_str(one), e);
	if (!rc && json_opt_array(claims, groups_claim, PERSON_GROUPS_MAX, &groups, NULL))
		rc = err_set(e, ERR_MALFORMED, "the claim %s is no list of names", groups_claim);
	for (size_t i = 0; i < json_count(groups) && !rc; i++) {
		rc = json_at_str(groups, i, PERSON_TEXT_MAX, &group, e);
		rc = rc ? rc : person_add_group(p, bytes_str(group), e);
	}
	return rc;
}

/* Claims that the token leaves out may stand in the user info: of the same person (OpenID Connect Core 5.3.2). */
static int ask_userinfo(const struct oidc *o, const struct provider *p, const char *access, const struct json_t *claims,
			struct json_t **ret, struct err *e)
{
	long status = 0;
	struct json_t *info = NULL;
	bool whole = json_has(claims, o->options->text[SOURCE_LOGIN_CLAIM]) &&
		     json_has(claims, o->options->text[SOURCE_GROUPS_CLAIM]);
	if (whole || !p->userinfo || !access)
		return 0;
	int rc = fetch(o, p->userinfo, NULL, access, &status, &info, e);
	const char *subject = rc ? NULL : text_of(info, "sub");
	if (!rc && (status != 200 || !subject || strcmp(subject, text_of(claims, "sub")) != 0))
		rc = down(e, p->userinfo, "the user info is not of this person");
	if (rc)
		json_free(info);
	else
		*ret = info;
	return rc;
}

static int read_token(const struct oidc *o, const struct provider *p, const struct oidc_flow *flow,
		      const struct json_t *answer, struct person *to)
{
	struct json_t *jwks = NULL, *claims = NULL, *info = NULL;
	struct buf keys;
	const char *token = NULL;
	long status = 0;
	struct err *e = &to->err;
	const struct idtoken_rules rules = {
		.issuer = o->options->text[SOURCE_URL],
		.client = o->options->text[SOURCE_CLIENT_ID],
		.nonce = *flow->nonce ? flow->nonce : NULL,
		.now_s = o->now_s,
	};
	buf_init(&keys, IDTOKEN_JWKS_MAX);
	int rc = json_get_str(answer, "id_token", IDTOKEN_MAX, &token, e);
	rc = rc ? rc : fetch(o, p->jwks, NULL, NULL, &status, &jwks, e);
	rc = rc ? rc : json_dump(&keys, jwks);
	rc = rc ? rc : idtoken_check(bytes_str(token), buf_bytes(&keys), &rules, &claims, e);
	rc = rc ? rc : ask_userinfo(o, p, text_of(answer, "access_token"), claims, &info, e);
	bool in_info = info && json_has(info, o->options->text[SOURCE_LOGIN_CLAIM]);
	rc = rc ? rc : oidc_take_claims(o->options, in_info ? info : claims, to, e);
	json_free(info);
	json_free(claims);
	json_free(jwks);
	buf_release(&keys);
	return rc;
}

static void write_form(const struct oidc *o, const struct oidc_flow *flow, const char *code, struct buf *form)
{
	put(form, "grant_type", code ? "authorization_code" : BY_DEVICE);
	put(form, "client_id", o->options->text[SOURCE_CLIENT_ID]);
	if (code) {
		put(form, "code", code);
		put(form, "redirect_uri", o->options->text[SOURCE_REDIRECT]);
		put(form, "code_verifier", flow->verifier);
	} else {
		put(form, "device_code", flow->device_code);
	}
}

static bool is_pending(const struct json_t *answer)
{
	const char *error = text_of(answer, "error");
	return error && (strcmp(error, "authorization_pending") == 0 || strcmp(error, "slow_down") == 0);
}

/* Refusals of the person or the token, beside what is the provider's fault. */
static void say(struct person *to, int rc)
{
	if (!rc)
		to->state = PERSON_PROVEN;
	else if (rc == ERR_WRONG_LOGIN)
		to->state = PERSON_REFUSED;
	else
		to->err.code = ERR_SOURCE_DOWN;
}

bool oidc_finish(const struct oidc *o, const struct oidc_flow *flow, const char *code, struct person *p)
{
	struct provider provider = {0};
	struct json_t *answer = NULL;
	struct buf form;
	long status = 0;
	bool pending = false;
	buf_init(&form, REQUEST_MAX);
	write_form(o, flow, code, &form);
	int rc = buf_check(&form, &p->err, "request");
	rc = rc ? rc : discover(o, &provider, &p->err);
	rc = rc ? rc : fetch(o, provider.token, &form, NULL, &status, &answer, &p->err);
	pending = !rc && status != 200 && !code && is_pending(answer);
	if (!rc && status != 200)
		rc = refused(&p->err, status >= 500 ? ERR_SOURCE_DOWN : ERR_WRONG_LOGIN, provider.token, status,
			     answer);
	rc = rc ? rc : read_token(o, &provider, flow, answer, p);
	say(p, rc);
	json_free(answer);
	json_free(provider.document);
	secret_wipe(form.p, form.cap);
	buf_release(&form);
	return pending;
}
