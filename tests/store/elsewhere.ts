import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

const open = `
const { ClassicLevel } = require(process.argv[1]);
const db = new ClassicLevel(process.argv[2]);
db.open().then(() => console.log('open'), ({ cause }) => console.log(cause.code));
`;
const args = (folder: string, then = '') => ['-e', open + then, asset('node_modules', 'classic-level'), folder];

/** What a process that opens this LevelDB gets: `open`, or the code of the error. It ends at once. */
export function openElsewhere(folder: string): string {
  return spawnSync(process.execPath, args(folder), { encoding: 'utf8' }).stdout.trim();
}

/** A process that has this LevelDB open. */
export async function holdElsewhere(folder: string): Promise<{ letGo(): Promise<void> }> {
  const child = spawn(process.execPath, args(folder, 'process.stdin.resume();'), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  await once(child.stdout, 'data');
  return {
    letGo: async () => {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}
