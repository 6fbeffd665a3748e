#!/usr/bin/python3
"""Plants wrong includes in a copy of our headers and expects tools/check-floors to name each, and nothing else."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLANTED = [  # file, line, what must be said; None: allowed
    ("src/base/planted.h", '#include "codec/http.h"', "base may not include from codec"),
    ("src/codec/planted.c", '#  include "amt/act.h"', "codec may not include from amt"),
    ("src/amt/planted.c", '#include "store/store.h"', "amt may not include from store"),
    ("src/wire/planted.c", '#include "zone/zone.h"', "wire may not include from zone"),
    ("sim/planted.c", '#include "amt/flow.h"', "sim may not include from amt"),
    ("src/attic/planted.c", "int x;", "folder attic has no row"),
    ("src/zone/planted.c", '#include "store/store.h"', None),
    ("src/amt/planted_too.c", '#include "amt/act.h"', None),
    ("src/base/planted_too.c", "#include <uv.h>", None),
]


def check(root):
    done = subprocess.run([os.path.join(ROOT, "tools", "check-floors"), root], capture_output=True, text=True)
    return done.returncode, done.stdout


def plant(root, path, line):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write("/* planted */\n" + line + "\n")
    return path


def main():
    failures = []
    with tempfile.TemporaryDirectory() as root:
        for name in ("src", "sim", "docs"):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(root, name), ignore=shutil.ignore_patterns("*.bin"))
        if check(root)[0] != 0:
            failures.append("the copy itself is not clean")
        for path, line, want in PLANTED:
            planted = plant(root, path, line)
            code, said = check(root)
            os.unlink(planted)
            if (code != 0) != (want is not None) or (want and (path not in said or want not in said)):
                failures.append(f"{path} with {line}: {code}, {said!r}")
        os.unlink(os.path.join(root, "docs", "architecture.md"))
        plant(root, "docs/architecture.md", "no table")
        if check(root)[0] == 0:
            failures.append("without a table nothing is wrong")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


sys.exit(main())
