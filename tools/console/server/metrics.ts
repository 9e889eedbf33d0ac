import { limits } from '../../../devices/boards/board/throttling.ts';
import { packageVersion } from '../../../sdk/base/assets.ts';
import type { HubStats } from '../../../sdk/hub/hub.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import type { PipelineStats } from '../../../sdk/pipeline/events.ts';
import type { NodeStats } from '../../../sdk/pipeline/node.ts';
import { Exposition, type Labels, type Sample } from './exposition.ts';
import type { ConsoleNode } from './source.ts';

const statuses = ['online', 'offline', 'disabled'];

/** The metrics of a node for `GET /metrics`; docs/operations.md documents them. */
export function nodeMetrics(node: ConsoleNode, mqtt: HubStats | undefined, accept?: string): Exposition {
  const text = new Exposition(accept);
  const stats = node.stats();
  const ofNode: Labels = { node: node.name };
  text.info('ocellus_build', 'The version that runs.', {
    ...ofNode,
    version: packageVersion(),
    nodejs: process.versions.node,
    kernels: kernels.name,
    model: stats.model,
  });
  tellProcess(text, stats.eventLoopDelayMs);
  tellBoard(text, ofNode, stats);
  text.counter(
    'ocellus_written_bytes',
    'Written to disk, by writer.',
    Object.entries(stats.written).map(([writer, { bytes }]) => [{ ...ofNode, writer }, bytes]),
  );
  if (stats.disk) tellDisk(text, ofNode, stats.disk);
  tellCameras(text, node, stats.cameras);
  if (mqtt) tellMqtt(text, ofNode, mqtt);
  return text;
}

/** What the board does not report has no series: 0 would be wrong. */
function tellBoard(text: Exposition, ofNode: Labels, { temperature, throttling, power }: NodeStats): void {
  if (temperature !== null) text.gauge('ocellus_temperature_celsius', 'Of the processor.', [[ofNode, temperature]]);
  if (throttling) {
    text.gauge(
      'ocellus_throttled',
      'Whether the firmware throttles the board.',
      limits.map((reason) => [{ ...ofNode, reason }, throttling.now.includes(reason) ? 1 : 0]),
    );
  }
  if (power) {
    const labels = { ...ofNode, source: power.source, covers: power.covers };
    text.gauge('ocellus_power_watts', 'Mean over ten seconds.', [[labels, power.watts]]);
    text.counter('ocellus_energy_joules', 'Of all that the power source supplies.', [[labels, power.joules]]);
  }
}

function tellDisk(text: Exposition, ofNode: Labels, { bytes, yearsLeft }: NonNullable<NodeStats['disk']>): void {
  text.counter('ocellus_disk_written_bytes', 'Written to disks, as the kernel counts.', [[ofNode, bytes]]);
  if (yearsLeft !== null)
    text.gauge('ocellus_card_life_years', 'How long a new card lasts at the rate of the last day.', [
      [ofNode, yearsLeft],
    ]);
}

/** Under the usual names of exporters, including those of Node.js. */
function tellProcess(text: Exposition, delayMs: { mean: number; p99: number }): void {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const one = (value: number): Sample[] => [[{}, value]];
  // By the current clock: clients subtract it from the current time.
  const started = Date.now() / 1000 - process.uptime();
  text.gauge('process_start_time_seconds', 'Start time, since 1970.', one(Math.round(started * 1000) / 1000));
  text.counter('process_cpu_seconds', 'Of the process and its threads.', one((user + system) / 1e6));
  text.gauge('process_resident_memory_bytes', 'Memory in use.', one(rss));
  text.gauge('nodejs_heap_size_used_bytes', 'JavaScript objects, garbage included.', one(heapUsed));
  text.gauge('nodejs_heap_size_total_bytes', 'Memory set aside for them.', one(heapTotal));
  text.gauge('nodejs_external_memory_bytes', 'Buffers and objects of libraries.', one(external));
  text.gauge('nodejs_eventloop_lag_mean_seconds', 'How late timers fire, mean.', one(delayMs.mean / 1000));
  text.gauge('nodejs_eventloop_lag_p99_seconds', 'How late timers fire, 99th percentile.', one(delayMs.p99 / 1000));
}

