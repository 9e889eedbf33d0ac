import { writeFileSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { commandLine, layout, slots } from '../../../tools/image/layout.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { Mosquitto } from '../hub/mosquitto.ts';
import { Card, type Findings, findings, Guest, type Machine, machines, probeFiles } from './guest.ts';
import { Remote } from './remote.ts';

// `npm run test:image` builds an image and names it here.
const image = process.env.OCELLUS_TEST_IMAGE;
const needed = ['qemu-system-aarch64', 'mcopy', 'mosquitto'];
const login = { username: 'porch', password: 'not to be left on a card' };
const canRun = image !== undefined && needed.every(hasProgram);

/** What Mosquitto on this machine heard first of a kind, and when the guest had run for how long. */
class Ears {
  readonly heard = new Map<string, { seconds: number; payload: string }>();

  constructor(client: MqttClient, guest: () => Guest) {
    client.on('message', (topic, payload) => {
      const kind = topic.split('/').at(-1)!;
      if (!this.heard.has(kind)) this.heard.set(kind, { seconds: guest().seconds, payload: payload.toString() });
    });
  }
}

const settingsFor = (broker: Mosquitto) => `node = "card"
[cameras.camera]
source = "scene:"
[mqtt]
broker = "${broker.url.replace('127.0.0.1', '10.0.2.2')}"
username = "${login.username}"
password = "${login.password}"
`;

/** Boots a card whose settings name a broker on this machine, until the probe has told what it saw. */
async function boot(
  machine: Machine,
  broker: Mosquitto,
  report: string,
): Promise<{ seen: Findings; ears: Ears; card: Card }> {
  const card = new Card(image!, temporaryFolder());
  const probe = probeFiles(20);
  card.write({ 'ocellus.toml': settingsFor(broker) });
  await card.seed(probe.files, probe.executable);
  const client = await connectAsync(broker.url, login);
  closing(client, (it) => it.endAsync());
  let guest: Guest | undefined;
  const ears = new Ears(client, () => guest!);
  await client.subscribeAsync('ocellus/#');
  guest = new Guest(card, machine);
  closing(guest, (it) => it.cut());
  try {
    await guest.hears(/^probe end\r?$/m);
  } finally {
    const folder = process.env.OCELLUS_TEST_IMAGE_LOGS;
    if (folder) writeFileSync(`${folder}/${report}.log`, guest.said);
  }
  const seen = findings(guest.said);
  console.log(report, seen, Object.fromEntries([...ears.heard].map(([kind, { seconds }]) => [kind, seconds])));
  await guest.cut();
  return { seen, ears, card };
}

describe.skipIf(!canRun)(`a card in an emulated board (npm run test:image; needs ${needed.join(', ')})`, () => {
  it.each(Object.keys(machines) as (keyof typeof machines)[])(
    'is booted by %s as its files say, detects the scene and tells the broker',
    { timeout: 3_600_000 },
    async (name) => {
      const broker = await Mosquitto.start({ login });
      closing(broker, (it) => it.stop());
      const { seen, ears, card } = await boot(machines[name], broker, name);
      expect(seen).toMatchObject({ active: 'active', failed: '', remount: 'refused', var: 'overlay', etc: 'overlay' });
      expect(seen).toMatchObject({ ffmpeg: 'works', v4l2: expect.stringContaining('v4l2-ctl'), tryboot: 'GPL' });
      expect(seen.root).toMatch(/^erofs ro,/);
      expect(seen.data).toMatch(/^ext4 rw,.*noatime.*commit=30/);
      expect(seen.settings).toMatch(/^ro,/);
      expect(seen.machine_id).toMatch(/^[0-9a-f]{32}$/);
      // The partition was grown to the end of a card of 4 GiB.
      expect(Number(seen.data_mib)).toBeGreaterThan(4096 - layout.size / 2 ** 20);
      expect(Number(seen.memtotal) - Number(seen.memavailable)).toBeLessThanOrEqual(200);
      expect(ears.heard.has('events')).toBe(true);
      // They were taken in, and only the password is gone.
      const left = card.read(layout.partitions.settings, 'ocellus.toml').toString();
      expect(left).toContain('scene:');
      expect(left).not.toContain(login.password);
      if (name === 'virt') expect(seen).toMatchObject({ watchdog: 'i6300ESB timer active', fed: 'again' });
    },
  );

  it('comes up by its cable and detects where its data cannot be used and its Wi-Fi is not there, and says both', {
    timeout: 3_600_000,
  }, async () => {
    const broker = closing(await Mosquitto.start({ login }), (it) => it.stop());
    const remote = closing(await Remote.start(), (it) => it.stop());
    const card = new Card(image!, temporaryFolder());
    const wireless = '[wlan]\nssid = "nobody has this"\npassword = "not its password"\ncountry = "DE"\n';
    card.write({ 'ocellus.toml': settingsFor(broker), 'rpi-preseed.toml': `config_version = "1.0"\n${wireless}` });
    card.damage(layout.partitions.data);
    const client = closing(await connectAsync(broker.url, login), (it) => it.endAsync());
    const ears = new Ears(client, () => guest);
    await client.subscribeAsync('ocellus/#');
    const guest = closing(new Guest(card, machines.virt, { append: remote.append }), (it) => it.cut());
    const seen =
      await remote.output(`until grep -q Wi-Fi /boot/firmware/ocellus-errors.txt 2> /dev/null; do sleep 2; done
findmnt -n -o FSTYPE /data; systemctl is-active ocellus; findmnt -n -o FSTYPE /; ls /run/ocellus-card/data-missing
systemctl --failed --plain --no-legend | cut -d ' ' -f 1 | sort; cat /run/issue.d/50-ocellus.issue`);
    console.log(seen, Object.fromEntries([...ears.heard].map(([kind, { seconds }]) => [kind, seconds])));
    const [data, active, root, missing, ...failed] = seen.split('\n');
    expect([data, active, root, missing]).toEqual(['tmpfs', 'active', 'erofs', '/run/ocellus-card/data-missing']);
    // The first two end with 2 where something is to be said; the third has no device to join with. Nothing else fails.
    const units = ['ocellus-first-boot.service', 'ocellus-wireless.service', 'wpa_supplicant@wlan0.service'];
    expect(failed.slice(0, units.length + 1)).toEqual([...units, '']);
    await expect.poll(() => ears.heard.has('events'), { timeout: 600_000 }).toBe(true);
    await guest.cut();
    const errors = card.read(layout.partitions.settings, 'ocellus-errors.txt').toString();
    for (const text of [errors, seen]) {
      expect(text).toContain('the data partition cannot be used');
      expect(text).toContain('this board has no Wi-Fi');
    }
    // Nothing else keeps it.
    expect(card.read(layout.partitions.settings, 'ocellus.toml').toString()).toContain(login.password);
  });

  it('starts again by itself when the root of its slot is not there', { timeout: 3_600_000 }, async () => {
    const card = new Card(image!, temporaryFolder());
    // Nothing was written to slot B yet.
    card.write({ 'cmdline.txt': commandLine('b') }, slots.a.boot);
    const guest = new Guest(card, machines.virt);
    closing(guest, (it) => it.cut());
    await guest.hears(/ocellus: the root \/dev\/vda6 cannot be mounted/);
    await guest.hears(/Kernel panic/);
    // The emulator ends where a board would start again.
    await guest.off();
    expect(guest.said).toContain('Rebooting in 10 seconds');
  });
});
