"""What was ordered stays known: acts of finished jobs move to the compact history after a day, and all lists go on over it."""

import json
import sqlite3

import harness
from fleet import Fleet
from harness import equal

DAY = 24 * 3600


def rows(server, sql):
    base = sqlite3.connect(server.folder + "/lampd.db", timeout=10)
    try:
        return base.execute(sql).fetchone()[0]
    finally:
        base.close()


def acts_move_to_the_history_and_stay_in_every_list(box):
    fleet = Fleet(box, 3, "--profile", "11.8", "--power", "on", clock=True)
    server = fleet.server

    def run(verb, *targets, **more):
        number = fleet.start(verb, *targets, **more)
        events = server.events(f"?job={number}&from=0")
        while server.get(f"/jobs/{number}")["state"] != "final":
            server.advance(1)
            next(iter(events))
        events.close()
        return number

    reset = run("reset", "pc1", "pc2", "pc3", confirm=3)
    run("status", "pc1")
    before = {name: (act["state"], act["evidence"], act["power_before"]) for name, act in server.acts(reset).items()}
    history = server.items("/devices/pc1/history")
    equal([(h["job"], h["verb"], h["state"]) for h in history], [(2, "status", "done"), (1, "reset", "done")])
    for _ in range(27):
        server.advance(3600)
        server.post("/messages/ack-all")  # answered in a round of this hour
    equal(rows(server, "SELECT COUNT(*) FROM act"), 0, "acts that are left")
    equal(rows(server, "SELECT COUNT(*) FROM history"), 3, "acts in the history")
    job = server.get(f"/jobs/{reset}")
    equal((job["state"], job["total"], job["done"]), ("final", 3, 3))
    after = {name: (act["state"], act["evidence"], act["power_before"]) for name, act in server.acts(reset).items()}
    equal(after, before, "the acts of the job")
    equal(server.items(f"/jobs/{reset}/acts?state=failed"), [])
    old = [json.loads(line) for line in fleet.lamp("device", "history", "pc1", "--json").stdout.splitlines()]
    equal([{**h, "ended": None} for h in old], [{**history[1], "ended": None}])
    equal([j["job"] for j in server.items("/jobs?device=pc1")], [reset])
    again = run("reset", "pc1")
    equal([h["job"] for h in server.items("/devices/pc1/history")], [again, reset], "fresh and old ones in one list")


harness.main(acts_move_to_the_history_and_stay_in_every_list)
