"""A mosquitto of a test's own: on a free port, with its own settings, passwords and memory."""

import contextlib
import signal
import socket
import subprocess

from camloop_process import PATIENCE_S, free_port, wait_until


def tls(authority, name="server", **settings):
    """The settings for a broker that shows a certificate of the authority."""
    return {"cafile": authority.path(authority.name, "crt"),
            "certfile": authority.path(name, "crt"), "keyfile": authority.path(name, "key"),
            **settings}


class Mosquitto:
    """Runs until it is closed. `settings` are of mosquitto.conf, a list where a name stands more
    than once. Sessions and what is kept for them outlast stop() and start() on the same port, since
    it writes them down as it ends."""

    def __init__(self, folder, passwords=None, **settings):
        self.port = free_port()
        self.secure = "certfile" in settings
        self.process = None
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = folder / "mosquitto.log"
        if passwords:
            settings["password_file"] = self._write_passwords(passwords)
        settings = {"allow_anonymous": "false" if passwords else "true",
                    "user": "root", "persistence": "true", "persistence_location": f"{folder}/",
                    "max_queued_messages": 0, "log_type": "all",
                    "listener": f"{self.port} 127.0.0.1", **settings}
        (folder / "mosquitto.conf").write_text(
            "".join(f"{name} {each}\n" for name, value in settings.items()
                    for each in (value if isinstance(value, list) else [value])))
        self.start()

    def _write_passwords(self, passwords):
        file = self.folder / "passwords"
        file.touch(mode=0o600)
        for user, password in passwords.items():
            subprocess.run(["mosquitto_passwd", "-b", file, user, password], check=True)
        return file

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def url(self, credentials="", host="127.0.0.1"):
        """As CAMLOOP_MQTT takes it; `credentials` as "USER:PASSWORD@"."""
        return f"mqtt{'s' if self.secure else ''}://{credentials}{host}:{self.port}"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def start(self):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", self.folder / "mosquitto.conf"],
                                            stdout=log, stderr=log)
        wait_until("the broker listens", self._listens)

    def _listens(self):
        assert self.process.poll() is None, f"ended at once: {self.log()}"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def restart(self):
        self.stop()
        self.start()

    def pause(self):
        """It answers nothing any more, but its connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        if self.process.poll() is None:
            self.resume()
            self.stop()
