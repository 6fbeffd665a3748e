#include "amt/firmware.h"

#include <ctype.h>

#include "base/base.h"

#define PRODUCT      "Intel(R) "
#define REALM_PREFIX "Digest:"
#define REALM_DIGITS 32
#define FIRST_WSMAN  3 /* major version that speaks WS-Management */

static const struct quirk_row {
	unsigned first, last; /* major * 1000 + minor; last 0: none */
} quirks[QUIRK_COUNT] = {
#define QUIRK(name, first_major, first_minor, last_major, last_minor, what, where)                                     \
	[QUIRK_##name] = {(first_major)*1000 + (first_minor), (last_major)*1000 + (last_minor)},
#include "amt/quirk.tbl.h"
#undef QUIRK
};

static size_t digits(struct bytes s, size_t at)
{
	size_t n = 0;
	while (at + n < s.len && isdigit(s.p[at + n]))
		n++;
	return n;
}

/* "11.8.50.3425": numbers with dots between, nothing else. */
static bool is_version(struct bytes s)
{
	size_t at = 0;
	for (;;) {
		size_t n = digits(s, at);
		if (n == 0 || n > 6)
			return false;
		at += n;
		if (at == s.len)
			return true;
		if (s.p[at++] != '.')
			return false;
	}
}

static struct bytes last_word(struct bytes s)
{
	size_t from = s.len;
	while (from > 0 && s.p[from - 1] != ' ')
		from--;
	return BYTES(s.p + from, s.len - from);
}

bool firmware_from_server(struct bytes server, char ret_version[ACT_VERSION_SIZE])
{
	struct bytes s = bytes_trim(server);
	struct bytes word = last_word(s);
	ret_version[0] = 0;
	if (bytes_equal_str(s, "AMT"))
		return true;
	if (!bytes_starts_with(s, PRODUCT))
		return false;
	if (is_version(word))
		(void)bytes_to_str(word, ret_version, ACT_VERSION_SIZE); /* too long: unknown */
	return true;
}

bool firmware_is_realm(const char *realm)
{
	if (strncmp(realm, REALM_PREFIX, strlen(REALM_PREFIX)) != 0)
		return false;
	const char *p = realm + strlen(REALM_PREFIX);
	for (int i = 0; i < REALM_DIGITS; i++)
		if (!isxdigit((unsigned char)p[i]))
			return false;
	return !p[REALM_DIGITS];
}

/* major * 1000 + minor; 0 when unknown. */
static unsigned number_of(const char *version)
{
	struct bytes s = bytes_str(version);
	if (!s.len || !is_version(s))
		return 0;
	size_t n = digits(s, 0);
	uint64_t major = 0, minor = 0;
	(void)text_to_u64(BYTES(s.p, n), &major);
	if (n < s.len)
		(void)text_to_u64(BYTES(s.p + n + 1, digits(s, n + 1)), &minor);
	return (unsigned)(major * 1000 + (minor < 1000 ? minor : 999));
}

bool firmware_is_too_old(const char *version)
{
	unsigned number = number_of(version);
	return number && number < FIRST_WSMAN * 1000;
}

bool firmware_has(const char *version, enum quirk q)
{
	unsigned number = number_of(version);
	return number && number >= quirks[q].first && (!quirks[q].last || number <= quirks[q].last);
}
