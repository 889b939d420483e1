"""Who gets in: passwords, tokens, pages of other sites, and POST /text behind them."""

import subprocess

import pytest

from camloop_process import wait_until
from http_answers import curl, read_metrics
from stream_readers import WireReader

USER, PASSWORD, TOKEN = "me", "hush: ä 'quote", "t0ken-._~+/=="
SECRETS = {"HTTP_USER": USER, "HTTP_PASSWORD": PASSWORD, "HTTP_TOKEN": TOKEN}
AS_USER = ("-u", f"{USER}:{PASSWORD}")
WITH_TOKEN = ("-H", f"Authorization: Bearer {TOKEN}")
PATHS = ["/", "/stream", "/snapshot", "/?action=snapshot", "/state", "/metrics", "/nothing"]
BASIC = 'Basic realm="camloop", charset="UTF-8"'


@pytest.fixture(name="guarded")
def fixture_guarded(serve):
    """All it says is looked through for the secrets at the end."""
    camera = serve(SIZE="320x240", LOG_LEVEL="debug", **SECRETS)
    yield camera
    told = camera.log() + curl(*AS_USER, camera.url + "/metrics")[2].decode()
    for path in ("/state", "/healthz"):
        told += curl(*AS_USER, camera.url + path)[2].decode()
    with open(f"/proc/{camera.process.pid}/cmdline", encoding="utf-8") as arguments:
        told += arguments.read()
    assert "camloop_http_denied_total" in told
    for secret in (PASSWORD, TOKEN, "aHVzaD", "t0ken"):
        assert secret not in told


def status_of(*arguments):
    return curl("--head" if arguments[-1].endswith(("/", "/stream")) else "-i", *arguments)[0]


def denied(camera, reason):
    samples = read_metrics(curl(*AS_USER, camera.url + "/metrics")[2].decode())
    return samples[f'camloop_http_denied_total{{reason="{reason}"}}']


# ---- Viewing ----


@pytest.mark.parametrize("path", PATHS)
def test_every_path_wants_credentials(guarded, path):
    right = 404 if path == "/nothing" else 200
    url = guarded.url + path
    assert status_of(url) == 401
    assert status_of("-u", f"{USER}:wrong", url) == 401
    assert status_of("-H", "Authorization: Bearer wrong", url) == 401
    assert status_of(*AS_USER, url) == right
    assert status_of(*WITH_TOKEN, url) == right
    assert denied(guarded, "no_credentials") == 1
    assert denied(guarded, "wrong_credentials") == 2


@pytest.mark.parametrize("settings, challenge", [
    ({"HTTP_USER": "a", "HTTP_PASSWORD": "b"}, BASIC),
    ({"HTTP_TOKEN": "t"}, 'Bearer realm="camloop"')])
def test_it_says_which_kind_it_wants(serve, settings, challenge):
    status, headers, body = curl(serve(**settings).url + "/state")
    assert (status, headers["www-authenticate"]) == (401, challenge)
    assert body == b"a password or token is needed\n"


def test_a_token_may_stand_in_the_address(guarded):
    url = guarded.url + "/state?token="
    for spelling in ("%2B", "+"):
        assert curl(url + f"t0ken-._~{spelling}/==")[0] == 200
    assert curl(url + "t0ken")[0] == 401


def test_a_stream_plays_with_a_password_in_its_address(serve):
    camera = serve(HTTP_USER="me", HTTP_PASSWORD="pass")
    url = f"http://me:pass@127.0.0.1:{camera.port}/stream"
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", url, "-frames:v", "3", "-f", "null", "-"],
                          capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_probes_see_the_health_without_and_no_more(serve, tmp_path):
    camera = serve(SOURCE=f"file:{tmp_path}/missing.jpg", HTTP_TOKEN="t")
    url = camera.url + "/healthz"
    wait_until("it is ill", lambda: b"missing" in curl(url + "?token=t")[2])
    assert curl(url)[::2] == (503, b"no fresh pictures\n")


def test_a_guesser_is_slowed_down_and_nobody_else(guarded):
    guesser = ("--interface", "127.0.0.2")
    for number in range(10):
        assert curl(*guesser, f"{guarded.url}/state?token=guess{number}")[0] == 401
    status, headers, _ = curl(*guesser, *AS_USER, guarded.url + "/state")
    assert status == 429 and 0 < int(headers["retry-after"]) <= 61
    assert curl(*guesser, guarded.url + "/healthz")[0] == 200
    assert "127.0.0.2: 10 wrong passwords or tokens within a minute" in guarded.log()
    assert denied(guarded, "guessing") == 1


