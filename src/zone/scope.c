#include "zone/scope.h"

#include "base/base.h"

static int find_folder(struct command *c, const char *path, struct scope *ret, struct err *e)
{
	const struct tree_folder *f = tree_by_path(c->z->tree, path);
	if (!f) {
		command_name(c, path);
		return err_set(e, ERR_NOT_FOUND, "folder \"%s\" does not exist", path);
	}
	*ret = (struct scope){STORE_SCOPE_FOLDER, f->id, f->id, arena_str(c->arena, bytes_str(path))};
	return 0;
}

int scope_find(struct command *c, const char *text, struct scope *ret, struct err *e)
{
	static const char *const sets[] = {"tag:", "group:"};
	struct store_device d;
	for (size_t i = 0; text && i < ARRAY_LEN(sets); i++)
		if (strncmp(text, sets[i], strlen(sets[i])) == 0)
			return err_set(e, ERR_INVALID, "\"%s\" is neither the word zone nor a /folder/ nor a device",
				       text);
	if (!text || strcmp(text, "zone") == 0) {
		*ret = (struct scope){.kind = STORE_SCOPE_ZONE, .name = "zone"};
		return 0;
	}
	if (text[0] == '/')
		return find_folder(c, text, ret, e);
	int rc = find_device(c, text, &d, e);
	if (!rc)
		*ret = (struct scope){STORE_SCOPE_DEVICE, d.id, d.folder, d.name};
	return rc;
}
