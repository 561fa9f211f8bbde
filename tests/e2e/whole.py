#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holdfast-console as it is, all of its processes: init, serve, and devices that come with stock
clients. As root with the users that the package makes, else as nobody."""
import base64
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lib import (ROOT, TENANT, Console, Identity, check, free_port, is_closed, read_answer, run,
                 status_of, summary)

EST = "/.well-known/est"
ASK = b"GET /v1/device HTTP/1.1\r\nHost: x\r\n\r\n"
USERS = ("holdfast-store", "holdfast-frontend", "holdfast-authority")


def has_users():
    try:
        return all(pwd.getpwnam(user) for user in USERS)
    except KeyError:
        return False


class Whole(Console):
    """The same to talk to, but nothing is stood in for."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="holdfast-e2e-")
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.log_path = f"{self.directory}/log"
        program = shutil.copy(f"{ROOT}/build/holdfast-console", self.directory)
        self.words = [program, "--state-dir", f"{self.directory}/state", "--runtime-dir",
                      f"{self.directory}/run"]
        os.chmod(self.directory, 0o755)
        if os.getuid() == 0 and not has_users():
            os.chown(self.directory, pwd.getpwnam("nobody").pw_uid, -1)
            self.words = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                          *self.words]
        done = self.verb("init", "--name", "localhost", "--tenant", "Acme", "--admin", "me")
        check("init", done.returncode == 0, done.stderr)
        root = f"{self.directory}/state/authority/root.crt"
        self.ca = shutil.copy(root, f"{self.directory}/root.crt")
        self.first_token = re.search(r"hfe_\w+", done.stdout.decode())[0]
        self.start()

    def verb(self, *words):
        return run(*self.words, *words)

    def start(self):
        begun = len(self.log()) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.words, "serve", "--listen", f"127.0.0.1:{self.port}"], stderr=log)
        self.wait_for("ready: ", begun)

    def wait_for(self, text, begun=0):
        for _ in range(200):
            if text in self.log()[begun:]:
                return True
            time.sleep(0.05)
        return False

    def child(self, name):
        """The process id of one of its processes."""
        for entry in os.listdir("/proc"):
            try:
                words = open(f"/proc/{entry}/cmdline").read().split("\0")
                if words[1] == name and status_of(entry, "PPid") == [str(self.process.pid)]:
                    return int(entry)
            except (OSError, IndexError):
                continue
        return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        shutil.rmtree(self.directory, ignore_errors=True)
        return status

    def token(self, *words):
        return json.loads(self.verb("token", "create", "--json", *words).stdout)


def error_of(body):
    try:
        return json.loads(body)["error"]
    except (ValueError, KeyError):
        return body


