#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# vm-timeout: 7200
"""A folder moves into a vault, and what moving is found broken off is brought to its end, on disks of which
tests/vm/vault_power keeps every write. The keys, and the answers of an engine, are a stand-in's; the label is no part
of this."""
import atexit
import hashlib
import json
import mmap
import os
import random
import re
import subprocess
import sys
import time

from cuts import disks

REPO = os.environ['HF_REPO']
HERE = os.environ.get('HF_PLACE')  # on no machine of its own
PLACE = HERE + '/mnt' if HERE else '/mnt/power'
FOLDER = PLACE + '/srv/books'
STATE = PLACE + '/state'
RUN = f'{HERE}/run-{os.getpid()}' if HERE else '/run/hf/vault'  # mounts are apart, this is not
MANIFEST = PLACE + '/manifest.json'
FILES = 2000
LABEL = '3f2b8c1e-52d4-4c7a-9a10-6f0e5d4c3b2a'


def check(name, good, more=''):
    print(f'ok {name}' if good else f'not ok {name} - {more}', flush=True)
    return good


def vault(*words):
    return subprocess.run([f'{REPO}/build/holdfast-vault', '--runtime-dir', RUN, '--state-dir', STATE, *words],
                          check=False, capture_output=True, text=True)


class Keyring:
    """Runs as another user, as keyring does."""

    def __init__(self):
        os.makedirs(RUN, exist_ok=True)
        line = json.dumps({'vault': 'books', 'path': FOLDER, 'label': 'finance', 'label_id': LABEL, 'size': 0})
        self.process = subprocess.Popen([f'{REPO}/build/tests/hf-vault-keyring', RUN, '4711', line],
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        atexit.register(self.shut)  # of a check that failed half way

    def shut(self):
        self.process.kill()
        self.process.wait()


def describe(path):
    """What a copy must have, but for the links' count of directories and their size."""
    status = os.lstat(path)
    kind = status.st_mode & 0o170000
    found = [status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns]
    if kind == 0o100000:
        with open(path, 'rb') as file:
            found += [status.st_size, status.st_nlink, hashlib.sha256(file.read()).hexdigest()]
    elif kind == 0o120000:
        found.append(os.readlink(path))
    return found


def look(top):
    found = {}
    for where, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(where, name)
            found[os.path.relpath(path, top)] = describe(path)
    return found


def make_folder(chance, marker):
    os.makedirs(FOLDER)
    paths = []
    for i in range(FILES):
        where = os.path.join(FOLDER, *(f'd{chance.randrange(4)}' for _ in range(chance.randrange(4))))
        os.makedirs(where, exist_ok=True)
        path = os.path.join(where, f'f{i}')
        what = chance.randrange(20)
        if what == 0 and paths:
            os.link(chance.choice(paths), path)
            continue
        if what == 1:
            os.symlink(f'../{i}', path)
            continue
        with open(path, 'wb') as file:
            for _ in range(chance.choice((0, 1, 1, 3, 40, 160))):
                file.write(f'{marker} {i} '.encode() * 8)
        os.chmod(path, chance.choice((0o600, 0o644, 0o4755, 0o400)))
        os.chown(path, chance.randrange(3), chance.randrange(3))
        os.utime(path, ns=(1, 1_000_000_000_000_000_000 + chance.randrange(1 << 50)))
        paths.append(path)
    with open(MANIFEST + '.new', 'w', encoding='utf-8') as file:
        json.dump({'marker': marker.encode().hex(), 'files': look(FOLDER)}, file)
        file.flush()
        os.fsync(file.fileno())
    os.sync()
    os.rename(MANIFEST + '.new', MANIFEST)
    os.sync()


def differences(wanted, found):
    return [(path, wanted.get(path), found.get(path)) for path in sorted(set(wanted) | set(found))
            if wanted.get(path) != found.get(path)][:3]


def phase():
    try:
        with open(STATE + '/books.vault', encoding='utf-8') as file:
            return dict(line.rstrip('\n').split(' ', 1) for line in file)['phase']
    except FileNotFoundError:
        return 'none'


def is_locked():
    """No name and no content of it can be had."""
    names = [name for _, directories, files in os.walk(FOLDER) for name in directories + files]
    return names and not any(re.fullmatch(r'[df]\d+', name) for name in names)


def check_all(manifest):
    """What is at the folder's place is all of it: plain, or the vault, which says nothing without its key."""
    begun = phase()
    plain = vault('status', 'books').returncode != 0 or os.path.exists(f'{FOLDER}/d0') or not is_locked()
    if begun in ('ready', 'discarding'):
        check('without the key there are no names', not plain, begun)
    keyring = Keyring()
    if begun not in ('none', 'copying', 'changing'):
        found = vault('unlock', 'books')
        check('it is unlocked', found.returncode == 0, found.stderr)
    elif not plain:  # it was exchanged, and that was not noted
        found = vault('add', 'books')
        check('moving in goes on', found.returncode == 0, found.stderr)
    found = look(FOLDER)
    wrong = differences(manifest['files'], found)
    check(f'all {len(manifest["files"])} objects are there, as they were', not wrong, wrong)
    return keyring, begun


def manifest_read():
    """Its marker is written so that the disk does not have it by this."""
    with open(MANIFEST, encoding='utf-8') as file:
        manifest = json.load(file)
    return {**manifest, 'marker': bytes.fromhex(manifest['marker']).decode()}


def end_of(manifest, number):
    """From here on the disk has nothing of it: vault_power looks."""
    wrong = differences(manifest['files'], look(FOLDER))
    check('and is as it was', not wrong, wrong)
    found = vault('verify', 'books')
    check('it is verified', found.returncode == 0, found.stdout + found.stderr)
    found = vault('lock', 'books')
    check('it is locked', found.returncode == 0, found.stderr)
    check('then there are no names', is_locked())
    print(f'# moved in {number} {manifest["marker"]}', flush=True)


def mark(device, text):
    """Behind the file system: among the writes, what is between two marks is what may be cut."""
    page = mmap.mmap(-1, 4096)
    page.write(text)
    fd = os.open(device, os.O_WRONLY | os.O_DIRECT)
    os.pwrite(fd, page, os.lseek(fd, -4096, os.SEEK_END))
    os.close(fd)


def move_in(device, manifest, number):
    started = time.monotonic()
    found = vault('add', 'books')
    mark(device, b'HF-CUT-ENDS')
    print(f'# moving in took {time.monotonic() - started:.1f} s', flush=True)
    if check('it moves in', found.returncode == 0, found.stderr):
        end_of(manifest, number)


def one_disk(device, number, chance):
    """With nothing on it, or with what a power cut left."""
    if number == 0:
        subprocess.run(['mount', device, PLACE], check=True)
        make_folder(chance, f'HF-POWER-{chance.randrange(1 << 30):08x}-')
    else:
        mark(device, b'HF-CUT-BEGINS')
        subprocess.run(['mount', device, PLACE], check=True)
    manifest = manifest_read()
    started = time.monotonic()
    keyring, begun = check_all(manifest)
    try:
        print(f'# disk {number}: found {begun}; all was looked at in {time.monotonic() - started:.1f} s', flush=True)
        if number == 0:
            mark(device, b'HF-CUT-BEGINS')
        if begun == 'ready':
            mark(device, b'HF-CUT-ENDS')
            end_of(manifest, number)
        else:
            move_in(device, manifest, number)
    finally:
        keyring.shut()
        subprocess.run(['umount', PLACE], check=True)


def ours():
    """The seed, and number and device of each disk."""
    if HERE:
        number, device = os.environ['HF_DISK'].split('=')
        return os.environ['HF_SEED'], [(int(number), device)]
    with open('/proc/cmdline', encoding='ascii') as file:
        seed = re.search(r'hf\.seed=(\d+)', file.read()).group(1)
    return seed, sorted((int(rest), device) for rest, device in disks('hf-cut-'))


def main():
    seed, found = ours()
    os.makedirs(PLACE, exist_ok=True)
    for number, device in found:
        try:
            one_disk(device, number, random.Random(f'{seed} {number}'))
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            check(f'disk {number} is as it should be', False, repr(error))


main()
sys.exit(0)
