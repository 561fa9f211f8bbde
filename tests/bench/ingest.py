#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Events for a second of the server's CPU: our console and what sites have today, one after the other on
this machine, the same event, mutual TLS, as many connections; medians of several rounds.

usage: ingest.py [EVENTS [ROUNDS]]   200000 5

The console answers when events are on disk and can be asked for. Of the others RELP answers each message,
once it is taken; none syncs anything, and nothing can be asked of a file."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from console_lib import BUILD, Console, Fleet, cpu_seconds
from lib import free_port

CONNECTIONS = 20
BATCH = 100
PEERS = os.path.join(BUILD, 'bench', 'peers')
LIBRARIES = os.path.join(PEERS, 'root', 'usr', 'lib')
RSYSLOG_MODULES = os.path.join(LIBRARIES, 'x86_64-linux-gnu', 'rsyslog')
PATIENCE = 60  # seconds


def openssl(*words):
    subprocess.run(['openssl', *words], check=True, capture_output=True)


class Certificates:
    """An authority, and P-256 certificates of a server and a client."""

    def __init__(self, directory):
        self.directory = directory
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', self.at('ca.key'), '-out', self.at('ca.pem'), '-subj', '/CN=bench',
                '-days', '30')
        for name in ('server', 'client'):
            openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                    '-keyout', self.at(f'{name}.key'), '-out', self.at(f'{name}.csr'), '-subj',
                    '/CN=localhost')
            openssl('x509', '-req', '-in', self.at(f'{name}.csr'), '-CA', self.at('ca.pem'),
                    '-CAkey', self.at('ca.key'), '-CAcreateserial', '-out', self.at(f'{name}.pem'),
                    '-days', '30')

    def at(self, name):
        return os.path.join(self.directory, name)


class Peer:
    """One of the others: how it is started, and when it has taken everything."""

    kind = 'tls'

    def __init__(self, certificates, directory):
        self.certificates = certificates
        self.directory = directory
        self.port = free_port()
        self.sent = 0
        self.output = os.path.join(directory, f'{self.name}.log')
        self.config = os.path.join(directory, f'{self.name}.conf')
        with open(self.config, 'w', encoding='ascii') as file:
            file.write(self.text())
        self.error = open(os.path.join(directory, f'{self.name}.err'), 'wb')
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                        stdout=self.error, stderr=self.error,
                                        env={**os.environ, 'LD_LIBRARY_PATH':
                                             os.path.join(LIBRARIES, 'syslog-ng')})
        time.sleep(1.5)

    def lines(self):
        try:
            return int(subprocess.run(['wc', '-l', self.output], capture_output=True, text=True,
                                      check=True).stdout.split()[0])
        except subprocess.CalledProcessError:
            return 0

    def measure(self, events):
        """Events for a CPU second."""
        at = self.certificates.at
        self.sent += events
        before = cpu_seconds(self.process.pid)
        subprocess.run([os.path.join(BUILD, 'bench', 'flood'), self.kind, str(self.port),
                        at('ca.pem'), at('client.pem'), at('client.key'), str(CONNECTIONS),
                        str(events)], check=True)
        until = time.monotonic() + PATIENCE
        while self.lines() < self.sent:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f'{self.name} took {self.lines()} of {self.sent} events')
            time.sleep(0.2)
        return events / (cpu_seconds(self.process.pid) - before)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.error.close()


class Rsyslog(Peer):
    name = 'rsyslog'
    title = 'rsyslog 8.2302, imtcp with ossl, to a file'

    def input(self):
        at = self.certificates.at
        return f'''
global(defaultNetstreamDriverCAFile="{at('ca.pem')}"
       defaultNetstreamDriverCertFile="{at('server.pem')}"
       defaultNetstreamDriverKeyFile="{at('server.key')}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1"
       streamDriver.authMode="x509/certvalid")
input(type="imtcp" address="127.0.0.1" port="{self.port}" ruleset="all")
'''

    def text(self):
        return f'''global(workDirectory="{self.directory}")
template(name="line" type="string" string="%msg%\\n")
ruleset(name="all") {{ action(type="omfile" file="{self.output}" template="line") }}
{self.input()}'''

    def command(self):
        return [os.path.join(PEERS, 'root', 'usr', 'sbin', 'rsyslogd'), '-n', '-f', self.config,
                '-i', os.path.join(self.directory, f'{self.name}.pid'), '-M', RSYSLOG_MODULES]


class Relp(Rsyslog):
    name = 'relp'
    title = 'rsyslog 8.2302, imrelp with TLS, to a file'
    kind = 'relp'

    def input(self):
        at = self.certificates.at
        return f'''module(load="imrelp" tls.tlslib="openssl")
input(type="imrelp" address="127.0.0.1" port="{self.port}" ruleset="all" tls="on"
      tls.authMode="certvalid" tls.caCert="{at('ca.pem')}" tls.myCert="{at('server.pem')}"
      tls.myPrivKey="{at('server.key')}")
'''


