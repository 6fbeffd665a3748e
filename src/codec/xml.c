#include "codec/xml.h"

#include <expat.h>

#include "base/base.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/text.h"
#include "codec/xml_mem.h"

#define MEMORY_MAX  (16 * 1024 * 1024)
#define MEMORY_KEEP (2 * 1024 * 1024) /* more than this is given back to the system before the next document */
#define CHUNK_SIZE  8160              /* fits a piece of 8 KiB with its head */
#define SEPARATOR   '\n'              /* between namespace and name in what expat tells; expat lets none into a URI */

static const struct bytes ns_uris[XML_NS_COUNT] = {
#define XMLNS(id, uri) [XML_NS_##id] = {(const uint8_t *)(uri), sizeof(uri) - 1},
#include "codec/xmlns.tbl.h"
#undef XMLNS
};

/* The tree lies in chunks, filled from the front. */
struct chunk {
	struct chunk *older;
	size_t size, used;
	_Alignas(max_align_t) uint8_t bytes[];
};

struct seen_ns {
	struct bytes uri;
	int ns;
};

struct xml_parser {
	struct xml_mem *mem;
	XML_Parser expat; /* NULL until the first document, and after one that took very much */
	unsigned long salt;
	struct chunk *chunk;
	struct xml_node *root, *at;               /* at: the open element */
	struct xml_node *last[XML_MAX_DEPTH + 1]; /* youngest child at each depth */
	size_t depth, nodes, attrs;
	struct seen_ns seen[XML_MAX_NAMESPACES];
	size_t seen_count;
	int next_ns;
	int code; /* why we stopped, 0 when we did not */
	const char *why;
};

static const char no_memory[] = "needs too much memory";

static void refuse(struct xml_parser *p, int code, const char *why)
{
	if (p->code)
		return;
	p->code = code;
	p->why = why;
	XML_StopParser(p->expat, XML_FALSE);
}

static bool chunk_new(struct xml_parser *p, size_t least)
{
	size_t size = least > CHUNK_SIZE ? least : CHUNK_SIZE;
	struct chunk *c = xml_mem_take(p->mem, sizeof(*c) + size);
	if (!c) {
		refuse(p, ERR_TOO_BIG, no_memory);
		return false;
	}
	*c = (struct chunk){.older = p->chunk, .size = size};
	p->chunk = c;
	return true;
}

static void chunks_drop(struct xml_parser *p)
{
	while (p->chunk) {
		struct chunk *c = p->chunk;
		p->chunk = c->older;
		xml_mem_give(c);
	}
}

/* Room without an alignment; NULL when memory ran out. */
static uint8_t *take_bytes(struct xml_parser *p, size_t len)
{
	if ((!p->chunk || len > p->chunk->size - p->chunk->used) && !chunk_new(p, len))
		return NULL;
	uint8_t *to = p->chunk->bytes + p->chunk->used;
	p->chunk->used += len;
	return to;
}

static void *take_struct(struct xml_parser *p, size_t len)
{
	size_t align = _Alignof(max_align_t);
	if (p->chunk) {
		size_t used = (p->chunk->used + align - 1) / align * align;
		p->chunk->used = used < p->chunk->size ? used : p->chunk->size;
	}
	void *to = take_bytes(p, len);
	if (to)
		memset(to, 0, len);
	return to;
}

static struct bytes keep(struct xml_parser *p, struct bytes s)
{
	uint8_t *to = take_bytes(p, s.len + 1);
	if (!to)
		return BYTES_NONE;
	if (s.len)
		memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	return BYTES(to, s.len);
}

/* Appends to a text that was kept before: in place when nothing came after it. Each move doubles the room that may
 * follow, so the whole is linear. */
static struct bytes keep_more(struct xml_parser *p, struct bytes was, struct bytes more)
{
	struct chunk *c = p->chunk;
	bool is_last = was.p + was.len + 1 == c->bytes + c->used;
	if (!is_last || more.len > c->size - c->used) {
		if (!chunk_new(p, 2 * (was.len + more.len) + 1))
			return was;
		c = p->chunk;
		memcpy(c->bytes, was.p, was.len + 1);
		was.p = c->bytes;
		c->used = was.len + 1;
	}
	memcpy(c->bytes + c->used - 1, more.p, more.len);
	c->used += more.len;
	c->bytes[c->used - 1] = '\0';
	return BYTES(was.p, was.len + more.len);
}

