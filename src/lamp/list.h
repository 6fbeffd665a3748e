/* list.h - fetches a list page by page and prints it. */
#ifndef LAMP_LIST_H
#define LAMP_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct err;

enum list_format { LIST_TABLE, LIST_JSON, LIST_CSV };

/* path may hold a query already. most: rows to print; 0: all. kind: the object of the rows. */
int list_all(struct client *c, const char *path, const char *kind, enum list_format format, uint32_t most,
	     struct err *e);

#endif
