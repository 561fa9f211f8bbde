#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a device's identity rests on, with a real console, keyring and uplink: a key in a TPM."""
import os
import shutil
import sys
import tempfile

from lib import check, skip, status_of, summary
from reporters import Reporters, wait_until
from tpm import Tpm, has_swtpm
from whole_console import Console

TRUSTED = 'trusted'


def reporters(console, work, name, tpm=None, more=(), token=True):
    made = Reporters(os.path.join(work, name), console.url, console.ca, name=name, tpm=tpm)
    made.more = list(more)
    made.configure(console.url, console.ca, console.token('--approve')['token'] if token else None,
                   name)
    return made


def is_trusted(device):
    return wait_until(lambda: device.status().get('standing') == TRUSTED, 30)


def key_bytes(device):
    with open(os.path.join(device.part('keyring'), 'device.key'), 'rb') as file:
        return file.read()


def delivers(console, device):
    """Whether events that are written now are in the console's database."""
    device.log.append(3)
    wanted = device.log.sequence
    uid = device.status().get('device')
    return wait_until(lambda: console.device(uid)['ack'] == wanted, 30)


def in_tpm(console, work):
    """Enrolment, TLS and segments, all signed in it; the same after the machine was off."""
    tpm = Tpm(os.path.join(work, 'tpm-1'))
    tpm.start()
    device = reporters(console, work, 'with-tpm', tpm, ['key = tpm'])
    device.start()
    check('a device with a TPM enrols', is_trusted(device), (device.status(), device.errors()))
    check('its key is in the TPM', device.status()['key'] == 'tpm', device.status())
    check('on disk is what the TPM sealed, not a key', key_bytes(device).startswith(b'HFTPM1\0'))
    check('events arrive: headers and TLS are signed by the TPM', delivers(console, device),
          device.errors())
    keyring = device.processes[0].pid
    check('keyring is confined all the same', status_of(keyring, 'Seccomp') == ['2'] and
          int(status_of(keyring, 'CapEff')[0], 16) == 0)
    print(f"       keyring with a TPM: {status_of(keyring, 'VmRSS')[0]} kB resident")
    before, uid = key_bytes(device), device.status()['device']
    device.stop()
    tpm.cycle()
    device.start()
    check('after a restart of the machine it is the same device',
          is_trusted(device) and device.status()['device'] == uid and key_bytes(device) == before,
          device.status())
    check('and delivers', delivers(console, device), device.errors())
    device.stop()
    tpm.stop()
    return device, uid


def stolen(console, work, device, uid):
    """All that is on the disk, on a machine with another TPM."""
    other = Tpm(os.path.join(work, 'tpm-2'))
    other.start()
    shutil.copytree(device.directory, os.path.join(work, 'copied'))
    copy = reporters(console, work, 'copied', other, ['key = tpm'])
    before = console.device(uid)['last_seen']
    copy.start()
    said = wait_until(lambda: copy.status().get('key_trouble'), 20)
    check('copied to another machine, the key is of no use, and that is said',
          said and 'another TPM' in said, (copy.status(), copy.errors()))
    check('the console has not heard of it', console.device(uid)['last_seen'] == before)
    check('what was copied is not overwritten', key_bytes(copy) == key_bytes(device))
    copy.configure(console.url, console.ca, console.token('--approve')['token'], 'copied')
    check('enrolled anew it is another device', is_trusted(copy) and
          copy.status()['device'] != uid and not copy.status()['key_trouble'], copy.status())
    copy.stop()
    other.stop()


def gone(console, work, device, uid):
    """The TPM is switched off in the firmware: nothing is lost, nothing is made anew."""
    device.tpm = None
    device.start()
    said = wait_until(lambda: device.status().get('key_trouble'), 20)
    check('without its TPM the device says so', said and 'none now' in said, device.status())
    device.stop()
    device.tpm = Tpm(os.path.join(work, 'tpm-1'))
    device.tpm.start()
    device.start()
    check('with it again, it is itself', is_trusted(device) and device.status()['device'] == uid,
          device.status())
    device.stop()
    device.tpm.stop()
    check('and the console knows one such device', console.device(uid)['state'] == TRUSTED)


def wishes(console, work):
    device = reporters(console, work, 'wants-tpm', None, ['key = tpm'])
    device.start()
    said = wait_until(lambda: device.status().get('key_trouble'), 20)
    check('key = tpm on a machine that has none: refused, loudly', said and
          'asked for' in said and device.status()['standing'] == 'not enrolled', device.status())
    check('no key was made in a file', not os.path.exists(
        os.path.join(device.part('keyring'), 'device.key')))
    device.stop()
    device = reporters(console, work, 'takes-any')
    device.start()
    check('by itself it takes a file there', is_trusted(device) and
          device.status()['key'] == 'file', device.status())
    device.stop()


def main():
    work = tempfile.mkdtemp(prefix='holdfast-e2e-')
    os.chmod(work, 0o755)
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    try:
        if has_swtpm():
            device, uid = in_tpm(console, work)
            stolen(console, work, device, uid)
            gone(console, work, device, uid)
        else:
            skip('a key in a TPM', 'swtpm is not installed')
        wishes(console, work)
    finally:
        check('SIGTERM ends the console well', console.stop() == 0)
        shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
