"""A server of the raw link: notes the JPEGs that come, greets, and sends texts."""

import contextlib
import re
import socket
import threading

JPEG = re.compile(rb"\xff\xd8\xff.*?\xff\xd9(?=\xff\xd8|$)", re.S)


class RawServer:
    """Serves one client at a time in a thread of its own until it is closed. While `paused` is set
    it reads nothing."""

    def __init__(self, port=0, greeting=b"", receive_buffer=None):
        self.frames = []
        self.greeting = greeting
        self.paused = threading.Event()
        self.resumed = threading.Event()
        self.server = socket.create_server(("127.0.0.1", port))
        if receive_buffer:
            self.server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port = self.server.getsockname()[1]
        self.connection = None
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def serve(self):
        while True:
            try:
                self.connection, _ = self.server.accept()
            except OSError:
                return
            with self.connection, contextlib.suppress(OSError):
                self.connection.sendall(self.greeting)
                self.receive()

    def receive(self):
        stream = b""
        while piece := self.connection.recv(10240):
            stream += piece
            for jpeg in JPEG.findall(stream):
                self.frames.append(jpeg)
                stream = stream[stream.index(jpeg) + len(jpeg):]
            if self.paused.is_set():
                self.resumed.wait()

    def close(self):
        self.resumed.set()
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        if self.connection:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
