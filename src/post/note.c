/* How a message looks to each kind of sink. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "codec/csv.h"
#include "codec/json.h"
#include "codec/msgline.h"
#include "codec/snmp.h"
#include "post/post_priv.h"

/* RFC 5424 6.2.1: facility 3 is system daemons, 13 log audit. */
#define FACILITY       3
#define FACILITY_AUDIT 13

/* Below netSnmpPlaypen, which is for everybody's experiments, until the project has a number of its own. */
#define OID_BASE "1.3.6.1.4.1.8072.9999.9999.1099"

#define NUMBER_SIZE 24

static struct bytes number(int64_t n, char to[NUMBER_SIZE])
{
	(void)snprintf(to, NUMBER_SIZE, "%lld", (long long)n); /* fits */
	return bytes_str(to);
}

void note_line(const struct note *n, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE], related[NUMBER_SIZE] = "";
	struct buf more;
	clock_text_ms(n->time, when);
	buf_init(&more, 4096);
	(void)buf_addf(&more, "message=%lld%s%s", (long long)STORE_SEQ_OF(n->id), *n->more ? " " : "", n->more);
	const struct bytes fields[MSGLINE_FIELDS] = {
		[MSGLINE_SEVERITY] = bytes_str(message_severity_name(n->severity)),
		[MSGLINE_TIME] = bytes_str(when),
		[MSGLINE_USER] = bytes_str(n->actor),
		[MSGLINE_COMPONENT] = bytes_str(n->component),
		[MSGLINE_ID] = bytes_str(n->name),
		[MSGLINE_TEXT] = bytes_str(n->text),
		[MSGLINE_MORE] = buf_bytes(&more),
		[MSGLINE_RELATED] = n->related ? number(n->related, related) : BYTES_NONE,
	};
	msgline_write(out, fields);
	buf_release(&more);
}

void note_csv(const struct note *n, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE], seq[NUMBER_SIZE];
	clock_text_ms(n->time, when);
	csv_put(out, true, number(STORE_SEQ_OF(n->id), seq));
	const char *const cells[] = {when, n->actor, n->action, n->audit_object, n->detail, n->hash};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		csv_put(out, false, bytes_str(cells[i]));
	csv_end(out);
}

static int syslog_severity(enum message_severity s)
{
	static const int of[] = {6, 3, 4, 6, 7}; /* RFC 5424 table 2 */
	return of[s];
}

/* PRINTUSASCII without blanks, at most max; "-" when nothing is left. */
static void put_word(struct buf *out, const char *s, size_t max)
{
	size_t n = 0;
	for (; *s && n < max; s++)
		if (*s > ' ' && *s < 127) {
			(void)buf_addc(out, *s);
			n++;
		}
	if (!n)
		(void)buf_addc(out, '-');
}

void note_syslog(const struct note *n, const char *host, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE];
	int facility = n->number ? FACILITY : FACILITY_AUDIT;
	clock_text_ms(n->time, when);
	(void)buf_addf(out, "<%d>1 %s ", facility * 8 + syslog_severity(n->severity), when);
	put_word(out, host, 255);
	(void)buf_addf(out, " lampd %d ", (int)getpid());
	put_word(out, n->name, 32);
	(void)buf_addf(out, " [origin software=\"Lamplighter\" swVersion=\"%s\"] \xef\xbb\xbf", LAMPLIGHTER_VERSION);
	text_escape(out, bytes_str(n->text));
	if (*n->more)
		(void)buf_adds(out, " ");
	text_escape(out, bytes_str(n->more));
}

