"""P5, S1, M1, Z1 and W1."""
import ipaddress
import os
import re
import shutil
import statistics
import threading
import time

import peers
from process import Failed, run
from power import say
from sim import Sim, difference
from zone import Zone, fresh, populated, settle

median = statistics.median
PATIENCE_S = 30       # for the healthy of P5
DEAD_HOLDS_MS = 5000  # the time limit of a connect: the least for which a dead device holds its place
DEAD = (("syn-drop", 10), ("hang", 5), ("garbage-xml", 1))


def percentile(values, p):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))]


def p5_round(place, sim, snapshot, dead):
    """Resets all; returns how many are done once all but the dead should be, and milliseconds from the command to the
    order of each device that got one. A dead one gets none: it does not even answer the read before."""
    sim.ctl("power", "on", "--all")
    sim.ctl("wire", "--clear")
    zone = Zone(place, fresh(place, snapshot))
    started = time.time() * 1000
    made, _, _ = zone.lamp("power", "reset", "--all", "--deadline", f"{PATIENCE_S}s")
    until = time.monotonic() + PATIENCE_S
    done = 0
    while done < sim.count - dead and time.monotonic() < until:
        time.sleep(0.1)
        job, _, _ = zone.lamp("job", "show", str(made[-1]["job"]))
        done = job[-1]["done"]
    zone.stop()
    return done, {a["device"]: a["time"] - started for a in sim.ctl("wire")}


def p5(place, report, scale):
    sim = Sim(place, scale.isolation_devices)
    snapshot = populated(place, f"plain-{scale.isolation_devices}", sim)
    healthy_runs, sick_runs, ratios, late, missing = [], [], [], [], []
    for i in range(scale.slow_rounds):
        _, well = p5_round(place, sim, snapshot, 0)
        if len(well) != sim.count:
            raise Failed(f"{len(well)} of {sim.count} healthy devices were reset")
        dead = sum(sim.ctl("fault", "add", "--kind", kind, "--share", f"{share}%")[0]["devices"] for kind, share in DEAD)
        done, times = p5_round(place, sim, snapshot, dead)
        sim.ctl("fault", "clear")
        a, b = percentile(well.values(), 99), percentile(times.values(), 99)
        healthy_runs.append(a)
        sick_runs.append(b)
        ratios.append(b / a)
        late.append(sum(1 for t in times.values() if t > DEAD_HOLDS_MS))
        missing.append(sim.count - dead - done)
        say(f"round {i + 1}: p99 of the order {a:.0f} ms all healthy, {b:.0f} ms beside {dead} dead ones; {done} done")
    n = f"{sim.count} devices, {sum(share for _, share in DEAD)} % dead"
    report.count("P5", f"{n}: healthy devices whose order waited for a dead one", max(late), most=0,
                 note=f"came after the {DEAD_HOLDS_MS} ms for which a dead one holds its place")
    report.count("P5", "healthy devices that were not done", max(missing), most=0)
    report.ratio("P5", "p99 from command to order, healthy devices: beside dead ones : all healthy", median(sick_runs),
                 median(healthy_runs), median(ratios), most=1.1, unit=" ms")
    sim.stop()


class Datagrams(threading.Thread):
    """UDP datagrams sent in this network namespace over time, from /proc/net/snmp."""

    def __init__(self):
        super().__init__(daemon=True)
        self.samples = [(time.monotonic(), self.now())]
        self.over = threading.Event()
        self.start()

    @staticmethod
    def now():
        with open("/proc/net/snmp") as f:
            rows = [line.split() for line in f if line.startswith("Udp:")]
        return int(rows[1][rows[0].index("OutDatagrams")])

    def run(self):
        while not self.over.wait(0.002):
            self.samples.append((time.monotonic(), self.now()))

    def stop(self):
        """Datagrams, and seconds from the first to the last of them."""
        self.over.set()
        self.join()
        self.samples.append((time.monotonic(), self.now()))
        first, last = self.samples[0][1], self.samples[-1][1]
        start = max(t for t, n in self.samples if n == first)
        end = min(t for t, n in self.samples if n == last)
        return last - first, max(end - start, 0.001)


def scan(place, zone, sim, net, passes):
    before = sim.stats()
    sent = Datagrams()
    lines, wall, _ = zone.lamp("discover", net, "--tcp", "never", "--rate", "max", "--passes", str(passes), "--wait",
                               expect=(0, 1))
    datagrams, seconds = sent.stop()
    seen = difference(sim.stats(), before)
    done = lines[-1]
    return {"found": done["found"], "state": done["state"], "wall_ms": wall, "pings": datagrams - seen["pongs"],
            "seconds": seconds, "seen": seen}


def empty_zone(place):
    data = place.path("zone-empty")
    shutil.rmtree(data, ignore_errors=True)
    return Zone(place, data)


