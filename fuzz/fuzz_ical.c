/* Calendar files: what they give are ranges in order, with names, and each is found again. */
#include "base/base.h"
#include "base/text.h"
#include "codec/ical.h"
#include "fuzz/fuzz.h"

#define FROM_S INT64_C(631152000)  /* 1990 */
#define TO_S   INT64_C(2208988800) /* 2040 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tz_cache *zones;
	struct ical c;
	if (!zones)
		zones = tz_cache_new(NULL);
	if (ical_read(BYTES(data, size), zones, FROM_S, TO_S, &c, NULL))
		return 0;
	struct recur_outs outs = {c.v, c.len};
	ASSERT(c.len <= ICAL_RANGES_MAX && c.events <= ICAL_EVENTS_MAX);
	for (size_t i = 0; i < c.len; i++) {
		ASSERT(c.v[i].from_s < c.v[i].to_s && c.v[i].from_s < TO_S && c.v[i].to_s > FROM_S);
		ASSERT(c.v[i].name[0] && strlen(c.v[i].name) <= ICAL_NAME_MAX &&
		       text_is_printable(bytes_str(c.v[i].name)));
		ASSERT(recur_out_at(&outs, tz_utc(), c.v[i].from_s * 1000));
	}
	ical_release(&c);
	return 0;
}