int note_trap(const struct note *n, struct bytes community, struct buf *out, struct err *e)
{
	char trap[96];
	uint32_t id;
	rng_secret(&id, sizeof(id));
	(void)snprintf(trap, sizeof(trap), OID_BASE ".0.%d", n->number); /* fits; 0: an audit record */
	const struct snmp_var vars[] = {
		{.oid = OID_BASE ".1.1.0", .type = SNMP_OCTETS, .s = bytes_str(message_severity_name(n->severity))},
		{.oid = OID_BASE ".1.2.0", .type = SNMP_OCTETS, .s = bytes_str(n->component)},
		{.oid = OID_BASE ".1.3.0", .type = SNMP_OCTETS, .s = bytes_str(n->name)},
		{.oid = OID_BASE ".1.4.0", .type = SNMP_OCTETS, .s = bytes_str(n->text)},
		{.oid = OID_BASE ".1.5.0", .type = SNMP_OCTETS, .s = bytes_str(n->about)},
		{.oid = OID_BASE ".1.6.0", .type = SNMP_INTEGER, .i = n->related <= INT32_MAX ? n->related : 0},
		{.oid = OID_BASE ".1.7.0", .type = SNMP_OCTETS, .s = bytes_str(n->more)},
	};
	struct snmp_trap t = {
		.community = community.len ? community : BYTES_LIT("public"),
		.request_id = (int32_t)(id & INT32_MAX),
		.uptime = (uint32_t)(clock_boot_ms(clock_real()) / 10),
		.trap_oid = trap,
		.vars = vars,
		.var_count = ARRAY_LEN(vars),
	};
	return snmp_trap_encode(&t, out, e);
}

static void put_time(struct json_writer *w, int64_t time)
{
	char when[CLOCK_TEXT_SIZE];
	clock_text_ms(time, when);
	json_put_str(w, "time", when);
}

static void put_note(struct json_writer *w, const struct note *n)
{
	json_begin_object(w, NULL);
	json_put_i64(w, "seq", STORE_SEQ_OF(n->id));
	put_time(w, n->time);
	json_put_str(w, "severity", message_severity_name(n->severity));
	json_put_str(w, "component", n->component);
	json_put_str(w, "id", n->name);
	json_put_str(w, "actor", n->actor);
	json_put_str(w, "name", n->about);
	json_put_i64(w, "object", n->object);
	json_put_str(w, "text", n->text);
	json_put_str(w, "detail", n->more);
	json_put_i64(w, "related", n->related);
	if (n->action) {
		json_put_str(w, "action", n->action);
		json_put_str(w, "hash", n->hash);
	}
	json_end(w);
}

void note_json(const struct note *notes, size_t count, const char *server, struct buf *out)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_str(&w, "server", server);
	json_begin_array(&w, "messages");
	for (size_t i = 0; i < count; i++)
		put_note(&w, &notes[i]);
	json_end(&w);
	json_end(&w);
}

void note_subject(const struct note *n, const char *format, struct buf *out)
{
	char when[CLOCK_TEXT_SIZE], id[NUMBER_SIZE];
	clock_text(n->time, when);
	for (const char *p = format; *p; p++) {
		if (*p != '%' || !p[1]) {
			(void)buf_addc(out, *p); /* a full buf is marked */
			continue;
		}
		switch (*++p) {
		case 's':
			(void)buf_adds(out, message_severity_name(n->severity));
			break;
		case 'c':
			(void)buf_adds(out, n->component);
			break;
		case 'd':
			(void)buf_add_bytes(out, number(n->object, id));
			break;
		case 't':
			(void)buf_adds(out, when);
			break;
		case 'a':
			(void)buf_adds(out, *n->about ? n->about : "-");
			break;
		case '%':
			(void)buf_addc(out, '%');
			break;
		default: /* not a macro: as it stands */
			(void)buf_addf(out, "%%%c", *p);
		}
	}
}

/* RFC 2047: words of at most 45 bytes, none cut inside a character, so that each stays below 75 columns. */
#define WORD_BYTES 45

