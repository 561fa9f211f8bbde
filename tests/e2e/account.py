# SPDX-License-Identifier: Apache-2.0
"""Whether what a device made is what the console has: each event once, as it was made, and no more findings than
there were losses."""
import json

from lib import check
from reporters import wait_until

LOSSES = ('coalesced', 'pruned', 'lost', 'missing')


def is_delivered(agent, seconds=120):
    return wait_until(lambda: agent.status().get('acknowledged') == agent.log.sequence, seconds)


def stored(console, uid):
    """{sequence: event} and how many there are: more when one is there twice."""
    lines = console.lines('events', '--device', uid, '--all')
    return {line['sequence']: line['event'] for line in lines}, len(lines)


def check_content(what, events, made, numbers):
    """That the events with these numbers are those that were made."""
    wrong = [number for number in numbers if events.get(number) != json.loads(made[number - 1])]
    check(f'{what}: each as it was made', not wrong, wrong[:10])


def check_all_stored(what, console, agent, uid, seconds=120):
    """Nothing was lost: made = stored, once each, no finding."""
    made = agent.log.sequence
    check(f'{what}: all {made} events are acknowledged', is_delivered(agent, seconds),
          f'{agent.status()} {agent.errors()[-2000:]} {console.log()[-2000:]}')
    device = console.device(uid)
    boots = device['boots']
    check(f'{what}: made = delivered, nothing coalesced, pruned, lost or missing',
          sum(boot['delivered'] for boot in boots) == made and
          not any(boot[word] for boot in boots for word in LOSSES), boots)
    check(f'{what}: no findings', not device['findings'], device['findings'])
    events, count = stored(console, uid)
    check(f'{what}: each event is stored once',
          count == made and sorted(events) == list(range(1, made + 1)),
          f'{count} stored, {len(events)} different, {made} made')
    check_content(what, events, agent.log.lines, range(1, made + 1))
    text = agent.errors() + console.log()
    check(f'{what}: nothing crashed of itself', 'Sanitizer' not in text and 'fatal' not in text,
          text[-1000:])
