#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holdfast-verify with a systemd-logind of the tests on a bus of its own: what it tells the engine of sessions,
sleep and idleness, and what it makes of people's proofs. This program is engine, supervisor and workers."""
import base64
import hmac
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from lib import ROOT, check, skip, summary

USER, ALICE, BOB = 65534, 4001, 4002  # holdfast-verify is nobody here
EVERYBODY = 0xFFFFFFFF
LOCK, SUSPEND, IDLE, SWITCH, LOGOUT, UNWATCHED, ASKED = range(7)
PASSWORD, TOTP, KEY, PAGE = range(4)
EACCES, EBUSY, ENOLINK, ENOENT, EAGAIN, ENOKEY, EINVAL, EPERM = 13, 16, 67, 2, 11, 126, 22, 1
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/><allow send_type="method_call"/></policy></busconfig>"""


def packed(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<H", len(raw)) + raw


def frame(kind, payload):
    return struct.pack("<HHI", 1, kind, len(payload)) + payload


class World:
    """The bus, the mock, holdfast-verify and the other ends of its sockets."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="holdfast-verify-")
        os.chmod(self.directory, 0o755)
        for name in ("state", "run"):
            os.mkdir(self.path(name))
            os.chown(self.path(name), USER, USER)
            os.chmod(self.path(name), 0o700 if name == "state" else 0o755)
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + self.path("bus")}
        with open(self.path("bus.conf"), "w") as out:
            out.write(BUS % self.path("bus"))
        self.verify = self.daemon = self.mock = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def bus_start(self):
        self.daemon = subprocess.Popen(["dbus-daemon", "--nofork", "--config-file", self.path("bus.conf")])
        self.wait(lambda: os.path.exists(self.path("bus")), "the bus")

    def bus_stop(self):
        self.daemon.kill()
        self.daemon.wait()
        os.unlink(self.path("bus"))

    def mock_start(self):
        self.mock = subprocess.Popen(["/usr/bin/python3", f"{ROOT}/tests/e2e/logind_mock.py"], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment)
        assert self.mock.stdout.readline() == "ready\n"

    def mock_stop(self):
        self.mock.kill()
        self.mock.wait()

    def logind(self, *words):
        print(*words, file=self.mock.stdin, flush=True)
        return self.mock.stdout.readline().strip()

    def start(self):
        self.engine, engine = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.supervisor, supervisor = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def place():
            ends = [os.dup(engine.fileno()), os.dup(supervisor.fileno())]
            spare = [os.dup2(end, 20 + i) for i, end in enumerate(ends)]
            for i, end in enumerate(spare):
                os.dup2(end, 3 + i)
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)

        self.verify = subprocess.Popen([f"{ROOT}/build/holdfast-verify", self.path("state"), self.path("run")],
                                       preexec_fn=place, pass_fds=(3, 4), env=self.environment)
        engine.close()
        supervisor.close()

    def stop(self):
        self.engine.close()
        self.supervisor.close()
        self.verify.wait(10)

    def done(self):
        for process in (self.verify, self.mock, self.daemon):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory)

    def wait(self, what, name, seconds=15):
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, name
            time.sleep(0.02)

    def config(self, methods=15, ends=15, idle=0):
        self.engine.send(frame(1, struct.pack("<BBI", methods, ends, idle) + packed("https://id.example") +
                               packed("holdfast") + packed("sub") + packed("") + packed("")))

    def taken(self, proof, error=0, seconds=600):
        until = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + seconds * 10 ** 9
        self.engine.send(frame(2, struct.pack("<QiQ", proof, error, until)))

    def told(self, seconds=10):
        """The next thing that the engine is told; None when it is nothing."""
        self.engine.settimeout(seconds)
        try:
            raw = self.engine.recv(8192)
        except socket.timeout:
            return None
        if not raw:
            return ("gone",)
        kind, payload = struct.unpack_from("<H", raw, 2)[0], raw[8:]
        if kind == 20:
            return ("proven",) + struct.unpack_from("<QIB", payload)
        if kind == 21:
            return ("refused",) + struct.unpack_from("<IB", payload, 8) + (payload[15:].decode(),)
        if kind == 22:
            return ("ended",) + struct.unpack("<IB", payload)
        if kind == 23:
            return ("watching", payload[0])
        return ("enrolled",) + struct.unpack("<IIBB", payload)

    def worker(self, answer):
        """Takes a request for a worker and is it: answer(question) makes (error, words)."""
        self.supervisor.settimeout(10)
        raw, fds, _, _ = socket.recv_fds(self.supervisor, 64, 1)
        kind, uid = struct.unpack("<II", raw)
        with socket.socket(fileno=fds[0]) as link:
            question = link.recv(8192)
            error, words = answer(question[8:])
            if words is not None:
                link.send(frame(21, struct.pack("<i", error) + packed(words) + packed("")))
        return kind, uid


