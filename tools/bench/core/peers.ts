// What the peers of benchmarks run of a network, in their own formats and their own int8, made once and kept.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import type { FoundModel } from '../../../sdk/core/cards/model-file.ts';
import { preparePython } from '../python.ts';

export const peerScript = asset('tools', 'bench', 'peer', 'core.py');
const convertScript = asset('tools', 'bench', 'peer', 'core_convert.py');

/** Python with the converters to LiteRT, which need 3.12; undefined where none of it is here. */
function converters(): string | undefined {
  for (const interpreter of ['python3.13', 'python3.12']) {
    try {
      execFileSync(interpreter, ['-c', 'import venv'], { stdio: 'ignore' });
      return preparePython('core-convert.txt', interpreter);
    } catch {
      // The next one may do.
    }
  }
  return undefined;
}

/**
 * What Python's run-times run of a network, made once.
 *
 * @returns The folder: `int8.onnx` by onnxruntime's own quantiser, `fp32.tflite`, `int8.tflite` by LiteRT's, and ncnn's files, each where
 *   it could be made.
 */
export function preparePeers(python: string, { name, network }: FoundModel, pictures: string): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'ocellus-bench-core-models', name);
  const stamp = join(folder, 'made');
  const scripts = [peerScript, convertScript].map((script) => readFileSync(script, 'utf8')).join('');
  const converter = converters();
  // Made again once there is a converter.
  const wanted = String(statSync(network!.path).size) + scripts + (converter ? '' : 'without LiteRT');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  if (!converter) console.error('Without LiteRT: its converter needs python3.12 or python3.13 on the path');
  console.error(`Making what the other run-times run of ${name} (once, minutes) …`);
  rmSync(folder, { recursive: true, force: true });
  const stdio = ['ignore', 'ignore', 'ignore'] as const;
  execFileSync(python, [peerScript, 'prepare', folder, network!.path, pictures], { stdio: [...stdio] });
  if (converter) {
    execFileSync(converter, [convertScript, folder], { stdio: [...stdio] });
    execFileSync(python, [peerScript, 'quantise', folder], { stdio: [...stdio] });
  }
  writeFileSync(stamp, wanted);
  return folder;
}
