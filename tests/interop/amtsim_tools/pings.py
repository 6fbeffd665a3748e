#!/usr/bin/python3
"""pings - FreeIPMI's rmcpping counts the pongs of each firmware, and nmap's probe says open where a device answers.

Which firmware answers is what the Intel AMT guide says: none before 4.0, unconfigured ones from 6.1 on, and for 16.1
and later no source is clear, so that a setting decides."""
import re

import simulator
import thirdparty
from thirdparty import equal, row

PROFILES = ["2.6", "5.2", "7.1", "8.1", "9.5", "11.8", "11.8-notebook", "12", "15", "15-notebook", "16.1", "18"]
SILENT = {"smb": {"2.6"}, "factory": {"2.6", "5.2"}, "no-ping-16": {"2.6", "16.1", "18"}}
OPTIONS = {"smb": [], "factory": ["--mode", "factory"], "no-ping-16": ["--set", "ping-16=0"]}


def ping_all(kind):
    """All firmware at once, two pings each: rmcpping waits a second between them."""
    with thirdparty.simulate("--rmcp-port", "623", *OPTIONS[kind], devices=len(PROFILES)) as sim:
        devices = sim.ctl("list")
        equal(sorted(d["profile"] for d in devices), sorted(PROFILES), "profiles")
        runs = thirdparty.run_together([["rmcpping", "-c", "2", "-t", "1", d["device"]] for d in devices])
        heard = {d["device"]: d["pings"] for d in sim.ctl("stats", each=True)}
    for device, (status, text) in zip(devices, runs):
        count = re.search(r"(\d+) pings transmitted, (\d+) pongs received in time", text)
        wanted = 0 if device["profile"] in SILENT[kind] else 2
        equal((status, count.groups()), (0 if wanted else 1, ("2", str(wanted))), device["profile"])
        equal(heard[device["device"]], 2, "pings heard by " + device["profile"])


def nmap_sees_open():
    with thirdparty.simulate("--rmcp-port", "623", devices=len(PROFILES)) as sim:
        devices = sim.ctl("list")
        outside = devices[0]["device"].rsplit(".", 1)
        outside = f"{outside[0]}.{int(outside[1]) + len(devices)}"
        _, text = thirdparty.run("nmap", "-sU", "-p623", "-n", "-Pn", "-oG", "-", outside,
                                 *[d["device"] for d in devices])
    said = dict(re.findall(r"Host: (\S+) .*Ports: 623/([^/]+)/udp", text))
    for device in devices:
        wanted = "open|filtered" if device["profile"] in SILENT["smb"] else "open"
        equal(said.get(device["device"]), wanted, device["profile"])
    equal(said.get(outside), "closed", "an address without a device")


thirdparty.need("rmcpping", "nmap")
thirdparty.need_port_623()
simulator.run([
    row("rmcpping hears each firmware from 4.0 on twice, and none before", ping_all, "smb"),
    row("rmcpping hears what is not set up from 6.1 on", ping_all, "factory"),
    row("rmcpping hears no 16.1 and later where the simulator is told so", ping_all, "no-ping-16"),
    row("nmap's probe says open for each device that answers, and closed where none is", nmap_sees_open),
])
