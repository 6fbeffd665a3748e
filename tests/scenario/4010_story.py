"""Story 1: a computer is set up by hand in its MEBx, gets its SMB settings, and is switched."""

import json

import harness
from fleet import Fleet, Relay, localhost, until
from harness import PASSWORD, check, contains, equal

NEW = "N3w-P@ssword"


def mebx(box, sim, host, *more):
    """What a person does at the keyboard of one computer; the menus have the names of the vendor's."""
    return sim.ctl("mebx", box.address(host), "--password", "admin", "--new-password", NEW, "--mode", "smb", *more)


def last_line(done):
    return json.loads(done.stdout.splitlines()[-1])


def from_the_factory_to_switched_on_and_off(box):
    sim = box.sim(1, "--profile", "11.8", "--mode", "factory")
    server = box.lampd()
    box.write("new", NEW + "\n")
    lamp = lambda *args, **more: box.lamp(server, *args, **more)

    closed = harness.socket.socket()
    check(closed.connect_ex((box.address(1), 16992)) != 0, "port 16992 is open before MEBx is saved")
    closed.close()
    mebx(box, sim, 1, "--host-name", "desk-17", "--dhcp", "on")

    lamp("device", "add", "desk-17", "--folder", "/Workstations/lab/")
    equal(json.loads(lamp("device", "show", "desk-17", "--json").stdout)["missing"], ["mode", "credential", "settings"])
    contains(lamp("power", "on", "desk-17", "--wait", status=1).stdout, "not configured for AMT")
    lamp("credential", "add", "lab", "--password-file", "new")
    lamp("device", "set", "desk-17", "--amt", box.address(1), "--credential", "lab")
    device = json.loads(lamp("device", "show", "desk-17", "--json").stdout)
    equal((device["missing"], device["mode"], device["credential"]), ([], "smb", "/lab"))

    equal(last_line(lamp("device", "test", "desk-17", "--wait", "--json"))["done"], 1, "test of the connection")
    contains(lamp("device", "test", "desk-17", "--wait").stdout, "AMT 11.8", "what a test found, for people")
    for verb, state in (("on", "on"), ("reset", "on"), ("cycle", "on"), ("off", "off")):
        boots = sim.ctl("list")[0]["boots"]
        sums = last_line(lamp("power", verb, "desk-17", "--wait", "--json"))
        equal((sums["verb"], sums["total"], sums["done"]), (verb, 1, 1), "sums")
        equal([line["act"] for line in sim.ctl("wire")][-1], verb, "what the device obeyed")
        wanted = boots + (verb != "off")  # a cycle takes the power away for a moment
        until(lambda: sim.ctl("list")[0]["boots"] == wanted, f"the computer boots after {verb}")
        equal(sim.ctl("list")[0]["power"], state, f"after {verb}")
        equal(last_line(lamp("power", "status", "desk-17", "--wait", "--json"))["done"], 1)
        equal(json.loads(lamp("device", "show", "desk-17", "--json").stdout)["power"], state, f"seen after {verb}")
    equal(len(sim.ctl("wire")), 4, "orders obeyed in all")


def a_setting_that_is_deleted_leaves_it_not_configured(box):
    fleet = Fleet(box, 1, "--profile", "11.8")
    fleet.lamp("device", "delete-setting", "pc1", "--yes")
    job = fleet.power("on", "pc1")
    equal(job.outcome("pc1"), ("failed", "not_configured"))
    contains(job.acts["pc1"]["next"], "AMT address and a credential")
    equal(fleet.server.get("/devices/pc1")["missing"], ["mode", "credential", "settings"])
    equal(fleet.count(1, "connects"), 0, "connections to a device without a setting")
    fleet.server.post("/devices", name="bare")
    fleet.server.post("/devices", name="locked", amt=box.address(1))
    equal(fleet.power("on", "bare").outcome("bare"), ("failed", "not_configured"))
    equal(fleet.power("on", "locked").outcome("locked"), ("failed", "no_credential"))


def the_password_in_force_is_the_one_of_mebx(box):
    sim = box.sim(1, "--profile", "11.8", "--mode", "factory")
    mebx(box, sim, 1)
    server = box.lampd()
    server.post("/credentials", name="lab", password=PASSWORD)
    server.post("/devices", name="pc1", amt=box.address(1), credential="lab")
    job = server.job_end(server.post("/power", verb="status", targets=["pc1"])["job"])
    equal(server.acts(job["job"])["pc1"]["reason"], "wrong_password")
    server.patch("/credentials/lab", password=NEW)
    equal(server.job_end(server.post("/power", verb="status", targets=["pc1"])["job"])["done"], 1)


def every_way_to_get_an_address_is_an_address_or_a_name(box):
    """Static or DHCP, on the host's side and on AMT's: for the zone it is an address that stays or a name that follows.

    localhost is the one name that every machine resolves; the relay there plays the device that has it."""
    fleet = Fleet(box, 2, "--profile", "11.8", "--mode", "factory", add=False,
                  lampd=["--allow-net", "127.0.0.1/32"])
    mebx(box, fleet.sim, 1, "--dhcp", "off", "--address", box.address(1), "--mask", "255.255.255.0")
    mebx(box, fleet.sim, 2, "--dhcp", "on", "--host-name", "pc2")
    fleet.server.patch("/credentials/lab", password=NEW)
    with localhost(), Relay("127.0.0.1", box.address(2)) as name:
        fleet.add(1)
        fleet.add(2, amt="localhost")
        equal(fleet.power("on").states(), {"pc1": "done", "pc2": "done"})
        check(name.connects > 0, "the device with a name was reached by it")
        equal(name.orders(), [2])
    equal(fleet.state(2), "on")


harness.main(
    from_the_factory_to_switched_on_and_off,
    a_setting_that_is_deleted_leaves_it_not_configured,
    the_password_in_force_is_the_one_of_mebx,
    every_way_to_get_an_address_is_an_address_or_a_name,
)
