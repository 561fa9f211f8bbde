#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that is ordered to destroy what it has, from the command to its receipt: the real console, over both of its
databases, the real uplink, keyring and holdfast-wipe. The engine is played here, as there is no kernel part: it says
of a file system of this kernel's which inodes are marked and which files are labelled."""
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from lib import check, skip, summary
from postgres import Database
from reporters import BUILD, Reporters, wait_until
from whole_console import Console

LINE, END = 64, 65
LABEL_SHOW, PLAN, MARKS, LINEAGE, TELL = 8, 28, 29, 30, 31
EVENTS = ('', 'ordered', 'begun', 'progress', 'ended', 'failed', 'idle')
FILES = 400
LABELLED = FILES + 6  # five below a labelled directory, one where no path leads


class Engine:
    """Answers what holdfast-wipe asks of one: agent/ipc/request.h, common/answer.h."""

    def __init__(self, directory):
        self.told = []
        self.on_revoke = 'keep'
        self.removed = ['finance']
        self.device = 0  # where marks are, as the kernel has it
        self.marks = {}  # inode: labels
        self.below = None  # directory whose files inherit 'finance'
        self.delay = 0
        path = os.path.join(directory, 'engine.sock')
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.server.bind(path)
        self.server.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            while True:
                fds = []
                try:
                    request, fds, _, _ = socket.recv_fds(peer, 8192, 4)
                    if not request:
                        return
                    self.answer(peer, request, fds)
                except ConnectionError:  # it was killed
                    return
                finally:
                    for fd in fds:
                        os.close(fd)

    def answer(self, peer, request, fds):
        _, verb, _ = struct.unpack_from('<HHI', request)
        number, _, after = struct.unpack_from('<IIQ', request, 8)
        texts, at = [], 24
        for _ in range(4):
            size, = struct.unpack_from('<H', request, at)
            texts.append(request[at + 2:at + 2 + size].decode())
            at += 2 + size
        error = 0
        if verb == TELL:
            self.told.append((EVENTS[number], texts[0]))
        elif verb == PLAN:
            self.line(peer, {'on_revoke': self.on_revoke, 'marks': len(self.marks) + 2})
            for label in self.removed:
                self.line(peer, {'removed': label})
        elif verb == MARKS and number == 0:
            page = sorted(self.marks)[after:after + 100]
            self.line(peer, {'dev': self.device, 'cursor': after + len(page), 'inodes': page})
        elif verb == MARKS:
            error = -2
        elif verb == LINEAGE:
            self.line(peer, {'lineage': True})
        elif verb == LABEL_SHOW:
            time.sleep(self.delay)
            # the engine's own decoder takes absolute paths only
            error = self.labels(peer, fds[0], texts[2]) if texts[3].startswith('/') else -22
        self.send(peer, END, struct.pack('<iH', error, 0))

    def labels(self, peer, directory, name):
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except OSError as failure:
            return -failure.errno
        labels = list(self.marks.get(status.st_ino, []))
        if not labels and self.below and os.readlink(f'/proc/self/fd/{directory}').startswith(self.below):
            labels.append('finance')
            self.marks[status.st_ino] = labels  # a label stays with what is moved out
        self.line(peer, {'labels': labels, 'own': []})
        return 0

    def line(self, peer, value):
        text = json.dumps(value).encode()
        self.send(peer, LINE, struct.pack('<H', len(text)) + text)

    @staticmethod
    def send(peer, verb, body):
        peer.send(struct.pack('<HHI', 1, verb, len(body)) + body)

    def events(self):
        return [event for event, _ in self.told]


