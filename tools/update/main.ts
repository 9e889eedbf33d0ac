// `npm run update:make`: a signed release of the image of a card.
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { InputError } from '../../sdk/base/errors.ts';
import { releaseKeys } from '../../sdk/update/keys.ts';
import { keyId } from '../../sdk/zoo/signature.ts';
import { printError, printNote } from '../shared/output.ts';
import { signingKey } from '../shared/signing-key.ts';
import { makeRelease } from './make-release.ts';

interface Options {
  readonly version: string;
  readonly base: readonly string[];
  readonly out: string;
  readonly title: string;
  readonly url?: string;
  readonly architecture: string;
  readonly board: readonly string[];
  readonly bundles: boolean;
  readonly key?: string;
}

/** SoCs of the boards that Debian's kernel boots: 3, Zero 2 W, 4 and their kin. */
const boards = ['brcm,bcm2837', 'brcm,bcm2711'];

async function make(image: string, options: Options): Promise<void> {
  const bases = options.base.map((text) => {
    const [, version, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (version === undefined || path === undefined)
      throw new InputError(`--base: expected VERSION=IMAGE, got ${text}`);
    return { version, image: path };
  });
  const key = await signingKey(options.key, 'OCELLUS_ZOO_KEY');
  const { files, manifest } = await makeRelease({
    ...options,
    image,
    bases,
    key,
    releaseUrl: options.url,
    boards: options.board.length > 0 ? options.board : boards,
  });
  for (const path of files) console.log(`${path}: ${((await stat(path)).size / 1e6).toFixed(1)} MB`);
  console.log(`${manifest.title} ${manifest.version}, signed by ${keyId(key)}`);
  if (!(await releaseKeys()).some((known) => keyId(known) === keyId(key)))
    printNote(
      'this key is none of sdk/zoo/keys.ts: boards take the release only with its public half in /etc/ocellus/update-keys',
    );
}

const list = (value: string, before: readonly string[]) => [...before, value];
const program = new Command('update:make')
  .description('make a signed release of the image of a card: all of it, and what changed since earlier ones')
  .argument('<image>', 'what `ocellus image build` made, not compressed')
  .requiredOption('--version <version>', 'of the image: 1.2.0')
  .option('--base <version=image>', 'an earlier image, for those who run it; may be repeated', list, [])
  .option('--out <folder>', 'where to write update.json, its signature and the payloads', 'release')
  .option('--title <text>', 'shown in Home Assistant', 'Ocellus')
  .option('--url <url>', 'a page that says what is new')
  .option('--architecture <name>', 'as Debian names it', 'arm64')
  .option('--board <compatible>', `of the device tree; may be repeated (default: ${boards.join(', ')})`, list, [])
  .option('--bundles', 'also one file ….ocu for each payload, to be carried by hand', false)
  .option('--key <file>', 'the private key in PEM (default: the environment variable OCELLUS_ZOO_KEY)')
  .action(make);

try {
  await program.parseAsync();
} catch (error) {
  printError(error);
  process.exitCode = error instanceof InputError ? 2 : 1;
}
