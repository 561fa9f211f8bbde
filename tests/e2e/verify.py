#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holdfast-verify with a systemd-logind of the tests on a bus of its own: what it tells the engine of sessions,
sleep and idleness, and when nobody can verify. Proofs are verify_proofs.py's."""
import socket
import struct
import sys
import time

from lib import check
from verify_world import (ALICE, BOB, EBUSY, EINVAL, ENOENT, ENOLINK, EPERM, EVERYBODY, IDLE, LOCK, LOGOUT, PASSWORD,
                          SUSPEND, SWITCH, TOTP, Person, by_password, expect, frame, packed, quiet, settled,
                          with_world)


def sessions(world):
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


def test(world):
    sessions(world)
    sleep(world)
    chosen(world)
    overtaken(world)
    may_not(world)
    idle(world)
    losses(world)


if __name__ == "__main__":
    sys.exit(with_world(test))
