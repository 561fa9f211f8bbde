#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the console's key of marks to a name: a real console gives a real keyring a pen, holdfast-session
writes the mark over an X server's screen, and holdfast-console traces what was captured of it. The engine
is played here, as there is no kernel part; it asks keyring for tiles as the real one does."""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from keyring_peer import Keyring
from lib import check, summary
from overlay import BLIND, Desk
from overlay import Engine as Screens
from reporters import Reporters, wait_until
from whole_console import Console

MARK, PARTS, SIDE, MINUTE_0 = 26, 5, 189, 1767225600
ALICE, BOB = 2001, 2002


def mark_id(uid):
    return b'HFMARK' + struct.pack('<BBII', 0, 0, uid, 0)


def tile(keyring, uid, minute):
    """A digit for each level, or negative errno."""
    digits = ''
    for part in range(PARTS):
        answer = keyring.ask(MARK, struct.pack('<IIBBB', uid, minute - MINUTE_0 // 60, 0, 2, part))
        if isinstance(answer, int):
            return answer
        digits += ''.join(f'{byte >> 4}{byte & 15}' for byte in answer)
    return digits[:SIDE * SIDE]


def trace(console, path):
    done = console.run('trace', '--json', path)
    return (json.loads(done.stdout) if done.returncode == 0 else None), done


def attacks(path, work):
    """What people do to a screenshot before it is found, by name."""
    for name, words in {'jpeg': ['-quality', '50'], 'half': ['-resize', '50%', '-quality', '80'],
                        'cut': ['-crop', '60%x60%+50+40', '+repage'], 'turned': ['-rotate', '2', '-quality', '85'],
                        'grey': ['-colorspace', 'gray', '-quality', '70']}.items():
        copy = f'{work}/{name}.jpg'
        subprocess.run(['convert', path, *words, copy], check=True)
        yield name, copy
    copy = f'{work}/web.webp'
    subprocess.run(['convert', path, '-quality', '70', copy], check=True)
    yield 'webp', copy


def names(console, device, path, work, minute):
    found, done = trace(console, path)
    check('the screenshot names the user, the device and the minute', found and found['uid'] == ALICE and
          found['device'] == device and found['time'] == minute * 60000, (found, done.stderr))
    for name, copy in attacks(path, work):
        found, done = trace(console, copy)
        check(f'as does {name}', found and found['uid'] == ALICE and found['time'] == minute * 60000,
              (found, done.stderr))
    audit = console.verb('audit')
    check('it is in the audit log, and whom it named', 'looked for marks' in audit and
          f'names user {ALICE}' in audit, audit[-800:])


def nobody(console, plain, work):
    found, done = trace(console, plain)
    check('a screen without a mark names nobody, and it is said what was tried', not found and
          done.returncode == 1 and 'no mark is found' in done.stderr, done.stderr)
    broken = f'{work}/broken.png'
    pathlib.Path(broken).write_bytes(pathlib.Path(plain).read_bytes()[:200])
    for path, words in ((broken, 'damaged'), ('/dev/null', 'no file'), (__file__, 'neither PNG')):
        found, done = trace(console, path)
        check(f'refused: {words}', not found and done.returncode == 1 and words in done.stderr, done.stderr)


def captured(desk, screens, digits, minute, work):
    desk.job('compositor', ['xcompmgr', '-n'])
    screens.answer = {'wanted': True, 'text': '', 'blind': True, 'tile': digits, 'strength': 2, 'minute': minute}
    check('the mark is over the screen', screens.wait_for(BLIND), screens.states[-3:])
    time.sleep(1)
    path = f'{work}/shot.png'
    desk.picture(path)
    return path


def forgeries(keyring):
    check('of a user that was not asked for there is no pen', tile(keyring, BOB, int(time.time()) // 60) == -126)
    keyring.want([mark_id(0xffffffff)])
    check("nobody is given the tenant's own", not wait_until(lambda: keyring.has(mark_id(0xffffffff)), 5))


def main():
    if not all(shutil.which(word) for word in ('Xvfb', 'xcompmgr', 'convert', 'xwd')) or os.getuid() != 0:
        print('skipped: Xvfb, xcompmgr, convert or xwd is missing, or this is not root')
        return 0
    work = tempfile.mkdtemp()
    os.chmod(work, 0o755)
    directory = os.path.join(work, 'console')
    os.makedirs(directory)
    console = Console(directory)
    console.start()
    agent = Reporters(os.path.join(work, 'agent'), console.url, console.ca, console.token('--approve')['token'],
                      name='pc-mark')
    agent.is_asked, agent.engine_uid = True, 0
    agent.start()
    keyring = Keyring(agent.part('runtime'))
    check('the agent is trusted', wait_until(lambda: agent.status().get('standing') == 'trusted'), agent.errors())
    keyring.want([mark_id(ALICE)])
    check('without a key of marks there is no pen', not wait_until(lambda: keyring.has(mark_id(ALICE)), 4))
    said = console.verb('key', 'rotate', '@watermark')
    check('an administrator makes one', 'generation 1' in said, said)
    check("control: the user's pen comes", wait_until(lambda: keyring.has(mark_id(ALICE)) == 1, 60),
          keyring.state())
    minute = int(time.time()) // 60
    digits = tile(keyring, ALICE, minute)
    check('keyring draws with it', isinstance(digits, str) and set(digits) == set('012'), digits)
    os.makedirs(f'{work}/desk')
    screens, desk = Screens(f'{work}/desk'), Desk(f'{work}/desk')
    desk.job('session', ['build/holdfast-session', '--runtime-dir', f'{work}/desk'])
    desk.picture(f'{work}/plain.png')
    path = captured(desk, screens, digits, minute, work)
    desk.close()
    device = next(row['uid'] if 'uid' in row else row['device'] for row in console.lines('device', 'list'))
    names(console, device, path, work, minute)
    nobody(console, f'{work}/plain.png', work)
    console.verb('key', 'rotate', '@watermark')
    found, done = trace(console, path)
    check('marks of before are read after a rotation', found and found['generation'] == 1, done.stderr)
    forgeries(keyring)
    agent.stop()
    console.stop()
    shutil.rmtree(work, ignore_errors=True)
    return summary()


if __name__ == '__main__':
    sys.exit(main())
