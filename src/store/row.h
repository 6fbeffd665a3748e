/* row.h - what the nouns of this folder share: one row wanted, one row changed, texts into an arena. Private. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/db.h"

/* The next column: copied into a, or borrowed until the next step when a is NULL. row_text gives "" for NULL. */
const char *row_text(struct db_stmt *st, struct arena *a);
const char *row_text_or_null(struct db_stmt *st, struct arena *a);
struct bytes row_blob(struct db_stmt *st, struct arena *a);

/* Steps to the one row that must be there: 0, or ERR_NOT_FOUND with the thing named by fmt. Read it, then db_end. */
int row_need(struct db_stmt *st, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Runs an INSERT; ERR_EXISTS and ERR_CONFLICT name the thing. */
int row_add(struct db_stmt *st, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Runs an UPDATE or DELETE of one row: ERR_NOT_FOUND when there was none. */
int row_change(struct db_stmt *st, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Runs a compare-and-set. */
int row_won(struct db_stmt *st, bool *ret_won, struct err *e);
/* Steps to the only row of a SELECT that always gives one, reads its first column and ends. */
int row_number(struct db_stmt *st, int64_t *ret, struct err *e);

/* The end of the range of all texts that begin with prefix: greater than each of them, in bytes. */
#define STORE_ROW_NAME_SIZE 300
#define ROW_PREFIX_END_MAX  1100
void row_prefix_end(const char *prefix, char to[ROW_PREFIX_END_MAX]);

/* Hands every row, read by read(st, NULL, &row), to each; the callback's result other than 0 ends the list. */
#define ROW_EACH(st, type, read, each, arg, e)                                                                         \
	__extension__({                                                                                                \
		struct db_stmt *row_st_ = (st);                                                                        \
		int row_rc_;                                                                                           \
		while ((row_rc_ = db_step(row_st_, (e))) > 0) {                                                        \
			type row_;                                                                                     \
			read(row_st_, NULL, &row_);                                                                    \
			row_rc_ = (each)((arg), &row_);                                                                \
			if (row_rc_) {                                                                                 \
				db_end(row_st_);                                                                       \
				break;                                                                                 \
			}                                                                                              \
		}                                                                                                      \
		row_rc_;                                                                                               \
	})

#endif
