"""Registration rules, and folders with their counts (M183, M186), through lamp and the API."""

import json

import harness
from harness import check, contains, equal


def rules(server):
    return [(r["place"], r["name"]) for r in server.items("/rules?limit=1")]


def rules_are_ordered_tested_and_applied(box):
    server = box.lampd()
    equal(server.items("/rules"), [])
    server.post("/groups", name="kiosks")
    box.lamp(server, "rule", "add", "boston", "--filter", "address:10.9.0.0/16", "--folder", "/Workstations/boston/",
             "--tags", "us,east", "--groups", "kiosks")
    box.lamp(server, "rule", "add", "kiosk", "--filter", "name:kiosk-* !tag:spare", "--folder", "/Workstations/lobby/")
    equal(rules(server), [(1, "boston"), (2, "kiosk")])
    test = json.loads(box.lamp(server, "rule", "test", "--name", "kiosk-1", "--address", "10.9.0.17", "--json").stdout)
    equal([test[m] for m in ("rule", "folder", "tags", "groups")],
          ["boston", "/Workstations/boston/", ["us", "east"], ["kiosks"]])
    box.lamp(server, "rule", "move", "kiosk", "1")
    equal(rules(server), [(1, "kiosk"), (2, "boston")])
    test = json.loads(box.lamp(server, "rule", "test", "--name", "kiosk-1", "--address", "10.9.0.17", "--json").stdout)
    equal((test["rule"], test["folder"]), ("kiosk", "/Workstations/lobby/"))
    contains(box.lamp(server, "rule", "test", "--name", "desk").stdout, "no rule fits, so it goes into /Workstations/")
    equal(server.get("/rule-test?name=kiosk-1&tag=spare")["rule"], None)
    equal(server.get("/rule-test?address=nonsense", expect=400)["error"], "invalid")
    server.post("/devices", name="kiosk-1", amt="10.9.0.17")
    server.post("/devices", name="desk-1", amt="10.9.0.18", tags=["mine"])
    equal(server.get("/devices/kiosk-1")["folder"], "/Workstations/lobby/")
    desk = server.get("/devices/desk-1")
    equal((desk["folder"], desk["tags"]), ("/Workstations/boston/", ["east", "mine", "us"]))
    equal([d["name"] for d in server.items("/devices?group=kiosks")], ["desk-1"])
    contains(box.lamp(server, "rule", "list").stdout, "address:10.9.0.0/16")
    box.lamp(server, "rule", "remove", "kiosk", "--yes")
    equal(rules(server), [(1, "boston")])
    equal(server.get("/devices/kiosk-1")["folder"], "/Workstations/lobby/", "devices stay")


def what_a_scan_found_is_imported_by_the_rules(box):
    box.sim(4, "--profile", "11.8")
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    server.post("/rules", name="first", filter=f"address:{box.address(1)}-{box.address(2)}", folder="/Workstations/first/")
    server.post("/rules", name="old", filter="amt:<8", folder="/Workstations/old/")
    box.lamp(server, "discover", box.net + ".0/29", "--wait")
    equal(server.post("/devices/import", discovered=["discovered"], credential="lab")["imported"], 4)
    counts = {f["path"]: (f["devices"], f["devices_below"]) for f in server.items("/folders?limit=2")}
    equal((counts["/Workstations/first/"], counts["/Workstations/"], counts["/"]), ((2, 2), (2, 4), (0, 4)))
    server.post("/devices/import", discovered=["discovered"], credential="lab", folder="/mine/")


def wrong_rules_are_refused_with_a_sentence(box):
    server = box.lampd()
    for text, part in (("folder:/a/", "there already"), ("power:on", "there already"), ("x", "does not begin")):
        contains(server.post("/rules", expect=400, name="r", filter=text, folder="/a/")["message"], part)
    contains(box.lamp(server, "rule", "add", "r", "--filter", "name:x", "--folder", "/a/", "--groups", "none",
                      status=1).stderr, "none")
    server.post("/rules", name="r", filter="name:x", folder="/a/b/")
    contains(server.post("/folders/remove", expect=409, path="/a/", recursive=True)["message"], "rule")
    server.delete("/rules/r")
    box.lamp(server, "folder", "remove", "/a/", "--recursive", "--yes")
    equal([f["path"] for f in server.items("/folders")], ["/", "/Servers/", "/Workstations/"])


def a_thousand_folders_are_counted_and_listed(box):
    server = box.lampd()
    for i in range(40):
        server.post("/folders", path=f"/Workstations/floor-{i:02}/" + "/".join("abcdefghijklmnopqrstuvwx") + "/")
    for i in range(30):
        server.post("/devices", name=f"d{i}", folder=f"/Workstations/floor-{i:02}/a/b/")
    folders = server.items("/folders?limit=300")
    equal(len(folders), 3 + 40 * 25)
    equal([f["path"] for f in folders], sorted(f["path"] for f in folders))
    counts = {f["path"]: f["devices_below"] for f in folders}
    equal((counts["/"], counts["/Workstations/"], counts["/Workstations/floor-07/"], counts["/Workstations/floor-39/"]),
          (30, 30, 1, 0))
    server.put("/settings/act-tries", value="7", at="/Workstations/floor-07/a/")
    got = server.get("/settings/act-tries?at=d7")
    equal((got["value"], got["from"]), ("7", "/Workstations/floor-07/a/"))
    equal(server.post("/folders/remove", expect=409, path="/Workstations/floor-07/", recursive=True)["error"], "in_use")
    server.post("/folders/remove", expect=204, path="/Workstations/floor-39/", recursive=True)
    equal(len(server.items("/folders?limit=1000")), 3 + 39 * 25)


harness.main(
    rules_are_ordered_tested_and_applied,
    what_a_scan_found_is_imported_by_the_rules,
    wrong_rules_are_refused_with_a_sentence,
    a_thousand_folders_are_counted_and_listed,
)
