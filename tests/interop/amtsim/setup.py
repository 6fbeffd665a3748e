#!/usr/bin/python3
"""setup - how a device of amtsim is set up over the network and undone, seen with Python's own TLS and HTTP and with
certificates of the openssl program: the set-up session, what it refuses and why, every call of the usual sequence, what
comes into force at CommitChanges, mutual TLS, TLS-PSK, unprovisioning, MEBx, client control mode."""
import base64
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import uuid
import warnings

import authority
import simulator
from authority import CONSOLE_OID, OU, SETUP_OID, root, setup_certificate
from replies import all_of, fault, one, rv
from simulator import ADDRESSING, DEADLINE, PASSWORD, Client, Sim, envelope, get, invoke, md5, put, uri

warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point
MEBX = "F1rst!pass"
ADMIN = "N3t.admin!"
SERVICE = "AMT_SetupAndConfigurationService"
KEYS = "AMT_PublicKeyManagementService"
GENERAL = get("AMT_GeneralSettings")


class SetupClient(Client):
    """With a chain and its key for TLS; logs in only when it is asked."""

    def __init__(self, address, certificates=None, key=None, password=ADMIN, **more):
        super().__init__(address, tls=True, password=password, **more)
        self.certificates, self.key = certificates, key

    def connect(self):
        super().connect()
        if self.certificates:
            name = authority.chain_file(self.certificates, f"chain-{id(self)}.pem")
            self.connection._context.load_cert_chain(name, self.key)


def server(address, certificate=None, **more):
    leaf = certificate or setup_certificate()
    return SetupClient(address, leaf.chain(), leaf.key, **more)


def waits(sim, number=1, hashed=None, **more):
    """MEBx as for remote configuration: our root's hash, DHCP, the suffix."""
    hashed = hashed or root()
    kind = "sha1" if sim.ctl("list", device=sim.at(number))[0]["profile"] in ("2.6", "5.2") else "sha256"
    sim.ctl("mebx", device=sim.at(number), password="admin", new_password=MEBX, mode="enterprise", hash_name="Lab",
            hash=hashed.hash(kind), **{"pki_dns_suffix": "lab.example", **more})


def state(sim, number=1):
    return sim.ctl("setup", device=sim.at(number))[0]


def refused(address, port=16993):
    try:
        socket.create_connection((address, port), DEADLINE).close()
        return False
    except ConnectionRefusedError:
        return True


def enterprise(profile="12", *options):
    return Sim("--profile", profile, "--mode", "factory", "--power", "on", "--audit", "on", *options)


# ---- the usual sequence ----

def secret(realm, user=b"admin", password=ADMIN):
    return base64.b64encode(bytes.fromhex(md5(f"{user.decode()}:{realm}:{password}"))).decode()


def set_passwords(c):
    realm = one(c, "AMT_GeneralSettings")["DigestRealm"][0]
    assert rv(c, invoke(SERVICE, "SetMEBxPassword", "<r:Password>S3cond!pass</r:Password>")) == 0
    assert rv(c, invoke("AMT_AuthorizationService", "SetAdminAclEntryEx", "<r:Username>admin</r:Username>"
                        f"<r:DigestPassword>{secret(realm)}</r:DigestPassword>")) == 0


def set_clock(c, now="1800000000"):
    ta0 = c.value(invoke("AMT_TimeSynchronizationService", "GetLowAccuracyTimeSynch"), "Ta0")
    assert rv(c, invoke("AMT_TimeSynchronizationService", "SetHighAccuracyTimeSynch",
                        f"<r:Ta0>{ta0}</r:Ta0><r:Tm1>{now}</r:Tm1><r:Tm2>{now}</r:Tm2>")) == 0


def reference(name, key, value):
    return (f"<a:Address>{ADDRESSING}</a:Address><a:ReferenceParameters><w:ResourceURI>{uri(name)}</w:ResourceURI>"
            f'<w:SelectorSet><w:Selector Name="{key}">{value}</w:Selector></w:SelectorSet></a:ReferenceParameters>')


def generate(c, bits=2048):
    """InstanceID and public key of a new pair."""
    status, _, text = c.ask(invoke(KEYS, "GenerateKeyPair",
                                   f"<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>{bits}</r:KeyLength>"))
    found = re.search(rb"(Intel\(r\) AMT Key: Handle: \d+)<", text)
    assert status == 200 and found, text
    name = found[1].decode()
    pairs = {p["InstanceID"][0]: p["DERKey"][0] for _, p in all_of(c, "AMT_PublicPrivateKeyPair")[0]}
    return name, base64.b64decode(pairs[name])


def add_certificate(c, der, method="AddCertificate"):
    status, _, text = c.ask(invoke(KEYS, method, f"<r:CertificateBlob>{base64.b64encode(der).decode()}"
                                   "</r:CertificateBlob>"))
    found = re.search(rb"(Intel\(r\) AMT Certificate: Handle: \d+)<", text)
    assert status == 200 and found, text
    return found[1].decode()


def show(c, handle):
    """AMT_TLSCredentialContext: Create, or Put where there is one."""
    name = "AMT_TLSCredentialContext"
    body = (f'<r:{name} xmlns:r="{uri(name)}"><r:ElementInContext>' +
            reference("AMT_PublicKeyCertificate", "InstanceID", handle) +
            "</r:ElementInContext><r:ElementProvidingContext>" +
            reference("AMT_TLSProtocolEndpointCollection", "ElementName", "TLSProtocolEndpoint Instances Collection") +
            f"</r:ElementProvidingContext></r:{name}>")
    action = "Put" if all_of(c, name) != [[]] else "Create"
    status, _, text = c.ask(envelope(f"{simulator.TRANSFER}/{action}", uri(name), body))
    assert status == 200, text


def switch_tls(c, mutual=False, plain=False, on=True):
    for instance, accept in (("Intel(r) AMT 802.3 TLS Settings", plain), ("Intel(r) AMT LMS TLS Settings", True)):
        inside = (f"<r:AcceptNonSecureConnections>{str(accept).lower()}</r:AcceptNonSecureConnections>"
                  f"<r:Enabled>{str(on).lower()}</r:Enabled><r:InstanceID>{instance}</r:InstanceID>"
                  f"<r:MutualAuthentication>{str(mutual).lower()}</r:MutualAuthentication>")
        status, _, text = c.ask(put("AMT_TLSSettingData", inside))
        assert status == 200, text


