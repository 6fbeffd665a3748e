/* Lines of the log file: a line that is read has its fields inside it, and what is written is read back. */
#include "base/base.h"
#include "codec/msgline.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size), fields[MSGLINE_FIELDS];
	struct buf out;
	if (msgline_parse(in, fields, NULL) == 0)
		for (int i = 0; i < MSGLINE_FIELDS; i++)
			ASSERT(fields[i].p >= in.p && fields[i].p + fields[i].len < in.p + in.len);
	for (int i = 0; i < MSGLINE_FIELDS; i++)
		fields[i] = i % 2 ? in : BYTES(data, size / 2);
	buf_init(&out, 64 + 5 * MSGLINE_FIELDS * size);
	msgline_write(&out, fields);
	ASSERT(!out.failed && !memchr(out.p, '\n', out.len - 1));
	ASSERT(msgline_parse(BYTES(out.p, out.len - 1), fields, NULL) == 0);
	buf_reset(&out);
	out.max = size;
	msgline_write(&out, fields);
	ASSERT(out.failed && out.len <= size);
	buf_release(&out);
	return 0;
}
