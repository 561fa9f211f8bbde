#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Networks that do their work badly, between the real uplink and the real console: each event is stored once all the
same, and the device says what is wrong. A cut at every kind of place, truncation, changed bytes, slowness, ends that
vanish without a word, proxies that refuse or lie, and, as root, 30 % of all packets lost.

usage: network.py [ROUNDS [SEED [CASE...]]]: 1: some of the cuts, N: so many times all of them"""
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from account import check_all_stored, is_delivered
from lib import check, free_port, skip, summary
from relay import DOWN, PLACES, UP, Cut, Proxy, Relay, Silent, Slow
from reporters import Reporters, wait_until
from whole_console import Console

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1
SEED = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else random.randrange(1 << 30)
RECORDS = range(8)       # of TLS, in each direction: handshake, first request, the next one
CUTTERS = 4              # devices whose connections are cut
CUTS = 25                # of each, unless all are wanted
SILENCE = 60             # seconds after which uplink takes a peer for gone (agent/uplink/setup.c)
POLICY_SILENCE = 90      # and while it waits for a policy
LOSS = 0.3


class Site:
    """A console, and devices that reach it by ways of their own."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(os.path.join(directory, 'console'))
        self.console = Console(os.path.join(directory, 'console'))
        self.console.start()
        self.agents = []

    def agent(self, name, url, proxy=None, environment=None):
        """Started, not necessarily enrolled."""
        directory = os.path.join(self.directory, name)
        os.makedirs(directory)
        token = self.console.token('--approve', '--uses', '1')['token']
        agent = Reporters(directory, url, self.console.ca, token, name, environment=environment)
        if proxy:
            agent.more = ['proxy = ' + proxy]
            agent.configure(url, self.console.ca, token, name)
        agent.start()
        self.agents.append(agent)
        return agent

    def is_trusted(self, agent, seconds=30):
        return wait_until(lambda: agent.status().get('standing') == 'trusted', seconds)

    def trusted(self, name, url, seconds=30, **more):
        agent = self.agent(name, url, **more)
        check(f'{name}: enrols', self.is_trusted(agent, seconds), f'{agent.status()} {agent.errors()}')
        return agent

    def stored(self, name, agent, seconds=120):
        check_all_stored(name, self.console, agent, agent.status().get('device', ''), seconds)

    def stop(self):
        for agent in self.agents:
            agent.stop()
        self.console.stop()


def all_cuts():
    """Each place of each record in both directions, as a reset and politely; and with a byte changed."""
    plans = [(direction, record, place, how) for direction in (UP, DOWN) for record in RECORDS
             for place in PLACES for how in ('reset', 'close')]
    return plans + [(direction, record, 'middle', 'flip') for direction in (UP, DOWN)
                    for record in RECORDS]


def cuts_of_one(site, name, plans, chance):
    relay = Relay(site.console.port, ports=6)  # a device tries the next console at once
    agent = site.trusted(name, relay.urls())
    made = [Cut(*plan) for plan in plans]
    relay.plans.extend(made)
    relay.drop_all()
    end = time.monotonic() + 60 + 3 * len(plans)
    while relay.plans and time.monotonic() < end:
        agent.log.append(chance.randrange(1, 4), severity=4)  # which is delivered at once
        agent.log.append(chance.randrange(1, 20))
        time.sleep(0.1)
        if chance.random() < 0.02:  # those whose place was not reached
            relay.drop_all()
    left = len(relay.plans)
    done = sum(plan.is_done for plan in made)
    relay.plans.clear()
    relay.drop_all()
    check(f'{name}: {done} of {len(plans)} connections cut where they should be, none left out',
          done > len(plans) / 2 and not left, f'{left} left')
    site.stored(name, agent)
    relay.stop()


def cuts(site):
    chance = random.Random(SEED)
    plans = all_cuts() * ROUNDS
    chance.shuffle(plans)
    share = len(plans) // CUTTERS if ROUNDS > 1 else CUTS
    in_parallel(site, [functools.partial(cuts_of_one, name=f'cuts {i}', chance=random.Random(SEED + i),
                                         plans=plans[i * share:(i + 1) * share])
                       for i in range(CUTTERS)])