def give_certificate(c):
    name, public = generate(c)
    certificate = authority.for_public_key(public, "/O=Lab/CN=pc-00001.lab.example")
    show(c, add_certificate(c, certificate.der))
    return certificate


def commit(c):
    return rv(c, invoke(SERVICE, "CommitChanges"))


def tls_context():
    """Takes any version and certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def shown(address, certificate=None):
    """What the device shows, to a client with this certificate."""
    context = tls_context()
    if certificate:
        context.load_cert_chain(authority.chain_file(certificate.chain()), certificate.key)
    with context.wrap_socket(socket.create_connection((address, 16993), DEADLINE)) as t:
        return t.getpeercert(True)


def set_up(sim, number=1, mutual=False, certificate=None):
    """The whole sequence; the certificate that the device shows then."""
    c = server(sim.at(number), certificate)
    set_passwords(c)
    set_clock(c)
    given = give_certificate(c)
    if mutual:
        add_certificate(c, root().der, "AddTrustedRootCertificate")
    switch_tls(c, mutual)
    assert commit(c) == 0
    c.close()
    return given


def a_server_with_the_right_chain_sets_a_device_up():
    for profile in ("8.1", "11.8", "12", "15-notebook", "16.1", "18"):
        with enterprise(profile) as s:
            waits(s)
            assert state(s)["state"] == "in" and refused(s.address, 16992) and not refused(s.address)
            c = server(s.address)
            assert one(c, SERVICE)["ProvisioningState"] == ["1"]
            given = set_up(s)
            assert (state(s)["state"], state(s)["mode"]) == ("post", "enterprise")
            assert shown(s.address) == given.der and refused(s.address, 16992)
            assert Client(s.address, tls=True, password=PASSWORD).ask(GENERAL)[0] == 401
            c = Client(s.address, tls=True, password=ADMIN)
            assert one(c, SERVICE)["ProvisioningState"] == ["2"]
            record = all_of(c, "IPS_TLSProvisioningRecord")[0][0][1]
            assert record["ProvServerFQDN"] == ["oob.lab.example"] and record["SecureDNS"] == ["true"]
            assert base64.b64decode(record["SelectedHashData"][0]).hex() == root().hash("sha256")


def before_it_is_set_up_nothing_but_the_chain_opens_it():
    with enterprise() as s:
        waits(s)
        status, _, _ = server(s.address).once(GENERAL)
        assert status == 200  # no login is asked for
        try:
            SetupClient(s.address).once(GENERAL)
            raise AssertionError("a client without certificate was taken")
        except (ssl.SSLError, ConnectionError):
            assert state(s)["refused"] == "no-certificate"


def after_the_password_is_set_a_new_session_logs_in():
    with enterprise() as s:
        waits(s)
        c = server(s.address)
        set_passwords(c)
        assert c.once(GENERAL)[0] == 200  # the session goes on
        assert server(s.address, password="wr0ng!PASS").ask(GENERAL)[0] == 401
        assert server(s.address).ask(GENERAL)[0] == 200
        s.ctl("set", setting="setup-login=0")
        assert server(s.address, password="wr0ng!PASS").ask(GENERAL)[0] == 200
    with enterprise("12", "--set", "setup-login=2") as s:
        waits(s)
        assert server(s.address).ask(GENERAL)[0] == 401 and server(s.address, password=MEBX).ask(GENERAL)[0] == 200


def nothing_is_committed_that_lacks_a_part():
    with enterprise() as s:
        waits(s)
        c = server(s.address)
        assert commit(c) == 2057  # no password
        set_passwords(c)
        switch_tls(c)
        assert commit(c) == 2057  # no certificate
        stranger = authority.make("/CN=x", authority.key("other"), root(), authority.usage("serverAuth"))
        show(c, add_certificate(c, stranger.der))
        assert commit(c) == 2057  # no key for it
        certificate = give_certificate(c)
        switch_tls(c, mutual=True)
        assert commit(c) == 2057  # no root to check clients with
        add_certificate(c, root().der, "AddTrustedRootCertificate")
        assert commit(c) == 2057  # no clock to check them by
        set_clock(c)
        assert commit(c) == 0
        assert state(s)["state"] == "post" and shown(s.address, setup_certificate(oids=CLIENT)) == certificate.der


# ---- what is refused ----

def attempt(address, certificates, key):
    """The alert of TLS that ends the handshake; "" when it succeeds."""
    context = tls_context()
    context.load_cert_chain(authority.chain_file(certificates), key)
    try:
        with context.wrap_socket(socket.create_connection((address, 16993), DEADLINE)):
            return ""
    except ssl.SSLError as e:
        return re.sub(r"^(?:TLSV1|SSLV3)_ALERT_", "", e.reason or str(e)).lower()


def check_refusal(s, number, expected, chain, mebx=None, faults=(), dhcp=None):
    """Its alert and the reason that ctl tells."""
    if dhcp:
        s.ctl("dhcp", device=s.at(number), suffix=dhcp)
    waits(s, number, **(mebx or {}))
    for kind in faults:
        s.ctl("fault add", kind=kind, device=s.at(number))
    alert = attempt(s.at(number), chain, chain[0].key)
    told = state(s, number)
    got = (alert, told["refused"])
    assert got == (told["alert"] or "", expected or None), f"row {number} {expected}: {got}, {told}"


def each_chain_that_is_wrong_is_refused_for_its_reason():
    good = setup_certificate()
    by_issuing = setup_certificate(issuer=authority.intermediate())
    other = authority.root("Other Root")
    expired = setup_certificate(start=("20200101000000Z", "20210101000000Z"))
    future = setup_certificate(start=("20900101000000Z", "20910101000000Z"))
    rows = [
        ("", good.chain(), {}),
        ("", by_issuing.chain(), {}),
        ("", setup_certificate(unit=OU, oids=("serverAuth",)).chain(), {}),
        ("chain-order", [by_issuing, root(), authority.intermediate()], {}),
        ("chain-order", [by_issuing, root()], {}),
        ("no-root", [by_issuing, authority.intermediate()], {}),
        ("hash-unknown", setup_certificate(issuer=other).chain(), {}),
        ("hash-disabled", good.chain(), {"mebx": {"hash_disable": "Lab"}}),
        ("hash-unknown", good.chain(), {"faults": ["setup-hash-missing"]}),
        ("no-server-auth", setup_certificate(oids=("clientAuth", SETUP_OID)).chain(), {}),
        ("no-oid-or-ou", setup_certificate(oids=("serverAuth", CONSOLE_OID)).chain(), {}),
        ("no-oid-or-ou", setup_certificate(unit="Intel Client Setup Certificate", oids=("serverAuth",)).chain(), {}),
        ("no-oid-or-ou", setup_certificate(unit=OU.lower(), oids=("serverAuth",)).chain(), {}),
        ("wrong-suffix", setup_certificate("oob.elsewhere.example").chain(), {}),
        ("wrong-suffix", setup_certificate("ooblab.example").chain(), {}),
        ("", setup_certificate("*.lab.example").chain(), {}),
        ("", setup_certificate("LAB.example").chain(), {}),
        ("", setup_certificate("oob.corp.com").chain(), {"mebx": {"pki_dns_suffix": "floor3.corp.com"}}),
        ("", good.chain(), {"mebx": {"pki_dns_suffix": ""}, "dhcp": "lab.example"}),
        ("wrong-suffix", good.chain(), {"mebx": {"pki_dns_suffix": ""}, "dhcp": "home.example"}),
        ("no-suffix", good.chain(), {"mebx": {"pki_dns_suffix": ""}}),
        ("no-suffix", good.chain(), {"faults": ["setup-no-suffix"]}),
        ("wrong-suffix", good.chain(), {"faults": ["setup-other-suffix"]}),
        ("wrong-server", good.chain(), {"mebx": {"server_fqdn": "other.lab.example"}}),
        ("", good.chain(), {"mebx": {"server_fqdn": "OOB.lab.example"}}),
        ("key-not-rsa", setup_certificate(bits="ec").chain(), {}),
        ("", setup_certificate(bits=1024).chain(), {"profile": "11.8"}),
        ("key-too-small", setup_certificate(bits=1024).chain(), {"profile": "16.1"}),
        ("key-too-small", good.chain(), {"faults": ["setup-key-small"]}),
        ("", setup_certificate(digest="sha1").chain(), {"profile": "15-notebook"}),
        ("sha1-signature", setup_certificate(digest="sha1").chain(), {"profile": "15"}),
        ("chain-too-long", by_issuing.chain(), {"setting": "setup-chain-most=2"}),
        ("", expired.chain(), {}),
        ("expired", expired.chain(), {"setting": "setup-times=1"}),
        ("not-yet-valid", future.chain(), {"setting": "setup-times=1"}),
    ]
    for profile, setting in {(m.get("profile", "12"), m.get("setting", "")) for _, _, m in rows}:
        chosen = [(e, c, {k: v for k, v in m.items() if k not in ("profile", "setting")}) for e, c, m in rows
                  if (m.get("profile", "12"), m.get("setting", "")) == (profile, setting)]
        with Sim("--profile", profile, "--mode", "factory", *(["--set", setting] if setting else []),
                 devices=len(chosen)) as s:
            for number, (expected, chain, more) in enumerate(chosen, 1):
                check_refusal(s, number, expected, chain, **more)


CLIENT = ("clientAuth", CONSOLE_OID)
FAULTS = {"setup-closed", "setup-hash-missing", "setup-key-mismatch", "setup-key-small", "setup-login-refused",
          "setup-mebx-locked", "setup-no-suffix", "setup-other-suffix", "setup-remote-off"}


def what_keeps_a_device_silent_is_told():
    for expected, mebx in (("remote-configuration-off", {"remote_configuration": "off"}),
                           ("static-address", {"dhcp": "off", "address": "127.0.0.9", "mask": "255.0.0.0"}),
                           ("no-hashes", {"preinstalled": "off", "hash_disable": "Lab"})):
        with enterprise() as s:
            waits(s, **mebx)
            assert (state(s)["state"], state(s)["refused"]) == ("pre", expected) and refused(s.address)


def faults_close_the_door_of_a_device_that_waits():
    for kind in ("setup-closed", "setup-remote-off"):
        with enterprise() as s:
            waits(s)
            s.ctl("fault add", kind=kind)
            assert refused(s.address)
            s.ctl("fault clear")
            assert not refused(s.address)
    with enterprise() as s:
        waits(s)
        s.ctl("fault add", kind="setup-login-refused")
        assert server(s.address).ask(GENERAL)[0] == 401
        s.ctl("fault clear")
        s.ctl("fault add", kind="setup-mebx-locked")
        assert rv(server(s.address), invoke(SERVICE, "SetMEBxPassword", "<r:Password>S3cond!pass</r:Password>")) == 16


def a_key_that_is_not_the_one_told_cannot_be_used():
    with enterprise() as s:
        waits(s)
        s.ctl("fault add", kind="setup-key-mismatch")
        c = server(s.address)
        set_passwords(c)
        give_certificate(c)
        switch_tls(c)
        assert commit(c) == 2057


# ---- keys and certificates ----

def a_device_signs_a_request_with_its_key():
    with enterprise() as s:
        waits(s)
        c = server(s.address)
        name, public = generate(c)
        request = null_signed(public)
        ask = lambda algorithm, what=request: invoke(
            KEYS, "GeneratePKCS10RequestEx", f"<r:KeyPair>{reference('AMT_PublicPrivateKeyPair', 'InstanceID', name)}"
            f"</r:KeyPair><r:SigningAlgorithm>{algorithm}</r:SigningAlgorithm><r:NullSignedCertificateRequest>"
            f"{base64.b64encode(what).decode()}</r:NullSignedCertificateRequest>")
        for algorithm, digest in ((0, b"sha1"), (1, b"sha256"), (2, b"sha384")):
            signed = base64.b64decode(c.value(ask(algorithm), "SignedCertificateRequest"))
            text = subprocess.run(["openssl", "req", "-inform", "DER", "-verify", "-noout", "-text"], input=signed,
                                  capture_output=True, check=True)
            assert b"verify OK" in text.stderr and digest + b"With" in text.stdout
            assert authority.subject_of(issue(signed)) == "CN=pc-1.lab.example"
        assert rv(c, ask(3)) == 2066 and rv(c, ask(1, b"0123")) == 36
        assert rv(c, ask(1, null_signed(generate(c)[1]))) == 36  # of another key


def der(tag, content):
    n = len(content)
    head = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8,
                                                                                            "big")
    return bytes([tag]) + head + content


def null_signed(pkcs1):
    """A PKCS#10 request (RFC 2986) whose signature is empty: written by hand, as no tool makes one."""
    rsa = bytes.fromhex("300d06092a864886f70d0101010500")
    name = der(0x30, der(0x31, der(0x30, bytes.fromhex("0603550403") + der(0x0c, b"pc-1.lab.example"))))
    info = der(0x30, b"\2\1\0" + name + der(0x30, rsa + der(3, b"\0" + pkcs1)) + b"\xa0\0")
    return der(0x30, info + bytes.fromhex("300d06092a864886f70d01010b0500") + der(3, b"\0"))


