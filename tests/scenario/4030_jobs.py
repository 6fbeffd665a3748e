"""Orders to many devices: who is meant, what is asked first, what can still be stopped, and what scripts rely on."""

import json

import harness
from fleet import Fleet, until
from harness import check, contains, equal

PLAIN = ("--profile", "11.8")


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def targets_are_names_folders_tags_files_and_the_input(box):
    fleet = Fleet(box, 6, *PLAIN, add=False)
    for i, folder in enumerate(("/a/", "/a/", "/a/b/", "/c/", "/c/", "/c/"), 1):
        fleet.add(i, folder=folder, tags=["kiosk"] if i in (2, 5) else [])
    listed = box.write("list", "# the left row\npc1\n\n/c/\npc4\n")
    for args, text, names in (
        (["pc3"], None, [3]),
        (["pc3", "pc1", "pc3"], None, [3, 1]),
        (["/a/"], None, [1, 2, 3]),
        (["/a/b/", "tag:kiosk", "pc2"], None, [2, 3, 5]),
        (["--all"], None, [1, 2, 3, 4, 5, 6]),
        (["--targets-file", listed], None, [1, 4, 5, 6]),
        (["pc2", "--targets-file", "-"], "pc1\ntag:kiosk\n", [1, 2, 5]),
    ):
        said = lines(fleet.lamp("power", "status", *args, "--wait", "--json", text=text))
        equal(sorted(line["device"] for line in said if "device" in line), sorted(f"pc{i}" for i in names), args)
        equal((said[-1]["total"], said[-1]["done"], said[-1]["state"]), (len(names), len(names), "final"), args)


def what_is_unknown_is_named_and_nothing_is_done(box):
    fleet = Fleet(box, 2, *PLAIN)
    for target in ("nobody", "/nowhere/", "tag:none"):
        refused = fleet.lamp("power", "on", "pc1", target, "pc2", "--wait", status=1)
        contains(refused.stderr, f'"{target}" does not exist')
        equal(refused.stdout, "")
    equal(fleet.server.items("/jobs"), [])
    equal(fleet.sim.ctl("stats")[0]["connects"], 0, "connections")


def exit_codes_say_how_it_went(box):
    with harness.socket.socket() as probe:
        probe.bind((box.address(200), 0))
        port = probe.getsockname()[1]
    fleet = Fleet(box, 2, *PLAIN, listen=f"{box.address(200)}:{port}")
    fleet.fault("refuse", 2)
    fleet.set(act_tries=1)
    fleet.lamp("power", "on", "pc1", "--wait", status=0)
    fleet.lamp("power", "on", "pc1", "--wait", status=0)  # already
    fleet.lamp("power", "status", "pc1", "pc2", "--wait", status=1)
    for args in (["power"], ["power", "jump", "--frequency", "2"], ["power", "on", "pc1", "--deadline"], ["pwer", "on"]):
        contains(fleet.lamp(*args, status=2).stderr, "lamp: ", args)
    contains(fleet.lamp("power", "jump", "pc1", status=1).stderr, "none of on, off, reset, cycle, status")
    nobody = {"LAMP_SERVER": "unix:" + box.path("nothing.sock")}
    contains(box.run("lamp", "power", "on", "pc1", env=nobody, status=3).stderr, "check that lampd runs")
    # Keys and certificates are made behind "ready".
    harness.ssl.get_server_certificate((box.address(200), port), timeout=harness.DEADLINE)
    token = fleet.server.post("/tokens", name="wall", role="viewer")["token"]
    viewer = {"LAMP_SERVER": f"https://{box.address(200)}:{port}", "LAMP_CA": fleet.server.folder + "/ca.pem",
              "LAMP_TOKEN_FILE": box.write("token", token + "\n")}
    equal(lines(box.run("lamp", "device", "list", "--json", env=viewer, status=0))[0]["name"], "pc1")
    contains(box.run("lamp", "power", "off", "pc1", env=viewer, status=4).stderr, "has no right power.switch")
    equal(fleet.state(1), "on")


