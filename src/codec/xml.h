/* xml.h - reads a stranger's XML document into a small tree, and writes XML that the most primitive reader takes.
 *
 * Reading: one document, whole in memory, UTF-8. Refused: more than XML_MAX_LEN bytes, XML_MAX_NODES elements, a
 * nesting of more than XML_MAX_DEPTH, a document type declaration (so no entities but the five), another encoding
 * than UTF-8, NUL, broken UTF-8. The limits are checked before memory is taken. Comments, processing instructions and
 * CDATA are fine. Elements are told apart by namespace and local name, never by prefix.
 *
 * A parser is made once for each thread and used for every document of that thread; when it has seen one document of
 * a size, the next ones take no memory from the system. The tree of a document lives until the next one is parsed.
 * expat stands behind it and no other file includes it. */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include "base/buf.h"

struct err;

#define XML_MAX_LEN        (1024 * 1024)
#define XML_MAX_DEPTH      32
#define XML_MAX_NODES      20000
#define XML_MAX_ATTRS      32  /* of one element, without namespace declarations */
#define XML_MAX_NAMESPACES 64  /* different ones in one document */
#define XML_MAX_URI        256 /* bytes of a namespace name */

enum xml_ns {
#define XMLNS(id, uri) XML_NS_##id,
#include "codec/xmlns.tbl.h"
#undef XMLNS
	XML_NS_ANY = -1,              /* for xml_child */
	XML_NS_COUNT = XML_NS_XSI + 1 /* the first number of a namespace that is none of the table */
};

struct xml_attr {
	struct xml_attr *next;
	struct bytes name; /* local name */
	struct bytes value;
	int ns; /* enum xml_ns, or a number from XML_NS_COUNT on that holds for this document */
};

/* The bytes have a NUL behind them, which is not counted. */
struct xml_node {
	struct xml_node *parent; /* NULL for the root */
	struct xml_node *child;  /* the first */
	struct xml_node *next;   /* sibling */
	struct xml_attr *attrs;
	struct bytes name; /* local name */
	struct bytes text; /* what stands before the first child element; not trimmed */
	struct bytes uri;  /* the namespace's name */
	int ns;
};

struct xml_parser;

struct xml_parser *xml_parser_new(void);
void xml_parser_free(struct xml_parser *p); /* NULL is fine */

/* Sets *ret_root; the tree and all that it refers to belong to the parser. ERR_TOO_BIG when a limit is passed,
 * ERR_MALFORMED for everything else, with line and reason in e. Linear in the length of the input; what is longer than
 * XML_MAX_LEN is not looked at. */
int xml_parse(struct xml_parser *p, struct bytes doc, const struct xml_node **ret_root, struct err *e);

/* Walking. n may be NULL everywhere: then there is nothing. ns: enum xml_ns, or the ns of another node of the tree. */
const struct xml_node *xml_child(const struct xml_node *n, int ns, const char *name); /* the first of that name */
const struct xml_node *xml_next(const struct xml_node *n);                            /* the next of the same name */
bool xml_is(const struct xml_node *n, int ns, const char *name);
/* The attribute without or with a namespace: Selector Name is seen in both forms. NULL when it is not there. */
const struct xml_attr *xml_attr(const struct xml_node *n, const char *name);
const char *xml_ns_uri(enum xml_ns ns);

/* What an element says. Text is trimmed of white space at both ends; numbers take nothing else than digits (and a
 * minus), and do not overflow; a bool is true, false, 1 or 0. False and *ret untouched when n is NULL or says something
 * else. */
struct bytes xml_text(const struct xml_node *n);
bool xml_u64(const struct xml_node *n, uint64_t *ret);
bool xml_i64(const struct xml_node *n, int64_t *ret);
bool xml_bool(const struct xml_node *n, bool *ret);

/* Writing: never a self-closed tag, a comment, CDATA, or white space between elements. A prefix of NULL or "" writes
 * the name alone. Full buffers mark themselves (buf_check). What XML cannot carry (control characters, broken UTF-8) is
 * written as U+FFFD. */
void xml_add_text(struct buf *out, struct bytes text); /* & < > escaped */
void xml_add_attr(struct buf *out, struct bytes text); /* also " ' and line ends: the inside of the quotes */
void xml_open(struct buf *out, const char *prefix, const char *name);
void xml_close(struct buf *out, const char *prefix, const char *name);
void xml_leaf(struct buf *out, const char *prefix, const char *name, struct bytes text);

#endif
