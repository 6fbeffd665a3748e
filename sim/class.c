#include "class.h"

#include "base/base.h"
#include "base/err.h"

void values_add(struct values *to, struct bytes text)
{
	if (to->count >= VALUES_MAX || text.len + 1 > sizeof(to->room) - to->used)
		return;
	if (text.len > 0)
		memcpy(to->room + to->used, text.p, text.len);
	to->room[to->used + text.len] = '\0';
	to->v[to->count++] = BYTES(to->room + to->used, text.len);
	to->used += text.len + 1;
}

void values_str(struct values *to, const char *text)
{
	values_add(to, bytes_str(text));
}

void values_fmt(struct values *to, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	values_str(to, text);
}

void values_u64(struct values *to, uint64_t v)
{
	values_fmt(to, "%llu", (unsigned long long)v);
}

void values_bool(struct values *to, bool v)
{
	values_str(to, v ? "true" : "false");
}

/* Classes are found by a table over all files, sorted at the first use. */
#define CLASSES_MAX 256
static const struct class *sorted[CLASSES_MAX];
static size_t sorted_count;

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct class *const *)a)->name, (*(const struct class *const *)b)->name);
}

static void sort_classes(void)
{
	for (size_t f = 0; f < class_file_count; f++)
		for (const struct class *const *c = class_files[f]; *c; c++) {
			ASSERT(sorted_count < CLASSES_MAX);
			sorted[sorted_count++] = *c;
		}
	qsort(sorted, sorted_count, sizeof(*sorted), by_name);
}

static int compare(struct bytes a, const char *b)
{
	size_t len = strlen(b);
	int r = memcmp(a.p, b, a.len < len ? a.len : len);

	return r ? r : (a.len > len) - (a.len < len);
}

