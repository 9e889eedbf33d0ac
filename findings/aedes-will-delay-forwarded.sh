#!/usr/bin/env bash
# Package: aedes 2.0.0-beta.1 (npm), seen with MQTT.js 5.16.0, MQTT 5.
# Behaviour: a last will with a Will Delay Interval is published with that property still on it: subscribers get a PUBLISH
#   with property 0x18.
# One would have guessed: the property stays at the broker. MQTT 5 (2.2.2.2) allows 0x18 among a will's properties only, so
#   a client that checks what it reads, as paho-mqtt for Python does, takes the PUBLISH for malformed.
# Seen: {"contentType":"text/plain","willDelayInterval":1}
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
const url = `mqtt://127.0.0.1:${server.address().port}`;
const listener = await mqtt.connectAsync(url, { protocolVersion: 5 });
const heard = new Promise((resolve) => listener.once('message', (_topic, _payload, packet) => resolve(packet)));
await listener.subscribeAsync('will', { qos: 1 });
const vanishing = await mqtt.connectAsync(url, {
  protocolVersion: 5,
  reconnectPeriod: 0,
  properties: { sessionExpiryInterval: 10 },
  will: { topic: 'will', payload: 'gone', qos: 1, properties: { willDelayInterval: 1, contentType: 'text/plain' } },
});
vanishing.stream.destroy();
const { properties } = await heard;
const seen = Object.fromEntries(Object.entries(properties).sort());
console.log(JSON.stringify(seen));
const isAsStated = JSON.stringify(seen) === '{"contentType":"text/plain","willDelayInterval":1}';
if (!isAsStated) console.error('aedes behaves otherwise than stated above');
process.exit(isAsStated ? 0 : 1);
JS
node check.mjs
