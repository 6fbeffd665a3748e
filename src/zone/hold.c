/* Emergency holds. They are read inside the compare-and-sets of `claimed` and `sent` (R10), so that after the commit of
 * a hold nothing that changes power is sent. An act that meets a hold ends as cancelled: when the hold is lifted
 * nothing that was stopped starts by itself. */
#include "store/hold.h"
#include "zone/command.h"

static int find_target(struct command *c, enum store_scope *ret_scope, int64_t *ret_object, struct err *e)
{
	const char *target = api_str(c->call, "target");
	struct store_folder f;
	struct store_device d;
	*ret_object = 0;
	*ret_scope = STORE_SCOPE_ZONE;
	c->object = arena_printf(c->arena, "hold:%s", target);
	if (strcmp(target, "zone") == 0)
		return 0;
	if (target[0] != '/') {
		int rc = find_device(c, target, &d, e);
		*ret_scope = STORE_SCOPE_DEVICE;
		*ret_object = rc ? 0 : d.id;
		return rc;
	}
	int rc = store_folder_by_path(c->z->db, c->arena, STORE_TREE_DEVICE, target, &f, NULL);
	if (rc) {
		command_name(c, target);
		return err_set(e, rc, "folder \"%s\" does not exist", target);
	}
	*ret_scope = STORE_SCOPE_FOLDER;
	*ret_object = f.id;
	return 0;
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
	struct store_hold h = {
		.actor = c->m->by.name,
		.reason = command_str(c, "note", ""),
		.created_at = c->z->now,
	};
	int rc = find_target(c, &h.scope, &h.object, e);
	rc = rc ? rc : check_text("note", h.reason, STORE_NOTE_MAX, e);
	rc = rc ? rc : store_hold_put(c->z->db, &h, e);
	rc = rc ? rc : tell(c, "added", h.object, e);
	rc = rc ? rc : say(c, MESSAGE_HOLD_SET, h.scope, h.object, e);
	return rc ? rc : answer_ref(c, h.object, api_str(c->call, "target"));
}

int command_HOLD_REMOVE(struct command *c, struct err *e)
{
	enum store_scope scope;
	int64_t object;
	int rc = find_target(c, &scope, &object, e);
	if (rc)
		return rc;
	rc = store_hold_delete(c->z->db, scope, object, NULL);
	if (rc)
		return err_set(e, rc, "\"%s\" is not held", api_str(c->call, "target"));
	rc = tell(c, "removed", object, e);
	return rc ? rc : say(c, MESSAGE_HOLD_LIFTED, scope, object, e);
}
