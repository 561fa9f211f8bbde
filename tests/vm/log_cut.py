#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a disk has when its power is cut: all that was written before the last flush, and of what came after it any
part, in any order, a write torn between two sectors too. From what QEMU's blklogwrites kept of a disk's writes, in the
format of the kernel's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst). The moment is one
between two marks that the machine wrote itself: half of them anywhere, half close behind a flush, where what is
noted changes.

usage: log_cut.py BASE LOG IMAGE SEED	BASE: the disk as it was when the log begins"""
import random
import struct
import subprocess
import sys

MAGIC, VERSION = 0x6a736677736872, 1
FLUSH, FUA, DISCARD = 1, 2, 4
BEGINS, ENDS = b'HF-CUT-BEGINS', b'HF-CUT-ENDS'
SECTOR = 512
BEHIND_FLUSH = 6  # writes
TORN = 0.1  # of the writes that are kept


class Entry:
    def __init__(self, flags, at, size, where):
        self.flags, self.at, self.size, self.where = flags, at, size, where


def read_log(file):
    magic, version, count, sector = struct.unpack('<QQQI', file.read(28))
    if (magic, version) != (MAGIC, VERSION):
        raise ValueError('no log of writes')
    where = sector
    for _ in range(count):
        file.seek(where)
        at, sectors, flags, _ = struct.unpack('<QQQQ', file.read(32))
        where += sector
        entry = Entry(flags, at * sector, sectors * sector, where)
        if not flags & DISCARD:
            where += entry.size
        yield entry


def find_mark(file, entries, mark):
    for i, entry in enumerate(entries):
        if entry.size and not entry.flags & DISCARD:
            file.seek(entry.where)
            if file.read(len(mark)) == mark:
                return i
    raise ValueError(f'the log has no {mark.decode()}')


def choose(chance, entries, begin, end):
    """How many entries were written when the power went."""
    flushes = [i for i in range(begin, end) if entries[i].flags & FLUSH]
    if chance.randrange(2) or not flushes:
        return chance.randrange(begin + 1, end + 1)
    return min(chance.choice(flushes) + 1 + chance.randrange(BEHIND_FLUSH), end)


def put(disk, log, entry, size):
    log.seek(entry.where)
    disk.seek(entry.at)
    disk.write(bytes(size) if entry.flags & DISCARD else log.read(size))


def write_image(disk, log, entries, chance):
    """Returns how many writes were kept though they were not flushed, lost, and torn."""
    flushed = max((i for i, entry in enumerate(entries) if entry.flags & FLUSH), default=-1) + 1
    share = chance.choice((0, 0.5, 0.9))
    kept = lost = torn = 0
    for i, entry in enumerate(entries):
        if i < flushed or entry.flags & FUA:
            put(disk, log, entry, entry.size)
        elif chance.random() >= share:
            lost += 1
        elif entry.size > SECTOR and chance.random() < TORN:
            torn += 1
            put(disk, log, entry, chance.randrange(1, entry.size // SECTOR) * SECTOR)
        else:
            kept += 1
            put(disk, log, entry, entry.size)
    return kept, lost, torn


def main():
    base, log_path, image, seed = sys.argv[1:]
    chance = random.Random(seed)
    subprocess.run(['cp', '--sparse=always', base, image], check=True)
    with open(log_path, 'rb') as log, open(image, 'r+b') as disk:
        entries = list(read_log(log))
        begin, end = find_mark(log, entries, BEGINS), find_mark(log, entries, ENDS)
        count = choose(chance, entries, begin, end)
        kept, lost, torn = write_image(disk, log, entries[:count], chance)
    print(f'cut {count - begin} of {end - begin} writes into it; not flushed: {kept} kept, {lost} lost, {torn} torn')


if __name__ == '__main__':
    main()
