import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createWeb } from 'node:http';
import { createServer as createSecureWeb } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSecure } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokerAddress } from '../../sdk/hub/connection/address.ts';
import { Session } from '../../sdk/hub/connection/session.ts';
import { closing } from '../support/closing.ts';
import { hasProgram } from '../support/needs.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';

const missing = hasProgram('openssl') ? '' : ' (needs openssl)';
let folder: string;
let key: Buffer;
let cert: Buffer;

beforeAll(() => {
  if (missing) return;
  folder = mkdtempSync(join(tmpdir(), 'ocellus-ports-'));
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  const about = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...about], { stdio: 'ignore' });
  key = readFileSync(join(folder, 'key.pem'));
  cert = readFileSync(join(folder, 'cert.pem'));
});

afterAll(() => {
  if (!missing) rmSync(folder, { recursive: true });
});

/** What a broker does with bytes that are no MQTT. */
const mqttOnly = (socket: Socket) => {
  socket.on('error', () => {});
  socket.once('data', (bytes: Buffer) => (bytes[0] === 0x10 ? undefined : socket.destroy()));
};

const kinds: Record<string, () => Server> = {
  mqtt: () => createServer(mqttOnly),
  mqtts: () => createSecure({ key, cert }, mqttOnly),
  // Mosquitto resets the connection instead of answering with an alert.
  'mqtts that resets': () =>
    createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.resetAndDestroy())),
  http: () => createWeb((_, response) => response.end('hello')),
  https: () => createSecureWeb({ key, cert }, (_, response) => response.end('hello')),
  ssh: () => createServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.2\r\n')),
};

async function serve(kind: string): Promise<{ host: string; connections: () => number }> {
  const server = kinds[kind]!();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing(server, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, connections: () => sockets.size };
}

const cases: [protocol: string, kind: string, text: RegExp][] = [
  ['mqtt', 'http', /speaks HTTP; .* ws:\/\//],
  ['mqtt', 'https', /TLS/],
  ['mqtt', 'mqtts', /TLS/],
  ['mqtt', 'mqtts that resets', /does this port want TLS \(mqtts:\/\/\)\?/],
  ['mqtt', 'ssh', /is not MQTT; is this the port of an MQTT broker\?/],
  ['mqtts', 'mqtt', /port without TLS\? Its address begins with mqtt:\/\//],
  ['mqtts', 'http', /does not speak TLS; the address has to begin with mqtt:\/\//],
  ['mqtts', 'https', /speaks HTTP; .* wss:\/\//],
  ['mqtts', 'ssh', /does not speak TLS/],
  ['ws', 'mqtt', /before WebSocket was agreed on; .* mqtt:\/\//],
  ['ws', 'mqtts', /before WebSocket was agreed on/],
  ['ws', 'http', /a web server answers with 200; are the port and the path of MQTT right\?/],
  ['ws', 'https', /before WebSocket was agreed on/],
  ['ws', 'ssh', /before WebSocket was agreed on/],
  ['wss', 'mqtt', /before WebSocket was agreed on|port without TLS/],
  ['wss', 'http', /does not speak TLS/],
  ['wss', 'https', /a web server answers with 200/],
];

describe.skipIf(missing)(`A port of another kind${missing}`, () => {
  it('is told in one sentence, once, whichever it is', async () => {
    const attempts = 5;
    const ca = join(folder, 'cert.pem');
    // Beside each other: most of the time they wait for the next attempt.
    const told = await Promise.all(
      cases.map(async ([protocol, kind, text]) => {
        const tls = protocol === 'mqtts' || protocol === 'wss' ? { ca, skip_verification: false } : undefined;
        const logger = recorder();
        const { host, connections } = await serve(kind);
        const session = closing(
          new Session({
            address: brokerAddress(`${protocol}://${host}`, { tls }),
            clientId: 'ocellus-porch',
            will: { topic: 'ocellus/porch/status', payload: 'offline' },
            logger,
          }),
          (it) => it.stop(false),
        );
        session.start();
        await until(() => connections() >= attempts);
        return { name: `${protocol} on ${kind}`, lines: logger.lines, text };
      }),
    );
    for (const { name, lines, text } of told) {
      expect(lines, name).toHaveLength(1);
      expect(lines[0], name).toMatch(/^warn MQTT: no connection to /);
      expect(lines[0], name).toMatch(text);
    }
  });
});
