#!/usr/bin/python3
"""A security key in software: a HID device by /dev/uhid that speaks CTAPHID and as much of CTAP2 as
libfido2 asks for (getInfo, makeCredential, getAssertion); touched as soon as it is asked. Runs until killed.

security_key.py [COUNTER]   what its counter begins with"""
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

# FIDO's usage page, 64 bytes in and out: CTAP 2.0, 8.1.8.2
REPORT = bytes.fromhex("06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0")
UHID_DESTROY, UHID_OUTPUT, UHID_CREATE2, UHID_INPUT2 = 1, 6, 11, 12
EVENT_SIZE = 4380
INIT, PING, CBOR, ERROR = 0x86, 0x81, 0x90, 0xBF


def encode(value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encode(one) for one in value)
    return head(5, len(value)) + b"".join(encode(name) + encode(one) for name, one in value.items())


def head(kind, number):
    if number < 24:
        return bytes([kind << 5 | number])
    for code, layout in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if number < 1 << 8 * struct.calcsize(layout):
            return bytes([kind << 5 | code]) + struct.pack(layout, number)


def decode(raw, at=0):
    kind, number = raw[at] >> 5, raw[at] & 31
    at += 1
    if kind == 7:
        return {20: False, 21: True}.get(number), at
    if number > 23:
        size = 1 << number - 24
        number = int.from_bytes(raw[at:at + size], "big")
        at += size
    if kind == 0:
        return number, at
    if kind == 1:
        return -1 - number, at
    if kind in (2, 3):
        part = raw[at:at + number]
        return (part if kind == 2 else part.decode()), at + number
    if kind == 4:
        items = []
        for _ in range(number):
            item, at = decode(raw, at)
            items.append(item)
        return items, at
    pairs = {}
    for _ in range(number):
        name, at = decode(raw, at)
        pairs[name], at = decode(raw, at)
    return pairs, at


class Key:
    def __init__(self, counter):
        self.pairs, self.counter = {}, counter

    def data(self, rp, more=b"", flags=1):
        digest = hashes.Hash(hashes.SHA256())
        digest.update(rp.encode())
        self.counter += 1
        return digest.finalize() + bytes([flags]) + self.counter.to_bytes(4, "big") + more

    def make(self, asked):
        pair = ec.generate_private_key(ec.SECP256R1())
        name = os.urandom(32)
        self.pairs[name] = pair
        numbers = pair.public_key().public_numbers()
        cose = encode({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"),
                       -3: numbers.y.to_bytes(32, "big")})
        data = self.data(asked[2]["id"], bytes(16) + struct.pack(">H", 32) + name + cose, 0x41)
        seal = pair.sign(data + asked[1], ec.ECDSA(hashes.SHA256()))
        return b"\0" + encode({1: "packed", 2: data, 3: {"alg": -7, "sig": seal}})

    def sign(self, asked):
        for one in asked.get(3, []):
            pair = self.pairs.get(one["id"])
            if pair:
                data = self.data(asked[1])
                seal = pair.sign(data + asked[2], ec.ECDSA(hashes.SHA256()))
                return b"\0" + encode({1: {"id": one["id"], "type": "public-key"}, 2: data, 3: seal})
        return b"\x2e"  # no credentials

    def answer(self, message):
        if message[0] == 4:
            return b"\0" + encode({1: ["FIDO_2_0"], 3: bytes(16), 4: {"rk": False, "up": True}, 5: 1200})
        asked, _ = decode(message, 1)
        return self.make(asked) if message[0] == 1 else self.sign(asked) if message[0] == 2 else b"\1"


class Device:
    def __init__(self, key):
        self.key, self.open = key, {}
        self.fd = os.open("/dev/uhid", os.O_RDWR)
        self.send(UHID_CREATE2, b"Holdfast's test key".ljust(128, b"\0") + bytes(128) +
                  struct.pack("<HHIIII", len(REPORT), 3, 0x1209, 0xF1D0, 0, 0) + REPORT.ljust(4096, b"\0"))

    def send(self, kind, payload):
        os.write(self.fd, (struct.pack("<I", kind) + payload).ljust(EVENT_SIZE, b"\0"))

    def reply(self, channel, command, payload):
        packets = [channel + bytes([command]) + struct.pack(">H", len(payload)) + payload[:57]]
        payload = payload[57:]
        while payload:
            packets.append(channel + bytes([len(packets) - 1]) + payload[:59])
            payload = payload[59:]
        for packet in packets:
            self.send(UHID_INPUT2, struct.pack("<H", 64) + packet.ljust(64, b"\0"))

    def take(self, packet):
        channel, command = packet[:4], packet[4]
        if command & 0x80:
            size = struct.unpack(">H", packet[5:7])[0]
            self.open[channel] = [command, size, packet[7:]]
        elif channel in self.open:
            self.open[channel][2] += packet[5:]
        else:
            return
        command, size, got = self.open[channel]
        if len(got) < size:
            return
        del self.open[channel]
        message = got[:size]
        if command == INIT:
            self.reply(channel, INIT, message[:8] + b"\0\0\0\1" + bytes([2, 1, 0, 0, 0x0C]))
        elif command == CBOR:
            self.reply(channel, CBOR, self.key.answer(message))
        elif command == PING:
            self.reply(channel, PING, message)
        else:
            self.reply(channel, ERROR, b"\1")

    def run(self):
        while True:
            event = os.read(self.fd, EVENT_SIZE)
            if struct.unpack_from("<I", event)[0] == UHID_OUTPUT:
                size = struct.unpack_from("<H", event, 4 + 4096)[0]
                report = event[4:4 + size]
                self.take(report[1:] if size == 65 else report)  # behind the report's number


if __name__ == "__main__":
    Device(Key(int(sys.argv[1]) if len(sys.argv) > 1 else 0)).run()
