import type { Candidate } from './assignment.ts';
import { apart, type Box, covered, sizeOf } from './geometry.ts';
import { reachOf } from './leaps.ts';
import type { Living } from './living.ts';
import type { Sighting } from './sighting.ts';
import { alike, type Signature } from './signature.ts';
import { isDetected } from './track.ts';
import { shareName, type Worth } from './worth.ts';

/** At most this many signatures are computed per frame, each some microseconds, so that crowds stay cheap. */
const budget = 24;
/** Seconds after which a track's signature is renewed while another is near. */
const refreshSeconds = 0.5;
/** Near means: may be in the same place within this many inferences, or is this many box sizes away. */
const ahead = { inferences: 2, sizes: 3 };
/** A track that another covers more than this gets its signature later. */
const mostCovered = 0.1;
/** Two candidates are ambiguous when their worth differs by less. */
const close = 0.5;
/** The neutral similarity, and how much a difference of 1 from it is worth. */
const neutral = 0.85;
const weight = 3;
/**
 * Weight of a difference of 1 against positions: when two people meet and turn back, each is where the other was
 * expected.
 */
const exchangeWeight = 5;
/** The most by which appearance raises or lowers the worth of a pair. */
const most = 0.6;
/** The least worth of a pair: the light may have changed. */
const least = 1e-3;

/** Resolves by appearance what geometry leaves ambiguous; computes nothing while no two tracks are near each other. */
export class Appearance {
  readonly #signature: (box: Box) => Signature;
  readonly #timeNs: number;
  readonly #seen = new Map<Sighting, Signature>();
  #left = budget;

  /** Of one frame. */
  constructor(signature: (box: Box) => Signature, timeNs: number) {
    this.#signature = signature;
    this.#timeNs = timeNs;
  }

  /**
   * The candidates, worth more where the two look alike and less where they do not; unchanged where geometry is clear.
   */
  judged(
    candidates: readonly Candidate[],
    tracks: readonly Living[],
    sightings: readonly Sighting[],
  ): readonly Candidate[] {
    if (candidates.length < 2) return candidates;
    const rows = rivals(candidates, ({ row }) => row);
    const columns = rivals(candidates, ({ column }) => column);
    return candidates.map((candidate) => {
      const { row, column, worth } = candidate;
      if (!rows.has(row) && !columns.has(column)) return candidate;
      const known = tracks[row]!.signature;
      const seen = known && this.#of(sightings[column]!);
      if (!seen) return candidate;
      const change = Math.max(-most, Math.min(most, weight * (alike(known, seen) - neutral)));
      return { row, column, worth: Math.max(least, worth + change) };
    });
  }

  /**
   * The pairs, with two sightings exchanged where both tracks may have reached the other one and appearance speaks for
   * it more than position against: when two people meet and turn back, each is where the other was expected.
   */
  exchanged(
    pairs: readonly Candidate[],
    tracks: readonly Living[],
    sightings: readonly Sighting[],
    worthOf: Worth,
  ): readonly Candidate[] {
    const known = pairs.filter(({ row }) => tracks[row]!.signature);
    if (known.length < 2) return pairs;
    const columnOf = new Map<number, number>(pairs.map(({ row, column }) => [row, column]));
    for (let i = 0; i < known.length; i++) {
      for (let j = i + 1; j < known.length; j++) {
        const [a, b] = [known[i]!.row, known[j]!.row];
        const [atA, atB] = [columnOf.get(a)!, columnOf.get(b)!];
        if (!this.#speakForExchange(tracks[a]!, tracks[b]!, sightings[atA]!, sightings[atB]!, worthOf)) continue;
        columnOf.set(a, atB);
        columnOf.set(b, atA);
      }
    }
    return pairs.map(({ row, worth }) => ({ row, column: columnOf.get(row)!, worth }));
  }

  #speakForExchange(a: Living, b: Living, atA: Sighting, atB: Sighting, worthOf: Worth): boolean {
    if (apart(a.box, atB.box) > reachOf(a, this.#timeNs) || apart(b.box, atA.box) > reachOf(b, this.#timeNs))
      return false;
    if (!shareName(a, atB) || !shareName(b, atA)) return false;
    const seenA = this.#of(atA);
    const seenB = this.#of(atB);
    if (!seenA || !seenB) return false;
    const [knownA, knownB] = [a.signature!, b.signature!];
    const likeness = alike(knownA, seenB) + alike(knownB, seenA) - alike(knownA, seenA) - alike(knownB, seenB);
    const places = worthOf(a, atB) + worthOf(b, atA) - worthOf(a, atA) - worthOf(b, atB);
    return exchangeWeight * likeness + places > 0;
  }

  /**
   * Computes signatures of the visible tracks that may soon become ambiguous. @param pace Seconds between inferences.
   */
  remember(tracks: readonly Living[], pace: number): void {
    const visible = tracks.filter(isDetected);
    for (const track of visible) {
      if (this.#left === 0) return;
      if (this.#timeNs - track.signatureNs < refreshSeconds * 1e9) continue;
      const size = sizeOf(track.box);
      let isNear = false;
      let isClear = true;
      for (const other of visible) {
        if (other === track || !other.names.has(track.names.classId)) continue;
        const way = apart(track.box, other.box);
        if (way > ahead.sizes * size + ahead.inferences * pace * (track.speed + other.speed)) continue;
        isNear = true;
        if (covered(track.box, other.box) > mostCovered) isClear = false;
      }
      if (!isNear || !isClear) continue;
      this.#left--;
      track.remember(this.#signature(track.box), this.#timeNs);
    }
  }

  #of(sighting: Sighting): Signature | undefined {
    let signature = this.#seen.get(sighting);
    if (!signature && this.#left > 0) {
      this.#left--;
      signature = this.#signature(sighting.box);
      this.#seen.set(sighting, signature);
    }
    return signature;
  }
}

/** Those with two candidates of about the same worth. */
function rivals(candidates: readonly Candidate[], of: (candidate: Candidate) => number): Set<number> {
  const best = new Map<number, number>();
  for (const candidate of candidates) {
    const key = of(candidate);
    best.set(key, Math.max(best.get(key) ?? 0, candidate.worth));
  }
  const counts = new Map<number, number>();
  for (const candidate of candidates) {
    const key = of(candidate);
    if (candidate.worth >= best.get(key)! - close) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count > 1).map(([key]) => key));
}