def enrolment(console, work):
    device = Identity(work)
    status, body = console.enrol(device, console.first_token)
    check("the first token enrols", status == 200, body)
    answer = json.loads(console.curl("/v1/device", identity=device)[1])
    check("who enrolled waits for approval", answer["state"] == "pending", answer)
    done = console.verb("device", "approve", device.subject())
    check("an administrator approves", done.returncode == 0, done.stderr)
    answer = json.loads(console.curl("/v1/device", identity=device)[1])
    check("now it is trusted, and knows what to seal to", answer["state"] == "trusted" and
          len(base64.b64decode(answer["seal_key"])) == 32, answer)
    status, body = console.enrol(Identity(work), console.first_token)
    check("the token is used up", (status, error_of(body)) == (401, "TOKEN_USED"), body)
    status, body = console.enrol(Identity(work), "hfe_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    check("a guessed one is none", (status, error_of(body)) == (401, "TOKEN_UNKNOWN"), body)
    token = console.token("--uses", "5")
    check("control: another token", console.enrol(Identity(work), token["token"])[0] == 200)
    console.verb("token", "revoke", str(token["id"]))
    status, body = console.enrol(Identity(work), token["token"])
    check("revoked, it is refused", (status, error_of(body)) == (401, "TOKEN_REVOKED"), body)
    trusted = Identity(work)
    console.enrol(trusted, console.token("--approve")["token"])
    answer = json.loads(console.curl("/v1/device", identity=trusted)[1])
    check("a token may approve by itself", answer["state"] == "trusted", answer)
    return device, trusted


def renewal(console, work, device):
    new = Identity(work)
    organisation = run("openssl", "x509", "-in", device.certificate, "-noout", "-subject",
                       "-nameopt", "sep_multiline,utf8").stdout.decode()
    organisation = re.search(r"O=(\S+)", organisation)[1]
    check("its tenant is a uid", len(organisation) == len(TENANT), organisation)
    csr = base64.b64encode(new.csr(f"/O={organisation}/CN={device.subject()}"))
    status, body, _ = console.curl(EST + "/simplereenroll", identity=device, data=csr)
    check("renewal", status == 200 and new.take(body), body)
    check("the new certificate is good", console.curl("/v1/device", identity=new)[0] == 200)
    status, body, _ = console.curl("/v1/device", identity=device)
    check("the old one is not", error_of(body) == "CERTIFICATE_REPLACED", body)
    return new


def batches(console, device):
    for name, batch in (("no batch", b"x"), ("zeroes", b"\0" * 5000), ("noise", os.urandom(3000))):
        status, body, _ = console.curl("/v1/events", identity=device, data=batch)
        check(f"{name}: refused", status == 400 and error_of(body).startswith("BATCH_"), body)
    answer = json.loads(console.curl("/v1/device", identity=device)[1])
    check("nothing was stored", answer["ack"] == 0, answer)


def revocation(console, device, bystander):
    with console.connect(device) as connection, console.connect(bystander) as other:
        connection.sendall(ASK)
        check("control: an open connection works", b"trusted" in read_answer(connection))
        begun = time.monotonic()
        done = console.verb("device", "revoke", device.subject())
        check("revoked: the open connection is closed",
              done.returncode == 0 and is_closed(connection, 5), done.stderr)
        print(f"       {(time.monotonic() - begun) * 1000:.0f} ms after the command began")
        other.sendall(ASK)
        check("another device's goes on", b"trusted" in read_answer(other))
    status, body, _ = console.curl("/v1/device", identity=device)
    check("revoked: a new one is refused", (status, error_of(body)) == (403, "DEVICE_REVOKED"), body)


def falls(console, device):
    """Whichever ends, all three are there again and know the device."""
    for name in ("frontend", "store", "authority"):
        begun = len(console.log())
        os.kill(console.child(name), signal.SIGKILL)
        console.wait_for("ready: ", begun) or console.wait_for("taking connections", begun)
        good = False
        for _ in range(50):
            good = console.curl("/v1/device", identity=device)[0] == 200
            if good:
                break
            time.sleep(0.2)
        check(f"the {name} was killed: served again", good, console.log()[begun:][-800:])


def confinement(console):
    for name in ("frontend", "store", "authority"):
        pid = console.child(name)
        check(f"{name}: filtered, without capabilities or new privileges",
              status_of(pid, "Seccomp") == ["2"] and status_of(pid, "NoNewPrivs") == ["1"] and
              int(status_of(pid, "CapEff")[0], 16) == 0)
        check(f"{name}: not root", status_of(pid, "Uid")[0] != "0" and
              status_of(pid, "Uid")[0] == status_of(pid, "Uid")[2])
    uids = {status_of(console.child(name), "Uid")[0] for name in ("frontend", "store", "authority")}
    if os.getuid() == 0 and has_users():
        check("each is a user of its own", len(uids) == 3, uids)


def main():
    console = Whole()
    work = console.directory
    try:
        device, trusted = enrolment(console, work)
        device = renewal(console, work, device)
        confinement(console)
        batches(console, trusted)
        falls(console, trusted)
        revocation(console, device, trusted)
    finally:
        check("SIGTERM ends it well", console.stop() == 0)
    return summary()


if __name__ == "__main__":
    sys.exit(main())
