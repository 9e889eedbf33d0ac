#!/usr/bin/env bash
# Package: io.moquette:moquette-broker 0.17 (Maven), a broker to embed in Java, seen with Java 17 and Maven, MQTT 3.1.1; paho-mqtt 2.1.0 of PyPI as client.
# Behaviour: what a new subscription gets of a retained message has the RETAIN flag cleared: a door that opened last week looks like one that opens now. And a
#   retained message of QoS 0 is not kept; it also takes away the one of QoS 1 that was there, so that then nothing comes at all.
# One would have guessed: 1 for what was kept and 0 for what is live (MQTT 3.1.1, 3.3.1-8 and -9), which is how automations tell a state from an event; and that what
#   is retained at QoS 0 is kept, as other brokers do (3.3.1-7: it should be, and may be discarded).
# Seen: {'live': [('open', 0)], 'new subscription': [('open', 0)], 'new subscription after QoS 0': []}   (what came, and its RETAIN flag)
set -eu
folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>check</groupId><artifactId>check</artifactId><version>1</version>
  <properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target></properties>
  <dependencies><dependency><groupId>io.moquette</groupId><artifactId>moquette-broker</artifactId><version>0.17</version></dependency></dependencies>
</project>
XML
mkdir -p src/main/java
cat > src/main/java/Broker.java <<'JAVA'
import io.moquette.broker.Server;
import io.moquette.broker.config.MemoryConfig;
import java.util.Properties;

public final class Broker {
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    settings.setProperty("host", "127.0.0.1");
    settings.setProperty("port", arguments[0]);
    settings.setProperty("allow_anonymous", "true");
    settings.setProperty("persistence_enabled", "false");
    settings.setProperty("telemetry_enabled", "false");
    new Server().startServer(new MemoryConfig(settings));
    Thread.currentThread().join();
  }
}
JAVA
mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=classpath > maven.log 2>&1 || {
  cat maven.log >&2
  exit 1
}
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.1.0
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
java -cp "target/classes:$(cat classpath)" Broker "$port" > broker.log 2>&1 &
broker=$!
cat > check.py <<'PY'
import queue
import sys
import time

import paho.mqtt.client as mqtt

port = int(sys.argv[1])


def connected():
    """A client, and what it is told: its messages, and that it is connected and subscribed."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.messages, client.granted, client.accepted = queue.Queue(), queue.Queue(), queue.Queue()
    client.on_connect = lambda *told: client.accepted.put(told)
    client.on_message = lambda *told: client.messages.put((told[2].payload.decode(), int(told[2].retain)))
    client.on_subscribe = lambda *told: client.granted.put(told)
    for _ in range(100):
        try:
            client.connect("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            time.sleep(0.2)
    client.loop_start()
    client.accepted.get(timeout=10)
    return client


def subscribed():
    client = connected()
    client.subscribe([("door", 1), ("end", 1)])
    client.granted.get(timeout=10)
    return client


def until_end(client):
    """All messages before the one that tells that no more come: a client's are in order."""
    publish("now", 1, False, "end")
    messages = []
    while (message := client.messages.get(timeout=10))[0] != "now":
        messages.append(message)
    return messages


publisher = connected()


def publish(text, qos, retain, topic="door"):
    publisher.publish(topic, text, qos, retain).wait_for_publish(10)


listener = subscribed()
publish("open", 1, True)
seen = {"live": until_end(listener), "new subscription": until_end(subscribed())}
publish("closed", 0, True)
until_end(listener)
seen["new subscription after QoS 0"] = until_end(subscribed())
print(seen)
if seen != {"live": [("open", 0)], "new subscription": [("open", 0)], "new subscription after QoS 0": []}:
    sys.exit("Moquette behaves otherwise than stated above")
PY
venv/bin/python check.py "$port" || {
  tail broker.log >&2
  exit 1
}
