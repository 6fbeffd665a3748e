/* Scans, what they see, how long it is valid, and how it becomes devices. */
#include "harness.h"

#include "codec/range.h"
#include "store/discovered.h"
#include "store/scan.h"
#include "zone/zone.h"

#define HOUR_MS 3600000

static struct scan_start *discover(struct harness *h, const char *json)
{
	if (ask(h, "POST /scans", json) != 200)
		fail_msg("%s", answer(h));
	return (struct scan_start *)take_wire(h, WIRE_SCAN_START);
}

static struct sighting *sighting_of(uint64_t scan, const char *address)
{
	struct sighting *s = sighting_new();
	s->scan = scan;
	s->rmcp = true;
	s->provisioning = 2;
	(void)snprintf(s->address, sizeof(s->address), "%s", address);
	(void)snprintf(s->version, sizeof(s->version), "11.8.79");
	return s;
}

static void with_uuid(struct sighting *s, const char *uuid)
{
	s->has_uuid = true;
	assert_true(uuid_parse(bytes_str(uuid), &s->uuid));
}

static void see(struct harness *h, const char *address)
{
	harness_round(h, &sighting_of(0, address)->mail);
}

static void end_scan(struct harness *h, uint64_t scan, int reason)
{
	struct scan_progress *p = scan_progress_new(ZONE_SCAN_END);
	p->scan = scan;
	p->total = p->done = 254;
	p->found = 3;
	p->reason = reason;
	harness_round(h, &p->mail);
}

#define UUID_A "84f0934c-0397-11e7-9c43-bc0000520000"
#define UUID_B "94f0934c-0397-11e7-9c43-bc0000520000"

static void a_scan_is_parsed_checked_and_given_to_wire(void **state)
{
	struct harness *h = *state;
	struct scan_start *s =
		discover(h, "{\"ranges\":[\"10.0.0.0/24\",\"10.0.1.1-10.0.1.9\"],\"exclude\":[\"10.0.0.7\"]}");
	assert_non_null(s);
	assert_int_equal(s->scan, answer_int(h, "id"));
	assert_int_equal(range_count(s->ranges), 256 + 9 - 1);
	assert_true(s->tcp);
	assert_int_equal(s->rate, 10000);
	assert_int_equal(s->passes, 3);
	assert_int_equal(s->rmcp_port, 623);
	assert_int_equal(query(h, "SELECT total FROM scan WHERE state = 0"), 264);
	assert_string_equal(query_text(h, "SELECT spec FROM scan"),
			    "{\"ranges\":[\"10.0.0.0/"
			    "24\",\"10.0.1.1-10.0.1.9\"],\"exclude\":[\"10.0.0.7\"],\"tcp\":true,\"ping_only\":false,"
			    "\"rate\":10000,\"passes\":3}");
	mail_drop(s);
}

static void what_may_not_be_scanned_is_refused(void **state)
{
	static const struct {
		const char *json;
		const char *reason;
	} rows[] = {
		{"{\"ranges\":[\"8.8.8.0/24\"]}", "net_not_allowed"},
		{"{\"ranges\":[\"10.0.0.0/24\",\"11.0.0.1\"]}", "11.0.0.1"},
		{"{\"ranges\":[\"127.0.0.0/24\"]}", "\"error\":"},
		{"{\"ranges\":[\"10.0.0.7/24\"]}", "invalid"},
		{"{\"ranges\":[\"nonsense\"]}", "invalid"},
		{"{\"ranges\":[\"10.0.0.0/24\"],\"exclude\":[\"10.0.0.0/8\"]}", "missing"},
		{"{\"ranges\":[\"10.0.0.0/24\"],\"rate\":\"fast\"}", "rate"},
		{"{\"ranges\":[\"10.0.0.0/24\"],\"rate\":\"0\"}", "rate"},
		{"{\"ranges\":[\"10.0.0.0/24\"],\"tcp\":\"maybe\"}", "tcp"},
		{"{\"ranges\":[\"10.0.0.0/24\"],\"passes\":11}", "passes"},
	};
	struct harness *h = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = ask(h, "POST /scans", rows[i].json);
		if (status != 400 || !strstr(answer(h), rows[i].reason))
			fail_msg("row %zu: %d %s", i, status, answer(h));
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM scan"), 0);
}

