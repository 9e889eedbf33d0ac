import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { brokerAddress } from '../../../sdk/hub/connection/address.ts';

describe('brokerAddress', () => {
  it.each([
    ['mqtt://hub', { protocol: 'mqtt', hostname: 'hub', port: 1883 }, 'mqtt://hub:1883'],
    ['mqtts://hub:9999/', { protocol: 'mqtts', hostname: 'hub', port: 9999 }, 'mqtts://hub:9999'],
    ['mqtt://[::1]:1884', { protocol: 'mqtt', hostname: '::1', port: 1884 }, 'mqtt://[::1]:1884'],
    ['ws://[::1]/mqtt?x=1', { protocol: 'ws', hostname: '[::1]', port: 80, path: '/mqtt?x=1' }, 'ws://[::1]:80/mqtt'],
    ['wss://hub/mqtt', { protocol: 'wss', hostname: 'hub', port: 443, path: '/mqtt' }, 'wss://hub:443/mqtt'],
  ])('%s', (url, options, title) => {
    const address = brokerAddress(url);
    expect(address.options).toMatchObject(options);
    expect(address.title).toBe(title);
  });

  it('takes certificates for what is encrypted only, and a certificate with its key', () => {
    const tls = { ca: '/ca.pem', skip_verification: false };
    expect(brokerAddress('mqtts://hub', { tls }).tls).toEqual(tls);
    expect(brokerAddress('wss://hub', { tls: { ...tls, cert: 'c', key: 'k' } }).tls).toMatchObject({ cert: 'c' });
    expect(() => brokerAddress('mqtt://hub', { tls })).toThrow(/mqtt\.tls: expected a broker with mqtts:\/\/ or wss/);
    expect(() => brokerAddress('ws://hub', { tls })).toThrow(InputError);
    expect(() => brokerAddress('mqtts://hub', { tls: { ...tls, cert: 'c' } })).toThrow(/both `cert` and `key`/);
  });

  it('reads the login from the URL, never shows it, and prefers the one given apart', () => {
    const address = brokerAddress('mqtt://ann:s%40cret@hub');
    expect(address.options).toMatchObject({ username: 'ann', password: 's@cret' });
    expect(address.title).not.toMatch(/ann|cret/);
    const apart = brokerAddress('mqtt://ann:s%40cret@hub', { username: 'bob', password: 'other' });
    expect(apart.options).toMatchObject({ username: 'bob', password: 'other' });
  });

  it.each(['http://hub', 'mqtt://', 'hub', 'mqtt:', 'file:///etc/passwd', '', 'hub:1883'])('refuses %j', (url) => {
    expect(() => brokerAddress(url)).toThrow(InputError);
  });

  it('does not show a password in an error', () => {
    for (const url of ['http://ann:geheim@hub', 'ann:geheim@hub', 'mqtt://ann:geheim@h ub']) {
      expect(() => brokerAddress(url)).toThrow(/^(?!.*geheim).*mqtt.broker: expected/);
    }
  });

  it('wants a user name with a password', () => {
    expect(() => brokerAddress('mqtt://hub', { password: 'x' })).toThrow(/mqtt.username: expected/);
  });

  it('asks for escapes where a part of the password would be the host', () => {
    const escapes = /^mqtt\.broker: (?!.*(?:geheim|4711)).*write \/ \? # @ % in a user name or password as %2F/;
    for (const url of ['mqtt://ann:a@geheim/x@hub', 'mqtt://ann:a@geheim#x@hub', 'ws://ann:a@geheim?x@hub']) {
      expect(() => brokerAddress(url)).toThrow(escapes);
    }
    // A number before the first of them would be the port of a host `ann`.
    for (const url of ['mqtt://ann:4711/x@hub', 'mqtts://ann:4711#@hub:8883', 'ws://ann:4711?x@hub/mqtt']) {
      expect(() => brokerAddress(url)).toThrow(escapes);
    }
    for (const url of ['mqtt://ann:geheim/x@hub', 'mqtts://ann:geheim#x@hub', 'mqtt://ann:?geheim@hub']) {
      expect(() => brokerAddress(url)).toThrow(escapes);
    }
    expect(brokerAddress('ws://hub/mqtt%40home').options).toMatchObject({ hostname: 'hub', path: '/mqtt%40home' });
    expect(brokerAddress('mqtt://ann:a%b@hub').options).toMatchObject({ hostname: 'hub', password: 'a%b' });
  });
});
