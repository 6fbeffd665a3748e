#include "lamp/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/base.h"
#include "base/text.h"
#include "codec/api.h"
#include "codec/csv.h"
#include "codec/json.h"

#define COLUMNS_MAX 10
#define CELL_MAX    4096

/* What fits on a line of a list; a kind that is not here shows all its fields. */
static const struct {
	const char *kind;
	const char *columns[COLUMNS_MAX];
} views[] = {
	{"device", {"name", "folder", "address", "mode", "credential", "amt_version", "power", "last_seen", "missing"}},
	{"discovered", {"address", "host", "amt_version", "state", "plain", "tls", "valid_until", "device", "note"}},
	{"setup_file",
	 {"name", "version", "records", "used", "expired", "shared", "fqdn", "dns", "created", "expires"}},
	{"credential", {"name", "folder", "login", "devices", "changed", "description"}},
	{"scan", {"id", "ranges", "state", "done", "total", "found", "started", "ended"}},
	{"job", {"job", "verb", "state", "total", "open", "done", "already", "failed", "unknown", "created"}},
	{"act", {"device", "state", "reason", "evidence", "power_before", "power_after", "attempt", "message"}},
	{"schedule", {"name", "target", "verb", "boot", "text", "timezone", "suspended", "next"}},
	{"setting", {"name", "value", "unit", "default", "from", "sentence"}},
	{"audit", {"seq", "time", "actor", "kind", "action", "object", "detail"}},
	{"message", {"seq", "time", "severity", "component", "name", "text", "acked"}},
	{"group", {"name", "kind", "members", "filter", "note"}},
	{"token", {"id", "name", "rights", "owner", "created", "expires", "last_used"}},
	{"admin", {"name", "full_name", "disabled", "rights", "groups", "login", "login_from", "locked_until"}},
	{"user_source", {"name", "kind", "enabled", "default", "url", "base", "failing", "error"}},
	{"role", {"name", "built_in", "note", "allow", "deny"}},
};

static size_t columns_of(const char *kind, const char **ret)
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (strcmp(views[i].kind, kind) == 0)
			while (n < COLUMNS_MAX && views[i].columns[n]) {
				ret[n] = views[i].columns[n];
				n++;
			}
	const struct api_object *o = api_object_find(kind);
	for (size_t i = 0; n == i && o && i < o->field_count && i < COLUMNS_MAX; i++)
		ret[n++] = o->fields[i].name;
	return n;
}

/* As text_escape, but quotes stand as they are: a cell has none around it. */
static void show(struct buf *out, struct bytes s)
{
	const uint8_t *quote;
	while (s.len && (quote = memchr(s.p, '"', s.len))) {
		size_t before = (size_t)(quote - s.p);
		text_escape(out, BYTES(s.p, before));
		buf_addc(out, '"');
		s = BYTES(quote + 1, s.len - before - 1);
	}
	text_escape(out, s);
}

/* One value as a person reads it: "-" for null and for nothing. */
static void cell(struct buf *out, const struct json_t *value)
{
	struct buf text;
	buf_init(&text, CELL_MAX);
	json_text(&text, value);
	if (!text.len)
		buf_addc(out, '-');
	show(out, buf_bytes(&text));
	buf_release(&text);
}

void print_object_json(const struct json_t *object)
{
	struct buf out;
	buf_init(&out, SIZE_MAX / 2);
	json_dump(&out, object);
	printf("%s\n", buf_cstr(&out));
	buf_release(&out);
}

static void print_row(struct buf *row)
{
	csv_end(row);
	printf("%s", buf_cstr(row));
	buf_release(row);
}

void print_header_csv(const char *kind)
{
	const struct api_object *o = api_object_find(kind);
	struct buf row;
	buf_init(&row, SIZE_MAX / 2);
	for (size_t i = 0; o && i < o->field_count; i++)
		csv_put(&row, i == 0, bytes_str(o->fields[i].name));
	print_row(&row);
}

