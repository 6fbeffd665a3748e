#include "codec/devfilter.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

#define VERSION_PARTS 4
#define NAME_PART     200 /* bytes of a value that a message quotes */

/* One of the values of a condition: its text, and what it means. */
struct value {
	char *text;
	struct range range; /* ADDRESS */
	int64_t ms;         /* NOT_SEEN */
	struct {
		enum { EQUAL, LESS, LESS_OR_EQUAL, MORE, MORE_OR_EQUAL } op;
		uint64_t part[VERSION_PARTS];
		size_t parts;
	} version; /* AMT */
};

struct condition {
	enum devfilter_key key;
	bool negated;
	size_t first, count; /* of its values */
};

struct devfilter {
	struct condition *conditions;
	size_t condition_count;
	struct value *values;
	size_t value_count;
};

static const char *const key_names[DEVFILTER_KEY_COUNT] = {
	[DEVFILTER_FOLDER] = "folder",   [DEVFILTER_TAG] = "tag",           [DEVFILTER_NAME] = "name",
	[DEVFILTER_AMT] = "amt",         [DEVFILTER_MODE] = "mode",         [DEVFILTER_POWER] = "power",
	[DEVFILTER_ADDRESS] = "address", [DEVFILTER_NOT_SEEN] = "not-seen", [DEVFILTER_SOURCE] = "source",
};

const char *devfilter_key_name(enum devfilter_key k)
{
	ASSERT(k < DEVFILTER_KEY_COUNT);
	return key_names[k];
}

void devfilter_free(struct devfilter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->value_count; i++) {
		free(f->values[i].text);
		range_release(&f->values[i].range);
	}
	free(f->values);
	free(f->conditions);
	free(f);
}