class Device(Reporters):
    def __init__(self, directory, console):
        os.makedirs(directory)
        token = console.token('--approve')['token']
        super().__init__(directory, console.url, console.ca, token, os.path.basename(directory))
        self.is_asked = True
        self.wiper = None
        self.parent = None
        self.engine = Engine(self.part('runtime'))
        self.anchor = self.part('anchor.pem')
        shutil.copy(console.ca, self.anchor)
        os.chmod(self.anchor, 0o644)
        os.chown(self.anchor, 0, 0)
        os.makedirs(self.part('vault'))

    def word(self):
        try:
            with open(os.path.join(self.part('uplink'), 'lease.word'), encoding='ascii') as file:
                return dict(line.split(' ', 1) for line in file.read().splitlines())
        except OSError:
            return {}

    def wipe(self, state='wipe', uplink=None):
        """As holdfastd starts it: it ends with the socket at descriptor 3."""
        self.parent, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [os.path.join(BUILD, 'holdfast-wipe'), '--runtime-dir', self.part('runtime'), '--state-dir',
                 self.part(state), '--uplink-dir', uplink or self.part('uplink'), '--vault-dir', self.part('vault'),
                 '--anchor', self.anchor]
        log = open(self.part('holdfast-wipe.err'), 'ab')  # closed with us
        # pylint: disable=subprocess-popen-preexec-fn
        self.wiper = subprocess.Popen(words, stderr=log, preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
                                      pass_fds=(3,), stdin=subprocess.DEVNULL)
        theirs.close()
        return self.wiper

    def end_wiper(self):
        self.parent.close()
        try:
            return self.wiper.wait(10)
        except subprocess.TimeoutExpired:
            self.wiper.kill()
            return self.wiper.wait()

    def journal(self):
        try:
            with open(self.part('wipe/journal'), encoding='utf-8') as file:
                return dict(line.split(' ', 1) for line in file.read().splitlines() if ' ' in line)
        except OSError:
            return {}

    def wiper_errors(self):
        with open(self.part('holdfast-wipe.err'), encoding='utf-8', errors='replace') as file:
            return self.engine.told[-6:], file.read()[-2000:]


