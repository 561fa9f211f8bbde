#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# vm-timeout: 900
"""One life of a machine whose power goes: reporters and a console on a disk, started as they are found, made to write
until nothing works any more. tests/vm/power gives it the disks, and life after life; the last one is let go on until
all is delivered and counts."""
import json
import os
import random
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ['HF_REPO'], 'tests', 'e2e'))
# pylint: disable=wrong-import-position
from account import LOSSES, check_all_stored, is_delivered
from cuts import cut, disk, which_life
from lib import check
from reporters import Reporters, wait_until
from whole_console import Console

PLACE = '/mnt/power'
Console.patience = 300  # emulated
NOTES = os.path.join(PLACE, 'notes.json')


def read_log(log):
    """As the engine does at its start: what is torn goes, and the numbers go on behind the rest."""
    good = 0
    with open(log.path, 'rb') as file:
        for line in file:
            try:
                if json.loads(line)['metadata']['sequence'] != log.sequence + 1 or \
                        not line.endswith(b'\n'):
                    break
            except (ValueError, KeyError, TypeError):
                break
            log.sequence += 1
            log.lines.append(line.decode())
            good += len(line)
    size = os.path.getsize(log.path)
    with open(log.path, 'r+b') as file:
        file.truncate(good)
        os.fsync(file.fileno())
    return size - good


def first_life():
    os.makedirs(os.path.join(PLACE, 'console'))
    os.makedirs(os.path.join(PLACE, 'agent'))
    console = Console(os.path.join(PLACE, 'console'))
    console.start()
    agent = Reporters(os.path.join(PLACE, 'agent'), console.url, console.ca,
                      console.token('--approve', '--uses', '1')['token'])
    agent.start()
    check('it enrols', wait_until(lambda: agent.status().get('standing') == 'trusted', 120),
          agent.errors())
    notes = {name: value for name, value in vars(console).items() if name != 'process'}
    with open(NOTES, 'w', encoding='utf-8') as file:
        json.dump({'console': notes, 'uid': agent.status().get('device')}, file)
    os.sync()
    return console, agent, agent.status().get('device')


def next_life(has_console):
    """What is found on the disk."""
    with open(NOTES, encoding='utf-8') as file:
        notes = json.load(file)
    console = Console.__new__(Console)
    vars(console).update(notes['console'], process=None)
    if has_console:
        console.start()
    agent = Reporters(os.path.join(PLACE, 'agent'), console.url, console.ca)
    torn = read_log(agent.log)
    shown = os.path.join(agent.part('runtime'), 'console.json')  # on a disk here, so of the last life
    if os.path.exists(shown):
        os.unlink(shown)
    agent.start()
    check('it starts', wait_until(lambda: agent.status().get('device') == notes['uid'], 120),
          agent.errors())
    return console, agent, notes['uid'], torn


def check_so_far(console, agent, uid):
    """Without going through all events."""
    check('what is acknowledged was made, and no more', wait_until(
        lambda: agent.status().get('standing') == 'trusted' and
        agent.status().get('acknowledged', 0) <= agent.log.sequence, 120), agent.status())
    device = console.device(uid)
    check('no finding, and nothing lost', not device['findings'] and not any(
        boot[word] for boot in device['boots'] for word in LOSSES), device)


def write_until_cut(chance, log, scratch):
    threading.Timer(chance.uniform(0.5, 8), cut, (scratch,)).start()
    while True:
        log.append(chance.randrange(1, 60), severity=chance.choice((1, 1, 1, 4)),
                   text=f'{chance.getrandbits(64):x}' * chance.choice((1, 1, 20)))
        time.sleep(chance.random() * 0.2)


def main():
    life, lives, seed = which_life()
    chance = random.Random(seed * 1000 + life)
    os.makedirs(PLACE, exist_ok=True)
    subprocess.run(['mount', disk('hf-power'), PLACE], check=True)
    os.chmod(PLACE, 0o755)
    torn = 0
    is_last = life == lives
    has_console = is_last or life % 3 != 2  # else the spool grows
    if life == 1:
        console, agent, uid = first_life()
    else:
        console, agent, uid, torn = next_life(has_console)
        if has_console:
            check_so_far(console, agent, uid)
    spooled = agent.log.sequence - agent.status().get('acknowledged', 0)
    print(f'# life {life}: {agent.log.sequence} events in the log, {torn} bytes of it were torn, '
          f'{spooled} of them not acknowledged yet', flush=True)
    if not is_last:
        write_until_cut(chance, agent.log, disk('hf-scratch'))
    agent.log.append(10)
    check('in the end all is delivered', is_delivered(agent, 300), agent.status())
    check_all_stored(f'after {lives - 1} power cuts', console, agent, uid, 60)
    text = agent.errors()
    print(f'# set apart: {len(re.findall("were torn or damaged", text))} times bytes that were torn')
    agent.stop()
    console.stop()


main()
