/* XML: the tree holds what its limits promise, and text that is written out is read back the same. */
#include "base/base.h"
#include "codec/xml.h"
#include "fuzz/fuzz.h"

static struct xml_parser *parser, *again;
static size_t nodes;

static void attributes(const struct xml_node *n)
{
	size_t count = 0;
	for (const struct xml_attr *a = n->attrs; a; a = a->next, count++)
		ASSERT(a->name.len > 0 && a->value.p[a->value.len] == '\0');
	ASSERT(count <= XML_MAX_ATTRS);
}

static void text_and_values(const struct xml_node *n)
{
	uint64_t u;
	int64_t i;
	bool b;
	struct bytes t = xml_text(n);
	ASSERT(!n->text.p || n->text.p[n->text.len] == '\0');
	ASSERT(!xml_u64(n, &u) || t.len > 0);
	ASSERT(!xml_i64(n, &i) || t.len > 0);
	ASSERT(!xml_bool(n, &b) || t.len > 0);
}

static void walk(const struct xml_node *n, size_t depth)
{
	ASSERT(depth <= XML_MAX_DEPTH && ++nodes <= XML_MAX_NODES);
	ASSERT(n->name.len > 0 && n->uri.len <= XML_MAX_URI);
	ASSERT(n->ns >= XML_NS_NONE && n->ns < XML_NS_COUNT + XML_MAX_NAMESPACES);
	attributes(n);
	text_and_values(n);
	for (const struct xml_node *c = n->child; c; c = c->next) {
		ASSERT(c->parent == n);
		walk(c, depth + 1);
	}
}

static void write_and_read(struct bytes s)
{
	struct buf out;
	const struct xml_node *root;
	buf_init(&out, XML_MAX_LEN);
	xml_open(&out, NULL, "r");
	buf_truncate(&out, out.len - 1);
	buf_adds(&out, " a=\"");
	xml_add_attr(&out, s);
	buf_adds(&out, "\">");
	xml_leaf(&out, "", "c", s);
	xml_close(&out, NULL, "r");
	if (!out.failed) {
		ASSERT(xml_parse(again, buf_bytes(&out), &root, NULL) == 0);
		ASSERT(bytes_equal(root->child->text, s));
		ASSERT(bytes_equal(xml_attr(root, "a")->value, s));
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct xml_node *root = NULL;
	parser = parser ? parser : xml_parser_new();
	again = again ? again : xml_parser_new();
	if (xml_parse(parser, BYTES(data, size), &root, NULL)) {
		ASSERT(!root);
		struct buf out; /* any bytes can be written, though not all come back */
		buf_init(&out, 8 * size + 16);
		xml_leaf(&out, "p", "x", BYTES(data, size));
		ASSERT(!out.failed);
		buf_release(&out);
		return 0;
	}
	nodes = 0;
	walk(root, 1);
	if (size % 2) { /* a fresh one is as good as a used one */
		xml_parser_free(again);
		again = xml_parser_new();
	}
	ASSERT(xml_child(root, XML_NS_ANY, "c") == NULL || xml_next(xml_child(root, XML_NS_ANY, "c")) != root);
	write_and_read(root->text);
	return 0;
}
