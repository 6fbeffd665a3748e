"""The device tree, the zone and its settings (mission rows M1, M19, M83, M183)."""

import harness
from harness import check, contains, equal


def paths(server):
    return [f["path"] for f in server.items("/folders")]


def a_zone_has_two_roots_for_devices(box):
    equal(paths(box.lampd()), ["/", "/Servers/", "/Workstations/"])


def folders_are_made_with_those_above_and_moved_with_those_below(box):
    server = box.lampd()
    server.post("/folders", path="/Workstations/a/b/c/")
    check({"/Workstations/a/", "/Workstations/a/b/", "/Workstations/a/b/c/"} <= set(paths(server)), "not all were made")
    server.post("/devices", name="desk", folder="/Workstations/a/b/c/")
    server.post("/folders/move", path="/Workstations/a/", to="/Servers/z/")
    equal(server.get("/devices/desk")["folder"], "/Servers/z/b/c/")
    check("/Workstations/a/" not in paths(server), "the old path is still there")
    equal({f["path"]: f["devices"] for f in server.items("/folders")}["/Servers/z/b/c/"], 1)


def a_folder_that_is_used_stays(box):
    server = box.lampd()
    server.post("/devices", name="desk", folder="/Workstations/a/")
    equal(server.post("/folders/remove", expect=409, path="/Workstations/a/")["error"], "in_use")
    equal(server.post("/folders/remove", expect=409, path="/Workstations/")["error"], "in_use")
    server.delete("/devices/desk")
    server.post("/folders/remove", expect=204, path="/Workstations/a/")
    equal(server.post("/folders/remove", expect=404, path="/Workstations/a/")["error"], "not_found")


def wrong_paths_are_refused(box):
    server = box.lampd()
    for path in ("lab", "lab/", "//", "/a//b/"):
        equal(server.post("/folders", expect=400, path=path)["error"], "invalid", path)
    equal(server.post("/folders", path="/a")["name"], "/a/", "the last slash is added")
    server.post("/folders", path="/b/")
    equal(server.post("/folders/move", expect=409, path="/a/", to="/b/")["error"], "exists")
    server.post("/folders/move", expect=400, path="/a/", to="/a/c/")
    server.post("/folders/move", expect=404, path="/none/", to="/c/")


def the_zone_is_renamed_and_keeps_its_ids(box):
    server = box.lampd()
    before = server.get("/zone")
    device = server.post("/devices", name="desk")["id"]
    server.patch("/zone", name="Berlin")
    after = server.get("/zone")
    equal((after["id"], after["name"], after["devices"]), (before["id"], "Berlin", 1))
    equal(server.get("/devices/desk")["id"], device)


def settings_are_checked_and_reset(box):
    server = box.lampd()

    def setting(name):
        return {s["name"]: s for s in server.items("/settings?limit=5")}[name]

    validity = setting("discovery-validity")
    equal((validity["value"], validity["from"], validity["least"]), ("24h", "default", "1h"))
    server.put("/settings/discovery-validity", value="12h")
    equal((setting("discovery-validity")["value"], setting("discovery-validity")["from"]), ("12h", "zone"))
    error = server.put("/settings/discovery-validity", expect=400, value="5m")
    contains(error["message"], "discovery-validity")
    equal(server.put("/settings/nonsense", expect=404, value="1")["error"], "not_found")
    server.delete("/settings/discovery-validity")
    equal(setting("discovery-validity")["from"], "default")


def what_was_done_is_in_the_audit(box):
    server = box.lampd()
    server.post("/folders", path="/a/")
    server.post("/devices", expect=400, name="bad", amt="a b")
    server.post("/devices", name="desk", folder="/a/")
    records = server.items("/audit?limit=1")
    equal([r["action"] for r in records], ["device.add", "folder.add"], "newest first, refused ones left out")
    contains(records[0]["actor"], "(local)")
    contains(records[0]["object"], "desk")
    equal(len(server.items("/audit?action=folder.add")), 1)


def events_tell_what_happens_and_go_on_after_a_restart(box):
    server = box.lampd()
    live = server.events()
    server.post("/folders", path="/a/")
    server.post("/devices", name="desk", folder="/a/")
    added = live.until(lambda ev: ev["kind"] == "device")
    equal((added["change"], added["name"]), ("added", "desk"))
    place = live.last_id
    live.close()
    server.delete("/devices/desk")
    server.stop()
    server = box.lampd()
    server.post("/devices", name="desk-2")
    late = server.events(last_id=place)
    equal(late.until(lambda ev: ev["kind"] == "device")["change"], "removed")
    equal(late.until(lambda ev: ev["kind"] == "device")["name"], "desk-2")
    late.close()


harness.main(
    a_zone_has_two_roots_for_devices,
    folders_are_made_with_those_above_and_moved_with_those_below,
    a_folder_that_is_used_stays,
    wrong_paths_are_refused,
    the_zone_is_renamed_and_keeps_its_ids,
    settings_are_checked_and_reset,
    what_was_done_is_in_the_audit,
    events_tell_what_happens_and_go_on_after_a_restart,
)