static void tcp_and_rate_follow_what_was_asked(void **state)
{
	static const struct {
		const char *json;
		bool tcp;
		uint32_t rate;
		bool presence_only;
	} rows[] = {
		{"{\"ranges\":[\"10.0.0.0/20\"]}", true, 10000, false},
		{"{\"ranges\":[\"10.0.0.0/19\"]}", false, 10000, false},
		{"{\"ranges\":[\"10.0.0.0/19\"],\"tcp\":\"always\",\"rate\":\"max\"}", true, 0, false},
		{"{\"ranges\":[\"10.0.0.0/30\"],\"tcp\":\"never\",\"rate\":\"77\"}", false, 77, false},
		{"{\"ranges\":[\"10.0.0.0/24\"],\"ping-only\":true}", false, 10000, true},
	};
	struct harness *h = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scan_start *s = discover(h, rows[i].json);
		assert_int_equal(s->tcp, rows[i].tcp);
		assert_int_equal(s->rate, rows[i].rate);
		assert_int_equal(s->presence_only, rows[i].presence_only);
		end_scan(h, s->scan, 0);
		mail_drop(s);
	}
	const char *both = "{\"ranges\":[\"10.0.0.0/24\"],\"ping-only\":true,\"tcp\":\"always\"}";
	assert_int_equal(ask(h, "POST /scans", both), 400);
}

static void scans_run_one_after_the_other_and_again_after_a_restart(void **state)
{
	struct harness *h = *state;
	struct scan_start *first = discover(h, "{\"ranges\":[\"10.0.0.0/24\"]}");
	assert_null(discover(h, "{\"ranges\":[\"10.0.1.0/24\"]}"));
	assert_null(discover(h, "{\"ranges\":[\"10.0.2.0/24\"]}"));
	assert_int_equal(query(h, "SELECT COUNT(*) FROM scan WHERE state = 4"), 2);
	harness_restart(h);
	harness_pass(h, 1);
	struct scan_start *again = (struct scan_start *)take_wire(h, WIRE_SCAN_START);
	assert_int_equal(again->scan, first->scan);
	end_scan(h, again->scan, 0);
	assert_int_equal(query(h, "SELECT found FROM scan WHERE state = 1"), 3);
	struct scan_start *second = (struct scan_start *)take_wire(h, WIRE_SCAN_START);
	assert_int_equal(second->scan, first->scan + 1);
	char path[64];
	(void)snprintf(path, sizeof(path), "POST /scans/%llu/cancel", (unsigned long long)second->scan + 1);
	assert_int_equal(ask(h, path, NULL), 204); /* one that waits ends at once */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM scan WHERE state = 2"), 1);
	(void)snprintf(path, sizeof(path), "POST /scans/%llu/cancel", (unsigned long long)second->scan);
	assert_int_equal(ask(h, path, NULL), 204);
	struct mail *cancel = take_wire(h, WIRE_SCAN_CANCEL);
	assert_non_null(cancel);
	end_scan(h, second->scan, ERR_CANCELLED);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM scan WHERE state = 2"), 2);
	assert_int_equal(ask(h, "POST /scans/999/cancel", NULL), 404);
	mail_drop(cancel);
	mail_drop(second);
	mail_drop(again);
	mail_drop(first);
}

