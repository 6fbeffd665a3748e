"""P6: a schedule for many devices: none early, none twice, each soon after its own slot, no subnet as a herd."""
import collections
import datetime
import statistics
import time

from process import Failed
from sim import Sim
from zone import Zone, fresh, populated, settle

DELAY_MS = 300         # of each answer of a device
STARTS_PER_S = 20      # in one /24, the default of setting schedule-starts
LEAD_S = 90            # from saving the schedule to its due time
IDLE_S = 20


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def most_in_a_second(times):
    """The most of them in any second."""
    times, most, first = sorted(times), 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1000:
            first += 1
        most = max(most, last - first + 1)
    return most


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def p6(place, report, scale):
    count = 2000 if scale.is_short else 50000
    sim = Sim(place, count)
    snapshot = populated(place, f"plain-{count}", sim)
    sim.stop()
    sim = Sim(place, count, args=["--delay", str(DELAY_MS)])
    zone = Zone(place, fresh(place, snapshot))
    settle(zone)
    due = datetime.datetime.fromtimestamp(time.time() + LEAD_S, datetime.timezone.utc).replace(second=0) \
        + datetime.timedelta(minutes=1)
    zone.lamp("schedule", "add", "bench", "--verb", "on", "--target", "zone", "--weekly", "mon-sun", "--at",
              due.strftime("%H:%M"), "--utc")
    idle(report, zone)
    lines, _, _ = zone.lamp("schedule", "next", "/", "--count", "1")
    devices, _, _ = zone.lamp("device", "list")
    address = {d["name"]: d["address"] for d in devices}
    slots = {address[line["device"]]: instant(line["slot"]) for line in lines}
    if len(slots) != count:
        raise Failed(f"{len(slots)} of {count} devices have a slot")
    before, cpu = zone.metrics(), zone.daemon.cpu_ms()
    window_s = (max(slots.values()) - due.timestamp() * 1000) / 1000
    time.sleep(max(0, due.timestamp() - time.time()) + window_s + 45)
    tell(report, sim.ctl("wire"), slots, count)
    after = zone.metrics()
    report.info("P6", "commits per device, all of it", f"{(after['zone_commits'] - before['zone_commits']) / count:.3g}")
    report.info("P6", "CPU of lampd per device", f"{(zone.daemon.cpu_ms() - cpu) / count:.3g} ms")
    zone.stop()
    sim.stop()


def idle(report, zone):
    """A zone with schedules that has nothing to do."""
    start = zone.daemon.switches()
    time.sleep(IDLE_S)
    report.count("P6", "idle: sleeps of all threads in a second", (zone.daemon.switches() - start) / IDLE_S, most=2)


def tell(report, wire, slots, count):
    obeyed = collections.defaultdict(list)
    for line in wire:
        obeyed[line["device"]].append(line["time"])
    late = [times[0] - slots[device] for device, times in obeyed.items()]
    nets = collections.defaultdict(list)
    for device, times in obeyed.items():
        nets[device.rsplit(".", 1)[0]].extend(times)
    report.count("P6", f"{count} devices due at once: obeyed before their slot", sum(ms < 0 for ms in late), most=0)
    report.count("P6", "obeyed twice", sum(len(times) > 1 for times in obeyed.values()), most=0)
    report.count("P6", "obeyed not at all", count - len(obeyed), most=0)
    report.count("P6", "most orders in a /24 in a second", max(map(most_in_a_second, nets.values())), most=STARTS_PER_S)
    report.add("P6", "p99 from slot to order", f"{percentile(late, 99) / 1000:.2f} s", gate="<= 2 s",
               met=percentile(late, 99) <= 2000,
               note=f"median {statistics.median(late) / 1000:.2f} s; each answer takes {DELAY_MS} ms")
