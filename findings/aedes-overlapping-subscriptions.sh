#!/usr/bin/env bash
# Package: aedes 2.0.0-beta.1 (npm), seen with MQTT.js 5.16.0, MQTT 5.
# Behaviour: a client has two subscriptions that fit one message, `a/b` at QoS 0 and `a/#` at QoS 2. A message published at
#   QoS 2 reaches it once, at QoS 0, and with the identifier of the other one alone. And one with the wildcard alone at
#   QoS 1 gets a message of QoS 2 at QoS 2.
# One would have guessed: QoS 2 with both identifiers (MQTT 5, 3.3.4: the maximum QoS of all matching subscriptions, and the
#   identifiers of all of them in a single copy), and QoS 1 for the second.
# Seen: {"overlapping":[{"qos":0,"identifiers":[2]}],"wildcard":[2]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit aedes@2.0.0-beta.1 mqtt@5.16.0 > /dev/null
cat > check.mjs <<'JS'
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';

const broker = await Aedes.createBroker();
const server = createServer((socket) => broker.handle(socket));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const join = () => mqtt.connectAsync(`mqtt://127.0.0.1:${server.address().port}`, { protocolVersion: 5 });
const [from, both, wildcard] = [await join(), await join(), await join()];
const heard = new Map([both, wildcard].map((client) => [client, []]));
for (const [client, packets] of heard) client.on('message', (_topic, _payload, packet) => packets.push(packet));
await both.subscribeAsync('a/b', { qos: 0, properties: { subscriptionIdentifier: 1 } });
await both.subscribeAsync('a/#', { qos: 2, properties: { subscriptionIdentifier: 2 } });
await wildcard.subscribeAsync('a/#', { qos: 1 });
await from.publishAsync('a/b', 'x', { qos: 2 });
while (heard.get(both).length === 0 || heard.get(wildcard).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
// A second copy would be right as well: it would have come by then.
await new Promise((resolve) => setTimeout(resolve, 500));
const seen = {
  overlapping: heard.get(both).map(({ qos, properties }) => ({ qos, identifiers: [properties.subscriptionIdentifier].flat() })),
  wildcard: heard.get(wildcard).map(({ qos }) => qos),
};
console.log(JSON.stringify(seen));
const isAsStated = JSON.stringify(seen) === '{"overlapping":[{"qos":0,"identifiers":[2]}],"wildcard":[2]}';
if (!isAsStated) console.error('aedes behaves otherwise than stated above');
process.exit(isAsStated ? 0 : 1);
JS
node check.mjs
