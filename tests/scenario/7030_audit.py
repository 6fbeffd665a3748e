"""The audit: who did what, given out, counted, cut off by age, and found out when somebody changes it in the file."""

import csv
import hashlib
import io
import json
import os
import sqlite3
import struct

import harness
from fleet import Fleet
from harness import check, contains, equal

ZERO = bytes(32)


def database(server):
    return sqlite3.connect(os.path.join(server.folder, "lampd.db"), timeout=10)


def zone(box, **more):
    server = box.lampd(**more)
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    for i in range(1, 6):
        server.post("/devices", name=f"pc{i}", note="=cmd|' /C calc'!A0")
    return server


def text(s):
    return struct.pack(">I", len(s.encode())) + s.encode()


def millis(time):
    """Of 2026-11-22T15:03:16Z or with .123 seconds."""
    import datetime
    return round(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() * 1000)


def a_tampered_row_is_named(box):
    server = zone(box)
    good = json.loads(box.lamp(server, "audit", "verify", "--json").stdout)
    equal((good["ok"], good["rows"], good["bad"]), (True, 6, None))
    damages = [
        ("UPDATE audit SET detail = '{}' WHERE id & 255 = 3", 3, "was changed"),
        ("UPDATE audit SET actor = 'somebody' WHERE id & 255 = 2", 2, "was changed"),
        ("DELETE FROM audit WHERE id & 255 = 4", 4, "was removed"),
        ("DELETE FROM audit WHERE id & 255 = 6", 6, "was removed"),
        ("INSERT INTO audit SELECT id + 1, time, actor, action, object, detail, hash, mac FROM audit WHERE id & 255 = 6", 7,
         "was put in"),
    ]
    for damage, bad, says in damages:
        base = database(server)
        kept = base.execute("SELECT * FROM audit").fetchall()
        base.execute(damage)
        base.commit()
        found = box.lamp(server, "audit", "verify", status=1)
        contains(found.stdout, f"audit record {bad} {says}")
        equal(server.get("/audit-check")["bad"], bad)
        base.execute("DELETE FROM audit")
        base.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
        base.commit()
        base.close()
        check(server.get("/audit-check")["ok"], "put back as it was")


def write_anew(server, first, detail):
    """What somebody can do who has the database: all hashes made anew behind a changed record, and the head with them."""
    base = database(server)
    before = ZERO
    for row in base.execute("SELECT id, time, actor, action, object, detail, hash FROM audit ORDER BY id").fetchall():
        members = list(row[2:6])
        if row[0] & 255 < first:
            before = row[6]
            continue
        if row[0] & 255 == first:
            members[3] = detail
        before = hashlib.sha256(before + struct.pack(">QQ", row[0], row[1]) + b"".join(text(m) for m in members)).digest()
        base.execute("UPDATE audit SET detail = ?, hash = ? WHERE id = ?", (members[3], before, row[0]))
        base.execute("UPDATE audit_head SET hash = ? WHERE id = ?", (before, row[0]))
    base.commit()
    base.close()


def hashes_made_anew_do_not_hide_a_change(box):
    server = zone(box)
    write_anew(server, 3, "{}")
    found = server.get("/audit-check")
    equal((found["ok"], found["bad"], found["rows"]), (False, 3, 2))
    contains(box.lamp(server, "audit", "verify", status=1).stdout, "audit record 3 was not written by this zone")
    server.post("/devices", name="later")
    server.stop()
    server = box.lampd()
    equal(server.get("/audit-check")["bad"], 3, "after a restart, and more records")


def a_zone_of_before_there_was_a_key_is_sealed_at_its_next_start(box):
    server = zone(box)
    server.stop()
    os.unlink(os.path.join(server.folder, "audit.key"))
    base = database(server)
    base.execute("UPDATE audit SET mac = NULL")
    base.execute("UPDATE audit_head SET mac = NULL")
    base.execute("DELETE FROM audit_seal")
    base.commit()
    base.close()
    server = box.lampd()
    found = server.get("/audit-check")
    equal((found["ok"], found["rows"], found["without_key"]), (True, 7, 6), found["message"])
    sealed = server.items("/audit?action=audit.seal")
    equal([(r["seq"], r["kind"], json.loads(r["detail"])["upto"], json.loads(r["detail"])["bad"]) for r in sealed],
          [(7, "system", 6, 0)])
    equal(os.stat(os.path.join(server.folder, "audit.key")).st_mode & 0o777, 0o600)
    write_anew(server, 2, "{}")
    equal(server.get("/audit-check")["bad"], 6, "the last one that was sealed has another hash")


def a_tampered_row_becomes_a_message_within_a_day(box):
    server = zone(box, clock=True)
    base = database(server)
    base.execute("UPDATE audit SET object = 'device:other' WHERE id & 255 = 3")
    base.commit()
    base.close()
    server.advance(25 * 3600)
    server.post("/devices", name="later")
    found = server.items("/messages?id=audit_tampered")
    equal(len(found), 1)
    equal(found[0]["severity"], "error")
    contains(found[0]["text"], "audit record 3 was changed")


