#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, the device's and the console's: what is made is stored, or told to be gone, and nothing twice.
Needs root, for file systems of their own. The row 'spool-write' of doctor is made of what uplink shows here."""
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

from account import check_all_stored, check_content, is_delivered, stored
from lib import check, skip, summary
from reporters import Reporters, wait_until
from whole_console import Console

SPOOL_MIB = 14  # three segments and a little


class Disk:
    """A file system of a size, in a directory's place, with what was in it."""

    def __init__(self, path, size_mib):
        self.path = path
        self.ballast = os.path.join(path, 'ballast')
        status = os.stat(path)
        aside = tempfile.mkdtemp(prefix='hf-disk-')
        subprocess.run(['cp', '-a', path + '/.', aside], check=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size_mib}m,mode=700,'
                        f'uid={status.st_uid},gid={status.st_gid}', 'holdfast-test', path],
                       check=True)
        subprocess.run(['cp', '-a', aside + '/.', path], check=True)
        shutil.rmtree(aside)

    def fill(self):
        """To the last block."""
        with open(self.ballast, 'ab', buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b'\xff' * size)
                except OSError:
                    pass

    def free(self):
        os.unlink(self.ballast)

    def gone(self):
        subprocess.run(['umount', '-l', self.path], check=False)


def big(log, count, severity):
    """Events that cannot be made much smaller."""
    for _ in range(count):
        log.append(1, severity=severity, text=secrets.token_hex(4000))


def told(device):
    return {word: sum(boot[word] for boot in device['boots'])
            for word in ('delivered', 'coalesced', 'pruned', 'lost', 'missing')}


def check_told(what, console, agent, uid):
    """made = stored + what is told to be gone, number by number."""
    made = agent.log.sequence
    device = console.device(uid)
    sums = told(device)
    events, count = stored(console, uid)
    absent = set(range(1, made + 1)) - set(events)
    ranges = [(each['first'], each['last']) for each in device['findings']]
    check(f'{what}: {made} made = {count} stored + {sums["pruned"]} pruned + {sums["lost"]} lost '
          f'+ {sums["missing"]} missing', len(events) == count == sums['delivered'] and
          made == count + sums['pruned'] + sums['lost'] + sums['missing'], sums)
    check(f'{what}: each that is not stored lies in a finding',
          all(any(first <= number <= last for first, last in ranges) for number in absent),
          device['findings'])
    check(f'{what}: nothing but what a full disk takes', not absent or
          {each['kind'] for each in device['findings']} <= {'pruned', 'gap', 'lost'},
          device['findings'])
    check_content(what, events, agent.log.lines, sorted(events))
    return absent, events


def spool(console, directory):
    agent = Reporters(directory, console.url, console.ca,
                      console.token('--approve', '--uses', '1')['token'])
    agent.start()
    check('spool: enrols', wait_until(lambda: agent.status().get('standing') == 'trusted'),
          agent.errors())
    uid = agent.status()['device']
    agent.log.append(200)
    check('spool: control: delivers', is_delivered(agent, 30), agent.status())
    agent.stop()
    disk = Disk(agent.part('uplink'), SPOOL_MIB)
    agent.start()
    console.stop()

    # Nothing at all fits: events wait in the log.
    disk.fill()
    agent.log.append(300)
    check('spool: a disk without a byte: the status says so', wait_until(
        lambda: 'No space' in agent.status().get('spool_trouble', ''), 30), agent.status())
    agent.kill()
    agent.start()
    agent.log.append(50, severity=4)
    check('spool: killed and started on it, it lives and says so', wait_until(
        lambda: 'No space' in agent.status().get('spool_trouble', ''), 30) and
        all(process.poll() is None for process in agent.processes), agent.status())
    disk.free()
    check('spool: with room again it goes on by itself', wait_until(
        lambda: agent.status().get('spool_trouble') == '', 30), agent.status())
    console.start()
    check_all_stored('spool: after a full disk', console, agent, uid)
    console.stop()

    # More normal events than fit: the oldest give their content up, alerts never.
    for _ in range(10):
        big(agent.log, 10, 4)
        big(agent.log, 500, 1)
        time.sleep(0.5)
    check('spool: what had to go is said', wait_until(lambda: agent.status().get('gone'), 60),
          agent.status())
    # More alerts than fit: they wait in the log, and nothing is lost for that.
    big(agent.log, 4000, 4)
    check('spool: full of alerts it takes no more, and says so', wait_until(
        lambda: 'No space' in agent.status().get('spool_trouble', ''), 90), agent.status())
    console.start()
    check('spool: the console is back, all is acknowledged', is_delivered(agent, 240),
          f'{agent.status()} {agent.errors()[-2000:]} {console.log()[-2000:]}')
    absent, _ = check_told('spool', console, agent, uid)
    alerts = [number for number in absent
              if json.loads(agent.log.lines[number - 1])['severity_id'] >= 4]
    check(f'spool: {len(absent)} events went, no alert among them', absent and not alerts,
          alerts[:5])
    check('spool: and it takes events again', agent.status().get('spool_trouble') == '',
          agent.status())
    agent.stop()
    disk.gone()
    return uid


