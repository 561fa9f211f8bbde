#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tickets before strangers: 10,000 verified by a stock library with the published root, every forged one
refused, there and by the console's check; which also knows what no library can: replay, another
service, another tenant, a device that is not trusted any more, or not what the ticket says. Each misuse is
a finding."""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid

from jwcrypto import jwk, jws

from lib import ROOT, Identity, check, run, summary
from posture import Policy
from ticket_verify import TYPE, Verifier, pem
from whole_console import Console

MAIL, DRIVE = 'https://mail.acme.example', 'https://drive.acme.example'
MAKER = f'{ROOT}/build/tests/e2e/ticket_maker'
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10000


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def decode(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


class Device(Identity):
    """With the files that uplink leaves for the engine."""

    def join(self, console, work, token=None):
        status, body = console.enrol(self, (token or console.token('--approve'))['token'])
        assert status == 200, body
        self.directory = tempfile.mkdtemp(dir=work)
        with open(self.certificate, encoding='ascii') as file:
            text = file.read()
        with open(f'{self.directory}/device.crt', 'w', encoding='ascii') as file:
            file.write(text)
        chain = run('openssl', 'pkcs7', '-inform', 'DER', '-print_certs',
                    data=base64.b64decode(console.curl('/.well-known/est/cacerts')[1])).stdout.decode()
        issuing = re.findall(r'-----BEGIN CERTIFICATE-----(.*?)-----END', chain, re.S)[0]
        with open(f'{self.directory}/lease.word', 'w', encoding='ascii') as file:
            file.write('holdfast-lease 1\nissuer ' + ''.join(issuing.split()) + '\n')
        return self

    def tickets(self, count=1, tenant='acme', audience=MAIL, *nonce):
        return subprocess.run([MAKER, self.directory, self.key, str(count), 'alice', tenant, audience,
                               *nonce], capture_output=True, text=True, check=True).stdout.split()

    def sign(self, header, payload):
        """By this device's key, whatever it says."""
        with open(self.key, 'rb') as file:
            key = jwk.JWK.from_pem(file.read())
        token = jws.JWS(json.dumps(payload))
        token.add_signature(key, protected=json.dumps(header))
        return token.serialize(compact=True)


def parts(ticket):
    return [json.loads(decode(part)) for part in ticket.split('.')[:2]]


def ask(console, token, ticket, **more):
    status, body, _ = console.curl('/v1/ticket/check', '-H', f'Authorization: Bearer {token}',
                                   data=json.dumps({'ticket': ticket, **more}).encode())
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {}
    return status, answer.get('verdict', answer.get('error')), answer


def ten_thousand(verifier, device):
    begun = time.monotonic()
    tickets = device.tickets(COUNT)
    made = time.monotonic() - begun
    good = 0
    for ticket in tickets:
        claims = verifier.verify(ticket, MAIL)
        good += claims['sub'] == 'alice' and claims['trust'] == 'trusted' and \
            claims['iss'] == f'urn:uuid:{device.subject_once}'
    took = time.monotonic() - begun - made
    check(f'{COUNT} tickets are verified by a stock library', good == COUNT, good)
    check('no two have the same id', len({parts(ticket)[1]['jti'] for ticket in tickets}) == COUNT)
    posture = parts(tickets[0])[1]['posture']
    check('they say what is known of the machine', posture.get('secure_boot') == 'on', posture)
    check('and not more than a server may care for', 'virtual' not in posture, posture)
    print(f'# {COUNT / made:.0f} made and {COUNT / took:.0f} verified a second, {len(tickets[0])} bytes each')


def forgeries(device, other, stranger):
    """Name, ticket, what the console says of it."""
    ticket = device.tickets()[0]
    header, payload = parts(ticket)
    first, second, signature = ticket.split('.')
    none = encode(json.dumps({'alg': 'none', 'typ': TYPE}).encode())
    public = run('openssl', 'x509', '-in', device.certificate, '-noout', '-pubkey').stdout
    hmac_header = {'alg': 'HS256', 'typ': TYPE, 'x5c': header['x5c']}
    hmac_token = jws.JWS(json.dumps(payload))
    hmac_token.add_signature(jwk.JWK(kty='oct', k=encode(public)), protected=json.dumps(hmac_header))
    changed = encode(json.dumps({**payload, 'sub': 'root'}).encode())
    now = int(time.time())
    yield 'algorithm none', f'{none}.{second}.', 'malformed'
    yield 'algorithm none, with the chain', encode(json.dumps({**header, 'alg': 'none'}).encode()) + \
        f'.{second}.{signature}', 'malformed'
    yield 'HS256 with the public key', hmac_token.serialize(compact=True), 'malformed'
    yield 'changed claims', f'{first}.{changed}.{signature}', 'forged'
    yield 'another signature', f'{first}.{second}.{"A" * 86}', 'forged'
    yield 'half a signature', f'{first}.{second}.{signature[:43]}', 'malformed'
    yield 'no signature', f'{first}.{second}.', 'malformed'
    yield 'another key, under this chain', other.sign(header, payload), 'forged'
    yield 'another device\'s chain about this device', other.sign(
        {**header, 'x5c': parts(other.tickets()[0])[0]['x5c']}, payload), 'forged'
    yield 'a chain that is cut off', device.sign({**header, 'x5c': header['x5c'][:1]}, payload), None
    yield 'no chain', device.sign({'alg': 'ES256', 'typ': TYPE}, payload), 'malformed'
    yield 'an authority of its own', stranger, 'unknown-device'
    yield 'another type', device.sign({**header, 'typ': 'JWT'}, payload), 'malformed'
    yield 'expired', device.sign(header, {**payload, 'iat': now - 900, 'nbf': now - 900,
                                          'exp': now - 600, 'jti': 'e' * 32}), 'expired'
    yield 'of the future', device.sign(header, {**payload, 'iat': now + 600, 'nbf': now + 600,
                                                'exp': now + 900, 'jti': 'f' * 32}), 'early'
    yield 'for another service', device.tickets(1, 'acme', DRIVE)[0], 'wrong-audience'


