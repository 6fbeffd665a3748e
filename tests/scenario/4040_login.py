"""Testing a connection: one outcome for each cause, with what to do about it. And passwords: few tries, never more."""

import json
import socket
import threading

import harness
from fleet import Fleet
from harness import check, contains, equal

PLAIN = ("--profile", "11.8")


class Stranger:
    """Something else than AMT on AMT's port: says the same to everybody."""

    def __init__(self, address, says):
        self.says, self.heard = says, []
        self.listener = socket.create_server((address, 16992))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                self.heard.append(client.recv(65536))
                client.sendall(self.says)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


WEB = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
ROUTER = (b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="router", nonce="abc", qop="auth"\r\n'
          b"Content-Length: 0\r\n\r\n")

# How pc1, pc2, ... came to be so, and what the test says. Faults by kind, else what was entered.
CAUSES = (
    ("done", None, {}),
    ("name_unresolved", None, {"amt": "nowhere.invalid"}),
    ("net_not_allowed", None, {"amt": "localhost"}),
    ("unreachable", "syn-drop", {}),
    ("refused_port", "refuse", {}),
    ("no_answer", "hang", {}),
    ("lost_connection", "close-mid-request", {}),
    ("not_amt", WEB, {}),
    ("not_amt", ROUTER, {}),
    ("wrong_password", None, {"credential": "other"}),
    ("weak_auth", "basic-offered", {}),
    ("malformed", "empty-challenge", {}),
    ("wrong_device", None, {"uuid": "11111111-2222-3333-4444-555555555555"}),
    ("device_busy", "http-503", {}),
    ("not_amt", "garbage-xml", {}),
    ("malformed", "chunk-negative", {}),
    ("malformed", "wrong-message-id", {}),
    ("refused_port", None, {"tls": "require"}),
)


def a_test_names_the_cause_and_the_next_step(box):
    fleet = Fleet(box, len(CAUSES), *PLAIN, add=False)
    fleet.server.post("/credentials", name="other", password="0ther-Pass")
    strangers = []
    for i, (_, cause, entered) in enumerate(CAUSES, 1):
        if isinstance(cause, bytes):
            strangers.append(Stranger(box.address(100 + i), cause).__enter__())
            entered = {"amt": box.address(100 + i)}
        elif cause:
            fleet.fault(cause, i)
        fleet.add(i, **entered)
    fleet.server.post("/devices", name="bare", folder="/lab/")
    try:
        job = fleet.test("/lab/")
    finally:
        for stranger in strangers:
            stranger.__exit__()
    for i, (outcome, _, entered) in enumerate(CAUSES, 1):
        act = job.acts[f"pc{i}"]
        equal(act["reason"] or act["state"], outcome, f"{CAUSES[i - 1][1:]}: {act}")
        check(outcome == "done" or (act["state"] == "failed" and act["next"]), act)
    equal(job.outcome("bare"), ("failed", "not_configured"))
    for stranger in strangers:
        check(not any(b"response=" in request for request in stranger.heard), "a digest of the password left for a stranger")
    found = job.acts["pc1"]["detail"]
    for part in ("AMT 11.8", "SMB mode", "no TLS", "power off"):
        contains(found, part)


def what_a_device_was_known_by_must_not_change(box):
    fleet = Fleet(box, 3, *PLAIN, "--power", "on")
    equal(fleet.test("/lab/")["done"], 3)
    uuid = {d["device"]: d["uuid"] for d in fleet.sim.ctl("list")}
    for i in (1, 2, 3):
        equal(fleet.server.get(f"/devices/pc{i}")["uuid"], uuid[box.address(i)], "UUID that the test read")
    fleet.fault("realm-changed", 1)
    fleet.fault("address-taken", 2)
    for job in (fleet.test("/lab/"), fleet.power("reset", confirm=3)):
        equal(job.outcome("pc1"), ("failed", "realm_changed"))
        check(job.outcome("pc2")[1] in ("realm_changed", "wrong_device"), job.acts["pc2"])
        equal(job.outcome("pc3"), ("done", None))
    equal(set(fleet.obeyed()), {"pc3"}, "who obeyed")
    fleet.lamp("device", "repin", "pc1", "--yes")
    equal(fleet.test("pc1")["done"], 1, "accepted by a person")


def a_wrong_password_is_tried_once_and_once_more(box):
    """Whether a 401 means a new nonce or a wrong password shows at the second; a third would only help a lock-out."""
    fleet = Fleet(box, 10, *PLAIN, settings={"act-tries": 4})
    equal(fleet.power("status")["done"], 10)
    fleet.server.patch("/credentials/lab", password="Wr0ng-Pass")
    for verb in ("status", "on", "reset"):
        fleet.sim.ctl("reset-counters")
        job = fleet.power(verb, **({"confirm": 10} if verb == "reset" else {}))
        for name, act in job.acts.items():
            equal((act["state"], act["reason"], act["attempt"]), ("failed", "wrong_password", 1), f"{verb}: {act}")
        for i in range(1, 11):
            seen = fleet.count(i, "unauthorized")
            check(seen <= 2, f"{verb}: {seen} times 401 at one device")
    equal(fleet.sim.ctl("wire"), [])
    contains(fleet.server.acts(2)["pc1"]["next"], "MEBx")


def a_strange_device_sees_one_wrong_password(box):
    fleet = Fleet(box, 1, *PLAIN, add=False)
    fleet.server.post("/credentials", name="other", password="0ther-Pass")
    fleet.add(1, credential="other")
    equal(fleet.power("on").outcome("pc1"), ("failed", "wrong_password"))
    equal((fleet.count(1, "requests"), fleet.count(1, "unauthorized")), (2, 2), "requests and 401s: a nonce, one try")


def a_warm_device_is_asked_once(box):
    """The nonce and its counter are kept, also when lampd starts again: no 401 at all."""
    fleet = Fleet(box, 5, *PLAIN)
    equal(fleet.power("status")["done"], 5)
    fleet.sim.ctl("reset-counters")
    equal(fleet.power("status")["done"], 5)
    stats = fleet.sim.ctl("stats")[0]
    equal((stats["requests"], stats["unauthorized"]), (5, 0), "warm")
    equal(fleet.server.stop(), 0)
    fleet.server = box.lampd()
    fleet.sim.ctl("reset-counters")
    equal(fleet.power("status")["done"], 5)
    stats = fleet.sim.ctl("stats")[0]
    equal((stats["requests"], stats["unauthorized"]), (5, 0), "warm after a restart")
    fleet.server.kill()
    fleet.server = box.lampd()
    fleet.sim.ctl("reset-counters")
    equal(fleet.power("status")["done"], 5)
    equal(fleet.sim.ctl("stats")[0]["unauthorized"], 0, "warm after a kill")


def a_name_that_does_not_resolve_is_said(box):
    fleet = Fleet(box, 1, *PLAIN, add=False, settings={"act-tries": 1})
    fleet.add(1, amt="desk-17.invalid")
    done = fleet.lamp("power", "on", "pc1", "--wait", status=1)
    contains(done.stdout, "name_unresolved")
    shown = json.loads(fleet.lamp("device", "check-name", "pc1", "--json").stdout)
    equal((shown["forward"], bool(shown["warning"])), ([], True))


harness.main(
    a_test_names_the_cause_and_the_next_step,
    what_a_device_was_known_by_must_not_change,
    a_wrong_password_is_tried_once_and_once_more,
    a_strange_device_sees_one_wrong_password,
    a_warm_device_is_asked_once,
    a_name_that_does_not_resolve_is_said,
    at_once=3,
)