static void a_scan_that_fails_says_why(void **state)
{
	struct harness *h = *state;
	struct scan_start *s = discover(h, "{\"ranges\":[\"10.0.0.0/24\"]}");
	end_scan(h, s->scan, ERR_PRIVILEGE);
	assert_int_equal(query(h, "SELECT reason FROM scan WHERE state = 3"), -ERR_PRIVILEGE);
	assert_non_null(
		strstr(query_text(h, "SELECT body FROM event WHERE kind = 'scan' ORDER BY id DESC"), "privilege"));
	mail_drop(s);
}

static void progress_is_told_often_and_written_seldom(void **state)
{
	struct harness *h = *state;
	struct scan_start *s = discover(h, "{\"ranges\":[\"10.0.0.0/24\"]}");
	int64_t events = query(h, "SELECT COUNT(*) FROM event");
	for (uint64_t i = 1; i <= 10; i++) {
		struct scan_progress *p = scan_progress_new(ZONE_SCAN_PROGRESS);
		p->scan = s->scan;
		p->done = i * 10;
		p->rate = 40;
		p->left_ms = 100;
		clock_advance(h->clock, 250);
		harness_round(h, &p->mail);
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM event"), events);
	assert_true(query(h, "SELECT asked FROM scan") >= 50);
	const char *text = buf_cstr(&h->events);
	size_t told = 0;
	while ((text = strstr(text, "scan progress"))) {
		told++;
		text++;
	}
	assert_int_equal(told, 10);
	mail_drop(s);
}

static void what_is_seen_is_merged_by_address(void **state)
{
	struct harness *h = *state;
	struct scan_start *s = discover(h, "{\"ranges\":[\"10.0.0.0/24\"]}");
	harness_round(h, &sighting_of(s->scan, "10.0.0.9")->mail);
	struct sighting *probe = sighting_of(s->scan, "10.0.0.9");
	probe->rmcp = false;
	probe->tcp = probe->has_tls = probe->has_plain = probe->plain = true;
	probe->version[0] = 0;
	probe->provisioning = -1;
	(void)snprintf(probe->realm, sizeof(probe->realm), "Digest:1");
	clock_advance(h->clock, 1000);
	harness_round(h, &probe->mail);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
	assert_int_equal(query(h, "SELECT sources FROM discovered"), STORE_SOURCE_RMCP | STORE_SOURCE_TCP);
	assert_int_equal(query(h, "SELECT plain FROM discovered"), STORE_ANSWER_YES);
	assert_int_equal(query(h, "SELECT tls FROM discovered"), STORE_ANSWER_NO);
	assert_string_equal(query_text(h, "SELECT version || ' ' || realm FROM discovered"), "11.8.79 Digest:1");
	assert_int_equal(query(h, "SELECT provisioned FROM discovered"), STORE_PROVISIONED_YES);
	assert_int_equal(query(h, "SELECT seen_at - first_at FROM discovered"), 1000);
	end_scan(h, s->scan, 0);
	assert_int_equal(query(h, "SELECT found_new FROM scan"), 1);
	see(h, "nonsense");
	see(h, "8.8.8.8"); /* unasked, from outside */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
	mail_drop(s);
}

static void see_with(struct harness *h, const char *address, const char *uuid)
{
	struct sighting *s = sighting_of(1, address);
	with_uuid(s, uuid);
	harness_round(h, &s->mail);
}

static void one_machine_is_one_row_whatever_its_address(void **state)
{
	struct harness *h = *state;
	see_with(h, "10.0.0.1", UUID_A);
	int64_t id = query(h, "SELECT id FROM discovered");
	see(h, "10.0.0.2"); /* not known by whom */
	see_with(h, "10.0.0.2", UUID_A);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
	assert_int_equal(query(h, "SELECT id FROM discovered WHERE address = '10.0.0.2'"), id);
	see_with(h, "10.0.0.1", UUID_A);
	assert_int_equal(query(h, "SELECT id FROM discovered WHERE address = '10.0.0.1'"), id);
	see_with(h, "10.0.0.3", UUID_B);
	see_with(h, "10.0.0.1", UUID_B); /* B took the address of A */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
	see_with(h, "10.0.0.1", UUID_A); /* and A took it back, B is gone */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
	assert_string_equal(query_text(h, "SELECT lower(hex(uuid)) FROM discovered"),
			    "84f0934c039711e79c43bc0000520000");
}

static void a_vendors_default_uuid_is_no_identity(void **state)
{
	static const char *const none[] = {
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"03000200-0400-0500-0006-000700080009",
		"00020003-0004-0005-0006-000700080009",
	};
	struct harness *h = *state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		char a[32], b[32];
		(void)snprintf(a, sizeof(a), "10.0.%zu.1", i);
		(void)snprintf(b, sizeof(b), "10.0.%zu.2", i);
		see_with(h, a, none[i]);
		see_with(h, b, none[i]);
		assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 2 * ((int64_t)i + 1));
	}
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered WHERE uuid IS NOT NULL"), 0);
}

