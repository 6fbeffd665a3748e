/* Emergency holds. They are read inside the compare-and-sets of `claimed` and `sent` (R10), so that after the commit of
 * a hold nothing that changes power is sent. An act that meets a hold ends as cancelled: when the hold is lifted
 * nothing that was stopped starts by itself. */
#include "store/hold.h"
#include "zone/scope.h"

static int find_target(struct command *c, struct scope *ret, struct err *e)
{
	const char *target = api_str(c->call, "target");
	c->object = arena_printf(c->arena, "hold:%s", target);
	int rc = scope_find(c, target, ret, e);
	c->at_folder = rc ? 0 : ret->folder;
	c->at_device = rc || ret->kind != STORE_SCOPE_DEVICE ? 0 : ret->object;
	return rc;
}

static int tell(struct command *c, const char *change, int64_t object, struct err *e)
{
	struct tell t = {.kind = "hold", .change = change, .id = object, .name = api_str(c->call, "target")};
	return event_tell(c->z, &t, e);
}

static int say(struct command *c, enum message_id id, enum store_scope scope, int64_t object, struct err *e)
{
	const char *target = api_str(c->call, "target"), *by = c->m->by.name;
	struct message m = {
		.id = id,
		.by = by,
		.kind = (enum message_kind)scope, /* zone, folder and device have the same numbers */
		.object = object,
		.name = target,
		.text = arena_printf(c->arena,
				     id == MESSAGE_HOLD_SET
					     ? "emergency hold of \"%s\": %s stops all that changes power there"
					     : "the hold of \"%s\" was lifted by %s",
				     target, by),
		.more = id == MESSAGE_HOLD_SET ? command_str(c, "note", "") : NULL,
	};
	return message_add(c->z, &m, e);
}

int command_HOLD_ADD(struct command *c, struct err *e)
{
	struct scope at;
	const char *note = command_str(c, "note", "");
	int rc = find_target(c, &at, e);
	rc = rc ? rc : check_text("note", note, STORE_NOTE_MAX, e);
	if (rc)
		return rc;
	struct store_hold h = {at.kind, at.object, c->m->by.name, note, c->z->now};
	rc = store_hold_put(c->z->db, &h, e);
	rc = rc ? rc : tell(c, "added", h.object, e);
	rc = rc ? rc : say(c, MESSAGE_HOLD_SET, h.scope, h.object, e);
	return rc ? rc : answer_ref(c, h.object, api_str(c->call, "target"));
}

int command_HOLD_REMOVE(struct command *c, struct err *e)
{
	struct scope at;
	int rc = find_target(c, &at, e);
	if (rc)
		return rc;
	rc = store_hold_delete(c->z->db, at.kind, at.object, NULL);
	if (rc)
		return err_set(e, rc, "\"%s\" is not held", api_str(c->call, "target"));
	rc = tell(c, "removed", at.object, e);
	return rc ? rc : say(c, MESSAGE_HOLD_LIFTED, at.kind, at.object, e);
}