def stranger_ticket(work, device):
    """All by the book, but for who issued the certificate."""
    base = f'{work}/stranger'
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', base + '.ca.key', '-out', base + '.ca.crt', '-subj', '/CN=Holdfast root', '-days', '9')
    own = Device(work)
    with open(base + '.csr', 'wb') as file:
        file.write(own.csr(f'/CN={device.subject_once}'))
    run('openssl', 'x509', '-req', '-inform', 'DER', '-in', base + '.csr', '-CA', base + '.ca.crt',
        '-CAkey', base + '.ca.key', '-out', own.certificate, '-days', '9')
    chain = [run('openssl', 'x509', '-in', path, '-outform', 'DER').stdout
             for path in (own.certificate, base + '.ca.crt')]
    _, payload = parts(device.tickets()[0])
    return own.sign({'alg': 'ES256', 'typ': TYPE,
                     'x5c': [base64.b64encode(der).decode() for der in chain]}, payload)


def accepts(verifier, ticket):
    try:
        verifier.verify(ticket, MAIL)
        return True
    except Exception:  # pylint: disable=broad-except # whatever it is, it is refused
        return False


def refusals(console, verifier, token, device, other, work):
    for name, ticket, verdict in forgeries(device, other, stranger_ticket(work, device)):
        check(f'a stranger refuses: {name}', not accepts(verifier, ticket))
        if verdict:
            said = ask(console, token, ticket)
            check(f'the console says {verdict}: {name}', said[:2] == (200, verdict), said)
    ticket = device.tickets()[0]
    header, payload = parts(ticket)
    ours = device.sign(header, {**payload, 'jti': 'd' * 32})
    check('control: what this test signs itself is good where nothing is forged', accepts(verifier, ours) and
          ask(console, token, ours)[1] == 'good')
    check('control: a stranger takes a good one', accepts(verifier, ticket))
    said = ask(console, token, ticket)
    check('control: and so does the console', said[:2] == (200, 'good') and said[2]['good'] and
          said[2]['account'] == 'alice' and said[2]['tenant'] == 'acme' and
          said[2]['device'] == device.subject_once and said[2]['state'] == 'trusted', said)
    said = ask(console, token, ticket)
    check('shown again, it is replayed', said[1] == 'replayed' and not said[2]['good'], said)


def askers(console, token):
    status, code, _ = ask(console, 'hfc_' + 'a' * 32, 'x')
    check('who asks by a guessed token is refused', (status, code) == (401, 'TOKEN_UNKNOWN'), code)
    status, _, _ = console.curl('/v1/ticket/check', data=b'{}')
    check('who asks by none, too', status == 401, status)
    status, code, _ = ask(console, console.token()['token'], 'x')
    check('one for enrolling checks nothing', (status, code) == (401, 'TOKEN_UNKNOWN'), code)
    body = console.enrol(Identity(console.directory), token)[1]
    check('and one for checking enrols nobody', b'TOKEN_UNKNOWN' in body, body)
    status, code, _ = ask(console, token, '')
    check('without a ticket there is no question', (status, code) == (400, 'TICKET_SYNTAX'), code)
    for junk in (b'', b'[]', b'{', b'{"ticket":7}', b'{"ticket":"' + b'a' * 9000 + b'"}'):
        status = console.curl('/v1/ticket/check', '-H', f'Authorization: Bearer {token}', data=junk)[0]
        check(f'nor with {junk[:14]}', status in (400, 411, 413), status)
    for junk in ('.', '..', 'a.b.c', 'eyJ9.eyJ9.' + 'A' * 86):
        check(f'a ticket {junk[:9]} is none', ask(console, token, junk)[1] == 'malformed')
    made = console.token('--kind', 'check', '--audience', MAIL)
    check('control: another token asks', ask(console, made['token'], 'a.b.c')[0] == 200)
    console.verb('token', 'revoke', str(made['id']))
    status, code, _ = ask(console, made['token'], 'a.b.c')
    check('revoked, it asks no more', (status, code) == (401, 'TOKEN_REVOKED'), code)
    check('a service is to be named', console.run('token', 'create', '--kind', 'check').returncode == 2)
    listed = [row for row in console.lines('token', 'list') if row.get('audience') == MAIL]
    check('the list says what it is for', len(listed) == 2 and listed[0]['tenant'] == 'acme', listed)