def the_last_line_of_a_json_stream_is_the_sums(box):
    fleet = Fleet(box, 5, *PLAIN)
    fleet.set(act_tries=1)
    fleet.force(2, "on")
    fleet.fault("refuse", 3)
    fleet.server.post("/devices", name="bare", folder="/lab/")
    said = lines(fleet.lamp("power", "on", "/lab/", "--wait", "--json", status=1))
    sums = said[-1]
    equal([sums[k] for k in ("verb", "state", "total", "open", "done", "already", "failed", "unknown", "cancelled",
                             "expired", "skipped")], ["on", "final", 6, 0, 3, 1, 2, 0, 0, 0, 0])
    equal({line["device"]: line["state"] for line in said if "device" in line},
          {"pc1": "done", "pc2": "already", "pc3": "failed", "pc4": "done", "pc5": "done", "bare": "failed"})
    equal(lines(fleet.lamp("job", "show", str(sums["job"]), "--json")), [sums], "the job afterwards")
    text = fleet.lamp("power", "on", "/lab/", "--wait", status=1).stdout
    contains(text.splitlines()[-1], "6 devices, 4 already, 2 failed")


def many_are_confirmed_by_their_number(box):
    fleet = Fleet(box, 20, *PLAIN, "--power", "on")
    for i in (1, 2):
        fleet.server.patch(f"/devices/pc{i}", folder="/two/")
    for verb in ("off", "reset", "cycle"):
        refused = fleet.server.post("/power", expect=409, verb=verb, targets=["/lab/"])
        equal((refused["error"], refused["expected"]), ("confirm", 18), verb)
        wrong = fleet.server.post("/power", expect=409, verb=verb, targets=["/lab/"], confirm=17)
        equal((wrong["error"], wrong["expected"]), ("confirm", 18), verb)
        contains(fleet.lamp("power", verb, "/lab/", status=1).stderr, "nothing was done")
    equal(fleet.server.items("/jobs"), [])
    equal(fleet.sim.ctl("wire"), [])
    equal(fleet.power("reset", "/two/")["done"], 2, "a tenth of the zone is not many")
    equal(fleet.power("reset", "pc3")["done"], 1, "one device is never many")
    equal(fleet.power("on")["already"], 20, "on is not asked about")
    equal(fleet.power("reset", "/lab/", confirm=18)["done"], 18)
    equal(lines(fleet.lamp("power", "off", "--all", "--yes", "--wait", "--json"))[-1]["done"], 20)
    equal(len(fleet.sim.ctl("wire")), 2 + 1 + 18 + 20)


def the_server_s_own_computer_comes_last(box):
    """M133: twenty devices and the computer that the server runs on."""
    fleet = Fleet(box, 21, *PLAIN, "--power", "on", "--delay", "fast")
    fleet.server.patch("/devices/pc7", protected=True)
    job = fleet.power("reset", confirm=20)
    equal((job["done"], job["skipped"]), (20, 1))
    equal(job.outcome("pc7"), ("skipped", "protected"))
    equal(fleet.count(7, "connects"), 0, "connections to the protected one")
    fleet.sim.ctl("reset-counters")
    fleet.fault("slow", 3, on="act", times=1)  # the others are final before the server's turn, also a late one
    fleet.set(in_doubt_drain="1s", in_doubt_settle="1s")
    job = fleet.power("reset", confirm=21, include_protected=True)
    equal((job["done"], job["unknown"]), (20, 1))
    equal(job.outcome("pc7"), ("done", None))
    orders = fleet.sim.ctl("wire")
    equal((len(orders), orders[-1]["device"]), (21, box.address(7)), "the order of orders")
    ended = max(act["ended"] for name, act in job.acts.items() if name != "pc7")
    check(job.acts["pc7"]["sent"] >= ended, f"sent {job.acts['pc7']['sent']}, the last other ended {ended}")


def a_key_gives_the_same_job_again(box):
    fleet = Fleet(box, 2, *PLAIN, "--power", "on")
    first = fleet.start("reset", "pc1", key="morning")
    equal(fleet.start("reset", "pc1", key="morning"), first, "job of the same key")
    fleet.end(first)
    equal(fleet.start("reset", "pc1", key="morning"), first, "job of the same key afterwards")
    equal(fleet.server.post("/power", expect=409, verb="off", targets=["pc1"], key="morning")["error"], "conflict")
    check(fleet.power("reset", "pc2", key="evening")["job"] != first, "another key, another job")
    equal([line["device"] for line in fleet.sim.ctl("wire")], [box.address(1), box.address(2)])


