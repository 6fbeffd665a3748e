"""replies - what a device's replies hold, read with Python's own XML library."""
import re
import xml.etree.ElementTree as tree

import simulator
from simulator import enumerate_, get, pull


def names(text):
    """(class, {property: [values]}) of each instance in a reply."""
    body = tree.fromstring(text).find(f"{{{simulator.SOAP}}}Body")
    items = list(body)
    if items and items[0].tag.endswith("PullResponse"):
        items = [i for part in items[0] if part.tag.endswith("Items") for i in part]
    result = []
    for item in items:
        properties = {}
        for p in item:
            properties.setdefault(p.tag.split("}")[1], []).append(p.text or "")
        result.append((item.tag.split("}")[1], properties))
    return result


def context(text):
    found = re.search(rb"EnumerationContext>([^<]*)<", text)
    return found and found[1].decode()


def all_of(c, name):
    """Enumerates to the end: a list per Pull."""
    status, _, text = c.ask(enumerate_(name))
    assert status == 200, text
    pulls, at = [], context(text)
    while at:
        status, _, text = c.ask(pull(name, at))
        assert status == 200, text
        pulls.append(names(text))
        at = context(text)
        assert bool(at) != (b"<g:EndOfSequence></g:EndOfSequence>" in text)
    return pulls


def rv(c, body):
    status, _, text = c.ask(body)
    assert status == 200, text
    return int(re.search(rb"<g:ReturnValue>(\d+)</g:ReturnValue></g:\w+_OUTPUT>", text)[1])


def fault(c, body):
    status, _, text = c.ask(body)
    assert status in (400, 500), (status, text)
    return re.search(rb"Subcode><a:Value>([^<]*)<", text)[1].decode()


def one(c, name, selectors=None):
    status, _, text = c.ask(get(name, selectors))
    assert status == 200, text
    return names(text)[0][1]
