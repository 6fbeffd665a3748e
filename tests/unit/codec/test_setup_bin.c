/* Files for USB keys against files whose values other programs read, and write as the same bytes. */
#include "testing.h"

#include "base/text.h"
#include "codec/setup_bin.h"

#define ABC_SHA1 "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d"
#define ABC_SHA256                                                                                                     \
	"\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff" \
	"\x61\xf2\x00\x15\xad"

#define VALUE(literal)                                                                                                 \
	{                                                                                                              \
		(const uint8_t *)(literal), sizeof(literal) - 1                                                        \
	}
#define ENTRY(NAME, value)                                                                                             \
	{                                                                                                              \
		SETUP_BIN_##NAME, VALUE(value)                                                                         \
	}
#define PASSWORDS ENTRY(PASSWORD, "admin"), ENTRY(NEW_PASSWORD, "P@ssw0rd")
#define HASH_1    "\1" ABC_SHA1 "\7Zone CA"
#define HASH_2    "\2" ABC_SHA256 "\7Zone CA"

static const struct row {
	const char *file;
	enum setup_bin_version version;
	uint16_t flags;
	uint32_t record_flags;
	size_t count;
	struct setup_bin_entry entries[9];
} rows[] = {
	{"setup_bin/psk-v1.bin",
	 SETUP_BIN_V1,
	 0,
	 SETUP_BIN_RECORD_VALID,
	 4,
	 {PASSWORDS, ENTRY(PID, "0000ABCU"), ENTRY(PPS, "AMTAPSKMABCIDEFRGHI0JKL9MNOIPQRR")}},
	{"setup_bin/internal-ca-v2.1.bin",
	 SETUP_BIN_V2_1,
	 SETUP_BIN_FLAG_KEEP,
	 SETUP_BIN_RECORD_VALID,
	 7,
	 {PASSWORDS, ENTRY(DNS_SUFFIX, "example.com"), ENTRY(SERVER_FQDN, "oob.example.com"), ENTRY(REMOTE_SETUP, "\1"),
	  ENTRY(USER_HASHES, "\1"), ENTRY(HASH, HASH_1)}},
	{"setup_bin/scrambled-v4.bin",
	 SETUP_BIN_V4,
	 SETUP_BIN_FLAG_KEEP,
	 SETUP_BIN_RECORD_VALID | SETUP_BIN_RECORD_SCRAMBLED,
	 9,
	 {PASSWORDS, ENTRY(MANAGEABILITY, "\1"), ENTRY(DNS_SUFFIX, "example.com"), ENTRY(HASH, HASH_2),
	  ENTRY(DHCP, "\2"), ENTRY(SERVER_ADDRESS, "\x0a\2\0\xc0"), ENTRY(SERVER_PORT, "\xf3\x26"),
	  ENTRY(START, "\1")}},
};

static void golden_files_are_read(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct buf in;
		struct setup_bin f;
		struct setup_bin_record r;
		golden_read(row->file, &in);
		assert_int_equal(setup_bin_open(buf_bytes(&in), &f, NULL), 0);
		assert_int_equal(f.version, row->version);
		assert_int_equal(f.flags, row->flags);
		assert_int_equal(f.records, 1);
		assert_int_equal(f.consumed, 0);
		assert_int_equal(setup_bin_read(&f, 0, &r, NULL), 0);
		assert_int_equal(r.flags, row->record_flags);
		assert_int_equal(r.number, 1);
		assert_int_equal(r.count, row->count);
		for (size_t j = 0; j < r.count; j++) {
			assert_int_equal(r.entries[j].id, row->entries[j].id);
			assert_true(bytes_equal(r.entries[j].value, row->entries[j].value));
		}
		setup_bin_record_wipe(&r);
		buf_release(&in);
	}
}

