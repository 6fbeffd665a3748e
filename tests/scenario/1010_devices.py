"""Devices by hand: added, shown, changed, filtered, removed (mission rows M23, M29, M30, M38)."""

import harness
from harness import check, contains, equal


def a_device_is_added_shown_and_removed(box):
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    made = server.post("/devices", name="desk-17", amt="10.1.0.17", credential="lab", folder="/Workstations/lab/",
                       tags=["kiosk", "b"], note="reception")
    equal(made["name"], "desk-17")
    device = server.get("/devices/desk-17")
    equal(server.get(f"/devices/{made['id']}"), device, "by id")
    for member, value in (("folder", "/Workstations/lab/"), ("tags", ["b", "kiosk"]), ("note", "reception"),
                          ("address", "10.1.0.17"), ("mode", "smb"), ("credential", "/lab"), ("tls", "auto"),
                          ("old_tls", False), ("protected", False), ("power", None), ("missing", [])):
        equal(device[member], value, member)
    check("/Workstations/lab/" in [f["path"] for f in server.items("/folders")], "the folder was not made")
    server.delete("/devices/desk-17")
    equal(server.get("/devices/desk-17", expect=404)["error"], "not_found")
    equal(server.delete("/devices/desk-17", expect=404)["error"], "not_found")


def what_is_missing_is_said(box):
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    server.post("/devices", name="desk")
    equal(server.get("/devices/desk")["missing"], ["mode", "credential", "settings"])
    job = server.job_end(server.post("/power", verb="on", targets=["desk"])["job"])
    equal((job["total"], job["failed"]), (1, 1))
    act = server.acts(job["job"])["desk"]
    equal(act["reason"], "not_configured")
    contains(act["next"], "AMT address")
    server.patch("/devices/desk", amt="10.1.0.17")
    equal(server.get("/devices/desk")["missing"], ["credential"])
    server.patch("/devices/desk", credential="lab")
    equal(server.get("/devices/desk")["missing"], [])
    server.delete("/devices/desk/amt")
    equal(server.get("/devices/desk")["missing"], ["mode", "credential", "settings"])


def addresses_may_be_ipv4_ipv6_and_names(box):
    server = box.lampd("--allow-net", "fd00::17")
    for i, address in enumerate(("10.1.0.17", "fd00::17", "desk-17.corp.example", "desk17")):
        server.post("/devices", name=f"good-{i}", amt=address)
        equal(server.get(f"/devices/good-{i}")["address"], address)
    for address in ("10.1.0", "10.1.0.256", "fd00:::1", "a b", "-x.example", "x..example", "http://x/"):
        error = server.post("/devices", expect=400, name="bad", amt=address)
        equal(error["error"], "invalid", address)
    server.get("/devices/bad", expect=404)


def names_are_unique_and_sane(box):
    server = box.lampd()
    server.post("/devices", name="desk")
    equal(server.post("/devices", expect=409, name="desk")["error"], "exists")
    server.post("/devices", expect=400, name="a/b")
    equal(server.post("/devices", expect=413, name="x" * 300)["error"], "too_big")
    server.post("/devices", name="B\u00fcro 17 \u201cEmpfang\u201d")
    equal(server.get("/devices/B%C3%BCro%2017%20%E2%80%9CEmpfang%E2%80%9D")["name"], "B\u00fcro 17 \u201cEmpfang\u201d")


def a_device_is_changed_member_by_member(box):
    server = box.lampd()
    server.post("/devices", name="desk", amt="10.1.0.17", tags=["a", "b"])
    server.patch("/devices/desk", name="desk-2", folder="/Servers/rack/", tls="require", old_tls=True, protected=True,
                 add_tags=["c"], remove_tags=["a"], note="x")
    device = server.get("/devices/desk-2")
    for member, value in (("folder", "/Servers/rack/"), ("tls", "require"), ("old_tls", True), ("protected", True),
                          ("tags", ["b", "c"]), ("note", "x"), ("address", "10.1.0.17")):
        equal(device[member], value, member)
    equal(server.patch("/devices/desk-2", expect=400, tls="maybe")["error"], "invalid")
    equal(server.patch("/devices/desk-2", expect=404, credential="none")["error"], "not_found")
    equal(server.get("/devices/desk-2"), device, "after refused changes")


def lists_are_filtered_and_paged(box):
    server = box.lampd()
    for i in range(25):
        server.post("/devices", name=f"desk-{i:02}", folder="/Workstations/a/" if i % 2 else "/Workstations/b/",
                    tags=["even"] if i % 2 == 0 else [], **({"amt": f"10.1.0.{i}"} if i < 10 else {}))

    def names(query):
        return [d["name"] for d in server.items("/devices?limit=7&" + query)]

    everything = [f"desk-{i:02}" for i in range(25)]
    equal(names(""), everything)
    equal(names("tag=even"), everything[0::2])
    equal(names("folder=/Workstations/a/"), everything[1::2])
    equal(names("folder=/Workstations/"), everything[1::2] + everything[0::2])
    equal(names("name=desk-1"), everything[10:20])
    equal(names("name=desk-1&tag=even"), everything[10:20:2])
    equal(names("mode=smb"), everything[:10])
    equal(names("mode=none&folder=/Workstations/a/"), everything[11::2])
    equal(names("power=on"), [])
    equal(server.get("/devices?folder=/none/", expect=404)["error"], "not_found")
    equal(server.get("/devices?mode=wrong", expect=400)["error"], "invalid")
    equal(server.get("/devices?after=zz", expect=400)["error"], "invalid")


def a_name_is_looked_up_in_dns(box):
    server = box.lampd()
    server.post("/devices", name="good", amt="localhost")
    server.post("/devices", name="bad", amt="no-such-name.invalid")
    server.post("/devices", name="none")
    check(server.get("/devices/good/name")["forward"], "localhost does not resolve")
    contains(server.get("/devices/bad/name")["warning"], "does not resolve")
    equal(server.get("/devices/none/name", expect=400)["error"], "not_configured")


harness.main(
    a_device_is_added_shown_and_removed,
    what_is_missing_is_said,
    addresses_may_be_ipv4_ipv6_and_names,
    names_are_unique_and_sane,
    a_device_is_changed_member_by_member,
    lists_are_filtered_and_paged,
    a_name_is_looked_up_in_dns,
)
