/* Devices, interfaces, folders, credentials, discovered things, scans, servers, tokens, certificates, ids. */
#include "fixture.h"

#include "store/certificate.h"
#include "store/discovered.h"
#include "store/id.h"
#include "store/scan.h"
#include "store/token.h"

static void the_zone_is_one_row(void **state)
{
	struct fixture *f = *state;
	struct store_zone z = {.id = {{9, 8, 7}}, .name = "north", .created_at = 5};
	struct store_zone got;
	assert_int_equal(store_zone_get(f->db, f->a, &got, &f->e), ERR_NOT_FOUND);
	OK(f, store_zone_put(f->db, &z, &f->e));
	z.name = "south";
	OK(f, store_zone_put(f->db, &z, &f->e));
	OK(f, store_zone_get(f->db, f->a, &got, &f->e));
	assert_string_equal(got.name, "south");
	assert_true(uuid_equal(&got.id, &z.id));
	assert_int_equal(got.created_at, 5);
}

static int count_server(void *arg, const struct store_server *row)
{
	++*(int *)arg;
	return 0;
}

static void a_server_starts_with_a_new_epoch(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	int64_t epoch;
	OK(f, store_server_start(f->db, 1, 100, &epoch, &f->e));
	assert_int_equal(epoch, 1);
	OK(f, store_server_start(f->db, 1, 200, &epoch, &f->e));
	assert_int_equal(epoch, 2);
	assert_int_equal(store_server_start(f->db, 9, 200, &epoch, &f->e), ERR_NOT_FOUND);
	OK(f, store_server_seen(f->db, 1, 300, &f->e));
	struct store_server s;
	OK(f, store_server_by_name(f->db, f->a, "alpha", &s, &f->e));
	assert_int_equal(s.id, 1);
	assert_int_equal(s.started_at, 200);
	assert_int_equal(s.seen_at, 300);
	assert_int_equal(s.epoch, 2);
	s.fqdn = "beta.example";
	s.uuid.b[3] = 1;
	OK(f, store_server_put(f->db, &s, &f->e));
	OK(f, store_server_get(f->db, f->a, 1, &s, &f->e));
	assert_string_equal(s.fqdn, "beta.example");
	assert_int_equal(s.uuid.b[3], 1);
	int n = 0;
	OK(f, store_server_list(f->db, count_server, &n, &f->e));
	assert_int_equal(n, 1);
	s.id = 9;
	assert_int_equal(store_server_put(f->db, &s, &f->e), ERR_NOT_FOUND);
}

static void ids_come_from_reserved_blocks(void **state)
{
	struct fixture *f = *state;
	struct store_ids ids;
	store_ids_forget(&ids);
	int64_t first, before = db_total_changes(f->db);
	OK(f, store_ids_take(f->db, &ids, STORE_ID_ACT, 1, &first, &f->e));
	assert_int_equal(first, 1);
	OK(f, store_ids_take(f->db, &ids, STORE_ID_ACT, 4000, &first, &f->e));
	assert_int_equal(first, 2);
	assert_int_equal(db_total_changes(f->db) - before, 1);
	OK(f, store_ids_take(f->db, &ids, STORE_ID_ACT, 10000, &first, &f->e));
	assert_int_equal(first, 4097); /* consecutive, so a new block */
	OK(f, store_ids_take(f->db, &ids, STORE_ID_ACT, 1, &first, &f->e));
	assert_int_equal(first, 14097);
	for (int64_t n = 1; n <= 3; n++) {
		store_ids_forget(&ids); /* as after a restart */
		OK(f, store_ids_take(f->db, &ids, STORE_ID_JOB, 1, &first, &f->e));
		assert_int_equal(first, n);
	}
	OK(f, store_ids_take(f->db, &ids, STORE_ID_OBJECT, 1, &first, &f->e));
	assert_int_equal(first, 100);
	OK(f, store_ids_take(f->db, &ids, STORE_ID_SERVER, 1, &first, &f->e));
	assert_int_equal(first, 1);
	OK(f, store_ids_take(f->db, &ids, STORE_ID_DISCOVERED, 1, &first, &f->e));
	assert_int_equal(first, 1);
}

static void a_block_reserved_in_vain_is_reserved_again(void **state)
{
	struct fixture *f = *state;
	struct store_ids ids;
	store_ids_forget(&ids);
	int64_t first;
	OK(f, db_begin(f->db, &f->e));
	OK(f, store_ids_take(f->db, &ids, STORE_ID_ACT, 1, &first, &f->e));
	db_rollback(f->db);
	store_ids_forget(&ids);
	OK(f, store_ids_take(f->db, &ids, STORE_ID_ACT, 1, &first, &f->e));
	assert_int_equal(first, 1);
}

static void add_folder(struct fixture *f, int64_t id, int64_t parent, const char *name)
{
	const struct store_folder folder = {.id = id, .parent = parent, .name = name};
	OK(f, store_folder_add(f->db, &folder, &f->e));
}

static const char *path_of(struct fixture *f, int64_t id)
{
	struct store_folder got;
	OK(f, store_folder_get(f->db, f->a, id, &got, &f->e));
	return got.path;
}

static void a_folder_moves_with_all_below_it(void **state)
{
	struct fixture *f = *state;
	add_folder(f, 50, 3, "lab");
	add_folder(f, 51, 50, "r\xc3\xb6hm"); /* two bytes for one character */
	add_folder(f, 52, 51, "row 1");
	add_folder(f, 53, 3, "lab2");
	assert_string_equal(path_of(f, 52), "/Workstations/lab/r\xc3\xb6hm/row 1/");
	OK(f, store_folder_move(f->db, 51, 2, "r\xc3\xb6\xc3\xb6m", &f->e));
	assert_string_equal(path_of(f, 51), "/Servers/r\xc3\xb6\xc3\xb6m/");
	assert_string_equal(path_of(f, 52), "/Servers/r\xc3\xb6\xc3\xb6m/row 1/");
	OK(f, store_folder_move(f->db, 50, 3, "labs", &f->e));
	assert_string_equal(path_of(f, 50), "/Workstations/labs/");
	assert_string_equal(path_of(f, 53), "/Workstations/lab2/");
	assert_int_equal(store_folder_move(f->db, 50, 3, "lab2", &f->e), ERR_EXISTS);
	assert_string_equal(path_of(f, 50), "/Workstations/labs/");
	assert_int_equal(store_folder_move(f->db, 51, 52, "x", &f->e), ERR_INVALID); /* into itself */
	assert_int_equal(store_folder_move(f->db, 1, 2, "x", &f->e), ERR_INVALID);   /* a root */
	assert_int_equal(store_folder_move(f->db, 50, 4, "x", &f->e), ERR_INVALID);  /* the other tree */
	assert_int_equal(store_folder_move(f->db, 50, 3, "a/b", &f->e), ERR_INVALID);
	assert_int_equal(store_folder_move(f->db, 50, 99, "a", &f->e), ERR_NOT_FOUND);
}

