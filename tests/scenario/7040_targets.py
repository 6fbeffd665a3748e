"""Messages are passed on to files, system logs, mail, datagrams, traps and webhooks; to the real other ends where there are
any in Debian. Nothing is lost when the other end is away, nor over a restart."""

import contextlib
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import queue
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading

import harness
from fleet import until
from harness import check, contains, equal

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    Controller = None

LINE = re.compile(r"^\[(error|warning|information|debug)\] \[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] \[(.*)\] \[(\w+)\] \[(\w+)\] "
                  r"\[((?:[^\]\\]|\\.)*)\] \[((?:[^\]\\]|\\.)*)\] \[(\d*)\]$")


def add(server, name, kind, address, **more):
    server.post("/targets", name=name, kind=kind, address=address, **more)


def hold(server, target="zone"):
    """Something that gives one message of severity warning."""
    server.post("/holds", target=target, note="fire")


def log_lines(server, name="messages.log"):
    path = os.path.join(server.folder, "log", name)
    return open(path, newline="").read().splitlines() if os.path.exists(path) else []


@contextlib.contextmanager
def udp(address, timeout=harness.DEADLINE):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((address, 0))
        s.settimeout(timeout)
        yield s, s.getsockname()[1]


def target(server, name):
    return server.get(f"/targets/{name}")


def the_local_log_has_every_message_once(box):
    server = box.lampd()
    hold(server)
    until(lambda: len(log_lines(server)) >= 2, "the message is in the file")
    lines = [LINE.match(line) for line in log_lines(server)]
    check(all(lines), log_lines(server))
    equal([(m[1], m[3], m[4], m[5]) for m in lines], [("information", "server", "server", "server_started"),
                                                     ("warning", "root (local)", "power", "hold_set")])
    contains(lines[1][7], "message=2 fire")
    server.stop()
    server = box.lampd()
    until(lambda: len(log_lines(server)) >= 3, "the next start is in the file")
    equal([re.search(r"message=(\d+)", line)[1] for line in log_lines(server)], ["1", "2", "3"], "each once")
    server.put("/settings/message-debug", value="on")
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    server.post("/devices", name="pc1", amt=box.address(1), credential="lab")
    number = server.post("/power", verb="status", targets=["pc1"])["job"]
    server.job_end(number)
    until(lambda: any(line.startswith("[debug]") for line in log_lines(server)), "debug is in the file")
    check(all(m["severity"] != "debug" for m in server.items("/messages")), "debug is not in the database")


def the_audit_goes_to_a_file(box):
    server = box.lampd()
    server.patch("/targets/local-audit", enabled="on")
    server.post("/devices", name="pc1", note="=1+1")
    until(lambda: any("device.add" in line for line in log_lines(server, "audit.csv")), "the record is in the file")
    rows = log_lines(server, "audit.csv")
    equal(rows[0], "seq,time,actor,action,object,detail,hash")
    exported = {r["seq"]: r["hash"] for r in server.items("/audit-export")}
    for row in rows[1:]:
        equal(row.split(",")[-1], exported[int(row.split(",")[0])], "hash")
    with open(os.path.join(server.folder, "log", "audit.csv"), "ab") as f:
        f.truncate(10 * 1024 * 1024)  # as large as it may get, but for its end
    for i in range(15):
        server.patch("/devices/pc1", note=f"{i}")
        until(lambda: any(f'""{i}""' in line for line in log_lines(server, "audit.csv")), "the record is in the new file")
        with open(os.path.join(server.folder, "log", "audit.csv"), "r+b") as f:
            f.truncate(10 * 1024 * 1024)
    old = sorted(os.listdir(os.path.join(server.folder, "log")))
    equal([name for name in old if name.startswith("audit.csv.")], sorted(f"audit.csv.{i}" for i in range(1, 14)))


