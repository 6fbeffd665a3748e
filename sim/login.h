/* login.h - digest authentication as AMT does it: nonces that prove themselves, their lifetime and counter, and the
 * users of a device. Facts: Intel AMT guide, "Authentication Options"; captured 401 headers. */
#ifndef SIM_LOGIN_H
#define SIM_LOGIN_H

#include "base/buf.h"

struct device;
struct http1;
struct sim;

#define LOGIN_USER_SIZE  17
#define LOGIN_NONCE_SIZE 33

enum login {
	LOGIN_OK,
	LOGIN_NONE,  /* no credentials */
	LOGIN_WRONG, /* wrong user or password */
	LOGIN_STALE, /* right, but the nonce is too old, of another connection, or its count did not grow */
};

/* Looks at the Authorization header of a request that was read to its end. connection is the number of the TCP
 * connection. session: the name of the user this TLS connection has been logged in as, "" for none; it is updated.
 * ret_realms: which realms the user has (bit per number). */
enum login login_check(struct sim *s, struct device *d, const struct http1 *request, uint64_t connection, bool tls,
		       char session[LOGIN_USER_SIZE], char ret_user[LOGIN_USER_SIZE], uint32_t *ret_realms);

/* A new nonce: 32 characters of base64. */
void login_nonce(struct sim *s, struct device *d, uint64_t connection, char to[LOGIN_NONCE_SIZE]);

#define LOGIN_REALM_ADMIN 3 /* PTAdministration: may do everything */
#define LOGIN_ALL_REALMS  0xFFFFFFFFu

#endif
