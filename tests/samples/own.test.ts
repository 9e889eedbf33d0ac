import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';

const built = join(packageRoot, 'dist', 'samples');
const isBuilt = ['own-detector.js', 'own-detections.js'].every((name) => existsSync(join(built, name)));

/** Runs a sample to its end. @returns What it said. */
async function run(sample: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(process.execPath, [join(built, sample), ...args]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, said).toBe(0);
  return said;
}

/** `count` numbers from 0 on. */
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.skipIf(!isBuilt)('samples with what is your own, run (need dist)', () => {
  it('own-detector tells of a warm spot that comes and wanders', async () => {
    const folder = temporaryFolder();
    for (const i of range(14)) {
      const spot = await sharp({ create: { width: 20, height: 40, channels: 3, background: 'white' } })
        .png()
        .toBuffer();
      const spots = i < 3 ? [] : [{ input: spot, left: 20 + i * 8, top: 60 }];
      await sharp({ create: { width: 160, height: 120, channels: 3, background: '#202020' } })
        .composite(spots)
        .png()
        .toFile(join(folder, `${String(i).padStart(2, '0')}.png`));
    }
    const said = await run('own-detector.js', [`file:${folder}`]);
    const lines = said.trim().split('\n');
    expect(lines[0]).toMatch(/^new warm \d+ 60 \d+ 100$/);
    expect(lines.at(-1)).toMatch(/^end warm /);
    expect(lines.filter((line) => line.startsWith('new'))).toHaveLength(1);
  });

  it('own-detections tells who crosses a line and who is in a zone', async () => {
    const walk = range(60).map((i) => {
      const x = 60 + i * 9;
      return JSON.stringify({
        time: 1000 + i / 10,
        detections: [
          { label: 'person', score: 0.8, box: [x - 30, 200, x + 30, 380] },
          { label: 'unicorn', score: 0.9, box: [0, 0, 50, 50] },
        ],
      });
    });
    const said = await run('own-detections.js', [], `${walk.join('\n')}\n`);
    const lines = said.trim().split('\n');
    expect(lines).toContain('in view person 1');
    expect(lines).toContain('left person 1');
    expect(lines.filter((line) => line.startsWith('gate'))).toEqual([
      expect.stringMatching(/^gate person (in|out) 1$/),
    ]);
    expect(lines).toContain('left person 0');
  });
});