/* Given backwards, since the order is the writer's business. */
static void golden_files_are_written_byte_for_byte(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct buf in;
		struct setup_bin_writer w;
		struct setup_bin_entry backwards[9];
		uint8_t file[2 * SETUP_BIN_RECORD_SIZE];
		golden_read(row->file, &in);
		for (size_t j = 0; j < row->count; j++)
			backwards[j] = row->entries[row->count - 1 - j];
		memset(file, 0xee, sizeof(file));
		setup_bin_begin(&w, row->version, row->flags, file, sizeof(file));
		assert_int_equal(setup_bin_add(&w, backwards, row->count, row->record_flags, NULL), 0);
		assert_int_equal(setup_bin_end(&w), in.len);
		assert_memory_equal(file, in.p, in.len);
		buf_release(&in);
	}
}

static void a_file_is_refused_at_every_length_but_its_own(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf in;
		golden_read(rows[i].file, &in);
		for (size_t len = 0; len <= in.len; len++) {
			struct bytes part = visible(buf_bytes(&in), len);
			struct setup_bin f;
			assert_int_equal(setup_bin_open(part, &f, NULL), len < in.len ? ERR_MALFORMED : 0);
			free((void *)(uintptr_t)part.p);
		}
		assert_int_equal(buf_addc(&in, 0), 0);
		assert_int_equal(setup_bin_open(buf_bytes(&in), &(struct setup_bin){0}, NULL), ERR_MALFORMED);
		buf_release(&in);
	}
}

static void a_record_and_a_file_hold_what_fits_and_no_more(void **state)
{
	static uint8_t text[480];
	memset(text, 'a', sizeof(text));
	uint8_t file[2 * SETUP_BIN_RECORD_SIZE];
	for (size_t len = 460; len <= sizeof(text); len++) {
		struct setup_bin_writer w;
		const struct setup_bin_entry entries[] = {ENTRY(MANAGEABILITY, "\1"),
							  {SETUP_BIN_IDLE_TIMEOUT, BYTES(text, len)}};
		setup_bin_begin(&w, SETUP_BIN_V3, 0, file, sizeof(file));
		int rc = setup_bin_add(&w, entries, 2, SETUP_BIN_RECORD_VALID, NULL);
		assert_int_equal(rc, len <= SETUP_BIN_BODY_SIZE - 8 - 12 ? 0 : ERR_TOO_BIG);
		if (rc == 0) /* the file is full now */
			assert_int_equal(setup_bin_add(&w, entries, 2, SETUP_BIN_RECORD_VALID, NULL), ERR_TOO_BIG);
		assert_int_equal(w.records, rc ? 0 : 1);
	}
}

static void each_of_many_records_has_its_own_values(void **state)
{
	enum { RECORDS = 100 };
	uint8_t *file = malloc(setup_bin_size(RECORDS));
	struct setup_bin_writer w;
	struct setup_bin f;
	struct setup_bin_record r;
	assert_non_null(file);
	setup_bin_begin(&w, SETUP_BIN_V4, 0, file, setup_bin_size(RECORDS));
	for (int i = 0; i < RECORDS; i++) {
		char password[16];
		(void)snprintf(password, sizeof(password), "P@ssw0rd-%03d", i);
		const struct setup_bin_entry entries[] = {ENTRY(PASSWORD, "admin"),
							  {SETUP_BIN_NEW_PASSWORD, bytes_str(password)}};
		assert_int_equal(setup_bin_add(&w, entries, 2, i % 2 ? 3 : 1, NULL), 0);
	}
	assert_int_equal(setup_bin_end(&w), setup_bin_size(RECORDS));
	assert_int_equal(setup_bin_open(BYTES(file, setup_bin_size(RECORDS)), &f, NULL), 0);
	assert_int_equal(f.records, RECORDS);
	for (uint32_t i = 0; i < RECORDS; i++) {
		char password[16];
		(void)snprintf(password, sizeof(password), "P@ssw0rd-%03u", i);
		assert_int_equal(setup_bin_read(&f, i, &r, NULL), 0);
		assert_int_equal(r.number, i + 1);
		assert_bytes_equal_str(setup_bin_find(&r, SETUP_BIN_NEW_PASSWORD)->value, password);
	}
	setup_bin_record_wipe(&r);
	free(file);
}

