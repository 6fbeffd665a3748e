/* Certificates from an authority outside: every check that AMT's firmware would make, and those that it would not make
 * but that a person would regret. pki/management.h. */
#include <openssl/err.h>
#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "pki/bag_priv.h"
#include "pki/build.h"
#include "pki/management.h"

#define WEAKEST_BITS 2048 /* CSME 15.0 H and 16 refuse shorter ones */
#define USUAL_CHAIN  4    /* longer ones are refused by setup servers of others, so firmware may not have met them */

struct import {
	const struct pki_import *in;
	struct pki_bag *bag;  /* of the files */
	struct pki_bag *more; /* of what is known anyway */
	X509 *leaf;
	EVP_PKEY *key; /* ours to free */
	int64_t request;
	X509 *chain[PKI_CHAIN_MOST]; /* from the leaf up */
	size_t chain_count;
	struct pki_view view; /* of the leaf */
	unsigned notices;
};

static const char *name_of(X509 *x, struct pki_view *v)
{
	struct buf der;
	buf_init(&der, PKI_CERT_MAX);
	bool ok = ossl_cert_encode(x, &der, NULL) == 0 && pki_view_read(buf_bytes(&der), v, NULL) == 0;
	buf_release(&der);
	return ok ? v->subject : "?";
}

static int view_of(X509 *x, struct pki_view *ret, struct err *e)
{
	struct buf der;
	buf_init(&der, PKI_CERT_MAX);
	int rc = ossl_cert_encode(x, &der, e);
	rc = rc ? err_set(e, ERR_CERT_UNREADABLE, "a certificate is larger than %d bytes", PKI_CERT_MAX)
		: pki_view_read(buf_bytes(&der), ret, e);
	buf_release(&der);
	return rc;
}

static bool is_of(X509 *cert, EVP_PKEY *key)
{
	bool is = X509_check_private_key(cert, key) == 1;
	ERR_clear_error();
	return is;
}

/* The newest certificate of this key. */
static X509 *find_leaf(const struct import *m, EVP_PKEY *key)
{
	X509 *found = NULL;
	for (size_t i = 0; i < m->bag->cert_count; i++) {
		X509 *x = m->bag->certs[i];
		if (is_of(x, key) &&
		    (!found || ASN1_TIME_compare(X509_get0_notBefore(x), X509_get0_notBefore(found)) > 0))
			found = x;
	}
	return found;
}

static int find_with_own_key(struct import *m)
{
	for (size_t i = 0; i < m->bag->key_count && !m->leaf; i++) {
		m->leaf = find_leaf(m, m->bag->keys[i]);
		if (m->leaf) {
			m->key = m->bag->keys[i];
			(void)EVP_PKEY_up_ref(m->key); /* cannot fail */
		}
	}
	return m->leaf != NULL;
}

static EVP_PKEY *public_key_of(const struct pki_pending *p)
{
	const unsigned char *at = p->request.p;
	AUTO_REQUEST X509_REQ *q = d2i_X509_REQ(NULL, &at, (long)p->request.len);
	EVP_PKEY *key = q ? X509_REQ_get_pubkey(q) : NULL;
	ERR_clear_error();
	return key;
}

static int find_with_request(struct import *m, const struct vault *v, struct err *e)
{
	for (size_t i = 0; i < m->in->pending_count; i++) {
		const struct pki_pending *p = &m->in->pending[i];
		AUTO_KEY EVP_PKEY *public_key = public_key_of(p);
		m->leaf = public_key ? find_leaf(m, public_key) : NULL;
		if (!m->leaf)
			continue;
		m->request = p->id;
		return build_unseal(v, p->place, p->key, &m->key, e);
	}
	return 0;
}

/* What is called the certificate where no key tells. */
static X509 *lowest(const struct import *m)
{
	for (size_t i = 0; i < m->bag->cert_count; i++) {
		bool issues = false;
		for (size_t k = 0; k < m->bag->cert_count && !issues; k++)
			issues = k != i && X509_check_issued(m->bag->certs[i], m->bag->certs[k]) == X509_V_OK;
		if (!issues)
			return m->bag->certs[i];
	}
	return m->bag->certs[0];
}

static int find_key(struct import *m, const struct vault *v, struct err *e)
{
	struct pki_view view;
	if (!m->bag->cert_count)
		return err_set(e, ERR_CERT_UNREADABLE, "the file holds a key but no certificate");
	if (m->bag->cert_count > 2 * PKI_CHAIN_MOST)
		return err_set(e, ERR_TOO_BIG, "the files hold %zu certificates; a chain has at most %d",
			       m->bag->cert_count, PKI_CHAIN_MOST);
	int rc = find_with_own_key(m) ? 0 : find_with_request(m, v, e);
	if (rc || m->leaf)
		return rc;
	const char *name = name_of(lowest(m), &view);
	if (m->bag->key_count)
		return err_set(e, ERR_CERT_KEY, "the key in the files is not that of \"%s\"", name);
	if (m->in->pending_count)
		return err_set(e, ERR_CERT_KEY, "\"%s\" was not signed for a certificate request of this server", name);
	return err_set(e, ERR_CERT_NO_KEY, "there is no key for \"%s\"", name);
}

