"""TLS on the stamped channel: ours with ours, and with Python's ssl, which is OpenSSL."""

import contextlib
import shutil
import socket
import ssl
import threading
import time

import pytest

from camloop_process import free_port, run_program, wait_until
from stamped_receiver import FIELD
from stamped_sender import field, jpegs_in
from test_channel_sender import link

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def trust(authority):
    return {"CHANNEL_TLS": "on", "CHANNEL_CA": authority.path("ca", "crt")}


def port_of(base):
    return int(link(base, "receiver")["address"].rpartition(":")[2])


def receiver(serve, authority, name="server", **settings):
    return serve(SOURCE="channel:127.0.0.1:0", CHANNEL_TLS="on", **authority.of(name), **settings)


# ---- Ours with ours ----


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_frames_pass_between_ours(serve, authority, host):
    base = receiver(serve, authority)
    camera = serve(SIZE="320x240", CHANNEL_TO=f"{host}:{port_of(base)}", **trust(authority))
    wait_until("frames are accepted", lambda: link(camera)["accepted"] >= 20)
    assert link(camera)["secure"] and link(base, "receiver")["secure"]
    assert base.get("/snapshot").startswith(b"\xff\xd8")


def test_both_ends_may_show_certificates(serve, authority):
    base = receiver(serve, authority, TLS_CLIENT_CA=authority.path("ca", "crt"))
    to_base = {"CHANNEL_TO": f"localhost:{port_of(base)}", **trust(authority)}
    unknown = serve(**to_base)
    camera = serve(**to_base, **authority.of("camera"))
    wait_until("frames are accepted", lambda: link(camera)["accepted"] >= 5)
    wait_until("it is refused", lambda: link(unknown)["fault"])
    assert link(unknown)["accepted"] == 0


@pytest.mark.parametrize("name, fault", [("elsewhere", "not for localhost"),
                                         ("expired", "expired"), ("early", "not valid yet")])
def test_a_receiver_with_a_wrong_certificate_gets_nothing(serve, authority, name, fault):
    base = receiver(serve, authority, name)
    camera = serve(CHANNEL_TO=f"localhost:{port_of(base)}", **trust(authority))
    wait_until("it says why", lambda: fault in link(camera)["fault"])
    assert link(camera)["accepted"] == 0 and "TLS" in link(camera)["fault"]


def test_a_reload_takes_a_renewed_certificate(serve, service, authority, tmp_path):
    shown = {f"TLS_{kind}": tmp_path / f"shown.{suffix}"
             for kind, suffix in (("CERT", "crt"), ("KEY", "key"))}

    def show(name):
        for setting, path in shown.items():
            shutil.copy(authority.of(name)[setting], path)

    show("expired")
    port = free_port()
    base = service(SOURCE=f"channel:127.0.0.1:{port}", CHANNEL_TLS="on", **shown)
    camera = serve(CHANNEL_TO=f"localhost:{port}", **trust(authority))
    wait_until("it is not trusted", lambda: "expired" in link(camera)["fault"])
    assert "nothing changed" in base.reload()
    shutil.copy(authority.of("server")["TLS_CERT"], shown["TLS_CERT"])
    assert "settings unchanged" in base.reload(), "the key is another one's still"
    show("server")
    log = base.reload()
    assert f"CAMLOOP_TLS_CERT: '{shown['TLS_CERT']}' renewed\n" in log and "taken over" in log
    wait_until("frames are accepted", lambda: link(camera)["accepted"])


def test_a_receiver_of_strangers_gets_nothing(serve, authority, strangers):
    base = receiver(serve, strangers)
    for trusted in (trust(authority), {"CHANNEL_TLS": "on"}):
        camera = serve(CHANNEL_TO=f"localhost:{port_of(base)}", **trusted)
        wait_until("it says why", lambda camera=camera: "not trusted" in link(camera)["fault"])


