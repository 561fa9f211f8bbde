#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a device's identity rests on, with a real console, keyring and uplink: a key in a TPM, what
its machine is, and that it is one."""
import os
import shutil
import sys
import tempfile

from lib import Identity, check, run, skip, status_of, summary
from reporters import BUILD, USER, Reporters, wait_until
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


def certificate_of(device):
    """In DER."""
    with open(os.path.join(device.part('uplink'), 'device.crt'), 'rb') as file:
        return run('openssl', 'x509', '-outform', 'DER', data=file.read()).stdout


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
    check('the console is told that the disk is elsewhere: a finding', wait_until(
        lambda: kinds(console, uid) == ['disk-in-other-machine'], 20), kinds(console, uid))
    check('the device itself it has not heard of, and it stays what it was',
          console.device(uid)['last_seen'] == before and console.device(uid)['state'] == TRUSTED)
    answers = [console.curl('/v1/device/keyless', data=text) for text in (b'no certificate', certificate_of(device))]
    check('a stranger learns nothing by saying so', [(status, body) for status, body, _ in answers] ==
          [(200, b'{}')] * 2, answers)
    check('and the same is found once', kinds(console, uid) == ['disk-in-other-machine'], kinds(console, uid))
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


class Machine:
    """What /sys, /proc and /etc say of one, in a directory; holdfast-survey reads it as it is."""

    def __init__(self, directory, serial):
        self.root = directory
        for path, text in {
                'etc/os-release': 'NAME=X\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
                'sys/class/dmi/id/sys_vendor': 'LENOVO\n',
                'sys/class/dmi/id/product_name': '21CB\n',
                'sys/class/dmi/id/product_serial': serial + '\n',
                'sys/class/dmi/id/product_uuid': f'4c4c4544-0037-4810-8056-{serial:0>12}\n',
                'sys/class/net/eth0/address': '52:54:00:12:34:56\n',
                'sys/class/net/eth0/addr_assign_type': '0\n',
                'sys/class/net/eth0/device/vendor': '',
                'sys/class/tpm/tpm0/active': '',
                'sys/kernel/security/lsm': 'lockdown,capability,yama,apparmor,bpf',
                'sys/kernel/security/lockdown': 'none [integrity] confidentiality\n',
                'sys/dev/block/254:1/dm/uuid': 'LVM-abc\n',
                'sys/dev/block/254:1/slaves/dm-0/dm/uuid': 'CRYPT-LUKS2-0123-root\n',
                'proc/self/mountinfo': '22 1 254:1 / / rw shared:1 - ext4 /dev/vg/root rw\n',
                'proc/cpuinfo': 'processor\t: 0\nmodel name\t: AMD\nprocessor\t: 1\n',
                'proc/meminfo': 'MemTotal:       16000000 kB\n',
                'proc/sys/kernel/yama/ptrace_scope': '1\n'}.items():
            self.write(path, text)
        for path in ('product_serial', 'product_uuid'):
            os.chmod(os.path.join(self.root, 'sys/class/dmi/id', path), 0o400)
        self.secure_boot(True)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)

    def secure_boot(self, is_on):
        self.write('sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c',
                   '\x06\0\0\0' + ('\1' if is_on else '\0'))

    def survey(self, device):
        """As holdfastd has it done, for what is on a machine to reach uplink; it enforces."""
        self.look(device)
        enforces(device)

    def look(self, device):
        done = run(os.path.join(BUILD, 'holdfast-survey'), USER, device.part('runtime'), self.root)
        check('the machine is looked at', done.returncode == 0, done.stderr)


def enforces(device, word='yes'):
    """As the engine says it: 'starting' until the kernel part is in."""
    with open(device.part('enforcement.json'), 'w', encoding='ascii') as file:
        file.write(f'{{"enforcing":"{word}"}}')


def kinds(console, uid):
    return [finding['kind'] for finding in console.device(uid).get('findings', [])]


def accounts(console, uid):
    return {account['name']: account for account in console.device(uid)['accounts']}


def used_by(console, machine, device, uid):
    """Who is logged in, as logind says it; who was is remembered."""
    check('of its events, who acted was seen', list(accounts(console, uid)) == ['anna'],
          accounts(console, uid))
    session = 'run/systemd/sessions/'
    machine.write(session + '1', 'UID=1000\nUSER=alice\nSTATE=active\nCLASS=user\n'
                  'REMOTE_HOST=198.51.100.9\nREALTIME=1764500000000000\n')
    machine.write(session + 'c1', 'UID=113\nUSER=gdm\nSTATE=online\nCLASS=greeter\n'
                  'REALTIME=1764500000000000\n')
    machine.survey(device)
    found = wait_until(lambda: 'alice' in accounts(console, uid), 30)
    alice = accounts(console, uid).get('alice', {})
    check('who logged in is an account used on it, since then, and a greeter is none', found and
          set(accounts(console, uid)) == {'alice', 'anna'} and
          alice['first_seen'] == 1764500000000 and alice['last_seen'] > alice['first_seen'],
          accounts(console, uid))
    os.unlink(os.path.join(machine.root, session + '1'))
    machine.write(session + '2', 'UID=1001\nUSER=bob\nSTATE=active\nCLASS=user\n'
                  'REALTIME=1764600000000000\n')
    machine.survey(device)
    found = wait_until(lambda: 'bob' in accounts(console, uid), 30)
    check('who left is remembered', found and set(accounts(console, uid)) ==
          {'alice', 'anna', 'bob'}, accounts(console, uid))
    shown = console.verb('device', 'show', uid)
    check('both are shown', 'Accounts used on it' in shown and 'alice' in shown and
          'bob' in shown, shown)
    check('but not from where', '198.51.100.9' not in console.verb('device', 'show', uid, '--json'))
    listed = console.lines('device', 'list', '--user', 'alice')
    check('where did alice log in?', [row['uid'] for row in listed] == [uid] and
          [account['name'] for account in listed[0]['accounts']] == ['alice'], listed)
    check('and nowhere did carol', console.lines('device', 'list', '--user', 'carol') == [])
    text = console.verb('device', 'list', '--user', 'alice')
    check('in words too', 'used by alice' in text and 'first seen 2025-11-30' in text, text)


def record(console, work):
    machine = Machine(os.path.join(work, 'machine-1'), 'PF3ABC')
    device = reporters(console, work, 'described')
    machine.survey(device)
    device.start()
    check('control: it enrols', is_trusted(device), device.errors())
    uid = device.status()['device']
    known = wait_until(lambda: console.device(uid).get('details'), 20) or {}
    wanted = {'os': 'Debian GNU/Linux 12 (bookworm)', 'vendor': 'LENOVO', 'serial': 'PF3ABC',
              'secure_boot': 'on', 'lockdown': 'integrity', 'bpf_lsm': 'on', 'tpm': 'yes',
              'root_encrypted': 'yes', 'cpus': '2', 'memory_mb': '15625', 'key': 'file',
              'ptrace_scope': '1'}
    check('the console knows the machine', {name: known.get(name) for name in wanted} == wanted,
          known)
    shown = console.verb('device', 'show', uid)
    check('and shows it', 'secure_boot' in shown and 'PF3ABC' in shown, shown)
    device.stop()
    device.start()
    check('control: started again there is nothing to find', is_trusted(device) and
          delivers(console, device) and kinds(console, uid) == [], kinds(console, uid))
    device.stop()
    os.unlink(device.part('enforcement.json'))
    machine.secure_boot(False)
    machine.look(device)
    device.start()
    check('after a boot, until the engine has said that it enforces, nothing is told, nor found',
          is_trusted(device) and delivers(console, device) and
          not wait_until(lambda: kinds(console, uid), 7) and
          console.device(uid)['details']['secure_boot'] == 'on', console.device(uid))
    enforces(device, 'starting')
    check('nor while it says that it starts', not wait_until(lambda: kinds(console, uid), 7) and
          console.device(uid)['details']['secure_boot'] == 'on', console.device(uid))
    machine.secure_boot(True)
    machine.survey(device)
    used_by(console, machine, device, uid)
    machine.secure_boot(False)
    machine.write('sys/kernel/security/lockdown', '[none] integrity confidentiality\n')
    machine.survey(device)
    found = wait_until(lambda: len(kinds(console, uid)) >= 2, 30)
    check('secure boot and lockdown are off: two findings', found and sorted(
        kinds(console, uid)) == ['lockdown-lowered', 'secure-boot-off'], kinds(console, uid))
    enforces(device, 'no')
    check('it says that it does not enforce: another', wait_until(
        lambda: 'not-enforcing' in kinds(console, uid), 30), kinds(console, uid))
    enforces(device)
    return machine, device, uid


def copied(console, work, machine, device, uid):
    """A key in a file goes with the disk: that is noticed."""
    device.stop()
    shutil.copytree(device.directory, os.path.join(work, 'twin'))
    twin = reporters(console, work, 'twin', token=False)
    Machine(os.path.join(work, 'machine-2'), 'PF9XYZ').survey(twin)
    twin.start()
    found = wait_until(lambda: 'key-on-two-machines' in kinds(console, uid), 30)
    check('a copy speaks from another machine: a finding', found, kinds(console, uid))
    text = [finding['text'] for finding in console.device(uid)['findings']
            if finding['kind'] == 'key-on-two-machines']
    check('which says which two', text and 'PF3ABC' in text[0] and 'PF9XYZ' in text[0], text)
    twin.stop()


def rules(console, work):
    """Who waits is approved when a rule holds, and by nothing else."""
    serials = os.path.join(work, 'serials.csv')
    with open(serials, 'w', encoding='ascii') as file:
        file.write('"Serial Number",Place\n"PF7RULE",Berlin\nPF8RULE,Bonn\n')
    os.chmod(serials, 0o644)
    machine = Machine(os.path.join(work, 'machine-3'), 'PF7RULE')
    device = Reporters(os.path.join(work, 'ruled'), console.url, console.ca,
                       console.token()['token'], 'ruled')
    machine.survey(device)
    device.start()
    check('control: without a rule it waits', wait_until(
        lambda: device.status().get('standing') == 'pending', 30), device.status())
    for name, words in {'other-net': ['--network', '192.0.2.0/24'], 'other-host': ['--host', 'srv-*'],
                        'with-tpm': ['--fact', 'key=tpm', '--serials', serials]}.items():
        console.verb('rule', 'add', name, *words)
    console.verb('rule', 'add', 'delivered', '--fact', 'secure_boot=on', '--network', '127.0.0.0/8',
                 '--serials', serials)
    check('a rule that says nothing is refused', console.run('rule', 'add', 'all').returncode == 1)
    check('as is one of a fact that there is not',
          console.run('rule', 'add', 'x', '--fact', 'colour=red').returncode == 2)
    check('rules are listed', [rule['name'] for rule in console.lines('rule', 'list')] ==
          ['other-net', 'other-host', 'with-tpm', 'delivered'] and
          console.lines('rule', 'list')[3]['serials'] == 2, console.run('rule', 'list').stdout)
    check('its serial number is in the list: approved', is_trusted(device), device.status())
    shown = console.device(device.status()['device'])
    check('and it is said by which rule', shown['changes'][0]['who'] == 'rule delivered',
          shown['changes'])
    audit = console.verb('audit', '--limit', '20')
    check('in the audit log too', 'rule delivered' in audit, audit)
    device.stop()
    console.verb('rule', 'remove', 'delivered')
    other = Reporters(os.path.join(work, 'unruled'), console.url, console.ca,
                      console.token()['token'], 'unruled')
    machine.secure_boot(True)
    machine.survey(other)
    other.start()
    check('a rule that is gone approves no more', wait_until(
        lambda: other.status().get('standing') == 'pending', 30) and
        console.device(other.status()['device'])['state'] == 'pending', other.status())
    other.stop()


def takes_turns(console, work):
    """Two machines that look alike, with stock clients: each says which boot it is."""
    identity = Identity(work)
    console.enrol(identity, console.token('--approve')['token'])
    boots = [f'{{"machine":"same","boot":"{digit * 8}-1111-4111-8111-111111111111"}}'
             for digit in '123']

    def say(which):
        return console.curl('/v1/device', identity=identity, data=boots[which].encode())[0]

    check('control: three boots, one after the other', [say(0), say(0), say(1), say(2)] ==
          [200] * 4 and kinds(console, identity.subject()) == [], kinds(console, identity.subject()))
    say(1)
    check('one that was over speaks again: a finding',
          kinds(console, identity.subject()) == ['key-on-two-machines'])


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
        copied(console, work, *record(console, work))
        takes_turns(console, work)
        rules(console, work)
    finally:
        check('SIGTERM ends the console well', console.stop() == 0)
        shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
