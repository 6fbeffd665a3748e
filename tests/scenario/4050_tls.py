"""Devices that speak TLS: pinned at the first contact, never plain afterwards, old protocols only where that was said."""

import harness
from fleet import Fleet, Relay
from harness import check, contains, equal

NEW = ("--profile", "16.1")  # TLS 1.2 and nothing plain
OLD = ("--profile", "11.8", "--tls", "on")  # TLS 1.0 and 1.1


def logins(fleet, host):
    """How many requests a device read: none means that nothing made from the password was sent to it."""
    return fleet.count(host, "requests")


def the_certificate_is_learned_and_another_one_refused(box):
    fleet = Fleet(box, 3, *NEW, "--power", "on")
    equal(fleet.power("status")["done"], 3)
    for i in (1, 2, 3):
        shown = fleet.server.get(f"/devices/pc{i}")
        equal(shown["pin"].lower().replace(":", ""), fleet.sim.ctl("pin", box.address(i))[0]["pin"].lower(), "pin")
    equal(fleet.server.stop(), 0)  # a connection that is open shows its certificate no second time
    fleet.fault("tls-changed-certificate", 1)
    fleet.fault("tls-appended-chain", 2)
    fleet.server = box.lampd()
    fleet.sim.ctl("reset-counters")
    job = fleet.power("reset", confirm=3)
    for name in ("pc1", "pc2"):
        equal(job.outcome(name), ("failed", "tls_pin"), name)
        contains(job.acts[name]["next"], "lamp device repin")
    equal(job.outcome("pc3"), ("done", None))
    equal((logins(fleet, 1), logins(fleet, 2)), (0, 0), "requests to devices with another certificate")
    check(fleet.count(1, "handshakes") >= 1, "it was the certificate that was refused")
    equal(set(fleet.obeyed()), {"pc3"})
    for i in (1, 2):
        fleet.lamp("device", "repin", f"pc{i}", "--yes")
    equal(fleet.power("reset", confirm=3)["done"], 3, "after a person accepted them")


def old_tls_is_spoken_only_where_it_was_allowed(box):
    fleet = Fleet(box, 3, *OLD, "--power", "on", add=False, settings={"act-tries": 1})
    fleet.add(1)
    fleet.add(2, old_tls=True)
    fleet.add(3, tls="require")
    job = fleet.power("status")
    for name in ("pc1", "pc3"):
        equal(job.outcome(name), ("failed", "tls_failed"), name)
        contains(job.acts[name]["next"], "old-tls")
    equal(job.outcome("pc2"), ("done", None))
    equal((logins(fleet, 1), logins(fleet, 3)), (0, 0), "requests before the handshake")
    equal(fleet.power("reset", "pc2")["done"], 1)
    fleet.server.patch("/devices/pc1", old_tls=True)
    equal(fleet.power("status", "pc1")["done"], 1)


def a_device_that_showed_tls_is_never_asked_in_plain(box):
    """Its TLS port is closed and a plain one opened, as after an attack or a reset of its settings: nothing goes there."""
    fleet = Fleet(box, 2, "--profile", "15", "--tls", "both", "--power", "on", add=False, settings={"act-tries": 1})
    fleet.add(1, tls="require")
    equal(fleet.power("status")["done"], 1)
    fleet.server.patch("/devices/pc1", tls="auto")
    with Relay(box.address(101), box.address(1)) as plain:  # only 16992 is there
        fleet.server.patch("/devices/pc1", amt=box.address(101))
        for verb in ("status", "off"):
            job = fleet.power(verb, "pc1")
            equal((job.acts["pc1"]["state"], job.acts["pc1"]["reason"]), ("failed", "refused_port"), verb)
        equal((plain.connects, bytes(plain.heard)), (0, b""), "what went to the plain port")
    equal(fleet.sim.ctl("wire"), [])


def tls_that_is_required_is_not_done_without(box):
    fleet = Fleet(box, 2, "--profile", "11.8", add=False, settings={"act-tries": 1})
    fleet.add(1, tls="require")
    fleet.add(2)
    job = fleet.power("on")
    check(job.outcome("pc1") in (("failed", "tls_required"), ("failed", "refused_port")), job.acts["pc1"])
    equal(job.outcome("pc2"), ("done", None))
    equal(logins(fleet, 1), 0)


def what_goes_wrong_in_a_handshake_is_named(box):
    """Names and dates are the device's own and prove nothing: it is the pin that counts."""
    kinds = ("tls-alert", "tls-1.0-only", "tls-wrong-name", "tls-expired", "tls-not-yet-valid")
    fleet = Fleet(box, len(kinds) + 1, *NEW, settings={"act-tries": 1})
    for i, kind in enumerate(kinds, 1):
        fleet.fault(kind, i)
    job = fleet.power("on")
    for i, kind in enumerate(kinds, 1):
        act = job.acts[f"pc{i}"]
        if kind in ("tls-alert", "tls-1.0-only"):
            equal((act["state"], act["reason"]), ("failed", "tls_failed"), f"{kind}: {act}")
            equal(logins(fleet, i), 0, f"requests after {kind}")
        else:
            equal(act["state"], "done", f"{kind}: {act}")
    equal(job.outcome(f"pc{len(kinds) + 1}"), ("done", None))
    fleet.check_truth(job)


harness.main(
    the_certificate_is_learned_and_another_one_refused,
    old_tls_is_spoken_only_where_it_was_allowed,
    a_device_that_showed_tls_is_never_asked_in_plain,
    tls_that_is_required_is_not_done_without,
    what_goes_wrong_in_a_handshake_is_named,
)
