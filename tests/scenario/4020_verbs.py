"""What each verb does to a computer in each state, on the wire and in the answer."""

import contextlib

import harness
from fleet import ORDERS, Fleet, Relay, until
from harness import check, contains, equal

PLAIN = ("--profile", "11.8")
STATES = ["on", "sleep", "hibernate", "off", "closed", "silent"]  # S0, S3, S4, S5 and two that cannot be reached

# Verb: the outcome for each state. Nothing is sent where it would change nothing or be refused.
MATRIX = {
    "status": ["done", "done", "done", "done", "refused_port", "unreachable"],
    "on": ["already", "done", "done", "done", "refused_port", "unreachable"],
    "off": ["done", "done", "done", "already", "refused_port", "unreachable"],
    "reset": ["done", "invalid_state", "invalid_state", "invalid_state", "refused_port", "unreachable"],
    "cycle": ["done", "invalid_state", "invalid_state", "invalid_state", "refused_port", "unreachable"],
}
AFTER = {"on": "on", "off": "off", "reset": "on", "cycle": "on"}


def each_verb_in_each_state_sends_its_value_or_nothing(box):
    """24 cells and five for reading, each with a device of its own; whatever is said to a device is heard by a relay."""
    cells = [(verb, state) for verb in MATRIX for state in STATES]
    fleet = Fleet(box, len(cells), *PLAIN, add=False, settings={"act-tries": 1})
    relays = {}
    with contextlib.ExitStack() as stack:
        for i, (verb, state) in enumerate(cells, 1):
            if state == "closed":
                fleet.fault("refuse", i)
            elif state == "silent":
                fleet.fault("syn-drop", i)
            else:
                fleet.force(i, state)
                relays[i] = stack.enter_context(Relay(box.address(100 + i), box.address(i)))
            fleet.add(i, amt=box.address(100 + i if i in relays else i), folder=f"/{verb}/")
        jobs = {verb: fleet.start(verb, f"/{verb}/", confirm=len(STATES)) if verb in ("off", "reset", "cycle")
                else fleet.start(verb, f"/{verb}/") for verb in MATRIX}
        ended = {verb: fleet.end(number) for verb, number in jobs.items()}
        for i, (verb, state) in enumerate(cells, 1):
            act, wanted = ended[verb].acts[f"pc{i}"], MATRIX[verb][STATES.index(state)]
            what = f"{verb} in state {state}: {act}"
            equal(act["state"] if act["state"] in ("done", "already") else act["reason"], wanted, what)
            check(wanted in ("done", "already") or (act["state"] == "failed" and act["next"]), what)
            if i in relays:
                orders = [ORDERS[verb]] if verb in ORDERS and wanted == "done" else []
                equal(relays[i].orders(), orders, f"values on the wire for {verb} in state {state}")
                equal(act["power_after" if verb == "status" else "power_before"], state, what)
            if i in relays and verb in AFTER:
                fleet.until_state(i, AFTER[verb] if wanted == "done" else state)
        for verb in ORDERS:
            fleet.check_truth(ended[verb])


def the_state_that_was_read_is_shown_with_its_age(box):
    fleet = Fleet(box, 4, *PLAIN)
    equal(fleet.server.get("/devices/pc1")["power"], None, "before anything was read")
    for i, state in enumerate(("on", "sleep", "hibernate", "off"), 1):
        fleet.force(i, state)
    equal(fleet.power("status")["done"], 4)
    shown = {d["name"]: d for d in fleet.server.items("/devices")}
    equal([shown[f"pc{i}"]["power"] for i in (1, 2, 3, 4)], ["on", "sleep", "hibernate", "off"])
    for device in shown.values():
        check(device["power_seen"] and device["last_seen"] and device["last_result"] == "ok", device)
    equal([d["name"] for d in fleet.server.items("/devices?power=sleep")], ["pc2"])


