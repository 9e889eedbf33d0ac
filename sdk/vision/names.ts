import { median } from './median.ts';
import type { Naming } from './sighting.ts';

interface Heard {
  readonly classId: number;
  readonly label: string;
  /** Its most recent scores, each with the number of its observation. */
  recent: { at: number; score: number }[];
  times: number;
  /** Median of the recent scores, computed on demand. */
  median: number | undefined;
  /** Of all its scores. */
  sum: number;
  last: number;
}

/** Observations that decide the current name. */
export const memory = 10;
/** Difference from which one name is clearly surer than another. */
export const clearly = 0.1;
/** Another name takes over once the silence of the first is less likely than this by chance. */
const chance = 1e-6;

/**
 * What the network calls one object, over time. A detector that wavers between two names (a van: car, truck) keeps
 * using both; one that was wrong at first stops using the wrong one. So a name is chosen by the sum of its last scores,
 * and a reported name gives way only to a clearly surer one, and only once it has been absent for longer than chance
 * explains.
 */
export class Names {
  #heard: Heard[] = [];
  #observations = 0;
  #current: Heard;

  constructor(names: readonly Naming[]) {
    this.#current = this.#known(names[0]!);
    this.hear(names);
  }

  get classId(): number {
    return this.#current.classId;
  }

  get label(): string {
    return this.#current.label;
  }

  /** How often the current name was observed. */
  get observations(): number {
    return this.#current.times;
  }

  /** The median of the current name's last scores, 0..1. */
  get medianScore(): number {
    this.#current.median ??= median(this.#current.recent.map(({ score }) => score));
    return this.#current.median;
  }

  /** Whether this name was ever observed. */
  has(classId: number): boolean {
    return this.#heard.some((heard) => heard.classId === classId);
  }

  /** Adds the names of one observation. */
  hear(names: readonly Naming[]): void {
    this.#observations++;
    for (const name of names) {
      const heard = this.#known(name);
      heard.recent.push({ at: this.#observations, score: name.score });
      if (heard.recent.length > memory) heard.recent.shift();
      heard.median = undefined;
      heard.times++;
      heard.sum += name.score;
      heard.last = this.#observations;
    }
  }

  /** Switches to the name that is surest now. */
  choose(): void {
    if (this.#heard.length > 1) this.#current = this.#best();
  }

  /** By how much the current name is surer than the next one, 0..1; 1 where there is no other. */
  get lead(): number {
    if (this.#heard.length === 1) return 1;
    const others = this.#heard.filter((heard) => heard !== this.#current);
    const length = Math.min(memory, this.#observations);
    return (this.#weight(this.#current) - Math.max(...others.map((heard) => this.#weight(heard)))) / length;
  }

  /** Whether another name has replaced the current one: clearly surer, while the current one is absent. */
  get isOver(): boolean {
    if (this.#heard.length === 1) return false;
    const { times, sum, last } = this.#current;
    const silent = this.#observations - last;
    const share = (times + 1) / (last + 2);
    if (silent * Math.log(1 - share) > Math.log(chance)) return false;
    const best = this.#best();
    return best !== this.#current && best.sum / best.times >= sum / times + clearly;
  }

  /** Sum of a name's scores in the last observations. */
  #weight({ recent }: Heard): number {
    let sum = 0;
    for (const { at, score } of recent) if (at > this.#observations - memory) sum += score;
    return sum;
  }

  #best(): Heard {
    return this.#heard.reduce((best, heard) => (this.#weight(heard) > this.#weight(best) ? heard : best));
  }

  #known({ classId, label }: Naming): Heard {
    let heard = this.#heard.find((each) => each.classId === classId);
    if (!heard) {
      heard = { classId, label, recent: [], median: undefined, times: 0, sum: 0, last: 0 };
      this.#heard.push(heard);
    }
    return heard;
  }
}