def vanished(site):
    """The peer is there and says nothing any more: no FIN, no RST, as when a cable is pulled."""
    relay = Relay(site.console.port)
    agent = site.trusted('vanished', relay.urls())
    agent.log.append(10)
    is_delivered(agent)
    relay.plans.append(Silent())  # nor is the next handshake answered
    begun = time.monotonic()
    plans = relay.fall_silent()
    agent.log.append(20)
    is_late = is_delivered(agent, 2 * POLICY_SILENCE + 60)
    took = time.monotonic() - begun
    check('vanished: nothing comes while nobody answers, then all', is_late and took > SILENCE / 2,
          f'{took:.0f} s, {agent.status()}')
    print(f'       events passed {took:.0f} s after the cable was pulled', flush=True)
    check(f'vanished: all {len(plans)} connections of then are given up', plans and wait_until(
        lambda: all(plan.has_left for plan in plans), POLICY_SILENCE + 30),
        [plan.has_left for plan in plans])
    site.stored('vanished', agent)
    relay.stop()


def slow(site):
    relay = Relay(site.console.port, usual=lambda: Slow(700, 0.02))  # 35 kB/s, 20 ms
    agent = site.trusted('slow', relay.urls())
    for _ in range(20):
        agent.log.append(100)
        time.sleep(0.2)
    site.stored('slow', agent)
    relay.stop()


def says(site, agent, proxy, name, answer, words):
    """With a proxy that answers so nothing is delivered, and the status says why."""
    proxy.answer = answer
    proxy.drop_all()
    asked = len(proxy.asked)
    before = agent.log.sequence
    agent.log.append(25)
    told = wait_until(lambda: words in agent.status().get('trouble', ''), 40)
    check(f'{name}: the status says so', told, agent.status())
    status = agent.status()
    check(f'{name}: events wait, trusted as before', status.get('acknowledged', 0) <= before and
          status.get('standing') == 'trusted', status)
    check(f'{name}: it was asked', len(proxy.asked) > asked)


def liars(site):
    """A proxy that wants a password, is broken, or is a captive portal's."""
    page = b'<html><title>Hotel</title>Accept our terms</html>'
    portal = (b'HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\n'
              b'Content-Type: text/html\r\nContent-Length: %d\r\n\r\n%s' % (len(page), page))
    proxy = Proxy()
    agent = site.trusted('liars', site.console.url, proxy=proxy.url())
    check('liars: the proxy of the configuration is used', proxy.asked, agent.status())
    agent.log.append(10)
    is_delivered(agent)
    for name, answer, words in (
            ('a proxy that wants a password', b'HTTP/1.1 407 Proxy Authentication Required\r\n'
             b'Proxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n', '407'),
            ('a proxy without a way', b'HTTP/1.1 503 Service Unavailable\r\n'
             b'Content-Length: 0\r\n\r\n', '503'),
            ('a captive portal', portal, '302'),
            ('a page in place of an answer', b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n'
             b'Content-Length: %d\r\n\r\n%s' % (len(page), page), 'SSL')):
        says(site, agent, proxy, name, answer, words)
    proxy.answer = b''
    site.stored('liars: once the way is free', agent, 180)
    proxy.stop()


def impostor(site):
    """Somebody else answers in the console's place, as a portal does that ends TLS itself."""
    other = os.path.join(site.directory, 'other')
    os.makedirs(other)
    foreign = Console(other)
    foreign.start()
    relay = Relay(site.console.port)
    agent = site.trusted('impostor', relay.urls())
    agent.log.append(10)
    is_delivered(agent)
    relay.port = foreign.port
    relay.drop_all()
    agent.log.append(10)
    check('impostor: another authority\'s certificate is refused, and the status says so',
          wait_until(lambda: 'certificate' in agent.status().get('trouble', ''), 40),
          agent.status())
    check('impostor: it got nothing', not foreign.lines('device', 'list'))
    relay.port = site.console.port
    site.stored('impostor: gone', agent, 180)
    foreign.stop()
    relay.stop()


