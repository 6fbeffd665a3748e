"""Certificates: the story of the Enterprise mode's first step, by command line alone, from an empty zone."""

import base64
import hashlib
import json
import os
import re
import sqlite3
import ssl
import stat
import subprocess
import time

import harness
from harness import check, contains, equal

FQDN = "lamp.corp.example"


def zman(box, server, *args, status=0):
    """The program called zman: a link to lamp, as it is installed."""
    link = box.path("zman")
    if not os.path.islink(link):
        os.symlink(harness.program("lamp"), link)
    done = subprocess.run([link, *args], cwd=box.folder, capture_output=True, text=True, timeout=harness.DEADLINE,
                          env={**os.environ, "LAMP_SERVER": "unix:" + server.socket}, check=False)
    equal(done.returncode, status, f"zman {' '.join(args)}: {done.stdout}{done.stderr}")
    return done


def shell(box, script):
    done = subprocess.run(["bash", "-ec", script], cwd=box.folder, capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)
    equal(done.returncode, 0, script + done.stdout + done.stderr)
    return done.stdout


AUTHORITY = r"""
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 900 -subj "/O=Outside/CN=Outside Root"
openssl req -newkey rsa:2048 -nodes -keyout sub.key -out sub.csr -subj "/O=Outside/CN=Outside Sub"
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign' > sub.ext
openssl x509 -req -in sub.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile sub.ext -days 800 -out sub.pem
"""


def sign(box, request, to, more="-copy_extensions copy"):
    shell(box, f"openssl x509 -req -in {request} -CA sub.pem -CAkey sub.key -CAcreateserial {more} -sha256 -days 60 "
               f"-out {to}.pem && openssl x509 -in {to}.pem -outform DER -out {to}.der")


def certificates(box, server):
    return [json.loads(line) for line in box.lamp(server, "certificate", "list", "--json").stdout.splitlines()]


def of_role(box, server, role):
    return [c for c in certificates(box, server) if c["role"] == role]


def reason(done):
    contains(done.stderr, "what to do")
    return done.stderr


def the_zone_makes_a_management_certificate_and_shows_what_goes_into_devices(box):
    server = box.lampd("--fqdn", FQDN)
    contains(box.lamp(server, "irch", status=1).stderr, "no root certificate yet")
    made = zman(box, server, "iamt-create-mgmtcert").stdout
    contains(made, "OU=Intel(R) Client Setup Certificate")
    contains(made, "CN=lamp.corp.example")
    for word in ("issuer", "expires", "sha1", "sha256"):
        contains(made, word)
    contains(zman(box, server, "icmc", status=1).stderr, "remove it first")
    equal(len(of_role(box, server, "management")), 1)
    # What is written is what openssl and certtool accept.
    box.lamp(server, "certificate", "export", "management", "--out", "management.pem")
    box.lamp(server, "certificate", "export", "root", "--format", "der", "--out", "root.der")
    shell(box, "openssl x509 -inform DER -in root.der -out zone.pem")
    contains(shell(box, "openssl verify -x509_strict -CAfile zone.pem management.pem"), "management.pem: OK")
    contains(shell(box, "certtool --verify-chain --infile management.pem"), "The certificate is trusted")
    text = shell(box, "openssl x509 -in management.pem -noout -text")
    contains(text, "2.16.840.1.113741.1.2.3, 2.16.840.1.113741.1.2.1")
    # The hash is that of the root's DER, in all forms.
    with open(box.path("root.der"), "rb") as f:
        der = f.read()
    told = json.loads(zman(box, server, "irch", "--json").stdout)
    for name in ("md5", "sha1", "sha256", "sha384"):
        digits = hashlib.new(name, der).hexdigest().upper()
        equal(told[name], ":".join(re.findall("..", digits)))
        equal(told["mebx"][name], "-".join(re.findall("....", digits)))
    equal(told["origin"], "zone")
    shown = box.lamp(server, "certificate", "hash").stdout
    contains(shown, told["sha256"])
    contains(shown, told["mebx"]["sha1"])
    contains(shown, "(not for AMT)")
    # And away with it, twice.
    contains(zman(box, server, "idmc").stdout, "removed: 1")
    contains(zman(box, server, "iamt-delete-mgmtcert").stdout, "nothing to delete")
    equal(of_role(box, server, "management"), [])
    contains(box.lamp(server, "certificate", "show", "management", status=1).stderr, "no management certificate")
    equal(json.loads(box.lamp(server, "irch", "--json").stdout)["sha256"], told["sha256"], "the root stays")


