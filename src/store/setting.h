/* setting.h - the values of setting.tbl.h: checked, and stored as texts. A setting counts for an object through what it
 * inherits from; every setting so far is the zone's and counts for all. */
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
	int64_t min, max; /* DURATION: milliseconds; CIDRS: how many */
	const char *def;
	enum store_scope scopes; /* deepest scope where it may be set */
	const char *sentence;
};
const struct setting_row *setting_row(enum setting_id id); /* never NULL */
bool setting_from_name(const char *name, enum setting_id *ret);

/* Whether text is a value of this setting: 0, or ERR_INVALID with a sentence that names setting, value and range.
 * *ret (may be NULL): DURATION in milliseconds, COUNT, BOOL 0 or 1, CHOICE the index of the word, CIDRS how many. */
int setting_check(enum setting_id id, const char *text, int64_t *ret, struct err *e);

/* The value that counts for an object, else the default. object is 0 for the zone, a folder's or a device's id else. */
int store_setting_get(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, int64_t *ret,
		      struct err *e);
/* As text; *ret_own: set at this very object. */
int store_setting_text(struct db *db, struct arena *a, enum setting_id id, enum store_scope scope, int64_t object,
		       const char **ret, bool *ret_own, struct err *e);
/* ERR_INVALID: the value, or this setting cannot be set in this scope. */
int store_setting_put(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, const char *text,
		      struct err *e);
/* Back to what is inherited; fine when nothing was set. */
int store_setting_delete(struct db *db, enum setting_id id, enum store_scope scope, int64_t object, struct err *e);

#endif