static void a_device_whose_address_moved_is_found_again(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"uuid\":\"" UUID_A "\"}"), 200);
	see_with(h, "10.0.0.77", UUID_A);
	assert_string_equal(query_text(h, "SELECT host FROM amt"), "10.0.0.77");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered d JOIN device v ON v.id = d.device"), 1);
	struct sighting *hello = sighting_of(0, "10.0.0.78"); /* unasked: nobody follows it */
	with_uuid(hello, UUID_A);
	harness_round(h, &hello->mail);
	assert_string_equal(query_text(h, "SELECT host FROM amt"), "10.0.0.77");
	assert_int_equal(ask(h, "PATCH /devices/d1", "{\"amt\":\"d1.corp.example\"}"), 200);
	see_with(h, "10.0.0.79", UUID_A);
	assert_string_equal(query_text(h, "SELECT host FROM amt"), "d1.corp.example"); /* DNS follows */
}

static void what_was_discovered_is_valid_for_its_time_and_revived(void **state)
{
	struct harness *h = *state;
	see(h, "10.0.0.1");
	int64_t id = query(h, "SELECT id FROM discovered");
	harness_pass(h, 24 * HOUR_MS - 1000);
	buf_reset(&h->events);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"discovered\"]}"), 200);
	assert_int_equal(answer_int(h, "imported"), 1);
	assert_int_equal(ask(h, "DELETE /devices/10.0.0.1", NULL), 204);
	buf_reset(&h->events);
	harness_pass(h, 2000);
	assert_non_null(strstr(buf_cstr(&h->events), "discovered changed"));
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"10.0.0.1\"]}"), 200);
	assert_int_equal(answer_int(h, "skipped"), 1);
	assert_non_null(strstr(answer(h), "no longer valid"));
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"discovered\"]}"), 200);
	assert_int_equal(answer_int(h, "imported") + answer_int(h, "skipped"), 0);
	see(h, "10.0.0.1");
	assert_int_equal(query(h, "SELECT id FROM discovered"), id);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"10.0.0.1\"]}"), 200);
	assert_int_equal(answer_int(h, "imported"), 1);
}

static void the_ends_of_many_validities_are_all_told(void **state)
{
	struct harness *h = *state;
	for (int i = 0; i < 2500; i++) {
		char address[32];
		(void)snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		see(h, address);
		if (i % 3 == 0)
			clock_advance(h->clock, 1);
	}
	buf_reset(&h->events);
	harness_pass(h, 25 * HOUR_MS);
	size_t told = 0;
	for (const char *t = buf_cstr(&h->events); (t = strstr(t, "discovered changed")); t++)
		told++;
	assert_true(told >= 2500);
	assert_true(told <= 2600);
	/* No follower of a scan gets them: none of them caused this. */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM event WHERE kind = 'discovered' AND object <> 0"), 0);
}

