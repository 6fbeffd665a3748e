"""Administrators from a directory: a real slapd, real lampd and lamp. Who logs in, who does not, and what the directory can
do to those who are logged in."""

import json
import os
import ssl
import threading
import time

import harness
import slapd
from harness import check, contains, equal
from slapd import Slapd, group

PORT = 8443
MINUTE = 60


class Zone:
    """A zone with a user source corp, whose group ops is our group power-people."""

    def __init__(self, box, clock=False, **options):
        self.box = box
        self.ldap = Slapd(box, box.address(20))
        self.server = box.lampd(listen=f"{box.address(1)}:{PORT}", clock=clock)
        ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
        self.server.post("/admins", name="root2", password="Correct-h0rse-battery", role="administrator")
        self.server.post("/admin-groups", group="power-people")
        self.server.post("/roles/operator/grant", holder="group:power-people")
        with open(self.ldap.ca) as f:
            ca = f.read()
        self.source = {"name": "corp", "kind": "ldap", "url": [self.ldap.url], "base": f"ou=people,{slapd.SUFFIX}",
                       "bind-dn": slapd.READER, "secret": slapd.READER_PASSWORD, "authority": ca, **options}
        self.server.request("POST", "/api/v1/user-sources", self.source, expect=200)
        self.server.post("/user-sources/corp/map", outside=group("ops"), group="power-people")

    def log_in(self, name, password, expect=200):
        connection = self.server.tls(PORT, self.box.address(1))
        reply = self.server.request("POST", "/api/v1/login", {"name": name, "password": password}, None, connection)
        connection.close()
        equal(reply.status, expect, f"{name}: {reply.text[:300]}")
        return reply.json

    def whoami(self, login, expect=200):
        connection = self.server.tls(PORT, self.box.address(1))
        reply = self.server.request("GET", "/api/v1/whoami", None, {"Authorization": f"Bearer {login['token']}"}, connection)
        connection.close()
        equal(reply.status, expect, reply.text[:300])
        return reply.json

    def until_ended(self, login):
        """The clock goes on until the session has ended; it must."""
        for _ in range(600):
            connection = self.server.tls(PORT, self.box.address(1))
            reply = self.server.request("GET", "/api/v1/whoami", None, {"Authorization": f"Bearer {login['token']}"},
                                        connection)
            connection.close()
            if reply.status == 401:
                return
            self.server.advance(61)
        raise harness.Failed("the session goes on")

    def refusals(self):
        return [a for a in self.server.items("/audit?kind=refused")]

    def end(self):
        self.ldap.stop()


def with_zone(**options):
    def wrap(test):
        def run(box):
            zone = Zone(box, **options)
            try:
                test(zone)
            finally:
                zone.end()
        run.__name__ = test.__name__
        return run
    return wrap


@with_zone()
def people_of_a_mapped_group_log_in_and_get_its_rights(zone):
    login = zone.log_in("alice@corp", "alice-Pass 1")
    equal(login["admin"], "alice@corp")
    who = zone.whoami(login)
    equal(who["name"], "admin alice@corp")
    check("power.switch" in who["rights"] and "administrator.modify" not in who["rights"], who)
    account = zone.server.get("/admins/alice@corp")
    equal((account["full_name"], account["source"], account["password"], account["groups"]),
          ("Alice Example", "corp", False, ["power-people"]))
    refused = zone.log_in("bob@corp", "bob-Pass 1", 403)
    contains(refused["message"], "no group")
    equal(zone.server.request("GET", "/api/v1/admins/bob@corp").status, 404)
    audit = [a for a in zone.server.items("/audit") if a["action"] == "login"]
    check(any(a["object"] == "admin:alice@corp" for a in audit), audit)
    check(any("bob@corp" in json.dumps(a) for a in zone.refusals()), zone.refusals())


