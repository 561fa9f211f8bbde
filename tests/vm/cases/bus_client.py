#!/usr/bin/python3
# Owns: a client of a message bus in plain socket calls, that waits, answers or attacks as it is told.
# What it is handed it writes to files, what it says itself are exit codes: 0 as it should be,
# 10 refused (EPERM), 11 the connection is gone, 12 no answer, 13 an error for an answer.
#
#   bus_client.py serve NAME READY OUT [GO]	has the name, makes READY, waits for GO to be made, and
#						writes the first text that it is handed to OUT
#   bus_client.py answer NAME READY FILE	answers one call with what is in FILE
#   bus_client.py call NAME FILE OUT		calls with what is in FILE, and writes the answer to OUT;
#						the bus must still answer then
#   bus_client.py attack KIND NAME FILE		sends what is in FILE as no library does
import os
import socket
import struct
import sys
import time

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
DRIVER = 'org.freedesktop.DBus'
TEST = 'org.hf.Test'
EMPTY = ''  # no body


def pad(data, size):
    return data + bytes(-len(data) % size)


def string(text, order='<'):
    data = text.encode()
    return struct.pack(order + 'I', len(data)) + data + b'\0'


def message(kind, serial, to=None, member=None, text=EMPTY, number=None, reply=None,
            interface=TEST, order='<'):
    """One whole message, with a text for a body or none, and a number behind it or none."""
    body = string(text, order) if text else b''
    signature = b's' if number is None else b'su'
    if number is not None:
        body = pad(body, 4) + struct.pack(order + 'I', number)
    named = [(1, 'o', '/'), (2, 's', interface), (3, 's', member)] if member else []
    named += [(6, 's', to)] if to else []
    fields = b''
    for code, letter, value in named:
        fields = pad(fields, 8) + struct.pack('BB2s', code, 1, letter.encode() + b'\0')
        fields += string(value, order)
    if reply:
        fields = pad(fields, 8) + struct.pack(order + 'BB2sI', 5, 1, b'u\0', reply)
    if body:
        fields = pad(fields, 8) + b'\x08\x01g\0' + bytes([len(signature)]) + signature + b'\0'
    head = (b'l' if order == '<' else b'B') + bytes([kind, 0, 1])
    head += struct.pack(order + 'III', len(body), serial, len(fields))
    return pad(head + fields, 8) + body


class Bus:
    def __init__(self):
        path = os.environ['DBUS_SESSION_BUS_ADDRESS'].split('path=')[1].split(',')[0]
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.buffer = b''
        self.serial = 0
        uid = str(os.getuid()).encode().hex()
        self.socket.sendall(b'\0AUTH EXTERNAL ' + uid.encode() + b'\r\n')
        assert self.socket.recv(512).startswith(b'OK')
        self.socket.sendall(b'BEGIN\r\n')
        self.ask('Hello')

    def send(self, kind, **more):
        self.serial += 1
        self.socket.sendall(message(kind, self.serial, **more))
        return self.serial

    def take(self, size):
        while len(self.buffer) < size:
            data = self.socket.recv(65536)
            if not data:
                sys.exit(11)
            self.buffer += data
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive(self):
        """Kind, serial, fields by number, and the text of the body."""
        head = self.take(16)
        order = '<' if head[:1] == b'l' else '>'
        body_size, serial, size = struct.unpack(order + 'III', head[4:])
        data = self.take(size + -size % 8)
        fields, at = {}, 0
        while at < size:
            code, letter = data[at], chr(data[at + 2])
            if letter == 'g':
                length, start = data[at + 4], at + 5
            else:
                length, start = struct.unpack(order + 'I', data[at + 4:at + 8])[0], at + 8
            if letter == 'u':
                fields[code], end = length, at + 8
            else:
                fields[code], end = data[start:start + length].decode(), start + length + 1
            at = end + -end % 8
        body = self.take(body_size)
        text = body[4:-1].decode(errors='replace') if fields.get(8, '') == 's' else ''
        return head[1], serial, fields, text

    def answer_to(self, serial):
        while True:
            kind, _, fields, text = self.receive()
            if kind in (RETURN, ERROR) and fields.get(5) == serial:
                return kind, text

    def ask(self, member, text=EMPTY):
        return self.answer_to(self.send(CALL, to=DRIVER, member=member, text=text, interface=DRIVER))

    def own(self, name):
        serial = self.send(CALL, to=DRIVER, member='RequestName', text=name, interface=DRIVER,
                           number=0)
        assert self.answer_to(serial)[0] == RETURN


