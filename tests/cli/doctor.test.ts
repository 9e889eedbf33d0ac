import { describe, expect, it } from 'vitest';
import { defaultModel } from '../../sdk/config/schema.ts';
import {
  camerasInWords,
  decodersInWords,
  jpegInWords,
  networkInWords,
  onnxruntimeInWords,
  programsInWords,
} from '../../tools/cli/commands/doctor.ts';
import { jsonLines, ocellus } from './cli.ts';

describe('ocellus doctor', () => {
  it('prints one JSON object', async () => {
    const { code, out } = await ocellus(['doctor', '--json']);
    expect(code).toBe(0);
    const [report] = jsonLines(out) as [Record<string, unknown>];
    expect(report).toMatchObject({
      board: {
        arch: process.arch,
        cores: expect.any(Number),
        instruction_sets: expect.any(Array),
        profile: { name: expect.stringMatching(/^(small|standard)$/), threads: expect.any(Number) },
      },
      node: process.versions.node,
      onnxruntime: { version: expect.stringMatching(/^\d+\.\d+/) },
      kernels: { in_use: expect.stringMatching(/^(native \w+|TypeScript \(.+\))$/), variants: expect.any(Array) },
      libcamera: { source: expect.stringMatching(/^(native|rpicam-vid|libcamera-vid|none)$/) },
      cameras: expect.any(Array),
      decoders: expect.any(Array),
      models: expect.arrayContaining([defaultModel, 'nanodet-g-416-int8']),
    });
    // Which it is depends on the machine, and one of them it is.
    const { power } = report.board as { power: Record<string, unknown> };
    expect(Object.keys(power)).toEqual(power.why ? ['why'] : expect.arrayContaining(['source', 'covers']));
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
      'power',
      'profile',
      'onnxruntime',
      'kernels',
      'compiled networks',
      'JPEG pictures',
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

  it('tells what runs the networks that are compiled', () => {
    expect(programsInWords({ programs: 'avx2', inUse: 'native avx2' })).toBe('run in the kernels for avx2');
    expect(programsInWords({ programs: null, inUse: 'native scalar' })).toContain('no kernels for this processor');
    expect(programsInWords({ programs: null, inUse: 'TypeScript (…)' })).toContain('npm run kernels');
  });

  it('tells what decodes pictures', () => {
    expect(jpegInWords({ jpeg: 'libjpeg-turbo', inUse: 'native avx2' })).toBe('libjpeg-turbo, in the kernels');
    expect(jpegInWords({ jpeg: 'sharp', inUse: 'native avx2' })).toContain('libjpeg62-turbo-dev');
    expect(jpegInWords({ jpeg: 'sharp', inUse: 'TypeScript (…)' })).toBe('sharp');
  });

  it('tells what onnxruntime’s libraries for other systems take', () => {
    expect(onnxruntimeInWords({ version: '1.30.0', foreignMb: 0 })).toBe('1.30.0');
    expect(onnxruntimeInWords({ version: '1.30.0', foreignMb: 245 })).toBe(
      '1.30.0; 245 MB of it are for other systems: `ocellus doctor --prune` removes them',
    );
    expect(onnxruntimeInWords({ error: 'no' })).toBe('cannot be loaded: no');
  });

  it('tells of cameras what they are called, and does not let them write to the terminal', () => {
    const camera = { uri: 'v4l2:/dev/video0', title: 'HD\u001b[2J Camera', kind: 'v4l2' as const };
    expect(camerasInWords([camera]).split('\n')[0]).toBe('  v4l2:/dev/video0  HD\\u001b[2J Camera');
    expect(camerasInWords([])).toMatch(/^ {2}none; /);
  });

  it('tells of network cameras what they say, and does not let them write to the terminal', () => {
    const [first, second] = networkInWords([
      { address: '192.0.2.20', name: 'Front door', hardware: 'DS-2CD' },
      { address: '192.0.2.21', name: 'a\u001b[2J\nb' },
    ]).split('\n');
    expect(first).toBe('  192.0.2.20  Front door     DS-2CD');
    expect(second).toBe('  192.0.2.21  a\\u001b[2J\\nb');
    expect(networkInWords([])).toMatch(/none answered/);
  });
});

describe('decodersInWords', () => {
  it('names what works, and of what does not why', () => {
    const trial = (codec: string, name: string, problem?: string) => ({ codec, name, input: [], problem });
    expect(decodersInWords([])).toMatch(/^software;/);
    expect(
      decodersInWords([
        trial('h264', 'h264_v4l2m2m'),
        trial('hevc', 'hevc_v4l2m2m', 'Could not find a valid device'),
        trial('hevc', 'drm', 'its pictures are wrong'),
      ]),
    ).toBe(
      'h264 with h264_v4l2m2m, hevc in software (hevc_v4l2m2m: Could not find a valid device; drm: its pictures are wrong)',
    );
    expect(decodersInWords([trial('hevc', 'hevc_v4l2m2m', 'no'), trial('hevc', 'drm')])).toBe('hevc with drm');
  });
});
