"""A server of the raw link: notes the JPEGs that come, greets, and sends texts."""

import re
import threading

from thread_server import ThreadServer

JPEG = re.compile(rb"\xff\xd8\xff.*?\xff\xd9(?=\xff\xd8|$)", re.S)


class RawServer(ThreadServer):
    """While `paused` is set it reads nothing."""

    def __init__(self, port=0, greeting=b"", receive_buffer=None):
        self.frames = []
        self.greeting = greeting
        self.paused = threading.Event()
        self.resumed = threading.Event()
        super().__init__(port, receive_buffer)

    def handle(self, connection):
        connection.sendall(self.greeting)
        stream = b""
        while piece := connection.recv(10240):
            stream += piece
            for jpeg in JPEG.findall(stream):
                self.frames.append(jpeg)
                stream = stream[stream.index(jpeg) + len(jpeg):]
            if self.paused.is_set():
                self.resumed.wait()

    def close(self):
        self.resumed.set()
        super().close()
