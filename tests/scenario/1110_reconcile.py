"""AMT interfaces and inventory records become one (M104-M112), and devices whose addresses changed are found again (M35-M37), with
simulated devices."""

import json

import harness
from harness import contains, equal


def identities(sim):
    """{address: uuid} of the simulated devices."""
    return {d["device"]: d["uuid"] for d in sim.ctl("list")}


def report(box, server, *args):
    done = box.lamp(server, "reconcile", "report", "--json", *args)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(box, server):
    got = json.loads(box.lamp(server, "reconcile", "run", "--json").stdout)
    return tuple(got[m] for m in ("linked", "unmatched_amt", "unmatched_hosts", "conflicts"))


def amt_devices(box, server, count):
    """Scanned, imported and tested, so that their UUIDs are known."""
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    box.lamp(server, "discover", f"{box.net}.0/26", "--wait")
    equal(server.post("/devices/import", discovered=["discovered"], credential="lab")["imported"], count)
    box.lamp(server, "device", "test", "--all", "--wait")


def power_goes_to_the_managed_device(box):
    sim = box.sim(6, "--profile", "11.8")
    server = box.lampd()
    amt_devices(box, server, 6)
    uuids = identities(sim)
    rows = [{"name": f"pc-{a.split('.')[-1]}", "uuid": u, "folder": "/Workstations/lab/"} for a, u in sorted(uuids.items())]
    rows[5]["uuid"] = rows[4]["uuid"]
    rows.append({"name": "spare", "uuid": "03000200-0400-0500-0006-000700080009"})
    server.post("/inventory/import", file=json.dumps(rows))
    equal(run(box, server), (4, 1, 3, 1))
    equal(len(server.items("/devices")), 4 + 2 + 3, "four became one with theirs")
    conflict, = report(box, server, "--state", "conflict")
    equal((conflict["reason"], conflict["key"], conflict["other"]), ("duplicate_record", "uuid", "pc-5"))
    equal(sorted(f["reason"] for f in report(box, server, "--state", "unmatched_host")), ["in_conflict", "in_conflict", "no_keys"])
    equal([(m["device"], m["key"]) for m in report(box, server, "--state", "linked")],
          [(f"pc-{i}", "uuid") for i in range(1, 5)])
    contains(box.lamp(server, "reconcile", "report").stdout, "duplicate_record")
    box.lamp(server, "power", "on", "pc-1", "--wait")
    equal(run(box, server), (4, 1, 3, 1))
    equal(server.get("/reconciliation")["changed"], 0)
    box.lamp(server, "reconcile", "link", "pc-6", box.address(6), "--yes")
    equal(server.get("/inventory/pc-6")["amt"], box.address(6))
    equal(run(box, server)[0], 5, "two records still name the UUID")


def the_schedule_is_shown_and_changed(box):
    server = box.lampd()
    state = server.get("/reconciliation")
    equal((state["default"], state["started"]), (True, None))
    contains(state["text"], "24 hours")
    done = box.lamp(server, "reconcile", "schedule", "--weekly", "mon-fri", "--at", "05:30", "--timezone", "Europe/Berlin")
    contains(done.stdout, "05:30")
    box.lamp(server, "reconcile", "schedule", "--none")
    equal((server.get("/reconciliation")["rule"], server.get("/reconciliation")["next"]), ("none", None))
    contains(box.lamp(server, "reconcile", "schedule", "--dates", "2027-02-31", "--at", "05:30", status=1).stderr, "2027-02-31")
    box.lamp(server, "reconcile", "schedule", "--default")
    contains(box.lamp(server, "reconcile", "report", "--state", "nonsense", status=1).stderr, "nonsense")


def devices_are_found_again_at_other_addresses(box):
    sim = box.sim(4, "--profile", "11.8", "--seed", "77")
    server = box.lampd()
    amt_devices(box, server, 4)
    rows = [{"name": f"pc-{a.split('.')[-1]}", "uuid": u} for a, u in sorted(identities(sim).items())]
    server.post("/inventory/import", file=json.dumps(rows))
    equal(run(box, server), (4, 0, 0, 0))
    sim.stop()
    moved = harness.Simulator(box, ["--devices", "4", "--net", box.net + ".64/26", "--profile", "11.8", "--seed", "77"])
    box.lamp(server, "power", "status", "--all", "--wait", status=1)
    box.lamp(server, "discover", f"{box.net}.64/26", "--wait")
    equal(run(box, server), (4, 0, 0, 0))
    uuids = identities(moved)
    for row in rows:
        device = server.get("/devices/" + row["name"])
        equal(uuids[device["address"]], row["uuid"], "each to its own")
    box.lamp(server, "power", "status", "--all", "--wait")
    equal(len(server.items("/devices")), 4)


harness.main(
    power_goes_to_the_managed_device,
    the_schedule_is_shown_and_changed,
    devices_are_found_again_at_other_addresses,
)
