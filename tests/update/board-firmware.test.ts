import { describe, expect, it } from 'vitest';
import { BoardFirmware } from '../../tools/update/board-firmware.ts';
import { temporaryFolder, tree } from '../support/folders.ts';

/** `vcmailbox` of a board: what it prints, and the flags behind it. */
function mailbox(keeps = true) {
  const asked: string[][] = [];
  let flags = 4;
  const run = async (program: string, ...args: string[]) => {
    asked.push([program, ...args]);
    if (program !== 'vcmailbox') throw new Error(`${program} is missing`);
    const [tag, , , value] = args;
    if (tag === '0x00038064' && keeps) flags = Number(value);
    return `0x0000001c 0x80000000 ${tag} 0x00000004 0x80000004 0x0000000${flags} 0x00000000`;
  };
  return { asked, run };
}

describe('the flag of the firmware', () => {
  it('is set by vcmailbox where the kernel has /dev/vcio, beside the other flags, and read back', async () => {
    const { asked, run } = mailbox();
    const firmware = new BoardFirmware(tree({ 'dev/vcio': '' }), run);
    expect(await firmware.whyNot()).toBeUndefined();
    await firmware.tryOnce();
    expect(asked.filter(([program]) => program === 'vcmailbox').map(([, ...args]) => args)).toEqual([
      ['0x00030064', '4', '4', '0'],
      ['0x00030064', '4', '4', '0'],
      ['0x00038064', '4', '4', '5'],
      ['0x00030064', '4', '4', '0'],
    ]);
  });

  it('that is not kept is an error: nothing restarts then', async () => {
    const firmware = new BoardFirmware(tree({ 'dev/vcio': '' }), mailbox(false).run);
    await expect(firmware.tryOnce()).rejects.toThrow(/does not keep the tryboot flag: set 5, read 4/);
  });

  it('needs a way to the firmware', async () => {
    const { asked, run } = mailbox();
    expect(await new BoardFirmware(temporaryFolder(), run).whyNot()).toMatch(
      /neither the kernel module ocellus_tryboot nor/,
    );
    expect(asked).toEqual([['modprobe', 'ocellus_tryboot']]);
    const silent = new BoardFirmware(tree({ 'dev/vcio': '' }), async () => '');
    expect(await silent.whyNot()).toMatch(/the firmware answers ""/);
  });
});
