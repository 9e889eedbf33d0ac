import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IClientOptions } from 'mqtt';
import { InputError, messageOf } from '../../base/errors.ts';
import type { TlsSettings } from '../../config/schema.ts';

export type TlsOptions = Pick<IClientOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;

type Named = 'ca' | 'cert' | 'key';

/**
 * Reads the certificates and the key that the settings name. Called for each connection, so that renewed ones are used.
 * All in PEM; a certificate may be in DER as well.
 *
 * @throws InputError naming the setting whose file cannot be read, or is none of its kind: OpenSSL takes any file for the
 *   certificates of CAs, and then knows none.
 */
export async function readTls({ ca, cert, key, skip_verification }: TlsSettings): Promise<TlsOptions> {
  const read = async <T>(
    name: Named,
    path: string | undefined,
    check: (name: Named, path: string, bytes: Buffer) => T,
  ) => (path === undefined ? undefined : check(name, path, await readNamed(name, path)));
  return {
    ca: await read('ca', ca, certificates),
    cert: await read('cert', cert, certificates),
    key: await read('key', key, privateKey),
    rejectUnauthorized: !skip_verification,
  };
}

async function readNamed(name: Named, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError(`mqtt.tls.${name}: expected a file in PEM format, got ${path}: ${messageOf(error)}`);
  }
}

function certificates(name: Named, path: string, bytes: Buffer): Buffer | string {
  const labels = labelsIn(bytes);
  const hasCertificate = labels.some((label) => label.endsWith('CERTIFICATE'));
  try {
    const first = new X509Certificate(bytes);
    // Node's TLS takes no DER.
    return labels.length > 0 ? bytes : first.toString();
  } catch (error) {
    const what = hasCertificate ? `which is damaged: ${messageOf(error)}` : contentsOf(bytes, path);
    throw new InputError(`mqtt.tls.${name}: expected a certificate, got ${path}, ${what}`);
  }
}

function privateKey(name: Named, path: string, bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new InputError(
      `mqtt.tls.${name}: expected a key without a passphrase, got ${path}, which has one; \`openssl pkey -in ${path} -out NEW.pem\` makes one without`,
    );
  }
  if (labelsIn(bytes).some((label) => label.endsWith('PRIVATE KEY'))) return bytes;
  throw new InputError(
    `mqtt.tls.${name}: expected a private key in PEM format, got ${path}, ${contentsOf(bytes, path)}`,
  );
}

/** What PEM has before each of its parts: `CERTIFICATE`, `RSA PRIVATE KEY`. */
function labelsIn(bytes: Buffer): string[] {
  return [...bytes.toString('latin1').matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----/gm)].map(([, label]) => label!);
}

/** What a file is in place of what was expected, and what makes that of it. */
function contentsOf(bytes: Buffer, path: string): string {
  if (bytes.length === 0) return 'which is empty';
  const labels = labelsIn(bytes);
  if (labels.length > 0) return `which has ${labels.map((label) => `a ${label.toLowerCase()}`).join(' and ')}`;
  // What DER begins with: a certificate, a key, or both in PKCS #12.
  if (bytes[0] !== 0x30) return 'which is no PEM';
  return `which is no PEM; of a .p12 or .pfx \`openssl pkcs12 -in ${path} -nodes\` makes it, of a key in DER \`openssl pkey -in ${path} -inform DER\``;
}