class Person:
    """A connection of a user's command, in a process of that user."""

    def __init__(self, world, uid):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            self.ours.close()
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            link.connect(world.path("run/verify.sock"))
            socket.send_fds(theirs, [b"x"], [link.fileno()])
            os._exit(0)
        theirs.close()
        _, fds, _, _ = socket.recv_fds(self.ours, 1, 1)
        os.waitpid(self.pid, 0)
        self.link = socket.socket(fileno=fds[0])
        self.link.settimeout(15)

    def ask(self, verb, secret="", blobs=(b"", b"", b""), method=0, uid=0):
        self.link.send(frame(verb, struct.pack("<BI", method, uid) + packed(secret) +
                             b"".join(packed(blob) for blob in blobs)))

    def answer(self):
        """(error, words, the last line)"""
        line = None
        while True:
            raw = self.link.recv(65536)
            kind = struct.unpack_from("<H", raw, 2)[0]
            if kind == 64:
                line = json.loads(raw[10:])
                continue
            return struct.unpack_from("<i", raw, 8)[0], raw[14:].decode(), line

    def close(self):
        self.link.close()
        self.ours.close()


def expect(world, what, *wanted):
    told = world.told()
    check(what, told == wanted, told)


def quiet(world, what):
    told = world.told(0.7)
    check(what, told is None, told)


def settled(world):
    """What came before has been read: a session more is told by the list."""
    time.sleep(0.3)


def sessions(world):
    expect(world, "logind is followed", "watching", 1)
    world.logind("add", "1", ALICE, "seat0", "wayland")
    world.logind("add", "2", BOB, "-", "tty")
    settled(world)
    quiet(world, "control: sessions that come end nothing")
    world.logind("lock", "1")
    expect(world, "Lock", "ended", ALICE, LOCK)
    quiet(world, "it is told once")
    world.logind("set", "1", "LockedHint", "true")
    expect(world, "LockedHint", "ended", ALICE, LOCK)
    world.logind("set", "1", "LockedHint", "false")
    quiet(world, "unlocked: nothing")
    world.logind("set", "1", "Active", "false")
    expect(world, "the seat is another's", "ended", ALICE, SWITCH)
    world.logind("set", "1", "Active", "true")
    world.logind("set", "2", "Active", "false")
    quiet(world, "a session without a seat has no front")
    world.logind("add", "3", ALICE, "-", "tty")
    settled(world)
    world.logind("remove", "3")
    quiet(world, "one of two sessions ended")
    world.logind("remove", "2")
    expect(world, "the last one ended", "ended", BOB, LOGOUT)


def sleep(world):
    check("an inhibitor is held", world.logind("inhibitors") == "1")
    world.logind("sleep", "true")
    expect(world, "the machine goes to sleep: for all", "ended", EVERYBODY, SUSPEND)
    world.wait(lambda: world.logind("inhibitors") == "0", "sleep is held up")
    check("and it is let sleep", True)
    world.logind("sleep", "false")
    expect(world, "it wakes up: for all, once more", "ended", EVERYBODY, SUSPEND)
    world.wait(lambda: world.logind("inhibitors") == "1", "no new inhibitor")
    check("the next sleep is held up again", True)


def chosen(world):
    world.config(ends=1 << SUSPEND)
    world.logind("lock", "1")
    quiet(world, "a policy that does not name lock")
    world.config()


