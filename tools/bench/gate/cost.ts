import { MotionGate } from '../../../sdk/vision/motion-gate.ts';
import { type Spread, spread } from '../../shared/run.ts';
import type { Progress } from '../progress.ts';
import { type Chosen, candidates } from './choice.ts';
import { frameOf } from './gates.ts';
import type { Peers } from './peers.ts';
import { Picture } from './picture.ts';
import { type Clip, draw, scenes } from './scenes.ts';

interface Cost {
  readonly name: string;
  readonly us: Spread;
  /** Of ours. */
  readonly ratio?: Spread;
}

/** What a frame costs, ours beside the peers' in turns: in a scene where little happens, and in rain. */
export async function costs(
  peers: Peers,
  chosen: readonly Chosen[],
  rounds: number,
  progress: Progress,
): Promise<Cost[]> {
  const background = new Picture(640, 360);
  for (let i = 0; i < background.data.length; i++)
    background.data[i] = 90 + 40 * Math.sin(i * 0.11) * Math.sin(i * 0.0007);
  const clips = ['still day', 'rain'].map((name) => {
    const scene = scenes.find((one) => one.name === name)!;
    return { name, clip: draw(scene, background, 5, 3) };
  });
  const times = new Map<string, number[]>();
  const add = (key: string, us: number) => times.set(key, [...(times.get(key) ?? []), us]);
  for (let round = 0; round < rounds; round++) {
    progress.next(`costs, round ${round + 1} of ${rounds}`);
    for (const { name, clip } of clips) {
      add(`ours, ${name}`, timeOurs(clip));
      const { ms } = await peers.areas(
        clip,
        chosen.map(({ rule }) => candidates.indexOf(rule)),
      );
      for (const { rule } of chosen) {
        add(`${rule.method}, ${name}`, (ms[candidates.indexOf(rule)]! * 1000) / clip.truths.length);
      }
    }
  }
  return [...times].map(([name, us]) => {
    const own = times.get(`ours, ${name.split(', ')[1]}`)!;
    return { name, us: spread(us), ratio: us === own ? undefined : spread(us.map((one, i) => one / own[i]!)) };
  });
}

function timeOurs(clip: Clip): number {
  const gate = new MotionGate();
  gate.configure(0.5, []);
  const frames = clip.truths.map((_, i) => frameOf(clip, i));
  const began = process.hrtime.bigint();
  for (const frame of frames) gate.process(frame);
  return Number(process.hrtime.bigint() - began) / 1000 / frames.length;
}
