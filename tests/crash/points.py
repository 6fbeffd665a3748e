"""lampd dies at each place where something was just about to be on disk, or just was and nothing had followed from it.

For each of these places and each verb there is one device, one lampd with a folder of its own, and one order. lampd is
told where to die (LAMPD_CRASH, see zone/crash.h) and started again; then the same promises as in a storm must hold."""

import concurrent.futures
import http.client
import ipaddress
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import harness
from fleet import ORDERS, check_act
from harness import PASSWORD, check, equal

SETTINGS = {"in-doubt-drain": "1s", "in-doubt-settle": "5s", "observe-time": "10s"}
AT_ONCE = 12

# Where it dies (the job is counted for the first time when it is accepted, too), and what the device has to do for the
# act to come there.
PLACES = (("job", None), ("claim", None), ("sent", None), ("final", None), ("count:2", None),
          ("requeue", "return-value-4099"), ("doubt", "act-no-reply"))
CELLS = [(when + place, fault, verb) for place, fault in PLACES for when in ("before-", "after-") for verb in ORDERS]


def start(box, cell, **options):
    return box.lampd(data=f"zone{cell}", **options)


def prepare(box, sim, cell, fault, verb):
    server = start(box, cell)
    for name, value in SETTINGS.items():
        server.put(f"/settings/{name}", value=value)
    server.post("/credentials", name="lab", password=PASSWORD)
    server.post("/devices", name="pc", amt=box.address(cell), credential="lab")
    equal(server.stop(), 0)
    sim.ctl("power", box.address(cell), "off" if verb == "on" else "on")
    if fault:
        sim.ctl("fault", "--kind", fault, "--device", box.address(cell), "--times", "1")


def order(server, **body):
    """Whether it was accepted as far as anybody can know: the answer may not come."""
    try:
        return server.request("POST", "/api/v1/power", body).status == 200
    except (OSError, http.client.HTTPException):
        return False


def die_and_go_on(box, sim, cell, place, fault, verb):
    """The act as it ended (None: the order was not accepted), and what the device obeyed."""
    prepare(box, sim, cell, fault, verb)
    server = start(box, cell, env={"LAMPD_CRASH": place})
    accepted = order(server, verb=verb, targets=["pc"])
    server.dies(signal.SIGKILL)
    server = start(box, cell)
    jobs = server.items("/jobs")
    act = None
    check(jobs or not accepted, "the job is lost")
    if jobs:
        sums = server.job_end(jobs[0]["job"])
        act = server.acts(sums["job"])["pc"]
        equal((sums["total"], sums[act["state"]]), (1, 1), f"sums of a job whose act is {act['state']}")
    equal(server.stop(), 0)
    orders = [(line["act"], line["message_id"].upper()) for line in sim.ctl("wire", box.address(cell))]
    return act, orders


def judge(place, verb, logs, act, orders):
    if not act:  # accepted and claimed in one commit
        check(place in ("before-job", "before-claim") and not orders, f"no job; obeyed: {orders}")
        return
    check_act("pc", act, orders)
    left_in_doubt = place in ("after-sent", "before-final", "before-count:2", "before-doubt", "after-doubt", "before-requeue")
    may_be_unknown = not logs and left_in_doubt and verb in ("reset", "cycle")
    equal(act["state"], "unknown" if may_be_unknown and act["state"] == "unknown" else "done", act)


def every_point(box, logs):
    sim = box.sim(len(CELLS), "--profile", "11.8", "--audit", "on" if logs else "off")
    unknown, wrong = 0, []

    def one(cell):
        place, fault, verb = CELLS[cell - 1]
        try:
            act, orders = die_and_go_on(box, sim, cell, place, fault, verb)
            judge(place, verb, logs, act, orders)
            return act is not None and act["state"] == "unknown"
        except harness.Failed as e:
            wrong.append(f"{verb}, {place}: {e}")
            return False

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        unknown = sum(pool.map(one, range(1, len(CELLS) + 1)))
    print(f"# {len(CELLS)} crashes, {len(sim.ctl('wire'))} orders obeyed, {unknown} unknown, {len(wrong)} wrong", flush=True)
    check(not wrong, "; ".join(wrong))


def a_death_at_every_point_of_an_act(box):
    every_point(box, False)


def a_death_at_every_point_of_an_act_with_audit_logs(box):
    every_point(box, True)


def a_death_while_a_long_job_is_made(box):
    """More devices than one commit takes; the orders are held, so that the selection is all that there is to lose."""
    net = ipaddress.ip_network(box.wide_net())
    for when in ("before-slice:2", "after-slice"):
        server = box.lampd("--allow-net", str(net), data=when)
        server.post("/credentials", name="lab", password=PASSWORD)
        connection = harness.LocalConnection(server.socket)
        for i in range(1, 1101):
            server.request("POST", "/api/v1/devices", {"name": f"pc{i}", "amt": str(net[i]), "credential": "lab"},
                           connection=connection, expect=200)
        connection.close()
        server.post("/holds", target="zone")
        equal(server.stop(), 0)
        server = box.lampd(data=when, env={"LAMPD_CRASH": when})
        order(server, verb="reset", all=True, confirm=1100)
        server.dies(signal.SIGKILL)
        server = box.lampd(data=when)
        sums = server.job_end(server.items("/jobs")[0]["job"])
        equal((sums["total"], sums["cancelled"]), (1100, 1100), when)
        equal(len(server.acts(sums["job"])), 1100, "acts")


def a_death_while_a_scan_sees(box):
    sim = box.sim(40, "--profile", "mixed")
    for when in ("before", "after"):
        server = box.lampd(data=when, env={"LAMPD_CRASH": f"{when}-discovered:2"})
        scan = server.post("/scans", ranges=[box.net + ".0/24"])["id"]
        server.dies(signal.SIGKILL)
        server = box.lampd(data=when)
        events = server.events(f"?scan={scan}&from=0")
        while server.get(f"/scans/{scan}")["state"] in ("waiting", "running"):
            events.until(lambda ev: ev["kind"] == "scan")
        events.close()
        equal(server.get(f"/scans/{scan}")["state"], "done", f"the scan that went on, {when}")
        found = {d["address"] for d in server.items("/discovered")}
        equal(found, {d["device"] for d in sim.ctl("list")}, f"what was found, {when}")


harness.main(
    a_death_at_every_point_of_an_act,
    a_death_at_every_point_of_an_act_with_audit_logs,
    a_death_while_a_long_job_is_made,
    a_death_while_a_scan_sees,
)