static int known_ns(struct bytes uri)
{
	for (int i = XML_NS_NONE; i < XML_NS_COUNT; i++)
		if (bytes_equal(uri, ns_uris[i]))
			return i;
	return XML_NS_COUNT;
}

static const struct seen_ns *number_ns(struct xml_parser *p, struct bytes uri)
{
	for (size_t i = p->seen_count; i-- > 0;)
		if (bytes_equal(uri, p->seen[i].uri))
			return &p->seen[i];
	if (p->seen_count == XML_MAX_NAMESPACES) {
		refuse(p, ERR_TOO_BIG, "has too many namespaces");
		return NULL;
	}
	struct seen_ns *new = &p->seen[p->seen_count++];
	new->ns = known_ns(uri);
	if (new->ns == XML_NS_COUNT) {
		new->ns = p->next_ns++;
		new->uri = keep(p, uri);
	} else {
		new->uri = ns_uris[new->ns];
	}
	return new;
}

/* "uri SEPARATOR local" or "local". Only the start is looked at for the separator, so a long URI costs nothing. */
static const struct seen_ns *split_name(struct xml_parser *p, const char *full, struct bytes *ret_local)
{
	size_t look = strnlen(full, XML_MAX_URI + 1);
	const char *sep = memchr(full, SEPARATOR, look);
	if (!sep && look > XML_MAX_URI) {
		refuse(p, ERR_TOO_BIG, "has a name or a namespace that is too long");
		return NULL;
	}
	*ret_local = bytes_str(sep ? sep + 1 : full);
	return number_ns(p, sep ? BYTES(full, (size_t)(sep - full)) : ns_uris[XML_NS_NONE]);
}

static void add_attrs(struct xml_parser *p, struct xml_node *n, const char **atts)
{
	struct xml_attr **to = &n->attrs;
	for (size_t i = 0; atts[2 * i] && !p->code; i++) {
		if (i == XML_MAX_ATTRS || p->attrs == XML_MAX_NODES) {
			refuse(p, ERR_TOO_BIG, "has too many attributes");
			return;
		}
		struct bytes name;
		const struct seen_ns *ns = split_name(p, atts[2 * i], &name);
		struct xml_attr *a = ns ? take_struct(p, sizeof(*a)) : NULL;
		if (!a)
			return;
		a->ns = ns->ns;
		a->name = keep(p, name);
		a->value = keep(p, bytes_str(atts[2 * i + 1]));
		p->attrs++;
		*to = a;
		to = &a->next;
	}
}

static void link_node(struct xml_parser *p, struct xml_node *n)
{
	n->parent = p->at;
	if (!p->at)
		p->root = n;
	else if (!p->at->child)
		p->at->child = n;
	else
		p->last[p->depth]->next = n;
	p->last[p->depth] = n;
	p->last[++p->depth] = NULL;
	p->at = n;
}

static void on_start(void *arg, const char *full, const char **atts)
{
	struct xml_parser *p = arg;
	if (p->code)
		return;
	if (p->depth == XML_MAX_DEPTH || p->nodes == XML_MAX_NODES) {
		refuse(p, ERR_TOO_BIG, p->depth == XML_MAX_DEPTH ? "is nested too deep" : "has too many elements");
		return;
	}
	struct bytes name;
	const struct seen_ns *ns = split_name(p, full, &name);
	struct xml_node *n = ns ? take_struct(p, sizeof(*n)) : NULL;
	if (!n)
		return;
	p->nodes++;
	n->ns = ns->ns;
	n->uri = ns->uri;
	n->name = keep(p, name);
	add_attrs(p, n, atts);
	link_node(p, n);
}

static void on_end(void *arg, const char *full)
{
	struct xml_parser *p = arg;
	if (p->code)
		return;
	p->at = p->at->parent;
	p->depth--;
}

static void on_text(void *arg, const char *text, int len)
{
	struct xml_parser *p = arg;
	if (p->code || !p->at || p->at->child)
		return;
	struct xml_node *n = p->at;
	struct bytes more = BYTES(text, (size_t)len);
	n->text = n->text.p ? keep_more(p, n->text, more) : keep(p, more);
}

