/* What became of an order whose reply was lost: every kind of log that a device can show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "play.h"

#define SENT_S   1900000000 /* seconds, our clock: the order was sent */
#define SETTLE_S 1900000060 /* now */
#define AHEAD_S  31536000   /* the device's clock is a year ahead */

/* A record of AMT_AuditLog in the layout of the Intel AMT guide, big-endian, at a time of our clock. */
struct record {
	int app, event;
	const char *user; /* NULL: local */
	int64_t at;
};

#define RECORDS 24

static void add_record(struct buf *out, const struct record *r)
{
	struct buf b;
	buf_init(&b, 256);
	buf_add_be16(&b, (uint16_t)r->app);
	buf_add_be16(&b, (uint16_t)r->event);
	buf_addc(&b, r->user ? 0 : 2);
	if (r->user) {
		buf_addc(&b, (char)strlen(r->user));
		buf_adds(&b, r->user);
	}
	buf_add_be32(&b, (uint32_t)(r->at + AHEAD_S));
	buf_add(&b, "\x00\x08", 2);
	buf_adds(&b, "10.0.0.1");
	buf_addc(&b, 0);
	buf_adds(out, "<g:EventRecords>");
	base64_encode(out, buf_bytes(&b));
	buf_adds(out, "</g:EventRecords>");
	buf_release(&b);
}

struct device_log {
	int state; /* AuditState */
	int total; /* 0: the records below, before the marker */
	struct record before[RECORDS];
	struct record after[4]; /* what the marker leaves */
};

static size_t count_of(const struct record *r, size_t max)
{
	size_t n = 0;
	while (n < max && r[n].at)
		n++;
	return n;
}

#define POWER_ON_ROW POWER_GET("2")
#define CLOCK(text)                                                                                                    \
	{                                                                                                              \
		WSMAN_METHOD, "AMT_TimeSynchronizationService", "GetLowAccuracyTimeSynch", NULL, text, 0               \
	}
#define BOOT                                                                                                           \
	"<g:AMT_BootSettingData><g:BIOSPause>false</g:BIOSPause><g:InstanceID>Intel(r) AMT:BootSettingData 0"          \
	"</g:InstanceID><g:OptionsCleared>true</g:OptionsCleared></g:AMT_BootSettingData>"

/* Runs a whole settling of a reset against the log; ten records a page. */
static void settle(struct play *p, const struct device_log *log)
{
	char texts[8][8192];
	struct row rows[12] = {POWER_ON_ROW};
	size_t n = 1, text = 0;
	play_begin(p, VERB_RESET, ACT_SETTLE);
	p->wall_ms = (int64_t)SETTLE_S * 1000;
	p->order.sent_at_ms = (int64_t)SENT_S * 1000;
	p->order.power_before = 2;
	(void)snprintf(texts[text], sizeof(texts[0]),
		       "<g:GetLowAccuracyTimeSynch_OUTPUT><g:Ta0>%d</g:Ta0><g:ReturnValue>0</g:ReturnValue>"
		       "</g:GetLowAccuracyTimeSynch_OUTPUT>",
		       SETTLE_S + AHEAD_S);
	rows[n++] = (struct row)CLOCK(texts[text++]);
	size_t before = count_of(log->before, RECORDS), after = count_of(log->after, ARRAY_LEN(log->after));
	size_t total = log->total ? (size_t)log->total : before;
	(void)snprintf(texts[text], sizeof(texts[0]),
		       "<g:AMT_AuditLog><g:AuditState>%d</g:AuditState><g:CurrentNumberOfRecords>%zu"
		       "</g:CurrentNumberOfRecords></g:AMT_AuditLog>",
		       log->state, total);
	rows[n++] = (struct row){WSMAN_GET, "AMT_AuditLog", NULL, NULL, texts[text++], 0};
	for (int round = 0; round < 2; round++) {
		const struct record *from = round ? log->after : log->before;
		size_t count = round ? after : before;
		total += round ? after : 0;
		for (size_t i = 0; i < count || (round && !count && i == 0); i += 10) {
			struct buf b;
			buf_init(&b, sizeof(texts[0]) - 1);
			buf_addf(&b, "<g:ReadRecords_OUTPUT><g:TotalRecordCount>%zu</g:TotalRecordCount>", total);
			buf_addf(&b, "<g:RecordsReturned>%zu</g:RecordsReturned>", count - i < 10 ? count - i : 10);
			for (size_t j = i; j < count && j < i + 10; j++)
				add_record(&b, &from[j]);
			buf_addf(&b, "<g:ReturnValue>0</g:ReturnValue></g:ReadRecords_OUTPUT>");
			assert_false(b.failed);
			memcpy(texts[text], buf_cstr(&b), b.len + 1);
			buf_release(&b);
			rows[n++] = (struct row){WSMAN_METHOD, "AMT_AuditLog", "ReadRecords", NULL, texts[text++], 0};
		}
		if (!round) {
			rows[n++] = (struct row){WSMAN_GET, "AMT_BootSettingData", NULL, NULL, BOOT, 0};
			rows[n++] = (struct row){WSMAN_PUT, "AMT_BootSettingData", NULL, NULL, BOOT, 0};
		}
	}
	assert_int_equal(play_script(p, rows, n), 0);
	assert_true(p->ctx.over);
	assert_int_equal(p->gates, 0);
	assert_int_equal(p->ordered, 0);
}