static void a_computer_uses_a_record_up_unless_the_file_is_kept(void **state)
{
	for (uint16_t keep = 0; keep <= SETUP_BIN_FLAG_KEEP; keep++) {
		uint8_t file[3 * SETUP_BIN_RECORD_SIZE], before[sizeof(file)];
		const struct setup_bin_entry entries[] = {PASSWORDS};
		struct setup_bin_writer w;
		struct setup_bin f;
		setup_bin_begin(&w, SETUP_BIN_V3, keep, file, sizeof(file));
		assert_int_equal(setup_bin_add(&w, entries, 2, SETUP_BIN_RECORD_VALID, NULL), 0);
		assert_int_equal(setup_bin_add(&w, entries, 2, SETUP_BIN_RECORD_VALID, NULL), 0);
		assert_int_equal(setup_bin_end(&w), sizeof(file));
		memcpy(before, file, sizeof(file));
		assert_int_equal(setup_bin_open(BYTES(file, sizeof(file)), &f, NULL), 0);
		setup_bin_consume(&f, 1, file);
		size_t changed = 0;
		for (size_t i = 0; i < sizeof(file); i++)
			changed += file[i] != before[i];
		assert_int_equal(changed, keep ? 0 : 2);
		assert_int_equal(file[32], keep ? 0 : 1);
		assert_int_equal(file[2 * SETUP_BIN_RECORD_SIZE + 4], keep ? 1 : 0);
	}
}

static void wrong_values_are_not_written(void **state)
{
	static const struct {
		enum setup_bin_version version;
		struct setup_bin_entry entry;
		const char *says;
	} cases[] = {
		{SETUP_BIN_V1, ENTRY(DNS_SUFFIX, "example.com"), "came with version 2, this file has 1"},
		{SETUP_BIN_V2, ENTRY(POWER_PACKAGE, "0123456789abcdef"), "came with version 2.1"},
		{SETUP_BIN_V2_1, ENTRY(KVM, "\1"), "came with version 3"},
		{SETUP_BIN_V2_1, ENTRY(HASH, HASH_2), "only SHA-1"},
		{SETUP_BIN_V3, ENTRY(HASH, "\4" ABC_SHA256 "\7Zone CA"), "not the hash"},
		{SETUP_BIN_V3, ENTRY(HASH, "\2" ABC_SHA1 "\7Zone CA"), "not the hash"},
		{SETUP_BIN_V4, {SETUP_BIN_ID(2, 9), VALUE("x")}, "no variable 2,9"},
		{SETUP_BIN_V4, {SETUP_BIN_ID(3, 1), VALUE("x")}, "no variable 3,1"},
		{SETUP_BIN_V4, ENTRY(PID, "0000-ABC-U"), "pid has 10 bytes"},
		{SETUP_BIN_V4, ENTRY(NEW_PASSWORD, "short"), "new-password has 5 bytes"},
		{SETUP_BIN_V4, ENTRY(HOST_NAME, "caf\xc3\xa9"), "not ASCII"},
		{SETUP_BIN_V4, ENTRY(DHCP, "\0"), "dhcp cannot"},
		{SETUP_BIN_V4, ENTRY(DHCP, "\3"), "dhcp cannot"},
		{SETUP_BIN_V4, ENTRY(DHCP, "\1\0"), "dhcp cannot"},
		{SETUP_BIN_V4, ENTRY(USER_CONSENT, "\2"), "user-consent cannot"},
		{SETUP_BIN_V4, ENTRY(SERVICE_TYPE, "\3\0\0\0"), "service-type cannot"},
		{SETUP_BIN_V4, ENTRY(SERVER_PORT, "\0\0"), "server-port cannot"},
		{SETUP_BIN_V4, ENTRY(MANUAL_SETUP, ""), "manual-setup cannot"},
	};
	uint8_t file[2 * SETUP_BIN_RECORD_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct setup_bin_writer w;
		struct err e = ERR_INIT;
		setup_bin_begin(&w, cases[i].version, 0, file, sizeof(file));
		assert_int_equal(setup_bin_add(&w, &cases[i].entry, 1, SETUP_BIN_RECORD_VALID, &e), ERR_INVALID);
		assert_contains(e.msg, cases[i].says);
	}
}

