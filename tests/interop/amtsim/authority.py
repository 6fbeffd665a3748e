"""authority - certificates for tests of set-up, all made by the openssl program: roots, set-up certificates right and
wrong, certificates for the public keys of devices. Keys are made once a run and shared."""
import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile

FOLDER = tempfile.mkdtemp(prefix="authority-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

SETUP_OID = "2.16.840.1.113741.1.2.3"
CONSOLE_OID = "2.16.840.1.113741.1.2.1"
OU = "Intel(R) Client Setup Certificate"


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout


def path(name):
    return os.path.join(FOLDER, name)


@functools.cache
def key(name, bits=2048):
    """A file with a private key; bits "ec": no RSA."""
    if os.path.exists(path(f"{name}-{bits}.key")):
        return path(f"{name}-{bits}.key")
    kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if bits == "ec" else [
        "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"]
    openssl("genpkey", *kind, "-out", path(f"{name}-{bits}.key"))
    return path(f"{name}-{bits}.key")


class Certificate:
    """pem, der, key (a file) and the issuer's certificate, None for a root."""

    def __init__(self, pem, key_file, issuer):
        self.pem, self.key, self.issuer = pem, key_file, issuer
        self.der = openssl("x509", "-outform", "DER", data=pem)
        self.file = path(f"{abs(hash(self.der))}.pem")
        with open(self.file, "wb") as f:
            f.write(pem)

    def hash(self, kind):
        """Of the DER, in lower-case hex, as openssl says it."""
        text = openssl("dgst", f"-{kind}", "-r", data=self.der)
        return text.split()[0].decode()

    def chain(self):
        return [self] if not self.issuer else [self, *self.issuer.chain()]


def make(subject, key_file, issuer=None, extensions=(), digest="sha256", days=3650, public=None, start=None):
    """issuer None: self-signed. public: a file with the public key that is certified instead of the key's own."""
    with open(path("ext.cnf"), "w", encoding="ascii") as f:
        f.write("[x]\n" + "\n".join(extensions) + "\n")
    name = path("request.pem")
    openssl("req", "-new", "-key", key_file, "-subj", subject, "-out", name, "-utf8")
    signer = ["-key", key_file] if not issuer else ["-CA", issuer.file, "-CAkey", issuer.key]
    if start:  # openssl ca alone can say when validity begins
        return _make_dated(name, key_file, issuer, digest, *start)
    pem = openssl("x509", "-req", "-in", name, *signer, f"-{digest}", "-days", str(days), "-set_serial",
                  str(0x10000 + int.from_bytes(os.urandom(4), "big")), "-extfile", path("ext.cnf"), "-extensions", "x",
                  *(["-force_pubkey", public] if public else []))
    return Certificate(pem, key_file, issuer)


def _make_dated(request, key_file, issuer, digest, first, last):
    """first and last as 20200101000000Z."""
    for name in ("index.txt", "index.txt.attr"):
        with open(path(name), "w", encoding="ascii"):
            pass
    with open(path("ca.cnf"), "w", encoding="ascii") as f:
        f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={path('index.txt')}\nnew_certs_dir={FOLDER}\nrand_serial=yes\n"
                f"policy=p\nunique_subject=no\ndefault_md={digest}\nemail_in_dn=no\n[p]\ncommonName=supplied\n"
                "organizationalUnitName=optional\norganizationName=optional\n")
    pem = openssl("ca", "-batch", "-config", path("ca.cnf"), "-in", request, "-cert", issuer.file, "-keyfile",
                  issuer.key, "-startdate", first, "-enddate", last, "-extfile", path("ext.cnf"), "-extensions", "x",
                  "-notext")
    return Certificate(pem, key_file, issuer)


CA = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")


def usage(*oids):
    return ("basicConstraints=CA:FALSE", "keyUsage=digitalSignature,keyEncipherment",
            "extendedKeyUsage=" + ",".join(oids))


@functools.cache
def root(name="Lab Root", bits=2048, digest="sha256"):
    return make(f"/O=Lab/CN={name}", key(name.replace(" ", "-"), bits), None, CA, digest)


@functools.cache
def intermediate(name="Lab Issuing"):
    return make(f"/O=Lab/CN={name}", key(name.replace(" ", "-")), root(), CA)


def setup_certificate(name="oob.lab.example", issuer=None, unit=None, oids=("serverAuth", SETUP_OID), bits=2048,
                      digest="sha256", **more):
    """Right in everything, but for what is said."""
    subject = "/O=Lab" + (f"/OU={unit}" if unit else "") + f"/CN={name}"
    return make(subject, key("server", bits), issuer or root(), usage(*oids), digest, **more)


def chain_file(certificates, name="chain.pem"):
    with open(path(name), "wb") as f:
        f.write(b"".join(c.pem for c in certificates))
    return path(name)


def for_public_key(pkcs1_der, subject, issuer=None):
    """A TLS certificate for a device's key, known by its DERKey."""
    public = path("device.pub")
    with open(public, "wb") as f:
        f.write(openssl("rsa", "-RSAPublicKey_in", "-inform", "DER", "-pubout", data=pkcs1_der))
    return make(subject, key("server"), issuer or root(), usage("serverAuth"), public=public)


def fits(certificate_der, pkcs1_der):
    """Is the certificate for this key?"""
    public = openssl("rsa", "-RSAPublicKey_in", "-inform", "DER", "-pubout", data=pkcs1_der)
    return openssl("x509", "-inform", "DER", "-noout", "-pubkey", data=certificate_der) == public


def subject_of(der):
    text = openssl("x509", "-inform", "DER", "-noout", "-subject", data=der).decode()
    return re.sub(r"\s", "", text.removeprefix("subject="))
