"""Administrators by an OpenID provider: a real one (npm oidc-provider), real lampd and lamp. The browser's part is played by
hand: redirects, cookies and the provider's own forms."""

import http.client
import http.cookies
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import urllib.parse

import harness
import slapd
from harness import Failed, Skipped, check, contains, equal

PORT, PROVIDER_PORT = 8443, 9443
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "oidc")
REDIRECT = "https://lamp.example/login"


def need_modules():
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skipped("no node and npm")
    if not os.path.exists(os.path.join(MODULES, "node_modules", "oidc-provider", "package.json")):
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=MODULES, capture_output=True,
                              text=True, timeout=240)
        if done.returncode:
            raise Skipped("the npm registry cannot be reached")


class Provider:
    def __init__(self, box, address):
        self.address, self.issuer = address, f"https://{address}:{PROVIDER_PORT}"
        self.folder = box.path("provider")
        os.makedirs(self.folder)
        slapd.make_certificates(self.folder, address)
        self.popen = subprocess.Popen(
            ["node", os.path.join(MODULES, "provider.mjs"), str(PROVIDER_PORT), address, "cert.pem", "key.pem", REDIRECT],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(box.path("provider.log"), "w"),
            text=True)
        self.says("ready")

    def says(self, word):
        for line in self.popen.stdout:
            if line.startswith(word):
                return
        raise Failed(f"the provider did not say {word}")

    def change_keys(self):
        self.popen.send_signal(signal.SIGUSR1)
        self.says("changed")

    def stop(self):
        self.popen.kill()
        self.popen.wait(harness.DEADLINE)


class Browser:
    """Follows redirects within the provider, keeps cookies, fills in forms."""

    def __init__(self, provider):
        self.provider, self.cookies = provider, {}
        context = ssl.create_default_context(cafile=os.path.join(provider.folder, "ca.pem"))
        self.connection = http.client.HTTPSConnection(provider.address, PROVIDER_PORT, timeout=harness.DEADLINE, context=context)

    def go(self, url, form=None):
        """(address of the page, its text), or (address elsewhere that one is sent to, None)."""
        for _ in range(20):
            if not url.startswith((self.provider.issuer, "/")):
                return url, None
            path = url.removeprefix(self.provider.issuer)
            headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
            body = urllib.parse.urlencode(form) if form else None
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            self.connection.request("POST" if form else "GET", path, body, headers)
            reply = self.connection.getresponse()
            text = reply.read().decode()
            for line in reply.headers.get_all("Set-Cookie") or []:
                for name, morsel in http.cookies.SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            if reply.status not in (302, 303):
                return url, text
            url, form = reply.headers["Location"], None
        raise Failed("redirects without end")

    def log_in(self, url, who):
        """Through the provider's own pages, until it sends the browser elsewhere or has no more to ask."""
        at, page = self.go(url)
        for _ in range(8):
            if page is None:
                return at, page
            hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
            action = re.search(r'<form[^>]*action="([^"]+)"', page)
            if not action:
                return at, page
            if hidden.get("prompt") == "login":
                hidden.update(login=who, password="any")
            at, page = self.go(action[1], hidden or {"x": "y"})
        raise Failed(f"the provider asks on: {page[:1000]}")


class Zone:
    def __init__(self, box, clock=False):
        need_modules()
        self.box = box
        self.provider = Provider(box, box.address(20))
        try:
            self.server = box.lampd(listen=f"{box.address(1)}:{PORT}", clock=clock)
            ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
            self.connection = self.server.tls(PORT, box.address(1))
            with open(os.path.join(self.provider.folder, "ca.pem")) as f:
                ca = f.read()
            self.server.post("/admin-groups", group="power-people")
            self.server.post("/roles/operator/grant", holder="group:power-people")
            self.server.request("POST", "/api/v1/user-sources", {
                "name": "sso", "kind": "oidc", "url": [self.provider.issuer], "client-id": "lamplighter",
                "secret": "Client-secret 1", "authority": ca, "redirect": REDIRECT, "scopes": "openid profile groups",
                "timeout": 20000}, expect=200)
            self.server.post("/user-sources/sso/map", outside="ops", group="power-people")
        except Exception:
            self.provider.stop()
            raise

    def start(self, query=""):
        return self.server.request("GET", "/api/v1/login/oidc?source=sso" + query, None, None, self.connection, 200).json

    def answer(self, started, who):
        """code and state that the provider gives the browser."""
        at, page = Browser(self.provider).log_in(started["url"], who)
        check(page is None and at.startswith(REDIRECT + "?"), at, page)
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(at).query))

    def finish(self, expect=200, **body):
        return self.server.request("POST", "/api/v1/login/oidc", body, None, self.connection, expect)

    def whoami(self, token):
        return self.server.request("GET", "/api/v1/whoami", None, {"Authorization": f"Bearer {token}"}, self.connection)


def with_zone(**options):
    def wrap(test):
        def run(box):
            zone = Zone(box, **options)
            try:
                test(zone)
            finally:
                zone.provider.stop()
        run.__name__ = test.__name__
        return run
    return wrap


