#!/usr/bin/env bash
# Package: aiomqtt 2.5.1 with paho-mqtt 2.1.0 (PyPI).
# Behaviour: `Topic.matches`, by which its programs sort what arrives, lets `#` and `+/…` match topics that begin with `$`, such as a
#   broker's `$SYS/broker/uptime`. Paho's own `topic_matches_sub`, on which aiomqtt stands, does not, nor does any broker.
# One would have guessed: a message matches a filter here exactly when a subscription to it would have brought it (MQTT 5, 4.7.2).
#   A program that is subscribed to `#` and to `$SYS/#` takes the broker's statistics for messages of its devices.
# Seen: # $SYS/broker/uptime: aiomqtt True, paho False; +/broker/uptime: the same; home/# home: aiomqtt True, paho True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet aiomqtt==2.5.1 paho-mqtt==2.1.0
cat > check.py <<'PY'
import sys

import aiomqtt
from paho.mqtt.client import topic_matches_sub

asked = [("#", "$SYS/broker/uptime"), ("+/broker/uptime", "$SYS/broker/uptime"), ("$SYS/#", "$SYS/broker/uptime"), ("home/#", "home")]
seen = [(aiomqtt.Topic(topic).matches(filter), topic_matches_sub(filter, topic)) for filter, topic in asked]
for (filter, topic), (one, other) in zip(asked, seen):
    print(f"{filter} {topic}: aiomqtt {one}, paho {other}")
is_as_stated = seen == [(True, False), (True, False), (True, True), (True, True)]
if not is_as_stated:
    print("aiomqtt behaves otherwise than stated above", file=sys.stderr)
sys.exit(0 if is_as_stated else 1)
PY
venv/bin/python check.py
