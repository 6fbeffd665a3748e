"""Rows of results, gates, and how they are printed."""
import os
import platform
import subprocess


class Report:
    def __init__(self):
        self.rows = []

    def add(self, id, figure, ours, peer=None, ratio=None, gate=None, met=None, counted=False, note=""):
        """gate: the condition as text; met: whether it held; counted: it rests on counts, not on timings."""
        self.rows.append({"id": id, "figure": figure, "ours": ours, "peer": peer, "ratio": ratio, "gate": gate,
                          "met": met, "counted": counted, "note": note})

    def count(self, id, figure, value, most=None, least=None, note="", digits=3):
        """A counted figure with a ceiling or a floor."""
        gate = f"<= {most}" if most is not None else f">= {least}"
        met = value <= most if most is not None else value >= least
        self.add(id, figure, short(value, digits), gate=gate, met=met, counted=True, note=note)

    def ratio(self, id, figure, ours, peer, value, most=None, least=None, unit="", note=""):
        """Ours beside the peer's; the ratio is the median of the rounds' ratios."""
        gate = f"<= {short(most)}" if most is not None else f">= {short(least)}" if least is not None else None
        met = None if gate is None else value <= most if most is not None else value >= least
        self.add(id, figure, f"{short(ours)}{unit}", f"{short(peer)}{unit}", short(value), gate, met, note=note)

    def info(self, id, figure, ours, note=""):
        self.add(id, figure, ours, note=note)

    def counted_misses(self):
        return [r for r in self.rows if r["counted"] and r["met"] is False]

    def table(self, markdown=False):
        names = ["id", "figure", "ours", "peer", "ratio", "gate", "", "note"]
        rows = [[r["id"], r["figure"], str(r["ours"]), text(r["peer"]), text(r["ratio"]), text(r["gate"]), verdict(r),
                 r["note"]] for r in self.rows]
        if markdown:
            lines = [names, ["---"] * len(names), *rows]
            return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        widths = [max(len(r[i]) for r in [names, *rows]) for i in range(len(names))]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(cells, widths)).rstrip() for cells in [names, *rows])


def verdict(row):
    if row["met"] is None:
        return ""
    return ("pass" if row["met"] else "MISS") + (" (count)" if row["counted"] else "")


def text(value):
    return "" if value is None else str(value)


def short(value, digits=3):
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
    return str(value)


def machine():
    model = "?"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}"


def commit(root):
    done = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty", "--exclude=*"], capture_output=True)
    return done.stdout.decode().strip() or "unknown"
