/* import.h - `lamp inventory import`: a file of any length goes to the server in parts that it takes, cut between rows.
 * Each part is in when it is answered; after a break the whole file is given again, and what is in stays as it is. */
#ifndef LAMP_IMPORT_H
#define LAMP_IMPORT_H

#include "lamp/lamp.h"

struct client;
struct invocation;

/* Prints what was done in all parts together; errors of rows and progress go to standard error. LAMP_SOME_FAILED when a
 * row was left out. */
enum lamp_exit import_inventory(struct invocation *in, struct client *c);

#endif