def circumstances(console, token, device):
    drive = console.token('--kind', 'check', '--audience', DRIVE)['token']
    said = ask(console, drive, device.tickets(1, 'acme', DRIVE)[0])
    check('another service takes its own', said[1] == 'good', said)
    said = ask(console, token, device.tickets(1, 'beta')[0])
    check('another tenant\'s account is not taken', said[1] == 'wrong-tenant', said)
    ticket = device.tickets(1, 'acme', MAIL, 'n-1')[0]
    check('made for another question', ask(console, token, ticket, nonce='n-2')[1] == 'wrong-nonce')
    check('control: for this one', ask(console, token, ticket, nonce='n-1')[1] == 'good')
    ticket = device.tickets()[0]
    console.verb('device', 'suspend', device.subject_once)
    said = ask(console, token, ticket)
    check('of a device that is suspended', said[1] == 'device-not-trusted' and
          said[2]['state'] == 'suspended', said)
    console.verb('device', 'approve', device.subject_once)
    check('control: approved again', ask(console, token, ticket)[1] == 'good')
    ticket = device.tickets()[0]
    console.verb('device', 'revoke', device.subject_once)
    said = ask(console, token, ticket)
    check('of a device that is revoked', said[1] == 'device-not-trusted' and
          said[2]['state'] == 'revoked', said)


def postures(console, token, device):
    """What a ticket says of the device, before what the device said of itself."""
    header, payload = parts(device.tickets()[0])
    boot, later = payload['posture']['boot'], str(uuid.uuid4())

    def told(**facts):
        status, body, _ = console.curl('/v1/device', identity=device, data=json.dumps(facts).encode())
        assert status == 200, body

    def shown(**said):
        claims = {**payload, 'jti': uuid.uuid4().hex, 'posture': {**payload['posture'], **said}}
        return ask(console, token, device.sign(header, claims))[1]

    check('control: of a device that said nothing of itself', shown() == 'good')
    told(boot=boot, secure_boot='on', lockdown='integrity')
    check('control: as the device described itself', shown(lockdown='integrity') == 'good')
    check('control: its lockdown was raised since', shown(lockdown='confidentiality') == 'good')
    check('its lockdown was not lowered since', shown(lockdown='none') == 'contradicts-record')
    check('nor is secure boot another', shown(secure_boot='off') == 'contradicts-record')
    check('nor was it started again', shown(boot=later) == 'contradicts-record')
    told(boot=later, secure_boot='on', lockdown='integrity', enforcing='yes')
    check('control: now it was', shown(boot=later) == 'good')
    check('a ticket of the start before', shown() == 'stale')
    Policy(console, console.directory).publish('lockdown, enforcing')
    check('control: what a policy requires is met', shown(boot=later, lockdown='integrity') == 'good')
    check('it says that it does not enforce', shown(boot=later, lockdown='integrity', enforcing=False) ==
          'device-unfit')
    check('it does not say what is required', shown(boot=later) == 'device-unfit')
    told(boot=later, secure_boot='on', lockdown='none', enforcing='yes')
    check('the device itself said that it is not met', shown(boot=later, lockdown='integrity') == 'device-unfit')
    bare = {name: value for name, value in payload.items() if name != 'posture'}
    check('a ticket without is none', ask(console, token, device.sign(header, bare))[1] == 'malformed')
    found = console.verb('findings', '--json')
    check('the finding says of what', "lockdown is 'none', its record says 'integrity'" in found and
          'was followed by' in found and 'not met: lockdown' in found, found[-900:])


def findings(console, device):
    found = console.verb('findings', '--json')
    for kind in ('replayed', 'forged', 'audience', 'tenant', 'nonce', 'expired', 'early',
                 'device-state', 'unknown-device', 'stale', 'contradicts', 'unfit'):
        check(f'{kind} is a finding', f'ticket-{kind}"' in found, found[-600:])
    check('of that device', device.subject_once in found)


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        console = Console(work)
        console.start()
        device, other = (Device(work).join(console, work) for _ in range(2))
        for each in (device, other):
            each.subject_once = each.subject()
        verifier = Verifier(console.ca)
        token = console.token('--kind', 'check', '--audience', MAIL, '--tenant', 'acme')['token']
        ten_thousand(verifier, device)
        refusals(console, verifier, token, device, other, work)
        askers(console, token)
        circumstances(console, token, device)
        postures(console, token, other)
        findings(console, device)
        check('the console ends as it should', console.stop() == 0)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
