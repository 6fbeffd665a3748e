#include "zone/refusal.h"

#include <stdlib.h>

#include "base/base.h"
#include "codec/json.h"
#include "zone/command.h"
#include "zone/message.h"

#define WINDOW_MS 60000
#define OTHERS    "(others)"

struct told {
	struct list link;
	char *source, *by, *action;
	int code;
	int64_t more; /* after the first */
};

static void told_free(struct told *t)
{
	list_remove(&t->link);
	free(t->source);
	free(t->by);
	free(t->action);
	free(t);
}

void refusal_forget(struct zone *z)
{
	LIST_EACH(&z->refusals, it, safe)
		told_free(LIST_ENTRY(it, struct told, link));
	z->refusal_count = 0;
	z->refuse_at = INT64_MAX;
}

static struct told *find(struct zone *z, const struct refusal *r)
{
	LIST_EACH(&z->refusals, it, safe) {
		struct told *t = LIST_ENTRY(it, struct told, link);
		if (t->code == r->code && strcmp(t->source, r->source) == 0 && strcmp(t->by, r->by) == 0 &&
		    strcmp(t->action, r->action) == 0)
			return t;
	}
	return NULL;
}

static void remember(struct zone *z, const struct refusal *r)
{
	struct told *t = mem_alloc(sizeof(*t));
	t->source = mem_str(r->source);
	t->by = mem_str(r->by);
	t->action = mem_str(r->action);
	t->code = r->code;
	list_append(&z->refusals, &t->link);
	z->refusal_count++;
	if (z->refuse_at == INT64_MAX)
		z->refuse_at = later(z->now, WINDOW_MS);
}

static int write_row(struct zone *z, const struct refusal *r, int64_t more, struct err *e)
{
	struct json_writer w;
	struct buf detail;
	const char *object = *r->object ? arena_printf(z->arena, "refused: %s", r->object) : "refused";
	buf_init(&detail, COMMAND_BODY_MAX);
	json_writer_init(&w, &detail);
	json_begin_object(&w, NULL);
	json_put_str(&w, "refused", err_name(r->code));
	json_put_str(&w, "source", r->source);
	if (more)
		json_put_i64(&w, "more_within_a_minute", more);
	else
		json_put_str(&w, "why", r->why);
	json_end(&w);
	int rc = buf_check(&detail, e, "audit record");
	rc = rc ? rc : audit_add(z, r->by, r->action, object, buf_cstr(&detail), e);
	buf_release(&detail);
	return rc;
}

static int tell(struct zone *z, const struct refusal *r, struct err *e)
{
	struct message m = {
		.id = MESSAGE_COMMAND_REFUSED,
		.by = r->by,
		.name = r->action,
		.text = arena_printf(z->arena, "%s was refused: %s", r->by, r->why),
	};
	return message_add(z, &m, e);
}

int refusal_note(struct zone *z, const struct refusal *r, struct err *e)
{
	struct refusal one = *r;
	struct told *t = find(z, &one);
	if (!t && z->refusal_count >= REFUSAL_KINDS_MAX) {
		one.source = one.by = one.action = OTHERS;
		one.object = "";
		t = find(z, &one);
	}
	if (t) {
		t->more++;
		return 0;
	}
	int rc = write_row(z, &one, 0, e);
	rc = rc ? rc : tell(z, &one, e);
	if (!rc)
		remember(z, &one);
	return rc;
}

int refusal_flush(struct zone *z, struct err *e)
{
	int rc = 0;
	if (z->now < z->refuse_at)
		return 0;
	LIST_EACH(&z->refusals, it, safe) {
		struct told *t = LIST_ENTRY(it, struct told, link);
		struct refusal r = {t->source, t->by, t->action, t->code, "", ""};
		if (!rc && t->more)
			rc = write_row(z, &r, t->more, e);
	}
	if (!rc)
		refusal_forget(z);
	return rc;
}
