"""The two ends of the image transfer over MQTT as the field's programs are: a server that sends
images, and a base that gets them."""

import struct

import cv2
import numpy

from camloop_process import wait_until
from paho_client import PahoClient

TO_BASE, TO_SERVER = "mqttTestPub", "mqttTestSub"
MESSAGE, ANSWER = struct.Struct("<Lbhh"), struct.Struct("<Lbhb")
BEGIN, DATA, FINISHED = 1, 2, 3
PACKAGE_SIZE = 1400


def picture(seed, size=50_000):
    """A JPEG of noise, of about that many bytes."""
    pixels = numpy.random.default_rng(seed).integers(0, 256, (480, 640, 3), numpy.uint8)
    for quality in range(100, 0, -1):
        jpeg = cv2.imencode(".jpg", pixels[:size // 256], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        if len(jpeg) <= size:
            return jpeg.tobytes()
    raise AssertionError("no quality is low enough")


class ImageServer:
    """Sends an image a call. An answer for which `deaf(count)` is true does not reach it: what was
    answered is sent again."""

    def __init__(self, port, deaf=lambda count: False):
        self.deaf = deaf
        self.answers = 0
        self.paho = PahoClient(port, "server", clean_session=False)
        self.paho.subscribe(TO_SERVER, qos=0)

    def say(self, function, number=0, data=b""):
        message = MESSAGE.pack(0xffffeeee, function, number, len(data)) + data
        self.paho.publish(TO_BASE, message, qos=0)

    def ask(self, function, number=0, data=b""):
        """What the base answers: number and status."""
        while True:
            self.say(function, number, data)
            wait_until("an answer", lambda: len(self.paho.messages) > self.answers)
            payload = self.paho.messages[self.answers].payload
            self.answers += 1
            if not self.deaf(self.answers):
                break
        header, answered, number, status = ANSWER.unpack(payload)
        assert (header, answered) == (0xeeeeffff, function), "it gives up at these"
        return number, status

    def send(self, name, image, leave_out=0, on_package=lambda index: None):
        """False: it was not taken. `leave_out`: how many packages at the end are never sent."""
        packages = [image[i:i + PACKAGE_SIZE] for i in range(0, len(image), PACKAGE_SIZE)]
        if self.ask(BEGIN, data=f"{name};{len(image)}".encode()) != (0, 1):
            return False
        for index, package in enumerate(packages[:len(packages) - leave_out]):
            on_package(index)
            while (answer := self.ask(DATA, index, package)) != (index, 1):
                assert answer == (index + 1, 0)
        return self.ask(FINISHED)[1] == 1

    def close(self):
        self.paho.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ImageBase:
    """Gets images. `mishap(count)` says what is wrong with the answer to a message: "lost", "bad"
    or nothing."""

    def __init__(self, port, mishap=lambda count: None):
        self.mishap = mishap
        self.messages = []  # function and number of each
        self.packages = []
        self.begun = None
        self.images = []  # name and bytes of each
        self.paho = PahoClient(port, "base", clean_session=False)
        self.paho.client.on_message = self._on_message
        self.paho.subscribe(TO_BASE, qos=0)

    def _on_message(self, client, _data, message):
        header, function, number, length = MESSAGE.unpack_from(message.payload)
        data = message.payload[MESSAGE.size:]
        assert header == 0xffffeeee and length == len(data)
        self.messages.append((function, number))
        mishap = self.mishap(len(self.messages))
        if mishap != "bad":
            self._take(function, number, data)
        if mishap != "lost":
            answer = (number + 1, 0) if mishap == "bad" else (number, 1)
            client.publish(TO_SERVER, ANSWER.pack(0xeeeeffff, function, *answer))

    def _take(self, function, number, data):
        if function == BEGIN:
            name, size = data.decode().split(";")
            self.begun, self.packages = (name, int(size)), []
        elif function == DATA and number == len(self.packages):
            self.packages.append(data)
        elif function == FINISHED and self.begun:
            image = b"".join(self.packages)
            assert len(image) == self.begun[1]
            self.images.append((self.begun[0], image))
            self.begun = None

    def close(self):
        self.paho.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
