/**
 * The assignment of rows to columns of least total cost (the Hungarian method with potentials, O(rows² x columns); Kuhn
 * 1955, Munkres 1957).
 *
 * @param costs Row by row, rows x columns finite numbers.
 * @returns For each row its column, or -1 where there are fewer columns than rows.
 */
export function assign(costs: Float64Array, rows: number, columns: number): Int32Array {
  if (costs.length !== rows * columns) {
    throw new RangeError(`costs: expected ${rows} x ${columns} values, got ${costs.length}`);
  }
  // The method needs at most as many rows as columns.
  if (rows > columns) {
    const turned = new Float64Array(costs.length);
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = costs[r * columns + c]!;
    const rowOf = assign(turned, columns, rows);
    const result = new Int32Array(rows).fill(-1);
    rowOf.forEach((row, column) => {
      result[row] = column;
    });
    return result;
  }
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  // Index 0 stands for "none"; rows and columns count from 1.
  const rowOfColumn = new Int32Array(columns + 1);
  const previous = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    const slack = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const visited = new Uint8Array(columns + 1);
    rowOfColumn[0] = row;
    let column = 0;
    do {
      visited[column] = 1;
      const current = rowOfColumn[column]!;
      let least = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let c = 1; c <= columns; c++) {
        if (visited[c]) continue;
        const reduced = costs[(current - 1) * columns + c - 1]! - rowPotential[current]! - columnPotential[c]!;
        if (reduced < slack[c]!) {
          slack[c] = reduced;
          previous[c] = column;
        }
        if (slack[c]! < least) {
          least = slack[c]!;
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (visited[c]) {
          rowPotential[rowOfColumn[c]!]! += least;
          columnPotential[c]! -= least;
        } else slack[c]! -= least;
      }
      column = next;
    } while (rowOfColumn[column] !== 0);
    while (column !== 0) {
      const before = previous[column]!;
      rowOfColumn[column] = rowOfColumn[before]!;
      column = before;
    }
  }
  const result = new Int32Array(rows).fill(-1);
  for (let c = 1; c <= columns; c++) if (rowOfColumn[c]! > 0) result[rowOfColumn[c]! - 1] = c - 1;
  return result;
}

/** A row and a column that may be paired, and the worth of the pair: more than 0. */
export interface Candidate {
  readonly row: number;
  readonly column: number;
  readonly worth: number;
}

/**
 * The candidates of largest total worth that use each row and each column at most once. A row stays unpaired where its
 * pair would cost others more than it is worth: two good pairs are not broken up for three bad ones.
 *
 * Connected components are solved separately, so the time grows with the largest crowd, not with the number of tracks.
 */
export function bestPairs(candidates: readonly Candidate[], rows: number, columns: number): Candidate[] {
  const inRow = new Int32Array(rows);
  const inColumn = new Int32Array(columns);
  for (const { row, column } of candidates) {
    inRow[row]!++;
    inColumn[column]!++;
  }
  const isAlone = ({ row, column }: Candidate) => inRow[row] === 1 && inColumn[column] === 1;
  const pairs = candidates.filter(isAlone);
  if (pairs.length === candidates.length) return pairs;
  // Union-find over rows and columns in one list, rows first; each points to another of its group.
  const parent = new Int32Array(rows + columns);
  for (let i = 0; i < parent.length; i++) parent[i] = i;
  const groupOf = (of: number): number => {
    let i = of;
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!;
      i = parent[i]!;
    }
    return i;
  };
  for (const { row, column } of candidates) parent[groupOf(row)] = groupOf(rows + column);
  const groups = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    if (isAlone(candidate)) continue;
    const key = groupOf(candidate.row);
    const group = groups.get(key);
    if (group) group.push(candidate);
    else groups.set(key, [candidate]);
  }
  for (const group of groups.values()) pairs.push(...pairsOfGroup(group));
  return pairs;
}

function pairsOfGroup(group: readonly Candidate[]): Candidate[] {
  const rowAt = numbered(group.map(({ row }) => row));
  const columnAt = numbered(group.map(({ column }) => column));
  // A single row or column with several candidates: the best.
  if (rowAt.size === 1 || columnAt.size === 1) {
    return [group.reduce((best, candidate) => (candidate.worth > best.worth ? candidate : best))];
  }
  const costs = new Float64Array(rowAt.size * columnAt.size);
  const place = ({ row, column }: Candidate) => rowAt.get(row)! * columnAt.size + columnAt.get(column)!;
  // A pair that is not a candidate costs 0, as staying unpaired does.
  for (const candidate of group) costs[place(candidate)] = -candidate.worth;
  const columnOf = assign(costs, rowAt.size, columnAt.size);
  return group.filter(({ row, column }) => columnOf[rowAt.get(row)!] === columnAt.get(column));
}

/** The distinct values, each with its index in order of appearance. */
function numbered(values: readonly number[]): Map<number, number> {
  const places = new Map<number, number>();
  for (const value of values) if (!places.has(value)) places.set(value, places.size);
  return places;
}
