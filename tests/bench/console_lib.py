# SPDX-License-Identifier: Apache-2.0
"""What measurements of the console share: a real one, a fleet of devices, and what processes cost."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, 'build')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

# pylint: disable=wrong-import-position
import whole_console  # noqa: E402

TICKS = os.sysconf('SC_CLK_TCK')


def cpu_seconds(*pids):
    """User and system, of all threads."""
    spent = 0
    for pid in pids:
        with open(f'/proc/{pid}/stat', encoding='ascii') as stat:
            fields = stat.read().rpartition(')')[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


def memory_kib(pid):
    """Resident and proportional."""
    found = {}
    with open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as rollup:
        for line in rollup:
            word, _, rest = line.partition(':')
            if word in ('Rss', 'Pss'):
                found[word] = int(rest.split()[0])
    return found['Rss'], found['Pss']


def show_times(what, times):
    times.sort()
    print(f'{what}: p50 {times[len(times) // 2] * 1000:.1f} ms, '
          f'p99 {times[len(times) * 99 // 100] * 1000:.1f} ms, {len(times)} times')


def show_rate(what, count, seconds):
    print(f'{what}: {count / seconds:.0f} for a second of CPU')


class Console(whole_console.Console):
    """One in a directory of its own, below the build, so that its disk is a real one."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(dir=BUILD, prefix='bench-console-')
        super().__init__(self.place.name)

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop()
        self.place.cleanup()

    def cpu(self):
        """Of the frontend and the store, which do all the work on events."""
        children = self.children()
        return cpu_seconds(children['frontend']), cpu_seconds(children['store'])

    def events(self):
        return json.loads(self.verb('status', '--json'))['events']


class Fleet:
    def __init__(self, console):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, 'bench', 'fleet'), f'127.0.0.1:{console.port}', console.ca],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, *words):
        self.process.stdin.write(' '.join(str(word) for word in words) + '\n')
        self.process.stdin.flush()

    def end(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('the fleet is gone')
        return json.loads(line)

    def do(self, *words):
        self.begin(*words)
        return self.end()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
