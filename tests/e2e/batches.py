#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Batches of a real device, mutated, replayed, reordered and brought by another, against the whole console built with
sanitizers: each is refused with its reason, nothing of it is stored, nothing crashes, and as they were they are taken.

usage: batches.py [COUNT [SEED]]"""
import collections
import glob
import hashlib
import json
import os
import random
import re
import socket
import struct
import sys
import tempfile
import threading

from account import check_content, stored
from lib import check, read_answer, run, summary
from reporters import Reporters, wait_until
from whole_console import Console

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
WORKERS = 4
SIGNED = 144      # bytes of a header before its signature (common/segment.h)
FIXED = 26        # of a record before its content
LINK = 32
BATCH_MAX = 100000
# What an adversary cannot do without the keys of device and console.
REASONS = {'BATCH_FORMAT', 'BATCH_DEVICE', 'BATCH_KEY', 'BATCH_SIGNATURE', 'BATCH_CHAIN', 'BATCH_GAP',
           'BATCH_SEAL', 'BATCH_EVENT', 'TOO_LARGE'}


class SanitizedConsole(Console):
    binary = os.path.join('tests', 'e2e', 'console-sanitized')


class Sender:
    """What a device would say with its certificate: its own key signs."""

    def __init__(self, agent, directory, name):
        self.certificate = agent.part('uplink/device.crt')
        self.key = os.path.join(directory, name + '.pem')
        run('openssl', 'pkey', '-inform', 'DER', '-in', agent.part('keyring/device.key'), '-out',
            self.key)


class Segment:
    """Of a spool: a header, and records that are whole."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        size = SIGNED + 2 + struct.unpack_from('<H', data, SIGNED)[0]
        self.header, self.records = data[:size], []
        while True:
            length = struct.unpack_from('<I', data, size)[0] if size + 4 <= len(data) else 0
            if length < FIXED:
                break
            self.records.append(data[size:size + length])
            size += length

    def batch(self, first=0, count=None, records=None):
        """Of consecutive records, or of these."""
        link = self.records[first - 1][-LINK:] if first else hashlib.sha256(self.header).digest()
        if records is None:
            records = self.records[first:None if count is None else first + count]
        return (self.header + link + b''.join(records))[:BATCH_MAX]


def post(batch, target=b'/v1/events'):
    return b'POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s' % (target, len(batch), batch)


def verdict(answer):
    """'' when it was taken, else the code."""
    head, _, body = answer.partition(b'\r\n\r\n')
    if head.startswith(b'HTTP/1.1 200'):
        return ''
    try:
        return json.loads(body)['error']
    except (ValueError, KeyError):
        return repr(answer[:100])


def say(console, batch, sender, target=b'/v1/events'):
    return verdict(console.say(post(batch, target), sender))


