/* sql.tbl.h - every SQL statement of the product, in the subset that SQLite 3.40 and PostgreSQL 15 both speak.
 *
 * SQL(NAME, "text")       touches rows by key or by a range of an index only; a test asks the planner
 * SQL_SCAN(NAME, "text")  may read a table from end to end: for small tables, or for what happens once a day
 *
 * Parameters are $1, $2, ...; a parameter whose type PostgreSQL cannot see from its use is CAST. States are written as
 * numbers: act 0 queued, 1 claimed, 2 sent (act.tbl.h), job 0 expanding, 1 open, 2 ended (job.tbl.h). */

#ifndef TEXT_COLUMNS
#define TEXT_COLUMNS

/* In the order in which the nouns read them. */
#define TEXT_ZONE_COLUMNS "id, name, created_at"
#define TEXT_SERVER_COLUMNS "id, name, uuid, fqdn, address, version, epoch, started_at, seen_at"
#define TEXT_FOLDER_COLUMNS "id, tree, parent, name, path, created_at"
#define TEXT_GROUP_COLUMNS "id, name, note, filter, created_at, changed_at"
#define TEXT_RULE_COLUMNS "id, place, name, filter, folder, tags, created_at"
#define TEXT_DEVICE_COLUMNS "d.id, d.folder, d.name, d.note, d.is_protected, d.created_at, d.changed_at"
#define TEXT_AMT_COLUMNS \
	"m.id, m.device, m.discovered, m.host, m.port_plain, m.port_tls, m.mode, m.credential, m.server, " \
	"m.tls_policy, m.old_tls, m.changed_at"
#define TEXT_AMT_STATE_COLUMNS \
	"s.amt, s.uuid, s.version, s.transport, s.tls_pin, s.realm, s.digest, s.power, s.power_at, " \
	"s.seen_at, s.last_act, s.last_verb, s.last_state, s.last_reason, s.last_at"
#define TEXT_CREDENTIAL_COLUMNS "id, folder, name, login, description, secret, version, created_at, changed_at"
#define TEXT_DISCOVERED_COLUMNS \
	"id, address, name, port, uuid, version, provisioned, mode, transport, realm, sources, first_at, seen_at, " \
	"valid_until, reason, detail, device, plain, tls, hello, hello_retry, hello_at, hello_since, hello_until, " \
	"hello_admin_set, hello_pid, hello_hashes"
#define TEXT_SETUP_FILE_COLUMNS \
	"f.id, f.name, f.version, f.is_shared, f.fqdn, f.suffix, f.created_by, f.created_at, f.expires_at, " \
	"(SELECT COUNT(*) FROM setup_record r WHERE r.file = f.id), " \
	"(SELECT COUNT(*) FROM setup_record r WHERE r.file = f.id AND r.used_at > 0)"
#define TEXT_SETUP_RECORD_FROM ", r.used_at, r.device, d.name FROM setup_record r LEFT JOIN device d ON d.id = r.device"
#define TEXT_SCAN_COLUMNS \
	"id, spec, state, server, requested_by, created_at, ended_at, total, asked, found, found_new, reason, detail, " \
	"started_at"
#define TEXT_JOB_COLUMNS \
	"id, verb, state, requested_by, idempotency, server, created_at, deadline, ended_at, target, options, " \
	"act_first, total, expanded, done, already, failed, unknown, cancelled, expired, skipped, cancelled_at"
#define TEXT_ACT_COLUMNS \
	"a.id, a.job, a.device, a.amt, a.server, a.verb, a.state, a.fence, a.epoch, a.attempt, a.due, a.deadline, " \
	"a.lease_end, a.sent_at, a.settle_after, a.ended_at, a.evidence_kind, a.reason, a.device_status, " \
	"a.power_before, a.power_after, a.message_id, a.evidence, a.detail"
/* How an act ended, in one number: see the migration that makes the table history. */
#define TEXT_OUTCOME \
	"a.state + 16 * a.evidence_kind + 64 * (CASE WHEN a.attempt > 1023 THEN 1023 ELSE a.attempt END)" \
	" + CAST(65536 AS BIGINT) * a.reason"
#define TEXT_EVENT_COLUMNS "id, time, kind, object, body"
#define TEXT_AUDIT_COLUMNS "id, time, actor, action, object, detail, hash, mac"
#define TEXT_MESSAGE_COLUMNS \
	"id, time, number, severity, actor, kind, object, name, related, text, more, acked_at, acked_by"
#define TEXT_SINK_COLUMNS \
	"t.id, t.name, t.kind, t.feed, t.enabled, t.address, t.options, t.secret, t.version, t.severity, t.components," \
	" t.created_at, t.changed_at, t.ca"
#define TEXT_SCHEDULE_COLUMNS \
	"id, scope, object, name, verb, boot, rule, time_zone, spread, is_protected, is_suspended, since, created_by, " \
	"created_at, changed_at"
#define TEXT_OCCURRENCE_COLUMNS "schedule, time_zone, local, due, state, reason, job, made_at"
#define TEXT_CALENDAR_COLUMNS "id, name, note, ranges, created_at, changed_at"
#define TEXT_INVENTORY_COLUMNS \
	"i.device, i.uuid, i.macs, i.fqdn, i.addresses, i.serial, i.source, i.pin, i.created_at, i.changed_at"
/* A discovered interface that is linked with the device: one of them, should there be several. */
#define TEXT_INVENTORY_VIEW \
	"SELECT " TEXT_INVENTORY_COLUMNS ", d.name, f.path, m.host, s.uuid, s.mac, (SELECT MIN(x.address) FROM discovered x" \
	" WHERE x.device = d.id)"
#define TEXT_INVENTORY_JOINS \
	" JOIN folder f ON f.id = d.folder LEFT JOIN amt m ON m.device = d.id LEFT JOIN amt_state s ON s.amt = m.id"
#define TEXT_TOKEN_COLUMNS "id, name, hash, created_by, created_at, expires_at, used_at, owner"
#define TEXT_ADMIN_COLUMNS \
	"id, name, full_name, origin, subject, hash, version, is_disabled, created_at, changed_at, login_at, login_from," \
	" source, is_gone, checked_at"
#define TEXT_SOURCE_COLUMNS \
	"id, name, kind, enabled, is_default, options, secret, version, created_at, changed_at, failed_at, error"
#define TEXT_GRANT_COLUMNS \
	"g.holder_kind, g.holder, g.what, g.tree, g.folder, g.effect, g.created_at, g.created_by, f.path"
#define TEXT_SESSION_COLUMNS \
	"s.id, s.hash, s.admin, s.source, s.created_at, s.used_at, s.idle_ms, s.expires_at, a.name" \
	" FROM session s JOIN admin a ON a.id = s.admin"
#define TEXT_CERTIFICATE_COLUMNS "id, kind, server, cert, chain, key, key_version, note, not_before, not_after,"\
	" created_at"
#define TEXT_REQUEST_COLUMNS "id, server, kind, is_ca, name, request, key, key_version, created_at"

/* A device with all that a list shows, and the filters that every such list takes: $1 mode, $2 power (-1 any). */
#define TEXT_DEVICE_VIEW \
	"SELECT " TEXT_DEVICE_COLUMNS ", f.path, " TEXT_AMT_COLUMNS ", " TEXT_AMT_STATE_COLUMNS ", c.name, v.name"
#define TEXT_DEVICE_VIEW_JOINS \
	" LEFT JOIN amt m ON m.device = d.id LEFT JOIN amt_state s ON s.amt = m.id" \
	" LEFT JOIN credential c ON c.id = m.credential LEFT JOIN server v ON v.id = m.server"
#define TEXT_DEVICE_VIEW_FILTER \
	" (CAST($1 AS BIGINT) < 0 OR COALESCE(m.mode, 0) = $1) AND (CAST($2 AS BIGINT) < 0 OR COALESCE(s.power, 0) = $2)"
#define TEXT_TARGET \
	"SELECT d.id, d.name, f.path, d.is_protected, m.id, m.host, m.mode, m.credential, m.server"
#define TEXT_TARGET_JOINS " LEFT JOIN amt m ON m.device = d.id LEFT JOIN amt_state s ON s.amt = m.id"

/* Three ways to choose devices: $3 limit; $4... by name range; by folder path range; by tag. */
#define TEXT_BY_NAME(columns, joins) \
	columns " FROM device d JOIN folder f ON f.id = d.folder" joins \
	" WHERE d.name > $4 AND d.name >= $5 AND d.name < $6 AND" TEXT_DEVICE_VIEW_FILTER " ORDER BY d.name LIMIT $3"
#define TEXT_BY_FOLDER(columns, joins) \
	columns " FROM folder f CROSS JOIN device d" joins \
	" WHERE f.tree = 0 AND f.path >= $4 AND f.path < $5 AND d.folder = f.id AND (f.path > $4 OR d.name > $6) AND" \
	TEXT_DEVICE_VIEW_FILTER " ORDER BY f.path, d.name LIMIT $3"
#define TEXT_BY_TAG(columns, joins) \
	columns " FROM tag t JOIN device d ON d.id = t.device JOIN folder f ON f.id = d.folder" joins \
	" WHERE t.name = $4 AND d.name > $5 AND" TEXT_DEVICE_VIEW_FILTER " ORDER BY d.name LIMIT $3"

/* $1, $2 range of ids; $3 actor ('' any); $4 action and what begins with it and a dot ('' any); $5, $6 times; $7 object. */
#define TEXT_AUDIT_FILTER \
	"id >= $1 AND id < $2 AND ($3 = '' OR actor = $3) AND ($4 = '' OR action = $4 OR substr(action, 1," \
	" length($4) + 1) = $4 || '.') AND time >= $5 AND time < $6 AND ($7 = '' OR object = $7)"

