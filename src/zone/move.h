/* move.h - what moving a device, a credential or a folder does to rights, holds and schedules. Rights are given at
 * folders, so to move something is to change who may touch it, and to change what it inherits. The zone's thread. */
#ifndef ZONE_MOVE_H
#define ZONE_MOVE_H

#include "zone/command.h"

/* Runs a move as a change of rights: nobody may do more with what is moved than before, unless whoever moves it may do
 * so where it was. When the law is broken the error takes the whole change back. from and to: paths of a tree; of the
 * folder itself when a folder moves (is_folder), else of the folders of the thing. */
struct move {
	enum right_tree tree;
	const char *from, *to;
	bool is_folder;
};
int move_under_law(struct command *c, const struct move *m, int (*change)(struct command *c, void *arg, struct err *e),
		   void *arg, struct err *e);

/* Whoever puts devices of the tree where schedules order something orders it. Asks for power.switch at path and below
 * where the group carries schedules; path "/" when it is not known which devices will be in it. */
int move_check_group(struct command *c, int64_t group, const char *path, struct err *e);

#endif
