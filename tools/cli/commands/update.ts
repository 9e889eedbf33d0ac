import { join } from 'node:path';
import type { Command } from 'commander';
import { toWire } from '../../../sdk/base/wire.ts';
import { ownKeysFolder } from '../../../sdk/update/keys.ts';
import { printNote, printWire, table } from '../../shared/output.ts';
import type { Agent } from '../../update/agent.ts';
import { confirm } from '../confirm.ts';
import { percentages } from '../percentages.ts';

export function addUpdate(program: Command): void {
  const update = program
    .command('update')
    .description('on a card with two systems: install a new version beside the one that runs, and come back by itself')
    .option('--root <folder>', 'a card’s system below a folder, for trying: nothing is restarted', '/');
  const withAgent = (use: (agent: Agent) => Promise<void>) => onCard(update.opts<{ root: string }>().root, use);
  update
    .command('status', { isDefault: true })
    .description('say which version runs from which slot, and what became of the newest update')
    .option('--json', 'one JSON line')
    .action(({ json = false }: { json?: boolean }) => withAgent((agent) => status(agent, json)));
  update
    .command('check')
    .description('say what a release would bring, and whether it is signed by a known key')
    .argument('<release>', 'https://…/update.json, the path of one or of its folder, or a file ….ocu')
    .action((release: string) => withAgent((agent) => check(agent, release)));
  update
    .command('install')
    .description('write a release to the other slot, restart into it, and keep it once it has shown that it works')
    .argument('<release>', 'https://…/update.json, the path of one or of its folder, or a file ….ocu')
    .option('--force', 'also one that is not newer than what runs')
    .option('-y, --yes', 'do not ask')
    .action((release: string, options: InstallOptions) => withAgent((agent) => install(agent, release, options)));
  update
    .command('settle')
    .description('at a boot, by systemd: keep a new version that works, else restart into the old one')
    .action(() => withAgent(async (agent) => console.log(await agent.settle())));
  update
    .command('serve')
    .description('by systemd: do what the page, MQTT or Home Assistant asked for')
    .action(() => withAgent((agent) => agent.serve()));
}

interface InstallOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
}

async function onCard(root: string, use: (agent: Agent) => Promise<void>): Promise<void> {
  const [{ Agent }, { BoardFirmware }, { DeviceCard }, { describeSystem }, { command }] = await Promise.all([
    import('../../update/agent.ts'),
    import('../../update/board-firmware.ts'),
    import('../../update/device-card.ts'),
    import('../../update/system.ts'),
    import('../../shared/block-device.ts'),
  ]);
  const isTrial = root !== '/';
  const run: typeof command = isTrial ? async () => '' : command;
  const system = describeSystem(root);
  const card = new DeviceCard(system);
  try {
    const keysFolder = join(root, ownKeysFolder);
    const say = (line: string) => console.log(line);
    await use(new Agent({ system, card, firmware: new BoardFirmware(root, run), keysFolder, say }));
  } finally {
    await card.close();
  }
}

async function status(agent: Agent, json: boolean): Promise<void> {
  const found = await agent.status();
  if (json) return printWire(toWire(found));
  const { running, record, state } = found;
  const rows = [
    ['running', `${state.installedVersion}, slot ${running}`],
    ['newest known', state.latestVersion],
  ];
  if (record) rows.push(['last update', `${record.version} to slot ${record.slot}: ${record.phase.replace('_', ' ')}`]);
  if (record?.reason !== undefined) rows.push(['because', record.reason]);
  if (state.problem !== null) rows.push(['problem', state.problem]);
  console.log(table(rows));
}

async function check(agent: Agent, source: string): Promise<void> {
  const { manifest, payloads } = await agent.look(source);
  const { state } = await agent.status();
  console.log(`${manifest.title} ${manifest.version}; ${state.installedVersion} runs`);
  for (const { base, bytes } of payloads)
    console.log(`  ${base ? `what changed since ${base.version}` : 'all of it'}: ${Math.ceil(bytes / 1e6)} MB`);
}

async function install(agent: Agent, source: string, { force = false, yes = false }: InstallOptions): Promise<void> {
  const release = await agent.look(source);
  const { manifest } = release;
  const { state } = await agent.status();
  if (!yes)
    await confirm(`Install ${manifest.title} ${manifest.version} in place of ${state.installedVersion} and restart?`);
  const { report, done } = percentages();
  await agent.install(release, { force, report }).finally(done);
  printNote('restarting into the new version; it is kept once it has shown that it works');
}
