#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clocks that jump, by years and by an hour, on the device and on the console: nothing is lost or stored twice, the
device waits and says for what, certificates are not renewed again and again, and who was enrolled stays so."""
import os
import struct
import sys
import tempfile
import time

from account import check_all_stored, is_delivered
from lib import check, summary
from reporters import BUILD, Reporters, wait_until
from whole_console import Console

HOUR, DAY, YEAR = 3600, 86400, 365 * 86400
LIBRARY = os.path.join(BUILD, 'tests', 'e2e', 'jump.so')


class Clock:
    """What a process started with this environment takes for the time of day (jump.c)."""

    def __init__(self, path):
        self.path = path
        with open(path, 'wb') as file:
            file.write(struct.pack('=q', 0))
        os.chmod(path, 0o644)
        self.environment = {'LD_PRELOAD': LIBRARY, 'HOLDFAST_TEST_JUMP': path}

    def jump(self, seconds):
        """Of the processes that run, too."""
        with open(self.path, 'r+b') as file:
            file.write(struct.pack('=q', seconds))


def seconds_off(agent):
    """By how much the device's own word is off ours."""
    return agent.status().get('contact', 0) / 1000 - time.time()


def waits(agent, what, jump, words):
    """After that jump of the device nothing is delivered, and the status says why."""
    agent.clock.jump(jump)
    agent.stop()  # a connection that is open is not looked at again
    agent.start()
    before = agent.log.sequence
    agent.log.append(40, severity=4)
    agent.log.append(100)
    check(f'{what}: the status says that it is the certificate\'s time',
          wait_until(lambda: words in agent.status().get('trouble', ''), 30), agent.status())
    check(f'{what}: and which time this device has', 'clock' in agent.status().get('trouble', ''),
          agent.status())
    check(f'{what}: nothing is delivered', agent.status().get('acknowledged', 0) <= before,
          agent.status())


def device_jumps(console, agent, uid):
    agent.log.append(100)
    check('device: control: delivers', is_delivered(agent, 30), agent.status())
    for jump in (-HOUR, 2 * HOUR, 0):  # without a restart
        agent.clock.jump(jump)
        agent.log.append(50)
        is_delivered(agent, 30)
        check(f'device: a jump to {jump:+d} s is nothing to it, and is one',
              is_delivered(agent, 1) and wait_until(lambda: abs(seconds_off(agent) - jump) < 60, 5),
              f'{seconds_off(agent)} {agent.status()}')
    waits(agent, 'device ten years behind', -10 * YEAR, 'not yet valid')
    waits(agent, 'device ten years ahead', 10 * YEAR, 'expired')
    agent.clock.jump(0)
    check_all_stored('device: its clock is right again', console, agent, uid, 180)


def renewals(console, agent, uid):
    """70 days ahead a new certificate has 20 days left: too few, each time."""
    def signed():
        return console.log().count(f'signed a certificate for device {uid}')

    before = signed()
    agent.clock.jump(70 * DAY)
    check('70 days ahead: the certificate is renewed', wait_until(lambda: signed() > before, 30),
          agent.status())
    agent.log.append(100)
    is_delivered(agent, 30)
    time.sleep(10)
    count = signed() - before
    check('70 days ahead: once, though the new one is to be renewed too', count == 1, count)
    agent.clock.jump(0)
    check_all_stored('70 days ahead and back', console, agent, uid)


def console_jumps(console, clock, agent, uid):
    for what, jump, words in (('console a day behind', -DAY, 'certificate'),
                              ('console 100 days ahead', 100 * DAY, 'expired')):
        console.stop()
        clock.jump(jump)
        begun = len(console.log())
        console.start()
        before = agent.log.sequence
        agent.log.append(60)
        check(f'{what}: the status says that it is the certificate', wait_until(
            lambda w=words: w in agent.status().get('trouble', ''), 40), agent.status())
        check(f'{what}: the console\'s log says why', console.wait_for(
            'not yet valid' if jump < 0 else 'expired', begun), console.log()[begun:][-500:])
        check(f'{what}: nothing is acknowledged',
              agent.status().get('acknowledged', 0) <= before, agent.status())
        check(f'{what}: and nobody enrols anew', agent.status().get('device') == uid,
              agent.status())
        console.stop()
        clock.jump(0)
        console.start()
        check_all_stored(f'{what}, and right again', console, agent, uid, 240)


def main():
    with tempfile.TemporaryDirectory(prefix='hf-clock-') as directory:
        os.chmod(directory, 0o755)
        for place in ('console', 'agent'):
            os.makedirs(os.path.join(directory, place))
        clock = Clock(os.path.join(directory, 'console.clock'))
        console = Console(os.path.join(directory, 'console'))
        console.environment = clock.environment
        console.start()
        agent_clock = Clock(os.path.join(directory, 'agent.clock'))
        agent = Reporters(os.path.join(directory, 'agent'), console.url, console.ca,
                          console.token('--approve', '--uses', '1')['token'],
                          environment=agent_clock.environment)
        agent.clock = agent_clock
        agent.start()
        check('enrols', wait_until(lambda: agent.status().get('standing') == 'trusted'),
              agent.errors())
        uid = agent.status().get('device', '')
        device_jumps(console, agent, uid)
        renewals(console, agent, uid)
        console_jumps(console, clock, agent, uid)
        agent.stop()
        console.stop()
    return summary()


if __name__ == '__main__':
    sys.exit(main())
