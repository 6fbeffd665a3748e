#!/usr/bin/python3
"""run - MeshCentral's own code (npm, pinned) and ours read each other's setup.bin files and write them as the same bytes;
its hello server understands our hellos, and those that devices were seen to send, as we do. The environment: MODULES,
where its modules are kept between runs; OURS, our program."""
import json
import os
import socket
import struct
import subprocess
import tempfile

import simulator
import thirdparty
from thirdparty import equal, row

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "..", "golden")
MODULES = os.path.abspath(os.environ["MODULES"])
OURS = os.environ["OURS"]


def theirs(*args):
    status, text = thirdparty.run("node", os.path.join(HERE, "meshcentral.js"), MODULES, *args)
    equal(status, 0, text)
    return [json.loads(line) for line in text.splitlines()]


def ours(*args):
    status, text = thirdparty.run(OURS, *args)
    equal(status, 0, text)
    return text.splitlines()


def golden(folder):
    folder = os.path.join(GOLDEN, folder)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".bin")]


def without_types(decoded):
    """Theirs as ours: without the types of their table; a GUID is theirs as text, and so is left out."""
    records = [{"flags": r["flags"], "variables": [[m, v, value] for m, v, kind, value in r["variables"] if kind != 4]}
               for r in decoded["records"]]
    return {k: decoded[k] for k in ("file", "version", "minor", "flags")} | {"records": records}


def without_guids(decoded):
    for record in decoded["records"]:
        record["variables"] = [v for v in record["variables"] if v[:2] != [1, 6]]
    return decoded


def files_mean_the_same(files):
    their_view = theirs("read", *files)
    our_view = [json.loads(line) for line in ours("read", *files)]
    for their, our in zip(their_view, our_view, strict=True):
        equal(without_types(their), without_guids(our))
        equal(their["same"], True, f"{their['file']}: written again by MeshCentral")


def they_read_ours(folder):
    ours("write", folder)
    files = sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.startswith("ours-"))
    equal(len(files), 6)
    files_mean_the_same(files)


def we_read_theirs(folder):
    theirs("write", folder)
    files = sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.startswith("theirs-"))
    equal(len(files), 4)
    files_mean_the_same(files)


def understood(data):
    """A hello of version 3 as MeshCentral shows it, read by hand."""
    first, version, retry = struct.unpack_from("<HHI", data)
    a, b, c = struct.unpack_from("<IHH", data, 8)
    rest = data[16:24].hex()
    hashes, at = [], 25
    for _ in range(data[24]):
        hashes.append(data[at + 2:at + 2 + data[at + 1]].hex())
        at += 2 + data[at + 1]
    return {"guid": f"{a:08x}-{b:04x}-{c:04x}-{rest[:4]}-{rest[4:]}", "version": version, "retry": retry,
            "admin": bool(first), "hashes": hashes}


def hellos_are_understood():
    messages = [bytes.fromhex(line) for line in ours("hello")]
    for path in golden("hello"):
        with open(path, "rb") as f:
            messages.append(f.read())
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen(["node", os.path.join(HERE, "meshcentral.js"), MODULES, "hear", str(port)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        equal(json.loads(server.stdout.readline()), {"listening": True})
        for data in messages:
            with socket.socket() as s:
                s.settimeout(thirdparty.LIMIT)
                s.connect(("127.0.0.1", port))
                s.sendall(data)  # in one piece: it reads the first only
                s.shutdown(socket.SHUT_WR)
                equal(s.recv(10), b"", "an answer to a hello")
            server.stdin.write("127.0.0.1\n")
            server.stdin.flush()
            is_pki = data[2] == 3
            equal(json.loads(server.stdout.readline()), understood(data) if is_pki else None)
    finally:
        server.stdin.close()
        server.wait(thirdparty.LIMIT)


def main():
    thirdparty.need("node", "npm", "openssl", "tar")
    thirdparty.fetch_meshcentral(MODULES)
    with tempfile.TemporaryDirectory(prefix="lamp-interop-") as folder:
        simulator.run([
            row("golden setup.bin files mean the same to both", files_mean_the_same, golden("setup_bin")),
            row("MeshCentral reads ours and writes the same bytes", they_read_ours, folder),
            row("we read MeshCentral's as it does itself", we_read_theirs, folder),
            row("MeshCentral's hello server understands hellos as we mean them", hellos_are_understood)])


main()
