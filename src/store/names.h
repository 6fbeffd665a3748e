/* names.h - numbers of the database and their words for people, as rows. Private. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The word of number n, "?" when there is none. */
static inline const char *names_of(const char *const *names, size_t count, int n)
{
	return n >= 0 && (size_t)n < count && names[n] ? names[n] : "?";
}

static inline bool names_find(const char *const *names, size_t count, const char *name, int *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i] && strcmp(names[i], name) == 0) {
			*ret = (int)i;
			return true;
		}
	}
	return false;
}

#endif
