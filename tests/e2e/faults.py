#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of any process between the event log and the database, at random moments, while events are made:
in the end each event is stored once, and the console's account says so.

usage: faults.py [ROUNDS [SEED]]"""
import random
import sys
import tempfile
import time

from account import check_all_stored
from lib import check, summary
from reporters import Reporters, wait_until
from whole_console import Console

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 12
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)


def one_round(rng, console, agent):
    """Makes events, and kills something among them."""
    for _ in range(rng.randrange(1, 6)):
        agent.log.append(rng.randrange(1, 150), severity=rng.choice((1, 1, 1, 4)))
        time.sleep(rng.random() * 0.3)
    victim = rng.choice(('uplink', 'keyring', 'both', 'frontend', 'store', 'authority', 'all'))
    if victim in ('uplink', 'keyring', 'both'):
        agent.kill({'keyring': 0, 'uplink': 1, 'both': None}[victim])
        agent.start()
    else:
        console.kill(victim)
    return victim


def main():
    rng = random.Random(SEED)
    print(f'seed {SEED}, {ROUNDS} rounds')
    with tempfile.TemporaryDirectory(prefix='hf-faults-') as directory, \
            tempfile.TemporaryDirectory(prefix='hf-agent-') as agent_directory:
        console = Console(directory)
        console.start()
        agent = Reporters(agent_directory, console.url, console.ca,
                          console.token('--approve', '--uses', '1')['token'])
        agent.start()
        check('a device enrols and is trusted by its token',
              wait_until(lambda: agent.status().get('standing') == 'trusted'), agent.errors())
        uid = agent.status().get('device', '')
        victims = {}
        for _ in range(ROUNDS):
            victim = one_round(rng, console, agent)
            victims[victim] = victims.get(victim, 0) + 1
        agent.log.append(1)
        check_all_stored(f'after {victims}', console, agent, uid)
        agent.stop()
        console.stop()
    return summary()


sys.exit(main())
