"""Orders to many devices that lie, while lampd is killed again and again at chance moments.

What must come out, whatever happens (the promises about power):

  P1  every act ends in a final state;
  P2  no device obeys two orders of one act: its own count, not ours;
  P3  done only with evidence, and then the device did obey; failed only when it did not; unknown only where a reply was
      lost or the order was already allowed at a kill, and nowhere if the device keeps an audit log.

The chance is that of a seed, which is printed; STORM_SEED=N gives the same storm as far as the machine's own pace allows.
"""

import collections
import ipaddress
import os
import random
import select
import shutil
import signal
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import harness
from fleet import check_act
from harness import PASSWORD, check, equal

CLAIMED, SENT = 1, 2  # states of acts in the database
SEED = int(os.environ.get("STORM_SEED", "20261122"))

# What the devices do with an order, and the share of them that do it always.
FAULTS = (("act-no-reply", "10%"), ("close-before-act", "5%"), ("close-after-act", "5%"), ("slow", "5%"))


class Storm:
    """Devices of one simulator, imported into one zone, whose lampd can be killed and started again."""

    def __init__(self, box, devices, kills, *sim, **settings):
        self.box, self.devices, self.kills, self.chance = box, devices, kills, random.Random(SEED)
        self.net = box.wide_net()
        self.sim = harness.Simulator(box, ["--devices", str(devices), "--net", self.net, "--profile", "11.8", "--power",
                                           "on", "--delay", "50", "--seed", str(SEED), *sim])
        self.server = self.start()
        self.server.post("/credentials", name="lab", password=PASSWORD)
        for name, value in settings.items():
            self.server.put(f"/settings/{name.replace('_', '-')}", value=str(value))
        self.scan()
        imported = self.server.post("/devices/import", discovered=["discovered"], credential="lab", folder="/lab/")
        equal((imported["imported"], imported["skipped"]), (devices, 0), "devices imported")
        self.address = {d["name"]: d["address"] for d in self.server.items("/devices?limit=1000")}
        self.claimed_at_kill = set()  # ids of acts that were being prepared when lampd died
        self.sent_at_kill = set()     # and of those whose order was allowed at that moment

    def start(self, **options):
        return self.box.lampd("--allow-net", self.net, **options)

    def scan(self):
        first = ipaddress.ip_network(self.net)[1]
        scan = self.server.post("/scans", ranges=[f"{first}-{first + self.devices - 1}"], tcp="never")["id"]
        events = self.server.events(f"?scan={scan}&from=0")
        events.until(lambda ev: ev["kind"] == "scan" and ev["change"] == "final")
        events.close()

    def wait_a_while(self, job):
        """Until some acts have ended or some time is over, and then a moment more, so that no step is always met."""
        events = self.server.events(f"?job={job}")
        wanted = self.chance.randrange(0, max(2, self.devices // 15))
        patience = self.chance.uniform(0.05, 1.5)
        seen = 0
        while seen < wanted and select.select([events.response.fileno()], [], [], patience)[0]:
            seen += self.read_some(events)
        select.select([], [], [], self.chance.uniform(0, 0.2))
        events.close()

    @staticmethod
    def read_some(events):
        data = os.read(events.response.fileno(), 65536)
        return max(1, data.count(b"\nid: "))

    def kill(self):
        equal(self.server.kill(), -9, "how lampd ended")
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ("", "-wal"):
                path = os.path.join(self.server.folder, "lampd.db" + suffix)
                if os.path.exists(path):
                    shutil.copy(path, folder)
            db = sqlite3.connect(os.path.join(folder, "lampd.db"))
            equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok", "the database after a kill")
            self.claimed_at_kill.update(row[0] for row in db.execute("SELECT id FROM act WHERE state = ?", (CLAIMED,)))
            self.sent_at_kill.update(row[0] for row in db.execute("SELECT id FROM act WHERE state = ?", (SENT,)))
            db.close()
        self.server = self.start()

    def freeze(self):
        """As a machine that sleeps or a debugger does: past the lease, and past the time in which an order may leave."""
        os.kill(self.server.pid, signal.SIGSTOP)
        select.select([], [], [], 2.5)
        os.kill(self.server.pid, signal.SIGCONT)

    def obeyed(self):
        orders = collections.defaultdict(list)
        for line in self.sim.ctl("wire"):
            orders[line["device"]].append((line["act"], line["message_id"].upper()))
        return orders

    def run(self, verb, may_be_unknown, freezes=0):
        print(f"# seed {SEED}: {verb} of {self.devices} devices, {self.kills} kills, {freezes} freezes", flush=True)
        for kind, share in FAULTS:
            self.sim.ctl("fault", "--kind", kind, "--share", share, "--on", "act", "--seed", str(SEED))
        job = self.server.post("/power", verb=verb, all=True, confirm=self.devices)["job"]
        for strike in self.chance.sample([self.kill] * self.kills + [self.freeze] * freezes, self.kills + freezes):
            self.wait_a_while(job)
            strike()
        sums = self.server.job_end(job)
        acts = self.server.acts(job)
        struck = {line["device"] for line in self.sim.ctl("stats", "--each") if line["injected"]}
        self.judge(sums, acts, self.obeyed(), struck, may_be_unknown)

    def judge(self, sums, acts, orders, struck, may_be_unknown):
        """All that is wrong is counted before anything is said about it."""
        wrong = collections.defaultdict(list)
        states = collections.Counter(act["state"] for act in acts.values())
        for name, act in acts.items():
            mine = orders[self.address[name]]
            touched = self.address[name] in struck or act["id"] in self.sent_at_kill
            if len(mine) > 1:
                wrong["doubled"].append(f"{name}: {mine}")
            if act["state"] == "unknown" and not (touched and may_be_unknown):
                wrong["unknown"].append(f"{name}: {act}")
            if not touched and act["state"] != "done":
                wrong["not done"].append(f"{name}: {act}")
            try:
                check_act(name, act, mine[:1])
            except harness.Failed as e:
                wrong["false"].append(str(e))
        lost = self.devices - len(acts) + sums["open"]
        print(f"# {len(acts)} acts: {dict(states)}; {len(struck)} devices struck by faults; {self.kills} kills met "
              f"{len(self.claimed_at_kill)} acts claimed and {len(self.sent_at_kill)} sent; "
              f"{sum(map(len, orders.values()))} orders obeyed; doubled {len(wrong['doubled'])}, lost {lost}, false {len(wrong['false'])}, "
              f"unknown {states['unknown']} (of them unexplained {len(wrong['unknown'])})", flush=True)
        equal(lost, 0, "acts lost")
        check(not self.kills or (self.sent_at_kill and self.claimed_at_kill), "no kill met an order on its way")
        check(not any(wrong.values()), "; ".join(f"{what}: {len(of)}, such as {of[0]}" for what, of in wrong.items() if of))


# The settle time is as long as it takes: with an audit log evidence comes at the first look, without one the time is
# waited out for each act whose reply was lost.
WITHOUT_LOG = {"in_flight_zone": 64, "in_doubt_drain": "1s", "in_doubt_settle": "5s"}
WITH_LOG = {"in_flight_zone": 64, "in_doubt_drain": "1s", "in_doubt_settle": "60s"}


def a_hundred_resets_and_five_kills(box):
    Storm(box, 100, 5, **{**WITHOUT_LOG, "in_flight_zone": 12}).run("reset", True)


def a_hundred_resets_with_audit_logs_and_five_kills(box):
    Storm(box, 100, 5, "--audit", "on", **{**WITH_LOG, "in_flight_zone": 12}).run("reset", False)


def two_hundred_switched_off_and_ten_kills(box):
    """The power state itself is the evidence: nothing stays unknown."""
    storm = Storm(box, 200, 10, **{**WITH_LOG, "in_flight_zone": 20, "observe_time": "10s"})
    storm.run("off", False)


def two_hundred_resets_and_ten_freezes(box):
    Storm(box, 200, 0, **{**WITHOUT_LOG, "in_flight_zone": 20, "lease": "1s"}).run("reset", True, freezes=10)


def two_hundred_cycles_with_audit_logs_kills_and_freezes(box):
    storm = Storm(box, 200, 5, "--audit", "on", **{**WITH_LOG, "in_flight_zone": 20, "lease": "1s"})
    storm.run("cycle", False, freezes=5)


def a_thousand_resets_and_twenty_kills(box):
    Storm(box, 1000, 20, **WITHOUT_LOG).run("reset", True)


def a_thousand_resets_with_audit_logs_and_twenty_kills(box):
    Storm(box, 1000, 20, "--audit", "on", **WITH_LOG).run("reset", False)


harness.main(
    two_hundred_switched_off_and_ten_kills,
    two_hundred_resets_and_ten_freezes,
    two_hundred_cycles_with_audit_logs_kills_and_freezes,
    a_hundred_resets_and_five_kills,
    a_hundred_resets_with_audit_logs_and_five_kills,
    a_thousand_resets_and_twenty_kills,
    a_thousand_resets_with_audit_logs_and_twenty_kills,
    at_once=2,
)
