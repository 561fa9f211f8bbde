#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policies from the console to devices that wait for them: the real console, the real uplink and keyring.
The engine's part, what it takes and what not, is tests/unit/policy_bundle.c."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

from whole_console import BUILD, Console
from reporters import Reporters, wait_until

passed = failed = 0
WAIT = 10


def check(what, is_good, more=''):
    global passed, failed
    passed += bool(is_good)
    failed += not is_good
    print(f'{"ok" if is_good else "not ok"} {what}{"" if is_good else ": " + str(more)}', flush=True)


class Fleet:
    """A console, and agents that are enrolled and trusted."""

    def __init__(self, directory):
        os.makedirs(os.path.join(directory, 'console'))
        self.console = Console(os.path.join(directory, 'console'))
        self.directory = directory
        self.console.start()
        self.agents = []
        self.policy = os.path.join(directory, 'policy.ini')

    def enrol(self, name):
        directory = os.path.join(self.directory, name)
        os.makedirs(directory)
        agent = Reporters(directory, self.console.url, self.console.ca,
                          self.console.token('--approve', '--uses', '1')['token'], name)
        agent.start()
        self.agents.append(agent)
        is_trusted = wait_until(lambda: agent.status().get('standing') == 'trusted')
        check(f'{name} enrols with devices.pem as its CA file', is_trusted, agent.errors())
        agent.uid = agent.status().get('device', '')
        return agent

    def write(self, word):
        policies = os.path.join(os.path.dirname(BUILD), 'policy')
        with open(os.path.join(policies, 'examples', 'minimal.ini'), encoding='utf-8') as file:
            text = file.read().replace('../apps', os.path.join(policies, 'apps'))
        with open(self.policy, 'w', encoding='utf-8') as file:
            file.write(f'{text}# {word}\n')

    def publish(self, word, *more):
        self.write(word)
        return self.console.verb('policy', 'publish', self.policy, '--passphrase-file',
                                 self.console.passphrase, *more)

    def rollback(self, version, *more):
        return self.console.verb('policy', 'rollback', str(version), '--passphrase-file',
                                 self.console.passphrase, *more)


def bundle(agent):
    return agent.bundle()


def version(agent):
    return agent.policy_version()


def arrives(agent, number):
    return wait_until(lambda: version(agent) == number, WAIT, 0.01)


def waits(seconds=1.0):
    """Long enough for what must not come."""
    time.sleep(seconds)


def publishing(fleet, agent):
    begun = time.monotonic()
    fleet.publish('the first')
    signed = time.monotonic() - begun
    check('a published policy reaches a device that waits', arrives(agent, 1), agent.errors())
    print(f'   {(time.monotonic() - begun) * 1000:.0f} ms from the command, which took '
          f'{signed * 1000:.0f} ms itself')
    times = []
    for number in range(2, 7):
        text = fleet.publish(f'number {number}')
        begun = time.monotonic()
        if not arrives(agent, number):
            check(f'version {number} arrives', False, agent.errors() + fleet.console.log())
        times.append((time.monotonic() - begun) * 1000)
    check('each one after it too, with the next number', version(agent) == 6 and
          'version 6' in text, text)
    print(f'   behind the command: median {statistics.median(times):.0f} ms, '
          f'at most {max(times):.0f} ms')
    check('what arrives is what was published', b'# number 6' in bundle(agent))
    shown = fleet.console.verb('policy', 'show', '6')
    check('and is shown', '# number 6' in shown, shown)
    diff = fleet.console.verb('policy', 'diff', '5', '6')
    check('and compared', '-# number 5' in diff and '+# number 6' in diff, diff)


def groups(fleet, one, other):
    fleet.console.verb('device', 'tag', one.uid, '+finance', '+vip')
    fleet.publish('for finance', '--group', 'finance')
    check('a group has what is for it', arrives(one, 7), one.errors())
    waits()
    check('and others do not', version(other) == 6, version(other))
    fleet.console.verb('device', 'tag', other.uid, '+finance')
    check('a tag is enough to get it', arrives(other, 7), other.errors())
    fleet.console.verb('device', 'tag', other.uid, '-finance')
    waits()
    check('without the tag again, it keeps what it has', version(other) == 7)
    listed = {line['uid']: line for line in fleet.console.lines('device', 'list')}
    check('tags are shown', listed[one.uid]['tags'] == 'finance vip' and
          listed[other.uid]['tags'] == '', listed)


def rollouts(fleet, one, other):
    fleet.publish('for nobody yet', '--percent', '0')
    waits()
    check('0 % is nobody', version(one) == version(other) == 7)
    fleet.console.verb('policy', 'rollout', '8', '--percent', '100')
    check('100 % is everybody', arrives(one, 8) and arrives(other, 8))
    fleet.console.verb('policy', 'rollout', '8', '--percent', '0')
    waits()
    check('less than before takes nothing back', version(one) == version(other) == 8)
    fleet.rollback(6)
    check('rollback is a new version', arrives(one, 9) and arrives(other, 9))
    check('with what was said before', b'# number 6' in bundle(one))
    history = fleet.console.lines('policy', 'history')
    check('history says so', [line['version'] for line in history] == list(range(1, 10)) and
          history[-1]['repeats'] == 6 and history[-1]['devices'] == 2, history[-1])


