"""Devices that want to be set up say hello to TCP 9971: over real connections, with the bytes that devices were seen to
send. They come into the list of what was discovered, and nothing else follows from it."""

import os
import socket
import struct
import uuid

import harness
from harness import check, contains, equal

GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden", "hello")


def golden(name):
    with open(os.path.join(GOLDEN, name + ".bin"), "rb") as f:
        return f.read()


def serve(box, **options):
    port = socket.socket()
    port.bind((box.address(200), 0))
    address = f"{box.address(200)}:{port.getsockname()[1]}"
    port.close()
    return box.lampd(hello=address, **options), address.rsplit(":", 1)


def say(box, to, host, *parts):
    """From the address of a device; waits until the server has closed, and says what it answered."""
    with socket.socket() as s:
        s.settimeout(harness.DEADLINE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.bind((box.address(host), 0))
        s.connect((to[0], int(to[1])))
        for part in parts:
            s.sendall(part)
        try:
            return s.recv(100)
        except ConnectionResetError:
            return b""


def discovered(server):
    return {d["address"]: d for d in server.items("/discovered")}


def until_in_list(server, *addresses):
    """What was heard comes into the database a moment later: events say when."""
    events = server.events("?from=0")
    try:
        missing = set(addresses)
        while missing:
            missing.discard(events.until(lambda ev: ev["kind"] == "discovered")["name"])
    finally:
        events.close()
    return discovered(server)


def a_device_that_says_hello_is_in_the_list(box):
    server, to = serve(box)
    equal(say(box, to, 5, golden("captured-23")), b"")
    equal(say(box, to, 6, golden("three-hashes")), b"")
    psk = golden("psk")
    equal(say(box, to, 7, psk[:8] + bytes(range(1, 17)) + psk[24:]), b"")  # another machine than the one before
    seen = until_in_list(server, *map(box.address, (5, 6, 7)))
    first = seen[box.address(5)]
    equal((first["uuid"], first["state"], first["sources"], first["hello"], first["hello_retry"]),
          ("939b524b-13d4-1d18-e487-1c697a6b7a2b", "in_setup", ["hello"], "pki", 0))
    equal((first["password_changed"], first["pid"], len(first["hashes"])), (True, None, 23))
    contains(first["hashes"][0], "sha256:C3:84:6B:F2:4B:9E:93:CA:64:27:4C:0E:C6:7C:1E:CC:5E:02:4F:FC:AC:D2:D7:40")
    second = seen[box.address(6)]
    equal((second["uuid"], second["hello_retry"], second["password_changed"]),
          ("00112233-4455-6677-8899-aabbccddeeff", 2, False))
    equal(second["hashes"][0], "sha1:A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D")
    equal([h.split(":")[0] for h in second["hashes"]], ["sha1", "sha256", "sha384"])


    third = seen[box.address(7)]
    equal(third["uuid"], "04030201-0605-0807-090a-0b0c0d0e0f10")
    equal((third["hello"], third["pid"], third["hello_retry"], third["hashes"]), ("psk", "0000ABCU", 14, []))
    equal(len(server.items("/devices")), 0, "devices made by a hello")
    shown = box.lamp(server, "discovered", "show", box.address(5)).stdout
    contains(shown, "939b524b-13d4-1d18-e487-1c697a6b7a2b")
    contains(shown, "setup_until")


def pieces_of_a_hello_are_put_together(box):
    server, to = serve(box)
    data = golden("captured-24")
    say(box, to, 5, *(data[i:i + 1] for i in range(len(data))))
    until_in_list(server, box.address(5))


def what_is_no_hello_changes_nothing(box):
    server, to = serve(box)
    whole = golden("captured-24")
    for host, data in enumerate((b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", whole + b"more", b"\0\0\4\0" + whole[4:],
                                 whole[:25] + b"\1" + whole[26:]), 10):
        equal(say(box, to, host, data), b"", f"an answer to {data[:20]!r}")
    with socket.socket() as s:  # ends in the middle
        s.bind((box.address(20), 0))
        s.connect((to[0], int(to[1])))
        s.sendall(whole[:100])
    say(box, to, 5, whole)
    equal(set(until_in_list(server, box.address(5))), {box.address(5)})


def strangers_are_not_heard(box):
    """Loopback beside the net that lampd may talk to."""
    server, to = serve(box)
    with socket.socket() as s:
        s.settimeout(harness.DEADLINE)
        s.connect((to[0], int(to[1])))  # from 127.0.0.1
        try:
            s.sendall(golden("psk"))
            equal(s.recv(10), b"")
        except (ConnectionResetError, BrokenPipeError):
            pass
    say(box, to, 5, golden("captured-24"))
    equal(set(until_in_list(server, box.address(5))), {box.address(5)})


def forged(number):
    """A lie that is well formed, one that is cut, and rubbish."""
    data = bytearray(golden("captured-24"))
    data[8:24] = uuid.uuid5(uuid.NAMESPACE_DNS, str(number)).bytes
    return (bytes(data), bytes(data[:200]), struct.pack("<I", number) * 20)[number % 3]


def a_device_is_heard_in_a_flood(box):
    server, to = serve(box)
    device = golden("captured-24")
    before = server.request("GET", "/metrics").text
    contains(before, "lampd_hellos ")
    for number in range(3000):
        with socket.socket() as s:
            s.bind((box.address(1 + number % 150), 0))
            s.connect((to[0], int(to[1])))
            try:
                s.sendall(forged(number))
            except (ConnectionResetError, BrokenPipeError):
                pass
    say(box, to, 180, device)
    seen = until_in_list(server, box.address(180))
    equal(seen[box.address(180)]["uuid"], "939b524b-13d4-1d18-e487-1c697a6b7a2b")
    check(len(seen) <= 151, f"{len(seen)} in the list: more than addresses that said something")


harness.main(a_device_that_says_hello_is_in_the_list, pieces_of_a_hello_are_put_together,
             what_is_no_hello_changes_nothing, strangers_are_not_heard, a_device_is_heard_in_a_flood)
