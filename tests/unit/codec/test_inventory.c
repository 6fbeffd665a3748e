#include "testing.h"

#include "codec/inventory.h"

static struct arena *arena;

static int set_up(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(arena);
	return 0;
}

static struct inventory read_all(struct bytes text)
{
	struct inventory all;
	struct err e = ERR_INIT;
	int rc = inventory_read(text, arena, &all, &e);
	if (rc)
		print_error("%s\n", e.msg);
	assert_int_equal(rc, 0);
	return all;
}

static const char *uuid_of(const struct inventory_record *r)
{
	static char text[UUID_TEXT_SIZE];
	uuid_text(&r->uuid, text);
	return uuid_is_nil(&r->uuid) ? "" : text;
}

/* A header row with all columns goes before each. */
#define HEADER "name,uuid,mac,fqdn,address,serial,folder\r\n"

static void a_row_becomes_a_record_with_its_keys_in_one_form(void **state)
{
	static const struct {
		const char *row, *name, *uuid, *macs, *fqdn, *addresses, *serial, *folder;
	} rows[] = {
		{"pc-1,4C4C4544-0043-4A10-8052-B4C04F564433,02-00-5E-10-00-01,PC-1.Corp.Example.,10.1.0.1,S1,/W/\r\n",
		 "pc-1", "4c4c4544-0043-4a10-8052-b4c04f564433", "02:00:5e:10:00:01", "pc-1.corp.example", "10.1.0.1",
		 "S1", "/W/"},
		{"pc-1,{4c4c454400434a108052b4c04f564433},02005E100002 0200.5e10.0001,,\"fd00::0001;10.1.0.1\",,\n",
		 "pc-1", "4c4c4544-0043-4a10-8052-b4c04f564433", "02:00:5e:10:00:01,02:00:5e:10:00:02", "",
		 "10.1.0.1,fd00::1", "", ""},
		{"\"two, \"\"words\"\"\",,,,,\" s \",", "two, \"words\"", "", "", "", "", "s", ""},
		{",,,PC-9.corp.example,,,", "pc-9.corp.example", "", "", "pc-9.corp.example", "", "", ""},
		{"a,,\"02:00:5e:10:00:01,02:00:5E:10:00:01\",,,,", "a", "", "02:00:5e:10:00:01", "", "", "", ""},
		{"\xc3\xa4,03000200-0400-0500-0006-000700080009,,,,,", "\xc3\xa4",
		 "03000200-0400-0500-0006-000700080009", "", "", "", "", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[600];
		(void)snprintf(text, sizeof(text), HEADER "%s", rows[i].row);
		struct inventory all = read_all(bytes_str(text));
		assert_int_equal(all.count, 1);
		assert_string_equal(all.rows[0].why, "");
		assert_int_equal(all.rows[0].code, 0);
		assert_int_equal(all.rows[0].row, 2);
		assert_string_equal(all.rows[0].name, rows[i].name);
		assert_string_equal(uuid_of(&all.rows[0]), rows[i].uuid);
		assert_string_equal(all.rows[0].macs, rows[i].macs);
		assert_string_equal(all.rows[0].fqdn, rows[i].fqdn);
		assert_string_equal(all.rows[0].addresses, rows[i].addresses);
		assert_string_equal(all.rows[0].serial, rows[i].serial);
		assert_string_equal(all.rows[0].folder, rows[i].folder);
	}
}

static void a_slip_names_its_column_and_what_is_wanted(void **state)
{
	static const struct {
		const char *row;
		int code;
		const char *column, *why;
	} rows[] = {
		{"a,4c4c4544,,,,,", ERR_INVALID, "uuid", "\"4c4c4544\" is no UUID"},
		{"a,,02:00:5e:10:00,,,,", ERR_INVALID, "mac", "\"02:00:5e:10:00\" is no MAC address"},
		{"a,,02:00:5e:10:00:01:02,,,,", ERR_INVALID, "mac", "is no MAC address"},
		{"a,,0:2005e100001,,,,", ERR_INVALID, "mac", "is no MAC address"},
		{"a,,0200:5e100001,,,,", ERR_INVALID, "mac", "is no MAC address"},
		{"a,,,-pc,,,", ERR_INVALID, "fqdn", "\"-pc\" is no name of a host"},
		{"a,,,a..b,,,", ERR_INVALID, "fqdn", "is no name of a host"},
		{"a,,,,10.1.0.256,,", ERR_INVALID, "address", "\"10.1.0.256\" is no IP address"},
		{"a,,,,10.1.0.1 x,,", ERR_INVALID, "address", "\"x\" is no IP address"},
		{"\"a\nb\",,,,,,", ERR_INVALID, "name", "cannot be shown"},
		{"a\xe4,,,,,,", ERR_INVALID, "name", "UTF-8"},
		{",,,,,,", ERR_MISSING, "name", "neither a name nor an fqdn"},
		{"a,b", ERR_INVALID, "", "has 2 cells, the header row 7"},
		{"a,,,,,,,", ERR_INVALID, "", "has 8 cells"},
		{"a\"b,,,,,,", ERR_INVALID, "", "inside a cell"},
		{"\"a\"b,,,,,,", ERR_INVALID, "", "behind the double quote"},
		{"\"a,,,,,,", ERR_INVALID, "", "has no end"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[600];
		(void)snprintf(text, sizeof(text), HEADER "first,,,,,,\r\n%s", rows[i].row);
		struct inventory all = read_all(bytes_str(text));
		assert_int_equal(all.count, 2);
		assert_int_equal(all.rows[0].code, 0);
		assert_int_equal(all.rows[1].row, 3);
		assert_int_equal(all.rows[1].code, rows[i].code);
		assert_string_equal(all.rows[1].column, rows[i].column);
		assert_contains(all.rows[1].why, rows[i].why);
	}
}

static void a_row_that_is_not_well_formed_takes_no_other_with_it(void **state)
{
	struct inventory all = read_all(BYTES_LIT("name\na\nb\"b\nc\n\"d\"d\n\n\"e\ne\"\nf\n"));
	static const struct {
		const char *name;
		int64_t row;
		int code;
	} rows[] = {{"a", 2, 0},          {"", 3, ERR_INVALID}, {"c", 4, 0},
		    {"", 5, ERR_INVALID}, {"", 7, ERR_INVALID}, {"f", 8, 0}};
	assert_int_equal(all.count, ARRAY_LEN(rows));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(all.rows[i].row, rows[i].row);
		assert_int_equal(all.rows[i].code, rows[i].code);
		if (!rows[i].code)
			assert_string_equal(all.rows[i].name, rows[i].name);
	}
}

static void headers_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text, *ignored;
	} rows[] = {
		{"name,serial\na,s\n", ""},
		{"\xef\xbb\xbfName,Serial Number\r\na,s\r\n", ""},
		{"COMPUTER;SERIAL_NUMBER;Owner\na;s;me\n", "Owner"},
		{"device\tserial\tRAM\tRAM\na\ts\t4\t4\n", "RAM"},
		{"\n\n\"name\",\"serial-number\",\na,s,\n", ""},
		{"cn,serial\na,\"s\"", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct inventory all = read_all(bytes_str(rows[i].text));
		assert_int_equal(all.count, 1);
		assert_string_equal(all.rows[0].name, "a");
		assert_string_equal(all.rows[0].serial, "s");
		assert_string_equal(all.ignored, rows[i].ignored);
	}
}

