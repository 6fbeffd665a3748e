"""Booting once into the BIOS set-up, the network, the disk or a CD: what the computers boot into, then and afterwards, and
what stays in a device whose order did not follow: nothing."""

import json
import time

import harness
from fleet import Fleet, until
from harness import check, contains, equal

PLAIN = ("--profile", "12")
CHOICES = ("bios", "pxe", "disk", "cd")
NO_CD = {"15-notebook", "18"}  # profiles of the simulator


def devices(fleet):
    return {f"pc{d['device'].rsplit('.', 1)[1]}": d for d in fleet.sim.ctl("list")}


def is_clean(device):
    return device["boot_next"] is None and not device["boot_set"]


def until_booted(fleet, names, times, into):
    until(lambda: all((d["boots"], d["booted"]) == (times, into) and is_clean(d)
                      for name, d in devices(fleet).items() if name in names), f"{sorted(names)} have booted into {into}")


def every_firmware_boots_once_into_each_choice(box):
    """Twelve generations, plain or TLS as they have it; the next boot is as always."""
    fleet = Fleet(box, 13, "--profile", "mixed", "--power", "on", add=False)
    profiles = {name: d["profile"] for name, d in devices(fleet).items()}
    for i, d in enumerate(fleet.sim.ctl("list"), 1):
        fleet.add(i, old_tls=d["tls"] and not d["plain"])
    check({"5.2", "8.1", "11.8", "12", "15-notebook", "16.1", "18"} <= set(profiles.values()), profiles)
    boots = dict.fromkeys(profiles, 0)
    for verb, choice in zip(("reset", "cycle", "reset", "cycle"), CHOICES):
        before = fleet.obeyed()
        job = fleet.power(verb, "/lab/", confirm=13, boot=choice)
        equal(job["boot"], choice)
        for name, act in job.acts.items():
            wanted = ("failed", "too_old") if profiles[name] == "2.6" else \
                ("failed", "boot_unsupported") if choice == "cd" and profiles[name] in NO_CD else ("done", None)
            equal((act["state"], act["reason"], act["boot"]), (*wanted, choice), f"{choice} on {profiles[name]}: {act}")
            boots[name] += wanted == ("done", None)
        fleet.check_truth(job, before)
        for name, act in job.acts.items():
            if act["state"] == "done":
                until_booted(fleet, {name}, boots[name], choice)
            else:
                check(is_clean(devices(fleet)[name]), devices(fleet)[name])
                check(act["message"] and act["next"], act)
    said = [line["boot"] for line in fleet.sim.ctl("wire") if line["device"].endswith(".1")]
    equal(said, [c for c in CHOICES if c != "cd" or profiles["pc1"] not in NO_CD], "what the wire of pc1 tells")
    fleet.power("reset", "/lab/", confirm=13)
    for name in profiles:
        if profiles[name] != "2.6":
            until_booted(fleet, {name}, boots[name] + 1, "default")
    equal(len([j for j in fleet.server.items("/jobs") if j["verb"] == "unboot"]), 0, "jobs that took something back")


def on_boots_what_is_off_and_refuses_what_is_on(box):
    fleet = Fleet(box, 4, *PLAIN)
    for i, state in enumerate(("off", "hibernate", "on", "sleep"), 1):
        fleet.force(i, state)
    before = {name: d["boots"] for name, d in devices(fleet).items()}
    job = fleet.power("on", "/lab/", boot="pxe")
    equal(job.states(), {"pc1": "done", "pc2": "done", "pc3": "failed", "pc4": "failed"})
    for name in ("pc1", "pc2"):
        equal(job.acts[name]["evidence"], "observed")
        until_booted(fleet, {name}, before[name] + 1, "pxe")
    for name in ("pc3", "pc4"):
        equal(job.outcome(name), ("failed", "already_on"))
        contains(job.acts[name]["next"], "reset or cycle")
        check(is_clean(devices(fleet)[name]), name)
    fleet.check_truth(job)


