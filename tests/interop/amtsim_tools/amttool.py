#!/usr/bin/python3
"""amttool - the Debian client of the old SOAP interface looks at firmware before AMT 9 and switches it; what came after
does not know it."""
import simulator
import thirdparty
from simulator import PASSWORD
from thirdparty import contains, equal, row

OLD = {"2.6": "2.6.30", "5.2": "5.2.70", "7.1": "7.1.91", "8.1": "8.1.71"}
ORDERS = ("powerup", "reset", "powercycle", "powerdown")
ACTS = ["on", "reset", "cycle", "off"]


def amttool(device, command):
    return thirdparty.run("env", "AMT_PASSWORD=" + PASSWORD, "amttool", device, command, text="y\n")


def old_firmware_is_seen_and_switched(profile):
    with thirdparty.simulate("--profile", profile, "--set", "cycle-time=1", "--set",
                             "power-time=1") as sim:
        device = sim.ctl("list")[0]
        status, text = amttool(device["device"], "info")
        equal(status, 0, text)
        contains(text, f"AMT version:  {OLD[profile]}")
        contains(text, f"Hostname:     {device['name']}.")
        contains(text, "Powerstate:   S5 (soft-off)")
        contains(text, "SystemCapabilitiesSupported     powercycle powerdown powerup reset")
        contains(amttool(device["device"], "reset")[1], "pt_status: internal error")  # it is off
        for order in ORDERS:
            contains(amttool(device["device"], order)[1], "result: pt_status: success")
        equal([line["act"] for line in sim.ctl("wire")], ACTS)
        contains(amttool(device["device"], "info")[1], "Powerstate:   S5 (soft-off)")
        equal(sim.ctl("stats")[0]["acts_refused"], 1)


def newer_firmware_does_not_know_it():
    with thirdparty.simulate("--profile", "9.5") as sim:
        device = sim.ctl("list")[0]["device"]
        contains(amttool(device, "reset")[1], "result: soap failure")
        equal(sim.ctl("wire"), [])


thirdparty.need("amttool")
simulator.run([
    *[row(f"amttool reads and switches {profile}", old_firmware_is_seen_and_switched, profile) for profile in OLD],
    row("amttool finds nothing from 9.0 on", newer_firmware_does_not_know_it),
])
