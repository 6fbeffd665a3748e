"""Devices that are set up already are taken over and taken down again: logins before and after, what is left behind by a
server that dies on the way, and what is refused. By command line alone, against simulated devices."""

import json

import harness
from fleet import Fleet
from harness import check, contains, equal

PLAIN = ("--profile", "12")


def job_of(fleet, *args, status=0):
    """Runs a command that makes a job, waits for its end, and gives its acts by device."""
    said = fleet.lamp(*args, "--wait", "--json", "--yes", status=status)
    sums = json.loads(said.stdout.splitlines()[-1])
    return sums, fleet.server.acts(sums["job"])


def modes(fleet):
    return {d["name"]: d["mode"] for d in fleet.server.items("/devices")}


def a_device_is_adopted_with_the_password_it_has(box):
    fleet = Fleet(box, 1, *PLAIN, add=False)
    fleet.lamp("device", "add", "pc1", "--amt", box.address(1))
    sums, acts = job_of(fleet, "adopt", "pc1", "--credential", "lab")
    equal((acts["pc1"]["state"], acts["pc1"]["evidence"]), ("done", "reply"), acts)
    contains(acts["pc1"]["detail"], "AMT 12.")
    equal(fleet.sim.ctl("stats")[0]["requests"], 5, "requests: a 401, settings, version, state, UUID")
    device = fleet.server.get("/devices/pc1")
    equal((device["credential"], device["mode"]), ("/lab", "smb"))
    equal(fleet.power("status", "pc1").states(), {"pc1": "done"})


def each_device_gets_a_password_of_its_own(box):
    fleet = Fleet(box, 12, *PLAIN)
    sums, acts = job_of(fleet, "adopt", "/lab/", "--new-passwords")
    equal(sums["done"], 12, acts)
    made = {c["name"]: c for c in fleet.server.items("/credentials") if c["folder"] == "/Devices/"}
    equal(sorted(made), sorted(f"pc{i}" for i in range(1, 13)))
    for i in range(1, 13):
        equal(fleet.server.get(f"/devices/pc{i}")["credential"].split("/")[-1], f"pc{i}")
    equal(fleet.power("status", "/lab/").states(), {f"pc{i}": "done" for i in range(1, 13)})
    # The old password is good for nothing any more.
    fleet.lamp("device", "set", "pc3", "--credential", "lab")
    equal(fleet.power("status", "pc3").outcome("pc3"), ("failed", "wrong_password"))
    actions = [a["action"] for a in fleet.server.items("/audit")]
    equal(actions.count("credential.draw"), 12, "drawn passwords in the audit")
    # Again: another one each, and the numbers go on.
    fleet.lamp("device", "set", "pc3", "--credential", "/Devices/pc3")
    sums, acts = job_of(fleet, "adopt", "pc3", "--new-passwords")
    equal(sums["done"], 1, acts)
    equal(fleet.server.get("/devices/pc3")["credential"].split("/")[-1], "pc3-2")


def one_credential_replaces_another_and_a_wrong_one_changes_nothing(box):
    fleet = Fleet(box, 2, *PLAIN)
    fleet.server.post("/credentials", name="next", password="0ther!Password")
    fleet.server.post("/credentials", name="wrong", password="Wr0ng!Password")
    sums, acts = job_of(fleet, "adopt", "pc1", "--credential", "wrong", "--new-credential", "next", status=1)
    equal((acts["pc1"]["state"], acts["pc1"]["reason"]), ("failed", "wrong_password"))
    contains(acts["pc1"]["message"], "at the step")
    equal(fleet.server.get("/devices/pc1")["credential"], "/lab")
    sums, acts = job_of(fleet, "adopt", "/lab/", "--new-credential", "next")
    equal(sums["done"], 2, acts)
    equal({fleet.server.get(f"/devices/pc{i}")["credential"] for i in (1, 2)}, {"/next"})
    equal(fleet.power("status", "/lab/").states(), {"pc1": "done", "pc2": "done"})
    refused = fleet.lamp("adopt", "pc1", "--new-passwords", "--new-credential", "next", status=1)
    contains(refused.stderr, "do not go together")


