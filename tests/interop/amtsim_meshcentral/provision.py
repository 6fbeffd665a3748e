#!/usr/bin/python3
"""provision - MeshCentral's own hello server (npm, pinned, unchanged) hears simulated devices, connects back with its
chain, and sets them up: passwords, clock, key pair, certificate, TLS, commit. Then the devices are used with the
password and the certificate that it gave. The environment: MODULES, as for run.py."""
import fcntl
import os
import socket
import subprocess
import threading

import authority
import simulator
import thirdparty
from authority import root, setup_certificate
from simulator import Client, get
from thirdparty import equal, row

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.abspath(os.environ["MODULES"])
MEBX, ADMIN = "M3bx!pass", "Adm1n!pass"
# Before 12 there is TLS 1.0 and 1.1 only, where node's OpenSSL shows no client certificate (its security level 1 forbids
# their signatures).
PROFILES = ["12", "15", "15-notebook"]
PATIENCE = 60  # seconds for one device; it takes two


def fetch():
    os.makedirs(MODULES, exist_ok=True)
    with open(os.path.join(MODULES, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, text = thirdparty.run(os.path.join(HERE, "fetch"), MODULES, limit=200)
    if status == 77:
        thirdparty.skip(text.strip())
    equal(status, 0, text)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


class Server:
    """Theirs, on a port of its own."""

    def __init__(self):
        leaf = setup_certificate()
        chain = authority.chain_file(leaf.chain()[::-1], "meshcentral.pem")
        self.port = free_port()
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "provision.js"), MODULES, self.port, chain, leaf.key, root().file, root().key,
             MEBX, ADMIN], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = []
        self.end = threading.Timer(PATIENCE, self.process.kill)
        self.end.start()
        self.read_until("ready")

    def read_until(self, words):
        """The line with these words."""
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if words in line:
                return self.said[-1]
        raise AssertionError("\n".join(self.said[-20:]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def sets_up(profile):
    """setting acl-hex: their server sends the password hash in hex, and would not see that it was refused."""
    with Server() as server, thirdparty.simulate("--profile", profile, "--mode", "factory", "--set", "acl-hex=1") as s:
        s.ctl("mebx", all=True, new_password="F1rst!pass", mode="enterprise", server="127.0.0.1", port=server.port,
              hash_name="Lab", hash=root().hash("sha256"), pki_dns_suffix="lab.example")
        given = server.read_until("Adding certificate, hash: ").rsplit(" ", 1)[1]
        equal(server.read_until("Commited").split()[1], s.address)
        told = s.ctl("setup")[0]
        equal((told["state"], told["mode"]), ("post", "enterprise"), "\n".join(server.said))
        c = Client(s.address, tls=True, password=ADMIN)
        equal(c.ask(get("AMT_GeneralSettings"))[0], 200)
        shown = authority.openssl("dgst", "-sha1", "-r", data=c.connection.sock.getpeercert(True))
        equal(shown.split()[0].decode(), given, "certificate")
        s.ctl("mebx", all=True, password=MEBX, mode="none")  # the password of MEBx is theirs too


def sees_no_failure(sim_options, words):
    """What their server takes for done, and our device has refused: they look at the status of HTTP only."""
    with Server() as server, thirdparty.simulate("--profile", "12", "--mode", "factory", *sim_options) as s:
        s.ctl("mebx", all=True, new_password="F1rst!pass", mode="enterprise", server="127.0.0.1", port=server.port,
              hash_name="Lab", hash=root().hash("sha256"), pki_dns_suffix="lab.example")
        server.read_until(words)
        equal(s.ctl("setup")[0]["state"], "in")


def is_refused(mebx, reason):
    """It hears the device, and the device does not take its chain."""
    with Server() as server, thirdparty.simulate("--profile", "12", "--mode", "factory", "--set", "acl-hex=1") as s:
        s.ctl("mebx", all=True, **{"new_password": "F1rst!pass", "mode": "enterprise", "server": "127.0.0.1",
                                   "port": server.port, "hash_name": "Lab", "hash": root().hash("sha256"),
                                   "pki_dns_suffix": "lab.example", **mebx})
        server.read_until("Failed TLS connection")
        told = s.ctl("setup")[0]
        equal((told["state"], told["refused"]), ("in", reason))


def main():
    thirdparty.need("node", "npm", "openssl", "tar")
    fetch()
    simulator.run([
        *[row(f"their hello server sets a device of {p} up", sets_up, p) for p in PROFILES],
        row("their password in hex is refused by a faithful device, and with it the commit", sees_no_failure, (), "Commited"),
        row("a device with another suffix refuses their chain", is_refused, {"pki_dns_suffix": "home.example"},
            "wrong-suffix"),
        row("a device with another server refuses their chain", is_refused, {"server_fqdn": "a.lab.example"},
            "wrong-server")])


main()
