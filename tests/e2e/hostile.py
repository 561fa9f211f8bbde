#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What peers may not do to the frontend: large, slow, many, unclear. Each with what is still served."""
import concurrent.futures
import json
import re
import socket
import ssl
import sys
import time

from lib import Console, Identity, check, is_closed, read_answer, summary

HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"


def post(target, headers, body=b""):
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s" % (target, headers, body)


def status_of(answer):
    match = re.match(rb"HTTP/1.1 (\d+) ", answer)
    return int(match[1]) if match else answer


def code_of(answer):
    try:
        return json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    except (ValueError, KeyError):
        return answer


def lengths(console, device):
    good = post(b"/v1/events", b"Content-Length: 5\r\n", b"batch")
    check("control: a batch", status_of(console.say(good, device)) == 200)
    chunked = b"Transfer-Encoding: chunked\r\n"
    answer = console.say(post(b"/v1/events", chunked, b"5\r\nbatch\r\n0\r\n\r\n"), device)
    check("chunks are refused", (status_of(answer), code_of(answer)) == (411, "LENGTH"), answer)
    for name, headers in (("chunks and a length", b"Content-Length: 5\r\n" + chunked),
                          ("two lengths", b"Content-Length: 5\r\nContent-Length: 6\r\n"),
                          ("a negative length", b"Content-Length: -5\r\n"),
                          ("no number as length", b"Content-Length: 5x\r\n"),
                          ("no length", b"")):
        answer = console.say(post(b"/v1/events", headers, b"batch"), device)
        check(f"{name}: refused", status_of(answer) in (400, 411) or b"HTTP" not in answer, answer)
    answer = console.say(HEALTH.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\nx"))
    check("GET with a body is refused", status_of(answer) == 413, answer)


def oversize(console, device):
    largest = b"x" * 110000
    answer = console.say(post(b"/v1/events", b"Content-Length: 110000\r\n", largest), device)
    check("control: the largest batch", status_of(answer) == 200, answer)
    begun = time.monotonic()
    with console.connect(device) as connection:
        connection.sendall(post(b"/v1/events", b"Content-Length: 110001\r\n"))
        answer = read_answer(connection)
    check("a byte more is refused before it is sent", status_of(answer) == 413, answer)
    check("at once", time.monotonic() - begun < 5)
    answer = console.say(post(b"/v1/events", b"Content-Length: 99999999999999999999\r\n"), device)
    check("more than there are numbers", status_of(answer) in (400, 413), answer)
    answer = console.say(post(b"/.well-known/est/simpleenroll", b"Content-Length: 20000\r\n",
                              b"A" * 20000))
    check("a request for a certificate of 20 kB is refused", code_of(answer) == "TOO_LARGE", answer)
    answer = console.say(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n")
    check("a long target is refused", status_of(answer) != 200 and b" 200 " not in answer, answer)
    answer = console.say(HEALTH[:-2] + b"X: " + b"a" * 9000 + b"\r\n\r\n")
    check("a long header is refused", status_of(answer) != 200, answer)
    answer = console.say(HEALTH[:-2] + b"A: b\r\n" * 70 + b"\r\n")
    check("70 headers are refused", code_of(answer) == "SYNTAX", answer)
    check("control: 60", status_of(console.say(HEALTH[:-2] + b"A: b\r\n" * 60 + b"\r\n")) == 200)


def routes(console, device):
    for target, status in ((b"/", 404), (b"/v1/health?x", 404), (b"//v1/health", 404),
                           (b"/v1/../v1/health", 404), (b"/v1/%68ealth", 404), (b"*", 404),
                           (b"https://localhost/v1/health", 404), (b"/v1/health", 200)):
        answer = console.say(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target)
        check(f"GET {target.decode()}: {status}", status_of(answer) == status, answer)
    for method in (b"DELETE", b"PUT", b"OPTIONS", b"PATCH", b"POST"):
        answer = console.say(b"%s /v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" %
                             method)
        check(f"{method.decode()} is no method here", (status_of(answer), code_of(answer)) ==
              (405, "METHOD") and b"Allow: GET" in answer, answer)
    for method in (b"TRACE", b"CONNECT", b"BREW"):
        answer = console.say(b"%s /v1/health HTTP/1.1\r\nHost: x\r\n\r\n" % method)
        check(f"{method.decode()} is no method at all", b" 200 " not in answer, answer)
    answer = console.say(post(b"/v1/events", b"Content-Length: 1\r\n", b"G"), device)
    check("a gap tells the acknowledged", code_of(answer) == "BATCH_GAP" and b'"ack":' in answer,
          answer)
    answer = console.say(post(b"/v1/events", b"Content-Length: 1\r\n", b"B"), device)
    check("busy says when to come back", status_of(answer) == 503 and b"Retry-After:" in answer,
          answer)
    answer = console.say(post(b"/v1/events", b"Content-Length: 1\r\n", b"M"), device)
    check("a store that is silent is busy", status_of(answer) == 503, answer)
    with console.connect() as connection:
        connection.sendall(HEALTH * 3)
        answer = b""
        while answer.count(b"ok\n") < 3:
            more = connection.recv(65536)
            if not more:
                break
            answer += more
        check("one behind the other are answered in turn", answer.count(b"ok\n") == 3, answer)


def slow(console, device):
    """Limits of this console: handshake 1 s, request 2 s, strangers 3 s, devices 6 s."""
    raw = socket.create_connection(("127.0.0.1", console.port))
    check("no handshake: closed after its time", is_closed(raw, 4))
    with console.connect() as connection:
        connection.sendall(HEALTH[:-2])
        closed = False
        for i in range(40):  # a header now and then: each would start an idle time anew
            time.sleep(0.1)
            try:
                connection.sendall(b"X-%d: y\r\n" % i)
            except (ConnectionError, ssl.SSLError):
                closed = True
                break
        check("headers that drip: closed after the time of a request", closed)
    with console.connect(device) as connection:
        connection.sendall(post(b"/v1/events", b"Content-Length: 100\r\n", b"x"))
        check("a body that does not come: closed", is_closed(connection, 5))
    begun = time.monotonic()
    with console.connect() as stranger, console.connect(device) as known:
        check("idle without a certificate: closed", is_closed(stranger, 5))
        stranger_s = time.monotonic() - begun
        known.sendall(HEALTH)
        check("idle with one: still served", status_of(read_answer(known)) == 200)
        check("and closed after longer", is_closed(known, 9))
    print(f"       strangers after {stranger_s:.1f} s, a device after its last word "
          f"{time.monotonic() - begun - stranger_s:.1f} s")
    check("the log says who was slow", console.logged("takes too long"))


def many(console, device):
    """Limits of this console: 20 connections, 8 strangers of one address."""
    def served(connection):
        try:
            connection.sendall(HEALTH)
            return status_of(read_answer(connection)) == 200
        except (ConnectionError, ssl.SSLError):
            return False

    def admitted(identity, count):
        connections = []
        for _ in range(count):
            try:
                connection = console.connect(identity)
                if served(connection):
                    connections.append(connection)
                else:
                    connection.close()
            except (ConnectionError, ssl.SSLError):
                pass
        return connections

    strangers = admitted(None, 12)
    check("8 of 12 strangers are taken", len(strangers) == 8, len(strangers))
    for connection in strangers[:4]:
        connection.close()
    time.sleep(0.3)
    devices = admitted(device, 30)
    check("with devices, 20 connections in all", len(devices) + 4 == 20, len(devices))
    check("those that are in are served", all(served(each) for each in devices))
    for connection in strangers + devices:
        connection.close()
    time.sleep(0.3)
    again = admitted(device, 1)
    check("once they have gone there is room again", len(again) == 1)
    for connection in again:
        connection.close()
    check("the log says that there was none", console.logged("no room"))


def of_one_device(console, device):
    """Limit of this console: 3 connections of a device; the oldest goes, not the newest."""
    other = Identity(console.directory)
    check("control: another device", console.enrol(other)[0] == 200)
    bystander = console.connect(other)
    own = []
    for _ in range(6):
        own.append(console.connect(device))
        own[-1].sendall(HEALTH)
        read_answer(own[-1])
    closed = [is_closed(each, 1) for each in own[:3]]
    check("of 6 the three oldest are closed", closed == [True] * 3, closed)
    for each in [*own[3:], bystander]:
        each.settimeout(20)
        each.sendall(HEALTH)
    check("the three newest are served, and so is another device",
          all(status_of(read_answer(each)) == 200 for each in [*own[3:], bystander]))
    check("the log says so", console.logged("more than 3 connections"))
    for each in [*own, bystander]:
        each.close()


def dripping(console, device):
    """Limit of this console: 2 s for a request. Each byte would start an idle time anew."""
    with console.connect(device) as connection:
        connection.sendall(post(b"/v1/events", b"Content-Length: 1000\r\n"))
        begun, closed = time.monotonic(), False
        while time.monotonic() - begun < 10 and not closed:
            try:
                connection.sendall(b"x")
                time.sleep(0.1)
            except (ConnectionError, ssl.SSLError):
                closed = True
        check("a body that drips: closed after the time of a request", closed)
    good = post(b"/v1/events", b"Content-Length: 5\r\n", b"batch")
    check("control: a batch in one piece", status_of(console.say(good, device)) == 200)


def half_handshakes(console, device):
    """Limits of this console: 30 strangers of an address, 3 s for a handshake."""
    hello = ssl.MemoryBIO()
    client = console.context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = hello.read()
    with console.connect(device) as known:
        begun = time.monotonic()
        halves = []
        for i in range(60):  # of some the hello, of others half of it, and then nothing
            half = socket.create_connection(("127.0.0.1", console.port), timeout=20)
            half.sendall(hello if i % 2 else hello[:len(hello) // 2])
            halves.append(half)
        known.sendall(HEALTH)
        check("60 half handshakes: a device that is in is served",
              status_of(read_answer(known)) == 200)
        for half in halves:
            half.settimeout(20)
            try:
                while half.recv(65536):
                    pass
            except OSError:
                pass
        took = time.monotonic() - begun
        check("all are closed after their time", took < 15, took)
    check("then there is room for strangers", status_of(console.say(HEALTH)) == 200)


def in_flight(console, device):
    """Limits of this console: 3 requests in all, the store has 3 s."""
    mute = post(b"/v1/events", b"Content-Length: 1\r\n", b"M")
    waiting = [console.connect(device) for _ in range(3)]
    for connection in waiting:
        connection.sendall(mute)
    time.sleep(0.5)
    answer = console.say(post(b"/v1/events", b"Content-Length: 1\r\n", b"x"), device)
    check("the fourth is refused as busy", code_of(answer) == "BUSY", answer)
    check("those that waited are too, in the end",
          all(code_of(read_answer(each)) == "BUSY" for each in waiting))
    answer = console.say(post(b"/v1/events", b"Content-Length: 1\r\n", b"x"), device)
    check("then there is room again", status_of(answer) == 200, answer)
    gone = console.connect(device)
    gone.sendall(mute)
    time.sleep(0.2)
    gone.close()
    time.sleep(4)
    check("one that left before its answer harms nobody",
          status_of(console.say(HEALTH)) == 200)


def storm(console, device):
    """Limit of this console: 2 handshakes a second."""
    def served(_):
        try:
            return status_of(console.say(HEALTH, device))
        except (ConnectionError, ssl.SSLError, TimeoutError) as error:
            return error

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(served, range(8)))
    check("all of 8 that come at once are served", answers == [200] * 8, answers)
    check("though no more than 2 shook hands in a second", time.monotonic() - begun > 3)
    check("and none was turned away", "no room" not in console.log())


def guessing(console, device):
    """Limit of this console: 5 failures a minute."""
    tokens = [console.enrol(Identity(console.directory), "guess") for _ in range(5)]
    check("five guesses are refused as such",
          all(status == 401 and b"TOKEN_UNKNOWN" in body for status, body in tokens), tokens)
    status, body, _ = console.curl("/.well-known/est/simpleenroll", "-i", "-u", "x:good",
                                   data=b"x")
    check("then nothing is looked at", status == 429 and b"Retry-After: 60" in body, body)
    check("control: a device is served", console.curl("/v1/device", identity=device)[0] == 200)


def main():
    rounds = (("", (lengths, oversize, routes)),
              ("handshake_ms=1000,request_ms=2000,stranger_ms=3000,idle_ms=6000", (slow,)),
              ("connections=20,strangers=8,device=50", (many,)),
              ("device=3,request_ms=2000,handshake_ms=3000,strangers=30", (of_one_device, dripping, half_handshakes)),
              ("in_flight=3,store_ms=3000", (in_flight,)),
              ("handshakes=2", (storm,)),
              ("failures=5", (guessing,)))
    for limits, cases in rounds:
        console = Console(limits=limits)
        try:
            device = Identity(console.directory)
            check(f"control: enrolled (limits: {limits or 'as they are'})",
                  console.enrol(device)[0] == 200)
            for case in cases:
                case(console, device)
            check("both processes live", console.lives(), console.log()[-2000:])
        finally:
            console.stop()
    return summary()


if __name__ == "__main__":
    sys.exit(main())
