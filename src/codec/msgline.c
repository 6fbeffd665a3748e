#include "codec/msgline.h"

#include "base/err.h"
#include "base/text.h"

/* text_escape doubles backslashes; what is left to do is the bracket that would end the field. */
static void put_field(struct buf *out, struct bytes s)
{
	const uint8_t *end;
	while (s.len && (end = memchr(s.p, ']', s.len))) {
		size_t n = (size_t)(end - s.p);
		text_escape(out, BYTES(s.p, n));
		(void)buf_adds(out, "\\]"); /* a full buf is marked */
		s = BYTES(s.p + n + 1, s.len - n - 1);
	}
	text_escape(out, s);
}

void msgline_write(struct buf *out, const struct bytes fields[MSGLINE_FIELDS])
{
	for (int i = 0; i < MSGLINE_FIELDS; i++) {
		(void)buf_adds(out, i ? " [" : "[");
		put_field(out, fields[i]);
		(void)buf_addc(out, ']');
	}
	(void)buf_addc(out, '\n');
}

/* Length of the field at the start of s, up to its closing bracket; s.len when there is none. */
static size_t field_len(struct bytes s)
{
	size_t i = 0;
	while (i < s.len && s.p[i] != ']')
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.len ? i : s.len;
}

int msgline_parse(struct bytes line, struct bytes ret_fields[MSGLINE_FIELDS], struct err *e)
{
	struct bytes fields[MSGLINE_FIELDS];
	for (int i = 0; i < MSGLINE_FIELDS; i++) {
		const char *opens = i ? " [" : "[";
		size_t skip = strlen(opens);
		if (!bytes_starts_with(line, opens))
			return err_set(e, ERR_INVALID, "line of the log: field %d does not begin", i + 1);
		line = BYTES(line.p + skip, line.len - skip);
		size_t n = field_len(line);
		if (n == line.len)
			return err_set(e, ERR_INVALID, "line of the log: field %d does not end", i + 1);
		fields[i] = BYTES(line.p, n);
		line = BYTES(line.p + n + 1, line.len - n - 1);
	}
	if (line.len)
		return err_set(e, ERR_INVALID, "line of the log: more than %d fields", MSGLINE_FIELDS);
	memcpy(ret_fields, fields, sizeof(fields));
	return 0;
}
