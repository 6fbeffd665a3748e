"""Start and stop of a zone server."""

import os
import signal
import socket
import stat
import subprocess

import harness
from fleet import until
from harness import check, contains, equal


def a_server_says_ready_and_stops_in_order(box):
    server = box.lampd()
    equal(server.request("GET", "/healthz").text, "ok\n")
    zone = server.get("/zone")
    equal(zone["devices"], 0)
    equal(server.stop(), 0, "exit status")
    check(not os.path.exists(server.socket), "the socket stays behind")
    again = box.lampd()
    equal(again.get("/zone")["id"], zone["id"], "id of the zone after a restart")
    equal(again.stop(signal.SIGINT), 0, "exit status after SIGINT")


def the_data_folder_is_its_owners_alone(box):
    server = box.lampd()
    equal(stat.S_IMODE(os.stat(server.folder).st_mode), 0o700, "mode of the folder")
    for name in ("vault.key", "lampd.db", "lock"):
        equal(stat.S_IMODE(os.stat(os.path.join(server.folder, name)).st_mode), 0o600, name)


def a_second_server_on_one_folder_is_refused(box):
    server = box.lampd()
    second = box.run("lampd", "--data", server.folder, "--listen", "none", status=1)
    contains(second.stderr, f"another lampd uses the data folder '{server.folder}'")
    equal(second.stdout, "")
    server.get("/version")


def a_killed_server_starts_again(box):
    server = box.lampd()
    zone = server.get("/zone")["id"]
    server.kill()
    check(os.path.exists(server.socket), "a killed server leaves its socket")
    equal(box.lampd().get("/zone")["id"], zone)


def a_taken_port_is_named(box):
    with socket.socket() as other:
        other.bind((box.address(1), 0))
        other.listen()
        address = f"{box.address(1)}:{other.getsockname()[1]}"
        refused = box.run("lampd", "--data", box.path("zone"), "--listen", address, status=1)
    contains(refused.stderr, address)
    contains(refused.stderr, "stop that program or choose another port")
    equal(len(refused.stderr.strip().splitlines()), 2, "lines on standard error")


def a_taken_port_for_hellos_is_named(box):
    with socket.socket() as other:
        other.bind((box.address(1), 0))
        other.listen()
        address = f"{box.address(1)}:{other.getsockname()[1]}"
        refused = box.run("lampd", "--data", box.path("zone"), "--listen", "none", "--hello", address, status=1)
    contains(refused.stderr, "hellos")
    contains(refused.stderr, address)
    contains(refused.stderr, "stop that program or choose another port")


def wrong_options_are_refused_in_one_sentence(box):
    for args, part in (
        (["--dta", "x"], "unknown option --dta"),
        (["--data"], "--data needs a value"),
        (["--data", "a", "--data", "b"], "--data is given twice"),
        (["extra"], "unexpected argument 'extra'"),
        (["--log-level", "loud"], "'loud'"),
        (["--allow-net", "10.0.0.7/8"], "10.0.0.7/8"),
        (["--config", "/nowhere"], "/nowhere"),
    ):
        refused = box.run("lampd", *args, status=2)
        contains(refused.stderr, part, args)
        equal(refused.stdout, "")
    refused = box.run("lampd", "--data", box.path("zone"), "--listen", "nonsense", status=1)
    contains(refused.stderr, "nonsense")


def help_and_version_start_nothing(box):
    contains(box.run("lampd", "--help", status=0).stdout, "Usage: lampd --data DIR")
    check(box.run("lampd", "--version", status=0).stdout.startswith("lampd "), "version")
    equal(os.listdir(box.folder), [])


def a_folder_that_cannot_be_written_is_refused(box):
    box.write("file", "")
    refused = box.run("lampd", "--data", box.path("file/zone"), "--listen", "none", status=1)
    contains(refused.stderr, box.path("file/zone"))
    refused = box.run("lampd", "--data", box.path("file"), "--listen", "none", status=1)
    contains(refused.stderr, box.path("file"))
    refused = box.run("lampd", "--data", box.path("no/such/zone"), "--listen", "none", status=1)
    contains(refused.stderr, f"data folder '{box.path('no/such/zone')}': the folder above it does not exist")
    equal(len(refused.stderr.splitlines()), 2, refused.stderr)


