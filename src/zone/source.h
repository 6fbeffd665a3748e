/* source.h - the state of a user source: whether it answers, told to people when that changes. */
#ifndef ZONE_SOURCE_H
#define ZONE_SOURCE_H

#include "store/user_source.h"

struct err;
struct zone;

int source_note_failure(struct zone *z, const struct store_user_source *s, const char *why, struct err *e);
int source_note_answer(struct zone *z, const struct store_user_source *s, struct err *e);

#endif
