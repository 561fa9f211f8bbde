#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people are told of their computer, once that it is watched over, and of a wipe: holdfast-session on a real session bus, with a notification server that only prints
(tests/vm/cases/notify_log.py). The engine is played here: it says what follows, as it would to every user."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

from lib import check, summary
from reporters import BUILD, wait_until

ROOT = os.path.dirname(BUILD)
LINE, FOLLOW, USER = 64, 11, 65534
WATCHED = 'Confidential files are protected on this computer'


def event(code, message):
    return {'metadata': {'sequence': 1, 'event_code': code}, 'message': message}


EVENTS = (event('wipe-ordered', 'not for people'), event('wipe-begun', 'is being destroyed'),
          event('wipe-ended', 'This computer was wiped: keys of 1 labels'), event('policy-loaded', 'not for people'))


class Engine:
    """Answers who follows: agent/ipc/request.h, common/answer.h."""

    def __init__(self, directory):
        self.peers = []
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.path.join(directory, 'engine.sock')
        self.server.bind(path)
        os.chmod(path, 0o666)
        self.server.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.server.accept()
            self.peers.append(peer)  # else it ends
            if struct.unpack_from('<HHI', peer.recv(8192))[1] == FOLLOW:
                for one in ({'following': 0}, *EVENTS):
                    text = json.dumps(one).encode()
                    peer.send(struct.pack('<HHIH', 1, LINE, 2 + len(text), len(text)) + text)


def lines_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read().splitlines()


def main():
    work = tempfile.mkdtemp(prefix='holdfast-notices-')
    os.chmod(work, 0o755)
    if os.getuid() == 0:
        os.chown(work, USER, USER)
    bus, printed = os.path.join(work, 'bus'), os.path.join(work, 'printed')
    environment = {**os.environ, 'DBUS_SESSION_BUS_ADDRESS': 'unix:path=' + bus, 'XDG_RUNTIME_DIR': work,
                   'XDG_STATE_HOME': os.path.join(work, 'home', 'state')}
    processes = []

    def start(*words, output=subprocess.DEVNULL):
        who = {'user': USER, 'group': USER, 'extra_groups': []} if os.getuid() == 0 else {}
        processes.append(subprocess.Popen(words, env=environment, stdout=output, stderr=subprocess.DEVNULL, **who))

    Engine(work)
    start('dbus-daemon', '--session', '--address=unix:path=' + bus, '--nofork', '--nopidfile')
    wait_until(lambda: os.path.exists(bus), 10)
    with open(printed, 'w', encoding='utf-8') as output:
        start(os.path.join(ROOT, 'tests/vm/cases/notify_log.py'), output=output)
    start(os.path.join(BUILD, 'holdfast-session'), '--runtime-dir', work)
    wiped = ['This computer is being wiped', 'This computer was wiped']
    check('people are told that their computer is being wiped, and that it was', wait_until(
        lambda: all(line in lines_of(printed) for line in wiped), 30), lines_of(printed))
    check('and, the first time, that it is watched over', wait_until(lambda: WATCHED in lines_of(printed), 10),
          lines_of(printed))
    check('and of nothing else', not wait_until(lambda: len(lines_of(printed)) != 3, 2), lines_of(printed))
    processes[-1].terminate()
    processes.pop().wait()
    start(os.path.join(BUILD, 'holdfast-session'), '--runtime-dir', work)
    check('in the next session: what happens', wait_until(lambda: len(lines_of(printed)) == 5, 30), lines_of(printed))
    check('but that no more', lines_of(printed).count(WATCHED) == 1 and
          not wait_until(lambda: len(lines_of(printed)) != 5, 2), lines_of(printed))
    for process in reversed(processes):
        process.terminate()
        process.wait()
    shutil.rmtree(work)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
