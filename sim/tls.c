#include "tls.h"

#include "base/base.h"
#include "base/err.h"
#include "fault.h"
#include "more.h"
#include "setup.h"
#include "sim.h"
#include "trust.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define KEYS         4  /* of the devices' own certificates; then one of changed and foreign ones */
#define POOL         16 /* of key pairs that devices are told to make, of each size */
#define KEY_BITS     2048
#define KEY_BITS_OLD 1024
#define KEY_COUNT    (KEYS + 1 + 2 * POOL)
#define CONTEXTS_MAX 32 /* more than ranges and doors there are */
/* Static RSA is what old firmware and its clients have in common; ECDHE came with TLS 1.2. */
#define SUITES_OLD   "AES128-SHA:AES256-SHA:@SECLEVEL=0"
#define SUITES_PSK   "PSK-AES128-CBC-SHA:PSK-AES256-CBC-SHA:@SECLEVEL=0" /* which ones firmware had is not known */
#define SUITES_12                                                                                                      \
	"ECDHE+AESGCM:AESGCM+RSA:ECDHE+AES:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:!ECDSA:!PSK:@SECLEVEL=0"
/* Certificates are valid from 2020-01-01 to 2045-01-01, the ends as seconds since 1970. */
#define VALID_FROM INT64_C(1577836800)
#define VALID_TO   INT64_C(2366841600)
#define YEAR_2090  INT64_C(3786912000)
#define YEAR_2015  INT64_C(1420070400)
#define YEAR_2020  INT64_C(1577836800)

/* Whom the device wants at the other end. */
enum door {
	DOOR_ANY,
	DOOR_SERVER, /* a set-up server with its chain */
	DOOR_PSK,    /* a set-up server with PID and PPS */
	DOOR_CLIENT, /* mutual TLS */
};

struct tls_keys {
	EVP_PKEY *keys[KEY_COUNT]; /* made when they are first needed */
	struct range_ctx {
		uint16_t least, most;
		enum door door;
		SSL_CTX *ctx;
	} contexts[CONTEXTS_MAX];
};

/* What the TLS port shows and asks for since the last CommitChanges. */
struct tls_credential {
	X509 *certificate; /* NULL: the device's own */
	EVP_PKEY *key;
	STACK_OF(X509) * roots; /* NULL: no mutual TLS */
};

struct tls_keys *tls_keys_new(void)
{
	return mem_alloc(sizeof(struct tls_keys));
}

void tls_keys_free(struct tls_keys *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < KEY_COUNT; i++)
		EVP_PKEY_free(t->keys[i]);
	for (size_t i = 0; i < CONTEXTS_MAX; i++)
		SSL_CTX_free(t->contexts[i].ctx);
	free(t);
}

/* Keys from the seed: not secret, but the same in every run. */

static BIGNUM *prime(struct rng *r, BN_CTX *ctx, size_t bits)
{
	uint8_t raw[KEY_BITS / 16];
	size_t len = bits / 16; /* of half a key */
	BIGNUM *p = BN_new(), *one_less = BN_new(), *gcd = BN_new(), *e = BN_new();

	rng_fill(r, raw, len);
	raw[0] |= 0xc0; /* so that a product of two has all its bits */
	raw[len - 1] |= 1;
	BN_bin2bn(raw, (int)len, p);
	BN_set_word(e, RSA_F4);
	for (;;) {
		if (BN_check_prime(p, ctx, NULL) == 1) {
			BN_sub(one_less, p, BN_value_one());
			BN_gcd(gcd, one_less, e, ctx);
			if (BN_is_one(gcd))
				break;
		}
		BN_add_word(p, 2);
	}
	BN_free(one_less);
	BN_free(gcd);
	BN_free(e);
	return p;
}

struct rsa_numbers {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
};

static void rsa_numbers_make(struct rsa_numbers *k, struct rng *r, size_t bits)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p1 = BN_new(), *q1 = BN_new(), *phi = BN_new();

	k->p = prime(r, ctx, bits);
	k->q = prime(r, ctx, bits);
	if (BN_cmp(k->p, k->q) < 0)
		BN_swap(k->p, k->q);
	k->n = BN_new();
	k->e = BN_new();
	k->dp = BN_new();
	k->dq = BN_new();
	BN_mul(k->n, k->p, k->q, ctx);
	BN_set_word(k->e, RSA_F4);
	BN_sub(p1, k->p, BN_value_one());
	BN_sub(q1, k->q, BN_value_one());
	BN_mul(phi, p1, q1, ctx);
	k->d = BN_mod_inverse(NULL, k->e, phi, ctx);
	BN_mod(k->dp, k->d, p1, ctx);
	BN_mod(k->dq, k->d, q1, ctx);
	k->qi = BN_mod_inverse(NULL, k->q, k->p, ctx);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
	BN_CTX_free(ctx);
}

