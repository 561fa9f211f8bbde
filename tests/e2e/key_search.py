# SPDX-License-Identifier: Apache-2.0
"""Where a key's bytes are looked for: memory of processes, files, disks. A searcher that must not have them itself has
them masked, and looks at all it sees through the same mask."""
import mmap
import os

from lib import run
from reporters import BUILD

MASK = bytes(byte ^ 0xa5 for byte in range(256))
PIECE = 1 << 24


def masked(text):
    return text.translate(MASK)


def key_bytes(console):
    """{(name, generation): bytes}"""
    done = run(os.path.join(BUILD, 'tests/e2e/key_bytes'), os.path.join(console.state, 'keys'),
               os.path.join(console.state, 'store/console.db'))
    return {(name, int(generation)): bytes.fromhex(digits) for name, generation, digits in
            (line.split() for line in done.stdout.decode().splitlines())}


def memory_of(pid):
    """(start, bytes) of each mapping that can be read, and the number of those that can't."""
    found, shut = [], 0
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as mem:
        for line in maps:
            span, mode, *_ = line.split()
            start, end = (int(part, 16) for part in span.split('-'))
            if 'r' not in mode or line.rstrip().endswith(('[vvar]', '[vsyscall]', '[vvar_vclock]')):
                continue
            try:
                mem.seek(start)
                found.append((start, mem.read(end - start)))
            except OSError:
                shut += 1
    return found, shut


def copies(pid, keys, see=bytes):
    return [(hex(start + at), name) for start, text in memory_of(pid)[0]
            for seen in [see(text)] for name, key in keys.items() for at in [seen.find(key)] if at >= 0]


def in_files(top, keys):
    found = []
    for root, _, names in os.walk(top):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.isfile(path):
                continue
            with open(path, 'rb') as file:
                text = file.read()
            found += [(path, which) for which, key in keys.items()
                      if key in text or key.hex().encode() in text.lower()]
    return found


def in_image(path, keys, see=None):
    """Names of the keys in a file that may be larger than memory, or a device."""
    found, longest = set(), max(len(key) for key in keys.values())
    with open(path, 'rb', 0) as file:
        if not see:
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as text:
                return {name for name, key in keys.items() if text.find(key) >= 0}
        rest = b''
        while piece := file.read(PIECE):
            seen = rest + see(piece)
            found |= {name for name, key in keys.items() if key in seen}
            rest = seen[-longest:]
    return found
