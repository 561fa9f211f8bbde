#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two consoles before one PostgreSQL: devices at both, policies and revocations of one in force at the other,
kill -9 of either's processes and restarts of the database under load; in the end each event is there once.

usage: postgres.py [ROUNDS [SEED]]"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from keys import Device, label_of
from lib import check, summary
from reporters import REPO, Reporters, wait_until
from whole_console import Console

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 12
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
CLUSTER = os.path.join(REPO, 'tests', 'postgres')


class Database:
    """A cluster in a directory of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.url = f'postgresql://postgres@/postgres?host={directory}'
        self.start()

    def run(self, *words):
        subprocess.run([CLUSTER, *words], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)

    def start(self):
        self.run('start', self.directory)

    def stop(self, how='fast'):
        self.run('stop', self.directory, how)

    def ask(self, question):
        return subprocess.run(['psql', '-AtX', self.url, '-c', question], check=True,
                              capture_output=True, text=True).stdout.strip()


class Joined(Console):
    """A console that has the database and the keys of another one."""

    def __init__(self, directory, first):
        self.first = first
        super().__init__(directory)

    def make(self):
        for name in ('store', 'authority', 'devices.pem'):
            source = os.path.join(self.first.state, name)
            to = os.path.join(self.state, name)
            subprocess.run(['cp', '-a', source, to], check=True)
        os.remove(os.path.join(self.state, 'authority', 'root.key'))
        self.verb('init', '--join', '--name', 'second.localhost', '--name', 'localhost')


def make_agent(directory, name, console, other):
    path = os.path.join(directory, name)
    os.makedirs(path)
    agent = Reporters(path, f'{console.url} {other.url}', console.ca,
                      console.token('--approve', '--uses', '1')['token'], name)
    agent.start()
    trusted = wait_until(lambda: agent.status().get('standing') == 'trusted')
    check(f'{name} enrols', trusted, agent.errors())
    agent.uid = agent.status().get('device', '')
    return agent


def publish(console, directory, word):
    path = os.path.join(directory, 'policy.ini')
    policies = os.path.join(REPO, 'policy')
    with open(os.path.join(policies, 'examples', 'minimal.ini'), encoding='utf-8') as file:
        text = file.read().replace('../apps', os.path.join(policies, 'apps'))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'{text}# {word}\n')
    return console.verb('policy', 'publish', path, '--passphrase-file', console.passphrase)


def policies_reach_all(first, agents, directory):
    for number in range(1, 4):
        begun = time.monotonic()
        publish(first, directory, f'number {number}')
        published = time.monotonic()
        for name, agent in agents.items():
            check(f'version {number}, published at the first console, reaches {name}',
                  wait_until(lambda a=agent: a.policy_version() == number, 10, 0.01), agent.errors()[-500:])
        print(f'   all have it {time.monotonic() - published:.2f} s after the command, which '
              f'took {published - begun:.2f} s')
    check('as it was published', b'# number 3' in agents['at-second'].bundle())


def shown_together(first, second, agents):
    """What one console was told, the other one says."""
    for agent in agents.values():
        agent.log.append(20)
    check('events of devices of both are acknowledged', wait_until(
        lambda: all(agent.status().get('acknowledged') == agent.log.sequence
                    for agent in agents.values())))
    for console in (first, second):
        ids = {line['sequence'] for line in console.lines(
            'events', '--device', agents['at-second'].uid, '--all')}
        check('either console shows all of a device', ids == set(range(1, 21)), ids)


def following(first, agent):
    """What comes to the second is said by the first to who follows there."""
    path = os.path.join(first.directory, 'followed')
    with open(path, 'w', encoding='utf-8') as out:
        follow = subprocess.Popen([*first.words, 'events', '--follow', '--json'], stdout=out,
                                  stdin=subprocess.DEVNULL)
    time.sleep(1)
    agent.log.append(3, text='followed.odt')

    def seen():
        with open(path, encoding='utf-8') as file:
            return file.read()
    check('who follows at one console sees what comes to the other',
          wait_until(lambda: seen().count('"name":"followed.odt"') >= 3, 10), seen()[-500:])
    follow.kill()
    follow.wait()


def restart(rng, database):
    database.stop(rng.choice(('fast', 'immediate')))
    time.sleep(rng.random() * 2)
    database.start()


def one_round(rng, consoles, agents, database):
    for _ in range(rng.randrange(1, 5)):
        rng.choice(list(agents.values())).log.append(
            rng.randrange(1, 150), severity=rng.choice((1, 1, 1, 4)))
        time.sleep(rng.random() * 0.3)
    victim = rng.choice(('frontend', 'store', 'store', 'all', 'database', 'agent'))
    if victim == 'database':
        restart(rng, database)
    elif victim == 'agent':
        agent = rng.choice(list(agents.values()))
        agent.kill()
        agent.start()
    else:
        rng.choice(consoles).kill(victim)
    return victim


def away(database, first, agent):
    """The database is gone for a while: said, nothing acknowledged, nothing lost."""
    before = agent.status().get('acknowledged')
    database.stop('immediate')
    agent.log.append(50)
    time.sleep(3)
    check('nothing is acknowledged while the database is away',
          agent.status().get('acknowledged') == before, agent.status())
    done = first.run('status')
    check('and status says so', done.returncode == 1 and 'cannot be reached' in done.stderr,
          done.stderr)
    database.start()
    check('what was made meanwhile is acknowledged when it is back', wait_until(
        lambda: agent.status().get('acknowledged') == agent.log.sequence, 90),
        f'{agent.status()} {first.log()[-1500:]}')


def faults(rng, consoles, agents, database):
    victims = {}
    for _ in range(ROUNDS):
        victim = one_round(rng, consoles, agents, database)
        victims[victim] = victims.get(victim, 0) + 1
    for agent in agents.values():
        agent.log.append(1)
    is_all = wait_until(lambda: all(agent.status().get('acknowledged') == agent.log.sequence
                                    for agent in agents.values()), 180)
    check(f'all events are acknowledged after {victims}', is_all,
          '\n'.join(f'{name}: {agent.status()} {agent.errors()[-800:]}'
                    for name, agent in agents.items()) +
          ''.join(console.log()[-1500:] for console in consoles))


def accounts(consoles, agents, database):
    made = 0
    for name, agent in agents.items():
        made += agent.log.sequence
        device = consoles[0].device(agent.uid)
        boots = device['boots']
        check(f'{name}: made = delivered, nothing coalesced, pruned, lost or missing',
              sum(boot['delivered'] for boot in boots) == agent.log.sequence and
              not any(boot[word] for boot in boots
                      for word in ('coalesced', 'pruned', 'lost', 'missing')), device)
        numbers = [line['sequence'] for line in
                   consoles[1].lines('events', '--device', agent.uid, '--all')]
        check(f'{name}: each event is stored once',
              sorted(numbers) == list(range(1, agent.log.sequence + 1)),
              f'{len(numbers)} stored, {len(set(numbers))} different')
    check('no findings', database.ask('SELECT count(*) FROM finding') == '0')
    check(f'{made} rows, all different', database.ask(
        'SELECT count(*), count(DISTINCT (device, sequence)), count(DISTINCT id) FROM event') ==
        f'{made}|{made}|{made}')
    lanes = database.ask('SELECT count(*) FROM lane WHERE lane > 0 AND last > 0')
    check('both consoles stored some of it', lanes == '2', lanes)
    check('nothing crashed of itself', 'Sanitizer' not in ''.join(
        part.log() for part in consoles))


def revoking(consoles, agents):
    agent = agents['at-second']
    begun = len(consoles[1].log())
    consoles[0].verb('device', 'revoke', agent.uid, '--why', 'test')
    at = time.monotonic()
    check("revoked at the first, the second closes the device's connections",
          consoles[1].wait_for(f'device {agent.uid} is revoked', begun), consoles[1].log()[-800:])
    print(f'   {time.monotonic() - at:.2f} s after the command')
    agent.log.append(1, severity=4)  # something to ask for
    check('and the device is told when it asks', wait_until(
        lambda: agent.status().get('code') == 'DEVICE_REVOKED', 60),
        f'{agent.status()} {agent.errors()[-600:]} {consoles[1].log()[-600:]}')
    other = agents['at-first']
    other.log.append(5)
    check('another one goes on', wait_until(
        lambda: other.status().get('acknowledged') == other.log.sequence))


def seal_keys(console):
    return [key['id'] for key in console.lines('seal-key', 'list')]


def sealing_anew(consoles, agents):
    """A key that one console makes, the other has: what is sealed to it comes to either."""
    first, second = consoles
    before = seal_keys(first)
    check('both have the same key', before == seal_keys(second), before)
    first.verb('seal-key', 'rotate')
    at = time.monotonic()
    check('one rotates, the other has it', wait_until(
        lambda: seal_keys(second) == seal_keys(first) != before, 5), seal_keys(second))
    print(f'   {time.monotonic() - at:.2f} s after the command')
    second.verb('seal-key', 'rotate')
    check('and the other way round', wait_until(
        lambda: len(seal_keys(first)) == 3 and seal_keys(first) == seal_keys(second), 5), seal_keys(first))
    for name, agent in agents.items():
        agent.kill()
        agent.start()  # asks at once what to seal to
        agent.log.append(20)
        check(f'{name} goes on', wait_until(lambda a=agent: a.status().get('acknowledged') == a.log.sequence),
              agent.errors()[-500:])
        check('and nothing is found to be sealed to another key', not any(
            finding['kind'] == 'old-key' for finding in second.device(agent.uid)['findings']))
    second.verb('seal-key', 'destroy', before[0], '--force')
    check('what one destroys, both do', wait_until(
        lambda: before[0] not in seal_keys(first) and not os.path.exists(
            os.path.join(first.state, 'store', f'seal-{before[0]}.key')), 5), seal_keys(first))


class Locker:
    """Somebody else's transaction. It is never the one that the database takes back."""

    def __init__(self, database):
        self.process = subprocess.Popen(['psql', '-AtXq', database.url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.say("SET deadlock_timeout = '60s'; BEGIN;")

    def say(self, words):
        self.process.stdin.write(words + '\n')
        self.process.stdin.flush()

    def lock(self, uid):
        self.say(f"SELECT 'has', id FROM device WHERE uid = '\\x{uid.replace('-', '')}' FOR UPDATE;")

    def lock_audit(self):
        self.say("SELECT 'has', lane FROM lane WHERE lane = 0 FOR UPDATE;")

    def has_it(self):
        return self.process.stdout.readline().startswith('has')

    def end(self):
        self.process.communicate('COMMIT;')


def waiting(database):
    return int(database.ask('SELECT count(*) FROM pg_locks WHERE NOT granted'))


def failures(console):
    return {row['name']: row['count'] for row in console.lines('status')[0]['failures']}


def bring_home(agents, console):
    """Who was refused by its first console, as when the database was away, may be with the other one."""
    for agent in agents:
        if agent.status().get('console') != console.url:
            agent.kill()
            agent.start()
        check('the device is at its first console', wait_until(
            lambda a=agent: a.status().get('console') == console.url and a.status().get('standing') == 'trusted'),
            agent.status())


def find_deadlocks_late(database):
    """The database looks once, so long after a wait has begun: what waits for it has to be there by then."""
    database.ask("ALTER SYSTEM SET deadlock_timeout = '4s'")
    database.ask('SELECT pg_reload_conf()')


def deadlocked(console, database, one, other):
    """The store has one's row and waits for the other's, whose holder waits for one's."""
    holds_one, holds_other = Locker(database), Locker(database)
    for locker, agent in ((holds_one, one), (holds_other, other)):
        locker.lock(agent.uid)
        check('it is held', locker.has_it())
    before = failures(console)
    one.log.append(10)
    check('the store waits for one', wait_until(lambda: waiting(database) == 1))
    other.log.append(10)
    time.sleep(4)  # for it to come into the same transaction
    holds_one.end()
    check('and then for the other', wait_until(lambda: waiting(database) == 1))
    holds_other.lock(one.uid)
    check('it is undone', holds_other.has_it())
    holds_other.end()
    check('what it was to store is acknowledged', wait_until(
        lambda: all(a.status().get('acknowledged') == a.log.sequence for a in (one, other))), console.log()[-800:])
    after = failures(console)
    check('as it was done again', after.get('database-repeated', 0) > before.get('database-repeated', 0), after)
    check('and nobody refused', after.get('database-conflict') == before.get('database-conflict'), after)


def deadlocked_command(console, database, uid, words):
    """An administrator's change has the device's row and waits for the log of audit, whose holder waits for the row."""
    holder = Locker(database)
    holder.lock_audit()
    check('the log is held', holder.has_it())
    before = failures(console)
    command = subprocess.Popen([*console.words, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check(f"'{words[1]}' waits for it", wait_until(lambda: waiting(database) == 1))
    holder.lock(uid)
    check('it is undone', holder.has_it())
    check('and not answered yet', command.poll() is None)
    holder.end()
    error = command.communicate(timeout=60)[1]
    check('it is done all the same', command.returncode == 0, error)
    after = failures(console)
    check('as it was done again', after.get('database-repeated', 0) == before.get('database-repeated', 0) + 1, after)


def administrators_deadlocked(console, database, agent):
    def audited(act):
        return [row for row in console.lines('audit') if row['act'] == act and agent.uid in row['what']]
    for verb, state in (('suspend', 'suspended'), ('approve', 'trusted')):
        count = len(audited(f'device {verb}'))
        deadlocked_command(console, database, agent.uid, ('device', verb, agent.uid))
        check(f'the device is {state}', console.device(agent.uid)['state'] == state)
        check('and that is written down once', len(audited(f'device {verb}')) == count + 1, audited(f'device {verb}'))


def keys_have_a_home(directory, first, second):
    """A label's keys are one console's: it alone makes, gives and destroys them."""
    first.verb('key', 'rotate', 'acme/finance')
    second.verb('key', 'rotate', 'acme/plans')
    finance, plans = label_of(second, 'acme/finance'), label_of(first, 'acme/plans')
    device = Device(first, directory, first.token('--approve')['token'])
    given = {}
    for name, console in (('first', first), ('second', second)):
        device.console = console
        given[name] = [device.code(label) for label in (finance, plans)]
    check('each gives out its own', given['first'][0] == '' and given['second'][1] == '', given)
    check("and says of the other's that they are elsewhere",
          given['first'][1] == given['second'][0] == 'KEYS_ELSEWHERE', given)
    for words in (('rotate',), ('destroy', '--generation', '1', '--force')):
        done = second.run('key', words[0], 'acme/finance', *words[1:])
        check(f'nor does it {words[0]}', done.returncode == 1 and 'another console' in done.stderr,
              done.stderr)
    check('control: the first does both', 'generation 2' in
          first.verb('key', 'rotate', 'acme/finance') and 'destroyed' in
          first.verb('key', 'destroy', 'acme/finance', '--generation', '1'))
    receipt = second.verb('key', 'receipt', 'acme/finance', '--generation', '1')
    check('the receipt is to be had at both', receipt.startswith('holdfast-key-receipt 1'))


def main():
    if not shutil.which('psql'):
        print('skipped: PostgreSQL is missing (postgresql-15)\n0 passed, 0 failed, 1 skipped')
        return 0
    rng = random.Random(SEED)
    print(f'seed {SEED}, {ROUNDS} rounds')
    with tempfile.TemporaryDirectory(prefix='hf-postgres-') as directory:
        os.chmod(directory, 0o755)
        database = Database(os.path.join(directory, 'db'))
        for name in ('a', 'b'):
            os.makedirs(os.path.join(directory, name))
        first = Console(os.path.join(directory, 'a'), '--database', database.url)
        second = Joined(os.path.join(directory, 'b'), first)
        consoles = [first, second]
        agents = {}
        try:
            run(rng, directory, database, consoles, agents)
        finally:
            for agent in agents.values():
                agent.kill()
            for console in consoles:
                console.stop()
            database.stop('immediate')
    return summary()


def run(rng, directory, database, consoles, agents):
    first, second = consoles
    for console in consoles:
        console.start()
    agents['at-first'] = make_agent(directory, 'at-first', first, second)
    agents['at-second'] = make_agent(directory, 'at-second', second, first)
    policies_reach_all(first, agents, directory)
    shown_together(first, second, agents)
    following(first, agents['at-second'])
    away(database, first, agents['at-first'])
    agents['beside'] = make_agent(directory, 'beside', first, second)
    find_deadlocks_late(database)
    bring_home((agents['at-first'], agents['beside']), first)
    deadlocked(first, database, agents['at-first'], agents['beside'])
    administrators_deadlocked(first, database, agents['beside'])
    faults(rng, consoles, agents, database)
    accounts(consoles, agents, database)
    sealing_anew(consoles, agents)
    revoking(consoles, agents)
    keys_have_a_home(directory, first, second)
    check('version 3 is what all still have', agents['at-first'].policy_version() == 3)


if __name__ == '__main__':
    sys.exit(main())
