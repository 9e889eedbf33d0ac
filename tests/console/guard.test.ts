import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoopback, refusal } from '../../tools/console/server/guard.ts';

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
    'file://',
    'http://localhost:8420@evil.example',
    '',
  ])('refuses the origin %s', (origin) => {
    expect(refusal({ host: 'localhost:8420', origin }, '127.0.0.1')).toBeTypeOf('string');
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

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.2', false],
  ])('%s: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
});
