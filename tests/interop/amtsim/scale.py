#!/usr/bin/python3
"""scale - thousands of devices behind one listener: each address answers for itself, nothing else does, an idle device
holds no file, and pongs come from the address that was asked."""
import os
import random
import socket
import threading
import time

import simulator
from simulator import Client, Sim, get, power

DEVICES = 5000
PORT = 30000 + os.getpid() % 10000 * 2
NET = (127 << 24) + (204 << 16)
SIM = None


def address(n):
    a = NET + 1 + n
    return f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}"


def open_files():
    return len(os.listdir(f"/proc/{SIM.process.pid}/fd"))


def state_of(n):
    return Client(address(n), PORT).value(get("CIM_AssociatedPowerManagementService"), "PowerState")


def every_address_is_another_device():
    rng = random.Random(1)
    listed = {d["device"]: d for d in SIM.ctl("list")}
    assert len(listed) == DEVICES == len({d["uuid"] for d in listed.values()})
    for n in [0, DEVICES - 1] + rng.sample(range(DEVICES), 30):
        c = Client(address(n), PORT)
        assert c.value(get("AMT_GeneralSettings"), "HostName") == listed[address(n)]["name"]
        assert c.challenge["realm"] == listed[address(n)]["realm"]
        c.close()


def an_act_reaches_one_device_only():
    SIM.ctl("wire", clear=True)
    assert Client(address(77), PORT).value(power(10), "ReturnValue") == "0"
    assert [a["device"] for a in SIM.ctl("wire")] == [address(77)]


def idle_devices_hold_no_file():
    before = open_files()
    assert before < 30, before
    held = [socket.create_connection((address(n), PORT), 5) for n in range(1000)]
    assert open_files() <= before + 1000
    for s in held:
        s.close()
    until = time.monotonic() + 5
    while open_files() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert open_files() <= before


def addresses_beyond_the_last_are_silent():
    s = socket.socket()
    s.settimeout(0.3)
    try:
        s.connect((address(DEVICES), PORT))
        raise AssertionError("somebody answers")
    except socket.timeout:
        pass
    finally:
        s.close()


def a_closed_port_resets():
    try:
        with socket.create_connection((address(5), PORT + 1), 5) as s:
            assert s.recv(1) == b""
    except ConnectionResetError:
        pass


def syn_drop_takes_its_share():
    SIM.ctl("fault add", kind="syn-drop", share="2%")
    silent = 0
    for n in range(300):
        with socket.socket() as s:
            s.settimeout(0.15)
            try:
                s.connect((address(n), PORT))
            except socket.timeout:
                silent += 1
    assert 1 <= silent <= 20, silent
    SIM.ctl("fault clear")
    assert state_of(0) == "2"


def every_device_answers_a_ping_from_its_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        s.settimeout(1)
        seen = set()

        def listen():
            try:
                while len(seen) < DEVICES:
                    pong, peer = s.recvfrom(64)
                    assert len(pong) == 28 and pong[8] == 0x40
                    seen.add(peer[0])
            except socket.timeout:
                pass
        thread = threading.Thread(target=listen)
        thread.start()
        for attempt in range(3):
            for n in range(DEVICES):
                if address(n) not in seen:
                    s.sendto(bytes.fromhex("06000006000011be80") + bytes([n % 255]) + b"\0\0",
                             (address(n), simulator.PING_PORT))
                if n % 100 == 0:
                    time.sleep(0.002)
        thread.join()
    assert len(seen) == DEVICES, len(seen)


def a_second_one_is_told_that_the_port_is_taken():
    try:
        Sim("--listen", "wildcard", "--port-base", str(PORT), net="127.206.0.0/24")
        raise AssertionError("started")
    except RuntimeError as e:
        assert f"port {PORT}" in str(e) and "in use" in str(e), e


def one_with_sockets_of_its_own_stands_beside_it():
    with Sim("--port-base", str(PORT), "--power", "on", net="127.206.0.0/24") as other:
        assert Client(other.address, PORT).value(get("CIM_AssociatedPowerManagementService"), "PowerState") == "2"
        assert state_of(3) == "2"


if __name__ == "__main__":
    with Sim("--profile", "11.8", "--power", "on", "--port-base", str(PORT), "--rmcp-port", str(simulator.PING_PORT),
             devices=DEVICES, net="127.204.0.0/16") as SIM:
        simulator.run([every_address_is_another_device, an_act_reaches_one_device_only, idle_devices_hold_no_file,
                       addresses_beyond_the_last_are_silent, a_closed_port_resets, syn_drop_takes_its_share,
                       every_device_answers_a_ping_from_its_address, a_second_one_is_told_that_the_port_is_taken,
                       one_with_sockets_of_its_own_stands_beside_it])
