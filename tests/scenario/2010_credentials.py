"""Credentials and the folders of the vault (mission rows M14, M15, M17-M19, M21, M22)."""

import harness
from harness import check, contains, equal

OTHER = "Oth3r!pass"


def a_credential_is_kept_without_showing_its_password(box):
    server = box.lampd()
    made = server.post("/credentials", name="lab", password=harness.PASSWORD, folder="/amt/", description="ground floor")
    shown = server.get("/credentials/lab")
    for member, value in (("name", "lab"), ("folder", "/amt/"), ("login", "admin"), ("description", "ground floor"),
                          ("devices", 0)):
        equal(shown[member], value, member)
    equal(server.get("/credentials/%2Famt%2Flab"), shown, "by path")
    equal(server.get(f"/credentials/{made['id']}"), shown, "by id")
    equal(server.items("/credentials"), [shown])
    equal(server.items("/credentials?folder=/amt/"), [shown])
    server.get("/credentials?folder=/none/", expect=404)


def names_are_unique_in_their_folder(box):
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    equal(server.post("/credentials", expect=409, name="lab", password=harness.PASSWORD)["error"], "exists")
    server.post("/credentials", name="lab", password=harness.PASSWORD, folder="/amt/")
    error = server.get("/credentials/lab", expect=400)
    contains(error["message"], "several credentials are called")
    equal(server.get("/credentials/%2Flab")["folder"], "/")
    equal(server.post("/credentials", expect=400, name="", password=harness.PASSWORD)["error"], "missing")


def the_password_rule_says_which_part_is_missing(box):
    server = box.lampd()
    for password, part in (("P@ssw0r", "shorter than 8"), ("p@ssw0rd", "upper case"), ("P@SSW0RD", "lower case"),
                           ("P@ssword", "digit"), ("Pass_w0rd", "special"), ("P@ss:w0rd", "colon"),
                           ('P@ss"w0rd', "double quote"), ("P@ss,w0rd", "comma"), ("P@ssw0rd" * 5, "longer than 32")):
        error = server.post("/credentials", expect=400, name="lab", password=password)
        equal(error["error"], "password_rule")
        contains(error["message"], part)
        check(password not in str(error), "the answer shows the password")
    server.post("/credentials", name="other", password="any", any_password=True)
    equal([c["name"] for c in server.items("/credentials")], ["other"])


def login_names_are_kept_as_they_are(box):
    server = box.lampd()
    for i, login in enumerate(("admin", "corp\\alice", "alice.lab.corp", "$$OsAdmin")):
        server.post("/credentials", name=f"c{i}", user=login, password=harness.PASSWORD)
        equal(server.get(f"/credentials/c{i}")["login"], login)


def a_credential_is_changed_and_moved(box):
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    server.post("/devices", name="desk", amt="10.1.0.17", credential="lab")
    before = server.get("/credentials/lab")
    server.patch("/credentials/lab", name="lab-2", folder="/amt/new/", user="operator", password=OTHER)
    after = server.get("/credentials/lab-2")
    equal((after["id"], after["folder"], after["login"], after["devices"]),
          (before["id"], "/amt/new/", "operator", 1))
    equal(server.get("/devices/desk")["credential"], "/amt/new/lab-2")
    server.post("/credential-folders/move", path="/amt/new/", to="/old/")
    equal(server.get("/devices/desk")["credential"], "/old/lab-2")
    equal([f["path"] for f in server.items("/credential-folders")], ["/", "/amt/", "/old/"])


def a_credential_in_use_is_not_removed_silently(box):
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    for i in (1, 2):
        server.post("/devices", name=f"desk-{i}", amt=f"10.1.0.{i}", credential="lab")
    refused = server.delete("/credentials/lab", expect=409)
    equal(refused["error"], "in_use")
    equal(sorted(refused["names"]), ["desk-1", "desk-2"])
    server.delete("/credentials/lab?force=true")
    equal(server.get("/devices/desk-1")["missing"], ["credential"])
    equal(server.items("/credentials"), [])


def a_folder_of_the_vault_that_is_used_stays(box):
    server = box.lampd()
    server.post("/credential-folders", path="/amt/lab/")
    server.post("/credentials", name="lab", password=harness.PASSWORD, folder="/amt/lab/")
    equal(server.post("/credential-folders/remove", expect=409, path="/amt/lab/")["error"], "in_use")
    server.delete("/credentials/lab")
    server.post("/credential-folders/remove", expect=204, path="/amt/lab/")


harness.main(
    a_credential_is_kept_without_showing_its_password,
    names_are_unique_in_their_folder,
    the_password_rule_says_which_part_is_missing,
    login_names_are_kept_as_they_are,
    a_credential_is_changed_and_moved,
    a_credential_in_use_is_not_removed_silently,
    a_folder_of_the_vault_that_is_used_stays,
)
