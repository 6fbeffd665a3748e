/* setting.h - the values of setting.tbl.h: checked, and stored as texts for the zone, a folder or a device. What lies
 * nearest to a device counts: the device, its folder and those above it, the zone, the default. */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H

#include "store/store.h"

struct arena;

enum store_scope { STORE_SCOPE_ZONE, STORE_SCOPE_FOLDER, STORE_SCOPE_DEVICE, STORE_SCOPE_SERVER };

enum setting_type {
	SETTING_TYPE_DURATION,
	SETTING_TYPE_COUNT,
	SETTING_TYPE_BOOL,
	SETTING_TYPE_CIDRS,
	SETTING_TYPE_CHOICE,
	SETTING_TYPE_SPAN,
	SETTING_TYPE_TIMEZONE,
	SETTING_TYPE_NAMES,
};
const char *setting_type_name(enum setting_type t); /* "duration", ... */

enum setting_id {
#define SETTING(NAME, name, type, unit, min, max, def, scopes, text) SETTING_##NAME,
#include "store/setting.tbl.h"
#undef SETTING
	SETTING_COUNT,
};

struct setting_row {
	enum setting_id id;
	const char *name;
	enum setting_type type;
	const char *unit; /* CHOICE: the words, split by | */
	int64_t min, max; /* DURATION, SPAN: milliseconds; CIDRS: how many */
	const char *def;
	enum store_scope scopes; /* deepest scope where it may be set */
	const char *sentence;
};
const struct setting_row *setting_row(enum setting_id id); /* never NULL */
bool setting_from_name(const char *name, enum setting_id *ret);
const char *store_scope_name(enum store_scope s); /* "zone", "folder", "device", "server" */

/* Whether text is a value of this setting: 0, or ERR_INVALID with a sentence that names setting, value and range.
 * *ret (may be NULL): DURATION in milliseconds, COUNT, BOOL 0 or 1, CHOICE the index of the word, CIDRS how many, SPAN
 * in milliseconds with 0 for never, TIMEZONE 0 (its name is looked at, not whether there is such a zone),
 * NAMES how many. */
int setting_check(enum setting_id id, const char *text, int64_t *ret, struct err *e);

/* The next name of a value of type NAMES; moves *list behind it. False: it is empty, or longer than a name. */
bool setting_next_name(const char **list, char to[STORE_NAME_MAX + 1]);

/* Whether it may be set in this scope: 0, or ERR_INVALID with a sentence. */
int setting_check_scope(enum setting_id id, enum store_scope scope, struct err *e);

/* The value that counts for an object (0 for the zone, a folder's or a device's id else), and where it comes from.
 * ERR_NOT_FOUND: no such object. */
struct store_setting_value {
	const char *text;
	bool is_default;       /* set nowhere, and the two below mean nothing */
	enum store_scope from; /* where it was set */
	int64_t from_object;
};
int store_setting_find(struct db *db, struct arena *a, enum setting_id id, enum store_scope scope, int64_t object,
		       struct store_setting_value *ret, struct err *e);
/* The same as setting_check gives it. */
int store_setting_get(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, int64_t *ret,
		      struct err *e);
/* What would count if nothing were set at this very place. */
int store_setting_inherited(struct db *db, struct arena *a, enum setting_id id, enum store_scope scope, int64_t object,
			    struct store_setting_value *ret, struct err *e);

/* One value that was set, whatever this version thinks of it. */
struct store_setting {
	enum store_scope scope;
	int64_t object;
	const char *name, *value;
};
typedef int (*store_setting_fn)(void *arg, const struct store_setting *row);
/* All that is set, by name, scope and object. */
int store_setting_list(struct db *db, store_setting_fn each, void *arg, struct err *e);

/* ERR_INVALID: the value, or this setting cannot be set in this scope. */
int store_setting_put(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, const char *text,
		      struct err *e);
/* Back to what is inherited; fine when nothing was set. */
int store_setting_delete(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, struct err *e);
/* All that is set for a folder or device that goes. */
int store_setting_forget(struct db *db, enum store_scope scope, int64_t object, struct err *e);

#endif
