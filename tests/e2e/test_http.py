"""Requests and their answers, asked by curl and, where curl is too polite, by plain sockets."""

import json
import re
import subprocess

import pytest

from camloop_process import wait_until
from http_answers import curl, read_metrics
from stream_readers import decode

STREAMS = ["/stream", "/stream.mjpg", "/video_feed", "/?action=stream", "/"]
SNAPSHOTS = ["/snapshot", "/snapshot.jpg", "/?action=snapshot"]


def exchange(camera, request):
    """What comes back until the server closes."""
    with camera.connect() as client:
        client.sendall(request)
        reply = b""
        while piece := client.recv(65536):
            reply += piece
    return reply.decode()


# ---- What is served ----


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", STREAMS[:-1])
def test_a_stream_begins_on_every_alias(camera, path, method):
    client = subprocess.Popen(["curl", "-sSN", "-X", method, camera.url + path],
                              stdout=subprocess.PIPE)
    try:
        assert client.stdout.readline().startswith(b"--")
        assert client.stdout.readline() == b"Content-Type: image/jpeg\r\n"
    finally:
        client.kill()
        client.communicate()


@pytest.mark.parametrize("path", STREAMS)
def test_head_of_a_stream_is_its_head_alone(camera, path):
    status, headers, body = curl("--head", camera.url + path)
    assert (status, body) == (200, b"")
    assert re.fullmatch(r"multipart/x-mixed-replace;boundary=\w+", headers["content-type"])
    assert "no-store" in headers["cache-control"]
    assert headers["x-accel-buffering"] == "no"
    assert "transfer-encoding" not in headers and "content-length" not in headers


@pytest.mark.parametrize("path", SNAPSHOTS)
def test_a_snapshot_is_one_whole_jpeg(camera, path):
    status, headers, body = curl(camera.url + path)
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert len(body) == int(headers["content-length"])
    assert decode(body).shape == (240, 320, 3)
    assert curl("--head", camera.url + path)[1]["content-type"] == "image/jpeg"


