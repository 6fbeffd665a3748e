/* ldapdir.h - one question to an LDAP directory (RFC 4511): is this he, and in which groups is he? By libldap, which
 * blocks: worker threads only.
 *
 * The URLs of a source are tried in their order until one answers. The search runs under the source's own login (or
 * anonymously), the password is proven by a bind as the person found, and never with an empty password: a directory
 * takes that for an anonymous bind and says yes (RFC 4513 section 5.1.2). Referrals are not followed. A plain
 * connection is secured by StartTLS unless the source says off; certificates are verified against the source's own
 * authority, else the system's, and must name the host. */
#ifndef DIRECTORY_LDAPDIR_H
#define DIRECTORY_LDAPDIR_H

#include "base/secret.h"
#include "directory/person.h"
#include "directory/source.h"

struct ldapdir_question {
	const struct source_options *options;
	const struct secret *bind;     /* password of bind-dn; empty: anonymous */
	const char *login;             /* as it was typed; NULL: only whether the source answers */
	const struct secret *password; /* NULL: only whether he is there */
	/* Asked before the password is tried, with the name as the directory writes it; false: it is not tried and the
	 * person is refused. NULL: always. */
	bool (*may_try)(void *arg, const char *login);
	void *arg;
};

/* Fills p: its state and err, and what is known of him. Takes at most four times the source's timeout for each URL. */
void ldapdir_ask(const struct ldapdir_question *q, struct person *p);

#endif
