import { statSync } from 'node:fs';
import { Command } from 'commander';
import { printError } from '../shared/output.ts';
import { packDeb } from './deb.ts';
import { packForNpm, packNetworks } from './npm-packages.ts';
import { packOci } from './oci.ts';
import { architectures, parseArchitecture } from './platform.ts';

const program = new Command('pack').description('what the maker of a release runs: docs/install.md');

program
  .command('npm')
  .description('build/packages/ocellus-VERSION.tgz, and the networks for other engines')
  .action(() => {
    for (const file of [packForNpm(), packNetworks()]) tell(file);
  });

program
  .command('deb')
  .description('build/packages/ocellus_VERSION_ARCH.deb')
  .option('--arch <name>', `${architectures.join(' or ')}; default: both`)
  .action(({ arch }: { arch?: string }) => {
    for (const one of arch ? [parseArchitecture(arch)] : architectures) tell(packDeb({ arch: one }));
  });

program
  .command('oci')
  .description('build/packages/ocellus-VERSION-ARCH.oci.tar, for podman and Docker')
  .option('--arch <name>', `${architectures.join(' or ')}; default: both`)
  .action(async ({ arch }: { arch?: string }) => {
    for (const one of arch ? [parseArchitecture(arch)] : architectures) tell(await packOci({ arch: one }));
  });

function tell(file: string): void {
  console.log(`${file}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}

try {
  await program.parseAsync();
} catch (error) {
  printError(error);
  process.exitCode = 2;
}
