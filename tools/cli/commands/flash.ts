import type { Command } from 'commander';
import { InputError } from '../../../sdk/base/errors.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import type { Disk } from '../../flash/disks.ts';
import { printNote, printWire, table } from '../../shared/output.ts';
import type { CardSettings } from '../card-settings.ts';
import { confirm } from '../confirm.ts';
import { percentages } from '../percentages.ts';

export function addFlash(program: Command): void {
  program
    .command('flash')
    .description(
      'write an image to a card, read it back, and put your settings on it; without an image, list the cards',
    )
    .argument('[image]', 'an image of a card: raw, or .gz, .xz, .zst; a .bmap beside it says what matters')
    .argument('[device]', 'the whole card, such as /dev/sdb; or a file, for trying')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON line for each card, or for what was written')
    .option('--settings <file>', 'an ocellus.toml of yours, put on the card')
    .option('--node <name>', 'name of the board in the topics')
    .option('--source <uri>', 'its camera: auto:, v4l2:/dev/video0, rtsp://…')
    .option('--broker <url>', 'mqtt://user@host:1883; its password is asked for, or is in OCELLUS_MQTT_PASSWORD')
    .option('--preseed <file>', 'an rpi-preseed.toml with Wi-Fi, user and SSH, put on the card')
    .addHelpText('after', '\nRaspberry Pi Imager writes these images too: docs/flash.md')
    .action(flash);
}

interface FlashOptions extends CardSettings {
  readonly yes?: boolean;
  readonly json?: boolean;
}

async function flash(image: string | undefined, device: string | undefined, options: FlashOptions): Promise<void> {
  const { cardsOf, findDisks } = await import('../../flash/disks.ts');
  if (image === undefined) return list(cardsOf(await findDisks()), options.json ?? false);
  if (device === undefined) {
    const cards = cardsOf(await findDisks());
    if (cards.length > 0) printCards(cards);
    throw new InputError(
      cards.length > 0
        ? 'expected the card to write to: name one of these'
        : 'expected the card to write to; there is none here that is removable and not mounted',
    );
  }
  await write(image, device, options);
}

async function list(cards: readonly Disk[], json: boolean): Promise<void> {
  if (json) for (const card of cards) await printWire(toWire(card));
  else if (cards.length > 0) printCards(cards);
  else printNote('no card: there is no disk here that is removable and not mounted');
}

function printCards(cards: readonly Disk[]): void {
  const rows = cards.map(({ path, bytes, way, model }) => [path, `${(bytes / 1e9).toFixed(1)} GB`, way, model]);
  console.error(table([['CARD', 'SIZE', 'BY', 'MODEL'], ...rows]));
}

async function write(imagePath: string, device: string, options: FlashOptions): Promise<void> {
  const [{ openImage }, { openTarget }, { inGigabytes, writeImage }, { assertMtools, putOnCard }, { filesForCard }] =
    await Promise.all([
      import('../../flash/image-file.ts'),
      import('../../flash/target.ts'),
      import('../../flash/write-image.ts'),
      import('../../flash/card-files.ts'),
      import('../card-settings.ts'),
    ]);
  const image = await openImage(imagePath);
  const files = await filesForCard(options, !options.yes && process.stdin.isTTY === true);
  if (files.size > 0) await assertMtools();
  const target = await openTarget(device);
  try {
    const { disk, path, handle } = target;
    const what = disk ? `${path} (${inGigabytes(disk.bytes)}${disk.model && `, ${disk.model}`})` : path;
    if (disk && !disk.isRemovable)
      printNote(`${path} does not say that it can be taken out: make sure that it is the card`);
    if (!options.yes && (disk || target.isFull)) await confirm(`All on ${what} is lost. Write ${imagePath} to it?`);
    const { report, done } = percentages();
    const written = await writeImage(image, handle, path, report).finally(done);
    if (files.size > 0) await putOnCard(path, files);
    const names = [...files.keys()];
    if (options.json) return await printWire(toWire({ device: path, ...written, files: names }));
    const settings = names.length > 0 ? `; with ${names.join(' and ')}` : '';
    console.log(
      `${path}: ${inGigabytes(written.size)}, of which ${inGigabytes(written.written)} were written and read back${settings}`,
    );
  } finally {
    await target.close();
  }
}