/* $1, $2 range of ids; $3 worst severities; $4 number (0 any); $5 kind (-1 any), $6 object; $7 open; $8, $9 times. */
#define TEXT_MESSAGE_FILTER \
	"id >= $1 AND id < $2 AND severity <= $3 AND (CAST($4 AS BIGINT) = 0 OR number = $4)" \
	" AND (CAST($5 AS BIGINT) < 0 OR (kind = $5 AND object = CAST($6 AS BIGINT)))" \
	" AND (CAST($7 AS BIGINT) = 0 OR acked_at = 0) AND time >= $8 AND time < $9"

/* No hold covers the act's device: none of the zone, of the device, or of a folder above it. */
#define TEXT_NO_HOLD \
	"NOT EXISTS (SELECT 1 FROM hold h WHERE h.scope = 0 OR (h.scope = 2 AND h.object = act.device) OR (h.scope = 1" \
	" AND EXISTS (SELECT 1 FROM device d JOIN folder f ON f.id = d.folder JOIN folder hf ON hf.id = h.object" \
	" WHERE d.id = act.device AND substr(f.path, 1, length(hf.path)) = hf.path)))"

#endif

/* clang-format off */

SQL_SCAN(SCHEMA_VERSION, "SELECT COALESCE(MAX(version), 0) FROM schema_version")
SQL(SCHEMA_VERSION_ADD, "INSERT INTO schema_version (version) VALUES ($1)")
SQL(SCHEMA_LOCK, "UPDATE schema_lock SET holder = $1 WHERE one = 1")

SQL_SCAN(ZONE_GET, "SELECT " TEXT_ZONE_COLUMNS " FROM zone")
SQL(ZONE_PUT, "INSERT INTO zone (one, id, name, created_at) VALUES (1, $1, $2, $3)"
	" ON CONFLICT (one) DO UPDATE SET id = excluded.id, name = excluded.name, created_at = excluded.created_at")

SQL(ID_TAKE, "UPDATE id_block SET next_id = next_id + $2 WHERE name = $1 RETURNING next_id")

