#include "codec/conf.h"

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

struct reader {
	const struct conf_key *keys;
	bool *seen; /* one a key */
	void *arg;
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes cut_comment(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '#' && (i == 0 || is_blank(s.p[i - 1])))
			return BYTES(s.p, i);
	return s;
}

/* The value without quotes, comment and blanks. */
static int value_read(struct bytes s, struct bytes *ret, struct err *e)
{
	if (s.len == 0 || s.p[0] != '"') {
		*ret = bytes_trim(cut_comment(s));
		return ret->len ? 0 : err_set(e, ERR_MISSING, "has no value");
	}
	const uint8_t *end = memchr(s.p + 1, '"', s.len - 1);
	if (!end)
		return err_set(e, ERR_INVALID, "the quote is not closed");
	struct bytes rest = BYTES(end + 1, s.len - (size_t)(end + 1 - s.p));
	if (bytes_trim(cut_comment(rest)).len > 0)
		return err_set(e, ERR_INVALID, "something follows the closing quote");
	*ret = BYTES(s.p + 1, (size_t)(end - s.p) - 1);
	return 0;
}

static const struct conf_key *key_find(const struct reader *r, struct bytes name)
{
	for (const struct conf_key *k = r->keys; k->name; k++)
		if (bytes_equal_str(name, k->name))
			return k;
	return NULL;
}

static int key_set(struct reader *r, const struct conf_key *k, struct bytes rest, struct err *e)
{
	struct bytes value;
	char text[CONF_LINE_MAX + 1];
	if (r->seen[k - r->keys] && !k->many)
		return err_set(e, ERR_EXISTS, "is set a second time");
	r->seen[k - r->keys] = true;
	int rc = value_read(bytes_trim(rest), &value, e);
	if (rc)
		return rc;
	if (!text_is_printable(value) || !bytes_to_str(value, text, sizeof(text)))
		return err_set(e, ERR_INVALID, "the value is not UTF-8, or holds a control character");
	return k->set(r->arg, text, e);
}

static int line_read(struct reader *r, struct bytes line, struct err *e)
{
	line = bytes_trim(line);
	if (line.len == 0 || line.p[0] == '#')
		return 0;
	if (line.len > CONF_LINE_MAX)
		return err_set(e, ERR_TOO_BIG, "over %d bytes", CONF_LINE_MAX);
	const uint8_t *equals = memchr(line.p, '=', line.len);
	struct bytes name = equals ? bytes_trim(BYTES(line.p, (size_t)(equals - line.p))) : BYTES_NONE;
	if (name.len == 0)
		return err_set(e, ERR_INVALID, "not of the form key = value");
	const struct conf_key *k = key_find(r, name);
	if (!k && text_is_printable(name))
		return err_set(e, ERR_INVALID, "unknown key \"%.*s\"", name.len > 64 ? 64 : (int)name.len,
			       (const char *)name.p);
	if (!k)
		return err_set(e, ERR_INVALID, "unknown key");
	int rc = key_set(r, k, BYTES(equals + 1, line.len - (size_t)(equals + 1 - line.p)), e);
	return rc ? err_wrap(e, rc, "%s", k->name) : 0;
}

static struct bytes line_take(struct bytes *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->len);
	size_t len = end ? (size_t)(end - text->p) : text->len;
	struct bytes line = BYTES(text->p, len);
	size_t used = end ? len + 1 : len;
	*text = BYTES(text->p + used, text->len - used);
	return line;
}

int conf_parse(struct bytes text, const char *file, const struct conf_key *keys, void *arg, struct err *e)
{
	size_t count = 0;
	while (keys[count].name)
		count++;
	AUTO_FREE bool *seen = mem_array(count + 1, sizeof(*seen));
	struct reader r = {.keys = keys, .seen = seen, .arg = arg};
	if (bytes_starts_with(text, "\xef\xbb\xbf")) /* some editors begin UTF-8 like this */
		text = BYTES(text.p + 3, text.len - 3);
	for (unsigned number = 1; text.len > 0; number++) {
		int rc = line_read(&r, line_take(&text), e);
		if (rc)
			return err_wrap(e, rc, "%s line %u", file, number);
	}
	return 0;
}
