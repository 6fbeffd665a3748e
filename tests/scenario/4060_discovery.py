"""Finding devices: which addresses are asked, what becomes of what was found, and that one machine is one thing."""

import json
from datetime import datetime

import harness
from fleet import Fleet, Relay, localhost
from harness import check, contains, equal


def scan(fleet, *ranges, status=0, **options):
    """What `lamp discover --wait --json` says at the end."""
    more = [word for k, v in options.items() for word in ("--" + k.replace("_", "-"), str(v))]
    done = fleet.lamp("discover", *ranges, *more, "--wait", "--json", status=status)
    return json.loads(done.stdout.splitlines()[-1])


def found(fleet, query=""):
    return {d["address"]: d for d in fleet.server.items("/discovered" + query)}


def traffic(fleet):
    return {d["device"]: d["pings"] + d["connects"] + d["refused"] for d in fleet.sim.ctl("stats", "--each")}


def ranges_are_searched_and_what_is_excluded_is_left_alone(box):
    fleet = Fleet(box, 30, "--profile", "11.8", add=False)
    result = scan(fleet, box.net + ".0/29", f"{box.address(20)}-{box.address(25)}", box.address(29),
                  exclude=f"{box.address(3)},{box.address(22)}-{box.address(23)}", tcp="always")
    wanted = {1, 2, 4, 5, 6, 20, 21, 24, 25, 29}
    seen = {int(a.rsplit(".", 1)[1]) for a in found(fleet)}
    equal(seen - {7}, wanted, "found")
    equal((result["state"], result["done"]), ("done", result["total"]))
    asked = {int(a.rsplit(".", 1)[1]) for a, n in traffic(fleet).items() if n}
    equal(asked - {7}, wanted, "addresses that saw anything at all")


def pings_that_get_lost_are_sent_again(box):
    fleet = Fleet(box, 100, "--profile", "11.8", add=False)
    fleet.sim.ctl("fault", "--kind", "ping-drop", "--share", "20%")
    scan(fleet, box.net + ".0/24", tcp="never", passes=5)
    check(len(found(fleet)) >= 99, f"{len(found(fleet))} of 100 found")


def a_ping_that_is_not_answered_leaves_tcp(box):
    fleet = Fleet(box, 20, "--profile", "16.1", "--set", "ping-16=0", add=False)
    fleet.make_certificates()
    equal(scan(fleet, box.net + ".0/27", tcp="never")["found"], 0, "by pings alone")
    equal(scan(fleet, box.net + ".0/27", tcp="auto")["found"], 20, "by TCP")
    equal({(d["tls"], d["plain"]) for d in found(fleet).values()}, {(True, False)})


def what_is_found_says_what_it_is(box):
    fleet = Fleet(box, 13, "--profile", "mixed", add=False)
    fleet.make_certificates()
    versions = {d["device"]: d for d in fleet.sim.ctl("list")}
    scan(fleet, box.net + ".0/28", tcp="always")
    seen = found(fleet)
    equal(set(seen), set(versions))
    for address, device in versions.items():
        row = seen[address]
        major = int(device["version"].split(".")[0])
        equal((row["plain"], row["tls"]), (device["plain"], device["tls"]), f"ports of {device['version']}")
        equal(row["note"], "too_old" if major < 3 else None, f"note of {device['version']}")
        check((row["amt_version"] or "").startswith(f"{major}."), f"{device['version']} is shown as {row['amt_version']}")
        check(row["valid"] and row["valid_until"] > row["last_seen"], row)
    old = [a for a, d in versions.items() if d["version"].startswith("2.")]
    check(old, "there is a 2.6 among them")
    imported = fleet.server.post("/devices/import", discovered=["discovered"], credential="lab")
    equal(imported["imported"], 13 - len(old))
    contains(" ".join(imported["reasons"]), old[0])


def what_is_not_set_up_is_shown_as_such(box):
    fleet = Fleet(box, 4, "--profile", "11.8", "--mode", "factory", add=False)
    fleet.sim.ctl("mebx", box.address(1), "--password", "admin", "--new-password", "N3w-P@ssword", "--mode", "smb")
    scan(fleet, box.net + ".0/29")
    seen = found(fleet)
    equal(seen[box.address(1)]["state"], "configured")
    for i in (2, 3, 4):
        if box.address(i) in seen:  # firmware that answers pings before it is set up
            equal(seen[box.address(i)]["state"], "unconfigured", box.address(i))
    equal(set(found(fleet, "?state=configured")), {box.address(1)})


def advance_until(server, is_so):
    while not is_so():
        server.advance(0.05)


