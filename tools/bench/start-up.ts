// `npm run bench:start`: from `ocellus run` to the first event, and a compiled program from its file to its first result, each in
// turns with a Node that does nothing: what else the machine does hits both alike.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { printError, table } from '../shared/output.ts';
import { inWords, runJson, spread } from '../shared/run.ts';
import { plainEnvironment } from './processes.ts';
import { Progress } from './progress.ts';
import { timeToFirstEvent } from './start.ts';

const { values } = parseArgs({
  options: {
    clip: { type: 'string', default: asset('..', 'shared', 'data', 'video', 'one-by-one-person-detection.mp4') },
    rounds: { type: 'string', default: '7' },
  },
});
interface Cost {
  wallMs: number;
  cpuMs: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'ocellus-start-'));
const broker = await startBroker({ host: '127.0.0.1', port: 0 });
try {
  if (!existsSync(values.clip)) throw new InputError(`--clip: expected a video file, ${values.clip} does not exist`);
  const rounds = Number(values.rounds);
  const present = join(scratch, 'present.mp4');
  // Somebody is in view from the first frame on; ten frames a second, of which three confirm an object.
  const cut = ['-ss', '30', '-t', '20', '-i', values.clip, '-c:v', 'libx264', '-crf', '18', '-r', '10', present];
  execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...cut]);
  const port = Number(new URL(broker.url).port);
  const costs: { bare: Cost; event: Cost; program: Cost }[] = [];
  const progress = new Progress(rounds);
  for (let round = 0; round < rounds; round++) {
    progress.next(`round ${round + 1} of ${rounds}`);
    const bare = bareNode();
    const event = await timeToFirstEvent(present, port);
    const program = await runJson<Cost>(process.execPath, [asset('dist', 'tools', 'bench', 'first-inference.js')]);
    costs.push({ bare, event, program });
  }
  const row = (name: string, of: (cost: (typeof costs)[number]) => Cost) => [
    name,
    inWords(spread(costs.map((cost) => of(cost).wallMs)), 0),
    inWords(spread(costs.map((cost) => of(cost).cpuMs)), 0),
    inWords(spread(costs.map((cost) => of(cost).cpuMs / cost.bare.cpuMs)), 1),
  ];
  console.log(
    table([
      ['FROM THE START', 'ms BY THE CLOCK', 'ms OF CPU TIME', 'TIMES THAT OF A BARE NODE'],
      row('a Node that does nothing, to its end', ({ bare }) => bare),
      row('`ocellus run` to the first event on MQTT', ({ event }) => event),
      row('a program: read, load, run once', ({ program }) => program),
    ]),
  );
  console.log(
    `\nThe clip's own part of the first event is 200 ms: it gives ten frames a second, and the third one confirms. CPU time is the process's, without ffmpeg's. Kernels: ${kernels.name}.`,
  );
} catch (error) {
  printError(error);
  process.exitCode = 1;
} finally {
  await broker.stop();
  rmSync(scratch, { recursive: true, force: true });
}

function bareNode(): Cost {
  const began = performance.now();
  const script = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)';
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env: plainEnvironment(scratch) });
  return { wallMs: performance.now() - began, cpuMs: Number(stdout) };
}
