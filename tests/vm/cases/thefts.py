#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The thief of thefts.sh: root, with a debugger, dumps, /proc, kernel keyrings and BPF maps. What is looked for is
known masked only (tests/e2e/key_search.py), so that what is found is the product's. Beside each search one finds a
canary of the same shape.

usage: thefts.py NEEDLES hold FILE | recorded PLACE HOLDER | debugged PLACE HOLDER | guarded"""
import ctypes
import glob
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, 'tests/e2e')
# pylint: disable=wrong-import-position # the path comes first
import lib
from key_search import copies, in_image, masked, memory_of
from lib import check, skip

CANARY_MAP = '/sys/fs/bpf/thefts_canary'
MAP_TYPES = ('array', 'hash', 'lru_hash', 'lpm_trie')
MAP_MAX = 1 << 16  # bytes of an array; larger ones hold what is counted
PLAIN = ('environ', 'cmdline', 'auxv', 'stack', 'maps', 'syscall')
ADD_KEY, KEYCTL = 248, 250  # x86_64
KEYCTL_LINK, KEYCTL_READ = 8, 11
USER_KEYRING, SESSION_KEYRING = -4, -3
libc = ctypes.CDLL(None, use_errno=True)


def needles(path, is_wanted=lambda name: True):
    """{name: bytes}, masked: through the mask these are what is looked for, so that who is searched has none."""
    with open(path, encoding='ascii') as file:
        return {name: bytes.fromhex(digits) for name, digits in (line.split() for line in file) if is_wanted(name)}


def run(*words, seconds=900):
    try:
        done = subprocess.run(words, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False,
                              env={**os.environ, 'DEBUGINFOD_URLS': '', 'HOME': '/run/hf'})
    except subprocess.TimeoutExpired:
        return -1, f'more than {seconds} s'
    return done.returncode, (done.stdout + done.stderr).decode(errors='replace')


def pid_of(name):
    return int(subprocess.run(['pgrep', '-x', '-n', name[:15]], capture_output=True, check=True).stdout)


def hold(keys, path):
    """The canary: in memory that may be swapped, in a file, in a key of root's, in a BPF map."""
    canary = masked(keys['canary'])
    many = [canary + os.urandom(4064) for _ in range(8192)]
    with open(path, 'wb') as file:
        file.write(canary)
    libc.syscall(ADD_KEY, b'user', b'thefts', canary, len(canary), USER_KEYRING)
    run('bpftool', 'map', 'create', CANARY_MAP, 'type', 'array', 'key', '4', 'value', '32', 'entries', '1', 'name', 'canary')
    run('bpftool', 'map', 'update', 'pinned', CANARY_MAP, 'key', '0', '0', '0', '0', 'value', *(str(byte) for byte in canary))
    with open(path + '.held', 'w', encoding='ascii') as file:
        file.write('held')
    while many:
        time.sleep(600)


def names_in(found):
    return {name for _, name in found}


def secret_mapping(pid):
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps:
        for line in maps:
            if 'secretmem' in line:
                return '0x' + line.split('-')[0]
    return None


def stack_of(pid):
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps:
        return next('0x' + line.split()[0].split('-')[1] for line in maps if '[stack]' in line)


def gdb(pid, *commands):
    """What it says. Each start of it takes an emulated machine half a minute, with symbols more."""
    words = [word for command in commands for word in ('-ex', command)]
    return run('gdb', '-nx', '-batch', '-iex', 'set auto-solib-add off', '-p', str(pid), *words)[1]


def gdb_dump(pid, keys, *commands):
    """(what gdb says, what is found in all that it could dump, as gcore -a has it; None: it could not)."""
    path = f'/run/hf/dump.{pid}'
    said = gdb(pid, *commands, 'set use-coredump-filter off', 'set dump-excluded-mappings on',
               'generate-core-file ' + path)
    if not os.path.exists(path):
        return said, None
    found = in_image(path, keys, masked)
    os.unlink(path)
    return said, found


def by_debugger(keys, place, pid, holder):
    found = gdb_dump(holder, keys)[1]
    check('gcore: control: a dump of another process has the canary', found == {'canary'}, found)
    secret = [f'x/2xg {secret_mapping(pid)}'] if place == 'memfd_secret' else []
    said, found = gdb_dump(pid, keys, f'x/2xg {stack_of(pid)}-64', *secret)
    check('gdb: control: it attaches, and sees the stack', re.search(r'0x\w+:\s+0x', said), said[-600:])
    if place == 'memfd_secret':
        check('gdb: secret memory can not be seen', 'Cannot access memory' in said, said[-600:])
        check('gcore: a dump of keyring has no key', found == set(), (found, said[-600:]))
    else:
        check('gcore: -a: a dump of locked memory has it, as SECURITY.md says', found == {'key'}, (found, said[-600:]))


def proc_file(pid, name):
    """Through the mask."""
    with open(f'/proc/{pid}/{name}', 'rb') as file:
        return masked(file.read())


def by_proc(keys, place, pid, holder):
    check('/proc/PID/mem: control: the canary is found', names_in(copies(holder, keys, masked)) == {'canary'})
    regions, shut = memory_of(pid)
    check('/proc/PID/mem: control: keyring is seen', any(b'holdfast-keyring' in text for _, text in regions))
    del regions
    found = copies(pid, keys, masked)
    if place == 'memfd_secret':
        check('/proc/PID/mem: one mapping can not be read, the others have no key', shut == 1 and not found, (shut, found))
    else:
        check('/proc/PID/mem: locked memory has it, once, as SECURITY.md says', [name for _, name in found] == ['key'], found)
    for name in PLAIN:
        check(f'/proc/PID/{name}: has no key', not any(key in proc_file(pid, name) for key in keys.values()))


