# Owns: a listener on the wire. Writes every frame that an interface receives to a file.
# usage: sniff.py INTERFACE FILE
import socket
import sys

ETH_P_ALL = 3
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
wire.bind((sys.argv[1], 0))
with open(sys.argv[2], "wb", buffering=0) as file:
    while True:
        file.write(wire.recv(65536))
