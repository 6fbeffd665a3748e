#include "codec/inventory.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/err.h"
#include "codec/csv.h"
#include "codec/json.h"
#include "codec/range.h"

#define VALUE_MAX   4096 /* bytes of one field */
#define IGNORED_MAX 20

static const struct {
	const char *name, *others;
	bool many;
} fields[] = {
#define INVENTORY_FIELD(id, name, others, many, sentence) {name, others, many},
#include "codec/inventory.tbl.h"
#undef INVENTORY_FIELD
};

const char *inventory_field_name(enum inventory_field f)
{
	return fields[f].name;
}

/* Whether a name that a person wrote is one of a list joined with commas. */
static bool is_one_of(struct bytes written, const char *names)
{
	for (const char *at = names; *at;) {
		size_t len = strcspn(at, ","), n = 0, i = 0;
		for (; i < written.len && n <= len; i++) {
			uint8_t ch = written.p[i];
			if (ch == ' ' || ch == '-' || ch == '_')
				continue;
			uint8_t low = ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch;
			if (n == len || low != (uint8_t)at[n])
				break;
			n++;
		}
		if (n == len && i == written.len)
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

/* INVENTORY_FIELD_COUNT: means nothing here. */
static enum inventory_field field_of(struct bytes written)
{
	int f = 0;
	while (f < INVENTORY_FIELD_COUNT && !is_one_of(written, fields[f].name) &&
	       !is_one_of(written, fields[f].others))
		f++;
	return (enum inventory_field)f;
}

/* Fills the error of a row; the first slip counts. */
__attribute__((format(printf, 5, 6))) static void slip(struct arena *a, struct inventory_record *r, int code,
						       const char *column, const char *fmt, ...)
{
	char why[512];
	va_list ap;
	if (r->code)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap); /* a longer one is cut */
	va_end(ap);
	struct buf clean; /* cut in the middle of a character it would be no text any more */
	buf_init(&clean, 4 * sizeof(why));
	text_escape(&clean, bytes_str(why));
	r->code = code;
	r->column = column;
	r->why = text_is_utf8(bytes_str(why)) ? arena_str(a, bytes_str(why)) : arena_str(a, buf_bytes(&clean));
	buf_release(&clean);
}

static int hex_of(uint8_t ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

bool inventory_mac_parse(struct bytes text, char ret[INVENTORY_MAC_SIZE])
{
	char digits[12];
	size_t n = 0, others = 0;
	for (size_t i = 0; i < text.len; i++) {
		bool is_digit = hex_of(text.p[i]) >= 0;
		if (is_digit && n == sizeof(digits))
			return false;
		if (is_digit)
			digits[n++] = (char)(text.p[i] >= 'A' && text.p[i] <= 'F' ? text.p[i] | 0x20 : text.p[i]);
		else if (!memchr(":-.", text.p[i], 3) || n == 0 || n == 12 || n % 2 || hex_of(text.p[i - 1]) < 0)
			return false;
		else
			others++;
	}
	bool fine = n == 12 && (others == 0 || others == 2 || others == 5);
	for (size_t i = 0; fine && i < 6; i++)
		(void)snprintf(ret + 3 * i, 4, "%c%c%s", digits[2 * i], digits[2 * i + 1], i < 5 ? ":" : "");
	return fine;
}

static bool address_canonical(struct bytes text, char to[RANGE_ADDR_TEXT_SIZE])
{
	struct range_addr a;
	if (range_addr_parse(text, &a, NULL))
		return false;
	range_addr_text(&a, to);
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once, joined with commas. */
static const char *join(struct arena *a, const char **values, size_t count)
{
	struct buf all;
	buf_init(&all, VALUE_MAX);
	qsort(values, count, sizeof(values[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(values[i], values[i - 1]) != 0)
			(void)buf_addf(&all, "%s%s", all.len ? "," : "", values[i]); /* at most 32 short ones */
	const char *joined = arena_str(a, buf_bytes(&all));
	buf_release(&all);
	return joined;
}

static const char *read_many(const char *text, enum inventory_field f, struct arena *a, struct inventory_record *r)
{
	static const char apart[] = ", ;\t\r\n";
	const char *values[INVENTORY_VALUES_MAX];
	size_t count = 0;
	for (const char *at = text + strspn(text, apart); *at; at += strspn(at, apart)) {
		struct bytes one = BYTES(at, strcspn(at, apart));
		char to[RANGE_ADDR_TEXT_SIZE];
		at += one.len;
		if (count == INVENTORY_VALUES_MAX) {
			slip(a, r, ERR_TOO_BIG, fields[f].name, "more than %d values", INVENTORY_VALUES_MAX);
			break;
		}
		bool fine = f == INVENTORY_MAC ? inventory_mac_parse(one, to) : address_canonical(one, to);
		if (fine)
			values[count++] = arena_str(a, bytes_str(to));
		else if (f == INVENTORY_MAC)
			slip(a, r, ERR_INVALID, fields[f].name,
			     "\"%.*s\" is no MAC address; write it as 02:00:5e:10:00:01", (int)one.len,
			     (const char *)one.p);
		else
			slip(a, r, ERR_INVALID, fields[f].name,
			     "\"%.*s\" is no IP address; write it as 10.1.0.17 or fd00::17", (int)one.len,
			     (const char *)one.p);
	}
	return join(a, values, count);
}

static void read_uuid(const char *text, struct arena *a, struct inventory_record *r)
{
	struct bytes s = bytes_str(text);
	char with_hyphens[UUID_TEXT_SIZE];
	if (s.len > 2 && s.p[0] == '{' && s.p[s.len - 1] == '}')
		s = BYTES(s.p + 1, s.len - 2);
	if (s.len == 32) {
		(void)snprintf(with_hyphens, sizeof(with_hyphens), "%.8s-%.4s-%.4s-%.4s-%.12s", (const char *)s.p,
			       (const char *)s.p + 8, (const char *)s.p + 12, (const char *)s.p + 16,
			       (const char *)s.p + 20);
		s = bytes_str(with_hyphens);
	}
	if (s.len && !uuid_parse(s, &r->uuid))
		slip(a, r, ERR_INVALID, fields[INVENTORY_UUID].name,
		     "\"%s\" is no UUID; write it as 8-4-4-4-12 hexadecimal digits", text);
}

/* RFC 1123 2.1, with the underscore that some names have. */
static bool is_host_name(const char *s)
{
	size_t label = 0;
	for (const char *p = s; *p; p++) {
		bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_';
		if (*p == '.' ? label == 0 : !is_letter && (*p != '-' || label == 0))
			return false;
		label = *p == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0 && strlen(s) <= 253;
}

static void read_fqdn(const char *text, struct arena *a, struct inventory_record *r)
{
	size_t len = strlen(text);
	if (len && text[len - 1] == '.')
		len--;
	char *name = arena_str(a, BYTES(text, len));
	for (size_t i = 0; i < len; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] |= 0x20;
	if (*name && !is_host_name(name))
		slip(a, r, ERR_INVALID, fields[INVENTORY_FQDN].name,
		     "\"%s\" is no name of a host; write it as pc-17.corp.example", text);
	r->fqdn = name;
}

/* As it is, without blanks around it. */
static const char *read_plain(const char *text, enum inventory_field f, size_t max, struct arena *a,
			      struct inventory_record *r)
{
	struct bytes s = bytes_trim(bytes_str(text));
	if (s.len > max)
		slip(a, r, ERR_TOO_BIG, fields[f].name, "longer than %zu bytes", max);
	else if (!text_is_printable(s))
		slip(a, r, ERR_INVALID, fields[f].name,
		     "holds characters that cannot be shown; save the file as UTF-8");
	return arena_str(a, s.len > max ? BYTES_LIT("") : s);
}

static const char *trimmed(const char *const given[], enum inventory_field f, struct arena *a,
			   struct inventory_record *r)
{
	size_t max = fields[f].many || f == INVENTORY_FOLDER ? VALUE_MAX : INVENTORY_TEXT_MAX;
	return given[f] ? read_plain(given[f], f, max, a, r) : "";
}

void inventory_record_read(const char *const given[INVENTORY_FIELD_COUNT], struct arena *a,
			   struct inventory_record *ret)
{
	struct inventory_record r = {.row = ret->row, .column = "", .why = ""};
	r.name = trimmed(given, INVENTORY_NAME, a, &r);
	read_uuid(trimmed(given, INVENTORY_UUID, a, &r), a, &r);
	r.macs = read_many(trimmed(given, INVENTORY_MAC, a, &r), INVENTORY_MAC, a, &r);
	read_fqdn(trimmed(given, INVENTORY_FQDN, a, &r), a, &r);
	r.addresses = read_many(trimmed(given, INVENTORY_ADDRESS, a, &r), INVENTORY_ADDRESS, a, &r);
	r.serial = trimmed(given, INVENTORY_SERIAL, a, &r);
	r.folder = trimmed(given, INVENTORY_FOLDER, a, &r);
	if (!*r.name)
		r.name = r.fqdn;
	if (!*r.name)
		slip(a, &r, ERR_MISSING, fields[INVENTORY_NAME].name,
		     "has neither a name nor an fqdn; give one of them");
	*ret = r;
}

/* What an import is being made of. */
struct reading {
	struct arena *a;
	struct inventory *to;
	size_t cap, ignored_count;
};

static int next_row(struct reading *r, int64_t number, struct inventory_record **ret, struct err *e)
{
	struct inventory *to = r->to;
	if (to->count == INVENTORY_ROWS_MAX)
		return err_set(e, ERR_TOO_BIG,
			       "more than %d rows at once; cut the file into parts, each with the header row",
			       INVENTORY_ROWS_MAX);
	if (to->count == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct inventory_record *more = arena_alloc(r->a, cap * sizeof(*more));
		if (to->count)
			memcpy(more, to->rows, to->count * sizeof(*more));
		to->rows = more;
		r->cap = cap;
	}
	*ret = &to->rows[to->count++];
	**ret = (struct inventory_record){.row = number, .column = "", .why = ""};
	return 0;
}

static void ignore(struct reading *r, struct bytes name)
{
	if (r->ignored_count == IGNORED_MAX || !name.len || name.len > INVENTORY_TEXT_MAX || !text_is_printable(name))
		return;
	const char *text = arena_str(r->a, name), *list = r->to->ignored;
	size_t len = strlen(text);
	for (const char *at = list; *at; at += at[strcspn(at, ",")] ? strcspn(at, ",") + 1 : strcspn(at, ","))
		if (strcspn(at, ",") == len && memcmp(at, text, len) == 0)
			return;
	if (strchr(text, ','))
		return;
	r->ignored_count++;
	r->to->ignored = arena_printf(r->a, "%s%s%s", list, *list ? "," : "", text);
}

/* CSV: which cell is which field. */
struct header {
	size_t count;
	enum inventory_field field[CSV_CELLS_MAX];
};

static int read_header(struct reading *r, const struct csv_row *row, struct header *ret, struct err *e)
{
	bool seen[INVENTORY_FIELD_COUNT + 1] = {false};
	ret->count = row->count;
	for (size_t i = 0; i < row->count; i++) {
		struct bytes name = bytes_trim(row->cells[i]);
		enum inventory_field f = field_of(name);
		if (f == INVENTORY_FIELD_COUNT)
			ignore(r, name);
		else if (seen[f])
			return err_set(e, ERR_INVALID, "the header row has two columns for %s", fields[f].name);
		seen[f] = true;
		ret->field[i] = f;
	}
	if (!seen[INVENTORY_NAME] && !seen[INVENTORY_FQDN])
		return err_set(e, ERR_INVALID,
			       "the first row has to name the columns, and no column is called name or fqdn");
	return 0;
}

static void read_csv_row(struct reading *r, const struct header *h, const struct csv_row *row,
			 struct inventory_record *to)
{
	const char *given[INVENTORY_FIELD_COUNT] = {NULL};
	if (row->count != h->count) {
		slip(r->a, to, ERR_INVALID, "", "has %zu cells, the header row %zu; quote cells with commas in them",
		     row->count, h->count);
		return;
	}
	for (size_t i = 0; i < row->count; i++)
		if (h->field[i] != INVENTORY_FIELD_COUNT)
			given[h->field[i]] = arena_str(r->a, row->cells[i]);
	inventory_record_read(given, r->a, to);
}

static int read_csv_rows(struct reading *r, struct csv_reader *csv, struct err *e)
{
	struct header h;
	struct csv_row row;
	struct inventory_record *to;
	struct err why = ERR_INIT;
	int got = csv_read(csv, &row, &why);
	if (got <= 0)
		return err_set(e, ERR_INVALID, "no header row that names the columns%s%s", got ? ": " : "",
			       got ? why.msg : "");
	int rc = read_header(r, &row, &h, e);
	while (!rc && (got = csv_read(csv, &row, &why)) != 0) {
		rc = next_row(r, csv->row, &to, e);
		if (!rc && got < 0)
			slip(r->a, to, got, "", "%s", why.msg);
		else if (!rc)
			read_csv_row(r, &h, &row, to);
		why = (struct err)ERR_INIT;
	}
	return rc;
}

static int read_csv(struct reading *r, struct bytes text, struct err *e)
{
	struct csv_reader csv;
	csv_reader_init(&csv, text);
	int rc = read_csv_rows(r, &csv, e);
	csv_reader_release(&csv);
	return rc;
}

/* One object being read. */
struct object {
	struct reading *r;
	struct inventory_record *to;
	const char *given[INVENTORY_FIELD_COUNT];
};

static void see_member(void *arg, const char *name, const struct json_t *value)
{
	struct object *o = arg;
	struct buf text;
	enum inventory_field f = field_of(bytes_str(name));
	if (f == INVENTORY_FIELD_COUNT) {
		ignore(o->r, bytes_str(name));
		return;
	}
	buf_init(&text, VALUE_MAX);
	json_text(&text, value);
	if (o->given[f])
		slip(o->r->a, o->to, ERR_INVALID, fields[f].name, "is given twice");
	if (text.failed)
		slip(o->r->a, o->to, ERR_TOO_BIG, fields[f].name, "longer than %d bytes", VALUE_MAX);
	o->given[f] = arena_str(o->r->a, buf_bytes(&text));
	buf_release(&text);
}

static void read_object(struct reading *r, const struct json_t *j, struct inventory_record *to)
{
	struct object o = {.r = r, .to = to};
	json_each_member(j, see_member, &o);
	if (!to->code)
		inventory_record_read(o.given, r->a, to);
}

static int read_list(struct reading *r, const struct json_t *list, struct err *e)
{
	struct inventory_record *to;
	int rc = 0;
	for (size_t i = 0; i < json_count(list) && !rc; i++) {
		const struct json_t *one = json_at(list, i);
		rc = next_row(r, (int64_t)i + 1, &to, e);
		if (!rc && json_has_members(one))
			read_object(r, one, to);
		else if (!rc)
			slip(r->a, to, ERR_INVALID, "", "is no object with the members name, uuid, ...");
	}
	return rc;
}

static int read_json(struct reading *r, struct bytes text, struct err *e)
{
	struct json_t *j;
	const struct json_t *list;
	int rc = json_parse(text, text.len, &j, e);
	if (rc)
		return rc;
	if (json_has_members(j))
		rc = json_get_array(j, "items", INVENTORY_ROWS_MAX, &list, e);
	else
		list = j;
	rc = rc ? rc : read_list(r, list, e);
	json_free(j);
	return rc;
}

int inventory_read(struct bytes text, struct arena *a, struct inventory *ret, struct err *e)
{
	struct inventory out = {.ignored = ""};
	struct reading r = {.a = a, .to = &out};
	struct bytes start = bytes_trim(text);
	bool is_json = start.len && (start.p[0] == '[' || start.p[0] == '{');
	if (bytes_starts_with(text, "\xff\xfe") || bytes_starts_with(text, "\xfe\xff"))
		return err_set(e, ERR_INVALID, "the file is in UTF-16; save it as UTF-8");
	int rc = is_json ? read_json(&r, start, e) : read_csv(&r, text, e);
	if (!rc)
		*ret = out;
	return rc;
}
