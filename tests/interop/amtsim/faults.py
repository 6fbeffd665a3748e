#!/usr/bin/python3
"""faults - every fault kind of amtsim does on the wire what its sentence says, seen with Python's own client
and with bare sockets. A kind without a check here fails."""
import base64
import http.client
import re
import socket
import ssl
import struct
import subprocess
import time

import warnings

import setup
import simulator
from simulator import Client, Sim, exchange, get, invoke, pongs, power, wait_for

STATE = get("CIM_AssociatedPowerManagementService")
warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point
SIM = None
CHECKED = set()


def clear():
    SIM.ctl("fault clear")
    SIM.ctl("session", all=True, state="close")
    SIM.ctl("power", all=True, state="on")
    SIM.ctl("reset-counters")


def fault(kind, **more):
    clear()
    CHECKED.add(re.sub(r"return-value-\d+", "return-value-N", kind))
    SIM.ctl("fault add", kind=kind, **more)


def client(number=1, **more):
    return Client(SIM.at(number), **more)


def logged_in(timeout=None):
    """timeout: of what is asked from now on."""
    c = client()
    assert c.ask(STATE)[0] == 200
    if timeout:
        c.connection.sock.settimeout(timeout)
    return c


def acts():
    return [line["act"] for line in SIM.ctl("wire")]


def raw(**more):
    """What comes back to a request without a login, and how that ends."""
    return exchange(SIM.address, b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(STATE), STATE.encode()), **more)


def nothing(_):
    """Nothing at all is the whole that is expected."""
    return True


def to_the_end(_):
    """The connection is closed at the end."""
    return False


def raises(kinds, call, *args):
    try:
        call(*args)
    except kinds as error:
        return error
    raise AssertionError(f"{call.__name__} raised nothing")


def rv(c, code):
    return int(c.value(power(code), "ReturnValue"))


# ---- connections ----

def refuse_gives_a_closed_port():
    fault("refuse")
    raises(ConnectionRefusedError, raw)
    clear()
    assert raw()[0].startswith(b"HTTP/1.1 401")


def refuse_can_strike_the_second_connection_only():
    fault("refuse", request=2)
    assert raw()[0].startswith(b"HTTP/1.1 401")
    assert raw()[1] == "reset"
    assert raw()[0].startswith(b"HTTP/1.1 401")


def syn_drop_answers_no_syn():
    fault("syn-drop")
    s = socket.socket()
    s.settimeout(0.3)
    raises(socket.timeout, s.connect, (SIM.address, 16992))
    s.close()
    clear()
    assert raw()[0].startswith(b"HTTP/1.1 401")


def hang_accepts_and_says_nothing():
    fault("hang")
    assert raw(is_whole=nothing) == (b"", "open")


def hang_can_wait_for_an_act():
    fault("hang", on="act")
    c = logged_in(timeout=0.3)
    raises(TimeoutError, c.once, power(10))
    assert acts() == []


def reset_before_request_resets_at_once():
    fault("reset-before-request")
    assert raw() == (b"", "reset")


def close_mid_request_resets_and_does_nothing():
    fault("close-mid-request")
    c = client()
    raises(ConnectionError, c.ask, power(10))
    assert acts() == []


def close_before_act_does_nothing():
    fault("close-before-act")
    c = logged_in()
    raises(http.client.RemoteDisconnected, c.once, power(10))
    assert acts() == []


def close_after_act_has_acted():
    fault("close-after-act")
    c = logged_in()
    raises(ConnectionError, c.once, power(10))
    assert acts() == ["reset"]


def close_mid_reply_has_acted():
    fault("close-mid-reply")
    c = logged_in()
    raises((ConnectionError, http.client.IncompleteRead), c.once, power(10))
    assert acts() == ["reset"]


def act_no_reply_has_acted():
    fault("act-no-reply")
    c = logged_in(timeout=0.3)
    raises(TimeoutError, c.once, power(10))
    wait_for(acts)
    assert acts() == ["reset"]


def act_after_timeout_acts_when_the_client_is_gone():
    fault("act-after-timeout", after="2000")
    c = logged_in(timeout=0.1)
    raises(TimeoutError, c.once, power(10))
    assert acts() == []
    wait_for(acts)
    assert acts() == ["reset"]


def reply_after_timeout_replies_late():
    fault("reply-after-timeout", after="300")
    c = logged_in()
    began = time.monotonic()
    assert rv(c, 10) == 0
    assert time.monotonic() - began >= 0.3
    assert acts() == ["reset"]