static int check_dates(const struct pki_view *v, int64_t now, struct err *e)
{
	char when[CLOCK_TEXT_SIZE];
	if (now >= v->not_after) {
		clock_text(v->not_after, when);
		return err_set(e, ERR_CERT_EXPIRED, "\"%s\" expired on %s", v->subject, when);
	}
	if (now < v->not_before) {
		clock_text(v->not_before, when);
		return err_set(e, ERR_CERT_NOT_YET, "\"%s\" is valid from %s on", v->subject, when);
	}
	return 0;
}

static int check_strength(const struct pki_view *v, struct err *e)
{
	if (v->is_rsa && v->key_bits < WEAKEST_BITS)
		return err_set(e, ERR_CERT_WEAK_KEY, "\"%s\" has a key of %u bits", v->subject, v->key_bits);
	return 0;
}

static int check_signature(const struct pki_view *v, struct err *e)
{
	if (!v->is_sha1)
		return 0;
	return err_set(e, ERR_CERT_WEAK_SIGNATURE, "\"%s\" is signed with %s", v->subject, v->signature);
}

static int check_usage(struct import *m, struct err *e)
{
	const struct pki_view *v = &m->view;
	if (!v->server_auth)
		return err_set(e, ERR_CERT_PURPOSE, "\"%s\" is not for server authentication", v->subject);
	if (!v->setup_oid && !v->setup_ou)
		return err_set(e, ERR_CERT_USAGE, "\"%s\" has neither the OID " PKI_OID_SETUP " nor the OU \"%s\"%s",
			       v->subject, PKI_OU_SETUP,
			       v->seed_ou       ? " (its OU lacks the \"(R)\")"
			       : v->console_oid ? " (its OID ends in .1, that of consoles)"
						: "");
	m->notices |= v->setup_oid ? 0 : PKI_NOTICE_NO_OID;
	m->notices |= v->setup_ou ? 0 : v->seed_ou ? PKI_NOTICE_SEED_OU : PKI_NOTICE_NO_OU;
	return 0;
}

static int check_suffix(const struct import *m, struct err *e)
{
	const char *suffix = m->in->suffix;
	if (!suffix || pki_suffix_fits(m->view.common_name, suffix))
		return 0;
	return err_set(e, ERR_CERT_SUFFIX, "the common name \"%s\" does not lie under the suffix \"%s\"",
		       m->view.common_name, suffix);
}

static int check_leaf(struct import *m, struct err *e)
{
	int rc = view_of(m->leaf, &m->view, e);
	rc = rc ? rc : check_dates(&m->view, m->in->now_ms, e);
	if (!rc && !m->view.is_rsa)
		rc = err_set(e, ERR_CERT_KEY_KIND, "the key of \"%s\" is %s", m->view.subject, m->view.key);
	rc = rc ? rc : check_strength(&m->view, e);
	rc = rc ? rc : check_signature(&m->view, e);
	rc = rc ? rc : check_usage(m, e);
	return rc ? rc : check_suffix(m, e);
}

static int build_chain(struct import *m, struct err *e)
{
	X509 *at = m->leaf;
	struct pki_view v;
	m->chain[m->chain_count++] = at;
	while (!bag_is_issuer(at, at)) {
		X509 *up = bag_issuer(m->bag, at);
		up = up ? up : bag_issuer(m->more, at);
		if (!up) {
			(void)name_of(at, &v);
			return err_set(e, ERR_CERT_CHAIN, "the certificate of \"%s\" is missing, which issued \"%s\"",
				       v.issuer, v.subject);
		}
		if (m->chain_count == PKI_CHAIN_MOST)
			return err_set(e, ERR_CERT_CHAIN, "the chain has more than %d certificates", PKI_CHAIN_MOST);
		m->chain[m->chain_count++] = at = up;
	}
	return 0;
}

/* Whether those of the chain stand in the files in its order, and nothing else stands there. */
static void note_order(struct import *m)
{
	size_t next = 0, used = 0;
	bool in_order = true;
	for (size_t i = 0; i < m->bag->cert_count; i++)
		for (size_t k = 0; k < m->chain_count; k++)
			if (m->chain[k] == m->bag->certs[i]) {
				in_order = in_order && k >= next;
				next = k + 1;
				used++;
			}
	m->notices |= in_order ? 0 : PKI_NOTICE_REORDERED;
	m->notices |= used < m->bag->cert_count ? PKI_NOTICE_UNUSED : 0;
	m->notices |= m->chain_count > USUAL_CHAIN ? PKI_NOTICE_LONG : 0;
}

