"""lampd is killed while nothing is to do, and while it looks for devices. What was answered stays, and all goes on."""

import os
import random
import select
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import harness
from fleet import Fleet
from harness import check, equal

KILLS = 20


def content(server):
    """What people put in, and what lampd found."""
    return {path: [{k: v for k, v in item.items() if k != "last_seen"} for item in server.items(path)]
            for path in ("/devices", "/folders", "/credentials", "/jobs", "/holds", "/settings", "/tokens")}


def check_database(server):
    equal(server.kill(), -9, "how lampd ended")
    db = sqlite3.connect(f"file:{server.folder}/lampd.db?mode=ro", uri=True)
    equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
    db.close()


def an_idle_server_loses_nothing(box):
    fleet = Fleet(box, 5, "--profile", "11.8")
    server = fleet.server
    equal(fleet.power("on")["done"], 5)
    server.post("/tokens", name="wall", role="viewer")
    server.post("/holds", target="pc1")
    server.put("/settings/observe-time", value="30s")
    before, audit = content(server), server.items("/audit")
    for i in range(KILLS):
        server.post("/folders", path=f"/kill/{i}/")  # answered, so it is there
        check_database(server)
        server = box.lampd()
        paths = [folder["path"] for folder in server.items("/folders")]
        check(f"/kill/{i}/" in paths, f"folder {i} is lost")
    after = content(server)
    for path in before:
        if path != "/folders":
            equal(after[path], before[path], path)
    equal(server.items("/audit")[-len(audit):], audit, "the audit of before")
    equal(len(server.items("/jobs")), 1)
    equal(len(fleet.sim.ctl("wire")), 5, "orders obeyed: none again")


def a_scan_goes_on_and_finds_all(box):
    chance = random.Random(20261122)
    fleet = Fleet(box, 200, "--profile", "11.8", add=False)
    server = fleet.server
    server.put("/settings/scan-rate", value="100")
    scan = server.post("/scans", ranges=[box.net + ".0/24"], tcp="never")["id"]
    known = set()
    for _ in range(KILLS):
        events = server.events(f"?scan={scan}")
        select.select([events.response.fileno()], [], [], chance.uniform(0, 0.5))
        events.close()
        known |= {d["address"] for d in server.items("/discovered")}
        check_database(server)
        server = box.lampd()
        now = {d["address"] for d in server.items("/discovered")}
        check(known <= now, f"lost by a kill: {known - now}")
    events = server.events(f"?scan={scan}&from=0")
    while server.get(f"/scans/{scan}")["state"] in ("waiting", "running"):
        events.until(lambda ev: ev["kind"] == "scan")
    events.close()
    equal(server.get(f"/scans/{scan}")["state"], "done")
    equal({d["address"] for d in server.items("/discovered")}, {d["device"] for d in fleet.sim.ctl("list")})


harness.main(an_idle_server_loses_nothing, a_scan_goes_on_and_finds_all)
