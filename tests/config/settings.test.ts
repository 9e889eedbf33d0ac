import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { updateSettings } from '../../sdk/config/edit-settings.ts';
import { ownedMaps, reservedCameraNames, reservedStateNames } from '../../sdk/config/schema.ts';
import { readSettings, resolveSettings } from '../../sdk/config/settings.ts';
import { noMount } from '../support/mount.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-settings-'));
  file = join(folder, 'ocellus.yaml');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('names in settings', () => {
  const camera = (settings: object) => resolveSettings({ cameras: { door: settings } }).cameras.door!;

  it.each([
    'x'.repeat(65_536),
    'a/'.repeat(101),
    '$SYS/x',
    '$share/a/b',
    '',
    '/a',
    'a/',
    'a//b',
    'a/#',
    '+',
    'a\0b',
    'a\nb',
    'a\u2028',
    'a\ufffeb',
  ])('begin no topic with %j', (base) => {
    expect(() => resolveSettings({ mqtt: { base } })).toThrow(
      /mqtt\.base: expected up to 200 characters of topic levels/,
    );
    expect(() => resolveSettings({ mqtt: { home_assistant: { prefix: base } } })).toThrow(/prefix: expected up to 200/);
  });

  it.each(['a\nb', 'a\r', '\0', '', '\u0085', '\u2029', 'x'.repeat(129)])('are no label: %j', (label) => {
    const message = /a label of 1 to 128 printable characters/;
    expect(() => camera({ detect: { labels: [label] } })).toThrow(message);
    expect(() => camera({ detect: { thresholds: { [label]: 0.5 } } })).toThrow(message);
    const polygon = [
      [0, 0],
      [1, 0],
      [1, 1],
    ];
    expect(() => camera({ zones: { yard: { polygon, labels: [label] } } })).toThrow(message);
    expect(() => camera({ lines: { gate: { from: [0, 0], to: [1, 1], labels: [label] } } })).toThrow(message);
    const named = { [label]: {} };
    expect(() => camera({ zones: named })).toThrow(/lower-case letters/);
    expect(() => camera({ lines: named })).toThrow(/lower-case letters/);
    expect(() => camera({ learn: { states: named } })).toThrow(/lower-case letters/);
    expect(() => resolveSettings({ cameras: named })).toThrow(/lower-case letters/);
    expect(() => resolveSettings({ node: label })).toThrow(/node: expected text that fits/);
  });

  it('are what the model calls things, however long', () => {
    const label = 'great white shark, white shark, man-eater, man-eating shark, Carcharodon carcharias';
    expect(camera({ detect: { thresholds: { [label]: 0.5 } } }).detect.thresholds).toEqual({ [label]: 0.5 });
    expect(() => camera({ detect: { thresholds: { cat: 2 } } })).toThrow(
      /thresholds\.cat: expected a number from 0 to 1/,
    );
  });

  it('are the same name composed and decomposed; passwords and paths stay as they are', () => {
    const [one, other] = ['Caf\u00e9', 'Cafe\u0301'];
    const { detect, source } = camera({
      source: `file:${other}.mp4`,
      detect: { labels: [other], thresholds: { [other]: 0.5, cat: 0.6 } },
    });
    expect(detect).toMatchObject({ labels: [one], thresholds: { [one]: 0.5, cat: 0.6 } });
    expect(source).toBe(`file:${other}.mp4`);
    // Which of the two was meant is asked where the model's labels are known.
    const both = { [one]: 0.5, [other]: 0.6 };
    expect(camera({ detect: { thresholds: both } }).detect.thresholds).toEqual(both);
  });

  it('have no source or password without an end', () => {
    expect(() => camera({ source: `rtsp://door/${'x'.repeat(5000)}` })).toThrow(/source: expected text of 1 to 4096/);
    expect(() => resolveSettings({ mqtt: { password: 'x'.repeat(5000) } })).toThrow(
      /password: expected text of at most/,
    );
  });
});

