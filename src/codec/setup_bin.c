#include "codec/setup_bin.h"

#include "base/base.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/secret.h"
#include "codec/hello.h"

#define UUID_SIZE         16
#define HEAD_FIXED_SIZE   42 /* of the header, with the zero that ends the list of modules */
#define HEAD_OFF_CONSUMED 32
#define DATA_HEAD_SIZE    24
#define DATA_OFF_FLAGS    4
#define TYPE_DATA         1
#define ENTRY_HEAD_SIZE   8
#define SCRAMBLE          17

_Static_assert(SETUP_BIN_BODY_SIZE == SETUP_BIN_RECORD_SIZE - DATA_HEAD_SIZE, "the body follows the header");

static const struct {
	enum setup_bin_version version;
	const char *name;
	uint8_t uuid[UUID_SIZE];
} versions[] = {
#define UUID_2                                                                                                         \
	{                                                                                                              \
		0x96, 0xb2, 0x81, 0x58, 0xcf, 0x6b, 0x72, 0x4c, 0x8b, 0x91, 0xa1, 0x5e, 0x51, 0x2e, 0x99, 0xc4         \
	}
	{SETUP_BIN_V1,
	 "1",
	 {0xb5, 0x16, 0xfb, 0x71, 0x87, 0xcb, 0xf9, 0x4a, 0xb4, 0x41, 0xca, 0x7b, 0x38, 0x35, 0x78, 0xf9}},
	{SETUP_BIN_V2, "2", UUID_2},
	{SETUP_BIN_V2_1, "2.1", UUID_2},
	{SETUP_BIN_V3,
	 "3",
	 {0xa7, 0xf7, 0xf6, 0xc6, 0x89, 0xc4, 0xf6, 0x47, 0x93, 0xed, 0xe2, 0xe5, 0x02, 0x0d, 0xa5, 0x1d}},
	{SETUP_BIN_V4,
	 "4",
	 {0xaa, 0xa9, 0x34, 0x52, 0xe1, 0x29, 0xa9, 0x44, 0x8d, 0x4d, 0x08, 0x1c, 0x07, 0xb9, 0x63, 0x53}},
};

static const struct setup_bin_variable variables[] = {
#define SETUP_BIN(NAME, module, variable, name, kind, least, most, since, secret, words)                               \
	{SETUP_BIN_##NAME, name, SETUP_BIN_##kind, least, most, SETUP_BIN_##since, secret, words},
#include "codec/setup_bin.tbl.h"
#undef SETUP_BIN
};

const struct setup_bin_variable *setup_bin_variable(uint32_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (variables[i].id == id)
			return &variables[i];
	return NULL;
}

const char *setup_bin_version_name(enum setup_bin_version v)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].version == v)
			return versions[i].name;
	return NULL;
}

bool setup_bin_version_from_name(struct bytes name, enum setup_bin_version *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (bytes_equal_str(name, versions[i].name)) {
			*ret = versions[i].version;
			return true;
		}
	return false;
}

/* Bytes of the number that a variable holds; 0 when it holds none. */
static size_t number_size(enum setup_bin_kind kind)
{
	switch (kind) {
	case SETUP_BIN_NUMBER_1:
		return 1;
	case SETUP_BIN_NUMBER_2:
		return 2;
	case SETUP_BIN_NUMBER_4:
		return 4;
	case SETUP_BIN_TEXT:
	case SETUP_BIN_RAW:
		break;
	}
	return 0;
}

static uint32_t number_of(struct bytes value)
{
	uint32_t v = 0;
	for (size_t i = value.len; i > 0; i--)
		v = v << 8 | value.p[i - 1];
	return v;
}

/* Reading. */

static bool is_uuid_of(const uint8_t *uuid, enum setup_bin_version version)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].version == version)
			return memcmp(uuid, versions[i].uuid, UUID_SIZE) == 0;
	return false;
}

static bool is_any_uuid(const uint8_t *uuid)
{
	bool is_any = false;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		is_any |= memcmp(uuid, versions[i].uuid, UUID_SIZE) == 0;
	return is_any;
}

static int check_head(const struct setup_bin *f, struct bytes uuid, unsigned chunks, struct err *e)
{
	if (!is_uuid_of(uuid.p, f->version))
		return err_set(e, ERR_UNSUPPORTED, "setup.bin: version %d.%d", (int)f->version >> 8,
			       (int)f->version & 0xff);
	if (chunks != 1)
		return err_set(e, ERR_UNSUPPORTED, "setup.bin: records of %u times 512 bytes", chunks);
	if (f->records > SETUP_BIN_RECORDS_MAX)
		return err_set(e, ERR_TOO_BIG, "setup.bin: %u records", f->records);
	if (f->file.len != setup_bin_size(f->records))
		return err_set(e, ERR_MALFORMED, "setup.bin: %zu bytes for %u records", f->file.len, f->records);
	return 0;
}