def what_waits_longer_than_its_deadline_expires(box):
    fleet = Fleet(box, 3, *PLAIN, settings={"in-flight-zone": 1})
    fleet.fault("hang", 1)
    job = fleet.power("on", "pc1", "pc2", "pc3", deadline=2000)
    equal(job.outcome("pc2"), ("expired", "expired"))
    equal(job.outcome("pc3"), ("expired", "expired"))
    equal(job.outcome("pc1"), ("failed", "no_answer"))
    equal((fleet.count(2, "connects"), fleet.count(3, "connects")), (0, 0))
    equal(fleet.sim.ctl("wire"), [])
    for text in ("0s", "25h", "soon"):
        fleet.lamp("power", "on", "pc1", "--deadline", text, status=2 if text == "soon" else 1)


def what_is_not_sent_can_be_cancelled(box):
    """M135: one order is on its way, the others wait for their turn."""
    fleet = Fleet(box, 6, *PLAIN, settings={"in-flight-zone": 1, "in-doubt-drain": "1s", "in-doubt-settle": "5s"})
    fleet.fault("act-no-reply", 1)
    number = fleet.start("on")
    until(lambda: fleet.sim.ctl("wire"), "the first order is obeyed")
    cancelled = json.loads(fleet.lamp("job", "cancel", str(number), "--json").stdout)
    equal((cancelled["state"], cancelled["open"] >= 1), ("cancelling", True))
    equal(fleet.server.get(f"/jobs/{number}")["state"], "cancelling", "while the first one is observed")
    job = fleet.end(number)
    equal(job.states(), {"pc1": "done", **{f"pc{i}": "cancelled" for i in range(2, 7)}})
    equal(job.acts["pc1"]["evidence"], "observed")
    equal(len(fleet.sim.ctl("wire")), 1)
    equal([fleet.count(i, "requests") for i in range(2, 7)], [0] * 5, "requests to those that were cancelled")
    equal(fleet.server.post(f"/jobs/{number}/cancel")["state"], "final", "cancelling what has ended")
    fleet.clear()
    equal(fleet.power("on", "pc2")["done"], 1, "a cancelled one can be ordered again")


def what_reads_when_it_is_cancelled_is_not_sent(box):
    fleet = Fleet(box, 3, *PLAIN, "--delay", "1500")
    number = fleet.start("on")
    until(lambda: fleet.sim.ctl("stats")[0]["requests"] >= 3, "all are being asked")
    fleet.server.post(f"/jobs/{number}/cancel")
    equal(set(fleet.end(number).states().values()), {"cancelled"})
    equal(fleet.sim.ctl("wire"), [])


def a_hold_stops_every_order_at_once(box):
    """R10: zone, folder and device; what only reads goes on."""
    fleet = Fleet(box, 4, *PLAIN, "--delay", "1500")
    fleet.server.patch("/devices/pc4", folder="/lab/deep/")
    for target, stopped in (("zone", {1, 2, 3, 4}), ("/lab/", {1, 2, 3, 4}), ("/lab/deep/", {4}), ("pc2", {2})):
        fleet.sim.ctl("reset-counters")
        number = fleet.start("on")
        until(lambda: fleet.sim.ctl("stats")[0]["requests"] >= 4, "all are being asked")
        fleet.lamp("hold", "add", target, "--note", "fire alarm")
        held = {f"pc{i}" for i in stopped}
        job = fleet.end(number)
        for name, act in job.acts.items():
            wanted = ("cancelled", "held") if name in held else ("done", None)
            equal((act["state"], act["reason"]), wanted, f"{name} under a hold of {target}")
        equal(set(fleet.obeyed()), {f"pc{i}" for i in range(1, 5)} - held, f"who obeyed under a hold of {target}")
        equal(fleet.power("on", f"pc{max(stopped)}").outcome(f"pc{max(stopped)}"), ("cancelled", "held"))
        equal(fleet.power("status", f"pc{max(stopped)}")["done"], 1, "reading goes on")
        fleet.lamp("hold", "remove", target, "--yes")
        fleet.sim.ctl("power", "--all", "off")
    equal(fleet.server.items("/holds"), [])
    equal(fleet.power("on", "pc2")["done"], 1, "after the hold")


