"""Many clients at once, most of them rude: the limits hold and whoever reads is served."""

import asyncio
import contextlib
import os
import random
import re
import socket
import struct
import time
import zlib

import pytest

from camloop_process import wait_until
from http_answers import curl, read_metrics
from stream_readers import WireReader

# Longer than the ten seconds that a deaf client is kept. For a long look: CROWD_SECONDS=600.
CROWD_S = float(os.environ.get("CROWD_SECONDS", 20))
READERS, DEAF, VANISHING, RUBBISH = 140, 20, 20, 20

STREAM = b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"
DELIMITER = b"--camloopframe\r\n"


# ---- Limits ----


def test_viewers_beyond_the_limit_are_told_to_come_again(serve):
    camera = serve(HTTP_CLIENTS=2)
    with WireReader(camera) as first, WireReader(camera) as second:
        next(first)
        next(second)
        for path in ("/stream", "/snapshot"):
            status, headers, body = curl(camera.url + path)
            assert (status, int(headers["retry-after"]) > 0) == (503, True)
            assert b"2" in body
        state = camera.state()
        assert (state["http"]["viewers_max"], state["http"]["viewers_refused"]) == (2, 2)
        next(first)
    wait_until("there is room again", lambda: curl(camera.url + "/snapshot")[0] == 200)


def test_connections_beyond_the_limit_are_told_so(serve):
    camera = serve(HTTP_CLIENTS=1)
    with WireReader(camera) as stream:
        idle = []
        while not (refused := camera_refuses(camera, idle)):
            assert len(idle) < 200, "no limit"
        assert refused.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: " in refused
        next(stream)
        for client in idle:
            client.close()
        wait_until("there is room again", lambda: curl(camera.url + "/healthz")[0] == 200)
    metrics = read_metrics(camera.get("/metrics").decode())
    assert metrics['camloop_http_refused_total{reason="connections"}'] >= 1


def camera_refuses(camera, idle):
    """What one more connection is told; nothing, and it stays, when it is answered."""
    client = camera.connect()
    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
    reply = client.recv(65536)
    if reply.startswith(b"HTTP/1.1 200 "):
        idle.append(client)
        return b""
    client.close()
    return reply


def test_it_survives_running_out_of_descriptors(serve):
    camera = serve(before=["prlimit", "--nofile=32:32"])
    with WireReader(camera) as stream:
        next(stream)
        crowd = [camera.connect() for _ in range(60)]
        wait_until("some are turned away", lambda: "no descriptor left" in camera.log())
        next(stream)
        for client in crowd:
            client.close()
        wait_until("others are served", lambda: answers(camera))
        assert camera.state()["http"]["starved"] > 0
        next(stream)


def answers(camera):
    with camera.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        try:
            return client.recv(65536).startswith(b"HTTP/1.1 200 ")
        except ConnectionResetError:
            return False


# ---- The crowd ----


async def read_well(camera, tally):
    """Takes every frame; `tally` counts those that differ from the one before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", camera.port)
    with contextlib.closing(writer):
        writer.write(STREAM)
        await reader.readuntil(DELIMITER)
        last = None
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"Content-Length: (\d+)", head)[1])
            part = await reader.readexactly(length + 2 + len(DELIMITER))
            assert part.startswith(b"\xff\xd8") and part.endswith(b"\xff\xd9\r\n" + DELIMITER)
            tally[0] += zlib.crc32(part) != last
            last = zlib.crc32(part)


async def never_read(camera):
    """Asks and is deaf, until it has been dropped for it."""
    while True:
        with await connect(camera, receive_buffer=2048) as client:
            await asyncio.get_running_loop().sock_sendall(client, STREAM)
            await asyncio.sleep(14)


async def vanish(camera, chance):
    """Leaves in the middle of a frame, with or without a reset."""
    while True:
        with await connect(camera) as client:
            await asyncio.get_running_loop().sock_sendall(client, STREAM)
            await asyncio.get_running_loop().sock_recv(client, chance.randrange(1, 9000))
            if chance.random() < 0.5:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await asyncio.sleep(chance.random())


async def send_rubbish(camera, chance):
    while True:
        rubbish = chance.choice([
            chance.randbytes(chance.randrange(1, 20000)), b"\x16\x03\x01" + chance.randbytes(500),
            b"GET /" + b"%" * 100 + b" HTTP/1.1\r\n\r\n", b"GET " + b"/" * 9000,
            b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 100, b"POST /stream HTTP/1.1\r\nHo",
            STREAM + chance.randbytes(70000), b"GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n" * 500])
        with await connect(camera) as client:
            try:
                await asyncio.get_running_loop().sock_sendall(client, rubbish)
                async with asyncio.timeout(1):  # wait_for() may swallow the end of the crowd
                    await asyncio.get_running_loop().sock_recv(client, 65536)
            except (OSError, TimeoutError):
                pass  # Whatever it deserves.
        await asyncio.sleep(chance.random())


async def connect(camera, receive_buffer=None):
    client = socket.socket()
    client.setblocking(False)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", camera.port))
    return client


async def look(camera, memory_kb):
    """It answers all the while; how much memory it has is noted once a second."""
    while True:
        state = await asyncio.to_thread(camera.state)
        assert state["source"]["fault"] == ""
        memory_kb.append(camera.resident_kb())
        await asyncio.sleep(1)


async def crowd(camera, tallies, memory_kb):
    """All of them for CROWD_S. Whoever is let down ends it for all."""
    async with asyncio.timeout(CROWD_S), asyncio.TaskGroup() as group:
        for tally in tallies:
            group.create_task(read_well(camera, tally))
        for _ in range(DEAF):
            group.create_task(never_read(camera))
        for seed in range(VANISHING):
            group.create_task(vanish(camera, random.Random(seed)))
        for seed in range(RUBBISH):
            group.create_task(send_rubbish(camera, random.Random(seed)))
        group.create_task(look(camera, memory_kb))


def test_whoever_reads_is_served_among_many_who_do_not(serve):
    # What is freed goes back at once: no growth hides behind the sanitizer's quarantine.
    camera = serve(HTTP_CLIENTS=READERS + DEAF + VANISHING + RUBBISH, SIZE="320x240", FPS=8,
                   asan_options="quarantine_size_mb=1:thread_local_quarantine_size_kb=16")
    tallies = [[0] for _ in range(READERS)]
    memory_kb = []
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(crowd(camera, tallies, memory_kb))
    assert time.monotonic() - began >= CROWD_S, "somebody was let down"

    served = [count for count, in tallies]
    print(f"frames a reader: {min(served)} to {max(served)}; memory: {memory_kb}")
    assert min(served) > CROWD_S, "less than a moving frame a second"
    settled = max(memory_kb[:len(memory_kb) // 2])
    assert memory_kb[-1] < 1.1 * settled, memory_kb

    metrics = read_metrics(camera.get("/metrics").decode())
    assert metrics['camloop_http_dropped_total{reason="replaced"}'] > DEAF
    assert metrics["camloop_http_stalled_total"] >= DEAF
    wait_until("all are forgotten", lambda: camera.state()["http"]["connections"] == 1)
    camera.end()
