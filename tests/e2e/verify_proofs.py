#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What holdfast-verify makes of people's proofs: passwords, codes, security keys and the page, each with what spoils
it. The workers are this program; what a real holdfast-page makes of a page is verify_page.py's."""
import base64
import hmac
import os
import pwd
import struct
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from lib import check, skip
from verify_world import (ALICE, ASKED, BOB, EACCES, EAGAIN, EINVAL, ENOENT, ENOKEY, EPERM, KEY, PAGE, PASSWORD, TOTP,
                          Person, by_password, expect, packed, quiet, with_world)


def code(secret, step):
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), "sha1").digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def step_now():
    return int(time.time()) // 30


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


def pages(world):
    asked = []
    user = pwd.getpwnam("daemon")
    person = Person(world, user.pw_uid)
    person.ask(6)
    kind, uid = world.worker(lambda question: asked.append(question) or (0, ""))
    check("a page is asked by a worker, for the user's name", (kind, uid) == (2, user.pw_uid) and
          asked[0].endswith(packed(user.pw_name)), (kind, uid, asked))
    told = world.told()
    check("and proves", told[0] == "proven" and told[2:] == (user.pw_uid, PAGE), told)
    world.taken(told[1])
    check("and is taken", person.answer()[0] == 0)
    person.close()
    try:
        skip("a page wants a user with a name", f"{pwd.getpwuid(ALICE).pw_name} has one here")
        return
    except KeyError:
        pass
    person = Person(world, ALICE)
    person.ask(6)
    error, words, _ = person.answer()
    check("a page wants a user with a name", error == -ENOENT and "no name" in words, words)
    person.close()


def test(world):
    passwords(world)
    secret, used = codes(world)
    remembered(world, secret, used)
    security_keys(world)
    pages(world)


if __name__ == "__main__":
    sys.exit(with_world(test))
