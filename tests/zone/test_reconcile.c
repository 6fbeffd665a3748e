/* Inventory records and AMT interfaces are brought together: a thousand with forty conflicts, by schedule, by hand, and
 * after addresses moved. */
#include "harness.h"

#include "codec/json.h"
#include "zone/match.h"
#include "zone/zone_priv.h"

#define HOUR INT64_C(3600000)

static void import(struct harness *h, const char *csv)
{
	struct buf body;
	buf_init(&body, 2 << 20);
	buf_adds(&body, "{\"file\":");
	json_quote(&body, bytes_str(csv));
	buf_adds(&body, "}");
	assert_int_equal(ask(h, "POST /inventory/import", buf_cstr(&body)), 200);
	if (answer_int(h, "failed"))
		fail_msg("%s", answer(h));
	buf_release(&body);
}

static void uuid_of(unsigned n, char to[UUID_TEXT_SIZE])
{
	(void)snprintf(to, UUID_TEXT_SIZE, "%08x-1111-4222-8333-444455556666", n);
}

/* What a scan sees. uuid 0, name "" and realm "": not known. */
static struct sighting *sight(const char *address, unsigned uuid, const char *name, const char *realm)
{
	struct sighting *s = sighting_new();
	char text[UUID_TEXT_SIZE];
	s->rmcp = true;
	s->provisioning = 2;
	s->scan = 1;
	(void)snprintf(s->address, sizeof(s->address), "%s", address);
	(void)snprintf(s->host, sizeof(s->host), "%s", name);
	(void)snprintf(s->realm, sizeof(s->realm), "%s", realm);
	uuid_of(uuid, text);
	s->has_uuid = uuid && uuid_parse(bytes_str(text), &s->uuid);
	return s;
}

static void see(struct harness *h, const char *address, unsigned uuid, const char *name, const char *realm)
{
	harness_round(h, &sight(address, uuid, name, realm)->mail);
}

static void run(struct harness *h)
{
	if (ask(h, "POST /reconciliation/run", NULL) != 200)
		fail_msg("%s", answer(h));
}

static void assert_run(struct harness *h, int64_t linked, int64_t amt, int64_t hosts, int64_t conflicts)
{
	run(h);
	if (answer_int(h, "linked") != linked || answer_int(h, "unmatched_amt") != amt ||
	    answer_int(h, "unmatched_hosts") != hosts || answer_int(h, "conflicts") != conflicts)
		fail_msg("wanted %lld %lld %lld %lld: %s", (long long)linked, (long long)amt, (long long)hosts,
			 (long long)conflicts, answer(h));
}

static int64_t findings(struct harness *h, int reason)
{
	char sql[100];
	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM reconcile_finding WHERE reason = %d", reason);
	return query(h, sql);
}

/* All tables but those that say when it ran. */
static void dump_kept(struct harness *h, struct buf *out)
{
	buf_init(out, 64 << 20);
	assert_int_equal(db_in_transaction(h->z->db), 0);
	static const char *const tables[] = {
		"SELECT group_concat(id || ' ' || coalesce(device, 0), ';') FROM discovered",
		"SELECT group_concat(id || ' ' || device || ' ' || host || ' ' || changed_at, ';') FROM amt",
		"SELECT group_concat(id || ' ' || name || ' ' || folder || ' ' || changed_at, ';') FROM device",
		"SELECT group_concat(kind || object || ' ' || reason || other || key_kind) FROM reconcile_finding",
		"SELECT group_concat(device || ' ' || pin || ' ' || changed_at, ';') FROM inventory",
		"SELECT COUNT(*) FROM message",
	};
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		const char *text = query_text(h, tables[i]);
		buf_addf(out, "%s\n", text ? text : "");
	}
}