def issue(request):
    pem = authority.openssl("req", "-inform", "DER", data=request)
    with open(authority.path("signed.pem"), "wb") as f:
        f.write(pem)
    return authority.openssl("x509", "-req", "-in", authority.path("signed.pem"), "-CA", root().file, "-CAkey",
                             root().key, "-days", "10", "-outform", "DER", "-set_serial", "7")


def keys_from_outside_are_taken():
    with enterprise("15-notebook") as s:
        waits(s)
        c = server(s.address)
        leaf = authority.make("/CN=pc-1.lab.example", authority.key("device"), root(), authority.usage("serverAuth"))
        raw = authority.openssl("rsa", "-in", leaf.key, "-outform", "DER", "-traditional")
        add = invoke(KEYS, "AddKey", f"<r:KeyBlob>{base64.b64encode(raw).decode()}</r:KeyBlob>")
        assert rv(c, add) == 0 and rv(c, add) == 2058
        assert rv(c, invoke(KEYS, "AddKey", "<r:KeyBlob>AAAA</r:KeyBlob>")) == 2062
        set_passwords(c)
        show(c, add_certificate(c, leaf.der))
        switch_tls(c)
        assert commit(c) == 0 and shown(s.address) == leaf.der


def what_tls_uses_cannot_be_removed():
    with enterprise() as s:
        waits(s)
        set_up(s)
        c = Client(s.address, tls=True, password=ADMIN)

        def remove(name, handle):
            return envelope(simulator.TRANSFER + "/Delete", uri(name), selectors={"InstanceID": handle})
        certificate = remove("AMT_PublicKeyCertificate", "Intel(r) AMT Certificate: Handle: 0")
        pair = remove("AMT_PublicPrivateKeyPair", "Intel(r) AMT Key: Handle: 0")
        assert fault(c, certificate) == "e:InternalError" and fault(c, pair) == "e:InternalError"
        context = envelope(simulator.TRANSFER + "/Delete", uri("AMT_TLSCredentialContext"), selectors={"X": ""})
        whole = all_of(c, "AMT_TLSCredentialContext")
        assert len(whole[0]) == 1
        switch_tls(c, on=False)
        assert commit(c) == 0
        c = Client(s.address, password=ADMIN)
        assert refused(s.address) and c.ask(GENERAL)[0] == 200
        chosen = ('<w:Selector Name="ElementInContext"><a:EndpointReference>' +
                  reference("AMT_PublicKeyCertificate", "InstanceID", "Intel(r) AMT Certificate: Handle: 0") +
                  "</a:EndpointReference></w:Selector>")
        status, _, text = c.ask(context.replace('<w:Selector Name="X"></w:Selector>', chosen))
        assert status == 200, text
        assert c.ask(certificate)[0] == 200 and c.ask(pair)[0] == 200


