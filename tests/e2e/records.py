#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a console keeps: events in pages, acts of administrators that nobody can change, keys to seal
to that are replaced and destroyed. The console as it is, agents' keyring and uplink as they are."""
import os
import shutil
import sqlite3
import sys
import tempfile

from lib import check, summary
from reporters import Reporters, wait_until
from whole_console import Console


def agent_of(console, work, name):
    directory = os.path.join(work, name)
    os.makedirs(directory)
    agent = Reporters(directory, console.url, console.ca, console.token('--approve')['token'],
                      name=name)
    agent.start()
    return agent


def count_of(console, name):
    return len(console.lines('events', '--all', '--device', name))


def has(console, name, count):
    return wait_until(lambda: console.run('device', 'show', name).returncode == 0 and
                      count_of(console, name) == count, 60)


def pages(console):
    seen, place = [], '0'
    while True:
        lines = console.lines('events', '--after', place, '--limit', '3')
        place = lines.pop()['place']
        seen += [line['sequence'] for line in lines]
        if not lines:
            break
    check('pages have each event once, in order', seen == list(range(1, 11)), seen)
    line = console.lines('events', '--limit', '1')[0]
    shown = console.verb('events', 'show', str(line['id']))
    check('one event, whole', '/srv/finance/report.odt' in shown and 'anna' in shown, shown)
    done = console.run('events', 'show', '4711')
    check('one that is not there', done.returncode == 1 and 'no event 4711' in done.stderr, done)
    text = console.verb('events', '--verdict', 'block', '--limit', '1')
    check('its line says who, what, file', 'anna: cat[4711] ' in text and
          '/srv/finance/report.odt' in text and text.count('\n') == 1, text)
    for words, said in ((('--class', 'x'), 'is no class'), (('--verdict', 'x'), 'is no verdict'),
                        (('--since', 'x'), 'is no time'), (('--after', 'x'), 'is no place'),
                        (('--since', '1h', '--until', '2h'), 'is not before')):
        done = console.run('events', *words)
        check(f'{words}: said so', done.returncode in (1, 2) and said in done.stderr, done)


def audit(console):
    console.verb('device', 'tag', 'pc-1', '+desk')
    said = console.verb('audit', '--verify')
    check('the log of acts is proven', 'each as it was written' in said, said)
    link = said.split()[-1]
    acts = [line['act'] for line in console.lines('audit', '--all')]
    check('acts are there, with names', acts[0] == 'console made' and acts[-1] == 'device tag', acts)
    console.verb('device', 'tag', 'pc-1', '-desk')
    check('a kept link is found', console.run('audit', '--verify', '--link', link).returncode == 0)
    check('another is not', console.run('audit', '--verify', '--link', '0' * 64).returncode == 1)
    path = os.path.join(console.state, 'store', 'console.db')
    console.stop()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)")
    console.start()
    done = console.run('audit', '--verify')
    check('an act that is cut off leaves a chain', done.returncode == 0, done)
    console.stop()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE audit SET who = 'nobody' WHERE act = 'device tag'")
    console.start()
    done = console.run('audit', '--verify')
    check('an act that was changed is found', done.returncode == 1 and 'tampered' in done.stderr,
          done)
    check('and says so with the link that was kept',
          console.run('audit', '--verify', '--link', link).returncode == 1)


def keys_of(console):
    return console.lines('seal-key', 'list')


def rotation(console, online, offline):
    """One agent is there, the other one comes back later, with what it sealed to the first key."""
    first = keys_of(console)[0]['id']
    console.stop()
    offline.log.append(20)
    check('what waits is sealed', wait_until(lambda: offline.status().get('waiting') == 20, 30),
          offline.status())
    offline.stop()
    console.start()
    console.verb('seal-key', 'rotate')
    keys = keys_of(console)
    check('a new key, and the earlier one', len(keys) == 2 and keys[0]['id'] == first and
          keys[0]['waiting'] == 2 and not keys[1]['replaced'], keys)
    done = console.run('seal-key', 'destroy', first)
    check('it is not destroyed while somebody needs it', done.returncode == 1 and
          '2 devices' in done.stderr, done)
    online.stop()
    before = online.status().get('contact')
    online.start()  # asks at once, and is told the new key
    check('who is there hears of it',
          wait_until(lambda: online.status().get('contact', 0) > before, 30), online.status())
    online.log.append(5)
    check('who is there seals to the new one',
          wait_until(lambda: keys_of(console)[0]['waiting'] == 1, 60), keys_of(console))
    console.stop()
    console.start()
    offline.start()
    check('who was away delivers what it had', has(console, 'pc-2', 30), count_of(console, 'pc-2'))
    offline.log.append(5)
    check('and seals to the new one', wait_until(lambda: keys_of(console)[0]['waiting'] == 0, 60),
          keys_of(console))
    console.verb('seal-key', 'destroy', first)
    names = sorted(os.listdir(os.path.join(console.state, 'store')))
    check('the earlier one is destroyed', len(keys_of(console)) == 1 and
          not [name for name in names if name.startswith('seal-')], names)
    online.log.append(5)
    check('control: events go on', has(console, 'pc-1', 20) and has(console, 'pc-2', 35))


def too_late(console, agent):
    """The key is destroyed though somebody needs it: that is lost, said, and holds up nothing."""
    console.stop()
    agent.log.append(7)
    check('what waits is sealed', wait_until(lambda: agent.status().get('waiting') == 7, 30),
          agent.status())
    agent.stop()
    console.start()
    old = keys_of(console)[0]['id']
    console.verb('seal-key', 'rotate')
    console.verb('seal-key', 'destroy', old, '--force')
    agent.start()
    check('it is refused, and found', wait_until(
        lambda: 'old-key' in console.verb('findings', '--device', 'pc-2'), 60),
          console.verb('findings'))
    agent.log.append(3)
    check('what comes later arrives', has(console, 'pc-2', 38), count_of(console, 'pc-2'))
    boots = console.device('pc-2')['boots']
    check('what is lost is counted', sum(boot['missing'] for boot in boots) == 7, boots)
    check('the agent says so', 'given up' in agent.errors(), agent.errors()[-500:])
    acts = [line['act'] for line in console.lines('audit', '--all')]
    check('keys are acts', acts.count('seal-key rotate') == 2 and
          acts.count('seal-key destroy') == 2, acts)


def main():
    work = tempfile.mkdtemp(prefix='hf-records-')
    os.chmod(work, 0o755)
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    agents = []
    try:
        agents.append(agent_of(console, work, 'pc-1'))
        agents[0].log.append(10)
        check('events arrive', has(console, 'pc-1', 10))
        pages(console)
        agents.append(agent_of(console, work, 'pc-2'))
        agents[1].log.append(10)
        check('those of another one too', has(console, 'pc-2', 10))
        rotation(console, *agents)
        too_late(console, agents[1])
        audit(console)
        errors = console.log() + ''.join(agent.errors() for agent in agents)
        errors = '\n'.join(line for line in errors.splitlines() if 'is gone' not in line)
        broken = [line for line in errors.splitlines() if 'Sanitizer' in line or 'stopping' in line]
        check('nothing crashed', not broken, broken)
    finally:
        for agent in agents:
            agent.stop()
        console.stop()
    shutil.rmtree(work)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
