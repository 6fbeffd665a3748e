#!/usr/bin/python3
"""pg_prepare.py PRINT_SQL - applies every migration to a real PostgreSQL of its own and PREPAREs every statement.

The server lives in a temporary folder, listens on a unix socket there only, and is stopped at the end whatever happens.
Prints TAP: one check for each migration and each statement."""
import glob
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

LOCALE = ["--locale=C", "--encoding=UTF8"]


def bin_folder():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    return os.path.dirname(found[-1]) if found else None


def skip(why):
    if os.environ.get("LAMPLIGHTER_NO_SKIP") == "1":
        print(f"1..1\nnot ok 1 - {why}")
        sys.exit(1)
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def as_user():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    skip("no user to run PostgreSQL as")


class Server:
    def __init__(self, bin_dir):
        self.bin = bin_dir
        self.who = as_user()
        self.folder = tempfile.mkdtemp(prefix="lamp-pg-")
        self.process = None
        if self.who:
            os.chown(self.folder, self.who["user"], self.who["group"])

    def run(self, *command, **more):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": self.folder}
        return subprocess.run(command, cwd=self.folder, env=environment, text=True, capture_output=True, **self.who,
                              **more)

    def start(self):
        data = os.path.join(self.folder, "data")
        made = self.run(f"{self.bin}/initdb", "-D", data, "-A", "trust", "-U", "lamp", "--no-sync", *LOCALE)
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        # pg_ctl returns when the server takes connections; it is the server's only control.
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c max_connections=5"
        log = os.path.join(self.folder, "log")
        started = self.run(f"{self.bin}/pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", options, "start",
                           stdin=subprocess.DEVNULL)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr + open(log).read())

    def stop(self):
        self.run(f"{self.bin}/pg_ctl", "-D", os.path.join(self.folder, "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def psql(self, script):
        return self.run(f"{self.bin}/psql", "-h", self.folder, "-U", "lamp", "-d", "postgres", "-X", "-q", "-v",
                        "ON_ERROR_STOP=1", "-f", "-", input=script)


def script_of(rows):
    """All in one session; a line before each piece says which is next, so that an error can be named."""
    lines = []
    for i, row in enumerate(rows):
        lines.append(f"\\echo @{i}")
        if row["kind"] == "migration":
            lines += ["BEGIN;", row["sql"], "COMMIT;"]
        else:
            lines.append(f'PREPARE s{i} AS {row["sql"]};')
    return "\n".join(lines) + "\n\\echo @end\n"


def check(server, rows):
    """Statements are independent of each other, so those that fail are taken out and the rest is tried again."""
    failed = {}
    while True:
        open_rows = [r for r in rows if r["name"] not in failed]
        done = server.psql(script_of(open_rows) if not failed else "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"
                           + script_of(open_rows))
        marks = [line[1:] for line in done.stdout.splitlines() if line.startswith("@")]
        if done.returncode == 0 and marks and marks[-1] == "end":
            return failed
        bad = open_rows[int(marks[-1])]
        failed[bad["name"]] = done.stderr.strip()
        if bad["kind"] == "migration":
            return {**{r["name"]: "its migration failed" for r in rows[rows.index(bad) + 1:]}, **failed}


def main():
    bin_dir = bin_folder()
    if not bin_dir:
        skip("PostgreSQL is not installed")
    printed = subprocess.run([sys.argv[1]], text=True, capture_output=True, check=True)
    rows = [json.loads(line) for line in printed.stdout.splitlines()]
    server = Server(bin_dir)
    try:
        server.start()
        failed = check(server, rows)
    finally:
        server.stop()
    print(f"1..{len(rows)}")
    for i, row in enumerate(rows, 1):
        print(("not ok" if row["name"] in failed else "ok"), i, "-", row["kind"], row["name"])
        for line in failed.get(row["name"], "").splitlines():
            print("#", line)
    return 1 if failed else 0


sys.exit(main())
