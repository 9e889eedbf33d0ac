import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { firstBoot } from '../../first-boot/first-boot.ts';

interface FirstBootArguments {
  boot: string;
  settings: string;
  run: string;
  system?: boolean;
  screen?: boolean;
  wireless?: boolean;
}

/** Made by a card's initramfs, where nothing can be kept. */
const dataMissing = '/run/ocellus-card/data-missing';

/** agetty shows it above its prompt, also after it cleared the screen. */
const issueFolder = '/run/issue.d';
const screen = '/dev/tty1';

export function addFirstBoot(program: Command): void {
  program
    .command('first-boot')
    .description('read ocellus.toml from a card’s FAT partition into the settings; the card runs this before Ocellus')
    .option('--boot <folder>', 'where the FAT partition is mounted', '/boot/firmware')
    .option('--settings <file>', 'settings file of the service', '/var/lib/private/ocellus/ocellus.yaml')
    .option('--run <folder>', 'where `ocellus run --setup` finds the code of its page', '/run/ocellus-first-boot')
    .option('--system', 'also apply rpi-preseed.toml to this system: host name, user, SSH, Wi-Fi, time zone, keyboard')
    .option('--screen', 'show what is wrong, and the code of the setup page, on the first text screen')
    .option('--wireless', 'with --system: also say where the Wi-Fi that was asked for was not joined')
    .addHelpText('after', '\nEnds with 2 when something in the files is wrong. docs/first-boot.md has the rest.')
    .action(async ({ boot, settings, run, system, screen: shows, wireless }: FirstBootArguments) => {
      const ofSystem = { system: '/', forgets: existsSync(dataMissing), checksWireless: wireless === true };
      const report = await firstBoot({ boot, settings, run, ...(system && ofSystem) });
      for (const name of report.taken) console.log(`${name} was read`);
      for (const fault of report.faults) console.error(fault);
      if (report.code !== undefined) console.log(report.notes.slice(report.faults.length).join('\n'));
      if (shows) await show(report.notes);
      if (report.faults.length > 0) process.exitCode = 2;
    });
}

async function show(notes: readonly string[]): Promise<void> {
  const issue = `${issueFolder}/50-ocellus.issue`;
  const text = notes.map((line) => `${line}\n`).join('');
  await mkdir(issueFolder, { recursive: true });
  // A backslash begins what agetty replaces.
  if (notes.length > 0) await writeFile(issue, `\n${text.replaceAll('\\', '\\\\')}\n`);
  else await rm(issue, { force: true });
  // A board without a screen has none.
  if (notes.length > 0) await writeFile(screen, `\r\n${text.replaceAll('\n', '\r\n')}`).catch(() => {});
}
