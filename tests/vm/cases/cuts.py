# SPDX-License-Identifier: Apache-2.0
"""Disks of a machine whose power is cut, by their serials; and which of its lives this is, and the cut itself, where it
is QEMU that is killed (power.py)."""
import mmap
import os
import re


def which_life():
    """Its number, how many there are, and the seed of all."""
    with open('/proc/cmdline', encoding='ascii') as file:
        return map(int, re.search(r'hf\.power=(\d+):(\d+):(\d+)', file.read()).groups())


def disks(prefix):
    """What each serial has behind the prefix, and the device."""
    for name in os.listdir('/sys/block'):
        try:
            with open(f'/sys/block/{name}/serial', encoding='ascii') as file:
                serial = file.read().strip()
        except OSError:
            continue
        if serial.startswith(prefix):
            yield serial[len(prefix):], '/dev/' + name


def disk(serial):
    for rest, device in disks(serial):
        if not rest:
            return device
    raise RuntimeError(f'no disk {serial}')


def cut(scratch):
    """Beside it, bytes that are on their way to a disk and were never flushed: the test's own control."""
    fd = os.open(scratch, os.O_WRONLY | os.O_DIRECT)
    page = mmap.mmap(-1, 4096)
    page.write(b'never flushed ' * 290)
    os.pwrite(fd, page, 1 << 20)
    with open('/run/hf/ask', 'w', encoding='ascii') as ask:
        ask.write('power-lost\n')
