/* print.h - shows answers: JSON for programs (one object a line), tables and "name: value" lines for people. Texts of
 * devices are shown with control characters escaped. */
#ifndef LAMP_PRINT_H
#define LAMP_PRINT_H

#include "base/buf.h"

struct json_t;

/* One object, whole. */
void print_object_json(const struct json_t *object);
void print_object_text(const char *kind, const struct json_t *object);

/* All fields of a kind, as a row of comma-separated values. */
void print_header_csv(const char *kind);
void print_object_csv(const char *kind, const struct json_t *object);

/* Rows of a list of one kind of object; widths are those of the rows seen first, up to the flush. */
struct table;
struct table *table_new(const char *kind);
void table_add(struct table *t, const struct json_t *object); /* borrowed for the call */
void table_flush(struct table *t);                            /* prints what was added; a header the first time */
void table_free(struct table *t);

#endif