static void a_folder_is_deleted_only_when_empty(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	add_credential(f);
	add_folder(f, 50, 3, "lab");
	add_device(f, 20, 50);
	assert_int_equal(store_folder_delete(f->db, 50, &f->e), ERR_IN_USE);
	OK(f, store_device_delete(f->db, 20, &f->e));
	OK(f, store_folder_delete(f->db, 50, &f->e));
	assert_int_equal(store_folder_delete(f->db, 50, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_folder_delete(f->db, STORE_FOLDER_SERVERS, &f->e), ERR_IN_USE);
	assert_int_equal(store_folder_delete(f->db, STORE_FOLDER_CREDENTIALS, &f->e), ERR_IN_USE);
}

static void folder_names_and_paths_have_limits(void **state)
{
	struct fixture *f = *state;
	char name[STORE_NAME_MAX + 2];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	struct store_folder folder = {.id = 50, .parent = 3, .name = name};
	assert_int_equal(store_folder_add(f->db, &folder, &f->e), ERR_INVALID);
	name[STORE_NAME_MAX] = '\0';
	int rc = 0;
	for (; rc == 0; folder.id++, folder.parent = folder.id - 1)
		rc = store_folder_add(f->db, &folder, &f->e);
	assert_int_equal(rc, ERR_INVALID);
	assert_int_equal(folder.id, 54); /* three fit: 14 + 3 * 256 <= 1024 */
	add_folder(f, 60, 3, "short");
	add_folder(f, 61, 60, "x");
	char below[241];
	memset(below, 'y', 240);
	below[240] = '\0';
	add_folder(f, 62, 61, below);
	assert_int_equal(store_folder_move(f->db, 60, 52, "short", &f->e), ERR_INVALID); /* 62's would be too long */
	folder = (struct store_folder){.id = 70, .parent = 3, .name = ""};
	assert_int_equal(store_folder_add(f->db, &folder, &f->e), ERR_INVALID);
}

static int next_id(void *arg, int64_t *ret, struct err *e)
{
	*ret = (*(int64_t *)arg)++;
	return 0;
}

static int count_folder(void *arg, const struct store_folder *row)
{
	++*(int *)arg;
	return 0;
}

static void a_path_is_made_as_far_as_it_is_missing(void **state)
{
	struct fixture *f = *state;
	int64_t next = 200, id;
	int created;
	OK(f, store_folder_make_path(f->db, STORE_TREE_DEVICE, "/Workstations/lab/a/", 9, next_id, &next, &id, &created,
				     &f->e));
	assert_int_equal(created, 2);
	assert_string_equal(path_of(f, id), "/Workstations/lab/a/");
	int64_t again;
	OK(f, store_folder_make_path(f->db, STORE_TREE_DEVICE, "/Workstations/lab/a/", 9, next_id, &next, &again,
				     &created, &f->e));
	assert_int_equal(created, 0);
	assert_int_equal(again, id);
	OK(f, store_folder_make_path(f->db, STORE_TREE_DEVICE, "/", 9, next_id, &next, &id, &created, &f->e));
	assert_int_equal(id, STORE_FOLDER_ROOT);
	OK(f, store_folder_make_path(f->db, STORE_TREE_CREDENTIAL, "/lab/", 9, next_id, &next, &id, &created, &f->e));
	assert_string_equal(path_of(f, id), "/lab/");
	static const char *const bad[] = {"", "lab/", "/lab", "/a//b/"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(store_folder_make_path(f->db, STORE_TREE_DEVICE, bad[i], 9, next_id, &next, &id,
							&created, &f->e),
				 ERR_INVALID);
	int n = 0;
	OK(f, store_folder_list(f->db, STORE_TREE_DEVICE, "/", NULL, 100, count_folder, &n, &f->e));
	assert_int_equal(n, 5);
	n = 0;
	OK(f,
	   store_folder_list(f->db, STORE_TREE_DEVICE, "/Workstations/", "/Workstations/", 1, count_folder, &n, &f->e));
	assert_int_equal(n, 1);
}

struct names {
	char text[512];
	int n, stop_at;
};

static int note(struct names *s, const char *name)
{
	size_t len = strlen(s->text);
	(void)snprintf(s->text + len, sizeof(s->text) - len, "%s%s", len ? " " : "", name);
	return ++s->n == s->stop_at ? 7 : 0;
}

static int note_device(void *arg, const struct store_device_view *row)
{
	return note(arg, row->device.name);
}

static int note_target(void *arg, const struct store_target *row)
{
	return note(arg, row->name);
}

/* /Workstations/: pc-20, pc-23; lab below it: pc-21, pc-22; /Servers/: pc-24. Tag "red": 21, 24. */
static void add_fleet(struct fixture *f)
{
	add_server(f);
	add_credential(f);
	add_folder(f, 50, 3, "lab");
	add_device(f, 20, 3);
	add_device(f, 21, 50);
	add_device(f, 22, 50);
	add_device(f, 23, 3);
	add_device(f, 24, 2);
	OK(f, store_tag_add(f->db, 21, "red", &f->e));
	OK(f, store_tag_add(f->db, 24, "red", &f->e));
	OK(f, store_tag_add(f->db, 21, "blue", &f->e));
	OK(f, store_tag_add(f->db, 21, "blue", &f->e));
}

static void devices_are_listed_by_name_folder_tag_and_prefix_in_pages(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	static const struct {
		struct store_device_filter filter;
		const char *names;
	} rows[] = {
		{{.mode = -1, .power = -1, .limit = 10}, "pc-20 pc-21 pc-22 pc-23 pc-24"},
		{{.mode = -1, .power = -1, .limit = 2}, "pc-20 pc-21"},
		{{.mode = -1, .power = -1, .limit = 2, .after_name = "pc-21"}, "pc-22 pc-23"},
		{{.mode = -1, .power = -1, .limit = 9, .name_prefix = "pc-2"}, "pc-20 pc-21 pc-22 pc-23 pc-24"},
		{{.mode = -1, .power = -1, .limit = 9, .name_prefix = "pc-23"}, "pc-23"},
		{{.mode = -1, .power = -1, .limit = 9, .name_prefix = "pc-2", .after_name = "pc-23"}, "pc-24"},
		{{.mode = -1, .power = -1, .limit = 9, .name_prefix = "x"}, ""},
		{{.mode = -1, .power = -1, .limit = 9, .folder = "/"}, "pc-24 pc-20 pc-23 pc-21 pc-22"},
		{{.mode = -1, .power = -1, .limit = 9, .folder = "/Workstations/"}, "pc-20 pc-23 pc-21 pc-22"},
		{{.mode = -1,
		  .power = -1,
		  .limit = 9,
		  .folder = "/Workstations/",
		  .after_path = "/Workstations/",
		  .after_name = "pc-20"},
		 "pc-23 pc-21 pc-22"},
		{{.mode = -1,
		  .power = -1,
		  .limit = 9,
		  .folder = "/Workstations/",
		  .after_path = "/Workstations/lab/",
		  .after_name = "pc-21"},
		 "pc-22"},
		{{.mode = -1, .power = -1, .limit = 9, .folder = "/Workstations/lab/"}, "pc-21 pc-22"},
		{{.mode = -1, .power = -1, .limit = 9, .folder = "/nowhere/"}, ""},
		{{.mode = -1, .power = -1, .limit = 9, .tag = "red"}, "pc-21 pc-24"},
		{{.mode = -1, .power = -1, .limit = 9, .tag = "red", .after_name = "pc-21"}, "pc-24"},
		{{.mode = STORE_AMT_MODE_ENTERPRISE, .power = -1, .limit = 9}, ""},
		{{.mode = STORE_AMT_MODE_SMB, .power = 2, .limit = 9}, "pc-22"},
		{{.mode = -1, .power = 2, .limit = 9, .folder = "/"}, "pc-22"},
		{{.mode = -1, .power = 0, .limit = 9, .tag = "red"}, "pc-21 pc-24"},
	};
	struct store_amt_state s;
	OK(f, store_amt_state_get(f->db, f->a, 1022, &s, &f->e));
	s.power = 2;
	OK(f, store_amt_state_put(f->db, &s, &f->e));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct names devices = {{0}}, targets = {{0}};
		OK(f, store_device_list(f->db, &rows[i].filter, note_device, &devices, &f->e));
		assert_string_equal(devices.text, rows[i].names);
		OK(f, store_target_list(f->db, &rows[i].filter, note_target, &targets, &f->e));
		assert_string_equal(targets.text, rows[i].names);
	}
	struct names cut = {.stop_at = 2};
	assert_int_equal(store_device_list(f->db, &STORE_DEVICE_FILTER_INIT, note_device, &cut, &f->e), 7);
	assert_string_equal(cut.text, "pc-20 pc-21");
}

static void note_amt(void *arg, int64_t amt)
{
	struct buf *text = arg;
	buf_addf(text, "%lld ", (long long)amt);
}

static void interfaces_with_a_boot_choice_are_listed_until_it_is_gone(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	add_fleet(f);
	buf_init(&text, 256);
	OK(f, store_boot_left_put(f->db, 1023, &f->e));
	OK(f, store_boot_left_put(f->db, 1021, &f->e));
	OK(f, store_boot_left_put(f->db, 1021, &f->e));
	OK(f, store_boot_left_list(f->db, note_amt, &text, &f->e));
	OK(f, store_boot_left_delete(f->db, 1021, &f->e));
	OK(f, store_boot_left_delete(f->db, 1021, &f->e));
	OK(f, store_boot_left_list(f->db, note_amt, &text, &f->e));
	assert_string_equal(buf_cstr(&text), "1021 1023 1023 ");
	OK(f, store_amt_delete(f->db, 1023, &f->e)); /* with its interface */
	buf_reset(&text);
	OK(f, store_boot_left_list(f->db, note_amt, &text, &f->e));
	assert_int_equal(text.len, 0);
	buf_release(&text);
}

static void a_device_view_holds_all_that_a_list_shows(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	const struct uuid u = {{0xaa, 1, 2, 3}};
	OK(f, store_amt_state_set_uuid(f->db, 1021, &u, &f->e));
	struct store_amt_state s;
	OK(f, store_amt_state_get(f->db, f->a, 1021, &s, &f->e));
	assert_true(uuid_equal(&s.uuid, &u));
	s = (struct store_amt_state){.amt = 1021,
				     .version = "11.8.79",
				     .transport = STORE_TRANSPORT_TLS,
				     .tls_pin = BYTES_LIT("0123456789abcdef0123456789abcdef"),
				     .realm = "Digest:A4",
				     .digest = "session",
				     .power = 2,
				     .power_at = 11,
				     .seen_at = 12,
				     .last_act = 13,
				     .last_verb = 1,
				     .last_state = 3,
				     .last_reason = 4,
				     .last_at = 14};
	OK(f, store_amt_state_put(f->db, &s, &f->e));
	struct store_device_view v;
	OK(f, store_device_view(f->db, f->a, 21, &v, &f->e));
	assert_string_equal(v.device.name, "pc-21");
	assert_int_equal(v.device.folder, 50);
	assert_string_equal(v.folder_path, "/Workstations/lab/");
	assert_string_equal(v.tags, "blue,red");
	assert_string_equal(v.credential_name, "lab");
	assert_string_equal(v.server_name, "alpha");
	assert_int_equal(v.amt.id, 1021);
	assert_string_equal(v.amt.host, "127.1.0.21");
	assert_int_equal(v.amt.port_plain, 16992);
	assert_int_equal(v.amt.port_tls, 16993);
	assert_int_equal(v.amt.mode, STORE_AMT_MODE_SMB);
	assert_true(uuid_equal(&v.state.uuid, &u));
	assert_string_equal(v.state.version, "11.8.79");
	assert_int_equal(v.state.transport, STORE_TRANSPORT_TLS);
	assert_true(bytes_equal_str(v.state.tls_pin, "0123456789abcdef0123456789abcdef"));
	assert_string_equal(v.state.realm, "Digest:A4");
	assert_string_equal(v.state.digest, "session");
	assert_int_equal(v.state.power, 2);
	assert_int_equal(v.state.power_at, 11);
	assert_int_equal(v.state.seen_at, 12);
	assert_int_equal(v.state.last_act, 13);
	assert_int_equal(v.state.last_verb, 1);
	assert_int_equal(v.state.last_state, 3);
	assert_int_equal(v.state.last_reason, 4);
	assert_int_equal(v.state.last_at, 14);
	OK(f, store_amt_delete(f->db, 1021, &f->e)); /* Delete Setting */
	OK(f, store_device_view(f->db, f->a, 21, &v, &f->e));
	assert_int_equal(v.amt.id, 0);
	assert_string_equal(v.amt.host, "");
	assert_string_equal(v.credential_name, "");
	struct store_target t;
	OK(f, store_target_get(f->db, f->a, 21, &t, &f->e));
	assert_int_equal(t.amt, 0);
	assert_int_equal(t.mode, STORE_AMT_MODE_NONE);
	OK(f, store_target_get(f->db, f->a, 22, &t, &f->e));
	assert_int_equal(t.amt, 1022);
	assert_int_equal(t.credential, 10);
	assert_int_equal(t.server, 1);
	assert_string_equal(t.folder_path, "/Workstations/lab/");
	assert_int_equal(store_target_get(f->db, f->a, 99, &t, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_device_view(f->db, f->a, 99, &v, &f->e), ERR_NOT_FOUND);
}

static int note_tag(void *arg, const char *tag, int64_t devices)
{
	char text[64];
	(void)snprintf(text, sizeof(text), "%s:%lld", tag, (long long)devices);
	return note(arg, text);
}

static void devices_change_and_go_with_their_tags_and_interface(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	struct store_device d;
	OK(f, store_device_by_name(f->db, f->a, "pc-21", &d, &f->e));
	d.name = "desk-17";
	d.note = "by the window";
	d.is_protected = true;
	d.folder = 2;
	OK(f, store_device_put(f->db, &d, &f->e));
	OK(f, store_device_get(f->db, f->a, 21, &d, &f->e));
	assert_string_equal(d.name, "desk-17");
	assert_string_equal(d.note, "by the window");
	assert_true(d.is_protected);
	assert_int_equal(d.folder, 2);
	d.name = "pc-22";
	assert_int_equal(store_device_put(f->db, &d, &f->e), ERR_EXISTS);
	d.id = 99;
	d.name = "pc-99";
	assert_int_equal(store_device_put(f->db, &d, &f->e), ERR_NOT_FOUND);
	struct names tags = {{0}};
	OK(f, store_tag_list(f->db, note_tag, &tags, &f->e));
	assert_string_equal(tags.text, "blue:1 red:2");
	OK(f, store_tag_delete(f->db, 21, "blue", &f->e));
	OK(f, store_tag_delete(f->db, 21, "blue", &f->e));
	OK(f, store_tag_clear(f->db, 24, &f->e));
	tags = (struct names){{0}};
	OK(f, store_tag_list(f->db, note_tag, &tags, &f->e));
	assert_string_equal(tags.text, "red:1");
	assert_int_equal(store_tag_add(f->db, 99, "red", &f->e), ERR_CONFLICT);
	OK(f, store_device_delete(f->db, 21, &f->e));
	assert_int_equal(store_device_delete(f->db, 21, &f->e), ERR_NOT_FOUND);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM tag"), 0);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM amt WHERE id = 1021"), 0);
	assert_int_equal(ask(f, "SELECT COUNT(*) FROM amt_state WHERE amt = 1021"), 0);
	int64_t n;
	OK(f, store_device_count(f->db, &n, &f->e));
	assert_int_equal(n, 4);
	OK(f, store_amt_count(f->db, &n, &f->e));
	assert_int_equal(n, 4);
}

