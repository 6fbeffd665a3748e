/* The start of a server: the zone and this server in the database, its next epoch, and its acts of older epochs. */
#include <stdio.h>

#include "base/base.h"
#include "base/log.h"
#include "base/rng.h"
#include "store/server.h"
#include "zone/zone_priv.h"

#define ZONE_NAME "Zone"

static int make_zone(struct zone *z, struct err *e)
{
	struct store_zone row;
	struct rng rng;
	uint8_t random[10];
	int rc = store_zone_get(z->db, z->arena, &row, NULL);
	if (rc != ERR_NOT_FOUND)
		return rc ? err_set(e, rc, "zone cannot be read") : 0;
	rng_init(&rng, z->deps.seed);
	rng_fill(&rng, random, sizeof(random));
	row = (struct store_zone){.id = uuid_v7(z->now, random), .name = ZONE_NAME, .created_at = z->now};
	return store_zone_put(z->db, &row, e);
}

struct search {
	const struct zone *z;
	struct store_server found, only;
	int count;
};

static int see_server(void *arg, const struct store_server *row)
{
	struct search *s = arg;
	bool same_machine = !discover_uuid_is_none(&s->z->deps.machine) && uuid_equal(&row->uuid, &s->z->deps.machine);
	s->count++;
	s->only.id = row->id;
	if (same_machine || (!s->found.id && strcmp(row->name, s->z->deps.server_name) == 0))
		s->found.id = row->id;
	return 0;
}

/* This server is the one of this machine, else the one of this name; an embedded database has one server only, which
 * may have been renamed. */
static int find_server(struct zone *z, int64_t *ret_id, struct err *e)
{
	struct search s = {.z = z};
	int rc = store_server_list(z->db, see_server, &s, e);
	if (rc)
		return rc;
	*ret_id = s.found.id ? s.found.id : s.count == 1 ? s.only.id : 0;
	return 0;
}

static int write_server(struct zone *z, int64_t id, struct err *e)
{
	struct store_server row = {.address = ""};
	int rc = id ? store_server_get(z->db, z->arena, id, &row, e) : new_id(z, STORE_ID_SERVER, &row.id, e);
	row.name = z->deps.server_name;
	row.fqdn = z->deps.fqdn;
	row.version = LAMPLIGHTER_VERSION;
	row.uuid = discover_uuid_is_none(&z->deps.machine) ? row.uuid : z->deps.machine;
	z->server = row.id;
	if (rc)
		return rc;
	return id ? store_server_put(z->db, &row, e) : store_server_add(z->db, &row, e);
}

static int say_started(struct zone *z, int64_t requeued, int64_t doubted, struct err *e)
{
	struct message m = {
		.id = MESSAGE_SERVER_STARTED,
		.kind = MESSAGE_OF_SERVER,
		.object = z->server,
		.name = z->deps.server_name,
		.text = arena_printf(z->arena, "server \"%s\" started, version %s", z->deps.server_name,
				     LAMPLIGHTER_VERSION),
	};
	int rc = message_load(z, e);
	rc = rc ? rc : message_add(z, &m, e);
	if (rc || !doubted)
		return rc;
	m.id = MESSAGE_SERVER_RESUMED;
	m.text = arena_printf(z->arena,
			      "server \"%s\" stopped before it knew the outcome of %lld orders; it looks for evidence "
			      "and repeats none blindly (%lld that were not sent are started again)",
			      z->deps.server_name, (long long)doubted, (long long)requeued);
	return message_add(z, &m, e);
}

int start_server(struct zone *z, struct err *e)
{
	int64_t id, requeued = 0, doubted = 0;
	int rc = make_zone(z, e);
	rc = rc ? rc : find_server(z, &id, e);
	rc = rc ? rc : write_server(z, id, e);
	rc = rc ? rc : store_server_start(z->db, z->server, z->now, &z->epoch, e);
	rc = rc ? rc : setting_load(z, e);
	rc = rc ? rc : audit_start(z, e);
	if (rc)
		return rc;
	int64_t settle_after = later(z->now, setting(z, SETTING_IN_DOUBT_DRAIN));
	rc = store_act_server_start(z->db, z->server, z->epoch, z->now, settle_after, REASON(ERR_RESTARTED), &requeued,
				    &doubted, e);
	if (!rc && (requeued || doubted))
		log_event(LOG_NOTICE, "acts of the run before are taken up", LOG_I("again", requeued),
			  LOG_I("in_doubt", doubted));
	z->seen_at = later(z->now, 60000);
	z->tidy_at = z->now;
	return rc ? rc : say_started(z, requeued, doubted, e);
}
