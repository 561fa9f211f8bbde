#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of labels, from the console's command to the device's memory: a real console, keyring and uplink;
and each way in which they are not released, asked for by devices that this test plays itself."""
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import uuid

from keyring_peer import Keyring, kernel_has
from lib import Identity, check, run, skip, status_of, summary
from reporters import Reporters, wait_until
from whole_console import Console

NAMESPACE = None  # learned from the console: key show says a label's id


def label_of(console, name):
    """Its id, of the console's own reckoning."""
    return uuid.UUID(json.loads(console.verb('key', 'show', name, '--json').splitlines()[0])
                     ['label']).bytes


class Device(Identity):
    """One that asks by itself, with a key that openssl holds."""

    def __init__(self, console, directory, token):
        super().__init__(directory)
        self.console = console
        status, body = console.enrol(self, token)
        assert status == 200, body
        self.uid = uuid.UUID(self.subject()).bytes
        self.boot = os.urandom(16)
        self.asked = 1000

    def question(self, labels, uid=None, verified=0, signer=None, boot=None, asked=None):
        self.asked += 1
        body = (b'HFKEYRQ1' + (uid or self.uid) + (boot or self.boot) +
                struct.pack('<Q', self.asked if asked is None else asked) + os.urandom(16) +
                os.urandom(32) + struct.pack('<BH', verified, len(labels)) + b''.join(labels))
        signature = run('openssl', 'dgst', '-sha256', '-sign', (signer or self).key,
                        data=body).stdout
        return body + struct.pack('<H', len(signature)) + signature

    def ask(self, question):
        """The code of the refusal, or '' and the grant."""
        status, body, _ = self.console.curl('/v1/keys', identity=self, data=question)
        if status == 200:
            return '', body
        try:
            return json.loads(body)['error'], body
        except ValueError:
            return f'HTTP {status}', body

    def code(self, *labels, **more):
        return self.ask(self.question(list(labels), **more))[0]


def findings(console, code):
    return [line for line in console.lines('findings')
            if 'key-refused' in json.dumps(line) and f'({code})' in json.dumps(line)]


def commands(console):
    """What administrators do, and how it is told."""
    said = console.verb('key', 'rotate', 'acme/finance')
    check('the first key of a label is made', 'generation 1' in said, said)
    label = label_of(console, 'acme/finance')
    done = console.run('key', 'show', 'acme/secret')
    check('a label without one is said to have none', done.returncode == 1 and
          'no key' in done.stderr, done.stderr)
    rows = console.lines('key', 'list')
    check('it is listed', [(row['name'], row['state']) for row in rows] ==
          [('acme/finance', 'in use')], rows)
    check('no byte of it is', not any('wrapped' in row or 'key' in row for row in rows))
    done = console.run('key', 'destroy', 'acme/finance', '--generation', '1')
    check('the one in use is not destroyed without force', done.returncode == 1, done.stderr)
    audit = console.verb('audit')
    check('it is in the audit log', 'key rotate' in audit and 'acme/finance' in audit, audit)
    return label


def releases(console, work, label):
    """The table of who is given keys; each refusal beside its control."""
    token = console.token('--approve', '--uses', '20')['token']
    device = Device(console, work, token)
    other = Device(console, work, token)
    code, grant = device.ask(device.question([label]))
    check('a trusted device is given them', code == '' and grant.startswith(b'HFKEYGR1'), code)
    question = device.question([label])
    check('control: a question', device.ask(question)[0] == '')
    check('the same question again is refused', device.ask(question)[0] == 'KEY_REPLAYED')
    check('and found', wait_until(lambda: findings(console, 'KEY_REPLAYED')))
    check('one of before is refused', device.code(label, asked=5) == 'KEY_REPLAYED')
    check('control: a later one', device.code(label) == '')
    late = device.question([label])
    check('control: another boot', device.code(label, boot=os.urandom(16)) == '')
    check('one of the boot before is refused', device.ask(late)[0] == 'KEY_REPLAYED')
    device.boot = os.urandom(16)
    check('control: a boot after that', device.code(label) == '')
    stolen = other.question([label])
    check("another device's question is refused", device.ask(stolen)[0] == 'KEY_QUESTION')
    check('control: it is good where it belongs', other.ask(stolen)[0] == '')
    check("as is one that says to be another's",
          device.code(label, uid=other.uid) == 'KEY_QUESTION')
    check('and one that another key signed', device.code(label, signer=other) == 'KEY_QUESTION')
    check('these are found', wait_until(lambda: findings(console, 'KEY_QUESTION')))
    changed = bytearray(device.question([label]))
    changed[70] ^= 1
    check('and one that was changed', device.ask(bytes(changed))[0] == 'KEY_QUESTION')
    check('and what is none', device.ask(b'HFKEYRQ1 and more')[0] == 'KEY_QUESTION')
    check('a label that has none', device.code(os.urandom(16)) == 'KEY_UNKNOWN')
    check('without a certificate', console.curl('/v1/keys', data=question)[0] == 403)
    states(console, work, label)
    terms(console, device, label)


