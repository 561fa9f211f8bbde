#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Vaults with the console's keys: a real console, keyring and uplink give and take what encrypts a folder on a file
system of this kernel's. The engine is played here, as there is no kernel part; so the label decides nothing."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from keyring_peer import Keyring
from keys import label_of
from lib import check, skip, summary
from reporters import BUILD, Reporters, wait_until
from verify_world import World
from whole_console import Console

LINE, END, VAULTS, TELL = 64, 65, 22, 23
TOLD = {1: 'locked', 2: 'unlocked', 3: 'held', 4: 'broken', 5: 'unseen'}


class Engine:
    """Answers what holdfast-vault asks of one: agent/ipc/request.h, common/answer.h."""

    def __init__(self, directory, vaults):
        self.vaults = vaults
        self.told = []
        path = os.path.join(directory, 'engine.sock')
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.server.bind(path)
        self.server.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.server.accept()
            with peer:
                request = peer.recv(8192)
                _, verb, _ = struct.unpack_from('<HHI', request)
                if verb == TELL:
                    what, = struct.unpack_from('<I', request, 8)
                    self.told.append(TOLD[what])
                if verb == VAULTS:
                    for vault in self.vaults:
                        text = json.dumps(vault).encode()
                        self.send(peer, LINE, struct.pack('<H', len(text)) + text)
                self.send(peer, END, struct.pack('<iH', 0, 0))

    @staticmethod
    def send(peer, verb, body):
        peer.send(struct.pack('<HHI', 1, verb, len(body)) + body)


