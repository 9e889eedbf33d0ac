#!/usr/bin/env bash
# Package: mosquitto 2.0.11-1.2+deb12u2 (Debian 12), with paho-mqtt 2.1.0 of PyPI as client.
# Behaviour: with `persistence true`, a session of MQTT 5 with an expiry is there again after a restart of the broker, and CONNACK says
#   "session present"; its ordinary subscriptions work. Its shared subscription ($share/GROUP/...) is gone: what is published then
#   reaches nobody of the group, and nothing tells.
# One would have guessed: "session present" means that all subscriptions of the session are, so only a client without a session subscribes
#   anew. A member of a group has to subscribe at each connection.
# Seen: {"present": [false, true], "before": ["group", "plain"], "after": ["plain"], "after subscribing anew": ["group", "plain"]}
set -eu
folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
# apt's own user, who fetches, and the broker's may write here.
chmod 777 .
version=2.0.11-1.2+deb12u2
libraries='libcjson1 libdlt2 libwrap0 libnsl2 libtirpc3 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1 libcom-err2'
# shellcheck disable=SC2086
apt-get download -qq "mosquitto=$version" $libraries 2> /dev/null || {
  echo "expected mosquitto $version of Debian 12 to be had by apt-get download" >&2
  exit 1
}
for package in ./*.deb; do dpkg -x "$package" root; done
libraries=$(find "$folder/root" -name '*-linux-gnu' -type d | tr '\n' ':')
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.1.0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\nuser root\n' "$port" "$folder" > mosquitto.conf
start() {
  LD_LIBRARY_PATH=$libraries root/usr/sbin/mosquitto -c mosquitto.conf 2> log &
  broker=$!
}
restart() {
  kill "$broker"
  wait "$broker" || true
  start
}
start
cat > client.py << 'EOF'
import json, sys, time
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port = int(sys.argv[1])
filters = {"plain": "plain/+", "group": "$share/group/shared/+"}

def connect(name, expiry, got):
    said = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    client.on_connect = lambda c, u, flags, reason, props: said.append(flags.session_present)
    client.on_message = lambda c, u, message: got.append(message.topic.split("/")[0])
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = expiry
    for _ in range(100):
        try:
            client.connect("127.0.0.1", port, clean_start=expiry == 0, properties=properties)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    client.loop_start()
    while not said:
        time.sleep(0.01)
    return client, said[0]

def end(client):
    client.disconnect()
    client.loop_stop()

got = []
member, present = connect("member", 3600, got)
for step in sys.argv[2:]:
    if step == "subscribe":
        acknowledged = []
        member.on_subscribe = lambda *_: acknowledged.append(1)
        for one in filters.values():
            member.subscribe(one, 1)
        while len(acknowledged) < len(filters):
            time.sleep(0.01)
    else:
        publisher, _ = connect("publisher", 0, [])
        for topic in ("plain/1", "shared/1"):
            publisher.publish(topic, b"x", 1).wait_for_publish(10)
        # What comes is there well before.
        time.sleep(2)
        end(publisher)
        print(json.dumps([present, sorted({"shared": "group"}.get(one, one) for one in got)]))
        got.clear()
end(member)
EOF
client() { venv/bin/python client.py "$port" "$@"; }
before=$(client subscribe publish)
restart
after=$(client publish subscribe publish)
seen=$(printf '%s\n%s\n' "$before" "$after" | python3 -c '
import json, sys
first, second, third = (json.loads(line) for line in sys.stdin)
print(json.dumps({"present": [first[0], second[0]], "before": first[1], "after": second[1], "after subscribing anew": third[1]}))')
echo "$seen"
[ "$seen" = '{"present": [false, true], "before": ["group", "plain"], "after": ["plain"], "after subscribing anew": ["group", "plain"]}' ] || {
  echo "mosquitto behaves otherwise than stated above" >&2
  exit 1
}