# ---- Texts ----


def post(camera, text, *options):
    return curl(*options, "--data-binary", text, camera.url + "/text")


def test_nothing_is_changed_where_no_secret_is_set(serve):
    camera = serve()
    status, _, body = post(camera, "hello")
    assert status == 403 and b"CAMLOOP_HTTP_PASSWORD" in body
    assert camera.state()["http"]["denied"]["unprotected"] == 1


def test_a_text_is_told_that_there_is_no_raw_link(guarded):
    for credentials in (AS_USER, WITH_TOKEN):
        status, _, body = post(guarded, "hello", *credentials)
        assert (status, body) == (409, b"no raw link takes texts here\n")
    assert post(guarded, "hello")[0] == 401
    assert post(guarded, "x" * 4097, *AS_USER)[0] == 413
    assert curl(*AS_USER, guarded.url + "/text")[1]["allow"] == "POST"


@pytest.mark.parametrize("site", ["Origin: http://other.example", "Origin: null",
                                  "Sec-Fetch-Site: cross-site"])
def test_pages_of_other_sites_change_nothing(guarded, site):
    status, _, body = post(guarded, "hello", *AS_USER, "-H", site)
    assert (status, body) == (403, b"not for pages of other sites\n")
    assert denied(guarded, "cross_site") == 1
    assert post(guarded, "hello", *AS_USER, "-H", f"Origin: {guarded.url}")[0] == 409


def test_pages_of_the_trusted_origin_are_heard(serve):
    camera = serve(HTTP_TOKEN="t", HTTP_ORIGIN="http://panel.example")
    headers = ("-H", "Authorization: Bearer t", "-H", "Sec-Fetch-Site: cross-site",
               "-H", "Origin: http://panel.example")
    assert post(camera, "hello", *headers)[0] == 409


def test_a_page_of_the_trusted_origin_may_send_a_header_with_its_token(serve, browser):
    panel, stranger = serve(), serve()
    camera = serve(HTTP_TOKEN="t", HTTP_ORIGIN=panel.url)
    ask = """
        const [url, done] = arguments;
        fetch(url, {method: "POST", body: "hello", headers: {Authorization: "Bearer t"}})
          .then(reply => done(reply.status), () => done("not to be read"));
    """
    for page, outcome in (panel, 409), (stranger, "not to be read"):
        browser.get(page.url + "/healthz")
        assert browser.execute_async_script(ask, camera.url + "/text") == outcome


def test_where_no_origin_is_named_a_preflight_is_a_method_as_any(serve):
    ask = ("-X", "OPTIONS", "-H", "Origin: http://a", "-H", "Access-Control-Request-Method: POST")
    assert curl(*ask, serve().url + "/text")[0] == 405
    assert curl(*ask, serve(HTTP_TOKEN="t").url + "/text")[0] == 401


def test_a_refused_body_does_not_end_its_connection(guarded):
    expects = ("-H", "Expect: 100-continue")
    done = subprocess.run(
        ["curl", "-sSv", "-d", "x" * 5000, *expects, guarded.url + "/text", "--next",
         "-sSv", "-d", "x" * 5000, *AS_USER, guarded.url + "/text", "--next",
         "-sSv", *AS_USER, guarded.url + "/healthz"],
        capture_output=True, check=True, timeout=60)
    log = done.stderr.decode()
    for status in ("100 Continue", "401 Unauthorized", "413 Content Too Large", "200 OK"):
        assert f"HTTP/1.1 {status}\r\n" in log or f"HTTP/1.1 {status}\n" in log, log
    assert log.count("Re-using existing connection") == 2, log


# ---- Settings ----


def test_secrets_change_under_a_stream(service, tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n")
    board = service(HTTP_TOKEN_FILE=file)
    with WireReader(board.camera, "/stream?token=first") as stream:
        next(stream)
        file.write_text("second\n")
        log = board.reload()
        assert "CAMLOOP_HTTP_TOKEN: changed\n" in log
        assert "first" not in log and "second" not in log
        assert curl(board.camera.url + "/state?token=first")[0] == 401
        assert curl(board.camera.url + "/state?token=second")[0] == 200
        next(stream)
        file.unlink()
        assert "CAMLOOP_HTTP_TOKEN_FILE: " in board.reload()
        assert curl(board.camera.url + "/state?token=second")[0] == 200
        board.change()
        assert curl(board.camera.url + "/state")[0] == 200
        next(stream)
