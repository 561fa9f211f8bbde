#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ticket_verify.py ROOT.pem AUDIENCE FILE: what a server does that has never heard of Holdfast: the chain in
x5c leads to the published root, the signature is by its first key (ES256, by jwcrypto), and the claims
are for this server and for now. Prints them; status 1 when it is not good."""
import base64
import json
import re
import subprocess
import sys
import tempfile

from jwcrypto import jwk, jws, jwt
from jwcrypto.common import json_decode

TYPE = "holdfast-ticket+jwt"


class Refused(Exception):
    pass


def pem(der):
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


class Verifier:
    """Remembers chains that it has proven: the same device comes again."""

    def __init__(self, root):
        self.root = root
        self.chains = {}

    def key_of(self, x5c):
        known = self.chains.get(tuple(x5c))
        if known:
            return known
        if len(x5c) < 2:
            raise Refused("no chain")
        ders = [base64.b64decode(text, validate=True) for text in x5c]
        with tempfile.NamedTemporaryFile() as leaf, tempfile.NamedTemporaryFile() as rest:
            leaf.write(pem(ders[0]))
            rest.write(b"".join(map(pem, ders[1:])))
            leaf.flush(), rest.flush()
            done = subprocess.run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", self.root,
                                   "-untrusted", rest.name, leaf.name], capture_output=True)
            if done.returncode:
                raise Refused(done.stderr.decode().strip())
            name = subprocess.run(["openssl", "x509", "-in", leaf.name, "-noout", "-subject", "-nameopt",
                                   "sep_multiline,utf8"], capture_output=True, check=True).stdout.decode()
        known = jwk.JWK.from_pem(pem(ders[0])), re.search(r"CN=(\S+)", name)[1]
        self.chains[tuple(x5c)] = known
        return known

    def verify(self, ticket, audience):
        token = jws.JWS()
        token.allowed_algs = ["ES256"]
        token.deserialize(ticket)
        header = token.jose_header
        if header.get("typ") != TYPE or set(header) != {"alg", "typ", "x5c"}:
            raise Refused("not a ticket by its header")
        key, device = self.key_of(header["x5c"])
        whole = jwt.JWT(jwt=ticket, key=key, algs=["ES256"], check_claims={"aud": audience, "exp": None,
                                                                           "nbf": None, "jti": None})
        claims = json_decode(whole.claims)
        if claims["device"] != device or claims["iss"] != f"urn:uuid:{device}":
            raise Refused("not about the device that signed it")
        return claims


def main():
    root, audience, path = sys.argv[1:]
    with open(path) as file:
        ticket = file.read().strip()
    try:
        print(json.dumps(Verifier(root).verify(ticket, audience)))
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
