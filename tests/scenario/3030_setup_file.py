"""Files for USB keys: made once and given once, with a password of its own for each computer; as a file, and as the image
of a key that mtools reads. What is in them is read here by hand, after the layout that the Intel AMT guide gives."""

import base64
import hashlib
import os
import re
import shutil
import ssl
import stat
import struct
import subprocess

import harness
from harness import check, contains, equal

OUT = "setup.bin"
PORT, HELLO = 8443, 9971
RULE = [r"[A-Z]", r"[a-z]", r"[0-9]", r"[!#$%&'()*+\-./;<=>?@\[\\\]^`{|}~]"]


def serve(box, *args, **options):
    """A server whose zone has its root certificate, which is made after the start."""
    server = box.lampd(*args, listen=f"{box.address(1)}:{PORT}", **options)
    ssl.get_server_certificate((box.address(1), PORT), timeout=harness.DEADLINE)
    return server


def records(data):
    """[{(module, variable): [values]}] of the file's valid records."""
    count, = struct.unpack_from("<I", data, 28)
    equal(len(data), 512 * (count + 1), "length of the file")
    result = []
    for at in range(512, len(data), 512):
        kind, flags = struct.unpack_from("<II", data, at)
        equal((kind, flags & 1), (1, 1), "a valid data record")
        body = bytes((b - 17) % 256 for b in data[at + 24:at + 512]) if flags & 2 else data[at + 24:at + 512]
        values, place = {}, 0
        while place + 8 <= len(body):
            module, variable, length, _ = struct.unpack_from("<HHHH", body, place)
            if not module or not variable:
                break
            values.setdefault((module, variable), []).append(body[place + 8:place + 8 + length])
            place += 8 + (length + 3) // 4 * 4
        result.append(values)
    return result


def make(box, server, *args, name=OUT, status=0):
    done = box.lamp(server, "setup-file", "add", *args, "--out", name, status=status)
    if status:
        return done
    with open(box.path(name), "rb") as f:
        return f.read()


def root_of(server):
    with open(os.path.join(server.folder, "ca.pem"), encoding="ascii") as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


def password_is_good(text):
    return 8 <= len(text) <= 32 and all(re.search(r, text) for r in RULE) and not re.search('[:,"]', text)


def the_originals_arguments_make_the_originals_file(box):
    server = serve(box, "--fqdn", "oob.example.com")
    box.write("new", "P@ssw0rd\n")
    box.write("old", "admin\n")
    data = make(box, server, "keys", "--version", "2.1", "--shared", "--password-file", "new",
                "--current-password-file", "old", "-dns", "example.com", "-fqdn", "oob.example.com", "-ztc", "1",
                "-hash", os.path.join(server.folder, "ca.pem"), "Zone CA")
    with open(os.path.join(os.path.dirname(__file__), "..", "golden", "setup_bin", "internal-ca-v2.1.bin"), "rb") as f:
        wanted = bytearray(f.read())
    at = wanted.index(hashlib.sha1(b"abc").digest())
    wanted[at:at + 20] = hashlib.sha1(root_of(server)).digest()
    equal(data, bytes(wanted))
    mode = stat.S_IMODE(os.stat(box.path(OUT)).st_mode)
    equal(mode, 0o600, "mode of the file")


def each_computer_gets_a_password_of_its_own(box):
    server = serve(box, "--fqdn", "lamp.corp.example")
    data = make(box, server, "lab-keys", "--records", "100")
    found = records(data)
    equal(len(found), 100)
    passwords = [r[1, 2][0].decode() for r in found]
    equal(len(set(passwords)), 100, "different passwords")
    equal([p for p in passwords if not password_is_good(p)], [])
    first = found[0]
    equal((first[1, 1], first[1, 3], first[2, 3], first[2, 4]), ([b"admin"], [b"\1"], [b"corp.example"], [b"lamp.corp.example"]))
    equal((first[2, 5], first[2, 7], first[2, 13], first[2, 28]), ([b"\1"], [b"\1"], [b"\2"], [b"\1"]))
    equal(first[2, 8][0][:34], b"\2" + hashlib.sha256(root_of(server)).digest() + bytes([first[2, 8][0][33]]))
    equal(data[24:28], b"\3\0\0\0", "version 3, used up")
    listed = server.get("/setup-files/lab-keys")
    equal((listed["records"], listed["used"], listed["expired"], listed["file"]), (100, 0, False, None))
    states = [(r["number"], r["state"]) for r in server.items("/setup-files/lab-keys/records")]
    equal(states, [(i, "unused") for i in range(1, 101)])


