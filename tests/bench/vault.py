#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a vault costs: the same work in three directories of one file system, in turn: plain, encrypted by hand as
fscrypt(1) would, and a vault that a folder moved into. The best of the rounds, as what else runs on the machine only adds;
each round another one is the first, and this process is before others. The disk is in memory, so that no real one is
measured. As root; no kernel part of the agent is loaded here, so this is the price of the encryption and of how a vault
lies on the disk.

usage: tests/bench/vault.py [ROUNDS]"""
import ctypes
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'build')
LABEL = '3f2b8c1e-52d4-4c7a-9a10-6f0e5d4c3b2a'
ADD_KEY, SET_POLICY = 0xc0506617, 0x800c6613  # linux/fscrypt.h
LARGE, PIECE, SMALL, READS = 8 << 20, 1 << 20, 200, 500  # short, so that some rounds are not disturbed


def by_hand(directory):
    """A key of its own and a policy as the vault's: AES-256-XTS, AES-256-CTS, names padded to 32."""
    os.makedirs(directory)
    fd = os.open(directory, os.O_RDONLY)
    argument = bytearray(struct.pack('<II32sII32s', 2, 0, b'', 64, 0, b'') + os.urandom(64))
    fcntl.ioctl(fd, ADD_KEY, argument)
    policy = struct.pack('<BBBB4s16s', 2, 1, 4, 3, b'', bytes(argument[8:24]))
    fcntl.ioctl(fd, SET_POLICY, policy)
    os.close(fd)


def sync(directory):
    """That file system alone."""
    fd = os.open(directory, os.O_RDONLY)
    ctypes.CDLL(None).syncfs(fd)
    os.close(fd)


def drop(directory):
    """The files' pages, and nobody else's."""
    sync(directory)
    for where, _, files in os.walk(directory):
        for name in files:
            fd = os.open(os.path.join(where, name), os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def write_large(directory):
    piece = os.urandom(PIECE)
    with open(directory + '/large', 'wb') as file:
        for _ in range(LARGE // PIECE):
            file.write(piece)
        os.fsync(file.fileno())


def read_large(directory):
    with open(directory + '/large', 'rb', buffering=0) as file:
        while file.read(PIECE):
            pass


def read_random(directory):
    fd = os.open(directory + '/large', os.O_RDONLY)
    for i in range(READS):
        os.pread(fd, 4096, i * 2654435761 % (LARGE // 4096) * 4096)
    os.close(fd)


def read_again(directory):
    """What is cached costs nothing more: it lies in memory as it is read."""
    for _ in range(10):
        read_large(directory)


def make_small(directory):
    os.makedirs(directory + '/small')
    for i in range(SMALL):
        with open(f'{directory}/small/{i}', 'wb') as file:
            file.write(b'x' * 3000)
    sync(directory)


def read_small(directory):
    for i in range(SMALL):
        with open(f'{directory}/small/{i}', 'rb') as file:
            file.read()


def remove_small(directory):
    shutil.rmtree(directory + '/small')
    sync(directory)


WORK = (('write 8 MiB', write_large, False), ('read 8 MiB', read_large, True), ('read 8 MiB, cached', read_again, False),
        ('4 KiB at random', read_random, True), ('make 200 files', make_small, False),
        ('read 200 files', read_small, True), ('remove 200 files', remove_small, False))


def vault(work, place):
    runtime, state = work + '/run', work + '/state'
    os.makedirs(runtime)
    os.makedirs(place + '/vault')
    line = json.dumps({'vault': 'bench', 'path': place + '/vault', 'label': 'l', 'label_id': LABEL, 'size': 0})
    keyring = subprocess.Popen([BUILD + '/tests/hf-vault-keyring', runtime, '4711', line], stdout=subprocess.PIPE)
    keyring.stdout.readline()
    subprocess.run([BUILD + '/holdfast-vault', '--runtime-dir', runtime, '--state-dir', state, 'add', 'bench'],
                   check=True, stdout=subprocess.DEVNULL)
    return keyring


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    work = tempfile.mkdtemp(prefix='holdfast-vault-bench-', dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
    place = work + '/mnt'
    os.makedirs(place)
    with open(work + '/disk', 'wb') as file:
        file.truncate(1 << 30)
    subprocess.run(['mkfs.ext4', '-q', '-F', '-O', 'encrypt', work + '/disk'], check=True)
    subprocess.run(['mount', '-o', 'loop', work + '/disk', place], check=True)
    os.makedirs(place + '/plain')
    by_hand(place + '/hand')
    keyring = vault(work, place)
    took = {}
    kinds = ('plain', 'hand', 'vault')
    for i in range(rounds):
        for name, act, is_cold in WORK:
            for where in kinds[i % 3:] + kinds[:i % 3]:
                if is_cold:
                    drop(f'{place}/{where}')
                begun = time.perf_counter()
                act(f'{place}/{where}')
                took.setdefault((name, where), []).append(time.perf_counter() - begun)
    print(f'| best of {rounds} rounds | plain ext4 | fscrypt by hand | vault | vault to plain | vault to by hand |')
    print('|---|---:|---:|---:|---:|---:|')
    for name, _, _ in WORK:
        plain, hand, held = (min(took[name, where]) for where in kinds)
        print(f'| {name} | {plain * 1000:.1f} ms | {hand * 1000:.1f} ms | {held * 1000:.1f} ms | '
              f'{held / plain:.3f} | {held / hand:.3f} |')
    keyring.kill()
    keyring.wait()
    subprocess.run(['umount', place], check=True)
    shutil.rmtree(work)


main()
