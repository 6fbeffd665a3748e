"""Schedules on the real programs: what falls due switches each computer once, in its window, whatever the clock does."""

import json
import time

import harness
from fleet import Fleet
from harness import check, contains, equal

PLAIN = ("--profile", "11.8")
BERLIN = ("--timezone", "Europe/Berlin")


def fleet_at(box, devices, start):
    fleet = Fleet(box, devices, *PLAIN, clock=True, settings={"observe-time": "5s"})
    for i in range(1, devices + 1):
        fleet.force(i, "off")
    fleet.server.clock(f"set {start}")
    return fleet


def is_on_the_wire(server):
    return any(act["state"] in ("claimed", "sent")
               for job in server.items("/jobs") if job["state"] != "final"
               for act in server.acts(job["job"]).values())


def run_until(server, is_so, what, step=0.1):
    """The clock jumps while nothing is under way, and else goes on as the time does: devices answer in real time."""
    before = time.monotonic()
    end = before + harness.DEADLINE
    while before < end:
        if is_so():
            return
        now = time.monotonic()
        server.advance(min(step, now - before) if is_on_the_wire(server) else step)
        before = now
    raise harness.Failed(what)


def finals(server):
    return [j for j in server.items("/jobs") if j["state"] == "final"]


def due_lines(fleet, *args):
    return [json.loads(line) for line in fleet.lamp("schedule", "next", *args, "--json").stdout.splitlines()]


def a_weekly_schedule_switches_each_computer_once(box):
    fleet = fleet_at(box, 3, "2027-03-25T06:29:00Z")
    server = fleet.server
    fleet.lamp("schedule", "add", "morning", "--verb", "on", "--target", "/lab/", "--weekly", "mon-fri", "--at", "07:30",
               *BERLIN)
    coming = due_lines(fleet, "/lab/", "--from", "2027-03-25", "--count", "3")
    equal([c["due"] for c in coming if c["device"] == "pc2"],
          ["2027-03-25T06:30:00Z", "2027-03-26T06:30:00Z", "2027-03-29T05:30:00Z"])
    equal({c["local"][-5:] for c in coming}, {"07:30"})
    equal({c["target"] for c in coming}, {"/lab/"})
    server.post("/calendars", name="holidays", **{"from": "2027-03-29"})
    server.put("/settings/black-outs", value="holidays")
    equal({(c["local"][:10], c["skipped"]) for c in due_lines(fleet, "pc1", "--count", "3")},
          {("2027-03-25", None), ("2027-03-26", None), ("2027-03-29", "blacked_out")})
    server.advance(59)
    server.get("/zone")
    equal(server.items("/jobs"), [], "a second before it is due")
    run_until(server, lambda: finals(server), "the job is final")
    job = finals(server)[0]
    equal((job["by"], job["verb"], job["done"]), ("schedule morning", "on", 3))
    orders = fleet.obeyed()
    equal({name: [o for o, _ in orders[name]] for name in orders}, {f"pc{i}": ["on"] for i in (1, 2, 3)})
    # The clock is put back and goes over it again; then the process is killed, and starts behind the next due time.
    server.clock("set 2027-03-25T06:29:50Z")
    run_until(server, lambda: server.clock("show") > "2027-03-25T06:30:20", "half a minute", step=1)
    equal(len(server.items("/jobs")), 1, "jobs after the clock was put back")
    for i in (1, 2, 3):
        fleet.force(i, "off")
    server.kill()
    server.wait()
    fleet.server = server = box.lampd(clock=True)
    server.clock("set 2027-03-26T06:30:20Z")
    run_until(server, lambda: len(finals(server)) == 2, "the job of the next day is final")
    run_until(server, lambda: server.clock("show") > "2027-03-26T06:31:30", "a minute more", step=1)
    equal(len(server.items("/jobs")), 2)
    for orders in fleet.obeyed().values():
        equal([o for o, _ in orders], ["on", "on"])
    history = server.items("/schedules/morning/occurrences")
    equal([h["local"] for h in history if h["state"] == "run"], ["2027-03-26T07:30", "2027-03-25T07:30"])


def each_computer_starts_at_its_own_slot_in_the_window(box):
    fleet = fleet_at(box, 12, "2027-03-25T06:29:59Z")
    server = fleet.server
    fleet.lamp("schedule", "add", "up", "--verb", "on", "--target", "/lab/", "--weekly", "thu", "--at", "07:30", "--to",
               "07:31", "--random", *BERLIN)
    slots = {c["device"]: c["slot"] for c in due_lines(fleet, "/lab/", "--count", "1")}
    check(len(set(slots.values())) > 6, slots)
    check(all("2027-03-25T06:30:00.000Z" <= s < "2027-03-25T06:31:00.000Z" for s in slots.values()), slots)
    run_until(server, lambda: finals(server), "the job is final", step=1)
    acts = server.acts(finals(server)[0]["job"])
    equal({a["state"] for a in acts.values()}, {"done"})
    for name, act in acts.items():
        check(slots[name] <= act["sent"], f"{name} was to start at {slots[name]}, sent {act['sent']}")
        check(act["sent"] < "2027-03-25T06:31:05", act)


def what_contradicts_itself_is_refused_before_it_happens(box):
    fleet = Fleet(box, 1, *PLAIN)
    add = ("schedule", "add")
    fleet.lamp(*add, "up", "--verb", "on", "--target", "zone", "--weekly", "mon-fri", "--at", "07:30")
    refused = [
        (("off", "--weekly", "tue", "--at", "07:30"), "up"),
        (("off", "--weekly", "tue", "--at", "09:30", "--boot", "pxe"), "boots nothing"),
        (("on", "--dates", "2020-02-01", "--at", "09:30"), "2020-02-01"),
        (("on", "--dates", "2031-02-31", "--at", "09:30"), "2031-02-31"),
        (("on", "--weekly", "tue", "--at", "09:30", "--timezone", "Mars/Base"), "Mars/Base"),
    ]
    for i, ((verb, *rule), words) in enumerate(refused):
        told = fleet.lamp(*add, f"x{i}", "--verb", verb, "--target", "zone", *rule, status=1)
        contains(told.stdout + told.stderr, words)
    tested = fleet.lamp("schedule", "test", "--weekly", "mon-fri", "--at", "07:30", *BERLIN)
    contains(tested.stdout, "07:30 Europe/Berlin")
    equal(len(fleet.server.items("/schedules")), 1)


harness.main(
    a_weekly_schedule_switches_each_computer_once,
    each_computer_starts_at_its_own_slot_in_the_window,
    what_contradicts_itself_is_refused_before_it_happens,
    at_once=2,
)
