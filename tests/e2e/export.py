#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports with real receivers: a file, rsyslog and syslog-ng over mutual TLS, Kafka's protocol by
librdkafka's mock brokers. Receivers and exporters are killed while events flow; then everything that
was made is counted at the other end.

usage: export.py [SEED [PART...]]"""
import glob
import json
import os
import pwd
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lib import check, skip, summary
from reporters import BUILD, Reporters, wait_until
from syslog_peers import Authority, Rsyslog, SyslogNg
from whole_console import Console, has_users

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
HEAD = re.compile(rb'<(\d+)>1 (\S+) (\S+) holdfast - (\d+) '
                  rb'\[holdfast@32473 device="([0-9a-f-]{36})" sequence="(\d+)" id="(\d+)" '
                  rb'tenant="([^"]+)"\] (?:\xef\xbb\xbf|#357#273#277)?(\{.*\})$')


class Exporting:
    """A console whose outputs change, and devices that report to it."""

    def __init__(self, directory, rng):
        self.rng = rng
        self.console = Console(directory)
        self.out = os.path.join(directory, 'out')
        os.makedirs(self.out)
        self.user = 'holdfast-exporter' if os.getuid() == 0 and has_users() else 'nobody'
        self.own(self.out)
        self.console.start()
        self.devices = []
        self.uids = []

    def own(self, path):
        if os.getuid() == 0:
            os.chown(path, pwd.getpwnam(self.user).pw_uid, -1)

    def enrol(self, directory):
        agent = Reporters(directory, self.console.url, self.console.ca,
                          self.console.token('--approve', '--uses', '1')['token'],
                          name=f'pc-{len(self.devices)}')
        agent.start()
        trusted = wait_until(lambda: agent.status().get('standing') == 'trusted')
        check('a device enrols', trusted, agent.errors())
        self.devices.append(agent)
        self.uids.append(agent.status()['device'])

    def make(self, count):
        for device in self.devices:
            device.log.append(count)

    def stored(self):
        return sum(device.log.sequence for device in self.devices)

    def wait_stored(self):
        for device in self.devices:
            made = device.log.sequence
            wait_until(lambda: device.status().get('acknowledged') == made, 60)  # pylint: disable=cell-var-from-loop

    def configure(self, text):
        path = os.path.join(self.console.config, 'export.ini')
        with open(path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path + '.new', 0o644)
        os.rename(path + '.new', path)
        self.console.process.send_signal(signal.SIGHUP)

    def exporters(self):
        """Process ids by the name of the output."""
        listing = subprocess.run(['ps', '-o', 'pid=,args=', '--ppid', str(self.console.process.pid)],
                                 capture_output=True, text=True, check=False).stdout
        return {match[2]: int(match[1]) for match in
                re.finditer(r'^ *(\d+) .* exporter .*--name (\S+)', listing, re.M)}

    def kill(self, name):
        pid = self.exporters().get(name)
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return bool(pid)

    def status(self, name):
        for line in self.console.lines('export', 'status'):
            if line['name'] == name:
                return line
        return {}

    def wait_done(self, name, seconds=60):
        return wait_until(lambda: self.status(name).get('running') and
                          self.status(name).get('waiting') == 0, seconds, 0.2)

    def wait_error(self, name, text):
        return wait_until(lambda: text in self.status(name).get('error', ''), 20, 0.2)

    def check_all(self, what, seen, once):
        """seen: (device, sequence) in the order in which they came."""
        for uid, device in zip(self.uids, self.devices):
            numbers = [sequence for other, sequence in seen if other == uid]
            made = list(range(1, device.log.sequence + 1))
            first = list(dict.fromkeys(numbers))
            check(f'{what}: each of {len(made)} events of {device.config[-30:-12]} arrived, in '
                  f'order ({len(numbers) - len(first)} came again)', first == made,
                  f'{len(first)} different, missing {sorted(set(made) - set(first))[:10]}, '
                  f'{len(numbers)} in all')
            if once:
                check(f'{what}: none came twice', len(numbers) == len(first))


def file_events(path):
    """Of all the files of an output, oldest first, and how many lines are none."""
    files = glob.glob(path + '.[0-9]*')
    files.sort(key=lambda name: -int(name.rsplit('.', 1)[1]))
    seen, bad = [], 0
    for name in [*files, path]:
        with open(name, encoding='utf-8') as file:
            for line in file:
                try:
                    event = json.loads(line)
                    seen.append((event['device'], event['sequence']))
                    bad += event['event']['class_uid'] != 1001
                except (ValueError, KeyError):
                    bad += 1
    return seen, bad


def configuration(exporting, work):
    path = os.path.join(work, 'wrong.ini')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('[file one]\npath = relative\n\n[sylog two]\n\n[syslog three]\n'
                   'server = host:99999\nfacilty = local3\n')
    done = exporting.console.run('export', 'check', path)
    for words in (':2: ', ':4: ', 'meant: syslog', ':7: ', ':8: ', 'meant: facility', "no 'ca'"):
        check(f'export check: every mistake at once: {words}', words in done.stderr, done.stderr)
    check('export check: refused', done.returncode == 1)
    good = os.path.join(work, 'good.ini')
    with open(good, 'w', encoding='utf-8') as file:
        file.write('[file one]\npath = /tmp/x\nrotate-size = 1M\nseverity = low\n')
    check('control: a good file', exporting.console.run('export', 'check', good).returncode == 0)


def to_file(exporting):
    path = os.path.join(exporting.out, 'events.jsonl')
    text = f'[file local]\npath = {path}\nstart = first\nrotate-size = 200K\nkeep = 900\n'
    exporting.make(50)
    exporting.configure(text)
    killed = 0
    for _ in range(25):
        exporting.make(exporting.rng.randrange(1, 80))
        time.sleep(exporting.rng.random() * 0.4)
        killed += exporting.kill('local')
    exporting.make(1)
    exporting.wait_stored()
    check('file: everything is delivered', exporting.wait_done('local'),
          f"{exporting.status('local')} {exporting.console.log()[-1500:]}")
    seen, bad = file_events(path)
    check(f'file: whole lines only, after {killed} kills of its exporter', bad == 0, bad)
    exporting.check_all('file', seen, True)
    check('file: it was rotated', len(glob.glob(path + '.[0-9]*')) > 0)
    before = exporting.status('local')['delivered']
    done = exporting.console.run('export', 'rewind', 'local', '--since', 'first')
    check('rewind', done.returncode == 0, done.stderr)
    older = [name for name in glob.glob(path + '.[0-9]*')]
    for name in older:
        os.unlink(name)  # what comes now stands alone
    check('rewind: it comes again', wait_until(lambda: exporting.status('local').get(
        'delivered', 0) >= before + exporting.stored(), 30) and exporting.wait_done('local'),
          exporting.status('local'))
    check('rewind: what was there is kept', glob.glob(path + '.before-*'))
    exporting.check_all('rewound', file_events(path)[0], True)


def to_full_disk(exporting):
    place = os.path.join(exporting.out, 'small')
    os.makedirs(place)
    if os.getuid() != 0 or subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=512k', 'none', place], check=False,
            capture_output=True).returncode:
        skip('a full disk', 'may not mount a tmpfs')
        return
    try:
        exporting.own(place)
        ballast, path = os.path.join(place, 'ballast'), os.path.join(place, 'events.jsonl')
        with open(ballast, 'wb') as file:
            file.write(b'x' * 450000)
        exporting.configure(f'[file small]\npath = {path}\nstart = first\nrotate-size = 100K\n'
                            'keep = 900\nclass = file\n')
        check('full disk: said in words', exporting.wait_error('small', 'No space left'),
              exporting.status('small'))
        with open(path, 'rb') as file:
            content = file.read()
        check('full disk: no half line stays', not content or content.endswith(b'\n'))
        subprocess.run(['mount', '-o', 'remount,size=64m', place], check=True)
        os.unlink(ballast)
        check('full disk: goes on by itself', exporting.wait_done('small') and
              not exporting.status('small').get('error'), exporting.status('small'))
        seen, bad = file_events(path)
        check('full disk: whole lines only', bad == 0)
        exporting.check_all('full disk', seen, True)
    finally:
        exporting.configure('')
        wait_until(lambda: not exporting.exporters(), 20)
        subprocess.run(['umount', place], check=False)


def syslog_section(name, receiver, identity, more=''):
    certificate, key = identity
    return (f'[syslog {name}]\nserver = localhost:{receiver.port}\n'
            f'ca = {receiver.authority.certificate}\ncertificate = {certificate}\nkey = {key}\n'
            f'start = first\n{more}')


def syslog_events(receiver):
    """And lines that are no message of ours in full."""
    seen, bad = [], []
    for line in receiver.messages():
        match = None
        for start in re.finditer(rb'<\d+>1 \d{4}-', line):
            match = HEAD.match(line[start.start():]) or match
        if match:
            json.loads(match[9])
            seen.append((match[5].decode(), int(match[6])))
        else:
            bad.append(line)
    return seen, bad


def to_syslog(exporting, authority, work, kind, tls12=False):
    name = kind.__name__.lower() + ('-old' if tls12 else '')
    if kind.missing():
        skip(name, kind.missing() + ' is not there')
        return
    place = os.path.join(work, name)
    os.makedirs(place)
    receiver = kind(place, authority, tls12)
    identity = authority.sign('exporter', 'exporter.test')
    receiver.start()
    exporting.configure(syslog_section(name, receiver, identity, 'resend = 2s\n'))
    kills = {'receiver killed': 0, 'receiver ended': 0, 'exporter killed': 0}
    for _ in range(4 if tls12 else 12):
        for _ in range(exporting.rng.randrange(1, 4)):
            exporting.make(exporting.rng.randrange(1, 60))
            time.sleep(exporting.rng.random() * 0.3)
        victim = exporting.rng.choice(list(kills))
        kills[victim] += 1
        if victim == 'exporter killed':
            exporting.kill(name)
        else:
            receiver.end(signal.SIGKILL if victim == 'receiver killed' else signal.SIGTERM)
            exporting.make(20)
            time.sleep(exporting.rng.random())
            receiver.start()
    exporting.make(1)
    exporting.wait_stored()
    check(f'{name}: everything is delivered, after {kills}', exporting.wait_done(name, 120),
          f'{exporting.status(name)} {exporting.console.log()[-1500:]} {receiver.log()[-500:]}')
    seen, bad = syslog_events(receiver)
    check(f'{name}: messages as of RFC 5424', len(bad) <= kills['receiver killed'] +
          kills['receiver ended'], (len(bad), bad[:2]))
    exporting.check_all(name, seen, False)
    receiver.end()


def refused(exporting, authority, work):
    """Whom the exporter does not believe, and who does not believe it, get nothing."""
    if Rsyslog.missing():
        skip('wrong certificates', Rsyslog.missing() + ' is not there')
        return
    place = os.path.join(work, 'refused')
    os.makedirs(place)
    receiver = Rsyslog(place, authority)
    receiver.start()
    good = authority.sign('exporter', 'exporter.test')
    other = Authority(place, 'other')
    stranger = other.sign('exporter', 'exporter.test')
    right = syslog_section('right', receiver, good)
    wrong_ca = syslog_section('ca', receiver, good).replace(authority.certificate,
                                                            other.certificate, 1)
    wrong_name = syslog_section('name', receiver, good, 'server-name = elsewhere.test\n')
    unknown = syslog_section('unknown', receiver, stranger)
    exporting.configure(wrong_ca + wrong_name + unknown)
    check('an authority that it does not know: refused', exporting.wait_error('ca', 'certificate'),
          exporting.status('ca'))
    check('another name: refused', exporting.wait_error('name', 'mismatch'),
          exporting.status('name'))
    check('who is not known to the receiver is told so', exporting.wait_error('unknown', 'alert') or
          exporting.wait_error('unknown', 'closed') or exporting.wait_error('unknown', 'reset'),
          exporting.status('unknown'))
    check('none of them got through', not receiver.messages(), receiver.messages()[:1])
    check('all of it waits', all(exporting.status(name)['waiting'] == exporting.stored()
                                 for name in ('ca', 'name', 'unknown')))
    exporting.configure(wrong_ca + right)
    check('control: the right ones work, beside one that fails', exporting.wait_done('right') and
          len(syslog_events(receiver)[0]) == exporting.stored(),
          f"{exporting.status('right')} {len(receiver.messages())}")
    receiver.end()


class Kafka:
    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, 'tests/e2e/kafka_mock')],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.brokers = self.process.stdout.readline().split()[1]

    def say(self, words):
        self.process.stdin.write(words + '\n')
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == 'done\n':
                return lines
            lines.append(line)
        raise RuntimeError('the mock cluster ended')

    def events(self):
        seen, bad = [], 0
        for line in self.say('read events')[:-1]:
            key, sequence, value = line.split(' ', 2)
            bad += json.loads(value)['class_uid'] != 1001
            seen.append((key, int(sequence)))
        return seen, bad

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


def to_kafka(exporting):
    kafka = Kafka()
    exporting.configure(f'[kafka bus]\nbrokers = {kafka.brokers}\ntopic = events\ntls = no\n'
                        'start = first\n')
    # retriable: NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS(_AFTER_APPEND)
    for _ in range(8):
        exporting.make(exporting.rng.randrange(1, 100))
        kafka.say(f'errors {exporting.rng.choice((6, 7, 19, 20))} 2')
        time.sleep(exporting.rng.random() * 0.4)
    kafka.say('down')
    exporting.make(50)
    check('kafka: brokers that are down are said', exporting.wait_error('bus', ''),
          exporting.status('bus'))
    kafka.say('up')
    exporting.wait_stored()
    check('kafka: everything is delivered', exporting.wait_done('bus'),
          f"{exporting.status('bus')} {exporting.console.log()[-1500:]}")
    seen, bad = kafka.events()
    check('kafka: values are OCSF', bad == 0)
    exporting.check_all('kafka, after errors and an outage', seen, True)
    for _ in range(6):
        exporting.make(exporting.rng.randrange(1, 80))
        time.sleep(exporting.rng.random() * 0.3)
        exporting.kill('bus')
    exporting.wait_stored()
    check('kafka: everything after kills', exporting.wait_done('bus'), exporting.status('bus'))
    exporting.check_all('kafka, its exporter killed', kafka.events()[0], False)
    kafka.end()


def confinement(exporting):
    path = os.path.join(exporting.out, 'confined.jsonl')
    exporting.configure(f'[file confined]\npath = {path}\n')
    check('an exporter runs', wait_until(lambda: 'confined' in exporting.exporters(), 10))
    pid = exporting.exporters()['confined']
    wait_until(lambda: exporting.status('confined').get('running'), 10)
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        status = dict(line.split(':\t', 1) for line in file.read().splitlines() if ':\t' in line)
    check('it is filtered, not root, without capabilities or new privileges',
          status['Seccomp'] == '2' and status['NoNewPrivs'] == '1' and
          int(status['CapEff'], 16) == 0 and not status['Uid'].startswith('0\t'), status)
    done = exporting.console.run('events', '--export', '--verdict', 'block')
    lines = done.stdout.splitlines()
    check('events --export: all of them, a line each', len(lines) == exporting.stored() and
          all('event' in json.loads(line) for line in lines), (len(lines), done.stderr))


def main():
    rng = random.Random(SEED)
    print(f'seed {SEED}')
    work = tempfile.mkdtemp(prefix='hf-export-')
    os.chmod(work, 0o755)
    exporting = Exporting(os.path.join(work), rng)
    try:
        for number in range(2):
            exporting.enrol(os.path.join(work, f'device-{number}'))
        authority = Authority(work)
        parts = {
            'check': lambda: configuration(exporting, work),
            'file': lambda: to_file(exporting),
            'confinement': lambda: confinement(exporting),
            'full': lambda: to_full_disk(exporting),
            'kafka': lambda: to_kafka(exporting),
            'rsyslog': lambda: to_syslog(exporting, authority, work, Rsyslog),
            'syslog-ng': lambda: to_syslog(exporting, authority, work, SyslogNg),
            'tls12': lambda: to_syslog(exporting, authority, work, SyslogNg, True),
            'refused': lambda: refused(exporting, authority, work),
        }
        for name in sys.argv[2:] or parts:
            parts[name]()
        check('no process crashed of itself', 'Sanitizer' not in exporting.console.log())
    finally:
        for device in exporting.devices:
            device.stop()
        exporting.console.stop()
        shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
