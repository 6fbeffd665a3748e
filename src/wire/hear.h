/* hear.h - listens on TCP port 9971 for the hellos of devices that want to be set up (codec/hello.h), and tells the
 * zone of them as sightings. Nothing is ever answered, and nothing follows from a hello by itself: anybody who can
 * connect from an address that this zone may talk to can send one.
 *
 * So everything is bounded: 64 connections at once, of which the oldest gives way to the next, and 4 of one address
 * (IPv6: of one /64); 4 KiB and 2 s for a message, however it is cut into pieces; six at once and then one in ten
 * seconds of one address, where a device sends one a minute at most; 5,000 a second of all, and none while the zone is
 * behind. What is more is counted (hellos_limited) and dropped; a device repeats itself. One thread. */
#ifndef WIRE_HEAR_H
#define WIRE_HEAR_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct hearer;
struct wire_kit;

#define HEAR_AT_ONCE  64
#define HEAR_OF_ONE   4
#define HEAR_MS       2000
#define HEAR_BURST    6     /* of one address */
#define HEAR_EVERY_MS 10000 /* then */
#define HEAR_SOURCES  4096  /* addresses remembered; the one that was silent longest gives way */

/* Binds "0.0.0.0:9971"; port 0: any. ERR_INVALID, ERR_PORT_TAKEN, ERR_PRIVILEGE, ERR_SYSTEM. */
int hearer_new(struct wire_kit *kit, const char *address, struct hearer **ret, struct err *e);
void hearer_start(struct hearer *h); /* from now on connections are taken */
void hearer_stop(struct hearer *h);  /* closes what is open and listens no more; NULL is fine */
void hearer_free(struct hearer *h);  /* stops; NULL is fine */
uint16_t hearer_port(const struct hearer *h);
size_t hearer_open(const struct hearer *h);    /* connections */
size_t hearer_sources(const struct hearer *h); /* addresses remembered */

#endif
