"""Records of managed computers (M188): imported with lamp from CSV and JSON, shown, corrected and forgotten."""

import json

import harness
from harness import check, contains, equal


def sums(done):
    got = json.loads(done.stdout)
    return tuple(got[m] for m in ("rows", "added", "changed", "unchanged", "failed"))


def write(box, name, text):
    path = f"{box.folder}/{name}"
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    return path


def a_thousand_hosts_are_imported_once(box):
    server = box.lampd()
    rows = "".join(f"pc-{i},{i:08x}-0000-4000-8000-00000000{i:04x},02:00:5e:00:{i >> 8:02x}:{i & 255:02x},"
                   f"pc-{i}.corp.example,10.1.{i >> 8}.{i & 255},S{i}\r\n" for i in range(1, 1001))
    path = write(box, "hosts.csv", "\ufeffName,UUID,MAC,FQDN,Address,Serial\r\n" + rows)
    equal(sums(box.lamp(server, "inventory", "import", path, "--dry-run", "--json")), (1000, 1000, 0, 0, 0))
    equal(server.items("/inventory"), [])
    equal(sums(box.lamp(server, "inventory", "import", path, "--json")), (1000, 1000, 0, 0, 0))
    equal(sums(box.lamp(server, "inventory", "import", path, "--json")), (1000, 0, 0, 1000, 0))
    records = server.items("/inventory?limit=300")
    equal(len(records), 1000)
    got = json.loads(box.lamp(server, "inventory", "show", "pc-258", "--json").stdout)
    equal([got[m] for m in ("folder", "uuid", "macs", "fqdn", "addresses", "serial", "source", "amt")],
          ["/Workstations/", "00000102-0000-4000-8000-000000000102", ["02:00:5e:00:01:02"], "pc-258.corp.example",
           ["10.1.1.2"], "S258", "csv", None])
    equal(len(server.items("/inventory?name=pc-25")), 11)
    contains(box.lamp(server, "inventory", "list", "--limit", "1").stdout, "pc-1")
    equal(len(server.items("/devices?limit=1000")), 1000)
    box.lamp(server, "inventory", "remove", "pc-1", "--yes")
    server.get("/inventory/pc-1", expect=404)
    server.get("/devices/pc-1")


def a_file_of_many_parts_says_which_rows_are_wrong(box):
    server = box.lampd()
    rows = [f"pc-{i},10.{i >> 16}.{i >> 8 & 255}.{i & 255},red" for i in range(2, 12002)]
    rows[0] = "pc-2,10.1.1.256,red"
    rows[11000] = 'pc-x,"10.1.1.1'
    rows[11001] = 'x",red'
    path = write(box, "hosts.csv", "name,address,color\n" + "\n".join(rows))
    done = box.lamp(server, "inventory", "import", path, "--json", status=1)
    equal(sums(done), (11999, 11997, 0, 0, 2))
    contains(done.stderr, 'row 2, column address: invalid: "10.1.1.256" is no IP address')
    contains(done.stderr, "row 11002, column address: invalid")
    equal(json.loads(done.stdout)["ignored"], ["color"])
    hosts = [{"name": "pc-3", "macs": ["02-00-5E-00-00-01", "02-00-5E-00-00-02"]}, {"name": "pc-4", "uuid": "none"}]
    done = box.lamp(server, "inventory", "import", write(box, "h.json", json.dumps(hosts)), "--json", status=1)
    equal(sums(done), (2, 0, 1, 0, 1))
    contains(done.stderr, "row 2, column uuid: invalid")
    equal(server.get("/inventory/pc-3")["macs"], ["02:00:5e:00:00:01", "02:00:5e:00:00:02"])


def a_file_that_cannot_be_read_changes_nothing(box):
    server = box.lampd()
    for text, part in (("mac\n02:00:5e:00:00:01\n", "no column is called name or fqdn"), ("[{", "cannot"),
                       ("name,name\n", "two columns for name")):
        done = box.lamp(server, "inventory", "import", write(box, "bad", text), status=1)
        check(done.stderr.startswith("lamp: "), done.stderr)
        if part != "cannot":
            contains(done.stderr, part)
    with open(f"{box.folder}/latin", "wb") as f:
        f.write("name\nb\u00fcro\n".encode("latin-1"))
    contains(box.lamp(server, "inventory", "import", f"{box.folder}/latin", status=1).stderr, "UTF-8")
    contains(server.post("/inventory/import", expect=413, file="name\n" + "x\n" * 10001)["message"], "10000 rows")
    equal(server.items("/inventory"), [])


harness.main(
    a_thousand_hosts_are_imported_once,
    a_file_of_many_parts_says_which_rows_are_wrong,
    a_file_that_cannot_be_read_changes_nothing,
)