def slow_sends_one_byte_a_second():
    fault("slow")
    with socket.create_connection((SIM.address, 16992), simulator.DEADLINE) as s:
        began = time.monotonic()
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [s.recv(1) for _ in range(3)] == [b"H", b"T", b"T"]
        assert time.monotonic() - began >= 1.9


# ---- answers about acts ----

def lie_says_0_and_does_nothing():
    fault("lie")
    c = logged_in()
    assert rv(c, 8) == 0
    SIM.ctl("fault clear")
    assert rv(c, 10) == 0  # what is off cannot be reset
    wait_for(acts)
    assert acts() == ["reset"]


def return_values_are_told_and_nothing_is_done():
    for value in (1, 2, 4, 5, 36, 4097, 4099):
        fault(f"return-value-{value}")
        assert rv(logged_in(), 10) == value
        assert acts() == []


def state_by_hand_comes_just_before_the_act():
    fault("state-by-hand")
    assert rv(logged_in(), 10) == 4097
    assert SIM.ctl("power", device="#0")[0]["power"] == "off"


def wrong_message_id_is_no_answer_to_the_request():
    fault("wrong-message-id", on="act")
    status, _, text = logged_in().once(power(10, "uuid:12345678-0000-0000-0000-000000000001"))
    assert status == 200 and b"12345678" not in text
    assert acts() == ["reset"]


def session_open_refuses_off_and_cycle():
    fault("session-open")
    c = logged_in()
    assert [rv(c, 8), rv(c, 5), rv(c, 10)] == [4097, 4097, 0]
    assert acts() == ["reset"]


def a_fault_for_acts_leaves_reads_alone():
    fault("act-no-reply")
    c = logged_in()
    assert c.once(STATE)[0] == 200


def the_nth_request_alone_is_struck():
    fault("return-value-2", request=2)
    c = logged_in()
    assert [rv(c, 10), rv(c, 10), rv(c, 10)] == [0, 2, 0]
    fault("return-value-2", times=2)
    c = logged_in()
    assert [rv(c, 10), rv(c, 10), rv(c, 10)] == [2, 2, 0]


# ---- logins ----

def http_503_is_told_to_everybody():
    fault("http-503")
    assert client().once(STATE)[0] == 503


def unauthorized_for_ever_takes_no_login():
    fault("unauthorized-for-ever")
    c = client()
    assert [c.once(STATE)[0] for _ in range(4)] == [401] * 4


def unauthorized_after_act_has_acted():
    fault("unauthorized-after-act")
    c = logged_in()
    assert c.once(power(10))[0] == 401
    assert acts() == ["reset"]


def nonce_each_request_wants_a_new_one_each_time():
    fault("nonce-each-request")
    c = logged_in()
    assert [c.once(STATE)[0] for _ in range(4)] == [401, 200, 401, 200]


def stale_says_so_once():
    fault("stale", times=1)
    c = client()
    assert c.once(STATE)[0] == 401
    status, headers, _ = c.once(STATE)
    assert status == 401 and 'stale="true"' in headers["WWW-Authenticate"]
    assert c.once(STATE)[0] == 200


def realm_changed_is_another_realm():
    before = client()
    clear()
    before.once(STATE)
    fault("realm-changed")
    after = client()
    after.once(STATE)
    assert before.challenge["realm"] != after.challenge["realm"]
    assert after.once(STATE)[0] == 200


def basic_offered_asks_for_basic():
    fault("basic-offered")
    assert client().once(STATE)[1]["WWW-Authenticate"].startswith("Basic realm=")


def empty_challenge_is_empty():
    fault("empty-challenge")
    assert client().once(STATE)[1]["WWW-Authenticate"] == "Digest"


# ---- answers that are no answers ----

def body_of(kind):
    fault(kind)
    status, _, text = client().once(STATE)
    assert status == 200
    return text


def garbage_xml_is_no_xml():
    assert b"<no xml" in body_of("garbage-xml")


def entity_bomb_declares_entities():
    assert b"<!ENTITY h" in body_of("entity-bomb")


def deep_xml_is_deep():
    assert body_of("deep-xml").count(b"<a>") == 100000


def nul_xml_has_nul():
    assert b"\0" in body_of("nul-xml")


def bad_utf8_cannot_be_decoded():
    raises(UnicodeDecodeError, body_of("bad-utf8").decode)