def a_record_is_used_once_and_becomes_a_login(box):
    sim = box.sim(2)
    server = serve(box, "--fqdn", "lamp.corp.example")
    box.write("new", harness.PASSWORD + "\n")
    make(box, server, "one", "--password-file", "new")
    for i in (1, 2):
        server.post("/devices", name=f"pc{i}", amt=box.address(i))
    done = box.lamp(server, "setup-file", "use", "one", "1", "--device", "pc1")
    contains(done.stdout, "pc1")
    again = server.post("/setup-files/one/use", record=1, device="pc2", expect=409)
    equal(again["error"], "in_use")
    contains(again["message"], "pc1")
    record = server.items("/setup-files/one/records")[0]
    equal((record["state"], record["device"]), ("used", "pc1"))
    credential = server.get("/devices/pc1")["credential"]
    equal(credential, "/setup/one-001")
    # The sealed password is the one that was in the file: the device takes it.
    job = server.post("/devices/test", targets=["pc1"])["job"]
    equal(server.job_end(job)["done"], 1)
    equal(len(sim.ctl("list")), 2)
    equal(server.post("/setup-files/one/use", record=2, device="pc1", expect=404)["error"], "not_found")
    server.delete("/setup-files/one")
    equal(server.get("/credentials/one-001")["devices"], 1, "its login stays")


def pairs_for_older_firmware_are_in_the_file_and_in_the_list(box):
    server = box.lampd()
    data = make(box, server, "old-ones", "--psk", "--version", "1", "--records", "3")
    equal(data[:2], b"\xb5\x16")
    listed = {r["number"]: r["pid"] for r in server.items("/setup-files/old-ones/records")}
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for number, record in enumerate(records(data), 1):
        equal(set(record), {(1, 1), (1, 2), (2, 1), (2, 2)})
        pid, pps = record[2, 1][0].decode(), record[2, 2][0].decode()
        equal(listed[number], pid)
        equal((len(pid), len(pps)), (8, 32))
        equal(pid[7], alphabet[sum(map(ord, pid[:7])) % 36])
        equal([pps[i + 3] for i in range(0, 32, 4)], [alphabet[sum(map(ord, pps[i:i + 3])) % 36] for i in range(0, 32, 4)])


def the_image_of_a_key_is_read_by_mtools(box):
    for tool in ("mcopy", "mlabel", "mdir"):
        if not shutil.which(tool):
            raise harness.Skipped(f"{tool} is not installed")
    server = serve(box)
    box.write("new", harness.PASSWORD + "\n")
    make(box, server, "key", "--shared", "--password-file", "new", "--image", name="key.img")
    image = box.path("key.img")
    label = subprocess.run(["mlabel", "-s", "-i", image, "::"], capture_output=True, text=True, check=True).stdout
    contains(label, "AMT_USB")
    names = subprocess.run(["mdir", "-b", "-i", image, "::"], capture_output=True, text=True, check=True).stdout
    equal(names.split(), ["::/setup.bin"])
    inside = subprocess.run(["mcopy", "-i", image, "::setup.bin", "-"], capture_output=True, check=True).stdout
    equal(records(inside)[0][1, 2], [harness.PASSWORD.encode()])
    with open(image, "rb") as f:
        boot = f.read(512)
    equal(boot[54:59], b"FAT16")


def computers_that_start_from_the_key_say_hello(box):
    """From the file to the list of what was discovered, with simulated computers that read the key by themselves."""
    sim = box.sim(3, "--profile", "11.8", "--mode", "factory")
    server = serve(box, "--fqdn", "lamp.corp.example", hello=f"{box.address(1)}:{HELLO}")
    make(box, server, "lab-keys", "--records", "2", "--address", box.address(1), "--port", str(HELLO), "--image",
         name="key.img")
    found = {}
    for i in (2, 3):
        sim.ctl("usb", box.address(i), box.path("key.img"))
    events = server.events("?from=0")
    while len(found) < 2:
        name = events.until(lambda ev: ev["kind"] == "discovered")["name"]
        found[name] = server.get(f"/discovered/{name}")
    events.close()
    root = hashlib.sha256(root_of(server)).hexdigest().upper()
    ours = "sha256:" + ":".join(root[i:i + 2] for i in range(0, 64, 2))
    for address in (box.address(2), box.address(3)):
        equal((found[address]["hello"], found[address]["state"], found[address]["sources"]), ("pki", "in_setup", ["hello"]))
        check(ours in found[address]["hashes"], "it trusts the zone's root")
        check(found[address]["password_changed"], "the key gave it a password")