def a_service_manager_is_told(box):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(box.path("notify"))
        manager.settimeout(harness.DEADLINE)
        server = box.lampd(env={"NOTIFY_SOCKET": box.path("notify")})
        equal(manager.recv(200), b"READY=1")
        server.stop()
        equal(manager.recv(200), b"STOPPING=1")


def an_inherited_socket_is_served(box):
    with socket.socket() as inherited:
        inherited.bind((box.address(1), 0))
        inherited.listen()
        port = inherited.getsockname()[1]
        fd = inherited.fileno()
        command = f'exec 3<&{fd}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'
        lampd = subprocess.Popen(["bash", "-c", command, harness.program("lampd"), "--data", box.path("zone"),
                                  "--hello", "none"],
                                 pass_fds=[fd], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        equal(lampd.stdout.readline(), b"ready\n")
        harness.ssl.get_server_certificate((box.address(1), port), timeout=harness.DEADLINE)
    finally:
        lampd.terminate()
        equal(lampd.wait(harness.DEADLINE), 0)
        lampd.stdout.close()


def a_configuration_file_is_read_and_flags_win(box):
    conf = box.write("lampd.conf", f"# a zone\ndata = {box.path('zone')}\nlisten = none\nname = \"lamp one\"\n"
                                   "allow-net = 127.0.0.0/8\nallow-net = 10.1.0.0/16\n")
    server = harness.Server(box, box.path("zone"), ["--config", conf])
    equal([s["name"] for s in server.items("/servers")], ["lamp one"])
    server.stop()
    server = harness.Server(box, box.path("zone"), ["--config", conf, "--name", "lamp two"])
    equal([s["name"] for s in server.items("/servers")], ["lamp two"])


def a_slip_in_the_configuration_is_named_with_its_line(box):
    for text, part in (
        ("data = x\nlsten = none\n", "line 2"),
        ("data = x\ndata = y\n", "line 2"),
        ("listen\n", "line 1"),
        ("test-clock = x\n", "test-clock"),
    ):
        refused = box.run("lampd", "--config", box.write("lampd.conf", text), status=2)
        contains(refused.stderr, part, text)


def logged(server, text):
    until(lambda: text in server.log_text(), f"{text!r} in the log")


def a_hangup_reloads_what_can_be_reloaded(box):
    conf = box.write("lampd.conf", "listen = none\nlog-level = warning\n")
    server = harness.Server(box, box.path("zone"), ["--config", conf])
    check("ready" not in server.log_text(), "notices are not logged at first")
    box.write("lampd.conf", "listen = none\nlog-level = info\nfqdn = new.example\n")
    server.popen.send_signal(signal.SIGHUP)
    logged(server, 'configuration reloaded log-level="info"')
    logged(server, 'changed option counts from the next start on option="fqdn"')
    box.write("lampd.conf", "listen = none\nlog-lvel = debug\n")
    server.popen.send_signal(signal.SIGHUP)
    logged(server, "configuration not reloaded; all stays as it was")
    logged(server, "line 2")
    server.get("/zone")
    equal(server.stop(), 0)
    contains(server.log_text(), "stopping")


harness.main(
    a_server_says_ready_and_stops_in_order,
    the_data_folder_is_its_owners_alone,
    a_second_server_on_one_folder_is_refused,
    a_killed_server_starts_again,
    a_taken_port_is_named, a_taken_port_for_hellos_is_named,
    wrong_options_are_refused_in_one_sentence,
    help_and_version_start_nothing,
    a_folder_that_cannot_be_written_is_refused,
    a_service_manager_is_told,
    an_inherited_socket_is_served,
    a_configuration_file_is_read_and_flags_win,
    a_slip_in_the_configuration_is_named_with_its_line,
    a_hangup_reloads_what_can_be_reloaded,
)
