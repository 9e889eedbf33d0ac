/** Below it is what the nodes share whose embeddings are of one space. */
const sharedSpace = 'learn/<space>';

/**
 * Where each topic is: below `<base>/<node>`, but for what the nodes of a space share, which is below `<base>` itself. What
 * stands in `<>` is a name. They are written here and nowhere else; the contract says what is on them.
 */
export const addresses = {
  status: 'status',
  stats: 'stats',
  model: 'model',
  update: 'update',
  learningState: 'learn/state',
  request: 'request/<verb>',
  response: 'response/<verb>',
  cameraStatus: '<camera>/status',
  events: '<camera>/events',
  motion: '<camera>/motion',
  view: '<camera>/view',
  seen: '<camera>/seen',
  count: '<camera>/<label>/count',
  occupied: '<camera>/<label>/occupied',
  snapshot: '<camera>/<label>/snapshot',
  appeared: '<camera>/<label>/appeared',
  zoneCount: '<camera>/zone/<zone>/<label>/count',
  zoneOccupied: '<camera>/zone/<zone>/<label>/occupied',
  crossing: '<camera>/line/<line>/crossing',
  crossed: '<camera>/line/<line>/crossed',
  classification: '<camera>/classification/<head>',
  taughtCount: '<camera>/taught/<label>/count',
  taughtOccupied: '<camera>/taught/<label>/occupied',
  settingState: '<camera>/<setting>/state',
  settingCommand: '<camera>/<setting>/set',
  release: 'release',
  sharedSpace,
  sharedExamples: `${sharedSpace}/<node>/<head>/<label>`,
  sharedCuts: `${sharedSpace}/<node>/cuts`,
} as const;

type NameIn<Address extends string> = Address extends `${string}<${infer Name}>${infer Rest}`
  ? Name | NameIn<Rest>
  : never;

/** A name for each `<>` of an address. */
export type NamesOf<Address extends string> = Readonly<Record<NameIn<Address>, string>>;

/**
 * An address with its names.
 *
 * @example
 * pathOf(addresses.count, { camera: 'door', label: 'cat' }); // door/cat/count
 */
export function pathOf<Address extends string>(address: Address, names: NamesOf<Address>): string {
  return filterOf(address, names);
}

/**
 * Matches an address with these names, and with any where there is none.
 *
 * @example
 * filterOf(addresses.count, { camera: 'door' }); // door/+/count
 */
export function filterOf<Address extends string>(address: Address, names: Partial<NamesOf<Address>> = {}): string {
  const known: Readonly<Record<string, string | undefined>> = names;
  let filter = '';
  for (const { name, text } of piecesOf(address)) filter += name === undefined ? text : (known[name] ?? '+');
  return filter;
}

interface Piece {
  readonly text: string;
  /** What stands in `<>`; undefined: the text itself. */
  readonly name: string | undefined;
}

/** Of addresses that were used: a node makes some fifty topics of them whenever something changes. */
const pieces = new Map<string, readonly Piece[]>();

function piecesOf(address: string): readonly Piece[] {
  let found = pieces.get(address);
  if (!found) {
    // Between two texts is always a name.
    found = address.split(/<(\w+)>/).map((text, i) => ({ text, name: i % 2 === 1 ? text : undefined }));
    pieces.set(address, found);
  }
  return found;
}

/**
 * The names in a path; undefined when it is none of this address.
 *
 * @example
 * namesIn(addresses.count, 'door/cat/count'); // { camera: 'door', label: 'cat' }
 */
export function namesIn<Address extends string>(address: Address, path: string): NamesOf<Address> | undefined {
  const expected = address.split('/');
  const levels = path.split('/');
  if (levels.length !== expected.length) return undefined;
  const names: Record<string, string> = {};
  for (const [i, level] of levels.entries()) {
    const [, name] = /^<(\w+)>$/.exec(expected[i]!) ?? [];
    if (name !== undefined) names[name] = level;
    else if (level !== expected[i]) return undefined;
  }
  return names as NamesOf<Address>;
}