def the_audit_is_given_out_with_its_chain(box):
    server = zone(box)
    rows = [json.loads(line) for line in box.lamp(server, "audit", "export", "--format", "jsonl").stdout.splitlines()]
    equal([row["seq"] for row in rows], list(range(1, 7)))
    before = ZERO
    for row in rows:
        of_row = struct.pack(">QQ", (1 << 40) + row["seq"], millis(row["time"]))
        for member in ("actor", "action", "object", "detail"):
            of_row += text(row[member])
        before = hashlib.sha256(before + of_row).digest()
        equal(row["hash"], before.hex(), f"hash of record {row['seq']}, computed here")
    equal(server.get("/audit-check")["hash"], before.hex())
    out = box.lamp(server, "audit", "export", "--format", "csv").stdout
    table = list(csv.DictReader(io.StringIO(out, newline="")))
    equal([int(row["seq"]) for row in table], list(range(1, 7)))
    equal(json.loads(table[1]["detail"])["note"], "=cmd|' /C calc'!A0")
    listed = box.lamp(server, "device", "list", "--format", "csv").stdout
    notes = [row["note"] for row in csv.DictReader(io.StringIO(listed, newline=""))]
    equal(notes, ["'=cmd|' /C calc'!A0"] * 5, "formulas are defused")
    done = box.run("lamp", "audit", "export", "--format", "xml", status=2, env={"LAMP_SERVER": "unix:" + server.socket})
    contains(done.stderr, "none of table, jsonl, csv")


def records_are_found_and_counted(box):
    server = zone(box)
    server.patch("/devices/pc1", note="x")
    server.post("/tokens", name="ci", role="viewer")
    equal([r["action"] for r in server.items("/audit?object=device:pc1")], ["device.set", "device.add"])
    equal(len(server.items("/audit?action=device")), 6)
    equal(len(server.items("/audit?action=device.add&kind=change")), 5)
    equal(server.items("/audit?actor=nobody"), [])
    equal(len(server.items("/audit?limit=3")), 8)
    server.get("/audit?kind=odd", expect=400)
    counts = {(c["category"], c["action"], c["kind"]): c["count"] for c in server.items("/audit-counts?limit=2")}
    equal(counts, {("credential", "credential.add", "change"): 1, ("device", "device.add", "change"): 5,
                   ("device", "device.set", "change"): 1, ("token", "token.add", "change"): 1})
    equal(server.items("/audit-counts?since=2100-01-01T00:00:00Z"), [])


def a_change_of_devices_is_one_device_event(box):
    fleet = Fleet(box, 3, "--profile", "11.8", "--power", "on")
    fleet.power("status", "pc1", "pc2", "pc3")
    fleet.power("reset", "pc1", "pc2", "pc3", confirm=3)
    fleet.power("reset", "pc1")
    events = fleet.server.items("/audit?action=device.power")
    equal([(e["kind"], e["object"]) for e in events], [("device", "device:pc1"), ("device", "job:2")])
    equal(json.loads(events[1]["detail"]), {"job": 2, "verb": "reset", "credential": "lab", "devices": 3})
    fleet.set(audit_devices="off", audit_changes="off")
    fleet.power("reset", "pc1")
    equal(len(fleet.server.items("/audit?action=device.power")), 2, "device events when they are off")
    equal(len(fleet.server.items("/audit?action=power")), 3, "changes when they are off")
    equal(fleet.server.items("/audit?action=setting.set&limit=1")[0]["object"], "setting:audit-changes")
    check(fleet.server.get("/audit-check")["ok"], "the chain")


def old_records_are_cut_off_at_a_checkpoint(box):
    server = zone(box, clock=True)
    server.put("/settings/keep-audit", value="30d")
    for _ in range(40):
        server.advance(24 * 3600)
    server.post("/devices", name="later")
    server.advance(24 * 3600)
    server.post("/devices", name="latest")
    found = server.get("/audit-check")
    check(found["ok"], found["message"])
    equal(found["checkpoint"], 7, "records cut off")
    # One or two: the newest record is never cut off, so the seventh waits for one behind it.
    checkpoints = server.items("/audit?action=audit.checkpoint")
    cuts = [json.loads(c["detail"]) for c in checkpoints]
    equal({c["kind"] for c in checkpoints}, {"system"})
    equal((cuts[0]["upto"], sum(c["removed"] for c in cuts)), (7, 7))
    equal(min(r["seq"] for r in server.items("/audit-export")), 8)
    equal(len(server.items("/messages?id=audit_cut")), len(cuts))


harness.main(
    a_tampered_row_is_named,
    hashes_made_anew_do_not_hide_a_change,
    a_zone_of_before_there_was_a_key_is_sealed_at_its_next_start,
    a_tampered_row_becomes_a_message_within_a_day,
    the_audit_is_given_out_with_its_chain,
    records_are_found_and_counted,
    a_change_of_devices_is_one_device_event,
    old_records_are_cut_off_at_a_checkpoint,
    at_once=3,
)
