import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Part, partitions, type Slot } from '../../sdk/update/slots.ts';
import { autobootText } from '../../tools/image/layout.ts';
import { Agent, type AgentOptions } from '../../tools/update/agent.ts';
import { BoardFirmware } from '../../tools/update/board-firmware.ts';
import { DeviceCard } from '../../tools/update/device-card.ts';
import { describeSystem } from '../../tools/update/system.ts';
import { closing } from '../support/closing.ts';
import { tree } from '../support/folders.ts';
import { areas } from './images.ts';

const device = (number: number) => `dev/disk/by-partuuid/0ce11005-0${number}`;

/** A board as files below a folder: what the kernel tells, the partitions of a card, the firmware's flag. */
export class Board {
  readonly root: string;
  /** Programs that were run. */
  readonly ran: string[][] = [];
  readonly said: string[] = [];

  constructor(card: Buffer, version: string, { running = 'a' as Slot, more = {} as Record<string, string> } = {}) {
    this.root = tree({
      'proc/cmdline': `console=tty1 root=PARTUUID=0ce11005-0${partitions[running].root} rootfstype=erofs ro panic=10\n`,
      'usr/lib/os-release': `NAME="Debian GNU/Linux"\nIMAGE_ID=ocellus\nIMAGE_VERSION=${version}\n`,
      'proc/device-tree/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711\0',
      'boot/firmware/autoboot.txt': autobootText('a'),
      'sys/module/ocellus_tryboot/parameters/flags': '0',
      ...more,
    });
    mkdirSync(join(this.root, 'dev/disk/by-partuuid'), { recursive: true });
    for (const number of [2, 3, 5, 6]) {
      const { at, bytes } = areas[number]!;
      writeFileSync(join(this.root, device(number)), card.subarray(at, at + bytes));
    }
  }

  boots(slot: Slot, version: string): void {
    this.write('proc/cmdline', `root=PARTUUID=0ce11005-0${partitions[slot].root} ro\n`);
    this.write('usr/lib/os-release', `IMAGE_VERSION=${version}\n`);
  }

  agent(more: Partial<AgentOptions> = {}): Agent {
    const system = { ...describeSystem(this.root), architecture: 'arm64' };
    const card = closing(new DeviceCard(system), (it) => it.close());
    const firmware = new BoardFirmware(this.root, async (...args) => {
      this.ran.push(args);
      return '';
    });
    const options = {
      system,
      card,
      firmware,
      keysFolder: join(this.root, 'keys'),
      say: (line: string) => void this.said.push(line),
    };
    return new Agent({ ...options, judgement: { intervalMs: 1, times: 2, deadlineMs: 100 }, ...more });
  }

  part(slot: Slot, part: Part, bytes: number): Buffer {
    return readFileSync(join(this.root, device(partitions[slot][part]))).subarray(0, bytes);
  }

  read(...path: string[]): string {
    return readFileSync(join(this.root, ...path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(join(this.root, path, '..'), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  get status(): Record<string, unknown> {
    return JSON.parse(this.read('run/ocellus-update/status.json')) as Record<string, unknown>;
  }
}
