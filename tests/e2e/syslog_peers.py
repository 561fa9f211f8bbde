# SPDX-License-Identifier: Apache-2.0
"""Receivers of syslog over TLS as they are in the field: rsyslog and syslog-ng, each with certificates
of a test. What they were sent is in a file, a message a line."""
import glob
import os
import re
import shutil
import signal
import subprocess
import time

from lib import free_port, run

CACHE = os.path.expanduser('~/.cache/holdfast/syslog-ng')


class Authority:
    """A certificate authority and what it signed."""

    def __init__(self, directory, name='ca'):
        self.base = os.path.join(directory, name)
        self.certificate, self.key = self.base + '.crt', self.base + '.key'
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
            '-nodes', '-subj', '/CN=Test CA ' + name, '-days', '2', '-keyout', self.key, '-out',
            self.certificate)

    def sign(self, name, host):
        """Certificate and key, of that host."""
        certificate, key = f'{self.base}-{name}.crt', f'{self.base}-{name}.key'
        csr = run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
                  'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=' + host, '-keyout', key,
                  '-addext', 'subjectAltName=DNS:' + host).stdout
        run('openssl', 'x509', '-req', '-CA', self.certificate, '-CAkey', self.key,
            '-CAcreateserial', '-copy_extensions', 'copy', '-days', '2', '-out', certificate,
            data=csr)
        for path in (key, certificate, self.certificate):
            os.chmod(path, 0o644)
        return certificate, key


class Receiver:
    """Started, killed, and started again on the same port."""

    program = ''

    def __init__(self, directory, authority, tls12=False):
        self.directory = os.path.join(directory, self.__class__.__name__.lower())
        os.makedirs(self.directory)
        self.port = free_port()
        self.received = os.path.join(self.directory, 'received')
        self.config = os.path.join(self.directory, 'conf')
        self.authority = authority
        self.certificate, self.key = authority.sign(self.__class__.__name__, 'localhost')
        self.tls12 = tls12
        self.process = None
        with open(self.config, 'w', encoding='ascii') as file:
            file.write(self.configuration())

    def configuration(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    @classmethod
    def missing(cls):
        """What is not there; '' = nothing."""
        return '' if shutil.which(cls.program) else cls.program

    def start(self):
        log = open(os.path.join(self.directory, 'log'), 'ab')  # closed with us
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL,
                                        env={**os.environ, **self.environment()})
        for _ in range(200):
            if self.listens():
                return
            time.sleep(0.05)
        raise RuntimeError(f'{self.program} does not listen: {self.log()}')

    def listens(self):
        with open('/proc/net/tcp', encoding='ascii') as table:
            return any(f':{self.port:04X} 00000000:0000 0A' in line for line in table)

    def log(self):
        with open(os.path.join(self.directory, 'log'), errors='replace', encoding='utf-8') as file:
            return file.read()

    def end(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait(30)
        self.process = None

    def messages(self):
        """Of whole lines; the last one may be on its way."""
        try:
            with open(self.received, 'rb') as file:
                return file.read().split(b'\n')[:-1]
        except FileNotFoundError:
            return []


class Rsyslog(Receiver):
    program = 'rsyslogd'

    def configuration(self):
        version = 'gnutlsPriorityString="MaxProtocol=TLSv1.2"' if self.tls12 else ''
        return f'''
global(workDirectory="{self.directory}" maxMessageSize="128k"
  defaultNetstreamDriverCAFile="{self.authority.certificate}"
  defaultNetstreamDriverCertFile="{self.certificate}"
  defaultNetstreamDriverKeyFile="{self.key}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" {version}
  streamDriver.authMode="x509/name" permittedPeer=["exporter.test"])
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="all") {{
  action(type="omfile" file="{self.received}" template="raw" flushOnTXEnd="on" asyncWriting="off")
}}
input(type="imtcp" port="{self.port}" address="127.0.0.1" ruleset="all")
'''

    def command(self):
        return ['rsyslogd', '-n', '-f', self.config, '-i', os.path.join(self.directory, 'pid')]


class SyslogNg(Receiver):
    """Debian lets one of the two be installed: this one is unpacked beside."""

    program = 'syslog-ng'

    @classmethod
    def root(cls):
        if shutil.which('syslog-ng'):
            return '/'
        if not os.path.exists(CACHE + '/root/usr/sbin/syslog-ng'):
            os.makedirs(CACHE, exist_ok=True)
            subprocess.run(['apt-get', 'download', 'syslog-ng-core'], cwd=CACHE, check=False,
                           capture_output=True)
            for package in glob.glob(CACHE + '/syslog-ng-core_*.deb'):
                run('dpkg-deb', '-x', package, CACHE + '/root')
        return CACHE + '/root'

    @classmethod
    def missing(cls):
        return '' if os.path.exists(cls.root() + '/usr/sbin/syslog-ng') else 'syslog-ng-core'

    def environment(self):
        return {'LD_LIBRARY_PATH': self.root() + '/usr/lib/syslog-ng'}

    def modules(self):
        return glob.glob(self.root() + '/usr/lib/syslog-ng/[0-9]*')[0]

    def configuration(self):
        version = re.search(r'/(\d+\.\d+)$', self.modules())[1]
        limit = 'ssl-options(no-sslv2, no-sslv3, no-tlsv1, no-tlsv11, no-tlsv13)' \
            if self.tls12 else ''
        return f'''@version: {version}
options {{ keep-hostname(yes); log-msg-size(131072); }};
source s {{ syslog(transport("tls") ip("127.0.0.1") port({self.port}) flags(no-parse)
  tls(key-file("{self.key}") cert-file("{self.certificate}")
      ca-file("{self.authority.certificate}") peer-verify(required-trusted) {limit})); }};
destination d {{ file("{self.received}" template("$MESSAGE\\n") flush-lines(1)); }};
log {{ source(s); destination(d); flags(flow-control); }};
'''

    def command(self):
        here = os.path.join(self.directory, 'syslog-ng')
        return [self.root() + '/usr/sbin/syslog-ng', '-F', '--no-caps', '-f', self.config, '-R', here + '.persist',
                '-p', here + '.pid', '-c', here + '.ctl', '--module-path', self.modules()]
