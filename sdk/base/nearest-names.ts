/** At most three equally similar names that may have been meant: few letters apart, or one contained in the other. */
export function nearestNames(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const near = known
    .map((label) => ({ label, apart: distance(wanted, label.toLowerCase()) }))
    .filter(({ label, apart }) => apart <= Math.max(2, wanted.length / 3) || isWithin(wanted, label.toLowerCase()));
  const least = Math.min(...near.map(({ apart }) => apart));
  return near.flatMap(({ label, apart }) => (apart === least ? [label] : [])).slice(0, 3);
}

const isWithin = (a: string, b: string) => Math.min(a.length, b.length) >= 3 && (a.includes(b) || b.includes(a));

/** Edit distance: insertions, deletions, substitutions and transpositions (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(change, last[j]! + 1, row[j - 1]! + 1, isSwap ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY));
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