static int note_user(void *arg, const struct store_amt_user *row)
{
	return note(arg, row->device_name ? row->device_name : row->host);
}

static void interfaces_are_found_by_credential_host_and_uuid(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	const struct store_discovered d = {
		.id = 7, .address = "127.9.9.9", .name = "", .version = "", .realm = "", .detail = ""};
	OK(f, store_discovered_add(f->db, &d, &f->e));
	const struct store_amt m = {.id = 2000, .discovered = 7, .host = "127.9.9.9", .credential = 10};
	OK(f, store_amt_add(f->db, &m, &f->e));
	struct names s = {{0}};
	OK(f, store_amt_list_by_credential(f->db, 10, 1022, 2, note_user, &s, &f->e));
	assert_string_equal(s.text, "pc-23 pc-24");
	s = (struct names){{0}};
	OK(f, store_amt_list_by_credential(f->db, 10, 1024, 9, note_user, &s, &f->e));
	assert_string_equal(s.text, "127.9.9.9");
	s = (struct names){{0}};
	OK(f, store_amt_list_by_host(f->db, "127.1.0.22", note_user, &s, &f->e));
	assert_string_equal(s.text, "pc-22");
	const struct uuid u = {{5}};
	OK(f, store_amt_state_set_uuid(f->db, 1020, &u, &f->e));
	OK(f, store_amt_state_set_uuid(f->db, 1023, &u, &f->e));
	s = (struct names){{0}};
	OK(f, store_amt_list_by_uuid(f->db, &u, note_user, &s, &f->e));
	assert_string_equal(s.text, "pc-20 pc-23");
	int64_t n;
	OK(f, store_amt_clear_credential(f->db, 10, &n, &f->e));
	assert_int_equal(n, 6);
}

