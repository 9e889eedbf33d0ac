import { readFile } from 'node:fs/promises';
import type { IClientOptions } from 'mqtt';
import { InputError, messageOf } from '../../base/errors.ts';
import type { TlsSettings } from '../../config/schema.ts';

export type TlsOptions = Pick<IClientOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;

/**
 * Reads the certificates that the settings name. Called for each connection, so that renewed ones are used.
 *
 * @throws InputError naming the setting whose file cannot be read.
 */
export async function readTls({ ca, cert, key, skip_verification }: TlsSettings): Promise<TlsOptions> {
  const read = async (name: string, path: string | undefined) => {
    if (path === undefined) return undefined;
    try {
      return await readFile(path);
    } catch (error) {
      throw new InputError(`mqtt.tls.${name}: expected a file in PEM format, got ${path}: ${messageOf(error)}`);
    }
  };
  return {
    ca: await read('ca', ca),
    cert: await read('cert', cert),
    key: await read('key', key),
    rejectUnauthorized: !skip_verification,
  };
}
