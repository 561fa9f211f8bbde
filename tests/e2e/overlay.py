#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""holdfast-session's watermark on an X server of its own: what is on the screen, that it is back when
somebody kills or covers it, what it is where nothing blends, and that clicks go through. The engine's
answers are made here."""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from Xlib import display as xlib

from lib import check, summary

LINE, END, MARK = 64, 65, 25
TEXT, BLIND, SHAPED = 1, 2, 4
SIDE = 189
WIDTH, HEIGHT = 800, 600


def frame(kind, body):
    return struct.pack('<HHI', 1, kind, len(body)) + body


def string(text):
    return struct.pack('<H', len(text.encode())) + text.encode()


class Engine(threading.Thread):
    """Who answers MARK; any other request it does not know."""

    def __init__(self, directory):
        super().__init__(daemon=True)
        self.answer = {'wanted': False}
        self.states = []
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.server.bind(os.path.join(directory, 'engine.sock'))
        self.server.listen(16)
        self.start()

    def run(self):
        peers = [self.server]
        while True:
            for peer in select.select(peers, [], [])[0]:
                if peer is self.server:
                    peers.append(peer.accept()[0])
                    continue
                try:
                    packet = peer.recv(16384)
                except ConnectionResetError:  # it was killed
                    packet = b""
                if not packet:
                    peers.remove(peer)
                    peer.close()
                    continue
                self.serve(peer, packet)

    def serve(self, peer, packet):
        kind, = struct.unpack_from('<H', packet, 2)
        if kind != MARK:
            peer.send(frame(END, struct.pack('<i', -95) + string('not here')))
            return
        _, state = struct.unpack_from('<II', packet, 8)
        self.states.append(state)
        peer.send(frame(LINE, string(json.dumps(self.answer))))
        peer.send(frame(END, struct.pack('<i', 0) + string('')))

    def wait_for(self, state, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.states and self.states[-1] == state:
                return True
            time.sleep(0.1)
        return False


class Desk:
    """An X server with one white window below, and a compositing manager or none."""

    def __init__(self, directory):
        self.directory = directory
        read, write = os.pipe()
        self.jobs = {}
        self.job('display', ['Xvfb', '-displayfd', str(write), '-screen', '0', f'{WIDTH}x{HEIGHT}x24',
                             '-nolisten', 'tcp', '-noreset'], pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as told:
            self.display = ':' + told.readline().strip()
        bus = os.path.join(directory, 'bus')
        self.environment = {'DISPLAY': self.display, 'DBUS_SESSION_BUS_ADDRESS': f'unix:path={bus}',
                            'XDG_RUNTIME_DIR': directory, 'HOME': directory, 'PATH': os.environ['PATH'],
                            'LC_ALL': 'C.UTF-8', 'TZ': 'UTC'}
        self.job('bus', ['dbus-daemon', '--session', f'--address=unix:path={bus}', '--nofork', '--nopidfile'])
        while not os.path.exists(bus):
            time.sleep(0.05)
        subprocess.run(['xsetroot', '-solid', 'white'], env=self.environment, check=True)

    def job(self, name, words, **more):
        log = open(os.path.join(self.directory, name + '.log'), 'ab')  # pylint: disable=consider-using-with
        environment = getattr(self, 'environment', None)
        self.jobs[name] = subprocess.Popen(words, env=environment, stdout=log, stderr=log, **more)
        return self.jobs[name]

    def end(self, name):
        self.jobs[name].terminate()
        self.jobs.pop(name).wait()

    def close(self):
        for name in reversed(list(self.jobs)):
            self.end(name)

    def picture(self, path):
        """The screen as a PPM's pixels."""
        dump = subprocess.run(['xwd', '-root', '-silent'], env=self.environment, check=True,
                              stdout=subprocess.PIPE).stdout
        done = subprocess.run(['convert', 'xwd:-', '-depth', '8', 'rgb:-'], input=dump, check=True,
                              stdout=subprocess.PIPE)
        subprocess.run(['convert', 'xwd:-', path], input=dump, check=True)
        return done.stdout

    def settled(self, good, path, seconds=20):
        """Whether a picture is good, in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if good(self.picture(path)):
                return True
            time.sleep(0.3)
        return False


def children(pid):
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            text = path.read_text(encoding='ascii', errors='replace')
        except OSError:  # it has ended meanwhile
            continue
        if text.rpartition(')')[2].split()[1] == str(pid):
            found.append(int(path.parent.name))
    return found


def drawer(session):
    """Who draws: the grandchild of which there is one."""
    return next((child for helper in children(session) for child in children(helper)), 0)


def levels(tile_strength):
    """A tile that no carrier has: easy to tell on the screen."""
    return ''.join(str((x // 7 + y // 7) % (tile_strength + 1)) for y in range(SIDE) for x in range(SIDE))


def spread(pixels):
    return max(pixels) - min(pixels)


def is_marked(pixels):
    """2/255 of an even ground are taken and 0 to 2 added: three levels."""
    return spread(pixels) == 2 and len(set(pixels)) == 3


def is_plain(pixels):
    return spread(pixels) == 0


def has_text(pixels):
    return spread(pixels) > 20


def points_at(desk):
    """The window that gets clicks in the middle of the screen."""
    connection = xlib.Display(desk.display)
    root = connection.screen().root
    root.warp_pointer(WIDTH // 2, HEIGHT // 2)
    connection.sync()
    child = root.query_pointer().child
    connection.close()
    return child and child.id


def blended(desk, engine, work):
    desk.job('compositor', ['xcompmgr', '-n'])
    engine.answer = {'wanted': True, 'text': '', 'blind': True, 'tile': levels(2), 'strength': 2, 'minute': 5}
    check('a mark is shown, and told', engine.wait_for(BLIND), engine.states[-3:])
    check('it is on the screen, two levels deep', desk.settled(is_marked, f'{work}/mark.png'))
    engine.answer = {'wanted': True, 'text': '{name} {account} 机密 سري 🔒 {time}', 'opacity': 12, 'angle': -25}
    check('a text is shown, and told', engine.wait_for(TEXT), engine.states[-3:])
    check('it is on the screen', desk.settled(has_text, f'{work}/text.png'))


def stays(desk, engine, work, session):
    first = drawer(session.pid)
    check('somebody draws', first)
    if not first:  # kill(2) has a meaning for 0
        return
    os.kill(first, signal.SIGKILL)
    engine.states.clear()
    check('killed, it is started again', engine.wait_for(TEXT), engine.states[-3:])
    check('by another process', drawer(session.pid) not in (0, first))
    check('and is on the screen again', desk.settled(has_text, f'{work}/again.png'))
    desk.job('above', ['xclock', '-geometry', f'{WIDTH}x{HEIGHT}+0+0'])
    time.sleep(1)
    tree = subprocess.run(['xwininfo', '-root', '-tree'], env=desk.environment, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    rows = [line for line in tree.splitlines() if f'{WIDTH}x{HEIGHT}+0+0' in line]
    check('a window that comes later is below it', len(rows) >= 2 and 'holdfast' in rows[0], tree)
    check('the pointer is in what lies below', points_at(desk) == next(
        (int(line.split()[0], 16) for line in rows if 'xclock' in line), 0), rows)
    desk.end('above')


def shaped(desk, engine, work):
    desk.end('compositor')
    engine.answer = {'wanted': True, 'text': 'NOBODY BLENDS', 'opacity': 12, 'angle': -25, 'blind': True,
                     'tile': levels(2), 'strength': 2, 'minute': 6}
    check('without a compositing manager the text alone is there, and told', engine.wait_for(TEXT | SHAPED),
          engine.states[-3:])
    check('on the screen', desk.settled(has_text, f'{work}/shaped.png'))
    pixels = desk.picture(f'{work}/shaped.png')
    check('and not all over it', pixels.count(255) > len(pixels) / 2)
    desk.job('compositor', ['xcompmgr', '-n'])
    check('when one comes there is the mark as well', engine.wait_for(TEXT | BLIND), engine.states[-3:])


def main():
    if not all(shutil.which(word) for word in ('Xvfb', 'xcompmgr', 'convert', 'xwd', 'xclock')):
        print('skipped: Xvfb, xcompmgr, convert, xwd, xclock is missing')
        return 0
    with tempfile.TemporaryDirectory() as directory:
        work = sys.argv[1] if len(sys.argv) > 1 else directory
        engine, desk = Engine(directory), Desk(directory)
        session = desk.job('session', ['build/holdfast-session', '--runtime-dir', directory])
        try:
            check('control: nothing is wanted, nothing is shown', engine.wait_for(0) and
                  desk.settled(is_plain, f'{work}/plain.png'))
            blended(desk, engine, work)
            stays(desk, engine, work, session)
            shaped(desk, engine, work)
            engine.answer = {'wanted': False}
            check('no longer wanted, it goes', engine.wait_for(0) and desk.settled(is_plain, f'{work}/gone.png'))
        finally:
            desk.close()
            if '-v' in sys.argv:
                print(pathlib.Path(directory, 'session.log').read_text(encoding='utf-8'))
    return summary()


if __name__ == '__main__':
    sys.exit(main())
