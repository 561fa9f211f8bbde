#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a device waits for a label's key: the console's answer to a question, over a connection that is
there (mutual TLS 1.3, both signatures proven, two generations unwrapped, sealed, the grant signed, the question
on disk); and the whole way, from when somebody wants the key until keyring has it.

usage: keys.py [QUESTIONS [ROUNDS]]   1000 30"""
import os
import sys
import tempfile
import time

from console_lib import BUILD, Console, cpu_seconds, show_rate, show_times
from keyring_peer import Keyring
from keys import Device, label_of
from reporters import Reporters, wait_until

A_DEVICE = 200  # questions: fewer than a device may ask in an hour


def ask(connection, question):
    connection.sendall(b'POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: ' +
                       str(len(question)).encode() + b'\r\n\r\n' + question)
    answer = b''
    while b'\r\n\r\n' not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b'\r\n\r\n')
    length = int(head.lower().split(b'content-length:')[1].split(b'\r\n')[0])
    while len(body) < length:
        body += connection.recv(65536)
    if not head.startswith(b'HTTP/1.1 200'):
        raise RuntimeError(answer)


def answers(console, place, label, count):
    token = console.token('--approve', '--uses', str(count // A_DEVICE + 1))['token']
    children = list(console.children().values())
    times, spent = [], 0
    while len(times) < count:
        device = Device(console, place, token)
        questions = [device.question([label]) for _ in range(min(A_DEVICE, count - len(times)))]
        with console.connect(device) as connection:
            spent -= cpu_seconds(*children)
            for question in questions:
                begun = time.monotonic()
                ask(connection, question)
                times.append(time.monotonic() - begun)
            spent += cpu_seconds(*children)
    show_times('the console answers a question for a key', times)
    show_rate('the console answers questions for a key', count, spent)


def whole(console, place, label, rounds):
    agent = Reporters(os.path.join(place, 'agent'), console.url, console.ca,
                      console.token('--approve')['token'])
    agent.is_asked = True
    agent.start()
    times = []
    try:
        keyring = Keyring(agent.part('runtime'))
        if not wait_until(lambda: agent.status().get('standing') == 'trusted'):
            raise RuntimeError(f'it does not become trusted: {agent.errors()}')
        keyring.want([label])
        wait_until(lambda: keyring.has(label), 30, 0.01)
        for _ in range(rounds):
            keyring.drop('person')
            begun = time.monotonic()
            if not wait_until(lambda: keyring.has(label), 30, 0.005):
                raise RuntimeError(f'it does not come: {keyring.state()}')
            times.append(time.monotonic() - begun)
    finally:
        agent.kill()
    show_times('from dropped to here again, keyring to console and back', times)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    console = Console()
    with tempfile.TemporaryDirectory(dir=BUILD, prefix='bench-keys-') as place:
        os.chmod(place, 0o755)
        try:
            console.start()
            for _ in range(2):
                console.verb('key', 'rotate', 'acme/finance')
            label = label_of(console, 'acme/finance')
            answers(console, place, label, count)
            whole(console, place, label, rounds)
        finally:
            console.stop()


if __name__ == '__main__':
    main()