@with_zone()
def what_is_wrong_is_refused_with_the_same_words(zone):
    wrong = [zone.log_in(name, password, 401)["message"] for name, password in (
        ("alice@corp", "alice-Pass 2"), ("nobody@corp", "x"), ("alice@corp", "x" * 500), ("*@corp", "alice-Pass 1"),
        ("alice)(uid=*@corp", "alice-Pass 1"), ("ali\\63e@corp", "alice-Pass 1"), ("alice@elsewhere", "alice-Pass 1"),
        ("alice", "alice-Pass 1"), ("@corp", "x"))]
    equal(set(wrong), {"name or password is wrong"})
    equal(zone.server.items("/admins")[0]["name"], "root2")
    check(not any("alice-Pass" in json.dumps(a) for a in zone.server.items("/audit")), "a password in the audit")


@with_zone()
def an_empty_password_is_never_bound_with(zone):
    before = zone.ldap.log_text().count(f'BIND dn="{slapd.dn("alice")}"')
    connection = zone.server.tls(PORT, zone.box.address(1))
    reply = zone.server.request("POST", "/api/v1/login", {"name": "alice@corp", "password": ""}, None, connection)
    check(reply.status >= 400, reply)
    equal(zone.ldap.log_text().count(f'BIND dn="{slapd.dn("alice")}"'), before, "binds as alice")


@with_zone()
def logins_wait_after_failures_however_the_name_is_written(zone):
    for name in ("alice@corp", "ALICE@corp", "Alice@corp", "aLICE@corp", "alicE@corp"):
        zone.log_in(name, "wrong", 401)
    binds = zone.ldap.log_text().count(f'BIND dn="{slapd.dn("alice")}"')
    locked = zone.log_in("alice@corp", "alice-Pass 1", 429)
    equal(locked["error"], "locked_out")
    equal(zone.log_in("AlIcE@corp", "alice-Pass 1", 429)["error"], "locked_out")
    equal(zone.ldap.log_text().count(f'BIND dn="{slapd.dn("alice")}"'), binds, "passwords tried while locked")
    zone.log_in("root2", "Correct-h0rse-battery")
    zone.server.patch("/user-sources/corp", default="on")
    equal(zone.log_in("alice", "alice-Pass 1", 429)["error"], "locked_out")


@with_zone(default="on")
def local_accounts_come_before_those_of_the_default_source(zone):
    equal(zone.log_in("alice", "alice-Pass 1")["admin"], "alice@corp")
    zone.server.post("/admins", name="alice", password="Correct-h0rse-battery")
    equal(zone.log_in("alice", "Correct-h0rse-battery")["admin"], "alice")
    zone.log_in("alice", "alice-Pass 1", 401)
    equal(zone.log_in("alice@corp", "alice-Pass 1")["admin"], "alice@corp")
    reply = zone.server.request("POST", "/api/v1/admins", {"name": "eve@corp", "password": "Correct-h0rse-battery"})
    equal(reply.status, 400, reply.text)
    equal(zone.server.request("POST", "/api/v1/admins/alice@corp/password", {"password": "Correct-h0rse-battery"}).status, 409)


@with_zone()
def groups_of_groups_count_and_circles_end(zone):
    zone.server.post("/user-sources/corp/map", outside=group("level1").upper().replace(",", ", "), group="power-people")
    zone.log_in("carol@corp", "carol-Pass 1")
    zone.server.patch("/user-sources/corp", nested="off")
    zone.log_in("carol@corp", "carol-Pass 1", 403)
    zone.server.patch("/user-sources/corp", nested="on", groups="search", **{"group-base": f"ou=groups,{slapd.SUFFIX}"})
    zone.log_in("carol@corp", "carol-Pass 1")
    zone.log_in("bob@corp", "bob-Pass 1", 403)