static void json_says_the_same_as_csv(void **state)
{
	struct inventory all = read_all(BYTES_LIT(
		" {\"items\":[{\"name\":\"pc-1\",\"uuid\":\"4c4c4544-0043-4a10-8052-b4c04f564433\",\"mac\":[\"02:00:5E:"
		"10:00:02\","
		"\"02:00:5e:10:00:01\"],\"address\":\"10.1.0.1 10.1.0.2\",\"fqdn\":null,\"serial\":17,\"ram\":[4]},"
		"{\"computer\":\"pc-2\"},{\"uuid\":\"x\",\"name\":\"y\"},7,{\"name\":\"a\",\"device\":\"b\"}]}"));
	assert_int_equal(all.count, 5);
	assert_string_equal(all.ignored, "ram");
	assert_string_equal(all.rows[0].macs, "02:00:5e:10:00:01,02:00:5e:10:00:02");
	assert_string_equal(all.rows[0].addresses, "10.1.0.1,10.1.0.2");
	assert_string_equal(all.rows[0].serial, "17");
	assert_string_equal(all.rows[1].name, "pc-2");
	assert_int_equal(all.rows[1].row, 2);
	assert_int_equal(all.rows[2].code, ERR_INVALID);
	assert_string_equal(all.rows[2].column, "uuid");
	assert_contains(all.rows[3].why, "is no object");
	assert_contains(all.rows[4].why, "is given twice");
}

