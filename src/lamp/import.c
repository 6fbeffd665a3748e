#include "lamp/import.h"

#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "codec/json.h"
#include "lamp/client.h"
#include "lamp/cut.h"
#include "lamp/invocation.h"
#include "lamp/print.h"

/* What was done so far, in the order of the answer's numbers. */
static const char *const numbers[] = {"rows", "added", "changed", "unchanged", "failed"};
struct sums {
	int64_t v[ARRAY_LEN(numbers)];
	int parts;
	struct json_t *last; /* the answer of the last part: what ignored and dry_run say is the same in all */
};

static void show_errors(const struct json_t *answer)
{
	const struct json_t *errors = json_member(answer, "errors");
	const char *text;
	for (size_t i = 0; json_at_str(errors, i, CUT_WHOLE_MAX, &text, NULL) == 0; i++)
		fprintf(stderr, "lamp: %s\n", text);
}

static int count_part(struct sums *s, const struct reply *r, struct err *e)
{
	struct json_t *j;
	int rc = reply_check(r, e);
	rc = rc ? rc : json_parse(buf_bytes(&r->body), r->body.len, &j, e);
	for (size_t i = 0; i < ARRAY_LEN(numbers) && !rc; i++) {
		int64_t n = 0;
		rc = json_get_i64(j, numbers[i], 0, API_INT_MAX, &n, e);
		s->v[i] += n;
	}
	if (rc)
		return rc;
	show_errors(j);
	json_free(s->last);
	s->last = j;
	s->parts++;
	return 0;
}

static int send_part(struct invocation *in, struct client *c, const struct buf *part, int64_t row, struct sums *s,
		     struct err *e)
{
	struct reply r = {0};
	char text[32];
	(void)snprintf(text, sizeof(text), "%lld", (long long)row);
	invocation_set(in, "first-row", text);
	in->file = buf_bytes(part);
	int rc = buf_check(part, e, "a row");
	rc = rc ? rc : invocation_ask(in, c, &r, e);
	rc = rc ? rc : count_part(s, &r, e);
	buf_release(&r.body);
	if (!rc && isatty(STDERR_FILENO) && !in->json)
		fprintf(stderr, "lamp: %lld rows looked at\n", (long long)s->v[0]);
	return rc;
}

static int send_parts(struct invocation *in, struct client *c, struct bytes text, struct sums *s, struct err *e)
{
	struct cut cut;
	struct buf part;
	int64_t row;
	int rc = cut_start(&cut, text, e);
	buf_init(&part, API_FILE_MAX);
	while (!rc && cut_next(&cut, &part, &row))
		rc = send_part(in, c, &part, row, s, e);
	buf_release(&part);
	cut_end(&cut);
	return rc;
}

static void put_sums(struct buf *out, const struct sums *s)
{
	struct json_writer w;
	bool dry = false;
	(void)json_opt_bool(s->last, "dry_run", &dry, NULL); /* it is always there */
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_i64(&w, numbers[i], s->v[i]);
	json_put_bool(&w, "dry_run", dry);
	struct buf ignored;
	buf_init(&ignored, 65536);
	(void)json_dump(&ignored, json_member(s->last, "ignored")); /* 20 names at most */
	json_put_raw(&w, "ignored", buf_bytes(&ignored));
	json_end(&w);
	buf_release(&ignored);
}

static void show_sums(const struct invocation *in, const struct sums *s)
{
	struct buf text;
	struct json_t *j;
	if (!s->last)
		return;
	buf_init(&text, 1 << 17);
	put_sums(&text, s);
	if (json_parse(buf_bytes(&text), text.len, &j, NULL) == 0) {
		if (in->json)
			print_object_json(j);
		else
			print_object_text(in->command->answer, j);
		json_free(j);
	}
	buf_release(&text);
}

enum lamp_exit import_inventory(struct invocation *in, struct client *c)
{
	const char *name = invocation_text(in, "file");
	struct sums s = {.parts = 0};
	struct err e = ERR_INIT;
	struct buf file;
	buf_init(&file, CUT_WHOLE_MAX);
	int rc = file_read(strcmp(name, "-") == 0 ? "/dev/stdin" : name, &file, &e);
	rc = rc ? rc : send_parts(in, c, buf_bytes(&file), &s, &e);
	show_sums(in, &s);
	enum lamp_exit status = rc ? lamp_complain(rc, &e) : s.v[ARRAY_LEN(numbers) - 1] ? LAMP_SOME_FAILED : LAMP_DONE;
	if (rc && s.parts)
		fprintf(stderr, "lamp: what was counted above is in; give the whole file again to go on\n");
	json_free(s.last);
	buf_release(&file);
	return status;
}
