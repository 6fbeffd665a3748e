/* Mail, webhooks and system logs by TLS, by libcurl: no proxy, no redirect, only the protocols of the kind. */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <stdio.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/text.h"
#include "post/post_priv.h"

#define CONNECT_MS 5000L
#define WHOLE_MS   20000L
#define MAIL_MAX   65536
#define HOOK_MAX   (4u << 20)
#define SIGN_SIZE  128
#define STREAM_MAX (16u << 20)
#define REFUSAL_MS 200 /* how long the other end may take to break off what it does not like */

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct parcel *p = arg;
	return atomic_load(p->stopping) ? 1 : 0;
}

static size_t drop(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

static CURL *open_curl(struct parcel *p, const char *protocols, char why[CURL_ERROR_SIZE])
{
	CURL *c = curl_easy_init();
	ASSERT(c); /* memory */
	why[0] = 0;
	/* Known options with fitting values: these calls do not fail. */
	(void)curl_easy_setopt(c, CURLOPT_URL, p->to.address);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, WHOLE_MS);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (*p->to.ca) {
		struct curl_blob ca = {(void *)(uintptr_t)p->to.ca, strlen(p->to.ca), CURL_BLOB_COPY}; /* only read */
		(void)curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
		(void)curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* and no others */
	}
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFODATA, p);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
	return c;
}

static int perform(CURL *c, const struct parcel *p, const char *why, struct err *e)
{
	CURLcode code = curl_easy_perform(c);
	if (code == CURLE_OK)
		return 0;
	return err_set(e, ERR_NOT_DELIVERED, "%s: %s", p->to.address, *why ? why : curl_easy_strerror(code));
}

struct reading {
	struct bytes left;
};

static size_t give(char *to, size_t size, size_t n, void *arg)
{
	struct reading *r = arg;
	size_t len = size * n < r->left.len ? size * n : r->left.len;
	if (len)
		memcpy(to, r->left.p, len);
	r->left = BYTES(r->left.p + len, r->left.len - len);
	return len;
}

static struct curl_slist *receivers(const char *to)
{
	struct curl_slist *list = NULL;
	while (*to) {
		char one[300];
		size_t len = strcspn(to, ",");
		(void)snprintf(one, sizeof(one), "<%.*s>", (int)len, to); /* addresses were checked */
		list = curl_slist_append(list, one);
		to += len + (to[len] == ',');
	}
	return list;
}

