"""The vault: a password is found nowhere but in the device that it was set in (mission rows M16, M18, M20; goal G11)."""

import glob
import os
import re
import sqlite3

import harness
from harness import check, contains, equal

CANARY = "Can4ry!zzyzx"  # never written to a file that the server reads, nor said to any program but by the API
OTHER = "Oth3r!canary"


def memory_of(pid):
    """What a core file of the process would hold: its private writable memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw-p", line)
            if not found:
                continue
            start, end = (int(x, 16) for x in found.groups())
            if end - start > 1 << 30:
                continue  # the sanitizer's own shadow
            try:
                mem.seek(start)
                yield mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                pass


def places_of(pid, needle):
    return sum(part.count(needle) for part in memory_of(pid))


def files_of(server):
    for path in glob.glob(os.path.join(server.folder, "*")) + [server.log_path]:
        if os.path.isfile(path):
            with open(path, "rb") as f:
                yield path, f.read()


def use(server, name="desk"):
    job = server.job_end(server.post("/power", verb="status", targets=[name])["job"])
    return server.acts(job["job"])[name]


def set_up(box, password, **options):
    sim = box.sim(1)
    server = box.lampd("--log-level", "debug", **options)
    server.post("/credentials", name="lab", password=password)
    server.post("/devices", name="desk", amt=box.address(1), credential="lab")
    return server, sim


def a_password_is_found_nowhere(box):
    server, _ = set_up(box, CANARY, listen=f"{box.address(250)}:8443")
    harness.ssl.get_server_certificate((box.address(250), 8443), timeout=harness.DEADLINE)
    token = server.post("/tokens", name="ci", role="administrator")["token"]
    over_tls = server.tls(8443, box.address(250))
    server.request("PATCH", "/api/v1/credentials/lab", {"password": CANARY}, {"Authorization": f"Bearer {token}"},
                   over_tls, expect=200)
    equal(use(server)["reason"], "wrong_password")  # it was opened, and sent as a digest
    server.post("/credentials", expect=409, name="lab", password=CANARY)
    server.request("POST", "/api/v1/credentials", b'{"name":"x","password":"' + CANARY.encode() + b'",}', expect=400)
    replies = [server.request("GET", "/api/v1" + path, expect=200).body for path in
               ("/credentials", "/credentials/lab", "/devices", "/audit", "/jobs/1/acts", "/tokens")]
    for needle in (CANARY.encode(), token.encode()):
        for path, content in files_of(server):
            check(needle not in content, f"{needle} is in {path}")
        check(not any(needle in reply for reply in replies), f"an answer holds {needle}")
    check(os.getuid() == 0, "only root may read the memory of another process")
    check(places_of(server.pid, b"desk") > 0, "nothing of the memory was read")
    equal(places_of(server.pid, CANARY.encode()), 0, "places in memory that hold the password")


def a_changed_password_is_what_is_sent_next(box):
    server, _ = set_up(box, OTHER)
    equal(use(server)["reason"], "wrong_password")
    server.patch("/credentials/lab", password=harness.PASSWORD)
    act = use(server)
    equal((act["state"], act["power_after"]), ("done", "off"))
    uses = [r for r in server.items("/audit?action=credential.use")]
    equal(len(uses), 2, "uses of the credential in the audit")
    contains(uses[0]["object"], "lab")


def edit(server, statement, *values):
    db = sqlite3.connect(os.path.join(server.folder, "lampd.db"))
    with db:
        rows = db.execute(statement, values).fetchall()
    db.close()
    return rows


def a_flipped_byte_is_noticed(box):
    server, _ = set_up(box, harness.PASSWORD)
    equal(use(server)["state"], "done")
    server.stop()
    [(sealed,)] = edit(server, "SELECT secret FROM credential")
    for place in (0, 1, 5, 29, len(sealed) // 2, len(sealed) - 1):
        broken = bytearray(sealed)
        broken[place] ^= 1
        edit(server, "UPDATE credential SET secret = ?", bytes(broken))
        server = box.lampd("--log-level", "debug")
        act = use(server)
        equal((act["state"], act["reason"]), ("failed", "tampered"), f"byte {place}")
        server.stop()
    edit(server, "UPDATE credential SET secret = ?", sealed)
    equal(use(box.lampd())["state"], "done")


def swapped_and_older_secrets_are_noticed(box):
    server, _ = set_up(box, harness.PASSWORD)
    server.post("/credentials", name="other", password=OTHER)
    server.stop()
    [(old, version)] = edit(server, "SELECT secret, version FROM credential WHERE name = 'lab'")
    edit(server, "UPDATE credential SET secret = (SELECT secret FROM credential WHERE name = 'other') WHERE name = 'lab'")
    server = box.lampd()
    equal(use(server)["reason"], "tampered", "the secret of another row")
    server.patch("/credentials/lab", password=harness.PASSWORD)
    equal(use(server)["state"], "done")
    server.stop()
    edit(server, "UPDATE credential SET secret = ? WHERE name = 'lab'", old)
    server = box.lampd()
    equal(use(server)["reason"], "tampered", "an older secret of the same row")
    check(version == 1, "the first version")


harness.main(
    a_password_is_found_nowhere,
    a_changed_password_is_what_is_sent_next,
    a_flipped_byte_is_noticed,
    swapped_and_older_secrets_are_noticed,
)