static void some_or_all_are_looked_at_again(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /discovered/rediscover", "{\"all\":true}"), 404);
	see(h, "10.0.0.1");
	see(h, "10.0.0.2");
	see(h, "10.0.0.3");
	assert_int_equal(ask(h, "POST /discovered/rediscover", "{\"discovered\":[\"10.0.0.1\",\"10.0.0.3\"]}"), 200);
	struct scan_start *s = (struct scan_start *)take_wire(h, WIRE_SCAN_START);
	assert_int_equal(range_count(s->ranges), 2);
	assert_true(s->tcp);
	end_scan(h, s->scan, 0);
	mail_drop(s);
	assert_int_equal(ask(h, "POST /discovered/rediscover", "{\"all\":true}"), 200);
	s = (struct scan_start *)take_wire(h, WIRE_SCAN_START);
	assert_int_equal(range_count(s->ranges), 3);
	mail_drop(s);
	assert_int_equal(ask(h, "POST /discovered/rediscover", "{\"discovered\":[\"10.0.0.9\"]}"), 404);
	assert_int_equal(ask(h, "POST /discovered/rediscover", "{}"), 400);
}

static void more_addresses_than_one_scan_takes_are_looked_at_in_several(void **state)
{
	struct harness *h = *state;
	for (int i = 0; i < 1500; i++) {
		char address[32];
		(void)snprintf(address, sizeof(address), "10.1.%d.%d", i / 100, 2 * (i % 100));
		see(h, address);
	}
	assert_int_equal(ask(h, "POST /discovered/rediscover", "{\"all\":true}"), 200);
	uint64_t last = (uint64_t)answer_int(h, "id"), seen = 0, addresses = 0;
	struct scan_start *s;
	while ((s = (struct scan_start *)take_wire(h, WIRE_SCAN_START))) {
		seen = s->scan;
		addresses += range_count(s->ranges);
		end_scan(h, s->scan, 0);
		mail_drop(s);
	}
	assert_int_equal(seen, last);
	assert_int_equal(addresses, 1500);
}

static void a_thousand_become_devices_with_names_of_their_own(void **state)
{
	struct harness *h = *state;
	furnish(h, 1); /* d1 at 10.0.0.1 */
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"10.0.0.2\"}"), 200);
	for (int i = 1; i <= 1000; i++) {
		struct sighting *s = sighting_new();
		s->rmcp = true;
		s->provisioning = 2;
		(void)snprintf(s->address, sizeof(s->address), "10.0.%d.%d", i / 250, i % 250);
		if (i > 900)
			(void)snprintf(s->host, sizeof(s->host), "pc-%d.corp.example", i / 2);
		harness_round(h, &s->mail);
	}
	assert_int_equal(
		ask(h, "POST /devices/import",
		    "{\"discovered\":[\"discovered\"],\"credential\":\"lab\",\"folder\":\"/Workstations/lab/\","
		    "\"tags\":[\"new\"],\"tls\":\"never\"}"),
		200);
	assert_int_equal(answer_int(h, "imported"), 999);
	assert_int_equal(answer_int(h, "linked"), 0); /* the scan itself linked d1 */
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 1001);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM amt WHERE host = '10.0.0.1'"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device WHERE name = '10.0.0.2-2'"), 1);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device WHERE name LIKE 'pc-%.corp.example'"), 51);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device WHERE name LIKE 'pc-%.corp.example-2'"), 49);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM tag WHERE name = 'new'"), 999);
	assert_int_equal(
		query(h, "SELECT COUNT(*) FROM amt WHERE tls_policy = 2 AND mode = 1 AND credential IS NOT NULL"), 999);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered WHERE device IS NULL"), 0);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"10.0.0.1\",\"10.0.0.3\"]}"), 200);
	assert_int_equal(answer_int(h, "linked"), 2);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"/Workstations/lab/\"]}"), 200);
	assert_int_equal(answer_int(h, "total"), 999);
}