static void assert_second_run_changes_nothing(struct harness *h)
{
	struct buf before, after;
	dump_kept(h, &before);
	int64_t rows = db_total_changes(h->z->db), audit = query(h, "SELECT COUNT(*) FROM audit");
	run(h);
	/* the run's own row, at its begin and end; the audit row of whoever asked for it, and the head of its chain */
	assert_int_equal(db_total_changes(h->z->db) - rows, 2 + 2);
	assert_int_equal(answer_int(h, "changed"), 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM audit"), audit + 1);
	dump_kept(h, &after);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	buf_release(&before);
	buf_release(&after);
}

#define EACH  5 /* conflicts of each kind */
#define KINDS 8

struct plan {
	struct buf csv;
	unsigned next;
};

/* "name,uuid,fqdn,address" of the record, uuid 0: none. */
static void record(struct plan *p, const char *name, unsigned uuid, const char *fqdn, const char *address)
{
	char text[UUID_TEXT_SIZE];
	uuid_of(uuid, text);
	buf_addf(&p->csv, "%s,%s,%s,%s\n", name, uuid ? text : "", fqdn, address);
}

static const char *text_of(char to[64], const char *what, int kind, int i)
{
	(void)snprintf(to, 64, "%s%d-%d", what, kind, i);
	return to;
}

static void plant_records(struct plan *p, int i)
{
	char name[64], other[64], fqdn[80], address[64];
	unsigned base = 0xc0000000u + 16u * (unsigned)i;
	for (int kind = 0; kind < KINDS; kind++) {
		text_of(name, "host", kind, i);
		(void)snprintf(fqdn, sizeof(fqdn), "%s.corp.example", name);
		(void)snprintf(address, sizeof(address), "10.9.%d.%d", kind, i + 1);
		unsigned uuid = base + (unsigned)kind;
		if (kind == 0) { /* the UUID of two records */
			record(p, name, uuid, "", "");
			record(p, text_of(other, "twin", kind, i), uuid, "", "");
		} else if (kind == 1 || kind == 4) { /* a name that two interfaces have; one of a device with AMT */
			record(p, name, 0, fqdn, "");
		} else if (kind == 2) { /* a stronger and a weaker interface */
			record(p, name, uuid, fqdn, "");
		} else if (kind == 3) { /* the address of one, the UUID of another */
			record(p, name, uuid, "", address);
		} else { /* linked by hand; protected; another UUID than the device's own AMT */
			record(p, name, uuid, "", "");
		}
	}
}

static void plant_devices(struct harness *h, int i)
{
	char name[64], text[UUID_TEXT_SIZE];
	unsigned base = 0xc0000000u + 16u * (unsigned)i;
	assert_int_equal(
		askf(h, "POST /devices", "{\"name\":\"%s\",\"amt\":\"10.8.4.%d\"}", text_of(name, "host", 4, i), i + 1),
		200);
	uuid_of(base + 6, text);
	assert_int_equal(askf(h, "POST /devices",
			      "{\"name\":\"amt6-%d\",\"amt\":\"10.8.6.%d\",\"uuid\":\"%s\",\"protected\":true}", i,
			      i + 1, text),
			 200);
	uuid_of(base + 0xf, text);
	assert_int_equal(askf(h, "POST /devices", "{\"name\":\"%s\",\"amt\":\"10.8.7.%d\",\"uuid\":\"%s\"}",
			      text_of(name, "host", 7, i), i + 1, text),
			 200);
}

static void plant_sightings(struct harness *h, int i)
{
	char name[64], address[64], path[128];
	unsigned base = 0xc0000000u + 16u * (unsigned)i;
	for (int kind = 0; kind < KINDS; kind++) {
		char fqdn[80];
		(void)snprintf(fqdn, sizeof(fqdn), "%s.CORP.example.", text_of(name, "host", kind, i));
		(void)snprintf(address, sizeof(address), "10.9.%d.%d", kind, i + 1);
		if (kind == 0)
			see(h, address, base, "", "");
		else if (kind == 1 || kind == 4)
			see(h, address, 0, fqdn, "");
		else if (kind == 2)
			see(h, address, base + 2, "", "");
		else if (kind == 3)
			see(h, address, base + 0xe, "", "");
		else if (kind == 5)
			see(h, address, 0, "", "");
		(void)snprintf(address, sizeof(address), "10.10.%d.%d", kind, i + 1);
		if (kind == 1 || kind == 2)
			see(h, address, 0, fqdn, "");
		else if (kind == 5)
			see(h, address, base + 5, "", "");
	}
	(void)snprintf(path, sizeof(path), "POST /reconciliation/host5-%d/link", i);
	assert_int_equal(askf(h, path, "{\"amt\":\"10.9.5.%d\"}", i + 1), 200);
}

static void a_thousand_are_linked_and_forty_conflicts_named(void **state)
{
	struct harness *h = *state;
	struct plan p = {.next = 1};
	buf_init(&p.csv, 1 << 20);
	buf_adds(&p.csv, "name,uuid,fqdn,address\n");
	enum { PLAIN = 960 };
	char name[64], fqdn[80], address[64];
	for (int i = 0; i < PLAIN; i++) {
		(void)snprintf(name, sizeof(name), "pc-%d", i);
		(void)snprintf(fqdn, sizeof(fqdn), "pc-%d.corp.example", i);
		(void)snprintf(address, sizeof(address), "10.1.%d.%d", i >> 8, i & 255);
		record(&p, name, i % 3 == 0 ? 1u + (unsigned)i : 0, i % 3 == 1 ? fqdn : "", i % 3 == 2 ? address : "");
		(void)snprintf(fqdn, sizeof(fqdn), "PC-%d.corp.example", i);
		if (i % 3 != 2)
			(void)snprintf(address, sizeof(address), "10.2.%d.%d", i >> 8, i & 255);
		see(h, address, i % 3 == 0 ? 1u + (unsigned)i : 0, i % 3 == 1 ? fqdn : "", "");
	}
	for (int i = 0; i < EACH; i++) {
		plant_devices(h, i);
		plant_records(&p, i);
	}
	import(h, buf_cstr(&p.csv));
	for (int i = 0; i < EACH; i++)
		plant_sightings(h, i);
	buf_release(&p.csv);
	/* Linked besides: kind 2 by its UUID, 5 by hand, and the device of kind 4 has AMT. Without their half: both
	 * records of kind 0, and those of 1, 3 and 6. Each conflict is one of an interface (two in kind 1), or of a
	 * device in 7. */
	assert_run(h, PLAIN + 3 * EACH, 0, 5 * EACH, 9 * EACH);
	static const struct {
		int reason;
		int64_t count;
	} kinds[KINDS] = {{MATCH_DUPLICATE_HOST, EACH}, {MATCH_DUPLICATE_AMT, 2 * EACH}, {MATCH_STRONGER, EACH},
			  {MATCH_DIFFERS, EACH},        {MATCH_HAS_AMT, EACH},           {MATCH_PINNED, EACH},
			  {MATCH_OWN_RULES, EACH},      {MATCH_OWN_DIFFERS, EACH}};
	for (size_t i = 0; i < KINDS; i++)
		assert_int_equal(findings(h, kinds[i].reason), kinds[i].count);
	assert_int_equal(
		query(h, "SELECT COUNT(*) FROM discovered x JOIN device d ON d.id = x.device WHERE d.name LIKE 'pc-%'"),
		PLAIN);
	/* each to its own: plain records and what was seen have the same number in the address's last two parts */
	assert_int_equal(
		query(h, "SELECT COUNT(*) FROM discovered x JOIN device d ON d.id = x.device WHERE d.name LIKE 'pc-%'"
			 " AND x.address LIKE '10._.' || (CAST(substr(d.name, 4) AS INTEGER) / 256) || '.' ||"
			 " (CAST(substr(d.name, 4) AS INTEGER) % 256)"),
		PLAIN);
	assert_second_run_changes_nothing(h);
	h->forgetful = true;
	assert_second_run_changes_nothing(h);
}

static void a_host_is_linked_once_it_is_inventoried(void **state)
{
	struct harness *h = *state;
	assert_int_equal(ask(h, "POST /devices", "{\"name\":\"bare\"}"), 200);
	see(h, "10.0.0.1", 7, "", "");
	assert_run(h, 0, 1, 1, 0);
	assert_int_equal(findings(h, MATCH_NOT_INVENTORIED), 1);
	assert_int_equal(findings(h, MATCH_NO_HOST), 1);
	import(h, "name,uuid\nbare,00000007-1111-4222-8333-444455556666\n");
	assert_run(h, 1, 0, 0, 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM reconcile_finding"), 0);
	/* the settings go to the device that it was linked with */
	assert_int_equal(ask(h, "POST /credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd1\"}"), 200);
	assert_int_equal(ask(h, "POST /devices/import", "{\"discovered\":[\"discovered\"],\"credential\":\"lab\"}"),
			 200);
	assert_int_equal(answer_int(h, "linked"), 1);
	assert_int_equal(answer_int(h, "imported"), 0);
	assert_string_equal(
		query_text(h, "SELECT m.host FROM amt m JOIN device d ON d.id = m.device WHERE d.name = 'bare'"),
		"10.0.0.1");
	assert_run(h, 1, 0, 0, 0);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"on\",\"targets\":[\"bare\"]}"), 200);
	mail_drop(take_start(h));
}

