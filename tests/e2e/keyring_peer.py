# SPDX-License-Identifier: Apache-2.0
"""keyring's local socket as holdfastd makes it, and one who asks there: agent/ipc/keyring.h."""
import fcntl
import os
import socket
import struct

STATE, KEYS_WANT, KEYS_STATE, VAULT_ADD, KEYS_SLEEP, KEYS_DROP = 7, 16, 19, 20, 22, 28
DROPS = ('none', 'lease', 'order', 'policy', 'lock', 'suspend', 'time', 'person')
PLACES = ('nowhere', 'memfd_secret', 'locked', 'not locked')


def listen(directory):
    path = os.path.join(directory, 'keyring.sock')
    if os.path.lexists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.bind(path)
    server.listen(16)
    server.setblocking(False)
    return server


class Keyring:
    def __init__(self, directory):
        self.path = os.path.join(directory, 'keyring.sock')

    def ask(self, verb, payload=b'', fd=None):
        """Negative errno, or the answer's bytes."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
            peer.settimeout(20)
            peer.connect(self.path)
            body = struct.pack('<BH', 0, len(payload)) + payload
            packet = struct.pack('<HHI', 1, verb, len(body)) + body
            socket.send_fds(peer, [packet], [] if fd is None else [fd])
            answer = peer.recv(8192)
        error, size = struct.unpack_from('<iH', answer, 8)
        return error if error < 0 else answer[14:14 + size]

    def want(self, labels, verified=False):
        return self.ask(KEYS_WANT, struct.pack('<BBH', verified, DROPS.index('policy'), len(labels)) + b''.join(labels))

    def drop(self, reason):
        return self.ask(KEYS_DROP, bytes([DROPS.index(reason)]))

    def sleep(self, is_asleep):
        return self.ask(KEYS_SLEEP, bytes([is_asleep]))

    def give(self, label, directory):
        """To the file system of that directory: how its kernel calls the key, or negative errno."""
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            answer = self.ask(VAULT_ADD, label + struct.pack('<I', 0), fd)
        finally:
            os.close(fd)
        return answer if isinstance(answer, int) else answer[4:]

    def state(self):
        answer = self.ask(KEYS_STATE)
        place, is_shut, granted, refused = struct.unpack_from('<BBII', answer)
        size, = struct.unpack_from('<H', answer, 10)
        code = answer[12:12 + size].decode()
        at = 12 + size
        count, = struct.unpack_from('<H', answer, at)
        at += 2
        labels = {}
        for _ in range(count):
            label = answer[at:at + 16]
            generation, generations, until, drop = struct.unpack_from('<IHQB', answer, at + 16)
            labels[label] = {'generation': generation, 'generations': generations,
                             'until_ms': until, 'drop': DROPS[drop]}
            at += 31
        return {'place': PLACES[place], 'shut': bool(is_shut), 'granted': granted,
                'refused': refused, 'code': code, 'labels': labels}

    def has(self, label):
        """The newest generation of it that is here; 0 = none."""
        return self.state()['labels'].get(label, {}).get('generation', 0)


KEY_STATUS = 0xc080661a  # FS_IOC_GET_ENCRYPTION_KEY_STATUS: linux/fscrypt.h


def kernel_has(directory, identifier):
    """Whether the file system there has the key that is called so."""
    argument = bytearray(struct.pack('<II', 2, 0) + identifier + bytes(104))
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(fd, KEY_STATUS, argument)
    finally:
        os.close(fd)
    return struct.unpack_from('<I', argument, 64)[0] == 2
