/* tzif.h - time zones of the IANA database: from wall clock to UTC and back, for any instant.
 *
 * Reads the compiled files of the system's database (RFC 8536, TZif version 1 to 4). Behind the last transition of a
 * file the rule in its footer goes on for ever (POSIX TZ string with the extended hours of RFC 8536 section 3.3.1), so
 * instants far in the future follow daylight saving too. The C library's time functions are not used: they know one
 * zone per process, and answer differently in gap and repeated hour from one library to the next.
 *
 * Where a wall clock is put forward (gap), a reading in between stands for the first valid instant after it. Where it
 * is put back (fold), a reading that comes twice stands for its first pass. Lord Howe (30 minutes) and Apia (a whole
 * day in 2011) follow from the same rule.
 *
 * Instants are seconds of UTC since 1970, readings of a wall clock are as in base/civil.h. A struct tz never changes
 * after it was made: any thread may use it. */
#ifndef CODEC_TZIF_H
#define CODEC_TZIF_H

#include "base/civil.h"

struct err;
struct tz;

#define TZ_ROOT       "/usr/share/zoneinfo"
#define TZ_NAME_SIZE  64          /* with its NUL; the longest of the database has 32 characters */
#define TZ_FILE_MAX   (64 * 1024) /* the largest of the database has 4 kB */
#define TZ_OFFSET_MAX 93599       /* seconds: 25:59:59, the most that RFC 8536 recommends; more is refused */

/* Letters, digits and "_+-/." in parts of an IANA name ("America/Argentina/Ushuaia"): no empty part, none that begins
 * with a dot, no slash in front. */
bool tz_name_is_valid(const char *name);

/* Reads the zone from its file below root (NULL: TZ_ROOT). "UTC" needs no file. ERR_INVALID with a sentence that quotes
 * the name: no such zone in the database, not a name at all; ERR_MALFORMED for a broken file; else as file_read. Does
 * file I/O: not for busy threads (a file has 4 kB and is read once per zone; see tz_cache). */
int tz_load(const char *root, const char *name, struct tz **ret, struct err *e);
/* The same from the content of a file; pure. ERR_MALFORMED; ERR_UNSUPPORTED for a file that counts leap seconds. */
int tz_parse(const char *name, struct bytes file, struct tz **ret, struct err *e);
void tz_free(struct tz *tz);

const struct tz *tz_utc(void); /* never freed */
const char *tz_name(const struct tz *tz);

/* Seconds to add to UTC for the wall clock at this instant: 7200 in Berlin in summer. */
int32_t tz_offset(const struct tz *tz, int64_t utc_s);
int64_t tz_wall(const struct tz *tz, int64_t utc_s); /* what the wall clock shows */
bool tz_is_dst(const struct tz *tz, int64_t utc_s);

/* The first instant after utc_s at which offset or daylight saving changes; false when none is left. */
bool tz_next_change(const struct tz *tz, int64_t utc_s, int64_t *ret_utc_s);

enum tz_fit {
	TZ_FIT_ONE,  /* the wall clock shows it once */
	TZ_FIT_GAP,  /* never: *ret is the first instant after the gap */
	TZ_FIT_FOLD, /* more than once: *ret is the first time */
};
enum tz_fit tz_instant(const struct tz *tz, int64_t wall_s, int64_t *ret_utc_s);

/* Zones that were loaded, kept until the end. One thread, or the owner's care. */
struct tz_cache;
struct tz_cache *tz_cache_new(const char *root); /* NULL: TZ_ROOT */
void tz_cache_free(struct tz_cache *c);
int tz_cache_get(struct tz_cache *c, const char *name, const struct tz **ret, struct err *e); /* as tz_load; borrowed */

#endif
