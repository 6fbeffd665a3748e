/* Certificates that lampd made. The zone is the only writer, and where two servers make a root at once the first one
 * counts. */
#include "store/certificate.h"

#include "base/log.h"
#include "zone/command.h"

static int find_root(struct zone *z, bool *ret_there, struct err *e)
{
	struct store_certificate there;
	int rc = store_certificate_newest(z->db, z->arena, STORE_CERTIFICATE_CA, 0, &there, NULL);
	*ret_there = rc == 0;
	return rc && rc != ERR_NOT_FOUND ? err_set(e, rc, "the zone's root certificate cannot be read") : 0;
}

int certificate_keep(struct zone *z, const struct zone_certificate *m, struct err *e)
{
	bool is_root = strcmp(m->kind, STORE_CERTIFICATE_CA) == 0, there = false;
	int rc = is_root ? find_root(z, &there, e) : 0;
	if (rc || there)
		return rc;
	struct store_certificate row = {
		.id = m->id,
		.kind = m->kind,
		.server = is_root ? 0 : z->server,
		.cert = m->cert,
		.key = m->key,
		.key_version = 1,
		.not_before = m->not_before,
		.not_after = m->not_after,
		.created_at = z->now,
	};
	const char *object = arena_printf(z->arena, "certificate:%s", m->kind);
	rc = store_certificate_add(z->db, &row, e);
	rc = rc ? rc : audit_add(z, z->deps.server_name, "certificate.make", object, NULL, e);
	if (!rc)
		log_event(LOG_NOTICE, "certificate made", LOG_S("kind", m->kind), LOG_I("id", m->id));
	return rc;
}
