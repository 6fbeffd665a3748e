/* provider.h - `lamp login --oidc SOURCE`: a login by an OpenID provider with a code that is typed into a browser
 * anywhere (RFC 8628), for people at a terminal without one. */
#ifndef LAMP_PROVIDER_H
#define LAMP_PROVIDER_H

struct client;
struct err;
struct json_t;

/* Says what to do on standard error and waits until it was done. 0 with the object login, which json_free ends;
 * ERR_EXPIRED: nobody did; the errors of the server. */
int provider_login(struct client *c, const char *source, struct json_t **ret, struct err *e);

#endif
