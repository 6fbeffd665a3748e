"""A database that cannot be used: one sentence, and nothing half done."""

import hashlib
import os
import resource
import signal
import sqlite3
import subprocess

import harness
from harness import check, contains, equal

# Without its capabilities root too is bound to the modes of its files; another user might not reach our programs.
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.getuid() == 0 else ()


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def stopped_zone(box):
    """A data folder that was used, with its journal written back."""
    server = box.lampd()
    server.post("/folders", path="/Workstations/lab/")
    server.stop()
    database = os.path.join(server.folder, "lampd.db")
    sqlite3.connect(database).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    return server.folder, database


def refused_start(box, folder, wrapper=(), **more):
    return subprocess.run([*wrapper, harness.program("lampd"), "--data", folder, "--listen", "none", "--hello", "none"],
                          capture_output=True, text=True, timeout=harness.DEADLINE, **more)


def a_database_of_a_newer_version_is_left_alone(box):
    folder, database = stopped_zone(box)
    with sqlite3.connect(database) as db:
        db.execute("INSERT INTO schema_version VALUES (9999)")
    db.close()
    before = digest(database)
    refused = refused_start(box, folder)
    equal(refused.returncode, 1)
    contains(refused.stderr, "newer")
    contains(refused.stderr, "nothing was changed")
    equal(digest(database), before, "the file")


def what_is_no_database_is_left_alone(box):
    os.mkdir(box.path("zone"), 0o700)
    database = box.write("zone/lampd.db", "this is not a database\n" * 100)
    box.lampd(data="other").stop()
    os.rename(box.path("other/vault.key"), box.path("zone/vault.key"))
    before = digest(database)
    refused = refused_start(box, box.path("zone"))
    equal(refused.returncode, 1)
    contains(refused.stderr, database)
    equal(digest(database), before, "the file")


def a_database_without_its_key_is_refused(box):
    folder, database = stopped_zone(box)
    os.remove(os.path.join(folder, "vault.key"))
    refused = refused_start(box, folder)
    equal(refused.returncode, 1)
    contains(refused.stderr, "vault.key")
    contains(refused.stderr, "restore both from the same backup")
    check(not os.path.exists(os.path.join(folder, "vault.key")), "a new key was made")


def a_key_of_the_audit_that_another_vault_sealed_is_refused(box):
    folder, database = stopped_zone(box)
    box.lampd(data="other").stop()
    os.rename(box.path("other/audit.key"), os.path.join(folder, "audit.key"))
    before = digest(database)
    refused = refused_start(box, folder)
    equal(refused.returncode, 1)
    contains(refused.stderr, "audit.key")
    contains(refused.stderr, "belongs to another key file")
    equal(digest(database), before, "the file")


def a_read_only_database_is_refused(box):
    folder, database = stopped_zone(box)
    os.chmod(database, 0o400)
    before = digest(database)
    refused = refused_start(box, folder, POWERLESS)
    equal(refused.returncode, 1, refused.stderr)
    contains(refused.stderr, database)
    equal(digest(database), before, "the file")


def limit_files(size):
    """Files may grow to size bytes and no further: as a full disk, but without one. (Python ignores SIGXFSZ.)"""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def a_full_disk_at_the_start_is_said(box):
    refused = refused_start(box, box.path("zone"), preexec_fn=lambda: limit_files(16384))
    equal(refused.returncode, 1)
    contains(refused.stderr, "lampd.db")
    contains(refused.stderr, "make room on the server's disk")
    box.lampd().get("/zone")


def a_disk_that_fills_up_loses_nothing(box):
    server = box.lampd(preexec_fn=lambda: limit_files(1 << 20))
    accepted = []
    while True:
        name = f"desk-{len(accepted)}"
        reply = server.request("POST", "/api/v1/devices", {"name": name, "note": "x" * 4000})
        if reply.status != 200:
            break
        accepted.append(name)
        check(len(accepted) < 2000, "the disk never fills up")
    equal(reply.status, 507)
    equal(reply.json["error"], "disk")
    equal({d["name"] for d in server.items("/devices")}, set(accepted), "what is there while the disk is full")
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    server.post("/devices", name=name)
    equal({d["name"] for d in server.items("/devices")}, {*accepted, name}, "what is there when there is room again")


harness.main(
    a_database_of_a_newer_version_is_left_alone,
    what_is_no_database_is_left_alone,
    a_database_without_its_key_is_refused,
    a_key_of_the_audit_that_another_vault_sealed_is_refused,
    a_read_only_database_is_refused,
    a_full_disk_at_the_start_is_said,
    a_disk_that_fills_up_loses_nothing,
)
