import { describe, expect, it } from 'vitest';
import { jsonLines, ocellus } from './cli.ts';

describe('ocellus doctor', () => {
  it('prints one JSON object', async () => {
    const { code, out } = await ocellus(['doctor', '--json']);
    expect(code).toBe(0);
    const [report] = jsonLines(out) as [Record<string, unknown>];
    expect(report).toMatchObject({
      board: { arch: process.arch, cores: expect.any(Number), instructionSets: expect.any(Array) },
      node: process.versions.node,
      onnxruntime: { version: expect.stringMatching(/^\d+\.\d+/) },
      kernels: { inUse: expect.stringMatching(/^(native \w+|TypeScript \(.+\))$/), variants: expect.any(Array) },
      libcamera: { source: expect.stringMatching(/^(native|rpicam-vid|libcamera-vid|none)$/) },
      cameras: expect.any(Array),
      decoders: expect.any(Array),
      models: expect.arrayContaining(['nanodet-g-416-int8']),
    });
    for (const program of report.programs as object[]) {
      expect(program).toMatchObject({
        name: expect.any(String),
        purpose: expect.any(String),
        install: expect.any(String),
      });
    }
  });

  it('says it in words, and of what is missing what to install', async () => {
    const { code, out } = await ocellus(['doctor']);
    expect(code).toBe(0);
    for (const word of [
      'board',
      'processor',
      'instruction sets',
      'memory',
      'onnxruntime',
      'kernels',
      'libcamera',
      'video decoding',
      'cameras',
      'programs',
    ]) {
      expect(out).toMatch(new RegExp(`^${word}`, 'm'));
    }
    for (const line of out.split('\n').filter((text) => text.startsWith('  --')))
      expect(line).toMatch(/missing +.+: .+/);
  });
});