def monotonic_us(ago_s):
    return (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - int(ago_s * 1e9)) // 1000


def code(secret, step):
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), "sha1").digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def step_now():
    return int(time.time()) // 30


def overtaken(world):
    """Locked while the password was looked at."""
    person = Person(world, ALICE)
    person.ask(2, "s3cret")
    raw, fds, _, _ = socket.recv_fds(world.supervisor, 64, 1)
    with socket.socket(fileno=fds[0]) as link:
        link.recv(8192)
        world.logind("lock", "1")
        expect(world, "locked while a password is looked at", "ended", ALICE, LOCK)
        error, words, _ = person.answer()
        check("it counts no more", error == -125 and "begin anew" in words, (error, words))
        try:
            link.send(frame(21, struct.pack("<i", 0) + packed("") + packed("")))
        except OSError:
            pass
    quiet(world, "whatever comes of it")
    person.close()


def by_password(world, person, right, secret="s3cret"):
    person.ask(2, secret)
    asked = []
    kind, uid = world.worker(lambda question: asked.append(question) or
                             ((0, "") if right else (-EACCES, "the password is wrong")))
    return kind, uid, asked[0]


def passwords(world):
    person = Person(world, ALICE)
    kind, uid, question = by_password(world, person, True)
    check("a worker is asked, as the user", (kind, uid, question) == (1, ALICE, packed("s3cret")))
    told = world.told()
    check("proven", told[0] == "proven" and told[2:] == (ALICE, PASSWORD), told)
    world.taken(told[1])
    error, words, _ = person.answer()
    check("the person is told until when", error == 0 and words.startswith("verified until 20"), words)
    by_password(world, person, False)
    expect(world, "a wrong one is an event", "refused", ALICE, PASSWORD, "the password is wrong")
    error, words, _ = person.answer()
    check("and refused", error == -EACCES and "wrong" in words, words)
    person.ask(2, "x")
    world.worker(lambda question: (0, None))
    error, words, _ = person.answer()
    check("a worker that dies proves nothing", error < 0, words)
    quiet(world, "and tells the engine nothing")
    by_password(world, person, True)
    told = world.told()
    world.taken(told[1], error=-ENOENT)
    error, _, _ = person.answer()
    check("what the engine does not take is refused", error == -ENOENT, error)
    person.close()
    root = Person(world, 0)
    root.ask(2, "x")
    error, words, _ = root.answer()
    check("root's password is nobody's to ask", error == -EPERM, words)
    root.close()


def may_not(world):
    person = Person(world, ALICE)
    world.logind("set", "1", "LockedHint", "true")
    world.told()
    person.ask(2, "x")
    error, words, _ = person.answer()
    check("nobody verifies while locked", error == -EBUSY and "unlock" in words, words)
    world.logind("set", "1", "LockedHint", "false")
    settled(world)
    world.config(methods=1 << TOTP)
    person.ask(2, "x")
    error, words, _ = person.answer()
    check("a means that no label names", error == -ENOENT, words)
    world.config()
    person.ask(11, method=TOTP, uid=BOB)
    error, words, _ = person.answer()
    check("only root takes away what others enrolled", error == -EPERM, words)
    person.ask(8, "123456")
    error, words, _ = person.answer()
    check("nothing to confirm", error == -EINVAL, words)
    person.ask(5, blobs=(b"c", b"d" * 37, b"s"))
    error, words, _ = person.answer()
    check("no challenge was asked for", error == -EINVAL, words)
    quiet(world, "none of it reaches the engine")
    person.close()


def enrol_totp(world, person):
    person.ask(7, "s3cret")
    world.worker(lambda question: (0, ""))
    error, words, line = person.answer()
    check("the authenticator is given a key", error == 0 and line["secret"] in line["address"], (words, line))
    secret = line["secret"]
    person.ask(8, code(secret, step_now() + 10))
    error, words, _ = person.answer()
    check("a code that does not fit", error == -EACCES, words)
    person.ask(8, code(secret, step_now()))
    error, words, _ = person.answer()
    check("enrolled", error == 0, words)
    expect(world, "which is an event", "enrolled", ALICE, ALICE, TOTP, 0)
    return secret


