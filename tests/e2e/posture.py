#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a policy requires of devices, from the signed policy to the word that a device gets: the real
console, the real uplink, keyring and survey. What the device itself makes of it is tests/unit/trust.c's
and tests/vm/cases/posture.sh's."""
import hashlib
import os
import shutil
import struct
import sys
import tempfile
import time

from lease import Device
from lib import check, run, skip, summary
from reporters import wait_until
from tpm import Tpm, has_swtpm
from trust import Machine, kinds
from whole_console import BUILD, Console

LOOK = 5    # seconds between two looks of uplink at what the survey left
SOON = 2.0  # seconds in which a word has to reach a device that is connected


class Policy:
    def __init__(self, console, directory):
        self.console = console
        self.path = os.path.join(directory, 'policy.ini')

    def publish(self, require, *more):
        policies = os.path.join(os.path.dirname(BUILD), 'policy')
        with open(os.path.join(policies, 'examples', 'minimal.ini'), encoding='utf-8') as file:
            text = file.read().replace('../apps', os.path.join(policies, 'apps'))
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write(f'{text}\n[trust]\nlease = 7d\n')
            if require:
                file.write(f'require = {require}\n')
        return self.console.verb('policy', 'publish', self.path, '--passphrase-file',
                                 self.console.passphrase, *more)


def begin(console, work, name, machine, tpm=None):
    device = Device(os.path.join(work, name), console, console.token('--approve')['token'])
    device.tpm = tpm
    machine.survey(device)
    device.start()
    check(f'control: {name} is trusted', device.is_said('trusted', 30), device.errors())
    device.uid = wait_until(lambda: device.status().get('device'), 10)
    check('and the console knows what it is', wait_until(
        lambda: console.device(device.uid).get('details', {}).get('lockdown') == 'integrity', 30),
          console.device(device.uid))
    return device


def falls(console, machine, device):
    """Below the requirement, and up again."""
    serial = int(device.word()['serial'])
    machine.write('sys/kernel/security/lockdown', '[none] integrity confidentiality\n')
    machine.survey(device)
    begun = time.monotonic()
    is_unfit = device.is_said('unfit', LOOK + SOON + 3)
    print(f'       {(time.monotonic() - begun) * 1000:.0f} ms after the look at the machine')
    check('its kernel is not locked down any more: seconds later it has no lease', is_unfit,
          (device.word(), device.errors()))
    word = device.word()
    check('under a higher serial, for no time', int(word['serial']) > serial and
          word['seconds'] == '0', word)
    check('a finding says so, and what of the machine was lowered is another', sorted(
        kinds(console, device.uid)) == ['lockdown-lowered', 'posture-unmet'],
          kinds(console, device.uid))
    shown = console.verb('device', 'show', device.uid)
    check('device show says which condition', "NOT MET  lockdown: lockdown is 'none'" in shown and
          'secure-boot, lockdown' in shown, shown)
    check('it is still approved, and delivers', console.device(device.uid)['state'] == 'trusted' and
          device.status()['standing'] == 'trusted', device.status())
    machine.write('sys/kernel/security/lockdown', 'none [integrity] confidentiality\n')
    machine.survey(device)
    check('it is locked down again: trusted', device.is_said('trusted', LOOK + SOON + 3),
          device.errors())
    shown = console.verb('device', 'show', device.uid)
    check('which device show says', 'all of it is met' in shown, shown)


def publishes(policy, device):
    """Another requirement reaches devices with the policy."""
    policy.publish('not-virtual')
    check('a requirement that it meets changes nothing', not device.is_said('unfit', SOON + 1),
          device.word())
    policy.publish('lockdown confidentiality')
    check('one that it does not: no lease within two seconds', device.is_said('unfit', SOON),
          device.errors())
    policy.publish('')
    check('and with the next policy trusted again', device.is_said('trusted', SOON),
          device.errors())


def not_told(console, policy, work, machine):
    """An agent that says nothing of what is wanted, as earlier ones."""
    old = begin(console, work, 'old', machine)
    policy.publish('disk-encryption')
    check('control: what it tells is met', not old.is_said('unfit', SOON + 1), old.word())
    policy.publish('agent-integrity')
    check('what a device does not tell is not met', old.is_said('unfit', SOON), old.errors())
    shown = console.verb('device', 'show', old.uid)
    check('and that is said', 'agent_files is not known' in shown, shown)
    policy.publish('')
    old.stop()


def installed(console, policy, work):
    """The list that a package is made with, held against the programs; and then one of them is changed."""
    machine = Machine(os.path.join(work, 'machine-2'), 'PF4ABC')
    programs = ('usr/bin/holdfast', 'usr/bin/holdfast-session', 'usr/sbin/holdfastd',
                'usr/libexec/holdfast/holdfast-survey')
    manifest = os.path.join(os.path.dirname(BUILD), 'packaging', 'manifest')
    for path in programs:
        machine.write(path, '')
        shutil.copy(os.path.join(BUILD, os.path.basename(path)), os.path.join(machine.root, path))
    done = run(manifest, machine.root, '/usr/share/holdfast/manifest.sha256',
               *('/' + path for path in programs))
    check('a manifest is made', done.returncode == 0, done.stderr)
    device = begin(console, work, 'installed', machine)
    policy.publish('agent-integrity')
    check("the agent's files are those of its package", not device.is_said('unfit', SOON + 1) and
          console.device(device.uid)['details']['agent_files'] == 'good',
          console.device(device.uid)['details'])
    with open(os.path.join(machine.root, 'usr/sbin/holdfastd'), 'ab') as file:
        file.write(b'x')
    machine.survey(device)
    check('one of them is changed: no lease', device.is_said('unfit', LOOK + SOON + 3),
          device.errors())
    check('and a finding', 'agent-changed' in kinds(console, device.uid), kinds(console, device.uid))
    done = run(manifest, machine.root, '--again')
    check('a manifest is made anew', done.returncode == 0, done.stderr)
    machine.survey(device)
    check('with another manifest it is good, and a finding: its version is the same', wait_until(
        lambda: 'agent-other-files' in kinds(console, device.uid), LOOK + 5),
          kinds(console, device.uid))
    policy.publish('')
    device.stop()


