"""P6: schedules for many devices: none early, none twice, each soon after its own slot, no subnet as a herd."""
import collections
import datetime
import os
import statistics
import time

from process import Failed
from sim import Sim
from zone import Zone, fresh, populated, settle

DELAY_MS = "100-500"   # of each answer of a device, by chance
STARTS_PER_S = 20      # in one /24, the default of setting schedule-starts
ORDERS = 10            # on the wire in one /24, the default of setting schedule-orders
LEAD_S = 45            # at least, from saving a schedule to its due time
IDLE_S = 20
AFTER_S = 45           # until what was ordered last has been observed


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


def most_at_once(spans):
    """The most of them that lasted at one moment; one that ends when another begins does not count with it."""
    now = most = 0
    for _, step in sorted([(end, -1) for _, end in spans] + [(begin, 1) for begin, _ in spans]):
        now += step
        most = max(most, now)
    return most


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def p6(place, report, scale):
    count = 2000 if scale.is_short else 50000
    all_in_their_slots(place, report, count)
    herd(place, report)
    materialise(place, report, 10000 if scale.is_short else 100000)


def managed(place, count):
    """Simulated devices that answer at once are managed by a zone; then they take their time."""
    net = "127.20.0.0/16" if count < 60000 else "127.32.0.0/14"
    sim = Sim(place, count, net=net)
    snapshot = populated(place, f"plain-{count}", sim)
    sim.stop()
    sim = Sim(place, count, net=net, args=["--delay", DELAY_MS])
    zone = Zone(place, fresh(place, snapshot))
    settle(zone)
    return sim, zone


def next_minute():
    """The first full minute that is far enough away."""
    at = datetime.datetime.fromtimestamp(time.time() + LEAD_S, datetime.timezone.utc)
    return at.replace(second=0, microsecond=0) + datetime.timedelta(minutes=1)


def sleep_until(seconds):
    time.sleep(max(0, seconds - time.time()))


def add(zone, due, *more):
    zone.lamp("schedule", "add", "bench", "--verb", "on", "--target", "zone", "--weekly", "mon-sun", "--at",
              due.strftime("%H:%M"), "--utc", *more)


def slots_of(zone, count):
    """When each device, by address, is to be switched on."""
    lines, wall, _ = zone.lamp("schedule", "next", "/", "--count", "1")
    devices, _, _ = zone.lamp("device", "list")
    address = {d["name"]: d["address"] for d in devices}
    slots = {address[line["device"]]: instant(line["slot"]) for line in lines}
    if len(slots) != count:
        raise Failed(f"{len(slots)} of {count} devices have a slot")
    return slots, wall


def all_in_their_slots(place, report, count):
    sim, zone = managed(place, count)
    idle(report, zone)
    due = next_minute()
    add(zone, due)
    slots, listing = slots_of(zone, count)
    before, cpu = zone.metrics(), zone.daemon.cpu_ms()
    sleep_until(max(slots.values()) / 1000 + AFTER_S)
    tell(report, sim.ctl("wire"), slots, due.timestamp() * 1000)
    after = zone.metrics()
    report.info("P6", "commits per device, all of it", f"{(after['zone_commits'] - before['zone_commits']) / count:.3g}")
    report.info("P6", "CPU of lampd per device", f"{(zone.daemon.cpu_ms() - cpu) / count:.3g} ms")
    report.info("P6", f"schedule next of {count} devices", f"{listing / 1000:.2f} s")
    zone.stop()
    sim.stop()


def idle(report, zone):
    """A zone with a schedule that has nothing to do."""
    zone.lamp("schedule", "add", "idle", "--verb", "on", "--target", "zone", "--monthly", "last", "--at", "03:00",
              "--during", "2100-01-01..")
    settle(zone)
    start = zone.daemon.switches()
    time.sleep(IDLE_S)
    report.count("P6", "idle: sleeps of all threads in a second", (zone.daemon.switches() - start) / IDLE_S, most=2)
    zone.lamp("schedule", "remove", "idle")


def by_subnet(lines):
    nets = collections.defaultdict(list)
    for line in lines:
        nets[line["device"].rsplit(".", 1)[0]].append(line)
    return nets.values()


def tell_caps(report, what, wire):
    nets = by_subnet(wire)
    report.count("P6", f"{what}: most devices of a /24 spoken to first in the same second",
                 max(most_in_a_second([line["began"] for line in net]) for net in nets), most=STARTS_PER_S)
    report.count("P6", f"{what}: most orders on the wire of a /24",
                 max(most_at_once([(line["time"], line["answered"]) for line in net]) for net in nets), most=ORDERS)


def tell(report, wire, slots, due):
    obeyed = collections.defaultdict(list)
    for line in wire:
        obeyed[line["device"]].append(line["time"])
    late = [times[0] - slots[device] for device, times in obeyed.items()]
    what = f"{len(slots)} devices due at once"
    report.count("P6", f"{what}: obeyed before their slot", sum(ms < 0 for ms in late), most=0)
    report.count("P6", f"{what}: obeyed twice", sum(len(times) > 1 for times in obeyed.values()), most=0)
    report.count("P6", f"{what}: obeyed not at all", len(slots) - len(obeyed), most=0)
    tell_caps(report, what, wire)
    report.add("P6", "p99 from slot to order", f"{percentile(late, 99) / 1000:.2f} s", gate="<= 2 s",
               met=percentile(late, 99) <= 2000,
               note=f"median {statistics.median(late) / 1000:.2f} s, largest {max(late) / 1000:.2f} s, slots over "
                    f"{(max(slots.values()) - due) / 1000:.0f} s; each answer takes {DELAY_MS} ms; load "
                    f"{os.getloadavg()[0]:.1f}")


def herd(place, report):
    """All of a few subnets at the same instant: only the caps stand between them and that."""
    count = 2000
    sim, zone = managed(place, count)
    due = next_minute()
    add(zone, due, "--spread", "0s")
    sleep_until(due.timestamp() + 2 * count / 8 / STARTS_PER_S + AFTER_S)
    wire = sim.ctl("wire")
    report.count("P6", f"{count} devices at the same instant: obeyed not at all", count - len(wire), most=0)
    tell_caps(report, "the same", wire)
    report.info("P6", "the same: until the last order", f"{(wire[-1]['time'] / 1000 - due.timestamp()):.1f} s")
    zone.stop()
    sim.stop()


def materialise(place, report, count):
    """One due time becomes acts. They start over hours, so that what they cost is not in it."""
    sim, zone = managed(place, count)
    due = next_minute()
    add(zone, due, "--spread", "24h")
    settle(zone)
    sleep_until(due.timestamp() - 1)
    before, cpu = zone.metrics(), zone.daemon.cpu_ms()
    sleep_until(due.timestamp() + 15)
    after, cpu = zone.metrics(), zone.daemon.cpu_ms() - cpu
    commits = after["zone_commits"] - before["zone_commits"]
    report.count("P6", f"{count} devices: acts made of one due time", after["zone_acts_open"], least=count - 100)
    report.count("P6", "the same: CPU of lampd, s", round(cpu / 1000, 2), most=3)
    report.count("P6", "the same: commits", commits, most=1200 * count / 100000)
    zone.stop()
    sim.stop()
