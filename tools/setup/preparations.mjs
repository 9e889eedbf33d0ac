// What some tests run real parts in takes minutes to make where it is not in the cache: it is made while the other tests run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram, root, say, started } from './steps.mjs';

const lab = join(root, 'tests', 'real', 'lab', 'labs.mjs');
const isRoot = process.getuid?.() === 0;

/** Name, what makes it, and whether it can be made here; what cannot be is skipped by name in the tests. */
const all = [
  { name: 'opencv', args: [join(root, 'tools', 'setup', 'opencv.mjs')], isPossible: true },
  { name: 'python', args: [lab, 'python'], isPossible: hasProgram('python3') },
  { name: 'guest', args: [lab, 'guest'], isPossible: isRoot && hasProgram('mmdebstrap') },
  { name: 'arm64', args: [lab, 'arm64'], isPossible: isRoot && hasProgram('mmdebstrap') },
];

export class Preparations {
  /** Has a file of its name for each that is over, well or not; `tests/prepared.ts` waits for it. */
  folder;
  /** All are over. */
  ended;

  constructor(folder) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    const of = (names) => all.filter(({ name }) => names.includes(name));
    // The first keeps the processors busy, the others mostly the network and the disk.
    this.ended = Promise.all([this.#make(of(['opencv'])), this.#make(of(['python', 'guest', 'arm64']))]);
  }

  async #make(few) {
    for (const { name, args, isPossible } of few) {
      const begun = performance.now();
      const isWell = isPossible && (await started(process.execPath, args, { stdio: ['ignore', 2, 2] }));
      const seconds = Math.round((performance.now() - begun) / 1000);
      if (isWell) say(`✓ ${name}: ready after ${seconds} s`);
      else if (isPossible) say(`✗ ${name}: could not be made; what needs it is skipped or fails`);
      writeFileSync(join(this.folder, name), '');
    }
  }
}
