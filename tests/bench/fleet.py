#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fleet against one console on this machine, with mutual TLS 1.3 and a key for each device.

usage: fleet.py [DEVICES [STORM]]   10000 5000

Prints rows; ends with 1 when something that is no matter of speed is wrong: a device that does not
come back, a policy that does not reach one, an event that was acknowledged and is not stored."""
import json
import os
import signal
import sys
import time

from console_lib import ROOT, Console, Fleet, cpu_seconds, memory_kib

REPORTERS = 20
BATCHES = 2000  # of 100 events, of each of them
STEADY_SECONDS = 10
TRIM_SECONDS = 12  # after which the frontend has given back what handshakes needed
wrong = []


def row(what, value, wanted=''):
    print(f'{what:58} {value:>26}  {wanted}', flush=True)


def must(what, good):
    if not good:
        wrong.append(what)
        print(f'WRONG: {what}', flush=True)


def run_for(fleet, seconds):
    """What came of it."""
    fleet.do('count')
    time.sleep(seconds)
    return fleet.do('count')


def enrol(console, fleet, reporters, count):
    """By as many handshakes as the machine can do: the limit of a second's is for strangers."""
    done = reporters.do('enrol', REPORTERS, 8,
                        console.token('--approve', '--uses', str(REPORTERS))['token'])
    must(f'devices that deliver enrol: {done}', done['enrolled'] == REPORTERS)
    token = console.token('--approve', '--uses', str(count))['token']
    before = {name: cpu_seconds(pid) for name, pid in console.children().items()}
    done = fleet.do('enrol', count, 128, token)
    spent = {name: cpu_seconds(pid) - before[name] for name, pid in console.children().items()}
    must(f'{count} devices enrol: {done}', done['enrolled'] == count)
    row(f'{count} devices enrol by EST, a counted token', f"{count / done['seconds']:.0f} a second")
    row('  CPU of frontend, authority and store for one',
        ' + '.join(f'{spent[name] / count * 1000:.2f}' for name in
                   ('frontend', 'authority', 'store')) + ' ms')


def memory_row(what, before, after, count, wanted=''):
    row(f'memory of a connection {what}: RSS, PSS',
        ', '.join(f'{(late - early) * 1024 / count / 1000:.1f}'
                  for early, late in zip(before, after)) + ' kB', wanted)


def hold(console, fleet, count):
    """Connections that do nothing, then wait for a policy, and what each takes of the frontend's memory."""
    time.sleep(2)
    pid = console.children()['frontend']
    before, spent = memory_kib(pid), cpu_seconds(pid)
    done = fleet.do('ask', 0, count, 180)
    must(f'{count} devices are connected: {done}', done['open'] == count)
    row(f'{count} devices connect and ask who they are', f"{done['seconds']:.1f} s")
    row('  CPU of the frontend for one, handshake and request',
        f'{(cpu_seconds(pid) - spent) / count * 1000:.2f} ms')
    time.sleep(TRIM_SECONDS)
    memory_row('that is idle', before, memory_kib(pid), count, '<= 22 kB')
    fleet.do('hold', 0, count)
    done = fleet.do('held', count, 180)
    must(f'{count} devices are held: {done}', done['held'] == count)
    time.sleep(2)
    memory_row('that waits for a policy', before, memory_kib(pid), count)


def idle(console):
    children = console.children()
    before = {name: cpu_seconds(pid) for name, pid in children.items()}
    time.sleep(STEADY_SECONDS)
    for name in ('frontend', 'store'):
        spent = cpu_seconds(children[name]) - before[name]
        row(f'  CPU of the {name} meanwhile', f'{spent / STEADY_SECONDS * 100:.1f} %')


def publish(console, fleet, version):
    path = os.path.join(console.directory, 'policy.ini')
    with open(os.path.join(ROOT, 'policy', 'examples', 'minimal.ini'), encoding='utf-8') as file:
        text = file.read().replace('../apps', os.path.join(ROOT, 'policy', 'apps'))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'{text}# {version}\n')
    fleet.begin('policy', version, 60)
    console.verb('policy', 'publish', path, '--passphrase-file', console.passphrase)
    done = fleet.end()
    begun_ms = console.lines('policy', 'history')[0]['published']
    return done, begun_ms