def only_so_many_and_so_large_keys_are_made():
    rows = {"11.8": {1024: True, 2048: True, 3072: False}, "16.1": {1024: False, 2048: True}}
    for profile, sizes in rows.items():
        with enterprise(profile) as s:
            waits(s)
            c = server(s.address)
            for bits, good in sizes.items():
                got = rv(c, invoke(KEYS, "GenerateKeyPair",
                                   f"<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>{bits}</r:KeyLength>"))
                assert got == (0 if good else 2062), (profile, bits, got)
    with enterprise() as s:
        waits(s)
        c = server(s.address)
        keys = {generate(c)[1] for _ in range(4)}
        assert len(keys) == 4
        assert rv(c, invoke(KEYS, "GenerateKeyPair",
                            "<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>2048</r:KeyLength>")) == 23


# ---- mutual TLS ----

def with_mutual_tls_only_console_certificates_come_in():
    with enterprise() as s:
        waits(s)
        set_up(s, mutual=True)
        s.ctl("fault add", kind="clock-off", after="0")
        console = setup_certificate("console.lab.example", oids=CLIENT)
        rows = [("", console), ("untrusted-client", setup_certificate(issuer=authority.root("Other Root"), oids=CLIENT)),
                ("no-console-usage", setup_certificate(oids=("clientAuth",))),
                ("no-console-usage", setup_certificate(oids=(CONSOLE_OID,))),
                ("expired", setup_certificate(oids=CLIENT, start=("20200101000000Z", "20210101000000Z")))]
        for expected, certificate in rows:
            before = state(s)["refusals"]
            alert = attempt(s.address, certificate.chain(), certificate.key)
            told = state(s)
            assert (told["refusals"] - before, bool(alert)) == ((1, True) if expected else (0, False)), (expected, told)
            assert not expected or (told["refused"], told["alert"]) == (expected, alert), (expected, told, alert)
        c = SetupClient(s.address, console.chain(), console.key)
        assert c.ask(GENERAL)[0] == 200
        inside = ("<r:AcceptNonSecureConnections>false</r:AcceptNonSecureConnections><r:Enabled>true</r:Enabled>"
                  "<r:InstanceID>Intel(r) AMT 802.3 TLS Settings</r:InstanceID>"
                  "<r:MutualAuthentication>true</r:MutualAuthentication><r:TrustedCN>other.example</r:TrustedCN>")
        assert c.ask(put("AMT_TLSSettingData", inside))[0] == 200
        attempt(s.address, console.chain(), console.key)
        assert state(s)["refused"] == "wrong-client-name"