def test_who_speaks_no_tls_is_told_apart(serve, authority):
    base = receiver(serve, authority)
    plain = serve(SOURCE="channel:127.0.0.1:0")
    to_plain = serve(CHANNEL_TO=f"localhost:{port_of(plain)}", **trust(authority))
    wait_until("it says why", lambda: "does not speak TLS" in link(to_plain)["fault"])
    with socket.create_connection(("127.0.0.1", port_of(base)), timeout=10) as peer:
        peer.sendall(b"57000".ljust(FIELD))
        with contextlib.suppress(ConnectionError):
            while peer.recv(FIELD):
                pass  # until it is closed
    camera = serve(CHANNEL_TO=f"localhost:{port_of(base)}", **trust(authority))
    wait_until("others go on", lambda: link(camera)["accepted"])


def test_files_that_do_not_fit_are_named(authority):
    done = run_program(SOURCE="channel:127.0.0.1:0", CHANNEL_TLS="on", HTTP="off",
                       TLS_CERT=authority.path("server", "crt"),
                       TLS_KEY=authority.path("camera", "key"))
    assert done.returncode == 1 and authority.path("camera", "key") in done.stderr
    done = run_program(SOURCE="pattern", CHANNEL_TLS="on", HTTP="off", CHANNEL_TO="localhost:1",
                       CHANNEL_CA="/no/such/ca.pem")
    assert done.returncode == 1 and "/no/such/ca.pem: No such file" in done.stderr


# ---- With OpenSSL ----


@pytest.mark.parametrize("version", VERSIONS)
def test_a_python_receiver_takes_our_frames(serve, authority, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(authority.path("server", "crt"), authority.path("server", "key"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        serve(SIZE="320x240", CHANNEL_TO=f"localhost:{server.getsockname()[1]}",
              **trust(authority))
        connection = context.wrap_socket(server.accept()[0], server_side=True)
        with connection, connection.makefile("rb") as reader:
            for _ in range(10):
                stamp = str(time.time()).encode().ljust(FIELD)
                connection.sendall(stamp)
                body = reader.read(int(reader.read(FIELD)))
                assert body[:2] == b"\xff\xd8" and body[-2:] == b"\xff\xd9"
                assert reader.read(FIELD) == stamp
                connection.sendall(b"1" + b"ok".ljust(1024))
            assert connection.version() == version.name.replace("_", ".")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_python_sender_is_received(serve, authority, mjpeg_footage, version):
    base = receiver(serve, authority)
    context = ssl.create_default_context(cafile=authority.path("ca", "crt"))
    context.minimum_version = context.maximum_version = version
    frames = jpegs_in(mjpeg_footage)[:10]
    plain = socket.create_connection(("127.0.0.1", port_of(base)), timeout=30)
    connection = context.wrap_socket(plain, server_hostname="localhost")
    with connection, connection.makefile("rb") as reader:
        for frame in frames:
            stamp = reader.read(FIELD)
            connection.sendall(field(len(frame)))
            connection.sendall(frame)
            connection.sendall(stamp)
            assert reader.read(1) == b"1" and len(reader.read(1024)) == 1024
    assert link(base, "receiver")["accepted"] == len(frames)


def test_twenty_handshakes_at_once_hurt_no_sender(serve, authority):
    """Nor do a few that begin one and stop."""
    base = receiver(serve, authority)
    camera = serve(SIZE="320x240", CHANNEL_TO=f"localhost:{port_of(base)}", **trust(authority))
    wait_until("frames are accepted", lambda: link(camera)["accepted"] >= 5)
    context = ssl.create_default_context(cafile=authority.path("ca", "crt"))
    before = link(camera)
    seen = []

    def shake_hands():
        plain = socket.create_connection(("127.0.0.1", port_of(base)), timeout=30)
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            seen.append(connection.recv(FIELD))

    halves = [socket.create_connection(("127.0.0.1", port_of(base))) for _ in range(8)]
    for half in halves:
        half.sendall(b"\x16\x03\x01")
    threads = [threading.Thread(target=shake_hands) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 20 and all(map(float, seen))
    wait_until("frames go on", lambda: link(camera)["accepted"] >= before["accepted"] + 10)
    assert link(camera)["connects"] == before["connects"]
    for half in halves:
        with contextlib.suppress(OSError):
            half.close()
