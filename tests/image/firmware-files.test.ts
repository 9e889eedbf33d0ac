import { describe, expect, it } from 'vitest';
import {
  autobootLimit,
  boards,
  bootedFiles,
  bootPartition,
  configText,
  firmwareSettings,
} from '../../tools/image/firmware-files.ts';

const pi3 = boards['Raspberry Pi 3 B'];
const pi4 = boards['Raspberry Pi 4 B'];

describe('the settings of the firmware', () => {
  it('hold for the boards that their section names', () => {
    const text =
      'a=1\r\n# a=2\n[pi4]\na=3\nb=4\n[pi3]\nb=5\n[none]\na=6\n[all]\nc=7\ninitramfs initrd.img followkernel\n';
    expect(Object.fromEntries(firmwareSettings(text, pi3))).toEqual({
      ...{ a: '1', b: '5', c: '7' },
      initramfs: 'initrd.img followkernel',
    });
    expect(Object.fromEntries(firmwareSettings(text, pi4))).toMatchObject({ a: '3', b: '4', c: '7' });
  });

  it('need each of two filters in a row', () => {
    const text = '[pi4]\n[tryboot]\na=1\n[all]\nb=2\n';
    expect(firmwareSettings(text, { names: ['pi4'], tryboot: true }).get('a')).toBe('1');
    expect(firmwareSettings(text, { names: ['pi3'], tryboot: true }).has('a')).toBe(false);
    expect(firmwareSettings(text, pi4).has('a')).toBe(false);
    expect(firmwareSettings(text, pi4).get('b')).toBe('2');
  });

  it('are read no further than a sector, as autoboot.txt', () => {
    const long = `[all]\nboot_partition=2\n#${'x'.repeat(autobootLimit)}\nboot_partition=3\n`;
    expect(bootPartition(long, pi3)).toBe(2);
    expect(bootPartition('', pi3)).toBe(1);
  });
});

describe('a slot', () => {
  const kernel = 'vmlinuz-6.12.1-arm64';
  const initramfs = 'initrd.img-6.12.1-arm64';
  const files = [kernel, initramfs, 'cmdline.txt', ...Object.values(boards).map(({ deviceTree }) => deviceTree)];

  it.each(Object.entries(boards))('boots on a %s what its config.txt names', (_, board) => {
    expect(bootedFiles(configText(kernel, initramfs), files, board)).toEqual({
      ...{ kernel, initramfs, commandLine: 'cmdline.txt' },
      deviceTree: board.deviceTree,
    });
  });

  it.each([kernel, initramfs, 'cmdline.txt', pi3.deviceTree])('does not boot without %s', (missing) => {
    const others = files.filter((name) => name !== missing);
    expect(() => bootedFiles(configText(kernel, initramfs), others, pi3)).toThrow(
      `config.txt names ${missing}, which is not in its slot`,
    );
  });

  it.each(['arm_64bit=1', 'upstream_kernel=1'])('does not boot without %s', (line) => {
    const text = configText(kernel, initramfs).replace(line, '');
    expect(() => bootedFiles(text, files, pi4)).toThrow(`expected ${line}`);
  });
});
