#include "wire/kit.h"

#include "wire/manager.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/base.h"
#include "base/err.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/tls.h"
#include "codec/wsman.h"

#define READERS_KEPT 64
#define KEPT_MAX     2048
#define PROBES_LEAST 64

/* An eighth of what the process may open, at most. */
static size_t kept_max(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	return limit.rlim_cur / 8 < KEPT_MAX ? (size_t)limit.rlim_cur / 8 : KEPT_MAX;
}

int kit_init(struct wire_kit *k, struct loop *l, const struct vault *v, struct err *e)
{
	*k = (struct wire_kit){
		.loop = l,
		.clock = loop_clock(l),
		.vault = v,
		.connect_ms = 5000,
		.head_ms = 10000,
		.exchange_ms = 30000,
		.handshakes_max = 64,
	};
	list_init(&k->readers);
	list_init(&k->handshake_queue);
	list_init(&k->kept);
	k->kept_by_id = map_u64_new();
	k->no_power_get = map_u64_new();
	k->kept_max = kept_max();
	k->probes_max = k->kept_max / 2 > PROBES_LEAST ? k->kept_max / 2 : PROBES_LEAST;
	buf_init(&k->soap, WSMAN_MAX_REQUEST);
	buf_init(&k->out, WSMAN_MAX_REQUEST + HTTP1_HEAD_MAX);
	buf_init(&k->scratch, 4096);
	k->xml = xml_parser_new();
	return tls_ctx_new(TLS_CLIENT, &k->tls, e);
}

static void reader_free(struct http_reader *r)
{
	http1_release(&r->http);
	free(r);
}

void kit_release(struct wire_kit *k)
{
	LIST_EACH(&k->readers, it, safe) {
		list_remove(it);
		reader_free(LIST_ENTRY(it, struct http_reader, link));
	}
	map_u64_free(k->kept_by_id);
	map_u64_free(k->no_power_get);
	buf_release(&k->soap);
	buf_release(&k->out);
	buf_release(&k->scratch);
	xml_parser_free(k->xml);
	tls_ctx_free(k->tls);
	manager_free(k->manager);
	secret_wipe(k->random, sizeof(k->random));
}

struct http_reader *kit_reader_take(struct wire_kit *k)
{
	struct http_reader *r = LIST_FIRST(&k->readers, struct http_reader, link);
	if (r) {
		list_remove(&r->link);
		k->reader_count--;
	} else {
		r = mem_alloc(sizeof(*r));
		list_init(&r->link);
		http1_init(&r->http, HTTP1_REPLY, XML_MAX_LEN);
	}
	http1_expect(&r->http, false, false);
	return r;
}

void kit_reader_return(struct wire_kit *k, struct http_reader *r)
{
	if (!r)
		return;
	if (k->reader_count >= READERS_KEPT) {
		reader_free(r);
		return;
	}
	http1_reuse(&r->http);
	http1_next(&r->http); /* gives back buffers that a long reply has made large */
	list_prepend(&k->readers, &r->link);
	k->reader_count++;
}

void kit_tell_zone(struct wire_kit *k, struct mail *m)
{
	if (!mailbox_put_always(k->to_zone, m))
		m->free(m); /* zone has gone */
}

void kit_random(struct wire_kit *k, void *to, size_t len)
{
	ASSERT(len <= sizeof(k->random));
	if (len > k->random_left) {
		rng_secret(k->random, sizeof(k->random));
		k->random_left = sizeof(k->random);
	}
	k->random_left -= len;
	memcpy(to, k->random + k->random_left, len);
	secret_wipe(k->random + k->random_left, len);
}

struct uuid kit_uuid(struct wire_kit *k)
{
	uint8_t random[16];
	kit_random(k, random, sizeof(random));
	return uuid_v4(random);
}
