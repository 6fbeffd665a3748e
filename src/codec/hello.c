#include "codec/hello.h"

#include "base/base.h"
#include "base/cursor.h"
#include "base/err.h"

static const struct {
	const char *name;
	size_t size;
} hash_types[] = {
	[HELLO_HASH_SHA1] = {"sha1", 20},
	[HELLO_HASH_SHA256] = {"sha256", 32},
	[HELLO_HASH_SHA384] = {"sha384", HELLO_HASH_MAX},
};

size_t hello_hash_size(enum hello_hash_type type)
{
	return (size_t)type < ARRAY_LEN(hash_types) ? hash_types[type].size : 0;
}

const char *hello_hash_name(enum hello_hash_type type)
{
	return (size_t)type < ARRAY_LEN(hash_types) ? hash_types[type].name : NULL;
}

int64_t hello_sent_after_ms(uint32_t retry)
{
	static const int minutes[] = {1, 10, 60}; /* of each five */
	int64_t sum = 0;
	for (uint32_t i = 1; i <= retry && i < 15; i++)
		sum += minutes[i / 5];
	return sum * 60000;
}

static int cut_short(struct err *e)
{
	return err_set(e, ERR_END, "hello: cut short");
}

static bool is_pid(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] > 0x7e)
			return false;
	return s.len == HELLO_PID_LEN;
}

static int parse_pid(struct cursor *c, struct hello *h, struct err *e)
{
	struct bytes pid = cursor_take(c, HELLO_PID_LEN);
	if (c->failed)
		return cut_short(e);
	if (!is_pid(pid))
		return err_set(e, ERR_MALFORMED, "hello: the PID is not 8 printable characters");
	memcpy(h->pid, pid.p, pid.len);
	return 0;
}

/* What is wrong is said as soon as it is seen, whatever may still come. */
static int parse_hash(struct cursor *c, struct hello_hash *h, struct err *e)
{
	if (cursor_left(c) < 2)
		return cut_short(e);
	h->type = cursor_u8(c);
	size_t len = cursor_u8(c);
	if (!len || len != hello_hash_size(h->type))
		return err_set(e, ERR_MALFORMED, "hello: a hash of type %d has %zu bytes", (int)h->type, len);
	h->value = cursor_take(c, len);
	return c->failed ? cut_short(e) : 0;
}

bool hello_hash_next(struct bytes *rest, struct hello_hash *ret)
{
	struct cursor c;
	cursor_init(&c, *rest);
	if (parse_hash(&c, ret, NULL))
		return false;
	*rest = BYTES(c.p, cursor_left(&c));
	return true;
}

static int parse_hashes(struct cursor *c, struct hello *h, struct err *e)
{
	if (!cursor_left(c))
		return cut_short(e);
	h->hash_count = cursor_u8(c);
	if (h->hash_count > HELLO_HASHES_MAX)
		return err_set(e, ERR_TOO_BIG, "hello: %zu hashes", h->hash_count);
	for (size_t i = 0; i < h->hash_count; i++) {
		int rc = parse_hash(c, &h->hashes[i], e);
		if (rc)
			return rc;
	}
	return 0;
}

static int parse_head(struct cursor *c, struct hello *h, struct err *e)
{
	uint16_t admin = cursor_le16(c);
	if (!c->failed && admin > 1)
		return err_set(e, ERR_MALFORMED, "hello: begins with %u", admin);
	uint16_t version = cursor_le16(c);
	if (c->failed)
		return cut_short(e);
	if (version != HELLO_VERSION_PSK && version != HELLO_VERSION_PKI)
		return err_set(e, ERR_UNSUPPORTED, "hello: version %u", version);
	h->admin_set = admin;
	h->version = (enum hello_version)version;
	h->retry = cursor_le32(c);
	struct bytes uuid = cursor_take(c, sizeof(h->uuid.b));
	if (c->failed)
		return cut_short(e);
	h->uuid = uuid_from_smbios(uuid.p);
	return 0;
}

int hello_parse(struct bytes in, struct hello *ret, struct err *e)
{
	struct cursor c;
	struct hello h = {0};
	cursor_init(&c, in);
	int rc = parse_head(&c, &h, e);
	if (rc == 0)
		rc = h.version == HELLO_VERSION_PSK ? parse_pid(&c, &h, e) : parse_hashes(&c, &h, e);
	if (rc)
		return rc;
	if (cursor_left(&c))
		return err_set(e, ERR_MALFORMED, "hello: %zu bytes behind its end", cursor_left(&c));
	*ret = h;
	return 0;
}

static int check(const struct hello *h, struct err *e)
{
	if (h->version == HELLO_VERSION_PSK)
		return is_pid(bytes_str(h->pid)) ? 0 : err_set(e, ERR_INVALID, "hello: the PID is not 8 characters");
	if (h->version != HELLO_VERSION_PKI)
		return err_set(e, ERR_INVALID, "hello: version %d", (int)h->version);
	if (h->hash_count > HELLO_HASHES_MAX)
		return err_set(e, ERR_INVALID, "hello: %zu hashes", h->hash_count);
	for (size_t i = 0; i < h->hash_count; i++)
		if (!h->hashes[i].value.len || h->hashes[i].value.len != hello_hash_size(h->hashes[i].type))
			return err_set(e, ERR_INVALID, "hello: hash %zu has another length than its type", i + 1);
	return 0;
}

static void add_hashes(const struct hello *h, struct buf *out)
{
	(void)buf_addc(out, (char)h->hash_count); /* a full buf is marked */
	for (size_t i = 0; i < h->hash_count; i++) {
		(void)buf_addc(out, (char)h->hashes[i].type);
		(void)buf_addc(out, (char)h->hashes[i].value.len);
		(void)buf_add_bytes(out, h->hashes[i].value);
	}
}

int hello_encode(const struct hello *h, struct buf *out, struct err *e)
{
	uint8_t uuid[16];
	size_t before = out->len;
	int rc = check(h, e);
	if (rc)
		return rc;
	uuid_to_smbios(&h->uuid, uuid);
	(void)buf_add_le16(out, h->admin_set);
	(void)buf_add_le16(out, (uint16_t)h->version);
	(void)buf_add_le32(out, h->retry);
	(void)buf_add(out, uuid, sizeof(uuid));
	if (h->version == HELLO_VERSION_PSK)
		(void)buf_add(out, h->pid, HELLO_PID_LEN);
	else
		add_hashes(h, out);
	rc = buf_check(out, e, "hello");
	if (rc)
		buf_truncate(out, before);
	return rc;
}
