#!/usr/bin/python3
"""recorded - the simulator's replies have the shape of recorded ones: names, order and types of properties, and which
prefix stands for which namespace. Values differ, and so do ids, nonces and times.

LAMPLIGHTER_RECORDED names the folder of recordings (replies of real firmware, mostly 12.0.67, published with the test
suite of go-wsman-messages); without it this is skipped."""
import glob
import os
import re
import sys
import xml.etree.ElementTree as tree

import simulator
from simulator import ADDRESSING, SOAP, Client, Sim, enumerate_, get, invoke, power, pull, put

FOLDER = os.environ.get("LAMPLIGHTER_RECORDED", "")
BODY, ACTION = f"{{{SOAP}}}Body", f"{{{ADDRESSING}}}Action"
BOOT_EPR = (f"<a:Address>{ADDRESSING}</a:Address><a:ReferenceParameters><w:ResourceURI>"
            f"{simulator.uri('CIM_BootConfigSetting')}</w:ResourceURI><w:SelectorSet><w:Selector Name=\"InstanceID\">"
            "Intel(r) AMT: Boot Configuration 0</w:Selector></w:SelectorSet></a:ReferenceParameters>")

# Recorded from firmware newer than 12.
PROFILE = {"amt/boot/settingdata/": "16.1", "cim/boot/service/requeststatechange.xml": "16.1",
           "amt/general/get.xml": "16.1"}

# What was written by hand, cut, or depends on what the device went through: no word against us.
SKIP = {
    "amt/setupandconfiguration/getuuid.xml": "written by hand: action without Response, no ReturnValue",
    "amt/setupandconfiguration/getuuid-bad.xml": "written by hand for a test of errors",
    "amt/setupandconfiguration/unprovision.xml": "ends the device",
    "amt/setupandconfiguration/partialunprovision.xml": "ends the device",
    "amt/publickey/management/generatepkcs10requestex.xml": "written by hand; not simulated",
    "amt/publickey/management/addcertificate.xml": "needs a certificate: see the tests of methods",
    "amt/publickey/management/addtrustedrootcertificate.xml": "needs a certificate: see the tests of methods",
    "amt/publickey/management/addkey.xml": "needs a key: see the tests of methods",
    "amt/publickey/management/delete.xml": "needs an instance that was made",
    "amt/publickey/certificate/delete.xml": "needs an instance that was made",
    "amt/publicprivate/delete.xml": "needs an instance that was made",
    "amt/tls/credentialcontext/create.xml": "written by hand (testCertificate)",
    "amt/tls/credentialcontext/put.xml": "needs a second certificate",
    "amt/tls/settingdata/put.xml": "the echo of what was put; its Get is compared",
    "amt/authorization/setadminaclentryex.xml": "changes the password",
    "amt/authorization/removeuseraclentry.xml": "needs a user that was made",
    "amt/authorization/setaclenabledstate.xml": "needs a user that was made",
    "amt/ethernetport/put.xml": "the echo of what was put; its Get is compared",
    "amt/redirectionservice/put.xml": "the echo of what was put; its Get is compared",
    "amt/publickey/certificate/put.xml": "the echo of what was put; its Get is compared",
    "amt/boot/settingdata/put.xml": "the echo of what was put; its Get is compared",
    "ips/hostbasedsetup/addnextcertinchain.xml": "only while a device is being set up",
}

# Properties that may differ, and why.
MAY_LACK = {
    "AMT_EthernetPortSettings": {"IPAddress": "absent while there was no lease", "SecondaryDNS": "no second server",
                                 "DefaultGateway": "absent while there was no lease",
                                 "PrimaryDNS": "absent while there was no lease",
                                 "SubnetMask": "absent while there was no lease"},
}
ANY_ORDER = {"IPS_PowerManagementService": "OSPowerSavingState was put last by hand"}

# Parameters for methods.
INPUT = {
    "EnumerateUserAclEntries": "<r:StartIndex>1</r:StartIndex>",
    "GetUserAclEntryEx": "<r:Handle>1</r:Handle>",
    "GetAclEnabledState": "<r:Handle>1</r:Handle>",
    "GenerateKeyPair": "<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>2048</r:KeyLength>",
    "SetMEBxPassword": "<r:Password>Str0ng!pass2</r:Password>",
    "SetHighAccuracyTimeSynch": "<r:Ta0>1704586865</r:Ta0><r:Tm1>1704586865</r:Tm1><r:Tm2>1704586865</r:Tm2>",
    "SetBootConfigRole": f"<r:BootConfigSetting>{BOOT_EPR}</r:BootConfigSetting><r:Role>1</r:Role>",
    "SendOptInCode": "<r:OptInCode>123456</r:OptInCode>",
    "RequestOSPowerSavingStateChange": "<r:OSPowerSavingState>2</r:OSPowerSavingState>",
}
REQUESTED_STATE = {"AMT_RedirectionService": 32771, "CIM_BootService": 32769}


def local(element):
    return element.tag.split("}")[1]


