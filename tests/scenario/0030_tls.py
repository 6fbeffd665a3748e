"""The API over TLS: certificates, tokens and their roles."""

import http.client
import os
import ssl
import subprocess
import time

import harness
from harness import check, contains, equal

PORT = 8443


def serve(box, *args):
    """A server on TLS. Its certificate is made beside it; a client that comes before waits in the queue."""
    server = box.lampd(*args, listen=f"{box.address(1)}:{PORT}")
    ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
    return server


def ask(box, server, path, token=None, method="GET", body=None):
    connection = server.tls(PORT, box.address(1))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    reply = server.request(method, path, body, headers, connection)
    connection.close()
    return reply


def the_certificate_ends_in_the_zones_root(box):
    server = serve(box)
    with open(os.path.join(server.folder, "ca.pem")) as f:
        equal(server.request("GET", "/ca.pem").text, f.read(), "the root that is served")
    equal(ask(box, server, "/healthz").text, "ok\n")
    shown = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", os.path.join(server.folder, "ca.pem")],
                           capture_output=True, text=True, check=True).stdout
    contains(shown, "CA:TRUE")
    try:
        ssl.create_default_context().wrap_socket(
            harness.socket.create_connection((box.address(1), PORT)), server_hostname=box.address(1)).close()
        check(False, "a stranger's client trusts it")
    except ssl.SSLCertVerificationError:
        pass


def the_root_stays_and_a_new_name_gets_a_new_certificate(box):
    server = serve(box)
    root = server.request("GET", "/ca.pem").text
    leaf = ssl.get_server_certificate((box.address(1), PORT))
    server.stop()
    server = serve(box)
    equal(server.request("GET", "/ca.pem").text, root, "root after a restart")
    equal(ssl.get_server_certificate((box.address(1), PORT)), leaf, "certificate after a restart")
    server.stop()
    server = serve(box, "--fqdn", "other.example")
    equal(server.request("GET", "/ca.pem").text, root, "root after a change of name")
    check(ssl.get_server_certificate((box.address(1), PORT)) != leaf, "the certificate has the old name")


def a_certificate_is_renewed_in_time(box):
    server = box.lampd(listen=f"{box.address(1)}:{PORT}", clock=True)
    leaf = ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
    server.advance(367 * 86400)
    server.get("/version")
    equal(ssl.get_server_certificate((box.address(1), PORT)), leaf, "a month and a day before it ends")
    server.advance(2 * 86400)
    end = time.monotonic() + harness.DEADLINE
    while ssl.get_server_certificate((box.address(1), PORT)) == leaf:
        check(time.monotonic() < end, "it was not renewed")


def old_tls_is_refused(box):
    serve(box)
    for version in ("-tls1", "-tls1_1"):
        tried = subprocess.run(["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
                                f"{box.address(1)}:{PORT}"], capture_output=True, text=True, input="")
        check(tried.returncode != 0, version, "was taken")
    tried = subprocess.run(["openssl", "s_client", "-tls1_2", "-connect", f"{box.address(1)}:{PORT}"],
                           capture_output=True, text=True, input="")
    equal(tried.returncode, 0, "TLS 1.2")


def curl_agrees(box):
    server = serve(box)
    token = server.post("/tokens", name="ci")["token"]
    done = subprocess.run(["curl", "-sS", "--cacert", os.path.join(server.folder, "ca.pem"), "-H",
                           f"Authorization: Bearer {token}", f"https://{box.address(1)}:{PORT}/api/v1/version"],
                          capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, '"api":"1"')


def without_a_token_nothing_is_said(box):
    server = serve(box)
    for token in (None, "wrong", "lamp_" + "0" * 64, "x" * 5000):
        for path in ("/api/v1/version", "/api/v1/devices/none", "/metrics"):
            reply = ask(box, server, path, token)
            equal(reply.status, 401, path)
            equal(reply.headers["WWW-Authenticate"], 'Bearer realm="lamplighter"')
    for path in ("/healthz", "/", "/openapi.json", "/ca.pem"):
        equal(ask(box, server, path).status, 200, path)


def a_token_may_what_its_role_says(box):
    server = serve(box)
    tokens = {role: server.post("/tokens", name=role, role=role)["token"] for role in ("viewer", "operator", "administrator")}
    for role, add, switch, read in (("viewer", 403, 403, 200), ("operator", 403, 200, 200), ("administrator", 200, 200, 200)):
        device = {"name": f"by-{role}"}
        equal(ask(box, server, "/api/v1/devices", tokens[role], "POST", device).status, add, f"{role} adds")
        server.request("POST", "/api/v1/devices", device)
        order = {"verb": "status", "targets": [device["name"]]}
        equal(ask(box, server, "/api/v1/power", tokens[role], "POST", order).status, switch, f"{role} switches")
        equal(ask(box, server, "/api/v1/devices", tokens[role]).status, read, f"{role} reads")
    check(all(t["token"] is None for t in server.items("/tokens")), "a list shows a token")


def a_token_ends_at_its_time_and_when_it_is_removed(box):
    server = box.lampd(listen=f"{box.address(1)}:{PORT}", clock=True)
    ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
    short = server.post("/tokens", name="short", expires=60000)["token"]
    long = server.post("/tokens", name="long", expires=3600000)["token"]
    equal(ask(box, server, "/api/v1/version", short).status, 200)
    server.advance(61)
    equal(ask(box, server, "/api/v1/version", short).status, 401)
    connection = server.tls(PORT, box.address(1))
    login = {"Authorization": f"Bearer {long}"}
    equal(server.request("GET", "/api/v1/version", headers=login, connection=connection).status, 200)
    server.delete("/tokens/long")
    equal(server.request("GET", "/api/v1/version", headers=login, connection=connection).status, 401,
          "on the same connection")


def one_address_cannot_take_all_connections(box):
    server = serve(box)
    held = []
    for _ in range(70):
        held.append(harness.socket.create_connection((box.address(1), PORT), timeout=harness.DEADLINE))
    refused = 0
    for connection in held[64:]:
        refused += connection.recv(1) == b""
    equal(refused, 6, "connections over the limit that were closed")
    equal(server.get("/version")["api"], "1")  # the local socket is not concerned
    for connection in held:
        connection.close()


harness.main(
    the_certificate_ends_in_the_zones_root,
    the_root_stays_and_a_new_name_gets_a_new_certificate,
    a_certificate_is_renewed_in_time,
    old_tls_is_refused,
    curl_agrees,
    without_a_token_nothing_is_said,
    a_token_may_what_its_role_says,
    a_token_ends_at_its_time_and_when_it_is_removed,
    one_address_cannot_take_all_connections,
)
