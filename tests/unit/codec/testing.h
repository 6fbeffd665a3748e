/* testing.h - for the tests of codec: golden files, and the visible part of an input as memory of its own, so that a
 * read past its end is seen by the address sanitizer. */
#ifndef TESTS_CODEC_TESTING_H
#define TESTS_CODEC_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/* The whole of tests/golden/NAME; the caller releases the buf. */
static inline UNUSED void golden_read(const char *name, struct buf *ret)
{
	char path[512];
	const char *root = getenv("LAMPLIGHTER_SOURCE");
	assert_non_null(root);
	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s", root, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("no golden file %s", path);
	buf_init(ret, 1 << 20);
	char part[4096];
	for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;)
		assert_int_equal(buf_add(ret, part, n), 0);
	(void)fclose(f);
}

/* The first len bytes of all as memory of exactly that size; the caller frees .p. */
static inline UNUSED struct bytes visible(struct bytes all, size_t len)
{
	uint8_t *p = malloc(len ? len : 1);
	assert_non_null(p);
	if (len)
		memcpy(p, all.p, len);
	return BYTES(p, len);
}

#define assert_bytes_equal_str(b, s)                                                                                   \
	do {                                                                                                           \
		struct bytes is_ = (b);                                                                                \
		if (!bytes_equal_str(is_, (s)))                                                                        \
			fail_msg("\"%.*s\" is not \"%s\"", (int)is_.len, (const char *)is_.p, (s));                    \
	} while (0)

#define assert_contains(text, part)                                                                                    \
	do {                                                                                                           \
		const char *is_ = (text);                                                                              \
		if (!strstr(is_, (part)))                                                                              \
			fail_msg("\"%s\" does not contain \"%s\"", is_, (part));                                       \
	} while (0)

#endif
