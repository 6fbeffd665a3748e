"""Runs scenarios: real lampd, amtsim and lamp, each in a folder of its own, spoken to as people and programs do.

A scenario file NNxx_name.py holds functions that take a Box, and ends with

    harness.main(a_device_is_added, ...)

Each function gets a fresh Box: a temporary folder and a loopback net of its own, so scenarios run side by side. Whatever
a Box started ends with it, by process id; what it started must end well (exit status 0, nothing from a sanitizer).
Nothing sleeps: programs say "ready", jobs and scans say by events how they ended. Every JSON answer is held against the
API description that the same server gives out. Output is TAP; the names of the functions are the names of the tests.
"""

import concurrent.futures
import http.client
import itertools
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ.get("LAMPLIGHTER_BUILD", os.path.join(os.path.dirname(__file__), "..", "..", "build"))
DEADLINE = 60  # seconds that anything may take at most; far more than it needs, also under sanitizers
PASSWORD = "P@ssw0rd"

try:
    import jsonschema
except ImportError:
    jsonschema = None


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def check(is_so, *what):
    if not is_so:
        raise Failed(" ".join(str(w) for w in what) or "not so")


def equal(got, wanted, what=""):
    if got != wanted:
        raise Failed(f"{what}: got {got!r}, wanted {wanted!r}")


def contains(text, part, what=""):
    if part not in text:
        raise Failed(f"{what}: {part!r} is not in {text!r}")


def program(name):
    for path in (f"src/{name}/{name}", f"sim/{name}", f"bin/{name}"):
        full = os.path.join(BUILD, path)
        if os.access(full, os.X_OK):
            return full
    raise Failed(f"{name} is not built in {BUILD}")


class Process:
    """A program of ours that runs: its output is kept, and it is ended by its process id."""

    def __init__(self, box, name, args, wait_for="ready", env=None, preexec_fn=None):
        self.name, self.log_path = name, os.path.join(box.folder, f"{name}-{next(box.numbers)}.log")
        self.log = open(self.log_path, "wb")
        self.popen = subprocess.Popen([program(name), *args], cwd=box.folder, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **(env or {})},
                                      preexec_fn=preexec_fn)
        self.ended_by_us = False
        box.processes.append(self)
        if wait_for:
            self.wait_for(wait_for)

    @property
    def pid(self):
        return self.popen.pid

    def wait_for(self, word):
        """Reads the standard output until a line begins with word."""
        end = time.monotonic() + DEADLINE
        text = b""
        while True:
            ready, _, _ = select.select([self.popen.stdout], [], [], max(0, end - time.monotonic()))
            data = os.read(self.popen.stdout.fileno(), 4096) if ready else b""
            if not data:
                raise Failed(f"{self.name} did not say {word!r} but {text!r}: {self.log_text()[-2000:]}")
            text += data
            if any(line.startswith(word) for line in text.decode(errors="replace").split("\n")):
                return

    def log_text(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def stop(self, signum=signal.SIGTERM):
        """Ends it and says its exit status (negative: the signal)."""
        self.ended_by_us = True
        if self.popen.poll() is None:
            self.popen.send_signal(signum)
        return self.wait()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def dies(self, signum):
        """Waits until it ends by itself, as a test of it wants."""
        self.ended_by_us = True
        equal(self.wait(), -signum, f"how {self.name} ended")

    def wait(self):
        try:
            return self.popen.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise Failed(f"{self.name} did not end")
        finally:
            self.popen.stdout.close()
            self.log.close()


class Reply:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body
        self.media = (response.headers.get("Content-Type") or "").split(";")[0]
        self.json = json.loads(body) if self.media == "application/json" and body else None

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self.path)


