#include "zone/override.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"

struct overrides {
	struct map_u64 *at[SETTING_COUNT]; /* by place */
	size_t below_zone[SETTING_COUNT];
};

/* Ids stay below 2^53. */
static uint64_t place(enum store_scope scope, int64_t object)
{
	return (uint64_t)object * 4 + (uint64_t)scope;
}

struct overrides *overrides_new(void)
{
	struct overrides *o = mem_alloc(sizeof(*o));
	for (int id = 0; id < SETTING_COUNT; id++)
		o->at[id] = map_u64_new();
	return o;
}

static void clear(struct overrides *o)
{
	for (int id = 0; id < SETTING_COUNT; id++) {
		size_t it = 0;
		uint64_t key;
		void *value;
		while (map_u64_each(o->at[id], &it, &key, &value))
			free(value);
		map_u64_free(o->at[id]);
		o->below_zone[id] = 0;
	}
}

void overrides_free(struct overrides *o)
{
	if (!o)
		return;
	clear(o);
	free(o);
}

void overrides_put(struct overrides *o, enum setting_id id, enum store_scope scope, int64_t object, int64_t value,
		   const char *text)
{
	size_t len = strlen(text) + 1;
	struct override *new = mem_alloc(sizeof(*new) + len);
	new->value = value;
	memcpy(new->text, text, len);
	void *old = map_u64_put(o->at[id], place(scope, object), new);
	o->below_zone[id] += !old && scope != STORE_SCOPE_ZONE;
	free(old);
}

void overrides_delete(struct overrides *o, enum setting_id id, enum store_scope scope, int64_t object)
{
	void *old = map_u64_delete(o->at[id], place(scope, object));
	o->below_zone[id] -= old && scope != STORE_SCOPE_ZONE;
	free(old);
}

void overrides_forget(struct overrides *o, enum store_scope scope, int64_t object)
{
	for (int id = 0; id < SETTING_COUNT; id++)
		overrides_delete(o, (enum setting_id)id, scope, object);
}

const struct override *overrides_get(const struct overrides *o, enum setting_id id, enum store_scope scope,
				     int64_t object)
{
	return map_u64_get(o->at[id], place(scope, object));
}

bool overrides_below_zone(const struct overrides *o, enum setting_id id)
{
	return o->below_zone[id] > 0;
}

static int see_value(void *arg, const struct store_setting *row)
{
	struct overrides *o = arg;
	enum setting_id id;
	int64_t value;
	struct err why = ERR_INIT;
	if (!setting_from_name(row->name, &id))
		return 0; /* of another version */
	if (setting_check(id, row->value, &value, &why))
		log_event(LOG_WARNING, "setting not taken, carrying on without it", LOG_S("setting", row->name),
			  LOG_I("object", row->object), LOG_S("why", why.msg));
	else
		overrides_put(o, id, row->scope, row->object, value, row->value);
	return 0;
}

int overrides_load(struct overrides *o, struct db *db, struct err *e)
{
	clear(o);
	for (int id = 0; id < SETTING_COUNT; id++)
		o->at[id] = map_u64_new();
	return store_setting_list(db, see_value, o, e);
}
