"""What the servers of links share: one client at a time, in a thread of their own."""

import contextlib
import socket
import threading


class ThreadServer:
    """Serves until it is closed; `handle(connection)` is the server's own."""

    def __init__(self, port=0, receive_buffer=None):
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
            with self.connection, contextlib.suppress(OSError, EOFError):
                self.handle(self.connection)

    def close(self):
        # close() alone wakes no thread that waits for the socket.
        for waited_for in filter(None, (self.server, self.connection)):
            with contextlib.suppress(OSError):
                waited_for.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
