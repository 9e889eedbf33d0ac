import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeOf } from '../../../sdk/hub/connection/causes.ts';
import { readTls } from '../../../sdk/hub/connection/tls.ts';
import { hasProgram } from '../../support/needs.ts';

describe.skipIf(!hasProgram('openssl'))('files of certificates and keys (needs openssl)', () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  const openssl = (line: string) => execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' });
  const made = (name: string, ...extensions: string[]) => {
    const more = extensions.flatMap((one) => ['-addext', one]).join(' ');
    openssl(
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} ${more} -keyout ${name}.key -out ${name}.pem`.replace(
        / +/g,
        ' ',
      ),
    );
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-tls-'));
    made('one', 'subjectAltName=DNS:hub.example,IP:192.0.2.1');
    made('bare');
    openssl('x509 -in one.pem -outform DER -out one.der');
    openssl('pkey -in one.key -outform DER -out key.der');
    openssl('pkey -in one.key -aes128 -passout pass:x -out locked.key');
    openssl('pkcs12 -export -in one.pem -inkey one.key -passout pass:x -out both.p12');
    writeFileSync(path('both.pem'), readFileSync(path('one.pem'), 'utf8') + readFileSync(path('one.key'), 'utf8'));
    writeFileSync(path('empty.pem'), '');
    writeFileSync(path('text.pem'), 'my certificate\n');
    writeFileSync(path('cut.pem'), readFileSync(path('one.pem'), 'utf8').slice(0, 400));
    writeFileSync(path('damaged.pem'), readFileSync(path('one.pem'), 'utf8').replace(/\n[^\n]{20}/, '\n'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['ca', 'empty.pem', 'expected a certificate, got FILE, which is empty'],
    ['ca', 'text.pem', 'expected a certificate, got FILE, which is no PEM'],
    ['ca', 'one.key', 'expected a certificate, got FILE, which has a private key'],
    ['ca', 'cut.pem', 'expected a certificate, got FILE, which is damaged: '],
    ['ca', 'damaged.pem', 'expected a certificate, got FILE, which is damaged: '],
    ['ca', 'both.p12', 'openssl pkcs12 -in FILE -nodes'],
    ['cert', 'one.key', 'expected a certificate, got FILE, which has a private key'],
    ['cert', 'both.p12', 'openssl pkcs12 -in FILE -nodes'],
    ['key', 'one.pem', 'expected a private key in PEM format, got FILE, which has a certificate'],
    ['key', 'empty.pem', 'expected a private key in PEM format, got FILE, which is empty'],
    ['key', 'key.der', 'openssl pkey -in FILE -inform DER'],
    ['key', 'locked.key', 'expected a key without a passphrase, got FILE, which has one; `openssl pkey -in FILE -out'],
  ])('%s: %s is refused with what it is', async (name, file, said) => {
    const failure = await readTls({ [name]: path(file), skip_verification: false }).catch(
      (error: Error) => error.message,
    );
    expect(failure).toContain(`mqtt.tls.${name}: `);
    expect(failure).toContain(said.replaceAll('FILE', path(file)));
  });

  it('takes PEM, both in one file, and a certificate in DER', async () => {
    const both = path('both.pem');
    const read = await readTls({ ca: path('one.der'), cert: both, key: both, skip_verification: true });
    expect(read).toEqual({
      ca: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
      cert: readFileSync(both),
      key: readFileSync(both),
      rejectUnauthorized: false,
    });
  });

  it.each([
    ['one', 'its certificate is for another host name: hub.example, 192.0.2.1'],
    ['bare', 'its certificate names no host (it has no subjectAltName; a common name does not count): make it anew'],
  ])('a certificate of another host is told with its names: %s', async (name, said) => {
    const tls = await readTls({ ca: path(`${name}.pem`), skip_verification: false });
    const server = createServer({ cert: readFileSync(path(`${name}.pem`)), key: readFileSync(path(`${name}.key`)) });
    server.on('tlsClientError', () => {});
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca: tls.ca });
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown]);
    server.close();
    expect(causeOf(error).text).toBe(said);
  });
});
