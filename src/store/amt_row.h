/* amt_row.h - reads the columns of an interface and of its state, for the nouns that join them. Private. */
#ifndef STORE_AMT_ROW_H
#define STORE_AMT_ROW_H

#include "store/amt.h"

/* Where the join found nothing, the id is 0, texts are "" and numbers 0. */
void amt_row_read(struct db_stmt *st, struct arena *a, struct store_amt *ret);
void amt_state_row_read(struct db_stmt *st, struct arena *a, struct store_amt_state *ret);

#endif
