"""Settings of zone, folders and devices (M112, M144-M146, M150, M184), through lamp and the API."""

import json

import harness
from harness import check, contains, equal



def lamp_json(box, server, *args):
    lines = box.lamp(server, *args, "--json").stdout.splitlines()
    return [json.loads(line) for line in lines]


def furnish(server):
    server.post("/devices", name="desk", folder="/Workstations/berlin/floor-1/")
    server.post("/devices", name="rack", folder="/Servers/")


def show(box, server, name, at):
    return lamp_json(box, server, "setting", "show", name, "--at", at)[0]


def the_nearest_value_counts_and_every_answer_says_where_it_comes_from(box):
    server = box.lampd()
    furnish(server)
    equal(show(box, server, "act-tries", "desk")["from"], "default")
    for at, value in (("zone", "2"), ("/Workstations/", "3"), ("/Workstations/berlin/floor-1/", "5"), ("desk", "6")):
        box.lamp(server, "setting", "set", "act-tries", value, "--at", at)
        got = show(box, server, "act-tries", "desk")
        equal((got["value"], got["from"], got["default"], got["overridden"]), (value, at, "4", at == "desk"))
        equal(show(box, server, "act-tries", "rack")["value"], "2")
    got = show(box, server, "act-tries", "desk")
    equal((got["inherited"], got["inherited_from"]), ("5", "/Workstations/berlin/floor-1/"))
    equal((got["least"], got["most"], got["scope"], got["type"], got["at"]), ("1", "1000", "device", "count", "desk"))
    box.lamp(server, "setting", "reset", "act-tries", "--at", "desk")
    equal(show(box, server, "act-tries", "desk")["value"], "5")
    contains(box.lamp(server, "setting", "show", "act-tries", "--at", "desk").stdout, "/Workstations/berlin/floor-1/")


def inherited_values_follow_what_is_moved(box):
    server = box.lampd()
    furnish(server)
    server.put("/settings/time-zone", value="Europe/Berlin", at="/Workstations/berlin/")
    server.put("/settings/time-zone", value="America/New_York", at="/Servers/")
    equal(show(box, server, "time-zone", "desk")["value"], "Europe/Berlin")
    server.patch("/devices/desk", folder="/Servers/")
    equal(show(box, server, "time-zone", "desk")["value"], "America/New_York")
    server.post("/folders/move", path="/Workstations/berlin/", to="/Servers/munich/")
    equal(show(box, server, "time-zone", "/Servers/munich/floor-1/")["from"], "/Servers/munich/")
    server.delete("/settings/time-zone?at=/Servers/munich/")
    equal(show(box, server, "time-zone", "/Servers/munich/floor-1/")["value"], "America/New_York")


def an_override_may_be_nothing(box):
    server = box.lampd()
    furnish(server)
    equal(show(box, server, "removal-after", "/Servers/")["value"], "never")
    server.put("/settings/removal-after", value="90d")
    server.put("/settings/removal-after", value="never", at="/Servers/")
    got = show(box, server, "removal-after", "/Servers/")
    equal((got["value"], got["from"], got["inherited"], got["inherited_from"]), ("never", "/Servers/", "90d", "zone"))


def a_wrong_place_is_refused_with_a_sentence(box):
    server = box.lampd()
    furnish(server)
    error = box.lamp(server, "setting", "set", "lease", "40s", "--at", "/Servers/", status=1).stderr
    contains(error, "can be set for the zone only")
    contains(box.lamp(server, "setting", "show", "lease", "--at", "desk", status=1).stderr, "for the zone only")
    contains(server.put("/settings/removal-after", expect=400, value="9d", at="desk")["message"], "folders only")
    contains(server.put("/settings/act-tries", expect=400, value="9", at="group:x")["message"], "never settings")
    contains(server.put("/settings/act-tries", expect=400, value="0", at="desk")["message"], "between 1 and 1000")
    contains(server.put("/settings/time-zone", expect=400, value="Mars/Base")["message"], "Mars/Base")
    equal(server.put("/settings/act-tries", expect=404, value="9", at="/none/")["names"], ["/none/"])
    equal(server.get("/settings/act-tries?at=nobody", expect=404)["error"], "not_found")
    at_device = {s["name"] for s in server.items("/settings?at=desk&limit=2")}
    check("act-tries" in at_device and "lease" not in at_device, "what is only the zone's is not shown below it")
    check("lease" in {s["name"] for s in server.items("/settings?limit=3")}, "the zone has all")


def all_that_was_set_is_listed(box):
    server = box.lampd()
    furnish(server)
    equal(lamp_json(box, server, "setting", "overrides"), [])
    server.put("/settings/act-tries", value="9", at="desk")
    server.put("/settings/act-tries", value="8")
    server.put("/settings/time-zone", value="Europe/Berlin", at="/Servers/")
    equal([(o["setting"], o["at"], o["value"]) for o in server.items("/setting-overrides?limit=1")],
          [("act-tries", "zone", "8"), ("act-tries", "desk", "9"), ("time-zone", "/Servers/", "Europe/Berlin")])
    equal(len(lamp_json(box, server, "setting", "overrides", "--name", "time-zone")), 1)
    server.delete("/devices/desk")
    equal(len(server.items("/setting-overrides")), 2, "what was set goes with the device")


def a_device_without_a_choice_follows_the_tls_policy_of_its_folder(box):
    server = box.lampd()
    server.post("/devices", name="desk", amt="10.0.0.1", folder="/Workstations/berlin/")
    equal([server.get("/devices/desk")[m] for m in ("tls", "tls_from")], ["auto", "default"])
    server.put("/settings/tls-default", value="require", at="/Workstations/")
    equal([server.get("/devices/desk")[m] for m in ("tls", "tls_from")], ["require", "/Workstations/"])
    server.patch("/devices/desk", tls="never")
    equal([server.get("/devices/desk")[m] for m in ("tls", "tls_from")], ["never", "device"])
    server.patch("/devices/desk", tls="default")
    equal([server.items("/devices")[0][m] for m in ("tls", "tls_from")], ["require", "/Workstations/"])


def changes_are_told_and_audited_and_survive_a_restart(box):
    server = box.lampd()
    furnish(server)
    live = server.events()
    server.put("/settings/act-tries", value="9", at="desk")
    told = live.until(lambda ev: ev["kind"] == "setting")
    equal((told["change"], told["name"], json.loads(told["data"])), ("changed", "act-tries", {"at": "desk", "value": "9"}))
    live.close()
    contains(server.items("/audit?action=setting.set")[0]["object"], "act-tries at desk")
    server.stop()
    server = box.lampd()
    equal(show(box, server, "act-tries", "desk")["value"], "9")


harness.main(
    the_nearest_value_counts_and_every_answer_says_where_it_comes_from,
    inherited_values_follow_what_is_moved,
    an_override_may_be_nothing,
    a_wrong_place_is_refused_with_a_sentence,
    all_that_was_set_is_listed,
    a_device_without_a_choice_follows_the_tls_policy_of_its_folder,
    changes_are_told_and_audited_and_survive_a_restart,
)
