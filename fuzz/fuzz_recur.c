/* Rules as text: what is written of one is the same rule; times rise; a clash is one that both have. */
#include "base/base.h"
#include "codec/recur.h"
#include "fuzz/fuzz.h"

#define TIMES 5

static void check_text(const struct recur *r)
{
	struct recur again;
	struct buf out;
	buf_init(&out, RECUR_TEXT_MAX);
	ASSERT(recur_write(r, &out) == 0);
	ASSERT(recur_parse(buf_cstr(&out), &again, NULL) == 0 && recur_equal(r, &again));
	buf_reset(&out);
	ASSERT(recur_sentence(r, "Europe/Berlin", &out) == 0);
	for (enum recur_word w = 0; w < RECUR_WORD_COUNT; w++) {
		buf_reset(&out);
		ASSERT(!recur_word_write(r, w, &out) || recur_word_takes_value(w) == (out.len > 0));
	}
	buf_release(&out);
}

static void check_times(const struct recur *r, const struct tz *tz, int64_t after_ms)
{
	struct recur_due d;
	for (size_t i = 0; i < TIMES && recur_next(r, tz, after_ms, &d); i++) {
		ASSERT(d.due_ms > after_ms && d.end_ms > d.due_ms && d.window_ms >= 0);
		ASSERT(recur_slot(d.due_ms, d.window_ms, 1, 2) <= d.due_ms + d.window_ms);
		after_ms = d.due_ms;
	}
}

static bool is_due_at(const struct recur *r, const struct tz *tz, int64_t ms)
{
	struct recur_due d;
	return recur_next(r, tz, ms - 1, &d) && d.due_ms == ms;
}

static void check_clash(const struct recur *r, const struct tz *tz)
{
	static const char *const others[] = {"weekly mon-sun at 07:30", "every 97 minutes from 2027-01-01T00:00"};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct recur other;
		int64_t when;
		ASSERT(recur_parse(others[i], &other, NULL) == 0);
		if (recur_clash(r, tz, &other, tz, INT64_C(1798761600000), &when))
			ASSERT(is_due_at(&other, tz, when) || (r->random && is_due_at(r, tz, when)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t from_ms[] = {0, INT64_C(1798761600000), INT64_C(5000000000000)};
	static struct tz *berlin;
	struct recur r;
	if (!berlin)
		ASSERT(tz_load(NULL, "Europe/Berlin", &berlin, NULL) == 0);
	AUTO_FREE char *text = bytes_dup_str(BYTES(data, size));
	if (recur_parse(text, &r, NULL))
		return 0;
	check_text(&r);
	for (size_t i = 0; i < ARRAY_LEN(from_ms); i++)
		check_times(&r, berlin, from_ms[i]);
	(void)recur_check(&r, berlin, from_ms[1], NULL); /* whatever it says */
	check_clash(&r, berlin);
	return 0;
}
