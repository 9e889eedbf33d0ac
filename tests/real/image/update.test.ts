import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { requestVerb } from '../../../sdk/hub/extensions/requests/client.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { Mosquitto } from '../hub/mosquitto.ts';
import { Card, Guest, machines } from './guest.ts';
import { Remote } from './remote.ts';

/**
 * `npm run test:image` names the image, and a folder with releases that are newer: `next`, and `blind`, whose cameras give
 * nothing; with the public key that signed them, `key.pem`.
 */
const image = process.env.OCELLUS_TEST_IMAGE;
const releases = process.env.OCELLUS_TEST_RELEASES;
const needed = ['qemu-system-aarch64', 'mcopy', 'mosquitto'];
const canRun = image !== undefined && releases !== undefined && needed.every(hasProgram);

const node = 'card';
const login = { username: 'porch', password: 'not to be left on a card' };
const settings = (broker: string) => `node = "${node}"
[cameras.camera]
source = "scene:"
[mqtt]
broker = "${broker.replace('127.0.0.1', '10.0.2.2')}"
username = "${login.username}"
password = "${login.password}"
`;

/**
 * What a Raspberry Pi's firmware is to an update, which no emulator has: `vcmailbox` tells the serial port which flag it was
 * given, and the test boots what `autoboot.txt` names for it. `ocellus update` takes this way where there is no module of the kernel.
 */
const firmware = `mkdir -p /run/firmware /run/systemd/system/ocellus-update.service.d
touch /dev/vcio
cat > /run/firmware/vcmailbox <<'END'
#!/bin/sh
flags=/run/firmware/flags
[ "$1" = 0x00038064 ] && echo "$4" > $flags && echo "firmware flags=$4" > /dev/console
echo "0x1c 0x80000000 $1 0x4 0x80000004 $(cat $flags 2> /dev/null || echo 0) 0"
END
chmod 755 /run/firmware/vcmailbox
cat > /run/systemd/system/ocellus-update.service.d/firmware.conf <<'END'
[Service]
Environment=PATH=/run/firmware:/usr/sbin:/usr/bin
END
systemctl daemon-reload`;

/** A board that starts again when its system does, by its firmware's rules. */
class Board {
  readonly remote: Remote;
  readonly card: Card;
  #tryboot = false;
  #guest: Guest | undefined;
  #starts = 0;

  constructor(card: Card, remote: Remote) {
    this.card = card;
    this.remote = remote;
  }

  start(): Guest {
    this.#guest = new Guest(this.card, machines.virt, { tryboot: this.#tryboot, append: this.remote.append });
    this.#starts++;
    // It holds for one boot.
    this.#tryboot = false;
    return this.#guest;
  }

  /** Waits until the system restarts, and starts it. @returns In which slot. */
  async restarts(): Promise<string> {
    const guest = this.#guest!;
    await guest.off();
    this.log();
    this.#tryboot = [...guest.said.matchAll(/firmware flags=(\d)/g)].at(-1)?.[1] === '1';
    return this.start().slot;
  }

  async cut(): Promise<void> {
    await this.#guest?.cut();
    this.log();
  }

