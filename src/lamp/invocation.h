/* invocation.h - a command line, read against the row of its command, and the HTTP request that it means. */
#ifndef LAMP_INVOCATION_H
#define LAMP_INVOCATION_H

#include "base/secret.h"
#include "codec/api.h"

struct err;

#define INVOCATION_ARGS_MAX 24

/* The texts given for one argument. */
struct given {
	const char **texts; /* borrowed from argv or owned by the invocation's arena */
	size_t count, cap;
};

struct invocation {
	const struct api_command *command;
	bool csv; /* lists: rows of comma-separated values instead of a table */
	bool json, yes, wait, help, version, all_pages;
	const char *server;     /* NULL: LAMP_SERVER, else the default socket */
	const char *token_file; /* NULL: LAMP_TOKEN_FILE */
	const char *ca;         /* NULL: LAMP_CA */
	const char *oidc;       /* login by this user source; NULL: by a password */
	const char *out;        /* file, or folder, for an answer that is one; NULL: setup.bin, standard output */
	uint32_t limit;         /* rows of a list; 0: all of them */
	struct given args[INVOCATION_ARGS_MAX]; /* same order as command->args */
	struct bytes file;                      /* p not NULL: goes as the FILE argument instead of what is named */
	struct secret password, current;        /* new, or to log in with; the present one */
	struct arena *arena;
};

/* Reads argv. 0; or ERR_INVALID, ERR_MISSING with the sentence for the person; with help or version set nothing is
 * required. command is NULL when no command was named. Release in any case. */
int invocation_read(struct invocation *in, int argc, char **argv, struct err *e);
void invocation_release(struct invocation *in);

/* Sets one argument of the command again, for a confirmed repetition. */
void invocation_set(struct invocation *in, const char *name, const char *text);
const char *invocation_text(const struct invocation *in, const char *name); /* the first text; NULL when not given */

/* Path with query, and JSON body (empty when the command has none). Values that are not of their type are named. */
int invocation_request(const struct invocation *in, struct buf *ret_path, struct buf *ret_body, struct err *e);

/* The request, asked: see client_ask, whose errors these are beside those of invocation_request. */
struct client;
struct reply;
int invocation_ask(const struct invocation *in, struct client *c, struct reply *ret, struct err *e);

#endif
