#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reporting half of the agent, keyring and uplink, started as holdfastd starts it, on a log that a
test writes in the engine's place. No kernel part, so no virtual machine."""
import grp
import json
import os
import pwd
import signal
import socket
import subprocess
import time

import keyring_peer

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(REPO, 'build')
USER = 'nobody'  # the processes refuse to run as root


def user_ids():
    return pwd.getpwnam(USER).pw_uid, grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_gid


class Log:
    """Events as the engine writes them, with numbers that go up for the life of the device."""

    def __init__(self, directory):
        self.path = os.path.join(directory, 'events.jsonl')
        self.sequence = 0
        self.lines = []  # what was ever appended

    def write(self, lines):
        self.lines += lines
        with open(self.path, 'a', encoding='utf-8') as file:
            file.write(''.join(lines))

    def append(self, count, severity=1, text='report.odt'):
        lines = []
        for _ in range(count):
            self.sequence += 1
            lines.append(json.dumps({
                'time': int(time.time() * 1000), 'class_uid': 1001, 'activity_id': 14,
                'category_uid': 1, 'type_uid': 100114, 'severity_id': severity,
                'action_id': 2, 'disposition_id': 2, 'status_id': 2,
                'metadata': {'version': '1.8.0', 'sequence': self.sequence,
                             'product': {'name': 'Holdfast', 'vendor_name': 'Holdfast'},
                             'profiles': ['security_control']},
                'actor': {'user': {'name': 'anna', 'uid': '1000'},
                          'process': {'pid': 4711, 'name': 'cat'}},
                'file': {'name': text, 'path': '/srv/finance/' + text, 'type_id': 1},
                'device': {'hostname': 'pc-17', 'type_id': 2},
                'unmapped': {'holdfast': {'verdict': 'block', 'channel': 'open', 'uid': 1000}}},
                separators=(',', ':')) + '\n')
        self.write(lines)

    def append_policy(self, bundle, code=None):
        """What the engine says of the console's policy: in force, or refused with a code."""
        self.sequence += 1
        event = {'time': int(time.time() * 1000), 'class_uid': 3004, 'category_uid': 3,
                 'activity_id': 3 if code else 10, 'type_uid': 300403 if code else 300410,
                 'severity_id': 4 if code else 1, 'status_id': 2 if code else 1,
                 'metadata': {'version': '1.8.0', 'sequence': self.sequence,
                              'product': {'name': 'Holdfast', 'vendor_name': 'Holdfast'}},
                 'entity': {'name': 'console' if code else 'Office', 'type_id': 5,
                            'version': '1'}}
        if code:
            event['status_code'] = code
        else:
            event['unmapped'] = {'holdfast': {'bundle': bundle}}
        self.write([json.dumps(event, separators=(',', ':')) + '\n'])


class Reporters:
    def __init__(self, directory, console, ca, token=None, name='pc-17', verbose=False, tpm=None,
                 environment=None):
        self.directory = directory
        self.verbose = verbose
        self.tpm = tpm  # connects to one; None: there is none
        self.environment = environment or {}  # more than ours
        self.more = []  # lines of the configuration
        self.processes = []
        self.socket = None
        self.is_asked = False  # on a local socket, in its runtime directory
        self.engine_uid = None  # who asks there in the engine's place
        for part in ('keyring', 'uplink', 'runtime', 'log'):
            os.makedirs(os.path.join(directory, part), exist_ok=True)
        self.config = os.path.join(directory, 'console.ini')
        self.configure(console, ca, token, name)
        uid, gid = user_ids()
        for root, _, files in os.walk(directory):
            os.chown(root, uid, gid)
            for file in files:
                os.chown(os.path.join(root, file), uid, gid)
        os.chmod(directory, 0o755)
        self.log = Log(self.part('log'))

    def part(self, name):
        return os.path.join(self.directory, name)

    def configure(self, console, ca, token, name='pc-17'):
        lines = ['[console]', 'url = ' + console, 'ca = ' + ca, 'name = ' + name, *self.more]
        if token:
            with open(self.part('token'), 'w', encoding='utf-8') as file:
                file.write(token + '\n')
            os.chown(self.part('token'), *user_ids())
            lines.append('token-file = ' + self.part('token'))
        with open(self.config + '.new', 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')
        os.rename(self.config + '.new', self.config)

    def start(self):
        keyring, uplink = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        more = ['--verbose'] if self.verbose else []
        device = [self.tpm.connect()] if self.tpm else []
        local = [keyring_peer.listen(self.part('runtime'))] if self.is_asked else []
        engine = [] if self.engine_uid is None else ['--engine-uid', str(self.engine_uid)]
        self.processes = [
            self.spawn(['holdfast-keyring', self.part('keyring'), '--config', self.config] + engine + more,
                       [keyring, *(device or [None] * len(local)), *local]),
            self.spawn(['holdfast-uplink', '--config', self.config, '--state-dir',
                        self.part('uplink'), '--runtime-dir', self.part('runtime'), '--log-dir',
                        self.part('log')] + more, [uplink, theirs])]
        self.socket = ours
        for end in (keyring, uplink, theirs, *device, *local):
            end.close()

    def spawn(self, arguments, sockets):
        uid, gid = user_ids()
        fds = [end.fileno() if end else -1 for end in sockets]

        def place():
            kept = [os.dup2(fd, 20 + i) if fd >= 0 else -1 for i, fd in enumerate(fds)]
            for i, fd in enumerate(kept):
                if fd >= 0:
                    os.dup2(fd, 3 + i, inheritable=True)
                else:
                    os.closerange(3 + i, 4 + i)
            os.closerange(3 + len(kept), 64)
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)

        log = open(self.part(arguments[0] + '.err'), 'ab')  # closed with us
        # pylint: disable=subprocess-popen-preexec-fn
        return subprocess.Popen([os.path.join(BUILD, arguments[0])] + arguments[1:], stderr=log,
                                stdin=subprocess.DEVNULL, close_fds=False, preexec_fn=place,
                                env={**os.environ, **self.environment})

    def kill(self, which=None):
        """kill -9; None: both."""
        for i, process in enumerate(self.processes):
            if which is None or which == i:
                process.send_signal(signal.SIGKILL)
        self.reap()

    def stop(self):
        """As the supervisor does: its end of the socket closes."""
        if self.socket:
            self.socket.close()
            self.socket = None
        return self.reap()

    def reap(self):
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        codes = [process.returncode for process in self.processes]
        self.processes = []
        if self.socket:
            self.socket.close()
            self.socket = None
        return codes

    def status(self):
        try:
            with open(os.path.join(self.part('runtime'), 'console.json'), encoding='utf-8') as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def bundle(self):
        """The console's policy, as it lies at the device."""
        try:
            with open(os.path.join(self.part('uplink'), 'policy.bundle'), 'rb') as file:
                return file.read()
        except OSError:
            return b''

    def policy_version(self):
        for line in self.bundle()[:2048].split(b'\n'):
            if line.startswith(b'version '):
                return int(line.split()[1])
        return 0

    def errors(self):
        text = ''
        for name in ('holdfast-keyring', 'holdfast-uplink'):
            with open(self.part(name + '.err'), encoding='utf-8', errors='replace') as file:
                text += file.read()
        return text


def wait_until(condition, seconds=30, step=0.1):
    """What condition returned, or its last false value when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)