/* "11.8.79" as numbers; false when it is none. */
static bool read_version(const char *text, uint64_t part[VERSION_PARTS], size_t *ret_parts)
{
	size_t n = 0;
	for (;;) {
		size_t len = strcspn(text, ".");
		if (n == VERSION_PARTS || len > 9 || !text_to_u64(BYTES(text, len), &part[n]))
			return false;
		n++;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret_parts = n;
	return true;
}

static int read_folder(struct value *v, struct err *e)
{
	size_t len = strlen(v->text);
	if (v->text[0] == '/' && v->text[len - 1] == '/' && !strstr(v->text, "//"))
		return 0;
	return err_set(e, ERR_INVALID, "filter: folder \"%.*s\" does not begin and end with a slash", NAME_PART,
		       v->text);
}

static int read_amt(struct value *v, struct err *e)
{
	static const char *const ops[] = {[LESS] = "<", [LESS_OR_EQUAL] = "<=", [MORE] = ">", [MORE_OR_EQUAL] = ">="};
	size_t skip = strspn(v->text, "<>=");
	v->version.op = EQUAL;
	for (size_t i = LESS; i < ARRAY_LEN(ops); i++)
		if (strlen(ops[i]) == skip && strncmp(v->text, ops[i], skip) == 0)
			v->version.op = i;
	bool op_known = v->version.op != EQUAL || skip == 0;
	if (op_known && read_version(v->text + skip, v->version.part, &v->version.parts))
		return 0;
	return err_set(e, ERR_INVALID, "filter: amt \"%.*s\" is not a version, as 11, 11.8 or >=11.8", NAME_PART,
		       v->text);
}

static int read_address(struct value *v, struct err *e)
{
	int rc = range_parse(v->text, NULL, UINT64_MAX, &v->range, e);
	return rc ? err_wrap(e, rc, "filter: address") : 0;
}

static int read_not_seen(struct value *v, struct err *e)
{
	if (text_to_duration_ms(v->text, &v->ms) && v->ms > 0)
		return 0;
	return err_set(e, ERR_INVALID, "filter: not-seen \"%.*s\" is not a duration, as 12h or 30d", NAME_PART,
		       v->text);
}

static int read_any(struct value *v, struct err *e)
{
	return 0;
}

static int read_value(enum devfilter_key key, struct value *v, devfilter_known_fn *known, struct err *e)
{
	static int (*const readers[DEVFILTER_KEY_COUNT])(struct value * v, struct err * e) = {
		[DEVFILTER_FOLDER] = read_folder,   [DEVFILTER_TAG] = read_any,           [DEVFILTER_NAME] = read_any,
		[DEVFILTER_AMT] = read_amt,         [DEVFILTER_MODE] = read_any,          [DEVFILTER_POWER] = read_any,
		[DEVFILTER_ADDRESS] = read_address, [DEVFILTER_NOT_SEEN] = read_not_seen, [DEVFILTER_SOURCE] = read_any,
	};
	bool is_word = key == DEVFILTER_MODE || key == DEVFILTER_POWER || key == DEVFILTER_SOURCE;
	if (!*v->text)
		return err_set(e, ERR_INVALID, "filter: %s has an empty value", key_names[key]);
	if (is_word && known && !known(key, v->text))
		return err_set(e, ERR_INVALID, "filter: \"%.*s\" is no %s", NAME_PART, v->text, key_names[key]);
	return readers[key](v, e);
}

/* One value off the front of *at, quotes taken away. */
static int take_value(const char **at, char **ret, struct err *e)
{
	struct buf text;
	bool quoted = **at == '"';
	const char *p = *at + quoted;
	buf_init(&text, DEVFILTER_TEXT_MAX);
	for (;; p++) {
		if (quoted ? *p == '"' && p[1] != '"' : !*p || strchr(" ,", *p))
			break;
		if (!*p) {
			buf_release(&text);
			return err_set(e, ERR_INVALID, "filter: \"%.*s\" has no quote at its end", NAME_PART, *at);
		}
		p += quoted && *p == '"';  /* of a doubled one, the second */
		(void)buf_addc(&text, *p); /* fits: the whole text does */
	}
	*at = p + quoted;
	*ret = mem_str(buf_cstr(&text));
	buf_release(&text);
	return 0;
}

static int add_value(struct devfilter *f, struct condition *c, const char **at, devfilter_known_fn *known,
		     struct err *e)
{
	struct value v = {.text = NULL};
	if (f->value_count == DEVFILTER_VALUES_MAX)
		return err_set(e, ERR_TOO_BIG, "filter: more than %d values", DEVFILTER_VALUES_MAX);
	int rc = take_value(at, &v.text, e);
	if (rc)
		return rc;
	range_init(&v.range);
	f->values = mem_grow(f->values, f->value_count + 1, sizeof(f->values[0]));
	f->values[f->value_count] = v;
	c->count++;
	return read_value(c->key, &f->values[f->value_count++], known, e);
}

static int take_key(const char **at, enum devfilter_key *ret, struct err *e)
{
	size_t len = strcspn(*at, ": ");
	for (size_t k = 0; k < DEVFILTER_KEY_COUNT && (*at)[len] == ':'; k++)
		if (strlen(key_names[k]) == len && strncmp(key_names[k], *at, len) == 0) {
			*ret = (enum devfilter_key)k;
			*at += len + 1;
			return 0;
		}
	return err_set(e, ERR_INVALID,
		       "filter: \"%.*s\" does not begin with folder:, tag:, name:, amt:, mode:, power:, address:, "
		       "not-seen: or source:",
		       (int)(strcspn(*at, " ") < NAME_PART ? strcspn(*at, " ") : NAME_PART), *at);
}

static int add_condition(struct devfilter *f, const char **at, devfilter_known_fn *known, struct err *e)
{
	struct condition c = {.negated = **at == '!', .first = f->value_count};
	*at += c.negated;
	int rc = take_key(at, &c.key, e);
	rc = rc ? rc : add_value(f, &c, at, known, e);
	while (!rc && **at == ',') {
		++*at;
		rc = add_value(f, &c, at, known, e);
	}
	if (!rc && **at && **at != ' ')
		rc = err_set(e, ERR_INVALID, "filter: a blank or a comma is missing before \"%.*s\"", NAME_PART, *at);
	f->conditions = mem_grow(f->conditions, f->condition_count + 1, sizeof(f->conditions[0]));
	f->conditions[f->condition_count++] = c;
	return rc;
}

int devfilter_parse(const char *text, devfilter_known_fn *known, struct devfilter **ret, struct err *e)
{
	if (strlen(text) > DEVFILTER_TEXT_MAX)
		return err_set(e, ERR_TOO_BIG, "filter: more than %d bytes", DEVFILTER_TEXT_MAX);
	struct devfilter *f = mem_alloc(sizeof(*f));
	int rc = 0;
	for (text += strspn(text, " "); !rc && *text; text += strspn(text, " "))
		rc = add_condition(f, &text, known, e);
	if (!rc && !f->condition_count)
		rc = err_set(e, ERR_MISSING, "filter: it has no condition");
	if (rc)
		devfilter_free(f);
	else
		*ret = f;
	return rc;
}

bool devfilter_uses(const struct devfilter *f, enum devfilter_key k)
{
	for (size_t i = 0; i < f->condition_count; i++)
		if (f->conditions[i].key == k)
			return true;
	return false;
}

const char *devfilter_only(const struct devfilter *f, enum devfilter_key k)
{
	ASSERT(k == DEVFILTER_FOLDER || k == DEVFILTER_TAG);
	for (size_t i = 0; i < f->condition_count; i++) {
		const struct condition *c = &f->conditions[i];
		if (c->key == k && !c->negated && c->count == 1)
			return f->values[c->first].text;
	}
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "*" and "?" as in a shell. Goes back to the last star only, so it is at worst length times length. */
static bool glob(const char *pattern, const char *s)
{
	const char *star = NULL, *from = NULL;
	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			from = s;
		} else if (*pattern == '?' || (*pattern && lower(*pattern) == lower(*s))) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++from;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static bool has_tag(const char *tags, const char *tag)
{
	size_t len = strlen(tag);
	for (const char *at = tags; *at; at += at[strcspn(at, ",")] ? strcspn(at, ",") + 1 : strlen(at))
		if (strcspn(at, ",") == len && memcmp(at, tag, len) == 0)
			return true;
	return false;
}

/* Only the parts that the filter names count: 11.8.79 is <= 11, and is 11.8. */
static bool version_fits(const struct value *v, const char *version)
{
	uint64_t part[VERSION_PARTS] = {0};
	size_t parts;
	int order = 0;
	if (!read_version(version, part, &parts))
		return false;
	for (size_t i = 0; i < v->version.parts && !order; i++)
		order = part[i] < v->version.part[i] ? -1 : part[i] > v->version.part[i];
	switch (v->version.op) {
	case LESS:
		return order < 0;
	case LESS_OR_EQUAL:
		return order <= 0;
	case MORE:
		return order > 0;
	case MORE_OR_EQUAL:
		return order >= 0;
	default:
		return order == 0;
	}
}

static bool is_word(const char *known, const char *word)
{
	return known && strcmp(known, word) == 0;
}

static bool value_fits(enum devfilter_key key, const struct value *v, const struct devfilter_facts *d)
{
	switch (key) {
	case DEVFILTER_FOLDER:
		return d->folder && strncmp(d->folder, v->text, strlen(v->text)) == 0;
	case DEVFILTER_TAG:
		return d->tags && has_tag(d->tags, v->text);
	case DEVFILTER_NAME:
		return d->name && *d->name && glob(v->text, d->name);
	case DEVFILTER_AMT:
		return d->amt && version_fits(v, d->amt);
	case DEVFILTER_MODE:
		return is_word(d->mode, v->text);
	case DEVFILTER_POWER:
		return is_word(d->power, v->text);
	case DEVFILTER_ADDRESS:
		return d->has_address && range_contains(&v->range, &d->address);
	case DEVFILTER_NOT_SEEN:
		return d->unseen_ms >= v->ms;
	default:
		return d->source && has_tag(d->source, v->text);
	}
}

bool devfilter_match(const struct devfilter *f, const struct devfilter_facts *d)
{
	for (size_t i = 0; i < f->condition_count; i++) {
		const struct condition *c = &f->conditions[i];
		bool fits = false;
		for (size_t n = 0; n < c->count && !fits; n++)
			fits = value_fits(c->key, &f->values[c->first + n], d);
		if (fits == c->negated)
			return false;
	}
	return true;
}

static void add_text(struct buf *out, const char *text)
{
	if (!strpbrk(text, " ,\"")) {
		buf_adds(out, text);
		return;
	}
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(out, '"');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void add_folder(struct buf *out, const char *text, const char *from, const char *to)
{
	struct buf moved;
	size_t len = from ? strlen(from) : 0;
	if (!from || strncmp(text, from, len) != 0) {
		add_text(out, text);
		return;
	}
	buf_init(&moved, 2 * DEVFILTER_TEXT_MAX);
	buf_adds(&moved, to);
	buf_adds(&moved, text + len);
	add_text(out, buf_cstr(&moved));
	buf_release(&moved);
}

int devfilter_text(const struct devfilter *f, const char *from, const char *to, struct buf *out)
{
	for (size_t i = 0; i < f->condition_count; i++) {
		const struct condition *c = &f->conditions[i];
		buf_adds(out, i ? " " : "");
		buf_adds(out, c->negated ? "!" : "");
		buf_adds(out, key_names[c->key]);
		for (size_t n = 0; n < c->count; n++) {
			buf_addc(out, n ? ',' : ':');
			if (c->key == DEVFILTER_FOLDER)
				add_folder(out, f->values[c->first + n].text, from, to);
			else
				add_text(out, f->values[c->first + n].text);
		}
	}
	return out->failed ? ERR_TOO_BIG : 0;
}