static void rsa_numbers_free(struct rsa_numbers *k)
{
	BIGNUM *all[] = {k->n, k->e, k->d, k->p, k->q, k->dp, k->dq, k->qi};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		BN_free(all[i]);
}

static EVP_PKEY *key_from(const struct rsa_numbers *k)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, k->n);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, k->e);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, k->d);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR1, k->p);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR2, k->q);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT1, k->dp);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT2, k->dq);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, k->qi);
	params = OSSL_PARAM_BLD_to_param(b);
	if (EVP_PKEY_fromdata_init(ctx) <= 0 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) <= 0)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *key_at(struct sim *s, size_t i)
{
	struct rsa_numbers k;
	struct rng r;

	if (s->tls->keys[i])
		return s->tls->keys[i];
	rng_init(&r, rng_hash(s->opt.seed, &i, sizeof(i)));
	rsa_numbers_make(&k, &r, i > KEYS + POOL ? KEY_BITS_OLD : KEY_BITS);
	s->tls->keys[i] = key_from(&k);
	rsa_numbers_free(&k);
	ASSERT(s->tls->keys[i] != NULL);
	return s->tls->keys[i];
}

struct leaf {
	const char *name;
	int64_t from, to;
	uint64_t serial;
	EVP_PKEY *key;
	const EVP_MD *md;
};

static void add_name(X509_NAME *n, const char *field, const char *text)
{
	X509_NAME_add_entry_by_txt(n, field, MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

/* A self-signed certificate as firmware makes one. */
static X509 *make_certificate(const struct leaf *l)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), l->serial >> 1);
	ASN1_TIME_set(X509_getm_notBefore(x), l->from);
	ASN1_TIME_set(X509_getm_notAfter(x), l->to);
	add_name(n, "CN", l->name);
	add_name(n, "O", "Intel(R) AMT");
	X509_set_issuer_name(x, n);
	X509_set_pubkey(x, l->key);
	add_extension(x, NID_basic_constraints, "CA:FALSE");
	add_extension(x, NID_ext_key_usage, "serverAuth");
	X509_sign(x, l->key, l->md);
	return x;
}

void tls_certificate_free(void *certificate)
{
	X509_free(certificate);
}

static EVP_PKEY *own_key(struct sim *s, const struct device *d)
{
	return key_at(s, device_hash(s, d, "key") % KEYS);
}

static void describe(struct sim *s, struct device *d, char name[DEVICE_TEXT_SIZE], struct leaf *l)
{
	device_name(s, d, name, DEVICE_TEXT_SIZE);
	*l = (struct leaf){.name = name,
			   .from = VALID_FROM,
			   .to = VALID_TO,
			   .serial = device_hash(s, d, "certificate"),
			   .key = own_key(s, d),
			   .md = device_profile(d)->major < 11 ? EVP_sha1() : EVP_sha256()};
}

static X509 *own_certificate(struct sim *s, struct device *d)
{
	char name[DEVICE_TEXT_SIZE];
	struct more *m = more_get(d);
	struct leaf l;

	if (!m->certificate) {
		describe(s, d, name, &l);
		m->certificate = make_certificate(&l);
	}
	return m->certificate;
}

/* A certificate that a fault asks for; NULL: none does. */
static X509 *false_certificate(struct sim *s, struct device *d, enum fault_kind kind, EVP_PKEY **ret_key)
{
	char name[DEVICE_TEXT_SIZE];
	struct leaf l;

	describe(s, d, name, &l);
	switch (kind) {
	case FAULT_TLS_WRONG_NAME:
		l.name = "somebody-else.example";
		break;
	case FAULT_TLS_EXPIRED:
		l.from = YEAR_2015;
		l.to = YEAR_2020;
		break;
	case FAULT_TLS_NOT_YET:
		l.from = YEAR_2090;
		l.to = YEAR_2090 * 2;
		break;
	case FAULT_TLS_CHANGED:
	case FAULT_TLS_APPENDED:
		l.key = key_at(s, KEYS);
		l.serial ^= 0x5555;
		break;
	default:
		return NULL;
	}
	*ret_key = l.key;
	return make_certificate(&l);
}

