/* http.h - the conversation on one connection to a device: HTTP as captured from AMT 8.0.3 to 16.1.25 (order and case
 * of headers, the 401 and its page, chunk sizes of four digits), and everything that faults do to it. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "base/buf.h"

struct conn;
struct conns;
struct device;
struct http_server;
struct sim;

struct http_server *http_new(struct sim *s);
void http_free(struct http_server *h);
struct conns *http_conns(struct sim *s);

/* Bytes that a connection has received. Returns how many were taken; the rest is for after the answer. */
size_t http_data(struct conn *c, struct bytes data);

/* A connection was accepted: takes it over, refuses it or hangs, as device and faults say. tls: which port. */
void http_accept(struct sim *s, struct device *d, int fd, bool tls, uint32_t peer);

/* Body in chunks as firmware cuts them. */
void http_add_chunked(struct buf *out, struct bytes body);

#endif
