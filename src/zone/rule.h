/* rule.h - registration rules: which folder, tags and groups a new device gets when nobody said so. The first rule
 * whose filter fits counts; none: /Workstations/, no tags, no groups.
 *
 * struct rules is a snapshot, read from the database in one go; it may be made on any thread and used by one at a time.
 */
#ifndef ZONE_RULE_H
#define ZONE_RULE_H

#include "codec/devfilter.h"
#include "store/rule.h"

struct command;
struct rules;
struct zone;

#define RULES_MAX       500
#define RULE_GROUPS_MAX 100

struct rule {
	int64_t id;
	char *name, *tags; /* tags joined with commas */
	int64_t folder;
	struct devfilter *filter;
	int64_t *groups;
	size_t group_count;
};

/* A rule whose filter this version does not read is left out, with a warning in the log. The store's errors. */
int rules_load(struct db *db, struct rules **ret, struct err *e);
void rules_free(struct rules *r);                                                      /* NULL is fine */
const struct rule *rules_find(const struct rules *r, const struct devfilter_facts *d); /* NULL: none fits */

/* The zone's own snapshot, made when it is asked for. rule_forget: something that rules are made of has changed. */
int rule_find(struct zone *z, const struct devfilter_facts *d, const struct rule **ret, struct err *e);
void rule_forget(struct zone *z);
/* Whether whoever gives this command may make a device in the rule's folder: 0 or ERR_NOT_ALLOWED. */
int rule_may(struct command *c, const struct rule *rule, const char *device, struct err *e);
/* Tags and groups of a rule for a device that was just made. rule NULL: none. */
int rule_apply(struct zone *z, const struct rule *rule, int64_t device, struct err *e);

#endif
