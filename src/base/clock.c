#include "base/clock.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/civil.h"
#include "base/cursor.h"
#include "base/text.h"

#define DAY_MS          INT64_C(86400000)
/* Where a driven clock's mono and boot begin: not 0, which many a struct takes for "never". */
#define DRIVEN_START_MS INT64_C(1000000)

struct clock {
	bool driven;
	_Atomic int64_t wall_ms, mono_ms, boot_ms; /* driven only */
};

static struct clock real;

struct clock *clock_real(void)
{
	return &real;
}

struct clock *clock_driven_new(int64_t wall_ms)
{
	struct clock *c = mem_alloc(sizeof(*c));
	c->driven = true;
	atomic_init(&c->wall_ms, wall_ms);
	atomic_init(&c->mono_ms, DRIVEN_START_MS);
	atomic_init(&c->boot_ms, DRIVEN_START_MS);
	return c;
}

void clock_free(struct clock *c)
{
	ASSERT(!c || c->driven);
	free(c);
}

bool clock_is_driven(const struct clock *c)
{
	return c->driven;
}

static int64_t system_ms(clockid_t id)
{
	struct timespec ts;
	ASSERT(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_ms(const struct clock *c)
{
	return c->driven ? atomic_load(&c->wall_ms) : system_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(const struct clock *c)
{
	return c->driven ? atomic_load(&c->mono_ms) : system_ms(CLOCK_MONOTONIC);
}

int64_t clock_boot_ms(const struct clock *c)
{
	return c->driven ? atomic_load(&c->boot_ms) : system_ms(CLOCK_BOOTTIME);
}

void clock_advance(struct clock *c, int64_t ms)
{
	ASSERT(ms >= 0);
	clock_suspend(c, ms);
	atomic_fetch_add(&c->mono_ms, ms);
}

void clock_suspend(struct clock *c, int64_t ms)
{
	ASSERT(c->driven && ms >= 0);
	atomic_fetch_add(&c->wall_ms, ms);
	atomic_fetch_add(&c->boot_ms, ms);
}

void clock_set_wall(struct clock *c, int64_t wall_ms)
{
	ASSERT(c->driven);
	atomic_store(&c->wall_ms, wall_ms);
}

static void write_text(int64_t wall_ms, char *to, bool with_ms)
{
	int64_t days = civil_floor_div(wall_ms, DAY_MS);
	int ms = (int)((wall_ms % DAY_MS + DAY_MS) % DAY_MS);
	struct civil c = civil_from_days(days);
	int n = snprintf(to, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
			 ms / 3600000, ms / 60000 % 60, ms / 1000 % 60);
	(void)snprintf(to + n, (size_t)(CLOCK_TEXT_SIZE - n), with_ms ? ".%03dZ" : "Z", ms % 1000); /* 31 at most */
}

void clock_text(int64_t wall_ms, char to[CLOCK_TEXT_SIZE])
{
	write_text(wall_ms, to, false);
}

void clock_text_ms(int64_t wall_ms, char to[CLOCK_TEXT_SIZE])
{
	write_text(wall_ms, to, true);
}

/* Exactly len digits and then the byte end. */
static bool read_number(struct cursor *c, size_t len, char end, int *ret)
{
	uint64_t v;
	if (!text_to_u64(cursor_take(c, len), &v))
		return false;
	*ret = (int)v;
	return cursor_u8(c) == (uint8_t)end;
}

bool clock_parse(const char *text, int64_t *ret_wall_ms)
{
	struct cursor c;
	cursor_init(&c, bytes_str(text));
	int year, month, day, hour, minute, second, ms = 0;
	bool with_ms = cursor_left(&c) == strlen("2026-11-22T15:03:16.123Z");
	if (!read_number(&c, 4, '-', &year) || !read_number(&c, 2, '-', &month) || !read_number(&c, 2, 'T', &day) ||
	    !read_number(&c, 2, ':', &hour) || !read_number(&c, 2, ':', &minute) ||
	    !read_number(&c, 2, with_ms ? '.' : 'Z', &second) || (with_ms && !read_number(&c, 3, 'Z', &ms)))
		return false;
	if (cursor_left(&c) || !civil_is_date(year, month, day) || hour > 23 || minute > 59 || second > 59)
		return false;
	int64_t days = civil_to_days((struct civil){year, month, day});
	*ret_wall_ms = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + ms;
	return true;
}