int setup_bin_open(struct bytes file, struct setup_bin *ret, struct err *e)
{
	struct cursor c;
	cursor_init(&c, file);
	struct bytes uuid = cursor_take(&c, UUID_SIZE);
	if (c.failed || !is_any_uuid(uuid.p) || file.len < SETUP_BIN_RECORD_SIZE)
		return err_set(e, ERR_MALFORMED, "not a setup.bin of Intel AMT");
	cursor_skip(&c, 8); /* size and number of the header record */
	struct setup_bin f = {.file = file};
	unsigned version = (unsigned)cursor_u8(&c) << 8;
	f.version = (enum setup_bin_version)(version | cursor_u8(&c));
	f.flags = cursor_le16(&c);
	f.records = cursor_le32(&c);
	f.consumed = cursor_le32(&c);
	int rc = check_head(&f, uuid, cursor_le16(&c), e);
	if (rc == 0)
		*ret = f;
	return rc;
}

static int read_entries(struct setup_bin_record *r, struct err *e)
{
	struct cursor c;
	cursor_init(&c, BYTES(r->body, sizeof(r->body)));
	while (cursor_left(&c) >= ENTRY_HEAD_SIZE) {
		unsigned module = cursor_le16(&c);
		unsigned variable = cursor_le16(&c);
		size_t len = cursor_le16(&c);
		cursor_skip(&c, 2);
		if (!module || !variable)
			return 0;
		struct setup_bin_entry *entry = &r->entries[r->count++];
		*entry = (struct setup_bin_entry){SETUP_BIN_ID(module, variable), cursor_take(&c, len)};
		if (c.failed)
			return err_set(e, ERR_MALFORMED, "setup.bin: an entry of %zu bytes passes the end of record %u",
				       len, r->number);
		cursor_skip(&c, -len & 3); /* the body is a multiple of 4 */
	}
	return 0;
}

static void descramble(uint8_t *body, const uint8_t *from)
{
	for (size_t i = 0; i < SETUP_BIN_BODY_SIZE; i++)
		body[i] = (uint8_t)(from[i] - SCRAMBLE);
}

int setup_bin_read(const struct setup_bin *f, uint32_t index, struct setup_bin_record *ret, struct err *e)
{
	ASSERT(index < f->records);
	struct cursor c;
	cursor_init(&c, BYTES(f->file.p + setup_bin_size(index), SETUP_BIN_RECORD_SIZE));
	uint32_t type = cursor_le32(&c);
	uint32_t flags = cursor_le32(&c);
	if (type != TYPE_DATA)
		return err_set(e, ERR_MALFORMED, "setup.bin: record %u is of type %u", index + 1, type);
	cursor_skip(&c, DATA_HEAD_SIZE - 8);
	struct bytes body = cursor_take(&c, SETUP_BIN_BODY_SIZE);
	ret->flags = flags;
	ret->number = index + 1; /* readers pass over the record's own number */
	ret->count = 0;
	if (flags & SETUP_BIN_RECORD_SCRAMBLED)
		descramble(ret->body, body.p);
	else
		memcpy(ret->body, body.p, body.len);
	int rc = read_entries(ret, e);
	if (rc)
		setup_bin_record_wipe(ret);
	return rc;
}

void setup_bin_record_wipe(struct setup_bin_record *r)
{
	secret_wipe(r, sizeof(*r));
}

const struct setup_bin_entry *setup_bin_find(const struct setup_bin_record *r, uint32_t id)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->entries[i].id == id)
			return &r->entries[i];
	return NULL;
}

bool setup_bin_number(const struct setup_bin_entry *entry, uint32_t *ret)
{
	const struct setup_bin_variable *v = setup_bin_variable(entry->id);
	size_t size = v ? number_size(v->kind) : 0;
	if (!size || size != entry->value.len)
		return false;
	*ret = number_of(entry->value);
	return true;
}

