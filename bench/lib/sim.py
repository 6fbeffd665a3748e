"""The simulator: one process for ours and the peers, pinned to another CPU than theirs."""
import ipaddress
import os

from process import SIM_CPU, Daemon, json_lines, run

PASSWORD = "P@ssw0rd.2026"


class Sim:
    def __init__(self, place, count, net="127.20.0.0/16", profile="11.8", args=()):
        self.program = place.program("amtsim")
        self.socket = place.path("sim.sock")
        self.count = count
        self.net = net
        self.first = ipaddress.ip_network(net)[1]
        self.port = 16992
        self.daemon = Daemon([self.program, "--devices", str(count), "--net", net, "--profile", profile, "--seed", "7",
                              "--password-file", place.password_file, "--control", self.socket, *args],
                             SIM_CPU, place.path("amtsim.log"))

    def ctl(self, *args):
        out, _, _ = run([self.program, "ctl", "--control", self.socket, *args, "--json"], timeout=120)
        return json_lines(out)

    def stats(self):
        return self.ctl("stats")[0]

    def address(self, i):
        return str(self.first + i)

    def stop(self):
        self.daemon.stop()
        if os.path.exists(self.socket):
            os.unlink(self.socket)


def difference(after, before):
    return {name: after[name] - before[name] for name in after}
