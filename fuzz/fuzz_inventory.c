/* Records of an inventory: whatever the text, rows are well formed or say why they are not, and keys read again are the
 * same. */
#include "base/base.h"
#include "codec/inventory.h"
#include "fuzz/fuzz.h"

static void check_row(const struct inventory_record *r, struct arena *a)
{
	struct inventory_record again = {.row = r->row};
	char uuid[UUID_TEXT_SIZE];
	ASSERT(text_is_printable(bytes_str(r->why)) && text_is_printable(bytes_str(r->column)));
	ASSERT((r->code == 0) == (*r->why == 0));
	if (r->code)
		return;
	uuid_text(&r->uuid, uuid);
	const char *const fields[INVENTORY_FIELD_COUNT] = {r->name,      uuid,      r->macs,  r->fqdn,
							   r->addresses, r->serial, r->folder};
	inventory_record_read(fields, a, &again);
	ASSERT(again.code == 0 && uuid_equal(&again.uuid, &r->uuid));
	ASSERT(strcmp(again.name, r->name) == 0 && strcmp(again.macs, r->macs) == 0);
	ASSERT(strcmp(again.fqdn, r->fqdn) == 0 && strcmp(again.addresses, r->addresses) == 0);
	ASSERT(strcmp(again.serial, r->serial) == 0 && strcmp(again.folder, r->folder) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	struct inventory all;
	if (size < 1 << 16 && inventory_read(BYTES(data, size), a, &all, NULL) == 0) {
		ASSERT(all.count <= INVENTORY_ROWS_MAX && text_is_printable(bytes_str(all.ignored)));
		for (size_t i = 0; i < all.count; i++)
			check_row(&all.rows[i], a);
	}
	arena_free(a);
	return 0;
}