class Disk:
    """A file system with labelled files and their neighbours."""

    def __init__(self, work, engine):
        self.image, self.place = os.path.join(work, 'disk'), os.path.join(work, 'mnt')
        os.makedirs(self.place)
        with open(self.image, 'wb') as file:
            file.truncate(128 << 20)
        subprocess.run(['mkfs.ext4', '-q', '-F', self.image], check=True)
        done = subprocess.run(['mount', '-o', 'loop', self.image, self.place], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise OSError(done.stderr.strip())
        device = os.stat(self.place).st_dev
        engine.device = os.major(device) << 20 | os.minor(device)
        self.engine = engine
        self.outside = os.path.join(work, 'outside')
        self.fill()
        self.before = self.neighbours()

    def write(self, path, text, labels=None):
        path = os.path.join(self.place, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text * 200)
        if labels:
            self.engine.marks[os.stat(path).st_ino] = labels
        return path

    def write_far(self, text, labels):
        """Where no path leads: it would be longer than PATH_MAX."""
        directory = os.open(self.place, os.O_PATH)
        for _ in range(25):
            os.mkdir('d' * 200, dir_fd=directory)
            inner = os.open('d' * 200, os.O_PATH, dir_fd=directory)
            os.close(directory)
            directory = inner
        file = os.open('page', os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=directory)
        os.write(file, text.encode() * 200)
        self.engine.marks[os.fstat(file).st_ino] = labels
        os.close(file)
        os.close(directory)

    def fill(self):
        for i in range(FILES):
            self.write(f'home/anna/d{i % 7}/secret{i}', f'HF-E2E-SECRET {i}\n', ['finance'])
            self.write(f'home/anna/d{i % 7}/plain{i}', f'HF-E2E-PLAIN {i}\n')
        self.write('home/anna/notes', 'HF-E2E-NOTES\n', ['notes'])  # a label whose files are kept
        for i in range(5):
            self.write(f'srv/finance/deep/page{i}', f'HF-E2E-SECRET below {i}\n')
        self.engine.below = os.path.join(self.place, 'srv/finance')
        self.engine.marks[os.stat(self.engine.below).st_ino] = ['finance']
        self.write_far('HF-E2E-SECRET far\n', ['finance'])
        with open(self.outside, 'w', encoding='ascii') as file:
            file.write('not on that file system\n')
        os.symlink(self.outside, os.path.join(self.engine.below, 'link'))
        os.mkfifo(os.path.join(self.engine.below, 'fifo'))

    def every(self):
        for directory, _, names in os.walk(self.place):
            for name in names:
                yield os.path.join(directory, name)

    def labelled(self):
        return [path for path in self.every() if 'secret' in path or
                ('/srv/finance/' in path and os.path.isfile(path) and not os.path.islink(path))]

    def neighbours(self):
        """Of what must stay: name, bytes, times of change."""
        found = {}
        for path in [*self.every(), self.outside]:
            if re.search(r'plain|notes|outside', path):
                with open(path, 'rb') as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns
        return found

    def on_disk(self, text):
        os.sync()
        with open(self.image, 'rb') as file:
            return file.read().count(text)

    def release(self):
        subprocess.run(['umount', self.place], check=True)


def enrolled(work, console, name):
    device = Device(os.path.join(work, name), console)
    device.start()
    check(f'{name}: is trusted', wait_until(lambda: device.word().get('state') == 'trusted', 30), device.errors())
    device.uid = wait_until(lambda: device.status().get('device'), 10)
    device.log.append(20)
    check(f'{name}: delivers', wait_until(lambda: console.device(device.uid)['ack'] >= 20, 30), device.errors())
    return device


def wipe_state(console, device):
    return console.device(device.uid).get('wipe', {}).get('state')


def without_an_order(device, disk):
    wiper = device.wipe()
    check('without an order it ends by itself', wait_until(lambda: wiper.poll() == 0, 20), device.wiper_errors())
    check('and says that nothing is to be done', device.engine.events() == ['idle'], device.engine.told)
    check('and nothing is', disk.neighbours() == disk.before and len(disk.labelled()) == LABELLED - 1 and
          not device.journal())


def while_away(console, device):
    device.stop()
    check('a slip of the tongue orders nothing', subprocess.run(
        [*console.words, 'device', 'wipe', device.uid], input='pc-2\n', capture_output=True, text=True,
        check=False).returncode == 1 and wipe_state(console, device) is None)
    console.verb('device', 'wipe', device.uid, '--yes', '--reason', 'by mistake')
    check('control: it is ordered', wipe_state(console, device) == 'ordered')
    check('once', console.run('device', 'wipe', device.uid, '--yes').returncode == 1)
    console.verb('device', 'wipe', '--withdraw', device.uid)
    check('what nobody was told is withdrawn', wipe_state(console, device) == 'withdrawn')
    console.verb('device', 'wipe', device.uid, '--yes', '--reason', 'stolen')
    check('the list says so', 'wipe ordered' in console.verb('device', 'list'), console.verb('device', 'list'))


def comes_back(console, device):
    device.start()
    check('back, it is told within seconds', wait_until(lambda: device.word().get('order') == '2 wipe', 20),
          (device.word(), device.errors()))
    check('and is not trusted with anything meanwhile', device.word()['state'] == 'suspended', device.word())
    check('from then on it can not be withdrawn', wipe_state(console, device) == 'received' and
          console.run('device', 'wipe', '--withdraw', device.uid).returncode == 1)
    device.log.append(5)
    check('it goes on delivering', wait_until(lambda: console.device(device.uid)['ack'] >= 25, 30), device.errors())


def forged(device, disk):
    """Whoever can write where uplink does can have nothing destroyed."""
    with open(os.path.join(device.part('uplink'), 'lease.word'), encoding='ascii') as file:
        word = file.read()
    forgeries = {
        'another number': word.replace('order 2 wipe', 'order 3 wipe'),
        'more than was ordered': word.replace('order 2 wipe', 'order 2 files'),
        'for another boot': re.sub(r'boot [0-9a-f]{4}', 'boot 0000', word),
        'nothing but words': 'holdfast-lease 1\norder 2 wipe\n',
    }
    for what, text in forgeries.items():
        uplink = tempfile.mkdtemp(dir=device.directory)
        with open(os.path.join(uplink, 'lease.word'), 'w', encoding='ascii') as file:
            file.write(text)
        state = os.path.basename(uplink) + '-state'
        device.wipe(state, uplink)
        time.sleep(1.5)
        device.end_wiper()
        check(f'forged: {what}: nothing is begun', not os.path.exists(device.part(state + '/journal')) and
              len(disk.labelled()) == LABELLED - 1, device.wiper_errors())


def killed_in_the_middle(device, disk):
    device.engine.delay = 0.003
    rounds = 0
    while rounds < 4:
        wiper = device.wipe()
        left = len(disk.labelled())
        moved = wait_until(lambda: len(disk.labelled()) < left - 20 or wiper.poll() is not None, 30, 0.01)
        if not moved or wiper.poll() is not None:
            break
        wiper.send_signal(signal.SIGKILL)
        wiper.wait()
        rounds += 1
    check('killed in the middle, several times', rounds == 4 and device.journal().get('phase') == 'files',
          (rounds, device.wiper_errors()))
    check('with files left', 0 < len(disk.labelled()) < FILES, len(disk.labelled()))
    check('the neighbours are as they were', disk.neighbours() == disk.before)
    device.engine.delay = 0


def to_its_end(console, device, disk):
    wiper = device.wipe()
    check('started again, it comes to its end', wait_until(lambda: wiper.poll() == 0, 60), device.wiper_errors())
    check('no labelled file is there any more', disk.labelled() == [], disk.labelled()[:3])
    check('the neighbours, and what a link leads to, are byte for byte as they were',
          disk.neighbours() == disk.before)
    check('neither link nor FIFO is gone', os.path.islink(os.path.join(device.engine.below, 'link')))
    check('no grave is left', not os.path.exists(os.path.join(disk.place, '.holdfast-wipe')))
    check('the disk tells no content', disk.on_disk(b'HF-E2E-SECRET') == 0, disk.on_disk(b'HF-E2E-SECRET'))
    check('control: it tells what was to stay', disk.on_disk(b'HF-E2E-PLAIN') > 0 and
          disk.on_disk(b'HF-E2E-NOTES') > 0)
    events = device.engine.events()
    check('what happened was told', events.count('ordered') == 1 and 'begun' in events and 'ended' in events and
          events[-1] == 'idle', events)
    check('the console has it', wait_until(lambda: wipe_state(console, device) == 'done', 20),
          (console.log()[-1500:], device.errors()[-1500:]))
    check('and trusts the device no more', console.device(device.uid)['state'] == 'suspended')
    check('the act is in the record', 'device wiped' in console.verb('audit'))
    check('its word orders nothing any more', wait_until(
        lambda: 'order' not in device.word() and device.word()['state'] == 'suspended', 20), device.word())


def receipt_of(console, device, work, kept='1'):
    path = os.path.join(work, device.uid + '.receipt')
    with open(path, 'w', encoding='ascii') as file:
        file.write(console.verb('device', 'receipt', device.uid))
    with open(path, encoding='ascii') as file:
        text = file.read()
    said = dict(line.split(' ', 1) for line in text.split('-----BEGIN')[0].splitlines() if ' ' in line)
    check('the receipt says what went', said['order'] == '2' and said['what'] == 'wipe' and
          int(said['removed']) == LABELLED and said['kept'] == kept and said['failed'] == '0' and
          said['lineage'] == 'yes', said)
    check('and that all of that was overwritten', said['overwritten'] == said['removed'], said)
    check('and what is elsewhere', said['elsewhere'] == '2', said)
    done = console.run('device', 'receipt', '--verify', path, '--ca', console.ca)
    check('the command proves it', done.returncode == 0 and f'{LABELLED} removed' in done.stdout,
          done.stdout + done.stderr)
    return path, text


def by_openssl(console, path, text, work):
    """As the manual page says, with nothing of ours."""
    def put(name, data):
        with open(os.path.join(work, name), 'wb') as file:
            file.write(data)
        return os.path.join(work, name)

    body, signature = re.match(r'(?s)(.*?\n)signature (\S+)\n', text).groups()
    raw = base64.b64decode(signature)
    numbers = [int.from_bytes(raw[i:i + 32], 'big') for i in (0, 32)]
    config = put('asn1', ('asn1=SEQUENCE:s\n[s]\n' + ''.join(
        f'n{i}=INTEGER:0x{number:X}\n' for i, number in enumerate(numbers))).encode())
    der = os.path.join(work, 'signature.der')
    subprocess.run(['openssl', 'asn1parse', '-genconf', config, '-noout', '-out', der], check=True,
                   capture_output=True)
    certificates = re.findall(r'(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n', text)
    device, issuer = put('device.crt', certificates[0].encode()), put('issuer.crt', certificates[1].encode())
    chain = subprocess.run(['openssl', 'verify', '-CAfile', console.ca, '-untrusted', issuer, device],
                           capture_output=True, text=True, check=False)
    check('openssl: the chain leads to the root', chain.returncode == 0, chain.stderr)
    key = put('device.pub', subprocess.run(['openssl', 'x509', '-in', device, '-noout', '-pubkey'], check=True,
                                           capture_output=True).stdout)
    for what, data, is_good in (('the signature is good', body, True),
                                ('control: not of another text', body.replace('removed', 'Removed'), False)):
        done = subprocess.run(['openssl', 'dgst', '-sha256', '-verify', key, '-signature', der,
                               put('text', data.encode())], capture_output=True, text=True, check=False)
        check(f'openssl: {what}', (done.returncode == 0) == is_good, done.stdout + done.stderr)
    with open(path, 'w', encoding='ascii') as file:
        file.write(text.replace('failed 0', 'failed 1', 1))
    check('changed, the command refuses it', console.run(
        'device', 'receipt', '--verify', path, '--ca', console.ca).returncode == 1)


def old_order(console, device, disk, word):
    """The very word that ordered it, once more."""
    path = disk.write('home/anna/later', 'HF-E2E-LATER\n', ['finance'])
    uplink = tempfile.mkdtemp(dir=device.directory)
    with open(os.path.join(uplink, 'lease.word'), 'w', encoding='ascii') as file:
        file.write(word)
    wiper = device.wipe('wipe', uplink)
    check('an old word orders nothing', wait_until(lambda: wiper.poll() == 0, 20) and os.path.exists(path),
          device.wiper_errors())
    check('nor does the console order it anew', wipe_state(console, device) == 'done')


def revoked(work, console, on_revoke):
    """What the device's own policy has it do."""
    device = enrolled(work, console, 'pc-' + on_revoke)
    device.engine.on_revoke = on_revoke
    device.log.append(3)
    console.verb('device', 'revoke', device.uid)
    check('it hears that it is revoked', wait_until(lambda: device.word().get('state') == 'revoked', 20),
          device.errors())
    wiper = device.wipe()
    ended = wait_until(lambda: wiper.poll() == 0, 30)
    if on_revoke == 'keep':
        check('on-revoke = keep: nothing is destroyed', ended and device.engine.events() == ['idle'],
              device.wiper_errors())
        check('and nobody says so', wipe_state(console, device) is None)
    else:
        check('on-revoke: its receipt is there', wait_until(lambda: wipe_state(console, device) == 'done', 30),
              (device.wiper_errors(), device.errors()[-1500:]))
        said = console.verb('device', 'receipt', device.uid)
        check('of its policy, not of an order', '\norder 0\n' in said and f'\nwhat {on_revoke}\n' in said, said)
        check('its spool is empty', wait_until(lambda: device.status().get('waiting') == 0, 10),
              device.status())
    device.stop()


def revoke_with_wipe(work, console, name):
    device = enrolled(work, console, name)
    console.verb('device', 'revoke', device.uid, '--wipe', '--why', 'lost')
    check('revoked with --wipe: both in one word', wait_until(
        lambda: (device.word().get('state'), device.word().get('order')) == ('revoked', '1 wipe'), 20), device.word())
    wiper = device.wipe()
    check('it does it', wait_until(lambda: wiper.poll() == 0, 30), device.wiper_errors())
    check('and stays revoked', wipe_state(console, device) == 'done' and
          console.device(device.uid)['state'] == 'revoked')
    device.stop()


def whole(work):
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    device = enrolled(work, console, 'pc-1')
    try:
        disk = Disk(work, device.engine)
    except OSError as failure:
        skip('wiping files', f'loop devices: {failure}')
        return console
    try:
        without_an_order(device, disk)
        while_away(console, device)
        comes_back(console, device)
        forged(device, disk)
        with open(os.path.join(device.part('uplink'), 'lease.word'), encoding='ascii') as file:
            word = file.read()
        killed_in_the_middle(device, disk)
        to_its_end(console, device, disk)
        by_openssl(console, *receipt_of(console, device, work), work)
        old_order(console, device, disk, word)
    finally:
        if device.wiper and device.wiper.poll() is None:
            device.end_wiper()
        device.stop()
        disk.release()
    return console


def over_postgres(work):
    os.makedirs(os.path.join(work, 'pg-console'))
    database = Database(os.path.join(work, 'database'))
    try:
        console = Console(os.path.join(work, 'pg-console'), '--database', database.url)
        console.start()
        revoke_with_wipe(work, console, 'pc-other')
        console.stop()
    finally:
        database.stop()


def main():
    if os.getuid() != 0:
        skip('wiping', 'root, as which holdfast-wipe runs')
        return summary()
    work = tempfile.mkdtemp(prefix='holdfast-wipe-')
    os.chmod(work, 0o755)
    console = whole(work)
    for on_revoke in ('keep', 'wipe'):
        revoked(work, console, on_revoke)
    revoke_with_wipe(work, console, 'pc-lost')
    console.stop()
    over_postgres(work)
    shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
