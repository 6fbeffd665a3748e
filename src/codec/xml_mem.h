/* xml_mem.h - the memory of one XML parser, for xml.c and for expat behind it: taken from the system in pieces of a few
 * sizes, kept when given back, so that the next document costs no call of malloc; with a ceiling. expat's memory
 * functions know no context, so the parser's memory is made the thread's current one around each call of expat. */
#ifndef CODEC_XML_MEM_H
#define CODEC_XML_MEM_H

#include <stddef.h>

struct xml_mem;

struct xml_mem *xml_mem_new(size_t max); /* bytes held at most */
void xml_mem_free(struct xml_mem *m);    /* all pieces must have been given back */
size_t xml_mem_held(const struct xml_mem *m);

void *xml_mem_take(struct xml_mem *m, size_t len); /* NULL past the ceiling; not zeroed */
void xml_mem_give(void *p);                        /* NULL is fine */

/* As malloc, realloc and free, from the thread's current memory. */
void xml_mem_enter(struct xml_mem *m);
void *xml_mem_malloc(size_t len);
void *xml_mem_realloc(void *p, size_t len);

#endif
