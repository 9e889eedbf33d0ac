import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import type { ViewState } from '../../../sdk/learn/camera/view-states.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';

async function startNode(data: string, settings: Record<string, unknown> = {}) {
  const logger = recorder();
  const node = new Node(resolveSettings({ node: 'porch', cameras: { door: { source: 'scene:' } }, ...settings }), {
    data,
    logger,
  });
  onTestFinished(() => node.stop());
  const events: EventMessage[] = [];
  const states: ViewState[] = [];
  node.learning?.on('state', (_, state) => states.push(state));
  await node.start({ before: () => void node.pipelines.get('door')!.on('event', (event) => events.push(event)) });
  return { node, door: node.pipelines.get('door')!, learning: node.learning!, events, states, logger };
}

describe('a node that is taught what the scene shows', { timeout: 900_000 }, () => {
  it('names it from the next frame on, after a restart too, and loads nothing before', async () => {
    const data = temporaryFolder();
    const first = await startNode(data, { learn: { thumbnails: true } });
    expect(first.learning.summary).toEqual({
      ...{ space: null, model: 'efficientnet-lite0-int8', examples: 0, taughtMs: null, cut_nodes: [] },
      ...{ error: null, heads: {} },
    });
    const looksAt = (label: string) => {
      const track = first.door.tracks.find((one) => one.label === label && one.confirmed);
      const looks = first.learning.camera('door').tracks.find(({ trackId }) => trackId === track?.id);
      return track && looks && looks.views.length > 1 ? track : undefined;
    };
    const teachPerson = async (version: number): Promise<EventMessage['after']> => {
      await until(() => looksAt('person') !== undefined);
      const { id } = looksAt('person')!;
      const taught = await first.learning.teach({ camera: 'door', subject: { track: id }, label: 'Anna' });
      expect(taught).toMatchObject({ head: 'object', outcome: { taken: true, version: { version } } });
      const toldOf = () => first.events.filter(({ after }) => after.track_id === id);
      const named = () => toldOf().find(({ after }) => after.sub_label !== null)?.after;
      await until(() => named() !== undefined || toldOf().some(({ type }) => type === 'end'));
      // On a slow machine it has left meanwhile: then the next one.
      return named() ?? (await teachPerson(version + 1));
    };
    const person = await teachPerson(1);
    expect(person).toMatchObject({ sub_label: 'Anna', label: 'person' });
    expect(person.sub_label_score).toBeGreaterThan(0.4);

    // Its event is over: it can be taught all the same.
    await until(() => first.events.some(({ type, after }) => type === 'end' && after.label === 'cat'));
    const cat = first.events.find(({ type, after }) => type === 'end' && after.label === 'cat')!.after;
    await first.learning.teach({ camera: 'door', subject: { event: cat.id }, label: 'Tom' });
    const { heads } = first.learning.summary;
    expect(heads.object!.info!.labels).toEqual(['Anna', 'Tom']);
    const examples = await first.learning.examples({ label: 'Tom' });
    expect(examples[0]).toMatchObject({ node: 'porch', camera: 'door', kind: 'track', thumbnail: true });
    expect(examples[0]).not.toHaveProperty('embedding');
    const jpeg = await first.learning.thumbnail(examples[0]!.id);
    expect(Buffer.from(jpeg!).subarray(0, 2).toString('hex')).toBe('ffd8');
    expect(first.learning.counts).toMatchObject([
      { head: 'object', label: 'Anna', node: 'porch', negatives: 0 },
      { label: 'Tom', examples: examples.length },
    ]);
    // What was taught is none; somebody else comes by in a while.
    await until(() => first.learning.nearMisses.length > 0);
    for (const { trackId } of first.learning.nearMisses) expect([person.track_id, cat.track_id]).not.toContain(trackId);
    expect(first.learning.review('object').labels).toMatchObject([{ label: 'Anna' }, { label: 'Tom' }]);
    await first.node.stop();

    const second = await startNode(data);
    await until(() => second.events.some(({ after }) => after.sub_label !== null));
    expect(second.learning.summary.heads).toEqual(heads);
    const names = second.events.flatMap(({ after }) => (after.sub_label ? [`${after.label} ${after.sub_label}`] : []));
    for (const name of names) expect(['person Anna', 'cat Tom']).toContain(name);
    expect([...first.logger.lines, ...second.logger.lines].filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  });

  it('tells the state of the whole view without a detector', async () => {
    const { door, learning, states, node } = await startNode(temporaryFolder(), {
      core: { model: 'off' },
      learn: { interval: 0.2 },
    });
    await until(() => door.stats.frames.in > 3);
    await learning.teach({ camera: 'door', subject: { view: 'yard' }, label: 'quiet' });
    await until(() => states.some(({ state }) => state === 'quiet'));
    expect(states.map(({ head, state }) => `${head} ${state}`)).toEqual(['yard unsure', 'yard quiet']);
    expect(learning.camera('door').states).toMatchObject([{ head: 'yard', state: 'quiet' }]);
    await door.change({ learn: { enabled: false } });
    expect(learning.camera('door').states).toEqual([]);
    await expect(learning.teach({ camera: 'door', subject: { view: 'yard' }, label: 'quiet' })).rejects.toThrow(
      /learn.enabled/,
    );
    await expect(learning.teach({ camera: 'gate', subject: { view: 'yard' }, label: 'x' })).rejects.toThrow(
      'camera: expected one of door, got gate',
    );
    await expect(learning.teach({ camera: 'door', subject: { view: 'object' }, label: 'x' })).rejects.toThrow(
      /name of a state/,
    );
    await node.stop();
  });

  it('runs all the same when its store cannot be opened, and says so to who teaches', async () => {
    const data = temporaryFolder();
    const first = await startNode(data);
    await until(() => first.door.stats.frames.in > 3);
    await first.learning.teach({ camera: 'door', subject: { view: 'yard' }, label: 'quiet' });
    // One has it already.
    const second = await startNode(data);
    await until(() => second.door.stats.frames.in > 3);
    expect(second.logger.lines.filter((line) => line.startsWith('error')).sort()).toEqual([
      expect.stringMatching(/learning: .*learn: is in use by this process already/),
      expect.stringMatching(/the history in .*history: this process uses it already; events are in memory/),
    ]);
    const teach = () => second.learning.teach({ camera: 'door', subject: { view: 'yard' }, label: 'quiet' });
    await expect(teach()).rejects.toThrow(/is in use by this process already/);
    await first.node.stop();
    expect((await teach()).outcome.taken).toBe(true);
    await second.node.stop();
    rmSync(join(data, 'learn'), { recursive: true });
  });
});