def kind(element):
    """Type as far as the wire tells: what is inside, or the look of the text."""
    children = list(element)
    if children:
        return "+".join(local(c) for c in children)
    text = (element.text or "").strip()
    if text in ("true", "false"):
        return "bool"
    return "number" if re.fullmatch(r"-?\d+", text) else "text"


def shape(instance):
    """Names in order, without repetition, and the types seen for each."""
    names, kinds = [], {}
    for child in instance:
        name = local(child)
        if not names or names[-1] != name:
            names.append(name)
        kinds.setdefault(name, set()).add(kind(child))
    return local(instance), names, kinds


def namespaces(text):
    return dict(re.findall(r"xmlns:(\w+)\s*=\s*\"([^\"]+)\"", text[:text.index("Header")]))


def parse(text):
    """Action, class asked for, instances, whether a context follows, prefixes."""
    root = tree.fromstring(text)
    action = root.find(f".//{ACTION}").text.strip()
    resource = root.find(f".//{{{simulator.WSMAN}}}ResourceURI").text.strip()
    content = list(root.find(BODY))
    items, context = content, False
    if content and local(content[0]) == "PullResponse":
        items = [i for part in content[0] if local(part) == "Items" for i in part]
        context = any(local(part) == "EnumerationContext" for part in content[0])
    return action, resource.rsplit("/", 1)[1], items, context, namespaces(text.decode())


def request(client, action, name):
    """Our reply to the request that the recorded one answers."""
    verb = action.rsplit("/", 1)[1].removesuffix("Response")
    if verb == "Get":
        return client.ask(get(name))[2]
    if verb in ("Enumerate", "Pull"):
        reply = client.ask(enumerate_(name))[2]
        if verb == "Enumerate":
            return reply
        context = re.search(rb"Context>([^<]*)<", reply)
        if not context:
            raise AssertionError(f"{name} cannot be enumerated: {reply.decode()[:1500]}")
        return client.ask(pull(name, context[1].decode()))[2]
    if verb == "RequestPowerStateChange":
        return client.ask(power(10))[2]
    inside = INPUT.get(verb, "")
    if verb == "RequestStateChange":
        inside = f"<r:RequestedState>{REQUESTED_STATE[name]}</r:RequestedState>"
    return client.ask(invoke(name, verb, inside))[2]


def compare_instances(name, ours, theirs):
    """By their class; every recorded instance has one of ours with the same names."""
    may_lack = MAY_LACK.get(name, {})
    for instance in theirs:
        want_class, want, want_kinds = shape(instance)
        faults = []
        for candidate in ours:
            got_class, got, got_kinds = shape(candidate)
            left = [n for n in want if n not in may_lack]
            right = [n for n in got if n not in may_lack]
            if name in ANY_ORDER:
                left, right = sorted(left), sorted(right)
            if got_class != want_class or left != right:
                faults.append(f"{want_class}: recorded {left}, ours {got_class} {right}")
                continue
            wrong = [n for n in left if not (want_kinds[n] & got_kinds[n])]
            if not wrong:
                break
            faults.append(f"types of {wrong}: recorded {[want_kinds[n] for n in wrong]}, ours "
                          f"{[got_kinds[n] for n in wrong]}")
        else:
            raise AssertionError("; ".join(faults) or f"nothing of {want_class}")


def compare(client, path):
    with open(path, "rb") as f:
        recorded = parse(f.read())
    reply = request(client, recorded[0], recorded[1])
    ours = parse(reply)
    assert recorded[1] == ours[1], f"class {ours[1]}"
    if "Response" in recorded[0]:
        assert recorded[0] == ours[0], f"action {ours[0]}"
    assert recorded[3] == ours[3], f"a context follows: recorded {recorded[3]}, ours {ours[3]}"
    assert recorded[4] == ours[4], f"prefixes: recorded {recorded[4]}, ours {ours[4]}"
    compare_instances(recorded[1], ours[2], recorded[2])


def profile_of(name):
    return next((v for k, v in PROFILE.items() if name.startswith(k)), "12")


def files():
    found = sorted(os.path.relpath(p, FOLDER) for p in glob.glob(f"{FOLDER}/**/*.xml", recursive=True))
    return [f for f in found if f not in SKIP]


def check(client, name):
    def test():
        compare(client, os.path.join(FOLDER, name))
    test.__name__ = name
    return test


def main():
    if not os.path.isdir(FOLDER):
        if os.environ.get("LAMPLIGHTER_NO_SKIP") == "1":
            print("1..1\nnot ok 1 - LAMPLIGHTER_RECORDED names the folder of recordings")
            sys.exit(1)
        print("1..0 # SKIP LAMPLIGHTER_RECORDED names no folder")
        return
    options = ("--tls", "both", "--power", "on", "--set", "power-time=0")
    with Sim("--profile", "12", *options) as old, Sim("--profile", "16.1", *options) as new:
        clients = {"12": Client(old.address), "16.1": Client(new.address, tls=True)}
        print(f"# {len(files())} recorded files compared, {len(SKIP)} passed over with a reason")
        simulator.run([check(clients[profile_of(f)], f) for f in files()])


if __name__ == "__main__":
    main()
