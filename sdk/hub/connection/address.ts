import type { IClientOptions } from 'mqtt';
import { maskCredentials } from '../../base/credentials.ts';
import { InputError } from '../../base/errors.ts';
import type { TlsSettings } from '../../config/schema.ts';

const defaultPorts = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;
type Protocol = keyof typeof defaultPorts;

/** The address of a broker, and the credentials. */
export interface BrokerAddress {
  /** For messages and logs: without user name and password. */
  readonly title: string;
  readonly options: Pick<IClientOptions, 'protocol' | 'hostname' | 'host' | 'port' | 'path' | 'username' | 'password'>;
  readonly tls: TlsSettings | undefined;
}

export interface BrokerLogin {
  username?: string;
  password?: string;
  tls?: TlsSettings;
}

/**
 * Parses a broker's URL. User name and password in the URL apply unless they are given separately.
 *
 * @throws InputError when it is not mqtt://, mqtts://, ws:// or wss:// with a host, or `tls` does not fit it. The
 * message never shows a password.
 */
export function brokerAddress(url: string, login: BrokerLogin = {}): BrokerAddress {
  const escapes = 'write / ? # @ % in a user name or password as %2F %3F %23 %40 %25, or give it in mqtt.password';
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // An address that cannot be parsed may hold a password anywhere, so it is not shown.
    const advice = url.includes('@') ? `; ${escapes}` : '';
    throw new InputError(
      `mqtt.broker: expected \`embedded\`, \`off\` or a URL such as mqtt://192.168.1.2:1883${advice}`,
    );
  }
  const protocol = parsed.protocol.slice(0, -1) as Protocol;
  if (!Object.hasOwn(defaultPorts, protocol) || parsed.hostname === '') {
    throw new InputError(
      `mqtt.broker: expected a URL with mqtt://, mqtts://, ws:// or wss:// and a host, got one with ${parsed.protocol}//`,
    );
  }
  if (`${parsed.pathname}${parsed.search}${parsed.hash}`.includes('@')) {
    // Then a part of the user name or password was taken for the host or its port, and would be shown as such.
    throw new InputError(`mqtt.broker: ${escapes}`);
  }
  const username = login.username ?? (decode(parsed.username) || undefined);
  const password = login.password ?? (decode(parsed.password) || undefined);
  if (password !== undefined && username === undefined) {
    throw new InputError('mqtt.username: expected a user name with the password, got nothing');
  }
  const { tls } = login;
  if (tls && protocol !== 'mqtts' && protocol !== 'wss') {
    throw new InputError(
      `mqtt.tls: expected a broker with mqtts:// or wss://, got ${protocol}://, which is not encrypted`,
    );
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw new InputError('mqtt.tls: expected both `cert` and `key`, or neither');
  }
  const port = parsed.port === '' ? defaultPorts[protocol] : Number(parsed.port);
  const web = protocol === 'ws' || protocol === 'wss';
  const path = web ? parsed.pathname + parsed.search : '';
  // A WebSocket's address is reassembled into a URL, in which an IPv6 address keeps its brackets.
  const hostname = web ? parsed.hostname : parsed.hostname.replace(/^\[|\]$/g, '');
  return {
    title: maskCredentials(`${protocol}://${parsed.hostname}:${port}${web ? parsed.pathname : ''}`),
    options: { protocol, hostname, host: hostname, port, ...(web && { path }), username, password },
    tls,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
