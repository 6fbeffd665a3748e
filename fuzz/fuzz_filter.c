/* What somebody types as a login, in a search filter: nothing of it counts as the filter's own. The first line is the
 * template, the rest the login. */
#include "base/base.h"
#include "directory/filter.h"
#include "directory/person.h"
#include "fuzz/fuzz.h"

static size_t count(const char *s, char c)
{
	size_t n = 0;
	for (; *s; s++)
		n += *s == c;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - data) : size;
	AUTO_FREE char *template = bytes_dup_str(BYTES(data, len));
	struct bytes login = end ? BYTES(end + 1, size - len - 1) : BYTES_NONE;
	AUTO_FREE char *name = bytes_dup_str(login);
	struct buf out;
	buf_init(&out, FILTER_MAX);
	if (filter_check(template, NULL) == 0 && filter_fill(template, login, &out, NULL) == 0) {
		const char *s = buf_cstr(&out);
		ASSERT(strlen(s) == out.len || memchr(template, 0, len));
		ASSERT(count(s, '(') == count(template, '(') && count(s, ')') == count(template, ')'));
		ASSERT(count(s, '*') == count(template, '*'));
	}
	ASSERT(person_same_group(template, name) == person_same_group(name, template));
	buf_release(&out);
	return 0;
}