def what_does_not_go_together_is_refused(box):
    server = serve(box)
    box.write("weak", "password\n")
    rows = [
        (["a", "--version", "5"], "none of 1, 2, 2.1, 3, 4"),
        (["a", "--version", "1"], "--psk"),
        (["a", "--scrambled"], "version 4"),
        (["a", "--shared", "--records", "2"], "one record"),
        (["a", "--shared", "--psk"], "one computer"),
        (["a", "--records", "0"], "between 1 and 1000"),
        (["a", "--records", "1001"], "between 1 and 1000"),
        (["a", "-ztc", "2"], "ztc"),
        (["a", "--address", "lamp"], "IPv4"),
        (["a", "--set", "password=x"], "NAME=VALUE"),
        (["a", "--set", "kvm=2"], "kvm cannot be 2"),
        (["a", "--set", "host-name=" + "x" * 64], "host-name has 64 bytes"),
        (["a", "--version", "2.1", "--set", "kvm=1"], "came with version 3"),
        (["a", "--hash-type", "md5"], "sha1, sha256"),
        (["a", "--password-file", box.path("weak")], "lacks"),
        (["a", "-hash", box.path("weak")], "PEM"),
        (["a", "--expires", "1m"], "one hour"),
    ]
    for args, says in rows:
        done = make(box, server, *args, status=1)
        contains(done.stderr, says, args)
        check(not os.path.exists(box.path(OUT)), f"{args}: a file was left")
    equal(server.items("/setup-files"), [])
    make(box, server, "a")
    contains(make(box, server, "b", status=1).stderr, OUT)  # never over what is there
    equal(len(server.items("/setup-files")), 1)
    contains(make(box, server, "a", name="other", status=1).stderr, "exists already")
    check(not os.path.exists(box.path("other")), "a file was left")


def a_file_is_given_once_and_kept_nowhere(box):
    server = serve(box)
    made = server.post("/setup-files", name="keys", records=2)
    data = base64.b64decode(made["file"])
    passwords = [r[1, 2][0] for r in records(data)]
    equal(server.get("/setup-files/keys")["file"], None)
    server.stop()
    for folder, _, names in os.walk(server.folder):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                content = f.read()
            for password in passwords:
                check(password not in content, f"a password lies in {name}")
    with open(server.log_path, "rb") as f:
        log = f.read()
    for password in passwords:
        check(password not in log, "a password is in the log")


def what_was_not_used_is_not_forgotten_by_mistake(box):
    server = serve(box, clock=True)
    server.post("/setup-files", name="keys", records=2, expires=3600000)
    contains(server.delete("/setup-files/keys", expect=409)["message"], "2 records")
    server.advance(3601)
    equal([r["state"] for r in server.items("/setup-files/keys/records")], ["expired", "expired"])
    server.post("/devices", name="pc", amt=box.address(9))
    equal(server.post("/setup-files/keys/use", record=1, device="pc", expect=409)["error"], "expired")
    server.post("/setup-files/keys/use", record=1, device="pc", expired=True)
    server.delete("/setup-files/keys")
    equal(server.items("/setup-files"), [])


def dns_says_whether_devices_find_the_server(box):
    server = box.lampd("--fqdn", "localhost")
    found = server.get("/hello/check?dns=no-such-domain.invalid")
    equal((found["name"], found["addresses"], found["points_here"]), ("provisionserver.no-such-domain.invalid", [], False))
    check(found["fqdn_points_here"], found)
    contains(found["next"], "does not resolve")
    contains(box.lamp(server, "hello", "check", "--dns", "no-such-domain.invalid").stdout, "provisionserver")


harness.main(
    the_originals_arguments_make_the_originals_file,
    each_computer_gets_a_password_of_its_own,
    a_record_is_used_once_and_becomes_a_login,
    pairs_for_older_firmware_are_in_the_file_and_in_the_list,
    the_image_of_a_key_is_read_by_mtools,
    computers_that_start_from_the_key_say_hello,
    what_does_not_go_together_is_refused,
    a_file_is_given_once_and_kept_nowhere,
    what_was_not_used_is_not_forgotten_by_mistake,
    dns_says_whether_devices_find_the_server,
    at_once=3,
)
