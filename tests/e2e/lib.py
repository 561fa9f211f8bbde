# SPDX-License-Identifier: Apache-2.0
"""The console of a test: starts it, talks to it as curl and openssl do, or byte by byte; counts."""
import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TENANT = "11111111-2222-4333-8444-555555555555"
passed = failed = skipped = 0


def check(what, good, detail=""):
    global passed, failed
    passed += bool(good)
    failed += not good
    print(("ok     " if good else "not ok ") + what + ("" if good else f": {detail!r}"), flush=True)


def skip(what, missing):
    global skipped
    skipped += 1
    print(f"skip   {what}: {missing}", flush=True)


def summary():
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def run(*words, data=None):
    return subprocess.run(words, input=data, capture_output=True, timeout=60)


def status_of(pid, field):
    """Of /proc/PID/status; None when there is none."""
    with open(f"/proc/{pid}/status") as status:
        match = re.search(rf"^{field}:[ \t]*(.*)$", status.read(), re.M)
    return match and match[1].split()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Console:
    """Frontend and authority as they are, the store stood in for."""

    def __init__(self, program="stand-in", limits="", environment=None, directory=None, user=None):
        self.is_ours = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="holdfast-e2e-")
        self.port = free_port()
        self.program = f"{ROOT}/build/tests/e2e/{program}"
        self.log_path = f"{self.directory}/log"
        words = [self.program, "serve", self.directory, "--listen", f"127.0.0.1:{self.port}"]
        if limits:
            words += ["--limits", limits]
        if user:
            words += ["--user", user]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True,
                                            env={**os.environ, **(environment or {})})
        line = self.process.stdout.readline()
        match = re.match(r"ready frontend=(\d+) authority=(\d+)", line)
        if not match:
            raise RuntimeError(f"the console did not start: {self.log()}")
        self.frontend, self.authority = int(match[1]), int(match[2])
        self.url = f"https://localhost:{self.port}"
        self.ca = f"{self.directory}/ca/root.crt"

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def logged(self, text):
        """Whether that is in the log, within a second."""
        for _ in range(20):
            if text in self.log():
                return True
            time.sleep(0.05)
        return False

    def command(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def lives(self):
        return self.process.poll() is None and os.path.exists(f"/proc/{self.frontend}") and \
            open(f"/proc/{self.frontend}/stat").read().split()[2] != "Z"

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        if self.is_ours:
            shutil.rmtree(self.directory, ignore_errors=True)

    # stock clients

    def curl(self, target, *words, identity=None, data=None):
        """Status (0: none) and body."""
        command = ["curl", "-sS", "--max-time", "20", "--cacert", self.ca, "-o", "-", "-w",
                   "\n%{http_code}", self.url + target, *words]
        if identity:
            command += ["--cert", identity.certificate, "--key", identity.key]
        if data is not None:
            command += ["-H", "Content-Type: application/octet-stream", "--data-binary", "@-"]
        done = run(*command, data=data)
        body, _, status = done.stdout.rpartition(b"\n")
        return int(status or 0), body, done.stderr.decode(errors="replace")

    def enrol(self, identity, token="good", user="device"):
        status, body, _ = self.curl("/.well-known/est/simpleenroll", "-u", f"{user}:{token}",
                                    "-H", "Content-Type: application/pkcs10",
                                    data=base64.encodebytes(identity.csr()))
        if status == 200:
            identity.take(body)
        return status, body

    # byte by byte

    def context(self, identity=None, version=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = context.maximum_version = version
        if identity:
            context.load_cert_chain(identity.certificate, identity.key)
        return context

    def connect(self, identity=None, context=None, session=None):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return (context or self.context(identity)).wrap_socket(
            plain, server_hostname="localhost", session=session)

    def say(self, request, identity=None):
        """What comes back for those bytes until the connection ends or a whole answer is there."""
        with self.connect(identity) as connection:
            connection.sendall(request)
            return read_answer(connection)


def read_answer(connection):
    answer = b""
    try:
        while True:
            more = connection.recv(65536)
            if not more:
                return answer
            answer += more
            head, end, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if end and length and len(body) >= int(length[1]):
                return answer
    except (ConnectionError, ssl.SSLError, TimeoutError) as error:
        return answer or repr(error).encode()


def is_closed(connection, within):
    """Whether the peer ends it in that many seconds."""
    connection.settimeout(within)
    try:
        return connection.recv(1) == b""
    except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return True
    except (TimeoutError, ssl.SSLError):
        return False


class Identity:
    """A device's key and, once it has one, its certificate."""

    count = 0

    def __init__(self, directory, curve="P-256"):
        Identity.count += 1
        self.base = f"{directory}/identity-{Identity.count}"
        self.key, self.certificate = self.base + ".key", self.base + ".crt"
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}",
            "-out", self.key)

    def csr(self, subject="/CN=ws-1"):
        return run("openssl", "req", "-new", "-key", self.key, "-subj", subject, "-outform",
                   "DER").stdout

    def take(self, body):
        """The certificate out of EST's answer."""
        done = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", "-out", self.certificate,
                   data=base64.b64decode(body))
        return done.returncode == 0

    def forge(self, console, seconds, uid="00000000-0000-4000-8000-000000000001"):
        """A certificate of the real authority, as if made so many seconds from now."""
        der = run(console.program, "certificate", f"{console.directory}/ca", str(seconds), uid,
                  data=self.csr()).stdout
        run("openssl", "x509", "-inform", "DER", "-out", self.certificate, data=der)
        return self

    def subject(self):
        text = run("openssl", "x509", "-in", self.certificate, "-noout", "-subject", "-nameopt",
                   "sep_multiline,utf8").stdout.decode()
        return re.search(r"CN=(\S+)", text)[1]

    def same_subject(self):
        return f"/O={TENANT}/CN={self.subject()}"
