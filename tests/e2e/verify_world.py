# SPDX-License-Identifier: Apache-2.0
"""What is around holdfast-verify in its tests: a bus with a systemd-logind of the tests, engine, supervisor and
workers, which the test itself is, and people."""
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

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


def by_password(world, person, right, secret="s3cret"):
    person.ask(2, secret)
    asked = []
    kind, uid = world.worker(lambda question: asked.append(question) or
                             ((0, "") if right else (-EACCES, "the password is wrong")))
    return kind, uid, asked[0]


def with_world(test):
    """Runs a test in a world in which logind is followed. The exit status of the program."""
    if os.geteuid() != 0:
        skip("holdfast-verify", "root, to be several users")
        return summary()
    world = World()
    try:
        world.bus_start()
        world.mock_start()
        world.start()
        world.config()
        expect(world, "logind is followed", "watching", 1)
        test(world)
    finally:
        world.done()
    return summary()