def one_device_has_one_order_at_a_time(box):
    fleet = Fleet(box, 1, *PLAIN, "--power", "on", "--delay", "200")
    numbers = [fleet.start("reset", "pc1") for _ in range(5)]
    for number in numbers:
        equal(fleet.end(number)["done"], 1)
    orders = fleet.sim.ctl("wire")
    equal(len(orders), 5)
    equal(len({line["message_id"] for line in orders}), 5, "MessageIDs")
    acts = sorted((fleet.server.acts(n)["pc1"] for n in numbers), key=lambda act: act["sent"])
    for earlier, later in zip(acts, acts[1:]):
        check(earlier["ended"] <= later["sent"], f"{later['id']} was sent before {earlier['id']} had ended")


def many_at_once_keep_to_their_bound(box):
    """M134: the zone's bound and the one of a /24, as the devices see them."""
    fleet = Fleet(box, 120, *PLAIN, "--power", "on", "--delay", "200")
    for name in ("in-flight-zone", "in-flight-subnet"):
        fleet.server.put(f"/settings/{name}", value="10")
        number, most = fleet.start("reset", confirm=120), 0
        while fleet.server.get(f"/jobs/{number}")["state"] != "final":
            most = max(most, fleet.sim.ctl("stats")[0]["open"])
        equal(fleet.end(number)["done"], 120)
        check(5 < most <= 10, f"{most} connections at once with {name} 10")
        fleet.server.delete(f"/settings/{name}")


def a_subnet_that_is_down_is_tried_once_at_a_time(box):
    """The breaker: what waits says so, and goes on by itself when a device answers again."""
    fleet = Fleet(box, 30, *PLAIN)
    fleet.set(breaker_pause="1s")
    fleet.fault("refuse")
    equal({act["reason"] for act in fleet.power("status").acts.values()}, {"refused_port"})
    number = fleet.start("status")
    until(lambda: fleet.server.get(f"/jobs/{number}")["failed"] >= 2, "two tries while it is down")
    acts = fleet.server.acts(number)
    waiting = [act for act in acts.values() if act["state"] == "queued"]
    check(len(waiting) >= 20, f"{len(waiting)} of 30 wait")
    equal({act["reason"] for act in waiting}, {"subnet_down"})
    contains(waiting[0]["message"], f"waits for the breaker of {box.net}.0/24: ")
    metrics = fleet.server.request("GET", "/metrics").text
    contains(metrics, "\nlampd_breakers_open 1\n")
    fleet.clear()
    job = fleet.end(number)
    check(2 <= job["failed"] <= 10, f"{job['failed']} devices were tried while the subnet was down")
    equal(job["done"], 30 - job["failed"])
    contains(fleet.server.request("GET", "/metrics").text, "\nlampd_breakers_open 0\n")
    # What expires meanwhile says why.
    fleet.fault("refuse")
    fleet.power("status")
    fleet.set(breaker_pause="1h")
    expired = fleet.power("status", deadline=2000)
    equal({act["reason"] for act in expired.acts.values() if act["state"] == "expired"}, {"subnet_down"})


harness.main(
    targets_are_names_folders_tags_files_and_the_input,
    what_is_unknown_is_named_and_nothing_is_done,
    exit_codes_say_how_it_went,
    the_last_line_of_a_json_stream_is_the_sums,
    many_are_confirmed_by_their_number,
    the_server_s_own_computer_comes_last,
    a_key_gives_the_same_job_again,
    what_waits_longer_than_its_deadline_expires,
    what_is_not_sent_can_be_cancelled,
    what_reads_when_it_is_cancelled_is_not_sent,
    a_hold_stops_every_order_at_once,
    one_device_has_one_order_at_a_time,
    many_at_once_keep_to_their_bound,
    a_subnet_that_is_down_is_tried_once_at_a_time,
    at_once=3,
)