static void only_hashes_may_come_twice(void **state)
{
	const struct setup_bin_entry twice[] = {ENTRY(HASH, HASH_2), PASSWORDS, ENTRY(HASH, HASH_1)};
	const struct setup_bin_entry wrong[] = {ENTRY(DHCP, "\1"), PASSWORDS, ENTRY(DHCP, "\2")};
	uint8_t file[2 * SETUP_BIN_RECORD_SIZE];
	struct setup_bin_writer w;
	struct setup_bin f;
	struct setup_bin_record r;
	setup_bin_begin(&w, SETUP_BIN_V3, 0, file, sizeof(file));
	assert_int_equal(setup_bin_add(&w, wrong, 4, SETUP_BIN_RECORD_VALID, NULL), ERR_INVALID);
	assert_int_equal(setup_bin_add(&w, twice, 4, SETUP_BIN_RECORD_VALID, NULL), 0);
	assert_int_equal(setup_bin_end(&w), sizeof(file));
	assert_int_equal(setup_bin_open(BYTES(file, sizeof(file)), &f, NULL), 0);
	assert_int_equal(setup_bin_read(&f, 0, &r, NULL), 0);
	assert_int_equal(r.count, 4);
	assert_int_equal(r.entries[2].value.p[0], 2); /* in the order in which they were given */
	assert_int_equal(r.entries[3].value.p[0], 1);
}

static void put(uint8_t *at, const char *hex)
{
	struct buf b;
	buf_init(&b, 64);
	assert_int_equal(hex_decode(bytes_str(hex), &b), 0);
	memcpy(at, b.p, b.len);
	buf_release(&b);
}

/* Each at its place in a file of one record, version 3, module 1 variables 1 and 2. */
static void strange_files_are_read_or_refused(void **state)
{
	static const struct {
		size_t at;
		const char *hex;
		int open, read;
		size_t count;
	} cases[] = {
		{0, "a7", 0, 0, 2},                  /* as it is */
		{0, "00", ERR_MALFORMED, 0, 0},      /* another type of file */
		{25, "01", ERR_UNSUPPORTED, 0, 0},   /* 3.1 */
		{24, "04", ERR_UNSUPPORTED, 0, 0},   /* 4 with the type of 3 */
		{36, "02", ERR_UNSUPPORTED, 0, 0},   /* records of 1,024 bytes */
		{28, "02", ERR_MALFORMED, 0, 0},     /* two records */
		{28, "11270000", ERR_TOO_BIG, 0, 0}, /* 10,001 */
		{512, "00", 0, ERR_MALFORMED, 0},    /* no data record */
		{536, "0300", 0, 0, 2},              /* unknown module */
		{538, "0900", 0, 0, 2},              /* unknown variable */
		{538, "0000", 0, 0, 0},              /* the end */
		{540, "e101", 0, ERR_MALFORMED, 0},  /* 481 bytes */
		{540, "e001", 0, 0, 1},              /* 480: to the last byte */
		{540, "dd01", 0, 0, 1},              /* 477: the padding reaches the last byte */
		{540, "0000", 0, 0, 2},              /* empty; "admin" is the next head then */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t file[2 * SETUP_BIN_RECORD_SIZE];
		const struct setup_bin_entry entries[] = {PASSWORDS};
		struct setup_bin_writer w;
		struct setup_bin f;
		struct setup_bin_record r;
		setup_bin_begin(&w, SETUP_BIN_V3, 0, file, sizeof(file));
		assert_int_equal(setup_bin_add(&w, entries, 2, SETUP_BIN_RECORD_VALID, NULL), 0);
		assert_int_equal(setup_bin_end(&w), sizeof(file));
		put(file + cases[i].at, cases[i].hex);
		if (i == ARRAY_LEN(cases) - 1)
			put(file + 544, "01000200000000000000");
		assert_int_equal(setup_bin_open(BYTES(file, sizeof(file)), &f, NULL), cases[i].open);
		if (cases[i].open)
			continue;
		assert_int_equal(setup_bin_read(&f, 0, &r, NULL), cases[i].read);
		if (cases[i].read == 0)
			assert_int_equal(r.count, cases[i].count);
	}
}