@with_zone()
def a_test_says_what_the_source_says(zone):
    said = zone.server.post("/user-sources/corp/test", login="carol")
    equal((said["login"], said["name"], sorted(said["outside"]), said["groups"]),
          ("carol", "Carol Example", [group("level1"), group("level2")], []))
    equal(zone.server.post("/user-sources/corp/test", login="alice")["groups"], ["power-people"])
    equal(zone.server.post("/user-sources/corp/test")["login"], None)
    equal(zone.server.post("/user-sources/corp/test", login="none", expect=404)["error"], "not_found")
    shown = zone.server.get("/user-sources/corp")
    equal((shown["has_secret"], "secret" in shown, slapd.READER_PASSWORD in json.dumps(shown)), (True, False, False))
    reply = zone.server.request("PATCH", "/api/v1/user-sources/corp", {"url": ["ldaps://elsewhere.example"]})
    equal(reply.status, 400, "the password would go elsewhere")
    contains(reply.json["message"], "secret")
    zone.server.patch("/user-sources/corp", secret="not-this")
    down = zone.server.post("/user-sources/corp/test", expect=503)
    equal(down["error"], "source_down")
    contains(down["message"], "Invalid credentials")


@with_zone(clock=True)
def who_leaves_the_group_or_the_directory_loses_his_session(zone):
    alice = zone.log_in("alice@corp", "alice-Pass 1")
    zone.ldap.group("more", slapd.dn("bob"), slapd.dn("carol"))
    zone.server.post("/user-sources/corp/map", outside=group("more"), group="power-people")
    bob, carol = zone.log_in("bob@corp", "bob-Pass 1"), zone.log_in("carol@corp", "carol-Pass 1")
    zone.server.put("/settings/session-idle", value="24h")
    zone.server.put("/settings/session-lifetime", value="30d")
    alice, bob, carol = (zone.log_in(f"{n}@corp", f"{n}-Pass 1") for n in ("alice", "bob", "carol"))
    zone.ldap.change(f"dn: {slapd.dn('alice')}\nchangetype: delete\n")
    zone.ldap.member("more", slapd.dn("bob"), "delete")
    zone.until_ended(alice)
    zone.until_ended(bob)
    zone.whoami(carol)
    gone = {a["name"]: a["gone"] for a in zone.server.items("/admins")}
    equal(gone, {"alice@corp": True, "bob@corp": True, "carol@corp": False, "root2": False})
    equal(len([a for a in zone.server.items("/audit") if a["action"] == "admin.gone"]), 2)
    zone.ldap.member("more", slapd.dn("bob"))
    zone.whoami(zone.log_in("bob@corp", "bob-Pass 1"))
    equal(zone.server.get("/admins/bob@corp")["gone"], False)


@with_zone(clock=True)
def a_directory_that_is_down_says_so_and_concerns_nobody_else(zone):
    zone.server.put("/settings/session-idle", value="24h")
    zone.server.put("/settings/directory-recheck", value="1m")
    alice = zone.log_in("alice@corp", "alice-Pass 1")
    zone.ldap.stop()
    down = zone.log_in("alice@corp", "alice-Pass 1", 503)
    equal(down["error"], "source_down")
    contains(down["next"], "local accounts")
    zone.log_in("root2", "Correct-h0rse-battery")
    for _ in range(5):
        zone.server.advance(61)
        zone.whoami(alice)
    shown = zone.server.get("/user-sources/corp")
    check(shown["failing"] and shown["error"], shown)
    messages = [m["id"] for m in zone.server.items("/messages")]
    equal(messages.count("source_down"), 1, messages)
    check(any("Can't contact" in json.dumps(a) for a in zone.refusals()), zone.refusals())
    zone.ldap.start()
    zone.log_in("alice@corp", "alice-Pass 1")
    check("source_back" in [m["id"] for m in zone.server.items("/messages")], "nothing says that it is back")


@with_zone(timeout=1000)
def a_directory_that_hangs_holds_up_nobody_else(zone):
    zone.ldap.hang()
    waiting = [threading.Thread(target=zone.log_in, args=(f"p{i}@corp", "x", 503)) for i in range(6)]
    for t in waiting:
        t.start()
    for _ in range(20):
        zone.log_in("root2", "Correct-h0rse-battery")
        zone.server.get("/zone")
    for t in waiting:
        t.join()
    zone.ldap.go_on()


