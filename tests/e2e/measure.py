#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a connection and a handshake cost the frontend; measured, not judged. Counts its own CPU
time, so that others on the machine matter little. usage: measure.py [CONNECTIONS [HANDSHAKES]]"""
import os
import re
import resource
import socket
import statistics
import sys
import time

from lib import Console, Identity, read_answer

CONNECTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
HANDSHAKES = int(sys.argv[2]) if len(sys.argv) > 2 else 300
ROUNDS = 3
ASK = b"GET /v1/device HTTP/1.1\r\nHost: x\r\n\r\n"
BATCH = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n" + b"x" * 10000


def cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(pid):
    return int(re.search(r"VmRSS:\s*(\d+)", open(f"/proc/{pid}/status").read())[1])


def connect(console, context, session=None):
    plain = socket.create_connection(("127.0.0.1", console.port), timeout=30)
    return context.wrap_socket(plain, server_hostname="localhost", session=session)


def rounds(console, what, count, once):
    """Median and range of how many fit into a second of the frontend's CPU time."""
    rates = []
    for _ in range(ROUNDS):
        begun = cpu_s(console.frontend)
        for _ in range(count):
            once()
        rates.append(count / max(cpu_s(console.frontend) - begun, 0.01))
    print(f"{what}: {statistics.median(rates):.0f} per CPU-second "
          f"[{min(rates):.0f}..{max(rates):.0f}]", flush=True)


def turned_away(count):
    """What one costs for which there is no room."""
    console = Console(limits="strangers=1,handshake_ms=3600000")
    first = socket.create_connection(("127.0.0.1", console.port), timeout=30)
    try:
        def try_one():
            with socket.create_connection(("127.0.0.1", console.port), timeout=30) as plain:
                try:
                    plain.recv(1)
                except ConnectionResetError:
                    pass
        time.sleep(0.5)
        rounds(console, "connections turned away", count, try_one)
    finally:
        first.close()
        console.stop()


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    console = Console(limits="handshakes=1000000,strangers=1000000")
    try:
        device = Identity(console.directory)
        assert console.enrol(device)[0] == 200
        context = console.context(device)

        def handshake(session=None):
            with connect(console, context, session) as connection:
                connection.sendall(ASK)
                assert b"200 OK" in read_answer(connection)
                return connection.session

        session = handshake()
        rounds(console, "full handshakes with one request", HANDSHAKES, handshake)
        rounds(console, "resumed handshakes with one request", HANDSHAKES,
               lambda: handshake(session))
        with connect(console, context) as connection:
            def ask(request):
                connection.sendall(request)
                assert b"200 OK" in read_answer(connection)
            rounds(console, "questions on one connection", 10 * HANDSHAKES, lambda: ask(ASK))
            rounds(console, "batches of 10 kB on one connection", 10 * HANDSHAKES,
                   lambda: ask(BATCH))
        before = rss_kb(console.frontend)
        held = []
        for _ in range(CONNECTIONS):
            held.append(connect(console, context))
            held[-1].sendall(ASK)
            read_answer(held[-1])
        grown = rss_kb(console.frontend) - before
        print(f"memory of {CONNECTIONS} idle connections, each after one request: {grown} kB, "
              f"{grown / CONNECTIONS:.1f} kB each ({before} kB before)")
        for connection in held:
            connection.close()
        begun, began = cpu_s(console.frontend), time.monotonic()
        time.sleep(5)
        print(f"idle: {(cpu_s(console.frontend) - begun) / (time.monotonic() - began):.2%} CPU")
        print(f"memory once they are gone: {rss_kb(console.frontend)} kB")
    finally:
        console.stop()
    turned_away(2000)


if __name__ == "__main__":
    main()
