#!/usr/bin/python3
"""run - MeshCentral's own modules (npm, pinned) use simulated devices of each firmware, plain and by TLS; its scanner
finds exactly those that answer pings. The environment: MODULES, a folder where the modules are kept between runs."""
import json
import os
import re

import simulator
import thirdparty
from simulator import PASSWORD
from thirdparty import equal, row

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.abspath(os.environ["MODULES"])
# What drive.js asks for and a device obeys, once each, and what that boots into by choice.
VERBS = [("on", None), ("reset", None), ("cycle", None), ("off", None), ("on", "bios"), ("off", None), ("on", "pxe"),
         ("off", None), ("on", "disk"), ("off", None), ("on", None)]

# Firmware, with its version, by plain HTTP (where it has that) and by TLS.
DRIVEN = {"7.1": "7.1", "8.1": "8.1", "9.5": "9.5", "11.8": "11.8", "11.8-notebook": "11.8", "12": "12.0", "15": "15.0",
          "15-notebook": "15.0", "16.1": "16.1", "18": "18.0"}
TLS_ONLY = {"16.1", "18"}

# What MeshCentral itself cannot do, seen to fail where it says so.
CANNOT = {
    "5.2": "amtmanager.js drops a device without IPS_HostBasedSetupService, which came with AMT 6.2",
    "2.6": "its modules speak WS-Management only, which came with AMT 3.0",
}

# Its scanner ignores the version of 16.1 and later (bytes 22 and 23 of the pong) and knows none of 5.x; 2.6 is silent.
# TLS is said where port 16993 or both ports are open.
PONGS = {"5.2": "0.0", "7.1": "7.1", "8.1": "8.1", "9.5": "9.5", "11.8": "11.8", "11.8-notebook": "11.8", "12": "12.0",
         "15": "15.0", "15-notebook": "15.0", "16.1": "0.0", "18": "0.0"}
PRE_SETUP = {"5.2"}  # tells no state
BANNERS = {"2.6": "2.6.30", "5.2": "5.2.70", "7.1": "7.1.91", "8.1": "8.1.71", "9.5": "9.5.61", "11.8": "11.8.50",
           "11.8-notebook": "11.8.50", "12": "12.0.67", "15": "15.0.23", "15-notebook": "15.0.23", "16.1": "16.1.25",
           "18": "18.0.5"}


def drive(device, tls):
    return ["node", os.path.join(HERE, "drive.js"), MODULES, device["device"], "16993" if tls else "16992",
            str(int(tls)), PASSWORD, DRIVEN.get(device["profile"], device["version"])]


def rows_of(name, text):
    """The lines of one run as rows of our own."""
    lines = re.findall(r"^(ok|not ok) \d+ - (.*)\n((?:#.*\n)*)", text, re.M)
    return [row(f"{name}: {sentence}", equal, ok, "ok", detail) for ok, sentence, detail in lines] + [
        row(f"{name}: ran to its end", equal, re.findall(r"^1\.\.(\d+)$", text, re.M), [str(len(lines))], text[-2000:])]


def drive_all(sim, tls):
    """All at once: most of the time MeshCentral waits half a second before it connects again."""
    devices = {d["profile"]: d for d in sim.ctl("list")}
    transport = "TLS" if tls else "plain"
    chosen = [p for p in DRIVEN if tls or p not in TLS_ONLY]
    rows = []
    for profile, (_, text) in zip(chosen, thirdparty.run_together([drive(devices[p], tls) for p in chosen])):
        acts = [(line["act"], line["boot"]) for line in sim.ctl("wire", device=devices[profile]["device"])]
        rows += rows_of(f"{profile} {transport}", text)
        rows.append(row(f"{profile} {transport}: each action was obeyed once", equal, acts, VERBS))
        told = sim.ctl("list", device=devices[profile]["device"])[0]
        rows.append(row(f"{profile} {transport}: no boot choice is left", equal,
                        (told["booted"], told["boot_next"], told["boot_set"]), ("default", None, False)))
    for profile, why in CANNOT.items():
        _, text = thirdparty.run(*drive(devices[profile], tls))
        rows.append(row(f"{profile} {transport}: no first contact: {why}", equal,
                        re.findall(r"^(?:not )?ok.*", text, re.M), ["not ok 1 - first contact"], text[-2000:]))
    return rows


def scanner(what, *targets):
    status, text = thirdparty.run("node", os.path.join(HERE, "scan.js"), MODULES, what, *targets)
    equal(status, 0, text)
    return json.loads(text)


def scan_finds(sim, tls):
    net = sim.address.rsplit(".", 1)[0] + ".0/27"
    found = scanner("scan", net)[net]
    wanted = {}
    for d in sim.ctl("list"):
        if version := PONGS.get(d["profile"]):
            wanted[d["device"]] = {"ver": version, "tls": int(tls or d["profile"] in TLS_ONLY), "hosttype": "addr",
                                   "state": 0 if d["profile"] in PRE_SETUP else 2, "hostname": d["device"]}
    equal(found, wanted)


def probe_reads_versions(sim, tls):
    wanted = {}
    for d in sim.ctl("list"):
        open_port = tls or d["profile"] not in TLS_ONLY
        wanted[f"{d['device']}:{16993 if tls else 16992}"] = BANNERS[d["profile"]] if open_port else None
    equal(scanner("probe", *wanted), wanted)


def main():
    thirdparty.need("node", "npm", "openssl", "tar")
    thirdparty.need_port_623()
    thirdparty.fetch_meshcentral(MODULES)
    options = ("--rmcp-port", "623", "--audit", "on")
    with thirdparty.simulate(*options, devices=12) as plain, \
            thirdparty.simulate(*options, "--tls", "on", devices=12) as tls:
        simulator.run([
            row("amtscanner finds those that answer pings", scan_finds, plain, False),
            row("amtscanner finds those that answer pings, with TLS", scan_finds, tls, True),
            row("amtscanner reads the version of each web server", probe_reads_versions, plain, False),
            row("amtscanner reads the version of each web server by TLS", probe_reads_versions, tls, True),
            *drive_all(plain, False), *drive_all(tls, True)])


main()