static void put_le32(uint8_t *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static void put_le16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

void setup_bin_consume(const struct setup_bin *f, uint32_t index, uint8_t *file)
{
	ASSERT(file == f->file.p && index < f->records);
	uint8_t *flags = file + setup_bin_size(index) + DATA_OFF_FLAGS;
	if (f->flags & SETUP_BIN_FLAG_KEEP)
		return;
	flags[0] &= (uint8_t)~SETUP_BIN_RECORD_VALID;
	put_le32(file + HEAD_OFF_CONSUMED, f->consumed + 1);
}

int setup_bin_hash_parse(struct bytes in, struct setup_bin_hash *ret, struct err *e)
{
	struct cursor c;
	cursor_init(&c, in);
	struct setup_bin_hash h = {.type = cursor_u8(&c)};
	h.value = cursor_take(&c, hello_hash_size(h.type));
	h.name = cursor_take(&c, cursor_u8(&c));
	if (c.failed || !h.value.len || cursor_left(&c))
		return err_set(e, ERR_MALFORMED, "setup.bin: not the hash of a root certificate");
	*ret = h;
	return 0;
}

static bool is_ascii(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

int setup_bin_hash_encode(const struct setup_bin_hash *h, uint8_t *to, size_t *ret_len, struct err *e)
{
	if (!h->value.len || h->value.len != hello_hash_size(h->type))
		return err_set(e, ERR_INVALID, "a hash of %zu bytes is of another type", h->value.len);
	if (!h->name.len || h->name.len > SETUP_BIN_HASH_NAME_MAX || !is_ascii(h->name))
		return err_set(e, ERR_INVALID, "the name of a hash is 1 to 32 characters of ASCII");
	uint8_t *p = to;
	*p++ = h->type;
	memcpy(p, h->value.p, h->value.len);
	p += h->value.len;
	*p++ = (uint8_t)h->name.len;
	memcpy(p, h->name.p, h->name.len);
	*ret_len = (size_t)(p - to) + h->name.len;
	return 0;
}

/* Writing. */

void setup_bin_begin(struct setup_bin_writer *w, enum setup_bin_version version, uint16_t flags, uint8_t *to,
		     size_t size)
{
	ASSERT(size >= SETUP_BIN_RECORD_SIZE && setup_bin_version_name(version));
	*w = (struct setup_bin_writer){.to = to, .size = size, .version = version};
	memset(to, 0, SETUP_BIN_RECORD_SIZE);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].version == version)
			memcpy(to, versions[i].uuid, UUID_SIZE);
	put_le16(to + 16, 1); /* times 512 bytes */
	to[24] = (uint8_t)(version >> 8);
	to[25] = (uint8_t)version;
	put_le16(to + 26, flags);
	put_le16(to + 36, 1); /* times 512 bytes, each data record */
}

static bool is_value_of(const struct setup_bin_variable *v, uint32_t number)
{
	if (v->id == SETUP_BIN_USER_CONSENT)
		return number <= 1 || number == 255;
	if (v->id == SETUP_BIN_SERVICE_TYPE)
		return number == 1 || number == 2 || number == 4;
	return number >= v->least && number <= v->most;
}

static int check_value(const struct setup_bin_variable *v, struct bytes value, struct err *e)
{
	size_t size = number_size(v->kind);
	if (size) {
		if (value.len != size || !is_value_of(v, number_of(value)))
			return err_set(e, ERR_INVALID, "setup.bin: %s cannot have this value (%s)", v->name, v->words);
		return 0;
	}
	if (value.len < v->least || value.len > v->most)
		return err_set(e, ERR_INVALID, "setup.bin: %s has %zu bytes, not %u to %u", v->name, value.len,
			       v->least, v->most);
	if (v->kind == SETUP_BIN_TEXT && !is_ascii(value))
		return err_set(e, ERR_INVALID, "setup.bin: %s is not ASCII", v->name);
	return 0;
}

/* Two of the hash types came with version 3. */
static int check_hash(const struct setup_bin_writer *w, struct bytes value, struct err *e)
{
	struct setup_bin_hash h = {0};
	int rc = setup_bin_hash_parse(value, &h, e);
	if (rc)
		return err_set(e, ERR_INVALID, "setup.bin: not the hash of a root certificate");
	if (h.type != HELLO_HASH_SHA1 && w->version < SETUP_BIN_V3)
		return err_set(e, ERR_INVALID, "setup.bin: before version 3 only SHA-1 hashes");
	return 0;
}