def touch(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


def store(path, text):
    with open(path, 'w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def serve(name, ready, out, go=None):
    bus = Bus()
    bus.own(name)
    bus.ask('AddMatch', f"type='signal',interface='{TEST}'")
    touch(ready)
    while go and not os.path.exists(go):
        time.sleep(0.1)
    while True:
        kind, serial, fields, text = bus.receive()
        if fields.get(7) == DRIVER:
            continue
        if kind == CALL:
            bus.send(RETURN, to=fields[7], reply=serial)
        if text:
            store(out, text)
            return


def answer(name, ready, path):
    bus = Bus()
    bus.own(name)
    touch(ready)
    while True:
        kind, serial, fields, _ = bus.receive()
        if kind == CALL and fields.get(7) != DRIVER:
            text = open(path).read().strip()
            bus.send(RETURN, to=fields[7], reply=serial, text=text)
            bus.ask('GetId')  # and the bus answers still
            return


def call(name, path, out):
    bus = Bus()
    text = open(path).read().strip() if path else EMPTY
    bus.socket.settimeout(30)
    try:
        kind, said = bus.answer_to(bus.send(CALL, to=name, member='Take', text=text))
        bus.ask('GetId')
    except TimeoutError:
        sys.exit(12)
    if kind == ERROR:
        sys.exit(13)
    if out:
        store(out, said)


def attack(kind, name, path):
    bus = Bus()
    text = open(path).read().strip()
    harmless = message(CALL, 100, to=DRIVER, member='GetId', interface=DRIVER)
    evil = message(CALL, 101, to=name, member='Take', text=text)
    bus.socket.settimeout(5)
    if kind == 'two':
        bus.socket.sendall(harmless + evil)
    elif kind == 'order':
        bus.socket.sendall(harmless + message(CALL, 101, to=name, member='Take', text=text, order='>'))
    elif kind == 'length':  # what follows is said to belong to the first, and does not
        bus.socket.sendall(harmless[:4] + struct.pack('<I', len(evil) // 2) + harmless[8:] + evil)
    elif kind == 'bytes':
        for byte in evil:
            bus.socket.sendall(bytes([byte]))
    elif kind == 'pieces':
        bus.socket.sendmsg([evil[:20], evil[20:70], evil[70:]])
    elif kind == 'handshake':
        with socket.socket(socket.AF_UNIX) as fresh:
            fresh.connect(bus.socket.getpeername())
            uid = str(os.getuid()).encode().hex().encode()
            hello = message(CALL, 1, to=DRIVER, member='Hello', interface=DRIVER)
            fresh.sendall(b'\0AUTH EXTERNAL ' + uid + b'\r\nBEGIN\r\n' + hello + evil)
            fresh.recv(512)
        return
    elif kind == 'path':  # no body at all
        bus.socket.sendall(long_path(name, text))
    elif kind == 'splice':
        source, sink = os.pipe()
        os.write(sink, evil)
        os.splice(source, bus.socket.fileno(), len(evil))
    elif kind == 'large':  # more than the socket takes at once
        bus.socket.sendall(message(CALL, 101, to=name, member='Take', text=text * 20000))
    try:
        if bus.answer_to(101)[0] == ERROR:
            sys.exit(13)
    except TimeoutError:
        sys.exit(12)


def long_path(name, text):
    """A call without a body, whose path says it."""
    path = '/' + '/'.join([text.encode().hex()] * 12)
    fields = struct.pack('BB2s', 1, 1, b'o\0') + string(path)
    for code, value in ((3, 'Take'), (6, name)):
        fields = pad(fields, 8) + struct.pack('BB2s', code, 1, b's\0') + string(value)
    return pad(b'l\x01\0\x01' + struct.pack('<III', 0, 101, len(fields)) + fields, 8)


try:
    {'serve': serve, 'answer': answer, 'call': call, 'attack': attack}[sys.argv[1]](*sys.argv[2:])
except PermissionError:
    sys.exit(10)
except (ConnectionError, BrokenPipeError):
    sys.exit(11)
