#!/usr/bin/python3
"""behaviour - what a device of amtsim does, seen with Python's own client: HTTP and digest in AMT's shapes, classes that
hang together and honour what is put, power, boot options, logs, users, consent, alarms, MEBx, the generations."""
import base64
import os
import re
import socket
import ssl
import subprocess
import time
import warnings

import authority
import simulator
from replies import all_of, context, fault, names, one, rv
from simulator import (ADDRESSING, DEADLINE, PASSWORD, Client, Sim, enumerate_, envelope, exchange, get, invoke, md5,
                       pongs, power, pull, put, uri, wait_for)

warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point
STATE = get("CIM_AssociatedPowerManagementService")
PORT, PING_PORT = simulator.take_port(), simulator.take_port()
SIM = None


def client(number=1, **more):
    return Client(SIM.at(number), **more)


# ---- HTTP ----

def bare(request):
    return exchange(SIM.address, request)


def the_401_is_what_firmware_sends():
    got, end = bare(b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    head, page = got.split(b"\r\n\r\n", 1)
    assert re.fullmatch(
        rb'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Digest:[0-9A-F]{32}", nonce="[A-Za-z0-9+/]{32}"'
        rb',stale="false",qop="auth"\r\nContent-Type: text/html\r\nServer: Intel\(R\) Active Management Technology '
        rb"11.8.50.3425\r\nContent-Length: 690\r\nConnection: close", head), head
    assert len(page) == 690 and page.endswith(b"</html>\n") and b"temporarily locked" in page and end == "closed"


def the_nonce_has_a_time_then_zeros():
    c = client()
    c.once(STATE)
    raw = base64.b64decode(c.challenge["nonce"])
    assert len(raw) == 24 and raw[6:12] == bytes(6) and any(raw[12:])


def the_root_page_leads_to_the_log_on():
    got, end = bare(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert got == (b"HTTP/1.1 303 See Other\r\nLocation: /logon.htm\r\nServer: Intel(R) Active Management Technology "
                   b"11.8.50.3425\r\nContent-Length: 0\r\n\r\n"), got
    assert end == "open"
    assert bare(b"GET /logon.htm HTTP/1.1\r\nhost: x\r\n\r\n")[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert bare(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")[0].startswith(b"HTTP/1.1 404 ")


def a_body_comes_in_chunks_of_four_digits():
    c = client()
    c.once(STATE)
    body = STATE.encode()
    got, end = bare(b"POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s"
                    % (c.answer("POST", "/wsman", body).encode(), len(body), body))
    head, rest = got.split(b"\r\n\r\n", 1)
    assert re.fullmatch(
        rb"HTTP/1.1 200 OK\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nServer: [^\r]*\r\nX-Frame-Options: "
        rb"DENY\r\nContent-Type: application/soap\+xml; charset=UTF-8\r\nTransfer-Encoding: chunked", head), head
    assert end == "open" and rest.endswith(b"\r\n0\r\n\r\n")
    whole = b""
    while rest != b"0\r\n\r\n":
        assert re.match(rb"[0-9A-F]{4}\r\n", rest), rest[:20]
        size = int(rest[:4], 16)
        whole += rest[6:6 + size]
        rest = rest[8 + size:]
    assert whole.startswith(b'<?xml version="1.0" encoding="UTF-8"?><a:Envelope xmlns:a=') and b"> <" not in whole


def a_fault_closes_the_connection():
    c = client()
    status, headers, text = c.ask(get("CIM_Battery"))
    assert status == 400 and headers["Connection"] == "close" and b"b:DestinationUnreachable" in text


def what_is_no_envelope_is_400_without_a_body():
    status, headers, text = client().ask("this is no XML")
    assert status == 400 and text == b"" and headers["Content-Length"] == "0"


def expect_100_is_answered():
    got, _ = bare(b"POST /wsman HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert got == b"HTTP/1.1 100 Continue\r\n\r\n"


def a_chunked_request_is_read():
    c = client()
    c.once(STATE)
    body = STATE.encode()
    got, _ = bare(b"POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nTransfer-Encoding: chunked\r\n\r\n%X\r\n%s"
                  b"\r\n0\r\n\r\n" % (c.answer("POST", "/wsman", body).encode(), len(body), body))
    assert got.startswith(b"HTTP/1.1 200 OK")


# ---- digest ----

def a_nonce_is_good_for_many_requests_on_many_connections():
    c = client()
    assert c.ask(STATE)[0] == 200
    before = c.round_trips
    for _ in range(5):
        c.close()
        assert c.once(STATE)[0] == 200
    assert c.round_trips == before + 5


def a_count_that_does_not_grow_is_stale():
    c = client()
    c.ask(STATE)
    c.count -= 1
    status, headers, _ = c.once(STATE)
    assert status == 401 and 'stale="true"' in headers["WWW-Authenticate"]
    SIM.ctl("set", setting="nonce-count=0")
    c.ask(STATE)
    c.count -= 1
    assert c.once(STATE)[0] == 200
    SIM.ctl("set", setting="nonce-count=1")


def a_bound_nonce_dies_with_its_connection():
    SIM.ctl("set", setting="nonce-bound=1")
    SIM.ctl("set", setting="close-after-401=0")
    c = client()
    assert c.ask(STATE)[0] == 200 and c.once(STATE)[0] == 200
    c.close()
    status, headers, _ = c.once(STATE)
    assert status == 401 and 'stale="true"' in headers["WWW-Authenticate"]
    SIM.ctl("set", setting="nonce-bound=0")
    SIM.ctl("set", setting="close-after-401=1")


def a_wrong_login_is_refused_and_logged():
    before = len(events(client(3)))
    for more in ({"password": "wrong"}, {"user": "nobody"}):
        assert client(3, **more).ask(STATE)[0] == 401
    after = events(client(3))
    assert len(after) == before + 2 and after[0][5] == 6  # authentication failures, the newest first


def the_hash_covers_the_count_as_it_was_written():
    c = client()
    c.once(STATE)
    ch = c.challenge
    ha1, ha2 = md5(f"admin:{ch['realm']}:{PASSWORD}"), md5("POST:/wsman")
    response = md5(f"{ha1}:{ch['nonce']}:1:abc:auth:{ha2}")
    header = (f'Digest username="admin",realm="{ch["realm"]}",nonce="{ch["nonce"]}",uri="/wsman",cnonce="abc",nc="1",'
              f'qop="auth",response="{response}"')
    body = STATE.encode()
    got, _ = bare(b"POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s"
                  % (header.encode(), len(body), body))
    assert got.startswith(b"HTTP/1.1 200 OK")


def over_tls_one_login_holds_for_the_connection():
    with Sim("--profile", "12", "--tls", "on") as s:
        c = Client(s.address, tls=True)
        assert c.ask(STATE)[0] == 200
        c.challenge = None
        assert c.once(STATE)[0] == 200
        c.close()
        assert c.once(STATE)[0] == 401


def newest_firmware_offers_auth_int():
    with Sim("--profile", "18") as s:
        c = Client(s.address, tls=True)
        assert c.once(STATE)[0] == 401 and c.challenge["qop"] == "auth-int, auth"
        assert c.once(STATE)[0] == 200
        assert refused(s.address)


# ---- enumeration ----

def one_pull_gives_one_concrete_class():
    c = client()
    pulls = all_of(c, "CIM_PhysicalPackage")
    assert [{k for k, _ in p} for p in pulls] == [{"CIM_Card"}, {"CIM_PhysicalPackage"}, {"CIM_Chassis"}]
    assert [{k for k, _ in p} for p in all_of(c, "CIM_Chip")] == [{"CIM_Chip"}, {"CIM_PhysicalMemory"}]
    assert [k for k, _ in all_of(c, "CIM_ServiceAvailableToElement")[0]] == ["CIM_AssociatedPowerManagementService"]
    assert all_of(c, "IPS_AlarmClockOccurrence") == [[]]
    assert len(all_of(c, "CIM_PowerManagementCapabilities")) == 2


def a_context_is_used_once_and_ends():
    c = client()
    at = context(c.ask(enumerate_("CIM_SoftwareIdentity"))[2])
    assert re.fullmatch(r"[0-9A-F]{4}0000-0000-0000-0000-000000000000", at)
    assert fault(c, pull("CIM_Card", at)) .endswith("InvalidEnumerationContext")
    assert len(names(c.ask(pull("CIM_SoftwareIdentity", at))[2])) == 11
    assert fault(c, pull("CIM_SoftwareIdentity", at)).endswith("InvalidEnumerationContext")
    assert fault(c, pull("CIM_SoftwareIdentity", "nonsense")).endswith("InvalidEnumerationContext")


def max_elements_cuts_a_pull():
    c = client()
    at, seen = context(c.ask(enumerate_("CIM_SoftwareIdentity"))[2]), []
    while at:
        text = c.ask(pull("CIM_SoftwareIdentity", at, 4))[2]
        seen.append(len(names(text)))
        at = context(text)
    assert seen == [4, 4, 3]


def contexts_expire():
    with Sim("--profile", "11.8", "--clock", "driven") as s:
        c = Client(s.address)
        at = context(c.ask(enumerate_("CIM_Card"))[2])
        s.ctl("clock advance", time="61s")
        c.close()
        assert fault(c, pull("CIM_Card", at)).endswith("InvalidEnumerationContext")


def unknown_things_are_faults_of_400():
    c = client()
    assert fault(c, get("CIM_Nothing")) == "b:DestinationUnreachable"
    assert fault(c, enumerate_("CIM_Battery")) == "b:DestinationUnreachable"
    assert fault(c, get("CIM_Chassis", {"Tag": "other"})) == "b:DestinationUnreachable"
    assert fault(c, invoke("CIM_Chassis", "Explode")) == "b:ActionNotSupported"
    assert fault(c, envelope(simulator.TRANSFER + "/Destroy", uri("CIM_Chassis"))) == "b:ActionNotSupported"


# ---- identity and settings ----

def the_machine_is_one():
    c = client()
    listed = SIM.ctl("list", device="#0")[0]
    raw = bytes.fromhex(one(c, "CIM_ComputerSystemPackage")["PlatformGUID"][0])
    text = c.value(invoke("AMT_SetupAndConfigurationService", "GetUuid"), "UUID")
    assert base64.b64decode(text) == raw
    printed = (raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]).hex()
    assert printed == listed["uuid"].replace("-", "")
    settings = one(c, "AMT_GeneralSettings")
    assert settings["HostName"] == [listed["name"]] and settings["DigestRealm"] == [listed["realm"]]
    assert settings["DigestRealm"] == [c.challenge["realm"]] and settings["DomainName"] == ["corp.example"]
    assert settings["HostOSFQDN"] == [listed["name"] + ".corp.example"]
    assert one(c, "AMT_EthernetPortSettings")["IPAddress"] == [SIM.address]
    versions = {p["InstanceID"][0]: p["VersionString"][0] for _, p in all_of(c, "CIM_SoftwareIdentity")[0]}
    assert versions["AMT"] == "11.8.50" and versions["Build Number"] == "3425"
    chips, processors = all_of(c, "CIM_Chip")[0], all_of(c, "CIM_Processor")[0]
    assert len(chips) == len(processors) and "Intel(R)" in chips[0][1]["Version"][0]
    chassis = one(c, "CIM_Chassis")
    assert chassis == [p for k, p in all_of(c, "CIM_PhysicalPackage")[2]][0]


def what_is_put_is_read_back():
    c = client(2)
    inside = ("<r:HostName>desk-9</r:HostName><r:PingResponseEnabled>true</r:PingResponseEnabled>"
              "<r:WsmanOnlyMode>false</r:WsmanOnlyMode><r:PrivacyLevel>7</r:PrivacyLevel>")
    status, _, text = c.ask(put("AMT_GeneralSettings", inside))
    assert status == 200 and b"<g:HostName>desk-9</g:HostName>" in text
    settings = one(c, "AMT_GeneralSettings")
    assert settings["HostName"] == ["desk-9"] and settings["PrivacyLevel"] == ["0"]
    assert SIM.ctl("list", device="desk-9")[0]["device"] == SIM.at(2)
    assert fault(c, put("AMT_GeneralSettings", "<r:HostName>x</r:HostName>")) == "d:InvalidRepresentation"
    assert fault(c, put("AMT_GeneralSettings", inside.replace(">true<", ">perhaps<"))) == "d:InvalidRepresentation"
    assert one(c, "AMT_GeneralSettings")["HostName"] == ["desk-9"]
    assert fault(c, put("CIM_Chassis", "<r:Tag>x</r:Tag>")) == "b:ActionNotSupported"


def a_put_finds_its_instance_by_the_keys_in_it():
    with Sim("--profile", "12") as s:
        c = Client(s.address)
        inside = ("<r:AcceptNonSecureConnections>true</r:AcceptNonSecureConnections><r:Enabled>false</r:Enabled>"
                  "<r:InstanceID>Intel(r) AMT LMS TLS Settings</r:InstanceID>"
                  "<r:MutualAuthentication>true</r:MutualAuthentication><r:TrustedCN>a.example</r:TrustedCN>"
                  "<r:TrustedCN>b.example</r:TrustedCN>")
        assert c.ask(put("AMT_TLSSettingData", inside))[0] == 200
        both = [p for _, p in all_of(c, "AMT_TLSSettingData")[0]]
        assert "TrustedCN" not in both[0] and both[1]["TrustedCN"] == ["a.example", "b.example"]
        assert both[1]["MutualAuthentication"] == ["true"] and both[0]["MutualAuthentication"] == ["false"]


def pings_can_be_silenced_by_a_put():
    with Sim("--profile", "12", "--rmcp-port", str(PING_PORT)) as s:
        [(pong, peer)] = pongs(s, PING_PORT)
        assert peer[0] == s.address and pong[18] == 0xC0 and pong[16:18] == b"\x42\x60" and pong[19] & 3 == 2
        Client(s.address).ask(put("AMT_GeneralSettings", "<r:PingResponseEnabled>true</r:PingResponseEnabled>"
                                  "<r:WsmanOnlyMode>false</r:WsmanOnlyMode>"
                                  "<r:RmcpPingResponseEnabled>false</r:RmcpPingResponseEnabled>"))
        assert not pongs(s, PING_PORT)


def the_clock_is_set_in_three_numbers():
    c = client(2)
    ta0 = int(c.value(invoke("AMT_TimeSynchronizationService", "GetLowAccuracyTimeSynch"), "Ta0"))
    assert abs(ta0 - time.time()) < DEADLINE
    later = ta0 + 86400

    def set_to(t):
        return rv(c, invoke("AMT_TimeSynchronizationService", "SetHighAccuracyTimeSynch",
                            f"<r:Ta0>{ta0}</r:Ta0><r:Tm1>{t}</r:Tm1><r:Tm2>{t}</r:Tm2>"))
    assert set_to(later) == 0
    now = int(c.value(invoke("AMT_TimeSynchronizationService", "GetLowAccuracyTimeSynch"), "Ta0"))
    assert later <= now < later + DEADLINE
    assert set_to(1000) == 36


# ---- power and boot ----

def power_state(c):
    return int(c.value(STATE, "PowerState"))


def a_machine_goes_through_its_states():
    with Sim("--profile", "11.8", "--power", "on", "--clock", "driven", "--set", "power-time=10", "--set",
             "cycle-time=300") as s:
        c = Client(s.address)
        assert power_state(c) == 2
        for code, states in ((8, [8]), (2, [2]), (5, [8, 2]), (10, [2])):
            assert rv(c, power(code, f"uuid:{code}")) == 0
            for state in states:
                s.ctl("clock advance", time="200ms")
                assert power_state(c) == state
        assert s.ctl("list")[0]["boots"] == 3
        its_acts_and_refusals(c, s.ctl("wire"))


def its_acts_and_refusals(c, acts):
    assert [(a["act"], a["message_id"]) for a in acts] == [("off", "uuid:8"), ("on", "uuid:2"), ("cycle", "uuid:5"),
                                                           ("reset", "uuid:10")]
    assert rv(c, power(2)) == 4097 and rv(c, power(77)) == 5 and rv(c, power(4)) == 1
    assert rv(c, invoke("CIM_PowerManagementService", "RequestPowerStateChange", "<r:PowerState>2</r:PowerState>")) == 5


def boot_options_hold_for_one_boot():
    c = client(4)
    epr = (f"<a:Address>{ADDRESSING}</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>"
           '<w:SelectorSet><w:Selector Name="InstanceID">%s</w:Selector></w:SelectorSet></a:ReferenceParameters>')
    data = one(c, "AMT_BootSettingData")
    assert data["OptionsCleared"] == ["true"] and data["BIOSSetup"] == ["false"]
    assert c.ask(put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>"))[0] == 200
    source = epr % (uri("CIM_BootSourceSetting"), "Intel(r) AMT: Force PXE Boot")
    assert rv(c, invoke("CIM_BootConfigSetting", "ChangeBootOrder", f"<r:Source>{source}</r:Source>")) == 0
    config = epr % (uri("CIM_BootConfigSetting"), "Intel(r) AMT: Boot Configuration 0")
    assert rv(c, invoke("CIM_BootService", "SetBootConfigRole",
                        f"<r:BootConfigSetting>{config}</r:BootConfigSetting><r:Role>1</r:Role>")) == 0
    assert rv(c, invoke("CIM_BootService", "SetBootConfigRole",
                        f"<r:BootConfigSetting>{config}</r:BootConfigSetting><r:Role>2</r:Role>")) == 5
    data = one(c, "AMT_BootSettingData")
    assert data["OptionsCleared"] == ["false"] and data["BIOSSetup"] == ["true"]
    assert rv(c, power(10)) == 0
    wait_for(lambda: one(c, "AMT_BootSettingData")["OptionsCleared"] == ["true"])
    assert one(c, "AMT_BootSettingData")["BIOSSetup"] == ["false"]
    wrong = epr % (uri("CIM_BootSourceSetting"), "Intel(r) AMT: Force Floppy Boot")
    assert rv(c, invoke("CIM_BootConfigSetting", "ChangeBootOrder", f"<r:Source>{wrong}</r:Source>")) == 4


BOOT_EPR = (f"<a:Address>{ADDRESSING}</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>"
            '<w:SelectorSet><w:Selector Name="InstanceID">%s</w:Selector></w:SelectorSet></a:ReferenceParameters>')


def boot_source(c, name=None):
    source = BOOT_EPR % (uri("CIM_BootSourceSetting"), f"Intel(r) AMT: Force {name} Boot")
    return rv(c, invoke("CIM_BootConfigSetting", "ChangeBootOrder", f"<r:Source>{source}</r:Source>" if name else ""))


def boot_role(c, role):
    config = BOOT_EPR % (uri("CIM_BootConfigSetting"), "Intel(r) AMT: Boot Configuration 0")
    return rv(c, invoke("CIM_BootService", "SetBootConfigRole",
                        f"<r:BootConfigSetting>{config}</r:BootConfigSetting><r:Role>{role}</r:Role>"))


def what_a_host_booted_into_is_told():
    with Sim("--profile", "12", "--power", "on") as sim:
        c = Client(sim.at(1))

        def told():
            line = sim.ctl("list")[0]
            return [line[name] for name in ("boots", "booted", "boot_next", "boot_set")]

        def booted(times, into):
            wait_for(lambda: told() == [times, into, None, False])

        assert told() == [0, None, None, False]
        for times, (source, into) in enumerate((("PXE", "pxe"), ("Hard-drive", "disk"), ("CD/DVD", "cd")), 1):
            assert boot_source(c, source) == 0 and told()[2:] == [None, True]  # chosen, and does not count yet
            assert boot_role(c, 1) == 0 and told()[2:] == [into, True]
            assert rv(c, power(10)) == 0
            booted(times, into)
        assert [line["boot"] for line in sim.ctl("wire")] == ["pxe", "disk", "cd"]
        assert c.ask(put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>"))[0] == 200 and boot_role(c, 1) == 0
        assert rv(c, power(5)) == 0  # a power cycle boots too
        booted(4, "bios")
        assert rv(c, power(10)) == 0
        booted(5, "default")
        assert boot_source(c, "PXE") == 0 and boot_role(c, 1) == 0
        assert fault(c, put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>")) == "d:InvalidRepresentation"
        assert boot_role(c, 32768) == 0 and told()[2:] == [None, True]
        assert rv(c, power(10)) == 0
        wait_for(lambda: told() == [6, "default", None, True])  # not next: it stands there and does not count
        assert boot_role(c, 1) == 0
        sim.ctl("power", device=sim.at(1), state="sleep")
        sim.ctl("power", device=sim.at(1), state="on")
        assert told() == [6, "default", "pxe", True]  # waking is no boot
        sim.ctl("power", device=sim.at(1), state="off")
        sim.ctl("power", device=sim.at(1), state="on")
        assert told() == [7, "pxe", None, False]


def firmware_may_lack_a_boot_choice():
    choices = ["BIOSSetup", "ForcePXEBoot", "ForceHardDriveBoot", "ForceCDorDVDBoot"]
    for profile, options, wanted in (("12", (), "1111"), ("15-notebook", (), "1110"), ("18", (), "1110"),
                                     ("11.8", ("--set", "boot-choices=6"), "0110")):
        with Sim("--profile", profile, "--tls", "both", *options) as sim:
            c = Client(sim.at(1), tls=True)
            told = one(c, "AMT_BootCapabilities")
            assert "".join(str(int(told[name] == ["true"])) for name in choices) == wanted, (profile, told)
            assert boot_source(c, "CD/DVD") == (0 if wanted[3] == "1" else 4)
            assert boot_source(c) == 0
            status = c.ask(put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>"))[0]
            assert status == (200 if wanted[0] == "1" else 400)


def consent_is_asked_for_and_given():
    c = client(5)
    assert rv(c, invoke("IPS_OptInService", "StartOptIn")) == 2
    assert c.ask(put("IPS_OptInService", "<r:OptInRequired>4294967295</r:OptInRequired>"))[0] == 200
    assert fault(c, put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>")) == "e:AccessDenied"
    assert rv(c, invoke("CIM_BootConfigSetting", "ChangeBootOrder")) == 6
    assert rv(c, power(10)) == 0  # power itself needs none
    assert rv(c, invoke("IPS_OptInService", "StartOptIn")) == 0
    assert one(c, "IPS_OptInService")["OptInState"] == ["2"]
    code = SIM.ctl("consent", device=SIM.at(5))[0]["code"]
    send = "<r:OptInCode>%06u</r:OptInCode>"
    assert rv(c, invoke("IPS_OptInService", "SendOptInCode", send % ((code + 1) % 1000000))) != 0
    assert rv(c, invoke("IPS_OptInService", "SendOptInCode", send % code)) == 0
    assert one(c, "IPS_OptInService")["OptInState"] == ["3"]
    assert c.ask(put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>"))[0] == 200
    assert rv(c, invoke("IPS_OptInService", "CancelOptIn")) == 0
    assert one(c, "AMT_BootSettingData")["BIOSSetup"] == ["false"]
    assert rv(c, invoke("IPS_OptInService", "CancelOptIn")) == 2


def a_busy_window_refuses_a_second_request():
    SIM.ctl("set", setting="busy-window=60000")
    c = client(6)
    assert [rv(c, power(10)), rv(c, power(10))] == [0, 4099]
    SIM.ctl("set", setting="busy-window=0")


def alarms_switch_on():
    with Sim("--profile", "12", "--clock", "driven") as s:
        c = Client(s.address)
        occurrence, common = uri("IPS_AlarmClockOccurrence"), "http://schemas.dmtf.org/wbem/wscim/1/common"

        def add(name, at, more=""):
            return invoke("AMT_AlarmClockService", "AddAlarm",
                          f'<r:AlarmTemplate xmlns:s="{occurrence}"><s:InstanceID>{name}</s:InstanceID><s:StartTime>'
                          f'<p:Datetime xmlns:p="{common}">{at}</p:Datetime></s:StartTime>{more}'
                          "<s:DeleteOnCompletion>true</s:DeleteOnCompletion></r:AlarmTemplate>")
        daily = f'<s:Interval><p:Interval xmlns:p="{common}">P1DT0H0M</p:Interval></s:Interval>'
        assert rv(c, add("once", "2026-01-01T08:00:00Z")) == 0
        assert fault(c, add("once", "2026-01-01T09:00:00Z")) == "d:InvalidRepresentation"
        assert fault(c, add("past", "2020-01-01T09:00:00Z")) == "d:InvalidRepresentation"
        assert fault(c, add("odd", "2026-01-01T09:00:30Z")) == "d:InvalidRepresentation"
        assert rv(c, add("daily", "2026-01-02T08:00:00", daily)) == 0
        for n in range(3):
            assert rv(c, add(f"more {n}", "2030-01-01T08:00:00Z")) == 0
        assert fault(c, add("sixth", "2030-01-01T08:00:00Z")) == "e:QuotaLimit"
        assert power_state(c) == 8
        s.ctl("clock advance", time="8h")
        c.close()
        assert power_state(c) == 2 and len(all_of(c, "IPS_AlarmClockOccurrence")[0]) == 4
        s.ctl("power", device="#0", state="off")
        s.ctl("clock advance", time="24h")
        c.close()
        assert power_state(c) == 2
        left = {p["InstanceID"][0]: p for _, p in all_of(c, "IPS_AlarmClockOccurrence")[0]}
        assert "daily" in left
        gone = envelope(simulator.TRANSFER + "/Delete", occurrence, selectors={"InstanceID": "daily"})
        assert c.ask(gone)[0] == 200 and fault(c, gone) == "b:DestinationUnreachable"


# ---- logs, users, certificates ----

def events(c):
    status, _, text = c.ask(invoke("AMT_MessageLog", "GetRecords", "<r:IterationIdentifier>1</r:IterationIdentifier>"
                                   "<r:MaxReadRecords>390</r:MaxReadRecords>"))
    assert status == 200 and b"<g:NoMoreRecords>true</g:NoMoreRecords>" in text, text
    return [base64.b64decode(r) for r in re.findall(rb"RecordArray>([^<]*)</g", text)]


def the_event_log_has_records_newest_first():
    c = client()
    records = events(c)
    assert len(records) >= 3 and all(len(r) == 21 and r[6] == 0x6F for r in records)
    times = [int.from_bytes(r[:4], "little") for r in records]
    assert times == sorted(times, reverse=True)
    assert one(c, "AMT_MessageLog")["CurrentNumberOfRecords"] == [str(len(records))]
    part = c.ask(invoke("AMT_MessageLog", "GetRecords", "<r:IterationIdentifier>2</r:IterationIdentifier>"
                        "<r:MaxReadRecords>1</r:MaxReadRecords>"))[2]
    assert b"<g:IterationIdentifier>3</g:IterationIdentifier><g:NoMoreRecords>false</g:NoMoreRecords>" in part
    assert base64.b64encode(records[1]) in part
    assert rv(c, invoke("AMT_MessageLog", "ClearLog")) == 0
    assert rv(c, invoke("AMT_MessageLog", "PositionToFirstRecord")) == 2


def users_come_and_go_with_their_rights():
    c = client(7)
    realm = one(c, "AMT_GeneralSettings")["DigestRealm"][0]
    c.ask(STATE)

    def secret(user, password):
        return base64.b64encode(bytes.fromhex(md5(f"{user}:{realm}:{password}"))).decode()

    def add(user, realms, password="An0ther!pass"):
        text = "".join(f"<r:Realms>{r}</r:Realms>" for r in realms)
        return invoke("AMT_AuthorizationService", "AddUserAclEntryEx",
                      f"<r:DigestUsername>{user}</r:DigestUsername><r:DigestPassword>{secret(user, password)}"
                      f"</r:DigestPassword><r:AccessPermission>2</r:AccessPermission>{text}")
    handle = int(c.value(add("operator", [5]), "Handle"))
    assert handle == 3
    assert rv(c, add("operator", [5])) == 2058 and rv(c, add("a-name-that-is-too-long", [5])) == 36
    operator = client(7, user="operator", password="An0ther!pass")
    assert rv(operator, power(10)) == 0
    assert fault(operator, put("AMT_BootSettingData", "<r:BIOSSetup>true</r:BIOSSetup>")) == "e:AccessDenied"
    assert rv(c, add("reader", [13])) == 0
    assert fault(client(7, user="reader", password="An0ther!pass"), power(10)) == "e:AccessDenied"
    text = c.ask(invoke("AMT_AuthorizationService", "EnumerateUserAclEntries", "<r:StartIndex>1</r:StartIndex>"))[2]
    assert re.findall(rb"Handles>(\d+)<", text) == [b"1", b"2", b"3", b"4"]
    text = c.ask(invoke("AMT_AuthorizationService", "GetUserAclEntryEx", "<r:Handle>3</r:Handle>"))[2]
    assert b"<g:DigestUsername>operator</g:DigestUsername><g:AccessPermission>2</g:AccessPermission><g:Realms>5" in text
    assert rv(c, invoke("AMT_AuthorizationService", "RemoveUserAclEntry", "<r:Handle>3</r:Handle>")) == 0
    assert rv(c, invoke("AMT_AuthorizationService", "RemoveUserAclEntry", "<r:Handle>3</r:Handle>")) == 2053
    assert client(7, user="operator", password="An0ther!pass").ask(STATE)[0] == 401
    assert rv(c, invoke("AMT_AuthorizationService", "SetAdminAclEntryEx", "<r:Username>admin</r:Username>"
                        f"<r:DigestPassword>{secret('admin', 'N3w!passwd')}</r:DigestPassword>")) == 0
    assert client(7).ask(STATE)[0] == 401
    assert client(7, password="N3w!passwd").ask(STATE)[0] == 200


def certificates_are_kept():
    c = client(8)
    run = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj",
                          "/O=Lab/CN=lab root", "-outform", "DER"], capture_output=True, check=True)
    blob = base64.b64encode(run.stdout).decode()
    add = invoke("AMT_PublicKeyManagementService", "AddTrustedRootCertificate",
                 f"<r:CertificateBlob>{blob}</r:CertificateBlob>")
    status, _, text = c.ask(add)
    assert status == 200 and b">Intel(r) AMT Certificate: Handle: 0<" in text, text
    assert rv(c, add) == 2058
    assert rv(c, invoke("AMT_PublicKeyManagementService", "AddCertificate",
                        "<r:CertificateBlob>AAAA</r:CertificateBlob>")) == 2063
    found = one(c, "AMT_PublicKeyCertificate")
    assert found["Subject"] == ["C=unknown,O=Lab,CN=lab root"] and found["TrustedRootCertficate"] == ["true"]
    assert found["X509Certificate"] == [blob]
    key = c.ask(invoke("AMT_PublicKeyManagementService", "GenerateKeyPair",
                       "<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>2048</r:KeyLength>"))[2]
    assert b">Intel(r) AMT Key: Handle: 0<" in key
    der = base64.b64decode(one(c, "AMT_PublicPrivateKeyPair")["DERKey"][0])
    assert der[:4] == b"\x30\x82\x01\x0a"
    gone = envelope(simulator.TRANSFER + "/Delete", uri("AMT_PublicKeyCertificate"),
                    selectors={"InstanceID": "Intel(r) AMT Certificate: Handle: 0"})
    assert c.ask(gone)[0] == 200 and all_of(c, "AMT_PublicKeyCertificate") == [[]]


def events_are_subscribed_to():
    c = client(8)
    eventing = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
    body = (f'<e:Subscribe xmlns:e="{eventing}"><e:Delivery Mode="http://schemas.dmtf.org/wbem/wsman/1/wsman/PushWithAck">'
            "<e:NotifyTo><a:Address>https://192.0.2.1:9999/events</a:Address></e:NotifyTo></e:Delivery></e:Subscribe>")
    subscribe = envelope(eventing + "/Subscribe", uri("CIM_FilterCollection"), body, {"InstanceID": "Intel(r) AMT:All"})
    status, _, text = c.ask(subscribe)
    assert status == 200 and b"<g:SubscribeResponse><g:SubscriptionManager>" in text, text
    listener = all_of(c, "CIM_ListenerDestination")[0][0][1]
    assert listener["Destination"] == ["https://192.0.2.1:9999/events"] and listener["DeliveryMode"] == ["3"]
    assert len(all_of(c, "CIM_FilterCollectionSubscription")[0]) == 1
    handler = (f'<w:Selector Name="Handler"><a:EndpointReference><a:Address>{ADDRESSING}/role/anonymous</a:Address>'
               f"<a:ReferenceParameters><w:ResourceURI>{uri('CIM_ListenerDestinationWSManagement')}</w:ResourceURI>"
               f'<w:SelectorSet><w:Selector Name="Name">{listener["Name"][0]}</w:Selector></w:SelectorSet>'
               "</a:ReferenceParameters></a:EndpointReference></w:Selector>")
    end = envelope(eventing + "/Unsubscribe", uri("CIM_FilterCollectionSubscription"),
                   f'<e:Unsubscribe xmlns:e="{eventing}"/>', {"X": ""}).replace('<w:Selector Name="X"></w:Selector>', handler)
    assert c.ask(end)[0] == 200 and all_of(c, "CIM_ListenerDestination") == [[]]
    assert fault(c, end) == "b:DestinationUnreachable"


# ---- setting up ----

def refused(address, port=16992):
    try:
        socket.create_connection((address, port), DEADLINE).close()
        return False
    except ConnectionRefusedError:
        return True


def mebx_sets_a_device_up():
    with Sim("--profile", "12", "--mode", "factory", "--power", "on", "--rmcp-port", str(PING_PORT)) as s:
        def version_and_state():
            [(pong, _)] = pongs(s, PING_PORT)
            return pong[16:18], pong[19] & 3
        assert refused(s.address) and version_and_state() == (b"\0\0", 0)
        for word in ("short1!", "alllower1!", "NoDigits!!", "NoSpecial1", "Under_score1", 'Quo"te12!'):
            try:
                s.ctl("mebx", all=True, mode="smb", new_password=word)
                raise AssertionError(f"took {word}")
            except RuntimeError:
                assert refused(s.address)
        s.ctl("mebx", all=True, password="admin", new_password="F1rst!pass", mode="smb", host_name="desk-17", dhcp="off",
              address=s.address, mask="255.255.255.0", gateway=s.at(254), dns=s.at(253), domain="lab.example")
        assert not refused(s.address) and version_and_state() == (b"\x42\x60", 2)
        assert Client(s.address).ask(STATE)[0] == 401
        c = Client(s.address, password="F1rst!pass")
        settings, port = one(c, "AMT_GeneralSettings"), one(c, "AMT_EthernetPortSettings")
        assert settings["HostName"] == ["desk-17"] and settings["DomainName"] == ["lab.example"]
        assert port["DHCPEnabled"] == ["false"] and port["PrimaryDNS"] == [s.at(253)]
        assert rv(c, invoke("AMT_SetupAndConfigurationService", "Unprovision",
                            "<r:ProvisioningMode>1</r:ProvisioningMode>")) == 0
        assert refused(s.address)
        assert s.ctl("list")[0]["mode"] == "factory"


def tls_can_be_switched_on_from_afar():
    with Sim("--profile", "12") as s:
        c = Client(s.address)
        assert refused(s.address, 16993)
        inside = ("<r:AcceptNonSecureConnections>false</r:AcceptNonSecureConnections><r:Enabled>true</r:Enabled>"
                  "<r:InstanceID>Intel(r) AMT 802.3 TLS Settings</r:InstanceID>"
                  "<r:MutualAuthentication>false</r:MutualAuthentication>")
        assert c.ask(put("AMT_TLSSettingData", inside))[0] == 200
        commit = invoke("AMT_SetupAndConfigurationService", "CommitChanges")
        assert rv(c, commit) == 2057  # no certificate yet
        assert rv(c, invoke("AMT_PublicKeyManagementService", "GenerateKeyPair",
                            "<r:KeyAlgorithm>0</r:KeyAlgorithm><r:KeyLength>2048</r:KeyLength>")) == 0
        public = base64.b64decode(one(c, "AMT_PublicPrivateKeyPair")["DERKey"][0])
        given = authority.for_public_key(public, "/CN=x")
        rv(c, invoke("AMT_PublicKeyManagementService", "AddCertificate",
                     f"<r:CertificateBlob>{base64.b64encode(given.der).decode()}</r:CertificateBlob>"))
        reference = (f"<a:Address>{ADDRESSING}</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>"
                     '<w:SelectorSet><w:Selector Name="%s">%s</w:Selector></w:SelectorSet></a:ReferenceParameters>')
        name = "AMT_TLSCredentialContext"
        body = (f'<r:{name} xmlns:r="{uri(name)}"><r:ElementInContext>' +
                reference % (uri("AMT_PublicKeyCertificate"), "InstanceID", "Intel(r) AMT Certificate: Handle: 0") +
                "</r:ElementInContext><r:ElementProvidingContext>" +
                reference % (uri("AMT_TLSProtocolEndpointCollection"), "ElementName",
                             "TLSProtocolEndpointInstances Collection") + f"</r:ElementProvidingContext></r:{name}>")
        create = envelope(simulator.TRANSFER + "/Create", uri(name), body)
        assert c.ask(create)[0] == 200 and fault(c, create) == "e:AlreadyExists"
        assert rv(c, commit) == 0
        assert refused(s.address) and not refused(s.address, 16993)
        c = Client(s.address, tls=True)
        assert c.ask(STATE)[0] == 200 and c.connection.sock.getpeercert(True) == given.der


# ---- generations, options, determinism ----

def tls_versions_follow_the_generation():
    rows = {"8.1": (True, True, False), "11.8": (True, True, False), "12": (False, True, True), "15": (False, False, True),
            "16.1": (False, False, True), "18": (False, False, True)}
    for profile, takes in rows.items():
        with Sim("--profile", profile, "--tls", "on") as s:
            for version, want in zip((ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2), takes):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = context.maximum_version = version
                try:
                    with context.wrap_socket(socket.create_connection((s.address, 16993), DEADLINE)):
                        got = True
                except ssl.SSLError:
                    got = False
                assert got == want, (profile, version)


def the_oldest_firmware_has_no_wsman():
    with Sim("--profile", "2.6") as s:
        got, _ = exchange(s.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"Server: Intel(R) Active Management Technology 2.6.30" in got
        assert Client(s.address).once(STATE)[0] == 404


def the_same_seed_makes_the_same_devices():
    seen, net = [], simulator.take_net()
    for _ in range(2):
        with Sim("--seed", "42", "--tls", "both", devices=12, net=net) as s:
            seen.append((s.ctl("list"), s.ctl("pin", device="#0")))
    assert seen[0] == seen[1]
    assert len({d["uuid"] for d in seen[0][0]}) == 12 and len({d["profile"] for d in seen[0][0]}) == 12


def an_answer_takes_the_delay_that_was_asked_for():
    with Sim("--profile", "11.8", "--delay", "fast") as s:
        c = Client(s.address)
        began = time.monotonic()
        assert c.ask(STATE)[0] == 200
        assert time.monotonic() - began >= 0.06


def options_are_refused_in_one_sentence():
    rows = [(["--devices", "0"], "--devices takes a number"), (["--net", "10.0.0.0/8"], "outside of 127.0.0.0/8"),
            (["--net", "127.1.0.1/16"], "bits behind"), (["--profile", "99"], "no profile"),
            (["--devices", "300", "--net", "127.9.0.0/24"], "has room for 254"), (["--delay", "soon"], "--delay"),
            (["--set", "nonce-lifetime=never"], "whole number"), (["--set", "colour=red"], "no setting"),
            (["--frobnicate", "1"], "unknown option"), (["--mode", "enterprise"], "--mode is smb or factory"),
            (["--seed"], "needs a value")]
    for options, sentence in rows:
        run = subprocess.run([SIM.program, *(["--devices", "1"] if "--devices" not in options else []),
                              *(["--net", "127.9.0.0/24"] if "--net" not in options else []), "--password-file",
                              SIM.password, *options], capture_output=True, text=True, timeout=DEADLINE)
        assert run.returncode == 2 and sentence in run.stderr and run.stderr.count("\n") == 1, (options, run.stderr)
    run = subprocess.run([SIM.program, "--devices", "1", "--net", SIM.net, "--rmcp-port", "0", "--password-file",
                          SIM.password], capture_output=True, text=True, timeout=DEADLINE)
    assert run.returncode == 1 and f"{SIM.address} port 16992" in run.stderr


def ctl_says_what_is_wrong():
    def ctl(*words):
        return subprocess.run([SIM.program, "ctl", "--control", SIM.control, *words], capture_output=True, text=True,
                              timeout=DEADLINE)
    assert ctl("list", "--json").stdout.count("\n") == 8
    for words, code, sentence in ((["power", "nobody", "on"], 1, "no device"), (["frobnicate"], 2, "unknown command"),
                                  (["fault", "--kind", "gremlins"], 1, "no fault"), (["clock", "advance", "1"], 1, "driven"),
                                  (["mebx", "--mode", "smb"], 1, "which device"), (["list", "--verbose"], 2, "unknown option"),
                                  (["fault", "--kind", "lie", "--share", "200%"], 1, "share"),
                                  (["fault", "--kind", "lie", "--after", "3"], 1, "--after")):
        run = ctl(*words)
        assert run.returncode == code and sentence in run.stderr, (words, run)
    run = subprocess.run([SIM.program, "ctl", "--control", "/nonexistent", "list"], capture_output=True, text=True)
    assert run.returncode == 3 and "nobody answers" in run.stderr


def settings_can_be_changed_by_hand():
    assert {s["setting"] for s in SIM.ctl("set")} >= {"nonce-lifetime", "power-time", "connections"}
    assert [(d["device"], d["power"]) for d in SIM.ctl("power", device=SIM.at(8), state="sleep")] == [(SIM.at(8), "sleep")]
    got = power_state(client(8))
    assert got == 4, got
    SIM.ctl("power", all=True, state="on")


def connections_are_limited():
    held = [socket.create_connection((SIM.at(6), 16992), DEADLINE) for _ in range(4)]
    wait_for(lambda: SIM.ctl("stats")[0]["open"] >= 4)
    try:
        with socket.create_connection((SIM.at(6), 16992), DEADLINE) as fifth:
            assert fifth.recv(1) == b""
    except ConnectionResetError:
        pass
    for s in held:
        s.close()


def no_capability_is_needed():
    """An ordinary user's rights: newer kernels then refuse a filter on a TCP socket."""
    nothing = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    for way in "each", "wildcard":
        with Sim("--listen", way, "--power", "on", "--port-base", str(PORT), wrapper=nothing) as sim:
            assert Client(sim.address, PORT).value(STATE, "PowerState") == "2"
            if way == "wildcard":
                with socket.create_connection((sim.at(77), PORT), DEADLINE) as nobody:
                    assert nobody.recv(1) == b""


if __name__ == "__main__":
    with Sim("--profile", "11.8", "--power", "on", "--domain", "corp.example", "--set", "power-time=10", "--set",
             "cycle-time=300", devices=8) as SIM:
        simulator.run([v for k, v in list(globals().items())
                       if callable(v) and getattr(v, "__module__", "") == "__main__" and not v.__code__.co_argcount])
