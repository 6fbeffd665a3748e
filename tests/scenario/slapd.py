"""A real slapd of OpenLDAP with people and groups, on an address of a Box: started by a test, ended with it.

The tree: ou=people with inetOrgPersons, ou=groups with groupOfNames that hold people and groups (the overlay memberof
writes memberOf into both), cn=reader as the login of a server. TLS by a certificate of an authority that openssl makes here.
"""

import os
import shutil
import signal
import subprocess
import time

import harness
from harness import Failed, Skipped

SUFFIX = "dc=corp,dc=example"
READER = f"cn=reader,{SUFFIX}"
READER_PASSWORD = "Reader-pass 1"
PORT, TLS_PORT = 3389, 3636
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
TLSVerifyClient never
database mdb
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw rootpw
directory {folder}/data
overlay memberof
memberof-group-oc groupOfNames
memberof-member-ad member
memberof-memberof-ad memberOf
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by anonymous auth by * none
"""


def dn(uid):
    return f"uid={uid},ou=people,{SUFFIX}"


def group(cn):
    return f"cn={cn},ou=groups,{SUFFIX}"


def tool(*command, folder=None, text=None):
    done = subprocess.run(command, capture_output=True, text=True, input=text, cwd=folder, timeout=harness.DEADLINE,
                          env={**os.environ, "PATH": PATH, "LDAPNOINIT": "1"})
    if done.returncode:
        raise Failed(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def make_certificates(folder, address, name="ca"):
    """An authority, and a certificate of it for the address."""
    tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
         f"/CN=Test {name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", folder=folder)
    tool("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={address}",
         "-keyout", "key.pem", "-out", "req.pem", folder=folder)
    with open(os.path.join(folder, "ext"), "w") as f:
        f.write(f"subjectAltName=IP:{address}\n")
    tool("openssl", "x509", "-req", "-in", "req.pem", "-CA", f"{name}.pem", "-CAkey", f"{name}.key", "-days", "30",
         "-extfile", "ext", "-out", "cert.pem", folder=folder)


class Slapd:
    def __init__(self, box, address):
        if not shutil.which("slapd", path=PATH) or not shutil.which("ldapmodify", path=PATH):
            raise Skipped("slapd and ldap-utils are not installed")
        self.box, self.address = box, address
        self.folder = box.path("slapd-" + address.rsplit(".", 1)[1])
        os.makedirs(os.path.join(self.folder, "data"))
        make_certificates(self.folder, address)
        with open(os.path.join(self.folder, "slapd.conf"), "w") as f:
            f.write(CONF.format(folder=self.folder, suffix=SUFFIX, reader=READER))
        self.popen = None
        self.start()
        self.fill()

    @property
    def url(self):
        return f"ldap://{self.address}:{PORT}"

    @property
    def tls_url(self):
        return f"ldaps://{self.address}:{TLS_PORT}"

    @property
    def ca(self):
        return os.path.join(self.folder, "ca.pem")

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.popen = subprocess.Popen(["slapd", "-d", "stats", "-f", "slapd.conf", "-h", f"{self.url} {self.tls_url}"],
                                      cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                      env={**os.environ, "PATH": PATH})
        end = time.monotonic() + harness.DEADLINE
        while "slapd starting" not in self.log_text():
            if self.popen.poll() is not None or time.monotonic() > end:
                raise Failed("slapd does not start: " + self.log_text()[-2000:])
            time.sleep(0.02)  # it tells nobody else that it serves

    def log_text(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as f:
            return f.read()

    def stop(self, signum=signal.SIGTERM):
        if self.popen:
            self.popen.send_signal(signum)
            self.popen.wait(harness.DEADLINE)
            self.log.close()
            os.rename(os.path.join(self.folder, "log"), os.path.join(self.folder, "log-before"))
        self.popen = None

    def hang(self):
        self.popen.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.popen.send_signal(signal.SIGCONT)

    def change(self, ldif):
        tool("ldapmodify", "-x", "-H", self.url, "-D", f"cn=root,{SUFFIX}", "-w", "rootpw", text=ldif)

    def entry(self, where, **attributes):
        lines = [f"dn: {where}", "changetype: add"]
        for name, values in attributes.items():
            lines += [f"{name}: {v}" for v in (values if isinstance(values, (list, tuple)) else [values])]
        self.change("\n".join(lines) + "\n")

    def person(self, uid, password, **more):
        self.entry(dn(uid), objectClass="inetOrgPerson", sn=uid.capitalize(), cn=f"{uid.capitalize()} Example", uid=uid,
                   userPassword=password, **more)

    def group(self, cn, *members):
        self.entry(group(cn), objectClass="groupOfNames", member=members)

    def member(self, cn, member, how="add"):
        self.change(f"dn: {group(cn)}\nchangetype: modify\n{how}: member\nmember: {member}\n")

    def fill(self):
        self.entry(SUFFIX, objectClass=["dcObject", "organization"], o="Corp", dc="corp")
        for ou in ("people", "groups"):
            self.entry(f"ou={ou},{SUFFIX}", objectClass="organizationalUnit", ou=ou)
        self.entry(READER, objectClass=["organizationalRole", "simpleSecurityObject"], userPassword=READER_PASSWORD)
        for uid in ("alice", "bob", "carol", "dave"):
            self.person(uid, f"{uid}-Pass 1")
        self.group("ops", dn("alice"))
        self.group("helpdesk", dn("bob"))
        self.group("level2", dn("carol"))
        self.group("level1", group("level2"))
        self.member("level2", group("level1"))  # a circle
        self.group("nobody", READER)
