/** Finds the connected regions of marked cells in a grid, by 4-neighbourhood. */
export class Regions {
  readonly #columns: number;
  readonly #rows: number;
  /** The last search that visited a cell. */
  readonly #found: Uint32Array;
  readonly #cells: Int32Array;
  #search = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#found = new Uint32Array(columns * rows);
    this.#cells = new Int32Array(columns * rows);
  }

  /**
   * @param marked 1 for the cells that count, row by row. Cells cleared meanwhile are not visited. @returns The indices
   * of each region's cells; a view that is valid until the next call.
   */
  *of(marked: Uint8Array): Generator<Int32Array> {
    const columns = this.#columns;
    const cells = this.#cells;
    const found = this.#found;
    const search = ++this.#search;
    let end = 0;
    const visit = (cell: number) => {
      if (marked[cell] !== 1 || found[cell] === search) return;
      found[cell] = search;
      cells[end++] = cell;
    };
    for (let seed = marked.indexOf(1); seed >= 0; seed = marked.indexOf(1, seed + 1)) {
      const begin = end;
      visit(seed);
      for (let i = begin; i < end; i++) {
        const cell = cells[i]!;
        const column = cell % columns;
        if (column > 0) visit(cell - 1);
        if (column + 1 < columns) visit(cell + 1);
        if (cell >= columns) visit(cell - columns);
        if (cell + columns < columns * this.#rows) visit(cell + columns);
      }
      if (end > begin) yield cells.subarray(begin, end);
    }
  }
}
