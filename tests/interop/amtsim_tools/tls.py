#!/usr/bin/python3
"""tls - which TLS versions each firmware takes and refuses, as openssl s_client and gnutls-cli see it; the suites that
old consoles need; the certificate; resumption."""
import re

import simulator
import thirdparty
from thirdparty import contains, equal, row

# Least and most, from the Intel AMT guide: 1.0 went and 1.2 came with 12.0, 1.1 went with the desktops of 15.
RANGE = {
    "5.2": (0, 1), "7.1": (0, 1), "8.1": (0, 1), "9.5": (0, 1), "11.8": (0, 1), "11.8-notebook": (0, 1), "12": (1, 2),
    "15": (2, 2), "15-notebook": (1, 2), "16.1": (2, 2), "18": (2, 2),
}
OPENSSL = {0: "tls1", 1: "tls1_1", 2: "tls1_2", 3: "tls1_3"}


def s_client(device, *options):
    return thirdparty.run("openssl", "s_client", "-connect", f"{device['device']}:16993", *options)


def openssl_agrees(device, version):
    least, most = RANGE[device["profile"]]
    # OpenSSL 3 takes versions below 1.2 at security level 0 only.
    status, text = s_client(device, "-" + OPENSSL[version], "-cipher", "ALL:@SECLEVEL=0")
    if least <= version <= most:
        equal(status, 0, text[-500:])
        contains(text, f"    Protocol  : TLSv1{f'.{version}' if version else ''}\n")
        assert re.search(r"^New, \S+, Cipher is [A-Z]", text, re.M), text
    else:
        equal(status, 1, text[-500:])
        assert re.search("alert protocol version|unsupported protocol", text), text  # of the server, of the client
        contains(text, "Cipher is (NONE)")


def gnutls_agrees(device, version):
    least, most = RANGE[device["profile"]]
    status, text = thirdparty.run("gnutls-cli", "--insecure", "--port", "16993", "--priority",
                                  f"NORMAL:-VERS-ALL:+VERS-TLS1.{version}:%COMPAT", device["device"])
    if least <= version <= most:
        equal(status, 0, text[-500:])
        contains(text, f"- Description: (TLS1.{version}-X.509)-")
        contains(text, "- Handshake was completed")
    else:
        equal(status, 1, text[-500:])
        assert "Handshake was completed" not in text, text


def static_rsa_is_offered(device):
    """What MeshCentral and old consoles ask for."""
    for suite in ("AES128-SHA", "AES256-SHA"):
        status, text = s_client(device, "-cipher", suite + ":@SECLEVEL=0", "-no_tls1_3")
        equal(status, 0, text[-500:])
        contains(text, f"Cipher is {suite}\n")


def the_certificate_is_that_of_firmware(sim, device):
    _, text = s_client(device, "-cipher", "ALL:@SECLEVEL=0")
    pem = re.search(r"-----BEGIN.*?END CERTIFICATE-----\n", text, re.S)[0]
    _, text = thirdparty.run("openssl", "x509", "-noout", "-subject", "-issuer", "-fingerprint", "-sha256", "-text",
                             text=pem)
    contains(text, "Public-Key: (2048 bit)")
    contains(text, "rsaEncryption")
    subject, issuer = (re.search(rf"^{x}=(.*)$", text, re.M)[1] for x in ("subject", "issuer"))
    equal(subject, issuer, "self-signed")
    contains(subject, "CN = " + device["name"])
    pin = re.search(r"^sha256 Fingerprint=(.*)$", text, re.M)[1].replace(":", "").lower()
    equal(sim.ctl("pin", device=device["device"])[0]["pin"].lower(), pin, "pin")


def sessions_are_resumed(sim, device, resume):
    sim.ctl("set", setting=f"tls-resume={resume}")
    _, text = s_client(device, "-cipher", "ALL:@SECLEVEL=0", "-no_tls1_3", "-reconnect")
    said = re.findall(r"^(New|Reused), ", text, re.M)
    equal(said, ["New"] + ["Reused" if resume else "New"] * 5, text[-500:])


def main():
    thirdparty.need("openssl", "gnutls-cli")
    with thirdparty.simulate("--tls", "on", devices=12) as sim:
        tests = []
        for device in [d for d in sim.ctl("list") if d["profile"] in RANGE]:
            p = device["profile"]
            least, most = RANGE[p]
            for version in range(4):
                verb = "agrees on" if least <= version <= most else "is refused"
                tests += [row(f"{p}: openssl {verb} TLS 1.{version}", openssl_agrees, device, version),
                          row(f"{p}: gnutls {verb} TLS 1.{version}", gnutls_agrees, device, version)]
            tests += [row(f"{p}: static RSA suites are offered", static_rsa_is_offered, device),
                      row(f"{p}: the certificate is RSA 2048, self-signed, for the device's name",
                          the_certificate_is_that_of_firmware, sim, device),
                      row(f"{p}: sessions are resumed", sessions_are_resumed, sim, device, 1),
                      row(f"{p}: sessions are not resumed where that is off", sessions_are_resumed, sim, device, 0)]
        equal(len(tests), 12 * len(RANGE), "rows")
        simulator.run(tests)


main()
