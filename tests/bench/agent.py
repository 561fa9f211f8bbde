#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the reporting half of the agent, keyring and uplink, takes of memory and time while nothing
happens: enrolled, trusted, its request for a policy held by a console.

usage: agent.py [SECONDS]   60

The other half needs the kernel's part and so a machine of its own; it is not measured here."""
import os
import sys
import tempfile
import time

from console_lib import BUILD, Console, cpu_seconds, memory_kib
from reporters import Reporters, wait_until


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    console = Console()
    agent = None
    place = tempfile.TemporaryDirectory(dir=BUILD, prefix='bench-agent-')
    os.chmod(place.name, 0o755)
    try:
        console.start()
        agent = Reporters(place.name, console.url, console.ca,
                          console.token('--approve', '--uses', '1')['token'])
        agent.start()
        if not wait_until(lambda: agent.status().get('standing') == 'trusted'):
            raise RuntimeError(f'it does not become trusted: {agent.errors()}')
        time.sleep(5)
        pids = [process.pid for process in agent.processes]
        before = cpu_seconds(*pids)
        time.sleep(seconds)
        spent = cpu_seconds(*pids) - before
        memory = [memory_kib(pid) for pid in pids]
        print(f'keyring and uplink, idle for {seconds} s: RSS '
              f'{" + ".join(f"{rss / 1024:.1f}" for rss, _ in memory)} MiB, PSS '
              f'{" + ".join(f"{pss / 1024:.1f}" for _, pss in memory)} MiB '
              f'(wanted of all five: 20), CPU {spent / seconds * 100:.2f} % (0.1)')
    finally:
        if agent:
            agent.stop()
        console.close()
        place.cleanup()
    return 0


if __name__ == '__main__':
    sys.exit(main())
