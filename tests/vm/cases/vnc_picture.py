# Owns: as little of a VNC viewer (RFC 6143) as gets one picture: connects to PORT of this machine, without a
# password, asks for the whole screen once, raw, and leaves it in FILE as a PPM.
# Usage: vnc_picture.py PORT FILE
import socket
import struct
import sys
import time


def connect(port):
    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            time.sleep(0.1)
    sys.exit("nobody listens")


viewer = connect(int(sys.argv[1]))


def read(size):
    data = b""
    while len(data) < size:
        piece = viewer.recv(size - len(data))
        if not piece:
            sys.exit("the server ended")
        data += piece
    return data


read(12)
viewer.sendall(b"RFB 003.008\n")
assert 1 in read(read(1)[0]), "it asks for a password"
viewer.sendall(b"\x01")
assert struct.unpack(">I", read(4))[0] == 0
viewer.sendall(b"\x01")
width, height = struct.unpack(">HH", read(4))
read(16)
read(struct.unpack(">I", read(4))[0])
# SetPixelFormat: 32 bits, little-endian, true colour; SetEncodings: raw.
viewer.sendall(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
viewer.sendall(struct.pack(">BxHi", 2, 1, 0))
viewer.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
screen = bytearray(width * height * 3)
left = width * height
while left > 0:
    kind = read(1)[0]
    assert kind == 0, kind
    for _ in range(struct.unpack(">xH", read(3))[0]):
        x, y, w, h, encoding = struct.unpack(">HHHHi", read(12))
        assert encoding == 0, encoding
        pixels = read(w * h * 4)
        for row in range(h):
            line = pixels[row * w * 4:(row + 1) * w * 4]
            at = ((y + row) * width + x) * 3
            rgb = bytearray(w * 3)
            rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
            screen[at:at + w * 3] = rgb
        left -= w * h
with open(sys.argv[2], "wb") as file:
    file.write(b"P6 %d %d 255\n" % (width, height) + screen)