class Description:
    """The OpenAPI document of a server: holds answers against it."""

    def __init__(self, document):
        self.document = document
        self.paths = []
        for template, operations in document["paths"].items():
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
            self.paths.append((template.count("{"), re.compile(pattern + "$"), operations))
        self.paths.sort(key=lambda p: p[0])  # a literal path before one with arguments

    def validate(self, schema, value, what):
        whole = {**schema, "components": self.document["components"]}
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(whole).iter_errors(value))
        if error:
            raise Failed(f"{what} does not fit the API description: {error.message} at {list(error.absolute_path)}")

    def check_headers(self, described, reply, what):
        for name, header in described.items():
            value = reply.headers.get(name)
            check(value is not None or not header.get("required"), f"{what}: header {name} is missing")
            if value is not None:
                self.validate(header["schema"], value, f"{what}: header {name}")

    def check_reply(self, method, path, reply):
        path, method = path.split("?")[0], {"HEAD": "get"}.get(method, method.lower())
        for _, pattern, operations in self.paths:
            if pattern.match(path) and method in operations:
                responses = operations[method]["responses"]
                described = responses.get(str(reply.status)) or responses["default"]
                if "$ref" in described:
                    described = self.document["components"]["responses"][described["$ref"].split("/")[-1]]
                self.check_headers(described.get("headers", {}), reply, f"{method} {path}")
                content = described.get("content", {})
                if reply.media == "application/json" and reply.json is not None:
                    check("application/json" in content, f"{method} {path}: {reply.status} has no JSON described")
                    self.validate(content["application/json"].get("schema", {}), reply.json, f"{method} {path}")
                elif reply.status == 204:
                    equal(reply.body, b"", f"{method} {path}: body of a 204")
                return
        if reply.status >= 400 and reply.json is not None:
            self.validate({"$ref": "#/components/schemas/error"}, reply.json, f"{method} {path}")

    def check_event(self, event):
        self.validate({"$ref": "#/components/schemas/event"}, event, "event")


class Events:
    """A live event stream: iterates over (id, event)."""

    def __init__(self, server, query="", last_id=None):
        self.server = server
        self.connection = LocalConnection(server.socket)
        headers = {"Last-Event-ID": last_id} if last_id else {}
        self.connection.request("GET", "/api/v1/events" + query, headers=headers)
        self.response = self.connection.getresponse()
        equal(self.response.status, 200, "event stream")
        self.last_id = last_id

    def __iter__(self):
        return self

    def __next__(self):
        kind, data, seen_id = "message", [], None
        while True:
            line = self.response.fp.readline().decode()
            if not line:
                raise StopIteration
            line = line.rstrip("\n")
            if not line and data:
                event = json.loads("\n".join(data))
                if kind == "message":
                    self.server.description().check_event(event)
                return (seen_id, event) if kind == "message" else (kind, event)
            name, _, value = line.partition(": ")
            if name == "id":
                seen_id = self.last_id = value
            elif name == "data":
                data.append(value)
            elif name == "event":
                kind = value

    def until(self, wanted):
        """The first event for which wanted(event) is true."""
        for _, event in self:
            if wanted(event):
                return event
        raise Failed("the event stream ended")

    def close(self):
        self.connection.close()