describe('resolveSettings', () => {
  it('has one camera by default, and no other beside those that are given', () => {
    expect(Object.keys(resolveSettings({}).cameras)).toEqual(['camera']);
    expect(Object.keys(resolveSettings(undefined).cameras)).toEqual(['camera']);
    const { cameras } = resolveSettings({ cameras: { door: { source: 'scene:' }, yard: {} } });
    expect(Object.keys(cameras)).toEqual(['door', 'yard']);
    expect([cameras.door!.source, cameras.yard!.source]).toEqual(['scene:', 'auto:']);
  });

  it('takes lists as they are given: an empty one watches all labels', () => {
    const { cameras } = resolveSettings({
      cameras: { a: { detect: { labels: [] } }, b: { detect: { labels: ['cat'] } } },
    });
    expect([cameras.a!.detect.labels, cameras.b!.detect.labels]).toEqual([[], ['cat']]);
  });

  it.each(reservedCameraNames)('refuses a camera named %s: a topic of the node has that name', (name) => {
    expect(() => resolveSettings({ cameras: { [name]: {} } }, 'f.yaml')).toThrow(
      `f.yaml is not right:\n  cameras.${name}: this name is a topic of the node itself`,
    );
  });

  it.each(reservedStateNames)('refuses a state named %s: topics have another meaning for it', (name) => {
    const cameras = { door: { learn: { states: { gate: {}, [name]: {} } } } };
    expect(() => resolveSettings({ cameras }, 'f.yaml')).toThrow(
      `f.yaml is not right:\n  cameras.door.learn.states.${name}: no such field; expected a name of lower-case letters, digits, _ and -, but none of object, count`,
    );
  });

  it.each([
    [{ node: 'My Board' }, 'node: expected text that fits'],
    [{ cameras: { 'a b': {} } }, 'cameras.a b: no such field; expected a name of lower-case letters, digits, _ and -'],
    [
      { cameras: { a: { detect: { treshold: 1 } } } },
      'cameras.a.detect.treshold: no such field; expected one of enabled, fps, priority, threshold',
    ],
    [
      { cameras: { a: { detect: { threshold: 60 } } } },
      'cameras.a.detect.threshold: expected a number from 0 to 1, got 60',
    ],
    [
      {
        cameras: {
          a: {
            zones: {
              door: {
                polygon: [
                  [0, 0],
                  [1, 1],
                ],
              },
            },
          },
        },
      },
      'cameras.a.zones.door.polygon: expected a list of at least 3',
    ],
    [
      {
        cameras: {
          a: {
            zones: {
              door: {
                polygon: [
                  [0, 0],
                  [1, 1],
                  [2, 0],
                ],
              },
            },
          },
        },
      },
      'cameras.a.zones.door.polygon.2.0: expected a number from 0 to 1, got 2',
    ],
    [
      { cameras: { a: { lines: { gate: { from: [0, 0] } } } } },
      'cameras.a.lines.gate.to: expected a list of 2, got nothing',
    ],
    [{ cameras: { a: null } }, 'cameras.a: expected fields ('],
    [{ cameras: ['a'] }, 'cameras: expected fields by name, got a list'],
    [{ mqtt: { base: 'a/+/b' } }, 'mqtt.base: expected up to 200 characters of topic levels'],
    [{ console: { port: 99999 } }, 'console.port: expected a whole number from 0 to 65535, got 99999'],
    ['text', 'the whole: expected fields'],
  ])('%o: %s', (input, message) => {
    expect(() => resolveSettings(input)).toThrow(InputError);
    expect(() => resolveSettings(input)).toThrow(message);
  });
});

describe('readSettings', () => {
  it('gives what the file says, without defaults', async () => {
    await writeFile(file, 'node: porch # here\ncameras:\n  door: {source: "scene:"}\n');
    expect(await readSettings(file, true)).toEqual({ node: 'porch', cameras: { door: { source: 'scene:' } } });
  });

  it('gives nothing for a file that is empty, only comments, or absent', async () => {
    expect(await readSettings(file, false)).toEqual({});
    await writeFile(file, '');
    expect(await readSettings(file, true)).toEqual({});
    await writeFile(file, '# nothing yet\n');
    expect(await readSettings(file, true)).toEqual({});
  });

  it('says so when a file that must be there is not, or cannot be read', async () => {
    await expect(readSettings(file, true)).rejects.toThrow(`settings file ${file} cannot be read: ENOENT`);
    await expect(readSettings(folder, false)).rejects.toThrow(/cannot be read: EISDIR/);
    await expect(readSettings(undefined as never, false)).rejects.toThrow(
      'readSettings: path: expected the path of a settings file, got undefined',
    );
  });

  it.each([
    ['a: [1, 2', 'line 1'],
    ['node: x\ncameras:\n\tdoor: {}\n', 'line 3'],
    ['node: x\nnode: y\n', 'line 2'],
  ])('names the line of what is no YAML: %o', async (text, line) => {
    await writeFile(file, text);
    const reading = readSettings(file, true);
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(`settings file ${file} is not valid YAML: `);
    await expect(reading).rejects.toThrow(line);
  });

  it.each([
    'mqtt: {password: hunter2',
    'mqtt:\n  password:hunter2\n  x: 1',
    'mqtt: {password: *hunter2}',
    'a: @hunter2',
    'a: "hunter2',
  ])('does not show what stands in a file that is no YAML: %o', async (text) => {
    await writeFile(file, text);
    const reading = readSettings(file, true);
    await expect(reading).rejects.toThrow('is not valid YAML');
    await expect(reading).rejects.not.toThrow('hunter2');
  });

  it('says what to do about a source that ends in a colon', async () => {
    await writeFile(file, 'cameras:\n  door:\n    source: scene:\n');
    await expect(readSettings(file, true)).rejects.toThrow(/line 3[\s\S]*Put text that ends in a colon in quotes/);
  });

  it('does not grow without bound on aliases of aliases', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg']) {
      lines.push(`${to}: &${to} [${new Array(9).fill(`*${from}`).join(', ')}]`);
    }
    await writeFile(file, lines.join('\n'));
    await expect(readSettings(file, true)).rejects.toThrow(InputError);
  });
});