def tinyproxy(site):
    """A proxy as it is in Debian, by the environment as usual."""
    if not shutil.which('tinyproxy'):
        skip('a real proxy', 'tinyproxy-bin is not installed')
        return
    port = free_port()
    config = os.path.join(site.directory, 'tinyproxy.conf')
    log = os.path.join(site.directory, 'tinyproxy.log')
    with open(config, 'w', encoding='ascii') as file:
        file.write(f'Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\nLogFile "{log}"\n'
                   f'LogLevel Connect\nConnectPort {site.console.port}\nAllow 127.0.0.1\n')

    def start():
        return subprocess.Popen(['tinyproxy', '-d', '-c', config], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    process = start()
    time.sleep(0.5)
    agent = site.trusted('tinyproxy', site.console.url, environment={
        'https_proxy': f'http://127.0.0.1:{port}', 'no_proxy': '', 'NO_PROXY': ''})
    agent.log.append(300)
    is_delivered(agent)
    process.send_signal(signal.SIGKILL)
    process.wait()
    agent.log.append(300)
    check('tinyproxy: killed, the status says that the proxy is not there',
          wait_until(lambda: 'connect' in agent.status().get('trouble', ''), 30), agent.status())
    process = start()
    site.stored('tinyproxy: started again', agent, 180)
    with open(log, encoding='utf-8', errors='replace') as file:
        check('tinyproxy: it was the way', f'CONNECT localhost:{site.console.port}' in file.read())
    process.terminate()
    process.wait()


def in_parallel(site, cases):
    """Most of them wait most of the time."""
    def guarded(case):
        try:
            case(site)
        except Exception as error:  # pylint: disable=broad-except # a thread's is lost otherwise
            check(f'{case}: goes to its end', False, repr(error))

    threads = [threading.Thread(target=guarded, args=(case,)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lossy(directory):
    """In a network of its own, in which the kernel loses packets."""
    site = Site(directory)
    agent = site.trusted('30 % loss', site.console.url, seconds=240)  # a lost SYN or two, and TCP waits for half of it
    for _ in range(10):
        agent.log.append(200)
        time.sleep(1)
    site.stored('30 % loss', agent, 400)
    site.stop()


def lossy_network(site):
    """This program again, in a namespace whose loopback loses what the kernel's dice say."""
    directory = os.path.join(site.directory, 'lossy')
    os.makedirs(directory)
    rules = ('add table inet loss; add chain inet loss input { type filter hook input priority 0; };'
             f'add rule inet loss input meta random < {int(LOSS * (1 << 32))} counter drop')
    if os.getuid() != 0 or not shutil.which('nft'):
        skip('30 % loss', 'needs root and nft(8)')
        return
    done = subprocess.run(
        ['unshare', '-n', 'sh', '-c',
         f'ip link set lo up && nft \'{rules}\' && "$0" "$1" --lossy "$2"; s=$?;'
         'nft list ruleset | grep counter; exit $s', sys.executable, __file__, directory],
        capture_output=True, text=True, check=False)
    print(done.stdout, end='')
    check('30 % loss: all is well in that network', done.returncode == 0,
          done.stdout[-2000:] + done.stderr[-2000:])


def main():
    if len(sys.argv) == 3 and sys.argv[1] == '--lossy':
        lossy(sys.argv[2])
        return summary()
    print(f'seed {SEED}')
    with tempfile.TemporaryDirectory(prefix='hf-network-') as directory:
        os.chmod(directory, 0o755)
        site = Site(directory)
        cases = [cuts, vanished, slow, liars, impostor, tinyproxy, lossy_network]
        in_parallel(site, [case for case in cases
                           if not sys.argv[3:] or case.__name__ in sys.argv[3:]])
        site.stop()
    return summary()


if __name__ == '__main__':
    sys.exit(main())