static void a_device_of_amt_and_one_of_the_inventory_become_one(void **state)
{
	struct harness *h = *state;
	static const struct ask_row rows[] = {
		{"POST /groups", "{\"name\":\"g\"}", 200, NULL},
		{"POST /devices",
		 "{\"name\":\"10.0.0.1\",\"amt\":\"10.0.0.1\",\"uuid\":\"00000007-1111-4222-8333-444455556666\","
		 "\"tags\":[\"x\"],\"note\":\"by the door\"}",
		 200, NULL},
		{"POST /groups/g/members", "{\"targets\":[\"10.0.0.1\"]}", 200, NULL},
	};
	ask_all(h, rows, ARRAY_LEN(rows));
	import(h, "name,uuid,folder\npc,00000007-1111-4222-8333-444455556666,/lab/\n");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 2);
	assert_run(h, 1, 0, 0, 0);
	assert_string_equal(query_text(h, "SELECT d.name || ' ' || d.note || ' ' || f.path || ' ' || m.host || ' ' || "
					  "t.name FROM device d JOIN folder f ON f.id = d.folder"
					  " JOIN amt m ON m.device = d.id JOIN tag t ON t.device = d.id"
					  " JOIN group_member g ON g.device = d.id"),
			    "pc by the door /lab/ 10.0.0.1 x");
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 1);
	assert_non_null(strstr(query_text(h, "SELECT group_concat(action) FROM audit"), "reconcile.link"));
	assert_second_run_changes_nothing(h);
}

