"""thirdparty - what the tests with programs that others wrote share: what is missing, nets, bounded runs, TAP.

Each amtsim has a net of its own, so that tests run side by side; each tool gets a bounded time and is ended by its
process id."""
import fcntl
import os
import shutil
import socket
import subprocess
import sys

import simulator

LIMIT = 240  # seconds that one run of a tool may take at most; far more than it needs, also beside other work
os.environ["PATH"] += ":/usr/sbin:/sbin"
os.environ["LC_ALL"] = "C"


def skip(why):
    """Ends the program: skipped, or failed where nothing may be skipped."""
    if os.environ.get("LAMPLIGHTER_NO_SKIP") == "1":
        print(f"1..1\nnot ok 1 - {why}")
        sys.exit(1)
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def need(*commands):
    missing = [c for c in commands if not shutil.which(c)]
    if missing:
        skip("not installed: " + ", ".join(missing))


def fetch_meshcentral(modules):
    """MeshCentral's own code (npm, pinned) is in the folder modules afterwards, where it stays between runs."""
    os.makedirs(modules, exist_ok=True)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "amtsim_meshcentral", "fetch")
    with open(os.path.join(modules, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, text = run(script, modules, limit=200)
    if status == 77:
        skip(text.strip())
    if status:
        raise AssertionError(text)


def need_port_623():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind(("127.63.255.254", 623))
        except PermissionError:
            skip("UDP port 623 needs root")


def simulate(*options, devices=1):
    """A running amtsim in a net of its own, for "with"."""
    return simulator.Sim("--listen", "each", *options, devices=devices)


def run(*command, text=None, limit=LIMIT):
    """Runs a tool to its end: status, output and errors as one text."""
    done = subprocess.run(command, input=text if text is not None else "", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=limit, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def run_together(commands):
    """As run, for several at once (tools that wait by their own clock)."""
    started = [subprocess.Popen(c, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, errors="replace") for c in commands]
    try:
        return [(p.communicate(timeout=LIMIT)[0], p.returncode)[::-1] for p in started]
    finally:
        for p in started:
            if p.poll() is None:
                p.kill()
                p.wait()


def row(sentence, function, *arguments):
    """A test of a table's row, with its sentence as its name."""
    def test():
        function(*arguments)
    test.__name__ = sentence
    return test


def equal(got, wanted, what=""):
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"


def contains(text, part):
    assert part in text, f"{part!r} is not in {text[-2000:]!r}"
