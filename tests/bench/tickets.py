#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tickets cost: keyring's signature, as the engine asks for it, and the console's check, as a service does: one
at a time, how long each takes, and how many a processor would do. Keys are in files; a TPM signs at its own pace.

usage: tickets.py [TICKETS]   1000"""
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time

from console_lib import BUILD, Console, cpu_seconds, show_rate, show_times
from keyring_peer import Keyring
from reporters import Reporters, wait_until
from ticket import MAIL, Device

TICKET = 12  # agent/ipc/keyring.h


def signatures(console, place, inputs):
    agent = Reporters(os.path.join(place, 'agent'), console.url, console.ca, console.token('--approve')['token'])
    agent.is_asked = True
    agent.engine_uid = os.getuid()
    agent.start()
    try:
        pid = agent.processes[0].pid
        keyring = Keyring(agent.part('runtime'))
        if not wait_until(lambda: agent.status().get('standing') == 'trusted'):
            raise RuntimeError(f'it does not become trusted: {agent.errors()}')
        if not wait_until(lambda: not isinstance(keyring.ask(TICKET, inputs[0]), int)):
            raise RuntimeError(f'keyring does not sign: {keyring.ask(TICKET, inputs[0])}')
        spent, times = cpu_seconds(pid), []
        for text in inputs:
            begun = time.monotonic()
            answer = keyring.ask(TICKET, text)
            times.append(time.monotonic() - begun)
            if isinstance(answer, int):
                raise RuntimeError(f'keyring does not sign: {answer}')
        spent = cpu_seconds(pid) - spent
    finally:
        agent.kill()
    show_times('keyring signs a ticket', times)
    show_rate('keyring signs tickets', len(times), spent)


def checks(console, tickets):
    token = console.token('--kind', 'check', '--audience', MAIL, '--tenant', 'acme')['token']
    children = [console.children()[name] for name in ('frontend', 'store')]
    connection = http.client.HTTPSConnection(
        'localhost', console.port, context=ssl.create_default_context(cafile=console.ca))
    connection.connect()
    spent, times = cpu_seconds(*children), []
    for ticket in tickets:
        begun = time.monotonic()
        connection.request('POST', '/v1/ticket/check', json.dumps({'ticket': ticket}),
                           {'Authorization': f'Bearer {token}'})
        answer = json.loads(connection.getresponse().read())
        times.append(time.monotonic() - begun)
        if answer.get('verdict') != 'good':
            raise RuntimeError(answer)
    connection.close()
    show_times('the console checks a ticket', times)
    show_rate('the console checks tickets', len(times), cpu_seconds(*children) - spent)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    console = Console()
    with tempfile.TemporaryDirectory(dir=BUILD, prefix='bench-tickets-') as place:
        os.chmod(place, 0o755)
        try:
            console.start()
            device = Device(place).join(console, place)
            device.subject_once = device.subject()
            begun = os.times()
            tickets = device.tickets(count)
            ended = os.times()
            show_rate('the engine writes tickets, and a key in its process signs them', count,
                 ended.children_user + ended.children_system - begun.children_user - begun.children_system)
            signatures(console, place, [ticket.rpartition('.')[0].encode() for ticket in tickets])
            checks(console, tickets)
        finally:
            console.stop()


if __name__ == '__main__':
    main()