# ---- TLS-PSK ----

PID, PPS = "0000ABCU", "AMTAPSKMABCIDEFRGHI0JKL9MNOIPQRR"


def by_psk(address, pid=PID, pps=PPS):
    """What openssl s_client says and gets for a request without a login."""
    body = get(SERVICE)
    request = f"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with subprocess.Popen(["openssl", "s_client", "-connect", f"{address}:16993", "-psk_identity", pid, "-psk",
                           pps.encode().hex(), "-cipher", "PSK-AES128-CBC-SHA:@SECLEVEL=0", "-tls1_1", "-quiet"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
        try:
            p.stdin.write(request.encode())
            p.stdin.flush()
        except BrokenPipeError:
            pass
        got = b""
        while part := p.stdout.read1(65536):
            got += part
            if b"0\r\n\r\n" in got:
                p.kill()
    return got


def old_firmware_is_set_up_by_pid_and_pps():
    for profile in ("5.2", "8.1", "9.5"):
        with enterprise(profile) as s:
            s.ctl("mebx", all=True, password="admin", new_password=MEBX, mode="enterprise", pid="0000-ABCU",
                  pps="-".join(PPS[i:i + 4] for i in range(0, 32, 4)))
            assert (state(s)["state"], state(s)["tls"]) == ("in", "psk")
            got = by_psk(s.address)
            assert b"ProvisioningState>1<" in got, got
            assert b"alert" in by_psk(s.address, pid="1111ABCU") and state(s)["refused"] == "unknown-pid"
            assert b"alert" in by_psk(s.address, pps=PPS[:-1] + "0") and state(s)["refused"] == "wrong-pps"
    with enterprise("11.8") as s:
        try:
            s.ctl("mebx", all=True, new_password=MEBX, mode="enterprise", pid=PID, pps=PPS)
            raise AssertionError("11.8 took a PID")
        except RuntimeError as e:
            assert "no TLS-PSK" in str(e)


