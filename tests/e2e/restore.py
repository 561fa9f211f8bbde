#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A console that was restored from a backup older than what its devices remember, by its own verbs: devices go on by
themselves, what they still have comes again, and what they have no more is told number by number; nothing twice."""
import json
import os
import sys
import tempfile
import time

from account import LOSSES, check_all_stored, check_content, is_delivered, stored
from lib import check, summary
from reporters import Reporters, wait_until
from whole_console import Console


class Fleet:
    def __init__(self, directory):
        self.directory = directory
        os.makedirs(os.path.join(directory, 'console'))
        self.console = Console(os.path.join(directory, 'console'))
        self.console.start()

    def enrol(self, name):
        directory = os.path.join(self.directory, name)
        os.makedirs(directory)
        agent = Reporters(directory, self.console.url, self.console.ca,
                          self.console.token('--approve', '--uses', '1')['token'], name)
        agent.start()
        check(f'{name}: enrols', wait_until(lambda: agent.status().get('standing') == 'trusted'),
              agent.errors())
        agent.uid = agent.status().get('device', '')
        return agent


def segments(agent, count, events):
    """So many segments of the spool, as each start begins one; delivered, so only the last is kept."""
    for _ in range(count):
        agent.log.append(events)
        is_delivered(agent, 60)
        agent.stop()
        agent.start()
    return agent.log.sequence


def check_restored(what, console, agent, first, last):
    """Stored is all but first to last, which one finding names."""
    made = agent.log.sequence
    check(f'{what}: all is acknowledged', is_delivered(agent, 120),
          f'{agent.status()} {agent.errors()[-1000:]} {console.log()[-2000:]}')
    device = console.device(agent.uid)
    events, count = stored(console, agent.uid)
    absent = sorted(set(range(1, made + 1)) - set(events))
    check(f'{what}: {made} made = {count} stored + {len(absent)} gone, none twice',
          count == len(events) and count + len(absent) == made and
          sum(boot['delivered'] for boot in device['boots']) == count, device['boots'])
    expected = list(range(first, last + 1))
    check(f'{what}: gone is what was acknowledged since the backup and removed here',
          absent == expected, f'{absent[:3]} to {absent[-3:]}, not {first} to {last}')
    findings = [(each['kind'], each['first'], each['last']) for each in device['findings']]
    check(f'{what}: one finding says so, from {first} to {last}',
          findings == ([('restored', first, last)] if expected else []), findings)
    check(f'{what}: and so does the account', sum(boot['missing'] for boot in device['boots']) ==
          len(expected) and not any(boot[word] for boot in device['boots'] for word in LOSSES
                                    if word != 'missing'), device['boots'])
    check_content(what, events, agent.log.lines, sorted(events))


def main():
    with tempfile.TemporaryDirectory(prefix='hf-restore-') as directory:
        os.chmod(directory, 0o755)
        fleet = Fleet(directory)
        console = fleet.console
        busy, idle, off = (fleet.enrol(name) for name in ('busy', 'idle', 'off'))
        for agent in (busy, idle, off):
            segments(agent, 2, 150)
        off.log.append(50)
        is_delivered(off)
        gone = fleet.enrol('revoked')
        off.stop()  # what it makes from here on waits
        off.log.append(120)
        backup = os.path.join(directory, 'console', 'backup')
        at_backup = busy.log.sequence
        console.verb('backup', backup)

        # Since then: two segments delivered and gone, one delivered and still there; a device more.
        segments(busy, 2, 200)
        kept_from = busy.log.sequence + 1
        busy.log.append(70)
        late = fleet.enrol('late')
        late.log.append(30)
        check('late: delivers', is_delivered(late), late.status())
        check('busy: all is acknowledged before the restore', is_delivered(busy), busy.status())
        console.verb('device', 'revoke', gone.uid)
        console.stop()
        busy.log.append(40)
        said = console.verb('restore', backup)
        check('restore: says what follows', 'findings' in said and 'Start the console' in said, said)
        console.start()
        off.start()
        busy.log.append(25)
        check_restored('busy', console, busy, at_backup + 1, kept_from - 1)
        check_restored('idle', console, idle, 1, 0)
        check_all_stored('off', console, off, off.uid)
        check('status says that it was restored',
              'restored' in json.loads(console.verb('status', '--json')))

        late.log.append(10)
        check('late: is refused, as nobody knows it', wait_until(
            lambda: late.status().get('standing') == 'refused', 40), late.status())
        late.configure(console.url, console.ca, console.token('--approve', '--uses', '1')['token'])
        check('late: configured again, it is another device', wait_until(
            lambda: late.status().get('standing') == 'trusted' and
            late.status().get('device') != late.uid, 60), f'{late.status()} {late.errors()}')
        late.uid = late.status().get('device')
        late.log.append(10)
        check_all_stored('late', console, late, late.uid)
        check('revoked since the backup: it stays so',
              console.device(gone.uid)['state'] == 'revoked', console.device(gone.uid))
        gone.log.append(5)
        check('revoked: and brings nothing', wait_until(
            lambda: gone.status().get('standing') == 'refused', 40) and
            gone.status().get('acknowledged') != gone.log.sequence, gone.status())

        # Once more, now with the devices at work while it is done.
        console.verb('backup', backup + '2')
        for agent in (busy, idle, off):
            agent.log.append(60)
            is_delivered(agent)
        console.stop()
        console.verb('restore', backup + '2')
        console.start()
        for _ in range(10):
            for agent in (busy, idle, off):
                agent.log.append(20)
            time.sleep(0.1)
        check('again: busy goes on', is_delivered(busy), busy.status())
        findings = console.device(busy.uid)['findings']
        check('again: what is still in its spool came again, no more is gone than before',
              len(findings) == 1 and sum(boot['missing'] for boot in
                                         console.device(busy.uid)['boots']) ==
              kept_from - 1 - at_backup, findings)
        events, count = stored(console, busy.uid)
        check('again: and nothing twice', count == len(events) ==
              busy.log.sequence - (kept_from - 1 - at_backup), count)
        check_all_stored('again: off', console, off, off.uid)
        for agent in (busy, idle, off, late, gone):
            agent.stop()
        console.stop()
    return summary()


if __name__ == '__main__':
    sys.exit(main())