static void a_device_with_an_open_act_waits_for_the_next_run(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	import(h, "name,address\npc,10.0.0.1\n");
	assert_run(h, 0, 0, 1, 1);
	assert_int_equal(findings(h, MATCH_BUSY), 1);
	send_outcome(h, s, ACT_END_DONE, 0);
	mail_drop(s);
	assert_run(h, 1, 0, 0, 0);
}

static void what_was_said_by_hand_stays(void **state)
{
	struct harness *h = *state;
	import(h, "name,uuid\na,00000001-1111-4222-8333-444455556666\nb,00000002-1111-4222-8333-444455556666\n");
	see(h, "10.0.0.1", 1, "", "");
	see(h, "10.0.0.2", 9, "", "");
	assert_run(h, 1, 1, 1, 0);
	static const struct ask_row rows[] = {
		{"POST /reconciliation/b/link", "{\"amt\":\"10.0.0.1\"}", 409, "belongs to device"},
		{"POST /reconciliation/b/link", "{\"amt\":\"10.0.0.2\"}", 200, NULL},
		{"POST /reconciliation/a/unlink", NULL, 200, NULL},
		{"POST /reconciliation/a/unlink", NULL, 404, "no AMT interface belongs"},
		{"POST /reconciliation/none/link", "{\"amt\":\"10.0.0.2\"}", 404, "none"},
		{"POST /reconciliation/b/link", "{\"amt\":\"10.0.0.9\"}", 404, "10.0.0.9"},
	};
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_run(h, 1, 0, 1, 1);
	assert_int_equal(findings(h, MATCH_PINNED), 1);
	assert_int_equal(findings(h, MATCH_APART), 1);
	assert_second_run_changes_nothing(h);
	assert_int_equal(ask(h, "POST /reconciliation/a/release", NULL), 200);
	assert_run(h, 2, 0, 0, 0);
	assert_int_equal(ask(h, "POST /reconciliation/b/release", NULL), 200);
	assert_run(h, 1, 1, 1, 0);
}

