"""What Home Assistant documents of a device discovery message, and whether one is as documented
(https://www.home-assistant.io/integrations/mqtt/ and the pages of its platforms)."""

import re

# The short names of fields that may stand in a message of ours, with the long ones.
ROOT = {"dev": "device", "o": "origin", "cmps": "components", "avty_t": "availability_topic",
        "qos": "qos"}
DEVICE = {"ids": "identifiers", "name": "name", "mf": "manufacturer", "mdl": "model",
          "sw": "sw_version"}
ORIGIN = {"name": "name", "sw": "sw_version", "url": "support_url"}
FIELDS = {"p": "platform", "name": "name", "uniq_id": "unique_id", "t": "topic",
          "img_t": "image_topic", "cont_type": "content_type", "stat_t": "state_topic",
          "val_tpl": "value_template", "unit_of_meas": "unit_of_measurement",
          "dev_cla": "device_class", "stat_cla": "state_class", "ent_cat": "entity_category",
          "cmd_t": "command_topic", "pl_on": "payload_on", "pl_off": "payload_off",
          "pl_prs": "payload_press", "min": "min", "max": "max", "step": "step", "mode": "mode",
          "atype": "automation_type", "pl": "payload", "type": "type", "stype": "subtype"}

ENTITY = {"unique_id", "name"}
# Of each platform, what it must have, and what else it may have.
PLATFORMS = {
    "camera": (ENTITY | {"topic"}, set()),
    "image": (ENTITY | {"image_topic"}, {"content_type"}),
    "sensor": (ENTITY | {"state_topic"}, {"value_template", "unit_of_measurement", "device_class",
                                          "state_class", "entity_category"}),
    "switch": (ENTITY | {"command_topic"}, {"state_topic", "payload_on", "payload_off"}),
    "number": (ENTITY | {"command_topic"}, {"state_topic", "min", "max", "step", "mode",
                                            "entity_category"}),
    "button": (ENTITY | {"command_topic"}, {"payload_press"}),
    "device_automation": ({"automation_type", "topic", "type", "subtype"}, {"payload"}),
}

# Of the documented values, those of fields that have a fixed set of them.
VALUES = {"device_class": {"duration", "temperature"}, "mode": {"auto", "box", "slider"},
          "state_class": {"measurement", "total", "total_increasing"},
          "entity_category": {"config", "diagnostic"}, "automation_type": {"trigger"}}
UNITS = {"duration": {"d", "h", "min", "s", "ms"}, "temperature": {"°C", "°F", "K"}}


def spelled_out(names, fields):
    unknown = set(fields) - set(names)
    assert not unknown, f"no field is called {unknown}"
    return {names[name]: value for name, value in fields.items()}


def check_discovery(topic, message):
    """The parts of the message by their names, every field spelled out."""
    assert re.fullmatch(r".+/device/[a-zA-Z0-9_-]+/config", topic), topic
    root = spelled_out(ROOT, message)
    assert {"device", "origin", "components", "availability_topic"} <= set(root)
    assert root["qos"] in (0, 1, 2)
    device, origin = spelled_out(DEVICE, root["device"]), spelled_out(ORIGIN, root["origin"])
    assert device["identifiers"] and device["name"] and origin["name"]
    parts = {name: spelled_out(FIELDS, fields) for name, fields in root["components"].items()}
    for part in parts.values():
        check_part(part)
    for unique in (("unique_id",), ("type", "subtype")):
        names = [tuple(part[name] for name in unique) for part in parts.values()
                 if set(unique) <= set(part)]
        assert len(names) == len(set(names)), f"not unique: {names}"
    return parts


def check_part(part):
    needed, allowed = PLATFORMS[part.pop("platform")]
    assert needed <= set(part) <= needed | allowed, part
    for name, values in VALUES.items():
        assert part.get(name) in values | {None}, part
    if "device_class" in part:
        assert part["unit_of_measurement"] in UNITS[part["device_class"]]
    if "min" in part:
        assert part["min"] < part["max"] and part["step"] >= 0.001
    for name, value in part.items():
        assert not name.endswith("topic") or re.fullmatch(r"[^+#\0]+", value), value
