"""camloop pub and sub as processes: fed, read from and ended as a shell would."""

import os
import signal
import subprocess

from camloop_process import EXIT_S, PATIENCE_S, PROGRAM, REPORTS, environment, wait_until


def run_tool(*words, feed=b"", **settings):
    """A run that ends by itself."""
    done = subprocess.run([PROGRAM, *words], env=environment(**settings), timeout=PATIENCE_S,
                          input=feed, capture_output=True, check=False)
    done.stderr = done.stderr.decode()
    assert not REPORTS.search(done.stderr), done.stderr
    return done


class Tool:
    """Runs until it ends by itself or is ended; what it prints is read when asked for."""

    def __init__(self, *words, before=(), stdin=subprocess.PIPE, program=PROGRAM, **settings):
        self.process = subprocess.Popen([*before, program, *words], env=environment(**settings),
                                        stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.printed, self.complaints = b"", b""
        for pipe in (self.process.stdout, self.process.stderr):
            os.set_blocking(pipe.fileno(), False)

    def feed(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, most=-1):
        """All that it has printed so far."""
        self.printed += self.process.stdout.read(most) or b""
        return self.printed

    def read_complaints(self):
        self.complaints += self.process.stderr.read() or b""
        return self.complaints.decode()

    def wait_for_complaint(self, text):
        wait_until(f"it says {text}", lambda: text in self.read_complaints())

    def lines(self):
        return self.read().split(b"\n")[:-1]

    def wait_for_lines(self, count):
        wait_until(f"it has printed {count} lines", lambda: len(self.lines()) >= count)
        return self.lines()

    def wait(self, patience_s=PATIENCE_S):
        """Its exit status, once it has ended by itself."""
        wait_until("it ends", lambda: self.read() is None or self.process.poll() is not None,
                   patience_s)
        self.read()
        assert not REPORTS.search(self.read_complaints()), self.complaints
        return self.process.returncode

    def end(self, number=signal.SIGTERM):
        """Its exit status after a signal, which it heeds in time."""
        self.process.send_signal(number)
        return self.wait(EXIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