static enum door door_of(const struct device *d)
{
	const struct tls_credential *c = d->more ? d->more->serving : NULL;

	if (d->mode == DEVICE_SETUP)
		return setup_uses_psk(d) ? DOOR_PSK : DOOR_SERVER;
	return c && c->roots ? DOOR_CLIENT : DOOR_ANY;
}

/* Looks at the whole chain, in the order in which it came; OpenSSL does not. */
static int on_chain(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct device *d = SSL_get_app_data(ssl);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(ctx);
	struct sim *s = arg;
	struct trust *t = mem_alloc(sizeof(*t));
	bool client = door_of(d) == DOOR_CLIENT;
	enum refusal why;

	if (client)
		why = trust_client(s, d, chain, ((struct tls_credential *)d->more->serving)->roots);
	else
		why = trust_setup(s, d, chain, t);
	if (why != REFUSED_NOT) {
		setup_refuse(s, d, why);
		X509_STORE_CTX_set_error(ctx, trust_error(s, why));
	} else if (!client) {
		free(setup_get(s, d)->pending);
		d->setup->pending = t;
		t = NULL;
	}
	free(t);
	return why == REFUSED_NOT;
}

/* The identity is the PID, the key the bytes of the PPS (assumed; no capture is public). */
static unsigned on_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned most)
{
	struct device *d = SSL_get_app_data(ssl);

	if (strcmp(identity, d->setup->pid) != 0 || most < SETUP_PPS_LEN)
		return 0;
	memcpy(psk, d->setup->pps, SETUP_PPS_LEN);
	return SETUP_PPS_LEN;
}

static void ask_for(struct sim *s, SSL_CTX *ctx, enum door door)
{
	if (door == DOOR_PSK) {
		SSL_CTX_set_psk_server_callback(ctx, on_psk);
		SSL_CTX_set_cipher_list(ctx, SUITES_PSK);
	} else if (door != DOOR_ANY) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, on_chain, s);
	}
}

static SSL_CTX *make_context(struct sim *s, uint16_t least, uint16_t most, enum door door)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ASSERT(ctx != NULL);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, least);
	SSL_CTX_set_max_proto_version(ctx, most);
	SSL_CTX_set_cipher_list(ctx, most < TLS1_2_VERSION ? SUITES_OLD : SUITES_12);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	ask_for(s, ctx, door);
	return ctx;
}

static SSL_CTX *context_for(struct sim *s, uint16_t least, uint16_t most, enum door door)
{
	struct range_ctx *r = s->tls->contexts;

	for (; r->ctx; r++)
		if (r->least == least && r->most == most && r->door == door)
			return r->ctx;
	ASSERT(r < s->tls->contexts + CONTEXTS_MAX - 1);
	*r = (struct range_ctx){least, most, door, make_context(s, least, most, door)};
	return r->ctx;
}

/* Shows the device's own certificate, or what the fault wants. A foreign leaf brings the real one behind it. */
static void show_certificate(struct sim *s, struct device *d, SSL *ssl, enum fault_kind kind)
{
	EVP_PKEY *key = NULL;
	X509 *wrong = false_certificate(s, d, kind, &key);
	const struct tls_credential *c = d->more ? d->more->serving : NULL;
	bool given = c && c->certificate && d->mode != DEVICE_SETUP;

	SSL_use_certificate(ssl, wrong ? wrong : given ? c->certificate : own_certificate(s, d));
	SSL_use_PrivateKey(ssl, wrong ? key : given ? c->key : own_key(s, d));
	if (kind == FAULT_TLS_APPENDED)
		SSL_add1_chain_cert(ssl, own_certificate(s, d));
	X509_free(wrong);
}

void *tls_open(struct sim *s, struct device *d, int fd)
{
	const struct profile *p = device_profile(d);
	struct fault_hit hit = {.kind = FAULT_NONE};
	uint16_t least = p->tls_least, most = p->tls_most;
	uint32_t session[2] = {d->number, d->tls_epoch};
	SSL *ssl;

	if (!faults_is_empty(s->faults))
		hit = fault_ask(s, d, FAULT_POINT_TLS, FAULT_ON_CONNECT, false);
	if (hit.kind == FAULT_TLS_OLD)
		least = most = TLS1_VERSION;
	ssl = SSL_new(context_for(s, least, most, door_of(d)));
	if (!ssl)
		return NULL;
	SSL_set_app_data(ssl, d);
	show_certificate(s, d, ssl, hit.kind);
	/* No suite in common: the handshake ends with an alert. */
	if (hit.kind == FAULT_TLS_ALERT)
		SSL_set_cipher_list(ssl, door_of(d) == DOOR_PSK ? SUITES_OLD : SUITES_PSK);
	if (!s->set.tls_resume || hit.kind != FAULT_NONE || door_of(d) != DOOR_ANY)
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
	/* Sessions of one device are no good at another, nor after the listener has started anew. */
	SSL_set_session_id_context(ssl, (const unsigned char *)&session, sizeof(session));
	SSL_set_fd(ssl, fd);
	SSL_set_accept_state(ssl);
	return ssl;
}

