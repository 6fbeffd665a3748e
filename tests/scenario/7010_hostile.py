"""Each thing that a device can do wrong, against reading, switching on and resetting it, beside devices that do nothing
wrong in the same job: a reason in time, nothing done twice or falsely, and the others do not notice."""

import subprocess
import time

import harness
from fleet import Fleet, check_act
from harness import Failed, check, equal

VERBS = ("status", "on", "reset")
HEALTHY = 6
LATE = 90  # seconds after which every act must have ended: two tries, at most 30 s each, in doubt for 1 + 8 s, and back-off

# Faults that concern what an act can come upon; the others are for certificates and pings, see other scenarios.
TLS = ("tls-alert", "tls-1.0-only", "tls-wrong-name", "tls-expired", "tls-not-yet-valid", "tls-changed-certificate",
       "tls-appended-chain")
VALUES = (1, 2, 4, 5, 36, 4097, 4099)
SETTINGS = {"act-tries": 2, "observe-time": "5s", "in-doubt-drain": "1s", "in-doubt-settle": "8s"}


def kinds():
    """Every kind that the simulator's help lists, with the value of those that have one."""
    text = subprocess.run([harness.program("amtsim"), "--help"], capture_output=True, text=True, check=True).stdout
    text = text.split("faults (ctl fault", 1)[1].split("\nexamples", 1)[0]
    for line in text.splitlines()[1:]:
        kind = line.split()[0] if line.strip() else None
        if kind == "return-value-N":
            yield from (f"return-value-{value}" for value in VALUES)
        elif kind:
            yield kind


def moments(kind):
    """A fault strikes where its kind does; what can be done to any request is done to orders alone as well."""
    yield None
    if kind in ANY_REQUEST:
        yield "act"


ANY_REQUEST = ("hang", "slow", "http-503", "unauthorized-for-ever", "stale", "nonce-each-request", "basic-offered",
               "empty-challenge", "garbage-xml", "entity-bomb", "deep-xml", "huge-xml", "nul-xml", "bad-utf8", "chunk-huge",
               "chunk-negative", "chunk-no-end", "length-too-big", "length-too-small", "length-twice",
               "length-with-chunked", "many-headers", "huge-header", "two-replies", "close-mid-request")


def every_kind(box, verb, audit):
    """One device for each kind and moment, all in one job with the healthy ones."""
    cells = [(kind, on) for kind in kinds() if kind != "ping-drop" and kind not in TLS for on in moments(kind)]
    count = len(cells) + HEALTHY
    check(count < 250, f"{count} devices do not fit into a /24")
    fleet = Fleet(box, count, "--profile", "11.8", "--audit", audit, settings=SETTINGS)
    if verb == "reset":
        fleet.sim.ctl("power", "--all", "on")
    for i, (kind, on) in enumerate(cells, 1):
        more = {"after": "3s"} if kind in ("act-after-timeout", "reply-after-timeout") else {}
        fleet.fault(kind, i, **({"on": on} if on else {}), **more)
    started = time.monotonic()
    job = fleet.power(verb, **({"confirm": count} if verb == "reset" else {}))
    took = time.monotonic() - started
    obeyed, wrong, rows = fleet.obeyed(), [], []
    for i in range(1, count + 1):
        name, act = f"pc{i}", job.acts[f"pc{i}"]
        kind, on = cells[i - 1] if i <= len(cells) else ("healthy", None)
        rows.append(f"{kind}{' on ' + on if on else ''}: {act['state']} {act['reason'] or ''}")
        if kind == "lie" and verb == "reset":
            continue  # its word, matched and complete, is all the evidence that there is; see the outcome of "on"
        try:
            equal(len(obeyed[name]) <= 1, True, f"{obeyed[name]}: once at most")
            check_act(name, act, obeyed[name])
            if kind == "healthy":
                equal(act["state"], "done", "a healthy one")
        except Failed as e:
            wrong.append(f"{kind}{' on ' + on if on else ''}: {e}; {act}")
    for row in rows if wrong else []:
        print("# " + row)
    print(f"# {verb}: {len(cells)} ways to misbehave, {took:.0f} s, {len(wrong)} wrong", flush=True)
    check(not wrong, "\n".join(wrong))
    check(took < LATE, f"the job took {took:.0f} s")
    equal(fleet.power("status", f"pc{count}")["done"], 1, "the server afterwards")


def reading(box):
    every_kind(box, "status", "off")


def switching_on(box):
    every_kind(box, "on", "off")


def resetting(box):
    every_kind(box, "reset", "off")


def resetting_with_audit_logs(box):
    every_kind(box, "reset", "on")


harness.main(
    reading,
    switching_on,
    resetting,
    resetting_with_audit_logs,
    at_once=4,
)
