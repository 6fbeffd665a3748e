"""Groups, filters and devices that were not seen (M185, M187), through lamp and the API."""

import json

import harness
from harness import check, contains, equal



def names(server, query):
    return sorted(d["name"] for d in server.items("/devices?" + query))


def furnish(box, devices=4):
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    for i in range(1, devices + 1):
        server.post("/devices", name=f"desk-{i}", amt=box.address(i), credential="lab",
                    folder="/Workstations/lab/" if i % 2 else "/Workstations/", tags=["odd"] if i % 2 else [])
    return server


def groups_are_made_shown_changed_and_removed(box):
    server = furnish(box)
    equal(server.items("/groups"), [])
    equal(box.lamp(server, "group", "list", "--json").stdout, "")
    box.lamp(server, "group", "add", "kiosks", "--note", "ground floor")
    box.lamp(server, "group", "member-add", "kiosks", "desk-1", "/Workstations/lab/")
    box.lamp(server, "group", "add", "odd", "--filter", "tag:odd !name:desk-3")
    shown = json.loads(box.lamp(server, "group", "show", "kiosks", "--json").stdout)
    equal((shown["kind"], shown["members"], shown["filter"], shown["note"]), ("static", 2, None, "ground floor"))
    shown = json.loads(box.lamp(server, "group", "show", "odd", "--json").stdout)
    equal((shown["kind"], shown["members"], shown["filter"]), ("dynamic", 1, "tag:odd !name:desk-3"))
    equal([(g["name"], g["members"]) for g in server.items("/groups?limit=1")], [("kiosks", 2), ("odd", None)])
    contains(box.lamp(server, "group", "list").stdout, "tag:odd !name:desk-3")
    done = json.loads(box.lamp(server, "group", "member-remove", "kiosks", "desk-1", "--json").stdout)
    equal(done, {"changed": 1, "members": 1})
    box.lamp(server, "group", "set", "odd", "--name", "even", "--filter", "!tag:odd")
    equal(names(server, "group=even"), ["desk-2", "desk-4"])
    box.lamp(server, "group", "remove", "even", "--yes")
    equal(server.get("/groups/even", expect=404)["error"], "not_found")
    equal(len(server.items("/devices")), 4)


def wrong_filters_are_refused_with_what_is_wrong(box):
    server = furnish(box)
    for text, part in (("desk-1", "does not begin with folder:"), ("amt:new", "is not a version"),
                       ("power:hot", "is no power"), ("source:rmcp", "being made"), ("tag:\"x", "no quote at its end"),
                       ("address:10.0.0.0/40", "10.0.0.0/40"), ("folder:lab", "slash"), ("not-seen:soon", "duration")):
        contains(server.post("/groups", expect=400, name="g", filter=text)["message"], part)
    equal(server.items("/groups"), [])
    contains(box.lamp(server, "device", "list", "--filter", "colour:red", status=1).stderr, "colour:red")
    contains(box.lamp(server, "device", "list", "--group", "none", status=1).stderr, "none")


def lists_are_filtered_and_go_on_page_by_page(box):
    server = furnish(box, devices=9)
    equal(names(server, "filter=tag:odd&limit=2"), [f"desk-{i}" for i in (1, 3, 5, 7, 9)])
    equal(names(server, "filter=folder:/Workstations/lab/%20name:desk-[*&limit=2"), [])
    equal(names(server, "filter=folder:/Workstations/lab/%20!name:desk-1&limit=2"), [f"desk-{i}" for i in (3, 5, 7, 9)])
    equal(names(server, "folder=/Workstations/lab/&filter=name:*-5,*-6&limit=1"), ["desk-5"])
    server.post("/groups", name="hand")
    server.post("/groups/hand/members", targets=["tag:odd", "desk-2"])
    equal(names(server, "group=hand&limit=2"), [f"desk-{i}" for i in (1, 2, 3, 5, 7, 9)])
    equal(names(server, "group=hand&tag=odd&name=desk-1&limit=2"), ["desk-1"])
    equal(names(server, "group=hand&folder=/Workstations/lab/&limit=2"), [f"desk-{i}" for i in (1, 3, 5, 7, 9)])


def an_order_for_a_group_reaches_its_members(box):
    box.sim(4, "--profile", "11.8")
    server = furnish(box)
    server.post("/groups", name="rule", filter="tag:odd")
    job = server.job_end(server.post("/power", verb="status", targets=["group:rule"])["job"])
    equal((job["total"], job["done"]), (2, 2))
    server.patch("/devices/desk-2", **{"add-tags": ["odd"]})
    box.lamp(server, "power", "on", "group:rule", "--wait")
    equal(server.items("/jobs")[0]["total"], 3)
    contains(box.lamp(server, "power", "status", "group:none", status=1).stderr, "none")
    equal(names(server, "filter=power:on&limit=1"), ["desk-1", "desk-2", "desk-3"])


def what_was_not_seen_is_listed_and_nothing_goes_by_itself(box):
    server = furnish(box, devices=2)
    equal(names(server, "not-seen-for=3600000"), [])
    equal(names(server, "not-seen-for=0"), ["desk-1", "desk-2"])
    equal(box.lamp(server, "device", "list", "--not-seen-for", "30d", "--json").stdout, "")
    server.stop()
    server = box.lampd(clock=True)
    server.advance(40 * 86400)
    equal(names(server, "not-seen-for=2592000000"), ["desk-1", "desk-2"])
    equal(names(server, "overdue=true"), [], "the default is never")
    server.put("/settings/removal-after", value="30d")
    server.put("/settings/removal-after", value="never", at="/Workstations/lab/")
    equal(names(server, "overdue=true"), ["desk-2"])
    server.advance(2 * 86400)
    equal(len(server.items("/devices")), 2)


harness.main(
    groups_are_made_shown_changed_and_removed,
    wrong_filters_are_refused_with_what_is_wrong,
    lists_are_filtered_and_go_on_page_by_page,
    an_order_for_a_group_reaches_its_members,
    what_was_not_seen_is_listed_and_nothing_goes_by_itself,
)