static void what_cannot_be_used_is_skipped_with_its_reason(void **state)
{
	struct harness *h = *state;
	struct sighting *s = sighting_of(1, "10.0.0.1");
	s->provisioning = 0;
	harness_round(h, &s->mail);
	s = sighting_of(1, "10.0.0.2");
	s->note = ERR_TOO_OLD;
	harness_round(h, &s->mail);
	s = sighting_of(1, "10.0.0.3");
	s->provisioning = -1;
	harness_round(h, &s->mail);
	assert_int_equal(
		ask(h, "POST /devices/import", "{\"discovered\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\",\"x\"]}"), 200);
	assert_int_equal(answer_int(h, "imported"), 1);
	assert_int_equal(answer_int(h, "skipped"), 3);
	assert_non_null(strstr(answer(h), "10.0.0.1: AMT is present but not set up"));
	assert_non_null(strstr(answer(h), "10.0.0.2: firmware before AMT 3.0"));
	assert_non_null(strstr(answer(h), "x: there is no such thing"));
	assert_int_equal(ask(h, "POST /devices/import", "{}"), 400);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"discovered\"],\"credential\":\"no\"}"),
			 404);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"discovered\"],\"tls\":\"no\"}"), 400);
}

static void an_import_that_the_server_did_not_live_to_end_can_be_given_again(void **state)
{
	struct harness *h = *state;
	struct zone_out out;
	for (int i = 1; i <= 500; i++) {
		char address[32];
		(void)snprintf(address, sizeof(address), "10.0.%d.%d", i / 250, i % 250);
		see(h, address);
	}
	struct zone_command *m = command_of(h, "POST /devices/import", "{\"discovered\":[\"discovered\"]}");
	machine_round(h->z, &m->mail, NULL, &out);
	mail_free_all(out.to_api);
	int64_t made = query(h, "SELECT COUNT(*) FROM device");
	assert_in_range(made, 1, 499);
	harness_restart(h);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"discovered\"]}"), 200);
	assert_int_equal(answer_int(h, "imported"), 500 - made);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 500);
}

static void discovered_things_are_forgotten_on_demand(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	see(h, "10.0.0.1");
	see(h, "10.0.0.2");
	harness_pass(h, 25 * HOUR_MS);
	see(h, "10.0.0.3");
	assert_int_equal(ask(h, "POST /discovered/remove", "{}"), 400);
	assert_int_equal(ask(h, "POST /discovered/remove", "{\"discovered\":[\"10.0.0.9\"]}"), 404);
	assert_int_equal(ask(h, "POST /discovered/remove", "{\"discovered\":[\"10.0.0.2\",\"10.0.0.2\"]}"), 204);
	assert_int_equal(ask(h, "POST /discovered/remove", "{\"expired\":true}"), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
	assert_int_equal(ask(h, "POST /discovered/remove", "{\"all\":true}"), 204);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 1);
}

static struct sighting *hello_of(const char *address, const char *uuid, uint32_t retry)
{
	static const uint8_t hashes[] = {1, 20, [21] = 7};
	struct sighting *s = sighting_new();
	(void)snprintf(s->address, sizeof(s->address), "%s", address);
	with_uuid(s, uuid);
	s->provisioning = 1;
	s->hello = calloc(1, sizeof(*s->hello) + sizeof(hashes));
	assert_non_null(s->hello);
	s->hello->version = 3;
	s->hello->retry = retry;
	s->hello->hashes_len = sizeof(hashes);
	memcpy(s->hello->hashes, hashes, sizeof(hashes));
	return s;
}

#define MINUTE_MS 60000
#define HELLO_IS(column, wanted)                                                                                       \
	assert_int_equal(query(h, "SELECT " column " FROM discovered WHERE address = '10.0.0.9'"), wanted)