void tls_close(void *ssl, bool orderly)
{
	if (orderly && SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl); /* the alert leaves or not; nobody waits for the other's */
	SSL_free(ssl);
	ERR_clear_error();
}

static enum tls_step step(SSL *ssl, int r)
{
	int why = SSL_get_error(ssl, r);

	ERR_clear_error();
	switch (why) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_END;
	default:
		return TLS_FAIL;
	}
}

/* What the check of a chain does not see. */
static enum refusal failed_because(enum door door, int reason)
{
	if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return REFUSED_NO_CHAIN;
	if (door != DOOR_PSK)
		return REFUSED_NOT;
	if (reason == SSL_R_PSK_IDENTITY_NOT_FOUND)
		return REFUSED_PID;
	return reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC || reason == SSL_R_DIGEST_CHECK_FAILED ||
			       reason == SSL_R_BLOCK_CIPHER_PAD_IS_WRONG
		       ? REFUSED_PPS
		       : REFUSED_NOT;
}

enum tls_step tls_handshake(struct sim *s, void *ssl)
{
	struct device *d = SSL_get_app_data(ssl);
	enum door door = door_of(d);
	int r = SSL_do_handshake(ssl);
	enum refusal why;

	if (r == 1)
		return TLS_DONE;
	why = door == DOOR_ANY ? REFUSED_NOT : failed_because(door, ERR_GET_REASON(ERR_peek_error()));
	if (why != REFUSED_NOT)
		setup_refuse(s, d, why);
	return step(ssl, r);
}

enum tls_step tls_read(void *ssl, void *to, size_t size, size_t *ret_len)
{
	int r = SSL_read_ex(ssl, to, size, ret_len);

	return r == 1 ? TLS_DONE : step(ssl, r);
}

enum tls_step tls_write(void *ssl, const void *p, size_t len, size_t *ret_len)
{
	int r = SSL_write_ex(ssl, p, len, ret_len);

	return r == 1 ? TLS_DONE : step(ssl, r);
}

bool tls_was_resumed(void *ssl)
{
	return SSL_session_reused(ssl);
}

void tls_counts(void *ssl, uint64_t *ret_in, uint64_t *ret_out)
{
	*ret_in = BIO_number_read(SSL_get_rbio(ssl));
	*ret_out = BIO_number_written(SSL_get_wbio(ssl));
}

int tls_leaf_pin(struct sim *s, struct device *d, uint8_t ret[32], struct err *e)
{
	const struct tls_credential *c = d->more ? d->more->serving : NULL;
	unsigned len = 32;

	if (X509_digest(c && c->certificate ? c->certificate : own_certificate(s, d), EVP_sha256(), ret, &len) != 1)
		return err_set(e, ERR_SYSTEM, "cannot hash the certificate");
	return 0;
}

static int add_base64(uint8_t *der, int len, struct buf *out)
{
	if (len <= 0)
		return ERR_INVALID;
	base64_encode(out, BYTES(der, (size_t)len));
	OPENSSL_free(der);
	return buf_check(out, NULL, "base64");
}

int tls_certificate_base64(struct sim *s, struct device *d, struct buf *out)
{
	uint8_t *der = NULL;
	int len = i2d_X509(own_certificate(s, d), &der);

	return add_base64(der, len, out);
}

int tls_public_key_base64(struct sim *s, struct device *d, struct buf *out)
{
	uint8_t *der = NULL;
	int len = i2d_PublicKey(own_key(s, d), &der);

	return add_base64(der, len, out);
}

static EVP_PKEY *read_key(struct bytes private_der)
{
	const uint8_t *p = private_der.p;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)private_der.len);

	ERR_clear_error();
	return key;
}

static X509 *read_certificate(struct bytes der)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);

	ERR_clear_error();
	return x;
}

