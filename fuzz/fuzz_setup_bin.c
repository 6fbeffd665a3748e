/* Files for USB keys: a record that is read and then taken by the writer is read again as the same; consuming marks one
 * record and no other. The input is also read as the hash of a root. */
#include "base/base.h"
#include "base/err.h"
#include "codec/setup_bin.h"
#include "fuzz/fuzz.h"

static void assert_same(const struct setup_bin_record *a, const struct setup_bin_record *b)
{
	ASSERT(a->count == b->count && a->flags == b->flags);
	for (size_t i = 0; i < a->count; i++) {
		size_t same = 0;
		for (size_t j = 0; j < b->count; j++)
			same += a->entries[i].id == b->entries[j].id &&
				bytes_equal(a->entries[i].value, b->entries[j].value);
		ASSERT(same >= 1);
	}
}

static void write_again(const struct setup_bin *f, const struct setup_bin_record *r)
{
	uint8_t file[2 * SETUP_BIN_RECORD_SIZE];
	struct setup_bin_writer w;
	struct setup_bin again;
	struct setup_bin_record read;
	struct err e = ERR_INIT;
	setup_bin_begin(&w, f->version, f->flags, file, sizeof(file));
	if (setup_bin_add(&w, r->entries, r->count, r->flags, &e)) {
		ASSERT(e.code == ERR_INVALID || e.code == ERR_TOO_BIG);
		return;
	}
	ASSERT(setup_bin_add(&w, r->entries, r->count, r->flags, NULL) == ERR_TOO_BIG);
	ASSERT(setup_bin_end(&w) == sizeof(file));
	ASSERT(setup_bin_open(BYTES(file, sizeof(file)), &again, NULL) == 0);
	ASSERT(again.version == f->version && again.flags == f->flags && again.records == 1);
	ASSERT(setup_bin_read(&again, 0, &read, NULL) == 0);
	assert_same(r, &read);
	setup_bin_consume(&again, 0, file);
	ASSERT(setup_bin_open(BYTES(file, sizeof(file)), &again, NULL) == 0);
	ASSERT(again.consumed == !(f->flags & SETUP_BIN_FLAG_KEEP));
}

static void as_file(struct bytes in)
{
	struct setup_bin f;
	struct setup_bin_record r;
	struct err e = ERR_INIT;
	if (setup_bin_open(in, &f, &e)) {
		ASSERT(e.code == ERR_MALFORMED || e.code == ERR_UNSUPPORTED || e.code == ERR_TOO_BIG);
		return;
	}
	enum setup_bin_version same;
	ASSERT(setup_bin_version_from_name(bytes_str(setup_bin_version_name(f.version)), &same) && same == f.version);
	for (uint32_t i = 0; i < f.records; i++) {
		if (setup_bin_read(&f, i, &r, NULL))
			continue;
		for (size_t j = 0; j < r.count; j++) {
			uint32_t number = 0;
			ASSERT(setup_bin_find(&r, r.entries[j].id));
			ASSERT(!setup_bin_number(&r.entries[j], &number) || setup_bin_variable(r.entries[j].id));
		}
		write_again(&f, &r);
		setup_bin_record_wipe(&r);
	}
}

static void as_hash(struct bytes in)
{
	struct setup_bin_hash h;
	uint8_t to[SETUP_BIN_HASH_SIZE];
	size_t len;
	if (setup_bin_hash_parse(in, &h, NULL) || setup_bin_hash_encode(&h, to, &len, NULL))
		return;
	ASSERT(bytes_equal(BYTES(to, len), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_file(BYTES(data, size));
	as_hash(BYTES(data, size));
	return 0;
}
