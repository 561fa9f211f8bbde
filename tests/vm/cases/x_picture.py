# Owns: as little of an X11 client as captures: connects to a display's SOCKET, asks for the root window's
# picture (GetImage) and leaves what it gets in FILE.
# Usage: x_picture.py SOCKET FILE
import socket
import struct
import sys

GET_IMAGE = 73
Z_PIXMAP = 2

server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])


def read(size):
    data = b""
    while len(data) < size:
        piece = server.recv(size - len(data))
        if not piece:
            sys.exit("the display ended the connection")
        data += piece
    return data


server.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
ok, size = struct.unpack("<BxxxxxH", read(8))
assert ok == 1
setup = read(size * 4)
vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
screen = 32 + (vendor + 3) // 4 * 4 + formats * 8
root, width, height = struct.unpack_from("<I16xHH", setup, screen)
server.sendall(struct.pack("<BBHIhhHHI", GET_IMAGE, Z_PIXMAP, 5, root, 0, 0, width, height, 0xFFFFFFFF))
head = read(32)
assert head[0] == 1, "an error instead of a picture"
with open(sys.argv[2], "wb") as file:
    file.write(read(struct.unpack_from("<I", head, 4)[0] * 4))