function tellCameras(text: Exposition, node: ConsoleNode, cameras: Record<string, PipelineStats>): void {
  const entries = Object.entries(cameras).map(([camera, stats]) => [{ node: node.name, camera }, stats] as const);
  const each = (value: (stats: PipelineStats) => number): Sample[] =>
    entries.map(([labels, stats]) => [labels, value(stats)]);
  text.stateSet(
    'ocellus_camera_status',
    'Offline: no frames arrive. Disabled: none are wanted.',
    statuses,
    [...node.pipelines].map(([camera, { status }]) => [{ node: node.name, camera }, status]),
  );
  text.counter(
    'ocellus_camera_frames',
    'Frames received.',
    each(({ frames }) => frames.in),
  );
  text.counter(
    'ocellus_camera_frames_dropped',
    'Frames dropped because nothing took them in time.',
    each(({ frames }) => frames.dropped),
  );
  text.counter(
    'ocellus_camera_frames_gated',
    'Frames in which nothing moved.',
    each(({ frames }) => frames.gated),
  );
  text.counter(
    'ocellus_camera_frames_late',
    'Frames dropped because the core was busy with other cameras.',
    each(({ frames }) => frames.late),
  );
  text.counter(
    'ocellus_camera_frames_inferred',
    'Frames run through the network.',
    each(({ frames }) => frames.inferred),
  );
  text.counter(
    'ocellus_camera_frames_corrupt',
    'Frames cut short or corrupt.',
    each(({ device }) => device.corrupt),
  );
  text.counter(
    'ocellus_camera_restarts',
    'Restarts of its source.',
    each(({ device }) => device.restarts),
  );
  text.counter(
    'ocellus_camera_stalls',
    'Stalls of its source.',
    each(({ device }) => device.stalls),
  );
  text.gauge(
    'ocellus_camera_reconnects_last_hour',
    'Restarts of its source in the last hour.',
    each(({ device }) => device.reconnects_last_hour),
  );
  text.gauge(
    'ocellus_camera_stalls_last_hour',
    'Stalls of its source in the last hour.',
    each(({ device }) => device.stalls_last_hour),
  );
  text.gauge(
    'ocellus_camera_frame_rate_hertz',
    'Over five seconds.',
    each(({ fps }) => fps.in),
  );
  text.gauge(
    'ocellus_camera_inference_rate_hertz',
    'Over five seconds.',
    each(({ fps }) => fps.inferred),
  );
  text.gauge(
    'ocellus_camera_objects',
    'Objects in view.',
    each(({ objects }) => objects),
  );
  text.gauge(
    'ocellus_camera_unfinished_seconds',
    'How long frames have been arriving without one being finished.',
    each(({ unfinishedMs }) => unfinishedMs / 1000),
  );
  text.gauge(
    'ocellus_camera_regions',
    'Regions a frame that the network ran on, the whole view included, moving mean.',
    each(({ gaze }) => gaze.regions),
  );
  text.gauge(
    'ocellus_camera_regions_time_ratio',
    'Share of the network’s time spent on parts of the view, 0 to 1, moving mean.',
    each(({ gaze }) => gaze.timeShare),
  );
  text.counter(
    'ocellus_camera_looks',
    'Looks of the network, at the whole view and closer.',
    entries.flatMap(([labels, { gaze }]): Sample[] => [
      [{ ...labels, at: 'whole' }, gaze.whole],
      [{ ...labels, at: 'closer' }, gaze.closer],
    ]),
  );
  text.counter(
    'ocellus_camera_looks_postponed',
    'How often a region that deserved a look had to wait for a later frame.',
    each(({ gaze }) => gaze.waited),
  );
  text.summary(
    'ocellus_camera_stage_seconds',
    'Time per frame, by stage.',
    entries.flatMap(([labels, { timeTotals, frames }]) =>
      Object.entries(timeTotals).map(([stage, ms]) => {
        const count = stage === 'motion' ? frames.in : frames.inferred;
        return [{ ...labels, stage }, ms / 1000, count] as const;
      }),
    ),
  );
}

function tellMqtt(text: Exposition, labels: Labels, mqtt: HubStats): void {
  const one = (value: number): Sample[] => [[labels, value]];
  const { outbox } = mqtt;
  text.gauge('ocellus_mqtt_connected', 'Whether the broker is connected.', one(mqtt.connected ? 1 : 0));
  text.counter('ocellus_mqtt_connections', 'Connections made.', one(mqtt.connections));
  text.counter('ocellus_mqtt_published', 'Messages the broker acknowledged.', one(mqtt.published));
  text.counter('ocellus_mqtt_refused', 'Messages the broker refused for good.', one(mqtt.refused));
  text.counter('ocellus_mqtt_too_large', 'Messages larger than the broker accepts.', one(mqtt.tooLarge));
  text.counter('ocellus_mqtt_retried', 'Messages the broker refused temporarily.', one(mqtt.retried));
  text.counter('ocellus_mqtt_shrunk', 'Snapshots made smaller to fit.', one(mqtt.shrunk));
  text.counter('ocellus_mqtt_commands_rejected', 'Invalid commands.', one(mqtt.rejectedCommands));
  text.counter(
    'ocellus_mqtt_requests_rejected',
    'Requests that were invalid, or too many.',
    one(mqtt.rejectedRequests),
  );
  text.counter(
    'ocellus_mqtt_learning_rejected',
    'Messages with other nodes’ examples that were invalid, or too many.',
    one(mqtt.rejectedLearning),
  );
  text.gauge('ocellus_mqtt_outbox_messages', 'Messages that wait for the broker.', one(outbox.depth));
  text.gauge('ocellus_mqtt_outbox_bytes', 'Their size.', one(outbox.bytes));
  text.gauge('ocellus_mqtt_outbox_oldest_age_seconds', 'Age of the oldest.', one(outbox.oldestAgeSeconds));
  text.counter(
    'ocellus_mqtt_outbox_evicted',
    'Messages dropped for lack of room, or because they were too old.',
    Object.entries(outbox.evicted).map(([kind, count]) => [{ ...labels, kind }, count]),
  );
  text.counter(
    'ocellus_mqtt_outbox_refused',
    'Messages set aside: the broker refused them for good, closed the connection over them, or they are larger than it accepts.',
    Object.entries(outbox.refused).map(([kind, count]) => [{ ...labels, kind }, count]),
  );
  text.gauge('ocellus_mqtt_outbox_unwritten', 'Messages not yet written to disk.', one(outbox.unwritten));
}