static int check_entry(const struct setup_bin_writer *w, const struct setup_bin_entry *entry, struct err *e)
{
	const struct setup_bin_variable *v = setup_bin_variable(entry->id);
	if (!v)
		return err_set(e, ERR_INVALID, "setup.bin: no variable %u,%u", entry->id >> 16, entry->id & 0xffff);
	if (v->since > w->version)
		return err_set(e, ERR_INVALID, "setup.bin: %s came with version %s, this file has %s", v->name,
			       setup_bin_version_name(v->since), setup_bin_version_name(w->version));
	int rc = check_value(v, entry->value, e);
	return rc || v->id != SETUP_BIN_HASH ? rc : check_hash(w, entry->value, e);
}

/* By id, those of the same id in their order. */
static int sort_entries(const struct setup_bin_entry *entries, size_t count, const struct setup_bin_entry **sorted,
			struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = i;
		for (; at > 0 && sorted[at - 1]->id > entries[i].id; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &entries[i];
		if (at > 0 && sorted[at - 1]->id == entries[i].id && entries[i].id != SETUP_BIN_HASH)
			return err_set(e, ERR_INVALID, "setup.bin: %s is there twice",
				       setup_bin_variable(entries[i].id)->name);
	}
	return 0;
}

static void note_module(struct setup_bin_writer *w, uint32_t id)
{
	uint16_t module = (uint16_t)(id >> 16);
	for (size_t i = 0; i < w->module_count; i++)
		if (w->modules[i] == module)
			return;
	ASSERT(w->module_count < ARRAY_LEN(w->modules));
	w->modules[w->module_count++] = module;
}

static size_t put_entry(uint8_t *to, const struct setup_bin_entry *entry)
{
	put_le16(to, entry->id >> 16);
	put_le16(to + 2, entry->id & 0xffff);
	put_le16(to + 4, (unsigned)entry->value.len);
	if (entry->value.len)
		memcpy(to + ENTRY_HEAD_SIZE, entry->value.p, entry->value.len);
	return ENTRY_HEAD_SIZE + (entry->value.len + 3) / 4 * 4;
}

static void put_data_head(uint8_t *to, uint32_t number, uint32_t flags)
{
	memset(to, 0, SETUP_BIN_RECORD_SIZE);
	put_le32(to, TYPE_DATA);
	put_le32(to + DATA_OFF_FLAGS, flags);
	put_le16(to + 16, 1);
	put_le16(to + 18, DATA_HEAD_SIZE);
	put_le32(to + 20, number);
}

static int check_record(const struct setup_bin_writer *w, const struct setup_bin_entry *entries, size_t count,
			struct err *e)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		int rc = check_entry(w, &entries[i], e);
		if (rc)
			return rc;
		size += ENTRY_HEAD_SIZE + (entries[i].value.len + 3) / 4 * 4;
	}
	if (count > SETUP_BIN_ENTRIES_MAX || size > SETUP_BIN_BODY_SIZE)
		return err_set(e, ERR_TOO_BIG, "setup.bin: a record holds %d bytes, not %zu", SETUP_BIN_BODY_SIZE,
			       size);
	if (w->records == SETUP_BIN_RECORDS_MAX || w->size < setup_bin_size(w->records + 1))
		return err_set(e, ERR_TOO_BIG, "setup.bin: more than %u records", w->records);
	return 0;
}

int setup_bin_add(struct setup_bin_writer *w, const struct setup_bin_entry *entries, size_t count, uint32_t flags,
		  struct err *e)
{
	const struct setup_bin_entry *sorted[SETUP_BIN_ENTRIES_MAX];
	int rc = check_record(w, entries, count, e);
	if (rc == 0)
		rc = sort_entries(entries, count, sorted, e);
	if (rc)
		return rc;
	uint8_t *record = w->to + setup_bin_size(w->records);
	uint8_t *body = record + DATA_HEAD_SIZE;
	put_data_head(record, ++w->records, flags);
	for (size_t i = 0, at = 0; i < count; i++) {
		note_module(w, sorted[i]->id);
		at += put_entry(body + at, sorted[i]);
	}
	for (size_t i = 0; flags & SETUP_BIN_RECORD_SCRAMBLED && i < SETUP_BIN_BODY_SIZE; i++)
		body[i] = (uint8_t)(body[i] + SCRAMBLE);
	return 0;
}

size_t setup_bin_end(struct setup_bin_writer *w)
{
	put_le16(w->to + 18, (unsigned)(HEAD_FIXED_SIZE + 2 * w->module_count));
	put_le32(w->to + 28, w->records);
	for (size_t i = 0; i < w->module_count; i++)
		put_le16(w->to + 40 + 2 * i, w->modules[i]);
	return setup_bin_size(w->records);
}
