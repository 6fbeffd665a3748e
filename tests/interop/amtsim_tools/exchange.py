#!/usr/bin/python3
"""exchange - curl logs in with digest on each firmware, plain and by TLS; and the raw bytes of the answers are those
that were captured from firmware: header order and case of the 401, four-digit chunks, what is closed and what stays
open."""
import base64
import re
import socket
import ssl
import xml.etree.ElementTree as ElementTree

import simulator
import thirdparty
from simulator import PASSWORD, Client, envelope, get, uri
from thirdparty import contains, equal, row

SERVER = {
    "5.2": "Intel(R) Active Management Technology 5.2.70",
    "7.1": "Intel(R) Active Management Technology 7.1.91",
    "8.1": "Intel(R) Active Management Technology 8.1.71",
    "9.5": "Intel(R) Active Management Technology 9.5.61",
    "11.8": "Intel(R) Active Management Technology 11.8.50.3425",
    "11.8-notebook": "Intel(R) Active Management Technology 11.8.50.3425",
    "12": "Intel(R) Active Management Technology 12.0.67.1579",
    "15": "Intel(R) Active Management Technology 15.0.23.1706",
    "15-notebook": "Intel(R) Active Management Technology 15.0.23.1706",
    "16.1": "Intel(R) Active Management Technology 16.1.25.1917",
    "18": "Intel(R) Active Management Technology 18.0.5.2141",
}
TLS_ONLY = {"16.1", "18"}
QOP = {"18": "auth-int, auth"}
WITHOUT_FRAME_OPTIONS = {"5.2", "7.1", "8.1"}
POWER = get("CIM_AssociatedPowerManagementService")
ABSENT = get("CIM_NoSuchClass")
DATE = (rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
        rb"\d\d:\d\d:\d\d GMT")
SENTENCE = b"Log on failed. Incorrect user name or password, or user account temporarily locked."


def address_of(sim, profile):
    return next(d["device"] for d in sim.ctl("list") if d["profile"] == profile)


def post(body, header=""):
    body = body.encode()
    return f"POST /wsman HTTP/1.1\r\nHost: x\r\n{header}Content-Length: {len(body)}\r\n\r\n".encode() + body


def read_until(s, end):
    """Bytes up to and with the end; the connection's own end raises."""
    got = b""
    while not got.endswith(end):
        part = s.recv(65536)
        assert part, f"closed after {got[-200:]!r}"
        got += part
    return got


def read_to_close(s):
    got = b""
    while part := s.recv(65536):
        got += part
    return got


def connect(sim, profile):
    """To the port that the firmware has."""
    s = socket.create_connection((address_of(sim, profile), 16993 if profile in TLS_ONLY else 16992), thirdparty.LIMIT)
    if profile not in TLS_ONLY:
        return s
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(s)


def split(reply):
    head, _, body = reply.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def unchunk(body):
    """The content, and the size lines as they stood."""
    content, sizes = b"", []
    while True:
        size, _, body = body.partition(b"\r\n")
        sizes.append(size)
        n = int(size, 16)
        content += body[:n]
        equal(body[n:n + 2], b"\r\n", "end of a chunk")
        body = body[n + 2:]
        if n == 0:
            equal(body, b"", "bytes behind the last chunk")
            return content, sizes


class Login:
    """Authorization lines for the challenge of a raw 401, from Python's own arithmetic."""

    def __init__(self, sim, profile):
        with connect(sim, profile) as s:
            s.sendall(post(POWER))
            text = read_to_close(s).decode("latin-1")
        self.client = Client(None)
        self.client.challenge = dict(re.findall(r'(\w+)="([^"]*)"', text))

    def post(self, body):
        return post(body, f"Authorization: {self.client.answer('POST', '/wsman', body.encode())}\r\n")


def the_401_is_that_of_firmware(sim, profile):
    with connect(sim, profile) as s:
        s.sendall(post(POWER))
        head, body = split(read_to_close(s))  # ends: the device closes
    found = re.fullmatch(
        rb"HTTP/1\.1 401 Unauthorized\r\n"
        rb'WWW-Authenticate: Digest realm="Digest:[0-9A-F]{32}", nonce="([A-Za-z0-9+/]{32})",stale="false",qop="'
        + QOP.get(profile, "auth").encode() + rb'"\r\n'
        rb"Content-Type: text/html\r\n"
        rb"Server: " + re.escape(SERVER[profile].encode()) + rb"\r\n"
        rb"Content-Length: (\d+)\r\n"
        rb"Connection: close\r\n", head)
    assert found, head
    nonce = base64.b64decode(found[1])
    equal((len(nonce), nonce[6:12]), (24, bytes(6)), "nonce")
    equal(len(body), int(found[2]), "Content-Length")
    assert 689 <= len(body) <= 693, len(body)
    assert body.startswith(b"<!DOCTYPE HTML") and body.endswith(b"</html>\n") and SENTENCE in body, body


def the_200_is_that_of_firmware(sim, profile):
    login = Login(sim, profile)
    with connect(sim, profile) as s:
        for _ in range(2):  # the connection stays open
            s.sendall(login.post(POWER))
            head, body = split(read_until(s, b"0\r\n\r\n"))
            frame = b"" if profile in WITHOUT_FRAME_OPTIONS else b"X-Frame-Options: DENY\r\n"
            assert re.fullmatch(
                rb"HTTP/1\.1 200 OK\r\nDate: " + DATE + rb"\r\nServer: " + re.escape(SERVER[profile].encode()) +
                rb"\r\n" + frame + rb"Content-Type: application/soap\+xml; charset=UTF-8\r\n"
                rb"Transfer-Encoding: chunked\r\n", head), head
            content, sizes = unchunk(body)
            assert len(sizes) > 2 and all(re.fullmatch(rb"[0-9A-F]{4}", z) for z in sizes[:-1]), sizes
            equal(sizes[-1], b"0", "last chunk")
            envelope_is_whole(content)