static void put_encoded(struct buf *out, struct bytes s)
{
	uint32_t c;
	while (s.len) {
		size_t n = 0, next;
		while (n < s.len && (next = text_utf8_next(BYTES(s.p + n, s.len - n), &c)) && n + next <= WORD_BYTES)
			n += next;
		if (!n)
			n = 1;
		(void)buf_adds(out, "=?UTF-8?B?");
		base64_encode(out, BYTES(s.p, n));
		s = BYTES(s.p + n, s.len - n);
		(void)buf_adds(out, s.len ? "?=\r\n " : "?=");
	}
}

static void put_subject(struct buf *out, struct buf *subject)
{
	bool plain = subject->len < 70;
	for (size_t i = 0; i < subject->len; i++) {
		if (subject->p[i] < ' ' || subject->p[i] == 127)
			subject->p[i] = ' '; /* no header ends here but ours */
		plain = plain && subject->p[i] < 127;
	}
	(void)buf_adds(out, "Subject: ");
	if (plain)
		(void)buf_add_bytes(out, buf_bytes(subject));
	else
		put_encoded(out, buf_bytes(subject));
	(void)buf_adds(out, "\r\n");
}

static void put_date(struct buf *out, int64_t ms)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	if (gmtime_r(&seconds, &tm))
		(void)buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
			       months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_body(struct buf *out, const struct note *n)
{
	struct buf text, code;
	char when[CLOCK_TEXT_SIZE];
	clock_text(n->time, when);
	buf_init(&text, 8192);
	buf_init(&code, 16384);
	(void)buf_addf(&text,
		       "%s\r\n\r\nseverity   %s\r\ncomponent  %s\r\nmessage    %s\r\nabout      %s\r\nby         "
		       "%s\r\ntime       %s\r\n",
		       n->text, message_severity_name(n->severity), n->component, n->name, *n->about ? n->about : "-",
		       n->actor, when);
	if (n->related)
		(void)buf_addf(&text, "number     %lld\r\n", (long long)n->related);
	if (*n->more)
		(void)buf_addf(&text, "detail     %s\r\n", n->more);
	base64_encode(&code, buf_bytes(&text));
	for (size_t at = 0; at < code.len; at += 76) {
		(void)buf_add(out, code.p + at, code.len - at < 76 ? code.len - at : 76);
		(void)buf_adds(out, "\r\n");
	}
	buf_release(&text);
	buf_release(&code);
}

#define SUBJECT "[Lamplighter] %s: %a (%c)"

void note_mail(const struct note *n, const struct parcel *p, struct buf *out)
{
	struct buf subject;
	uint64_t random;
	rng_secret(&random, sizeof(random));
	buf_init(&subject, 4096);
	note_subject(n, *p->options.subject ? p->options.subject : SUBJECT, &subject);
	put_date(out, n->time);
	(void)buf_addf(out, "From: <%s>\r\nTo: ", p->options.from);
	for (const char *s = p->options.to; *s;) {
		size_t len = strcspn(s, ",");
		(void)buf_addf(out, "<%.*s>%s", (int)len, s, s[len] ? ",\r\n " : "\r\n");
		s += len + (s[len] == ',');
	}
	put_subject(out, &subject);
	(void)buf_addf(out, "Message-ID: <%lld.%llx@", (long long)n->id, (unsigned long long)random);
	put_word(out, p->deps->fqdn, 200);
	(void)buf_adds(out, ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
			    "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	put_body(out, n);
	buf_release(&subject);
}

int note_stream(const struct parcel *p, struct buf *out, struct err *e)
{
	struct buf one;
	int rc = 0;
	buf_init(&one, NOTE_MAX);
	for (size_t i = 0; i < p->count && !rc; i++) {
		buf_reset(&one);
		note_syslog(&p->notes[i], p->deps->fqdn, &one);
		rc = buf_check(&one, e, "message");
		(void)buf_addf(out, "%zu ", one.len); /* octet counting; checked below */
		(void)buf_add_bytes(out, buf_bytes(&one));
	}
	buf_release(&one);
	return rc ? rc : buf_check(out, e, "messages");
}