@with_zone()
def a_browser_logs_in_with_code_and_state(zone):
    started = zone.start()
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(started["url"]).query))
    equal((query["response_type"], query["code_challenge_method"], len(query["code_challenge"])), ("code", "S256", 43))
    for hidden in (query["state"], query["nonce"]):
        check(len(hidden) == 64 and hidden not in started["flow"], "the flow shows what it holds")
    given = zone.answer(started, "alice")
    login = zone.finish(flow=started["flow"], code=given["code"], state=given["state"]).json
    equal(login["admin"], "alice@sso")
    who = zone.whoami(login["token"]).json
    check("power.switch" in who["rights"], who)
    account = zone.server.get("/admins/alice@sso")
    equal((account["full_name"], account["source"], account["groups"]), ("Alice Example", "sso", ["power-people"]))
    audit = [a for a in zone.server.items("/audit") if a["action"] == "login-oidc.finish"]
    check(audit and not any(started["flow"] in json.dumps(a) or given["code"] in json.dumps(a) for a in audit), audit)
    again = zone.finish(401, flow=started["flow"], code=given["code"], state=given["state"]).json
    equal(again["error"], "wrong_login")  # the code was used
    started = zone.start()
    given = zone.answer(started, "alice")
    cookie = zone.finish(flow=started["flow"], code=given["code"], state=given["state"], cookie=True)
    contains(cookie.headers["Set-Cookie"], "__Host-session=lses_")


@with_zone()
def what_does_not_belong_together_is_refused(zone):
    one, two = zone.start(), zone.start()
    given = zone.answer(one, "alice")
    for body in ({"flow": two["flow"], "code": given["code"], "state": given["state"]},
                 {"flow": one["flow"], "code": given["code"], "state": "0" * 64},
                 {"flow": one["flow"][:-1] + ("0" if one["flow"][-1] != "0" else "1"), "code": given["code"],
                  "state": given["state"]},
                 {"flow": "1.00", "code": given["code"], "state": given["state"]}):
        equal(zone.finish(401, **body).json["error"], "wrong_login", str(body)[:60])
    zone.finish(400, flow=one["flow"])
    other = zone.answer(two, "alice")
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(one["url"]).query))["state"]
    equal(zone.finish(401, flow=one["flow"], code=other["code"], state=state).json["error"], "wrong_login")  # PKCE
    bob = zone.start()
    given = zone.answer(bob, "bob")
    contains(zone.finish(403, flow=bob["flow"], code=given["code"], state=given["state"]).json["message"], "no group")
    refused = [a for a in zone.server.items("/audit?kind=refused")]
    check(any("bob@sso" in json.dumps(a) for a in refused), refused)
    zone.server.request("GET", "/api/v1/login/oidc?source=none", None, None, zone.connection, 404)


@with_zone()
def keys_that_the_provider_changes_count_at_once(zone):
    for _ in range(2):
        started = zone.start()
        given = zone.answer(started, "alice")
        zone.finish(flow=started["flow"], code=given["code"], state=given["state"])
        zone.provider.change_keys()


@with_zone(clock=True)
def sessions_and_flows_end_by_the_clock(zone):
    started = zone.start()
    given = zone.answer(started, "alice")
    login = zone.finish(flow=started["flow"], code=given["code"], state=given["state"]).json
    zone.server.put("/settings/session-idle", value="24h")
    late = zone.start()
    given = zone.answer(late, "alice")
    zone.server.advance(601)
    zone.connection = zone.server.tls(PORT, zone.box.address(1))
    equal(zone.finish(401, flow=late["flow"], code=given["code"], state=given["state"]).json["error"], "wrong_login")
    equal(zone.whoami(login["token"]).status, 200)
    zone.server.advance(3600)
    zone.connection = zone.server.tls(PORT, zone.box.address(1))
    equal(zone.whoami(login["token"]).status, 401)


@with_zone()
def the_command_line_logs_in_by_a_code(zone):
    box = zone.box
    tls = ("--server-address", f"https://{box.address(1)}:{PORT}", "--ca", os.path.join(zone.server.folder, "ca.pem"))
    env = {**os.environ, "HOME": box.folder, "XDG_STATE_HOME": ""}
    lamp = subprocess.Popen([harness.program("lamp"), "login", "--oidc", "sso", *tls], env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        complete = None
        while not complete:
            line = lamp.stderr.readline()
            check(line, "lamp says nothing of an address")
            complete = re.match(r"or open (https\S+)", line)
        Browser(zone.provider).log_in(complete[1], "alice")
        out, _ = lamp.communicate(timeout=harness.DEADLINE)
        equal(lamp.returncode, 0, out)
        contains(out, "alice@sso")
    finally:
        if lamp.poll() is None:
            lamp.kill()
            lamp.communicate()
    equal(json.loads(box.run("lamp", "whoami", "--json", *tls, env={"HOME": box.folder, "XDG_STATE_HOME": ""}).stdout)["name"],
          "admin alice@sso")


@with_zone()
def a_provider_that_is_down_or_another_says_so(zone):
    said = zone.server.post("/user-sources/sso/test")
    equal((said["source"], said["login"]), ("sso", None))
    zone.provider.stop()
    down = zone.server.request("GET", "/api/v1/login/oidc?source=sso", None, None, zone.connection, 503).json
    equal(down["error"], "source_down")
    equal(zone.server.post("/user-sources/sso/test", expect=503)["error"], "source_down")


harness.main(
    a_browser_logs_in_with_code_and_state,
    what_does_not_belong_together_is_refused,
    keys_that_the_provider_changes_count_at_once,
    sessions_and_flows_end_by_the_clock,
    the_command_line_logs_in_by_a_code,
    a_provider_that_is_down_or_another_says_so,
)