def datagrams_and_system_logs_get_messages(box):
    server = box.lampd("--fqdn", "lamp.example")
    path = box.path("log.sock")
    with udp(box.address(1)) as (plain, plain_port), udp(box.address(1)) as (syslog, syslog_port), \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local, socket.create_server((box.address(1), 0)) as tcp:
        local.bind(path)
        local.settimeout(harness.DEADLINE)
        tcp.settimeout(harness.DEADLINE)
        add(server, "plain", "udp", f"{box.address(1)}:{plain_port}")
        add(server, "syslog", "syslog", f"udp:{box.address(1)}:{syslog_port}")
        add(server, "local", "syslog", f"unix:{path}")
        add(server, "stream", "syslog", f"tcp:{box.address(1)}:{tcp.getsockname()[1]}")
        add(server, "errors", "udp", f"{box.address(1)}:{plain_port}", severity="error")
        add(server, "certificates", "udp", f"{box.address(1)}:{plain_port}", component=["certificate"])
        hold(server)
        m = LINE.match(plain.recv(65536).decode().rstrip("\n"))
        equal((m[1], m[4], m[5]), ("warning", "power", "hold_set"))
        rfc5424 = re.compile(r"<28>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z lamp\.example lampd \d+ hold_set "
                             r'\[origin software="Lamplighter" swVersion="[^"]+"\] \ufeffemergency hold')
        for s in (syslog, local):
            text = s.recv(65536).decode()
            check(rfc5424.match(text), text)
        connection, _ = tcp.accept()
        with connection:
            connection.settimeout(harness.DEADLINE)
            whole = b""
            while part := connection.recv(65536):
                whole += part
        length, _, text = whole.partition(b" ")
        equal(int(length), len(text), "octet counting")
        check(rfc5424.match(text.decode()), text)
        plain.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            check(False, f"filtered, but passed on: {plain.recv(65536)}")


def traps_are_understood_by_snmptrapd(box):
    snmptrapd = shutil.which("snmptrapd") or "/usr/sbin/snmptrapd"
    if not os.path.exists(snmptrapd):
        raise harness.Skipped("snmptrapd is not installed")
    server = box.lampd()
    out = box.path("traps")
    with udp(box.address(2)) as (_, port):
        pass
    config = box.write("snmptrapd.conf", "authCommunity log s3cret\ndisableAuthorization no\n")
    trapd = subprocess.Popen([snmptrapd, "-f", "-n", "-On", "-C", "-c", config, "-Lf", out, "-F", "%P|%v\n", "-p",
                              box.path("trapd.pid"), f"udp:{box.address(2)}:{port}"], stderr=subprocess.PIPE,
                             env={**os.environ, "SNMP_PERSISTENT_DIR": box.folder, "MIBS": ""})
    try:
        until(lambda: os.path.exists(out) and "NET-SNMP" in open(out).read(), "snmptrapd listens")
        add(server, "manager", "snmp", f"{box.address(2)}:{port}", secret="s3cret")
        hold(server)
        base = ".1.3.6.1.4.1.8072.9999.9999.1099"
        until(lambda: base + ".0.210" in open(out).read(), "the trap has come")
        text = open(out).read()
        contains(text, "community s3cret")
        contains(text, f'{base}.1.1.0 = STRING: "warning"')
        contains(text, f'{base}.1.3.0 = STRING: "hold_set"')
        contains(text, f"{base}.1.6.0 = INTEGER: 0")
        box.lamp(server, "target", "test", "manager")
        until(lambda: base + ".0.703" in open(out).read(), "the test has come")
    finally:
        trapd.terminate()
        trapd.wait()


class Mails:
    def __init__(self):
        self.got = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        self.got.put(envelope)
        return "250 OK"


