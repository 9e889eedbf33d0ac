/**
 * The pairing of rows with columns of the least total cost (the Hungarian method with potentials, O(rows² x columns);
 * Kuhn 1955, Munkres 1957).
 *
 * @param costs Row by row, rows x columns finite numbers.
 * @returns For each row its column, or -1 where there are fewer columns than rows.
 */
export function assign(costs: Float64Array, rows: number, columns: number): Int32Array {
  if (costs.length !== rows * columns) {
    throw new RangeError(`costs: expected ${rows} x ${columns} values, got ${costs.length}`);
  }
  // The method wants no more rows than columns.
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
