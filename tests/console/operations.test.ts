import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { HubStats } from '../../sdk/hub/hub.ts';
import { Console } from '../../tools/console/server/console.ts';
import { FakeCamera, FakeNode, pageFolder } from './fakes.ts';

const page = pageFolder();
afterAll(() => page.remove());
const running: Console[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

const hubStats: HubStats = {
  connected: true,
  protocolVersion: 5,
  connections: 3,
  outbox: {
    depth: 4,
    bytes: 500,
    oldestAgeSeconds: 6,
    evicted: { state: 1, event: 7, learning: 2 },
    refused: { state: 17, event: 18, learning: 19 },
    storage: 'disk',
    unwritten: 14,
    damaged: 0,
  },
  published: 8,
  refused: 9,
  retried: 15,
  tooLarge: 10,
  shrunk: 16,
  rejectedCommands: 11,
  rejectedRequests: 12,
  rejectedLearning: 13,
};

async function start(hub?: { stats: HubStats }) {
  const cameras = [new FakeCamera('door'), new FakeCamera('yard')];
  const node = new FakeNode(cameras);
  const server = new Console({ node, hub, port: 0, folder: page.folder });
  running.push(server);
  const { url } = await server.start();
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, { headers });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  return { node, cameras, ask };
}

const samplesOf = (text: string) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

describe('/healthz', () => {
  it('is about progress: a camera that is offline is no reason to restart', async () => {
    const { node, cameras, ask } = await start();
    cameras[1]!.status = 'offline';
    const healthy = await ask('healthz');
    expect([healthy.status, JSON.parse(healthy.text)]).toEqual([
      200,
      { ok: true, cameras: { door: 'online', yard: 'offline' }, stuck: [] },
    ]);
    // A second without a finished frame happens; half a minute does not.
    node.unfinishedMs = 1000;
    expect((await ask('healthz')).status).toBe(200);
    node.unfinishedMs = 31_000;
    const stuck = await ask('healthz');
    expect([stuck.status, JSON.parse(stuck.text)]).toMatchObject([503, { ok: false, stuck: ['door', 'yard'] }]);
  });
});

describe('/readyz', () => {
  it('is about the cameras that are wanted', async () => {
    const { cameras, ask } = await start({ stats: { ...hubStats, connected: false } });
    cameras[1]!.status = 'disabled';
    const ready = await ask('readyz');
    // Events wait for a broker that is away.
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      200,
      { ok: true, cameras: { door: 'online', yard: 'disabled' }, mqtt: false },
    ]);
    cameras[0]!.status = 'offline';
    expect((await ask('readyz')).status).toBe(503);
  });

  it('has no word on a broker that is not wanted', async () => {
    const { ask } = await start();
    expect(JSON.parse((await ask('readyz')).text).mqtt).toBeNull();
  });
});

describe('/metrics', () => {
  it('tells the numbers of the node, its cameras and its hub', async () => {
    const { cameras, ask } = await start({ stats: hubStats });
    cameras[1]!.status = 'offline';
    const { status, type, text } = await ask('metrics');
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const samples = samplesOf(text);
    expect(samples).toMatchObject({
      'ocellus_camera_frames_total{node="porch",camera="door"}': 1,
      'ocellus_camera_frames_inferred_total{node="porch",camera="yard"}': 1,
      'ocellus_camera_frame_rate_hertz{node="porch",camera="door"}': 10,
      'ocellus_camera_reconnects_last_hour{node="porch",camera="door"}': 2,
      'ocellus_camera_stalls_last_hour{node="porch",camera="door"}': 1,
      'ocellus_camera_regions{node="porch",camera="door"}': 1,
      'ocellus_camera_regions_time_ratio{node="porch",camera="door"}': 0,
      'ocellus_camera_looks_total{node="porch",camera="door",at="whole"}': 1,
      'ocellus_camera_looks_total{node="porch",camera="door",at="closer"}': 0,
      'ocellus_camera_looks_postponed_total{node="porch",camera="door"}': 0,
      'ocellus_camera_stage_seconds_sum{node="porch",camera="door",stage="infer"}': 0.008,
      'ocellus_camera_stage_seconds_count{node="porch",camera="door",stage="infer"}': 1,
      'ocellus_camera_status{node="porch",camera="door",ocellus_camera_status="online"}': 1,
      'ocellus_camera_status{node="porch",camera="yard",ocellus_camera_status="online"}': 0,
      'ocellus_camera_status{node="porch",camera="yard",ocellus_camera_status="offline"}': 1,
      'ocellus_mqtt_connected{node="porch"}': 1,
      'ocellus_mqtt_connections_total{node="porch"}': 3,
      'ocellus_mqtt_outbox_messages{node="porch"}': 4,
      'ocellus_mqtt_outbox_bytes{node="porch"}': 500,
      'ocellus_mqtt_outbox_oldest_age_seconds{node="porch"}': 6,
      'ocellus_mqtt_outbox_evicted_total{node="porch",kind="event"}': 7,
      'ocellus_mqtt_outbox_refused_total{node="porch",kind="event"}': 18,
      'ocellus_mqtt_outbox_refused_total{node="porch",kind="learning"}': 19,
      'ocellus_mqtt_published_total{node="porch"}': 8,
      'ocellus_mqtt_refused_total{node="porch"}': 9,
      'ocellus_mqtt_too_large_total{node="porch"}': 10,
      'ocellus_mqtt_commands_rejected_total{node="porch"}': 11,
    });
    expect(Math.abs(samples.process_start_time_seconds! - (Date.now() / 1000 - process.uptime()))).toBeLessThan(60);
    expect(samples.process_resident_memory_bytes).toBeGreaterThan(1e6);
    expect(text).toMatch(/^ocellus_build_info\{.*version="\d+\.\d+\.\d+".*\} 1$/m);
    // The board does not tell it, and 0 would be wrong.
    expect(text).not.toMatch(/ocellus_(temperature|throttled|power|energy)/);
  });

  it('tells what the board tells', async () => {
    const { node, ask } = await start();
    node.written.add('outbox', 700);
    node.board = {
      temperature: 51.3,
      throttling: { now: ['throttled'], sinceBoot: null },
      power: { source: 'pmic', covers: 'rails', watts: 3.5, joules: 1200, joulesPerInference: 0.35 },
    };
    const { text } = await ask('metrics');
    expect(samplesOf(text)).toMatchObject({
      'ocellus_temperature_celsius{node="porch"}': 51.3,
      'ocellus_throttled{node="porch",reason="throttled"}': 1,
      'ocellus_throttled{node="porch",reason="under-voltage"}': 0,
      'ocellus_written_bytes_total{node="porch",writer="outbox"}': 700,
      'ocellus_written_bytes_total{node="porch",writer="learning"}': 0,
      'ocellus_disk_written_bytes_total{node="porch"}': 5e6,
      'ocellus_card_life_years{node="porch"}': 11.2,
      'ocellus_power_watts{node="porch",source="pmic",covers="rails"}': 3.5,
      'ocellus_energy_joules_total{node="porch",source="pmic",covers="rails"}': 1200,
    });
  });

  it('speaks OpenMetrics when asked, and leaves out a hub that is not there', async () => {
    const { ask } = await start();
    const { type, text } = await ask('metrics', { accept: 'application/openmetrics-text; version=1.0.0' });
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text).toMatch(/\n# EOF\n$/);
    expect(text).not.toContain('mqtt');
  });
});
