#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holdfast-console as it is, all of its processes: init, serve, and devices that come with stock
clients. As root with the users that the package makes, else as nobody."""
import base64
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from lib import TENANT, Identity, check, is_closed, read_answer, run, status_of, summary
from whole_console import Console, has_users

EST = "/.well-known/est"
ASK = b"GET /v1/device HTTP/1.1\r\nHost: x\r\n\r\n"


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
    done = console.run("device", "approve", device.subject())
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
    console.run("token", "revoke", str(token["id"]))
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
        done = console.run("device", "revoke", device.subject())
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
        os.kill(console.children().get(name), signal.SIGKILL)
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
        pid = console.children().get(name)
        check(f"{name}: filtered, without capabilities or new privileges",
              status_of(pid, "Seccomp") == ["2"] and status_of(pid, "NoNewPrivs") == ["1"] and
              int(status_of(pid, "CapEff")[0], 16) == 0)
        check(f"{name}: not root", status_of(pid, "Uid")[0] != "0" and
              status_of(pid, "Uid")[0] == status_of(pid, "Uid")[2])
    uids = {status_of(console.children().get(name), "Uid")[0] for name in ("frontend", "store", "authority")}
    if os.getuid() == 0 and has_users():
        check("each is a user of its own", len(uids) == 3, uids)


def main():
    work = tempfile.mkdtemp(prefix="holdfast-e2e-")
    console = Console(work)
    check("init", console.first_token)
    console.start()
    try:
        device, trusted = enrolment(console, work)
        device = renewal(console, work, device)
        confinement(console)
        batches(console, trusted)
        falls(console, trusted)
        revocation(console, device, trusted)
    finally:
        check("SIGTERM ends it well", console.stop() == 0)
        shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == "__main__":
    sys.exit(main())