static void a_hello_is_in_the_list_with_its_times(void **state)
{
	struct harness *h = *state;
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 2)->mail); /* its first two were not heard */
	int64_t began = clock_wall_ms(h->clock);
	HELLO_IS("sources", STORE_SOURCE_HELLO);
	HELLO_IS("provisioned", STORE_PROVISIONED_IN_SETUP);
	HELLO_IS("hello", 3);
	HELLO_IS("hello_since", began - 2 * MINUTE_MS);
	HELLO_IS("hello_until", began - 2 * MINUTE_MS + 24 * HOUR_MS);
	HELLO_IS("length(hello_hashes)", 22);
	/* The same series goes on. */
	harness_pass(h, MINUTE_MS);
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 3)->mail);
	HELLO_IS("hello_retry", 3);
	HELLO_IS("hello_at", clock_wall_ms(h->clock));
	HELLO_IS("hello_since", began - 2 * MINUTE_MS);
	/* Its network interface was opened again. */
	harness_pass(h, 10 * MINUTE_MS);
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 0)->mail);
	HELLO_IS("hello_since", clock_wall_ms(h->clock));
	HELLO_IS("hello_until", clock_wall_ms(h->clock) + 6 * HOUR_MS);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM discovered"), 1);
}

static void a_hello_is_told_once_and_when_it_says_something_new(void **state)
{
	struct harness *h = *state;
	static const char count[] = "SELECT COUNT(*) FROM event WHERE kind = 'discovered'";
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 0)->mail);
	assert_int_equal(query(h, count), 1);
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 1)->mail);
	assert_int_equal(query(h, count), 1);
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 0)->mail);
	assert_int_equal(query(h, count), 2);
	struct sighting *changed = hello_of("10.0.0.9", UUID_A, 1);
	changed->hello->admin_set = true;
	harness_round(h, &changed->mail);
	assert_int_equal(query(h, count), 3);
}

static void a_hello_and_a_scan_see_one_machine(void **state)
{
	struct harness *h = *state;
	harness_round(h, &hello_of("10.0.0.9", UUID_A, 0)->mail);
	struct sighting *scanned = sighting_of(0, "10.0.0.9");
	with_uuid(scanned, UUID_A);
	harness_round(h, &scanned->mail);
	HELLO_IS("hello", 3); /* what it said stays */
	assert_int_equal(query(h, "SELECT sources FROM discovered") & STORE_SOURCE_RMCP, STORE_SOURCE_RMCP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_scan_is_parsed_checked_and_given_to_wire),
		ZONE_TEST(what_may_not_be_scanned_is_refused),
		ZONE_TEST(tcp_and_rate_follow_what_was_asked),
		ZONE_TEST(scans_run_one_after_the_other_and_again_after_a_restart),
		ZONE_TEST(a_scan_that_fails_says_why),
		ZONE_TEST(progress_is_told_often_and_written_seldom),
		ZONE_TEST(what_is_seen_is_merged_by_address),
		ZONE_TEST(one_machine_is_one_row_whatever_its_address),
		ZONE_TEST(a_vendors_default_uuid_is_no_identity),
		ZONE_TEST(a_device_whose_address_moved_is_found_again),
		ZONE_TEST(what_was_discovered_is_valid_for_its_time_and_revived),
		ZONE_TEST(the_ends_of_many_validities_are_all_told),
		ZONE_TEST(some_or_all_are_looked_at_again),
		ZONE_TEST(more_addresses_than_one_scan_takes_are_looked_at_in_several),
		ZONE_TEST(a_thousand_become_devices_with_names_of_their_own),
		ZONE_TEST(what_cannot_be_used_is_skipped_with_its_reason),
		ZONE_TEST(an_import_that_the_server_did_not_live_to_end_can_be_given_again),
		ZONE_TEST(discovered_things_are_forgotten_on_demand),
		ZONE_TEST(a_hello_is_in_the_list_with_its_times),
		ZONE_TEST(a_hello_is_told_once_and_when_it_says_something_new),
		ZONE_TEST(a_hello_and_a_scan_see_one_machine),
	};
	return cmocka_run_group_tests_name("zone/discover", tests, NULL, NULL);
}