def by_openssl(address, *options):
    """What openssl s_client says about a handshake."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"{address}:16993", *options], input=b"",
                          capture_output=True, check=False, timeout=DEADLINE)
    return (done.stdout + done.stderr).decode()


def openssl_comes_in_with_the_chain_and_not_without():
    leaf = setup_certificate(issuer=authority.intermediate())
    rest = authority.chain_file(leaf.chain()[1:], "rest.pem")
    with enterprise() as s:
        waits(s)
        assert "alert handshake failure" in by_openssl(s.address)
        assert "alert" in by_openssl(s.address, "-cert", leaf.file, "-key", leaf.key)  # no root
        assert state(s)["refused"] in ("no-root", "chain-order")
        good = by_openssl(s.address, "-cert", leaf.file, "-key", leaf.key, "-cert_chain", rest)
        assert "alert" not in good and "Cipher is" in good and state(s)["refused"] is None, good


# ---- the time there is ----

def the_time_to_be_set_up_ends():
    with enterprise("12", "--clock", "driven") as s:
        waits(s)
        assert state(s)["closes_in_s"] == 24 * 3600
        s.ctl("clock advance", time="23h")
        assert not refused(s.address)
        s.ctl("clock advance", time="61m")
        simulator.wait_for(lambda: state(s)["state"] == "pre")
        assert refused(s.address) and state(s)["refused"] == "window-closed"
        s.ctl("agent", device=s.address, action="start")
        assert state(s)["closes_in_s"] == 6 * 3600 and not refused(s.address)
        c = server(s.address)
        extend = lambda hours: invoke(SERVICE, "ExtendProvisioningPeriod", f"<r:Duration>{hours}</r:Duration>")
        assert rv(c, extend(25)) == 36 and rv(c, extend(12)) == 0
        assert state(s)["closes_in_s"] == 12 * 3600
        assert rv(c, extend(0)) == 0
        assert state(s)["state"] == "pre" and refused(s.address)


# ---- hello ----

class Greeted:
    """A set-up server's port 9971 (another one, so that tests can run side by side): what came, from whom."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE)
        self.port = str(self.socket.getsockname()[1])

    def next(self):
        """The whole message and the address that it came from; it is one write, and the connection ends behind it."""
        connection, peer = self.socket.accept()
        with connection:
            connection.settimeout(DEADLINE)
            got = b""
            while part := connection.recv(65536):
                got += part
        return got, peer[0]

    def is_silent(self):
        self.socket.settimeout(simulator.QUIET)
        try:
            self.socket.accept()[0].close()
            return False
        except socket.timeout:
            return True
        finally:
            self.socket.settimeout(DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def read_hello(raw):
    """By the layout of Intel's guide."""
    told = {"admin": int.from_bytes(raw[:2], "little"), "version": int.from_bytes(raw[2:4], "little"),
            "retry": int.from_bytes(raw[4:8], "little"), "uuid": str(uuid.UUID(bytes_le=raw[8:24])), "hashes": []}
    if told["version"] == 2:
        told["pid"] = raw[24:].decode()
        return told
    at = 25
    for _ in range(raw[24]):
        kind, size = raw[at], raw[at + 1]
        told["hashes"].append((kind, raw[at + 2:at + 2 + size].hex()))
        at += 2 + size
    assert at == len(raw)
    return told


def a_device_that_waits_says_hello_from_its_own_address():
    with Greeted() as g, enterprise("11.8") as s:
        waits(s, server="127.0.0.1", port=g.port)
        raw, peer = g.next()
        told = read_hello(raw)
        own = s.ctl("list")[0]
        assert (peer, told["uuid"], told["version"], told["retry"], told["admin"]) == (
            s.address, own["uuid"], 3, 0, 1)
        assert (2, root().hash("sha256")) in told["hashes"] and len(told["hashes"]) == 10
        listed = {h["hash"] for h in s.ctl("hashes", device=s.address) if h["counts"]}
        assert {h for _, h in told["hashes"]} == listed
        server(s.address).ask(GENERAL)
        assert state(s)["next_hello_in_s"] is None  # somebody has come


def hellos_follow_the_schedule_of_firmware():
    with Greeted() as g, enterprise("12", "--clock", "driven") as s:
        waits(s, server="127.0.0.1", port=g.port)
        assert read_hello(g.next()[0])["retry"] == 0
        gaps = [1] * 4 + [10] * 5 + [60] * 5
        for retry, minutes in enumerate(gaps, 1):
            simulator.wait_for(lambda: state(s)["hellos"] == retry)
            assert state(s)["next_hello_in_s"] == minutes * 60, state(s)
            s.ctl("clock advance", time=f"{minutes * 60000 - 1}")
            s.ctl("clock advance", time="1")
            assert read_hello(g.next()[0])["retry"] == retry
        simulator.wait_for(lambda: state(s)["hellos"] == 15)
        assert state(s)["next_hello_in_s"] is None
        s.ctl("agent", all=True, action="start")
        assert read_hello(g.next()[0])["retry"] == 0


def a_psk_hello_tells_the_pid():
    with Greeted() as g, enterprise("9.5") as s:
        s.ctl("mebx", all=True, new_password=MEBX, mode="enterprise", pid=PID, pps=PPS, server="127.0.0.1", port=g.port)
        raw, _ = g.next()
        assert len(raw) == 32 and (read_hello(raw)["version"], read_hello(raw)["pid"]) == (2, PID)


def the_server_is_looked_for_in_order():
    with Greeted() as g, Greeted() as other, enterprise("12", "--domain", "corp.example") as s:
        def greets(which, **mebx):
            s.ctl("clear-cmos", all=True)
            waits(s, port=which.port, **mebx)
            return read_hello(which.next()[0])["retry"] == 0
        s.ctl("clear-cmos", all=True)
        waits(s)
        simulator.wait_for(lambda: state(s)["hellos"] == 1)
        assert (state(s)["refused"], state(s)["says_hello_to"]) == ("no-server", None)
        s.ctl("dns", name="provisionserver.corp.example", address="127.0.0.1")
        assert greets(g)  # by DHCP's option 15
        s.ctl("dns", name="provisionserver.corp.example", address="none")
        s.ctl("dns", name="provisionserver.lab.example", address="127.0.0.1")
        assert greets(g, domain="lab.example")
        s.ctl("dns", name="oob.lab.example", address="127.0.0.1")
        assert greets(other, server_fqdn="oob.lab.example")
        assert greets(g, server="127.0.0.1", server_fqdn="nowhere.lab.example")
        s.ctl("clear-cmos", all=True)
        waits(s, server="192.0.2.1")  # nothing leaves the loopback net
        simulator.wait_for(lambda: state(s)["hellos"] == 1)
        assert s.ctl("stats")[0]["hellos"] == 4


def faults_change_what_a_hello_tells():
    with Greeted() as g, enterprise() as s:
        s.ctl("fault add", kind="setup-hash-missing")
        waits(s, server="127.0.0.1", port=g.port)
        assert root().hash("sha256") not in [h for _, h in read_hello(g.next()[0])["hashes"]]
        s.ctl("fault clear")
        s.ctl("fault add", kind="setup-remote-off")
        s.ctl("clear-cmos", all=True)
        waits(s, server="127.0.0.1", port=g.port)
        assert g.is_silent() and state(s)["refused"] == "remote-configuration-off"


def many_devices_all_say_hello():
    with Greeted() as g, Sim("--profile", "mixed", "--mode", "factory", devices=600, net=simulator.take_net(20)) as s:
        g.socket.listen(1000)
        s.ctl("mebx", all=True, new_password=MEBX, mode="enterprise", server="127.0.0.1", port=g.port)
        heard = {read_hello(g.next()[0])["uuid"] for _ in range(600)}
        assert heard == {d["uuid"] for d in s.ctl("list")}


# ---- USB keys ----

GOLDEN = os.path.join(os.environ.get("LAMPLIGHTER_SOURCE", "."), "tests", "golden", "setup_bin")


def key_with(name):
    """A copy that can be written to."""
    copy = authority.path("setup.bin")
    shutil.copyfile(os.path.join(GOLDEN, name), copy)
    return copy


def a_computer_starts_from_a_usb_key():
    with enterprise("9.5") as s:
        copy = key_with("psk-v1.bin")
        s.ctl("usb", device=s.address, file=copy)
        told = state(s)
        assert (told["state"], told["tls"], told["factory_password"]) == ("in", "psk", False), told
        assert b"ProvisioningState>1<" in by_psk(s.address)
        with open(copy, "rb") as f:
            after = f.read()
        assert (after[32], after[0x204]) == (1, 0)  # one is used up, and it is this one
        s.ctl("clear-cmos", all=True)
        expect_error(lambda: s.ctl("usb", device=s.address, file=copy), "used up")
    with enterprise("5.2") as s:
        copy = key_with("internal-ca-v2.1.bin")
        s.ctl("usb", device=s.address, file=copy)
        told = state(s)
        assert (told["state"], told["suffix"], told["server_fqdn"]) == ("in", "example.com", "oob.example.com"), told
        own = [h for h in s.ctl("hashes", device=s.address) if not h["builtin"]]
        assert [(h["name"], h["hash"]) for h in own] == [("Zone CA", hashlib.sha1(b"abc").hexdigest())]
        s.ctl("clear-cmos", all=True)
        s.ctl("usb", device=s.address, file=copy)  # this file is not used up
        s.ctl("clear-cmos", all=True)
        expect_error(lambda: s.ctl("usb", device=s.address, file=key_with("scrambled-v4.bin")), "does not know version 4")
        s.ctl("mebx", all=True, new_password=MEBX)
        expect_error(lambda: s.ctl("usb", device=s.address, file=key_with("internal-ca-v2.1.bin")), "wrong")
    with enterprise("16.1") as s:
        s.ctl("usb", device=s.address, file=key_with("scrambled-v4.bin"))
        told = state(s)
        assert (told["state"], told["server"], told["port"], told["suffix"]) == ("in", "192.0.2.10", 9971,
                                                                              "example.com"), told
        assert hashlib.sha256(b"abc").hexdigest() in [h["hash"] for h in s.ctl("hashes", device=s.address)]


def an_image_of_a_key_is_read_as_bios_does():
    if not shutil.which("mformat"):
        return
    for size in (2880, 65536, 131072):  # sectors: FAT12, FAT16, FAT32
        image = authority.path("key.img")
        with open(image, "wb") as f:
            f.truncate(size * 512)
        wide = ["-F"] if size == 131072 else []
        subprocess.run(["mformat", "-i", image, "-v", "AMT_USB", "-T", str(size), "-h", "16", "-s", "32", *wide],
                       check=True, capture_output=True)
        subprocess.run(["mcopy", "-i", image, key_with("psk-v1.bin"), "::setup.bin"], check=True, capture_output=True)
        with enterprise("9.5") as s:
            s.ctl("usb", device=s.address, file=image)
            assert state(s)["tls"] == "psk"
            s.ctl("clear-cmos", all=True)
            expect_error(lambda: s.ctl("usb", device=s.address, file=image), "used up")
        subprocess.run(["mcopy", "-n", "-o", "-i", image, "::setup.bin", authority.path("back.bin")], check=True,
                       capture_output=True)
        with open(authority.path("back.bin"), "rb") as f:
            after = f.read()
        assert (len(after), after[32], after[0x204]) == (1024, 1, 0)
    with enterprise("9.5") as s:
        with open(image, "wb") as f:
            f.write(bytes(4096))
        expect_error(lambda: s.ctl("usb", device=s.address, file=image), "no setup.bin")


# ---- the way back ----

def partial_unprovisioning_asks_to_be_set_up_again():
    with enterprise() as s:
        waits(s)
        set_up(s)
        c = Client(s.address, tls=True, password=ADMIN)
        realm = one(c, "AMT_GeneralSettings")["DigestRealm"]
        assert rv(c, invoke(SERVICE, "PartialUnprovision")) == 0
        told = state(s)
        assert (told["state"], told["closes_in_s"] > 5 * 3600) == ("in", True), told
        names = [h["name"] for h in s.ctl("hashes", device=s.address)]
        assert "Lab" in names
        assert one(server(s.address), "AMT_GeneralSettings")["DigestRealm"] == realm
        set_up(s)
        assert state(s)["state"] == "post"


def full_unprovisioning_keeps_the_mebx_password_only():
    with enterprise() as s:
        waits(s)
        set_up(s)
        other = Client(s.address, tls=True, password=ADMIN)
        other.ask(GENERAL)
        c = Client(s.address, tls=True, password=ADMIN)
        realm = one(c, "AMT_GeneralSettings")["DigestRealm"]
        assert rv(c, invoke(SERVICE, "Unprovision", "<r:ProvisioningMode>4</r:ProvisioningMode>")) == 36
        assert rv(c, invoke(SERVICE, "Unprovision", "<r:ProvisioningMode>1</r:ProvisioningMode>")) == 0
        try:
            other.once(GENERAL)
            raise AssertionError("another connection lives on")
        except OSError:
            pass
        assert refused(s.address) and refused(s.address, 16992) and state(s)["state"] == "pre"
        assert "Lab" not in [h["name"] for h in s.ctl("hashes", device=s.address)]
        try:
            s.ctl("mebx", all=True, password="admin", new_password=MEBX, mode="smb")
            raise AssertionError("the factory password is back")
        except RuntimeError:
            pass
        s.ctl("mebx", all=True, password="S3cond!pass", mode="smb")
        c = Client(s.address, password="S3cond!pass")
        assert one(c, "AMT_GeneralSettings")["DigestRealm"] != realm
        s.ctl("clear-cmos", all=True)
        assert state(s)["factory_password"] is True and refused(s.address, 16992)


def an_auditor_can_forbid_it():
    with enterprise() as s:
        waits(s)
        set_up(s)
        c = Client(s.address, tls=True, password=ADMIN)
        s.ctl("fault add", kind="audit-locked")
        assert rv(c, invoke(SERVICE, "PartialUnprovision")) == 2076
        assert c.value(invoke(SERVICE, "GetUnprovisionBlockingComponents"), "BlockingComponents") == "1"
        s.ctl("fault clear")
        assert rv(c, invoke(SERVICE, "PartialUnprovision")) == 0


def the_audit_log_has_the_acts_of_set_up():
    with enterprise() as s:
        waits(s)
        set_up(s, mutual=False)
        c = Client(s.address, tls=True, password=ADMIN)
        records = [base64.b64decode(r) for r in re.findall(rb"<g:EventRecords>([^<]*)<", c.ask(
            invoke("AMT_AuditLog", "ReadRecords", "<r:StartIndex>1</r:StartIndex>"))[2])]
        events = [(int.from_bytes(r[:2], "big"), int.from_bytes(r[2:4], "big")) for r in records]
        assert events == [(16, 0), (16, 3), (21, 0), (16, 1), (16, 8), (16, 7)], events
        assert records[3].endswith(b"\x0foob.lab.example") and bytes.fromhex(root().hash("sha256")) in records[3]
        assert records[5].endswith(b"\2\1\0")


# ---- MEBx ----

def mebx_holds_three_hashes_and_knows_their_sizes():
    with enterprise("11.8") as s:
        def add(name, value, **more):
            s.ctl("mebx", all=True, new_password=MEBX, hash_name=name, hash=value, **more)
        sha1 = "1F:0E:1C:88:A0:88:B5:6A:E8:82:6D:28:01:D4:2F:B4:6F:8D:16:77"
        add("one", sha1)
        add("two", "11" * 32)
        add("three", "-".join(["2222"] * 24))
        expect_error(lambda: add("four", "33" * 32), "delete one first")
        expect_error(lambda: add("again", "11" * 32), "there already")
        s.ctl("mebx", all=True, hash_delete="two")
        expect_error(lambda: add("odd", "11" * 31), "20 (SHA-1), 32")
        expect_error(lambda: s.ctl("mebx", all=True, hash_delete="Comodo AAA CA"), "only be disabled")
        s.ctl("mebx", all=True, hash_disable="Comodo AAA CA")
        own = {h["name"]: (h["type"], h["builtin"], h["enabled"]) for h in s.ctl("hashes", device=s.address)}
        assert own["one"] == ("sha1", False, True) and own["three"] == ("sha384", False, True)
        assert own["Comodo AAA CA"] == ("sha256", True, False) and "two" not in own
    with enterprise("16.1") as s:
        expect_error(lambda: s.ctl("mebx", all=True, new_password=MEBX, hash_name="one", hash=sha1), "takes no hash")


def expect_error(act, text):
    try:
        act()
    except RuntimeError as e:
        assert text in str(e), e
        return
    raise AssertionError(f"not refused: {text}")


def the_factory_password_must_be_changed_first():
    with enterprise() as s:
        expect_error(lambda: s.ctl("mebx", all=True, password="admin", mode="enterprise"), "must be changed first")
        expect_error(lambda: s.ctl("mebx", all=True, password="wrong", new_password=MEBX), "wrong")
        waits(s)
        set_up(s)
        expect_error(lambda: s.ctl("mebx", all=True, password="S3cond!pass", mode="smb"), "take it back first")
        s.ctl("mebx", all=True, password="S3cond!pass", mode="none")
        assert state(s)["state"] == "pre"


def a_one_time_password_is_told_while_it_is_set_up():
    with enterprise() as s:
        s.ctl("agent", all=True, action="otp", otp="12345678-otp")
        waits(s)
        c = server(s.address)
        assert base64.b64decode(one(c, SERVICE)["ProvisioningServerOTP"][0]) == b"12345678-otp"
        set_up(s)
        told = one(Client(s.address, tls=True, password=ADMIN), SERVICE)["ProvisioningServerOTP"]
        assert base64.b64decode(told[0]) == bytes(32)


# ---- client control mode ----

def client_control_mode_can_be_raised_over_the_network():
    with enterprise("11.8") as s:
        waits(s)
        s.ctl("agent", all=True, action="activate", password=ADMIN)
        assert state(s)["mode"] == "client"
        c = Client(s.address, password=ADMIN)
        own = one(c, "IPS_HostBasedSetupService")
        assert own["CurrentControlMode"] == ["1"] and own["AllowedControlModes"] == ["2", "1"]
        consent = one(c, "IPS_OptInService")
        assert consent["OptInRequired"] == ["4294967295"]
        assert rv(c, invoke(SERVICE, "SetMEBxPassword", "<r:Password>S3cond!pass</r:Password>")) == 16
        leaf = setup_certificate(issuer=authority.intermediate())

        def add(certificate, first=False, last=False):
            return rv(c, invoke("IPS_HostBasedSetupService", "AddNextCertInChain",
                                f"<r:NextCertificate>{base64.b64encode(certificate.der).decode()}</r:NextCertificate>"
                                f"<r:IsLeafCertificate>{str(first).lower()}</r:IsLeafCertificate>"
                                f"<r:IsRootCertificate>{str(last).lower()}</r:IsRootCertificate>"))
        assert add(root(), last=True) == 3  # the leaf comes first
        assert add(leaf, first=True) == 0 and add(root(), last=True) == 4
        assert add(leaf, first=True) == 0 and add(authority.intermediate()) == 0 and add(root(), last=True) == 0
        own = one(c, "IPS_HostBasedSetupService")
        assert own["CertChainStatus"] == ["2"]
        nonce = os.urandom(20)

        def upgrade(text):
            with open(authority.path("text"), "wb") as f:
                f.write(text)
            signature = authority.openssl("dgst", "-sha256", "-sign", leaf.key, authority.path("text"))
            return rv(c, invoke("IPS_HostBasedSetupService", "UpgradeClientToAdmin",
                                f"<r:McNonce>{base64.b64encode(nonce).decode()}</r:McNonce><r:SigningAlgorithm>2"
                                f"</r:SigningAlgorithm><r:DigitalSignature>{base64.b64encode(signature).decode()}"
                                "</r:DigitalSignature>"))
        assert upgrade(b"something else") == 5
        assert upgrade(base64.b64decode(own["ConfigurationNonce"][0]) + nonce) == 0
        own = one(c, "IPS_HostBasedSetupService")
        assert own["CurrentControlMode"] == ["2"] and state(s)["mode"] == "enterprise"
        expect_error(lambda: s.ctl("agent", all=True, action="unprovision"), "client control mode only")


if __name__ == "__main__":
    simulator.run([
        a_server_with_the_right_chain_sets_a_device_up, before_it_is_set_up_nothing_but_the_chain_opens_it,
        after_the_password_is_set_a_new_session_logs_in, nothing_is_committed_that_lacks_a_part,
        each_chain_that_is_wrong_is_refused_for_its_reason, what_keeps_a_device_silent_is_told,
        faults_close_the_door_of_a_device_that_waits, a_key_that_is_not_the_one_told_cannot_be_used,
        a_device_signs_a_request_with_its_key, keys_from_outside_are_taken, what_tls_uses_cannot_be_removed,
        only_so_many_and_so_large_keys_are_made, with_mutual_tls_only_console_certificates_come_in,
        old_firmware_is_set_up_by_pid_and_pps, openssl_comes_in_with_the_chain_and_not_without, the_time_to_be_set_up_ends,
        a_device_that_waits_says_hello_from_its_own_address, hellos_follow_the_schedule_of_firmware,
        a_psk_hello_tells_the_pid, the_server_is_looked_for_in_order, faults_change_what_a_hello_tells,
        many_devices_all_say_hello, a_computer_starts_from_a_usb_key, an_image_of_a_key_is_read_as_bios_does,
        partial_unprovisioning_asks_to_be_set_up_again, full_unprovisioning_keeps_the_mebx_password_only,
        an_auditor_can_forbid_it, the_audit_log_has_the_acts_of_set_up, mebx_holds_three_hashes_and_knows_their_sizes,
        the_factory_password_must_be_changed_first, a_one_time_password_is_told_while_it_is_set_up,
        client_control_mode_can_be_raised_over_the_network])
