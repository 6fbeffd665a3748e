"""simulator - starts amtsim for a test and speaks to its devices with Python's own libraries: an independent client.

Nothing of Lamplighter's own client is used here, so that what the simulator says is judged by something else."""
import base64
import hashlib
import http.client
import ipaddress
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

PASSWORD = "Str0ng!pass"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
PREFIX = {
    "CIM": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/",
    "AMT": "http://intel.com/wbem/wscim/1/amt-schema/1/",
    "IPS": "http://intel.com/wbem/wscim/1/ips-schema/1/",
}


DEADLINE = 60  # seconds that anything may take at most; far more than it needs
QUIET = 0.3  # seconds in which nothing comes, where nothing is what is expected

_HELD = []  # until the process ends


def uri(name):
    return PREFIX[name[:3]] + name


def _hold(address):
    """Whoever holds port 1 of an address has what it stands for."""
    holder = socket.socket()
    try:
        holder.bind((address, 1 if os.getuid() == 0 else 20001))
    except OSError:
        holder.close()
        return False
    _HELD.append(holder)
    return True


def take_net(bits=24):
    """A net of loopback that no other test has, nor a scenario: a /24 below 127.128, or a wider one from 127.192 on."""
    first, step = (64, 1) if bits == 24 else (192, 1 << 24 - bits)
    for i in range(16384 // step):
        n = (os.getpid() * 7 + i) * step % 16384
        prefix = f"127.{first + n // 256}.{n % 256}"
        if _hold(prefix + ".250"):
            return f"{prefix}.0/{bits}"
    raise RuntimeError("no loopback net is free")


def take_port():
    """A port of all addresses, and the one behind it, that no other test has. The system gives out none of these by
    itself; an ordinary user has no port 623."""
    for i in range(4000):
        n = (os.getpid() * 7 + i) % 4000
        if _hold(f"127.62.{n // 256}.{n % 256}"):
            return 21000 + 2 * n
    raise RuntimeError("no port is free")


class Sim:
    """A running amtsim, in a net of its own; use it with "with". wrapper: words before its command."""

    def __init__(self, *options, devices=1, net=None, wrapper=()):
        self.net = net or take_net()
        self.folder = tempfile.TemporaryDirectory(prefix="amtsim-")
        self.password = os.path.join(self.folder.name, "password")
        self.control = os.path.join(self.folder.name, "sock")
        with open(self.password, "w", encoding="ascii") as f:
            f.write(PASSWORD + "\n")
        self.program = os.environ["AMTSIM"]
        command = [*wrapper, self.program, "--devices", str(devices), "--net", self.net, "--password-file",
                   self.password, "--control", self.control, "--rmcp-port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(self.process.stderr.read())
        self.address = self.at(1)
        self.listener = None

    def at(self, number):
        """The address of the first device is number 1."""
        return str(ipaddress.ip_network(self.net)[number])

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.connect(self.control)
        self.lines = self.listener.makefile("rb")
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.listener.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()
        if code != 0 or "ERROR" in errors:
            raise RuntimeError(f"amtsim ended with {code}: {errors}")

    def ctl(self, command, **members):
        """All lines of the answer; raises what the simulator refuses."""
        request = {"command": command, **{k.replace("_", "-"): v for k, v in members.items()}}
        self.listener.sendall(json.dumps(request).encode() + b"\n")
        answer = []
        while True:
            line = self.lines.readline()
            if line in (b"\n", b""):
                break
            answer.append(json.loads(line))
        if answer and "error" in answer[0]:
            raise RuntimeError(answer[0]["error"])
        return answer


def envelope(action, resource, body="", selectors=None, message_id="1"):
    chosen = "".join(f'<w:Selector Name="{k}">{v}</w:Selector>' for k, v in (selectors or {}).items())
    chosen = f"<w:SelectorSet>{chosen}</w:SelectorSet>" if chosen else ""
    return (f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" '
            f'xmlns:w="{WSMAN}"><s:Header><a:Action>{action}</a:Action><a:To>/wsman</a:To>'
            f"<w:ResourceURI>{resource}</w:ResourceURI><a:MessageID>{message_id}</a:MessageID><a:ReplyTo>"
            f"<a:Address>{ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>"
            f"<w:OperationTimeout>PT60S</w:OperationTimeout>{chosen}</s:Header><s:Body>{body}</s:Body></s:Envelope>")


def get(name, selectors=None):
    return envelope(TRANSFER + "/Get", uri(name), selectors=selectors)


def put(name, inside, selectors=None):
    return envelope(TRANSFER + "/Put", uri(name), f'<r:{name} xmlns:r="{uri(name)}">{inside}</r:{name}>', selectors)


def enumerate_(name):
    return envelope(ENUMERATION + "/Enumerate", uri(name), f'<Enumerate xmlns="{ENUMERATION}"/>')


def pull(name, context, most=None):
    limit = f"<MaxElements>{most}</MaxElements>" if most else ""
    return envelope(ENUMERATION + "/Pull", uri(name), f'<Pull xmlns="{ENUMERATION}"><EnumerationContext>{context}'
                    f"</EnumerationContext>{limit}</Pull>")


def invoke(name, method, inside="", selectors=None, message_id="1"):
    return envelope(f"{uri(name)}/{method}", uri(name), f'<r:{method}_INPUT xmlns:r="{uri(name)}">{inside}'
                    f"</r:{method}_INPUT>", selectors, message_id)


def power(code, message_id="1"):
    system = (f'<r:ManagedElement><a:Address>{ADDRESSING}</a:Address><a:ReferenceParameters><w:ResourceURI>'
              f'{uri("CIM_ComputerSystem")}</w:ResourceURI><w:SelectorSet><w:Selector Name="CreationClassName">'
              'CIM_ComputerSystem</w:Selector><w:Selector Name="Name">ManagedSystem</w:Selector></w:SelectorSet>'
              "</a:ReferenceParameters></r:ManagedElement>")
    return invoke("CIM_PowerManagementService", "RequestPowerStateChange",
                  f"<r:PowerState>{code}</r:PowerState>{system}", message_id=message_id)


def md5(text):
    return hashlib.md5(text if isinstance(text, bytes) else text.encode()).hexdigest()


class Client:
    """Digest over http.client; keeps its nonce. reply is the last one."""

    def __init__(self, address, port=16992, tls=False, user="admin", password=PASSWORD, timeout=DEADLINE):
        self.address, self.port, self.tls, self.timeout = address, port, tls, timeout
        self.user, self.password = user, password
        self.challenge, self.count, self.connection = None, 0, None
        self.round_trips = 0

    def connect(self):
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("ALL:@SECLEVEL=0")
            self.connection = http.client.HTTPSConnection(self.address, self.port + 1, timeout=self.timeout,
                                                          context=context)
        else:
            self.connection = http.client.HTTPConnection(self.address, self.port, timeout=self.timeout)

    def answer(self, method, target, body):
        c = self.challenge
        self.count += 1
        count, cnonce = f"{self.count:08x}", base64.b16encode(os.urandom(8)).decode()
        qop = "auth-int" if "auth-int" in c["qop"] else "auth"
        ha1 = md5(f"{self.user}:{c['realm']}:{self.password}")
        ha2 = md5(f"{method}:{target}:{md5(body)}" if qop == "auth-int" else f"{method}:{target}")
        response = md5(f"{ha1}:{c['nonce']}:{count}:{cnonce}:{qop}:{ha2}")
        return (f'Digest username="{self.user}", realm="{c["realm"]}", nonce="{c["nonce"]}", uri="{target}", '
                f'response="{response}", qop={qop}, nc={count}, cnonce="{cnonce}"')

    def once(self, body, method="POST", target="/wsman"):
        """One request; status, headers, body."""
        if not self.connection:
            self.connect()
        headers = {}
        if self.challenge:
            headers["Authorization"] = self.answer(method, target, body.encode())
        self.round_trips += 1
        try:
            self.connection.request(method, target, body.encode(), headers)
            reply = self.connection.getresponse()
            self.reply = reply.status, reply.headers, reply.read()
        except BaseException:
            self.close()
            raise
        if reply.headers.get("Connection") == "close":
            self.close()
        if reply.status == 401:
            value = reply.headers["WWW-Authenticate"]
            self.challenge = dict(re.findall(r'(\w+)="([^"]*)"', value))
            self.count = 0
        return self.reply

    def ask(self, body, **more):
        """As once, with a second try after a 401."""
        status, headers, text = self.once(body, **more)
        if status == 401:
            status, headers, text = self.once(body, **more)
        return status, headers, text

    def value(self, body, name):
        status, _, text = self.ask(body)
        found = re.findall(rf"<g:{name}>([^<]*)</g:{name}>".encode(), text)
        if status != 200 or not found:
            raise RuntimeError(f"{status}: no {name} in {text[:2000]!r}")
        return found[0].decode()

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def wait_for(check):
    """Asks again and again, for what no program tells by itself."""
    end = time.monotonic() + DEADLINE
    while not check():
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE} s: {check.__name__}")
        time.sleep(0.01)


def _is_whole(reply):
    head, blank, body = reply.partition(b"\r\n\r\n")
    if not blank:
        return False
    if b"Transfer-Encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return len(body) >= int(length[1] if length else 0)


def exchange(address, request, is_whole=_is_whole, port=16992):
    """What comes back on a bare socket, and what is seen behind the whole of it: "open", "closed" or "reset"."""
    got = b""
    try:
        with socket.create_connection((address, port), DEADLINE) as s:
            s.sendall(request)
            while True:
                whole = is_whole(got)
                s.settimeout(QUIET if whole else DEADLINE)
                try:
                    part = s.recv(1 << 20)
                except socket.timeout:
                    if whole:
                        return got, "open"
                    raise
                if not part:
                    return got, "closed"
                got += part
    except (ConnectionResetError, BrokenPipeError):
        return got, "reset"


def pongs(sim, port, count=1):
    """The answers to so many pings of the first device, each with a tag of its own. An answer stands in our socket as
    soon as its ping is counted, so nothing has to be waited for that does not come."""
    sim.ctl("reset-counters")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        for tag in range(count):
            s.sendto(bytes.fromhex(f"06000006000011be80{tag:02x}0000"), (sim.address, port))
        wait_for(lambda: sim.ctl("stats")[0]["pings"] == count)
        got = []
        while True:
            try:
                got.append(s.recvfrom(100))
            except BlockingIOError:
                return got


def run(tests):
    """Runs functions as TAP; their names are the sentences."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        sentence = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {sentence}", flush=True)
        except Exception as error:  # a failed check of any kind is a failed test
            failed += 1
            print(f"not ok {number} - {sentence}\n# {type(error).__name__}: {error}", flush=True)
    sys.exit(1 if failed else 0)
