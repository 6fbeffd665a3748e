"""Stopping and killing a server that has work under way: nothing is lost, nothing is done twice."""

import signal

import harness
from harness import check, equal


def set_up(box, devices, *args):
    sim = box.sim(devices, "--profile", "11.8", *args)
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    for i in range(1, devices + 1):
        server.post("/devices", name=f"desk-{i}", amt=box.address(i), credential="lab")
    return server, sim


def sent_acts(server, number):
    return [a for a in server.items(f"/jobs/{number}/acts") if a["state"] in ("sent", "doubt")]


def until_sent(sim):
    """The device has obeyed (and, by a fault, says nothing of it)."""
    while not sim.ctl("wire"):
        pass


def an_order_on_its_way_is_not_repeated_after_a_stop(box):
    server, sim = set_up(box, 1, "--power", "on")
    sim.ctl("fault", "--kind", "act-no-reply", "--share", "100%", "--on", "act")
    job = server.post("/power", verb="reset", targets=["desk-1"])["job"]
    until_sent(sim)
    equal(server.stop(), 0, "exit status")
    again = box.lampd()
    act = again.acts(job)["desk-1"]
    check(act["state"] in ("sent", "doubt", "unknown"), act)
    equal(again.stop(), 0)
    equal(len(sim.ctl("wire")), 1, "resets that the device obeyed")


def a_second_signal_ends_it_at_once(box):
    server, sim = set_up(box, 1, "--power", "on")
    sim.ctl("fault", "--kind", "act-no-reply", "--share", "100%", "--on", "act")
    server.post("/power", verb="reset", targets=["desk-1"])
    until_sent(sim)
    server.popen.send_signal(signal.SIGTERM)
    while "stopping" not in server.log_text():
        pass
    equal(server.stop(), 1, "exit status of a server that was told twice")


def a_killed_server_goes_on_with_what_it_had(box):
    server, sim = set_up(box, 30)
    job = server.post("/power", verb="on", all=True)["job"]
    server.kill()
    again = box.lampd()
    end = again.job_end(job)
    equal((end["total"], end["open"], end["done"] + end["already"] + end["unknown"]), (30, 0, 30))
    equal(len(sim.ctl("wire")) <= 30, True, "orders that the devices obeyed")


def a_stream_ends_with_its_server(box):
    server = box.lampd()
    stream = server.events()
    equal(server.stop(), 0)
    equal(list(stream), [], "events of a server that has gone")


harness.main(
    an_order_on_its_way_is_not_repeated_after_a_stop,
    a_second_signal_ends_it_at_once,
    a_killed_server_goes_on_with_what_it_had,
    a_stream_ends_with_its_server,
)