def an_authority_outside_signs_what_the_server_asks_for(box):
    server = box.lampd("--fqdn", FQDN)
    shell(box, AUTHORITY)
    os.mkdir(box.path("out"))
    for missing in (["-s", "Bayern", "-o", "Corp", "-d", "out"], ["-c", "DE", "-o", "Corp", "-d", "out"],
                    ["-c", "DE", "-s", "Bayern", "-d", "out"], ["-c", "DE", "-s", "Bayern", "-o", "Corp"]):
        contains(zman(box, server, "icc", *missing, status=2).stderr, "is missing")
    zman(box, server, "icc", "-c", "DE", "-s", "Bayern", "-o", "Corp", "-d", "nowhere", status=2)
    zman(box, server, "icc", "maybe", "-c", "DE", "-s", "Bayern", "-o", "Corp", "-d", "out", status=2)
    contains(zman(box, server, "icc", "-c", "Germany", "-s", "Bayern", "-o", "Corp", "-d", "out", status=1).stderr,
             "two letters")
    equal(box.lamp(server, "certificate-request", "list", "--json").stdout, "", "no key is left behind")
    zman(box, server, "iamt-create-csr", "true", "management", "--country=DE", "-s", "Bayern", "-oCorp", "-d", "out")
    equal(os.listdir(box.path("out")), [FQDN + ".csr"])
    equal(stat.S_IMODE(os.stat(box.path("out/" + FQDN + ".csr")).st_mode), 0o644)
    text = shell(box, f"certtool --crq-info --infile out/{FQDN}.csr")
    for wanted in ("C=DE", "ST=Bayern", "O=Corp", "OU=Intel(R) Client Setup Certificate", "CN=" + FQDN,
                   "Certificate Authority (CA): TRUE", "Self signature: verified"):
        contains(text, wanted)
    sign(box, f"out/{FQDN}.csr", "signed")
    # Nothing is changed by what is refused.
    contains(reason(zman(box, server, "icmc", "-p", "signed.der", status=1)), "CN=Outside Sub,O=Outside\" is missing")
    equal(of_role(box, server, "management"), [])
    got = json.loads(box.lamp(server, "certificate", "import", "signed.der", "--chain", "root.pem", "--chain",
                              "sub.pem", "--json").stdout)
    equal(got["chain"], ["CN=Outside Sub,O=Outside", "CN=Outside Root,O=Outside"])
    check(got["authority"], "it can sign devices' certificates")
    contains(got["note"], "put in order")
    equal(box.lamp(server, "certificate-request", "list", "--json").stdout, "")
    told = json.loads(zman(box, server, "irch", "--json").stdout)
    equal(told["origin"], "outside")
    equal(told["sha256"], shell(box, "openssl x509 -in root.pem -noout -fingerprint -sha256").strip().split("=")[1])
    # The key is the one of the request, and it is nowhere outside the vault.
    for folder, _, names in os.walk(box.folder):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".key", ".sock")) or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                check(b"PRIVATE KEY" not in f.read(), f"{path} holds a key")


