#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holdfast-page against an issuer of the tests: the device flow as it should go, and an ID token spoilt in
each way that OpenID Connect Core 3.1.3.7 and RFC 8725 warn of; each is refused for its own reason."""
import base64
import http.server
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
import datetime
import ipaddress

from lib import ROOT, check, summary

NOBODY = 65534
CLIENT, USER = "holdfast", "alice"


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value, size=None):
    return text(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
SMALL_RSA = rsa.generate_private_key(65537, 1024)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def rsa_public(key, kid, **more):
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(numbers.n), "e": number(numbers.e), **more}


def ec_public(key, kid, **more):
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": number(numbers.x, 32),
            "y": number(numbers.y, 32), **more}


def sign(header, claims, key):
    part = text(json.dumps(header).encode()) + "." + text(json.dumps(claims).encode())
    if isinstance(key, rsa.RSAPrivateKey):
        raw = key.sign(part.encode(), padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(part.encode(), ec.ECDSA(hashes.SHA256())))
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    elif isinstance(key, bytes):
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(part.encode())
        raw = mac.finalize()
    else:
        raw = b""
    return part + "." + text(raw)


class Issuer(http.server.BaseHTTPRequestHandler):
    """What it answers is in Issuer.plan, set by each test."""
    plan = {}
    asked = []
    address = ""

    def log_message(self, *words):
        pass

    def answer(self, body, status=200):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
        except OSError:
            pass

    def do_GET(self):
        plan = Issuer.plan
        if self.path == "/realm/.well-known/openid-configuration":
            base = Issuer.address
            self.answer({"issuer": base, "device_authorization_endpoint": base + "/device",
                         "token_endpoint": base + "/token", "jwks_uri": base + "/keys",
                         **plan.get("discovery", {})})
        elif self.path == "/realm/keys":
            self.answer(plan.get("keys", {"keys": [rsa_public(RSA_KEY, "r"), ec_public(EC_KEY, "e")]}))
        else:
            self.answer({}, 404)

    def do_POST(self):
        plan = Issuer.plan
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in urllib.parse.parse_qs(raw).items()}
        Issuer.asked.append((self.path, form))
        if self.path == "/realm/device":
            self.answer({"device_code": "the code/of the device", "user_code": "WDJB-MJHT",
                         "verification_uri": "https://id.example/device", "expires_in": 30, "interval": 1,
                         **plan.get("device", {})})
        elif plan.get("errors"):
            self.answer({"error": plan["errors"].pop(0)}, 400)
        else:
            token = plan["token"]
            self.answer({"access_token": "x", "id_token": token() if callable(token) else token})


def serve(directory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                   .public_key(key.public_key()).serial_number(1)
                   .not_valid_before(now - day).not_valid_after(now + day)
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
                   .add_extension(x509.BasicConstraints(True, None), True)
                   .sign(key, hashes.SHA256()))
    pem = os.path.join(directory, "ca.pem")
    with open(pem, "wb") as out:
        out.write(certificate.public_bytes(serialization.Encoding.PEM))
    private = os.path.join(directory, "key.pem")
    with open(private, "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption()))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Issuer.address = f"https://127.0.0.1:{server.server_address[1]}/realm"
    os.chmod(directory, 0o755)
    os.chmod(pem, 0o644)
    return pem


def field(value):
    raw = value.encode()
    return struct.pack("<H", len(raw)) + raw


def frame(kind, payload):
    return struct.pack("<HHI", 1, kind, len(payload)) + payload


def page(ca, plan, domain="", claim="preferred_username", hang_up=False, issuer=None):
    """(error, words, shown) of one run of holdfast-page."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    Issuer.plan, Issuer.asked[:] = plan, []
    question = b"".join(field(value) for value in
                        (issuer or Issuer.address, CLIENT, claim, domain, ca, USER))
    ours.send(frame(1, question))

    def place():
        os.dup2(theirs.fileno(), 3)
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

    worker = subprocess.Popen([f"{ROOT}/build/holdfast-page"], preexec_fn=place, pass_fds=(3,))
    theirs.close()
    ours.settimeout(60)
    shown = None
    while True:
        raw = ours.recv(8192)
        if not raw:
            worker.wait(10)
            return None, f"it ended with {worker.returncode}", shown
        kind = struct.unpack_from("<H", raw, 2)[0]
        error, size = struct.unpack_from("<iH", raw, 8)
        words = raw[14:14 + size].decode()
        if kind == 21:
            ours.close()
            worker.wait(10)
            return error, words, shown
        shown = (words, raw[16 + size:].decode())
        if hang_up:
            ours.close()
            return worker.wait(20), "", shown


