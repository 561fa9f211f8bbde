#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The issuing key in a PKCS#11 token (SoftHSM): init, devices that enrol, restarts, and what is said
when PIN, token, key or module are not as they should be."""
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

from lib import Identity, check, run, skip, status_of, summary
from reporters import wait_until
from whole_console import Console, has_users

MODULE = '/usr/lib/softhsm/libsofthsm2.so'
PIN = '123456'


class Token:
    def __init__(self, work):
        self.user = 'holdfast-authority' if has_users() else 'nobody'
        self.tokens = os.path.join(work, 'tokens')
        self.pin = os.path.join(work, 'pin')
        os.makedirs(self.tokens)
        config = os.path.join(work, 'softhsm2.conf')
        with open(config, 'w', encoding='ascii') as file:
            file.write(f'directories.tokendir = {self.tokens}\nobjectstore.backend = file\n'
                       'log.level = ERROR\n')
        os.environ['SOFTHSM2_CONF'] = config
        run('softhsm2-util', '--init-token', '--free', '--label', 'Acme CA', '--pin', PIN,
            '--so-pin', '0000')
        for label, kind, number in (('issuing', 'EC:prime256v1', '01'), ('large', 'EC:secp384r1', '02'),
                                    ('twin-a', 'EC:prime256v1', '03'), ('twin-b', 'EC:prime256v1', '03')):
            done = run('pkcs11-tool', '--module', MODULE, '--token-label', 'Acme CA', '--login',
                       '--pin', PIN, '--keypairgen', '--key-type', kind, '--label', label, '--id', number)
            check(f'the token makes a key ({label})', done.returncode == 0, done.stderr)
        self.write_pin(PIN)
        self.own()

    def own(self):
        if os.getuid() == 0:
            for root, _, files in os.walk(self.tokens):
                for path in [root, *(os.path.join(root, file) for file in files)]:
                    shutil.chown(path, self.user)

    def write_pin(self, pin):
        with open(self.pin, 'w', encoding='ascii') as file:
            file.write(pin + '\n')
        os.chmod(self.pin, 0o600)
        if os.getuid() == 0 and not has_users():
            os.chown(self.pin, pwd.getpwnam('nobody').pw_uid, -1)

    def uri(self, token='Acme%20CA', key='issuing', module=MODULE):
        return f'pkcs11:token={token};object={key}?module-path={module}&pin-source={self.pin}'


def try_init(work, uri):
    """What it says, and whether it made anything."""
    directory = tempfile.mkdtemp(prefix='refused-', dir=work)
    text = ''
    try:
        Console(directory, '--ca-key', uri)
    except RuntimeError as error:
        text = str(error)
    return text, bool(glob.glob(os.path.join(directory, 'state', 'authority')))


def refusals(work, token):
    """Each says what is wrong; none leaves anything behind."""
    for what, uri, said in (
            ('a token that is not there', token.uri(token='Other'), "no token 'Other'"),
            ('a key that is not there', token.uri(key='none'), "no private key 'none'"),
            ('a key of another curve', token.uri(key='large'), 'not EC P-256'),
            ('a module that is not there', token.uri(module='/no.so'), "module '/no.so'"),
            ('a PIN in the URI', token.uri() + '&pin-value=1', 'a PIN does not belong')):
        text, made = try_init(work, uri)
        check(f'{what}: init says so and makes nothing', said in text and not made, text)
    twins = [try_init(work, token.uri(key=key)) for key in ('twin-a', 'twin-b')]
    check('of two keys with one id, the one that is mixed up with the other is refused',
          ['an id of its own' in text for text, _ in twins].count(True) == 1, twins)


def enrols(console, work, what):
    identity = Identity(work)
    status, body = console.enrol(identity, console.token('--approve')['token'])
    check(what, status == 200 and console.curl('/v1/device', identity=identity)[0] == 200,
          (status, body, console.log()[-1200:]))
    return identity


def start(console):
    begun = len(console.log()) if os.path.exists(console.log_path) else 0
    console.start()
    check('it serves', wait_until(lambda: 'ready: ' in console.log()[begun:], 60), console.log()[begun:])


def fails_to_start(console):
    """Serves until something is wrong with the issuing key; what its log says."""
    begun = len(console.log())
    err = open(console.log_path, 'ab')  # closed with us
    process = subprocess.Popen([*console.words, 'serve', '--listen', f'127.0.0.1:{console.port}'],
                               stderr=err, stdin=subprocess.DEVNULL)
    console.wait_for("can't be used", begun)
    time.sleep(2.5)  # it tries again meanwhile
    process.terminate()
    process.wait(30)
    return console.log()[begun:]


def tries_left(token):
    """Whether the token still takes the right PIN."""
    done = run('pkcs11-tool', '--module', MODULE, '--token-label', 'Acme CA', '--login', '--pin', PIN,
               '--list-objects')
    token.own()
    return done.returncode == 0


def main():
    if not os.path.exists(MODULE) or not shutil.which('pkcs11-tool'):
        skip('an issuing key in a token', 'softhsm2 and opensc are not installed')
        return summary()
    work = tempfile.mkdtemp(prefix='holdfast-e2e-')
    os.chmod(work, 0o755)
    try:
        token = Token(work)
        refusals(work, token)
        directory = os.path.join(work, 'console')
        os.makedirs(directory)
        console = Console(directory, '--ca-key', token.uri())
        names = os.listdir(os.path.join(console.state, 'authority'))
        check('there is no issuing key on disk', 'issuing.uri' in names and
              'issuing.key' not in names, names)
        start(console)
        enrols(console, work, 'a device enrols: the token signs')
        pid = console.children().get('authority')
        check('the authority is confined all the same', status_of(pid, 'Seccomp') == ['2'] and
              int(status_of(pid, 'CapEff')[0], 16) == 0 and status_of(pid, 'Uid')[0] != '0')
        check('it stops well', console.stop() == 0)
        start(console)
        first = enrols(console, work, 'started again, with the PIN from its file, it signs')
        check('it stops well', console.stop() == 0)
        token.write_pin('654321')
        said = fails_to_start(console)
        check('a wrong PIN is said', 'does not take the PIN' in said, said)
        check('and not tried again until it is written anew', 'before: write the right one' in said and
              said.count('does not take') == 1 and tries_left(token), said)
        os.rename(token.tokens, token.tokens + '.away')
        os.makedirs(token.tokens)
        token.own()
        token.write_pin(PIN)
        said = fails_to_start(console)
        check('a token that is gone is said', "no token 'Acme CA'" in said, said)
        os.rmdir(token.tokens)
        os.rename(token.tokens + '.away', token.tokens)
        os.chmod(token.pin, 0o644)
        said = fails_to_start(console)
        check('a PIN that others may read is not used', 'others may read the PIN' in said, said)
        os.chmod(token.pin, 0o600)
        start(console)
        enrols(console, work, 'all is well again')
        check('who had enrolled before is known', console.curl('/v1/device', identity=first)[0] == 200)
        check('it stops well', console.stop() == 0)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
