import { statfsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPower } from '../../devices/index.ts';
import type { Wire } from '../../sdk/base/wire.ts';
import { defaultModel } from '../../sdk/config/schema.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import type { Measured } from '../../tools/cli/tune/candidate.ts';
import { temporaryFolder } from '../support/folders.ts';
import { noMount, smallDisk } from '../support/mount.ts';
import { jsonLines, ocellus } from './cli.ts';

const short = ['--rounds', '1', '--seconds', '1'];

describe('ocellus tune', { timeout: 900_000 }, () => {
  it('measures, decides by what it measured, and writes it beside what is there', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'ocellus.yaml');
    await writeFile(file, '# Mine.\nnode: porch\ncameras:\n  door: { source: "scene:" } # at the front\n');
    const { code, out } = await ocellus(['tune', ...short, '--for', 'cpu', '--write', '--json'], folder);
    expect(code).toBe(0);
    const [report] = jsonLines(out) as [Record<string, unknown>];
    expect(report.settings).toMatchObject({ cameras: { door: { detect: { fps: expect.any(Number) } } } });
    expect(report).toMatchObject({ for: 'cpu', cameras: 1, written: file, model: defaultModel });
    const ways = report.ways as Wire<Measured>[];
    const { engine, threads, fps } = report.best as { engine: string; threads: number; fps: number | null };
    const chosen = ways.find(({ candidate: one }) => one.engine === engine && one.threads === threads && !one.kernels)!;
    for (const { rounds } of ways) {
      expect(rounds).toHaveLength(1);
      expect(rounds[0]!.frames).toBeGreaterThan(0);
      expect(rounds[0]!.cpu_ms).toBeGreaterThan(0);
      expect(rounds[0]!.latency_ms.p95).toBeGreaterThanOrEqual(rounds[0]!.latency_ms.median);
    }
    const own = ways.filter(({ candidate }) => candidate.kernels === '');
    const least = Math.min(...own.map(({ rounds }) => rounds[0]!.cpu_ms));
    expect(chosen.rounds[0]!.cpu_ms).toBeLessThanOrEqual(least * 1.05);
    const rates = report.rates as Wire<Measured>[];
    expect(rates.map(({ candidate }) => candidate.rate)).toEqual([1, 2, 5, 10]);
    for (const { candidate } of rates) expect(candidate).toMatchObject({ engine, threads });

    const text = await readFile(file, 'utf8');
    expect(text).toContain('# Mine.');
    const { parse } = await import('yaml');
    const settings = resolveSettings(parse(text));
    expect(settings).toMatchObject({ node: 'porch', core: { engine: 'auto', threads } });
    expect(settings.cameras.door).toMatchObject({ source: 'scene:', detect: { fps: fps ?? 1 } });
  });

  it('says it in words, and writes nothing unless it is told to', async () => {
    const folder = temporaryFolder();
    const { code, out } = await ocellus(['tune', ...short], folder);
    expect(code).toBe(0);
    expect(out).toMatch(/^ENGINE +THREADS +KERNELS +LATENCY ms +CPU ms A FRAME +ENERGY J A FRAME$/m);
    expect(out).toMatch(/^onnxruntime +1 /m);
    expect(out).toMatch(/^10 +(yes|no) /m);
    expect(out).toMatch(/Best for latency\. For ocellus\.yaml; --write puts it there:\n\ncore:\n {2}engine: auto/);
    await expect(readFile(join(folder, 'ocellus.yaml'))).rejects.toThrow('ENOENT');
  });

  it.skipIf(noMount)(`prints what it measured where a full disk does not take it${noMount}`, async () => {
    const disk = smallDisk('1m');
    const { bavail, bsize } = statfsSync(disk);
    await writeFile(join(disk, 'other'), Buffer.alloc(bavail * bsize));
    const { code, out, err } = await ocellus(['tune', ...short, '--write'], disk);
    expect(out).toMatch(/Best for latency\. For ocellus\.yaml; --write puts it there:\n\ncore:/);
    expect(err).toMatch(/error --write: ocellus\.yaml cannot be written: ENOSPC/);
    expect(code).toBe(2);
  });

  it('says what is wrong before it measures', async () => {
    const folder = temporaryFolder();
    const run = async (args: string[], settings = '') => {
      await writeFile(join(folder, 'ocellus.yaml'), settings);
      const { code, err } = await ocellus(['tune', ...args], folder);
      return [code, err.trim()];
    };
    expect(await run(['--for', 'speed'])).toEqual([2, expect.stringContaining('latency, cpu, energy')]);
    expect(await run(['--rounds', '0'])).toEqual([2, expect.stringContaining('at least 1')]);
    expect(await run([], 'core: { model: off }')).toEqual([2, expect.stringContaining('name one with --model')]);
    expect(await run(short, 'core: { model: /nowhere.onnx }')).toEqual([2, expect.stringContaining('/nowhere.onnx')]);
    expect(await run([], 'core: { threads: many }')).toEqual([2, expect.stringContaining('core.threads')]);
  });

  it('does not estimate energy where nothing measures it (needs a machine without a power sensor)', async ({
    skip,
  }) => {
    const { source } = await findPower();
    if (source) skip();
    const { code, err } = await ocellus(['tune', '--for', 'energy'], temporaryFolder());
    expect([code, err.trim()]).toEqual([2, expect.stringContaining('--for energy: ')]);
  });
});