def what_amt_would_refuse_is_refused_before_anything_changes(box):
    server = box.lampd("--fqdn", FQDN)
    shell(box, AUTHORITY)
    box.lamp(server, "certificate-request", "add", "--country", "DE", "--state", "Bayern", "--organization", "Corp",
             "--out", "ours.csr")
    shell(box, r"""
    openssl req -newkey rsa:2048 -nodes -keyout other.key -out other.csr -subj "/O=Corp/CN=lamp.corp.example"
    openssl req -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj "/O=Corp/CN=lamp.corp.example"
    E=extendedKeyUsage=serverAuth,2.16.840.1.113741.1.2.3
    echo $E > good.ext; echo extendedKeyUsage=serverAuth > none.ext; echo extendedKeyUsage=clientAuth > client.ext
    S="-CA sub.pem -CAkey sub.key -CAcreateserial -days 60"
    openssl x509 -req -in other.csr $S -extfile good.ext -out other.pem
    openssl x509 -req -in weak.csr $S -extfile good.ext -out weak.pem
    openssl x509 -req -in other.csr $S -extfile none.ext -out none.pem
    openssl x509 -req -in other.csr $S -extfile client.ext -out client.pem
    openssl x509 -req -in other.csr $S -sha1 -extfile good.ext -out sha1.pem
    openssl req -new -key other.key -out away.csr -subj "/O=Corp/CN=lamp.elsewhere.example"
    openssl x509 -req -in away.csr $S -extfile good.ext -out away.pem
    mkdir demo; touch demo/index; echo 01 > demo/serial
    printf '[ca]\ndefault_ca=d\n[d]\nunique_subject=no\nnew_certs_dir=demo\ndatabase=demo/index\nserial=demo/serial\npolicy=p\ndefault_md=sha256\n[p]\nO=optional\nCN=supplied\n' > demo/ca.cnf
    openssl ca -batch -config demo/ca.cnf -in other.csr -cert sub.pem -keyfile sub.key -extfile good.ext -startdate 20200101000000Z -enddate 20210101000000Z -out old.pem -notext
    openssl ca -batch -config demo/ca.cnf -in other.csr -cert sub.pem -keyfile sub.key -extfile good.ext -startdate 20480101000000Z -enddate 20490101000000Z -out early.pem -notext
    openssl pkcs12 -export -inkey other.key -in other.pem -certfile sub.pem -out other.p12 -passout pass:secret
    """)
    chain = ["--chain", "sub.pem", "--chain", "root.pem"]
    key = ["--chain", "other.key", *chain]
    wrong = box.write("wrong", "wrong\n")
    cases = [
        ("ours.csr", chain, "cert_unreadable"),
        ("other.pem", chain, "cert_key"),
        ("other.pem", ["--chain", "weak.key", *chain], "cert_key"),
        ("other.p12", chain, "cert_passphrase"),
        ("other.p12", [*chain, "--password-file", wrong], "cert_passphrase"),
        ("old.pem", key, "cert_expired"),
        ("early.pem", key, "cert_not_yet"),
        ("none.pem", key, "cert_usage"),
        ("client.pem", key, "cert_purpose"),
        ("sha1.pem", key, "cert_weak_signature"),
        ("away.pem", key, "cert_suffix"),
        ("weak.pem", ["--chain", "weak.key", *chain], "cert_weak_key"),
        ("other.pem", ["--chain", "other.key", "--chain", "root.pem"], "cert_chain"),
    ]
    for name, more, wanted in cases:
        done = box.lamp(server, "certificate", "import", name, *more, status=1)
        reason(done)
        with open(box.path(name), "rb") as f:
            body = {"file": base64.b64encode(f.read()).decode(), "chain": ""}
        files = [more[i + 1] for i, word in enumerate(more) if word == "--chain"]
        body["chain"] = base64.b64encode(b"\n".join(open(box.path(n), "rb").read() for n in files)).decode()
        if "--password-file" in more:
            body["password"] = "wrong"
        equal(server.post("/management-certificate/import", expect=400, **body)["error"], wanted, name)
    equal(of_role(box, server, "management"), [])
    # The same with nothing wrong, by another way each.
    box.lamp(server, "certificate", "import", "other.p12", "--chain", "root.pem", "--password-file",
             box.write("right", "secret\n"))
    box.lamp(server, "certificate", "remove", "--yes")
    box.lamp(server, "certificate", "import", "away.pem", *key, "--suffix", "elsewhere.example")
    box.lamp(server, "certificate", "remove", "--yes")
    box.lamp(server, "certificate", "import", "other.pem", *key)
    equal(of_role(box, server, "management")[0]["common_name"], FQDN)