static void a_text_that_is_no_inventory_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *why;
	} rows[] = {
		{"", ERR_INVALID, "no header row"},
		{"\n\n", ERR_INVALID, "no header row"},
		{"uuid,mac\nx,y\n", ERR_INVALID, "no column is called name or fqdn"},
		{"name,Name\n", ERR_INVALID, "two columns for name"},
		{"\"name\n", ERR_INVALID, "has no end"},
		{"\xff\xfen", ERR_INVALID, "UTF-16"},
		{"[1", ERR_INVALID, ""},
		{"{\"things\":[]}", ERR_MISSING, "items"},
		{"{\"items\":{}}", ERR_INVALID, "items"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct inventory all = {.count = 99};
		struct err e = ERR_INIT;
		assert_int_equal(inventory_read(bytes_str(rows[i].text), arena, &all, &e), rows[i].code);
		assert_contains(e.msg, rows[i].why);
		assert_int_equal(all.count, 99);
	}
}

static void numbers_have_limits(void **state)
{
	struct buf text;
	struct err e = ERR_INIT;
	struct inventory all;
	buf_init(&text, 1 << 20);
	buf_adds(&text, "name,mac\n");
	for (int i = 0; i < INVENTORY_ROWS_MAX; i++)
		buf_adds(&text, "a,\n");
	assert_int_equal(read_all(buf_bytes(&text)).count, INVENTORY_ROWS_MAX);
	buf_adds(&text, "a,\n");
	assert_int_equal(inventory_read(buf_bytes(&text), arena, &all, &e), ERR_TOO_BIG);
	buf_reset(&text);
	buf_adds(&text, "name,mac\na,");
	for (int i = 0; i < INVENTORY_VALUES_MAX; i++)
		buf_addf(&text, "02:00:5e:10:00:%02x ", (unsigned)i);
	assert_int_equal(read_all(buf_bytes(&text)).rows[0].code, 0);
	buf_adds(&text, "02:00:5e:10:00:ff");
	assert_int_equal(read_all(buf_bytes(&text)).rows[0].code, ERR_TOO_BIG);
	buf_reset(&text);
	buf_adds(&text, "name,mac\n");
	for (int i = 0; i < INVENTORY_TEXT_MAX; i++)
		buf_adds(&text, "a");
	buf_adds(&text, ",");
	assert_int_equal(read_all(buf_bytes(&text)).rows[0].code, 0);
	buf_truncate(&text, text.len - 1);
	buf_adds(&text, "a,");
	assert_int_equal(read_all(buf_bytes(&text)).rows[0].code, ERR_TOO_BIG);
	buf_release(&text);
}

static void every_early_end_is_read_without_harm(void **state)
{
	static const char *const texts[] = {
		HEADER
		"pc-1,4c4c4544-0043-4a10-8052-b4c04f564433,\"02-00-5E-10-00-01\",a.b,\"10.1.0.1 \"\"\",S1,/W/\r\n",
		"[{\"name\":\"a\",\"mac\":[\"02:00:5e:10:00:01\"]}]",
	};
	for (size_t t = 0; t < ARRAY_LEN(texts); t++)
		for (size_t len = 0; len <= strlen(texts[t]); len++) {
			struct inventory all;
			struct bytes part = visible(bytes_str(texts[t]), len);
			int rc = inventory_read(part, arena, &all, NULL);
			assert_true(rc || all.count <= 1);
			free((void *)(uintptr_t)part.p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_a_record_with_its_keys_in_one_form),
		cmocka_unit_test(a_slip_names_its_column_and_what_is_wanted),
		cmocka_unit_test(a_row_that_is_not_well_formed_takes_no_other_with_it),
		cmocka_unit_test(headers_are_read_as_people_write_them),
		cmocka_unit_test(json_says_the_same_as_csv),
		cmocka_unit_test(a_text_that_is_no_inventory_is_refused),
		cmocka_unit_test(numbers_have_limits),
		cmocka_unit_test(every_early_end_is_read_without_harm),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