static void on_doctype(void *arg, const char *name, const char *sysid, const char *pubid, int has_internal_subset)
{
	refuse(arg, ERR_MALFORMED, "has a document type declaration");
}

static void on_declaration(void *arg, const char *version, const char *encoding, int standalone)
{
	if (encoding && !bytes_equal_str_nocase(bytes_str(encoding), "utf-8"))
		refuse(arg, ERR_MALFORMED, "is in another encoding than UTF-8");
}

struct xml_parser *xml_parser_new(void)
{
	struct xml_parser *p = mem_alloc(sizeof(*p));
	p->mem = xml_mem_new(MEMORY_MAX);
	rng_secret(&p->salt, sizeof(p->salt));
	p->salt |= 1; /* 0 would make expat ask the kernel for one, for each document */
	return p;
}

static void drop_memory(struct xml_parser *p)
{
	chunks_drop(p);
	if (p->expat)
		XML_ParserFree(p->expat);
	p->expat = NULL;
	xml_mem_free(p->mem);
	p->mem = NULL;
}

void xml_parser_free(struct xml_parser *p)
{
	if (!p)
		return;
	drop_memory(p);
	free(p);
}

static bool prepare(struct xml_parser *p)
{
	static const XML_Memory_Handling_Suite suite = {xml_mem_malloc, xml_mem_realloc, xml_mem_give};
	chunks_drop(p);
	if (xml_mem_held(p->mem) > MEMORY_KEEP) {
		drop_memory(p);
		p->mem = xml_mem_new(MEMORY_MAX);
	}
	xml_mem_enter(p->mem);
	if (!p->expat)
		p->expat = XML_ParserCreate_MM("UTF-8", &suite, (char[]){SEPARATOR, '\0'});
	else
		(void)XML_ParserReset(p->expat, "UTF-8"); /* false only for parsers of external entities */
	if (!p->expat)
		return false;
	p->root = p->at = NULL;
	p->depth = p->nodes = p->attrs = p->seen_count = 0;
	p->next_ns = XML_NS_COUNT;
	p->code = 0;
	XML_SetHashSalt(p->expat, p->salt);
	XML_SetUserData(p->expat, p);
	XML_SetElementHandler(p->expat, on_start, on_end);
	XML_SetCharacterDataHandler(p->expat, on_text);
	XML_SetStartDoctypeDeclHandler(p->expat, on_doctype);
	XML_SetXmlDeclHandler(p->expat, on_declaration);
	return true;
}

/* Byte order marks of UTF-16, and UTF-16 without one: expat would follow them whatever it was told. */
static bool is_utf16(struct bytes doc)
{
	return (doc.len && doc.p[0] >= 0xfe) || memchr(doc.p, '\0', doc.len);
}

static int explain(struct xml_parser *p, struct err *e)
{
	enum XML_Error why = XML_GetErrorCode(p->expat);
	unsigned long line = XML_GetCurrentLineNumber(p->expat);
	if (p->code)
		return err_set(e, p->code, "XML document %s, line %lu", p->why, line);
	if (why == XML_ERROR_NO_MEMORY)
		return err_set(e, ERR_TOO_BIG, "XML document %s", no_memory);
	return err_set(e, ERR_MALFORMED, "XML document cannot be read, line %lu: %s", line, XML_ErrorString(why));
}

int xml_parse(struct xml_parser *p, struct bytes doc, const struct xml_node **ret_root, struct err *e)
{
	if (doc.len > XML_MAX_LEN)
		return err_set(e, ERR_TOO_BIG, "XML document is longer than %d bytes", XML_MAX_LEN);
	if (doc.len == 0)
		return err_set(e, ERR_MALFORMED, "XML document is empty");
	if (is_utf16(doc))
		return err_set(e, ERR_MALFORMED, "XML document is not UTF-8 or contains NUL");
	if (!prepare(p))
		return err_set(e, ERR_TOO_BIG, "XML document %s", no_memory);
	if (XML_Parse(p->expat, (const char *)doc.p, (int)doc.len, XML_TRUE) != XML_STATUS_OK || p->code)
		return explain(p, e);
	*ret_root = p->root;
	return 0;
}

