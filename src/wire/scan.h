/* scan.h - finds devices: presence pings on UDP 623 in batches over whole ranges, then TCP where that was asked for and
 * no pong came, then a look (probe.h) at who was found.
 *
 * Pings go out in an order that is spread over the range, at most one to an address and second, and again only to
 * addresses that are silent. A pong counts only from an address that was asked in the last 3 s, with the tag it was
 * asked with. What is found goes to the zone as sightings, which may be dropped when it is busy; with its host name, or
 * first without and then with it when the resolver takes longer than 3 s. Progress goes at most four times a second;
 * each scan that was started has its end. Needs no privilege. One thread. */
#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include "amt/act.h"

struct scanner;
struct wire_kit;

struct scanner *scanner_new(struct wire_kit *kit);
void scanner_free(struct scanner *s);                            /* nothing may be open */
void scanner_start(struct scanner *s, struct scan_start *order); /* takes */
void scanner_cancel(struct scanner *s, uint64_t scan);
void scanner_stop(struct scanner *s); /* cancels all */
size_t scanner_open(const struct scanner *s);

#endif
