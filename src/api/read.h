/* read.h - what READ and LIST commands answer: rows of the database as objects of codec/api.tbl.h. Runs on a worker, in
 * one read-only snapshot; nothing here changes or remembers anything. One file a noun or two: read_NOUN.c. */
#ifndef API_READ_H
#define API_READ_H

#include "amt/boot.h"
#include "base/arena.h"
#include "codec/api.h"
#include "codec/json.h"
#include "store/folder.h"
#include "store/setting.h"
#include "zone/access.h"

struct api;
struct err;
struct store_credential;
struct store_device;
struct store_group;
struct store_schedule;
struct devfilter;

/* Runs a READ or LIST command and appends its answer to out: what who may see of it. ERR_INVALID, ERR_NOT_FOUND,
 * ERR_NOT_ALLOWED, and the store's errors. */
int read_run(struct api *a, struct db *db, const struct asker *who, const struct api_call *call, struct buf *out,
	     struct err *e);

/* Credentials are named "name", "/folder/name" or by id. ERR_NOT_FOUND; ERR_INVALID when several have the name. */
int read_find_credential(struct db *db, struct arena *arena, const char *text, struct store_credential *ret,
			 struct err *e);

/* One command being answered. */
struct read {
	struct db *db;
	const struct api_call *call;
	const struct asker *who;
	struct arena *arena;
	struct json_writer json;
	int64_t now;    /* wall, ms */
	int64_t server; /* our id */
	struct bytes audit_key;
	/* LIST: where the page went on, then where it got to. Two parts, for keys of two columns. */
	char key[2][STORE_PATH_MAX + 1];
	uint32_t count;
	int rows;  /* that the present batch gave */
	bool more; /* there is a next page */
	/* the last credential whose path was asked for: neighbours mostly share it */
	int64_t path_of;
	const char *path;
	/* the same of the folder whose TLS policy was asked for */
	int64_t tls_of;
	const char *tls, *tls_from;
	enum boot_choice boot; /* JOB_ACTS: of the job */
	/* devices: what was asked for beside what the store looks for */
	struct devfilter *filter, *group_filter; /* NULL: none */
	int64_t group;                           /* a static one */
	int64_t removal_of, removal_ms;          /* setting removal-after of the last folder that was looked at */
	/* the last device that was asked about */
	int64_t seen_device;
	bool seen;
	bool own; /* JOB_ACTS: the job is of who asks */
};

#define READ_BATCH (API_LIMIT_MAX + 1) /* rows asked for at once; not all of them are read */

/* For LIST: every row of a batch goes through read_row, then (when it is wanted) through read_take, and ends with
 * read_key. read_take says false when the page is full: return 1 then, which ends the list. */
void read_row(struct read *r);
bool read_take(struct read *r);
void read_key(struct read *r, const char *a, const char *b); /* b may be NULL */
void read_key_id(struct read *r, int64_t id);
int64_t read_after_id(const struct read *r);            /* 0: from the start */
const char *read_after(const struct read *r, int part); /* NULL: from the start */

/* Fetches batches until the page is full, the rows are at their end, or many rows were looked at in vain (the page is
 * then short, and has a next). fetch asks the store for READ_BATCH rows behind the key. */
typedef int (*read_fetch)(struct read *r, struct err *e);
int read_pages(struct read *r, read_fetch fetch, struct err *e);

int64_t read_id(const struct api_call *call, const char *name);       /* of an INT argument */
int read_missing(const char *what, const char *name, struct err *e);  /* ERR_NOT_FOUND, in one form */
const char *read_credential_path(struct read *r, int64_t credential); /* NULL: none that may be seen */
int read_find_device(struct read *r, const char *text, struct store_device *ret, struct err *e);
/* By name or id, if it may be seen. ERR_NOT_FOUND, ERR_NOT_ALLOWED. */
int read_find_schedule(struct read *r, const char *text, struct store_schedule *ret, struct err *e);
int read_find_group(struct read *r, const char *text, struct store_group *ret, struct err *e);
/* ERR_NOT_FOUND when a list is asked for below a folder that there is not; path NULL is fine. */
int read_check_folder(struct read *r, enum store_tree tree, const char *path, struct err *e);

/* Where something applies. text: the word zone (also NULL), a /folder/ path, a device's name or id. ERR_NOT_FOUND,
 * ERR_INVALID. */
struct read_scope {
	enum store_scope kind;
	int64_t object;
	const char *name; /* "zone", "/folder/", "desk-17" */
};
int read_scope(struct read *r, const char *text, struct read_scope *ret, struct err *e);
const char *read_scope_name(struct read *r, enum store_scope scope, int64_t object); /* "?": it is gone */
const char *read_from(struct read *r, const struct store_setting_value *v);          /* "default", or such a name */
/* Whether who asks may see what lies in this folder. */
bool read_may(const struct read *r, enum right_id right, const char *path);
/* The same of a device; 0: one that is gone, which those see who see all. */
bool read_may_see_device(struct read *r, int64_t device);

typedef int (*read_fn)(struct read *r, struct err *e);
#define READ_HANDLER_READ(id) int read_##id(struct read *r, struct err *e);
#define READ_HANDLER_LIST(id) int read_##id(struct read *r, struct err *e);
#define READ_HANDLER_WRITE(id)
#define READ_HANDLER_STREAM(id)
#define API_COMMAND(id, noun, verb, method, path, kind, ...) READ_HANDLER_##kind(id)
#include "codec/api.tbl.h"
#undef READ_HANDLER_READ
#undef READ_HANDLER_LIST
#undef READ_HANDLER_WRITE
#undef READ_HANDLER_STREAM

#endif