static void a_device_has_at_most_one_interface(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	struct store_amt m = {.id = 2000, .device = 20, .host = "10.0.0.1"};
	assert_int_equal(store_amt_add(f->db, &m, &f->e), ERR_EXISTS);
	OK(f, store_amt_of_device(f->db, f->a, 20, &m, &f->e));
	assert_int_equal(m.id, 1020);
	m.host = "fe80::1";
	m.port_plain = 26992;
	m.port_tls = 26993;
	m.mode = STORE_AMT_MODE_ENTERPRISE;
	m.tls_policy = STORE_TLS_POLICY_REQUIRE;
	m.old_tls = true;
	m.credential = 0;
	m.server = 0;
	m.changed_at = 77;
	OK(f, store_amt_put(f->db, &m, &f->e));
	struct store_amt got;
	OK(f, store_amt_get(f->db, f->a, 1020, &got, &f->e));
	assert_int_equal(got.device, 20);
	assert_int_equal(got.discovered, 0);
	assert_string_equal(got.host, "fe80::1");
	assert_int_equal(got.port_plain, 26992);
	assert_int_equal(got.port_tls, 26993);
	assert_int_equal(got.mode, STORE_AMT_MODE_ENTERPRISE);
	assert_int_equal(got.tls_policy, STORE_TLS_POLICY_REQUIRE);
	assert_true(got.old_tls);
	assert_int_equal(got.credential, 0);
	assert_int_equal(got.server, 0);
	assert_int_equal(got.changed_at, 77);
	m.credential = 99;
	assert_int_equal(store_amt_put(f->db, &m, &f->e), ERR_CONFLICT);
	assert_int_equal(store_amt_of_device(f->db, f->a, 99, &got, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_amt_delete(f->db, 99, &f->e), ERR_NOT_FOUND);
	struct store_amt_state s = {.amt = 99, .version = "", .realm = "", .digest = ""};
	assert_int_equal(store_amt_state_put(f->db, &s, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_amt_state_get(f->db, f->a, 99, &s, &f->e), ERR_NOT_FOUND);
}

static void words_for_people_go_both_ways(void **state)
{
	for (int i = STORE_AMT_MODE_NONE; i <= STORE_AMT_MODE_ENTERPRISE; i++) {
		enum store_amt_mode m;
		assert_true(store_amt_mode_from_name(store_amt_mode_name((enum store_amt_mode)i), &m));
		assert_int_equal(m, i);
	}
	for (int i = STORE_TLS_POLICY_AUTO; i <= STORE_TLS_POLICY_NEVER; i++) {
		enum store_tls_policy p;
		assert_true(store_tls_policy_from_name(store_tls_policy_name((enum store_tls_policy)i), &p));
		assert_int_equal(p, i);
	}
	enum store_amt_mode m;
	enum store_tls_policy p;
	assert_false(store_amt_mode_from_name("SMB", &m));
	assert_false(store_tls_policy_from_name("", &p));
	assert_string_equal(store_transport_name(STORE_TRANSPORT_TLS), "tls");
	assert_string_equal(scan_state_name(SCAN_STATE_CANCELLED), "cancelled");
	assert_string_equal(job_state_name(JOB_STATE_ENDED), "ended");
}

static int note_credential(void *arg, const struct store_credential_view *row)
{
	assert_null(row->credential.secret.p);
	char text[128];
	(void)snprintf(text, sizeof(text), "%s%s:%lld", row->folder_path, row->credential.name,
		       (long long)row->used_by);
	return note(arg, text);
}

static void a_credential_in_use_is_not_deleted(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	assert_int_equal(store_credential_delete(f->db, 10, &f->e), ERR_IN_USE);
	int64_t n;
	OK(f, store_amt_clear_credential(f->db, 10, &n, &f->e));
	assert_int_equal(n, 5);
	OK(f, store_credential_delete(f->db, 10, &f->e));
	assert_int_equal(store_credential_delete(f->db, 10, &f->e), ERR_NOT_FOUND);
}

static void credentials_are_unique_in_their_folder_and_listed_without_secrets(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	add_folder(f, 60, STORE_FOLDER_CREDENTIALS, "site");
	struct store_credential c;
	OK(f, store_credential_by_name(f->db, f->a, STORE_FOLDER_CREDENTIALS, "lab", &c, &f->e));
	assert_int_equal(c.id, 10);
	assert_string_equal(c.login, "admin");
	assert_true(bytes_equal_str(c.secret, "sealed"));
	c.id = 11;
	assert_int_equal(store_credential_add(f->db, &c, &f->e), ERR_EXISTS);
	c.folder = 60;
	OK(f, store_credential_add(f->db, &c, &f->e));
	assert_int_equal(store_credential_find(f->db, f->a, "lab", &c, &f->e), ERR_CONFLICT);
	c.name = "x";
	c.version = 2;
	c.secret = BYTES_LIT("other");
	c.login = "corp\\helpdesk";
	OK(f, store_credential_put(f->db, &c, &f->e));
	OK(f, store_credential_find(f->db, f->a, "x", &c, &f->e));
	assert_int_equal(c.id, 11);
	assert_int_equal(c.version, 2);
	assert_string_equal(c.login, "corp\\helpdesk");
	OK(f, store_credential_get(f->db, f->a, 11, &c, &f->e));
	assert_true(bytes_equal_str(c.secret, "other"));
	assert_int_equal(store_credential_find(f->db, f->a, "y", &c, &f->e), ERR_NOT_FOUND);
	struct names s = {{0}};
	OK(f, store_credential_list(f->db, NULL, NULL, NULL, 9, note_credential, &s, &f->e));
	assert_string_equal(s.text, "/lab:5 /site/x:0");
	s = (struct names){{0}};
	OK(f, store_credential_list(f->db, "/site/", NULL, NULL, 9, note_credential, &s, &f->e));
	assert_string_equal(s.text, "/site/x:0");
	s = (struct names){{0}};
	OK(f, store_credential_list(f->db, NULL, "/", "lab", 9, note_credential, &s, &f->e));
	assert_string_equal(s.text, "/site/x:0");
	c.id = 99;
	c.name = "z";
	assert_int_equal(store_credential_put(f->db, &c, &f->e), ERR_NOT_FOUND);
}

static int note_discovered(void *arg, const struct store_discovered *row)
{
	return note(arg, row->address);
}

static void discovered_things_expire_unless_they_are_devices(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	struct store_discovered d = {.address = "10.0.0.1",
				     .name = "n",
				     .port = 16992,
				     .uuid = {{1}},
				     .version = "16.1.25",
				     .provisioned = STORE_PROVISIONED_YES,
				     .mode = STORE_AMT_MODE_SMB,
				     .transport = STORE_TRANSPORT_PLAIN,
				     .realm = "Digest:1",
				     .sources = STORE_SOURCE_RMCP | STORE_SOURCE_HELLO,
				     .first_at = 1,
				     .seen_at = 2,
				     .valid_until = 100,
				     .reason = 5,
				     .detail = "d",
				     .hello = {3, 14, 40, 30, 90, true, "0000ABCU", BYTES_LIT("\1\2xy")}};
	for (d.id = 1; d.id <= 3; d.id++) {
		char address[16];
		(void)snprintf(address, sizeof(address), "10.0.0.%lld", (long long)d.id);
		d.address = address;
		d.valid_until = 100 * d.id;
		OK(f, store_discovered_add(f->db, &d, &f->e));
	}
	d.address = "10.0.0.1";
	assert_int_equal(store_discovered_add(f->db, &d, &f->e), ERR_EXISTS);
	struct store_discovered got;
	OK(f, store_discovered_by_address(f->db, f->a, "10.0.0.2", &got, &f->e));
	assert_int_equal(got.id, 2);
	assert_string_equal(got.name, "n");
	assert_int_equal(got.port, 16992);
	assert_int_equal(got.uuid.b[0], 1);
	assert_string_equal(got.version, "16.1.25");
	assert_int_equal(got.provisioned, STORE_PROVISIONED_YES);
	assert_int_equal(got.mode, STORE_AMT_MODE_SMB);
	assert_int_equal(got.transport, STORE_TRANSPORT_PLAIN);
	assert_string_equal(got.realm, "Digest:1");
	assert_int_equal(got.sources, STORE_SOURCE_RMCP | STORE_SOURCE_HELLO);
	assert_int_equal(got.first_at, 1);
	assert_int_equal(got.seen_at, 2);
	assert_int_equal(got.valid_until, 200);
	assert_int_equal(got.reason, 5);
	assert_string_equal(got.detail, "d");
	assert_int_equal(got.hello.version, 3);
	assert_int_equal(got.hello.retry, 14);
	assert_int_equal(got.hello.at, 40);
	assert_int_equal(got.hello.since, 30);
	assert_int_equal(got.hello.until, 90);
	assert_true(got.hello.admin_set);
	assert_string_equal(got.hello.pid, "0000ABCU");
	assert_true(bytes_equal(got.hello.hashes, BYTES_LIT("\1\2xy")));
	got.hello = (struct store_hello){.version = 2};
	got.seen_at = 50;
	got.device = 21;
	OK(f, store_discovered_put(f->db, &got, &f->e));
	OK(f, store_discovered_get(f->db, f->a, 2, &got, &f->e));
	assert_int_equal(got.seen_at, 50);
	assert_int_equal(got.hello.version, 2);
	assert_string_equal(got.hello.pid, "");
	assert_int_equal(got.hello.hashes.len, 0);
	assert_int_equal(got.device, 21);
	static const struct {
		struct store_discovered_filter filter;
		const char *addresses;
	} rows[] = {
		{{.imported = -1, .limit = 9}, "10.0.0.1 10.0.0.2 10.0.0.3"},
		{{.imported = -1, .limit = 1, .after_id = 1}, "10.0.0.2"},
		{{.imported = 0, .limit = 9}, "10.0.0.1 10.0.0.3"},
		{{.imported = 1, .limit = 9}, "10.0.0.2"},
		{{.imported = -1, .valid_at = 200, .limit = 9}, "10.0.0.3"},
		{{.imported = -1, .valid_at = 199, .limit = 9}, "10.0.0.2 10.0.0.3"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct names s = {{0}};
		OK(f, store_discovered_list(f->db, &rows[i].filter, note_discovered, &s, &f->e));
		assert_string_equal(s.text, rows[i].addresses);
	}
	struct names s = {{0}};
	OK(f, store_discovered_by_uuid(f->db, &d.uuid, note_discovered, &s, &f->e));
	assert_string_equal(s.text, "10.0.0.1 10.0.0.2 10.0.0.3");
	int64_t n;
	OK(f, store_discovered_purge(f->db, 250, 10, &n, &f->e));
	assert_int_equal(n, 1);
	OK(f, store_discovered_count(f->db, &n, &f->e));
	assert_int_equal(n, 1);
	OK(f, store_discovered_link(f->db, 3, 22, &f->e));
	OK(f, store_device_delete(f->db, 22, &f->e));
	OK(f, store_discovered_get(f->db, f->a, 3, &got, &f->e));
	assert_int_equal(got.device, 0);
	assert_int_equal(store_discovered_link(f->db, 9, 0, &f->e), ERR_NOT_FOUND);
	OK(f, store_discovered_delete(f->db, 3, &f->e));
	assert_int_equal(store_discovered_delete(f->db, 3, &f->e), ERR_NOT_FOUND);
}

static void what_only_a_hello_told_of_gives_way_oldest_first(void **state)
{
	struct fixture *f = *state;
	for (int64_t i = 0; i < 4; i++) {
		char address[16];
		(void)snprintf(address, sizeof(address), "10.0.1.%lld", (long long)i);
		const struct store_discovered d = {.id = 10 + i,
						   .address = address,
						   .name = "",
						   .version = "",
						   .realm = "",
						   .detail = "",
						   .sources = STORE_SOURCE_HELLO | (i == 1 ? STORE_SOURCE_RMCP : 0),
						   .seen_at = 100 - i,
						   .valid_until = 100};
		OK(f, store_discovered_add(f->db, &d, &f->e));
	}
	int64_t n;
	struct names s = {{0}};
	const struct store_discovered_filter all = {.imported = -1, .limit = 9};
	OK(f, store_discovered_count_hello(f->db, &n, &f->e));
	assert_int_equal(n, 3);
	OK(f, store_discovered_drop_hello(f->db, 2, &f->e));
	OK(f, store_discovered_list(f->db, &all, note_discovered, &s, &f->e));
	assert_string_equal(s.text, "10.0.1.0 10.0.1.1");
}

static void the_ends_of_validity_are_found_in_order(void **state)
{
	static const int64_t until[] = {300, 100, 200, 200};
	struct fixture *f = *state;
	for (int64_t i = 0; i < 4; i++) {
		char address[16];
		(void)snprintf(address, sizeof(address), "10.0.0.%lld", (long long)i);
		const struct store_discovered d = {.id = 10 + i,
						   .address = address,
						   .name = "",
						   .version = "",
						   .realm = "",
						   .detail = "",
						   .valid_until = until[i],
						   .plain = STORE_ANSWER_NO,
						   .tls = STORE_ANSWER_YES};
		OK(f, store_discovered_add(f->db, &d, &f->e));
	}
	struct store_discovered got;
	OK(f, store_discovered_get(f->db, f->a, 10, &got, &f->e));
	assert_int_equal(got.plain, STORE_ANSWER_NO);
	assert_int_equal(got.tls, STORE_ANSWER_YES);
	int64_t next;
	OK(f, store_discovered_next_end(f->db, 0, &next, &f->e));
	assert_int_equal(next, 100);
	OK(f, store_discovered_next_end(f->db, 200, &next, &f->e));
	assert_int_equal(next, 300);
	OK(f, store_discovered_next_end(f->db, 300, &next, &f->e));
	assert_int_equal(next, 0);
	struct names s = {{0}};
	OK(f, store_discovered_ended(f->db, 0, 200, 0, 0, 2, note_discovered, &s, &f->e));
	assert_string_equal(s.text, "10.0.0.1 10.0.0.2");
	s = (struct names){{0}};
	OK(f, store_discovered_ended(f->db, 0, 200, 200, 12, 2, note_discovered, &s, &f->e));
	assert_string_equal(s.text, "10.0.0.3");
	s = (struct names){{0}};
	OK(f, store_discovered_ended(f->db, 100, 300, 0, 0, 9, note_discovered, &s, &f->e));
	assert_string_equal(s.text, "10.0.0.2 10.0.0.3 10.0.0.0");
}

static void an_act_teaches_what_it_learned_and_latches_hold(void **state)
{
	struct fixture *f = *state;
	add_fleet(f);
	struct store_amt_learned l = {
		.amt = 1020, .last_act = 1, .last_verb = 2, .last_state = 5, .last_reason = 42, .at = 50};
	struct store_amt_state s;
	OK(f, store_amt_state_learn(f->db, &l, &f->e)); /* nothing but how it ended */
	OK(f, store_amt_state_get(f->db, f->a, 1020, &s, &f->e));
	assert_string_equal(s.version, "");
	assert_int_equal(s.transport, STORE_TRANSPORT_UNKNOWN);
	assert_null(s.tls_pin.p);
	assert_string_equal(s.realm, "");
	assert_int_equal(s.power_at, 0);
	assert_int_equal(s.seen_at, 0);
	assert_int_equal(s.last_act, 1);
	assert_int_equal(s.last_verb, 2);
	assert_int_equal(s.last_state, 5);
	assert_int_equal(s.last_reason, 42);
	assert_int_equal(s.last_at, 50);
	l = (struct store_amt_learned){.amt = 1020,
				       .version = "16.1.25",
				       .transport = STORE_TRANSPORT_TLS,
				       .tls_pin = BYTES_LIT("pin"),
				       .realm = "Digest:1",
				       .digest = "first",
				       .power = 2,
				       .answered = true,
				       .last_act = 2,
				       .at = 60};
	OK(f, store_amt_state_learn(f->db, &l, &f->e));
	l = (struct store_amt_learned){.amt = 1020,
				       .transport = STORE_TRANSPORT_PLAIN,
				       .tls_pin = BYTES_LIT("other"),
				       .realm = "Digest:2",
				       .digest = "second",
				       .last_act = 3,
				       .at = 70};
	OK(f, store_amt_state_learn(f->db, &l, &f->e));
	OK(f, store_amt_state_get(f->db, f->a, 1020, &s, &f->e));
	assert_string_equal(s.version, "16.1.25");
	assert_int_equal(s.transport, STORE_TRANSPORT_TLS);
	assert_true(bytes_equal_str(s.tls_pin, "pin"));
	assert_string_equal(s.realm, "Digest:1");
	assert_string_equal(s.digest, "second");
	assert_int_equal(s.power, 2);
	assert_int_equal(s.power_at, 60);
	assert_int_equal(s.seen_at, 60);
	assert_int_equal(s.last_act, 3);
	assert_int_equal(s.last_at, 70);
	l.amt = 99;
	assert_int_equal(store_amt_state_learn(f->db, &l, &f->e), ERR_NOT_FOUND);
}

static int note_scan(void *arg, const struct store_scan *row)
{
	return note(arg, row->spec);
}

static void scans_are_kept_and_end_with_their_server(void **state)
{
	struct fixture *f = *state;
	struct store_scan s = {.id = 5,
			       .spec = "a",
			       .state = SCAN_STATE_RUNNING,
			       .server = 1,
			       .requested_by = "root",
			       .created_at = 3,
			       .total = 256,
			       .detail = ""};
	OK(f, store_scan_add(f->db, &s, &f->e));
	s.id = 6;
	s.spec = "b";
	s.state = SCAN_STATE_DONE;
	OK(f, store_scan_add(f->db, &s, &f->e));
	struct names n = {{0}};
	OK(f, store_scan_list(f->db, 0, 9, note_scan, &n, &f->e));
	assert_string_equal(n.text, "b a");
	n = (struct names){{0}};
	OK(f, store_scan_list(f->db, 6, 9, note_scan, &n, &f->e));
	assert_string_equal(n.text, "a");
	s.id = 7;
	s.spec = "c";
	s.state = SCAN_STATE_WAITING;
	OK(f, store_scan_add(f->db, &s, &f->e));
	n = (struct names){{0}};
	OK(f, store_scan_list_open(f->db, 1, note_scan, &n, &f->e));
	assert_string_equal(n.text, "a c");
	OK(f, store_scan_get(f->db, f->a, 5, &s, &f->e));
	s.state = SCAN_STATE_FAILED;
	s.ended_at = 99;
	s.reason = 82;
	OK(f, store_scan_put(f->db, &s, &f->e));
	OK(f, store_scan_get(f->db, f->a, 5, &s, &f->e));
	assert_int_equal(s.state, SCAN_STATE_FAILED);
	assert_int_equal(s.ended_at, 99);
	assert_int_equal(s.reason, 82);
	assert_int_equal(s.total, 256);
	s.asked = 256;
	s.found = 12;
	s.found_new = 11;
	s.started_at = 33;
	OK(f, store_scan_put(f->db, &s, &f->e));
	OK(f, store_scan_get(f->db, f->a, 5, &s, &f->e));
	assert_int_equal(s.asked, 256);
	assert_int_equal(s.found, 12);
	assert_int_equal(s.found_new, 11);
	assert_int_equal(s.started_at, 33);
	s.id = 9;
	assert_int_equal(store_scan_put(f->db, &s, &f->e), ERR_NOT_FOUND);
}

static int note_token(void *arg, const struct store_token *row)
{
	return note(arg, row->name);
}

static void tokens_are_found_by_their_hash_until_they_expire(void **state)
{
	struct fixture *f = *state;
	struct store_token t = {.id = 1,
				.name = "ci",
				.hash = BYTES_LIT("hash-1"),
				.created_by = "root",
				.created_at = 5,
				.expires_at = 100};
	OK(f, store_token_add(f->db, &t, &f->e));
	t.id = 2;
	assert_int_equal(store_token_add(f->db, &t, &f->e), ERR_EXISTS);
	t.name = "backup";
	t.hash = BYTES_LIT("hash-2");
	t.expires_at = 0;
	OK(f, store_token_add(f->db, &t, &f->e));
	struct store_token got;
	OK(f, store_token_by_hash(f->db, f->a, BYTES_LIT("hash-1"), 99, &got, &f->e));
	assert_string_equal(got.name, "ci");
	assert_int_equal(store_token_by_hash(f->db, f->a, BYTES_LIT("hash-1"), 100, &got, &f->e), ERR_NOT_FOUND);
	OK(f, store_token_by_hash(f->db, f->a, BYTES_LIT("hash-2"), INT64_MAX, &got, &f->e));
	OK(f, store_token_used(f->db, 2, 50, &f->e));
	OK(f, store_token_by_name(f->db, f->a, "backup", &got, &f->e));
	assert_int_equal(got.used_at, 50);
	struct names n = {{0}};
	OK(f, store_token_list(f->db, note_token, &n, &f->e));
	assert_string_equal(n.text, "backup ci");
	OK(f, store_token_delete(f->db, 1, &f->e));
	assert_int_equal(store_token_delete(f->db, 1, &f->e), ERR_NOT_FOUND);
}

static void the_newest_certificate_of_a_kind_counts(void **state)
{
	struct fixture *f = *state;
	add_server(f);
	struct store_certificate c = {.id = 1,
				      .kind = STORE_CERTIFICATE_CA,
				      .cert = BYTES_LIT("ca"),
				      .key = BYTES_LIT("k"),
				      .key_version = 1,
				      .not_before = 2,
				      .not_after = 3,
				      .created_at = 4};
	OK(f, store_certificate_add(f->db, &c, &f->e));
	c = (struct store_certificate){.id = 2,
				       .kind = STORE_CERTIFICATE_SERVER,
				       .server = 1,
				       .cert = BYTES_LIT("old"),
				       .key = BYTES_LIT("k"),
				       .created_at = 7};
	OK(f, store_certificate_add(f->db, &c, &f->e));
	c.id = 3; /* ids are drawn; of two of one instant the higher one counts */
	c.cert = BYTES_LIT("new");
	OK(f, store_certificate_add(f->db, &c, &f->e));
	OK(f, store_certificate_newest(f->db, f->a, STORE_CERTIFICATE_CA, 0, &c, &f->e));
	assert_int_equal(c.id, 1);
	assert_int_equal(c.server, 0);
	assert_true(bytes_equal_str(c.key, "k"));
	assert_int_equal(c.key_version, 1);
	assert_int_equal(c.not_before, 2);
	assert_int_equal(c.not_after, 3);
	assert_int_equal(c.created_at, 4);
	OK(f, store_certificate_newest(f->db, f->a, STORE_CERTIFICATE_SERVER, 1, &c, &f->e));
	assert_true(bytes_equal_str(c.cert, "new"));
	assert_string_equal(c.kind, "server");
	OK(f, store_certificate_delete(f->db, 3, &f->e));
	OK(f, store_certificate_newest(f->db, f->a, STORE_CERTIFICATE_SERVER, 1, &c, &f->e));
	assert_true(bytes_equal_str(c.cert, "old"));
	assert_int_equal(store_certificate_newest(f->db, f->a, STORE_CERTIFICATE_SERVER, 2, &c, &f->e), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(the_zone_is_one_row),
		FIXTURE_TEST(a_server_starts_with_a_new_epoch),
		FIXTURE_TEST(ids_come_from_reserved_blocks),
		FIXTURE_TEST(a_block_reserved_in_vain_is_reserved_again),
		FIXTURE_TEST(a_folder_moves_with_all_below_it),
		FIXTURE_TEST(a_folder_is_deleted_only_when_empty),
		FIXTURE_TEST(folder_names_and_paths_have_limits),
		FIXTURE_TEST(a_path_is_made_as_far_as_it_is_missing),
		FIXTURE_TEST(devices_are_listed_by_name_folder_tag_and_prefix_in_pages),
		FIXTURE_TEST(a_device_view_holds_all_that_a_list_shows),
		FIXTURE_TEST(devices_change_and_go_with_their_tags_and_interface),
		FIXTURE_TEST(interfaces_are_found_by_credential_host_and_uuid),
		FIXTURE_TEST(a_device_has_at_most_one_interface),
		FIXTURE_TEST(words_for_people_go_both_ways),
		FIXTURE_TEST(a_credential_in_use_is_not_deleted),
		FIXTURE_TEST(credentials_are_unique_in_their_folder_and_listed_without_secrets),
		FIXTURE_TEST(discovered_things_expire_unless_they_are_devices),
		FIXTURE_TEST(what_only_a_hello_told_of_gives_way_oldest_first),
		FIXTURE_TEST(the_ends_of_validity_are_found_in_order),
		FIXTURE_TEST(an_act_teaches_what_it_learned_and_latches_hold),
		FIXTURE_TEST(scans_are_kept_and_end_with_their_server),
		FIXTURE_TEST(tokens_are_found_by_their_hash_until_they_expire),
		FIXTURE_TEST(the_newest_certificate_of_a_kind_counts),
		FIXTURE_TEST(interfaces_with_a_boot_choice_are_listed_until_it_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
