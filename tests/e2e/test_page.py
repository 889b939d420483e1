"""The page, as a person sees it in Chromium."""

import json
import urllib.parse

import pytest
from selenium.webdriver.common.by import By

from camloop_process import wait_until
from stream_readers import open_stream

DESKTOP = {"width": 1440, "height": 900, "mobile": False}
PHONE = {"width": 390, "height": 844, "mobile": True}
PHONE_LYING = {"width": 844, "height": 390, "mobile": True}
SMALL_PHONE = {"width": 320, "height": 568, "mobile": True}
# What a finger hits (WCAG 2.2, 2.5.5), in CSS pixels.
TOUCH_TARGET = 44


class Page:
    """The page in a browser."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, url, window=DESKTOP):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     window | {"deviceScaleFactor": 1})
        self.browser.get(url)

    def script(self, text, *arguments):
        return self.browser.execute_script(text, *arguments)

    def text(self, element_id):
        return self.script("return document.getElementById(arguments[0]).textContent", element_id)

    def wait_for(self, element_id, text):
        wait_until(f"{element_id} says {text}", lambda: text in self.text(element_id))

    def click(self, element_id):
        self.browser.find_element(By.ID, element_id).click()

    def rectangle(self, selector):
        element = self.browser.find_element(By.CSS_SELECTOR, selector)
        return self.script("return arguments[0].getBoundingClientRect().toJSON()", element)

    def picture(self):
        return self.script("return document.querySelector('canvas').toDataURL()")

    def wait_for_motion(self):
        self.wait_for("status", "Live")
        before = self.picture()
        wait_until("the picture moves", lambda: self.picture() != before)

    def requests(self):
        """The addresses asked for since the last call."""
        events = (json.loads(entry["message"])["message"] for entry in
                  self.browser.get_log("performance"))
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]


@pytest.fixture(name="page")
def fixture_page(browser):
    """A page whose script meets no error. It is left at the end, and with it the camera."""
    yield Page(browser)
    browser.get("about:blank")
    complaints = [entry for entry in browser.get_log("browser") if entry["source"] == "javascript"]
    assert not complaints


# ---- The picture ----


def test_the_picture_moves(page, camera):
    page.open(camera.url)
    page.wait_for_motion()
    assert page.script("return [document.querySelector('canvas').width,"
                       " document.querySelector('canvas').height]") == [320, 240]


def test_the_picture_moves_at_the_end_of_a_chain(page, serve):
    base = serve(SOURCE="channel:127.0.0.1:0")
    relay = serve(SOURCE="channel:127.0.0.1:0", CHANNEL_TO=base.state()["links"][0]["address"])
    board = serve(SIZE="320x240", CHANNEL_TO=relay.state()["links"][0]["address"])
    page.open(base.url)
    page.wait_for_motion()
    ages_ms = [link["age_ms"] for camera in (board, relay) for link in camera.state()["links"]
               if link["role"] == "sender"]
    assert all(age["count"] for age in ages_ms)
    for quantile in ("p50", "p99"):
        print(f"age at the end, {quantile}: {sum(age[quantile] for age in ages_ms):.1f} ms")


@pytest.mark.parametrize("path", ["/stream", "/stream?advance_headers=1"])
def test_an_image_element_of_any_page_moves(page, camera, path):
    page.open(camera.url + "/healthz")
    page.script("document.body.append(Object.assign(new Image(), {src: arguments[0]}))", path)

    def picture():
        return page.script("""
            const image = document.querySelector('img');
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext('2d').drawImage(image, 0, 0);
            return image.naturalWidth && canvas.toDataURL();""")

    before = wait_until("there is a picture", picture)
    wait_until("the picture moves", lambda: picture() != before)


def test_full_screen_comes_and_goes_with_a_click(page, camera):
    page.open(camera.url)
    page.wait_for("status", "Live")
    is_full = "return document.fullscreenElement !== null"
    page.click("full")
    wait_until("the picture fills the screen", lambda: page.script(is_full))
    page.browser.find_element(By.TAG_NAME, "main").click()
    wait_until("the page is back", lambda: not page.script(is_full))


@pytest.mark.parametrize("window", [DESKTOP, PHONE, PHONE_LYING, SMALL_PHONE],
                         ids=["desktop", "phone", "phone lying", "small phone"])
def test_it_fits_the_window(page, camera, window):
    page.open(camera.url, window)
    page.wait_for("status", "Live")
    wait_until("it has found its shape", lambda: page.script("return canvas.width") == 320)
    assert page.script("return document.documentElement.scrollWidth") == window["width"]
    picture = page.rectangle("canvas")
    assert picture["width"] / picture["height"] == pytest.approx(320 / 240, rel=0.01)
    assert picture["bottom"] <= window["height"]
    upright = window["width"] < window["height"]
    filled = picture["width"] / window["width"] if upright else picture["height"] / window["height"]
    assert filled > 0.9
    for target in ("#snapshot", "#full", "#state"):
        assert page.rectangle(target)["height"] >= TOUCH_TARGET


# ---- The figures ----


def test_it_says_how_the_camera_is(page, serve):
    camera = serve(SIZE="320x240")
    page.open(camera.url)
    page.wait_for_motion()
    state = camera.state()
    source = state["source"]
    assert page.text("source") == source["name"] == "pattern"
    assert page.text("format") == source["format"]
    assert page.text("size") == "320 × 240"
    assert page.text("granted") == "15 fps"
    assert page.text("version") == state["version"]
    wait_until("we are counted", lambda: page.text("clients") == "1")
    wait_until("pictures are counted", lambda: float(page.text("fps")) > 0)
    wait_until("the age is told", lambda: page.text("age").endswith("s"))
    assert page.text("notice") == ""


def test_a_fault_is_said_in_plain_words(page, serve, tmp_path):
    missing = tmp_path / "<b>missing<b>.mjpeg"
    camera = serve(SOURCE=f"file:{missing}")
    page.open(camera.url)
    page.wait_for("status", "No signal")
    assert str(missing) in page.text("notice")
    assert page.text("notice") == camera.state()["source"]["fault"]
    assert page.text("source") == f"file:{missing}"


def test_a_full_house_is_said_and_waited_out(page, serve):
    camera = serve(HTTP_CLIENTS=1)
    with open_stream(camera):
        page.open(camera.url)
        page.wait_for("status", "Waiting")
        assert "places are taken" in page.text("notice")
    page.wait_for_motion()
    assert page.text("notice") == ""


# ---- Its connections ----


def test_a_hidden_page_asks_for_nothing(page, serve):
    camera = serve()
    page.open(camera.url)
    page.wait_for("status", "Live")
    page.browser.minimize_window()
    # Only what asks here is left: a page that asked on would keep its connection.
    wait_until("its connections end", lambda: camera.state()["http"]["connections"] == 1)
    page.browser.set_window_size(DESKTOP["width"], DESKTOP["height"])
    wait_until("it watches again", lambda: camera.state()["http"]["clients"])
    page.wait_for_motion()


def test_the_picture_comes_back_after_a_restart(page, serve):
    camera = serve()
    page.open(camera.url)
    page.wait_for_motion()
    camera.end()
    page.wait_for("status", "Offline")
    assert "does not answer" in page.text("notice")
    serve(HTTP=f"127.0.0.1:{camera.port}")
    page.wait_for_motion()
    assert page.text("notice") == ""


def test_its_token_goes_with_every_request_and_none_goes_elsewhere(page, camera):
    page.requests()
    page.open(camera.url + "/?token=a%20b%26c")
    page.wait_for_motion()
    wait_until("it has asked for the state", lambda: page.text("version"))
    addresses = [urllib.parse.urlsplit(url) for url in page.requests()
                 if not url.startswith("data:")]
    assert {"/", "/stream", "/state"} == {address.path for address in addresses}
    assert {f"127.0.0.1:{camera.port}"} == {address.netloc for address in addresses}
    assert {"token=a%20b%26c"} == {address.query for address in addresses}
    link = page.script("return document.getElementById('snapshot').href")
    assert link == camera.url + "/snapshot?token=a%20b%26c"


def test_a_password_in_its_address_does_no_harm(page, camera):
    page.open(f"http://somebody:secret@127.0.0.1:{camera.port}/")
    page.wait_for_motion()


@pytest.mark.parametrize("before, behind", [("me:pa%3Ass@", ""), ("", "?token=t%2B")])
def test_it_opens_with_a_password_or_token(page, serve, before, behind):
    camera = serve(HTTP_USER="me", HTTP_PASSWORD="pa:ss", HTTP_TOKEN="t+")
    page.open(f"http://{before}127.0.0.1:{camera.port}/{behind}")
    page.wait_for_motion()
    wait_until("it has asked for the state", lambda: page.text("version"))
    assert page.text("notice") == ""


def test_nothing_of_it_shows_without(page, serve):
    camera = serve(HTTP_TOKEN="t")
    page.open(camera.url)
    assert "is needed" in page.script("return document.body.textContent")
