/* kit.h - what all conversations of one network thread share: its loop and clock, limits, TLS, and the memory that is
 * needed only while bytes are being looked at, so that a conversation that waits is small. One thread. */
#ifndef WIRE_KIT_H
#define WIRE_KIT_H

#include "base/list.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "codec/http1.h"
#include "codec/xml.h"

struct manager;
struct map_u64;
struct names;
struct net;
struct pool_client;
struct tls_ctx;
struct vault;

struct wire_kit {
	struct loop *loop;
	struct clock *clock;
	const struct vault *vault;
	struct mailbox *to_zone;
	struct net *net;
	struct names *names;
	bool reverse_names; /* of what a scan finds */
	struct tls_ctx *tls;
	struct manager *manager; /* towards devices that are set up; NULL: none was told */
	int64_t connect_ms, head_ms, exchange_ms;

	struct xml_parser *xml; /* a tree lives until the next document is read */
	struct buf soap;        /* the request that is being written */
	struct buf out;         /* the same with its HTTP head */
	struct buf scratch;     /* for decoding inside a reply */
	struct list readers;    /* struct http_reader: HTTP machines that nobody uses */
	unsigned reader_count;

	uint32_t handshakes_max, handshakes; /* TLS handshakes under way */
	struct list handshake_queue;         /* struct talk.wait */

	struct map_u64 *kept_by_id; /* connections that are kept: struct talk by interface */
	struct list kept;           /* the same, oldest first */
	size_t kept_max;
	size_t probes_max; /* of one scan, under way */

	struct map_u64 *no_power_get; /* interfaces whose firmware tells its power state by enumeration only */

	uint8_t random[1024]; /* of the kernel, handed out once each */
	size_t random_left;
};

struct http_reader {
	struct list link;
	struct http1 http;
};

int kit_init(struct wire_kit *k, struct loop *l, const struct vault *v, struct err *e);
void kit_release(struct wire_kit *k);

/* A machine for one reply, and back with it. */
struct http_reader *kit_reader_take(struct wire_kit *k);
void kit_reader_return(struct wire_kit *k, struct http_reader *r);

/* Takes the message; past the mailbox's limit, as each answers something that zone has asked. */
void kit_tell_zone(struct wire_kit *k, struct mail *m);

/* Bytes of the kernel's generator, without a system call each time. */
void kit_random(struct wire_kit *k, void *to, size_t len);
struct uuid kit_uuid(struct wire_kit *k);

#endif