static void an_interface_with_settings_is_unlinked_into_a_device_of_its_own(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	import(h, "name,address,folder\npc,10.0.0.1,/lab/\n");
	assert_run(h, 1, 0, 0, 0);
	assert_int_equal(ask(h, "POST /reconciliation/pc/unlink", NULL), 200);
	assert_string_equal(query_text(h,
				       "SELECT d.name || ' ' || f.path FROM device d JOIN folder f ON f.id = d.folder"
				       " JOIN amt m ON m.device = d.id"),
			    "10.0.0.1 /lab/");
	assert_run(h, 0, 0, 1, 1);
	assert_int_equal(ask(h, "POST /reconciliation/pc/link", "{\"amt\":\"10.0.0.1\"}"), 200);
	assert_run(h, 1, 0, 0, 0);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM device"), 1);
}

static int64_t runs_until(struct harness *h, int64_t ms)
{
	int64_t runs = 0, was = query(h, "SELECT COALESCE(MAX(started_at), 0) FROM reconcile");
	for (int64_t i = 0; i < ms; i += HOUR / 2) {
		harness_pass(h, HOUR / 2);
		int64_t is = query(h, "SELECT COALESCE(MAX(started_at), 0) FROM reconcile");
		runs += is != was;
		was = is;
	}
	return runs;
}

static void it_runs_every_24_hours_until_somebody_says_otherwise(void **state)
{
	struct harness *h = *state;
	assert_int_equal(runs_until(h, 23 * HOUR), 0);
	assert_int_equal(runs_until(h, 49 * HOUR), 3);
	assert_string_equal(query_text(h, "SELECT started_by FROM reconcile"), "schedule");
	run(h);
	assert_string_equal(answer(h) ? query_text(h, "SELECT rule FROM reconcile") : "", "");
	harness_restart(h);
	assert_int_equal(runs_until(h, 24 * HOUR), 1);
	static const struct ask_row rows[] = {
		{"PUT /reconciliation/schedule", "{}", 400, "nothing is said"},
		{"PUT /reconciliation/schedule", "{\"weekly\":\"mon\"}", 400, NULL},
		{"PUT /reconciliation/schedule", "{\"dates\":\"2020-01-01\",\"at\":\"07:30\"}", 400, "2020"},
		{"PUT /reconciliation/schedule", "{\"dates\":\"2027-02-31\",\"at\":\"07:30\"}", 400, "2027-02-31"},
		{"PUT /reconciliation/schedule", "{\"weekly\":\"mon\",\"at\":\"07:30\",\"timezone\":\"Mars/Here\"}",
		 400, "Mars"},
		{"PUT /reconciliation/schedule", "{\"none\":true}", 200, "\"rule\":\"none\""},
	};
	ask_all(h, rows, ARRAY_LEN(rows));
	assert_int_equal(runs_until(h, 60 * HOUR), 0);
	/* 2026-11-25 to 27 have begun by now; the zone began on the 18th */
	assert_int_equal(
		ask(h, "PUT /reconciliation/schedule", "{\"dates\":\"2026-12-03,2026-12-05\",\"at\":\"07:30\"}"), 200);
	assert_int_equal(runs_until(h, 14 * 24 * HOUR), 2);
	assert_int_equal(ask(h, "PUT /reconciliation/schedule",
			     "{\"weekly\":\"mon,thu\",\"at\":\"05:30\",\"timezone\":\"Europe/Berlin\"}"),
			 200);
	assert_int_equal(runs_until(h, 14 * 24 * HOUR), 4);
	assert_int_equal(ask(h, "PUT /reconciliation/schedule", "{\"every\":\"6 hours\"}"), 200);
	assert_int_equal(runs_until(h, 24 * HOUR), 4);
	assert_int_equal(ask(h, "PUT /reconciliation/schedule", "{\"default\":true}"), 200);
	assert_non_null(strstr(answer(h), "\"default\":true"));
	assert_int_equal(runs_until(h, 48 * HOUR), 2);
}