def receipts(fleet, one, other):
    """What engines say, in events as they write them."""
    digest = fleet.console.lines('policy', 'history')[-1]['digest']
    one.log.append_policy({'version': 9, 'digest': digest, 'mode': 'enforcing'})
    other.log.append_policy(None, 'ROLLBACK')
    done = wait_until(lambda: fleet.console.device(one.uid)['policy']['applied'] == 9 and
                      fleet.console.device(other.uid)['policy']['code'], WAIT)
    policy = fleet.console.device(one.uid)['policy']
    check('a receipt is kept', done and policy['digest'] == digest and
          policy['mode'] == 'enforcing', policy)
    policy = fleet.console.device(other.uid)['policy']
    check('a rejection is kept', policy['rejected'] == 9 and policy['code'] == 'ROLLBACK', policy)
    text = fleet.console.verb('policy', 'history')
    check('history counts both',
          'applied on 1 of 2 devices, rejected on 1: ROLLBACK' in text, text)
    text = fleet.console.verb('device', 'show', one.uid)
    check('device show says what is in force', 'policy 9 in force, enforcing' in text, text)


def refusals(fleet, one):
    number = version(one)
    done = fleet.console.run('policy', 'publish', fleet.policy, '--version', str(number),
                             '--passphrase-file', fleet.console.passphrase)
    check('a version that was there is refused', done.returncode == 1 and
          'nothing is published' in done.stderr, done)
    with open(fleet.policy, 'w', encoding='utf-8') as file:
        file.write('[policy]\nname = x\nversion = what\n')
    done = fleet.console.run('policy', 'publish', fleet.policy)
    own = fleet.console.run('policy', 'check', fleet.policy)
    device = subprocess.run([os.path.join(BUILD, 'holdfast'), 'policy', 'check', fleet.policy],
                            capture_output=True, text=True, check=False)
    check('one with errors is not published, and they are the agent\'s words',
          done.returncode == own.returncode == device.returncode == 1 and
          own.stderr.replace('holdfast-console', 'holdfast') == device.stderr == \
          done.stderr.replace('holdfast-console', 'holdfast'), (own, device))
    fleet.write('good again')
    done = fleet.console.run('policy', 'publish', fleet.policy, '--passphrase-file', '/dev/null')
    check('a wrong passphrase is refused', done.returncode == 1 and
          'not the passphrase' in done.stderr, done)
    waits(0.5)
    check('nothing of that arrives', version(one) == number)


def other_key(fleet, one, other):
    key = os.path.join(fleet.directory, 'other.key')
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', key], check=True)
    os.chmod(key, 0o644)  # the console may be nobody's
    number = version(one) + 1
    done = fleet.console.run('policy', 'publish', fleet.policy, '--key', key)
    check('another key is warned of', done.returncode == 0 and
          'devices that have that file will refuse' in done.stderr, done)
    check('and is delivered: devices judge', arrives(one, number) and arrives(other, number))
    done = fleet.console.run('policy', 'rollback', str(number), '--passphrase-file',
                             fleet.console.passphrase)
    check('what another key signed is not signed again', done.returncode == 1 and
          'is not signed again' in done.stderr, done)


def standing(fleet, one, other):
    fleet.console.verb('device', 'suspend', other.uid)
    number = version(one) + 1
    fleet.publish('while one is suspended')
    check('control: the trusted one has it', arrives(one, number), one.errors())
    waits(2)
    check('a suspended device gets none', version(other) == number - 1)
    fleet.console.verb('device', 'approve', other.uid)
    check('approved again it does', wait_until(lambda: version(other) == number, 60, 0.1),
          other.errors())


def restarts(fleet, one, other):
    number = version(one)
    fleet.console.stop()
    fleet.console.start()
    number += 1
    fleet.publish('after a restart')
    check('devices that waited come back and have the next one',
          all(wait_until(lambda a=agent: version(a) == number, 60) for agent in (one, other)),
          one.errors()[-800:] + fleet.console.log()[-800:])
    fleet.console.kill('frontend')
    number += 1
    wait_until(lambda: fleet.console.run('status').returncode == 0)
    fleet.publish('after the frontend was killed')
    check('also when the frontend was killed',
          all(wait_until(lambda a=agent: version(a) == number, 60) for agent in (one, other)),
          one.errors()[-800:])


def newer(fleet, one):
    """A device that has a version above all that the console knows, as after a restore."""
    with open(os.path.join(one.part('uplink'), 'policy.bundle'), 'rb') as file:
        content = file.read()
    head, rest = content.split(b'\nversion ', 1)
    one.kill()
    with open(os.path.join(one.part('uplink'), 'policy.bundle'), 'wb') as file:
        file.write(head + b'\nversion 1000\n' + rest.split(b'\n', 1)[1])
    one.start()
    wait_until(lambda: one.status().get('standing') == 'trusted')
    fleet.publish('older than what it has')
    waits(2)
    check('a device with a newer version gets nothing older', version(one) == 1000)
    fleet.publish('above it', '--version', '1001')
    check('control: and gets what is newer', arrives(one, 1001), one.errors())


def run(fleet):
    one, other = fleet.enrol('pc-1'), fleet.enrol('pc-2')
    publishing(fleet, one)
    check('the other has it as well', arrives(other, 6))
    groups(fleet, one, other)
    rollouts(fleet, one, other)
    receipts(fleet, one, other)
    refusals(fleet, one)
    other_key(fleet, one, other)
    standing(fleet, one, other)
    restarts(fleet, one, other)
    newer(fleet, one)
    errors = one.errors() + other.errors() + fleet.console.log()
    check('nothing crashed', 'Sanitizer' not in errors and 'stopping' not in
          ''.join(line for line in errors.splitlines() if 'is gone' not in line),
          errors[-2000:])


def main():
    with tempfile.TemporaryDirectory(prefix='hf-policy-') as directory:
        os.chmod(directory, 0o755)
        fleet = Fleet(directory)
        try:
            run(fleet)
        finally:
            for agent in fleet.agents:
                agent.kill()
            fleet.console.stop()
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return failed != 0


sys.exit(main())
