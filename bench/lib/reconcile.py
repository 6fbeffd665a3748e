"""D2: inventory records and AMT interfaces brought together, beside one correlated update of SQLite on the same rows."""
import os
import random
import shutil
import sqlite3
import statistics
import time

from process import Failed
from zone import Zone, fresh, settle

FAR = 4102444800000  # 2100
PEER = "UPDATE discovered SET device = (SELECT i.device FROM inventory i WHERE i.uuid = discovered.uuid)"


def insert(db, table, rows):
    columns = list(rows[0])
    db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                   [tuple(row[c] for c in columns) for row in rows])


def address(net, i):
    return f"{net}.{i >> 16}.{i >> 8 & 255}.{i & 255}"


def fill(database, count):
    """Each record has four keys, each interface its UUID, a name and an address; both in an order of their own."""
    chance = random.Random(2)
    uuids = [chance.randbytes(16) for _ in range(count)]
    now = int(time.time() * 1000)
    db = sqlite3.connect(database)
    numbers = range(count)
    insert(db, "device", [{"id": 1000000 + i, "folder": 3, "name": f"pc-{i}", "note": "", "is_protected": 0, "created_at": now,
                           "changed_at": now} for i in numbers])
    insert(db, "inventory", [{"device": 1000000 + i, "uuid": uuids[i], "fqdn": f"pc-{i}.corp.example", "serial": "",
                              "macs": f"02:00:5e:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}", "source": "csv", "pin": 0,
                              "addresses": address(10, i), "created_at": now, "changed_at": now} for i in numbers])
    order = list(numbers)
    chance.shuffle(order)
    insert(db, "discovered", [{"id": 1 + at, "address": address(11, at), "name": f"pc-{i}.corp.example", "port": 16992, "uuid": uuids[i],
                               "version": "11.8.79", "provisioned": 2, "mode": 0, "transport": 1, "realm": "", "sources": 1,
                               "first_at": now, "seen_at": now, "valid_until": FAR, "reason": 0, "detail": "", "device": None,
                               "plain": 1, "tls": 2} for at, i in enumerate(order)])
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def database_of(data):
    found = [os.path.join(data, n) for n in os.listdir(data) if n.endswith(".db")]
    if len(found) != 1:
        raise Failed(f"no database in {data}")
    return found[0]


def snapshot(place, count):
    data = place.path("zone-inventory")
    zone = Zone(place, data)
    settle(zone)
    zone.stop()
    fill(database_of(data), count)
    return data


def peer(place, data):
    """Wall milliseconds of the update, durable as ours is; its index is made before."""
    copy = place.path("peer")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*.sock"))
    db = sqlite3.connect(database_of(copy), isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE INDEX peer_uuid ON inventory (uuid)")
    start = time.monotonic()
    db.execute("BEGIN IMMEDIATE")
    db.execute(PEER)
    db.execute("COMMIT")
    took = (time.monotonic() - start) * 1000
    db.close()
    return took


def run_once(zone):
    cpu = zone.daemon.cpu_by_thread()
    (state,), wall, _ = zone.lamp("reconcile", "run")
    by_thread = zone.daemon.cpu_by_thread()
    return state, wall, by_thread.get("zone", 0) - cpu.get("zone", 0)


def ours(place, data, count):
    zone = Zone(place, fresh(place, data))
    settle(zone)
    state, wall, cpu = run_once(zone)
    if state["linked"] != count or state["conflicts"]:
        raise Failed(f"not all were linked: {state}")
    again, wall_again, _ = run_once(zone)
    zone.stop()
    return wall, cpu, state["changed"], again["changed"], wall_again


def d2(place, report, scale):
    count = 10000 if scale.is_short else 100000
    data = snapshot(place, count)
    rounds = []
    for _ in range(scale.rounds):
        rounds.append((peer(place, data), *ours(place, data, count)))
    walls = [r[1] for r in rounds]
    peers = [r[0] for r in rounds]
    report.ratio("D2", f"{count} records x {count} interfaces: wall : correlated UPDATE", statistics.median(walls),
                 statistics.median(peers), statistics.median(w / p for w, p in zip(walls, peers)), most=2, unit=" ms",
                 note=f"with lamp's start; CPU of the zone {statistics.median(r[2] for r in rounds):.0f} ms")
    report.count("D2", "rows that it wrote, per link", max(r[3] for r in rounds) / count, most=1)
    report.count("D2", "rows that a second run wrote", max(r[4] for r in rounds), most=0,
                 note=f"in {statistics.median(r[5] for r in rounds):.0f} ms")