static void a_run_that_was_missed_is_done_once(void **state)
{
	struct harness *h = *state;
	clock_advance(h->clock, 10 * 24 * HOUR);
	harness_restart(h);
	harness_round(h, NULL);
	assert_int_equal(query(h, "SELECT COUNT(*) FROM reconcile WHERE ended_at > 0"), 1);
	assert_int_equal(runs_until(h, 23 * HOUR), 0);
}

static void two_who_ask_get_one_run(void **state)
{
	struct harness *h = *state;
	see(h, "10.0.0.1", 1, "", "");
	struct zone_command *first = command_of(h, "POST /reconciliation/run", NULL);
	struct zone_command *second = command_of(h, "POST /reconciliation/run", NULL);
	first->mail.next = &second->mail;
	struct zone_out out;
	machine_round(h->z, &first->mail, NULL, &out);
	size_t answers = 0;
	for (int i = 0; i < 50; i++) {
		for (struct mail *m = out.to_api; m; m = m->next)
			answers += m->kind == API_ANSWER;
		mail_free_all(out.to_api);
		mail_free_all(out.to_wire);
		mail_free_all(out.to_post);
		machine_round(h->z, NULL, NULL, &out);
	}
	mail_free_all(out.to_api);
	mail_free_all(out.to_wire);
	mail_free_all(out.to_post);
	assert_int_equal(answers, 2);
	assert_int_equal(query(h, "SELECT changed FROM reconcile"), 1); /* a finding */
}

static void a_run_that_was_broken_off_begins_anew(void **state)
{
	struct harness *h = *state;
	import(h, "name,uuid\na,00000001-1111-4222-8333-444455556666\n");
	see(h, "10.0.0.1", 1, "", "");
	for (int rounds = 0; rounds < 14; rounds++) {
		struct zone_out out;
		struct zone_command *c = command_of(h, "POST /reconciliation/run", NULL);
		machine_round(h->z, &c->mail, NULL, &out);
		for (int i = 0; i < rounds; i++) {
			mail_free_all(out.to_api);
			mail_free_all(out.to_wire);
			mail_free_all(out.to_post);
			machine_round(h->z, NULL, NULL, &out);
		}
		mail_free_all(out.to_api);
		mail_free_all(out.to_wire);
		mail_free_all(out.to_post);
		harness_restart(h);
		harness_round(h, NULL);
		assert_int_equal(query(h, "SELECT COUNT(*) FROM reconcile WHERE ended_at > 0 AND linked = 1"), 1);
	}
}

/* d1 has been switched once, so that its realm is known. */
static void switch_once(struct harness *h, int reason)
{
	assert_int_equal(ask(h, "POST /power", "{\"verb\":\"status\",\"targets\":[\"d1\"]}"), 200);
	struct act_start *s = take_start(h);
	struct act_outcome *o = outcome_of(s, reason ? ACT_END_FAILED : ACT_END_DONE, reason);
	if (!reason) {
		o->learned.answered = o->learned.has_digest = true;
		(void)snprintf(o->learned.digest.realm, sizeof(o->learned.digest.realm), "Digest:0001");
	}
	harness_round(h, &o->mail);
	mail_drop(s);
}

