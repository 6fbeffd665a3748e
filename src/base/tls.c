#include "base/tls_priv.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/secret.h"

#define PEM_MAX (256 * 1024)

struct tls_ctx {
	SSL_CTX *ssl_ctx;
	enum tls_role role;
	bool has_ca;
};

struct tls_identity {
	X509 *leaf;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* without the leaf; may be empty */
};

/* What old firmware speaks: every cipher that authenticates, whatever its strength. */
static const char old_ciphers[] = "DEFAULT:@SECLEVEL=0";
static const char server_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

const char *tls_reason(const SSL *ssl)
{
	long verify = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
	if (verify != X509_V_OK)
		return X509_verify_cert_error_string(verify);
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	return why ? why : "unknown error";
}

static int refused(struct err *e, int code, const char *what)
{
	int rc = err_set(e, code, "%s: %s", what, tls_reason(NULL));
	ERR_clear_error();
	return rc;
}

/* OpenSSL calls it when the peer has given a session. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_keeper *k = SSL_get_app_data(ssl);
	if (!k)
		return 0;
	SSL_SESSION_free(k->session);
	k->session = SSL_SESSION_dup(session); /* see begin_handshake of stream.c */
	return 0;                              /* the reference stays OpenSSL's */
}

static bool set_up(SSL_CTX *ctx, enum tls_role role)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_read_ahead(ctx, 1); /* one read for many records, not two for each */
	/* Debian's default is level 2 without a minimum: it would take TLS 1.0. */
	SSL_CTX_set_security_level(ctx, 2);
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
		return false;
	if (role == TLS_CLIENT) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(ctx, keep_session);
		return true;
	}
	static const unsigned char name[] = "lamplighter";
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets hold the state */
	return SSL_CTX_set_num_tickets(ctx, 1) && SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1) &&
	       SSL_CTX_set_cipher_list(ctx, server_ciphers);
}

int tls_ctx_new(enum tls_role role, struct tls_ctx **ret, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(role == TLS_CLIENT ? TLS_client_method() : TLS_server_method());
	if (!ctx || !set_up(ctx, role)) {
		SSL_CTX_free(ctx);
		return refused(e, ERR_FAILED, "make a TLS context");
	}
	struct tls_ctx *c = mem_alloc(sizeof(*c));
	*c = (struct tls_ctx){.ssl_ctx = ctx, .role = role};
	*ret = c;
	return 0;
}

void tls_pin_of(struct bytes der, uint8_t ret_pin[TLS_PIN_SIZE])
{
	ASSERT(EVP_Digest(der.p, der.len, ret_pin, NULL, EVP_sha256(), NULL) == 1);
}

void tls_ctx_free(struct tls_ctx *c)
{
	if (!c)
		return;
	SSL_CTX_free(c->ssl_ctx);
	free(c);
}

void tls_identity_free(struct tls_identity *id)
{
	if (!id)
		return;
	X509_free(id->leaf);
	EVP_PKEY_free(id->key);
	sk_X509_pop_free(id->chain, X509_free);
	free(id);
}

/* Never asks anybody for a password. */
static int no_password(char *to, int size, int writing, void *arg)
{
	return -1;
}

static BIO *open_pem(struct bytes pem)
{
	BIO *in = BIO_new_mem_buf(pem.len ? pem.p : (const uint8_t *)"", (int)pem.len);
	ASSERT(in);
	return in;
}

static bool read_chain(struct tls_identity *id, struct bytes pem)
{
	BIO *in = open_pem(pem);
	id->leaf = PEM_read_bio_X509(in, NULL, no_password, NULL);
	id->chain = sk_X509_new_null();
	ASSERT(id->chain);
	for (X509 *x = id->leaf; x && (x = PEM_read_bio_X509(in, NULL, no_password, NULL));)
		ASSERT(sk_X509_push(id->chain, x) > 0);
	BIO_free(in);
	return id->leaf != NULL;
}

static bool read_key(struct tls_identity *id, struct bytes pem)
{
	BIO *in = open_pem(pem);
	id->key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	BIO_free(in);
	return id->key != NULL;
}

int tls_identity_new(struct bytes chain_pem, struct bytes key_pem, struct tls_identity **ret, struct err *e)
{
	if (chain_pem.len > PEM_MAX || key_pem.len > PEM_MAX)
		return err_set(e, ERR_TOO_BIG, "a certificate or key is larger than %d bytes", PEM_MAX);
	struct tls_identity *id = mem_alloc(sizeof(*id));
	int rc = 0;
	if (!read_chain(id, chain_pem))
		rc = refused(e, ERR_INVALID, "read a certificate");
	else if (!read_key(id, key_pem))
		rc = refused(e, ERR_INVALID, "read a private key");
	else if (!X509_check_private_key(id->leaf, id->key))
		rc = refused(e, ERR_INVALID, "match a certificate with its private key");
	ERR_clear_error(); /* the end of the chain leaves one */
	if (rc)
		tls_identity_free(id);
	else
		*ret = id;
	return rc;
}