int tls_public_half_base64(struct bytes private_der, struct buf *out)
{
	EVP_PKEY *key = read_key(private_der);
	uint8_t *der = NULL;
	int len, r;

	if (!key)
		return ERR_INVALID;
	len = i2d_PublicKey(key, &der);
	r = add_base64(der, len, out);
	EVP_PKEY_free(key);
	return r;
}

int tls_pool_key_base64(struct sim *s, unsigned i, unsigned bits, struct buf *out)
{
	uint8_t *der = NULL;
	size_t first = bits == KEY_BITS ? KEYS + 1 : KEYS + 1 + POOL;
	int len = i2d_PrivateKey(key_at(s, first + i % POOL), &der);

	return add_base64(der, len, out);
}

int tls_key_bits(struct bytes private_der)
{
	EVP_PKEY *key = read_key(private_der);
	int bits = key && EVP_PKEY_base_id(key) == EVP_PKEY_RSA ? EVP_PKEY_bits(key) : 0;

	EVP_PKEY_free(key);
	return bits;
}

bool tls_key_fits(struct bytes private_der, struct bytes certificate)
{
	EVP_PKEY *key = read_key(private_der);
	X509 *x = read_certificate(certificate);
	bool fits = key && x && X509_check_private_key(x, key) == 1;

	EVP_PKEY_free(key);
	X509_free(x);
	ERR_clear_error();
	return fits;
}

int tls_own_key_base64(struct sim *s, struct device *d, struct buf *out)
{
	uint8_t *der = NULL;
	int len = i2d_PrivateKey(own_key(s, d), &der);

	return add_base64(der, len, out);
}

int tls_request_sign(struct bytes private_der, struct bytes request, enum tls_digest digest, struct buf *out)
{
	const uint8_t *p = request.p;
	X509_REQ *rq = d2i_X509_REQ(NULL, &p, (long)request.len);
	EVP_PKEY *key = read_key(private_der);
	const EVP_MD *md = digest == TLS_SHA1 ? EVP_sha1() : digest == TLS_SHA256 ? EVP_sha256() : EVP_sha384();
	uint8_t *der = NULL;
	int r = ERR_INVALID;

	if (rq && key && X509_REQ_check_private_key(rq, key) == 1 && X509_REQ_sign(rq, key, md) > 0)
		r = add_base64(der, i2d_X509_REQ(rq, &der), out);
	X509_REQ_free(rq);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return r;
}

void tls_serve(struct device *d, struct bytes certificate, struct bytes private_der, void *roots)
{
	struct more *m = more_get(d);
	struct tls_credential *c = mem_alloc(sizeof(*c));

	c->certificate = certificate.len ? read_certificate(certificate) : NULL;
	c->key = c->certificate ? read_key(private_der) : NULL;
	c->roots = roots;
	tls_credential_free(m->serving);
	m->serving = c;
	d->tls_epoch++;
}

void tls_credential_free(void *credential)
{
	struct tls_credential *c = credential;

	if (!c)
		return;
	X509_free(c->certificate);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->roots, X509_free);
	free(c);
}

int tls_certificate_serial(struct bytes der, uint8_t to[TLS_SERIAL_SIZE], size_t *ret_len)
{
	X509 *x = read_certificate(der);
	BIGNUM *b = x ? ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL) : NULL;
	int r = b && BN_num_bytes(b) <= TLS_SERIAL_SIZE ? 0 : ERR_INVALID;

	if (r == 0)
		*ret_len = (size_t)BN_bn2bin(b, to);
	BN_free(b);
	X509_free(x);
	return r;
}

static void name_text(const X509_NAME *n, char *to, size_t size)
{
	static const struct {
		int nid;
		const char *label;
	} parts[] = {{NID_countryName, "C"}, {NID_organizationName, "O"}, {NID_commonName, "CN"}};
	size_t used = 0;

	to[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(parts) && used < size; i++) {
		char text[128] = "unknown";

		X509_NAME_get_text_by_NID(n, parts[i].nid, text, sizeof(text));
		used += (size_t)snprintf(to + used, size - used, "%s%s=%s", i ? "," : "", parts[i].label,
					 text[0] ? text : "unknown");
	}
}

int tls_certificate_names(struct bytes der, char *issuer, char *subject, size_t size)
{
	X509 *x = read_certificate(der);

	if (!x)
		return ERR_INVALID;
	name_text(X509_get_issuer_name(x), issuer, size);
	name_text(X509_get_subject_name(x), subject, size);
	X509_free(x);
	return 0;
}