def claims(**more):
    now = int(time.time())
    base = {"iss": Issuer.address, "sub": "4711", "aud": CLIENT, "exp": now + 300, "iat": now,
            "auth_time": now, "preferred_username": USER}
    base.update(more)
    return {name: value for name, value in base.items() if value is not None}


def good(key=RSA_KEY, kid="r", alg="RS256", header=None, **more):
    return lambda: sign({"alg": alg, "kid": kid, **(header or {})}, claims(**more), key)


def allowed(ca):
    error, words, shown = page(ca, {"token": good()})
    check("RS256", error == 0, (error, words))
    check("the person is shown where and what", shown == ("https://id.example/device", "WDJB-MJHT"), shown)
    device, token = Issuer.asked[0], Issuer.asked[-1]
    check("a fresh sign-in is asked for", device[1].get("max_age") == "0" and
          device[1].get("client_id") == CLIENT and "openid" in device[1].get("scope", ""), device)
    check("with the code of the device",
          token[1].get("device_code") == "the code/of the device" and
          token[1].get("grant_type") == "urn:ietf:params:oauth:grant-type:device_code", token)
    error, words, _ = page(ca, {"token": good(EC_KEY, "e", "ES256")})
    check("ES256", error == 0, (error, words))
    error, words, _ = page(ca, {"token": good(), "errors": ["authorization_pending"] * 2})
    check("pending twice, then signed in", error == 0 and len(Issuer.asked) == 4, (error, words))
    error, words, _ = page(ca, {"token": good(header={"kid": None}), "keys": {"keys": [
        rsa_public(OTHER_RSA, "x"), rsa_public(RSA_KEY, "r")]}})
    check("without a key id the key that fits", error == 0, (error, words))
    error, words, _ = page(ca, {"token": good(preferred_username=USER + "@acme.example")},
                           domain="acme.example")
    check("the name with its domain", error == 0, (error, words))
    error, words, _ = page(ca, {"token": good(preferred_username=None, email=USER)}, claim="email")
    check("another claim", error == 0, (error, words))
    error, words, _ = page(ca, {"token": good(aud=[CLIENT])})
    check("an audience that is a list", error == 0, (error, words))


def spoilt(change):
    def make():
        head, body, seal = good()().split(".")
        return change(head, body, seal)
    return make


def flip(part):
    return part[:-2] + ("AA" if part[-2:] != "AA" else "BA")