int tls_ctx_set_identity_mem(struct tls_ctx *c, struct bytes chain_pem, struct bytes key_pem, struct err *e)
{
	struct tls_identity *id = NULL;
	int rc = tls_identity_new(chain_pem, key_pem, &id, e);
	if (rc)
		return rc;
	SSL_CTX_set_security_level(c->ssl_ctx, 0); /* how strong it is, the peer judges */
	if (!SSL_CTX_use_cert_and_key(c->ssl_ctx, id->leaf, id->key, id->chain, 1))
		rc = refused(e, ERR_INVALID, "use a certificate");
	SSL_CTX_set_security_level(c->ssl_ctx, 2);
	tls_identity_free(id);
	return rc;
}

int tls_ctx_set_identity(struct tls_ctx *c, const char *cert_chain_pem, const char *key_pem, struct err *e)
{
	struct buf chain, key;
	buf_init(&chain, PEM_MAX);
	buf_init(&key, PEM_MAX);
	/* As large as it may get, so that no copy of the key stays behind where the buffer grew. */
	buf_reserve(&key, PEM_MAX);
	int rc = file_read(cert_chain_pem, &chain, e);
	if (rc == 0)
		rc = file_read(key_pem, &key, e);
	if (rc == 0)
		rc = tls_ctx_set_identity_mem(c, buf_bytes(&chain), buf_bytes(&key), e);
	secret_wipe(key.p, key.len);
	buf_release(&key);
	buf_release(&chain);
	return rc;
}

int tls_ctx_set_ca(struct tls_ctx *c, const char *ca_pem_path, struct err *e)
{
	ASSERT(c->role == TLS_CLIENT);
	if (!SSL_CTX_load_verify_file(c->ssl_ctx, ca_pem_path)) {
		int rc = err_set(e, ERR_INVALID, "read the certificate authority \"%s\": %s", ca_pem_path,
				 tls_reason(NULL));
		ERR_clear_error();
		return rc;
	}
	SSL_CTX_set_verify(c->ssl_ctx, SSL_VERIFY_PEER, NULL);
	c->has_ca = true;
	return 0;
}

bool tls_peer_key_is_strong(const SSL *ssl)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	EVP_PKEY *key = leaf ? X509_get0_pubkey(leaf) : NULL;
	return !leaf || SSL_get_security_level(ssl) < 2 || (key && EVP_PKEY_get_security_bits(key) >= 112);
}

static bool is_below_1_2(enum tls_version v)
{
	return v && v < TLS_1_2;
}

static bool set_versions(SSL *ssl, const struct tls_opts *o)
{
	bool old = o->old_tls || is_below_1_2(o->least) || is_below_1_2(o->most);
	int least = o->least ? (int)o->least : old ? TLS1_VERSION : TLS1_2_VERSION;
	if (old) {
		SSL_set_security_level(ssl, 0);
		SSL_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT);
	}
	return (!old || SSL_set_cipher_list(ssl, old_ciphers)) && SSL_set_min_proto_version(ssl, least) &&
	       (!o->most || SSL_set_max_proto_version(ssl, (int)o->most));
}

static bool is_address(const char *name)
{
	struct in6_addr a;
	return inet_pton(AF_INET, name, &a) == 1 || inet_pton(AF_INET6, name, &a) == 1;
}

static bool set_name(SSL *ssl, const struct tls_ctx *c, const char *name)
{
	if (!name)
		return !c->has_ca;
	if (is_address(name))
		return !c->has_ca || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
	char sni[TLSEXT_MAXLEN_host_name + 1]; /* OpenSSL takes a copy, but no const */
	return bytes_to_str(bytes_str(name), sni, sizeof(sni)) && SSL_set_tlsext_host_name(ssl, sni) &&
	       (!c->has_ca || SSL_set1_host(ssl, name));
}

static bool set_identity(SSL *ssl, const struct tls_identity *id)
{
	if (!id)
		return true;
	SSL_certs_clear(ssl); /* else a key of another kind stays beside it */
	int level = SSL_get_security_level(ssl);
	SSL_set_security_level(ssl, 0); /* as in tls_ctx_set_identity_mem */
	bool ok = SSL_use_cert_and_key(ssl, id->leaf, id->key, id->chain, 1) == 1;
	SSL_set_security_level(ssl, level);
	return ok;
}

int tls_ssl_new(const struct tls_ctx *c, const struct tls_opts *opts, int fd, SSL **ret, struct err *e)
{
	static const struct tls_opts none;
	const struct tls_opts *o = opts ? opts : &none;
	SSL *ssl = SSL_new(c->ssl_ctx);
	if (!ssl || !set_versions(ssl, o) || !set_identity(ssl, o->identity) ||
	    (c->role == TLS_CLIENT && !set_name(ssl, c, o->server_name)) || !SSL_set_fd(ssl, fd)) {
		SSL_free(ssl);
		return refused(e, ERR_TLS_FAILED, "prepare a TLS connection");
	}
	if (c->role == TLS_CLIENT)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	*ret = ssl;
	return 0;
}
