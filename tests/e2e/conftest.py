"""What the end-to-end tests share: programs that must end well, and recorded footage."""

import contextlib
import subprocess

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service as ChromeService

from authority import FUTURE, PAST, Authority
from camloop_process import ROOT, Camloop, Service
from fake_broker import FakeBroker
from mosquitto import Mosquitto
from mqtt_tool import Tool
from paho_client import PahoClient

FOOTAGE = ROOT / "build/footage"
PEDESTRIANS = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
FOOTAGE_FRAMES = 60


def start_all(log_folder):
    """A function that starts programs; afterwards they are ended, and must end well."""
    started = []

    def start(**options):
        log_path = log_folder / f"camloop-{len(started)}.log"
        started.append(Camloop(log_path, **options))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.end()


@pytest.fixture(name="serve")
def fixture_serve(tmp_path):
    yield from start_all(tmp_path)


@pytest.fixture(name="camera", scope="module")
def fixture_camera(tmp_path_factory):
    """The pattern, for tests that change nothing of it."""
    start_here = start_all(tmp_path_factory.mktemp("camera"))
    yield next(start_here)(SIZE="320x240", HTTP_ORIGIN="*")
    next(start_here, None)


@pytest.fixture(name="service")
def fixture_service(serve, tmp_path):
    return lambda **options: Service(serve, tmp_path, **options)


@pytest.fixture(name="browser", scope="module")
def fixture_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(service=ChromeService("/usr/bin/chromedriver"), options=options)
    yield browser
    browser.quit()


@pytest.fixture(name="authority", scope="session")
def fixture_authority(tmp_path_factory):
    """With the certificates of a server, of bad ones and of a camera."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.make("server", "DNS:localhost,IP:127.0.0.1")
    authority.make("elsewhere", "DNS:elsewhere.example")
    authority.make("expired", "DNS:localhost,IP:127.0.0.1", PAST)
    authority.make("early", "DNS:localhost,IP:127.0.0.1", FUTURE)
    authority.make("camera", "DNS:camera")
    return authority


@pytest.fixture(name="strangers", scope="session")
def fixture_strangers(tmp_path_factory):
    """An authority that nobody here trusts."""
    strangers = Authority(tmp_path_factory.mktemp("strangers"), "strangers")
    strangers.make("server", "DNS:localhost,IP:127.0.0.1")
    return strangers


@pytest.fixture(name="mosquitto")
def fixture_mosquitto(tmp_path):
    """A function that starts brokers; afterwards they are ended."""
    brokers = []

    def start(**settings):
        brokers.append(Mosquitto(tmp_path / f"mosquitto-{len(brokers)}", **settings))
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.close()


@pytest.fixture(name="tool")
def fixture_tool():
    """A function that starts one-shot tools; those that still run are ended afterwards."""
    with contextlib.ExitStack() as tools:
        def start(*words, **settings):
            started = tools.enter_context(Tool(*words, **settings))
            tools.callback(lambda: started.process.poll() is None and started.end())
            return started

        yield start


@pytest.fixture(name="broker")
def fixture_broker(mosquitto):
    return mosquitto()


@pytest.fixture(name="other")
def fixture_other(broker):
    """Hears all that is said."""
    with PahoClient(broker.port) as client:
        client.subscribe("#")
        yield client


@pytest.fixture(name="scripted", params=[False, True], ids=["whole", "byte by byte"])
def fixture_scripted(request):
    with FakeBroker(byte_by_byte=request.param) as broker:
        yield broker


@pytest.fixture(name="sub")
def fixture_sub(tool, scripted):
    return lambda *arguments, **settings: tool("sub", *arguments, MQTT=scripted.url, **settings)


@pytest.fixture(name="pub")
def fixture_pub(tool, scripted):
    return lambda *arguments, **settings: tool("pub", *arguments, MQTT=scripted.url, **settings)


def footage(name, *options):
    """Recorded footage in another format, made once."""
    path = FOOTAGE / name
    if not path.exists():
        FOOTAGE.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name("unfinished-" + name)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", PEDESTRIANS, "-frames:v",
                        str(FOOTAGE_FRAMES), *options, unfinished], check=True)
        unfinished.rename(path)
    return path


@pytest.fixture(name="mjpeg_footage", scope="session")
def fixture_mjpeg_footage():
    return footage("vtest.mjpeg", "-f", "mjpeg", "-q:v", "5")


@pytest.fixture(name="y4m_footage", scope="session")
def fixture_y4m_footage():
    return footage("vtest.y4m", "-pix_fmt", "yuv420p")
