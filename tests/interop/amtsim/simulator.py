"""simulator - starts amtsim for a test and speaks to its devices with Python's own libraries: an independent client.

Nothing of Lamplighter's own client is used here, so that what the simulator says is judged by something else."""
import base64
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

PASSWORD = "Str0ng!pass"
PING_PORT = 20000 + os.getpid() % 10000  # an ordinary user has no port 623
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


def uri(name):
    return PREFIX[name[:3]] + name


class Sim:
    """A running amtsim; use it with "with". wrapper: words before its command."""

    def __init__(self, *options, devices=1, net="127.201.0.0/24", wrapper=()):
        self.folder = tempfile.TemporaryDirectory(prefix="amtsim-")
        self.password = os.path.join(self.folder.name, "password")
        self.control = os.path.join(self.folder.name, "sock")
        with open(self.password, "w", encoding="ascii") as f:
            f.write(PASSWORD + "\n")
        self.program = os.environ["AMTSIM"]
        command = [*wrapper, self.program, "--devices", str(devices), "--net", net, "--password-file", self.password,
                   "--control", self.control, "--rmcp-port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(self.process.stderr.read())
        base = net.split("/")[0].split(".")
        self.address = ".".join(base[:3] + [str(int(base[3]) + 1)])
        self.listener = None

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

    def __init__(self, address, port=16992, tls=False, user="admin", password=PASSWORD, timeout=5):
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
