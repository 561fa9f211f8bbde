#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutated requests against the frontend and authority built with sanitizers: nothing crashes, what
is good is still served. usage: mutate.py [COUNT [SEED]]; a failure is repeated by its seed."""
import base64
import os
import random
import re
import socket
import ssl
import sys
import threading

from lib import Console, Identity, check, summary

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
WORKERS = 4
PIECES = (b"\r\n", b"\n", b"\0", b" ", b":", b"%00", b"Transfer-Encoding: chunked\r\n",
          b"Content-Length: 0\r\n", b"Content-Length: 4294967296\r\n", b"HTTP/1.1", b"HTTP/0.9",
          b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"GET ", b"\xff\xfe", b"A" * 5000,
          b"Authorization: Basic Og==\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"=", b"://[::")


def seeds(directory):
    csr = base64.encodebytes(Identity(directory).csr())
    token = base64.b64encode(b"device:good")
    est = b"/.well-known/est/"
    result = [b"GET %s HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n" % target
              for target in (b"/v1/health", b"/v1/device", est + b"cacerts")]
    for target, body in ((b"/v1/events", b"G"), (b"/v1/events", b"x" * 300),
                         (est + b"simpleenroll", csr), (est + b"simplereenroll", csr)):
        result.append(b"POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\n"
                      b"Content-Length: %d\r\n\r\n%s" % (target, token, len(body), body))
    result.append(b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"5\r\nbatch\r\n0\r\n\r\n")
    return result


def mutate(chance, request):
    request = bytearray(request)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(request) + 1)
        end = min(len(request), at + chance.choice((1, 1, 4, 30)))
        kind = chance.randrange(6)
        if kind == 0 and at < len(request):
            request[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del request[at:end]
        elif kind == 2:
            request[at:at] = request[at:end] * chance.choice((1, 3, 50))
        elif kind == 3:
            request[at:at] = chance.choice(PIECES)
        elif kind == 4:
            request[at:end] = chance.randbytes(end - at)
        elif request:
            request = request[:at]
    # of whole length most of the time: else most would wait for bytes that do not come
    head, found, body = bytes(request).partition(b"\r\n\r\n")
    if found and chance.random() < 0.7:
        head = re.sub(rb"(?i)content-length: \d+", b"Content-Length: %d" % len(body), head)
    return head + found + body


class Worker(threading.Thread):
    """Sends its share; a connection that was closed, or waits for more, is replaced."""

    def __init__(self, console, number, device, requests):
        super().__init__()
        self.chance = random.Random(SEED * WORKERS + number)
        self.console, self.requests = console, requests
        self.contexts = [console.context(), console.context(device)]
        self.sessions = [None, None]
        self.streams = [None, None]
        self.answers = self.taken = 0

    def stream(self, which):
        if not self.streams[which]:
            plain = socket.create_connection(("127.0.0.1", self.console.port), timeout=20)
            self.streams[which] = self.contexts[which].wrap_socket(
                plain, server_hostname="localhost", session=self.sessions[which])
        return self.streams[which]

    def drop(self, which):
        if self.streams[which]:
            self.sessions[which] = self.streams[which].session or self.sessions[which]
            self.streams[which].close()
        self.streams[which] = None

    def send(self, which, request):
        try:
            stream = self.stream(which)
            stream.settimeout(20)
            stream.sendall(request)
            stream.settimeout(0.1)
            answer = stream.recv(65536)
            self.answers += answer.startswith(b"HTTP/1.1 ")
            self.taken += answer.count(b'"retry_ms"')
            if not answer or b"Connection: close" in answer:
                self.drop(which)
        except (OSError, ssl.SSLError):
            self.drop(which)

    def garbage(self):
        """No TLS, or a handshake that is not one."""
        hello = bytes.fromhex("1603010200010001fc0303") + self.chance.randbytes(506)
        with socket.create_connection(("127.0.0.1", self.console.port), timeout=20) as plain:
            try:
                plain.sendall(mutate(self.chance, hello))
            except OSError:
                pass  # it was closed: what is wanted

    def run(self):
        for _ in range(COUNT // WORKERS):
            if self.chance.random() < 0.05:
                self.garbage()
                continue
            request = mutate(self.chance, self.chance.choice(self.requests))
            self.send(self.chance.randrange(2), request)
        self.drop(0)
        self.drop(1)


def main():
    # more system calls than the product makes; what the filter would kill for is logged
    console = Console("stand-in-sanitized",
                      limits="handshakes=100000,strangers=1000,failures=1000000,store_ms=1000",
                      environment={"HOLDFAST_SANDBOX_LOG": "1",
                                   "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1"})
    try:
        device = Identity(console.directory)
        check("control: enrolled", console.enrol(device)[0] == 200)
        workers = [Worker(console, number, device, seeds(console.directory))
                   for number in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        answers = sum(worker.answers for worker in workers)
        print(f"       {COUNT} requests, {answers} answered, seed {SEED}")
        check("most requests were answered", answers > COUNT / 4, answers)
        check(f"both processes live (seed {SEED})", console.lives(), console.log()[-3000:])
        log = console.log()
        check(f"no sanitizer complained (seed {SEED})",
              "Sanitizer" not in log and "runtime error" not in log, log[-3000:])
        check("a device is still served", console.curl("/v1/device", identity=device)[0] == 200)
        check("and another enrolled", console.enrol(Identity(console.directory))[0] == 200)
        with open(f"/proc/{console.frontend}/fd/../status") as status:
            print("       frontend:", re.search(r"VmRSS:\s*(.*)", status.read())[1],
                  len(os.listdir(f"/proc/{console.frontend}/fd")), "descriptors")
    finally:
        console.stop()
    return summary()


if __name__ == "__main__":
    sys.exit(main())
