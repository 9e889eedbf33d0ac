import { type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { limits } from '../../../devices/boards/board/throttling.ts';
import { byName, toWire } from '../../base/wire.ts';
import type { NodeStats } from '../../pipeline/node.ts';
import { Unwritten } from './fields.ts';
import { type Payload, words } from './payloads.ts';

const Fields = <Properties extends TProperties>(properties: Properties, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description && { description }) });
const Count = (description?: string) => Type.Integer({ minimum: 0, ...(description && { description }) });
const Amount = (description?: string) => Type.Number({ minimum: 0, ...(description && { description }) });
const Known = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

const Device = Fields({
  state: words('closed', 'opening', 'online', 'offline', 'ended'),
  frames: Count('Frames received from the source.'),
  dropped: Count('Frames dropped because nothing took them in time.'),
  corrupt: Count('Frames that were cut short or corrupt.'),
  restarts: Count('Restarts of the source.'),
  stalls: Count('How often it ran without delivering frames.'),
  reconnects_last_hour: Count('`restarts` of the last hour.'),
  stalls_last_hour: Count('`stalls` of the last hour.'),
  last_error: Type.Optional(Type.String({ description: 'Why it is, or was last, not online.' })),
});

const Times = (description: string) =>
  Fields(
    {
      motion: Amount(),
      queue: Amount(),
      preprocess: Amount(),
      infer: Amount(),
      decode: Amount(),
      track: Amount(),
      total: Amount(),
    },
    description,
  );

const Gaze = Fields(
  {
    regions: Amount('Regions of a frame that the network ran on, the whole view included: moving mean.'),
    time_share: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the network’s time that was spent on parts of the view: moving mean.',
    }),
    waiting: Count('Regions of the last frame that deserved a look and wait for a later one.'),
    whole: Count('Looks at the whole view, in total.'),
    closer: Count('Looks at parts of it, in total.'),
    waited: Count('How often a region had to wait, in total.'),
  },
  'Where the network looked (`detect.far`).',
);

const Stream = Fields(
  {
    uses: words('source', 'substream'),
    why: Type.String({ description: 'For people.' }),
  },
  'Of a camera with a `substream`: which of its streams is read.',
);

const Clips = Fields(
  {
    kept: Count('In total.'),
    dropped: Count('Those that could not be kept, or not in time, in total.'),
    why: Type.Optional(Type.String({ description: 'Why there are none, or why the last one was dropped.' })),
    needs_software: Type.Optional(
      Type.Literal(true, {
        description: 'Nothing but the processor could encode them, and `history.clips.software` does not let it.',
      }),
    ),
  },
  'What became of clips of events (`history.clips`).',
);

const Camera = Fields({
  frames: Fields({ in: Count(), dropped: Count(), gated: Count(), late: Count(), inferred: Count() }, 'Totals.'),
  fps: Fields({ in: Amount(), inferred: Amount() }, 'Frames a second.'),
  times: Times('Of the last frames, ms, moving means.'),
  time_totals: Times('The same in total since the start, ms.'),
  objects: Count('Confirmed objects in view.'),
  gaze: Gaze,
  stream: Type.Optional(Stream),
  clips: Type.Optional(Clips),
  unfinished_ms: Amount('How long frames have been arriving without one being finished; 0 while all is well.'),
  device: Device,
});

/** The hub's figures about the connection. */
export const ConnectionSchema = Fields({
  connections: Count('Connections made so far.'),
  outbox: Fields({
    depth: Count('Messages waiting or in flight.'),
    bytes: Count(),
    oldest_age_seconds: Amount(),
    evicted: Fields(
      { state: Count(), event: Count(), learning: Count() },
      'Messages dropped, oldest first, for lack of room or because of their age.',
    ),
    refused: Fields(
      { state: Count(), event: Count(), learning: Count() },
      'Messages set aside: the broker refused them for good, closed the connection over them, or they are larger than it accepts.',
    ),
    storage: Type.Union([Type.Literal('disk'), Type.Literal('memory')], { description: 'Where they are kept.' }),
    unwritten: Count('Messages not yet written to disk.'),
    damaged: Count('Messages that could not be read back.'),
  }),
  published: Count('Messages the broker acknowledged.'),
  refused: Count('Messages the broker refused for good.'),
  retried: Count('Messages the broker refused temporarily, which are retried.'),
  too_large: Count('Messages not sent because they are larger than the broker accepts.'),
  shrunk: Count('Snapshots made smaller to fit.'),
  rejected_commands: Count(),
  rejected_requests: Count(),
  rejected_learning: Count('Messages with examples of other nodes that were invalid, or too many.'),
});

const Limits = Type.Array(words(...limits));

const Power = Fields({
  source: Type.String({
    description: 'What measures it: `ina219` and its like, `pmic` (Raspberry Pi 5), `rapl` (x86).',
  }),
  covers: words('sensor', 'rails', 'package'),
  watts: Amount('Mean since the last report.'),
  joules: Amount('Since the start.'),
  joules_per_inference: Known(
    Amount(),
    'Energy since the last report, of all that the power source supplies, per inference; null without any.',
  ),
});

const Written = Fields({ bytes: Count('Since the start.'), last_day: Count('In the last 24 hours, to the hour.') });

/** A node's figures; tests/hub/contract checks them against `nodeStatsToWire`. */
export const NodeStatsSchema = Fields({
  uptime_seconds: Amount(),
  cpu_percent: Amount('Of one core.'),
  memory: Fields({ resident_mb: Amount(), heap_mb: Amount() }),
  temperature: Known(Type.Number(), 'Degrees Celsius; null if the board does not report it.'),
  throttling: Known(
    Fields({
      now: Limits,
      since_boot: Known(Limits, 'Since power-on; null when only the present is known.'),
    }),
    'Why the firmware of a Raspberry Pi throttles it; null when not reported.',
  ),
  power: Known(Power, 'Null if not measured, and before the first report.'),
  event_loop_delay_ms: Fields({ mean: Amount(), p99: Amount() }, 'How late timers fired since the last report.'),
  written: Fields(
    { outbox: Written, learning: Written, settings: Written, recordings: Written, history: Written },
    'Bytes written to disk by the process, by writer.',
  ),
  disk: Known(
    Fields({
      bytes: Count('Since the start.'),
      last_day: Count('In the last 24 hours, to the hour.'),
      years_left: Known(
        Amount(),
        'Years that a new card of `storage.card_endurance_tb` lasts at this rate, 1000 at most; null in the first hour, and while nothing is written.',
      ),
    }),
    'What the process made the system write to disks, as the kernel counts; null where it does not.',
  ),
  model: Type.String(),
  cameras: Type.Record(Type.String(), Camera),
});

export type WireNodeStats = ReturnType<typeof nodeStatsToWire>;

/** A node's statistics on MQTT and the page. */
export const nodeStatsToWire = (stats: NodeStats) => toWire({ ...stats, cameras: byName(stats.cameras) });

export const stats: Payload = {
  name: 'stats',
  contentType: 'application/json',
  schema: Fields({ ...NodeStatsSchema.properties, settings_unwritten: Unwritten, mqtt: ConnectionSchema }),
  summary:
    'JSON: times of each stage, frames in, dropped and inferred, memory, temperature, throttling, power and energy (if the board reports them), the connection (`mqtt`), and why changed settings could not be written (`settings_unwritten`, else null)',
};
