#!/usr/bin/python3
"""Clients on paho for the benchmark, at a broker at 127.0.0.1:

  mqtt_paho.py pub PORT TOPIC QOS        publishes each line of standard input, 20 on their way
  mqtt_paho.py sub PORT TOPIC QOS COUNT  prints COUNT messages, a line each
  mqtt_paho.py base PORT TOPIC ANSWERS   is an image transfer's base for one image, which it prints;
                                         the seconds from begin to finished go to standard error
"""

import struct
import sys
import threading
import time

import paho.mqtt.client

WINDOW = 20
BEGIN, DATA, FINISHED = 1, 2, 3


def connected(port, **callbacks):
    client = paho.mqtt.client.Client()
    for name, callback in callbacks.items():
        setattr(client, name, callback)
    client.connect("127.0.0.1", int(port))
    return client


def publish(port, topic, qos):
    room = threading.Semaphore(WINDOW)
    client = connected(port, on_publish=lambda *_: room.release())
    client.loop_start()
    for line in sys.stdin.buffer:
        room.acquire()
        client.publish(topic, line[:-1], int(qos))
    for _ in range(WINDOW):
        room.acquire()
    client.disconnect()
    client.loop_stop()


def subscribe(port, topic, qos, count):
    left = int(count)

    def on_message(client, _, message):
        nonlocal left
        if left:
            sys.stdout.buffer.write(message.payload + b"\n")
            left -= 1
            if not left:
                client.disconnect()

    client = connected(port, on_message=on_message,
                       on_connect=lambda client, *_: client.subscribe(topic, int(qos)))
    client.loop_forever()


def take_image(port, topic, answers):
    chunks, begin_s = {}, 0

    def on_message(client, _, message):
        nonlocal begin_s
        _, function, number, length = struct.unpack_from("<Lbhh", message.payload)
        if function == BEGIN:
            begin_s = time.monotonic()
        elif function == DATA:
            chunks[number] = message.payload[9:9 + length]
        client.publish(answers, struct.pack("<Lbhb", 0xeeeeffff, function, number, 1))
        if function == FINISHED:
            print(time.monotonic() - begin_s, file=sys.stderr)
            client.disconnect()

    client = connected(port, on_message=on_message,
                       on_connect=lambda client, *_: client.subscribe(topic))
    client.loop_forever()
    sys.stdout.buffer.write(b"".join(chunks[number] for number in sorted(chunks)))


def main():
    role, *arguments = sys.argv[1:]
    {"pub": publish, "sub": subscribe, "base": take_image}[role](*arguments)


if __name__ == "__main__":
    main()
