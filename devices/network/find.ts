import { randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { assertShape } from '../../sdk/base/arguments.ts';

/** A camera that answered on the network. Its streams are unknown: it reveals their addresses only to its users. */
export interface FoundNetworkCamera {
  /** IP address it answered from. */
  readonly address: string;
  /** As it says itself. */
  readonly name?: string;
  readonly hardware?: string;
  /** Where it takes ONVIF requests; undefined when it names no place at its own address. */
  readonly service?: string;
}

const group = '239.255.255.250';
/** A datagram may be lost; cameras answer within half a second, as the standard has it. */
const sendAtMs = [0, 500];
const defaultWaitMs = 2000;
/** A host that answers more often is malicious. */
const mostFound = 256;
/** A datagram has room for a page of text; a name is shorter. */
const longestName = 64;

/**
 * Searches the networks of this machine for ONVIF cameras (WS-Discovery, a multicast over UDP). It sends nothing about
 * this machine, and no password.
 *
 * @param options.interfaces IPv4 addresses of this machine to search from. Default: all but the loopback one.
 * @see https://docs.oasis-open.org/ws-dd/discovery/1.1/os/wsdd-discovery-1.1-spec-os.html and ONVIF Core, chapter 7
 */
export async function discoverCameras(
  options: { interfaces?: readonly string[]; port?: number; waitMs?: number } = {},
): Promise<FoundNetworkCamera[]> {
  assertShape('discoverCameras', options, { interfaces: 'list?', port: 'number?', waitMs: 'finite?' });
  const { interfaces = ownAddresses(), port = 3702, waitMs = defaultWaitMs } = options;
  const found = new Map<string, FoundNetworkCamera>();
  const id = `urn:uuid:${randomUUID()}`;
  const onAnswer = (message: Buffer, { address }: RemoteInfo) => {
    const camera = found.size < mostFound ? parseAnswer(message.toString('utf8'), id, address) : undefined;
    if (camera) found.set(address, camera);
  };
  const sockets = await Promise.all(interfaces.map((own) => openSocket(own, onAnswer)));
  const timers = sendAtMs.map((ms) =>
    setTimeout(() => {
      // A network that cannot be reached has no cameras.
      for (const socket of sockets) socket?.send(probe(id), port, group, () => {});
    }, ms),
  );
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  timers.forEach(clearTimeout);
  for (const socket of sockets) socket?.close();
  const natural = new Intl.Collator('en', { numeric: true });
  return [...found.values()].sort((a, b) => natural.compare(a.address, b.address));
}

/**
 * @param id Of the question.
 * @param address Where the answer came from.
 * @returns Undefined for what is no answer to this question.
 */
export function parseAnswer(text: string, id: string, address: string): FoundNetworkCamera | undefined {
  if (!/:ProbeMatches\b|<ProbeMatches\b/.test(text) || textOf(text, 'RelatesTo') !== id) return undefined;
  const scopes = (textOf(text, 'Scopes') ?? '').split(/\s+/);
  const services = (textOf(text, 'XAddrs') ?? '').split(/\s+/);
  return {
    address,
    name: scopeOf(scopes, 'name'),
    hardware: scopeOf(scopes, 'hardware'),
    // Another host would be somebody else's.
    service: services.find((one) => /^https?:/.test(one) && URL.canParse(one) && new URL(one).hostname === address),
  };
}

/** What stands in the first element of this name, whatever its namespace is called. */
function textOf(xml: string, name: string): string | undefined {
  const found = new RegExp(`<(?:[\\w-]{1,40}:)?${name}(?:\\s[^<>]*)?>([^<]*)<`).exec(xml);
  return found?.[1]?.trim();
}

/** `onvif://www.onvif.org/name/Front%20door` → `Front door`. */
function scopeOf(scopes: readonly string[], name: string): string | undefined {
  const start = `onvif://www.onvif.org/${name}/`;
  const scope = scopes.find((one) => one.toLowerCase().startsWith(start))?.slice(start.length);
  return scope && decoded(scope).slice(0, longestName);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

/** Undefined where this interface cannot be asked from. */
async function openSocket(
  own: string,
  onAnswer: (message: Buffer, from: RemoteInfo) => void,
): Promise<Socket | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, own);
    await once(socket, 'listening');
    socket.setMulticastInterface(own);
  } catch {
    socket.close();
    return undefined;
  }
  socket.on('error', () => {});
  socket.on('message', onAnswer);
  return socket;
}

const probe = (id: string) => `<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">
<s:Header>
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>
<a:MessageID>${id}</a:MessageID>
<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>
</s:Header>
<s:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body>
</s:Envelope>`;
