# SPDX-License-Identifier: Apache-2.0
"""What stands between a device and its console and does its work badly: cuts, truncates, changes, delays, or falls
silent without a word. It sees TLS records and nothing inside. Also a proxy (HTTP CONNECT) of that kind."""
import collections
import select
import socket
import struct
import threading
import time

UP, DOWN = 0, 1  # from the device, from the console
HEADER = 5       # bytes of a TLS record's
PLACES = ('begin', 'header', 'length', 'body', 'middle', 'last', 'end')


class Ended(Exception):
    """The connection is to end now."""


class Pass:
    """A plan for one connection: lets everything through."""

    is_silent = False

    def __init__(self):
        self.has_left = False  # the device's end was closed

    def bytes(self, direction, data, send):
        send(data)

    def end(self, device, console):
        for each in (device, console):
            each.close()


class Silent(Pass):
    """Both ends stay open and nothing passes: a cable pulled. Any plan becomes one when is_silent is set."""

    is_silent = True


class Slow(Pass):
    """A few bytes at a time, and a pause after each."""

    def __init__(self, size, pause_s):
        super().__init__()
        self.size, self.pause_s = size, pause_s

    def bytes(self, direction, data, send):
        for at in range(0, len(data), self.size):
            send(data[at:at + self.size])
            time.sleep(self.pause_s)


class Cut(Pass):
    """Ends at a place in the record of that number: as a reset, or politely (what was let through is truncated),
    or goes on with one bit changed."""

    def __init__(self, direction, record, place, how):
        super().__init__()
        self.direction, self.record, self.place, self.how = direction, record, place, how
        self.number = self.offset = 0
        self.header = b''
        self.is_done = False

    def stop(self):
        """Of the current record: before which byte it is cut; None when that is not known yet."""
        early = {'begin': 0, 'header': 1, 'length': 4}.get(self.place)
        if early is not None or len(self.header) < HEADER:
            return early
        size = struct.unpack('>H', self.header[3:])[0]
        return {'body': HEADER, 'middle': HEADER + size // 2, 'last': HEADER + size - 1,
                'end': HEADER + size}[self.place]

    def step(self, byte):
        if self.offset < HEADER:
            self.header += bytes([byte])
        self.offset += 1
        if self.offset >= HEADER and \
                self.offset == HEADER + struct.unpack('>H', self.header[3:])[0]:
            if self.number == self.record and self.place == 'end':
                return True
            self.number, self.offset, self.header = self.number + 1, 0, b''
        return False

    def bytes(self, direction, data, send):
        if direction != self.direction or self.is_done:
            send(data)
            return
        for i, byte in enumerate(data):
            is_here = self.number == self.record and self.offset == self.stop()
            if not is_here and not self.step(byte):
                continue
            self.is_done = True
            at = i if is_here else i + 1
            if self.how == 'flip':
                send(data[:at] + bytes(each ^ 1 for each in data[at:at + 1]) + data[at + 1:])
                return
            send(data[:at])
            raise Ended
        send(data)

    def end(self, device, console):
        if self.how == 'reset':
            for each in (device, console):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        super().end(device, console)


class Relay:
    """Listens on so many ports (a device takes each for a console of its own, and tries the next at once), and gives
    each connection the next plan; when there are no more, the usual one."""

    def __init__(self, port, ports=1, usual=Pass):
        self.port = port
        self.usual = usual
        self.plans = collections.deque()
        self.connections = []  # (plan, device, console)
        self.lock = threading.Lock()
        self.is_over = False
        self.taken = 0
        self.listeners = []
        for _ in range(ports):
            listener = socket.create_server(('127.0.0.1', 0))
            self.listeners.append(listener)
            threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def ports(self):
        return [listener.getsockname()[1] for listener in self.listeners]

    def urls(self):
        return ' '.join(f'https://localhost:{port}' for port in self.ports())

    def accept(self, listener):
        while not self.is_over:
            try:
                device, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(device,), daemon=True).start()

    def serve(self, device):
        self.carry(device, self.port)

    def carry(self, device, port):
        with self.lock:
            plan = self.plans.popleft() if self.plans else self.usual()
            self.taken += 1
        try:
            console = socket.create_connection(('127.0.0.1', port), timeout=20)
        except OSError:
            device.close()
            return
        console.settimeout(None)
        with self.lock:
            self.connections.append((plan, device, console))
        ends = (device, console)
        heard = list(ends)
        try:
            while not self.is_over:
                for each in select.select(heard, (), (), 1)[0]:
                    direction = ends.index(each)
                    data = each.recv(65536)
                    if not data and not plan.is_silent:
                        raise Ended
                    if not data:  # the other end hears nothing of it
                        heard.remove(each)
                        plan.has_left |= direction == UP
                    elif not plan.is_silent:
                        plan.bytes(direction, data, ends[1 - direction].sendall)
        except (OSError, Ended, ValueError):
            pass
        with self.lock:
            self.connections.remove((plan, device, console))
        plan.end(device, console)

    def open_plans(self):
        with self.lock:
            return [plan for plan, _, _ in self.connections]

    def fall_silent(self):
        """What is open stays so, and nothing passes any more. Those plans."""
        plans = self.open_plans()
        for plan in plans:
            plan.is_silent = True
        return plans

    def drop_all(self):
        """Resets what is open."""
        with self.lock:
            ends = [each for _, device, console in self.connections for each in (device, console)]
        for each in ends:
            try:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.is_over = True
        for listener in self.listeners:
            listener.close()
        self.drop_all()


class Proxy(Relay):
    """Answers CONNECT: with these bytes, or, when there are none, as it should."""

    def __init__(self):
        super().__init__(0)
        self.answer = b''
        self.asked = []

    def url(self):
        return f'http://127.0.0.1:{self.ports()[0]}'

    def serve(self, device):
        request = b''
        try:
            while b'\r\n\r\n' not in request and len(request) < 65536:
                more = device.recv(4096)
                if not more:
                    break
                request += more
            self.asked.append(request.split(b'\r\n')[0])
            if self.answer:
                device.sendall(self.answer)
                device.close()
                return
            device.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
        except OSError:
            device.close()
            return
        self.carry(device, int(request.split()[1].rpartition(b':')[2]))