@with_zone(timeout=1000)
def another_url_answers_where_the_first_does_not(zone):
    second = Slapd(zone.box, zone.box.address(21))
    try:
        with open(zone.ldap.ca) as one, open(second.ca) as other:
            both = one.read() + other.read()
        zone.server.request("PATCH", "/api/v1/user-sources/corp", {
            "url": [zone.ldap.tls_url, second.url], "authority": both, "secret": slapd.READER_PASSWORD}, expect=200)
        zone.log_in("alice@corp", "alice-Pass 1")
        zone.ldap.stop()
        equal(zone.log_in("alice@corp", "alice-Pass 1", 409)["error"], "exists")  # another directory has other ids
        equal(zone.server.get("/user-sources/corp")["failing"], None)
        second.hang()
        equal(zone.log_in("alice@corp", "alice-Pass 1", 503)["error"], "source_down")
        second.go_on()
    finally:
        second.stop()


@with_zone()
def a_certificate_of_another_authority_is_refused(zone):
    os.makedirs(zone.box.path("other"))
    slapd.make_certificates(zone.box.path("other"), zone.ldap.address, "other")
    with open(zone.box.path("other/other.pem")) as f:
        other = f.read()
    for url in (zone.ldap.url, zone.ldap.tls_url):
        zone.server.request("PATCH", "/api/v1/user-sources/corp",
                            {"url": [url], "authority": other, "secret": slapd.READER_PASSWORD}, expect=200)
        equal(zone.log_in("alice@corp", "alice-Pass 1", 503)["error"], "source_down", url)
    with open(zone.ldap.ca) as f:
        mine = f.read()
    for url in (zone.ldap.url, zone.ldap.tls_url):
        zone.server.request("PATCH", "/api/v1/user-sources/corp",
                            {"url": [url], "authority": mine, "secret": slapd.READER_PASSWORD}, expect=200)
        zone.log_in("alice@corp", "alice-Pass 1")
    zone.server.request("PATCH", "/api/v1/user-sources/corp",
                        {"url": [zone.ldap.url], "authority": other, "tls": "off", "secret": slapd.READER_PASSWORD}, expect=200)
    zone.log_in("alice@corp", "alice-Pass 1")


@with_zone()
def referrals_are_not_followed(zone):
    zone.ldap.entry(f"ou=more,ou=people,{slapd.SUFFIX}", objectClass=["referral", "extensibleObject"], ou="more",
                    ref=f"ldap://{zone.box.address(30)}/{slapd.SUFFIX}")
    zone.log_in("alice@corp", "alice-Pass 1")
    zone.server.request("PATCH", "/api/v1/user-sources/corp",
                        {"base": f"ou=more,ou=people,{slapd.SUFFIX}", "secret": slapd.READER_PASSWORD}, expect=200)
    equal(zone.log_in("alice@corp", "alice-Pass 1", 503)["error"], "source_down")
    contains(zone.server.get("/user-sources/corp")["error"], "Referral")


@with_zone()
def who_may_not_do_it_himself_cannot_do_it_by_a_directory(zone):
    """Whoever changes a source becomes its people; so he has to have what they have."""
    zone.server.post("/admins", name="gus", password="Correct-h0rse-battery")
    zone.server.post("/rights/grant", holder="gus", rights=["administrator.modify"])
    token = zone.log_in("gus", "Correct-h0rse-battery")["token"]
    connection = zone.server.tls(PORT, zone.box.address(1))

    def ask(method, path, body=None):
        return zone.server.request(method, "/api/v1" + path, body, {"Authorization": f"Bearer {token}"}, connection).status
    equal(ask("PATCH", "/user-sources/corp", {"timeout": 3000}), 403)
    equal(ask("POST", "/user-sources/corp/map", {"outside": "cn=x", "group": "power-people"}), 200)
    equal(ask("POST", "/admin-groups", {"group": "own"}), 200)
    equal(ask("POST", "/user-sources/corp/map", {"outside": "cn=x", "group": "own"}), 200)
    equal(ask("POST", "/roles/viewer/grant", {"holder": "group:own"}), 403)
    zone.server.post("/admin-groups", group="high")
    zone.server.post("/roles/administrator/grant", holder="group:high")
    equal(ask("POST", "/user-sources/corp/map", {"outside": "cn=x", "group": "high"}), 403)
    zone.server.post("/user-sources/corp/map", outside=group("ops"), group="high")
    zone.log_in("alice@corp", "alice-Pass 1")
    for path in ("/admins/gus", "/admins/root2"):
        reply = zone.server.request("DELETE", "/api/v1" + path)
        equal(reply.status, 409 if path.endswith("root2") else 204, "the last local administrator: " + reply.text)
    zone.server.delete("/user-sources/corp", 409)
    zone.server.delete("/user-sources/corp?force=true")
    equal([a["name"] for a in zone.server.items("/admins")], ["root2"])