def a_root_is_backed_up_reminted_and_restored(box):
    server = box.lampd("--fqdn", FQDN)
    zman(box, server, "icmc")
    before = json.loads(box.lamp(server, "irch", "--json").stdout)
    short = box.write("short", "short\n")
    contains(box.lamp(server, "certificate-authority", "backup", "--password-file", short, "--out", "root.p12",
                      status=1).stderr, "at least 12")
    password = box.write("password12", "correct horse battery\n")
    box.lamp(server, "certificate-authority", "backup", "--password-file", password, "--out", "root.p12")
    equal(stat.S_IMODE(os.stat(box.path("root.p12")).st_mode), 0o600)
    printed = shell(box, "openssl pkcs12 -in root.p12 -nokeys -passin 'pass:correct horse battery' | "
                         "openssl x509 -noout -fingerprint -sha256")
    equal(printed.strip().split("=")[1], before["sha256"])
    # A new root is told what it breaks, and needs a confirmation.
    box.lamp(server, "device", "add", "desk-1", "--amt", box.address(9))
    with sqlite3.connect(os.path.join(server.folder, "lampd.db"), timeout=harness.DEADLINE) as db:
        db.execute("UPDATE amt SET mode = 2")  # as if it had been provisioned
    db.close()
    refused = box.lamp(server, "certificate-authority", "remint", "--hash", "sha384", status=1)
    contains(refused.stderr, "1 devices are in Enterprise mode")
    answer = server.post("/certificate-authority/remint", expect=409, hash="sha384")
    equal((answer["error"], answer["expected"]), ("confirm", 1))
    server.post("/certificate-authority/remint", expect=409, hash="sha384", confirm=0)
    equal([c["sha256"] for c in of_role(box, server, "root")], [before["sha256"]])
    box.lamp(server, "certificate-authority", "remint", "--hash", "sha384", "--yes")
    root, = of_role(box, server, "root")
    equal((root["key"], root["signature"]), ("RSA 3072", "sha384WithRSAEncryption"))
    equal(len(of_role(box, server, "former-root")), 1)
    equal(json.loads(box.lamp(server, "irch", "--json").stdout)["sha256"], before["sha256"],
          "the management certificate still ends in the old root")
    zman(box, server, "idmc")
    zman(box, server, "icmc")
    equal(json.loads(box.lamp(server, "irch", "--json").stdout)["sha256"], root["sha256"])
    for bad in (["--key", "rsa-1024"], ["--key", "p-256"], ["--hash", "sha1"]):
        box.lamp(server, "certificate-authority", "remint", *bad, "--yes", status=1)
    # A zone of its own on a fresh machine goes on with the backup.
    other = box.lampd("--fqdn", FQDN, data="other")
    contains(box.lamp(other, "certificate-authority", "restore", "root.p12", "--password-file", short, "--yes",
                      status=1).stderr, "does not open")
    box.lamp(other, "certificate-authority", "restore", "root.p12", "--password-file", password, "--yes")
    equal(json.loads(box.lamp(other, "irch", "--json").stdout)["sha256"], before["sha256"])
    zman(box, other, "icmc")
    equal(json.loads(box.lamp(other, "irch", "--json").stdout)["sha256"], before["sha256"])
    contains(box.lamp(other, "certificate-authority", "restore", "root.p12", "--password-file", password, "--yes",
                      status=1).stderr, "root already")
    # Neither passwords nor keys are in the audit.
    trail = box.lamp(server, "audit", "export", "--json").stdout
    contains(trail, "certificate-authority.backup")
    check("correct horse" not in trail, "the password is in the audit")


def a_new_root_is_shown_to_clients_without_a_restart(box):
    where = (box.address(1), 8443)
    server = box.lampd("--fqdn", FQDN, listen="%s:%d" % where)
    leaf = ssl.get_server_certificate(where, timeout=harness.DEADLINE)
    box.lamp(server, "certificate-authority", "remint", "--key", "p-384", "--hash", "sha384", "--yes")
    end = time.monotonic() + harness.DEADLINE
    while ssl.get_server_certificate(where, timeout=harness.DEADLINE) == leaf:
        check(time.monotonic() < end, "no new certificate for the API")
    contains(shell(box, f"openssl x509 -in {server.folder}/ca.pem -noout -text"), "ecdsa-with-SHA384")
    contains(json.loads(box.lamp(server, "irch", "--json").stdout)["note"], "no RSA key")


harness.main(the_zone_makes_a_management_certificate_and_shows_what_goes_into_devices,
             an_authority_outside_signs_what_the_server_asks_for,
             what_amt_would_refuse_is_refused_before_anything_changes,
             a_root_is_backed_up_reminted_and_restored,
             a_new_root_is_shown_to_clients_without_a_restart)