def huge_xml_goes_on_and_on():
    fault("huge-xml")
    with socket.create_connection((SIM.address, 16992), simulator.DEADLINE) as s:
        s.sendall(b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        got = 0
        while got < 64 << 20:
            part = s.recv(1 << 20)
            assert part
            got += len(part)


def text_of(kind, part=None):
    """Of which part is the last; without one, to the end."""
    fault(kind)
    return raw(is_whole=(lambda got: part in got) if part else to_the_end)


def answer_of(kind, is_whole):
    """As text_of, with a login."""
    clear()
    c, body = client(), STATE.encode()
    c.once(STATE)
    fault(kind)
    request = (b"POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s"
               % (c.answer("POST", "/wsman", body).encode(), len(body), body))
    return exchange(SIM.address, request, is_whole)


def chunk_huge_says_so():
    assert text_of("chunk-huge", b"\r\nffffffffffffffff\r\n")[1] == "open"


def chunk_negative_says_so():
    assert b"\r\n-1\r\n" in text_of("chunk-negative", b"\r\n-1\r\n")[0]


def chunk_no_end_stays_open():
    got, end = answer_of("chunk-no-end", lambda got: got.endswith(b"</a:Envelope>\r\n"))
    assert b"Transfer-Encoding: chunked" in got and b"\r\n0\r\n" not in got and end == "open"


def length_too_big_closes_early():
    got, end = text_of("length-too-big")
    assert b"Content-Length: 100000\r\n" in got and end == "closed"


def length_too_small_leaves_bytes():
    got, _ = text_of("length-too-small", b"</a:Envelope>")
    head, body = got.split(b"\r\n\r\n", 1)
    assert b"Content-Length: 10" in head and len(body) > 10


def length_twice_is_there_twice():
    assert text_of("length-twice", b"</a:Envelope>")[0].count(b"Content-Length:") == 2


def length_with_chunked_has_both():
    fault("length-with-chunked")
    c = client()
    c.ask(STATE)
    assert c.reply[1]["Content-Length"] and c.reply[1]["Transfer-Encoding"] == "chunked"


def two_replies_come_to_one_request():
    got, _ = answer_of("two-replies", lambda got: got.count(b"\r\n0\r\n\r\n") == 2)
    assert got.count(b"HTTP/1.1 200 OK") == 2


def many_headers_are_a_million():
    fault("many-headers")
    got, _ = raw(is_whole=lambda got: len(got) > 8000000 and got.count(b"\r\nX-A: b") == 1000000)
    assert got.startswith(b"HTTP/1.1 200 ")


def huge_header_has_a_mebibyte():
    fault("huge-header")
    got, _ = raw(is_whole=lambda got: len(got) > 1 << 20)
    assert got.rindex(b"\r\n", 0, 1 << 20) < 1024


# ---- TLS ----

def leaf(address):
    text = subprocess.run(["openssl", "s_client", "-connect", f"{address}:16993", "-cipher", "ALL:@SECLEVEL=0",
                           "-showcerts"], input=b"", capture_output=True, timeout=simulator.DEADLINE, check=False).stdout
    found = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)
    told = subprocess.run(["openssl", "x509", "-noout", "-subject", "-dates", "-fingerprint", "-sha256"],
                          input=found[0], capture_output=True, check=True).stdout.decode() if found else ""
    return found, told


def tls_faults_show():
    with Sim("--profile", "12", "--tls", "on", "--power", "on") as s:
        pin = s.ctl("pin", device="#0")[0]["pin"]
        honest, told = leaf(s.address)
        assert pin == re.search("ngerprint=(.*)", told)[1].replace(":", "").lower()
        for kind in ("tls-wrong-name", "tls-expired", "tls-not-yet-valid", "tls-changed-certificate",
                     "tls-appended-chain", "tls-alert", "tls-1.0-only"):
            CHECKED.add(kind)
            s.ctl("fault clear")
            s.ctl("fault add", kind=kind)
            found, told = leaf(s.address)
            if kind == "tls-wrong-name":
                assert "somebody-else" in told
            elif kind == "tls-expired":
                assert "notAfter=Jan  1 00:00:00 2020" in told
            elif kind == "tls-not-yet-valid":
                assert "notBefore=Jan  1 00:00:00 2090" in told
            elif kind == "tls-changed-certificate":
                assert found[0] != honest[0] and len(found) == 1
            elif kind == "tls-appended-chain":
                assert found[0] != honest[0] and found[1] == honest[0]
            elif kind == "tls-alert":
                assert not found
            else:
                c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
                c.minimum_version = ssl.TLSVersion.TLSv1
                c.set_ciphers("ALL:@SECLEVEL=0")
                with c.wrap_socket(socket.create_connection((s.address, 16993), simulator.DEADLINE)) as t:
                    assert t.version() == "TLSv1"


# ---- states ----

