import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ControlValues } from '../../../devices/device/device.ts';
import { createDevice } from '../../../devices/index.ts';
import { findLibcameraCameras } from '../../../devices/libcamera/find.ts';
import { hasNodeLibcamera, isPlain, runNodeLibcamera } from '../../../devices/libcamera/node-libcamera.ts';
import { modeArgument, parseMode } from '../../../devices/libcamera/options.ts';
import { programControls, programOptions } from '../../../devices/libcamera/program-controls.ts';
import { takeStill } from '../../../devices/libcamera/still.ts';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { fakeProgram } from '../../support/programs.ts';
import { camera } from './stand-in.ts';

beforeEach(() => {
  // Under another name than `test`, node-libcamera runs what it makes.
  vi.stubEnv('NODE_ENV', 'production');
  return () => vi.unstubAllEnvs();
});

/** Writes a real picture where it is asked to, and fails while somebody has the camera. */
const still = (lock = '/nonexistent') => `
if (fs.existsSync(${JSON.stringify(lock)})) { console.error('ERROR: *** failed to acquire camera ***'); process.exit(255); }
const output = process.argv[process.argv.indexOf('--output') + 1];
fs.copyFileSync(${JSON.stringify(asset('devices', 'scene', 'photos', 'cat.jpg'))}, output);
`;

/** Only these are on the PATH, beside the shell's own. */
function onlyPrograms(): void {
  vi.stubEnv('PATH', '/usr/bin:/bin');
}

const options = [
  ['camera', 1],
  ['mode', '2304:1296:10:P'],
  ['awb', 'cloudy'],
] as [string, number | string][];

