#!/usr/bin/env python3
"""embed.py FILE... OUT - writes the migrations as a C table, in the order of the command line."""
import os
import sys

*files, out = sys.argv[1:]
lines = ['#include "store/migrations.h"', "", "const struct migration migrations[] = {"]
for path in files:
    name = os.path.basename(path)
    with open(path, encoding="utf-8") as f:
        text = [l for l in f.read().splitlines() if l and not l.startswith("--")]
    lines.append("\t{%d, \"%s\"," % (int(name.split("_")[0]), name))
    for l in text:
        lines.append('\t "%s\\n"' % l.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t"))
    lines.append("\t},")
lines += ["};", "const size_t migrations_len = sizeof(migrations) / sizeof(migrations[0]);", ""]
with open(out, "w", encoding="utf-8") as f:
    f.write("\n".join(lines))