def mails_have_a_subject_with_its_macros(box):
    if not Controller:
        raise harness.Skipped("python3-aiosmtpd is not installed")
    server = box.lampd("--fqdn", "lamp.example")
    server.post("/devices", name="büro-17")
    mails = Mails()
    with udp(box.address(3)) as (_, port):
        pass
    controller = Controller(mails, hostname=box.address(3), port=port)
    controller.start()
    try:
        add(server, "mail", "smtp", f"smtp://{box.address(3)}:{port}", **{"from": "lamp@corp.example"},
            to=["ops@corp.example", "night@corp.example"], subject="%s|%c|%d|%t|%a|100%%|%x")
        hold(server, "büro-17")
        envelope = mails.got.get(timeout=harness.DEADLINE)
        equal((envelope.mail_from, envelope.rcpt_tos), ("lamp@corp.example", ["ops@corp.example", "night@corp.example"]))
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        device = server.items("/devices")[0]["id"]
        sent = server.items("/messages?id=hold_set")[0]
        equal(message["Subject"], f"warning|power|{device}|{sent['time'][:19]}Z|büro-17|100%|%x")
        contains(message.get_content(), "emergency hold of \"büro-17\"")
        contains(message.get_content(), "detail     fire")
        equal(str(message["To"]), "ops@corp.example, night@corp.example")
        until(lambda: target(server, "mail")["sent"] == 1, "it is counted")
    finally:
        controller.stop()
    done = box.run("lamp", "target", "test", "mail", env={"LAMP_SERVER": "unix:" + server.socket})
    equal(done.returncode, 1)
    contains(done.stderr, "Failed to connect")
    contains(done.stderr, "what to do: the message says why")


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.status
        if status == 200:
            self.server.got.put((dict(self.headers), body))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def hook(address, port=0):
    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True
    server = Server((address, port), Hook)
    server.got, server.status = queue.Queue(), 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def webhooks_are_signed_and_tried_again(box):
    server = box.lampd()
    with hook(box.address(4)) as there:
        port = there.server_address[1]
        add(server, "hook", "webhook", f"http://{box.address(4)}:{port}/amt", secret="k3y-canary")
        hold(server)
        headers, body = there.got.get(timeout=harness.DEADLINE)
        when, mac = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["Lamplighter-Signature"]).groups()
        equal(mac, hmac.new(b"k3y-canary", when.encode() + b"." + body, hashlib.sha256).hexdigest())
        said = json.loads(body)["messages"]
        equal([(m["id"], m["severity"], m["text"]) for m in said],
              [("hold_set", "warning", server.items("/messages?id=hold_set")[0]["text"])])
        for status in (500, 302):
            there.status = status
            failed = box.run("lamp", "target", "test", "hook", env={"LAMP_SERVER": "unix:" + server.socket})
            equal(failed.returncode, 1)
            contains(failed.stderr, f"answered with HTTP status {status}")
        hold(server, "/Servers/")
        until(lambda: target(server, "hook")["failing"], "the zone knows that it fails")
        contains(target(server, "hook")["error"], "HTTP status 302")
        equal(len(server.items("/messages?id=target_failed")), 1)
        there.status = 200
        until(lambda: there.got.qsize() >= 1, "it is tried again")
        until(lambda: not target(server, "hook")["failing"], "the zone knows that it is back")
        equal(len(server.items("/messages?id=target_back")), 1)
    dump = json.dumps(server.get("/targets/hook")) + server.log_text() + json.dumps(server.items("/audit"))
    check("k3y-canary" not in dump, "the secret is seen nowhere")
    data = b"".join(open(os.path.join(server.folder, f), "rb").read() for f in os.listdir(server.folder)
                    if f.startswith("lampd.db"))
    check(b"k3y-canary" not in data, "the secret is sealed in the database")


def nothing_is_lost_while_the_other_end_or_the_server_is_away(box):
    server = box.lampd()
    with udp(box.address(5)) as (_, port):
        pass
    add(server, "hook", "webhook", f"http://{box.address(5)}:{port}/")
    for i in range(250):
        hold(server)
    until(lambda: target(server, "hook")["failing"], "nobody is there")
    server.stop()
    server = box.lampd()
    seen = []
    with hook(box.address(5), port) as there:
        for _ in range(250):
            hold(server)

        def all_came():
            while not there.got.empty():
                seen.extend(m["seq"] for m in json.loads(there.got.get()[1])["messages"])
            return len(set(seen)) >= 500
        until(all_came, "all 500 came")
    wanted = sorted(m["seq"] for m in server.items("/messages?id=hold_set"))
    equal(sorted(set(seen) & set(wanted)), wanted, "messages that came")
    equal(seen, sorted(seen), "in their order")


def certificate(box, name, address, ca=None):
    """Of a server at this address, by a CA of its own: openssl makes them. Paths of CA, certificate and key."""
    ca_pem, ca_key = box.path(f"{name}-ca.pem"), box.path(f"{name}-ca.key")
    pem, key, request = box.path(f"{name}.pem"), box.path(f"{name}.key"), box.path(f"{name}.csr")
    extensions = box.write(f"{name}.ext", f"subjectAltName=IP:{address}\n")
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch"]
    for command in (
            new + ["-x509", "-days", "30", "-subj", f"/CN={name} CA", "-keyout", ca_key, "-out", ca_pem],
            new + ["-subj", f"/CN={name}", "-keyout", key, "-out", request],
            ["openssl", "x509", "-req", "-in", request, "-CA", ca_pem, "-CAkey", ca_key, "-CAcreateserial", "-days", "30",
             "-extfile", extensions, "-out", pem]):
        subprocess.run(command, check=True, capture_output=True)
    return ca_pem, pem, key


