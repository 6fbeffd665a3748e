"""What the API lists of scans, discovered interfaces, jobs, acts and holds."""

import harness
from harness import check, contains, equal


def set_up(box, devices=6):
    sim = box.sim(devices, "--profile", "11.8")
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    return server, sim


def scan_end(server, number):
    events = server.events(f"?scan={number}&from=0")
    try:
        scan = server.get(f"/scans/{number}")
        while scan["state"] in ("waiting", "running"):
            events.until(lambda ev: ev["kind"] == "scan")
            scan = server.get(f"/scans/{number}")
        return scan
    finally:
        events.close()


def discovered_interfaces_are_listed_filtered_and_imported(box):
    server, _ = set_up(box)
    number = server.post("/scans", ranges=[box.net + ".0/28"], exclude=[box.address(6)])["id"]
    scan = scan_end(server, number)
    equal((scan["state"], scan["total"], scan["done"], scan["found"]), ("done", 15, 15, 5))
    equal((scan["ranges"], scan["exclude"]), ([box.net + ".0/28"], [box.address(6)]))
    found = server.items("/discovered?limit=2")
    equal(sorted(d["address"] for d in found), [box.address(i) for i in range(1, 6)])
    first = found[0]
    equal(server.get("/discovered/" + first["address"]), first)
    equal(server.get(f"/discovered/{first['id']}"), first)
    check(first["valid"] and first["device"] is None and "rmcp" in first["sources"], first)
    equal(len(server.items(f"/discovered?range={box.address(2)}-{box.address(3)}")), 2)
    equal(len(server.items("/discovered?state=configured")), 5)
    equal(len(server.items("/discovered?state=expired")), 0)
    equal(server.get("/discovered?range=nonsense", expect=400)["error"], "invalid")
    equal(server.get("/zone")["discovered"], 5)
    done = server.post("/devices/import", discovered=[box.address(1), box.address(2)], credential="lab")
    equal((done["imported"], done["skipped"]), (2, 0))
    equal(len(server.items("/discovered")), 3)
    equal(len(server.items("/discovered?linked=true")), 5)
    equal((server.get("/zone")["discovered"], server.get("/zone")["devices"]), (3, 2))
    equal([s["id"] for s in server.items("/scans")], [number])
    equal(server.get("/scans/99999", expect=404)["error"], "not_found")


def jobs_are_listed_by_state_and_device(box):
    server, _ = set_up(box)
    for i in (1, 2):
        server.post("/devices", name=f"desk-{i}", amt=box.address(i), credential="lab", folder="/Workstations/lab/")
    jobs = [server.job_end(server.post("/power", verb=verb, targets=targets)["job"])["job"] for verb, targets in
            (("status", ["desk-1"]), ("on", ["/Workstations/lab/"]), ("status", ["desk-2"]))]
    equal([j["job"] for j in server.items("/jobs?limit=1")], jobs[::-1])
    equal([j["job"] for j in server.items("/jobs?device=desk-1")], [jobs[1], jobs[0]])
    equal(len(server.items("/jobs?state=final")), 3)
    equal(server.items("/jobs?state=running"), [])
    equal(server.get("/jobs?state=odd", expect=400)["error"], "invalid")
    equal(server.get("/jobs?device=none", expect=404)["error"], "not_found")
    equal(server.get("/jobs/999", expect=404)["error"], "not_found")
    equal(server.get("/jobs/999/acts", expect=404)["error"], "not_found")
    acts = server.items(f"/jobs/{jobs[1]}/acts?limit=1")
    equal(sorted(a["device"] for a in acts), ["desk-1", "desk-2"])
    for act in acts:
        equal((act["state"], act["evidence"], act["power_before"], act["power_after"]), ("done", "observed", "off", "on"))
        check(act["message_id"] and act["sent"] and act["ended"], act)
    equal(server.items(f"/jobs/{jobs[1]}/acts?state=failed"), [])
    equal(server.get(f"/jobs/{jobs[1]}/acts?state=odd", expect=400)["error"], "invalid")
    equal([d["name"] for d in server.items("/devices?power=on")], ["desk-1", "desk-2"])
    device = server.get("/devices/desk-1")
    equal((device["power"], device["last_result"]), ("on", "ok"))
    check(device["power_seen"] and device["last_seen"] and device["amt_version"], device)


def the_same_key_gives_the_same_job(box):
    server, sim = set_up(box, 1)
    server.post("/devices", name="desk", amt=box.address(1), credential="lab")
    first = server.post("/power", verb="on", targets=["desk"], key="morning")
    server.job_end(first["job"])
    equal(server.post("/power", verb="on", targets=["desk"], key="morning")["job"], first["job"])
    equal(len(server.items("/jobs")), 1)
    equal(len(sim.ctl("wire")), 1, "orders that the device obeyed")


def a_hold_stops_what_changes_power(box):
    server, sim = set_up(box, 1)
    server.post("/devices", name="desk", amt=box.address(1), credential="lab", folder="/Workstations/lab/")
    for target in ("zone", "/Workstations/lab/", "desk"):
        server.post("/holds", target=target, note="maintenance")
        hold = server.items("/holds")[0]
        equal((hold["target"], hold["note"]), (target, "maintenance"))
        job = server.job_end(server.post("/power", verb="on", targets=["desk"], deadline=1000)["job"])
        act = server.acts(job["job"])["desk"]
        check(act["state"] in ("cancelled", "failed", "expired") and act["reason"] in ("held", "expired"), act)
        server.post("/holds/remove", expect=204, target=target)
    equal(server.items("/holds"), [])
    equal(sim.ctl("wire"), [], "orders that the device obeyed")
    contains(server.post("/holds/remove", expect=404, target="zone")["message"], "zone")


harness.main(
    discovered_interfaces_are_listed_filtered_and_imported,
    jobs_are_listed_by_state_and_device,
    the_same_key_gives_the_same_job,
    a_hold_stops_what_changes_power,
)
