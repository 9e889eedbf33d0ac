#!/bin/bash
# PyPI amqtt 0.12.1, a broker for MQTT 3.1.1.
#
# Behaviour: to a CONNECT of MQTT 5 with a last will it sends nothing, neither CONNACK nor FIN, and keeps the connection open; to the
# same CONNECT without a last will it answers at once with CONNACK, return code 1 (unacceptable protocol version), and closes.
# (It reads the properties of the will, which 3.1.1 does not have, as the will's topic, and gives up without a word.)
#
# One would guess: the version stands before all that differs between the versions, so the answer is the same; a client needs to look only for
# that answer. It needs a timeout as well.
#
# Output seen:
#   MQTT 5 without a last will: 20020001, closed
#   MQTT 5 with a last will: nothing, open after 5 s
#   MQTT 3.1.1 with a last will: 20020000
set -eu

folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check amqtt==0.12.1

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$folder/amqtt.yaml" <<EOF
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:$port
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
EOF
"$folder/venv/bin/amqtt" -c "$folder/amqtt.yaml" > "$folder/log" 2>&1 &
broker=$!

python3 - "$port" <<'EOF'
import socket, sys, time

port = int(sys.argv[1])


def text(value):
    return len(value).to_bytes(2, 'big') + value


def connect(version, with_will):
    properties = b'\x00' if version == 5 else b''
    flags = 0x02 | (0x2C if with_will else 0)  # clean start; will retained, QoS 1
    body = text(b'MQTT') + bytes([version, flags]) + (60).to_bytes(2, 'big') + properties + text(b'client')
    if with_will:
        body += properties + text(b'status') + text(b'offline')
    return bytes([0x10, len(body)]) + body


def ask(version, with_will, wait):
    with socket.create_connection(('127.0.0.1', port)) as client:
        client.sendall(connect(version, with_will))
        client.settimeout(wait)
        answer = b''
        try:
            while True:
                part = client.recv(64)
                if not part:
                    return answer, 'closed'
                answer += part
        except TimeoutError:
            return answer, 'open'


for _ in range(200):
    try:
        socket.create_connection(('127.0.0.1', port)).close()
        break
    except OSError:
        time.sleep(0.1)

plain = ask(5, False, 5)
will = ask(5, True, 5)
older = ask(4, True, 2)
print(f'MQTT 5 without a last will: {plain[0].hex()}, {plain[1]}')
print(f'MQTT 5 with a last will: {will[0].hex() or "nothing"}, {will[1]} after 5 s')
print(f'MQTT 3.1.1 with a last will: {older[0].hex()}')
if plain != (bytes.fromhex('20020001'), 'closed') or will != (b'', 'open') or older[0] != bytes.fromhex('20020000'):
    sys.exit('amqtt behaves otherwise now')
EOF