class Server(Process):
    """A lampd, and a client of its API on the local socket."""

    def __init__(self, box, folder, args, **options):
        self.folder = folder
        self.socket = os.path.join(folder, "lampd.sock")
        self._description = None
        super().__init__(box, "lampd", ["--data", folder, *args], **options)

    def description(self):
        if not self._description:
            connection = LocalConnection(self.socket)
            connection.request("GET", "/openapi.json")
            self._description = Description(json.loads(connection.getresponse().read()))
            connection.close()
        return self._description

    def clock(self, line):
        """A command to the driven clock; its answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(DEADLINE)
            s.connect(os.path.join(os.path.dirname(self.folder), "clock.sock"))
            s.sendall(line.encode() + b"\n")
            answer = s.makefile().readline().rstrip("\n")
        check(not answer.startswith("error"), answer)
        return answer

    def advance(self, seconds):
        self.clock(f"advance {int(seconds * 1000)}")

    def request(self, method, path, body=None, headers=None, connection=None, expect=None):
        """One request; its answer is held against the description. body: a dict, or bytes as they are."""
        own = connection or LocalConnection(self.socket)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        own.request(method, path, body, headers)
        response = own.getresponse()
        reply = Reply(response, response.read())
        if not connection:
            own.close()
        self.description().check_reply(method, path, reply)
        if expect is not None:
            equal(reply.status, expect, f"{method} {path} {reply.body[:300]!r}")
        return reply

    def get(self, path, expect=200, **more):
        return self.request("GET", "/api/v1" + path, expect=expect, **more).json

    def post(self, path, /, *, expect=200, **body):
        members = {k.replace("_", "-"): v for k, v in body.items()}
        return self.request("POST", "/api/v1" + path, members or None, expect=expect).json

    def patch(self, path, /, *, expect=200, **body):
        return self.request("PATCH", "/api/v1" + path, {k.replace("_", "-"): v for k, v in body.items()}, expect=expect).json

    def put(self, path, /, *, expect=200, **body):
        return self.request("PUT", "/api/v1" + path, {k.replace("_", "-"): v for k, v in body.items()}, expect=expect).json

    def delete(self, path, expect=204):
        return self.request("DELETE", "/api/v1" + path, expect=expect).json

    def items(self, path):
        """All items of a list, page by page."""
        items, after = [], None
        while True:
            more = "&" if "?" in path else "?"
            page = self.get(path + (f"{more}after={after}" if after else ""))
            items += page["items"]
            after = page["next"]
            if not after:
                return items

    def events(self, query="", last_id=None):
        return Events(self, query, last_id)

    def job_end(self, number):
        """Waits for the end of a job by its events, and gives the job."""
        events = self.events(f"?job={number}&from=0")
        try:
            job = self.get(f"/jobs/{number}")
            while job["state"] != "final":
                events.until(lambda ev: ev["kind"] == "job")
                job = self.get(f"/jobs/{number}")
            return job
        finally:
            events.close()

    def acts(self, number):
        return {act["device"]: act for act in self.items(f"/jobs/{number}/acts")}

    def tls(self, port, address, token=None):
        """A connection to the TLS listener that trusts the zone's root only; its requests carry the token."""
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "ca.pem"))
        return http.client.HTTPSConnection(address, port, timeout=DEADLINE, context=context)