def ping_drop_drops_a_share_of_the_pings():
    CHECKED.add("ping-drop")
    port = simulator.take_port()
    with Sim("--rmcp-port", str(port), "--profile", "11.8") as s:
        [(got, peer)] = pongs(s, port, 1)
        assert got.hex() == "06000006000011be40000010" + "000001574260b8020120" + "000000000000" and peer[0] == s.address
        s.ctl("fault add", kind="ping-drop", share="100%")
        assert not pongs(s, port, 20)
        s.ctl("fault clear")
        s.ctl("fault add", kind="ping-drop", share="50%")
        answered = len(pongs(s, port, 200))
        assert 60 <= answered <= 140, answered


def address_taken_is_another_machine():
    clear()
    before = SIM.ctl("list", device="#0")[0]
    fault("address-taken")
    after = SIM.ctl("list", device="#0")[0]
    assert before["uuid"] != after["uuid"] and before["realm"] != after["realm"] and before["name"] != after["name"]
    logged_in()
    clear()
    assert SIM.ctl("list", device="#0")[0]["uuid"] == before["uuid"]
    logged_in()


def clock_off_is_a_year_ahead():
    fault("clock-off")
    date = client().ask(STATE)[1]["Date"]
    assert int(date.split()[3]) >= time.gmtime().tm_year + 1 or "Dec" in date
    fault("clock-off", after="-365d")
    assert int(client().ask(STATE)[1]["Date"].split()[3]) < time.gmtime().tm_year


def audit(c, start=1):
    """AuditState, and the records from start on, decoded by hand."""
    state = int(c.value(get("AMT_AuditLog"), "AuditState"))
    status, _, text = c.ask(invoke("AMT_AuditLog", "ReadRecords", f"<r:StartIndex>{start}</r:StartIndex>"))
    assert status == 200, text
    rv = int(re.search(rb"<g:ReturnValue>(\d+)", text)[1])
    return state, rv, [base64.b64decode(r) for r in re.findall(rb"<g:EventRecords>([^<]*)", text)]


def audit_faults_show():
    with Sim("--profile", "12", "--power", "on", "--audit", "on", "--set", "power-time=0") as s:
        c = Client(s.address)
        assert rv(c, 10) == 0
        state, code, records = audit(c)
        assert (state, code, len(records)) == (16, 0, 1)
        r = records[0]
        app, event, initiator, length = struct.unpack(">HHBB", r[:6])
        assert (app, event, initiator, r[6:6 + length]) == (17, 3, 0, b"admin")
        at, location, length = struct.unpack(">IBB", r[11:17])
        assert abs(at - time.time()) < simulator.DEADLINE and location == 0 and r[17:17 + length] == b"127.0.0.1"
        assert r[17 + length] == 7 == len(r) - 18 - length
        for kind, bit in (("audit-off", 1), ("audit-full", 8)):
            CHECKED.add(kind)
            s.ctl("fault add", kind=kind)
            assert rv(c, 10) == 0
            state, _, records = audit(c)
            assert state & bit and len(records) == 1
            s.ctl("fault clear")
        CHECKED.add("audit-locked")
        s.ctl("fault add", kind="audit-locked")
        state, code, records = audit(c)
        assert state & 2 and code == 16 and not records
        s.ctl("fault clear")
        for _ in range(3):
            assert rv(c, 10) == 0
        CHECKED.add("audit-bad-lengths")
        good = audit(c)[2]
        s.ctl("fault add", kind="audit-bad-lengths")
        bad = audit(c)[2]
        assert len(good) == len(bad) == 4 and all(a != b for a, b in zip(good, bad))


def shares_are_exact_and_apart():
    with Sim("--profile", "11.8", devices=200) as s:
        assert s.ctl("fault add", kind="lie", share="10%")[0]["devices"] == 20
        assert s.ctl("fault add", kind="hang", share="0.05")[0]["devices"] == 10
        assert {line["kind"] for line in s.ctl("fault list")} == {"lie", "hang"}


def every_kind_has_a_check():
    text = subprocess.run([SIM.program, "--help"], capture_output=True, text=True, check=True).stdout
    text = text[text.index("\nfaults ("):text.index("\nexamples:")]
    kinds = set(re.findall(r"^  ([a-z0-9.N-]+) +(?:any|act|read|connect) ", text, re.M))
    kinds -= setup.FAULTS  # each row of it is checked there
    assert kinds and not kinds - CHECKED, f"without a check: {sorted(kinds - CHECKED)}"


if __name__ == "__main__":
    with Sim("--profile", "11.8", "--power", "on", "--set", "power-time=20", "--set", "connections=100") as SIM:
        simulator.run([v for k, v in list(globals().items())
                       if callable(v) and getattr(v, "__module__", "") == "__main__" and not v.__code__.co_argcount
                       and k not in ("clear", "acts", "client", "logged_in", "raw")])