def database(console, directory):
    agent = Reporters(directory, console.url, console.ca,
                      console.token('--approve', '--uses', '1')['token'])
    agent.start()
    check('database: enrols', wait_until(lambda: agent.status().get('standing') == 'trusted'),
          agent.errors())
    uid = agent.status()['device']
    agent.log.append(200)
    check('database: control: stores', is_delivered(agent, 30), agent.status())
    console.stop()
    disk = Disk(os.path.join(console.state, 'store'), 64)
    console.start()
    agent.log.append(100)
    check('database: control: stores on a disk of its own', is_delivered(agent, 60),
          f'{agent.status()} {console.log()[-1000:]}')
    disk.fill()
    begun = len(console.log())
    acknowledged = 0
    for _ in range(200):  # what the database has allocated may still be filled
        agent.log.append(500, text=secrets.token_hex(500))
        if wait_until(lambda: agent.status().get('code') == 'STORE_FULL', 0.2):
            break
    check('database: full: the device is told so', wait_until(
        lambda: agent.status().get('code') == 'STORE_FULL', 30), agent.status())
    acknowledged = agent.status().get('acknowledged', 0)
    check('database: and its log says so', console.wait_for('No space left', begun),
          console.log()[begun:][-500:])
    state = json.loads(console.verb('status', '--json'))
    check('database: the status says so too', 'No space' in state.get('trouble', ''), state)
    failures = {failure['name']: failure for failure in state['failures']}
    check('database: and counts it, with what becomes of it', failures['database-full']['count'] >= 1 and
          'keep their events' in failures['database-full']['says'] and
          'process-ended' not in failures, failures)
    console.kill('store')
    agent.log.append(100)
    time.sleep(3)
    check('database: the store, killed on a full disk, acknowledges nothing',
          agent.status().get('acknowledged') == acknowledged, agent.status())
    disk.free()
    check_all_stored('database: with room again', console, agent, uid, 180)
    state = json.loads(console.verb('status', '--json'))
    check('database: the status has no trouble any more', not state.get('trouble'), state)
    ended = [failure for failure in state['failures'] if failure['name'] == 'process-ended']
    check('database: it tells that the store ended meanwhile', len(ended) == 1 and
          ended[0]['count'] == 1 and 'store' in ended[0]['text'], state['failures'])
    text = console.verb('status')
    check('database: in words too', 'process-ended' in text and 'started anew' in text, text)
    agent.stop()
    console.stop()
    disk.gone()


def main():
    if os.getuid() != 0:
        skip('full disks', 'needs root')
        return summary()
    for case in (spool, database):
        with tempfile.TemporaryDirectory(prefix='hf-disk-') as directory:
            os.chmod(directory, 0o755)
            places = [os.path.join(directory, name) for name in ('console', 'agent')]
            for place in places:
                os.makedirs(place)
            console = Console(places[0])
            console.start()
            try:
                case(console, places[1])
            finally:
                if console.process.poll() is None:
                    console.stop()
                subprocess.run(f'umount -l {directory}/*/*/store {directory}/agent/uplink',
                               shell=True, capture_output=True, check=False)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
