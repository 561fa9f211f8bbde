# SPDX-License-Identifier: Apache-2.0
"""A console of a test: made by its own init, served on loopback, asked by its own verbs."""
import atexit
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import time

import lib
from lib import free_port
from reporters import BUILD, wait_until

USERS = ('holdfast-store', 'holdfast-frontend', 'holdfast-authority', 'holdfast-exporter')


def has_users():
    try:
        return all(pwd.getpwnam(user) for user in USERS)
    except KeyError:
        return False


class Console(lib.Console):
    """The same to talk to as lib's, but nothing is stood in for."""

    options = ()  # more of serve

    binary = 'holdfast-console'
    patience = 20  # seconds for a start

    # pylint: disable=super-init-not-called # which starts the stand-in
    def __init__(self, directory, *more):
        self.directory = directory
        self.more = more  # words of its init
        self.state = os.path.join(directory, 'state')
        self.runtime = os.path.join(directory, 'run')
        self.config = os.path.join(directory, 'etc')
        self.log_path = os.path.join(directory, 'console.err')
        self.ca = os.path.join(directory, 'ca.pem')
        self.port = free_port()
        self.url = f'https://localhost:{self.port}'
        self.process = None
        self.environment = {}  # more, for what serves
        # As root it becomes the users that the package makes; where they are not, all is nobody's.
        self.words = [shutil.copy(os.path.join(BUILD, self.binary), directory),
                      '--state-dir', self.state, '--runtime-dir', self.runtime,
                      '--config-dir', self.config]
        os.chmod(directory, 0o755)
        for path in (self.state, self.runtime, self.config):
            os.makedirs(path)
            os.chmod(path, 0o755)
        if os.getuid() == 0 and not has_users():
            for path in (directory, self.state, self.runtime):
                os.chown(path, pwd.getpwnam('nobody').pw_uid, -1)
            self.words = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups',
                          *self.words]
        self.passphrase = os.path.join(directory, 'passphrase')
        with open(self.passphrase, 'w', encoding='ascii') as file:
            file.write('a passphrase of the policy key\n')
        os.chmod(self.passphrase, 0o644)
        self.make()
        with open(os.path.join(self.state, 'devices.pem'), encoding='ascii') as file:
            text = file.read()
        with open(self.ca, 'w', encoding='ascii') as file:
            file.write(text)

    def make(self):
        said = self.verb('init', '--name', 'localhost', '--tenant', 'Acme', '--admin', 'me',
                         '--policy-passphrase-file', self.passphrase, *self.more)
        self.first_token = re.search(r'hfe_\w+', said)[0]

    def run(self, *words):
        return subprocess.run([*self.words, *words], capture_output=True, text=True, check=False)

    def verb(self, *words):
        done = self.run(*words)
        if done.returncode:
            raise RuntimeError(f'{words}: {done.stderr}')
        return done.stdout

    def lines(self, *words):
        return [json.loads(line) for line in self.verb(*words, '--json').splitlines()]

    def start(self):
        err = open(self.log_path, 'ab')  # closed with us
        self.process = subprocess.Popen(
            [*self.words, 'serve', '--listen', f'127.0.0.1:{self.port}', *self.options],
            stderr=err, stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        atexit.register(self.process.terminate)  # of a test that failed half way
        if not wait_until(lambda: self.run('status').returncode == 0, self.patience):
            raise RuntimeError(f'the console does not start: {self.log()}')

    def stop(self):
        """Its exit status."""
        if not self.process:
            return 0
        self.process.terminate()
        return self.process.wait(30)

    def wait_for(self, text, begun=0):
        """Whether it is in the log behind so many characters, within ten seconds."""
        for _ in range(200):
            if text in self.log()[begun:]:
                return True
            time.sleep(0.05)
        return False

    def token(self, *more):
        """{"id", "token", ...}"""
        return json.loads(self.verb('token', 'create', '--json', *more))

    def children(self):
        """Process ids by name: frontend, store, authority."""
        found = {}
        listing = subprocess.run(['ps', '-o', 'pid=,args=', '--ppid', str(self.process.pid)],
                                 capture_output=True, text=True, check=False).stdout
        for line in listing.splitlines():
            pid, *args = line.split()
            found[args[1] if len(args) > 1 else args[0]] = int(pid)
        return found

    def kill(self, name):
        """kill -9 of one child, or of 'all' with the parent; then all is started anew."""
        if name == 'all':
            pids = [self.process.pid, *self.children().values()]
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait(20)
            self.start()
            return
        pid = self.children().get(name)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def device(self, uid):
        return json.loads(self.verb('device', 'show', uid, '--json'))