static int check_above(struct import *m, struct err *e)
{
	struct pki_view v;
	int rc = 0;
	for (size_t i = 1; i < m->chain_count && !rc; i++) {
		bool root = i + 1 == m->chain_count;
		rc = view_of(m->chain[i], &v, e);
		rc = rc ? rc : check_dates(&v, m->in->now_ms, e);
		rc = rc ? rc : check_strength(&v, e);
		if (!rc && root && v.is_sha1) /* nobody compares a root's own signature, but some firmware looks */
			m->notices |= PKI_NOTICE_SHA1_ROOT;
		else
			rc = rc ? rc : check_signature(&v, e);
		m->notices |= v.is_rsa ? 0 : PKI_NOTICE_OTHER_KEYS;
	}
	return rc;
}

/* What RFC 5280 asks of a path besides: authorities that are some, path lengths, name constraints, critical extensions.
 */
static int verify_path(struct import *m, struct err *e)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	bool ok = store && ctx && between && X509_STORE_add_cert(store, m->chain[m->chain_count - 1]) == 1;
	for (size_t i = 1; ok && i + 1 < m->chain_count; i++)
		ok = sk_X509_push(between, m->chain[i]) > 0;
	ok = ok && X509_STORE_CTX_init(ctx, store, m->leaf, between) == 1;
	if (ok)
		X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)(m->in->now_ms / 1000));
	int rc = ok ? 0 : ossl_fail(e, ERR_FAILED, "verify a chain");
	if (ok && X509_verify_cert(ctx) != 1)
		rc = err_set(e, ERR_CERT_CHAIN, "the chain of \"%s\" does not hold: %s", m->view.subject,
			     X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	sk_X509_free(between);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return rc;
}

static int give(const struct import *m, const struct vault *v, struct vault_place place, struct pki_imported *ret,
		struct err *e)
{
	struct pki_imported out = {.request = m->request, .is_ca = m->view.is_ca, .notices = m->notices};
	pki_stored_init(&out.stored);
	int rc = ossl_cert_encode(m->leaf, &out.stored.cert, e);
	for (size_t i = 1; i < m->chain_count && !rc; i++)
		rc = ossl_cert_encode(m->chain[i], &out.stored.chain, e);
	rc = rc ? rc : build_seal(v, place, m->key, &out.stored.key, e);
	out.stored.not_before = m->view.not_before;
	out.stored.not_after = m->view.not_after;
	if (rc)
		pki_stored_release(&out.stored);
	else
		*ret = out;
	return rc;
}

int pki_management_import(const struct vault *v, struct vault_place place, const struct pki_import *in,
			  struct pki_imported *ret, struct err *e)
{
	struct import *m = mem_alloc(sizeof(*m));
	m->in = in;
	int rc = pki_bag_read(in->files, in->password, &m->bag, e);
	rc = rc ? rc : pki_bag_read(in->more, NULL, &m->more, e);
	rc = rc ? rc : find_key(m, v, e);
	rc = rc ? rc : check_leaf(m, e);
	rc = rc ? rc : build_chain(m, e);
	rc = rc ? rc : check_above(m, e);
	rc = rc ? rc : verify_path(m, e);
	if (!rc) {
		note_order(m);
		rc = give(m, v, place, ret, e);
	}
	EVP_PKEY_free(m->key);
	pki_bag_free(m->bag);
	pki_bag_free(m->more);
	free(m);
	return rc;
}

void pki_notice_text(unsigned notices, struct buf *out)
{
	static const struct {
		enum pki_notice notice;
		const char *text;
	} rows[] = {
		{PKI_NOTICE_REORDERED, "the files did not hold the chain leaf first: it was put in order"},
		{PKI_NOTICE_SEED_OU, "its OU is \"" PKI_OU_SEED "\", firmware compares with \"" PKI_OU_SETUP
				     "\": only its OID makes it fit"},
		{PKI_NOTICE_NO_OID, "it lacks the OID " PKI_OID_SETUP ": only its OU makes it fit"},
		{PKI_NOTICE_NO_OU, "it lacks the OU \"" PKI_OU_SETUP "\": only its OID makes it fit"},
		{PKI_NOTICE_LONG, "its chain has more than 4 certificates: some firmware may refuse it"},
		{PKI_NOTICE_SHA1_ROOT, "its root is signed with SHA-1: refused from AMT 15 and 16 on"},
		{PKI_NOTICE_UNUSED, "the files hold certificates that do not belong to its chain: they were left out"},
		{PKI_NOTICE_OTHER_KEYS,
		 "an authority above it has no RSA key: no firmware is known to take such a chain"},
	};
	size_t before = out->len;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (notices & rows[i].notice)
			(void)buf_addf(out, "%s%s", out->len > before ? "; " : "", rows[i].text);
}