const struct class *class_find(struct bytes name)
{
	size_t lo = 0, hi;

	if (name.len == 0)
		return NULL;
	if (sorted_count == 0)
		sort_classes();
	hi = sorted_count;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int r = compare(name, sorted[mid]->name);

		if (r == 0)
			return sorted[mid];
		if (r < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static bool in_range(uint16_t since, uint16_t until, const struct profile *p)
{
	unsigned v = profile_version(p);

	return v >= since && (until == 0 || v < until);
}

bool class_is_there(const struct class *c, const struct get *g)
{
	return in_range(c->since, c->until, g->p) && (g->p->flags & c->needs) == c->needs;
}

bool prop_is_there(const struct prop *p, const struct profile *profile)
{
	return in_range(p->since, p->until, profile);
}

uint32_t class_static_count(const struct class *c, const struct get *g)
{
	return c->count ? c->count(g) : c->instances;
}

bool class_instance_at(const struct class *c, struct get *g, uint32_t i)
{
	uint32_t fixed = class_static_count(c, g);

	if (i < fixed) {
		g->instance = i;
		return true;
	}
	i -= fixed;
	for (const struct object *o = g->d->more ? g->d->more->objects : NULL; o; o = o->next) {
		if (strcmp(o->class_name, c->name) != 0 || i-- > 0)
			continue;
		g->instance = o->id;
		return true;
	}
	return false;
}

static void add_changed(const struct change *c, struct values *to)
{
	const char *p = c->values;

	for (uint32_t i = 0; i < c->count && to->count < VALUES_MAX; i++) {
		size_t len = strlen(p);

		to->v[to->count++] = BYTES(p, len);
		p += len + 1;
	}
}

static void add_constant(const struct prop *p, struct values *to)
{
	const char *s = p->value, *end;

	while ((p->flags & PROP_ARRAY) && (end = strchr(s, '|')) && to->count < VALUES_MAX - 1) {
		to->v[to->count++] = BYTES(s, end - s);
		s = end + 1;
	}
	to->v[to->count++] = BYTES(s, strlen(s));
}

void prop_values(const struct class *c, const struct prop *p, const struct get *g, struct values *to)
{
	const struct change *changed = g->d->more ? more_change(g->d, c->name, g->instance, p->name) : NULL;

	to->count = 0;
	to->used = 0;
	if (p->flags & PROP_SECRET)
		to->v[to->count++] = BYTES("", 0);
	else if (changed)
		add_changed(changed, to);
	else if (p->value)
		add_constant(p, to);
	else if (p->make)
		p->make(g, to);
}

const char *class_text(const char *class_name, const char *prop, const struct get *g, struct values *to)
{
	const struct class *c = class_find(bytes_str(class_name));

	for (size_t i = 0; c && i < c->prop_count; i++)
		if (strcmp(c->props[i].name, prop) == 0) {
			prop_values(c, &c->props[i], g, to);
			return to->count ? (const char *)to->v[0].p : "";
		}
	return "";
}

bool epr_from_text(struct bytes text, struct wsman_epr *ret)
{
	const uint8_t *p = memchr(text.p, '?', text.len), *end = text.p + text.len;

	*ret = (struct wsman_epr){.class_name = BYTES(text.p, p ? p - text.p : (ptrdiff_t)text.len)};
	for (p = p ? p + 1 : end; p < end && ret->selector_count < WSMAN_MAX_SELECTORS;) {
		const uint8_t *stop = memchr(p, '&', (size_t)(end - p));
		const uint8_t *eq = memchr(p, '=', (size_t)((stop ? stop : end) - p));

		stop = stop ? stop : end;
		if (!eq)
			return false;
		ret->selectors[ret->selector_count++] =
			(struct wsman_selector){.name = BYTES(p, eq - p), .value = BYTES(eq + 1, stop - eq - 1)};
		p = stop + 1;
	}
	return ret->class_name.len > 0;
}

int epr_to_text(const struct wsman_epr *epr, struct buf *out)
{
	buf_add_bytes(out, epr->class_name);
	for (size_t i = 0; i < epr->selector_count; i++) {
		buf_addc(out, i ? '&' : '?');
		buf_add_bytes(out, epr->selectors[i].name);
		buf_addc(out, '=');
		buf_add_bytes(out, epr->selectors[i].value);
	}
	return buf_check(out, NULL, "reference");
}

static void write_value(const struct prop *p, struct bytes v, const struct wsman_writer *w)
{
	struct wsman_epr epr;

	switch ((enum prop_type)p->type) {
	case PROP_DATETIME:
		wsman_add_datetime(w, p->name, (const char *)v.p);
		return;
	case PROP_INTERVAL:
		wsman_add_interval(w, p->name, (const char *)v.p);
		return;
	case PROP_EPR:
		if (epr_from_text(v, &epr))
			wsman_add_epr(w, p->name, &epr);
		return;
	default:
		wsman_add_bytes(w, p->name, v);
	}
}

void class_write(const struct class *c, const struct get *g, const struct wsman_writer *w)
{
	struct values v;

	for (size_t i = 0; i < c->prop_count; i++) {
		const struct prop *p = &c->props[i];

		if (!prop_is_there(p, g->p))
			continue;
		prop_values(c, p, g, &v);
		for (unsigned k = 0; k < v.count; k++)
			write_value(p, v.v[k], w);
	}
}

/* Two references are the same when their classes and selectors are; addresses do not matter. */
static bool epr_equal(struct bytes text, const struct xml_node *n)
{
	struct wsman_epr a, b;

	if (!epr_from_text(text, &a) || wsman_epr_read(n, &b, NULL) != 0 || !bytes_equal(a.class_name, b.class_name))
		return false;
	for (size_t i = 0; i < b.selector_count; i++) {
		char name[64];

		if (!bytes_to_str(b.selectors[i].name, name, sizeof(name)) ||
		    !bytes_equal(wsman_selector_get(a.selectors, a.selector_count, name), b.selectors[i].value))
			return false;
	}
	return true;
}

static bool selector_matches(const struct class *c, const struct get *g, const struct wsman_selector *sel)
{
	struct values v;

	for (size_t i = 0; i < c->prop_count; i++) {
		const struct prop *p = &c->props[i];

		if (!bytes_equal_str(sel->name, p->name) || !prop_is_there(p, g->p))
			continue;
		prop_values(c, p, g, &v);
		if (v.count == 0)
			return false;
		if (p->type == PROP_EPR)
			return sel->node && epr_equal(v.v[0], sel->node);
		return bytes_equal(v.v[0], sel->value);
	}
	return false;
}

bool class_matches(const struct class *c, const struct get *g, const struct wsman_selector *sel, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!selector_matches(c, g, &sel[i]))
			return false;
	return true;
}

bool class_select(const struct class *c, struct get *g, const struct wsman_selector *sel, size_t count)
{
	for (uint32_t i = 0; class_instance_at(c, g, i); i++)
		if (class_matches(c, g, sel, count))
			return true;
	return false;
}

const struct xml_node *invoke_node(const struct invoke *i, const char *name)
{
	return i->in ? xml_child(i->in, i->in->ns, name) : NULL;
}

struct bytes invoke_text(const struct invoke *i, const char *name)
{
	const struct xml_node *n = invoke_node(i, name);

	return n ? xml_text(n) : BYTES_NONE;
}

bool invoke_u64(const struct invoke *i, const char *name, uint64_t *ret)
{
	return xml_u64(invoke_node(i, name), ret);
}

bool invoke_bool(const struct invoke *i, const char *name, bool *ret)
{
	return xml_bool(invoke_node(i, name), ret);
}

bool invoke_epr(const struct invoke *i, const char *name, struct wsman_epr *ret)
{
	const struct xml_node *n = invoke_node(i, name);

	return n && wsman_epr_read(n, ret, NULL) == 0;
}
