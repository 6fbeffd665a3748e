/* The messages of act.h: allocated whole, freed by their reader through mail.free. */
#include <stdlib.h>

#include "amt/act.h"
#include "base/base.h"

static void free_plain(struct mail *m)
{
	free(m);
}

static void range_drop(struct range *r)
{
	if (r)
		range_release(r);
	free(r);
}

static void free_scan(struct mail *m)
{
	range_drop(((struct scan_start *)(void *)m)->ranges);
	free(m);
}

static void free_sighting(struct mail *m)
{
	free(((struct sighting *)(void *)m)->hello);
	free(m);
}

static void free_config(struct mail *m)
{
	range_drop(((struct wire_config *)(void *)m)->allowed_nets);
	free(m);
}

static void *mail_new(size_t len, int kind, void (*free_mail)(struct mail *))
{
	struct mail *m = mem_alloc(len);
	m->kind = kind;
	m->free = free_mail;
	return m;
}

static void free_start(struct mail *m)
{
	free(((struct act_start *)(void *)m)->setup);
	free(m);
}

struct act_start *act_start_new(void)
{
	return mail_new(sizeof(struct act_start), WIRE_ACT_START, free_start);
}

struct act_gate_answer *act_gate_answer_new(enum wire_mail kind)
{
	ASSERT(kind == WIRE_ACT_GATE_ANSWER || kind == WIRE_ACT_CANCEL);
	return mail_new(sizeof(struct act_gate_answer), kind, free_plain);
}

struct scan_start *scan_start_new(void)
{
	return mail_new(sizeof(struct scan_start), WIRE_SCAN_START, free_scan);
}

struct scan_cancel *scan_cancel_new(void)
{
	return mail_new(sizeof(struct scan_cancel), WIRE_SCAN_CANCEL, free_plain);
}

struct wire_config *wire_config_new(void)
{
	return mail_new(sizeof(struct wire_config), WIRE_CONFIG, free_config);
}

static void copy_part(struct bytes *part, uint8_t **to)
{
	if (part->len)
		memcpy(*to, part->p, part->len);
	part->p = *to;
	*to += part->len;
}

static size_t size_of(const struct wire_certificate *c)
{
	return c->cert.len + c->chain.len + c->key.len;
}

static void copy_certificate(struct wire_certificate *c, uint8_t **to)
{
	copy_part(&c->cert, to);
	copy_part(&c->chain, to);
	copy_part(&c->key, to);
}

struct wire_identity *wire_identity_new(const struct wire_certificate *client, const struct wire_certificate *authority)
{
	struct wire_identity *m =
		mail_new(sizeof(*m) + size_of(client) + size_of(authority), WIRE_IDENTITY, free_plain);
	uint8_t *to = m->bytes;
	m->client = *client;
	m->authority = *authority;
	copy_certificate(&m->client, &to);
	copy_certificate(&m->authority, &to);
	return m;
}

struct act_gate *act_gate_new(void)
{
	return mail_new(sizeof(struct act_gate), ZONE_ACT_GATE, free_plain);
}

struct act_outcome *act_outcome_new(void)
{
	return mail_new(sizeof(struct act_outcome), ZONE_ACT_OUTCOME, free_plain);
}

struct sighting *sighting_new(void)
{
	return mail_new(sizeof(struct sighting), ZONE_SIGHTING, free_sighting);
}

struct scan_progress *scan_progress_new(enum zone_wire_mail kind)
{
	ASSERT(kind == ZONE_SCAN_PROGRESS || kind == ZONE_SCAN_END);
	return mail_new(sizeof(struct scan_progress), kind, free_plain);
}
