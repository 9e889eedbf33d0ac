#!/usr/bin/env bash
# Package: github.com/mochi-mqtt/server/v2 v2.7.9 (Go), a broker to embed, beside Debian's mosquitto; paho-mqtt 2.1.0 of PyPI as client, MQTT 5.
# Behaviour: `home/+/#` never gets what is published to `home/door`, and `+/#` nothing of `home`: no live message and no retained one. `home/door/#` and
#   `+/door/#` do get the live ones of `home/door`, though not its retained one. One level further down each filter works, so a test with
#   longer topics shows nothing. The subscription is granted.
# One would have guessed: # includes the level above it (MQTT 5, 4.7.1.2), whatever stands before it, and retained messages come by the same rule as live ones.
# Seen: filter, topic: {retained, live} of mochi and of Mosquitto
#   home/door/# home/door: [0, 1] [1, 1]; +/door/# home/door: [0, 1] [1, 1]; home/+/# home/door: [0, 0] [1, 1];
#   +/# home: [0, 0] [1, 1]; home/+/# home/door/lock: [1, 1] [1, 1]
set -eu
command -v mosquitto > /dev/null || {
  echo "expected mosquitto, for example by apt-get install mosquitto" >&2
  exit 1
}
folder=$(mktemp -d)
brokers=
trap '[ -z "$brokers" ] || kill $brokers 2> /dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
mkdir broker
cat > broker/main.go <<'GO'
package main

import (
	"log"
	"os"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func main() {
	server := mqtt.New(nil)
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		log.Fatal(err)
	}
	if err := server.AddListener(listeners.NewTCP(listeners.Config{ID: "tcp", Address: "127.0.0.1:" + os.Args[1]})); err != nil {
		log.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		log.Fatal(err)
	}
	select {}
}
GO
export GOPATH="$folder/go" GOFLAGS=-modcacherw
(
  cd broker
  go mod init check
  go get github.com/mochi-mqtt/server/v2@v2.7.9
  go mod tidy
  go build -o ../mochi .
) > go.log 2>&1 || {
  cat go.log >&2
  exit 1
}
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.1.0
ports=$(python3 -c '
import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in free))')
set -- $ports
./mochi "$1" > mochi.log 2>&1 &
brokers=$!
mosquitto -p "$2" > mosquitto.log 2>&1 &
brokers="$brokers $!"
cat > check.py <<'PY'
import sys
import threading
import time

import paho.mqtt.client as mqtt

ports = [int(port) for port in sys.argv[1:]]
cases = (
    ("home/door/#", "home/door"),
    ("+/door/#", "home/door"),
    ("home/+/#", "home/door"),
    ("+/#", "home"),
    ("home/+/#", "home/door/lock"),
)


def connected(port, **handlers):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    for name, handler in handlers.items():
        setattr(client, name, handler)
    for _ in range(100):
        try:
            client.connect("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    client.loop_start()
    if not ready.wait(10):
        sys.exit("expected a connection")
    return client


def counts(port, wanted, topic):
    """Of the retained message that is there before, and of the live one that comes afterwards."""
    heard = []
    granted = threading.Event()
    ended = threading.Event()

    def message(_client, _data, one):
        heard.append(bytes(one.payload))
        if one.topic == "end":
            ended.set()

    publisher = connected(port)
    publisher.publish(topic, "retained", 1, retain=True).wait_for_publish(10)
    subscriber = connected(port, on_message=message, on_subscribe=lambda *_: granted.set())
    subscriber.subscribe([(wanted, mqtt.SubscribeOptions(1)), ("end", mqtt.SubscribeOptions(1))])
    if not granted.wait(10):
        sys.exit("expected SUBACK")
    # Retained ones come within this time, or never.
    time.sleep(1)
    publisher.publish(topic, "live", 1).wait_for_publish(10)
    publisher.publish("end", "end", 1).wait_for_publish(10)
    if not ended.wait(10):
        sys.exit("expected the last message")
    publisher.publish(topic, b"", 1, retain=True).wait_for_publish(10)
    for client in (publisher, subscriber):
        client.disconnect()
        client.loop_stop()
    return [heard.count(b"retained"), heard.count(b"live")]


seen = {case: [counts(port, *case) for port in ports] for case in cases}
for (wanted, topic), (mochi, mosquitto) in seen.items():
    print(wanted, topic, mochi, mosquitto)
if [mochi for mochi, _ in seen.values()] != [[0, 1], [0, 1], [0, 0], [0, 0], [1, 1]] or any(other != [1, 1] for _, other in seen.values()):
    sys.exit("mochi behaves otherwise than stated above")
PY
venv/bin/python check.py "$@"
