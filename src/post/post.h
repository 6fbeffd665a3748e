/* post.h - the folder post: passes messages and audit records on to where people want them: files, system logs, mail
 * servers, datagrams, SNMP managers, webhooks. People call such a place a target, the code a sink (store/sink.h).
 *
 * A thread of its own reads the message log and the audit behind the position of each sink, with a connection that only
 * reads, and gives what a sink wants to a worker; the worker alone touches files and network, and only the address that
 * was set up. Nothing is kept in memory that is not in the database: the queue of a sink is the log itself behind its
 * position, bounded by how long messages are kept. The position goes to the zone at most every few seconds, so after a
 * crash a sink may get a few messages twice, and never none. What fails is tried again with growing pauses, and the
 * zone is told once, when it begins and when it ends. It decides nothing else and writes no database. */
#ifndef POST_POST_H
#define POST_POST_H

struct clock;
struct err;
struct mailbox;
struct post;
struct vault;

/* Lent until post_free. */
struct post_deps {
	struct clock *clock;
	struct vault *vault;
	const char *database;
	const char *server_name, *fqdn;
	const char *folder; /* of files; made when missing */
};

/* The mailbox is there at once, for the zone; the thread runs from post_start on. */
struct post *post_new(const struct post_deps *deps);
struct mailbox *post_mailbox(struct post *p);
/* When the zone has opened the database; to_zone: where states and answers go, until post_stop has returned. */
int post_start(struct post *p, struct mailbox *to_zone, struct err *e);
void post_stop(
	struct post *p); /* ends the thread and its workers; what was not passed on goes on after the next start */
void post_free(struct post *p); /* stops; when nobody writes into its mailbox any more. NULL is fine */

#endif