int send_mail(struct parcel *p, struct err *e)
{
	char why[CURL_ERROR_SIZE], from[300];
	CURL *c = open_curl(p, "smtp,smtps", why);
	struct curl_slist *to = receivers(p->options.to);
	int rc = 0;
	(void)snprintf(from, sizeof(from), "<%s>", p->options.from);
	(void)curl_easy_setopt(c, CURLOPT_MAIL_FROM, from);
	(void)curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	bool must = *p->options.user || *p->to.ca; /* what was said to be secret, or to come from somebody */
	(void)curl_easy_setopt(c, CURLOPT_USE_SSL, must ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
	if (*p->options.user) {
		(void)curl_easy_setopt(c, CURLOPT_USERNAME, p->options.user);
		(void)curl_easy_setopt(c, CURLOPT_PASSWORD, p->secret.len ? (const char *)p->secret.p : "");
	}
	(void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	for (; p->done < p->count && !rc; p->done += rc == 0) {
		struct buf mail;
		buf_init(&mail, MAIL_MAX);
		note_mail(&p->notes[p->done], p, &mail);
		struct reading r = {buf_bytes(&mail)};
		(void)curl_easy_setopt(c, CURLOPT_READDATA, &r);
		rc = buf_check(&mail, e, "mail");
		rc = rc ? rc : perform(c, p, why, e);
		buf_release(&mail);
	}
	curl_slist_free_all(to);
	curl_easy_cleanup(c);
	return rc;
}

/* "t=SECONDS,v1=HEX": HMAC-SHA256 with the secret over "SECONDS.BODY", so that neither can be changed or sent again
 * later. */
static void sign(const struct parcel *p, struct bytes body, char to[SIGN_SIZE])
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf text, hex;
	long long now = clock_wall_ms(p->deps->clock) / 1000;
	buf_init(&text, HOOK_MAX + 32);
	buf_init(&hex, 2 * EVP_MAX_MD_SIZE);
	(void)buf_addf(&text, "%lld.", now); /* fits */
	(void)buf_add_bytes(&text, body);
	if (HMAC(EVP_sha256(), p->secret.p, (int)p->secret.len, text.p, text.len, mac, &len))
		hex_encode(&hex, BYTES(mac, len));
	(void)snprintf(to, SIGN_SIZE, "Lamplighter-Signature: t=%lld,v1=%s", now, buf_cstr(&hex)); /* fits */
	buf_release(&text);
	buf_release(&hex);
}

int send_webhook(struct parcel *p, struct err *e)
{
	char why[CURL_ERROR_SIZE], signature[SIGN_SIZE];
	struct buf body;
	long status = 0;
	buf_init(&body, HOOK_MAX);
	note_json(p->notes, p->count, p->deps->server_name, &body);
	int rc = buf_check(&body, e, "body");
	CURL *c = open_curl(p, "http,https", why);
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, "User-Agent: Lamplighter/" LAMPLIGHTER_VERSION);
	headers = curl_slist_append(headers, "Expect:");
	if (p->secret.len) {
		sign(p, buf_bytes(&body), signature);
		headers = curl_slist_append(headers, signature);
	}
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, buf_cstr(&body));
	rc = rc ? rc : perform(c, p, why, e);
	if (!rc && curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && (status < 200 || status > 299))
		rc = err_set(e, ERR_NOT_DELIVERED, "%s answered with HTTP status %ld", p->to.address, status);
	if (!rc)
		p->done = p->count;
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	buf_release(&body);
	return rc;
}

static int failed(const struct parcel *p, CURLcode code, struct err *e)
{
	return err_set(e, ERR_NOT_DELIVERED, "%s broke the connection: %s", p->to.address, curl_easy_strerror(code));
}

static void wait_on(CURL *c, short events, int ms)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
		(void)poll(&(struct pollfd){.fd = fd, .events = events}, 1,
			   ms); /* in vain is fine: it is tried again */
}

static int send_whole(CURL *c, const struct parcel *p, struct bytes s, struct err *e)
{
	for (int waited = 0; s.len;) {
		size_t n = 0;
		CURLcode code = curl_easy_send(c, s.p, s.len, &n);
		if (code == CURLE_AGAIN && waited < SEND_MS && !atomic_load(p->stopping)) {
			wait_on(c, POLLOUT, REFUSAL_MS);
			waited += REFUSAL_MS;
			continue;
		}
		if (code != CURLE_OK)
			return failed(p, code, e);
		waited = 0;
		s = BYTES(s.p + n, s.len - n);
	}
	return 0;
}

/* Nothing is answered; but who was not let in, or sent what is not taken, is told so by the connection's end. */
static int look_for_refusal(CURL *c, const struct parcel *p, struct err *e)
{
	char byte;
	size_t n;
	wait_on(c, POLLIN, REFUSAL_MS);
	CURLcode code = curl_easy_recv(c, &byte, 1, &n);
	return code == CURLE_OK || code == CURLE_AGAIN ? 0 : failed(p, code, e);
}

int send_tls(struct parcel *p, struct err *e)
{
	char why[CURL_ERROR_SIZE];
	struct buf out;
	buf_init(&out, STREAM_MAX);
	int rc = note_stream(p, &out, e);
	CURL *c = open_curl(p, "https", why);
	const char *url = arena_printf(p->arena, "https://%s", p->to.address + strlen("tls:"));
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	rc = rc ? rc : perform(c, p, why, e);
	rc = rc ? rc : send_whole(c, p, buf_bytes(&out), e);
	rc = rc ? rc : look_for_refusal(c, p, e);
	if (!rc)
		p->done = p->count; /* else nobody knows which came through: all go again */
	curl_easy_cleanup(c);
	buf_release(&out);
	return rc;
}
