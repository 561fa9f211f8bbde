#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes what a graphics card puts out, as ffmpeg's kmsgrab does: the buffer of the first display that is on.

usage: drm_picture.py CARD getfb|getfb2 FILE
Structures and numbers: include/uapi/drm/drm_mode.h, drm.h. Root may, without being the display server.
"""
import array
import fcntl
import mmap
import struct
import sys

GETRESOURCES, GETCRTC, GETFB, GETFB2, MAP_DUMB = 0xC04064A0, 0xC06864A1, 0xC01C64AD, 0xC06864CE, 0xC01064B3
SIZE = 8192


def ask(card, number, layout, *values):
    request = bytearray(struct.pack(layout, *values))
    fcntl.ioctl(card, number, request)
    return struct.unpack(layout, request)


def first_shown(card):
    """The number of a buffer that is put out."""
    crtcs = array.array("I", [0] * 8)
    resources = ask(card, GETRESOURCES, "<4Q8I", 0, crtcs.buffer_info()[0], 0, 0, 0, len(crtcs), *[0] * 6)
    for crtc in crtcs[:resources[5]]:
        buffer = ask(card, GETCRTC, "<Q7I68s", 0, 0, crtc, *[0] * 5, bytes(68))[3]
        if buffer:
            return buffer
    raise SystemExit("nothing is put out")


def handle_of(card, buffer, how):
    if how == "getfb":
        return ask(card, GETFB, "<7I", buffer, *[0] * 6)[6]
    return ask(card, GETFB2, "<17I4x4Q", buffer, *[0] * 20)[5]


def main(path, how, picture):
    with open(path, "r+b", buffering=0) as card, open(picture, "wb") as file:
        handle = handle_of(card, first_shown(card), how)
        if not handle:
            raise SystemExit("no handle is told")
        offset = ask(card, MAP_DUMB, "<2IQ", handle, 0, 0)[2]
        with mmap.mmap(card.fileno(), SIZE, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset) as pixels:
            file.write(pixels[:])


main(*sys.argv[1:])
