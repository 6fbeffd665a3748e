"""Ours: one lampd with its data folder, driven by lamp as a person would."""
import http.client
import os
import shutil
import socket
import threading
import time

from process import CLIENT_CPU, Daemon, Failed, json_lines, run
from sim import Sim, difference

LISTEN = "127.0.0.1:8443"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class Zone:
    def __init__(self, place, data, wrap=(), env=None, ready_s=60):
        self.place = place
        self.data = data
        self.env = dict(os.environ, LAMP_SERVER=f"unix:{data}/lampd.sock")
        argv = [*wrap, place.program("lampd"), "--data", data, "--listen", LISTEN, "--hello", "none",
                "--allow-net", "127.0.0.0/8", "--foreground"]
        self.daemon = Daemon(argv, CLIENT_CPU, place.path("lampd.log"), env=dict(os.environ, **(env or {})),
                             ready_s=ready_s)

    def lamp(self, *args, timeout=900, expect=(0,)):
        """Returns the objects that lamp printed, and its wall and CPU milliseconds."""
        out, wall, cpu = run([self.place.program("lamp"), *args, "--json", "--yes"], env=self.env, timeout=timeout,
                             expect=expect, quiet=False)
        return json_lines(out), wall, cpu

    def metrics(self):
        c = UnixConnection(f"{self.data}/lampd.sock")
        c.request("GET", "/metrics")
        text = c.getresponse().read().decode()
        c.close()
        pairs = (line.split() for line in text.splitlines() if line and line[0] != "#")
        return {p[0].removeprefix("lampd_"): float(p[1]) for p in pairs}

    def act(self, sim, *args, expect=(0,), timeout=900):
        """One job of lamp with all that it cost, per act where that makes sense."""
        before, threads, stats = self.metrics(), self.daemon.cpu_by_thread(), sim.stats()
        cpu = self.daemon.cpu_ms()
        peak = Peak(self.daemon)
        lines, wall, lamp_cpu = self.lamp("power", *args, "--wait", expect=expect, timeout=timeout)
        cpu = self.daemon.cpu_ms() - cpu
        by_thread = {n: ms - threads.get(n, 0) for n, ms in self.daemon.cpu_by_thread().items()}
        job = lines[-1]
        return {"job": job, "acts": job["total"], "wall_ms": wall, "cpu_ms": cpu, "lamp_cpu_ms": lamp_cpu,
                "threads_cpu_ms": by_thread, "threads": peak.stop(), "hwm_kb": self.daemon.status("VmHWM"),
                "wire": difference(sim.stats(), stats), "metrics": difference(self.metrics(), before)}

    def stop(self):
        self.daemon.stop()


class Peak(threading.Thread):
    """The largest number of threads that a process had."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.of = daemon
        self.most = daemon.status("Threads")
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.02) and self.of.p.poll() is None:
            try:
                self.most = max(self.most, self.of.status("Threads"))
            except OSError:
                return

    def stop(self):
        self.over.set()
        self.join()
        return self.most


def settle(zone, quiet_s=0.5):
    """Waits, bounded, until a zone has nothing left to do: its CPU clock stands still."""
    last = zone.daemon.cpu_ms()
    for _ in range(120):
        time.sleep(quiet_s)
        now = zone.daemon.cpu_ms()
        if now - last < 2:
            return
        last = now


def populated(place, key, sim):
    """A data folder in which every device of the simulator is managed and no digest session is known; made once a
    run for each key, found and imported by lampd itself. The zone is stopped."""
    data = place.path(f"zone-{key}")
    if os.path.isdir(data):
        return data
    making = place.path("zone-making")
    shutil.rmtree(making, ignore_errors=True)
    zone = Zone(place, making)
    zone.lamp("credential", "add", "bench", "--user", "admin", "--password-file", place.password_file)
    zone.lamp("discover", f"{sim.address(0)}-{sim.address(sim.count - 1)}", "--tcp", "never", "--wait")
    done, _, _ = zone.lamp("device", "import", "discovered", "--credential", "bench")
    if done[-1]["imported"] != sim.count:
        raise Failed(f"only {done[-1]} of {sim.count} devices could be imported")
    settle(zone)
    zone.stop()
    os.rename(making, data)
    return data


def fresh(place, snapshot):
    """A copy of a populated data folder, to be spoilt by one round."""
    data = place.path("zone-round")
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(snapshot, data, ignore=shutil.ignore_patterns("*.sock"))
    return data