def measured(console, policy, work):
    """What a TPM has measured; the registers are accepted by an administrator."""
    machine = Machine(os.path.join(work, 'machine-3'), 'PF5ABC')
    log = struct.pack('<II20xI', 0, 3, 37) + b'Spec ID Event03\0' + bytes(4) + b'\0\2\0\2' + \
        struct.pack('<IHHHHx', 2, 4, 20, 11, 32)
    values = [bytes(32)] * 8
    for number, what in ((0, b'firmware'), (4, b'boot loader'), (7, b'SecureBoot')):
        digest = hashlib.sha256(what).digest()
        values[number] = hashlib.sha256(values[number] + digest).digest()
        log += struct.pack('<IIIH20xH', number, 8, 2, 4, 11) + digest + \
            struct.pack('<I', len(what)) + what
    path = os.path.join(machine.root, 'sys/kernel/security/tpm0')
    os.makedirs(path)
    with open(os.path.join(path, 'binary_bios_measurements'), 'wb') as file:
        file.write(log)
    for number, value in enumerate(values):
        machine.write(f'sys/class/tpm/tpm0/pcr-sha256/{number}', value.hex().upper() + '\n')
    machine.fourth = values[4].hex() + '\n'
    device = begin(console, work, 'measured', machine)
    check('the log comes to the registers', console.device(device.uid)['details']['measured'] ==
          'yes', console.device(device.uid)['details'])
    policy.publish('measured-boot')
    check('nobody has accepted them: no lease', device.is_said('unfit', SOON), device.errors())
    console.verb('device', 'pcr', 'accept', device.uid)
    check('accepted: trusted within two seconds', device.is_said('trusted', SOON), device.errors())
    machine.write('sys/class/tpm/tpm0/pcr-sha256/4', '77' * 32 + '\n')
    machine.survey(device)
    check('another boot loader: no lease', device.is_said('unfit', LOOK + SOON + 3),
          device.errors())
    check('and findings', {'measured-otherwise', 'not-measured'} <= set(
        kinds(console, device.uid)), kinds(console, device.uid))
    done = console.run('device', 'pcr', 'accept', 'pc-1')
    check('a device without registers has none to accept', done.returncode == 1 and
          'has told of no registers' in done.stdout + done.stderr, (done.stdout, done.stderr))
    policy.publish('')
    device.stop()
    return machine


def attested(console, policy, work, machine):
    """The same, with a TPM that signs what it has measured."""
    if not has_swtpm():
        skip('what a TPM signs', 'swtpm is not installed')
        return
    machine.write('sys/class/tpm/tpm0/pcr-sha256/4', machine.fourth)
    tpm = Tpm(os.path.join(work, 'tpm-attested'))
    tpm.start()
    device = begin(console, work, 'attested', machine, tpm)
    check('its TPM has answered a challenge', wait_until(lambda: console.device(device.uid)
          .get('details', {}).get('attestation_key'), 30), console.device(device.uid))
    policy.publish('measured-boot proven')
    check('nobody has accepted it: no lease', device.is_said('unfit', SOON), device.errors())
    console.verb('device', 'pcr', 'accept', device.uid)
    check('accepted, and signed by its TPM: trusted', device.is_said('trusted', SOON),
          device.errors())
    shown = console.verb('device', 'show', device.uid)
    check('device show says what is proven', 'signed by its TPM' in shown, shown)
    device.stop()
    tpm.stop()
    policy.publish('')


def virtual(console, policy, work):
    machine = Machine(os.path.join(work, 'machine-vm'), 'VM1')
    machine.write('sys/class/dmi/id/sys_vendor', 'QEMU\n')
    machine.write('sys/bus/pci/devices/0000:00:02.0/vendor', '0x1b36\n')
    device = begin(console, work, 'virtual', machine)
    details = console.device(device.uid)['details']
    check('the console knows that it looks like a virtual one, and by what',
          details['virtual'] == 'likely' and details['virtual_by'] == 'dmi:QEMU pci:0x1b36' and
          details['hypervisor'] == 'qemu', details)
    policy.publish('secure-boot')
    check('which no policy refuses that does not say so', not device.is_said('unfit', SOON + 1),
          device.word())
    policy.publish('not-virtual likely')
    check('nor one that takes what only looks so', not device.is_said('unfit', SOON + 1),
          device.word())
    policy.publish('not-virtual')
    check('and one that says so does', device.is_said('unfit', SOON), device.errors())
    device.stop()


def main():
    work = tempfile.mkdtemp(prefix='holdfast-e2e-')
    os.chmod(work, 0o755)
    os.makedirs(os.path.join(work, 'console'))
    console = Console(os.path.join(work, 'console'))
    console.start()
    policy = Policy(console, work)
    try:
        machine = Machine(os.path.join(work, 'machine-1'), 'PF3ABC')
        device = begin(console, work, 'pc-1', machine)
        policy.publish('secure-boot, lockdown')
        falls(console, machine, device)
        publishes(policy, device)
        not_told(console, policy, work, machine)
        installed(console, policy, work)
        attested(console, policy, work, measured(console, policy, work))
        virtual(console, policy, work)
        device.stop()
    finally:
        check('SIGTERM ends the console well', console.stop() == 0)
        shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
