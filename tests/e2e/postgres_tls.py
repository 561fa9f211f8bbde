#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A console whose PostgreSQL is on another machine, as far as either can tell: TLS with sslmode=verify-full and a
password. A server that is another one, or speaks in the clear, gets neither the password nor an event."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from account import check_all_stored
from lib import check, free_port, summary
from postgres import Database
from reporters import Reporters, wait_until
from whole_console import Console

PASSWORD = 'a password: with \\ in it'


def openssl(*words):
    subprocess.run(['openssl', *words], check=True, capture_output=True)


class Authority:
    """Makes servers' certificates."""

    def __init__(self, directory, name):
        self.path = os.path.join(directory, name)
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
                '30', '-keyout', self.path + '.key', '-out', self.path + '.pem', '-subj', f'/CN={name}')
        os.chmod(self.path + '.pem', 0o644)

    def sign(self, host, to):
        """As server.crt and server.key of the cluster."""
        crt, key, request = (os.path.join(to, 'server.' + end) for end in ('crt', 'key', 'csr'))
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key,
                '-out', request, '-subj', f'/CN={host}', '-addext', f'subjectAltName=DNS:{host}')
        openssl('x509', '-req', '-in', request, '-CA', self.path + '.pem', '-CAkey', self.path + '.key',
                '-CAcreateserial', '-out', crt, '-days', '30', '-copy_extensions', 'copy')
        os.chmod(key, 0o600)
        for path in (crt, key):
            shutil.chown(path, *owner_of(to))


def owner_of(path):
    status = os.stat(path)
    return status.st_uid, status.st_gid


class Remote(Database):
    """Reached by TCP with a password and TLS; by its socket only for this test."""

    def __init__(self, directory, authority):
        self.port = free_port()
        self.settings = ["listen_addresses = '127.0.0.1'", f'port = {self.port}']
        super().__init__(directory)
        self.url = f'postgresql://postgres@/postgres?host={directory}&port={self.port}'
        self.data = os.path.join(directory, 'data')
        self.ask(f"CREATE ROLE holdfast LOGIN PASSWORD '{PASSWORD}'")
        self.ask('CREATE DATABASE holdfast OWNER holdfast')
        self.let_in(authority, 'localhost')

    def start(self):
        self.run('start', self.directory, *self.settings)

    def let_in(self, authority, host, is_clear=False):
        """With this certificate from now on; is_clear: without TLS and without a password."""
        authority.sign(host, self.data)
        with open(os.path.join(self.data, 'pg_hba.conf'), 'w', encoding='ascii') as file:
            file.write('local all all trust\n' + (
                'host all all 127.0.0.1/32 trust\n' if is_clear else
                'hostssl all all 127.0.0.1/32 scram-sha-256\n'))
        with open(os.path.join(self.data, 'postgresql.conf'), 'a', encoding='ascii') as file:
            file.write(f"ssl = {'off' if is_clear else 'on'}\n")
        self.stop()
        self.start()

    def address(self, host, authority):
        return (f'postgresql://holdfast@{host}:{self.port}/holdfast?sslmode=verify-full'
                f'&sslrootcert={authority.path}.pem')

    def connections(self):
        """Of the console, with how each is protected."""
        return self.ask("SELECT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                        "WHERE usename = 'holdfast'").splitlines()


def refused(directory, name, address, secret):
    """What init says."""
    place = os.path.join(directory, name)
    os.makedirs(place)
    try:
        Console(place, '--database', address, '--database-password-file', secret)
    except RuntimeError as error:
        return str(error)
    return ''


def strangers(directory, database, ours, other, secret):
    said = refused(directory, 'other-ca', database.address('localhost', other), secret)
    check('a server of another CA is refused, and why is said', 'certificate verify failed' in said, said)
    said = refused(directory, 'other-name', database.address('127.0.0.1', ours), secret)
    check('so is one of another name', 'does not match host name' in said, said)
    check('neither made anything in the database',
          database.ask("SELECT count(*) FROM pg_class WHERE relowner = 'holdfast'::regrole") == '0')


def replaced(database, console, agent, what, authority, host, is_clear=False):
    """The server is another one for a while."""
    before = agent.status().get('acknowledged')
    database.let_in(authority, host, is_clear)
    agent.log.append(50)
    time.sleep(4)
    check(f'{what}: nothing is acknowledged', agent.status().get('acknowledged') == before, agent.status())
    check(f'{what}: the console has no connection to it', database.connections() == [],
          database.connections())
    check(f'{what}: status says why', console.run('status').returncode == 1, console.run('status').stderr)
    return console.run('status').stderr


def main():
    if not shutil.which('psql'):
        print('skipped: PostgreSQL is missing (postgresql-15)\n0 passed, 0 failed, 1 skipped')
        return 0
    with tempfile.TemporaryDirectory(prefix='hf-postgres-tls-') as directory:
        os.chmod(directory, 0o755)
        ours, other = Authority(directory, 'ours'), Authority(directory, 'other')
        secret = os.path.join(directory, 'secret')
        with open(secret, 'w', encoding='ascii') as file:
            file.write(PASSWORD + '\n')
        os.chmod(secret, 0o644)
        database = Remote(os.path.join(directory, 'db'), ours)
        agent = console = None
        try:
            strangers(directory, database, ours, other, secret)
            os.makedirs(os.path.join(directory, 'console'))
            os.makedirs(os.path.join(directory, 'agent'))
            console = Console(os.path.join(directory, 'console'), '--database',
                              database.address('localhost', ours), '--database-password-file', secret)
            console.start()
            agent = Reporters(os.path.join(directory, 'agent'), console.url, console.ca,
                              console.token('--approve', '--uses', '1')['token'])
            agent.start()
            check('control: with the right one a device enrols',
                  wait_until(lambda: agent.status().get('standing') == 'trusted'), agent.errors())
            agent.log.append(50)
            check('control: its events are stored', wait_until(
                lambda: agent.status().get('acknowledged') == 50), agent.status())
            check('by TLS 1.3, each connection', set(database.connections()) == {'t|TLSv1.3'} and
                  len(database.connections()) >= 2, database.connections())
            said = replaced(database, console, agent, 'of another CA', other, 'localhost')
            check('of another CA: in words', 'certificate verify failed' in said, said)
            said = replaced(database, console, agent, 'without TLS', ours, 'localhost', True)
            check('without TLS: in words', 'does not support SSL' in said, said)
            database.let_in(ours, 'localhost')
            uid = agent.status()['device']
            check_all_stored('with the right one again', console, agent, uid, 90)
            failures = {row['name'] for row in json.loads(console.verb('status', '--json'))['failures']}
            check('that it was away is counted', 'database-away' in failures, failures)
        finally:
            if agent:
                agent.kill()
            if console:
                console.stop()
            database.stop('immediate')
    return summary()


if __name__ == '__main__':
    sys.exit(main())