class SyslogNg(Peer):
    name = 'syslog-ng'
    title = 'syslog-ng 3.38, syslog() with TLS, to a file'

    def text(self):
        at = self.certificates.at
        return f'''@version: 3.38
options {{ stats-freq(0); }};
source all {{ syslog(ip("127.0.0.1") port({self.port}) transport("tls") max-connections(100)
  log-iw-size(20000) tls(key-file("{at('server.key')}") cert-file("{at('server.pem')}")
  ca-file("{at('ca.pem')}") peer-verify(required-trusted))); }};
destination file {{ file("{self.output}" template("$MSG\\n")); }};
log {{ source(all); destination(file); flags(flow-control); }};
'''

    def command(self):
        at = lambda name: os.path.join(self.directory, name)  # noqa: E731
        return [os.path.join(PEERS, 'root', 'usr', 'sbin', 'syslog-ng'), '-F', '-f', self.config,
                f"--module-path={os.path.join(LIBRARIES, 'syslog-ng', '3.38')}",
                f"--persist-file={at('ng.persist')}", f"--control={at('ng.ctl')}",
                f"--pidfile={at('ng.pid')}", '--no-caps']


class Ours:
    """The console as it is: frontend and store, on SQLite."""

    name = 'console'
    title = 'holdfast-console, acknowledged on disk and indexed'

    def __init__(self):
        self.console = Console()
        self.console.start()
        self.fleet = Fleet(self.console)
        token = self.console.token('--approve', '--uses', str(CONNECTIONS))['token']
        done = self.fleet.do('enrol', CONNECTIONS, 8, token)
        if done['enrolled'] != CONNECTIONS:
            raise RuntimeError(f'devices do not enrol: {done}')

    def measure(self, events):
        done = self.fleet.do('seal', 0, CONNECTIONS, events // BATCH // CONNECTIONS)
        if done['failed']:
            raise RuntimeError(f'batches are not sealed: {done}')
        self.bytes = done['bytes_an_event']
        before = self.console.cpu()
        begun = time.monotonic()
        self.fleet.do('report', 0, CONNECTIONS)
        if not self.fleet.do('delivered', PATIENCE)['is_done']:
            raise RuntimeError('the console does not take everything')
        self.wall = events / (time.monotonic() - begun)
        after = self.console.cpu()
        self.parts = [events / max(late - early, 0.01) for early, late in zip(before, after)]
        return events / (sum(after) - sum(before))

    def close(self):
        self.fleet.close()
        self.console.close()


class Row:
    """A server through all rounds; what goes wrong is said in its row."""

    def __init__(self, kind, *arguments):
        self.kind = kind
        self.found = []
        self.wrong = ''
        self.server = None
        try:
            self.server = kind(*arguments)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            self.wrong = str(error)

    def measure(self, events):
        if self.wrong:
            return
        try:
            self.found.append(self.server.measure(events))
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            self.wrong = str(error)

    def median(self):
        return statistics.median(self.found) if self.found and not self.wrong else None

    def show(self):
        if self.median() is None:
            print(f'{self.kind.title:52}         - not measured: {self.wrong}')
            return
        print(f'{self.kind.title:52} {self.median():>9.0f} events/CPU-s  '
              f'({min(self.found):.0f} to {max(self.found):.0f})')

    def close(self):
        if self.server:
            self.server.close()


def main():
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    events -= events % (BATCH * CONNECTIONS)
    directory = tempfile.mkdtemp(dir=BUILD, prefix='bench-peers-')
    rows = {}
    print(f'{events} events of about 930 bytes, {CONNECTIONS} connections, mutual TLS 1.3, '
          f'{rounds} rounds in turn; load {os.getloadavg()[0]:.1f}', flush=True)
    try:
        certificates = Certificates(directory)
        rows['console'] = Row(Ours)
        for kind in (Rsyslog, SyslogNg, Relp):
            rows[kind.name] = Row(kind, certificates, directory)
        for _ in range(rounds):
            for name, row in rows.items():
                row.measure(events // 4 if name == 'relp' else events)
        for row in rows.values():
            row.show()
        ours = rows['console']
        if ours.median():
            print(f'  of the console: frontend alone {ours.server.parts[0]:.0f}, store alone '
                  f'{ours.server.parts[1]:.0f} events/CPU-s; {ours.server.wall:.0f} events/s by '
                  f'the clock; {ours.server.bytes:.0f} bytes an event on the wire')
        for name, wanted in (('rsyslog', '1.2 queryable, 2.5 durable'), ('relp', '3 queryable'),
                             ('syslog-ng', '1.8 durable')):
            if ours.median() and rows[name].median():
                print(f'  console to {name:12} {ours.median() / rows[name].median():.2f} times  '
                      f'(wanted {wanted})')
    finally:
        for row in rows.values():
            row.close()
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if rows['console'].median() is None else 0


if __name__ == '__main__':
    sys.exit(main())