class Simulator(Process):
    def __init__(self, box, args):
        self.control = os.path.join(box.folder, f"sim{next(box.numbers)}.sock")
        super().__init__(box, "amtsim", ["--password-file", box.password_file(), "--control", self.control,
                                         "--listen", "each", *args])

    def ctl(self, *args):
        """Runs amtsim ctl; the answer is a list of objects."""
        done = subprocess.run([program("amtsim"), "ctl", "--control", self.control, *args, "--json"],
                              capture_output=True, text=True, timeout=DEADLINE)
        equal(done.returncode, 0, f"amtsim ctl {args}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines() if line]


class Box:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lamp-")
        self.processes, self.numbers = [], itertools.count()
        holder, self.net = self.take_net()
        self.holders = [holder]

    @staticmethod
    def take_net(first=64, step=1):
        """A /24 of loopback that no other scenario has: whoever holds its port 1 has it."""
        for i in range(16384 // step):
            n = (os.getpid() * 7 + i) * step % 16384
            prefix = f"127.{first + n // 256}.{n % 256}"
            holder = socket.socket()
            try:
                holder.bind((prefix + ".250", 1 if os.getuid() == 0 else 20001))
                return holder, prefix
            except OSError:
                holder.close()
        raise Failed("no loopback net is free")

    def wide_net(self):
        """A /20 of loopback beside the Box's own net, for thousands of devices."""
        holder, prefix = self.take_net(128, 16)
        self.holders.append(holder)
        return prefix + ".0/20"

    def address(self, host):
        return f"{self.net}.{host}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def password_file(self):
        return self.write("password", PASSWORD + "\n")

    def lampd(self, *args, data="zone", listen=None, hello=None, clock=False, **options):
        """A zone server on the local socket; it may talk to this Box's net. hello: where it listens for hellos. clock: time stands still until
        server.advance."""
        if clock and "--test-clock" not in self.run("lampd", "--help").stdout:
            raise Skipped("lampd was built without -Dtest-clock=true")
        if clock:
            args = ("--test-clock", self.path("clock.sock"), *args)
        return Server(self, self.path(data), ["--listen", listen or "none", "--hello", hello or "none", "--allow-net",
                                              self.net + ".0/24", *args],
                      **options)

    def sim(self, devices, *args):
        """Devices from .1 on."""
        return Simulator(self, ["--devices", str(devices), "--net", self.net + ".0/24", *args])

    def run(self, name, *args, status=None, env=None, text=None):
        """Runs one of our programs to its end."""
        done = subprocess.run([program(name), *args], cwd=self.folder, capture_output=True, text=True, input=text,
                              timeout=DEADLINE, env={**os.environ, **(env or {})})
        if status is not None:
            equal(done.returncode, status, f"{name} {' '.join(args)}: {done.stdout}{done.stderr}")
        return done

    def lamp(self, server, *args, status=0, text=None):
        return self.run("lamp", *args, status=status, text=text, env={"LAMP_SERVER": "unix:" + server.socket})

    def end(self):
        problems = []
        for process in reversed(self.processes):
            by_us = process.ended_by_us
            if process.popen.poll() is None:
                status = process.stop()
                if status != 0:
                    problems.append(f"{process.name} ended with {status}")
            elif not by_us and process.wait() != 0:
                problems.append(f"{process.name} ended by itself with {process.popen.returncode}")
            if re.search(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|assertion failed", process.log_text()):
                problems.append(f"{process.name}: {process.log_text()[-4000:]}")
        for holder in self.holders:
            holder.close()
        if problems:
            raise Failed("; ".join(problems))

    def logs(self):
        return "".join(f"--- {p.name} {p.pid}\n{p.log_text()[-6000:]}\n" for p in self.processes)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run_one(test):
    """Why it failed, None, or a Skipped."""
    box = Box()
    why = None
    try:
        test(box)
    except Skipped as e:
        box.end()
        box.remove()
        return e
    except Exception as e:  # whatever it is, it is this test that failed
        why = str(e) if isinstance(e, Failed) else traceback.format_exc()
        lines = [t.lineno for t in traceback.extract_tb(e.__traceback__) if t.name == test.__name__]
        why += f" (line {lines[-1] if lines else '?'})"
    try:
        box.end()
    except Exception as e:
        why = f"{why or ''} {e}"
    if why:
        why += "\n" + box.logs()
    box.remove()
    return why


def main(*tests, at_once=1):
    """at_once: for tests that mostly wait, how many run side by side."""
    wanted = sys.argv[1:]
    tests = [t for t in tests if not wanted or t.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    if not jsonschema and not os.environ.get("LAMPLIGHTER_NO_SKIP"):
        for i, test in enumerate(tests, 1):
            print(f"ok {i} - {test.__name__} # SKIP python3-jsonschema is not installed")
        return
    failed = 0
    side_by_side = concurrent.futures.ThreadPoolExecutor(at_once)
    for i, (test, why) in enumerate(zip(tests, side_by_side.map(run_one, tests)), 1):
        if isinstance(why, Skipped):
            print(f"ok {i} - {test.__name__} # SKIP {why}", flush=True)
            continue
        failed += bool(why)
        for line in (why or "").splitlines():
            print("# " + line)
        print(f"{'not ok' if why else 'ok'} {i} - {test.__name__}", flush=True)
    sys.exit(1 if failed else 0)
