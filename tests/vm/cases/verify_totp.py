#!/usr/bin/python3
"""An authenticator and its owner: enrols, and makes codes.

verify_totp.py enrol PASSWORD FILE   runs holdfast verify enrol totp, keeps the key in FILE
verify_totp.py code FILE             prints the code of now, one that was not printed before
"""
import base64
import hmac
import struct
import subprocess
import sys
import time


def code(secret, step):
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), "sha1").digest()
    at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000)


def enrol(password, path):
    with subprocess.Popen(["holdfast", "verify", "enrol", "totp"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as command:
        print(password, file=command.stdin, flush=True)
        for line in command.stdout:
            print(line, end="", flush=True)
            if line.startswith("or this key: "):
                secret = line.split()[-1]
                step = int(time.time()) // 30
                with open(path, "w") as kept:
                    print(secret, step, file=kept)
                print(code(secret, step), file=command.stdin, flush=True)
    return command.returncode


def fresh_code(path):
    with open(path) as kept:
        secret, last = kept.read().split()
    while int(time.time()) // 30 <= int(last):
        time.sleep(0.2)
    step = int(time.time()) // 30
    with open(path, "w") as kept:
        print(secret, step, file=kept)
    print(code(secret, step))
    return 0


if __name__ == "__main__":
    sys.exit(enrol(*sys.argv[2:]) if sys.argv[1] == "enrol" else fresh_code(sys.argv[2]))
