import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asset } from '../../sdk/base/assets.ts';
import { camelKeys } from '../support/wire.ts';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export const photo = (name: string) => asset('devices', 'scene', 'photos', name);

/** Starts the built `ocellus` in a process of its own, as a person would. */
export function start(
  args: readonly string[],
  cwd = process.cwd(),
  env: Readonly<Record<string, string>> = {},
  /** It leads a group of processes, which can be killed with all that it started. */
  detached = false,
): ChildProcessWithoutNullStreams {
  // Not what a node on this machine keeps.
  const data = mkdtempSync(join(tmpdir(), 'ocellus-data-'));
  // An option for Node among them, as in the first line of bin/ocellus.js, would change nothing here.
  const child = spawn(process.execPath, [asset('bin', 'ocellus.js'), ...args], {
    cwd,
    env: { OCELLUS_DATA: data, ...process.env, NO_COLOR: '1', ...env },
    detached,
  });
  child.once('close', () => rmSync(data, { recursive: true, force: true }));
  return child;
}

/** Runs it to its end. */
export async function ocellus(args: readonly string[], cwd?: string): Promise<Ended> {
  const child = start(args, cwd);
  return ended(child);
}

/** What a process that runs will have said at its end. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** Waits for a line on stdout. @throws Error when the process ends without it. */
export async function lineOf(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  let err = '';
  child.stderr.on('data', (text) => (err += String(text)));
  for await (const line of createInterface({ input: child.stdout })) if (pattern.test(line)) return line;
  throw new Error(`ended without a line like ${pattern}:\n${err}`);
}

/**
 * What was printed as lines of JSON. A key that is not in snake case is an error, here for all that tests make it print.
 *
 * @param but Names that are expected to have a capital.
 */
export function jsonLines(text: string, but: readonly string[] = []): unknown[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const values = lines.map((line) => JSON.parse(line) as unknown);
  const wrong = values.flatMap((value) => camelKeys(value)).filter((key) => !but.includes(key));
  if (wrong.length > 0) throw new Error(`expected keys in snake case, got ${wrong.join(', ')}`);
  return values;
}