describe('takeStill', () => {
  it('goes through node-libcamera where that and its program are installed', async () => {
    onlyPrograms();
    const older = fakeProgram('libcamera-still', still());
    const newer = fakeProgram('rpicam-still', still());
    expect(hasNodeLibcamera()).toBe(true);
    const frame = await takeStill(options);
    expect(frame).toMatchObject({ format: 'RGB24', references: 1 });
    expect(frame.width).toBeGreaterThan(100);
    frame.release();
    expect(newer.runs()).toEqual([]);
    expect(older.runs()[0]!.join(' ')).toMatch(
      /^--camera 1 --mode 2304:1296:10:P --awb cloudy --nopreview --timeout 1000 --encoding jpg --quality 95 --output \S+still\.jpg$/,
    );
  });

  it('runs rpicam-still by itself where there is no libcamera-still', async () => {
    onlyPrograms();
    const fake = fakeProgram('rpicam-still', still());
    (await takeStill(options)).release();
    expect(fake.runs()[0]!.slice(0, 6)).toEqual(['--camera', '1', '--mode', '2304:1296:10:P', '--awb', 'cloudy']);
  });

  it('says why there is none', async () => {
    onlyPrograms();
    await expect(takeStill(options)).rejects.toThrow(/rpicam-still .*sudo apt install rpicam-apps-lite/);
    fakeProgram('rpicam-still', `console.error('ERROR: *** no cameras available ***'); process.exit(255)`);
    await expect(takeStill(options)).rejects.toThrow(/exit status 255: ERROR: \*\*\* no cameras available/);
    fakeProgram('libcamera-still', `console.error('ERROR: *** no cameras available ***'); process.exit(255)`);
    await expect(takeStill(options)).rejects.toThrow(InputError);
  });

  it('leaves no picture behind', async () => {
    onlyPrograms();
    fakeProgram('libcamera-still', still());
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    (await takeStill(options)).release();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('no setting reaches the shell that node-libcamera starts', () => {
  const canary = () => join(temporaryFolder(), 'canary');

  it('though node-libcamera itself would let it', async () => {
    const file = canary();
    fakeProgram('libcamera-still', '');
    const library = (await import('node-libcamera' as string)) as {
      still(options: Record<string, string>): Promise<string>;
    };
    await library.still({ awb: `auto; touch ${file}` });
    expect(existsSync(file)).toBe(true);
  });

  it.each([
    (file: string) => ({ controls: { awb_mode: `auto; touch ${file}` } }),
    (file: string) => ({ controls: { awb_mode: `$(touch ${file})` } }),
    (file: string) => ({ controls: { [`awb_mode;touch ${file};`]: 'auto' } }),
    (file: string) => ({ controls: { exposure_time: `1000\ntouch ${file}` } }),
    (file: string) => ({ controls: { exposure_time: `\`touch ${file}\`` as unknown as number } }),
    (file: string) => ({ libcamera: { mode: `2304:1296:10:P; touch ${file}` } }),
    (file: string) => ({ libcamera: { mode: `2304:1296:10\ntouch ${file}` } }),
  ])('a command in place of a value: case %#', async (settings) => {
    const file = canary();
    fakeProgram('rpicam-vid', camera(64, ['frames']));
    const fake = fakeProgram('libcamera-still', still());
    const device = createDevice('libcamera:', { width: 128, height: 96, ...settings(file) });
    await expect(device.open()).rejects.toThrow(InputError);
    // And one that is open, and is told later.
    const open = createDevice('libcamera:', { width: 128, height: 96 });
    await open.open();
    const { controls } = settings(file) as { controls?: ControlValues };
    if (controls) await expect(open.setControls(controls)).rejects.toThrow(InputError);
    (await open.still!()).release();
    await open.close();
    expect(fake.runs()).toHaveLength(1);
    expect(existsSync(file)).toBe(false);
  });

  it("a tuning file's name goes to the program as one argument, and to no shell", async () => {
    const file = canary();
    const folder = temporaryFolder();
    const tuning = join(folder, '$(touch canary); touch canary #.json');
    writeFileSync(tuning, '{}');
    fakeProgram('rpicam-vid', camera(64, ['frames']));
    const fake = fakeProgram('rpicam-still', still());
    const shell = fakeProgram('libcamera-still', still());
    const device = createDevice('libcamera:', { width: 128, height: 96, libcamera: { tuning } });
    await device.open();
    (await device.still!()).release();
    await device.close();
    expect(shell.runs()).toEqual([]);
    expect(fake.runs()[0]!.slice(-2)).toEqual(['--tuning-file', tuning]);
    expect(existsSync(file)).toBe(false);
  });

  it('a folder for temporary files with such a name is given to no shell either', async () => {
    const folder = join(temporaryFolder(), 'a;touch canary');
    mkdirSync(folder);
    vi.stubEnv('TMPDIR', folder);
    const shell = fakeProgram('libcamera-still', still());
    const fake = fakeProgram('rpicam-still', still());
    (await takeStill([['camera', 0]])).release();
    expect([shell.runs().length, fake.runs().length]).toEqual([0, 1]);
  });

  it('whatever a setting holds, the line has numbers and known words only, or there is none', async () => {
    // In place of a shell: what it would have been given.
    const give = (...[line, , done]: unknown[]) => {
      (done as (error: null, output: unknown, said: string) => void)(null, line, '');
    };
    const exec = vi.spyOn(createRequire(import.meta.url)('node:child_process'), 'exec').mockImplementation(give);
    onTestFinished(() => exec.mockRestore());
    let lines = 0;
    const names = programControls({}).map(({ name }) => name);
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom('auto', 'cloudy', 'off', '0; id', '$HOME'),
    );
    const controls = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, { maxKeys: 3 });
    const mode = fc.oneof(fc.string(), fc.constantFrom('2304:1296:10:P', '640:480:10', '1:1:8;id'));
    await fc.assert(
      fc.asyncProperty(controls, mode, async (wanted, wantedMode) => {
        let line: string;
        try {
          line = await runNodeLibcamera({
            ...Object.fromEntries(programOptions(wanted)),
            mode: modeArgument(parseMode(wantedMode)),
          });
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          return;
        }
        lines++;
        expect(line).toMatch(/^libcamera-still( --[a-z-]+ (-?[\d.]+(e-?\d+)?(,[\d.e-]+)?|[\d:PU]+|[a-z_-]+))*$/);
      }),
      { numRuns: 500 },
    );
    expect(lines).toBeGreaterThan(10);
  });

  it.each(['a b', '-x', '--help', '$(id)', 'a;b', '`id`', 'a\nb', '', 'ä', "'", 'a|b', '~', '*', Number.NaN])(
    'and the last door refuses %j',
    async (value) => {
      expect(isPlain({ awb: value })).toBe(false);
      await expect(runNodeLibcamera({ awb: value })).rejects.toThrow(/expected plain numbers and words/);
    },
  );
});

describe('still() of a camera that a program reads', () => {
  it('lets go of the camera, takes it, and goes on: nothing of that is a loss', async () => {
    const lock = join(temporaryFolder(), 'lock');
    const holding = `fs.writeFileSync(${JSON.stringify(lock)}, ''); process.on('exit', () => fs.rmSync(${JSON.stringify(lock)}));`;
    const video = fakeProgram('rpicam-vid', holding + camera(64, ['frames']));
    fakeProgram('rpicam-still', still(lock));
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    const states: string[] = [];
    device.on('health', ({ state }) => states.push(state));
    await device.open();
    const frames = device.frames();
    (await frames.next()).value.release();
    // Two at a time take their turns.
    const stills = await Promise.all([device.still!(), device.still!()]);
    for (const picture of stills) picture.release();
    (await frames.next()).value.release();
    (await frames.next()).value.release();
    await device.close();
    expect(states).toEqual(['opening', 'online', 'closed']);
    expect(device.health).toMatchObject({ restarts: 0, stalls: 0, corrupt: 0 });
    expect(video.runs().length).toBeGreaterThanOrEqual(3);
    await expect(device.still!()).rejects.toThrow(/is closed/);
  });

  it('goes on when there was no still', async () => {
    fakeProgram('rpicam-vid', camera(64, ['frames']));
    fakeProgram('rpicam-still', `process.exit(1)`);
    fakeProgram('libcamera-still', `process.exit(1)`);
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    await device.open();
    await expect(device.still!()).rejects.toThrow(/the still could not be taken/);
    const frames = device.frames();
    (await frames.next()).value.release();
    expect(device.health).toMatchObject({ state: 'online', restarts: 0 });
    await device.close();
  });
});

describe('findLibcameraCameras', () => {
  it('asks node-libcamera where nothing else can be asked', async () => {
    onlyPrograms();
    const list = '0 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx219@10)\n';
    const fake = fakeProgram('libcamera-still', `process.stdout.write(${JSON.stringify(list)})`);
    expect(await findLibcameraCameras()).toEqual([
      { uri: 'libcamera:0', title: 'Camera 0: imx219 (libcamera)', kind: 'libcamera' },
    ]);
    expect(fake.runs()).toEqual([['--list-cameras']]);
  });
});