def the_outcome_is_what_is_observed(box):
    """M136: the first request is lost; the controller is slow in S5; it says 0 and does nothing."""
    fleet = Fleet(box, 4, *PLAIN, settings={"observe-time": "5s"})
    fleet.fault("close-mid-request", 1, on="read", times=1)
    fleet.fault("refuse", 2, times=1)
    fleet.fault("reply-after-timeout", 3, on="read", after="3s")
    fleet.fault("lie", 4)
    job = fleet.power("on")
    equal(job.states(), {"pc1": "done", "pc2": "done", "pc3": "done", "pc4": "failed"})
    equal(job.acts["pc4"]["reason"], "no_change")
    for name in ("pc1", "pc2", "pc3"):
        equal(job.acts[name]["evidence"], "observed", name)
        equal(len(fleet.obeyed()[name]), 1, f"orders that {name} obeyed")


def a_slow_controller_of_a_computer_that_is_off_is_waited_for(box):
    fleet = Fleet(box, 2, *PLAIN, "--delay", "s5")
    job = fleet.power("on")
    equal(job.states(), {"pc1": "done", "pc2": "done"})
    fleet.check_truth(job)


def a_redirection_session_blocks_off_and_cycle_alone(box):
    fleet = Fleet(box, 3, *PLAIN, "--power", "on")
    fleet.sim.ctl("session", "--all", "open")
    for i, (verb, outcome) in enumerate((("off", ("failed", "session_open")), ("cycle", ("failed", "session_open")),
                                         ("reset", ("done", None))), 1):
        job = fleet.power(verb, f"pc{i}")
        equal(job.outcome(f"pc{i}"), outcome, verb)
        fleet.check_truth(job)
    contains(fleet.server.acts(1)["pc1"]["next"], "close the KVM, SOL or IDE-R session")
    fleet.sim.ctl("session", "--all", "close")
    equal(fleet.power("off", "pc1")["done"], 1)


def a_busy_device_is_asked_again_as_the_same_act(box):
    fleet = Fleet(box, 1, *PLAIN)
    fleet.fault("return-value-4099", 1, times=2)
    job = fleet.power("on")
    equal(job.outcome("pc1"), ("done", None))
    equal(job.acts["pc1"]["attempt"], 3)
    fleet.check_truth(job)


def every_generation_of_firmware_is_switched(box):
    """Twelve generations: those that speak WS-Management, plain or TLS; 2.6 does not and says so."""
    fleet = Fleet(box, 13, "--profile", "mixed", add=False)
    versions = {}
    for i, device in enumerate(fleet.sim.ctl("list"), 1):
        versions[f"pc{i}"] = device["version"]
        fleet.add(i, old_tls=device["tls"] and not device["plain"])
    check(len(set(versions.values())) > 8, f"the simulator mixes {set(versions.values())}")
    for verb in ("on", "reset", "cycle", "off"):
        before = fleet.obeyed()
        job = fleet.power(verb, "/lab/", **({} if verb == "on" else {"confirm": 13}))
        for name, act in job.acts.items():
            wanted = ("failed", "too_old") if versions[name].startswith("2.") else ("done", None)
            equal((act["state"], act["reason"]), wanted, f"{verb} on {versions[name]}: {act}")
        fleet.check_truth(job, before)
        until(lambda: all(d["power"] == AFTER[verb] for d in fleet.sim.ctl("list") if not d["version"].startswith("2.")),
              f"all are {AFTER[verb]} after {verb}")


harness.main(
    each_verb_in_each_state_sends_its_value_or_nothing,
    the_state_that_was_read_is_shown_with_its_age,
    the_outcome_is_what_is_observed,
    a_slow_controller_of_a_computer_that_is_off_is_waited_for,
    a_redirection_session_blocks_off_and_cycle_alone,
    a_busy_device_is_asked_again_as_the_same_act,
    every_generation_of_firmware_is_switched,
    at_once=4,
)
