#!/usr/bin/env bash
# Package: github.com/nats-io/nats-server/v2 v2.15.2 (Go), with paho-mqtt 2.1.0 of PyPI as client.
# Behaviour: as an MQTT broker with its default limits it grants 1,000 subscriptions of QoS 1 in all, of all clients together. The next one
#   gets failure (128) in SUBACK, its client stays connected, and what is published there never comes. Each such subscription is a consumer
#   of one JetStream stream, $MQTT_msgs, which may have 1,000 unless `jetstream { limits { default_max_consumers } }` says more.
# One would have guessed: a broker's number of subscriptions is bounded by memory, as in Mosquitto, or the limit is one of connections. A fleet
#   whose nodes have five filters each stops at the 201st node, and a client that does not look into SUBACK does not learn of it.
# Seen: {"asked": 1005, "granted": 1000, "first refused": 1001, "connected": 201, "heard by the last": []}
#   with default_max_consumers 2000: {"asked": 1005, "granted": 1005, "first refused": null, "connected": 201, "heard by the last": ["200/4"]}
set -eu
folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2> /dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
GOPATH="$folder/go" GOBIN="$folder/bin" GOFLAGS=-modcacherw go install github.com/nats-io/nats-server/v2@v2.15.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.1.0
cat > client.py << 'EOF'
import json, sys, time
from paho.mqtt import client as mqtt

port = int(sys.argv[1])
answers = []
heard = []


def connected(name):
    done = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311)
    client.on_connect = lambda *_: done.append(True)
    client.on_subscribe = lambda c, u, mid, reasons, properties: answers.extend(reason.value for reason in reasons)
    client.on_message = lambda c, u, message: heard.append(message.topic)
    for _ in range(100):
        try:
            client.connect("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    client.loop_start()
    while not done:
        time.sleep(0.01)
    return client


clients = []
for node in range(201):
    clients.append(connected(f"node-{node}"))
    for number in range(5):
        clients[-1].subscribe(f"{node}/{number}", qos=1)
    while len(answers) < 5 * len(clients):
        time.sleep(0.01)
clients[0].publish("200/4", "a", qos=1).wait_for_publish()
time.sleep(2)
first = answers.index(128) + 1 if 128 in answers else None
print(
    json.dumps(
        {
            "asked": len(answers),
            "granted": answers.count(1),
            "first refused": first,
            "connected": sum(client.is_connected() for client in clients),
            "heard by the last": heard,
        }
    )
)
EOF
seen() {
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  printf 'server_name: one\nhost: 127.0.0.1\nport: -1\njetstream { store_dir: "%s/store-%s"%s }\nmqtt { host: 127.0.0.1, port: %s }\n' \
    "$folder" "$port" "$1" "$port" > nats.conf
  bin/nats-server -c nats.conf 2> log &
  broker=$!
  venv/bin/python client.py "$port"
  kill "$broker"
  wait "$broker" || true
  broker=
}
seen '' > default
seen ', limits { default_max_consumers: 2000 }' > raised
cat default raised
[ "$(cat default)" = '{"asked": 1005, "granted": 1000, "first refused": 1001, "connected": 201, "heard by the last": []}' ]
[ "$(cat raised)" = '{"asked": 1005, "granted": 1005, "first refused": null, "connected": 201, "heard by the last": ["200/4"]}' ]
