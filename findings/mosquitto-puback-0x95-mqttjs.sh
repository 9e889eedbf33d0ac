#!/bin/bash
# Debian mosquitto (seen with 2.0.11-1.2+deb12u2) with npm mqtt 5.16.0 (mqtt-packet 9.0.2).
#
# Behaviour: with `message_size_limit` Mosquitto answers a larger PUBLISH of MQTT 5 at QoS 1 with PUBACK and reason code 0x95 (Packet
# too large), which the standard (section 3.4.2.1) does not list for PUBACK, and keeps the connection. MQTT.js takes that PUBACK for a
# malformed packet: it emits an error event, says that it is still connected, and hears nothing from then on: no later publish
# is settled either, though the broker acknowledges it. To MQTT 3.1.1 the same broker acknowledges such a message as if it had taken it.
#
# One would guess: whatever the broker answers settles the publish, and a client that cannot read on ends the connection.
#
# Output seen:
#   MQTT 5: large: never settled; error event: Invalid puback reason code; connected: true; small: never settled
#   MQTT 3.1.1: large: acknowledged; subscribers got: small
set -eu

folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT

cd "$folder"
# Beside the system, with the libraries that only it needs.
depends=$(apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances mosquitto |
  sed -n 's/^ *|\?Depends: \(lib[a-z0-9.+-]*\)$/\1/p' | grep -Ev '^libc6$')
apt-get download mosquitto $depends > /dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
libraries=$(find root -name '*.so*' -printf '%h\n' | sort -u | sed "s|^|$folder/|" | paste -sd:)
npm init -y > /dev/null
npm install --silent --no-audit --no-fund mqtt@5.16.0

port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
printf 'listener %s 127.0.0.1\nallow_anonymous true\nmessage_size_limit 1000\nuser %s\n' "$port" "$(id -un)" > mosquitto.conf
LD_LIBRARY_PATH=$libraries root/usr/sbin/mosquitto -c mosquitto.conf > log 2>&1 &
broker=$!
sleep 1

cat > try.mjs <<'EOF'
import mqtt from 'mqtt';
const url = process.argv[2];
const outcome = (client, size) =>
  Promise.race([
    new Promise((resolve) =>
      client.publish('topic', Buffer.alloc(size, 'x'), { qos: 1 }, (error) => resolve(error ? `refused: ${error.message}` : 'acknowledged')),
    ),
    new Promise((resolve) => setTimeout(() => resolve('never settled'), 5000)),
  ]);
const five = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
const errors = [];
five.on('error', (error) => errors.push(error.message));
const large = await outcome(five, 5000);
const small = await outcome(five, 10);
const first = `large: ${large}; error event: ${errors.join(', ')}; connected: ${five.connected}; small: ${small}`;
console.log(`MQTT 5: ${first}`);
const heard = [];
const listener = await mqtt.connectAsync(url, { protocolVersion: 4 });
listener.on('message', (topic, payload) => heard.push(payload.length > 1000 ? 'large' : 'small'));
await listener.subscribeAsync('topic', { qos: 1 });
const four = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
const older = await outcome(four, 5000);
await outcome(four, 10);
await new Promise((resolve) => setTimeout(resolve, 500));
const second = `large: ${older}; subscribers got: ${heard.join(', ')}`;
console.log(`MQTT 3.1.1: ${second}`);
const isSame =
  first === 'large: never settled; error event: Invalid puback reason code; connected: true; small: never settled' &&
  second === 'large: acknowledged; subscribers got: small';
if (!isSame) console.error('they behave otherwise now');
process.exit(isSame ? 0 : 1);
EOF
node try.mjs "mqtt://127.0.0.1:$port"
