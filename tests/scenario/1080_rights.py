"""Who may do what, where: every command of the API x every role x (own folder, other folder, zone), on a real lampd.

What is expected is declared here and in tests/roles.tbl.h, by hand and not taken from the program. A command without a row
here fails the test (goal G12). Allowed means: not refused for who asks; what else is wrong with the request is another
matter, and is often so on purpose, so that a thousand requests change little."""

import json
import os
import re
import ssl

import harness
from harness import check, contains, equal

PORT = 8443
ROLES = {"A": "administrator", "O": "operator", "P": "power", "V": "viewer", "U": "auditor"}

# What a command is about: zone (no folder gives it), device or vault (the folder of the thing), open and login (whoever
# is logged in, or nobody), none (lists: each shows what one may see, so it is refused only to those who see nothing;
# here: whose role has the right in that tree).
# root: a right of folders that is asked for at the root.
# {d} device, {f} folder, {v} folder of the vault, {c} credential, {t} target: zone, a folder.
COMMANDS = {
    "server.version": ("login", None),
    "zone.show": ("zone", None), "zone.rename": ("zone", {"name": ""}), "server.list": ("zone", None),
    "setting.list": ("device", "?at={t}"), "setting.show": ("device", "?at={t}", {"name": "time-zone"}),
    "setting.set": ("device", {"value": "nonsense", "at": "{t}"}, {"name": "time-zone"}),
    "setting.reset": ("device", "?at={t}", {"name": "no-such"}), "setting.overrides": ("list-device", None),
    "credential-folder.list": ("list-vault", None), "credential-folder.add": ("vault", {"path": "{v}"}),
    "credential-folder.move": ("vault", {"path": "{v}", "to": "{v}"}),
    "credential-folder.remove": ("vault", {"path": "{v}"}),
    "credential.list": ("list-vault", None), "credential.show": ("vault", None),
    "credential.add": ("vault", {"name": "c", "folder": "{v}", "password": "P@ssw0rd1"}),
    "credential.set": ("vault", {"description": "same"}), "credential.remove": ("vault", None),
    "folder.list": ("list-device", None), "folder.add": ("device", {"path": "{f}"}),
    "folder.move": ("device", {"path": "{f}", "to": "{f}"}), "folder.remove": ("device", {"path": "{f}"}),
    "device.list": ("list-device", None), "device.show": ("device", None),
    "device.add": ("device", {"name": "{d}", "folder": "{f}"}), "device.set": ("device", {"note": "same"}),
    "device.delete-setting": ("device", None), "device.repin": ("device", None), "device.remove": ("device", None),
    "device.history": ("device", None), "device.test": ("device", {"targets": ["{d}"]}),
    "device.import": ("device", {"discovered": ["192.0.2.99"], "folder": "{f}"}), "device.check-name": ("device", None),
    "group.list": ("root", None), "group.show": ("root", None), "group.add": ("root", {"name": "g", "filter": "nonsense"}),
    "group.set": ("root", {"note": "same"}), "group.remove": ("root", None),
    "group.member-add": ("root", {"targets": ["d-zone"]}), "group.member-remove": ("root", {"targets": ["d-zone"]}),
    "discover": ("zone", {"ranges": ["nonsense"]}), "scan.list": ("zone", None), "scan.show": ("zone", None),
    "scan.cancel": ("zone", None), "discovered.list": ("zone", None), "discovered.show": ("zone", None),
    "discovered.rediscover": ("zone", {"discovered": ["192.0.2.99"]}),
    "discovered.remove": ("zone", {"discovered": ["192.0.2.99"]}),
    "setup-file.list": ("zone", None), "setup-file.show": ("zone", None), "setup-file.records": ("zone", None),
    "setup-file.add": ("zone", {"name": "f", "records": 0}), "setup-file.remove": ("zone", None),
    "setup-file.use": ("zone", {"device": "none"}), "hello.check": ("zone", "?dns=invalid"),
    "power": ("device", {"verb": "status", "targets": ["{d}"]}),
    "job.list": ("login", None), "job.show": ("job", None), "job.acts": ("job", None), "job.cancel": ("job-power", None),
    "adopt": ("zone", {"targets": ["none"]}), "unprovision": ("zone", {"targets": ["none"]}),
    "provision": ("zone", {"targets": ["none"]}),
    "hold.list": ("list-device", None), "hold.add": ("device", {"target": "{t}"}),
    "hold.remove": ("device", {"target": "{t}"}),
    "admin.list": ("zone", None), "admin.show": ("zone", None), "admin.add": ("zone", {"name": "", "password": "x" * 14 + "y"}),
    "admin.set": ("zone", {"full-name": "same"}), "admin.password": ("zone", {"password": "Correct-h0rse-battery"}),
    "admin.disable": ("zone", None), "admin.enable": ("zone", None), "admin.unlock": ("zone", None), "admin.remove": ("zone", None),
    "admin-group.list": ("zone", None), "admin-group.add": ("zone", {"group": ""}), "admin-group.remove": ("zone", None),
    "admin-group.join": ("zone", {"admin": "none"}), "admin-group.leave": ("zone", {"admin": "none"}),
    "role.list": ("zone", None), "role.add": ("zone", {"role": ""}), "role.set": ("zone", {}),
    "role.remove": ("zone", None), "role.grant": ("zone", {"holder": "none"}), "role.revoke": ("zone", {"holder": "none"}),
    "right.names": ("login", None), "right.list": ("zone", None),
    "right.grant": ("zone", {"holder": "none", "rights": ["zone.view"]}),
    "right.deny": ("zone", {"holder": "none", "rights": ["zone.view"]}),
    "right.unset": ("zone", {"holder": "none", "rights": ["zone.view"]}),
    "notice.list": ("login", None), "notice.ack": ("login", None),
    "user-source.list": ("zone", None), "user-source.show": ("zone", None), "user-source.maps": ("zone", None),
    "user-source.add": ("zone", {"name": "", "kind": "ldap"}), "user-source.set": ("zone", {"tls": "nonsense"}),
    "user-source.remove": ("zone", None), "user-source.test": ("zone", None),
    "user-source.map": ("zone", {"outside": "cn=x", "group": "none"}),
    "user-source.unmap": ("zone", {"outside": "cn=x", "group": "none"}),
    "login": ("open", {}), "login-oidc.start": ("open", "?source=none"), "login-oidc.finish": ("open", {}), "logout": ("login", None), "whoami": ("login", None),
    "session.list": ("login", None), "session.end": ("zone", None), "setup": ("open", {}),
    "token.list": ("zone", None), "token.add": ("zone", {"name": ""}), "token.remove": ("zone", None),
    "audit.list": ("zone", None), "audit.export": ("zone", None), "audit.counts": ("zone", None), "audit.verify": ("zone", None),
    "message.list": ("zone", None), "message.show": ("zone", None), "message.state": ("zone", None),
    "message.ack": ("zone", {"messages": ["999999"]}), "message.ack-all": ("zone", {"device": "none"}),
    "target.list": ("zone", None), "target.show": ("zone", None), "target.add": ("zone", {"name": "", "kind": "none"}),
    "target.set": ("zone", {"severity": "nonsense"}), "target.remove": ("zone", None), "target.test": ("zone", None),
    "rule.list": ("root", None), "rule.add": ("root", {"name": "r", "filter": "nonsense", "folder": "/Workstations/"}),
    "rule.move": ("root", {"place": 1}), "rule.remove": ("root", None), "rule.test": ("root", "?name=x"),
    "calendar.list": ("root", None), "calendar.show": ("root", None), "calendar.ranges": ("root", None),
    "calendar.add": ("root", {"name": "cal", "from": "nonsense"}), "calendar.import": ("root", {"file": "nonsense"}),
    "calendar.remove": ("root", None), "report.power": ("list-device", None),
    "schedule.list": ("list-device", None), "schedule.show": ("device", None), "schedule.history": ("device", None),
    "schedule.add": ("device", {"name": "9", "verb": "on", "target": "{t}"}),
    "schedule.set": ("device", {"verb": "status"}), "schedule.remove": ("device", None),
    "schedule.suspend": ("device", None), "schedule.resume": ("device", None),
    "schedule.next": ("list-device", "?target={d}"), "schedule.test": ("list-device", "?weekly=mon&at=07:30"),
    "schedule.override": ("device", {"target": "{t}", "nothing": False}), "schedule.revert": ("device", {"target": "{t}"}),
    "inventory.import": ("zone", {"file": "nonsense"}), "inventory.list": ("zone", None), "inventory.show": ("zone", None),
    "inventory.remove": ("zone", None),
    "reconcile.show": ("zone", None), "reconcile.run": ("zone", None), "reconcile.report": ("zone", None),
    "reconcile.schedule": ("zone", {"weekly": "nonsense"}), "reconcile.link": ("zone", {"amt": "none"}),
    "reconcile.unlink": ("zone", None), "reconcile.release": ("zone", None),
    "certificate.list": ("zone", None), "certificate.show": ("zone", None), "certificate.create": ("zone", {"key": "none"}),
    "certificate.import": ("zone", {"file": "AAAA"}), "certificate.remove": ("zone", None), "certificate.hash": ("zone", None),
    "certificate.export": ("zone", None), "certificate-request.list": ("zone", None),
    "certificate-request.add": ("zone", {"country": "none", "state": "x", "organization": "y"}),
    "certificate-request.remove": ("zone", None), "certificate-authority.backup": ("zone", {"password": "short"}),
    "certificate-authority.restore": ("zone", {"file": "AAAA", "password": "short"}),
    "certificate-authority.remint": ("zone", {"key": "none"}),
    "event.follow": ("login", "?from=nonsense"),
}
ARGUMENTS = {"device": "{d}", "setup-file": "none", "credential": "{c}", "job": "{j}", "setting": "time-zone", "group": "none", "scan": "999999",
             "discovered": "192.0.2.99", "admin": "none", "role": "none", "session": "999999", "token": "none",
             "message": "999999", "name": "none", "target": "none", "rule": "none", "calendar": "none", "certificate": "none", "request": "999999",
             "schedule": "s-{p}", "source": "none"}