static void numbers_of_another_length_stay_bytes(void **state)
{
	static const struct {
		struct setup_bin_entry entry;
		bool is_number;
		uint32_t number;
	} cases[] = {
		{ENTRY(DHCP, "\2"), true, 2},
		{ENTRY(SERVER_PORT, "\xf3\x26"), true, 9971},
		{ENTRY(CHANNEL_ID, "\xff\xff\0\0"), true, 65535},
		{ENTRY(DHCP, "\2\0"), false, 0},
		{ENTRY(SERVER_PORT, "\1"), false, 0},
		{ENTRY(PID, "0000ABCU"), false, 0},
		{{SETUP_BIN_ID(2, 9), VALUE("\1")}, false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t number = 0;
		assert_int_equal(setup_bin_number(&cases[i].entry, &number), cases[i].is_number);
		assert_int_equal(number, cases[i].number);
	}
}

static void hashes_of_roots_are_read_and_written(void **state)
{
	struct bytes golden[] = {BYTES_LIT(HASH_1), BYTES_LIT(HASH_2)};
	for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
		struct setup_bin_hash h;
		uint8_t to[SETUP_BIN_HASH_SIZE];
		size_t len = 0;
		for (size_t n = 0; n <= golden[i].len; n++) {
			struct bytes part = visible(golden[i], n);
			assert_int_equal(setup_bin_hash_parse(part, &h, NULL), n < golden[i].len ? ERR_MALFORMED : 0);
			free((void *)(uintptr_t)part.p);
		}
		assert_int_equal(setup_bin_hash_parse(golden[i], &h, NULL), 0);
		assert_int_equal(h.type, i + 1);
		assert_bytes_equal_str(h.name, "Zone CA");
		assert_int_equal(setup_bin_hash_encode(&h, to, &len, NULL), 0);
		assert_true(bytes_equal(BYTES(to, len), golden[i]));
		h.name = bytes_str("a name of thirty-three characters");
		assert_int_equal(setup_bin_hash_encode(&h, to, &len, NULL), ERR_INVALID);
		h.name = BYTES_NONE;
		assert_int_equal(setup_bin_hash_encode(&h, to, &len, NULL), ERR_INVALID);
		h.name = bytes_str("Zone CA");
		h.value.len--;
		assert_int_equal(setup_bin_hash_encode(&h, to, &len, NULL), ERR_INVALID);
	}
}

static void versions_have_names(void **state)
{
	static const char *const names[] = {"1", "2", "2.1", "3", "4"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		enum setup_bin_version v;
		assert_true(setup_bin_version_from_name(bytes_str(names[i]), &v));
		assert_string_equal(setup_bin_version_name(v), names[i]);
	}
	assert_false(setup_bin_version_from_name(BYTES_LIT("5"), &(enum setup_bin_version){0}));
	assert_null(setup_bin_version_name((enum setup_bin_version)0x0500));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_files_are_read),
		cmocka_unit_test(golden_files_are_written_byte_for_byte),
		cmocka_unit_test(a_file_is_refused_at_every_length_but_its_own),
		cmocka_unit_test(a_record_and_a_file_hold_what_fits_and_no_more),
		cmocka_unit_test(each_of_many_records_has_its_own_values),
		cmocka_unit_test(a_computer_uses_a_record_up_unless_the_file_is_kept),
		cmocka_unit_test(wrong_values_are_not_written),
		cmocka_unit_test(only_hashes_may_come_twice),
		cmocka_unit_test(strange_files_are_read_or_refused),
		cmocka_unit_test(numbers_of_another_length_stay_bytes),
		cmocka_unit_test(hashes_of_roots_are_read_and_written),
		cmocka_unit_test(versions_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
