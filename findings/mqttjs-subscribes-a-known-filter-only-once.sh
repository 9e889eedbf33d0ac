#!/usr/bin/env bash
# Package: mqtt 5.16.0 (MQTT.js, npm), seen with aedes 2.0.0-beta.1 as the broker, MQTT 5.
# Behaviour: `subscribe` to a filter that this client subscribed to before sends no packet, also after a new connection, and succeeds with an
#   empty list. Where the broker says that the session is there, the library's own `resubscribe` sends nothing either, so the client
#   has no way to subscribe anew but `resubscribe: false` from the start. That is what a broker needs that keeps a session and has
#   lost a subscription of it, and who wants retained messages once more.
# One would have guessed: each call sends SUBSCRIBE, to which MQTT 5 (3.8.4) says that the subscription is replaced and retained messages
#   come again.
# Seen: {"default":{"packets":[1,0],"granted":[1,0],"retained":[1,0]},"resubscribe: false":{"packets":[1,1],"granted":[1,1],"retained":[1,1]}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-fund --no-audit aedes@2.0.0-beta.1 mqtt@5.16.0 > /dev/null
cat > check.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';

const broker = await Aedes.createBroker();
const server = createServer((socket) => broker.handle(socket));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `mqtt://127.0.0.1:${server.address().port}`;
const publisher = await mqtt.connectAsync(url, { protocolVersion: 5 });
await publisher.publishAsync('state', 'on', { qos: 1, retain: true });

async function seen(clientId, options) {
  const counts = { packets: [0], granted: [], retained: [0] };
  broker.on('subscribe', (_subscriptions, client) => client?.id === clientId && counts.packets[counts.packets.length - 1]++);
  const kept = { clean: false, properties: { sessionExpiryInterval: 3600 } };
  const client = mqtt.connect(url, { protocolVersion: 5, clientId, ...kept, reconnectPeriod: 50, ...options });
  client.on('message', () => counts.retained[counts.retained.length - 1]++);
  for (const present of [false, true]) {
    const [{ sessionPresent }] = await once(client, 'connect');
    if (sessionPresent !== present) throw new Error(`expected a session: ${present}`);
    if (present) for (const of of [counts.packets, counts.retained]) of.push(0);
    counts.granted.push((await client.subscribeAsync('state', { qos: 1 })).length);
    // What comes is there well before.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (!present) client.stream.destroy();
  }
  await client.endAsync(true);
  return counts;
}

const found = JSON.stringify({ default: await seen('one', {}), 'resubscribe: false': await seen('other', { resubscribe: false }) });
console.log(found);
const stated =
  '{"default":{"packets":[1,0],"granted":[1,0],"retained":[1,0]},"resubscribe: false":{"packets":[1,1],"granted":[1,1],"retained":[1,1]}}';
if (found !== stated) console.error('MQTT.js behaves otherwise than stated above');
process.exit(found === stated ? 0 : 1);
JS
node check.mjs