static const struct xml_node *find(const struct xml_node *n, int ns, struct bytes name)
{
	while (n && ((ns != XML_NS_ANY && n->ns != ns) || !bytes_equal(n->name, name)))
		n = n->next;
	return n;
}

const struct xml_node *xml_child(const struct xml_node *n, int ns, const char *name)
{
	return n ? find(n->child, ns, bytes_str(name)) : NULL;
}

const struct xml_node *xml_next(const struct xml_node *n)
{
	return n ? find(n->next, n->ns, n->name) : NULL;
}

bool xml_is(const struct xml_node *n, int ns, const char *name)
{
	return n && (ns == XML_NS_ANY || n->ns == ns) && bytes_equal_str(n->name, name);
}

const struct xml_attr *xml_attr(const struct xml_node *n, const char *name)
{
	const struct xml_attr *a = n ? n->attrs : NULL;
	while (a && !bytes_equal_str(a->name, name))
		a = a->next;
	return a;
}

const char *xml_ns_uri(enum xml_ns ns)
{
	ASSERT(ns >= XML_NS_NONE && ns < XML_NS_COUNT);
	return (const char *)ns_uris[ns].p;
}

struct bytes xml_text(const struct xml_node *n)
{
	return n ? bytes_trim(n->text) : BYTES_NONE;
}

bool xml_u64(const struct xml_node *n, uint64_t *ret)
{
	return text_to_u64(xml_text(n), ret);
}

bool xml_i64(const struct xml_node *n, int64_t *ret)
{
	return text_to_i64(xml_text(n), ret);
}

bool xml_bool(const struct xml_node *n, bool *ret)
{
	struct bytes t = xml_text(n);
	bool yes = bytes_equal_str(t, "true") || bytes_equal_str(t, "1");
	if (!yes && !bytes_equal_str(t, "false") && !bytes_equal_str(t, "0"))
		return false;
	*ret = yes;
	return true;
}

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Length of the character at the start of s that XML 1.0 can carry; 0 when it cannot. */
static size_t char_len(struct bytes s)
{
	uint8_t c = s.p[0];
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (len == 1)
		return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
	if (len > s.len || !text_is_utf8(BYTES(s.p, len)))
		return 0;
	bool is_noncharacter = len == 3 && c == 0xef && s.p[1] == 0xbf && s.p[2] >= 0xbe;
	return is_noncharacter ? 0 : len;
}

static const char *escape_of(uint8_t c, bool in_attr)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r':
		return "&#13;";
	case '"':
		return in_attr ? "&quot;" : NULL;
	case '\'':
		return in_attr ? "&apos;" : NULL;
	case '\n':
		return in_attr ? "&#10;" : NULL;
	case '\t':
		return in_attr ? "&#9;" : NULL;
	default:
		return NULL;
	}
}

static void add_escaped(struct buf *out, struct bytes s, bool in_attr)
{
	size_t plain = 0; /* bytes from s.p on that go out as they are */
	while (plain < s.len) {
		size_t len = char_len(BYTES(s.p + plain, s.len - plain));
		const char *instead = len ? escape_of(s.p[plain], in_attr) : replacement;
		if (!instead) {
			plain += len;
			continue;
		}
		buf_add(out, s.p, plain);
		buf_adds(out, instead);
		plain += len ? len : 1;
		s = BYTES(s.p + plain, s.len - plain);
		plain = 0;
	}
	buf_add(out, s.p, plain);
}

void xml_add_text(struct buf *out, struct bytes text)
{
	add_escaped(out, text, false);
}

void xml_add_attr(struct buf *out, struct bytes text)
{
	add_escaped(out, text, true);
}

static void add_tag(struct buf *out, const char *start, const char *prefix, const char *name)
{
	buf_adds(out, start);
	if (prefix && *prefix) {
		buf_adds(out, prefix);
		buf_addc(out, ':');
	}
	buf_adds(out, name);
	buf_addc(out, '>');
}

void xml_open(struct buf *out, const char *prefix, const char *name)
{
	add_tag(out, "<", prefix, name);
}

void xml_close(struct buf *out, const char *prefix, const char *name)
{
	add_tag(out, "</", prefix, name);
}

void xml_leaf(struct buf *out, const char *prefix, const char *name, struct bytes text)
{
	xml_open(out, prefix, name);
	xml_add_text(out, text);
	xml_close(out, prefix, name);
}