def server_context(pem, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    return context


def failed_test(box, server, name):
    done = box.run("lamp", "target", "test", name, env={"LAMP_SERVER": "unix:" + server.socket})
    equal(done.returncode, 1, done.stderr)
    return done.stderr


def mails_go_over_tls_to_those_only_whom_the_ca_names(box):
    if not Controller:
        raise harness.Skipped("python3-aiosmtpd is not installed")
    server = box.lampd()
    ours, pem, key = certificate(box, "mail", box.address(6))
    other, _, _ = certificate(box, "other", box.address(6))
    _, elsewhere_pem, elsewhere_key = certificate(box, "elsewhere", box.address(7))
    mails, seen = Mails(), []

    class Inside(Mails):
        async def handle_DATA(self, server, session, envelope):
            seen.append(session.ssl is not None)
            return await mails.handle_DATA(server, session, envelope)

    def check_login(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"lamp", b"m41l-canary"))

    def start(kind, context, **more):
        with udp(box.address(6)) as (_, port):
            pass
        controller = kind(Inside(), hostname=box.address(6), port=port, **more)
        controller.start()
        return controller, port
    smtps, smtps_port = start(Controller, None, ssl_context=server_context(pem, key))
    starttls, port = start(Controller, None, tls_context=server_context(pem, key), require_starttls=True,
                           authenticator=check_login, auth_required=True)
    plain, plain_port = start(Controller, None)
    wrong, wrong_port = start(Controller, None, ssl_context=server_context(elsewhere_pem, elsewhere_key))
    more = {"from": "lamp@corp.example", "to": ["ops@corp.example"]}
    ca = open(ours).read()
    try:
        add(server, "smtps", "smtp", f"smtps://{box.address(6)}:{smtps_port}", ca=ca, **more)
        add(server, "starttls", "smtp", f"smtp://{box.address(6)}:{port}", ca=ca, user="lamp", secret="m41l-canary", **more)
        for name in ("smtps", "starttls"):
            box.lamp(server, "target", "test", name)
            mails.got.get(timeout=harness.DEADLINE)
        check(seen[1], "it came after STARTTLS")
        add(server, "system", "smtp", f"smtps://{box.address(6)}:{smtps_port}", **more)
        contains(failed_test(box, server, "system"), "certificate")
        add(server, "foreign", "smtp", f"smtps://{box.address(6)}:{smtps_port}", ca=open(other).read(), **more)
        contains(failed_test(box, server, "foreign"), "certificate")
        add(server, "name", "smtp", f"smtps://{box.address(6)}:{wrong_port}",
            ca=open(box.path("elsewhere-ca.pem")).read(), **more)
        contains(failed_test(box, server, "name"), box.address(6))
        add(server, "stripped", "smtp", f"smtp://{box.address(6)}:{plain_port}", ca=ca, **more)
        contains(failed_test(box, server, "stripped"), "STARTTLS")
        add(server, "login", "smtp", f"smtp://{box.address(6)}:{plain_port}", user="lamp", secret="m41l-canary", **more)
        contains(failed_test(box, server, "login"), "STARTTLS")
        equal(mails.got.qsize(), 0, "mails that came in the clear")
        server.patch("/targets/starttls", secret="wr0ng")
        failed_test(box, server, "starttls")
    finally:
        for controller in (smtps, starttls, plain, wrong):
            controller.stop()
    check("m41l-canary" not in server.log_text() + json.dumps(server.items("/audit")), "the password is seen nowhere")


