# SPDX-License-Identifier: Apache-2.0
"""Machines seen from outside: a console on this host, to which they report, and words to a case that waits for one, so
that what happens here and there has an order. No key that is looked for is ever in the machine but by the product."""
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../e2e'))

# pylint: disable=wrong-import-position # the path comes first
import whole_console
from key_search import key_bytes
from lib import check

REPO = os.path.dirname(os.path.dirname(HERE))
PATIENCE = 1500  # seconds: emulated, on a busy host


def console_make(directory, label):
    """One that serves, with a key for that label."""
    os.makedirs(directory)
    console = whole_console.Console(directory)
    console.patience = 120
    console.start()
    console.verb('key', 'rotate', label)
    return console


def devices(console):
    return {device['uid'] for device in console.lines('device', 'list')}


class Machine:
    """One boot of tests/vm/run for one case. `more` are words of run."""

    def __init__(self, out, kernel, case, cmdline, more=()):
        self.out, self.name = out, os.path.basename(out)
        self.asked = socket.create_server(('127.0.0.1', 0), backlog=4)
        self.asked.settimeout(1)
        self.totals = [0, 0, 0]
        self.cmdline = f'{cmdline} hf.door={self.asked.getsockname()[1]}'
        self.words = [os.path.join(HERE, 'run'), '--kernel', kernel, '--out', out, *more,
                      '--qemu', '-netdev', '--qemu', 'user,id=net',
                      '--qemu', '-device', '--qemu', 'virtio-net-pci,netdev=net', case]
        self.process = None
        os.makedirs(out, exist_ok=True)

    def leave(self, name, text):
        """A file that the case finds in $HF_RUN."""
        with open(os.path.join(self.out, name), 'w', encoding='ascii') as file:
            file.write(text)

    def start(self, console):
        self.leave('token', console.token('--approve')['token'] + '\n')
        with open(console.ca, encoding='ascii') as file:
            self.leave('ca.pem', file.read())
        log = open(os.path.join(self.out, 'said'), 'wb')  # pylint: disable=consider-using-with # is the child's
        self.process = subprocess.Popen(
            [*self.words[:-1], '--cmdline', f'{self.cmdline} hf.port={console.port}', self.words[-1]],
            cwd=REPO, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def waits(self):
        """The connection of a case that waits for a word; None: it will not any more."""
        for _ in range(PATIENCE):
            try:
                return self.asked.accept()[0]
            except TimeoutError:
                if self.process.poll() is not None:
                    return None
        return None

    @staticmethod
    def go_on(waiting, word):
        if waiting:
            waiting.sendall(word.encode() + b'\n')
            waiting.close()

    def end(self):
        """What the case found is part of what is found here."""
        self.process.wait(PATIENCE)
        self.asked.close()
        with open(os.path.join(self.out, 'said'), encoding='utf-8', errors='replace') as file:
            lines = file.read().splitlines()
        print(f'== {self.name}')
        print('\n'.join(line for line in lines[:-1]), flush=True)
        words = lines[-1].replace(',', '').split() if lines else []
        if len(words) == 6 and words[1] == 'passed':
            self.totals = [int(word) for word in words[::2]]
        else:
            check(f'{self.name}: the machine reported', False, lines[-1:])

    def image(self, disk):
        return os.path.join(self.out, 'disks', disk + '.img')


def summary(lib, machines):
    """As the harness counts."""
    counts = [sum(column) for column in zip([lib.passed, lib.failed, lib.skipped],
                                            *(machine.totals for machine in machines))]
    print('{} passed, {} failed, {} skipped'.format(*counts))
    return 1 if counts[1] else 0


def label_key(console, label):
    """(bytes of its newest key, its generation)."""
    keys = {generation: key for (name, generation), key in key_bytes(console).items() if name == label}
    return keys[max(keys)], max(keys)
