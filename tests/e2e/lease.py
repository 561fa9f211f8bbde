#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trust as a lease from the console to a device that waits for its word: the real console, the real
uplink and keyring. The engine's part is tests/unit/trust.c's, the kernel's tests/vm/cases/lease.sh's."""
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time

from lib import check, summary
from reporters import Reporters, user_ids, wait_until
from trust import Machine
from whole_console import Console

SOON = 2.0  # seconds in which a word has to reach a device that is connected


class Device(Reporters):
    """Each has a runtime directory below one of its own, where its engine would write."""

    def __init__(self, directory, console, token):
        os.makedirs(directory)
        super().__init__(directory, console.url, console.ca, token, os.path.basename(directory))

    def word(self):
        """The console's, as it lies at the device."""
        try:
            with open(os.path.join(self.part('uplink'), 'lease.word'), encoding='ascii') as file:
                return dict(line.split(' ', 1) for line in file.read().splitlines())
        except OSError:
            return {}

    def is_said(self, state, within):
        return wait_until(lambda: self.word().get('state') == state, within, 0.01)

    def policy_says(self, seconds):
        """What the engine writes beside uplink's directory."""
        path = self.part('trust.json')
        with open(path, 'w', encoding='ascii') as file:
            json.dump({'lease': seconds}, file)
        os.chown(path, *user_ids())


def timed(console, device, verb, state):
    """Milliseconds from the end of the command to the word; None when it does not come in time."""
    console.verb('device', verb, device.uid)
    begun = time.monotonic()
    return (time.monotonic() - begun) * 1000 if device.is_said(state, SOON) else None


def first_word(console, work):
    device = Device(os.path.join(work, 'pc-1'), console, console.token()['token'])
    device.start()
    check('a device that waits for approval is told so', device.is_said('pending', 20),
          device.errors())
    device.uid = wait_until(lambda: device.status().get('device'), 10)
    word = device.word()
    check('for no time', word['seconds'] == '0' and
          word['device'] == device.uid.replace('-', ''), word)
    with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as file:
        boot = file.read().strip().replace('-', '')
    check('with the boot that it asked in', word['boot'] == boot, word)
    took = timed(console, device, 'approve', 'trusted')
    check('its approval reaches it within two seconds', took is not None, device.errors())
    print(f'       {took or 0:.0f} ms')
    word = device.word()
    check('for as long as it asked for: a week where the policy says nothing',
          word['seconds'] == '604800', word)
    check('and it delivers', wait_until(lambda: device.status().get('standing') == 'trusted', 10),
          device.status())
    return device


def by_rule(console, work):
    """Nobody wakes the poll of a device that its own description approved."""
    device = Device(os.path.join(work, 'ws-2'), console, console.token()['token'])
    device.start()
    check('another waits', device.is_said('pending', 20), device.errors())
    console.verb('rule', 'add', 'workstations', '--host', 'ws-*')
    Machine(os.path.join(work, 'machine'), 'PF1').survey(device)
    check('a rule approves it', wait_until(lambda: device.status().get('standing') == 'trusted',
                                           30), (device.status(), device.errors()))
    check('and its word comes with that', device.is_said('trusted', SOON), device.errors())
    device.stop()


def changes(console, device):
    took = []
    for verb, state in (('suspend', 'suspended'), ('approve', 'trusted')) * 5:
        before = int(device.word()['serial'])
        took.append(timed(console, device, verb, state))
        check(f'{verb}: the device has its word within two seconds', took[-1] is not None,
              (device.errors(), console.log()))
        check('under the next serial', int(device.word()['serial']) == before + 1, device.word())
        time.sleep(0.3)
    took = [time_ms for time_ms in took if time_ms is not None]
    print(f'       median {statistics.median(took):.0f} ms, at most {max(took):.0f} ms')
    check('at once one after the other, the last one counts', quick(console, device))


def quick(console, device):
    for verb in ('suspend', 'approve', 'suspend'):
        console.verb('device', verb, device.uid)
    is_last = device.is_said('suspended', SOON)
    time.sleep(0.5)
    is_last &= device.word()['state'] == 'suspended'
    console.verb('device', 'approve', device.uid)
    return is_last and device.is_said('trusted', SOON)


def renewals(console, device):
    """By a policy of few seconds; the words are read until one of each half was seen."""
    device.policy_says(6)
    time.sleep(2.5)
    seen = []
    begun = time.monotonic()
    while time.monotonic() - begun < 10:
        word = device.word()
        if not seen or seen[-1]['asked'] != word['asked']:
            seen.append(word)
        time.sleep(0.05)
    gaps = [(int(b['asked']) - int(a['asked'])) / 1000 for a, b in zip(seen[1:], seen[2:])]
    check('a lease is renewed before it is over', len(gaps) >= 2 and max(gaps) < 6, gaps)
    check('not before half of it, less a fourth of that', gaps and min(gaps) > 2.2, gaps)
    check('and asks for no more than the policy says', seen[-1]['seconds'] == '6', seen[-1])
    check('the serial is the same', len({word['serial'] for word in seen}) == 1, seen)
    device.policy_says(0)
    time.sleep(2.5)
    device.stop()
    before = device.word()
    device.start()
    check('a new keyring asks anew', wait_until(lambda: device.word()['nonce'] != before['nonce'],
                                                20), device.errors())


def waits(console, device):
    """Nothing is signed for a device that only waits."""
    time.sleep(3)
    word = device.word()
    time.sleep(3)
    check('a word that holds is not asked for again', device.word() == word)
    console.kill('authority')
    check('after a crash of the console all goes on', wait_until(
        lambda: console.run('status').returncode == 0, 30), console.log())
    time.sleep(3)
    took = None
    for _ in range(20):  # the device comes back in its own time
        console.verb('device', 'suspend', device.uid)
        if device.is_said('suspended', 3):
            took = True
            break
    check('a word comes when it is back', took, device.errors())
    console.verb('device', 'approve', device.uid)
    check('and another', device.is_said('trusted', 20), device.errors())


def restored(console, device):
    """A database that knows less than the devices."""
    known = int(device.word()['serial'])
    console.stop()
    with sqlite3.connect(os.path.join(console.state, 'store', 'console.db')) as database:
        database.execute('UPDATE device SET word = 1')
    database.close()
    console.start()
    device.stop()
    device.start()
    check('a restored console goes on above what devices have seen',
          wait_until(lambda: int(device.word()['serial']) == known + 1, 30, 0.05),
          (device.word(), device.errors()))


def revoked(console, device):
    took = timed(console, device, 'revoke', 'revoked')
    check('revoked: within two seconds', took is not None, (device.errors(), console.log()))
    print(f'       {took or 0:.0f} ms')
    done = console.run('device', 'approve', device.uid)
    check('that is for good', done.returncode != 0 and 'for good' in done.stderr, done.stderr)
    device.stop()
    before = device.word()
    device.start()
    check('also after a restart it is told, when it asks',
          wait_until(lambda: device.word()['nonce'] != before['nonce'], 20) and
          device.word()['state'] == 'revoked', device.errors())
    device.stop()


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        os.makedirs(os.path.join(work, 'console'))
        console = Console(os.path.join(work, 'console'))
        console.start()
        device = first_word(console, work)
        by_rule(console, work)
        changes(console, device)
        renewals(console, device)
        waits(console, device)
        restored(console, device)
        revoked(console, device)
        console.stop()
    return summary()


if __name__ == '__main__':
    sys.exit(main())
