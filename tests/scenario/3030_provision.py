"""Devices that wait to be set up are set up over the network, by command line alone from an empty zone, switched, and taken
down again."""

import json
import random

import harness
from fleet import Fleet, until
from harness import check, contains, equal

MEBX = "Str0ng!pass"
REQUESTS = 21  # a whole provisioning of a device whose host name is set: docs/guide/provisioning.md
DEVICES, KILLS = 30, 8
SUFFIX = "lab.example"
FQDN = ("--fqdn", "oob." + SUFFIX)


def job_of(fleet, *args, status=0):
    """Runs a command that makes a job, waits for its end, and gives its acts by device."""
    said = fleet.lamp(*args, "--wait", "--json", "--yes", status=status)
    sums = json.loads(said.stdout.splitlines()[-1])
    return sums, fleet.server.acts(sums["job"])


def waiting(box, count, *sim):
    """Devices that were told in MEBx to trust the zone's root, and wait."""
    fleet = Fleet(box, count, "--profile", "12", "--mode", "factory", *sim, lampd=FQDN, add=False)
    fleet.lamp("certificate", "create", "--common-name", "oob." + SUFFIX)
    sha256 = json.loads(fleet.lamp("certificate", "hash", "--json").stdout)["sha256"]
    fleet.sim.ctl("mebx", "--all", "--mode", "enterprise", "--new-password", MEBX, "--hash", sha256, "--hash-name", "Zone",
                  "--pki-dns-suffix", SUFFIX, "--server", "127.0.0.1")
    for i in range(1, count + 1):
        fleet.lamp("device", "add", f"pc{i}", "--amt", box.address(i), "--folder", "/lab/")
    return fleet


def twelve_devices_are_provisioned_switched_and_taken_down(box):
    fleet = waiting(box, 12)
    sums, acts = job_of(fleet, "provision", "/lab/", "--new-passwords")
    equal(sums["done"], 12, acts)
    for i in range(1, 13):
        device = fleet.server.get(f"/devices/pc{i}")
        equal((device["mode"], device["credential"]), ("enterprise", f"/Devices/pc{i}"), device)
        check(device["pin"], "its certificate is pinned")
    equal({d["mode"] for d in fleet.sim.ctl("list")}, {"enterprise"})
    equal({(d["tls"], d["plain"]) for d in fleet.sim.ctl("list")}, {(True, False)}, "ports")
    job = fleet.power("on", "/lab/")
    equal({s for s in job.states().values()}, {"done"})
    sums, acts = job_of(fleet, "provision", "pc1", "--new-passwords", status=1)
    equal((acts["pc1"]["state"], acts["pc1"]["reason"]), ("failed", "already_set_up"))
    sums, acts = job_of(fleet, "unprovision", "/lab/")
    equal(sums["done"], 12, acts)
    equal({d["mode"] for d in fleet.server.items("/devices")}, {"none"})
    # A partial one keeps hashes and server: they wait again, and can be set up anew.
    sums, acts = job_of(fleet, "provision", "/lab/", "--new-passwords")
    equal(sums["done"], 12, acts)
    equal(set(fleet.power("status", "/lab/").states().values()), {"done"})


def provisioning_takes_so_many_round_trips(box):
    fleet = waiting(box, 1)
    fleet.server.post("/credentials", name="next", password="0ther!Password")
    fleet.sim.ctl("reset-counters")
    sums, acts = job_of(fleet, "provision", "pc1", "--credential", "next")
    equal(sums["done"], 1, acts)
    equal(fleet.sim.ctl("stats")[0]["requests"], REQUESTS, "requests")


def what_the_device_refuses_is_named(box):
    fleet = waiting(box, 2)
    fleet.server.post("/credentials", name="next", password="0ther!Password")
    contains(fleet.lamp("provision", "pc1", status=1).stderr, "say which login")
    fleet.lamp("certificate", "remove", "--yes")
    sums, acts = job_of(fleet, "provision", "pc1", "--credential", "next", status=1)
    equal((acts["pc1"]["state"], acts["pc1"]["reason"]), ("failed", "no_management_cert"))


def a_server_that_is_killed_leaves_no_device_behind(box):
    """Killed again and again while it sets devices up: each ends as one, with a login that the vault has."""
    chance = random.Random(20261122)
    fleet = waiting(box, DEVICES)
    job = json.loads(fleet.lamp("provision", "/lab/", "--new-passwords", "--json", "--yes").stdout.splitlines()[-1])["job"]
    for _ in range(KILLS):
        open_before = fleet.server.get(f"/jobs/{job}")["open"]
        wanted = chance.randint(0, 3)
        until(lambda: open_before - fleet.server.get(f"/jobs/{job}")["open"] >= wanted or
              not fleet.server.get(f"/jobs/{job}")["open"], "some devices are done")
        fleet.server.kill()
        fleet.server = box.lampd(*FQDN)
    ended = fleet.end(job)
    equal(set(ended.states().values()), {"done"}, {n: (a["reason"], a["message"]) for n, a in ended.acts.items() if a["state"] != "done"})
    equal(set(fleet.power("status", "/lab/").states().values()), {"done"})
    equal(len([c for c in fleet.server.items("/credentials") if c["folder"] == "/Devices/"]), DEVICES)


harness.main(twelve_devices_are_provisioned_switched_and_taken_down, provisioning_takes_so_many_round_trips,
             what_the_device_refuses_is_named, a_server_that_is_killed_leaves_no_device_behind)