def a_choice_costs_six_round_trips(box):
    """Capabilities, settings, no source, settings, role, source: beside the state and the order."""
    fleet = Fleet(box, 1, *PLAIN, "--power", "on")
    fleet.power("reset", "pc1")
    fleet.sim.ctl("reset-counters")
    fleet.power("reset", "pc1")
    plain = fleet.count(1, "requests")
    fleet.sim.ctl("reset-counters")
    fleet.power("reset", "pc1", boot="pxe")
    equal((plain, fleet.count(1, "requests")), (2, 8), "requests of a reset and of one with a boot choice")


def off_and_status_with_a_choice_are_refused_with_a_sentence(box):
    fleet = Fleet(box, 2, *PLAIN, "--power", "on")
    for verb in ("off", "status"):
        refused = fleet.lamp("power", verb, "pc1", "--boot", "pxe", status=1)
        contains(refused.stderr, f'"{verb}" boots nothing; a boot choice goes with on, reset or cycle')
    contains(fleet.lamp("power", "on", "pc1", "--boot", "floppy", status=1).stderr, "none of bios, pxe, disk or cd")
    equal(fleet.server.items("/jobs"), [])
    equal(fleet.sim.ctl("stats")[0]["connects"], 0, "connections")
    done = fleet.lamp("power", "cycle", "pc1", "--boot", "pxe", "--wait", "--json")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    equal([line["boot"] for line in said], ["pxe"] * len(said), "boot in each line")
    until_booted(fleet, {"pc1"}, 1, "pxe")
    equal(json.loads(fleet.lamp("job", "show", "1", "--json").stdout)["boot"], "pxe")
    contains(fleet.lamp("job", "show", "1").stdout, "pxe")
    contains(fleet.lamp("power", "--help").stdout, "--boot")
    fleet.sim.ctl("set", "boot-choices=14")
    job = fleet.power("reset", "pc1", boot="bios")
    equal(job.outcome("pc1"), ("failed", "boot_unsupported"))
    contains(job.acts["pc1"]["message"], "cannot boot into the BIOS set-up")


# Words that only one step's request has in it.
STEPS = {"capabilities": "AMT_BootCapabilities", "settings": "AMT_BootSettingData", "clear": "ChangeBootOrder_INPUT",
         "put": "transfer/Put", "role": "SetBootConfigRole", "source": "CIM_BootSourceSetting"}
KINDS = ("close-before-act", "close-after-act", "close-mid-reply", "http-503", "garbage-xml", "entity-bomb",
         "wrong-message-id", "unauthorized-after-act", "bad-utf8", "length-twice", "return-value-1", "return-value-2",
         "return-value-6")
RETURNS = ("clear", "role", "source")  # steps that are methods


def a_fault_at_any_step_leaves_nothing_half_done(box):
    """Each step meets each fault so often that trying it again does not help: a typed error, no order, a clean device."""
    cells = [(step, kind) for step in STEPS for kind in KINDS if step in RETURNS or not kind.startswith("return-value")]
    fleet = Fleet(box, len(cells), *PLAIN, "--power", "on", settings={"act-tries": 1})
    for i, (step, kind) in enumerate(cells, 1):
        fleet.fault(kind, i, on="read", about=STEPS[step], times=3 if kind.startswith("close") else 2)
    job = fleet.power("reset", "/lab/", confirm=len(cells), boot="pxe")
    for i, (step, kind) in enumerate(cells, 1):
        act, what = job.acts[f"pc{i}"], f"{kind} at {step}"
        equal(act["state"], "failed", what)
        check(act["reason"] and act["message"] and act["next"], what, act)
    fleet.check_truth(job)
    until(lambda: all(j["state"] == "final" for j in fleet.server.items("/jobs")), "what was left is taken back")
    until(lambda: all(is_clean(d) for d in devices(fleet).values()), "nothing is half done")
    equal({d["boots"] for d in devices(fleet).values()}, {0}, "boots")