def a_lost_reply_to_the_new_password_is_found_out(box):
    """The device may have either password: both are tried, and the interface gets the right one."""
    fleet = Fleet(box, 2, *PLAIN)
    fleet.fault("close-before-act", 1, on="any", about="SetAdminAclEntryEx_INPUT", request=1)
    fleet.fault("close-after-act", 2, on="any", about="SetAdminAclEntryEx_INPUT", request=1)
    sums, acts = job_of(fleet, "adopt", "/lab/", "--new-passwords")
    equal(sums["done"], 2, acts)
    equal(fleet.power("status", "/lab/").states(), {"pc1": "done", "pc2": "done"})
    equal(len([c for c in fleet.server.items("/credentials") if c["folder"] == "/Devices/"]), 2)


def devices_are_taken_down_partly_and_fully(box):
    fleet = Fleet(box, 4, *PLAIN)
    sums, acts = job_of(fleet, "unprovision", "pc1")
    equal((acts["pc1"]["state"], acts["pc1"]["evidence"], acts["pc1"]["detail"]), ("done", "reply", "taken down partly"))
    sums, acts = job_of(fleet, "unprovision", "pc2", "pc3", "--full")
    equal(sums["done"], 2, acts)
    equal(modes(fleet), {"pc1": "none", "pc2": "none", "pc3": "none", "pc4": "smb"})
    equal(fleet.power("on", "pc1").outcome("pc1"), ("failed", "not_configured"))
    sums, acts = job_of(fleet, "unprovision", "pc1", status=1)
    equal(acts["pc1"]["reason"], "not_configured")
    check("lab" in [c["name"] for c in fleet.server.items("/credentials")], "the credential stays")


def what_cannot_be_taken_down_stays_or_goes_as_asked(box):
    fleet = Fleet(box, 3, *PLAIN)
    fleet.server.post("/credentials", name="wrong", password="Wr0ng!Password")
    sums, acts = job_of(fleet, "unprovision", "pc1", "--credential", "wrong", status=1)
    equal((acts["pc1"]["state"], acts["pc1"]["reason"]), ("failed", "wrong_password"))
    check("pc1" in modes(fleet), "it stays")
    sums, acts = job_of(fleet, "unprovision", "pc1", "--credential", "wrong", "--delete-if-fails", status=1)
    check("pc1" not in modes(fleet), "it is gone")
    row = [a for a in fleet.server.items("/audit") if a["action"] == "device.removed-without-unprovisioning"]
    equal(len(row), 1)
    equal(row[0]["object"], "device:pc1")
    check("uuid" in row[0]["detail"] and "credential" in row[0]["detail"], row)
    equal(modes(fleet), {"pc2": "smb", "pc3": "smb"})


def a_lost_reply_to_taking_down_is_found_out(box):
    fleet = Fleet(box, 2, *PLAIN)
    fleet.fault("close-before-act", 1, on="any", about="PartialUnprovision_INPUT", request=1)
    fleet.fault("close-after-act", 2, on="any", about="PartialUnprovision_INPUT", request=1)
    sums, acts = job_of(fleet, "unprovision", "/lab/")
    equal((acts["pc1"]["state"], acts["pc1"]["evidence"]), ("done", "reply"), acts["pc1"])  # it was told again
    equal((acts["pc2"]["state"], acts["pc2"]["evidence"]), ("done", "observed"), acts["pc2"])
    equal(modes(fleet), {"pc1": "none", "pc2": "none"})


def a_hold_stops_it(box):
    fleet = Fleet(box, 1, *PLAIN)
    fleet.lamp("hold", "add", "/lab/")
    sums, acts = job_of(fleet, "unprovision", "pc1", status=1)
    equal((acts["pc1"]["state"], acts["pc1"]["reason"]), ("cancelled", "held"))
    sums, acts = job_of(fleet, "adopt", "pc1", "--new-passwords", status=1)
    equal((acts["pc1"]["state"], acts["pc1"]["reason"]), ("cancelled", "held"))


harness.main(a_device_is_adopted_with_the_password_it_has, each_device_gets_a_password_of_its_own,
             one_credential_replaces_another_and_a_wrong_one_changes_nothing, a_lost_reply_to_the_new_password_is_found_out,
             devices_are_taken_down_partly_and_fully, what_cannot_be_taken_down_stays_or_goes_as_asked,
             a_lost_reply_to_taking_down_is_found_out, a_hold_stops_it)