def codes(world):
    person = Person(world, ALICE)
    person.ask(3, "123456")
    error, words, _ = person.answer()
    check("no code without an authenticator", error == -ENOKEY, words)
    person.ask(7, "wrong")
    world.worker(lambda question: (-EACCES, "the password is wrong"))
    error, words, _ = person.answer()
    check("none is enrolled without the password", error == -EACCES, words)
    world.told()
    secret = enrol_totp(world, person)
    name = world.path(f"state/{ALICE}")
    check("kept for holdfast-verify alone", os.stat(name).st_mode & 0o777 == 0o600)
    step = step_now()
    person.ask(3, code(secret, step + 1))
    told = world.told()
    check("a code proves", told[0] == "proven" and told[2:] == (ALICE, TOTP), told)
    world.taken(told[1])
    check("a code is taken", person.answer()[0] == 0)
    with open(name) as kept:
        check("and noted as used", str(step + 1) in kept.read())
    person.ask(3, code(secret, step + 1))
    expect(world, "a second time it is refused", "refused", ALICE, TOTP,
           "the code is wrong, old, or was used before")
    check("with words", person.answer()[0] == -EACCES)
    person.close()
    return secret, step + 1


def remembered(world, secret, used):
    """Over a restart: what was used, and how often somebody was wrong."""
    world.stop()
    world.start()
    world.config()
    expect(world, "started again: logind is followed", "watching", 1)
    person = Person(world, ALICE)
    person.ask(3, code(secret, used))
    told = world.told()
    check("started again: the used code is refused", told[0] == "refused", told)
    person.answer()
    for i in range(3):
        person.ask(3, "00000%d" % i)
        world.told()
        person.answer()
    person.ask(3, code(secret, used))
    error, words, _ = person.answer()
    check("after five wrong ones there is a pause", error == -EAGAIN and "in 6" in words or "in 5" in words, words)
    quiet(world, "in which the engine is told nothing")
    person.ask(2, "s3cret")
    error, words, _ = person.answer()
    check("passwords wait as well", error == -EAGAIN, words)
    world.stop()
    world.start()
    world.config()
    expect(world, "started once more", "watching", 1)
    person = Person(world, ALICE)
    person.ask(3, code(secret, used))
    error, words, _ = person.answer()
    check("a restart does not end the pause", error == -EAGAIN, words)
    person.close()
    world.stop()
    os.unlink(world.path(f"state/{ALICE}"))
    world.start()
    world.config()
    expect(world, "as if it had not been", "watching", 1)


class Authenticator:
    """A security key: CTAP2's answers without the cable."""

    def __init__(self):
        self.pair = ec.generate_private_key(ec.SECP256R1())
        numbers = self.pair.public_key().public_numbers()
        self.public = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        self.counter = 0

    def data(self, origin=b"holdfast-verify", flags=1):
        digest = hashes.Hash(hashes.SHA256())
        digest.update(origin)
        return digest.finalize() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def sign(self, challenge, **more):
        self.counter += 1
        data = self.data(**more)
        return data, self.pair.sign(data + challenge, ec.ECDSA(hashes.SHA256()))


def challenge_of(person, verb, secret=""):
    person.ask(verb, secret)
    _, words, line = person.answer()
    assert line, words
    return bytes.fromhex(line["challenge"]), line


def by_key(world, person, key, **more):
    challenge, line = challenge_of(person, 4)
    data, signature = key.sign(challenge, **more)
    person.ask(5, blobs=(b"my key", data, signature))
    return line


