import { type ChildProcessWithoutNullStreams, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { rowsOf, streamOf } from '../worker/arrow-streams.ts';
import { pictureOf } from '../worker/fakes.ts';
import { jsonLines, ocellus, photo, start } from './cli.ts';

const names = ['cat.jpg', 'motorcycle.jpg', 'wall.jpg'];

/** Feeds it and reads all it says. */
async function run(args: readonly string[], input: Uint8Array | string) {
  const child = start(['worker', ...args]);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return read(child);
}

async function read(child: ChildProcessWithoutNullStreams) {
  const parts: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => parts.push(bytes));
  child.stderr.on('data', (text) => (err += String(text)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: Buffer.concat(parts), err };
}

describe('ocellus worker', () => {
  it('--arrow finds what `detect` finds, and a broken picture is a row', async () => {
    const pictures = await Promise.all(names.map(pictureOf));
    const broken = { path: 'broken.jpg', content: pictures[0]!.content.subarray(0, 5000) };
    const { code, out, err } = await run(['--arrow', '--threads', '1'], streamOf([[...pictures, broken]]));
    expect([code, err]).toEqual([0, 'ocellus worker: 4 pictures, of which 1 could not be read\n']);
    const rows = rowsOf(out) as { model: string; detections: { score: number; box: number[] }[] | null }[];
    const found = rows.slice(0, 3).map(({ detections }) =>
      detections!.map(({ score, box, ...one }) => ({
        ...one,
        score: Number(score.toFixed(4)),
        box: box.map((value) => Number(value.toFixed(1))),
      })),
    );
    const detect = await ocellus(['detect', '--json', ...names.map(photo)]);
    expect(found).toEqual(jsonLines(detect.out).map((line) => (line as { detections: unknown }).detections));
    expect(found.map((list) => list.length > 0)).toEqual([true, true, false]);
    expect(rows[0]!.model).toMatch(/^[0-9a-f]{64}$/);
    expect(rows[3]).toMatchObject({ detections: null, error: expect.stringContaining('broken.jpg cannot be read') });
  });

  it('--lines --task classify', async () => {
    const { path, content } = await pictureOf('cat.jpg');
    const line = `${Buffer.from(path).toString('base64')}\t${Buffer.from(content).toString('base64')}\n`;
    const { code, out } = await run(['--lines', '--task', 'classify', '--top', '2'], line);
    expect(code).toBe(0);
    expect(jsonLines(Buffer.from(out.toString(), 'base64').toString())).toMatchObject([
      { path, width: 451, classes: [{ label: expect.any(String), score: expect.any(Number) }, {}] },
    ]);
  });

  it('ends with 2 where stdin or an option is not as expected, in one line', async () => {
    const runs = await Promise.all([
      run([], ''),
      run(['--arrow', '--store', 'things'], ''),
      run(['--arrow', '--task', 'embed', '--threshold', '0.5'], ''),
      run(['--lines'], 'cat.jpg\n'),
    ]);
    expect(runs.map(({ code, out }) => [code, out.length])).toEqual(Array(4).fill([2, 0]));
    expect(runs.map(({ err }) => err.trimEnd())).toEqual([
      'error expected --arrow, --lines or --typedbytes: what stdin and stdout speak',
      'error --store: expected --task classify as well',
      'error --threshold: expected --task detect as well',
      'error stdin, line 1: expected PATH and BYTES in base64 with a tab between them, got "cat.jpg"',
    ]);
  });

  it('ends quietly when its reader is gone', async () => {
    const pictures = Array(40).fill(await pictureOf('wall.jpg'));
    const child = start(['worker', '--arrow', '--task', 'embed']);
    child.stdin.on('error', () => {});
    let err = '';
    child.stderr.on('data', (text) => (err += String(text)));
    child.stdin.end(streamOf([pictures, pictures]));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(err).toBe('');
  });

  it('keeps what else is printed from stdout', () => {
    const module = JSON.stringify(asset('dist', 'tools', 'worker', 'standard-output.js'));
    const script = `const { takeStandardOutput } = await import(${module});
      const write = takeStandardOutput();
      console.log('noise');
      process.stdout.write('more noise');
      await write('rows');`;
    const args = ['--input-type=module', '-e', script];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toBe(
      'rows',
    );
  });
});
