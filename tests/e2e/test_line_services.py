"""The daytime and the greeting service, asked as the programs in the field do it."""

import datetime
import signal
import socket

from camloop_process import free_port, wait_until


def all_from(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as service:
        return b"".join(iter(lambda: service.recv(4096), b""))


def test_the_daytime_service_tells_local_date_and_time(serve):
    port = free_port()
    serve(DAYTIME=f"127.0.0.1:{port}")
    before = datetime.datetime.now()
    told = datetime.datetime.strptime(all_from(port).decode(), "%Y-%m-%d %H:%M:%S.%f")
    assert before <= told <= datetime.datetime.now()


def test_the_greeting_service_tells_its_line(serve):
    port = free_port()
    serve(GREETING=f"127.0.0.1:{port}", RAW_GREETING="grüß dich")
    assert all_from(port) == "grüß dich\r\n".encode()


def test_a_reload_changes_the_line_and_the_port(serve, tmp_path):
    first, second = free_port(), free_port()
    defaults = tmp_path / "defaults"
    settings = ("CAMLOOP_HTTP=127.0.0.1:0\nCAMLOOP_SOURCE=pattern\n"
                "CAMLOOP_GREETING=127.0.0.1:{}\nCAMLOOP_RAW_GREETING={}\n")
    defaults.write_text(settings.format(first, "one"))
    program = serve(defaults=defaults)
    assert all_from(first) == b"one\r\n"
    defaults.write_text(settings.format(second, "two"))
    program.process.send_signal(signal.SIGHUP)
    wait_until("it is taken over", lambda: "taken over" in program.log())
    assert all_from(second) == b"two\r\n"