def test_a_person_gets_the_page_and_any_other_the_stream(camera):
    browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
    status, headers, body = curl("-H", browser, camera.url + "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<html" in body
    image = curl("--head", "-H", "Accept: image/avif,image/webp,*/*", camera.url + "/")
    assert image[1]["content-type"].startswith("multipart/x-mixed-replace")


def test_state_says_how_everything_is(camera):
    status, headers, body = curl(camera.url + "/state")
    assert (status, headers["content-type"]) == (200, "application/json")
    state = json.loads(body)
    number = (int, float)
    quantiles = {"p50": number, "p99": number, "max": number}
    expect_shape(state, {
        "version": str, "uptime_s": number,
        "source": {"name": str, "device": str, "format": str, "width": int, "height": int,
                   "fps": number, "fault": str, "pictures": int, "dropped_broken": int,
                   "dropped_stale": int, "reopened": int},
        "encoder": {"encoded": int, "superseded": int, "failed": int, "no_signal": int,
                    "cost_us": quantiles},
        "frames": {"published": int, "bytes": int, "age_ms": (int, float, type(None))},
        "http": {"address": str, "connections": int, "viewers_max": int, "refused": int,
                 "viewers_refused": int, "starved": int, "stalled": int, "frames_sent": int,
                 "dropped_replaced": int, "dropped_stale": int, "clients": list},
        "loop": {"callbacks": int, "stall_us": quantiles | {"p999": number}}})
    assert (state["source"]["name"], state["source"]["fault"]) == ("pattern", "")
    assert (state["source"]["width"], state["source"]["height"]) == (320, 240)
    assert state["http"]["address"] == f"127.0.0.1:{camera.port}"


def expect_shape(value, shape):
    if not isinstance(shape, dict):
        assert isinstance(value, shape), (value, shape)
        return
    for name, inside in shape.items():
        expect_shape(value[name], inside)


def test_state_lists_each_client(camera):
    with camera.connect() as client:
        client.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
        address = "%s:%d" % client.getsockname()

        def its_facts():
            client.recv(65536)
            facts = [facts for facts in camera.state()["http"]["clients"]
                     if facts["address"] == address]
            return facts and facts[0]["frames"] > 1 and facts[0]

        facts = wait_until("its frames are counted", its_facts)
    assert facts["frame_age_ms"] >= 0 and facts["queued_bytes"] >= 0 and facts["fps"] >= 0
    assert (facts["dropped_replaced"], facts["dropped_stale"]) >= (0, 0)


def test_metrics_are_strict_prometheus_text(camera):
    camera.get("/snapshot")
    status, headers, body = curl(camera.url + "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = read_metrics(body.decode("ascii"))
    assert samples["camloop_source_up"] == 1
    assert samples["camloop_source_pictures_total"] >= 1
    assert samples["camloop_encoder_encoded_total"] >= 1
    assert samples["camloop_frames_published_total"] >= 1
    assert samples["camloop_http_connections"] >= 1
    assert samples["camloop_frame_age_seconds"] >= 0
    for name in ("source_dropped_total", "http_dropped_total"):
        assert f'camloop_{name}{{reason="stale"}}' in samples
    for reason in ("connections", "viewers", "descriptors"):
        assert f'camloop_http_refused_total{{reason="{reason}"}}' in samples
    bucket = "camloop_loop_stall_seconds_bucket"
    buckets = [value for name, value in samples.items() if name.startswith(bucket)]
    assert buckets == sorted(buckets) and len(buckets) > 2
    assert samples[bucket + '{le="+Inf"}'] == samples["camloop_loop_stall_seconds_count"]


# ---- How it is answered ----


def test_a_connection_serves_many_requests(camera):
    done = subprocess.run(["curl", "-sSv", camera.url + "/state", camera.url + "/nothing",
                           camera.url + "/snapshot", camera.url + "/healthz"],
                          capture_output=True, check=True, timeout=60)
    assert done.stderr.count(b"Re-using existing connection") == 3, done.stderr.decode()


def test_every_reply_names_the_origin(camera):
    for path in ("/stream", "/snapshot", "/state", "/nothing"):
        assert curl("--head", camera.url + path)[1]["access-control-allow-origin"] == "*", path


def test_no_origin_is_named_unasked(serve):
    camera = serve()
    for path in ("/stream", "/snapshot", "/state"):
        assert "access-control-allow-origin" not in curl("--head", camera.url + path)[1], path


def test_an_unknown_path_is_told_what_there_is(camera):
    status, _, body = curl(camera.url + "/streams")
    assert status == 404
    assert b"/stream" in body and b"/snapshot" in body


def test_a_wrong_method_is_told_the_right_ones(camera):
    status, headers, body = curl("-X", "DELETE", camera.url + "/state")
    assert (status, headers["allow"]) == (405, "GET, HEAD")
    assert b"GET" in body
    assert curl("-d", "x", camera.url + "/snapshot")[0] == 405
    assert curl("-X", "PUT", camera.url + "/stream")[1]["allow"] == "GET, HEAD, POST"


LONG = b"x" * 9000
POST = b"POST /stream HTTP/1.1\r\nHost: h\r\n"
FAULTS = {
    "not_http": (400, b"hello\r\n\r\n"),
    "no_host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "bad_escape": (400, b"GET /%zz HTTP/1.0\r\n\r\n"),
    "tls_hello": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n"),
    "chunked": (411, POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "large_body": (413, POST + b"Content-Length: 999999\r\n\r\n" + LONG),
    "long_target": (414, b"GET /" + b"x" * 3000 + b" HTTP/1.0\r\n\r\n"),
    "endless_line": (414, LONG),
    "large_head": (431, b"GET / HTTP/1.0\r\nCookie: " + LONG + b"\r\n\r\n"),
    "many_fields": (431, b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * 70 + b"\r\n"),
    "http_2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_request_is_told_why(camera, name):
    status, request = FAULTS[name]
    head, _, body = exchange(camera, request).partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} "), head
    assert "\r\nConnection: close\r\n" in head
    assert re.fullmatch(r"[^\n]{8,}\n", body), body


def test_a_request_that_never_ends_is_told_so(camera):
    reply = exchange(camera, b"GET /state HTTP/1.1\r\nHost:")
    assert reply.startswith("HTTP/1.1 408 Request Timeout\r\n")
    assert reply.endswith("within 10 s\n")


def test_a_body_of_the_largest_size_is_taken(camera):
    status, _, _ = curl("-d", "x" * 65536, camera.url + "/state")
    assert status == 405


def test_health_is_good_before_anybody_watches(serve):
    camera = serve()
    wait_until("it is healthy", lambda: curl(camera.url + "/healthz")[0] == 200)
    assert curl(camera.url + "/healthz")[2] == b"ok\n"
    assert camera.state()["encoder"]["encoded"] == 0


def test_health_says_what_is_wrong(serve, tmp_path):
    camera = serve(SOURCE=f"file:{tmp_path}/missing.jpg")

    def reason():
        status, headers, body = curl(camera.url + "/healthz")
        assert (status, headers["retry-after"]) == (503, "5")
        return b"missing.jpg" in body

    wait_until("the reason names the file", reason)
