import type { PeerRule, Peers } from './peers.ts';
import type { Clip } from './scenes.ts';
import { overArea, right, type Score, scoreOf, sum } from './score.ts';

/** What may be chosen for the peers; how large a part has to be is chosen with it. */
export const candidates: readonly PeerRule[] = [
  ...combine({ method: ['MOG2'], threshold: [16, 40], seconds: [0], blur: [0, 5], open: [5], shadows: [false] }),
  ...combine({ method: ['MOG2'], threshold: [16], seconds: [30], blur: [5], open: [5], shadows: [false] }),
  ...combine({ method: ['KNN'], threshold: [400, 1200], seconds: [0], blur: [5], open: [5], shadows: [false] }),
];
const areas = [20, 40, 80, 150, 300, 600];

function combine(choices: { [K in keyof Omit<PeerRule, 'light'>]: readonly PeerRule[K][] }): PeerRule[] {
  let all: Partial<PeerRule>[] = [{ light: 0.6 }];
  for (const [key, values] of Object.entries(choices)) {
    all = all.flatMap((rule) => values.map((value) => ({ ...rule, [key]: value })));
  }
  return all as PeerRule[];
}

export interface Chosen {
  readonly rule: PeerRule;
  /** Pixels. */
  readonly least: number;
}

/** For each method the rule and the area that are right most often in these clips, each scene counting the same. */
export async function choose(peers: Peers, clips: () => AsyncIterable<Clip>): Promise<Chosen[]> {
  const scores = new Map<string, Score[]>();
  for await (const clip of clips()) {
    const answer = await peers.areas(
      clip,
      candidates.map((_, i) => i),
    );
    for (const i of candidates.keys()) {
      for (const least of areas) {
        const key = `${i} ${least} ${clip.scene}`;
        scores.set(key, [...(scores.get(key) ?? []), scoreOf(clip, overArea(clip, answer.areas[i]!, least))]);
      }
    }
  }
  const names = new Set([...scores.keys()].map((key) => key.split(' ').slice(2).join(' ')));
  const rightness = (i: number, least: number) =>
    [...names].reduce((total, name) => total + right(sum(scores.get(`${i} ${least} ${name}`)!)), 0);
  return [...new Set(candidates.map(({ method }) => method))].map((method) => {
    let best: Chosen | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const [i, rule] of candidates.entries()) {
      if (rule.method !== method) continue;
      for (const least of areas) {
        if (rightness(i, least) <= most) continue;
        most = rightness(i, least);
        best = { rule, least };
      }
    }
    return best!;
  });
}
