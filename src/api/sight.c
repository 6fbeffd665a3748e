#include "api/sight.h"

#include "base/arena.h"
#include "base/base.h"
#include "codec/json.h"
#include "store/credential.h"
#include "store/device.h"
#include "store/folder.h"
#include "store/job.h"

#define BODY_MAX (64u * 1024)

typedef const char *find_fn(struct db *db, struct arena *a, const struct store_event *row);

/* A text of the event object itself; NULL: none. */
static const char *member(struct arena *a, const struct store_event *row, const char *name)
{
	struct json_t *j = NULL;
	const char *text = NULL;
	if (json_parse(bytes_str(row->body), BODY_MAX, &j, NULL) == 0 &&
	    json_get_str(j, name, BODY_MAX, &text, NULL) == 0)
		text = arena_str(a, bytes_str(text));
	json_free(j);
	return text;
}

static const char *path_of(struct db *db, struct arena *a, int64_t folder)
{
	struct store_folder f;
	return store_folder_get(db, a, folder, &f, NULL) ? NULL : f.path;
}

static const char *find_device(struct db *db, struct arena *a, const struct store_event *row)
{
	struct store_device d;
	return store_device_get(db, a, row->object, &d, NULL) ? NULL : path_of(db, a, d.folder);
}

static const char *find_named_device(struct db *db, struct arena *a, const struct store_event *row)
{
	struct store_device d;
	const char *name = member(a, row, "name");
	return !name || store_device_by_name(db, a, name, &d, NULL) ? NULL : path_of(db, a, d.folder);
}

static const char *find_folder(struct db *db, struct arena *a, const struct store_event *row)
{
	return member(a, row, "name");
}

static const char *find_credential(struct db *db, struct arena *a, const struct store_event *row)
{
	struct store_credential c;
	return store_credential_get(db, a, row->object, &c, NULL) ? NULL : path_of(db, a, c.folder);
}

static const char *find_target(struct db *db, struct arena *a, const struct store_event *row)
{
	const char *name = member(a, row, "name");
	if (!name || *name == '/')
		return name;
	return strcmp(name, "zone") == 0 ? "/" : find_named_device(db, a, row);
}

/* The right that shows a kind, and where its thing lies; NULL: in no folder. Those who ordered a job see it and its
 * acts. Vault and devices share the kind "folder": both rights are asked for. */
static const struct kind {
	const char *name;
	enum right_id right, other;
	find_fn *find;
	bool of_job;
} kinds[] = {
	{"job", RIGHT_DEVICE_VIEW, RIGHT_LOGIN, NULL, true},
	{"act", RIGHT_DEVICE_VIEW, RIGHT_LOGIN, find_named_device, true},
	{"device", RIGHT_DEVICE_VIEW, RIGHT_LOGIN, find_device, false},
	{"folder", RIGHT_DEVICE_VIEW, RIGHT_CREDENTIAL_VIEW, find_folder, false},
	{"hold", RIGHT_DEVICE_VIEW, RIGHT_LOGIN, find_target, false},
	{"setting", RIGHT_SETTING_VIEW, RIGHT_LOGIN, NULL, false},
	{"credential", RIGHT_CREDENTIAL_VIEW, RIGHT_LOGIN, find_credential, false},
	{"discovered", RIGHT_DISCOVERY_VIEW, RIGHT_LOGIN, NULL, false},
	{"setup-file", RIGHT_DISCOVERY_VIEW, RIGHT_LOGIN, NULL, false},
	{"scan", RIGHT_DISCOVERY_VIEW, RIGHT_LOGIN, NULL, false},
	{"zone", RIGHT_ZONE_VIEW, RIGHT_LOGIN, NULL, false},
	{"server", RIGHT_ZONE_VIEW, RIGHT_LOGIN, NULL, false},
	{"certificate", RIGHT_ZONE_VIEW, RIGHT_LOGIN, NULL, false},
	{"message", RIGHT_MESSAGE_VIEW, RIGHT_LOGIN, NULL, false},
	{"schedule", RIGHT_SCHEDULE_VIEW, RIGHT_LOGIN, NULL, false},
	{"calendar", RIGHT_SCHEDULE_VIEW, RIGHT_LOGIN, NULL, false},
	{"token", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"admin", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"admin-group", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"user-source", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"role", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"right", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"session", RIGHT_ADMINISTRATOR_VIEW, RIGHT_LOGIN, NULL, false},
	{"", RIGHT_DEVICE_VIEW, RIGHT_LOGIN, NULL, false}, /* all others */
};

static size_t kind_of(struct bytes name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(kinds) - 1 && !bytes_equal_str(name, kinds[i].name))
		i++;
	return i;
}

unsigned sight_bit(struct bytes kind)
{
	return 1u << kind_of(kind);
}

void sight_of(const struct asker *who, struct sight *ret)
{
	*ret = (struct sight){0};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kind *k = &kinds[i];
		if (rights_may_below(who->rights, k->right, "/") && rights_may_below(who->rights, k->other, "/"))
			ret->all |= 1u << i;
		else if (k->of_job || (k->find && rights_may_somewhere(who->rights, k->right)))
			ret->some |= 1u << i;
	}
}

static bool may_see_job(struct db *db, struct arena *a, const struct asker *who, int64_t job, bool only_own)
{
	struct store_job j;
	bool may = false;
	if (store_job_get(db, a, job, &j, NULL))
		return false;
	if (only_own)
		return strcmp(j.requested_by, who->name) == 0;
	return !access_may_see_job(db, who, job, j.requested_by, &may, NULL) && may;
}

bool sight_may_see(struct db *db, struct arena *a, const struct asker *who, const struct sight *s,
		   const struct store_event *row)
{
	size_t i = kind_of(bytes_str(row->kind));
	const struct kind *k = &kinds[i];
	if (s->all & 1u << i)
		return true;
	if (!(s->some & 1u << i))
		return false;
	if (k->of_job && may_see_job(db, a, who, row->object, k->find != NULL))
		return true;
	const char *path = k->find ? k->find(db, a, row) : NULL;
	return path && rights_may(who->rights, k->right, path) && rights_may(who->rights, k->other, path);
}
