# SPDX-License-Identifier: Apache-2.0
"""holdfast-browser as it is started, this test being the engine: what it writes, keeps, puts right and puts back.
Then what real browsers make of it: Chromium and Firefox ask a server of the test, which they take for Google's, with the
header by which Google knows whose accounts may sign in."""
import http.server
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

from lib import ROOT, check, run, skip, status_of, summary
from verify_world import frame, packed

CHROMIUM, CHROME, FIREFOX = 1, 2, 4
WANT, STATE, DRIFT = 1, 10, 11
CHANGED, REMOVED, OVERRIDDEN = 1, 2, 3
FILES = {CHROMIUM: "etc/chromium/policies/managed/holdfast.json",
         CHROME: "etc/opt/chrome/policies/managed/holdfast.json",
         FIREFOX: "etc/firefox/policies/policies.json"}
DOMAINS = ["acme.example", "mail.acme.example"]
HEADER = ",".join(DOMAINS)
BROWSER_SECONDS = 90


class World:
    """A root directory of its own, and holdfast-browser in it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="holdfast-browser-")
        os.makedirs(self.path("etc"))
        os.makedirs(self.path("state"), 0o700)
        self.process = self.socket = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def words(self, *more):
        return [f"{ROOT}/build/holdfast-browser", "--root", self.directory, *more, self.path("state")]

    def start(self):
        self.socket, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(5)
        # As descriptor 3: what is passed on keeps its number.
        self.process = subprocess.Popen(["sh", "-c", f'exec "$@" 3<&{its.fileno()}', "sh", *self.words()],
                                        pass_fds=(its.fileno(),))
        its.close()

    def stop(self):
        self.socket.close()
        return self.process.wait(10)

    def want(self, browsers, domains):
        payload = struct.pack("<BB", browsers, len(domains)) + b"".join(packed(name) for name in domains)
        self.socket.send(frame(WANT, payload))

    def told(self):
        """(in place, overridden, errors) of a state, (kind, browser, path) of drift; None: nothing."""
        try:
            message = self.socket.recv(4096)
        except TimeoutError:
            return None
        if not message:
            return None
        kind, payload = struct.unpack_from("<H", message, 2)[0], message[8:]
        if kind == STATE:
            return payload[0], payload[1], struct.unpack_from("<3i", payload, 2)
        return payload[0], 1 << payload[1], payload[4:].decode()

    def says(self, browser):
        text = self.read(FILES[browser])
        settings = json.loads(text) if text else {}
        return settings.get("policies", {}) if browser == FIREFOX else settings


def try_writing(world):
    world.start()
    world.want(CHROMIUM | CHROME | FIREFOX, DOMAINS)
    check("all three are in place", world.told() == (7, 0, (0, 0, 0)))
    for browser in (CHROMIUM, CHROME):
        check(f"Chromium's settings are in {FILES[browser]}",
              world.says(browser) == {"AllowedDomainsForApps": HEADER, "RestrictSigninToPattern":
                                      r".*@(acme\.example|mail\.acme\.example)"}, world.says(browser))
        check("everybody can read them", os.stat(world.path(FILES[browser])).st_mode & 0o777 == 0o644)
    pid = world.process.pid
    check("it is root without capabilities, behind a filter",
          status_of(pid, "CapEff") == ["0000000000000000"] and status_of(pid, "CapBnd") == ["0000000000000000"] and
          status_of(pid, "Seccomp") == ["2"] and status_of(pid, "NoNewPrivs") == ["1"])


def put_right(world, what, browser, kind, act):
    begun = time.monotonic()
    act()
    told = world.told()
    seconds = time.monotonic() - begun
    check(f"{what}: told", told == (kind, browser, world.path(FILES[browser])), told)
    check(f"{what}: put right ({seconds:.2f} s), and so said", world.told() == (7, 0, (0, 0, 0)) and
          world.says(browser).get("AllowedDomainsForApps") == HEADER and seconds < 5)


def try_drift(world):
    put_right(world, "Chromium's file removed", CHROMIUM, REMOVED,
              lambda: os.remove(world.path(FILES[CHROMIUM])))
    put_right(world, "Chrome's file changed", CHROME, CHANGED, lambda: world.write(FILES[CHROME], "{}"))
    put_right(world, "another file in place of it", CHROMIUM, CHANGED, lambda: (
        world.write("etc/evil", '{"AllowedDomainsForApps": "evil.example"}'),
        os.rename(world.path("etc/evil"), world.path(FILES[CHROMIUM]))))
    put_right(world, "a link in place of it", CHROMIUM, CHANGED, lambda: (
        os.remove(world.path(FILES[CHROMIUM])), os.symlink(world.path("etc/evil2"), world.path(FILES[CHROMIUM])))
        if not world.write("etc/evil2", "{}") else None)
    check("and not what the link leads to", world.read("etc/evil2") == "{}")
    put_right(world, "Firefox's settings taken out", FIREFOX, CHANGED,
              lambda: world.write(FILES[FIREFOX], '{"policies": {}}'))
    put_right(world, "Firefox's file spoiled", FIREFOX, CHANGED, lambda: world.write(FILES[FIREFOX], '{"poli'))
    # Nobody watches the directories above: by the clock.
    os.rename(world.path("etc/chromium"), world.path("etc/chromium.away"))
    world.socket.settimeout(15)
    check("the directory moved away: made again", world.told() == (REMOVED, CHROMIUM, world.path(FILES[CHROMIUM])) and
          world.told() == (7, 0, (0, 0, 0)) and world.says(CHROMIUM)["AllowedDomainsForApps"] == HEADER)
    world.socket.settimeout(5)


def try_rival(world):
    earlier = os.path.dirname(FILES[CHROMIUM]) + "/a.json"
    later = os.path.dirname(FILES[CHROMIUM]) + "/z.json"
    world.write(earlier, '{"AllowedDomainsForApps": "evil.example"}')
    world.write(later, '{"HomepageLocation": "https://acme.example"}')
    world.socket.settimeout(2)
    check("control: a file that comes earlier, and one of other settings, are nobody's business", world.told() is None)
    world.socket.settimeout(5)
    world.write(later, '{"AllowedDomainsForApps": "evil.example"}')
    check("a file that comes later is told", world.told() == (OVERRIDDEN, CHROMIUM, world.path(later)))
    check("and is in the state", world.told() == (7, CHROMIUM, (0, 0, 0)))
    check("it is its administrator's, and stays", "evil" in world.read(later))
    os.remove(world.path(later))
    check("gone: in the state too", world.told() == (7, 0, (0, 0, 0)))


def try_administrator(world):
    settings = {"policies": {**world.says(FIREFOX), "DisableTelemetry": True}}
    world.write(FILES[FIREFOX], json.dumps(settings))
    check("an administrator's own setting is no drift", world.told() == (7, 0, (0, 0, 0)))
    check("and stays", world.says(FIREFOX).get("DisableTelemetry") is True)
    world.want(CHROMIUM | FIREFOX, ["acme.example"])
    check("another policy: two browsers, one domain", world.told() == (5, 0, (0, 0, 0)) and
          world.says(CHROMIUM)["AllowedDomainsForApps"] == "acme.example")
    check("the third's file is gone", world.read(FILES[CHROME]) is None)
    world.process.kill()
    world.process.wait()
    os.remove(world.path(FILES[CHROMIUM]))
    world.start()
    world.want(CHROMIUM | FIREFOX, ["acme.example"])
    check("what is removed while it is dead is told when it is back",
          world.told() == (REMOVED, CHROMIUM, world.path(FILES[CHROMIUM])) and world.told() == (5, 0, (0, 0, 0)))
    world.want(0, [])
    check("no such section any more: all is put back", world.told() == (0, 0, (0, 0, 0)) and
          world.read(FILES[CHROMIUM]) is None)
    check("the administrator's setting is left, and nothing of ours", world.says(FIREFOX) == {"DisableTelemetry": True})
    check("nothing is kept of it", os.listdir(world.path("state")) == [])
    check("the engine gone: it ends", world.stop() == 0)


def try_removal(world):
    """As the package does it, without an engine."""
    before = '{ "policies":{"DisableTelemetry":true} }\n'
    world.write(FILES[FIREFOX], before)
    world.start()
    world.want(CHROMIUM | FIREFOX, DOMAINS)
    check("Firefox's file was there before", world.told() == (5, 0, (0, 0, 0)) and
          world.says(FIREFOX)["AllowedDomainsForApps"] == HEADER)
    world.stop()
    done = run(*world.words("--remove"))
    check("--remove puts it back byte by byte", done.returncode == 0 and world.read(FILES[FIREFOX]) == before, done.stderr)
    check("and takes Chromium's away", world.read(FILES[CHROMIUM]) is None)
    check("a second time is nothing", run(*world.words("--remove")).returncode == 0 and
          world.read(FILES[FIREFOX]) == before)


def try_nonsense(world):
    for what, payload in {"no domain": struct.pack("<BB", 1, 0), "a browser that is none": struct.pack("<BB", 8, 1) + packed("a.b"),
                          "a domain that is a pattern": struct.pack("<BB", 1, 1) + packed("a.b|.*"),
                          "a domain with a quote": struct.pack("<BB", 1, 1) + packed('a.b"'),
                          "more than it says": struct.pack("<BB", 1, 1) + packed("a.b") + b"x"}.items():
        world.start()
        world.socket.send(frame(WANT, payload))
        check(f"{what}: it stops", world.process.wait(10) != 0 and world.read(FILES[CHROMIUM]) is None)
        world.socket.close()
    world.start()
    world.want(1, ["a.b"])
    check("control: a good wish", world.told() == (1, 0, (0, 0, 0)))
    world.want(0, [])
    world.told()
    world.stop()


class Google:
    """A server that browsers take for www.google.com, and what they said to it."""

    def __init__(self, directory):
        self.directory, self.seen = directory, []
        self.certificates()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.headers.get("Host") == "www.google.com" and self.path == "/":
                    owner.seen.append(self.headers.get("X-GoogApps-Allowed-Domains"))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<p>here</p>")

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{directory}/leaf.pem", f"{directory}/leaf.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # who does not trust the certificate
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem",
                "-subj", "/CN=Test")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=www.google.com")
        with open(f"{self.directory}/extensions", "w", encoding="utf-8") as out:
            out.write("subjectAltName=DNS:www.google.com\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "extensions", "-out", "leaf.pem")

    def asked_by(self, etc, words):
        """The headers of a browser that has etc laid over /etc; in a mount namespace of its own."""
        self.seen.clear()
        home = tempfile.mkdtemp(prefix="home-", dir=self.directory)
        script = 'mount -t overlay overlay -o "lowerdir=$1:/etc" /etc && shift && exec timeout -k 5 "$@"'
        with open(f"{self.directory}/log", "ab") as log:
            subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", etc, str(BROWSER_SECONDS),
                            *(word.replace("HOME", home) for word in words)],
                           env={**os.environ, "HOME": home}, stdout=log, stderr=log)
        return list(self.seen)


def chromium_words(google):
    return ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=HOME/profile",
            f"--host-resolver-rules=MAP * 127.0.0.1:{google.port}", "--ignore-certificate-errors", "--timeout=10000",
            "--dump-dom", "https://www.google.com/"]


def firefox_words(google):
    prefs = (f'user_pref("network.dns.forceResolve", "127.0.0.1");'
             f'user_pref("network.socket.forcePort", "443={google.port}");')
    return ["sh", "-c", f"mkdir HOME/profile && echo '{prefs}' >HOME/profile/user.js && exec firefox-esr --headless "
            "--profile HOME/profile --screenshot HOME/shot.png https://www.google.com/"]


def try_browser(world, google, name, browser, words, spoil):
    etc = world.path("etc")
    asked = google.asked_by(etc, words)
    check(f"{name}, control: nothing is said without our file", asked and set(asked) == {None}, asked)
    world.want(browser, DOMAINS)
    world.told()
    asked = google.asked_by(etc, words)
    check(f"{name} says whose accounts may sign in", asked and set(asked) == {HEADER}, asked)
    spoil()
    world.told(), world.told()
    asked = google.asked_by(etc, words)
    check(f"{name} says so after somebody changed the file", asked and set(asked) == {HEADER}, asked)
    world.want(0, [])
    world.told()
    asked = google.asked_by(etc, words)
    check(f"{name} says nothing when it is put back", asked and set(asked) == {None}, asked)


def try_browsers(world):
    google = Google(world.directory)
    world.start()
    if shutil.which("chromium"):
        try_browser(world, google, "Chromium", CHROMIUM, chromium_words(google),
                    lambda: world.write(FILES[CHROMIUM], '{"AllowedDomainsForApps": "evil.example"}'))
    else:
        skip("Chromium", "package chromium")
    if shutil.which("firefox-esr"):
        # The administrator's own setting: without it Firefox would not speak to the server at all.
        world.write(FILES[FIREFOX], json.dumps({"policies": {"Certificates": {"Install": [world.path("ca.pem")]}}}))
        try_browser(world, google, "Firefox", FIREFOX, firefox_words(google), lambda: world.write(
            FILES[FIREFOX], json.dumps({"policies": {"Certificates": {"Install": [world.path("ca.pem")]}}})))
    else:
        skip("Firefox", "package firefox-esr")
    world.stop()
    google.server.shutdown()


def main():
    if os.geteuid() != 0:
        skip("holdfast-browser", "root, as whom it writes below /etc")
        return summary()
    for parts in ((try_writing, try_drift, try_rival, try_administrator), (try_removal,), (try_nonsense,),
                  (try_browsers,)):
        world = World()
        try:
            for part in parts:
                part(world)
        finally:
            if world.process and world.process.poll() is None:
                world.process.kill()
            shutil.rmtree(world.directory)
    return summary()


if __name__ == "__main__":
    raise SystemExit(main())