#define OLD                                                                                                            \
	{                                                                                                              \
		21, 0, NULL, SENT_S - 5000                                                                             \
	}
#define MARKER                                                                                                         \
	{                                                                                                              \
		17, 4, "admin", SETTLE_S + 1                                                                           \
	}

static void the_audit_log_tells_what_became_of_a_reset(void **state)
{
	static const struct {
		const char *what;
		struct device_log log;
		enum act_end end;
		enum act_evidence evidence;
		int requests;
	} rows[] = {
		{"the reset is there",
		 {.before = {OLD, {17, 3, "admin", SENT_S + 1}}},
		 ACT_END_DONE,
		 ACT_EVIDENCE_AUDIT,
		 4},
		{"in the second it was sent",
		 {.before = {OLD, {17, 3, "admin", SENT_S}}},
		 ACT_END_DONE,
		 ACT_EVIDENCE_AUDIT,
		 4},
		{"also when it came late, while we looked",
		 {.before = {OLD}, .after = {{17, 3, "admin", SETTLE_S + 1}}},
		 ACT_END_DONE,
		 ACT_EVIDENCE_AUDIT,
		 7},
		{"also in a log that is full",
		 {.state = 8, .before = {OLD, {17, 3, "admin", SENT_S + 1}}},
		 ACT_END_DONE,
		 ACT_EVIDENCE_AUDIT,
		 4},
		{"it is not there, and the log records",
		 {.before = {OLD}, .after = {MARKER}},
		 ACT_END_NOT_DONE,
		 ACT_EVIDENCE_AUDIT,
		 7},
		{"an older reset of ours proves nothing",
		 {.before = {OLD, {17, 3, "admin", SENT_S - 10}}, .after = {MARKER}},
		 ACT_END_NOT_DONE,
		 ACT_EVIDENCE_AUDIT,
		 7},
		{"nor does one of somebody else",
		 {.before = {OLD, {17, 3, "other", SENT_S + 1}}, .after = {MARKER}},
		 ACT_END_NOT_DONE,
		 ACT_EVIDENCE_AUDIT,
		 7},
		{"nor one at the machine itself",
		 {.before = {OLD, {17, 3, NULL, SENT_S + 1}}, .after = {MARKER}},
		 ACT_END_NOT_DONE,
		 ACT_EVIDENCE_AUDIT,
		 7},
		{"a cycle of ours is no reset",
		 {.before = {OLD, {17, 2, "admin", SENT_S + 1}}},
		 ACT_END_DOUBT,
		 ACT_EVIDENCE_NONE,
		 4},
		{"no marker: it does not record such things", {.before = {OLD}}, ACT_END_DOUBT, ACT_EVIDENCE_NONE, 7},
		{"a marker of before is none",
		 {.before = {OLD}, .after = {{17, 4, "admin", SETTLE_S - 30}}},
		 ACT_END_DOUBT,
		 ACT_EVIDENCE_NONE,
		 7},
		{"a marker of somebody else is none",
		 {.before = {OLD}, .after = {{17, 4, "other", SETTLE_S + 1}}},
		 ACT_END_DOUBT,
		 ACT_EVIDENCE_NONE,
		 7},
		{"switched off", {.state = 1, .before = {OLD}}, ACT_END_DOUBT, ACT_EVIDENCE_NONE, 4},
		{"full", {.state = 8, .before = {OLD}}, ACT_END_DOUBT, ACT_EVIDENCE_NONE, 4},
		{"cleared since", {.before = {OLD, {20, 0, "admin", SENT_S + 9}}}, ACT_END_DOUBT, ACT_EVIDENCE_NONE, 4},
		{"switched off and on since",
		 {.before = {OLD, {20, 2, "x", SENT_S + 9}, {20, 3, "x", SENT_S + 20}}},
		 ACT_END_DOUBT,
		 ACT_EVIDENCE_NONE,
		 4},
		{"exported since: harmless",
		 {.before = {OLD, {20, 4, "x", SENT_S + 9}}, .after = {MARKER}},
		 ACT_END_NOT_DONE,
		 ACT_EVIDENCE_AUDIT,
		 7},
		{"clock set since", {.before = {OLD, {21, 0, NULL, SENT_S + 9}}}, ACT_END_DOUBT, ACT_EVIDENCE_NONE, 4},
		{"the part that is read does not reach back to the order",
		 {.total = 100,
		  .before = {{16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1},
			     {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1},
			     {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1},
			     {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1},
			     {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1},
			     {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1},
			     {16, 5, NULL, SENT_S + 1}, {16, 5, NULL, SENT_S + 1}}},
		 ACT_END_DOUBT,
		 ACT_EVIDENCE_NONE,
		 5},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p;
		settle(&p, &rows[i].log);
		if (p.out.end != rows[i].end || p.out.requests != rows[i].requests)
			fail_msg("%s: ended %d (%s) after %d requests", rows[i].what, p.out.end, p.out.detail,
				 p.out.requests);
		assert_int_equal(p.out.evidence, rows[i].evidence);
		assert_int_equal(p.out.power_before, 2);
		assert_int_equal(p.out.power_after, 2);
		assert_true(*p.out.detail);
		play_end(&p);
	}
}