def what_cannot_be_taken_back_at_once_is_taken_back_later(box):
    fleet = Fleet(box, 1, *PLAIN, "--power", "on", settings={"act-tries": 1})
    fleet.fault("http-503", 1, on="act")
    broken = fleet.fault("http-503", 1, on="read", about="<r:Role>32768", times=3)[0]["fault"]
    job = fleet.power("reset", "pc1", boot="pxe")
    equal(job.outcome("pc1"), ("failed", "device_busy"))
    contains(job.acts["pc1"]["message"], "the boot choice may still stand in the device")
    until(lambda: all(j["state"] == "final" for j in fleet.server.items("/jobs")), "the job that takes it back ended")
    taken = [j for j in fleet.server.items("/jobs") if j["verb"] == "unboot"]
    equal([(j["done"], j["boot"]) for j in taken], [(1, None)], "jobs that took it back")
    check(is_clean(devices(fleet)["pc1"]))
    equal([f["struck"] for f in fleet.sim.ctl("fault list") if f["fault"] == broken], [3])


def a_busy_device_gets_its_choice_anew_with_each_try(box):
    fleet = Fleet(box, 1, *PLAIN, "--power", "on")
    fleet.fault("return-value-4099", 1, on="act", times=2)
    job = fleet.power("reset", "pc1", boot="disk")
    equal((job.outcome("pc1"), job.acts["pc1"]["attempt"]), (("done", None), 3))
    until_booted(fleet, {"pc1"}, 1, "disk")
    fleet.check_truth(job)


def started_and_stuck(box, **more):
    """An act that hangs between its boot settings and its order: the reply to the last of them is late."""
    fleet = Fleet(box, 1, *PLAIN, "--power", "on")
    fleet.fault("reply-after-timeout", 1, on="read", about=STEPS["source"], after="4s", times=1)
    number = fleet.start("reset", "pc1", boot="pxe", **more)
    until(lambda: devices(fleet)["pc1"]["boot_next"] == "pxe", "the choice stands in the device")
    return fleet, number


def a_server_killed_before_the_order_resumes_it_with_its_choice(box):
    fleet, number = started_and_stuck(box)
    fleet.server.kill()
    fleet.server = box.lampd()
    job = fleet.end(number)
    equal(job.outcome("pc1"), ("done", None))
    until_booted(fleet, {"pc1"}, 1, "pxe")
    fleet.check_truth(job)


def a_server_killed_before_an_order_that_expires_takes_the_choice_back(box):
    fleet, number = started_and_stuck(box, deadline=1000)
    began = time.monotonic()
    fleet.server.kill()
    until(lambda: time.monotonic() > began + 1.1, "the deadline has passed")
    fleet.server = box.lampd()
    job = fleet.end(number)
    equal(job.outcome("pc1"), ("expired", "expired"))
    until(lambda: is_clean(devices(fleet)["pc1"]), "the choice is taken back")
    equal(devices(fleet)["pc1"]["boots"], 0)


def a_cancelled_order_takes_its_choice_back(box):
    fleet, number = started_and_stuck(box)
    fleet.server.post(f"/jobs/{number}/cancel")
    job = fleet.end(number)
    equal(job.outcome("pc1"), ("cancelled", "cancelled"))
    check(is_clean(devices(fleet)["pc1"]), devices(fleet)["pc1"])
    equal([j["verb"] for j in fleet.server.items("/jobs")], ["reset"], "it was taken back within the act")
    fleet.check_truth(job)


def a_server_that_is_stopped_takes_it_back_or_up_again(box):
    fleet, number = started_and_stuck(box)
    equal(fleet.server.stop(), 0)
    fleet.server = box.lampd()
    job = fleet.end(number)
    equal(job.outcome("pc1"), ("done", None))
    until_booted(fleet, {"pc1"}, 1, "pxe")
    fleet.check_truth(job)


harness.main(
    every_firmware_boots_once_into_each_choice,
    on_boots_what_is_off_and_refuses_what_is_on,
    a_choice_costs_six_round_trips,
    off_and_status_with_a_choice_are_refused_with_a_sentence,
    a_fault_at_any_step_leaves_nothing_half_done,
    what_cannot_be_taken_back_at_once_is_taken_back_later,
    a_busy_device_gets_its_choice_anew_with_each_try,
    a_server_killed_before_the_order_resumes_it_with_its_choice,
    a_server_killed_before_an_order_that_expires_takes_the_choice_back,
    a_cancelled_order_takes_its_choice_back,
    a_server_that_is_stopped_takes_it_back_or_up_again,
    at_once=4,
)
