import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../tools/console/server/guard.ts';

describe('refusal', () => {
  it.each([
    ['localhost:8420', '127.0.0.1'],
    ['LOCALHOST', '127.0.0.1'],
    ['127.0.0.1:1', '127.0.0.1'],
    ['[::1]:8420', '::1'],
    ['127.0.0.2:8420', '127.0.0.2'],
    ['192.168.1.7:8420', '0.0.0.0'],
    ['raspberrypi:8420', '0.0.0.0'],
    ['raspberrypi.local', '0.0.0.0'],
    ['[fe80::1]:8420', '::'],
    ['cam.example.org', 'cam.example.org'],
  ])('lets Host %s in on %s', (host, listen) => {
    expect(refusal({ host }, listen)).toBeUndefined();
    expect(refusal({ host, origin: `http://${host}` }, listen)).toBeUndefined();
  });

  it.each([
    ['evil.example', '127.0.0.1'],
    ['evil.example:8420', '0.0.0.0'],
    ['raspberrypi.evil.example', '0.0.0.0'],
    ['127.0.0.1.evil.example', '127.0.0.1'],
    ['192.168.1.7', '127.0.0.1'],
    ['localhost.', '127.0.0.1'],
    ['user@localhost', '127.0.0.1'],
    ['', '127.0.0.1'],
    [undefined, '127.0.0.1'],
  ])('refuses Host %s on %s', (host, listen) => {
    expect(refusal({ host }, listen)).toBeTypeOf('string');
  });

  it.each([
    'http://evil.example',
    'null',
    'http://localhost:8421',
    'https://localhost:8420',
    'file://',
    'http://localhost:8420@evil.example',
    '',
  ])('refuses the origin %s', (origin) => {
    expect(refusal({ host: 'localhost:8420', origin }, '127.0.0.1')).toBeTypeOf('string');
  });

  it('lets in what came through the proxy, by the name it has there, and from there only', () => {
    const url = new URL('https://cams.example.org');
    const host = 'cams.example.org';
    expect(refusal({ host }, '127.0.0.1', url)).toBeUndefined();
    expect(refusal({ host, origin: 'https://cams.example.org' }, '127.0.0.1', url)).toBeUndefined();
    expect(refusal({ host, origin: 'http://cams.example.org' }, '127.0.0.1', url)).toBeTypeOf('string');
    expect(refusal({ host: `${host}.evil.example` }, '127.0.0.1', url)).toBeTypeOf('string');
    expect(refusal({ host: 'localhost', origin: 'http://localhost' }, '127.0.0.1', url)).toBeUndefined();
  });

  it('refuses every public name, on whatever address it listens', () => {
    fc.assert(
      fc.property(fc.domain(), fc.constantFrom('127.0.0.1', '0.0.0.0', '::'), (host, listen) => {
        fc.pre(!/\.(local|lan|home|internal|arpa|box)$/.test(host));
        expect(refusal({ host }, listen)).toBeTypeOf('string');
      }),
    );
  });
});