def the_command_line_does_all_of_it(box):
    ldap = Slapd(box, box.address(20))
    try:
        server = box.lampd(listen=f"{box.address(1)}:{PORT}")
        ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
        secret = box.write("secret", slapd.READER_PASSWORD + "\n")
        box.lamp(server, "user-source", "add", "corp", "--kind", "ldap", "--url", ldap.url, "--url", ldap.tls_url, "--base",
                 f"ou=people,{slapd.SUFFIX}", "--bind-dn", slapd.READER, "--secret-file", secret, "--authority", ldap.ca,
                 "--timeout", "20s", "--default", "on")
        box.lamp(server, "admin-group", "add", "power-people")
        box.lamp(server, "role", "grant", "power", "group:power-people")
        box.lamp(server, "user-source", "map", "corp", group("ops"), "power-people")
        contains(box.lamp(server, "user-source", "maps").stdout, group("ops"))
        said = json.loads(box.lamp(server, "user-source", "test", "corp", "--login", "alice", "--json").stdout)
        equal(said["groups"], ["power-people"])
        shown = json.loads(box.lamp(server, "user-source", "show", "corp", "--json").stdout)
        equal((shown["url"], shown["timeout"], shown["default"]), ([ldap.url, ldap.tls_url], 20000, True))
        tls = ("--server-address", f"https://{box.address(1)}:{PORT}", "--ca", os.path.join(server.folder, "ca.pem"))
        home = {"HOME": box.folder, "XDG_STATE_HOME": ""}
        password = box.write("alice", "alice-Pass 1\n")
        contains(box.run("lamp", "login", "alice", "--password-file", password, *tls, env=home, status=0).stdout, "alice")
        equal(json.loads(box.run("lamp", "whoami", "--json", *tls, env=home).stdout)["name"], "admin alice@corp")
        box.lamp(server, "user-source", "unmap", "corp", group("ops"), "power-people")
        box.run("lamp", "login", "alice", "--password-file", password, *tls, env=home, status=4)
        box.lamp(server, "user-source", "set", "corp", "--enabled", "off")
        box.lamp(server, "user-source", "remove", "corp", "--force", "--yes")
        equal(box.lamp(server, "user-source", "list", "--json").stdout, "")
    finally:
        ldap.stop()


harness.main(
    people_of_a_mapped_group_log_in_and_get_its_rights,
    what_is_wrong_is_refused_with_the_same_words,
    an_empty_password_is_never_bound_with,
    logins_wait_after_failures_however_the_name_is_written,
    local_accounts_come_before_those_of_the_default_source,
    groups_of_groups_count_and_circles_end,
    a_test_says_what_the_source_says,
    who_leaves_the_group_or_the_directory_loses_his_session,
    a_directory_that_is_down_says_so_and_concerns_nobody_else,
    a_directory_that_hangs_holds_up_nobody_else,
    another_url_answers_where_the_first_does_not,
    a_certificate_of_another_authority_is_refused,
    referrals_are_not_followed,
    who_may_not_do_it_himself_cannot_do_it_by_a_directory,
    the_command_line_does_all_of_it,
    at_once=2,
)
