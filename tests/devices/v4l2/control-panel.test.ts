import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ControlPanel } from '../../../devices/v4l2/control-panel.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';
import { listed } from './listing.ts';

/** `v4l2-ctl` of a camera that keeps what it is set to, as far as it takes it. */
function camera(takes = 'true') {
  const list = join(temporaryFolder(), 'controls');
  writeFileSync(list, listed('uvc-controls.txt'));
  const { runs } = fakeProgram(
    'v4l2-ctl',
    `
const file = ${JSON.stringify(list)};
const [, path, question, setting] = process.argv.slice(2);
let text = fs.readFileSync(file, 'utf8');
if (question === '--list-ctrls-menus') process.stdout.write(text);
else {
  const [name, value] = setting.split('=');
  if (${takes}) fs.writeFileSync(file, text.replace(new RegExp('( ' + name + ' .* value=)-?[0-9]+'), '$1' + value));
  else { console.error('VIDIOC_S_EXT_CTRLS: failed: Input/output error'); process.exitCode = 255; }
}
`,
  );
  return {
    /** What was set, in order. */
    settings: () =>
      runs().flatMap((args) => (args[2] === '--set-ctrl' ? [args.slice(1, 2).concat(args[3]!).join(' ')] : [])),
  };
}

function logger() {
  const said: string[] = [];
  return { said, log: { debug() {}, info() {}, warn: (text: string) => said.push(text), error() {} } };
}

describe('ControlPanel', () => {
  it('sets what is wanted each time a camera starts, and asks nothing where nothing is', async () => {
    const { settings } = camera();
    const { log, said } = logger();
    const panel = new ControlPanel({ brightness: 140, power_line_frequency: '50 hz' }, log);
    await panel.apply('/dev/video0');
    await panel.apply('/dev/video2');
    const both = ['power_line_frequency=1', 'brightness=140'];
    expect(settings()).toEqual([
      ...both.map((one) => `/dev/video0 ${one}`),
      ...both.map((one) => `/dev/video2 ${one}`),
    ]);
    expect(said).toEqual([]);
    await new ControlPanel({}, log).apply('/dev/video0');
    expect(settings()).toHaveLength(4);
  });

  it('gives a control that is taken back its default, the automatic after what it rules', async () => {
    const { settings } = camera();
    const panel = new ControlPanel({ exposure_time_absolute: 100, brightness: 1 }, logger().log);
    await panel.apply('/dev/video0');
    await panel.set('/dev/video0', { brightness: 2 });
    await panel.set('/dev/video0', {});
    await panel.set('/dev/video0', {});
    expect(settings().map((one) => one.split(' ')[1])).toEqual([
      ...['auto_exposure=1', 'exposure_time_absolute=100', 'brightness=1'],
      ...['exposure_time_absolute=250', 'auto_exposure=3', 'brightness=2'],
      'brightness=128',
    ]);
  });

  it('says what the camera did not take', async () => {
    camera(`name !== 'gain'`);
    const { log, said } = logger();
    await new ControlPanel({ gain: 7, contrast: 3 }, log).apply('/dev/video0');
    expect(said).toEqual([
      'control gain: expected 7 after setting it, got 64: VIDIOC_S_EXT_CTRLS: failed: Input/output error',
    ]);
  });

  it('leaves all as it is when one value is wrong', async () => {
    const { settings } = camera();
    const panel = new ControlPanel({}, logger().log);
    await expect(panel.set('/dev/video0', { brightness: 3, contrast: 1000 })).rejects.toThrow(/^controls\.contrast: /);
    await panel.apply('/dev/video0');
    expect(settings()).toEqual([]);
  });

  it('works without v4l2-ctl, and says what to install', async () => {
    onlyPrograms();
    const { log, said } = logger();
    const panel = new ControlPanel({ brightness: 1 }, log);
    expect(await panel.list('/dev/video0')).toEqual([]);
    await panel.apply('/dev/video0');
    expect(said).toEqual([
      "the camera's controls are left as they are: v4l2-ctl was not found; install it: sudo apt install v4l-utils",
    ]);
    await expect(panel.set('/dev/video0', { brightness: 2 })).rejects.toThrow(/sudo apt install v4l-utils/);
  });

  it('does one thing after the other', async () => {
    const { settings } = camera();
    const panel = new ControlPanel({}, logger().log);
    await Promise.all([1, 2, 3].map((brightness) => panel.set('/dev/video0', { brightness })));
    expect(settings()).toEqual([1, 2, 3].map((brightness) => `/dev/video0 brightness=${brightness}`));
  });
});
