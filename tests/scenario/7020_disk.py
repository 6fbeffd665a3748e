"""The disk fills up, or its file system turns read-only, while orders are on their way."""

import os
import resource
import signal

import harness
from fleet import Fleet, until
from harness import check, contains, equal

ROOM = 64 * 1024  # what the log may still grow to; the database's journal is larger already


def full(server, is_full):
    """Files may grow to a size and no further: as a full disk, but without one."""
    limit = ROOM if is_full else resource.RLIM_INFINITY
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def fleet_that_can_fill(box, devices, *sim):
    fleet = Fleet(box, devices, "--profile", "11.8", "--power", "on", *sim,
                  preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    journal = os.path.join(fleet.server.folder, "lampd.db-wal")
    i = 0
    while os.path.getsize(journal) < 4 * ROOM:
        fleet.server.patch("/devices/pc1", note=f"{i} " + "x" * 4000)
        i += 1
    return fleet


def a_full_disk_takes_no_order(box):
    fleet = fleet_that_can_fill(box, 5)
    full(fleet.server, True)
    refused = fleet.server.post("/power", expect=507, verb="reset", targets=["pc1"])
    equal(refused["error"], "disk")
    contains(refused["next"], "make room on the server's disk")
    done = fleet.lamp("power", "reset", "pc1", "--wait", status=1)
    equal(len(done.stderr.strip().splitlines()), 2, done.stderr)
    contains(done.stderr, "make room on the server's disk")
    equal(fleet.sim.ctl("wire"), [])
    equal(fleet.server.items("/audit?action=power"), [], "orders in the audit that were refused")
    full(fleet.server, False)
    equal(fleet.server.items("/jobs"), [], "jobs that were refused")
    equal(fleet.power("reset", "pc1")["done"], 1, "when there is room again")
    equal(len(fleet.server.items("/audit?action=power")), 1, "the order that was taken is in the audit")
    check(fleet.server.get("/audit-check")["ok"], "the audit's chain holds after the full disk")


def orders_on_their_way_stop_at_a_full_disk_and_go_on(box):
    """All devices are being read when the disk fills up: no order may leave without being on disk first."""
    fleet = fleet_that_can_fill(box, 20, "--delay", "1500")
    number = fleet.start("reset", confirm=20)
    until(lambda: fleet.sim.ctl("stats")[0]["requests"] >= 20, "all are being asked")
    full(fleet.server, True)
    until(lambda: "round of the zone failed" in fleet.server.log_text(), "the server says that it cannot write")
    equal(fleet.server.get(f"/jobs/{number}")["open"], 20, "what can be read goes on")
    until(lambda: fleet.server.log_text().count("round of the zone failed") > 3, "it tries again")
    equal(fleet.sim.ctl("wire"), [], "orders that left unrecorded")
    contains(fleet.server.log_text(), 'reason="disk"')
    full(fleet.server, False)
    job = fleet.end(number)
    equal(job["done"], 20)
    fleet.check_truth(job)


def outcomes_that_cannot_be_written_are_written_later(box):
    """The orders are recorded and obeyed, and then the disk is full: nothing is sent again, nothing is lost."""
    fleet = fleet_that_can_fill(box, 20, "--delay", "1000")
    number = fleet.start("reset", confirm=20)
    until(lambda: len(fleet.sim.ctl("wire")) == 20, "all orders are obeyed, their answers on the way")
    full(fleet.server, True)
    until(lambda: "round of the zone failed" in fleet.server.log_text(), "the server says that it cannot write")
    full(fleet.server, False)
    job = fleet.end(number)
    equal(job["done"], 20)
    fleet.check_truth(job)
    check(all(act["evidence"] == "reply" for act in job.acts.values()), "the answers were kept")


harness.main(
    a_full_disk_takes_no_order,
    orders_on_their_way_stop_at_a_full_disk_and_go_on,
    outcomes_that_cannot_be_written_are_written_later,
    at_once=3,
)