def a_discovery_is_valid_for_as_long_as_is_set(box):
    """M83, on a driven clock: 12 hours are offered, one second later they are over, and a new look revives it."""
    fleet = Fleet(box, 2, "--profile", "11.8", add=False, clock=True)
    server = fleet.server
    fleet.set(discovery_validity="12h")

    def look():
        number = server.post("/scans", ranges=[f"{box.address(1)}-{box.address(2)}"], tcp="never")["id"]
        advance_until(server, lambda: server.get(f"/scans/{number}")["state"] == "done")

    look()
    before = found(fleet)
    equal((len(before), {d["valid"] for d in before.values()}), (2, {True}))
    valid_until = min(d["valid_until"] for d in before.values())
    now = server.clock("show").split()[0]
    left = (datetime.fromisoformat(valid_until) - datetime.fromisoformat(now)).total_seconds()
    check(12 * 3600 - 60 < left <= 12 * 3600, f"valid for {left} s")
    server.advance(left - 1)
    equal({d["valid"] for d in found(fleet).values()}, {True}, "a second before the end")
    server.advance(61)
    equal({d["valid"] for d in found(fleet).values()}, {False}, "afterwards")
    equal(len(found(fleet, "?state=expired")), 2)
    refused = server.post("/devices/import", discovered=[box.address(1)], credential="lab")
    equal((refused["imported"], refused["skipped"]), (0, 1))
    contains(refused["reasons"][0], box.address(1))
    equal(server.post("/devices/import", discovered=["discovered"], credential="lab")["imported"], 0)
    look()
    after = found(fleet)
    equal({a: d["id"] for a, d in after.items()}, {a: d["id"] for a, d in before.items()}, "the same things")
    equal({d["valid"] for d in after.values()}, {True}, "seen again")
    equal(server.post("/devices/import", discovered=["discovered"], credential="lab")["imported"], 2)


def import_makes_devices_of_one_some_or_all(box):
    fleet = Fleet(box, 6, "--profile", "11.8", add=False)
    scan(fleet, box.net + ".0/29")
    one = json.loads(fleet.lamp("device", "import", box.address(2), "--credential", "lab", "--folder", "/one/",
                                "--json").stdout)
    equal((one["imported"], one["linked"], one["skipped"]), (1, 0, 0))
    equal([d["address"] for d in fleet.server.items("/devices?folder=/one/")], [box.address(2)])
    rest = fleet.server.post("/devices/import", discovered=["discovered"], credential="lab", folder="/rest/")
    equal(rest["imported"], 5)
    again = fleet.server.post("/devices/import", discovered=["discovered"], credential="lab", folder="/rest/")
    equal(again["imported"], 0, "imported a second time")
    equal(len(fleet.server.items("/devices")), 6)
    equal(found(fleet), {}, "what is discovered and no device")
    equal({d["device"] for d in found(fleet, "?linked=true").values()},
          {d["name"] for d in fleet.server.items("/devices")})
    equal(fleet.power("on")["done"], 6)


def rediscovery_is_of_one_some_or_all(box):
    fleet = Fleet(box, 5, "--profile", "11.8", add=False)
    scan(fleet, box.net + ".0/29")
    for args, wanted in (([box.address(2)], {2}), ([box.address(1), box.address(4)], {1, 4}),
                         (["--all"], {1, 2, 3, 4, 5})):
        fleet.sim.ctl("reset-counters")
        before = found(fleet)
        fleet.lamp("discovered", "rediscover", *args, "--wait")
        asked = {int(a.rsplit(".", 1)[1]) for a, n in traffic(fleet).items() if n}
        equal(asked, wanted, f"asked by rediscover {args}")
        newer = {int(a.rsplit(".", 1)[1]) for a, d in found(fleet).items() if d["last_seen"] > before[a]["last_seen"]}
        equal(newer, wanted, f"seen anew by rediscover {args}")


def a_machine_that_moves_is_known_by_its_uuid(box):
    """A person, or a new name in DNS, says where it went; who answers there must be the same machine."""
    fleet = Fleet(box, 3, "--profile", "11.8", "--power", "on", add=False)
    with Relay(box.address(101), box.address(1)):
        fleet.add(1, amt=box.address(101))
        equal(fleet.test("pc1")["done"], 1)
    uuid = fleet.server.get("/devices/pc1")["uuid"]
    equal(uuid, fleet.sim.ctl("list", box.address(1))[0]["uuid"])
    fleet.server.patch("/devices/pc1", amt=box.address(2))
    for job in (fleet.test("pc1"), fleet.power("reset", "pc1")):
        check(job.outcome("pc1") in (("failed", "wrong_device"), ("failed", "realm_changed")), job.acts["pc1"])
    fleet.server.patch("/devices/pc1", amt=box.address(1))
    equal(fleet.test("pc1")["done"], 1)
    equal(fleet.power("reset", "pc1")["done"], 1)
    equal(fleet.server.get("/devices/pc1")["uuid"], uuid)
    equal([line["device"] for line in fleet.sim.ctl("wire")], [box.address(1)], "who was reset")


