# SPDX-License-Identifier: Apache-2.0
"""A machine's TPM, simulated by swtpm: state in a directory, so that it is the same one again."""
import os
import shutil
import socket
import subprocess
import time


def has_swtpm():
    return shutil.which('swtpm') is not None


class Tpm:
    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, 'socket')
        self.process = None
        os.makedirs(directory, exist_ok=True)

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen(
            ['swtpm', 'socket', '--tpm2', '--tpmstate', 'dir=' + self.directory, '--server',
             'type=unixio,path=' + self.path, '--flags', 'not-need-init,startup-clear'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def cycle(self):
        """Power off and on: what lay in it for the moment is gone, its seeds are not."""
        self.stop()
        self.start()

    def connect(self):
        """Raw commands, as /dev/tpmrm0 takes them."""
        end = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                end.connect(self.path)
                return end
            except OSError:
                time.sleep(0.05)
        raise RuntimeError('swtpm does not answer')