def envelope_is_whole(content):
    """Python's expat takes it, and the answer is of the class that was asked for."""
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?><a:Envelope xmlns:a="'), content[:200]
    body = ElementTree.fromstring(content)[1]
    equal(body[0].tag, "{%s}%s" % (uri("CIM_AssociatedPowerManagementService"), "CIM_AssociatedPowerManagementService"))


def a_fault_is_a_400_and_closes(sim, profile):
    login = Login(sim, profile)
    with connect(sim, profile) as s:
        s.sendall(login.post(ABSENT))
        head, body = split(read_to_close(s))
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\nDate: "), head
    assert head.endswith(b"Content-Type: application/soap+xml; charset=UTF-8\r\nTransfer-Encoding: chunked\r\n"
                         b"Connection: close\r\n"), head
    content, _ = unchunk(body)
    assert b"<a:Value>b:DestinationUnreachable</a:Value>" in content, content


def what_is_no_http_or_no_xml_is_a_400(sim, profile):
    with connect(sim, profile) as s:
        s.sendall(b"NO HTTP\r\n\r\n")
        assert read_to_close(s).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    login = Login(sim, profile)
    with connect(sim, profile) as s:
        s.sendall(login.post("<no-xml"))
        assert read_to_close(s).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def curl(address, *options, body=POWER, tls=False, password=PASSWORD, path="/wsman"):
    """Status lines and headers in their order, and the body."""
    port = 16993 if tls else 16992
    old = ["-k", "--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0"] if tls else []
    status, text = thirdparty.run(
        "curl", "-sS", "--include", "--max-time", "20", *old, "--digest", "--user", f"admin:{password}", *options,
        *(["--data-binary", "@-"] if body is not None else []),
        f"{'https' if tls else 'http'}://{address}:{port}{path}", text=body)
    equal(status, 0, text[-300:])
    return re.findall(r"HTTP/1\.1 (\d+) ", text), text


def curl_logs_in(sim, profile, tls):
    codes, text = curl(address_of(sim, profile), tls=tls)
    equal(codes, ["401", "200"])
    contains(text, f"Server: {SERVER[profile]}\n")
    contains(text, "<g:PowerState>2</g:PowerState>")


def curl_with_a_wrong_password(sim, profile):
    codes, text = curl(address_of(sim, profile), password="wrong")
    equal(codes, ["401", "401"])
    contains(text, SENTENCE.decode())
    equal(curl(address_of(sim, profile))[0], ["401", "200"], "the right one after it")


def curl_asks_to_continue(sim, profile):
    codes, text = curl(address_of(sim, profile), "-H", "Expect: 100-continue", "--max-time", "20")
    equal(codes, ["100", "401", "100", "200"], text[:500])


def curl_sends_chunks(sim, profile):
    equal(curl(address_of(sim, profile), "-H", "Transfer-Encoding: chunked")[0], ["401", "200"])


def curl_finds_the_logon_page(sim, profile):
    codes, text = curl(address_of(sim, profile), "-L", body=None, path="/")
    equal(codes, ["303", "200"])
    assert re.search(r"^HTTP/1\.1 303 See Other\nLocation: /logon\.htm\nServer: " + re.escape(SERVER[profile]) +
                     r"\nContent-Length: 0\n\n", text.replace("\r", "")), text


def curl_meets_a_closed_port(sim, profile, tls):
    address = address_of(sim, profile)
    port = 16993 if tls else 16992
    status, text = thirdparty.run("curl", "-sS", f"{'https' if tls else 'http'}://{address}:{port}/wsman")
    equal(status, 7, text)


def main():
    thirdparty.need("curl")
    with thirdparty.simulate("--power", "on", devices=12) as own, \
            thirdparty.simulate("--power", "on", "--tls", "on", devices=12) as tls:
        tests = []
        for p in SERVER:
            tests += [row(f"{p}: raw 401", the_401_is_that_of_firmware, own, p),
                      row(f"{p}: raw 200", the_200_is_that_of_firmware, own, p),
                      row(f"{p}: a fault is a 400 and closes", a_fault_is_a_400_and_closes, own, p),
                      row(f"{p}: no HTTP, no XML", what_is_no_http_or_no_xml_is_a_400, own, p),
                      row(f"{p}: curl --digest by TLS", curl_logs_in, tls, p, True),
                      row(f"{p}: the plain port is closed with TLS", curl_meets_a_closed_port, tls, p, False)]
        for p in [p for p in SERVER if p not in TLS_ONLY]:
            tests += [row(f"{p}: curl --digest", curl_logs_in, own, p, False),
                      row(f"{p}: the TLS port is closed without TLS", curl_meets_a_closed_port, own, p, True)]
        for p in ("8.1", "11.8"):
            tests += [row(f"{p}: curl with a wrong password", curl_with_a_wrong_password, own, p),
                      row(f"{p}: curl waits for 100 Continue", curl_asks_to_continue, own, p),
                      row(f"{p}: curl sends chunks", curl_sends_chunks, own, p),
                      row(f"{p}: curl is sent to the logon page", curl_finds_the_logon_page, own, p)]
        simulator.run(tests)


main()
