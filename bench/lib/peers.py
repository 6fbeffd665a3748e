"""What others need for the same: programs of Debian and npm, and a bare epoll client as the practical limit."""
import os
import shutil

from process import Failed, json_lines, run
from sim import difference

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATES = {"on": 2, "reset": 10}
CURL_PARALLEL = "300"  # its own ceiling
CURL_BATCH = 1000      # its cost a request grows with their number: 0.25 ms of 1,000, 0.8 ms of 10,000
NMAP = ["-T4", "--min-hostgroup", "4096"]                       # keeps its retries
NMAP_HASTY = ["-T5", "--min-hostgroup", "4096", "--max-retries", "1"]
REF_WINDOW = 256       # where devices answer at once; more only costs


def body(place, what):
    """The file with the request: "status", or a verb that is ordered blindly."""
    if what == "status":
        return os.path.join(HERE, "peers", "status.xml")
    path = place.path(f"change-{what}.xml")
    with open(os.path.join(HERE, "peers", "change.xml")) as f, open(path, "w") as to:
        to.write(f.read().replace("@STATE@", str(STATES[what])))
    return path


def curl(place, sim, what, tls=False, batch=CURL_BATCH):
    """curl -Z with one digest POST for each device, run once for each batch of devices. Its count of answers is
    checked at the simulator."""
    before = sim.stats()
    wall = cpu = 0
    for first in range(0, sim.count, batch):
        config = curl_config(place, sim, what, tls, range(first, min(first + batch, sim.count)))
        _, more_wall, more_cpu = run(["curl", "--silent", "--no-progress-meter", "--parallel", "--parallel-max",
                                      CURL_PARALLEL, "--config", config])
        wall, cpu = wall + more_wall, cpu + more_cpu
    seen = difference(sim.stats(), before)
    answered = seen["replies"] - seen["unauthorized"]
    if answered != sim.count:
        raise Failed(f"curl got {answered} answers of {sim.count}")
    return {"wall_ms": wall, "cpu_ms": cpu, "acts": sim.count, "seen": {n: v / sim.count for n, v in seen.items()}}


def curl_config(place, sim, what, tls, devices):
    config = place.path("curl.config")
    url = "https://%s:16993/wsman" if tls else "http://%s:16992/wsman"
    with open(config, "w") as f:
        for i in devices:
            f.write(f'url="{url % sim.address(i)}"\ndigest\nuser="admin:{place.password}"\n'
                    f'data-binary="@{body(place, what)}"\nheader="Content-Type: application/soap+xml;charset=UTF-8"\n'
                    'output="/dev/null"\n' + ("insecure\n" if tls else "") + "next\n")
    with open(config, "rb+") as f:
        f.truncate(os.path.getsize(config) - len("next\n"))
    return config


def meshcentral(place, sim, what, tls=False):
    modules = place.modules()
    node = shutil.which("node")
    if not node:
        raise Failed("node is not installed")
    out, wall, cpu = run([node, os.path.join(HERE, "peers", "meshcentral.js"), modules, str(sim.first), str(sim.count),
                          "16993" if tls else "16992", "1" if tls else "0", place.password_file, what])
    done = json_lines(out)[-1]
    if done["ok"] != sim.count:
        raise Failed(f"MeshCentral's modules got {done['ok']} answers of {sim.count}")
    return {"wall_ms": wall, "cpu_ms": cpu, "acts": sim.count}


def ref(place, sim, what, passes=1, window=REF_WINDOW):
    """The bare client: a list, one result a pass; from the second on it is warm."""
    out, _, _ = run([place.program("ref"), str(sim.first), str(sim.count), str(sim.port), str(window), place.password_file,
                     body(place, what), str(passes)])
    return [dict(p, acts=sim.count) for p in json_lines(out)]


def nmap(how, block):
    """Its scan of UDP 623: seconds, and hosts that answered."""
    out, wall, _ = run(["nmap", "-sU", "-p623", "-n", "-Pn", *how, "--open", "-oG", "-", block], timeout=400)
    return wall / 1000, out.count("623/open/udp")