def states(console, work, label):
    pending = Device(console, work, console.token()['token'])
    check('a pending device is refused', pending.code(label) == 'DEVICE_PENDING')
    check('and found', wait_until(lambda: findings(console, 'DEVICE_PENDING')))
    uid = str(uuid.UUID(bytes=pending.uid))
    console.verb('device', 'approve', uid)
    check('control: approved, it is given them', pending.code(label) == '')
    console.verb('device', 'suspend', uid, '--why', 'test')
    check('suspended, it is refused', pending.code(label) == 'DEVICE_SUSPENDED')
    console.verb('device', 'approve', uid)
    check('control: approved again', pending.code(label) == '')
    console.verb('device', 'revoke', uid, '--why', 'test')
    check('revoked, it is refused', pending.code(label) == 'DEVICE_REVOKED')


def terms(console, device, label):
    done = console.run('key', 'terms', 'acme/finance', '--network', '10.0.0.0/99')
    check('what is no network is not taken', done.returncode == 1 and 'no list' in done.stderr,
          done.stderr)
    console.verb('key', 'terms', 'acme/finance', '--network', '192.0.2.0/24 2001:db8::/32')
    check('from another network it is refused', device.code(label) == 'KEY_NETWORK')
    check('and found', wait_until(lambda: findings(console, 'KEY_NETWORK')))
    console.verb('key', 'terms', 'acme/finance', '--network', '192.0.2.0/24 127.0.0.0/8')
    check('control: from one of two it is not', device.code(label) == '')
    console.verb('key', 'terms', 'acme/finance', '--verified')
    check('to a user who has not verified', device.code(label) == 'KEY_UNVERIFIED')
    check('control: to one who has', device.code(label, verified=1) == '')
    console.verb('key', 'terms', 'acme/finance', '--for', '2')
    _, grant = device.ask(device.question([label]))
    check('for how long is in the grant', struct.unpack_from('<I', grant, 40)[0] == 7200)
    check('terms are in the audit log', 'key terms' in console.verb('audit'))


def rounds(console, work, label):
    """The real agent: wanted, asked for, here; newer; dropped; shut with the device's trust."""
    agent = Reporters(os.path.join(work, 'agent'), console.url, console.ca,
                      console.token('--approve')['token'], name='pc-keys', verbose=True)
    agent.is_asked = True
    agent.start()
    keyring = Keyring(agent.part('runtime'))
    check('the agent is trusted', wait_until(lambda: agent.status().get('standing') == 'trusted'),
          agent.errors())
    check('what nobody wants is not asked for', keyring.state()['labels'] == {} and
          keyring.state()['granted'] == 0)
    begun = time.monotonic()
    keyring.want([label])
    check('what is wanted comes', wait_until(lambda: keyring.has(label) == 1, 20, 0.05),
          (keyring.state(), agent.errors()))
    print(f'       wanted to here: {time.monotonic() - begun:.2f} s')
    state = keyring.state()
    print(f"       keys lie in: {state['place']}")
    check('its time is known', state['labels'][label]['until_ms'] > 0, state)
    console.verb('key', 'rotate', 'acme/finance')
    keyring.drop('person')
    check('dropped is dropped', keyring.has(label) == 0 or keyring.has(label) == 2)
    check('both generations come', wait_until(
        lambda: keyring.state()['labels'][label]['generations'] == 2, 40), keyring.state())
    check('the newest is known', keyring.has(label) == 2)
    uid = agent.status()['device']
    begun = time.monotonic()
    console.verb('device', 'suspend', uid, '--why', 'test')
    gone = wait_until(lambda: keyring.has(label) == 0, 10, 0.02)
    check('suspended: they are gone', gone, keyring.state())
    print(f'       suspended to gone: {time.monotonic() - begun:.2f} s')
    check('and it says why', keyring.state()['labels'][label]['drop'] == 'lease', keyring.state())
    console.verb('device', 'approve', uid)
    check('approved: they are back', wait_until(lambda: keyring.has(label) == 2, 90),
          (keyring.state(), agent.errors()[-2000:]))
    return agent, keyring


def in_the_kernel(console, work, agent, keyring, label):
    """What the key is for: a file system has it while keyring has, and not a moment longer."""
    image, place = os.path.join(work, 'disk'), os.path.join(work, 'disk.mounted')
    os.makedirs(place)
    with open(image, 'wb') as file:
        file.truncate(20 << 20)
    if run('mkfs.ext4', '-q', '-O', 'encrypt', image).returncode or \
            run('mount', '-o', 'loop', image, place).returncode:
        skip('the key in a file system', 'a loop device and ext4 with encryption')
        return
    try:
        called = keyring.give(label, place)
        if called == -95:
            skip('the key in a file system', 'a kernel with CONFIG_FS_ENCRYPTION')
            return
        check('the file system is given it', isinstance(called, bytes) and
              kernel_has(place, called), called)
        check('another label\'s it is not', keyring.give(os.urandom(16), place) == -126)
        keyring.drop('lock')
        check('dropped, the file system has it no more', not kernel_has(place, called))
        check('and is given none', keyring.give(label, place) == -126 or keyring.has(label))
        wait_until(lambda: keyring.has(label), 40)
        check('control: back, it is the same', keyring.give(label, place) == called)
        uid = agent.status()['device']
        console.verb('device', 'suspend', uid, '--why', 'test')
        check('suspended, the file system has it no more',
              wait_until(lambda: not kernel_has(place, called), 10, 0.02))
        console.verb('device', 'approve', uid)
        check('approved, it may be given again', wait_until(
            lambda: keyring.has(label) and keyring.give(label, place) == called, 90))
        agent.kill(0)
        check('of a keyring that was killed the kernel keeps it, for its vaults to be locked',
              kernel_has(place, called))
        agent.kill()
        agent.start()
        wait_until(lambda: agent.status().get('standing') == 'trusted')
        keyring.want([label])
        wait_until(lambda: keyring.has(label), 60)
    finally:
        run('umount', place)


