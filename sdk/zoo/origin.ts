import { createReadStream } from 'node:fs';
import { asset } from '../base/assets.ts';
import { maskCredentials } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { download, type Patience } from './download.ts';
import { packageMember } from './package-archive.ts';
import { PartialFile } from './partial-file.ts';
import type { Source } from './source.ts';

/** Where a file comes from: a source of a manifest, or a file of this machine. */
export type Origin = Source | { readonly kind: 'path'; readonly path: string };

/** A file that is wanted, and where it may be. */
export interface FilePlan {
  /** Its name, in the model's folder. */
  readonly file: string;
  readonly sha256: string;
  /** Undefined where nobody said so. */
  readonly bytes: number | undefined;
  /** Bounds it where `bytes` does not. */
  readonly most: number;
  readonly origins: readonly Origin[];
}

/** How files of a model are fetched. */
export interface FetchOptions {
  /** Where it lies until it is whole. */
  readonly folder: string;
  /** Told how much is there, again and again; `total` is undefined where nobody said so. */
  readonly report?: (file: string, done: number, total: number | undefined) => void;
  readonly patience?: Patience;
}

/**
 * Fetches a file from the first of its origins that gives it. It is right by size and SHA-256, or there is none.
 *
 * @returns The file, whole and locked until it is closed, and where it came from.
 * @throws InputError with what each origin did.
 */
export async function fetchFile(plan: FilePlan, options: FetchOptions): Promise<{ file: PartialFile; from: string }> {
  const file = await PartialFile.open(options.folder, plan);
  try {
    if (file.isRight) return { file, from: 'what was fetched before' };
    const problems: string[] = [];
    for (const origin of plan.origins) {
      const from = shown(origin);
      try {
        await fetchFrom(origin, plan, file, options);
        return { file, from };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        problems.push(error.message.includes(from) ? error.message : `${from}: ${error.message}`);
      }
    }
    throw new InputError(`${plan.file} cannot be fetched: ${problems.join('; ')}`);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function fetchFrom(origin: Origin, plan: FilePlan, file: PartialFile, options: FetchOptions): Promise<void> {
  const report = () => options.report?.(plan.file, file.size, plan.bytes);
  if (origin.kind === 'url') {
    const had = file.size;
    await download(origin.url, file, report, options.patience);
    if (file.isRight) return;
    // The server may have another file than the one that was begun, and no ETag to tell by.
    if (had > 0) {
      await file.reset();
      await download(origin.url, file, report, options.patience);
    }
  } else {
    // What a server began is of no use for what comes in one piece.
    await file.reset();
    for await (const chunk of piecesOf(origin, plan, options.folder)) {
      await file.append(chunk);
      report();
    }
  }
  if (file.isRight) return;
  const { digest, size } = file;
  await file.reset();
  throw new InputError(
    `expected${plan.bytes === undefined ? '' : ` ${plan.bytes} bytes of`} sha256 ${plan.sha256}, got ${size} bytes of ${digest}: it is another file, or damaged; nothing of it is kept`,
  );
}

async function* piecesOf(
  origin: Exclude<Origin, { kind: 'url' }>,
  plan: FilePlan,
  folder: string,
): AsyncGenerator<Uint8Array> {
  if (origin.kind !== 'path' && origin.kind !== 'shipped') {
    yield* packageMember(origin, folder, plan.bytes ?? plan.most);
    return;
  }
  const path = origin.kind === 'path' ? origin.path : asset('sdk', 'models', 'zoo', origin.file);
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** For messages. */
export function shown(origin: Origin): string {
  switch (origin.kind) {
    case 'url':
      return maskCredentials(origin.url);
    case 'path':
      return origin.path;
    case 'shipped':
      return 'Ocellus itself';
    case 'pypi':
      return `PyPI ${origin.name}==${origin.version}`;
    case 'npm':
      return `npm ${origin.name}@${origin.version}`;
  }
}