describe('updateSettings', () => {
  const written = `# my board
node: porch # by the door

cameras:
  door:
    # the good one
    source: 'scene:'
    zones:
      steps: { polygon: [[0, 0], [1, 0], [1, 1]] }
      lawn: { polygon: [[0, 0], [1, 0], [1, 1]] }
  yard:
    source: 'auto:'
`;

  it('keeps comments, order and what it does not touch', async () => {
    await writeFile(file, written);
    await updateSettings(file, { cameras: { door: { detect: { threshold: 0.7 } } } });
    const text = await readFile(file, 'utf8');
    expect(text).toContain('# my board\nnode: porch # by the door\n');
    expect(text).toContain('# the good one');
    expect(await readSettings(file, true)).toEqual({
      node: 'porch',
      cameras: {
        door: {
          source: 'scene:',
          zones: {
            steps: {
              polygon: [
                [0, 0],
                [1, 0],
                [1, 1],
              ],
            },
            lawn: {
              polygon: [
                [0, 0],
                [1, 0],
                [1, 1],
              ],
            },
          },
          detect: { threshold: 0.7 },
        },
        yard: { source: 'auto:' },
      },
    });
  });

  it('keeps the comment beside the very value it changes', async () => {
    await writeFile(file, 'cameras:\n  door:\n    detect:\n      threshold: 0.55 # tuned by hand\n');
    await updateSettings(file, { cameras: { door: { detect: { threshold: 0.7, fps: 5 } } } });
    expect(await readFile(file, 'utf8')).toBe(
      'cameras:\n  door:\n    detect:\n      threshold: 0.7 # tuned by hand\n      fps: 5\n',
    );
  });

  it('keeps a link, and who may read the file', async () => {
    const own = join(folder, 'own.yaml');
    await writeFile(own, 'node: a\n');
    await chmod(own, 0o644);
    await symlink('own.yaml', file);
    await updateSettings(file, { node: 'b' });
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readFile(own, 'utf8')).toBe('node: b\n');
    expect((await stat(own)).mode & 0o777).toBe(0o644);
  });

  it('replaces maps whose keys the owner chooses, and lists, as a whole', async () => {
    await writeFile(file, written);
    const zones = {
      steps: {
        polygon: [
          [0, 0],
          [0.5, 0],
          [0.5, 1],
        ],
      },
    };
    await updateSettings(file, { cameras: { door: { zones, detect: { labels: ['cat'], thresholds: { cat: 0.5 } } } } });
    await updateSettings(file, { cameras: { door: { detect: { labels: ['dog'], thresholds: { dog: 0.4 } } } } });
    const { cameras } = (await readSettings(file, true)) as { cameras: Record<string, unknown> };
    expect(cameras.door).toEqual({ source: 'scene:', zones, detect: { labels: ['dog'], thresholds: { dog: 0.4 } } });
  });

  it.each(ownedMaps)('takes what is gone from the map %s out of the file', async (map) => {
    await writeFile(file, `cameras: { door: { ${map}: { one: {}, two: {} }, learn: { ${map}: { one: {} } } } }\n`);
    await updateSettings(file, { cameras: { door: { [map]: { two: {} }, learn: { [map]: {} } } } });
    const { cameras } = (await readSettings(file, true)) as { cameras: Record<string, unknown> };
    expect(cameras.door).toEqual({ [map]: { two: {} }, learn: { [map]: {} } });
  });

  it('makes a file that was not there, readable by its owner only', async () => {
    await updateSettings(file, { node: 'porch' });
    expect(await readFile(file, 'utf8')).toBe('node: porch\n');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each(['', '# only a comment\n', 'node:\n', 'cameras: {}\n', 'cameras:\n', 'cameras:\n  door:\n'])(
    'writes into a file of %o',
    async (text) => {
      await writeFile(file, text);
      await updateSettings(file, { cameras: { door: { enabled: false } } });
      expect(((await readSettings(file, true)) as { cameras: unknown }).cameras).toEqual({ door: { enabled: false } });
    },
  );

  it.each([
    [
      'a map that stands for another one',
      'detect: &d { labels: [cat], fps: 5 }',
      'detect: *d',
      { yard: { detect: { fps: 2 } } },
    ],
    [
      'a map that another one stands for',
      'detect: &d { labels: [cat], fps: 5 }',
      'detect: *d',
      { door: { detect: { fps: 2 } } },
    ],
    ['a value that others stand for', 'detect: { fps: &f 5 }', 'detect: { fps: *f }', { door: { detect: { fps: 2 } } }],
    [
      'a list that others stand for',
      'detect: { labels: &l [cat] }',
      'detect: { labels: *l }',
      { door: { detect: { labels: ['dog'] } } },
    ],
    [
      'a list with something that others stand for',
      'detect: { labels: [&c cat] }',
      'detect: { labels: [*c] }',
      { door: { detect: { labels: ['dog'] } } },
    ],
    [
      'what stands for something that holds others',
      'detect: &d { labels: &l [cat] }',
      'detect: *d\n    masks: *l',
      { yard: { detect: { fps: 2 } } },
    ],
  ])('changes %s, and no other', async (_, door, yard, change) => {
    await writeFile(file, `# mine\ncameras:\n  door:\n    ${door} # first\n  yard:\n    ${yard}\n`);
    const before = (await readSettings(file, true)) as { cameras: Record<string, { detect: object }> };
    await updateSettings(file, { cameras: change });
    const [[camera, { detect }]] = Object.entries(change) as [[string, { detect: object }]];
    before.cameras[camera]!.detect = { ...before.cameras[camera]!.detect, ...detect };
    expect(await readSettings(file, true)).toEqual(before);
    expect(await readFile(file, 'utf8')).toMatch(/# mine\n.*# first/s);
  });

  it('finds what YAML does not take for text', async () => {
    await writeFile(file, 'cameras:\n  1: { source: "auto:" } # first\n  true: { source: "scene:" }\n');
    await updateSettings(file, { cameras: { 1: { enabled: false }, true: { enabled: false } } });
    expect(await readSettings(file, true)).toEqual({
      cameras: { 1: { source: 'auto:', enabled: false }, true: { source: 'scene:', enabled: false } },
    });
  });

  it('keeps what stands for something else where it is not touched', async () => {
    const text = 'cameras:\n  door:\n    detect: &d { fps: 5 }\n  yard:\n    detect: *d\n';
    await writeFile(file, text);
    await updateSettings(file, { node: 'b' });
    expect(await readFile(file, 'utf8')).toBe(`${text}node: b\n`);
  });

  it('loses nothing of what others write to the file at the same time', async () => {
    const file = join(folder, 'ocellus.yaml');
    await writeFile(file, 'node: a\n');
    const names = Array.from({ length: 8 }, (_, i) => `cam${i}`);
    await Promise.all(names.map((name) => updateSettings(file, { cameras: { [name]: { loop: false } } })));
    const { cameras } = await readSettings(file, true);
    expect(Object.keys(cameras as object).sort()).toEqual(names);
  });

  it('leaves the file as it was when it is no YAML, and no other file behind', async () => {
    await writeFile(file, 'a: [');
    await expect(updateSettings(file, { node: 'x' })).rejects.toThrow('is not valid YAML');
    expect(await readFile(file, 'utf8')).toBe('a: [');
    expect(await readdir(folder)).toEqual(['ocellus.yaml']);
  });

  it('replaces the file by another in one step, and clears up when it cannot', async () => {
    await writeFile(file, 'node: a\n');
    const before = (await stat(file)).ino;
    await updateSettings(file, { node: 'b' });
    expect((await stat(file)).ino).not.toBe(before);
    expect(await readdir(folder)).toEqual(['ocellus.yaml']);

    const taken = join(folder, 'taken');
    await mkdir(taken);
    await expect(updateSettings(taken, { node: 'b' })).rejects.toThrow();
    expect((await readdir(folder)).sort()).toEqual(['ocellus.yaml', 'taken']);
  });

  it.skipIf(noMount)(`writes into a file that is mounted by itself, as containers have it${noMount}`, async () => {
    const own = join(folder, 'own.yaml');
    await writeFile(own, `node: a\n# ${'long '.repeat(100)}\n`);
    await writeFile(file, '');
    execFileSync('mount', ['--bind', own, file]);
    try {
      await updateSettings(file, { node: 'b' });
      expect(await readSettings(own, true)).toEqual({ node: 'b' });
      await writeFile(own, 'node: c\n');
      await updateSettings(file, { data: '/x' });
      expect(await readFile(own, 'utf8')).toBe('node: c\ndata: /x\n');
    } finally {
      // Before its folder is removed.
      execFileSync('umount', [file]);
    }
    expect((await readdir(folder)).sort()).toEqual(['ocellus.yaml', 'own.yaml']);
  });
});