def destroy(console, work, agent, keyring, label):
    said = console.verb('key', 'destroy', 'acme/finance', '--generation', '1')
    check('an earlier generation is destroyed', 'destroyed' in said, said)
    keyring.drop('person')
    check('devices get what is left', wait_until(
        lambda: keyring.state()['labels'][label]['generations'] == 1, 40), keyring.state())
    receipt = console.verb('key', 'receipt', 'acme/finance', '--generation', '1')
    path = os.path.join(work, 'receipt')
    with open(path, 'w', encoding='ascii') as file:
        file.write(receipt)
    alone = [*console.words[:-6], '--state-dir', '/nonexistent']  # no console, no database
    done = subprocess.run([*alone, 'key', 'receipt', '--verify', path, '--ca', console.ca],
                          capture_output=True, text=True, check=False)
    check('its receipt is proven by the root alone', done.returncode == 0 and
          'genuine' in done.stdout and 'generation 1' in done.stdout, (done.stdout, done.stderr))
    with open(path, 'w', encoding='ascii') as file:
        file.write(receipt.replace('generation 1', 'generation 2'))
    done = subprocess.run([*alone, 'key', 'receipt', '--verify', path, '--ca', console.ca],
                          capture_output=True, text=True, check=False)
    check('one that was changed is not', done.returncode == 1 and 'NOT' in done.stderr, done.stderr)
    done = console.run('key', 'receipt', 'acme/finance', '--generation', '2')
    check('of what is not destroyed there is none', done.returncode == 1, done.stderr)
    check('it is in the audit log', 'key destroy' in console.verb('audit'))
    agent.stop()


def backups(console, work):
    """A database of before, restored over one in which a key was destroyed: it stays so."""
    console.verb('key', 'rotate', 'acme/plans')
    console.verb('key', 'rotate', 'acme/kept')
    os.makedirs(os.path.join(work, 'copies'))
    os.chmod(os.path.join(work, 'copies'), 0o777)
    copy = os.path.join(work, 'copies', 'before.db')
    console.verb('backup', copy)
    console.verb('key', 'destroy', 'acme/plans', '--generation', '1', '--force')
    console.stop()
    console.verb('restore', copy)
    console.start()
    plans, kept = label_of(console, 'acme/plans'), label_of(console, 'acme/kept')
    rows = [row for row in console.lines('key', 'list') if row['name'] == 'acme/plans']
    check('control: the database of before knows nothing of it', rows[0]['state'] == 'in use', rows)
    device = Device(console, work, console.token('--approve')['token'])
    check('and yet it is gone for good', device.code(plans) == 'KEY_DESTROYED')
    check('control: another one of that database is given out', device.code(kept) == '')


def sealed(console, work):
    """Without the passphrase of the root key; with it again."""
    label = label_of(console, 'acme/kept')
    device = Device(console, work, console.token('--approve')['token'])
    path = os.path.join(console.state, 'keys', 'tenant.pass')
    check('the passphrase is for who starts the console only',
          os.stat(path).st_mode & 0o777 == 0o600 and
          os.stat(os.path.join(console.state, 'keys')).st_mode & 0o777 == 0o700)
    os.rename(path, path + '.away')
    console.stop()
    console.start()
    check('without the passphrase nothing is released', device.code(label) == 'KEYS_SEALED')
    done = console.run('key', 'rotate', 'acme/kept')
    check('nor made', done.returncode == 1 and 'passphrase' in done.stderr, done.stderr)
    check('but all else is served', console.curl('/v1/device', identity=device)[0] == 200)
    os.rename(path + '.away', path)
    console.stop()
    console.start()
    check('control: with it, it is', device.code(label) == '')


def main():
    work = tempfile.mkdtemp(prefix='holdfast-keys-')
    os.chmod(work, 0o755)
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    label = commands(console)
    releases(console, work, label)
    agent, keyring = rounds(console, work, label)
    in_the_kernel(console, work, agent, keyring, label)
    destroy(console, work, agent, keyring, label)
    backups(console, work)
    sealed(console, work)
    check('SIGTERM ends the console well', console.stop() == 0, console.log()[-2000:])
    shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
