"""A zone with simulated devices in it, and the questions that every scenario about switching them asks.

What came of an order is always held against what the devices themselves saw: an act that is done was obeyed once, one
that failed was not obeyed, and nothing was obeyed twice."""

import collections
import contextlib
import fcntl
import os
import re
import select
import socket
import tempfile
import threading
import time

from harness import DEADLINE, PASSWORD, Failed, check, equal

ORDERS = {"on": 2, "off": 8, "reset": 10, "cycle": 5}  # RequestedPowerState of DSP1027, as AMT uses it
FINAL = {"done", "already", "failed", "unknown", "cancelled", "expired", "skipped"}


class Job(dict):
    """The sums of a job that ended; acts by the device's name."""

    def __init__(self, server, sums):
        super().__init__(sums)
        self.acts = server.acts(sums["job"])
        counted = collections.Counter(act["state"] for act in self.acts.values())
        for state in FINAL:
            equal(sums[state], counted[state], f"sum of {state} in job {sums['job']}")
        equal(sums["open"], 0, "open acts of a job that ended")
        equal(sums["total"], len(self.acts), "acts of the job")

    def states(self):
        return {name: act["state"] for name, act in self.acts.items()}

    def outcome(self, name):
        return self.acts[name]["state"], self.acts[name]["reason"]


class Fleet:
    """Devices pc1, pc2, ... of one simulator, at .1, .2, ..., in the folder /lab/ of a zone."""

    def __init__(self, box, devices, *sim, settings=(), add=True, lampd=(), **options):
        self.box = box
        self.sim = box.sim(devices, *sim)
        self.server = box.lampd(*lampd, **options)
        self.server.post("/credentials", name="lab", password=PASSWORD)
        self.set(**dict(settings))
        for i in range(1, devices + 1 if add else 1):
            self.add(i)

    def set(self, **settings):
        for name, value in settings.items():
            self.server.put(f"/settings/{name.replace('_', '-')}", value=str(value))

    def add(self, i, **more):
        self.server.post("/devices", **{"name": f"pc{i}", "amt": self.box.address(i), "credential": "lab",
                                        "folder": "/lab/", **more})

    def lamp(self, *args, **more):
        return self.box.lamp(self.server, *args, **more)

    def start(self, verb, *targets, **more):
        body = {"verb": verb, **({"targets": list(targets)} if targets else {"all": True}), **more}
        return self.server.post("/power", **body)["job"]

    def end(self, number):
        return Job(self.server, self.server.job_end(number))

    def power(self, verb, *targets, **more):
        return self.end(self.start(verb, *targets, **more))

    def test(self, *targets):
        return self.end(self.server.post("/devices/test", targets=list(targets))["job"])

    def fault(self, kind, host=None, **more):
        args = [f"--{k}={v}" for k, v in more.items()]
        return self.sim.ctl("fault", "--kind", kind, *(["--device", self.box.address(host)] if host else []),
                            *(word for arg in args for word in arg.split("=", 1)))

    def clear(self):
        self.sim.ctl("fault", "clear")

    def make_certificates(self):
        """Before it matters how long one takes: a device makes its own when it is first asked, all of them in one thread."""
        for device in self.sim.ctl("list"):
            self.sim.ctl("pin", device["device"])

    def count(self, host, what):
        return self.sim.ctl("stats", self.box.address(host))[0][what]

    def state(self, host):
        return self.sim.ctl("power", self.box.address(host))[0]["power"]

    def force(self, host, state):
        self.sim.ctl("power", self.box.address(host), state)

    def until_state(self, host, state):
        until(lambda: self.state(host) == state, f"pc{host} is {state}")

    def obeyed(self):
        """What each device obeyed, by the device's name, in order: (order, MessageID)."""
        orders = collections.defaultdict(list)
        for line in self.sim.ctl("wire"):
            orders[f"pc{line['device'].rsplit('.', 1)[1]}"].append((line["act"], line["message_id"].upper()))
        return orders

    def check_truth(self, job, before=None):
        """P2 and P3: the acts of the job held against what the devices did since before."""
        for name, act in job.acts.items():
            orders = self.obeyed()[name][len((before or {}).get(name, ())):]
            check(len(orders) <= 1, f"{name} obeyed {len(orders)} orders of one act: {orders}")
            check_act(name, act, orders)


def check_act(name, act, orders):
    """orders: what the device obeyed on behalf of the act."""
    state = act["state"]
    check(state in FINAL, f"{name} ended {state}")
    if state == "done" and act["verb"] in ORDERS:
        check(act["evidence"] in ("reply", "observed", "audit"), f"{name} is done by {act['evidence']}")
        equal([o for o, _ in orders], [act["verb"]], f"{name} is done, and obeyed")
        equal(orders[0][1].split(":")[-1], act["message_id"].upper().split(":")[-1], f"{name}: MessageID")
    elif state != "unknown" and not (state == "failed" and act["reason"] == "no_change"):
        equal(orders, [], f"{name} is {state} ({act['reason']}), and obeyed")
    if state in ("failed", "unknown", "cancelled", "expired", "skipped"):
        check(act["reason"] and act["message"] and act["next"], f"{name} is {state} without a reason: {act}")


def until(is_so, what):
    """Asks again and again, for what no program tells by itself: states of the simulator."""
    end = time.monotonic() + DEADLINE
    while not is_so():
        check(time.monotonic() < end, f"not within {DEADLINE} s: {what}")


class Relay:
    """Listens where a device would, passes everything on to a real one, and keeps what went to it."""

    def __init__(self, address, to, port=16992):
        self.to, self.port, self.heard, self.connects = to, port, bytearray(), 0
        self.listener = socket.create_server((address, port))
        self.wake, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        pairs = {}
        while True:
            ready, _, _ = select.select([self.listener, self.stopped, *pairs], [], [])
            if self.stopped in ready:
                break
            for sock in ready:
                if sock is self.listener:
                    self.accept(pairs)
                elif sock in pairs:
                    self.carry(sock, pairs)
        for sock in [*pairs, self.listener, self.stopped]:
            sock.close()

    def accept(self, pairs):
        near, _ = self.listener.accept()
        self.connects += 1
        try:
            far = socket.create_connection((self.to, self.port), timeout=DEADLINE)
        except OSError:
            near.close()
            return
        pairs[near], pairs[far] = (far, True), (near, False)

    def carry(self, sock, pairs):
        peer, to_device = pairs[sock]
        try:
            data = sock.recv(65536)
            if data and to_device:
                self.heard += data
            if data:
                peer.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (sock, peer):
                del pairs[end]
                end.close()

    def orders(self):
        """The power states that were asked for."""
        return [int(n) for n in re.findall(rb"RequestPowerStateChange_INPUT.*?PowerState>(\d+)<", self.heard, re.S)]

    def close(self):
        self.wake.send(b"x")
        self.thread.join()
        self.wake.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextlib.contextmanager
def localhost():
    """The address 127.0.0.1 with the ports of AMT, for one scenario at a time on this machine."""
    with open(os.path.join(tempfile.gettempdir(), f"lamplighter-localhost-{os.getuid()}"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def raises(function, *args, **more):
    """The message of the Failed that the call raises."""
    try:
        function(*args, **more)
    except Failed as e:
        return str(e)
    raise Failed("it was accepted")
