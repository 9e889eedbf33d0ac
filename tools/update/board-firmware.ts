import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Firmware } from '../../sdk/update/card.ts';
import { command } from '../shared/block-device.ts';

/** Property tags of the firmware's mailbox. */
const tags = { get: '0x00030064', set: '0x00038064' };
const trybootBit = 1;
const parameter = 'sys/module/ocellus_tryboot/parameters/flags';

/** One way to the firmware's reboot flags. */
interface Way {
  get(): Promise<number>;
  set(flags: number): Promise<void>;
}

/**
 * The firmware of a Raspberry Pi: its one-shot flag is set through its mailbox. Debian's kernel has no `/dev/vcio`, so
 * the image brings a module of its own; on the kernel of Raspberry Pi OS `vcmailbox` does it.
 */
export class BoardFirmware implements Firmware {
  readonly #root: string;
  readonly #run: typeof command;

  /** @param root Where `/sys` and `/dev` are. @param run Runs a program, for tests. */
  constructor(root = '/', run = command) {
    this.#root = root;
    this.#run = run;
  }

  async whyNot(): Promise<string | undefined> {
    try {
      await (await this.#way()).get();
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  async tryOnce(): Promise<void> {
    const way = await this.#way();
    const before = await way.get();
    await way.set(before | trybootBit);
    const after = await way.get();
    if ((after & trybootBit) === 0)
      throw new InputError(`the firmware does not keep the tryboot flag: set ${before | trybootBit}, read ${after}`);
  }

  async reboot(): Promise<void> {
    await this.#run('systemctl', 'reboot');
  }

  async #way(): Promise<Way> {
    const path = join(this.#root, parameter);
    if (!existsSync(path)) await this.#run('modprobe', 'ocellus_tryboot').catch(() => {});
    if (existsSync(path)) {
      return {
        get: async () => whole((await readFile(path, 'latin1')).trim()),
        set: (flags) => writeFile(path, String(flags)),
      };
    }
    if (existsSync(join(this.#root, 'dev/vcio'))) {
      return {
        get: async () => answerOf(await this.#run('vcmailbox', tags.get, '4', '4', '0')),
        set: async (flags) => void (await this.#run('vcmailbox', tags.set, '4', '4', String(flags))),
      };
    }
    throw new InputError(
      'the way to the firmware is missing: neither the kernel module ocellus_tryboot nor /dev/vcio is there, which a Raspberry Pi has',
    );
  }
}

/** The value in what `vcmailbox` prints: length, status, tag, size, size of the answer, value, end. */
function answerOf(text: string): number {
  return whole(text.split(/\s+/)[5] ?? '');
}

function whole(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value)) throw new InputError(`the firmware answers ${JSON.stringify(text)}`);
  return value;
}
