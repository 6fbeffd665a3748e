#include "base/base.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void auto_free_(void *pp)
{
	void *p;
	memcpy(&p, pp, sizeof(p));
	free(p);
}

static void *must(void *p, size_t len)
{
	if (!p) {
		(void)fprintf(stderr, "<2>out of memory: %zu bytes refused\n",
			      len); /* nothing is left to do if it fails */
		abort();
	}
	return p;
}

void *mem_alloc(size_t len)
{
	return must(calloc(1, len ? len : 1), len);
}

void *mem_array(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1), size && n > SIZE_MAX / size ? SIZE_MAX : n * size);
}

void *mem_grow(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		must(NULL, SIZE_MAX);
	size_t len = n * size;
	return must(realloc(p, len ? len : 1), len);
}

char *mem_str(const char *s)
{
	return s ? bytes_dup_str(bytes_str(s)) : NULL;
}

void assert_failed(const char *expr, const char *file, int line, const char *func)
{
	(void)fprintf(stderr, "<2>%s:%d: %s: not true: %s\n", file, line, func, expr); /* aborts all the same */
	abort();
}
