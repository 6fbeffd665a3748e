"""Every command of the guide's page on folders, settings, groups and rules, as it stands there."""

import os
import shlex

import harness
from harness import check

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "guide", "folders-and-settings.md")


def the_commands_of_the_page_work_in_their_order(box):
    box.sim(3, "--profile", "11.8")
    server = box.lampd()
    server.post("/credentials", name="lab", password=harness.PASSWORD)
    for i, (name, folder, tags) in enumerate((("desk-17", "/Workstations/", []), ("lobby-1", "/Workstations/lobby/", []),
                                              ("kiosk-1", "/Workstations/", ["kiosk"])), 1):
        server.post("/devices", name=name, amt=box.address(i), credential="lab", folder=folder, tags=tags)
    with open(PAGE, encoding="utf-8") as page:
        lines = [line.strip() for line in page if line.startswith("    lamp ")]
    check(len(lines) > 20, "the page has its commands")
    for line in lines:
        words = shlex.split(line)[1:]
        if words[:2] == ["folder", "remove"]:  # by then desk-17 is in it: refused, as the page says
            box.lamp(server, *words, "--yes", status=1)
            continue
        box.lamp(server, *words)


harness.main(the_commands_of_the_page_work_in_their_order)