def webhooks_and_system_logs_go_over_tls_with_a_ca_of_ones_own(box):
    server = box.lampd("--fqdn", "lamp.example")
    ours, pem, key = certificate(box, "hook", box.address(8))
    other, _, _ = certificate(box, "other", box.address(8))
    with hook(box.address(8)) as there, socket.create_server((box.address(8), 0)) as listener:
        there.socket = server_context(pem, key).wrap_socket(there.socket, server_side=True)
        url = f"https://{box.address(8)}:{there.server_address[1]}/amt"
        log = f"tls:{box.address(8)}:{listener.getsockname()[1]}"
        listener.settimeout(harness.DEADLINE)
        texts = queue.Queue()

        def take():
            while True:
                try:
                    raw, _ = listener.accept()
                    with server_context(pem, key).wrap_socket(raw, server_side=True) as s:
                        whole = b""
                        while part := s.recv(65536):
                            whole += part
                        texts.put((s.version(), whole))
                except (ssl.SSLError, ConnectionError):
                    continue
                except OSError:
                    return
        threading.Thread(target=take, daemon=True).start()
        add(server, "hook", "webhook", url, ca=open(ours).read(), secret="k3y")
        add(server, "log", "syslog", log, ca=open(ours).read(), feed="audit")
        box.lamp(server, "target", "test", "hook")
        there.got.get(timeout=harness.DEADLINE)
        hold(server)
        headers, _ = there.got.get(timeout=harness.DEADLINE)
        check(headers["Lamplighter-Signature"], "it is signed")
        version, whole = texts.get(timeout=harness.DEADLINE)
        check(version in ("TLSv1.2", "TLSv1.3"), version)
        records = {r["seq"]: r["hash"] for r in server.items("/audit-export")}
        count = 0
        while whole:
            length, _, rest = whole.partition(b" ")
            one, whole = rest[:int(length)].decode(), rest[int(length):]
            seq, digest = re.search(r"seq=(\d+) hash=([0-9a-f]{64})", one).groups()
            equal(digest, records[int(seq)], "hash of the record that came")
            check(one.startswith("<110>1 "), one)
            count += 1
        check(count >= 1, "records")
        for name, kind, address in (("hook2", "webhook", url), ("log2", "syslog", log)):
            add(server, name, kind, address)
            contains(failed_test(box, server, name), "certificate")
            server.patch(f"/targets/{name}", ca=open(other).read())
            contains(failed_test(box, server, name), "certificate")
            server.patch(f"/targets/{name}", ca=open(ours).read())
            box.lamp(server, "target", "test", name)
        equal([(t["name"], t["has_ca"]) for t in server.items("/targets") if t["name"] in ("log", "local-log")],
              [("local-log", False), ("log", True)])
        server.post("/targets", expect=400, name="bad", kind="udp", address="x:1", ca=open(ours).read())
        server.post("/targets", expect=400, name="bad", kind="syslog", address=log, ca="no certificate")


def what_cannot_be_a_target_is_refused(box):
    server = box.lampd()
    for kind, address, more in (
            ("file", "../lampd.db", {}), ("file", ".hidden", {}), ("file", "/etc/passwd", {}), ("odd", "x", {}),
            ("syslog", "log.example:514", {}), ("syslog", "udp:log.example:99999", {}), ("udp", "log.example", {}),
            ("webhook", "file:///etc/passwd", {}), ("webhook", "gopher://x/", {}), ("webhook", "https://u:p@x/", {}),
            ("smtp", "smtp://x:25", {}), ("smtp", "smtp://x:25", {"from": "a@b"}),
            ("smtp", "smtp://x:25", {"from": "a@b\r\nBcc: c@d", "to": ["c@d"]}),
            ("smtp", "smtp://x:25", {"from": "a@b", "to": ["c@d>,<e@f"]}), ("udp", "x:1", {"severity": "bad"}),
            ("udp", "x:1", {"component": ["none"]}), ("file", "a.log", {"roll": "never"})):
        server.post("/targets", expect=400, name="bad", kind=kind, address=address, **more)
    add(server, "good", "udp", "127.0.0.1:9")
    server.post("/targets", expect=409, name="good", kind="udp", address="127.0.0.1:9")
    server.post("/targets/none/test", expect=404)
    server.delete("/targets/good")
    equal([t["name"] for t in server.items("/targets")], ["local-audit", "local-log"])


harness.main(
    the_local_log_has_every_message_once,
    the_audit_goes_to_a_file,
    datagrams_and_system_logs_get_messages,
    traps_are_understood_by_snmptrapd,
    mails_have_a_subject_with_its_macros,
    mails_go_over_tls_to_those_only_whom_the_ca_names,
    webhooks_are_signed_and_tried_again,
    webhooks_and_system_logs_go_over_tls_with_a_ca_of_ones_own,
    nothing_is_lost_while_the_other_end_or_the_server_is_away,
    what_cannot_be_a_target_is_refused,
    at_once=3,
)