def policy(console, fleet, count):
    done, begun_ms = publish(console, fleet, 1)
    must(f'a policy reaches all {count} that wait: {done}', done['have'] == count)
    row(f"a policy reaches {done['have']} of {count} that wait: p50, p99, the last",
        ' / '.join(f'{(done[name] - begun_ms) / 1000:.2f}' for name in
                   ('p50_ms', 'p99_ms', 'last_ms')) + ' s', '0 offline')


def rate(counts):
    return counts['events'] / counts['seconds']


def deliver(reporters):
    """In a process of its own: what handshakes cost their clients is not to slow it down."""
    reporters.do('stop', 0, REPORTERS)
    must('what is under way is delivered', reporters.do('delivered', 60)['is_done'])
    done = reporters.do('seal', 0, REPORTERS, BATCHES)
    must(f'batches are sealed: {done}', done['failed'] == 0)
    reporters.do('report', 0, REPORTERS)
    time.sleep(2)


def steady_rate(reporters):
    steady = rate(run_for(reporters, STEADY_SECONDS))
    row(f'{REPORTERS} devices deliver as fast as they can, all others held',
        f'{steady:.0f} events/s')
    return steady


class Storm:
    """Devices come back while others deliver."""

    def __init__(self, console, fleet, reporters, steady):
        self.console = console
        self.fleet = fleet
        self.reporters = reporters
        self.steady = steady

    def begin(self):
        deliver(self.reporters)
        self.fleet.do('count')
        self.reporters.do('count')

    def end(self, count, what):
        done = self.fleet.do('held', count, 240)
        counts, delivered = self.fleet.do('count'), self.reporters.do('count')
        must(f'{what}: {count} are back: {done}', done['held'] >= count)
        row(f'{what}: {count} are back', f"{counts['seconds']:.1f} s", '<= 60 s for 5000')
        row('  resumed, of all handshakes', f"{counts['resumed']} of {counts['handshakes']}")
        row('  turned away meanwhile', f"{counts['lost']} connections")
        row('  delivery meanwhile',
            f'{rate(delivered):.0f} events/s ({rate(delivered) / self.steady:.0%})', '>= 50 %')

    def cut(self, count):
        """All lose their connection at once, as when a switch restarts; the console stays."""
        self.begin()
        self.fleet.do('cut', 0, count)
        self.end(count, f'{count} connections are lost at once')

    def restart(self, count):
        """kill -9 of the whole console; those that deliver have to come back to the new one too."""
        deliver(self.reporters)
        pids = [self.console.process.pid, *self.console.children().values()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.console.process.wait(20)
        self.console.start()
        self.fleet.do('count')
        self.reporters.do('count')
        self.end(count, 'the console is killed and started again')


def account(console, reporters):
    """What was acknowledged is stored, each event once; what never was sent is not."""
    reporters.do('stop', 0, REPORTERS)
    must('what is under way is delivered', reporters.do('delivered', 60)['is_done'])
    acked = reporters.do('count')['acked']
    stored = json.loads(console.verb('status', '--json'))['events']
    row('events stored, and acknowledged', f'{stored} {acked}', 'equal')
    must('each event once', stored == acked)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    storm = min(int(sys.argv[2]) if len(sys.argv) > 2 else 5000, count)
    console = Console()
    fleets = []
    try:
        console.options = ('--limits', 'handshakes=5000')
        console.start()
        fleets = [Fleet(console), Fleet(console)]
        fleet, reporters = fleets
        enrol(console, fleet, reporters, count)
        console.stop()
        console.options = ()
        console.start()
        hold(console, fleet, count)
        idle(console)
        policy(console, fleet, count)
        deliver(reporters)
        storms = Storm(console, fleet, reporters, steady_rate(reporters))
        fleet.do('rest', storm, count - storm)
        storms.cut(storm)
        storms.restart(storm)
        if storm < count:
            fleet.do('hold', storm, count - storm)
            storms.restart(count)
        account(console, reporters)
    finally:
        for fleet in fleets:
            fleet.close()
        console.close()
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
