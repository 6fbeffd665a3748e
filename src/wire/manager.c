#include "wire/manager.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "pki/device.h"
#include "wire/kit.h"

struct manager {
	struct manager *older;
	struct tls_identity *tls; /* NULL: none could be opened */
	struct pki_ca *ca;
};

static struct vault_place place_of(const struct wire_certificate *c)
{
	return (struct vault_place){"certificate", c->row, "key", c->key_version};
}

static int open_client(const struct wire_kit *kit, const struct wire_certificate *c, struct tls_identity **ret,
		       struct err *e)
{
	struct secret key = SECRET_INIT;
	struct buf chain;
	buf_init(&chain, 4 * PKI_CHAIN_MAX);
	int rc = pki_chain_pem(c->cert, c->chain, &chain, e);
	rc = rc ? rc : pki_key_pem(kit->vault, place_of(c), c->key, &key, e);
	rc = rc ? rc : tls_identity_new(buf_bytes(&chain), BYTES(key.p, key.len), ret, e);
	secret_release(&key);
	buf_release(&chain);
	return rc;
}

void manager_set(struct wire_kit *kit, const struct wire_identity *m)
{
	struct manager *i = mem_alloc(sizeof(*i));
	struct err e = ERR_INIT;
	i->older = kit->manager;
	kit->manager = i;
	int rc = m->client.cert.len ? open_client(kit, &m->client, &i->tls, &e) : 0;
	if (!rc && m->authority.cert.len)
		rc = pki_ca_load(kit->vault, place_of(&m->authority), m->authority.cert, m->authority.key, &i->ca, &e);
	if (rc)
		log_event(LOG_ERROR, "the management certificate cannot be used", LOG_S("reason", e.msg));
}

void manager_free(struct manager *i)
{
	while (i) {
		struct manager *older = i->older;
		tls_identity_free(i->tls);
		pki_ca_free(i->ca);
		free(i);
		i = older;
	}
}

int manager_tls(const struct wire_kit *kit, const struct tls_identity **ret, struct err *e)
{
	if (!kit->manager || !kit->manager->tls || !kit->manager->ca)
		return err_set(e, ERR_NO_MANAGEMENT_CERT, "this server has no management certificate");
	*ret = kit->manager->tls;
	return 0;
}

int manager_issue(const struct wire_kit *kit, const struct act_start *order, const struct uuid *uuid,
		  struct bytes public_key, struct buf *out, uint8_t ret_pin[TLS_PIN_SIZE], struct err *e)
{
	struct pki_device_name name = {.fqdn = order->setup->fqdn, .uuid = *uuid};
	struct pki_stored made;
	if (!kit->manager || !kit->manager->ca)
		return err_set(e, ERR_NO_MANAGEMENT_CERT,
			       "this server has no authority for the certificates of devices");
	pki_stored_init(&made);
	int rc = pki_device_issue(kit->manager->ca, public_key, &name, clock_wall_ms(kit->clock), &made, e);
	if (!rc)
		rc = buf_add_bytes(out, buf_bytes(&made.cert));
	if (!rc)
		tls_pin_of(buf_bytes(&made.cert), ret_pin);
	pki_stored_release(&made);
	return rc;
}
