# Owns: a program that is run from memory, without a file.
# usage: memory_copy.py PROGRAM ARGUMENT...
import os
import sys

with open(sys.argv[1], "rb") as program:
    content = program.read()
memory = os.memfd_create("copy")
os.write(memory, content)
os.execve(memory, sys.argv[1:], os.environ)
