#include "zone/hello.h"

#include "zone/zone_priv.h"

#define DROP_AT_ONCE 500

bool hello_merge(struct store_hello *h, const struct sighting_hello *m, int64_t now)
{
	bool first = !h->version;
	bool new_series = first || m->retry < h->retry || now >= h->until;
	struct bytes hashes = BYTES(m->hashes, m->hashes_len);
	bool changed = new_series || h->version != m->version || h->admin_set != m->admin_set ||
		       strcmp(h->pid ? h->pid : "", m->pid) != 0 || !bytes_equal(h->hashes, hashes);
	if (new_series) {
		h->since = now - hello_sent_after_ms(m->retry);
		h->until = h->since + (first ? HELLO_WINDOW_MS : HELLO_WINDOW_AGAIN_MS);
	}
	h->version = m->version;
	h->retry = m->retry;
	h->at = now;
	h->admin_set = m->admin_set;
	h->pid = m->pid;
	h->hashes = hashes;
	return changed;
}

int hello_make_room(struct zone *z, struct err *e)
{
	if (++z->hello_rows <= HELLO_ROWS_MAX)
		return 0;
	int rc = store_discovered_count_hello(z->db, &z->hello_rows, e); /* some became devices, or ended */
	if (rc || ++z->hello_rows <= HELLO_ROWS_MAX)
		return rc;
	z->hello_rows -= DROP_AT_ONCE;
	return store_discovered_drop_hello(z->db, DROP_AT_ONCE, e);
}