def security_keys(world):
    person, key = Person(world, BOB), Authenticator()
    person.ask(4)
    check("none is enrolled", person.answer()[0] == -ENOKEY)
    person.ask(9, "s3cret")
    world.worker(lambda question: (0, ""))
    person.answer()
    person.ask(10, blobs=(b"my key", key.data() + b"attested", b"\1" * 64))
    check("a key that is no point of the curve", person.answer()[0] < 0)
    person.ask(10, blobs=(b"my key", key.data() + b"attested", key.public))
    check("a challenge is for one answer", person.answer()[0] == -EINVAL)
    person.ask(9, "s3cret")
    world.worker(lambda question: (0, ""))
    person.answer()
    person.ask(10, blobs=(b"my key", key.data() + b"attested", key.public))
    check("enrolled with a security key", person.answer()[0] == 0)
    expect(world, "an event, too", "enrolled", BOB, BOB, KEY, 0)
    line = by_key(world, person, key)
    check("it is asked for by its name", line["credentials"] == [b"my key".hex()], line)
    told = world.told()
    check("its signature proves", told[0] == "proven" and told[2:] == (BOB, KEY), told)
    world.taken(told[1])
    person.answer()
    for what, spoil in (("another key's signature", lambda: by_key(world, person, Authenticator())),
                        ("a signature for another place",
                         lambda: by_key(world, person, key, origin=b"elsewhere")),
                        ("nobody touched it", lambda: by_key(world, person, key, flags=0))):
        spoil()
        told = world.told()
        check(f"refused: {what}", told[0] == "refused" and person.answer()[0] == -EACCES, told)
    key.counter = 0
    by_key(world, person, key)
    told = world.told()
    check("refused: a copy of the key, by its counter", "copy" in told[3] and person.answer()[0] == -EACCES, told)
    root = Person(world, 0)
    root.ask(11, method=KEY, uid=BOB)
    check("root takes it away", root.answer()[0] == 0)
    expect(world, "who verified with it has no longer", "ended", BOB, ASKED)
    expect(world, "and it is an event", "enrolled", BOB, 0, KEY, 1)
    person.ask(4)
    check("then it is none any more", person.answer()[0] == -ENOKEY)
    person.close()
    root.close()


def idle(world):
    person = Person(world, ALICE)
    world.config(idle=3)
    world.logind("set", "1", "IdleSinceHintMonotonic", monotonic_us(1))
    world.logind("set", "1", "IdleHint", "true")
    quiet(world, "nobody is verified: idle does not matter")
    by_password(world, person, True)
    world.taken(world.told()[1])
    person.answer()
    told = world.told(10)
    check("idle for so long", told == ("ended", ALICE, IDLE), told)
    world.logind("set", "1", "IdleHint", "false")
    settled(world)
    while world.told(2):
        pass
    quiet(world, "a desktop that is in use again, whatever it says since when")
    world.config()
    person.close()


def pages(world):
    person = Person(world, ALICE)
    user = subprocess.run(["getent", "passwd", str(ALICE)], capture_output=True, check=False).stdout
    person.ask(6)
    if not user:
        error, words, _ = person.answer()
        check("a page wants a user with a name", error == -ENOENT, words)
    person.close()


def losses(world):
    person = Person(world, ALICE)
    world.mock_stop()
    expect(world, "logind is gone: nobody is followed", "watching", 0)
    person.ask(2, "x")
    error, words, _ = person.answer()
    check("and nobody verifies", error == -ENOLINK, words)
    world.config(ends=0)
    by_password(world, person, True)
    told = world.told()
    check("but where nothing ends it", told[0] == "proven", told)
    world.taken(told[1])
    person.answer()
    world.config()
    world.mock_start()
    world.logind("add", "9", ALICE, "seat0", "wayland")
    told = world.told(40)
    check("logind is back", told == ("watching", 1), told)
    world.bus_stop()
    expect(world, "the bus is gone", "watching", 0)
    world.mock_stop()
    world.bus_start()
    world.mock_start()
    told = world.told(60)
    check("the bus is back", told == ("watching", 1), told)
    person.close()
    world.supervisor.close()
    check("without holdfastd it ends", world.verify.wait(10) == 0)


def main():
    if os.geteuid() != 0:
        skip("holdfast-verify", "root, to be several users")
        return summary()
    world = World()
    try:
        world.bus_start()
        world.mock_start()
        world.start()
        world.config()
        sessions(world)
        sleep(world)
        chosen(world)
        passwords(world)
        overtaken(world)
        may_not(world)
        secret, used = codes(world)
        remembered(world, secret, used)
        security_keys(world)
        idle(world)
        pages(world)
        losses(world)
    finally:
        world.done()
    return summary()


if __name__ == "__main__":
    sys.exit(main())