void print_object_csv(const char *kind, const struct json_t *object)
{
	const struct api_object *o = api_object_find(kind);
	struct buf row;
	buf_init(&row, SIZE_MAX / 2);
	for (size_t i = 0; o && i < o->field_count; i++) {
		struct buf text;
		buf_init(&text, SIZE_MAX / 2);
		json_text(&text, json_member(object, o->fields[i].name));
		csv_put(&row, i == 0, buf_bytes(&text));
		buf_release(&text);
	}
	print_row(&row);
}

static void print_line(int width, const char *name, const struct json_t *value)
{
	struct buf text;
	buf_init(&text, CELL_MAX * 4);
	cell(&text, value);
	printf("%-*s %s\n", width, name, buf_cstr(&text));
	buf_release(&text);
}

/* The elements of a list stand below each other. */
void print_object_text(const char *kind, const struct json_t *object)
{
	const struct api_object *o = api_object_find(kind);
	int width = 0;
	for (size_t i = 0; o && i < o->field_count; i++)
		if (json_has(object, o->fields[i].name) && (int)strlen(o->fields[i].name) > width)
			width = (int)strlen(o->fields[i].name);
	for (size_t i = 0; o && i < o->field_count; i++) {
		const struct json_t *v = json_member(object, o->fields[i].name);
		if (!v)
			continue;
		print_line(width, o->fields[i].name, json_count(v) ? json_at(v, 0) : v);
		for (size_t n = 1; n < json_count(v); n++)
			print_line(width, "", json_at(v, n));
	}
}

struct table {
	const char *columns[COLUMNS_MAX];
	size_t column_count;
	int widths[COLUMNS_MAX];
	char **cells;
	size_t cell_count, cell_cap;
	bool header_shown;
};

struct table *table_new(const char *kind)
{
	struct table *t = mem_alloc(sizeof(*t));
	t->column_count = columns_of(kind, t->columns);
	for (size_t i = 0; i < t->column_count; i++)
		t->widths[i] = (int)strlen(t->columns[i]);
	return t;
}

/* Columns on a terminal; bytes where the locale cannot tell. */
static int width_of(const char *s)
{
	wchar_t wide[256];
	size_t n = mbstowcs(wide, s, ARRAY_LEN(wide) - 1);
	if (n == (size_t)-1)
		return (int)strlen(s);
	wide[n] = 0;
	int width = wcswidth(wide, n);
	return width < 0 ? (int)strlen(s) : width;
}

void table_add(struct table *t, const struct json_t *object)
{
	if (t->cell_count + t->column_count > t->cell_cap) {
		t->cell_cap = t->cell_cap ? t->cell_cap * 2 : 256;
		t->cells = mem_grow(t->cells, t->cell_cap, sizeof(*t->cells));
	}
	for (size_t i = 0; i < t->column_count; i++) {
		struct buf text;
		buf_init(&text, CELL_MAX * 4);
		cell(&text, json_member(object, t->columns[i]));
		char *s = mem_str(buf_cstr(&text));
		buf_release(&text);
		t->cells[t->cell_count++] = s;
		int width = width_of(s);
		if (width > t->widths[i] && !t->header_shown)
			t->widths[i] = width;
	}
}

static void print_cell(const struct table *t, size_t column, const char *text)
{
	bool last = column + 1 == t->column_count;
	int pad = t->widths[column] - width_of(text);
	printf("%s%*s", text, last ? 0 : (pad > 0 ? pad : 0) + 2, "");
	if (last)
		printf("\n");
}

void table_flush(struct table *t)
{
	for (size_t i = 0; !t->header_shown && i < t->column_count; i++) {
		char upper[64];
		size_t n = 0;
		for (; t->columns[i][n] && n + 1 < sizeof(upper); n++) {
			char c = t->columns[i][n];
			upper[n] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		}
		upper[n] = 0;
		print_cell(t, i, upper);
	}
	t->header_shown = true;
	for (size_t i = 0; i < t->cell_count; i++) {
		print_cell(t, i % t->column_count, t->cells[i]);
		free(t->cells[i]);
	}
	t->cell_count = 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->cell_count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}