class Vaults:
    def __init__(self, runtime, state):
        self.words = [os.path.join(BUILD, 'holdfast-vault'), '--runtime-dir', runtime, '--state-dir', state]

    def run(self, *words):
        return subprocess.run([*self.words, *words], capture_output=True, text=True, check=False)

    def state(self, name):
        return json.loads(self.run('status', '--json', name).stdout)

    def watch(self, environment=None):
        """As holdfastd has it run: it ends with the socket at descriptor 3."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def place():
            os.dup2(theirs.fileno(), 3)

        process = subprocess.Popen([*self.words, 'watch'], preexec_fn=place, pass_fds=(3,), env=environment)
        theirs.close()
        return ours, process


def mount(work):
    """A file system that encrypts, or None with what is missing."""
    if os.getuid() != 0:
        return None, 'root, to mount a file system'
    image, place = os.path.join(work, 'disk'), os.path.join(work, 'mnt')
    os.makedirs(place)
    with open(image, 'wb') as file:
        file.truncate(256 << 20)
    subprocess.run(['mkfs.ext4', '-q', '-F', '-O', 'encrypt', image], check=True)
    done = subprocess.run(['mount', '-o', 'loop', image, place], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, 'loop devices: ' + done.stderr.strip()
    return place, ''


def places_for_images(work):
    """Of each kind of file system that can't encrypt, and is here: its kind and place."""
    for kind, words in (('tmpfs', ()), ('xfs', ('mkfs.xfs', '-q')), ('btrfs', ('mkfs.btrfs', '-q'))):
        place, disk = os.path.join(work, kind), os.path.join(work, kind + '-disk')
        os.makedirs(place)
        if words:
            with open(disk, 'wb') as file:
                file.truncate(320 << 20)
            subprocess.run([*words, disk], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(['mount', *(('-o', 'loop', disk) if words else ('-t', 'tmpfs', 'tmpfs')), place],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            yield kind, place
        else:
            skip(f'vaults on {kind}', done.stderr.strip())


def fill(folder, text):
    os.makedirs(os.path.join(folder, 'deep'))
    for i in range(50):
        with open(os.path.join(folder, 'deep' if i % 2 else '.', f'page{i}'), 'w', encoding='ascii') as file:
            file.write(f'{text} {i}\n' * 50)


def is_readable(folder, page='page0'):
    try:
        with open(os.path.join(folder, page), encoding='ascii') as file:
            return bool(file.read())
    except OSError:
        return False


def count_on(image, text):
    with open(image, 'rb') as file:
        return file.read().count(text)


def moves_in(vaults, place, work):
    image = os.path.join(work, 'disk')
    os.sync()
    check('control: the disk tells what is plain', count_on(image, b'HF-E2E-PLAIN') > 0)
    done = vaults.run('add', 'books')
    check('a folder moves in with a key of the console', done.returncode == 0, done.stderr)
    check('it is unlocked', vaults.state('books')['state'] == 'unlocked', vaults.state('books'))
    check('by generation 1', vaults.state('books')['generation'] == 1)
    check('and readable', is_readable(place + '/books'))
    done = vaults.run('verify', 'books')
    check('verified, with the device', done.returncode == 0 and ' 0 are the same' in done.stdout,
          done.stdout + done.stderr)
    os.sync()
    check('the disk tells nothing of it', count_on(image, b'HF-E2E-PLAIN') == 0)
    done = vaults.run('lock', 'books')
    check('it is locked', done.returncode == 0 and not is_readable(place + '/books'), done.stderr)
    check('its names too', not any(name.startswith('page') for name in os.listdir(place + '/books')))
    done = vaults.run('unlock', 'books')
    check('and unlocked again', done.returncode == 0 and is_readable(place + '/books'), done.stderr)


def in_an_image(vaults, kind, folder, name):
    """Where the file system can't encrypt: a directory that a mount covers, so what is below it must be nothing."""
    fill(folder, 'HF-E2E-PAPER')
    done = vaults.run('add', name)
    check(f'{kind}: a folder moves into an image', done.returncode == 0 and 'an image beside it can' in done.stdout and
          is_readable(folder), (done.stdout, done.stderr))
    done = vaults.run('verify', name)
    check(f'{kind}: verified', done.returncode == 0 and ' 0 are the same' in done.stdout, done.stdout + done.stderr)
    done = vaults.run('lock', name)
    check(f'{kind}: locked, nothing shows', done.returncode == 0 and os.listdir(folder) == [], done.stderr)
    left = os.path.join(folder, 'left')
    with open(left, 'w', encoding='ascii') as file:
        file.write('plain')
    vaults.run('unlock', name)
    done = vaults.run('verify', name)
    check(f'{kind}: a file below the mount is found', done.returncode == 1 and 'files below the mount' in done.stderr and
          not os.path.exists(left), done.stdout + done.stderr)
    vaults.run('lock', name)
    os.unlink(left)
    done = vaults.run('unlock', name)
    check(f'{kind}: control: without it, it is verified again', done.returncode == 0 and is_readable(folder) and
          vaults.run('verify', name).returncode == 0, done.stderr)
    vaults.run('lock', name)
    subprocess.run(['umount', '/run/holdfast-vault/' + name], check=True)


def rotation(console, vaults, keyring, label, place):
    console.verb('key', 'rotate', 'acme/finance')
    keyring.drop('person')  # else the one that is here is used until half its time
    check('a newer generation comes', wait_until(lambda: keyring.has(label) == 2, 60), keyring.state())
    done = vaults.run('add', 'plans')
    check('a folder that moves in now gets it', done.returncode == 0 and
          vaults.state('plans')['generation'] == 2, done.stderr)
    done = vaults.run('unlock', 'books')
    check('the earlier one is read by its own', done.returncode == 0 and is_readable(place + '/books') and
          vaults.state('books')['generation'] == 1, done.stderr)
    check('and the later one', is_readable(place + '/plans'))


def trust(console, vaults, agent, keyring, label, place):
    """The key goes with the device's trust: keyring takes it back itself, with nobody watching."""
    uid = agent.status()['device']
    begun = time.monotonic()
    console.verb('device', 'suspend', uid, '--why', 'test')
    gone = wait_until(lambda: not is_readable(place + '/books') and not is_readable(place + '/plans'), 20, 0.02)
    check('suspended: both are locked', gone, (keyring.state(), agent.errors()[-2000:]))
    print(f'       suspended to locked: {time.monotonic() - begun:.2f} s')
    done = vaults.run('unlock', 'books')
    check('unlocking says why not', done.returncode == 1 and 'no key of label' in done.stderr, done.stderr)
    console.verb('device', 'approve', uid)
    check('approved: the keys are back', wait_until(lambda: keyring.has(label) == 2, 90), keyring.state())


def watching(vaults, engine, agent, keyring, label, place):
    ours, process = vaults.watch()
    check('who watches unlocks', wait_until(lambda: is_readable(place + '/books') and
                                            is_readable(place + '/plans'), 20), vaults.state('books'))
    with open(place + '/books/page0', encoding='ascii') as held:
        check('control: a second file of it is read', is_readable(place + '/books', 'deep/page1'))
        vaults.run('lock', 'books')
        check('held is told', vaults.state('books')['state'] == 'held' and 'held' in engine.told, engine.told)
        check('and nobody else reads', not is_readable(place + '/books', 'deep/page1'))
        held.close()
        check('let go of, it is locked', wait_until(lambda: vaults.state('books')['state'] == 'locked', 20))
    check('locked by hand it stays', not wait_until(lambda: is_readable(place + '/books'), 3))
    vaults.run('unlock', 'books')
    check('control: unlocked by hand', is_readable(place + '/books'))
    agent.stop()  # keyring takes back what it gave, as it ends
    check('keyring has ended: both are locked', wait_until(
        lambda: not is_readable(place + '/books') and not is_readable(place + '/plans'), 20))
    agent.start()
    check('another one asks for keys, and both are unlocked', wait_until(
        lambda: is_readable(place + '/books') and is_readable(place + '/plans'), 90),
        (keyring.state(), agent.errors()[-2000:]))
    agent.processes[0].kill()  # keyring: it takes nothing back, and no other one comes
    agent.processes[0].wait()
    check('control: keyring is killed: what it gave is still there', is_readable(place + '/books'))
    check('with none for a while, both are locked', wait_until(
        lambda: not is_readable(place + '/books') and not is_readable(place + '/plans'), 60))
    ours.close()
    check('who watches ends with its parent', process.wait(20) == 0)


def sleeping(vaults, engine, keyring, label, place):
    """The machine's sleep, as logind tells it: it waits for a delay that whoever watches holds."""
    world = World()
    world.bus_start()
    world.mock_start()
    ours, process = vaults.watch(world.environment)
    check('sleep: it is unlocked, and logind is to wait', wait_until(
        lambda: is_readable(place + '/books') and world.logind('inhibitors') == '1', 20))
    check('sleep: control: the key is here', keyring.has(label) > 0, keyring.state())
    begun = time.monotonic()
    world.logind('sleep', 'true')
    check('sleep: logind waits no longer', wait_until(lambda: world.logind('inhibitors') == '0', 5, 0.02))
    print(f'       going to sleep took {time.monotonic() - begun:.2f} s')
    check('sleep: no key is here then, and it is known why', keyring.state()['shut'] and not keyring.has(label) and
          keyring.state()['labels'][label]['drop'] == 'suspend', keyring.state())
    check('sleep: and both are locked', not is_readable(place + '/books') and not is_readable(place + '/plans'),
          engine.told)
    check('sleep: none comes while it sleeps', not wait_until(lambda: keyring.has(label), 4), keyring.state())
    world.logind('sleep', 'false')
    check('sleep: awake, keys come and both are unlocked', wait_until(
        lambda: is_readable(place + '/books') and is_readable(place + '/plans'), 60), keyring.state())
    check('sleep: and logind is to wait again', wait_until(lambda: world.logind('inhibitors') == '1', 10))
    check('sleep: nobody was told that it is not seen', 'unseen' not in engine.told, engine.told)
    world.mock_stop()
    world.bus_stop()
    check('sleep: without a bus it is told', wait_until(lambda: 'unseen' in engine.told, 90), engine.told)
    check('sleep: and what is unlocked stays so', is_readable(place + '/books'))
    ours.close()
    process.wait(20)
    world.done()


def main():
    work = tempfile.mkdtemp(prefix='holdfast-vault-')
    os.chmod(work, 0o755)
    place, missing = mount(work)
    if not place:
        skip('vaults with the console', missing)
        return summary()
    fill(place + '/books', 'HF-E2E-PLAIN')
    fill(place + '/plans', 'HF-E2E-OTHER')
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    console.verb('key', 'rotate', 'acme/finance')
    label = label_of(console, 'acme/finance')
    agent = Reporters(os.path.join(work, 'agent'), console.url, console.ca,
                      console.token('--approve')['token'], name='pc-vault', verbose=True)
    agent.is_asked = True
    agent.start()
    keyring = Keyring(agent.part('runtime'))
    check('the agent is trusted', wait_until(lambda: agent.status().get('standing') == 'trusted'), agent.errors())
    plain = dict(places_for_images(work))
    image = f'e2e-{os.getpid()}-'  # their mounts are the machine's
    vault = {'label': 'finance', 'label_id': str(uuid.UUID(bytes=label)), 'size': 0}
    engine = Engine(agent.part('runtime'), [{'vault': name, 'path': f'{place}/{name}', **vault}
                                            for name in ('books', 'plans')] +
                    [{**vault, 'vault': image + kind, 'path': f'{where}/paper', 'size': 64 << 20}
                     for kind, where in plain.items()])
    vaults = Vaults(agent.part('runtime'), os.path.join(work, 'state'))
    done = subprocess.run([*vaults.words, 'status'], user=65534, capture_output=True, text=True, check=False)
    check('before there is any, a user is told so', done.returncode == 0 and
          'no vault on this device' in done.stdout and not os.path.exists(os.path.join(work, 'state')), done.stderr)
    check('and that there is none of a name', vaults.run('status', 'books').returncode == 1)
    done = vaults.run('add', 'books')
    check('before its key is here a folder stays as it is', done.returncode == 1 and
          'no key of label' in done.stderr and is_readable(place + '/books'), done.stderr)
    keyring.want([label])
    check('its key comes', wait_until(lambda: keyring.has(label) == 1, 20), keyring.state())
    moves_in(vaults, place, work)
    for kind, where in plain.items():
        in_an_image(vaults, kind, f'{where}/paper', image + kind)
        os.unlink(os.path.join(work, 'state', image + kind + '.vault'))  # the rest is of the others
    rotation(console, vaults, keyring, label, place)
    trust(console, vaults, agent, keyring, label, place)
    sleeping(vaults, engine, keyring, label, place)
    watching(vaults, engine, agent, keyring, label, place)
    agent.stop()
    console.stop()
    subprocess.run(['umount', place, *plain.values()], check=True)
    shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