def mutate(chance, batch, good):
    result = bytearray(batch)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        # the header and the first record's fields more often than all the sealed bytes
        end = chance.choice((SIGNED, SIGNED + 150, SIGNED + 150 + FIXED, len(result)))
        at = chance.randrange(max(1, min(end, len(result))))
        size = chance.choice((1, 1, 2, 4, 8, 32, 200))
        kind = chance.randrange(6)
        if kind == 0 and at < len(result):
            result[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del result[at:at + size]
        elif kind == 2:
            result[at:at] = result[at:at + size] * chance.choice((1, 2, 100))
        elif kind == 3:
            result[at:at + size] = chance.randbytes(size)
        elif kind == 4:
            result[at:at + size] = chance.choice((b'\0', b'\xff')) * size
        else:
            del result[at:]
    result = bytes(result)[:110000]
    # What ends between two records is a batch as good as the whole.
    return result + b'\0' if any(whole.startswith(result) for whole in good) else result


def relinked(chance, segment):
    """A record changed by somebody who can count hashes: the chain is whole, and only the seal is left to break."""
    number = chance.randrange(len(segment.records))
    records = list(segment.records)
    fixed, content = bytearray(records[number][:FIXED]), bytearray(records[number][FIXED:-LINK])
    if chance.random() < 0.3:
        at = chance.randrange(4, FIXED)
        fixed[at] ^= 1 << chance.randrange(8)
    elif chance.random() < 0.5:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    else:
        at = chance.randrange(len(content))
        content[at:at + chance.choice((1, 16, 500))] = chance.randbytes(chance.choice((0, 1, 40)))
        if content == records[number][FIXED:-LINK]:
            content += b'\0'
    struct.pack_into('<I', fixed, 0, FIXED + len(content) + LINK)
    records[number] = bytes(fixed) + bytes(content) + bytes(LINK)
    link = records[number - 1][-LINK:] if number else hashlib.sha256(segment.header).digest()
    for i in range(number, len(records)):
        fixed, content = records[i][:FIXED], records[i][FIXED:-LINK]
        digest = hashlib.sha256(fixed + hashlib.sha256(content).digest()).digest()
        link = hashlib.sha256(link + digest).digest()
        records[i] = fixed + content + link
    return segment.batch(records=records)


class Worker(threading.Thread):
    def __init__(self, console, number, sender, segments):
        super().__init__()
        self.chance = random.Random(SEED * WORKERS + number)
        self.console, self.sender, self.segments = console, sender, segments
        self.batches = [segment.batch() for segment in segments]
        self.verdicts = collections.Counter()
        self.taken = []

    def run(self):
        stream = None
        context = self.console.context(self.sender)
        for _ in range(COUNT // WORKERS):
            if self.chance.random() < 0.4:
                batch = relinked(self.chance, self.segments[0])
            else:
                batch = mutate(self.chance, self.chance.choice(self.batches), self.batches)
            try:
                if not stream:
                    plain = socket.create_connection(('127.0.0.1', self.console.port), timeout=30)
                    stream = context.wrap_socket(plain, server_hostname='localhost')
                stream.sendall(post(batch, self.chance.choice(
                    (b'/v1/events', b'/v1/events?after=loss'))))
                answer = read_answer(stream)
            except OSError as error:
                answer = repr(error).encode()
            code = verdict(answer)
            self.verdicts[code] += 1
            if not code:
                self.taken.append(batch)
            if b'HTTP' not in answer[:4] or b'Connection: close' in answer:
                stream.close()
                stream = None


def device(console, directory, name):
    """A device with events that were never delivered: its agent has gone."""
    place = os.path.join(directory, name)
    os.makedirs(place)
    agent = Reporters(place, console.url, console.ca,
                      console.token('--approve', '--uses', '1')['token'], name)
    agent.start()
    check(f'{name}: enrols', wait_until(lambda: agent.status().get('standing') == 'trusted'),
          agent.errors())
    uid = agent.status()['device']
    wait_until(lambda: agent.status().get('spool_trouble') == '', 5)
    return agent, uid


def spooled(agent):
    """Events into two segments, without a console."""
    for _ in range(2):
        for _ in range(4):
            agent.log.append(1, severity=4)
            agent.log.append(30)
        made = agent.log.sequence
        wait_until(lambda m=made: agent.status().get('waiting') == m, 20)
        agent.stop()
        agent.start()
    agent.stop()
    paths = sorted(glob.glob(agent.part('uplink/spool/*/*.seg')))
    return [segment for segment in map(Segment, paths) if segment.records]


def out_of_order(console, sender, other, segments, others):
    """In form, signed and sealed, and yet not what may come now."""
    first, second = segments[0], segments[1]
    swapped = [first.records[1], first.records[0], *first.records[2:]]
    for what, batch, who, code in (
            ('another device\'s', others[0].batch(), sender, 'BATCH_DEVICE'),
            ('brought by another device', first.batch(), other, 'BATCH_DEVICE'),
            ('of which the second record comes first', first.batch(records=swapped), sender,
             'BATCH_FORMAT'),
            ('from the second record on', first.batch(1), sender, 'BATCH_GAP'),
            ('of the next segment', second.batch(), sender, 'BATCH_GAP'),
            ('with a record twice', first.batch(records=[first.records[0]] * 2), sender,
             'BATCH_FORMAT'),
            ('with a record left out', first.batch(records=first.records[:1] + first.records[2:]),
             sender, 'BATCH_FORMAT'),
            ('with the records of another segment', first.batch(records=second.records), sender,
             'BATCH_FORMAT'),
            ('with another segment\'s record behind', first.batch(
                records=first.records[:1] + second.records[:1]), sender, 'BATCH_FORMAT')):
        said = say(console, batch, who)
        check(f'a batch {what} is refused: {code}', said == code, said)
        check('  and the log says so, and whose', console.logged(code))


def main():
    os.environ.update(ASAN_OPTIONS='detect_leaks=0:abort_on_error=1', HOLDFAST_SANDBOX_LOG='1')
    with tempfile.TemporaryDirectory(prefix='hf-batches-') as directory:
        os.chmod(directory, 0o755)
        place = os.path.join(directory, 'console')
        os.makedirs(place)
        console = SanitizedConsole(place)
        console.start()
        (agent, uid), (other_agent, other_uid) = (device(console, directory, name)
                                                  for name in ('one', 'other'))
        console.stop()
        segments, others = spooled(agent), spooled(other_agent)
        sender, other = Sender(agent, directory, 'one'), Sender(other_agent, directory, 'other')
        console.start()
        check('control: each has two segments', len(segments) == len(others) == 2)

        out_of_order(console, sender, other, segments, others)
        before = console.children()
        workers = [Worker(console, number, sender, segments) for number in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        verdicts = sum((worker.verdicts for worker in workers), collections.Counter())
        print(f'       {COUNT} mutated batches, seed {SEED}: {dict(verdicts)}')
        check(f'all are refused, each with a reason (seed {SEED})', set(verdicts) <= REASONS and
              sum(verdicts.values()) == COUNT // WORKERS * WORKERS, verdicts)
        check('among the reasons are form, signature, device, key and seal', set(verdicts) >= {
            'BATCH_FORMAT', 'BATCH_SIGNATURE', 'BATCH_DEVICE', 'BATCH_KEY', 'BATCH_SEAL'}, verdicts)
        check('the processes are those of the beginning', console.children() == before)
        events, count = stored(console, uid)
        check('nothing is stored', count == 0 and not events and
              console.device(uid)['ack'] == 0, count)

        for segment in segments:
            said = say(console, segment.batch(), sender)
            check('as it was, it is taken', said == '', said)
        said = say(console, segments[0].batch(), sender), say(console, segments[1].batch(1), sender)
        check('again, it is passed over', said == ('', ''), said)
        said = say(console, others[0].batch(), other)
        check('so is the other device\'s', said == '', said)
        events, count = stored(console, uid)
        made = agent.log.sequence
        check('and each event is there once', count == made and
              sorted(events) == list(range(1, made + 1)), f'{count} of {made}')
        check_content('replayed', events, agent.log.lines, range(1, made + 1))
        console.verb('device', 'revoke', other_uid)
        said = say(console, others[1].batch(), other)
        check('of a revoked device: refused', said == 'DEVICE_REVOKED', said)
        log = console.log()
        check(f'no sanitizer complained (seed {SEED})',
              not re.search('Sanitizer|runtime error', log), log[-3000:])
        check('it ends well', console.stop() == 0)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