SQL(SERVER_ADD, "INSERT INTO server (" TEXT_SERVER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
SQL(SERVER_PUT, "UPDATE server SET name = $2, uuid = $3, fqdn = $4, address = $5, version = $6, epoch = $7,"
	" started_at = $8, seen_at = $9 WHERE id = $1")
SQL(SERVER_START, "UPDATE server SET epoch = epoch + 1, started_at = $2, seen_at = $2 WHERE id = $1 RETURNING epoch")
SQL(SERVER_SEEN, "UPDATE server SET seen_at = $2 WHERE id = $1")
SQL(SERVER_GET, "SELECT " TEXT_SERVER_COLUMNS " FROM server WHERE id = $1")
SQL(SERVER_BY_NAME, "SELECT " TEXT_SERVER_COLUMNS " FROM server WHERE name = $1")
SQL_SCAN(SERVER_LIST, "SELECT " TEXT_SERVER_COLUMNS " FROM server ORDER BY name")

SQL(SETTING_GET, "SELECT value FROM setting WHERE scope = $1 AND object = $2 AND name = $3")
SQL(SETTING_PUT, "INSERT INTO setting (scope, object, name, value) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (scope, object, name) DO UPDATE SET value = excluded.value")
SQL(SETTING_DELETE, "DELETE FROM setting WHERE scope = $1 AND object = $2 AND name = $3")
SQL(SETTING_FORGET, "DELETE FROM setting WHERE scope = $1 AND object = $2")
SQL_SCAN(SETTING_LIST, "SELECT scope, object, name, value FROM setting ORDER BY name, scope, object")

SQL(FOLDER_ADD, "INSERT INTO folder (" TEXT_FOLDER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)")
SQL(FOLDER_MOVE, "UPDATE folder SET parent = $2, name = $3 WHERE id = $1")
SQL(FOLDER_MOVE_PATHS, "UPDATE folder SET path = CAST($5 AS TEXT) || substr(path, CAST($4 AS INTEGER))"
	" WHERE tree = $1 AND path >= $2 AND path < $3")
SQL(FOLDER_DELETE, "DELETE FROM folder WHERE id = $1")
SQL(FOLDER_USED, "SELECT CASE WHEN EXISTS (SELECT 1 FROM folder WHERE parent = $1)"
	" OR EXISTS (SELECT 1 FROM device WHERE folder = $1) OR EXISTS (SELECT 1 FROM credential WHERE folder = $1)"
	" THEN 1 ELSE 0 END")
SQL(FOLDER_GET, "SELECT " TEXT_FOLDER_COLUMNS " FROM folder WHERE id = $1")
SQL(FOLDER_PARENT, "SELECT parent FROM folder WHERE id = $1")
SQL(FOLDER_BY_PATH, "SELECT " TEXT_FOLDER_COLUMNS " FROM folder WHERE tree = $1 AND path = $2")
SQL(FOLDER_LIST, "SELECT " TEXT_FOLDER_COLUMNS " FROM folder WHERE tree = $1 AND path >= $2 AND path < $3 AND path > $4"
	" ORDER BY path LIMIT $5")

SQL(DEVICE_ADD, "INSERT INTO device (id, folder, name, note, is_protected, created_at, changed_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7)")
SQL(DEVICE_PUT, "UPDATE device SET folder = $2, name = $3, note = $4, is_protected = $5, created_at = $6,"
	" changed_at = $7 WHERE id = $1")
SQL(DEVICE_DELETE, "DELETE FROM device WHERE id = $1")
SQL(DEVICE_GET, "SELECT " TEXT_DEVICE_COLUMNS " FROM device d WHERE d.id = $1")
SQL(DEVICE_FOLDER, "SELECT folder FROM device WHERE id = $1")
SQL(DEVICE_BY_NAME, "SELECT " TEXT_DEVICE_COLUMNS " FROM device d WHERE d.name = $1")
SQL_SCAN(DEVICE_COUNT, "SELECT COUNT(*) FROM device")
SQL(DEVICE_COUNT_IN_FOLDER, "SELECT COUNT(*) FROM device WHERE folder = $1")
SQL(DEVICE_COUNT_BELOW, "SELECT COUNT(*) FROM folder f CROSS JOIN device d WHERE f.tree = 0 AND f.path >= $1"
	" AND f.path < $2 AND d.folder = f.id")
SQL(DEVICE_VIEW, TEXT_DEVICE_VIEW " FROM device d JOIN folder f ON f.id = d.folder" TEXT_DEVICE_VIEW_JOINS
	" WHERE d.id = $1")
SQL(DEVICE_LIST_BY_NAME, TEXT_BY_NAME(TEXT_DEVICE_VIEW, TEXT_DEVICE_VIEW_JOINS))
SQL(DEVICE_LIST_BY_FOLDER, TEXT_BY_FOLDER(TEXT_DEVICE_VIEW, TEXT_DEVICE_VIEW_JOINS))
SQL(DEVICE_LIST_BY_TAG, TEXT_BY_TAG(TEXT_DEVICE_VIEW, TEXT_DEVICE_VIEW_JOINS))
SQL(DEVICE_LIST_BY_GROUP, TEXT_DEVICE_VIEW " FROM group_member g JOIN device d ON d.id = g.device"
	" JOIN folder f ON f.id = d.folder" TEXT_DEVICE_VIEW_JOINS " WHERE g.member_of = $4 AND g.device > $5 AND"
	TEXT_DEVICE_VIEW_FILTER " ORDER BY g.device LIMIT $3")
SQL(TARGET_GET, TEXT_TARGET " FROM device d JOIN folder f ON f.id = d.folder" TEXT_TARGET_JOINS " WHERE d.id = $1")
SQL(TARGET_LIST_BY_NAME, TEXT_BY_NAME(TEXT_TARGET, TEXT_TARGET_JOINS))
SQL(TARGET_LIST_BY_FOLDER, TEXT_BY_FOLDER(TEXT_TARGET, TEXT_TARGET_JOINS))
SQL(TARGET_LIST_BY_TAG, TEXT_BY_TAG(TEXT_TARGET, TEXT_TARGET_JOINS))

SQL(TAG_ADD, "INSERT INTO tag (name, device) VALUES ($1, $2) ON CONFLICT (name, device) DO NOTHING")
SQL(TAG_DELETE, "DELETE FROM tag WHERE name = $1 AND device = $2")
SQL(TAG_CLEAR, "DELETE FROM tag WHERE device = $1")
SQL(TAG_OF_DEVICE, "SELECT name FROM tag WHERE device = $1 ORDER BY name")
SQL_SCAN(TAG_LIST, "SELECT name, COUNT(*) FROM tag GROUP BY name ORDER BY name")

SQL(GROUP_ADD, "INSERT INTO device_group (" TEXT_GROUP_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)")
SQL(GROUP_PUT, "UPDATE device_group SET name = $2, note = $3, filter = $4, created_at = $5, changed_at = $6"
	" WHERE id = $1")
SQL(GROUP_DELETE, "DELETE FROM device_group WHERE id = $1")
SQL(GROUP_GET, "SELECT " TEXT_GROUP_COLUMNS " FROM device_group WHERE id = $1")
SQL(GROUP_BY_NAME, "SELECT " TEXT_GROUP_COLUMNS " FROM device_group WHERE name = $1")
SQL_SCAN(GROUP_LIST, "SELECT " TEXT_GROUP_COLUMNS " FROM device_group ORDER BY name")
SQL(GROUP_MEMBER_ADD, "INSERT INTO group_member (member_of, device) VALUES ($1, $2)"
	" ON CONFLICT (member_of, device) DO NOTHING")
SQL(GROUP_MEMBER_DELETE, "DELETE FROM group_member WHERE member_of = $1 AND device = $2")
SQL(GROUP_MEMBER_IS, "SELECT COUNT(*) FROM group_member WHERE member_of = $1 AND device = $2")
SQL(GROUP_MEMBER_COUNT, "SELECT COUNT(*) FROM group_member WHERE member_of = $1")

SQL(RULE_ADD, "INSERT INTO registration_rule (" TEXT_RULE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)")
SQL(RULE_PLACE, "UPDATE registration_rule SET place = $2 WHERE id = $1")
SQL(RULE_DELETE, "DELETE FROM registration_rule WHERE id = $1")
SQL(RULE_BY_NAME, "SELECT " TEXT_RULE_COLUMNS " FROM registration_rule WHERE name = $1")
SQL(RULE_BY_FOLDER, "SELECT " TEXT_RULE_COLUMNS " FROM registration_rule WHERE folder = $1 LIMIT 1")
SQL_SCAN(RULE_LIST, "SELECT " TEXT_RULE_COLUMNS " FROM registration_rule ORDER BY place, id")
SQL(RULE_GROUP_ADD, "INSERT INTO rule_group (rule, group_id) VALUES ($1, $2) ON CONFLICT (rule, group_id) DO NOTHING")
SQL(RULE_GROUP_LIST, "SELECT r.group_id, g.name FROM rule_group r JOIN device_group g ON g.id = r.group_id"
	" WHERE r.rule = $1 ORDER BY g.name")

SQL(INVENTORY_PUT, "INSERT INTO inventory (device, uuid, macs, fqdn, addresses, serial, source, pin, created_at,"
	" changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (device) DO UPDATE SET"
	" uuid = excluded.uuid, macs = excluded.macs, fqdn = excluded.fqdn, addresses = excluded.addresses,"
	" serial = excluded.serial, source = excluded.source, changed_at = excluded.changed_at")
SQL(INVENTORY_PIN, "UPDATE inventory SET pin = $2 WHERE device = $1")
SQL(INVENTORY_DELETE, "DELETE FROM inventory WHERE device = $1")
SQL(INVENTORY_GET, "SELECT " TEXT_INVENTORY_COLUMNS " FROM inventory i WHERE i.device = $1")
SQL_SCAN(INVENTORY_COUNT, "SELECT COUNT(*) FROM inventory")
SQL(INVENTORY_LIST, TEXT_INVENTORY_VIEW " FROM device d JOIN inventory i ON i.device = d.id" TEXT_INVENTORY_JOINS
	" WHERE d.name > $1 AND d.name >= $2 AND d.name < $3 ORDER BY d.name LIMIT $4")
SQL(INVENTORY_VIEW, TEXT_INVENTORY_VIEW " FROM inventory i JOIN device d ON d.id = i.device" TEXT_INVENTORY_JOINS
	" WHERE i.device = $1")

SQL_SCAN(RECONCILE_GET, "SELECT rule, time_zone, handled, started_at, ended_at, started_by, linked, unmatched_amt,"
	" unmatched_host, conflicts, changed FROM reconcile")
SQL(RECONCILE_PUT, "INSERT INTO reconcile (one, rule, time_zone, handled, started_at, ended_at, started_by, linked,"
	" unmatched_amt, unmatched_host, conflicts, changed) VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	" ON CONFLICT (one) DO UPDATE SET rule = excluded.rule, time_zone = excluded.time_zone,"
	" handled = excluded.handled, started_at = excluded.started_at, ended_at = excluded.ended_at,"
	" started_by = excluded.started_by, linked = excluded.linked, unmatched_amt = excluded.unmatched_amt,"
	" unmatched_host = excluded.unmatched_host, conflicts = excluded.conflicts, changed = excluded.changed")
SQL(RECONCILE_HOSTS, "SELECT i.device, i.uuid, i.macs, i.fqdn, i.addresses, i.pin, m.id, m.host, s.uuid"
	" FROM inventory i LEFT JOIN amt m ON m.device = i.device"
	" LEFT JOIN amt_state s ON s.amt = m.id WHERE i.device > $1 ORDER BY i.device LIMIT $2")
SQL(RECONCILE_DISCOVERED, "SELECT id, device, uuid, '', name, address, realm, seen_at, valid_until FROM discovered"
	" WHERE id > $1 ORDER BY id LIMIT $2")
SQL(RECONCILE_INTERFACES, "SELECT m.id, m.device, s.uuid, s.mac, m.host, m.host, s.realm, s.seen_at, 0 FROM amt m"
	" LEFT JOIN amt_state s ON s.amt = m.id WHERE m.id > $1 AND m.device IS NOT NULL"
	" AND NOT EXISTS (SELECT 1 FROM inventory i WHERE i.device = m.device) ORDER BY m.id LIMIT $2")
SQL(RECONCILE_BARE, "SELECT d.id FROM device d WHERE d.id > $1 AND NOT EXISTS (SELECT 1 FROM inventory i"
	" WHERE i.device = d.id) AND NOT EXISTS (SELECT 1 FROM amt m WHERE m.device = d.id) ORDER BY d.id LIMIT $2")
SQL(RECONCILE_LINK, "UPDATE discovered SET device = $2 WHERE id = $1 AND COALESCE(device, 0) = $3"
	" AND (CAST($2 AS BIGINT) IS NULL OR EXISTS (SELECT 1 FROM inventory i WHERE i.device = $2))")
SQL(RECONCILE_MOVE, "UPDATE amt SET device = $3, changed_at = $4 WHERE id = $1 AND device = $2"
	" AND EXISTS (SELECT 1 FROM inventory i WHERE i.device = $3)"
	" AND NOT EXISTS (SELECT 1 FROM amt o WHERE o.device = $3)")
SQL(RECONCILE_MOVE_TAGS, "INSERT INTO tag (name, device) SELECT name, CAST($2 AS BIGINT) FROM tag WHERE device = $1"
	" ON CONFLICT (name, device) DO NOTHING")
SQL(RECONCILE_MOVE_MEMBERS, "INSERT INTO group_member (member_of, device) SELECT member_of, CAST($2 AS BIGINT)"
	" FROM group_member WHERE device = $1 ON CONFLICT (member_of, device) DO NOTHING")
SQL(RECONCILE_MOVE_DISCOVERED, "UPDATE discovered SET device = $2 WHERE device = $1")
SQL(RECONCILE_HAS_OWN, "SELECT CASE WHEN EXISTS (SELECT 1 FROM device WHERE id = $1 AND is_protected = 1)"
	" OR EXISTS (SELECT 1 FROM setting WHERE scope = 2 AND object = $1)"
	" OR EXISTS (SELECT 1 FROM schedule WHERE scope = 2 AND object = $1)"
	" OR EXISTS (SELECT 1 FROM schedule_level WHERE scope = 2 AND object = $1)"
	" OR EXISTS (SELECT 1 FROM hold WHERE scope = 2 AND object = $1) THEN 1 ELSE 0 END")
SQL(RECONCILE_UNLINK, "UPDATE discovered SET device = NULL WHERE device = $1")
SQL(RECONCILE_BY_REALM, "SELECT m.device FROM amt_state s JOIN amt m ON m.id = s.amt WHERE s.realm = $1"
	" AND s.realm <> '' AND m.device IS NOT NULL LIMIT 2")
SQL(FINDING_LIST, "SELECT kind, object, reason, key_kind, other FROM reconcile_finding"
	" WHERE (kind, object) > ($1, $2) ORDER BY kind, object LIMIT $3")
SQL(FINDING_PUT, "INSERT INTO reconcile_finding (kind, object, reason, key_kind, other) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (kind, object) DO UPDATE SET reason = excluded.reason, key_kind = excluded.key_kind,"
	" other = excluded.other")
SQL(FINDING_DELETE, "DELETE FROM reconcile_finding WHERE kind = $1 AND object = $2")
SQL(FINDING_VIEWS, "SELECT f.kind, f.object, f.reason, f.key_kind, f.other, COALESCE(x.address, m.host), d.name, o.name"
	" FROM reconcile_finding f LEFT JOIN discovered x ON f.kind = 0 AND x.id = f.object"
	" LEFT JOIN device d ON f.kind > 0 AND d.id = f.object LEFT JOIN amt m ON m.device = d.id"
	" LEFT JOIN device o ON o.id = f.other WHERE (f.kind, f.object) > ($1, $2) ORDER BY f.kind, f.object LIMIT $3")

SQL(AMT_ADD, "INSERT INTO amt (id, device, discovered, host, port_plain, port_tls, mode, credential, server,"
	" tls_policy, old_tls, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
SQL(AMT_PUT, "UPDATE amt SET device = $2, discovered = $3, host = $4, port_plain = $5, port_tls = $6, mode = $7,"
	" credential = $8, server = $9, tls_policy = $10, old_tls = $11, changed_at = $12 WHERE id = $1")
SQL(AMT_DELETE, "DELETE FROM amt WHERE id = $1")
SQL(AMT_GET, "SELECT " TEXT_AMT_COLUMNS " FROM amt m WHERE m.id = $1")
SQL(AMT_OF_DEVICE, "SELECT " TEXT_AMT_COLUMNS " FROM amt m WHERE m.device = $1")
SQL(AMT_LIST_BY_CREDENTIAL, "SELECT m.id, m.device, m.discovered, d.name, m.host FROM amt m"
	" LEFT JOIN device d ON d.id = m.device WHERE m.credential = $1 AND m.id > $2 ORDER BY m.id LIMIT $3")
SQL(AMT_LIST_BY_UUID, "SELECT m.id, m.device, m.discovered, d.name, m.host FROM amt_state s JOIN amt m ON m.id = s.amt"
	" LEFT JOIN device d ON d.id = m.device WHERE s.uuid = $1 ORDER BY m.id")
SQL(AMT_LIST_BY_HOST, "SELECT m.id, m.device, m.discovered, d.name, m.host FROM amt m"
	" LEFT JOIN device d ON d.id = m.device WHERE m.host = $1 ORDER BY m.id")
SQL(AMT_CLEAR_CREDENTIAL, "UPDATE amt SET credential = NULL WHERE credential = $1")
SQL_SCAN(AMT_COUNT, "SELECT COUNT(*) FROM amt")
SQL_SCAN(AMT_COUNT_MODE, "SELECT COUNT(*) FROM amt WHERE mode = $1 AND device IS NOT NULL")
SQL(AMT_STATE_ADD, "INSERT INTO amt_state (amt, uuid, version, transport, tls_pin, realm, digest, power,"
	" power_at, seen_at, last_act, last_verb, last_state, last_reason, last_at)"
	" VALUES ($1, NULL, '', 0, NULL, '', '', 0, 0, 0, 0, 0, 0, 0, 0)")
SQL(AMT_STATE_GET, "SELECT " TEXT_AMT_STATE_COLUMNS " FROM amt_state s WHERE s.amt = $1")
SQL(AMT_STATE_PUT, "UPDATE amt_state SET version = $2, transport = $3, tls_pin = $4, realm = $5, digest = $6, power = $7,"
	" power_at = $8, seen_at = $9, last_act = $10, last_verb = $11, last_state = $12, last_reason = $13,"
	" last_at = $14 WHERE amt = $1")
SQL(AMT_STATE_LEARN, "UPDATE amt_state SET version = COALESCE($2, version),"
	" transport = CASE WHEN CAST($3 AS BIGINT) > transport THEN CAST($3 AS BIGINT) ELSE transport END,"
	" tls_pin = COALESCE(tls_pin, $4), realm = CASE WHEN realm = '' THEN COALESCE($5, realm) ELSE realm END,"
	" digest = COALESCE($6, digest), power = CASE WHEN CAST($7 AS BIGINT) = 0 THEN power ELSE CAST($7 AS BIGINT) END,"
	" power_at = CASE WHEN CAST($7 AS BIGINT) = 0 THEN power_at ELSE CAST($12 AS BIGINT) END,"
	" seen_at = CASE WHEN CAST($13 AS BIGINT) = 0 THEN seen_at ELSE CAST($12 AS BIGINT) END, last_act = $8,"
	" last_verb = $9, last_state = $10, last_reason = $11, last_at = $12 WHERE amt = $1")
SQL(BOOT_LEFT_PUT, "INSERT INTO boot_left (amt) VALUES ($1) ON CONFLICT (amt) DO NOTHING")
SQL(BOOT_LEFT_DELETE, "DELETE FROM boot_left WHERE amt = $1")
SQL_SCAN(BOOT_LEFT_LIST, "SELECT amt FROM boot_left ORDER BY amt")
SQL(SETUP_LEFT_PUT, "INSERT INTO setup_left (amt, credential, drawn, told, pin, step, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	" ON CONFLICT (amt) DO UPDATE SET credential = excluded.credential, drawn = excluded.drawn, told = excluded.told,"
	" pin = excluded.pin, step = excluded.step, changed_at = excluded.changed_at")
SQL(SETUP_LEFT_DELETE, "DELETE FROM setup_left WHERE amt = $1")
SQL_SCAN(SETUP_LEFT_LIST, "SELECT amt, credential, drawn, told, pin, step, changed_at FROM setup_left ORDER BY amt")
SQL(AMT_STATE_UUID, "UPDATE amt_state SET uuid = $2 WHERE amt = $1")

SQL(CREDENTIAL_ADD, "INSERT INTO credential (" TEXT_CREDENTIAL_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
SQL(CREDENTIAL_PUT, "UPDATE credential SET folder = $2, name = $3, login = $4, description = $5, secret = $6,"
	" version = $7, created_at = $8, changed_at = $9 WHERE id = $1")
SQL(CREDENTIAL_DELETE, "DELETE FROM credential WHERE id = $1")
SQL(CREDENTIAL_USED, "SELECT CASE WHEN EXISTS (SELECT 1 FROM amt WHERE credential = $1) THEN 1 ELSE 0 END")
SQL(CREDENTIAL_GET, "SELECT " TEXT_CREDENTIAL_COLUMNS " FROM credential WHERE id = $1")
SQL(CREDENTIAL_BY_NAME, "SELECT " TEXT_CREDENTIAL_COLUMNS " FROM credential WHERE folder = $1 AND name = $2")
SQL_SCAN(CREDENTIAL_FIND, "SELECT " TEXT_CREDENTIAL_COLUMNS " FROM credential WHERE name = $1 ORDER BY id LIMIT 2")
SQL(CREDENTIAL_LIST, "SELECT c.id, c.folder, c.name, c.login, c.description, NULL, c.version, c.created_at,"
	" c.changed_at, f.path, (SELECT COUNT(*) FROM amt m WHERE m.credential = c.id)"
	" FROM folder f CROSS JOIN credential c WHERE f.tree = 1 AND f.path >= $1 AND f.path < $2 AND c.folder = f.id"
	" AND (f.path > $1 OR c.name > $3) ORDER BY f.path, c.name LIMIT $4")

SQL(DISCOVERED_ADD, "INSERT INTO discovered (" TEXT_DISCOVERED_COLUMNS ")"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"
	" $22, $23, $24, $25, $26, $27)")
SQL(DISCOVERED_PUT, "UPDATE discovered SET address = $2, name = $3, port = $4, uuid = $5, version = $6, provisioned = $7,"
	" mode = $8, transport = $9, realm = $10, sources = $11, first_at = $12, seen_at = $13, valid_until = $14,"
	" reason = $15, detail = $16, device = $17, plain = $18, tls = $19, hello = $20, hello_retry = $21,"
	" hello_at = $22, hello_since = $23, hello_until = $24, hello_admin_set = $25, hello_pid = $26, hello_hashes = $27"
	" WHERE id = $1")
SQL(DISCOVERED_DELETE, "DELETE FROM discovered WHERE id = $1")
SQL(DISCOVERED_GET, "SELECT " TEXT_DISCOVERED_COLUMNS " FROM discovered WHERE id = $1")
SQL(DISCOVERED_BY_ADDRESS, "SELECT " TEXT_DISCOVERED_COLUMNS " FROM discovered WHERE address = $1")
SQL(DISCOVERED_BY_UUID, "SELECT " TEXT_DISCOVERED_COLUMNS " FROM discovered WHERE uuid = $1 ORDER BY id")
SQL(DISCOVERED_LINK, "UPDATE discovered SET device = $2 WHERE id = $1")
SQL(DISCOVERED_LIST, "SELECT " TEXT_DISCOVERED_COLUMNS " FROM discovered WHERE id > $1"
	" AND (CAST($2 AS BIGINT) < 0 OR (CAST($2 AS BIGINT) = 0 AND device IS NULL)"
	" OR (CAST($2 AS BIGINT) = 1 AND device IS NOT NULL))"
	" AND (CAST($3 AS BIGINT) = 0 OR valid_until > $3) ORDER BY id LIMIT $4")
SQL(DISCOVERED_NEXT_END, "SELECT valid_until FROM discovered WHERE valid_until > $1 ORDER BY valid_until LIMIT 1")
SQL(DISCOVERED_ENDED, "SELECT " TEXT_DISCOVERED_COLUMNS " FROM discovered WHERE valid_until > $1 AND valid_until <= $2"
	" AND (valid_until, id) > ($3, $4) ORDER BY valid_until, id LIMIT $5")
SQL_SCAN(DISCOVERED_COUNT, "SELECT COUNT(*) FROM discovered WHERE device IS NULL")
SQL(DISCOVERED_COUNT_HELLO, "SELECT COUNT(*) FROM discovered WHERE sources = 8 AND device IS NULL")
SQL(DISCOVERED_DROP_HELLO, "DELETE FROM discovered WHERE id IN (SELECT id FROM discovered WHERE sources = 8"
	" AND device IS NULL ORDER BY seen_at LIMIT $1)")
SQL_SCAN(DISCOVERED_PURGE, "DELETE FROM discovered WHERE id IN (SELECT id FROM discovered"
	" WHERE device IS NULL AND valid_until < $1 LIMIT $2)")

SQL(SETUP_FILE_ADD, "INSERT INTO setup_file (id, name, version, is_shared, fqdn, suffix, created_by, created_at, expires_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
SQL(SETUP_FILE_DELETE, "DELETE FROM setup_file WHERE id = $1")
SQL(SETUP_FILE_GET, "SELECT " TEXT_SETUP_FILE_COLUMNS " FROM setup_file f WHERE f.id = $1")
SQL(SETUP_FILE_BY_NAME, "SELECT " TEXT_SETUP_FILE_COLUMNS " FROM setup_file f WHERE f.name = $1")
SQL(SETUP_FILE_LIST, "SELECT " TEXT_SETUP_FILE_COLUMNS " FROM setup_file f WHERE f.name > $1 ORDER BY f.name LIMIT $2")
SQL(SETUP_RECORD_ADD, "INSERT INTO setup_record (id, file, number, password, pid, pps, used_at, device)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
SQL(SETUP_RECORD_GET, "SELECT r.id, r.file, r.number, r.password, r.pid, r.pps" TEXT_SETUP_RECORD_FROM " WHERE r.id = $1")
SQL(SETUP_RECORD_BY_NUMBER, "SELECT r.id, r.file, r.number, r.password, r.pid, r.pps" TEXT_SETUP_RECORD_FROM
	" WHERE r.file = $1 AND r.number = $2")
SQL(SETUP_RECORD_BY_PID, "SELECT r.id, r.file, r.number, r.password, r.pid, r.pps" TEXT_SETUP_RECORD_FROM
	" WHERE r.pid = $1")
SQL(SETUP_RECORD_LIST, "SELECT r.id, r.file, r.number, NULL, r.pid, NULL" TEXT_SETUP_RECORD_FROM
	" WHERE r.file = $1 AND r.number > $2 ORDER BY r.number LIMIT $3")
SQL(SETUP_RECORD_USE, "UPDATE setup_record SET used_at = $2, device = $3 WHERE id = $1")

SQL(SCAN_ADD, "INSERT INTO scan (" TEXT_SCAN_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	" $14)")
SQL(SCAN_PUT, "UPDATE scan SET spec = $2, state = $3, server = $4, requested_by = $5, created_at = $6, ended_at = $7,"
	" total = $8, asked = $9, found = $10, found_new = $11, reason = $12, detail = $13, started_at = $14 WHERE id = $1")
SQL(SCAN_GET, "SELECT " TEXT_SCAN_COLUMNS " FROM scan WHERE id = $1")
SQL(SCAN_LIST, "SELECT " TEXT_SCAN_COLUMNS " FROM scan WHERE id < $1 ORDER BY id DESC LIMIT $2")
SQL_SCAN(SCAN_LIST_OPEN, "SELECT " TEXT_SCAN_COLUMNS " FROM scan WHERE server = $1 AND state IN (0, 4) ORDER BY id")

SQL(JOB_ADD, "INSERT INTO job (" TEXT_JOB_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	" $14, $15, $16, $17, $18, $19, $20, $21, $22)")
SQL(JOB_GET, "SELECT " TEXT_JOB_COLUMNS " FROM job WHERE id = $1")
SQL(JOB_BY_KEY, "SELECT " TEXT_JOB_COLUMNS " FROM job WHERE requested_by = $1 AND idempotency = $2")
SQL(JOB_LIST, "SELECT " TEXT_JOB_COLUMNS " FROM job WHERE id < $1 ORDER BY id DESC LIMIT $2")
SQL(JOB_LIST_OPEN, "SELECT " TEXT_JOB_COLUMNS " FROM job WHERE state < 2 AND id > $1 ORDER BY id LIMIT $2")
SQL(JOB_CANCEL, "UPDATE job SET cancelled_at = $2 WHERE id = $1 AND cancelled_at = 0 AND state < 2")
SQL(JOB_EXPAND, "UPDATE job SET state = $2, expanded = $3 WHERE id = $1")
SQL(JOB_COUNT, "UPDATE job SET done = done + $2, already = already + $3, failed = failed + $4, unknown = unknown + $5,"
	" cancelled = cancelled + $6, expired = expired + $7, skipped = skipped + $8 WHERE id = $1")
SQL(JOB_END, "UPDATE job SET state = 2, ended_at = $2 WHERE id = $1 AND state = 1 AND expanded = total"
	" AND done + already + failed + unknown + cancelled + expired + skipped = total")
SQL(JOB_RANGE, "SELECT act_first, total, state FROM job WHERE id = $1")
SQL(JOB_RECOUNT, "SELECT a.state, COUNT(*) FROM job j CROSS JOIN act a WHERE j.id = $1 AND a.id >= j.act_first"
	" AND a.id < j.act_first + j.total AND a.job = j.id GROUP BY a.state")
SQL(JOB_FOLDERS, "SELECT f.path FROM job j CROSS JOIN act a JOIN device d ON d.id = a.device"
	" JOIN folder f ON f.id = d.folder WHERE j.id = $1 AND a.id >= j.act_first AND a.id < j.act_first + j.total"
	" AND a.job = j.id UNION SELECT f.path FROM job j CROSS JOIN history h JOIN device d ON d.id = h.device"
	" JOIN folder f ON f.id = d.folder WHERE j.id = $1 AND h.id >= j.act_first AND h.id < j.act_first + j.total"
	" AND h.job = j.id")
SQL(JOB_SELECTION_PUT, "INSERT INTO job_selection (job, part, ids) VALUES ($1, $2, $3)")
SQL(JOB_SELECTION_GET, "SELECT ids FROM job_selection WHERE job = $1 AND part = $2")
SQL(JOB_SELECTION_DELETE, "DELETE FROM job_selection WHERE job = $1 AND part = $2")
SQL(JOB_TO_PURGE, "SELECT id, act_first, total FROM job WHERE state = 2 AND verb = $1 AND ended_at < $2"
	" ORDER BY ended_at LIMIT 1")
SQL(JOB_PURGE_ACTS, "DELETE FROM act WHERE id IN (SELECT id FROM act WHERE id >= $1 AND id < $2 AND job = $3 LIMIT $4)")
SQL(JOB_DELETE, "DELETE FROM job WHERE id = $1")

SQL(ACT_INSERT, "INSERT INTO act (id, job, device, amt, server, verb, state, due, deadline, ended_at, reason, detail,"
	" fence, epoch, attempt, lease_end, sent_at, settle_after, evidence_kind, device_status, power_before,"
	" power_after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
	" ON CONFLICT DO NOTHING")
SQL(ACT_DUE_GET, "SELECT a.id, a.job, a.device, a.amt, a.verb, a.fence, a.attempt, a.due, a.deadline, "
	"COALESCE(d.is_protected, 0), " TEXT_AMT_COLUMNS ", " TEXT_AMT_STATE_COLUMNS
	" FROM act a LEFT JOIN device d ON d.id = a.device LEFT JOIN amt m ON m.id = a.amt LEFT JOIN amt_state s"
	" ON s.amt = a.amt WHERE a.id = $1")
SQL(ACT_QUEUED, "SELECT " TEXT_ACT_COLUMNS ", NULL, m.host FROM act a LEFT JOIN amt m ON m.id = a.amt"
	" WHERE a.server = $1 AND a.state = 0 AND (a.due, a.id) > ($2, $3) ORDER BY a.due, a.id LIMIT $4")
SQL(ACT_RELEASE, "UPDATE act SET due = $3, deadline = $4 WHERE id = $1 AND fence = $2 AND state = 0")
SQL(ACT_CLAIM, "UPDATE act SET state = 1, fence = fence + 1, server = $3, epoch = $4, attempt = attempt + 1,"
	" lease_end = $6 WHERE id = $1 AND state = 0 AND fence = $2 AND due <= $5 AND deadline > $5"
	" AND NOT EXISTS (SELECT 1 FROM act b WHERE b.amt = act.amt AND b.state IN (1, 2))"
	" AND (CAST($7 AS BIGINT) = 0 OR " TEXT_NO_HOLD ")")
SQL(ACT_SEND, "UPDATE act SET state = 2, sent_at = $5, settle_after = $6, power_before = $7, message_id = $8,"
	" evidence = $9 WHERE id = $1 AND state = 1 AND fence = $2 AND server = $3 AND epoch = $4 AND lease_end > $5"
	" AND deadline > $5 AND " TEXT_NO_HOLD)
SQL(ACT_FINISH, "UPDATE act SET state = $4, ended_at = $5, evidence_kind = $6, reason = $7, device_status = $8,"
	" power_before = CASE WHEN CAST($9 AS BIGINT) = 0 THEN power_before ELSE CAST($9 AS BIGINT) END, power_after = $10,"
	" evidence = COALESCE($11, evidence), detail = $12 WHERE id = $1 AND fence = $2 AND state = $3")
SQL(ACT_REQUEUE, "UPDATE act SET state = 0, due = $4, lease_end = 0, sent_at = 0, settle_after = 0, reason = $5,"
	" device_status = $6, detail = $7 WHERE id = $1 AND fence = $2 AND state = $3")
SQL(ACT_KEEP_SENT, "UPDATE act SET settle_after = $3, evidence_kind = $4, reason = $5, device_status = $6, detail = $7"
	" WHERE id = $1 AND fence = $2 AND state = 2")
SQL(ACT_RENEW, "UPDATE act SET lease_end = $4 WHERE state IN (1, 2) AND state = 1 AND server = $1 AND epoch = $2"
	" AND lease_end < $3")
SQL(ACT_LAPSED, "SELECT " TEXT_ACT_COLUMNS " FROM act a WHERE a.state IN (1, 2) AND a.state = 1 AND a.lease_end <= $1"
	" LIMIT $2")
SQL(ACT_LIVE, "SELECT " TEXT_ACT_COLUMNS " FROM act a WHERE a.state IN (1, 2) AND a.server = $1 AND a.amt > $2"
	" ORDER BY a.amt LIMIT $3")
SQL(ACT_START_REQUEUE, "UPDATE act SET state = 0, due = $3, lease_end = 0 WHERE state IN (1, 2) AND state = 1"
	" AND server = $1 AND epoch < $2")
SQL(ACT_START_DOUBT, "UPDATE act SET settle_after = $3, reason = $4 WHERE state IN (1, 2) AND state = 2"
	" AND server = $1 AND epoch < $2")
SQL(ACT_END_QUEUED, "UPDATE act SET state = $4, reason = $5, ended_at = $6 WHERE id >= $1 AND id <= $2 AND job = $3"
	" AND state = 0")
SQL(ACT_GET, "SELECT " TEXT_ACT_COLUMNS " FROM act a WHERE a.id = $1")
SQL(ACT_LIST, "SELECT " TEXT_ACT_COLUMNS ", d.name, m.host FROM act a LEFT JOIN device d ON d.id = a.device"
	" LEFT JOIN amt m ON m.id = a.amt WHERE a.id > $1 AND a.id <= $2 AND a.job = $3"
	" AND (CAST($4 AS BIGINT) = 0 OR (CAST($4 AS BIGINT) & (1 << a.state)) <> 0) ORDER BY a.id LIMIT $5")
/* Of an interface ($1) and its device ($2): what is on its way or fresh, and what was moved to the history. */
SQL(PAST_OF_DEVICE, "SELECT a.id, a.job, a.device, " TEXT_OUTCOME ", a.power_before + 256 * a.power_after, a.ended_at,"
	" a.verb, j.requested_by FROM act a CROSS JOIN job j WHERE a.amt = $1 AND a.job < $3 AND j.id = a.job"
	" UNION ALL SELECT h.id, h.job, h.device, h.outcome, CAST(h.power AS INTEGER), j.created_at + 1000 * h.took,"
	" j.verb, j.requested_by FROM history h CROSS JOIN job j WHERE h.device = $2 AND h.job < $3 AND j.id = h.job"
	" ORDER BY 2 DESC LIMIT $4")
SQL(PAST_OF_JOB, "SELECT h.id, h.job, h.device, h.outcome, h.power, j.created_at + 1000 * h.took, j.verb,"
	" j.requested_by, d.name FROM history h JOIN job j ON j.id = h.job LEFT JOIN device d ON d.id = h.device"
	" WHERE h.id > $1 AND h.id <= $2 AND h.job = $3 AND (CAST($4 AS BIGINT) = 0"
	" OR (CAST($4 AS BIGINT) & (1 << CAST(h.outcome & 15 AS INTEGER))) <> 0) ORDER BY h.id LIMIT $5")
SQL(JOB_TO_ARCHIVE, "SELECT id, act_first, total, created_at FROM job WHERE state = 2 AND verb = $1 AND ended_at < $2"
	" ORDER BY ended_at LIMIT 1")
SQL(JOB_FIRST_ACT, "SELECT id FROM act WHERE id >= $1 AND id < $2 AND job = $3 ORDER BY id LIMIT 1")
SQL(HISTORY_FILL, "INSERT INTO history (id, job, device, outcome, power, took) SELECT a.id, a.job, a.device, "
	TEXT_OUTCOME ", a.power_before + 256 * a.power_after, (a.ended_at - CAST($4 AS BIGINT)) / 1000 FROM act a"
	" WHERE a.id >= $1 AND a.id < $2 AND a.job = $3")
SQL(HISTORY_MOVED, "DELETE FROM act WHERE id >= $1 AND id < $2 AND job = $3")
SQL(JOB_ARCHIVED, "UPDATE job SET state = 3 WHERE id = $1 AND state = 2")
SQL(ARCHIVED_TO_PURGE, "SELECT id, act_first, total FROM job WHERE state = 3 AND verb = $1 AND ended_at < $2"
	" ORDER BY ended_at LIMIT 1")
SQL(HISTORY_PURGE, "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE id >= $1 AND id < $2 AND job = $3"
	" LIMIT $4)")

SQL(SCHEDULE_ADD, "INSERT INTO schedule (" TEXT_SCHEDULE_COLUMNS ")"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
SQL(SCHEDULE_PUT, "UPDATE schedule SET scope = $2, object = $3, name = $4, verb = $5, boot = $6, rule = $7,"
	" time_zone = $8, spread = $9, is_protected = $10, is_suspended = $11, since = $12, created_by = $13,"
	" created_at = $14, changed_at = $15 WHERE id = $1")
SQL(SCHEDULE_DELETE, "DELETE FROM schedule WHERE id = $1")
SQL(SCHEDULE_FORGET, "DELETE FROM schedule WHERE scope = $1 AND object = $2")
SQL(SCHEDULE_GET, "SELECT " TEXT_SCHEDULE_COLUMNS " FROM schedule WHERE id = $1")
SQL(SCHEDULE_BY_NAME, "SELECT " TEXT_SCHEDULE_COLUMNS " FROM schedule WHERE name = $1")
SQL(SCHEDULE_LIST, "SELECT " TEXT_SCHEDULE_COLUMNS " FROM schedule WHERE name > $1 ORDER BY name LIMIT $2")
SQL(SCHEDULE_LIST_AT, "SELECT " TEXT_SCHEDULE_COLUMNS " FROM schedule WHERE scope = $1 AND object = $2 ORDER BY name")
SQL_SCAN(SCHEDULE_COUNT, "SELECT COUNT(*) FROM schedule")
SQL(LEVEL_PUT, "INSERT INTO schedule_level (scope, object, is_kept) VALUES ($1, $2, $3) ON CONFLICT (scope, object)"
	" DO UPDATE SET is_kept = CASE WHEN excluded.is_kept > schedule_level.is_kept THEN 1 ELSE schedule_level.is_kept END")
SQL(LEVEL_LET_GO, "DELETE FROM schedule_level WHERE scope = $1 AND object = $2 AND is_kept = 0"
	" AND NOT EXISTS (SELECT 1 FROM schedule s WHERE s.scope = $1 AND s.object = $2)")
SQL(LEVEL_DELETE, "DELETE FROM schedule_level WHERE scope = $1 AND object = $2")
SQL_SCAN(LEVEL_LIST, "SELECT scope, object FROM schedule_level ORDER BY scope, object")
SQL(OCCURRENCE_TAKE, "INSERT INTO occurrence (" TEXT_OCCURRENCE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	" ON CONFLICT (schedule, local, time_zone) DO UPDATE SET state = 0, reason = 0, due = excluded.due,"
	" made_at = excluded.made_at WHERE occurrence.state = 1 AND occurrence.reason = $9")
SQL(OCCURRENCE_SET_JOB, "UPDATE occurrence SET job = $4 WHERE schedule = $1 AND local = $2 AND time_zone = $3")
SQL(OCCURRENCE_LEAVE_OUT, "INSERT INTO occurrence (" TEXT_OCCURRENCE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	" ON CONFLICT (schedule, local, time_zone) DO NOTHING")
SQL(OCCURRENCE_LIST_AT, "SELECT " TEXT_OCCURRENCE_COLUMNS " FROM occurrence WHERE schedule = $1 AND local = $2")
SQL(OCCURRENCE_LIST, "SELECT " TEXT_OCCURRENCE_COLUMNS " FROM occurrence WHERE schedule = $1"
	" AND (due, local, time_zone) < ($2, $3, $4) ORDER BY due DESC, local DESC, time_zone DESC LIMIT $5")
SQL(OCCURRENCE_PURGE, "DELETE FROM occurrence WHERE (schedule, local, time_zone) IN (SELECT schedule, local, time_zone"
	" FROM occurrence WHERE made_at < $1 ORDER BY made_at LIMIT $2)")
SQL(CURSOR_GET, "SELECT until FROM schedule_cursor WHERE server = $1")
SQL(CURSOR_PUT, "INSERT INTO schedule_cursor (server, until) VALUES ($1, $2)"
	" ON CONFLICT (server) DO UPDATE SET until = excluded.until")
SQL(DEVICE_LIST_IN, "SELECT id, folder FROM device WHERE folder = $1")
SQL_SCAN(DEVICE_LIST_PROTECTED, "SELECT id, folder FROM device WHERE is_protected = 1 ORDER BY id LIMIT $1")
SQL(ACT_LIST_PLACES, "SELECT a.device, 0 FROM job j CROSS JOIN act a WHERE j.id = $1 AND a.id >= j.act_first"
	" AND a.id < j.act_first + j.total AND a.job = j.id")

SQL(HOLD_PUT, "INSERT INTO hold (scope, object, actor, reason, created_at) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (scope, object) DO UPDATE SET actor = excluded.actor, reason = excluded.reason,"
	" created_at = excluded.created_at")
SQL(HOLD_DELETE, "DELETE FROM hold WHERE scope = $1 AND object = $2")
SQL_SCAN(HOLD_LIST, "SELECT scope, object, actor, reason, created_at FROM hold ORDER BY scope, object")
SQL(HOLD_COVERS, "SELECT CASE WHEN EXISTS (SELECT 1 FROM hold h WHERE h.scope = 0 OR (h.scope = 2 AND h.object = $1)"
	" OR (h.scope = 1 AND EXISTS (SELECT 1 FROM device d JOIN folder f ON f.id = d.folder"
	" JOIN folder hf ON hf.id = h.object WHERE d.id = $1 AND substr(f.path, 1, length(hf.path)) = hf.path)))"
	" THEN 1 ELSE 0 END")

SQL(EVENT_ADD, "INSERT INTO event (" TEXT_EVENT_COLUMNS ") VALUES ($1, $2, $3, $4, $5)")
SQL(EVENT_LAST, "SELECT MAX(id) FROM event WHERE id >= $1 AND id < $2")
SQL(EVENT_FIRST, "SELECT MIN(id) FROM event WHERE id >= $1 AND id < $2")
SQL(EVENT_LIST, "SELECT " TEXT_EVENT_COLUMNS " FROM event WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3")
SQL(EVENT_PURGE, "DELETE FROM event WHERE id >= $1 AND id <= (SELECT MAX(o.id) FROM (SELECT e.id, e.time FROM event e"
	" WHERE e.id >= $1 AND e.id < $2 ORDER BY e.id LIMIT $3) o WHERE o.time < $4)"
	" AND id < (SELECT MAX(n.id) FROM event n WHERE n.id >= $1 AND n.id < $2)")

SQL(AUDIT_ADD, "INSERT INTO audit (" TEXT_AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
SQL(AUDIT_HEAD, "SELECT id, hash, mac FROM audit_head WHERE server = $1")
SQL(AUDIT_HEAD_PUT, "INSERT INTO audit_head (server, id, hash, mac) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (server) DO UPDATE SET id = excluded.id, hash = excluded.hash, mac = excluded.mac")
SQL(AUDIT_LAST, "SELECT id, hash FROM audit WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT 1")
SQL(AUDIT_LIST, "SELECT " TEXT_AUDIT_COLUMNS " FROM audit WHERE " TEXT_AUDIT_FILTER " ORDER BY id DESC LIMIT $8")
SQL(AUDIT_LIST_OF, "SELECT " TEXT_AUDIT_COLUMNS " FROM audit WHERE object = $7 AND " TEXT_AUDIT_FILTER
	" ORDER BY id DESC LIMIT $8")
SQL(AUDIT_WALK, "SELECT " TEXT_AUDIT_COLUMNS " FROM audit WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3")
SQL(AUDIT_COUNTS, "SELECT action, CASE WHEN object LIKE 'refused%' THEN 1 ELSE 0 END, COUNT(*) FROM audit"
	" WHERE time >= $1 AND time < $2 GROUP BY 1, 2 ORDER BY 1, 2")
SQL(AUDIT_CUT, "DELETE FROM audit WHERE id >= $1 AND id <= $2")
SQL(AUDIT_CHECKPOINT_PUT, "INSERT INTO audit_checkpoint (id, time, hash, removed, mac) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (id) DO UPDATE SET mac = excluded.mac")
SQL(AUDIT_SEAL, "SELECT id, time, hash, mac FROM audit_seal WHERE server = $1")
SQL(AUDIT_SEAL_PUT, "INSERT INTO audit_seal (server, id, time, hash, mac) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (server) DO UPDATE SET id = excluded.id, time = excluded.time, hash = excluded.hash,"
	" mac = excluded.mac")
SQL(AUDIT_CHECKPOINT, "SELECT id, time, hash, removed, mac FROM audit_checkpoint WHERE id >= $1 AND id < $2"
	" ORDER BY id DESC LIMIT 1")

SQL(MESSAGE_ADD, "INSERT INTO message (" TEXT_MESSAGE_COLUMNS ")"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
SQL(MESSAGE_LAST, "SELECT MAX(id) FROM message WHERE id >= $1 AND id < $2")
SQL(MESSAGE_GET, "SELECT " TEXT_MESSAGE_COLUMNS " FROM message WHERE id = $1")
SQL(MESSAGE_LIST, "SELECT " TEXT_MESSAGE_COLUMNS " FROM message WHERE " TEXT_MESSAGE_FILTER " ORDER BY id DESC LIMIT $10")
SQL(MESSAGE_LIST_OF, "SELECT " TEXT_MESSAGE_COLUMNS " FROM message WHERE kind = $5 AND object = $6 AND "
	TEXT_MESSAGE_FILTER " ORDER BY id DESC LIMIT $10")
SQL(MESSAGE_FOLLOW, "SELECT " TEXT_MESSAGE_COLUMNS " FROM message WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3")
SQL(MESSAGE_ACK, "UPDATE message SET acked_at = $2, acked_by = $3 WHERE id = $1 AND acked_at = 0")
SQL(MESSAGE_ACK_ALL, "UPDATE message SET acked_at = $11, acked_by = $12 WHERE acked_at = 0 AND id IN (SELECT id"
	" FROM message WHERE acked_at = 0 AND " TEXT_MESSAGE_FILTER " ORDER BY id LIMIT $10)")
SQL(MESSAGE_PURGE, "DELETE FROM message WHERE id >= $1 AND id <= (SELECT MAX(o.id) FROM (SELECT m.id, m.time"
	" FROM message m WHERE m.id >= $1 AND m.id < $2 ORDER BY m.id LIMIT $3) o WHERE o.time < $4)"
	" AND id < (SELECT MAX(n.id) FROM message n WHERE n.id >= $1 AND n.id < $2)")
SQL(MESSAGE_STATES, "SELECT m.kind, m.object, MIN(m.severity), COUNT(*), (SELECT l.name FROM message l"
	" WHERE l.kind = m.kind AND l.object = m.object ORDER BY l.id DESC LIMIT 1) FROM message m WHERE m.acked_at = 0"
	" AND (m.kind, m.object) > ($1, $2) AND m.severity <= $3 GROUP BY m.kind, m.object ORDER BY m.kind, m.object"
	" LIMIT $4")

SQL(NOTICE_GET, "SELECT shown_at FROM notice WHERE admin = $1 AND kind = $2 AND object = $3")
SQL(NOTICE_PUT, "INSERT INTO notice (admin, kind, object, shown_at) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (admin, kind, object) DO UPDATE SET shown_at = excluded.shown_at")
SQL_SCAN(NOTICE_PURGE, "DELETE FROM notice WHERE shown_at < $1")
SQL(NOTICE_FORGET, "DELETE FROM notice WHERE admin = $1")
SQL(SINK_ADD, "INSERT INTO sink (id, name, kind, feed, enabled, address, options, secret, version, severity,"
	" components, created_at, changed_at, ca) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
SQL(SINK_PUT, "UPDATE sink SET name = $2, kind = $3, feed = $4, enabled = $5, address = $6, options = $7,"
	" secret = $8, version = $9, severity = $10, components = $11, created_at = $12, changed_at = $13, ca = $14 WHERE id = $1")
SQL(SINK_DELETE, "DELETE FROM sink WHERE id = $1")
SQL(SINK_GET, "SELECT " TEXT_SINK_COLUMNS " FROM sink t WHERE t.id = $1")
SQL(SINK_BY_NAME, "SELECT " TEXT_SINK_COLUMNS " FROM sink t WHERE t.name = $1")
SQL_SCAN(SINK_LIST, "SELECT " TEXT_SINK_COLUMNS ", COALESCE(s.position, 0), COALESCE(s.sent, 0), COALESCE(s.missed, 0),"
	" COALESCE(s.failed_at, 0), COALESCE(s.error, '') FROM sink t"
	" LEFT JOIN sink_state s ON s.sink = t.id AND s.server = $1 ORDER BY t.name")
SQL(SINK_STATE, "SELECT position, sent, missed, failed_at, error FROM sink_state WHERE sink = $1 AND server = $2")
SQL(SINK_STATE_PUT, "INSERT INTO sink_state (sink, server, position, sent, missed, failed_at, error)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sink, server) DO UPDATE SET position = excluded.position,"
	" sent = excluded.sent, missed = excluded.missed, failed_at = excluded.failed_at, error = excluded.error")
SQL(POWER_SEEN_ADD, "INSERT INTO power_seen (device, time, power) SELECT m.device, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM amt m"
	" JOIN amt_state s ON s.amt = m.id WHERE m.id = $1 AND m.device IS NOT NULL AND s.power <> CAST($3 AS BIGINT)"
	" ON CONFLICT DO NOTHING")
SQL(POWER_SEEN_LIST, "SELECT d.id, d.created_at, p.time, p.power FROM device d LEFT JOIN power_seen p"
	" ON p.device = d.id AND p.time < $3 AND p.time >= COALESCE((SELECT MAX(q.time) FROM power_seen q"
	" WHERE q.device = d.id AND q.time <= $2), $2) WHERE d.folder = $1 ORDER BY d.id, p.time")
SQL(POWER_SEEN_PURGE, "DELETE FROM power_seen WHERE (device, time) IN (SELECT p.device, p.time FROM power_seen p"
	" WHERE p.time < $1 AND EXISTS (SELECT 1 FROM power_seen q WHERE q.device = p.device AND q.time > p.time"
	" AND q.time < $1) LIMIT $2)")

SQL(CALENDAR_ADD, "INSERT INTO calendar (" TEXT_CALENDAR_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)")
SQL(CALENDAR_PUT, "UPDATE calendar SET note = $2, ranges = $3, changed_at = $4 WHERE id = $1")
SQL(CALENDAR_DELETE, "DELETE FROM calendar WHERE id = $1")
SQL(CALENDAR_BY_NAME, "SELECT " TEXT_CALENDAR_COLUMNS " FROM calendar WHERE name = $1")
SQL(CALENDAR_LIST, "SELECT " TEXT_CALENDAR_COLUMNS " FROM calendar WHERE name > $1 ORDER BY name LIMIT $2")
SQL(CALENDAR_RANGE_ADD, "INSERT INTO calendar_range (calendar, from_s, to_s, is_utc, name) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT DO NOTHING")
SQL(CALENDAR_RANGE_LIST, "SELECT from_s, to_s, is_utc, name FROM calendar_range WHERE calendar = $1"
    " ORDER BY from_s, to_s, is_utc, name")
SQL(CALENDAR_RANGE_CLEAR, "DELETE FROM calendar_range WHERE calendar = $1")
SQL(CALENDAR_RANGE_DELETE, "DELETE FROM calendar_range WHERE calendar = $1 AND from_s = $2 AND is_utc = $3")

SQL(ADMIN_ADD, "INSERT INTO admin (" TEXT_ADMIN_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
	" $13, $14, $15)")
SQL(ADMIN_PUT, "UPDATE admin SET name = $2, full_name = $3, origin = $4, subject = $5, hash = $6, version = $7,"
	" is_disabled = $8, created_at = $9, changed_at = $10, login_at = $11, login_from = $12, source = $13,"
	" is_gone = $14, checked_at = $15 WHERE id = $1")
SQL(ADMIN_DELETE, "DELETE FROM admin WHERE id = $1")
SQL(ADMIN_GET, "SELECT " TEXT_ADMIN_COLUMNS " FROM admin WHERE id = $1")
SQL(ADMIN_BY_NAME, "SELECT " TEXT_ADMIN_COLUMNS " FROM admin WHERE name = $1")
SQL(ADMIN_BY_SUBJECT, "SELECT " TEXT_ADMIN_COLUMNS " FROM admin WHERE source = $1 AND subject = $2 AND source <> 0")
SQL_SCAN(ADMIN_DUE, "SELECT " TEXT_ADMIN_COLUMNS " FROM admin WHERE source IN (SELECT id FROM user_source WHERE kind = $1"
	" AND enabled <> 0) AND checked_at <= $2 AND is_gone = 0 AND is_disabled = 0"
	" AND (EXISTS (SELECT 1 FROM session s WHERE s.admin = admin.id)"
	" OR EXISTS (SELECT 1 FROM token t WHERE t.owner = admin.id)) ORDER BY checked_at, id LIMIT $3")
SQL_SCAN(ADMIN_LIST, "SELECT " TEXT_ADMIN_COLUMNS " FROM admin ORDER BY name")
SQL(ADMIN_GROUP_ADD, "INSERT INTO admin_group (id, name, note, created_at) VALUES ($1, $2, $3, $4)")
SQL(ADMIN_GROUP_DELETE, "DELETE FROM admin_group WHERE id = $1")
SQL(ADMIN_GROUP_BY_NAME, "SELECT id, name, note, created_at FROM admin_group WHERE name = $1")
SQL_SCAN(ADMIN_GROUP_LIST, "SELECT id, name, note, created_at FROM admin_group ORDER BY name")
SQL(ADMIN_GROUP_OF, "SELECT g.id, g.name, g.note, g.created_at FROM admin_member m JOIN admin_group g ON g.id = m.grp"
	" WHERE m.admin = $1 ORDER BY g.id")
SQL(ADMIN_MEMBER_ADD, "INSERT INTO admin_member (grp, admin) VALUES ($1, $2) ON CONFLICT (grp, admin) DO NOTHING")
SQL(ADMIN_MEMBER_ADD_BY, "INSERT INTO admin_member (grp, admin, source) VALUES ($1, $2, $3)"
	" ON CONFLICT (grp, admin) DO NOTHING")
SQL(ADMIN_MEMBER_DELETE_BY, "DELETE FROM admin_member WHERE grp = $1 AND admin = $2 AND source = $3")
SQL(ADMIN_MEMBER_OF_SOURCE, "SELECT grp FROM admin_member WHERE admin = $1 AND source = $2 ORDER BY grp")
SQL(ADMIN_MEMBER_DELETE, "DELETE FROM admin_member WHERE grp = $1 AND admin = $2")
SQL(ADMIN_MEMBERS, "SELECT a.name FROM admin_member m JOIN admin a ON a.id = m.admin WHERE m.grp = $1 ORDER BY a.name")
SQL(SOURCE_ADD, "INSERT INTO user_source (" TEXT_SOURCE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	" $12)")
SQL(SOURCE_PUT, "UPDATE user_source SET name = $2, kind = $3, enabled = $4, is_default = $5, options = $6, secret = $7,"
	" version = $8, created_at = $9, changed_at = $10, failed_at = $11, error = $12 WHERE id = $1")
SQL(SOURCE_DELETE, "DELETE FROM user_source WHERE id = $1")
SQL(SOURCE_GET, "SELECT " TEXT_SOURCE_COLUMNS " FROM user_source WHERE id = $1")
SQL(SOURCE_BY_NAME, "SELECT " TEXT_SOURCE_COLUMNS " FROM user_source WHERE name = $1")
SQL_SCAN(SOURCE_LIST, "SELECT " TEXT_SOURCE_COLUMNS " FROM user_source ORDER BY name")
SQL(SOURCE_MAP_ADD, "INSERT INTO user_source_map (source, outside, grp, created_at, created_by) VALUES ($1, $2, $3, $4, $5)")
SQL(SOURCE_MAP_DELETE, "DELETE FROM user_source_map WHERE source = $1 AND outside = $2 AND grp = $3")
SQL_SCAN(SOURCE_MAP_LIST, "SELECT m.source, m.outside, m.grp, m.created_at, m.created_by, s.name, g.name FROM user_source_map m"
	" JOIN user_source s ON s.id = m.source JOIN admin_group g ON g.id = m.grp"
	" WHERE CAST($1 AS BIGINT) = 0 OR m.source = $1 ORDER BY s.name, m.outside, g.name")
SQL(ROLE_ADD, "INSERT INTO role (id, name, note, created_at) VALUES ($1, $2, $3, $4)")
SQL(ROLE_DELETE, "DELETE FROM role WHERE id = $1")
SQL(ROLE_BY_NAME, "SELECT id, name, note, created_at FROM role WHERE name = $1")
SQL_SCAN(ROLE_LIST, "SELECT id, name, note, created_at FROM role ORDER BY name")

SQL(GRANT_PUT, "INSERT INTO right_grant (holder_kind, holder, what, tree, folder, effect, created_at, created_by)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (holder_kind, holder, what, tree, folder) DO UPDATE SET"
	" effect = excluded.effect, created_at = excluded.created_at, created_by = excluded.created_by")
SQL(GRANT_DELETE, "DELETE FROM right_grant WHERE holder_kind = $1 AND holder = $2 AND what = $3 AND tree = $4"
	" AND folder = $5")
SQL(GRANT_FORGET_HOLDER, "DELETE FROM right_grant WHERE holder_kind = $1 AND holder = $2")
SQL(GRANT_FORGET_FOLDER, "DELETE FROM right_grant WHERE folder = $1")
SQL(GRANT_OF, "SELECT " TEXT_GRANT_COLUMNS ", '' FROM right_grant g LEFT JOIN folder f ON f.id = g.folder"
	" WHERE g.holder_kind = $1 AND g.holder = $2 ORDER BY g.what, g.tree, g.folder")
SQL(GRANT_OF_ROLE, "SELECT " TEXT_GRANT_COLUMNS ", r.name FROM role r CROSS JOIN right_grant g"
	" LEFT JOIN folder f ON f.id = g.folder WHERE r.name = $1 AND g.holder_kind = 2 AND g.holder = r.id ORDER BY g.what")
SQL(GRANT_USED, "SELECT CASE WHEN EXISTS (SELECT 1 FROM right_grant WHERE what = $1) THEN 1 ELSE 0 END")
SQL_SCAN(GRANT_LIST, "SELECT " TEXT_GRANT_COLUMNS ", CASE g.holder_kind WHEN 0 THEN a.name WHEN 1 THEN p.name"
	" WHEN 2 THEN r.name ELSE t.name END FROM right_grant g LEFT JOIN folder f ON f.id = g.folder"
	" LEFT JOIN admin a ON g.holder_kind = 0 AND a.id = g.holder"
	" LEFT JOIN admin_group p ON g.holder_kind = 1 AND p.id = g.holder"
	" LEFT JOIN role r ON g.holder_kind = 2 AND r.id = g.holder"
	" LEFT JOIN token t ON g.holder_kind = 3 AND t.id = g.holder"
	" ORDER BY g.holder_kind, g.holder, g.what, g.tree, g.folder")

SQL(SESSION_ADD, "INSERT INTO session (id, hash, admin, source, created_at, used_at, idle_ms, expires_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
SQL(SESSION_DELETE, "DELETE FROM session WHERE id = $1")
SQL(SESSION_DELETE_OF, "DELETE FROM session WHERE admin = $1 AND id <> $2")
SQL(SESSION_GET, "SELECT " TEXT_SESSION_COLUMNS " WHERE s.id = $1")
SQL(SESSION_BY_HASH, "SELECT " TEXT_SESSION_COLUMNS " WHERE s.hash = $1")
SQL(SESSION_USED, "UPDATE session SET used_at = $2 WHERE id = $1")
SQL(SESSION_LIST, "SELECT " TEXT_SESSION_COLUMNS " WHERE s.id > $1 ORDER BY s.id LIMIT $2")
SQL_SCAN(SESSION_PURGE, "DELETE FROM session WHERE id IN (SELECT id FROM session"
	" WHERE expires_at <= $1 OR used_at + idle_ms <= $1 LIMIT $2)")
SQL(GUARD_GET, "SELECT failures, last_at, until FROM login_guard WHERE kind = $1 AND name = $2")
SQL(GUARD_PUT, "INSERT INTO login_guard (kind, name, failures, last_at, until) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (kind, name) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,"
	" until = excluded.until")
SQL(GUARD_DELETE, "DELETE FROM login_guard WHERE kind = $1 AND name = $2")
SQL_SCAN(GUARD_PURGE, "DELETE FROM login_guard WHERE (kind, name) IN (SELECT kind, name FROM login_guard"
	" WHERE last_at < $1 LIMIT $2)")

SQL(TOKEN_GET, "SELECT " TEXT_TOKEN_COLUMNS " FROM token WHERE id = $1")
SQL(TOKEN_ADD, "INSERT INTO token (" TEXT_TOKEN_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
SQL(TOKEN_DELETE, "DELETE FROM token WHERE id = $1")
SQL(TOKEN_BY_HASH, "SELECT " TEXT_TOKEN_COLUMNS " FROM token WHERE hash = $1 AND (expires_at = 0 OR expires_at > $2)")
SQL(TOKEN_BY_NAME, "SELECT " TEXT_TOKEN_COLUMNS " FROM token WHERE name = $1")
SQL(TOKEN_USED, "UPDATE token SET used_at = $2 WHERE id = $1")
SQL_SCAN(TOKEN_LIST, "SELECT " TEXT_TOKEN_COLUMNS " FROM token ORDER BY name")

SQL(CERTIFICATE_ADD, "INSERT INTO certificate (" TEXT_CERTIFICATE_COLUMNS ")"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
SQL(CERTIFICATE_DELETE, "DELETE FROM certificate WHERE id = $1")
SQL(CERTIFICATE_GET, "SELECT " TEXT_CERTIFICATE_COLUMNS " FROM certificate WHERE id = $1")
SQL(CERTIFICATE_LIST, "SELECT " TEXT_CERTIFICATE_COLUMNS " FROM certificate WHERE id > $1 ORDER BY id LIMIT $2")
SQL(REQUEST_ADD, "INSERT INTO certificate_request (" TEXT_REQUEST_COLUMNS ")"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
SQL(REQUEST_DELETE, "DELETE FROM certificate_request WHERE id = $1")
SQL(REQUEST_GET, "SELECT " TEXT_REQUEST_COLUMNS " FROM certificate_request WHERE id = $1")
SQL(REQUEST_LIST, "SELECT " TEXT_REQUEST_COLUMNS " FROM certificate_request WHERE id > $1 ORDER BY id LIMIT $2")
SQL(CERTIFICATE_NEWEST, "SELECT " TEXT_CERTIFICATE_COLUMNS " FROM certificate WHERE kind = $1"
	" AND COALESCE(server, 0) = $2 ORDER BY created_at DESC, id DESC LIMIT 1")
/* clang-format on */
