"""Becomes a program in network and mount namespaces of its own, where the name server takes every
question and answers none: unshare -mn python3 silent_resolver.py PROGRAM..."""

import os
import socket
import subprocess
import sys
import tempfile

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
server.set_inheritable(True)
with tempfile.NamedTemporaryFile("w") as conf:
    conf.write("nameserver 127.0.0.1\n")
    conf.flush()
    subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
os.execv(sys.argv[1], sys.argv[1:])
