#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Enrolment, renewal and what is refused, with stock clients against the real frontend and
authority. Each refusal has a positive control beside it."""
import base64
import json
import os
import shutil
import signal
import socket
import sys
import time

from lib import (Console, Identity, check, is_closed, read_answer, run, skip, status_of, summary)

EST = "/.well-known/est"
ASK = b"GET /v1/device HTTP/1.1\r\nHost: x\r\n\r\n"


def error_of(body):
    try:
        return json.loads(body)["error"]
    except (ValueError, KeyError):
        return body


def enrolment(console, work):
    status, body, _ = console.curl(EST + "/cacerts")
    names = run("openssl", "pkcs7", "-inform", "DER", "-print_certs",
                data=base64.b64decode(body)).stdout
    check("cacerts: both authorities, in PKCS#7", status == 200 and names.count(b"subject=") == 2)
    check("health without a certificate", console.curl("/v1/health")[:2] == (200, b"ok\n"))

    device = Identity(work)
    status, body = console.enrol(device)
    check("enrol with a good token", status == 200, body)
    check("its certificate is of the authority",
          run("openssl", "verify", "-CAfile", console.ca, "-untrusted",
              f"{console.directory}/ca/issuing.crt", "-purpose", "sslclient",
              device.certificate).returncode == 0)
    status, body, _ = console.curl("/v1/device", identity=device)
    answer = json.loads(body)
    check("the device is told who it is", status == 200 and answer["state"] == "trusted" and
          answer["device"] == device.subject() and len(base64.b64decode(answer["seal_key"])) == 32,
          body)

    for token, code in (("expired", "TOKEN_EXPIRED"), ("revoked", "TOKEN_REVOKED"),
                        ("other", "TOKEN_UNKNOWN"), ("a b", "TOKEN_UNKNOWN")):
        status, body = console.enrol(Identity(work), token)
        check(f"token {token!r} is refused", (status, error_of(body)) == (401, code), body)
    check("a token's first use", console.enrol(Identity(work), "once")[0] == 200)
    status, body = console.enrol(Identity(work), "once")
    check("a token's second use is refused", (status, error_of(body)) == (401, "TOKEN_USED"), body)
    status, body, _ = console.curl(EST + "/simpleenroll", "-i",
                                   data=base64.b64encode(Identity(work).csr()))
    check("no token is refused, and Basic asked for", status == 401 and
          b"WWW-Authenticate: Basic" in body and b"AUTHORIZATION" in body, body)
    status, body = console.enrol(device)
    check("a key that another device has is refused", error_of(body) == "KEY_TAKEN", body)

    pending = Identity(work)
    console.enrol(pending, "pending")
    status, body, _ = console.curl("/v1/device", identity=pending)
    answer = json.loads(body)
    check("one that waits for approval is told so, and no key", status == 200 and
          answer["state"] == "pending" and "seal_key" not in answer, body)
    status, body, _ = console.curl("/v1/events", identity=pending, data=b"batch")
    check("its events are refused", (status, error_of(body)) == (403, "DEVICE_PENDING"), body)
    console.command(f"trust {pending.subject()}")
    check("once approved they are taken",
          console.curl("/v1/events", identity=pending, data=b"batch")[0] == 200)
    return device


def stock_client(console, work):
    if not shutil.which("pki"):
        skip("a stock EST client (strongSwan's pki --est)", "strongswan-pki is not installed")
        return
    key, csr = f"{work}/pki.key", f"{work}/pki.csr"
    with open(f"{work}/strongswan.conf", "w") as out:  # its own choice is 1.2
        out.write("pki {\n tls {\n version_max = 1.3\n }\n}\n")
    os.environ["STRONGSWAN_CONF"] = f"{work}/strongswan.conf"
    with open(key, "wb") as out:
        out.write(run("pki", "--gen", "--type", "ecdsa", "--size", "256").stdout)
    with open(csr, "wb") as out:
        out.write(run("pki", "--req", "--type", "priv", "--in", key, "--dn", "CN=pki",
                      "--digest", "sha256").stdout)
    done = run("pki", "--estca", "--url", console.url, "--cacert", console.ca, "--caout",
               f"{work}/estca")
    check("strongSwan's EST client gets the authorities",
          any(name.startswith("estca") for name in os.listdir(work)), done.stderr[-400:])
    der = f"{console.directory}/ca/issuing.crt"
    done = run("pki", "--est", "--url", console.url, "--in", csr, "--cacert", console.ca,
               "--cacert", der, "--userpass", "device:good", "--outform", "pem")
    check("strongSwan's EST client enrols", b"BEGIN CERTIFICATE" in done.stdout,
          done.stderr[-400:])
    done = run("pki", "--est", "--url", console.url, "--in", csr, "--cacert", console.ca,
               "--cacert", der, "--userpass", "device:expired", "--outform", "pem")
    check("and not with an expired token", b"BEGIN CERTIFICATE" not in done.stdout)


def renew(console, device, new, subject=None):
    csr = new.csr(subject or device.same_subject())
    status, body, _ = console.curl(EST + "/simplereenroll", identity=device,
                                   data=base64.b64encode(csr))
    return status, body


def renewal(console, work, device):
    new = Identity(work)
    status, body = renew(console, device, device)
    check("renewal with the same key is refused", error_of(body) == "KEY_REUSED", body)
    status, body = renew(console, device, new, "/CN=another")
    check("renewal of another subject is refused", (status, error_of(body)) == (400, "CSR"), body)
    status, body = renew(console, device, new)
    check("renewal with a new key", status == 200 and new.take(body), body)
    check("is of the same device", new.subject() == device.subject())
    check("the new certificate is taken", console.curl("/v1/device", identity=new)[0] == 200)
    status, body, _ = console.curl("/v1/device", identity=device)
    check("the old one is refused", (status, error_of(body)) == (403, "CERTIFICATE_REPLACED"), body)
    status, body = console.curl(EST + "/simplereenroll",
                                data=base64.b64encode(new.csr()))[:2]
    check("renewal without a certificate is refused", error_of(body) == "NO_CERTIFICATE", body)
    return new


def refused(console, name, status, error, reason):
    """The client sees the alert or, when it was still sending, only the end."""
    check(f"{name}: refused at the handshake", status == 0, error)
    check(f"{name}: the log says so", console.logged(reason), console.log()[-500:])


def certificates(console, work):
    day = 86400
    good = Identity(work).forge(console, 0)
    status, body, _ = console.curl("/v1/device", identity=good)
    check("a good certificate that no device has", error_of(body) == "CERTIFICATE_UNKNOWN", body)
    for name, seconds, reason in (("expired", -100 * day, "certificate has expired"),
                                  ("future", 10 * day, "certificate is not yet valid")):
        status, _, error = console.curl("/v1/device",
                                        identity=Identity(work).forge(console, seconds))
        refused(console, name, status, error, reason)
    other = Identity(work)
    run("openssl", "req", "-x509", "-key", other.key, "-subj", f"/CN={good.subject()}", "-out",
        other.certificate)
    status, _, error = console.curl("/v1/device", identity=other)
    refused(console, "signed by itself", status, error, "self-signed certificate")
    server = Identity(work)
    server.key, server.certificate = (f"{console.directory}/tls/server.{end}"
                                      for end in ("key", "crt"))
    status, _, error = console.curl("/v1/device", identity=server)
    refused(console, "the server's own", status, error, "purpose")
    foreign = Console()
    try:
        stranger = Identity(work).forge(foreign, 0)
        status, _, error = console.curl("/v1/device", identity=stranger)
        refused(console, "another authority's", status, error, "unable to get local issuer")
        check("control: its own console takes it",
              error_of(foreign.curl("/v1/device", identity=stranger)[1]) == "CERTIFICATE_UNKNOWN")
    finally:
        foreign.stop()
    status, body, _ = console.curl("/v1/device")
    check("no certificate: refused by the request", (status, error_of(body)) ==
          (403, "NO_CERTIFICATE"), body)


def requests_for_certificates(console, work):
    def send(body):
        return console.curl(EST + "/simpleenroll", "-u", "x:good", data=body)[:2]

    small = Identity(work).csr()
    cases = {
        "not base64": b"?" * 100,
        "not DER": base64.b64encode(b"x" * 100),
        "cut": base64.b64encode(small[:-5]),
        "with a byte behind": base64.b64encode(small + b"\0"),
        "of which a byte is another": base64.b64encode(small[:-1] + bytes([small[-1] ^ 1])),
        "for P-384": base64.b64encode(Identity(work, "P-384").csr()),
        "empty": b"",
    }
    for name, body in cases.items():
        status, answer = send(body)
        check(f"a request {name} is refused", (status, error_of(answer)) == (400, "CSR"), answer)
    check("control: as it was", send(base64.b64encode(small))[0] == 200)


def versions(console):
    done = run("openssl", "s_client", "-connect", f"localhost:{console.port}", "-tls1_2",
               "-CAfile", console.ca, data=b"")
    check("TLS 1.2 is refused", b"alert protocol version" in done.stderr, done.stderr[-300:])
    check("the log says so", console.logged("protocol version"))
    done = run("openssl", "s_client", "-connect", f"localhost:{console.port}", "-tls1_3",
               "-verify_return_error", "-CAfile", console.ca, data=b"")
    check("control: TLS 1.3", b"TLSv1.3" in done.stdout, done.stderr[-300:])
    done = run("openssl", "s_client", "-connect", f"localhost:{console.port}", "-alpn", "h2",
               "-CAfile", console.ca, data=b"")
    check("another protocol (ALPN) is refused", b"alert no application protocol" in done.stderr,
          done.stderr[-300:])
    check("what speaks no TLS gets nothing", plain(console) == b"")
    done = run("openssl", "s_client", "-connect", f"localhost:{console.port}", "-CAfile",
               f"{console.directory}/tls/server.crt", "-verify_return_error", data=b"")
    check("a client that does not trust us ends it", done.returncode != 0)
    check("the log says so", console.logged("ends the handshake: unknown CA"), console.log()[-300:])


def plain(console):
    with socket.create_connection(("127.0.0.1", console.port), timeout=5) as connection:
        connection.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.recv(1000)
        return b"" if answer[:1] in (b"", b"\x15") else answer  # an alert at most


def resumption(console, device):
    context = console.context(device)
    with console.connect(context=context) as first:
        first.sendall(ASK)
        check("a first handshake", b"trusted" in read_answer(first) and not first.session_reused)
        session = first.session
    os.kill(console.frontend, signal.SIGHUP)
    check("its certificate is read anew", console.logged("read the server's certificate"))
    with console.connect(context=context, session=session) as second:
        second.sendall(ASK)
        check("is resumed over that, and is the same device",
              b"trusted" in read_answer(second) and second.session_reused)


def expiry(console, work):
    """A certificate that ends while it is in use: on the open connection, and when resumed."""
    short = Identity(work).forge(console, 8 - 90 * 86400)
    context = console.context(short)
    with console.connect(context=context) as connection:
        connection.sendall(ASK)
        check("control: not yet expired", b"CERTIFICATE_UNKNOWN" in read_answer(connection))
        session = connection.session
        time.sleep(9)
        connection.sendall(ASK)
        check("expired since: refused on the open connection",
              b"CERTIFICATE_EXPIRED" in read_answer(connection))
        check("which is then closed", is_closed(connection, 5))
    try:
        with console.connect(context=context, session=session) as connection:
            connection.sendall(ASK)
            answer = read_answer(connection)
    except OSError as error:
        answer = repr(error).encode()
    check("nor is it resumed", b"HTTP" not in answer, answer)
    check("the log says so", console.logged("has expired, closing"))


def revocation(console, work, device):
    bystander = Identity(work)
    console.enrol(bystander)
    with console.connect(device) as connection, console.connect(bystander) as other:
        connection.sendall(ASK)
        check("control: an open connection works", b"trusted" in read_answer(connection))
        other.sendall(ASK)
        check("control: and another's", b"trusted" in read_answer(other))
        begun = time.monotonic()
        console.command(f"revoke {device.subject()}")
        check("revoked: its open connection is closed at once", is_closed(connection, 5))
        print(f"       after {(time.monotonic() - begun) * 1000:.1f} ms")
        other.sendall(ASK)
        check("the other's goes on", b"trusted" in read_answer(other))
    status, body, _ = console.curl("/v1/device", identity=device)
    check("revoked: a new one is refused", (status, error_of(body)) == (403, "DEVICE_REVOKED"), body)
    with console.connect(bystander) as connection:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nContent-Length: 1\r\n\r\nM")
        time.sleep(0.3)
        console.command(f"suspend {bystander.subject()}")
        check("suspended while a request is under way: closed", is_closed(connection, 5))
    console.command(f"trust {bystander.subject()}")
    check("trusted again: taken", console.curl("/v1/device", identity=bystander)[0] == 200)


def confinement(console):
    """What both processes have given up, as the kernel says."""
    for name, pid in (("frontend", console.frontend), ("authority", console.authority)):
        check(f"{name}: system calls are filtered", status_of(pid, "Seccomp") == ["2"])
        check(f"{name}: no new privileges", status_of(pid, "NoNewPrivs") == ["1"])
        check(f"{name}: no capabilities",
              all(int(status_of(pid, field)[0], 16) == 0 for field in ("CapEff", "CapPrm")))
    check("control: this test has some",
          os.getuid() != 0 or int(status_of("self", "CapEff")[0], 16) != 0)
    if os.getuid() != 0:
        skip("becoming another user", "needs root")
        return
    other = Console(user="nobody")
    try:
        check("frontend: is another user", status_of(other.frontend, "Uid")[0] != "0" and
              status_of(other.frontend, "Gid")[0] != "0")
        check("frontend: of no other group", status_of(other.frontend, "Groups") == [])
        check("and serves", other.curl("/v1/health")[0] == 200)
        os.kill(other.frontend, signal.SIGHUP)
        check("a key that it may not read any more is not read again",
              other.logged("keeping those in use"))
        check("and it goes on", other.curl("/v1/health")[0] == 200)
    finally:
        other.stop()


def reload(console, device):
    before = open(f"{console.directory}/tls/server.crt").read()
    with open(f"{console.directory}/tls/server.crt", "w") as out:
        out.write("not one\n")
    os.kill(console.frontend, signal.SIGHUP)
    check("reload: a broken one is refused", console.logged("keeping those in use"))
    check("and the console goes on", console.curl("/v1/device", identity=device)[0] == 200)
    with open(f"{console.directory}/tls/server.crt", "w") as out:
        out.write(before)


def main():
    console = Console()
    work = console.directory
    try:
        device = enrolment(console, work)
        stock_client(console, work)
        device = renewal(console, work, device)
        certificates(console, work)
        requests_for_certificates(console, work)
        versions(console)
        confinement(console)
        resumption(console, device)
        reload(console, device)
        expiry(console, work)
        revocation(console, work, device)
        check("both processes live", console.lives(), console.log()[-2000:])
    finally:
        console.stop()
    return summary()


if __name__ == "__main__":
    sys.exit(main())
