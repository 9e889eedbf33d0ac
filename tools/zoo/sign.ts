import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { manifestFile, signatureFile } from '../../sdk/zoo/catalogue.ts';
import { zooKeys } from '../../sdk/zoo/keys.ts';
import { parseManifest } from '../../sdk/zoo/manifest.ts';
import { keyId, signatureOf } from '../../sdk/zoo/signature.ts';
import { printError, printNote } from '../shared/output.ts';
import { signingKey } from '../shared/signing-key.ts';

const keyVariable = 'OCELLUS_ZOO_KEY';
const validYears = 2;

interface Options {
  readonly key?: string;
  readonly newKey?: string;
}

/** Signs a zoo's manifest as its next version: docs/zoo.md. */
async function sign(folder: string, { key: path, newKey }: Options): Promise<void> {
  if (newKey !== undefined) return makeKey(newKey);
  const key = await signingKey(path, keyVariable);
  const file = join(folder, manifestFile);
  const before = JSON.parse(await readFile(file, 'utf8')) as { version?: number };
  const now = new Date();
  const last = new Date(now);
  last.setUTCFullYear(now.getUTCFullYear() + validYears);
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const next = { ...before, version: (before.version ?? 0) + 1, issued: day(now), expires: day(last) };
  const bytes = Buffer.from(`${JSON.stringify(next, null, 2)}\n`);
  const { unusable, version, models } = parseManifest(bytes, file);
  if (unusable.size > 0) throw new InputError([...unusable].map(([name, why]) => `${name}: ${why}`).join('\n'));
  await replaceFile(file, bytes, 0o644);
  await replaceFile(join(folder, signatureFile), `${signatureOf(bytes, key)}\n`, 0o644);
  console.log(`${file}: version ${version}, ${models.length} models, signed by ${keyId(key)} until ${next.expires}`);
  if (!zooKeys().some((known) => keyId(known) === keyId(key)))
    printNote(`this key is none of sdk/zoo/keys.ts: the manifest is taken with --key alone`);
}

/** The private half into a file that only this user reads, the public one to stdout. */
async function makeKey(path: string): Promise<void> {
  const pair = generateKeyPairSync('ed25519');
  const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' });
  await writeFile(path, pem, { flag: 'wx', mode: 0o600 });
  console.log(createPublicKey(pair.privateKey).export({ format: 'pem', type: 'spki' }).toString().trimEnd());
  printNote(`${path}: the private half of key ${keyId(pair.publicKey)}. Keep it out of every repository.`);
}

const program = new Command('sign')
  .description('sign a zoo: the next version of its zoo.json, and zoo.json.sig beside it')
  .argument('[folder]', 'where zoo.json is', asset('sdk', 'models'))
  .option('--key <file>', `the private key in PEM (default: the environment variable ${keyVariable})`)
  .option('--new-key <file>', 'make a pair of keys instead: the private half into this file, the public one printed')
  .action(sign);

try {
  await program.parseAsync();
} catch (error) {
  printError(error);
  process.exitCode = error instanceof InputError ? 2 : 1;
}