def what_has_a_host_name_is_shown_and_imported_by_it(box):
    """localhost is the one name that every machine gives to an address; the relay there plays the device that has it."""
    fleet = Fleet(box, 2, "--profile", "11.8", "--power", "on", add=False, lampd=["--allow-net", "127.0.0.1/32"])
    with localhost(), Relay("127.0.0.1", box.address(2)) as device:
        result = scan(fleet, "127.0.0.1", box.address(1), tcp="always")
        equal(result["found"], 2)
        seen = found(fleet)
        equal({a: d["host"] for a, d in seen.items()}, {"127.0.0.1": "localhost", box.address(1): None})
        equal(fleet.server.post("/devices/import", discovered=["discovered"], credential="lab")["imported"], 2)
        rows = {d["name"]: d["address"] for d in fleet.server.items("/devices")}
        equal(rows, {"localhost": "127.0.0.1", box.address(1): box.address(1)}, "names of the devices")
        equal(fleet.power("reset", "localhost")["done"], 1)
        equal(device.orders(), [10])
        # A name that is taken gets a number; and without look-ups the address is the name.
        fleet.server.patch("/devices/localhost", amt=box.address(2))
        fleet.lamp("discovered", "remove", "--all", "--yes")
        scan(fleet, "127.0.0.1", tcp="always")
        equal(fleet.server.post("/devices/import", discovered=["127.0.0.1"], credential="lab")["imported"], 1)
        check("localhost-2" in {d["name"] for d in fleet.server.items("/devices")}, "a number behind a taken name")
        fleet.set(discovery_names="off")
        fleet.lamp("device", "remove", "localhost-2", "--yes")
        fleet.lamp("discovered", "remove", "--all", "--yes")
        scan(fleet, "127.0.0.1", tcp="always")
        equal(found(fleet)["127.0.0.1"]["host"], None)


def who_is_only_pinged_sees_no_connection(box):
    fleet = Fleet(box, 4, "--profile", "11.8", add=False)
    equal(scan(fleet, box.net + ".0/29", "--ping-only")["found"], 4)
    equal({(d["amt_version"], d["plain"], d["realm"]) for d in found(fleet).values()}, {("11.8", True, None)})
    stats = fleet.sim.ctl("stats")[0]
    equal((stats["connects"], stats["pings"]), (0, 4))
    contains(fleet.lamp("discover", box.address(1), "--ping-only", "--tcp", "always", status=1).stderr, "exclude each other")


def malformed_ranges_are_refused_by_name(box):
    fleet = Fleet(box, 1, "--profile", "11.8", add=False)
    for text in ("127.0.0", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "10.0.0.7/8", "hello", "", "10.0.0.0/4"):
        refused = fleet.lamp("discover", text, status=None)
        equal(refused.returncode, 1, f"{text!r}: {refused}")
        equal(len(refused.stderr.strip().splitlines()), 2, f"lines about {text!r}: {refused.stderr}")
    for text in ("8.8.8.0/24", "127.0.0.0/30"):
        contains(fleet.lamp("discover", text, status=1).stderr, f"{text} is outside the networks", text)
    contains(fleet.lamp("discover", "169.254.1.0/24", status=1).stderr, "no address is left in it")
    equal(fleet.server.items("/scans"), [])


def a_scan_can_be_stopped(box):
    fleet = Fleet(box, 3, "--profile", "11.8", add=False)
    fleet.set(scan_rate=5)
    number = fleet.server.post("/scans", ranges=[box.net + ".0/24"], tcp="never")["id"]
    fleet.lamp("scan", "cancel", str(number), "--yes")
    events = fleet.server.events(f"?scan={number}&from=0")
    while fleet.server.get(f"/scans/{number}")["state"] in ("waiting", "running"):
        events.until(lambda ev: ev["kind"] == "scan")
    events.close()
    equal(fleet.server.get(f"/scans/{number}")["state"], "cancelled")


harness.main(
    ranges_are_searched_and_what_is_excluded_is_left_alone,
    pings_that_get_lost_are_sent_again,
    a_ping_that_is_not_answered_leaves_tcp,
    what_is_found_says_what_it_is,
    what_is_not_set_up_is_shown_as_such,
    a_discovery_is_valid_for_as_long_as_is_set,
    import_makes_devices_of_one_some_or_all,
    rediscovery_is_of_one_some_or_all,
    a_machine_that_moves_is_known_by_its_uuid,
    what_has_a_host_name_is_shown_and_imported_by_it,
    who_is_only_pinged_sees_no_connection,
    malformed_ranges_are_refused_by_name,
    a_scan_can_be_stopped,
    at_once=3,
)