static void an_empty_log_is_asked_through_the_marker_alone(void **state)
{
	struct play p;
	struct device_log log = {.after = {MARKER}};
	settle(&p, &log);
	assert_int_equal(p.out.end, ACT_END_NOT_DONE);
	assert_int_equal(p.out.requests, 6);
	play_end(&p);
	log = (struct device_log){.state = 1};
	settle(&p, &log);
	assert_int_equal(p.out.end, ACT_END_DOUBT);
	play_end(&p);
}

static void on_and_off_show_in_the_power_state(void **state)
{
	static const struct {
		enum verb verb;
		int before;
		struct row row;
		enum act_end end;
		enum act_evidence evidence;
	} rows[] = {
		{VERB_ON, 8, POWER_GET("2"), ACT_END_DONE, ACT_EVIDENCE_OBSERVED},
		{VERB_ON, 8, POWER_GET("8"), ACT_END_NOT_DONE, ACT_EVIDENCE_OBSERVED},
		{VERB_ON, 8, POWER_GET("7"), ACT_END_DOUBT, ACT_EVIDENCE_OBSERVED},
		{VERB_OFF, 2, POWER_GET("8"), ACT_END_DONE, ACT_EVIDENCE_OBSERVED},
		{VERB_OFF, 2, POWER_GET("6"), ACT_END_DONE, ACT_EVIDENCE_OBSERVED},
		{VERB_OFF, 2, POWER_GET("2"), ACT_END_NOT_DONE, ACT_EVIDENCE_OBSERVED},
		{VERB_OFF, 2, POWER_GET("4"), ACT_END_DOUBT, ACT_EVIDENCE_OBSERVED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p;
		play_begin(&p, rows[i].verb, ACT_SETTLE);
		p.order.power_before = rows[i].before;
		assert_int_equal(play_script(&p, &rows[i].row, 1), 0);
		assert_true(p.ctx.over);
		assert_int_equal(p.out.end, rows[i].end);
		assert_int_equal(p.out.evidence, rows[i].evidence);
		assert_int_equal(p.out.power_before, rows[i].before);
		play_end(&p);
	}
}

static void a_device_without_such_a_log_leaves_the_doubt(void **state)
{
	static const struct row no_clock[] = {POWER_ON_ROW, CLOCK(UNREACHABLE)};
	static const char time_text[] = "<g:GetLowAccuracyTimeSynch_OUTPUT><g:Ta0>1900000060</g:Ta0><g:ReturnValue>0"
					"</g:ReturnValue></g:GetLowAccuracyTimeSynch_OUTPUT>";
	static const struct row no_log[] = {
		POWER_ON_ROW, CLOCK(time_text), {WSMAN_GET, "AMT_AuditLog", NULL, NULL, UNREACHABLE, 0}};
	static const struct row locked[] = {
		POWER_ON_ROW,
		CLOCK(time_text),
		{WSMAN_GET, "AMT_AuditLog", NULL, NULL,
		 "<g:AMT_AuditLog><g:CurrentNumberOfRecords>1</g:CurrentNumberOfRecords></g:AMT_AuditLog>", 0},
		{WSMAN_METHOD, "AMT_AuditLog", "ReadRecords", NULL, FAULT_BODY("e:AccessDenied"), 0}};
	static const struct {
		const struct row *rows;
		size_t count;
	} cases[] = {{no_clock, ARRAY_LEN(no_clock)}, {no_log, ARRAY_LEN(no_log)}, {locked, ARRAY_LEN(locked)}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct play p;
		play_begin(&p, VERB_CYCLE, ACT_SETTLE);
		assert_int_equal(play_script(&p, cases[i].rows, cases[i].count), 0);
		assert_true(p.ctx.over);
		assert_int_equal(p.out.end, ACT_END_DOUBT);
		assert_int_equal(p.out.reason, ERR_NO_REPLY);
		play_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_audit_log_tells_what_became_of_a_reset),
		cmocka_unit_test(an_empty_log_is_asked_through_the_marker_alone),
		cmocka_unit_test(on_and_off_show_in_the_power_state),
		cmocka_unit_test(a_device_without_such_a_log_leaves_the_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