def forged(ca):
    now = int(time.time())
    pem = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM,
                                            serialization.PublicFormat.SubjectPublicKeyInfo)
    both = {"keys": [rsa_public(RSA_KEY, "r"), ec_public(EC_KEY, "e")]}
    for what, plan, words in (
            ("alg none", {"token": good(None, "r", "none")}, "signed in a way"),
            ("no algorithm", {"token": good(RSA_KEY, "r", None)}, "signed in a way"),
            ("HS256 with the public key as the secret", {"token": good(pem, "r", "HS256")}, "signed in a way"),
            ("RS384", {"token": good(RSA_KEY, "r", "RS384")}, "signed in a way"),
            ("ES256 said of an RSA key", {"token": good(RSA_KEY, "r", "ES256")}, "signed in a way"),
            ("RS256 said of an EC key", {"token": good(EC_KEY, "e", "RS256")}, "signed in a way"),
            ("a key for encryption", {"token": good(), "keys": {"keys": [rsa_public(RSA_KEY, "r", use="enc")]}},
             "signed in a way"),
            ("another key under the same id", {"token": good(OTHER_RSA)}, "not signed"),
            ("another key, brought along", {"token": good(OTHER_RSA, header={"jwk": rsa_public(OTHER_RSA, "r")})},
             "not signed"),
            ("a key id that is not there", {"token": good(kid="z")}, "key that is not the page's"),
            ("no keys", {"token": good(), "keys": {"keys": []}}, "key that is not the page's"),
            ("a key of 1024 bits", {"token": good(SMALL_RSA), "keys": {"keys": [rsa_public(SMALL_RSA, "r")]}},
             "key that is not the page's"),
            ("a point beside the curve", {"token": good(EC_KEY, "e", "ES256"), "keys": {"keys": [
                {**ec_public(EC_KEY, "e"), "y": text(b"\1" * 32)}]}}, "key that is not the page's"),
            ("one byte of the signature", {"token": spoilt(lambda h, b, s: f"{h}.{b}.{flip(s)}")}, "not signed"),
            ("other claims", {"token": spoilt(lambda h, b, s: ".".join((h, text(json.dumps(
                claims(preferred_username=USER, sub="1")).encode()), s)))}, "not signed"),
            ("no signature", {"token": spoilt(lambda h, b, s: f"{h}.{b}.")}, "not signed"),
            ("two parts", {"token": spoilt(lambda h, b, s: f"{h}.{b}")}, "can't be read"),
            ("four parts", {"token": spoilt(lambda h, b, s: f"{h}.{b}.{s}.{s}")}, "can't be read"),
            ("padding", {"token": spoilt(lambda h, b, s: f"{h}.{b}.{s}=")}, "can't be read"),
            ("a critical header", {"token": good(header={"crit": ["exp"]})}, "can't be read"),
            ("keys that are none", {"token": good(), "keys": b'{"keys": 1}'}, "can't be read"),
            ("another issuer", {"token": good(iss="https://id.evil.example")}, "another page"),
            ("another audience", {"token": good(aud="mail")}, "for somebody else"),
            ("two audiences and no azp", {"token": good(aud=[CLIENT, "mail"])}, "for somebody else"),
            ("another azp", {"token": good(azp="mail")}, "for somebody else"),
            ("expired", {"token": good(exp=now - 120)}, "too old"),
            ("of the future", {"token": good(iat=now + 600)}, "not of now"),
            ("made before it was asked for", {"token": good(iat=now - 600)}, "not of now"),
            ("an old sign-in", {"token": good(auth_time=now - 3600)}, "not of now"),
            ("no time of the sign-in", {"token": good(auth_time=None)}, "can't be read"),
            ("a time that is text", {"token": good(exp=str(now + 300))}, "can't be read"),
            ("no subject", {"token": good(sub=None)}, "can't be read"),
            ("another user", {"token": good(preferred_username="bob")}, "as another user"),
            ("no user", {"token": good(preferred_username=None)}, "as another user"),
            ("a domain that was not agreed on", {"token": good(preferred_username=USER + "@acme.example")},
             "as another user"),
    ):
        error, said, _ = page(ca, {"keys": both, **plan})
        check(f"refused: {what}", error == -13 and words in said, (error, said))


def unusual(ca):
    for what, plan, wanted, words in (
            ("refused at the page", {"errors": ["access_denied"]}, -13, "refused at the page"),
            ("too late", {"errors": ["expired_token"]}, -110, "in time"),
            ("an error that is none of the grant's", {"errors": ["server_error"]}, -71, "no ID token"),
            ("discovery of another issuer", {"discovery": {"issuer": "https://id.evil.example"}}, -71,
             "another issuer"),
            ("an endpoint without TLS", {"discovery": {"token_endpoint": "http://127.0.0.1/token"}}, -71,
             "without TLS"),
            ("no device endpoint", {"discovery": {"device_authorization_endpoint": ""}}, -71, "no device"),
            ("an address to go to without TLS", {"device": {"verification_uri": "http://id.example"}}, -71, ""),
            ("nobody signs in", {"device": {"expires_in": 1}, "errors": ["authorization_pending"] * 100}, -110,
             "in time"),
            ("an answer without end", {"keys": b"x" * 200000, "token": good()}, -27, "too much"),
    ):
        error, said, _ = page(ca, plan)
        check(f"{what}: {words or 'ends'}", error == wanted and words in said, (error, said))
    error, said, _ = page("", {"token": good()})
    check("a server that no CA knows is not asked", error in (-71, -113), (error, said))
    error, said, _ = page(ca, {"token": good()}, issuer=Issuer.address.replace("https", "http"))
    check("nor one without TLS", error == -71, (error, said))
    begun = time.monotonic()
    page(ca, {"errors": ["authorization_pending"] * 100}, hang_up=True)
    check("it ends when nobody waits", time.monotonic() - begun < 15)


def main():
    directory = tempfile.mkdtemp(prefix="holdfast-page-")
    ca = serve(directory)
    try:
        allowed(ca)
        forged(ca)
        unusual(ca)
    finally:
        shutil.rmtree(directory)
    return summary()


if __name__ == "__main__":
    sys.exit(main())