PLACES = ("own", "other", "zone")


def declared():
    """Letters of the roles that may give a command for the whole zone: {"device.add": "A"}."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "roles.tbl.h")) as f:
        may = dict(re.findall(r'^MAY\((\w+), "(\w*)"\)', f.read(), re.M))
    with open(os.path.join(here, "..", "..", "src", "codec", "api.tbl.h")) as f:
        rows = re.findall(r'^API_COMMAND\((\w+), "([^"]*)", "([^"]*)"', f.read(), re.M)
    return {noun + ("." + verb if verb else ""): may[name] for name, noun, verb in rows}


class Zone:
    def __init__(self, box):
        self.box = box
        self.server = box.lampd(listen=f"{box.address(1)}:{PORT}")
        ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
        self.connection = self.server.tls(PORT, box.address(1))
        self.jobs = {}
        self.furnish()

    def furnish(self):
        """What the requests are about; made again where one of them took it away."""
        for place in PLACES:
            folder = "/Workstations/" if place == "zone" else f"/Workstations/{place}/"
            vault = "/" if place == "zone" else f"/{place}/"
            for path, body in (("/folders", {"path": folder}), ("/credential-folders", {"path": vault}),
                               ("/devices", {"name": f"d-{place}", "folder": folder}),
                               ("/schedules", {"name": f"s-{place}", "verb": "status", "dates": "2090-01-01", "at": "07:30",
                                               "target": "zone" if place == "zone" else folder}),
                               ("/credentials", {"name": "c", "folder": vault, "password": "P@ssw0rd1"})):
                reply = self.server.request("POST", "/api/v1" + path, body)
                check(reply.status in (200, 409), reply)
                if path == "/devices" and reply.status == 200:
                    self.jobs[place] = self.server.post("/power", verb="status", targets=[f"d-{place}"])["job"]
        for target in ("zone", "/Workstations/own/", "/Workstations/other/"):
            self.server.request("POST", "/api/v1/holds/remove", {"target": target})

    def ask(self, token, method, path, body=None):
        headers = {"Authorization": f"Bearer {token}"}
        return self.server.request(method, path, body, headers, self.connection)


def fill(what, words):
    text = json.dumps(what)
    for name, word in words.items():
        text = text.replace("{" + name + "}", word)
    return json.loads(text)


def operations(server):
    for path, methods in server.description().document["paths"].items():
        for method, op in methods.items():
            if "operationId" in op:
                yield op["operationId"], method.upper(), path


def request_of(zone, name, method, path, place):
    kind, *more = COMMANDS[name]
    words = {"p": place, "d": f"d-{place}", "j": str(zone.jobs[place]),
             "f": "/Workstations/" if place == "zone" else f"/Workstations/{place}/",
             "v": "/" if place == "zone" else f"/{place}/", "c": "%2Fc" if place == "zone" else f"%2F{place}%2Fc",
             "t": "zone" if place == "zone" else f"/Workstations/{place}/"}
    arguments = {**ARGUMENTS, **(more[1] if len(more) > 1 else {})}
    path = re.sub(r"\{(\w+)\}", lambda m: arguments[m.group(1)], path)
    given = more[0]
    if isinstance(given, str):
        return method, fill(path + given, words), None
    return method, fill(path, words), fill(given, words) if given is not None else None


def expected(name, letters, role, scope, place):
    """Whether a role that was given at scope (zone, device: the own folder, vault: the own folder there) may do it there."""
    kind = COMMANDS[name][0]
    if kind in ("login", "open"):
        return True
    if kind == "job":  # one sees a device of it, or all
        return role in "AOVU" and (scope == "zone" or (scope == "device" and place == "own"))
    if role not in letters:
        return False
    if kind == "job-power":
        return scope == "zone" or (scope == "device" and place == "own")
    if scope == "zone":
        return True
    if kind == f"list-{scope}":
        return True
    return kind == scope and place == "own"


def every_command_for_every_role_in_every_place(box):
    zone = Zone(box)
    letters = declared()
    wrong, cells = [], 0
    for letter, role in ROLES.items():
        for scope, at in (("zone", "zone"), ("device", "/Workstations/own/"), ("vault", "vault:/own/")):
            token = zone.server.post("/tokens", name=f"{role}-{scope}", role=role, at=at)["token"]
            for name, method, path in operations(zone.server):
                check(name in COMMANDS, f"{name} has no row here")
                for place in PLACES:
                    reply = zone.ask(token, *request_of(zone, name, method, path, place))
                    may = reply.status not in (401, 403)
                    cells += 1
                    if may != expected(name, letters[name], letter, scope, place):
                        wrong.append(f"{role} at {scope}: {name} in {place}: {reply.status} {reply.text[:160]}")
                    if may and method != "GET" and reply.status < 300:
                        zone.furnish()
    check(not wrong, f"{len(wrong)} of {cells} cells:\n" + "\n".join(wrong[:40]))
    print(f"# {cells} cells")


def a_power_only_role_sees_nothing_but_its_own_job(box):
    zone = Zone(box)
    token = zone.server.post("/tokens", name="p", role="power", at="/Workstations/own/")["token"]
    for path in ("/devices", "/folders", "/credentials", "/discovered", "/audit", "/holds", "/settings", "/admins"):
        equal(zone.ask(token, "GET", "/api/v1" + path).status, 403, path)
    equal(zone.ask(token, "GET", "/api/v1/jobs").json["items"], [])
    job = zone.ask(token, "POST", "/api/v1/power", {"verb": "status", "targets": ["d-own"]}).json["job"]
    equal([j["job"] for j in zone.ask(token, "GET", "/api/v1/jobs").json["items"]], [job])
    equal([a["device"] for a in zone.ask(token, "GET", f"/api/v1/jobs/{job}/acts").json["items"]], ["d-own"])
    equal(zone.ask(token, "GET", f"/api/v1/jobs/{zone.jobs['own']}").status, 403)


def lists_show_what_one_may_see(box):
    zone = Zone(box)
    token = zone.server.post("/tokens", name="v", role="viewer", at="/Workstations/own/")["token"]
    for path, member, wanted in (("/devices", "name", ["d-own"]), ("/folders", "path", ["/Workstations/own/"]),
                                 ("/jobs", "job", [zone.jobs["own"]])):
        equal([row[member] for row in zone.ask(token, "GET", "/api/v1" + path).json["items"]], wanted, path)
    zone.server.post("/rights/deny", holder="token:v", rights=["device.view"], at="/Workstations/own/")
    equal(zone.ask(token, "GET", "/api/v1/devices").status, 403)


# What a command needs besides the right in its row, in the same place.
ALSO = {"schedule.add": "power.switch", "schedule.set": "power.switch", "schedule.resume": "power.switch"}


def some_commands_need_two_rights(box):
    zone = Zone(box)
    second = {name: more for name, *_ in operations(zone.server) if (more := ALSO.get(name))}
    equal(second, ALSO)
    first = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "codec", "api.tbl.h")) as f:
        for noun, verb, right in re.findall(r'^API_COMMAND\(\w+, "([^"]*)", "([^"]*)", \w+, "[^"]*", \w+, (\w+)', f.read(), re.M):
            first[f"{noun}.{verb}"] = right.lower().replace("_", ".", 1).replace("_", "-")
    for i, (name, more) in enumerate(ALSO.items()):
        method, path = next((m, p) for n, m, p in operations(zone.server) if n == name)
        for rights, may in (([first[name]], False), ([more], False), ([first[name], more], True)):
            token = zone.server.post("/tokens", name=f"t{i}{len(rights)}{may}{rights[0]}", rights=rights,
                                     at="/Workstations/own/")["token"]
            reply = zone.ask(token, *request_of(zone, name, method, path, "own"))
            equal(reply.status not in (401, 403), may, f"{name} with {rights}: {reply.text}")
            equal(zone.ask(token, *request_of(zone, name, method, path, "other")).status, 403, name)
            zone.furnish()


def people_log_in_and_out(box):
    zone = Zone(box)
    token = open(os.path.join(zone.server.folder, "setup-token")).read().strip()
    equal(os.stat(os.path.join(zone.server.folder, "setup-token")).st_mode & 0o777, 0o600)
    secret = box.write("secret", "Correct-h0rse-battery\n")
    tls = ("--server-address", f"https://{box.address(1)}:{PORT}", "--ca", os.path.join(zone.server.folder, "ca.pem"),
           "--password-file", secret)
    home = {"HOME": box.folder, "XDG_STATE_HOME": ""}
    box.run("lamp", "setup", "ann", "--setup-token", "wrong", *tls, env=home, status=1)
    box.run("lamp", "setup", "ann", "--setup-token", token, *tls, env=home)
    check(not os.path.exists(os.path.join(zone.server.folder, "setup-token")), "the token stays")
    box.run("lamp", "setup", "bob", "--setup-token", token, *tls, env=home, status=4)
    box.run("lamp", "whoami", *tls[:4], env=home, status=4)
    box.run("lamp", "login", "ann", *tls, env=home)
    who = json.loads(box.run("lamp", "whoami", "--json", *tls[:4], env=home).stdout)
    equal((who["name"], who["kind"]), ("admin ann", "session"))
    box.run("lamp", "admin", "add", "bob", "--role", "viewer", *tls, env=home)
    box.run("lamp", "logout", *tls[:4], env=home)
    box.run("lamp", "whoami", *tls[:4], env=home, status=4)


def who_logs_in_on_the_local_socket_counts_as_that_administrator(box):
    zone = Zone(box)
    zone.server.post("/admins", name="ann", password="Correct-h0rse-battery", role="viewer")
    env = {"HOME": box.folder, "XDG_STATE_HOME": "", "LAMP_SERVER": "unix:" + zone.server.socket}

    def whoami(status=0):
        done = box.run("lamp", "whoami", "--json", env=env, status=status)
        return json.loads(done.stdout)["name"] if status == 0 else done.stderr

    before = whoami()
    check(before.endswith("(local)"), before)
    box.run("lamp", "login", "ann", "--password-file", box.write("secret", "Correct-h0rse-battery\n"), env=env, status=0)
    equal(whoami(), "admin ann")
    box.run("lamp", "folder", "add", "/Workstations/own/", env=env, status=4)
    zone.server.delete("/admins/ann")
    contains(whoami(status=4), "log in again")
    box.run("lamp", "logout", env=env, status=4)
    equal(whoami(), before)


def a_cookie_changes_nothing_for_another_page(box):
    zone = Zone(box)
    zone.server.post("/admins", name="ann", password="Correct-h0rse-battery", role="administrator")
    login = {"name": "ann", "password": "Correct-h0rse-battery", "cookie": True}
    reply = zone.server.request("POST", "/api/v1/login", login, None, zone.connection, 200)
    equal(reply.json["token"], None)
    cookie, *attributes = reply.headers["Set-Cookie"].split("; ")
    check(cookie.startswith("__Host-session=lses_"), cookie)
    equal(sorted(attributes), ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"])
    for headers, status in (({}, 403), ({"Origin": "https://evil.example"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403),
                            ({"Sec-Fetch-Site": "same-origin"}, 200)):
        got = zone.server.request("PATCH", "/api/v1/zone", {"name": "x"}, {"Cookie": cookie, **headers}, zone.connection)
        equal(got.status, status, str(headers))
    out = zone.server.request("POST", "/api/v1/logout", None, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"},
                              zone.connection, 204)
    check("Max-Age=0" in out.headers["Set-Cookie"], out.headers)
    equal(zone.server.request("GET", "/api/v1/whoami", None, {"Cookie": cookie}, zone.connection).status, 401)


harness.main(
    every_command_for_every_role_in_every_place,
    a_power_only_role_sees_nothing_but_its_own_job,
    lists_show_what_one_may_see,
    some_commands_need_two_rights,
    people_log_in_and_out,
    who_logs_in_on_the_local_socket_counts_as_that_administrator,
    a_cookie_changes_nothing_for_another_page,
)
