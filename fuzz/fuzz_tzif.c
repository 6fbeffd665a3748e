/* Files of time zones: changes rise, and an instant found for a wall clock shows it. */
#include "base/base.h"
#include "codec/tzif.h"
#include "fuzz/fuzz.h"

static void check_instant(const struct tz *tz, int64_t wall_s)
{
	int64_t at;
	enum tz_fit fit = tz_instant(tz, wall_s, &at);
	ASSERT(fit == TZ_FIT_GAP ? tz_wall(tz, at) > wall_s || tz_wall(tz, at) != wall_s : tz_wall(tz, at) == wall_s);
	ASSERT(at >= wall_s - TZ_OFFSET_MAX - 1 && at <= wall_s + TZ_OFFSET_MAX + 1);
}

static void check_from(const struct tz *tz, int64_t at)
{
	int64_t next;
	for (size_t i = 0; i < 4 && tz_next_change(tz, at, &next) && next < INT64_C(1) << 50; i++) {
		ASSERT(next > at);
		check_instant(tz, tz_wall(tz, next) - 1);
		check_instant(tz, tz_wall(tz, next - 1) + 1);
		at = next;
	}
}

/* The bytes as the name of a zone: none leads out of the folder of zones, and a zone is read once. */
static void as_name(struct bytes in)
{
	const struct tz *tz, *again;
	AUTO_FREE char *name = bytes_dup_str(in);
	struct tz_cache *c = tz_cache_new(NULL);
	if (tz_cache_get(c, name, &tz, NULL) == 0) {
		ASSERT(tz_name_is_valid(name) && !strstr(name, "..") && name[0] != '/');
		ASSERT(strcmp(tz_name(tz), name) == 0 && tz_cache_get(c, name, &again, NULL) == 0 && again == tz);
	}
	tz_cache_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t from_s[] = {-(INT64_C(1) << 40), -3000000000, 0, 1798761600, 32503680000};
	struct tz *tz;
	as_name(BYTES(data, size));
	if (tz_parse("Fuzz/Zone", BYTES(data, size), &tz, NULL))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(from_s); i++) {
		check_instant(tz, from_s[i]);
		check_from(tz, from_s[i]);
	}
	tz_free(tz);
	return 0;
}