  log(): void {
    const folder = process.env.OCELLUS_TEST_IMAGE_LOGS;
    if (folder) writeFileSync(`${folder}/update-${this.#starts}.log`, this.#guest!.said);
  }

  /** What `ocellus update` says once nothing is tried any more. */
  async settled(): Promise<{ running: string; record?: Record<string, unknown>; state: Record<string, unknown> }> {
    const wait = 'until [ -e /run/ocellus-update/settled ]; do sleep 1; done';
    return JSON.parse(await this.remote.output(`${wait}; ocellus update status --json`));
  }
}

/** What is to survive, as the node itself says. A board that is emulated answers when it can. */
async function kept(client: MqttClient) {
  const ask = async <T>(request: () => Promise<T>): Promise<T> => {
    for (let tries = 0; ; tries++) {
      try {
        return await request();
      } catch (error) {
        if (tries === 30) throw error;
      }
    }
  };
  const { settings } = await ask(() => requestVerb(client, { node }, 'state', { camera: 'camera' }));
  const { heads, examples } = await ask(() => requestVerb(client, { node }, 'list', {}));
  return { settings, heads, examples };
}

function serveRelease(remote: Remote, name: string): { url: string; version: string } {
  const read = (file: string) => readFileSync(join(releases!, name, basename(file)));
  const there = (file: string) => {
    try {
      return read(file);
    } catch {
      return undefined;
    }
  };
  remote.serve(name, there);
  const { version } = JSON.parse(read('update.json').toString()) as { version: string };
  return { url: `${remote.url}/${name}/update.json`, version };
}

describe.skipIf(!canRun)(
  `updates of a card in an emulated board (npm run test:image; needs ${needed.join(', ')})`,
  () => {
    it('installs a release and keeps it; leaves one that sees nothing; settings and lessons stay', {
      timeout: 5_400_000,
    }, async () => {
      const broker = closing(await Mosquitto.start({ login }), (it) => it.stop());
      const client = closing(await connectAsync(broker.url, login), (it) => it.endAsync());
      const remote = closing(await Remote.start(), (it) => it.stop());
      const card = new Card(image!, temporaryFolder());
      card.write({ 'ocellus.toml': settings(broker.url) });
      const board = new Board(card, remote);
      closing(board, (it) => it.cut());
      const [next, blind] = [serveRelease(remote, 'next'), serveRelease(remote, 'blind')];

      expect(board.start().slot).toBe('a');
      const first = await board.settled();
      console.log('first', first);
      expect(first).toMatchObject({ running: 'a', state: { problem: null } });
      await remote.output(firmware);
      const key = readFileSync(join(releases!, 'key.pem'), 'utf8');
      const keys = '/etc/ocellus/update-keys';
      await remote.output(`mkdir -p ${keys} && cat > ${keys}/fleet.pem <<'END'\n${key}END`);

      // Something to lose.
      await kept(client);
      await requestVerb(client, { node }, 'change', { camera: 'camera', change: { detect: { threshold: 0.61 } } });
      await expect
        .poll(
          () =>
            requestVerb(client, { node }, 'teach', { camera: 'camera', view: true, label: 'tidy' }).then(
              () => true,
              String,
            ),
          { timeout: 600_000 },
        )
        .toBe(true);
      const before = await kept(client);
      console.log('before', JSON.stringify(before.heads));
      expect(before).toMatchObject({ settings: { detect: { threshold: 0.61 } } });
      expect(before.examples).toBeGreaterThan(0);

      // By hand, what changed alone.
      const path = 'PATH=/run/firmware:/usr/sbin:/usr/bin';
      await remote.output(`systemd-run --setenv=${path} ocellus update install ${next.url} --yes`);
      expect(await board.restarts()).toBe('b');
      expect(await board.settled()).toMatchObject({
        running: 'b',
        record: { phase: 'committed', version: next.version, slot: 'b' },
        state: { installed_version: next.version, problem: null },
      });
      expect(card.booted('Raspberry Pi 4 B').slot.name).toBe('b');
      expect(await kept(client)).toEqual(before);

      // Asked for over MQTT; its cameras give nothing.
      await remote.output(firmware);
      await requestVerb(client, { node }, 'update', { release: blind.url, install: true });
      expect(await board.restarts()).toBe('a');
      // On trial, until it is left.
      expect(card.booted('Raspberry Pi 4 B').slot.name).toBe('b');
      expect(await board.restarts()).toBe('b');
      expect(await board.settled()).toMatchObject({
        running: 'b',
        record: {
          ...{ phase: 'rolled_back', version: blind.version, from: next.version },
          reason: expect.stringContaining('the camera camera gave frames before and gives none'),
        },
        state: { installed_version: next.version, problem: expect.stringContaining(blind.version) },
      });
      expect(await kept(client)).toEqual(before);
    });
  },
);
