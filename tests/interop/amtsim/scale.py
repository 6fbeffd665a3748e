#!/usr/bin/python3
"""scale - thousands of devices behind one listener: each address answers for itself, nothing else does, an idle device
holds no file, and pongs come from the address that was asked."""
import os
import random
import socket
import time

import simulator
from simulator import DEADLINE, Client, Sim, get, power, wait_for

DEVICES = 5000
PORT, PING_PORT = simulator.take_port(), simulator.take_port()
SIM = None


def address(n):
    return SIM.at(n + 1)


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
    held = [socket.create_connection((address(n), PORT), DEADLINE) for n in range(1000)]
    assert open_files() <= before + 1000
    for s in held:
        s.close()
    wait_for(lambda: open_files() <= before)


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
        with socket.create_connection((address(5), PORT + 1), DEADLINE) as s:
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
    left = {address(n): n for n in range(DEVICES)}
    end = time.monotonic() + DEADLINE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        while left and time.monotonic() < end:
            batch = list(left)[:100]
            for a in batch:
                s.sendto(bytes.fromhex(f"06000006000011be80{left[a] % 255:02x}0000"), (a, PING_PORT))
            s.settimeout(1)
            try:
                while any(a in left for a in batch):
                    pong, peer = s.recvfrom(64)
                    assert len(pong) == 28 and pong[8] == 0x40
                    left.pop(peer[0], None)
            except socket.timeout:
                pass  # lost on its way: once more
    assert not left, len(left)


def a_second_one_is_told_that_the_port_is_taken():
    try:
        Sim("--listen", "wildcard", "--port-base", str(PORT))
        raise AssertionError("started")
    except RuntimeError as e:
        assert f"port {PORT}" in str(e) and "in use" in str(e), e


def one_with_sockets_of_its_own_stands_beside_it():
    with Sim("--port-base", str(PORT), "--power", "on") as other:
        assert Client(other.address, PORT).value(get("CIM_AssociatedPowerManagementService"), "PowerState") == "2"
        assert state_of(3) == "2"


if __name__ == "__main__":
    with Sim("--profile", "11.8", "--power", "on", "--port-base", str(PORT), "--rmcp-port", str(PING_PORT),
             devices=DEVICES, net=simulator.take_net(19)) as SIM:
        simulator.run([every_address_is_another_device, an_act_reaches_one_device_only, idle_devices_hold_no_file,
                       addresses_beyond_the_last_are_silent, a_closed_port_resets, syn_drop_takes_its_share,
                       every_device_answers_a_ping_from_its_address, a_second_one_is_told_that_the_port_is_taken,
                       one_with_sockets_of_its_own_stands_beside_it])
