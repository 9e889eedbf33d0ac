// What some tests run real parts in takes minutes to make where it is not in the cache: it is made while the other tests run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram, root, say, started } from './steps.mjs';

const lab = join(root, 'tests', 'real', 'lab', 'labs.mjs');
const isRoot = process.getuid?.() === 0;

/** Name, what makes it, and what it needs here; what cannot be made is skipped by name in the tests. */
const all = [
  { name: 'opencv', args: [join(root, 'tools', 'setup', 'opencv.mjs')], needs: [] },
  { name: 'python', args: [lab, 'python'], needs: ['python3'] },
  { name: 'guest', args: [lab, 'guest'], asRoot: true, needs: ['mmdebstrap', 'cpio', 'xz'] },
  { name: 'arm64', args: [lab, 'arm64'], asRoot: true, needs: ['mmdebstrap'] },
];

export class Preparations {
  /** Has a file of its name for each that is over, well or not; `tests/support/prepared.ts` waits for it. */
  folder;
  /** All are over. */
  ended;

  /** Begins, once the system's packages are there. */
  constructor(folder) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    const of = (names) => all.filter(({ name }) => names.includes(name));
    // The first keeps the processors busy, the others mostly the network and the disk.
    this.ended = Promise.all([this.#make(of(['opencv'])), this.#make(of(['python', 'guest', 'arm64']))]);
  }

  async #make(few) {
    for (const { name, args, needs, asRoot = false } of few) {
      const isPossible = (isRoot || !asRoot) && needs.every(hasProgram);
      const begun = performance.now();
      const isWell = isPossible && (await started(process.execPath, args, { stdio: ['ignore', 2, 2] }));
      const seconds = Math.round((performance.now() - begun) / 1000);
      if (isWell) say(`✓ ${name}: ready after ${seconds} s`);
      else if (isPossible) say(`✗ ${name}: could not be made; what needs it is skipped or fails`);
      writeFileSync(join(this.folder, name), '');
    }
  }
}
