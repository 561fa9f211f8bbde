#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A label's key is looked for where it must not be: as root, with debuggers, transcripts of system calls, dumps,
logs and disks, while the agent works, after a crash, and in the console. Each search is shown to find."""
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

from key_search import copies, in_files, key_bytes, memory_of
from keyring_peer import Keyring
from keys import label_of
from lib import check, skip, status_of, summary
from reporters import Reporters, wait_until
from whole_console import Console

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 20


class Transcript:
    """All that a process says to the kernel, byte for byte."""

    def __init__(self, pid, path):
        self.path = path
        self.process = subprocess.Popen(
            ['strace', '-f', '-xx', '-s', '70000', '-o', path, '-p', str(pid)],
            stderr=subprocess.DEVNULL)
        wait_until(lambda: status_of(pid, 'TracerPid') != ['0'], 10)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        with open(self.path, encoding='ascii', errors='replace') as file:
            return bytes.fromhex(''.join(re.findall(r'\\x([0-9a-f]{2})', file.read())))


def work_on(agent, keyring, label, count):
    """Load: events to seal and deliver, and keys that go and come."""
    for i in range(count):
        agent.log.append(50)
        keyring.drop('person')
        if not wait_until(lambda: keyring.has(label), 20, 0.05):
            return False
        del i
    return True


def hunt(console, work, label, kind):
    """With key-memory as it is said: 'secret' or 'locked'."""
    keys = key_bytes(console)
    check(f'{kind}: the test knows the keys', len(keys) >= 1 and
          all(len(key) == 32 for key in keys.values()), list(keys))
    agent = Reporters(os.path.join(work, kind), console.url, console.ca,
                      console.token('--approve')['token'], name='pc-' + kind, verbose=True)
    agent.more = ['key-memory = ' + kind]
    agent.configure(console.url, console.ca, console.token('--approve')['token'], 'pc-' + kind)
    agent.is_asked = True
    agent.start()
    keyring = Keyring(agent.part('runtime'))
    pids = [process.pid for process in agent.processes]
    wait_until(lambda: agent.status().get('standing') == 'trusted')
    traces = [Transcript(pid, os.path.join(work, f'{kind}-{pid}.strace')) for pid in pids]
    keyring.want([label])
    check(f'{kind}: the key is here', wait_until(lambda: keyring.has(label), 40), agent.errors()[-1500:])
    transcripts = [trace.stop() for trace in traces]
    check(f'{kind}: control: the transcripts have the question and the grant',
          all(b'HFKEYRQ1' in text and b'HFKEYGR1' in text for text in transcripts),
          [len(text) for text in transcripts])
    check(f'{kind}: no transcript has the key',
          not any(key in text for text in transcripts for key in keys.values()))
    place = keyring.state()['place']
    check(f'{kind}: under load', work_on(agent, keyring, label, ROUNDS))
    in_memory(kind, place, pids, keys, label)
    dumps(kind, place, work, pids[0], keys)
    check(f'{kind}: it is not in swap', status_of(pids[0], 'VmSwap') == ['0', 'kB'],
          status_of(pids[0], 'VmSwap'))
    keyring.sleep(True)
    left = copies(pids[0], keys)
    check(f'{kind}: before the machine sleeps it is nowhere', not left, left)
    check(f'{kind}: and does not come', not wait_until(lambda: keyring.has(label) or copies(pids[0], keys), 4))
    keyring.sleep(False)
    check(f'{kind}: control: awake, it does', wait_until(lambda: keyring.has(label), 40), keyring.state())
    keyring.want([])  # or it would be back at once
    left = copies(pids[0], keys)
    check(f'{kind}: dropped, it is nowhere', not left, left)
    keyring.want([label])
    wait_until(lambda: keyring.has(label), 20, 0.05)
    agent.log.append(200)
    crash(agent, kind, pids[0], work)
    found = in_files(work, keys)
    check(f'{kind}: no file of agent, console or test has it', not found, found)
    agent.stop()


def in_memory(kind, place, pids, keys, label):
    regions, shut = memory_of(pids[0])
    check(f'{kind}: control: the search sees the memory of keyring',
          any(label in text for _, text in regions))
    found = copies(pids[0], keys)
    if place == 'memfd_secret':
        check('secret: one mapping can not be read, by root', shut == 1, shut)
        check('secret: the key is nowhere else in keyring', not found, found)
    else:
        check(f'{kind}: control: the search finds it in locked memory, once',
              len(found) == len(keys), found)
    check(f'{kind}: it is not in uplink', not copies(pids[1], keys))


def dump_of(pid, work):
    """What gcore gets of it as root, or None."""
    path = os.path.join(work, 'dump')
    subprocess.run(['gcore', '-a', '-o', path, str(pid)], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
    whole = f'{path}.{pid}'
    if not os.path.exists(whole):
        return None
    with open(whole, 'rb') as file:
        text = file.read()
    os.unlink(whole)
    return text


def dumps(kind, place, work, pid, keys):
    text = dump_of(pid, work)
    if text is None:
        check(f'{kind}: gcore as root gets no dump of it, and one of another process',
              dump_of(os.getpid(), work))
        return
    check(f'{kind}: control: gcore as root dumps', b'holdfast' in text, len(text))
    found = [name for name, key in keys.items() if key in text]
    if place == 'memfd_secret':
        check(f'{kind}: the dump does not have it', not found, found)
    else:  # -a: what is marked not to be dumped, too; said in SECURITY.md
        check(f'{kind}: control: with -a, the dump of locked memory has it', found)


def crash(agent, kind, pid, work):
    """A core that the kernel writes, where it may."""
    before = set(os.listdir(work)) | set(os.listdir('.'))
    os.kill(pid, signal.SIGSEGV)
    agent.processes[0].wait(10)
    check(f'{kind}: it crashed', agent.processes[0].returncode == -signal.SIGSEGV)
    made = [name for name in set(os.listdir(work)) | set(os.listdir('.')) if name not in before]
    check(f'{kind}: and left no core', not any('core' in name for name in made), made)
    control_core(kind, work)


def control_core(kind, work):
    """A process that may be dumped leaves one here, unless the kernel hands cores to somebody else."""
    with open('/proc/sys/kernel/core_pattern', encoding='ascii') as file:
        pattern = file.read().strip()
    if pattern.startswith('|') or '/' in pattern:
        skip(f'{kind}: though the kernel would write one', f'cores where they are made: they go to {pattern}')
        return
    place = os.path.join(work, 'control')
    os.makedirs(place, exist_ok=True)
    subprocess.run(['sh', '-c', 'ulimit -c unlimited; kill -SEGV $$'], cwd=place, check=False,
                   preexec_fn=lambda: resource.setrlimit(  # pylint: disable=subprocess-popen-preexec-fn
                       resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
    made = os.listdir(place)
    shutil.rmtree(place)
    check(f'{kind}: though the kernel would write one', any('core' in name for name in made), made)


def control_files(work, keys):
    """The search of files finds a key as it is and in digits."""
    place = os.path.join(work, 'control')
    os.makedirs(place)
    key = next(iter(keys.values()))
    for name, text in (('bytes', b'before' + key + b'behind'), ('digits', key.hex().upper().encode())):
        with open(os.path.join(place, name), 'wb') as file:
            file.write(text)
    found = in_files(place, keys)
    check('control: the search of files finds a key, and its digits', len(found) == 2, found)
    shutil.rmtree(place)


def main():
    if os.getuid() != 0:
        skip('the hunt', 'needs root, whose tools it tries')
        return summary()
    missing = [tool for tool in ('strace', 'gcore') if not shutil.which(tool)]
    if missing:
        skip('the hunt', f'{missing} missing')
        return summary()
    work = tempfile.mkdtemp(prefix='holdfast-hunt-')
    os.chmod(work, 0o755)
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    console.verb('key', 'rotate', 'acme/finance')
    label = label_of(console, 'acme/finance')
    for kind in ('secret', 'locked'):
        hunt(console, work, label, kind)
    keys = key_bytes(console)
    control_files(work, keys)
    for name, pid in console.children().items():
        check(f'control: the search sees the memory of the console\'s {name}',
              any(b'holdfast-console' in text for _, text in memory_of(pid)[0]))
        found = copies(pid, keys)
        check(f'not in the console\'s {name}', not found, found)
    check('nor in its files', not in_files(console.state, keys))
    console.stop()
    shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
