/* scan.h - scans that were ordered and how they ended. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "store/store.h"

struct arena;

enum scan_state {
	SCAN_STATE_RUNNING,
	SCAN_STATE_DONE,
	SCAN_STATE_CANCELLED,
	SCAN_STATE_FAILED,
	SCAN_STATE_WAITING, /* for the one that runs */
};
const char *scan_state_name(enum scan_state s); /* "running", "done", "cancelled", "failed", "waiting" */

struct store_scan {
	int64_t id;
	const char *spec; /* JSON: ranges and options as ordered */
	enum scan_state state;
	int64_t server;
	const char *requested_by;
	int64_t created_at, ended_at;
	int64_t total, asked, found, found_new; /* addresses */
	int reason;                             /* number of base/err.tbl.h; 0 none */
	const char *detail;
	int64_t started_at; /* 0: not yet */
};

int store_scan_add(struct db *db, const struct store_scan *s, struct err *e);
int store_scan_put(struct db *db, const struct store_scan *s, struct err *e); /* ERR_NOT_FOUND */
int store_scan_get(struct db *db, struct arena *a, int64_t id, struct store_scan *ret, struct err *e);
typedef int (*store_scan_fn)(void *arg, const struct store_scan *row);
/* Newest first, below before_id (0: from the newest). */
int store_scan_list(struct db *db, int64_t before_id, int limit, store_scan_fn each, void *arg, struct err *e);
/* Waiting or running, oldest first. */
int store_scan_list_open(struct db *db, int64_t server, store_scan_fn each, void *arg, struct err *e);

#endif
