"""A receiver of the stamped channel as they are in the field: plain sockets, one sender at a time,
and the lag judged by the wall clock."""

import socket
import threading
import time

from thread_server import ThreadServer

FIELD = 32
LAG_MAX_S = 0.080


class StampedReceiver(ThreadServer):
    """`behave(connection)` may take the place of its ways; what has behaved so is kept open and
    silent."""

    def __init__(self, port=0, behave=None, receive_buffer=None):
        self.frames = []  # accepted
        self.lags_s = []
        self.dropped = 0
        self.connections = 0
        self.behave = behave
        self.closing = threading.Event()
        super().__init__(port, receive_buffer)

    def handle(self, connection):
        self.connections += 1
        (self.behave or self.receive)(connection)
        self.closing.wait()

    def receive(self, connection):
        while True:
            self.judge(connection, *take_round(connection))

    def judge(self, connection, body, stamp):
        lag_s = time.time() - float(stamp)
        if lag_s > LAG_MAX_S:
            self.dropped += 1
            connection.send(b"0")
            return
        self.lags_s.append(lag_s)
        self.frames.append(body)
        connection.send(b"1")
        connection.send("received and not delay".ljust(1024).encode())

    def close(self):
        self.closing.set()
        super().close()


def take_round(connection):
    """Sends a stamp and waits for what answers it: body and echoed stamp."""
    stamp = str(time.time()).ljust(FIELD).encode()
    connection.send(stamp)
    length = int(take(connection, FIELD))
    body = take(connection, length)
    echo = take(connection, FIELD)
    assert echo == stamp
    return body, echo


def take(connection, size):
    data = connection.recv(size, socket.MSG_WAITALL)
    if len(data) < size:
        raise EOFError
    return data