def everywhere(keys, place, pid, holder):
    """What strings(1) on every process would have to sift. Not of this one, which has what it reads."""
    having, seen = {}, 0
    for path in glob.glob('/proc/[0-9]*'):
        other = int(path[6:])
        try:
            if other == os.getpid() or not os.readlink(path + '/exe'):
                continue
            found = names_in(copies(other, keys, masked))
        except OSError:
            continue  # of the kernel, or gone
        seen += 1
        if found:
            having[other] = found
    wanted = {holder: {'canary'}} if place == 'memfd_secret' else {holder: {'canary'}, pid: {'key'}}
    check(f'every process: of {seen} only those have it that are known to', seen > 8 and having == wanted, having)


def kernel_keys():
    """What can be read of all kernel keyrings."""
    libc.syscall(KEYCTL, KEYCTL_LINK, USER_KEYRING, SESSION_KEYRING)
    texts, buffer = [], ctypes.create_string_buffer(1 << 16)
    with open('/proc/keys', encoding='ascii', errors='replace') as file:
        for line in file:
            number = ctypes.c_int32(int(line.split()[0], 16))
            size = libc.syscall(KEYCTL, KEYCTL_READ, number, buffer, len(buffer))
            texts.append(line.encode() + (buffer.raw[:size] if size > 0 else b''))
    return b'\n'.join(texts)


def by_keyrings(keys):
    text = masked(kernel_keys())
    check('kernel keyrings: control: the canary is read', keys['canary'] in text)
    check('kernel keyrings: no key, that of the vault neither',
          not any(key in text for name, key in keys.items() if name != 'canary'))


def bytes_of(said):
    return bytes(int(digits, 16) for digits in re.findall(r'"0x([0-9a-f]{1,2})"', said))


def can_be_dumped(one):
    return one['type'] in MAP_TYPES and ('array' not in one['type'] or one['bytes_value'] * one['max_entries'] <= MAP_MAX)


def by_bpf(keys):
    maps = json.loads(run('bpftool', '-j', 'map', 'show')[1])
    wanted = [one['id'] for one in maps if can_be_dumped(one)]
    with open('/run/hf/batch', 'w', encoding='ascii') as file:
        file.writelines(f'map dump id {number}\n' for number in wanted)
    status, said = run('bpftool', '-j', 'batch', 'file', '/run/hf/batch')
    text = masked(bytes_of(said))
    check('bpftool: control: the canary is in a map', status == 0 and keys['canary'] in text, said[-300:])
    check(f'bpftool: of {len(wanted)} maps none has a key ({len(maps) - len(wanted)} are too large, or have nothing to dump)',
          len(wanted) > 20 and not any(key in text for name, key in keys.items() if name != 'canary'))


def is_refused(act):
    try:
        act()
    except PermissionError:
        return True
    except OSError as error:
        print(f'# {error}')
    return False


def stack_read(pid):
    with open(f'/proc/{pid}/mem', 'rb', 0) as file:
        file.seek(int(stack_of(pid), 16) - 64)
        file.read(16)


def guarded(keys):
    """Where the agent guards itself, nothing gets as far."""
    pid, control = pid_of('holdfast-keyring'), subprocess.Popen(['sleep', '600'])  # pylint: disable=consider-using-with
    said, found = gdb_dump(pid, keys)
    check('guarded: gdb is refused, and gets no dump', 'Operation not permitted' in said and found is None, said[-300:])
    said, found = gdb_dump(control.pid, keys)
    check('guarded: control: not with another process', found == set(), said[-300:])
    check('guarded: its memory is not read in /proc', is_refused(lambda: stack_read(pid)))
    check('guarded: control: that of another process is', not is_refused(lambda: stack_read(control.pid)))
    for name in ('environ', 'cmdline', 'auxv', 'maps'):  # these may be looked at
        check(f'guarded: /proc/PID/{name}: has no key', not any(key in proc_file(pid, name) for key in keys.values()))
    check('guarded: it can not be made to crash', is_refused(lambda: os.kill(pid, 11)))
    control.kill()
    said = run('bpftool', 'map', 'show')[1]
    check("guarded: bpftool does not get at the agent's maps", 'Operation not permitted' in said, said[-300:])
    said = run('bpftool', '-j', 'map', 'dump', 'pinned', CANARY_MAP)[1]
    check('guarded: control: but at others', keys['canary'] in masked(bytes_of(said)), said[-300:])


def main():
    if sys.argv[2] == 'hold':
        return hold(needles(sys.argv[1], lambda name: name == 'canary'), sys.argv[3])
    keys = needles(sys.argv[1])
    if sys.argv[2] == 'guarded':
        guarded(keys)
        return lib.failed > 0
    place, holder = sys.argv[3], int(sys.argv[4])
    pid = pid_of('holdfast-keyring')
    if sys.argv[2] == 'debugged':
        by_debugger(keys, place, pid, holder)
        return lib.failed > 0
    if place == 'locked':
        skip('secret memory', 'this kernel has none, or not without secretmem.enable=1')
    by_proc(keys, place, pid, holder)
    everywhere(keys, place, pid, holder)
    by_keyrings(keys)
    by_bpf(keys)
    return lib.failed > 0


if __name__ == '__main__':
    sys.exit(main())
