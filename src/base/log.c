#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/text.h"

#define LINE_MAX   4000 /* below PIPE_BUF: lines of several threads or processes never mix in a pipe */
#define VALUE_MAX  1000 /* most bytes of a text that are written */
#define PER_SECOND 20   /* warnings or errors of one call site */

static const struct {
	const char *name;
	int priority; /* of syslog, RFC 5424 section 6.2.1 */
} levels[] = {
	[LOG_ERROR] = {"error", 3}, [LOG_WARNING] = {"warning", 4}, [LOG_NOTICE] = {"notice", 5},
	[LOG_INFO] = {"info", 6},   [LOG_DEBUG] = {"debug", 7},
};

static _Atomic int most = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;
static struct clock *_Atomic log_clock;

/* Sites that have written a warning or an error, newest first; they are static and stay. */
static struct log_site *_Atomic sites;
static atomic_bool any_thinned;

void log_set_level(enum log_level level)
{
	atomic_store(&most, (int)level);
}

bool log_is_on(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&most, memory_order_relaxed);
}

bool log_level_from_name(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_fd(int fd)
{
	atomic_store(&log_fd, fd);
}

void log_set_clock(struct clock *c)
{
	atomic_store(&log_clock, c);
}

static const struct clock *the_clock(void)
{
	struct clock *c = atomic_load(&log_clock);
	return c ? c : clock_real();
}

static void add_text(struct buf *line, struct bytes s)
{
	buf_addc(line, '"');
	text_escape(line, s.len > VALUE_MAX ? BYTES(s.p, VALUE_MAX) : s);
	buf_adds(line, s.len > VALUE_MAX ? "...\"" : "\"");
}

static void add_field(struct buf *line, const struct log_field *f)
{
	buf_addf(line, " %s=", f->key);
	switch (f->type) {
	case LOG_FIELD_STR:
		add_text(line, bytes_str(f->v.s));
		break;
	case LOG_FIELD_BYTES:
		add_text(line, f->v.b);
		break;
	case LOG_FIELD_I64:
		buf_addf(line, "%" PRId64, f->v.i);
		break;
	case LOG_FIELD_U64:
		buf_addf(line, "%" PRIu64, f->v.u);
		break;
	}
}

/* Fields that no longer fit are left out, and the line says so. */
static void add_fields(struct buf *line, const struct log_field *fields)
{
	for (; fields->key; fields++) {
		size_t was = line->len;
		add_field(line, fields);
		if (!line->failed)
			continue;
		line->failed = false;
		line->max += 16;
		buf_truncate(line, was);
		buf_adds(line, " cut=1");
		return;
	}
}

void log_write(enum log_level level, const char *subject, const struct log_field *fields)
{
	if (!log_is_on(level))
		return;
	char when[CLOCK_TEXT_SIZE];
	clock_text_ms(clock_wall_ms(the_clock()), when);
	struct buf line;
	buf_init(&line, LINE_MAX);
	buf_addf(&line, "<%d>%s ", levels[level].priority, when);
	struct bytes s = bytes_str(subject);
	text_escape(&line, s.len > VALUE_MAX ? BYTES(s.p, VALUE_MAX) : s);
	add_fields(&line, fields);
	line.max += 1;
	buf_addc(&line, '\n');
	/* A log that cannot be written has nobody to tell. */
	ssize_t n UNUSED = write(atomic_load(&log_fd), line.p, line.len);
	buf_release(&line);
}

/* A site's state: the second (of mono, never 0) in the upper half, how many lines it had in that second in the lower.
 */
static uint64_t state_of(uint32_t second, uint32_t count)
{
	return (uint64_t)second << 32 | count;
}

static uint32_t second_now(void)
{
	return (uint32_t)(clock_mono_ms(the_clock()) / 1000) + 1;
}

static void say_thinned(enum log_level level, const char *subject, uint32_t count)
{
	if (count > PER_SECOND)
		log_write(level, "more of the same, not written",
			  (const struct log_field[]){LOG_S("subject", subject), LOG_U("count", count - PER_SECOND),
						     LOG_END});
}

/* Says what was thinned in a second that is over. True when there is still something to say. */
static bool report(struct log_site *site, uint32_t now)
{
	uint64_t state = atomic_load(&site->state);
	if ((uint32_t)state <= PER_SECOND)
		return false;
	if (state >> 32 == now ||
	    !atomic_compare_exchange_strong(&site->state, &state, state_of((uint32_t)(state >> 32), PER_SECOND)))
		return true;
	say_thinned(site->level, site->subject, (uint32_t)state);
	return false;
}

static void report_all(uint32_t now)
{
	bool running = false;
	atomic_store(&any_thinned, false);
	for (struct log_site *s = atomic_load(&sites); s; s = s->older)
		running |= report(s, now);
	if (running)
		atomic_store(&any_thinned, true);
}

static void enlist(struct log_site *site, enum log_level level, const char *subject)
{
	if (atomic_exchange(&site->listed, true))
		return;
	site->level = level;
	site->subject = subject;
	site->older = atomic_load(&sites);
	while (!atomic_compare_exchange_weak(&sites, &site->older, site))
		;
}

/* Counts one more line of the site in this second: how many there are now. *ret_before is set to the count of the
 * second that this ends, if it does. */
static uint32_t count_line(struct log_site *site, uint32_t now, uint32_t *ret_before)
{
	uint64_t was = atomic_load(&site->state), next;
	do
		next = was >> 32 == now ? was + 1 : state_of(now, 1);
	while (!atomic_compare_exchange_weak(&site->state, &was, next));
	*ret_before = was >> 32 == now ? 0 : (uint32_t)was;
	return (uint32_t)next;
}

/* False when the line is one too many. */
static bool may_write(struct log_site *site, enum log_level level, const char *subject)
{
	uint32_t before;
	enlist(site, level, subject);
	uint32_t count = count_line(site, second_now(), &before);
	say_thinned(level, subject, before);
	if (count > PER_SECOND)
		atomic_store(&any_thinned, true);
	return count <= PER_SECOND;
}

void log_write_thinned(struct log_site *site, enum log_level level, const char *subject, const struct log_field *fields)
{
	if (atomic_load(&any_thinned))
		report_all(second_now());
	bool thin = level == LOG_ERROR || level == LOG_WARNING;
	if (thin && !may_write(site, level, subject))
		return;
	log_write(level, subject, fields);
}

void log_flush(void)
{
	report_all(0);
}
