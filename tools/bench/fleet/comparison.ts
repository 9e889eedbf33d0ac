import { table } from '../../shared/output.ts';
import { inWords, type Spread, spread } from '../../shared/run.ts';
import type { BrokerName } from './brokers.ts';
import type { Retained } from './consumers.ts';

/** What was found of one broker with so many nodes; what is missing was not reached. */
export interface Figures {
  readonly name: BrokerName;
  readonly nodes: number;
  title?: string;
  load?: Load;
  /** Until it is in use, seconds. */
  lesson?: { readonly half: Spread; readonly all: Spread };
  readonly outcomes: Map<Signal, readonly Outcome[]>;
  /** Why it got no further. */
  stopped?: string;
}

export type Signal = 'SIGTERM' | 'SIGKILL';

/** While the broker is there. */
export interface Load {
  readonly aloneMb: number;
  /** With all states, without pictures. */
  readonly quietMb: number;
  readonly picturesMb: number;
  readonly idle: Use;
  readonly busy: Use;
  readonly held: Retained;
  /** So many nodes were looked at for it. */
  readonly heldNodes: number;
  /** Of events at the archive. */
  readonly told: number;
  readonly lost: number;
  readonly twice: number;
}

/** Of one restart of the broker. */
export interface Outcome {
  readonly halfMs: number;
  readonly onlineMs: number;
  readonly settledMs: number;
  readonly rightMs: number | undefined;
  /** Topics that were not as before at the end. */
  readonly wrong: number;
  readonly told: number;
  readonly fullest: number;
  readonly fullestSecond: number;
  readonly lost: number;
  readonly twice: number;
  readonly sharedLost: number;
  readonly sharedTwice: number;
  readonly brokerCpu: number;
}

export interface Use {
  readonly seconds: number;
  readonly brokerCpu: number;
  readonly fleetCpu: number;
  /** That the nodes published, by what came to who listens to all. */
  readonly messages: number;
}

export function kilobytesOf(megabytes: number, nodes: number): string {
  return ((1000 * megabytes) / nodes).toFixed(0);
}

export function usOfMessage({ brokerCpu, messages }: Use): string {
  return ((1e6 * brokerCpu) / messages).toFixed(0);
}

/** A second. */
export function usOfNode({ brokerCpu, seconds }: Use, nodes: number): string {
  return ((1e6 * brokerCpu) / seconds / nodes).toFixed(0);
}

type Row<T> = readonly [title: string, of: (value: T, nodes: number) => string];

const loadRows: readonly Row<Load>[] = [
  ['memory alone, MB', ({ aloneMb }) => aloneMb.toFixed(0)],
  ['memory of a node with all states, kB', ({ aloneMb, quietMb }, nodes) => kilobytesOf(quietMb - aloneMb, nodes)],
  ['the same with its picture, kB', ({ aloneMb, picturesMb }, nodes) => kilobytesOf(picturesMb - aloneMb, nodes)],
  ['CPU a node while nothing happens, us a second', ({ idle }, nodes) => usOfNode(idle, nodes)],
  ['CPU a node with visits, us a second', ({ busy }, nodes) => usOfNode(busy, nodes)],
  ['CPU a message then, us', ({ busy }) => usOfMessage(busy)],
  ['retained topics of a node', ({ held, heldNodes }) => (held.size / heldNodes).toFixed(1)],
  ['retained of a node, kB', ({ held, heldNodes }) => (bytesOf(held) / heldNodes / 1000).toFixed(1)],
  ['events told, lost, twice', ({ told, lost, twice }) => `${told}, ${lost}, ${twice}`],
];

const lessonRows: readonly Row<NonNullable<Figures['lesson']>>[] = [
  ['a lesson is in use on half, s', ({ half }) => shortly(half, 1)],
  ['on all, s', ({ all }) => shortly(all, 1)],
];

const restartRows: readonly Row<readonly Outcome[]>[] = [
  ['half are connected, s', (all) => of(all, ({ halfMs }) => halfMs / 1000, 1)],
  ['all are connected, s', (all) => of(all, ({ onlineMs }) => onlineMs / 1000, 1)],
  ['all that waited is told, s', (all) => of(all, ({ settledMs }) => settledMs / 1000, 1)],
  ['retained topics that differ', (all) => of(all, ({ wrong }) => wrong)],
  ['events told', (all) => of(all, ({ told }) => told)],
  ['events lost', (all) => of(all, ({ lost }) => lost)],
  ['events twice', (all) => of(all, ({ twice }) => twice)],
  ['CPU a node, ms', (all, nodes) => of(all, ({ brokerCpu }) => (1000 * brokerCpu) / nodes, 1)],
];

function of(all: readonly Outcome[], value: (one: Outcome) => number, digits = 0): string {
  return shortly(spread(all.map(value)), digits);
}

/** The spread only where there is one. */
function shortly(values: Spread, digits: number): string {
  return values.low === values.high ? values.median.toFixed(digits) : inWords(values, digits);
}

/** Bytes of all payloads. */
export function bytesOf(held: Retained): number {
  return [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** All brokers beside each other, for each number of nodes. */
export function comparison(all: readonly Figures[]): string {
  return [...new Set(all.map(({ nodes }) => nodes))]
    .map((nodes) =>
      columns(
        all.filter((one) => one.nodes === nodes),
        nodes,
      ),
    )
    .join('\n\n');
}

function columns(all: readonly Figures[], nodes: number): string {
  const section = <T>(rows: readonly Row<T>[], read: (figures: Figures) => T | undefined, before = '') =>
    rows.map(([title, of]) => [
      `  ${before}${title}`,
      ...all.map((figures) => {
        const value = read(figures);
        return value === undefined ? '-' : of(value, nodes);
      }),
    ]);
  const titleOf = ({ title, name }: Figures) => title ?? name;
  return [
    table([
      [`${nodes} nodes`, ...all.map(titleOf)],
      ...section(loadRows, ({ load }) => load),
      ...section(lessonRows, ({ lesson }) => lesson),
      ...section(restartRows, ({ outcomes }) => outcomes.get('SIGTERM'), 'SIGTERM: '),
      ...section(restartRows, ({ outcomes }) => outcomes.get('SIGKILL'), 'SIGKILL: '),
    ]),
    ...all.filter(({ stopped }) => stopped).map((one) => `  ${titleOf(one)} got no further: ${one.stopped}`),
  ].join('\n');
}