static const char *host_of(struct harness *h)
{
	return query_text(h, "SELECT m.host FROM amt m JOIN device d ON d.id = m.device WHERE d.name = 'd1'");
}

static void a_device_is_followed_by_its_realm(void **state)
{
	struct harness *h = *state;
	furnish(h, 2);
	switch_once(h, 0);
	see(h, "10.0.0.1", 0, "", "Digest:0001");
	run(h);
	assert_string_equal(host_of(h), "10.0.0.1");
	harness_pass(h, HOUR);
	see(h, "10.0.0.77", 0, "", "Digest:0001");
	run(h);
	assert_string_equal(host_of(h), "10.0.0.77");
	assert_non_null(strstr(query_text(h, "SELECT group_concat(action || detail) FROM audit"),
			       "reconcile.follow{\"was\":\"10.0.0.1\",\"is\":\"10.0.0.77\"}"));
	assert_second_run_changes_nothing(h);
	/* not to where another device is, nor where another realm is, nor to what is there twice */
	harness_pass(h, HOUR);
	see(h, "10.0.0.2", 0, "", "Digest:0001");
	see(h, "10.0.0.88", 0, "", "Digest:0002");
	run(h);
	assert_string_equal(host_of(h), "10.0.0.77");
	see(h, "10.0.0.77", 0, "", "Digest:0001");
	see(h, "10.0.0.99", 0, "", "Digest:0001");
	run(h);
	assert_string_equal(host_of(h), "10.0.0.77");
}

static void a_device_is_followed_by_its_name_once_it_is_missed(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	import(h, "name,fqdn\nd1,pc-1.corp.example\n");
	switch_once(h, 0);
	harness_pass(h, HOUR);
	see(h, "10.0.0.77", 0, "pc-1.corp.example", "");
	assert_run(h, 1, 0, 0, 1);
	assert_string_equal(host_of(h), "10.0.0.1");
	switch_once(h, ERR_UNREACHABLE);
	harness_pass(h, HOUR);
	see(h, "10.0.0.77", 0, "pc-1.corp.example", "");
	assert_run(h, 1, 0, 0, 0);
	assert_string_equal(host_of(h), "10.0.0.77");
	assert_second_run_changes_nothing(h);
}

static void a_device_is_followed_by_the_uuid_of_its_record(void **state)
{
	struct harness *h = *state;
	furnish(h, 1);
	import(h, "name,uuid\nd1,00000007-1111-4222-8333-444455556666\n");
	switch_once(h, 0);
	harness_pass(h, HOUR);
	see(h, "10.0.0.77", 7, "", "Digest:0001");
	assert_run(h, 1, 0, 0, 0);
	assert_string_equal(host_of(h), "10.0.0.77");
	harness_pass(h, HOUR);
	see(h, "10.0.0.78", 7, "", "Digest:0666"); /* somebody else says so */
	run(h);
	assert_string_equal(host_of(h), "10.0.0.77");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZONE_TEST(a_thousand_are_linked_and_forty_conflicts_named),
		ZONE_TEST(a_host_is_linked_once_it_is_inventoried),
		ZONE_TEST(a_device_of_amt_and_one_of_the_inventory_become_one),
		ZONE_TEST(a_device_with_an_open_act_waits_for_the_next_run),
		ZONE_TEST(what_was_said_by_hand_stays),
		ZONE_TEST(an_interface_with_settings_is_unlinked_into_a_device_of_its_own),
		ZONE_TEST(it_runs_every_24_hours_until_somebody_says_otherwise),
		ZONE_TEST(a_run_that_was_missed_is_done_once),
		ZONE_TEST(two_who_ask_get_one_run),
		ZONE_TEST(a_run_that_was_broken_off_begins_anew),
		ZONE_TEST(a_device_is_followed_by_its_realm),
		ZONE_TEST(a_device_is_followed_by_its_name_once_it_is_missed),
		ZONE_TEST(a_device_is_followed_by_the_uuid_of_its_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
