"""Processes that a benchmark starts: pinned, measured, ended by their number."""
import ctypes
import json
import os
import select
import signal
import subprocess
import threading
import time

CPUS = sorted(os.sched_getaffinity(0))
CLIENT_CPU = CPUS[0]
SIM_CPU = CPUS[-1]
children = []


class Failed(Exception):
    """Something that a measurement needs did not work; the text says what."""


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def pinned(cpu):
    """What a child does before it becomes another program: takes its CPU, and ends when we do, however that comes."""
    def pin():
        os.sched_setaffinity(0, {cpu})
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    return pin


def run(argv, cpu=CLIENT_CPU, timeout=600, env=None, quiet=True, expect=(0,)):
    """Runs a program to its end. Returns its standard output, wall and CPU milliseconds (its own and its children's)."""
    start = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None,
                          stdin=subprocess.DEVNULL, preexec_fn=pinned(cpu), env=env) as p:
        children.append(p)
        timer = threading.Timer(timeout, p.kill)
        timer.start()
        try:
            out = p.stdout.read()
            _, status, usage = os.wait4(p.pid, 0)
        except BaseException:
            p.kill()
            raise
        finally:
            timer.cancel()
            children.remove(p)
        p.returncode = os.waitstatus_to_exitcode(status)
    wall = (time.monotonic() - start) * 1000
    if p.returncode not in expect:
        raise Failed(f"{' '.join(argv[:6])} ended with {p.returncode}")
    return out.decode(errors="replace"), wall, (usage.ru_utime + usage.ru_stime) * 1000


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Daemon:
    """A program that says "ready" and serves until it is stopped."""

    def __init__(self, argv, cpu, log, env=None, ready_s=60):
        self.name = os.path.basename(argv[0])
        self.log = open(log, "ab")
        start = time.monotonic()
        self.p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL,
                                  preexec_fn=pinned(cpu), env=env)
        children.append(self.p)
        self.pid = self.p.pid
        self._wait_ready(start + ready_s, log)
        self.ready_ms = (time.monotonic() - start) * 1000

    def _wait_ready(self, until, log):
        line = b""
        while b"ready" not in line:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                self.stop()
                raise Failed(f"{self.name} was not ready in time; see {log}")
            more = os.read(self.p.stdout.fileno(), 4096)
            if not more:
                self.stop()
                raise Failed(f"{self.name} did not start; see {log}")
            line += more

    def cpu_ms(self):
        """CPU of all threads so far, from the scheduler's own clock. Threads that ended are not in it: a pool keeps its."""
        return sum(self.cpu_by_thread().values())

    def cpu_by_thread(self):
        sums = {}
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{tid}/comm") as f:
                    name = f.read().strip()
                with open(f"/proc/{self.pid}/task/{tid}/schedstat") as f:
                    ns = int(f.read().split()[0])
            except FileNotFoundError:
                continue
            sums[name] = sums.get(name, 0) + ns / 1e6
        return sums

    def thread_id(self, name):
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{tid}/comm") as f:
                if f.read().strip() == name:
                    return int(tid)
        raise Failed(f"{self.name} has no thread {name}")

    def status(self, field):
        """A number of /proc/PID/status: VmHWM and VmRSS in KiB, Threads."""
        with open(f"/proc/{self.pid}/status") as f:
            for line in f:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise Failed(f"no {field} in /proc/{self.pid}/status")

    def switches(self):
        """How often its threads went to sleep since they began."""
        total = 0
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{tid}/status") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches:"))
        return total

    def sockets(self):
        """Open TCP sockets: descriptors of this process that /proc/net/tcp knows as connected."""
        mine = set()
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                mine.add(os.readlink(f"/proc/{self.pid}/fd/{fd}"))
            except FileNotFoundError:
                pass
        with open(f"/proc/{self.pid}/net/tcp") as f:
            rows = [line.split() for line in f][1:]
        return sum(1 for r in rows if r[3] != "0A" and f"socket:[{r[9]}]" in mine)

    def stop(self, timeout=30):
        if self.p.poll() is None:
            self.p.terminate()
            try:
                self.p.wait(timeout)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()
        self.p.stdout.close()
        self.log.close()
        if self.p in children:
            children.remove(self.p)


def stop_all():
    """Ends what is still running, each by its number."""
    for p in list(children):
        if p.poll() is None:
            p.kill()
            p.wait()
        children.remove(p)