def s1(place, report, scale):
    net = "127.20.0.0/16"
    sim = Sim(place, 4096, net=net)
    size = ipaddress.ip_network(net).num_addresses
    one, three, cpu = [], [], []
    for i in range(scale.rounds):
        zone = empty_zone(place)
        spent = zone.daemon.cpu_ms()
        one.append(scan(place, zone, sim, net, 1))
        cpu.append(zone.daemon.cpu_ms() - spent)
        zone.stop()
        zone = empty_zone(place)
        three.append(scan(place, zone, sim, net, 3))
        zone.stop()
        say(f"round {i + 1}: one pass {one[-1]['found']} found, {one[-1]['pings']} pings in {one[-1]['seconds']:.2f} s; "
            f"three passes {three[-1]['found']} found, {three[-1]['pings']} pings")
    sim.ctl("fault", "add", "--kind", "ping-drop", "--share", "20%")
    zone = empty_zone(place)
    lossy = scan(place, zone, sim, net, 3)
    zone.stop()
    sim.ctl("fault", "clear")
    report.count("S1", "/16 with 4,096 devices: found in one pass", min(r["found"] for r in one), least=4096)
    report.count("S1", "found in three passes", min(r["found"] for r in three), least=4096)
    report.count("S1", "one pass: pings sent", max(r["pings"] for r in one), most=size)
    report.count("S1", "three passes: pings sent", max(r["pings"] for r in three), most=size + 2 * (size - 4096),
                 note="retries go to silent addresses only")
    report.count("S1", "three passes: pings to a device that answered, most", max(r["seen"]["pings"] for r in three) / 4096,
                 most=1)
    report.count("S1", "20 % of the pings dropped, three passes: found of 4,096, %", lossy["found"] * 100 / 4096, least=99,
                 digits=4)
    nmap_gate(report, scale, sim, median(r["pings"] / r["seconds"] for r in one))
    report.info("S1", "the whole scan, with a look at each of 4,096 devices",
                f"{median(r['wall_ms'] for r in one) / 1000:.2f} s",
                note=f"three passes {median(r['wall_ms'] for r in three) / 1000:.2f} s; CPU of lampd, one pass "
                     f"{median(cpu) / 1000:.2f} s")
    sim.stop()


def nmap_gate(report, scale, sim, rate):
    """nmap's rate hangs on how many answer: its part of the range has the same share, one in sixteen."""
    block, hosts, there = ("127.20.15-30.0-255", 4096, 257) if scale.is_short else ("127.20.0.0/16", 65536, 4096)
    for how, least in ((peers.NMAP, 100), (peers.NMAP_HASTY, None)):
        seconds, found = peers.nmap(how, block)
        report.ratio("S1", f"addresses a second, first pass at --rate max : nmap {' '.join(how)}", rate, hosts / seconds,
                     rate / (hosts / seconds), least=least, unit="/s",
                     note=f"nmap found {found} of {there} in {seconds:.0f} s")


def m1(place, report, scale):
    for count in scale.managed:
        sim = Sim(place, count, net="127.32.0.0/14")
        snapshot = populated(place, f"managed-{count}", sim)
        zone = Zone(place, fresh(place, snapshot))
        settle(zone)
        started_kb = zone.daemon.status("VmRSS")
        job = zone.act(sim, "status", "--all")
        settle(zone, 1)
        ceiling = 20 + count * 2 / 1024
        report.count("M1", f"{count} devices at rest after a status of all: resident memory, MB",
                     zone.daemon.status("VmRSS") / 1024, most=round(ceiling, 1),
                     note=f"after the start {started_kb / 1024:.1f}, largest during the status of all "
                          f"{zone.daemon.status('VmHWM') / 1024:.1f}; {job['job']['done']} done")
        time.sleep(2)
        report.count("M1", f"{count} devices at rest: open TCP sockets of lampd", zone.daemon.sockets(), most=0)
        zone.stop()
        sim.stop()
        shutil.rmtree(snapshot)


def z1(place, report, scale):
    first, again = [], []
    for _ in range(scale.starts):
        zone = empty_zone(place)
        first.append(zone.daemon.ready_ms)
        settle(zone, 0.2)
        zone.stop()
        zone = Zone(place, zone.data)
        again.append(zone.daemon.ready_ms)
        zone.stop()
    lamp = [run([place.program("lamp"), "--version"])[2] for _ in range(20)]
    curl = [run(["curl", "--version"])[2] for _ in range(20)]
    report.count("Z1", "lampd ready on an empty zone, ms", median(again), most=150, note=f"largest {max(again):.0f}")
    report.info("Z1", "the first start, which makes zone, keys and certificates", f"{median(first):.0f} ms",
                note=f"largest {max(first):.0f}")
    report.count("Z1", "lamp --version: CPU, ms", median(lamp), most=5, note=f"curl --version {median(curl):.1f}")


def w1(place, report, scale):
    program = place.program("bench_wsman_codec")
    env = dict(os.environ, LAMPLIGHTER_SOURCE=place.root)
    out, _, _ = run([program], env=env, expect=(0, 1))
    rows = {m[1]: (float(m[2]), float(m[3]))
            for m in re.finditer(r"^(\w+)\s+([\d.]+) us a message, ([\d.]+) allocations", out, re.M)}
    report.count("W1", "allocations a message", rows["ours"][1], most=0)
    report.info("W1", "request, digest and reply", f"{rows['ours'][0]:.2f} us")
    if "libxml2" in rows:
        dom, parse = rows["libxml2"][0], rows["parse"][0]
        report.ratio("W1", "reading a reply : libxml2's DOM", parse, dom, parse / dom, most=0.2, unit=" us",
                     note="out of reach of a library reader: expat alone takes 139 of the 192 thousand instructions")
    out, _, _ = run([os.path.join(place.root, "bench", "wsman_codec.sh"), program], env=env, timeout=120)
    for name, number in re.findall(r"^(\w+) (\d+) instructions", out, re.M):
        report.info("W1", f"user instructions a message, {name}", number)
