/* device.h - managed computers and their tags. Names are unique in the zone and compared byte by byte. */
#ifndef STORE_DEVICE_H
#define STORE_DEVICE_H

#include "store/amt.h"
#include "store/store.h"

struct store_device {
	int64_t id, folder;
	const char *name, *note;
	bool is_protected; /* a server of the zone, or marked so: handled last, only when asked for */
	int64_t created_at, changed_at;
};

int store_device_add(struct db *db, const struct store_device *d, struct err *e); /* ERR_EXISTS: the name */
int store_device_put(struct db *db, const struct store_device *d, struct err *e); /* ERR_NOT_FOUND, ERR_EXISTS */
int store_device_delete(struct db *db, int64_t id, struct err *e); /* with tags and interface; ERR_NOT_FOUND */
int store_device_get(struct db *db, struct arena *a, int64_t id, struct store_device *ret, struct err *e);
int store_device_by_name(struct db *db, struct arena *a, const char *name, struct store_device *ret, struct err *e);
int store_device_folder(struct db *db, int64_t id, int64_t *ret, struct err *e); /* ERR_NOT_FOUND */
int store_device_count(struct db *db, int64_t *ret, struct err *e);
int store_device_count_below(struct db *db, const char *path, int64_t *ret,
			     struct err *e); /* in this folder and below */
int store_device_count_in_folder(struct db *db, int64_t folder, int64_t *ret, struct err *e); /* not those below it */

/* A device with all that a list shows. */
struct store_device_view {
	struct store_device device;
	const char *folder_path;
	const char *tags;     /* sorted, joined with commas; "" none */
	struct store_amt amt; /* id 0: none, and its texts are "" */
	struct store_amt_state state;
	const char *credential_name; /* "" none */
	const char *server_name;     /* "" none */
};

/* Which devices, and where to go on. Exactly one of folder, tag, name_prefix, group may be set; none is the whole zone.
 * Order: by name; for a folder by folder path, then name; for a group by id. Go on with the last row's values in
 * after_*. */
struct store_device_filter {
	const char *folder; /* path; the devices in it and below */
	const char *tag;
	const char *name_prefix;
	int64_t group;          /* a static one: its members; not for targets */
	const char *after_path; /* only with folder; NULL: from the start */
	const char *after_name; /* NULL: from the start */
	int mode;               /* enum store_amt_mode; -1 any */
	int power;              /* number of amt/; -1 any */
	int64_t after_id;       /* only with group */
	bool without_tags;      /* tags are "" then, which is quicker */
	int limit;
};
#define STORE_DEVICE_FILTER_INIT ((struct store_device_filter){.mode = -1, .power = -1, .limit = 100})

typedef int (*store_device_view_fn)(void *arg, const struct store_device_view *row);
int store_device_list(struct db *db, const struct store_device_filter *f, store_device_view_fn each, void *arg,
		      struct err *e);
int store_device_view(struct db *db, struct arena *a, int64_t id, struct store_device_view *ret, struct err *e);

/* What a job needs of a device, cheaply and whatever the number. Same filter, same order. */
struct store_target {
	int64_t device;
	const char *name, *folder_path;
	bool is_protected;
	int64_t amt; /* 0: no interface */
	const char *host;
	enum store_amt_mode mode;
	int64_t credential, server;
};
typedef int (*store_target_fn)(void *arg, const struct store_target *row);
int store_target_list(struct db *db, const struct store_device_filter *f, store_target_fn each, void *arg,
		      struct err *e);
int store_target_get(struct db *db, struct arena *a, int64_t device, struct store_target *ret, struct err *e);

int store_tag_add(struct db *db, int64_t device, const char *tag, struct err *e);    /* fine when it is there */
int store_tag_delete(struct db *db, int64_t device, const char *tag, struct err *e); /* fine when it is not there */
int store_tag_clear(struct db *db, int64_t device, struct err *e);
/* All tags of the zone, sorted, with how many devices carry each. */
int store_tag_list(struct db *db, int (*each)(void *arg, const char *tag, int64_t devices), void *arg, struct err *e);

#endif
