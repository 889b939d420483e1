"""A client of the raw link as it is in the field: JPEGs one behind the other, and texts shown."""

import socket

from camloop_process import PATIENCE_S


class RawClient:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def texts(self, expected):
        """All that came, once `expected` is in it."""
        got = b""
        while expected.encode() not in got:
            piece = self.socket.recv(1024)
            assert piece, got
            got += piece
        return got.decode()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
