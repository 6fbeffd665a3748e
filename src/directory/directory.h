/* directory.h - the folder directory: asks LDAP directories and OpenID providers who somebody is.
 *
 * source   what is to be known of a user source: options, their checks   person   what a source says of somebody
 * filter   search filters with a login inside (RFC 4515)                  ldapdir  the conversation with a directory
 * idtoken  what an OpenID provider signed                                 oidc     the conversation with a provider
 *
 * A source is a row of the database that others read; here are its options, and the questions to it. The questions
 * block for as long as the source's time limits say: worker threads only. Nothing here decides who may log in: what
 * comes back is a struct person, which the zone judges. No state is kept between two questions. */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

/* Once, before any thread: makes the libraries ready, and keeps settings of libldap in files and variables from
 * counting here. */
void directory_init(void);

#endif
