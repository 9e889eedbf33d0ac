import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { asset } from '../../../sdk/base/assets.ts';
import { LearningState } from '../../../sdk/hub/contract/learning.ts';
import { requestVerb } from '../../../sdk/hub/extensions/requests/client.ts';
import type { Verbs } from '../../../sdk/hub/extensions/requests/verbs/verbs.ts';
import type { EventMessage, ObjectState } from '../../../sdk/vision/event.ts';
import { ocellus, photo } from '../../cli/cli.ts';
import { retainedOf, Subscriber } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { Mosquitto } from './mosquitto.ts';

const slowly = { timeout: 300_000 };
const root = 'ocellus/porch';
const shelf = `${root}/shelf/classification/cupboard`;
const ajv = new Ajv({ allowUnionTypes: true });

const fileOf = (name: string) => `file:${photo(`${name}.jpg`)}`;

/** `ocellus run` on the scene, and on a shelf that shows a picture; killed after the test if it is not before. */
function startNode(folder: string): { kill(): Promise<void> } {
  const child = spawn(process.execPath, [asset('bin', 'ocellus.js'), 'run', '--no-console'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', OCELLUS_DATA: join(folder, 'data') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  closing(child, kill);
  return { kill };
}

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';

describe.skipIf(missing)(`Learning over MQTT with Mosquitto${missing}`, () => {
  it('teaches objects and a view, names them from then on, takes corrections, and keeps all of it through kill -9', async () => {
    const broker = closing(await Mosquitto.start(), (it) => it.stop());
    const heard = closing(await Subscriber.to(broker.url, 'ocellus/#'), (it) => it.end());
    const folder = temporaryFolder();
    const settings = {
      node: 'porch',
      mqtt: { broker: broker.url },
      learn: { interval: 0.5 },
      cameras: {
        door: { source: 'scene:', detect: { labels: ['person', 'cat', 'cup'] } },
        shelf: { source: fileOf('cup'), detect: { enabled: false, fps: 2 }, motion: { enabled: false } },
      },
    };
    writeFileSync(join(folder, 'ocellus.yaml'), stringify(settings));
    const first = startNode(folder);

    const ask = <V extends keyof Verbs>(verb: V, data: Verbs[V]['request']) =>
      requestVerb<string>(heard.client, { node: 'porch' }, verb, data) as Promise<Verbs[V]['response']>;
    const events = () => heard.on(`${root}/door/events`).map(({ text }) => JSON.parse(text) as EventMessage);
    /** The next event of which this holds, from now on. */
    const next = async (holds: (state: ObjectState, type: string) => boolean): Promise<ObjectState> => {
      const before = events().length;
      const found = () =>
        events()
          .slice(before)
          .find(({ after, type }) => holds(after, type));
      await until(() => found() !== undefined);
      return found()!.after;
    };
    const state = () => JSON.parse(heard.last(`${root}/learn/state`) ?? '{"heads":{}}') as LearningState;
    const labelsOf = (head: string) => state().heads[head]?.labels.map(({ label }) => label);

    // Nothing was taught; it says so.
    await until(() => heard.last(`${root}/learn/state`) !== undefined);
    expect(state()).toMatchObject({ examples: 0, error: null, heads: {} });

    // A track that is there: it is named at once, by all that tell of it.
    const teachPerson = async (version: number): Promise<ObjectState> => {
      const person = await next(({ label }, type) => label === 'person' && type === 'new');
      const taught = await ask('teach', { camera: 'door', track_id: person.track_id, label: 'Ada' });
      expect(taught).toMatchObject({ head: 'object', version, refused: null });
      const toldOf = () => events().filter(({ after }) => after.id === person.id);
      const named = () => toldOf().find(({ after }) => after.sub_label === 'Ada')?.after;
      await until(() => named() !== undefined || toldOf().some(({ type }) => type === 'end'));
      // On a slow machine it has left meanwhile: then the next one.
      return named() ?? (await teachPerson(version + 1));
    };
    const person = await teachPerson(1);
    expect(person.sub_label_score).toBeGreaterThan(0);
    await until(() => heard.last(`${root}/door/taught/Ada/occupied`) === 'ON');
    await until(() => heard.last(`${root}/door/taught/Ada/count`) === '1');
    expect(labelsOf('object')).toEqual(['Ada']);

    // The view of another camera, twice: two states.
    let known = '';
    /** Waits until the shelf shows another picture. */
    const showsAnother = async () => {
      let seen = known;
      while (seen === known) {
        // It is told before the answer; between two sources there is none.
        await ask('snapshot', { camera: 'shelf' }).catch(() => sleep(50));
        seen = heard.last(`${root}/shelf/view`) ?? '';
      }
      known = seen;
    };
    await showsAnother();
    await ask('teach', { camera: 'shelf', view: 'cupboard', label: 'tidy' });
    await ask('change', { camera: 'shelf', change: { source: fileOf('motorcycle') } });
    await showsAnother();
    const untidy = await ask('teach', { camera: 'shelf', view: 'cupboard', label: 'untidy' });
    expect(untidy).toMatchObject({ head: 'cupboard', version: 2 });
    await until(() => heard.last(shelf) === 'untidy');

    // A part of the picture.
    const part = await ask('teach', { camera: 'shelf', box: [20, 20, 200, 200], label: 'Bike' });
    expect(part).toMatchObject({ head: 'object', refused: null });

    // An event that is over.
    const cat = await next(({ label }, type) => label === 'cat' && type === 'end');
    expect(cat.sub_label).toBeNull();
    const late = await ask('teach', { camera: 'door', event_id: cat.id, label: 'Mimi' });
    expect(late).toMatchObject({ head: 'object', refused: null });
    await until(() => labelsOf('object')!.includes('Mimi'));

    await ask('change', { camera: 'shelf', change: { source: fileOf('cup') } });
    await until(() => heard.last(shelf) === 'tidy');

    // What is wrong is said.
    const errors: [keyof Verbs, object, RegExp][] = [
      ['teach', { camera: 'door', label: 'x' }, /expected one of track_id, event_id, box, view, got none/],
      ['teach', { camera: 'attic', label: 'x', view: true }, /there is no such camera; expected one of door, shelf/],
      ['teach', { camera: 'door', label: 'x', track_id: 9999 }, /track: expected one that was seen well/],
      ['teach', { camera: 'door', label: 'unknown', view: true }, /label: expected a name/],
      ['teach', { camera: 'door', label: 'x', view: 'My gate' }, /view: expected the name of a state/],
      ['forget', { label: 'nobody' }, /forget: expected something that was taught/],
      ['relabel', { example: 'nothing', label: 'x' }, /example: expected the id of an example/],
      ['rollback', { head: 'garage' }, /head: expected one of cupboard, object, got garage/],
      ['accept', { head: 'garage' }, /head: expected one of cupboard, object, got garage/],
      ['withdraw', { cut: 'nothing' }, /cut: expected the id of one/],
      ['list', { head: 'garage' }, /head: expected one of cupboard, object, got garage/],
    ];
    for (const [verb, data, error] of errors) await expect(ask(verb, data as never), verb).rejects.toThrow(error);

    // Corrections.
    const [example] = part.examples;
    await expect(ask('relabel', { example: example!, label: 'Tom' })).resolves.toMatchObject({ head: 'object' });
    await until(() => labelsOf('object')!.includes('Tom'));
    const { heads } = await ask('forget', { label: 'Tom' });
    expect(heads).toMatchObject([{ head: 'object', refused: null }]);
    await until(() => !labelsOf('object')!.includes('Tom') && heard.last(`${root}/door/taught/Tom/count`) === '');
    const back = await ask('rollback', { head: 'object', version: 1 });
    expect(back).toMatchObject({ version: 1, refused: expect.stringMatching(/rolled back from/) });
    await until(() => labelsOf('object')!.join() === 'Ada');
    expect((await ask('accept', { head: 'object' })).refused).toBeNull();
    await until(() => state().heads.object!.refused === null);

    // As a person would ask.
    const request = ['request', 'list', '{"head": "object"}', '--broker', broker.url, '--node', 'porch'];
    const { code, out } = await ocellus(request);
    const listed = JSON.parse(out) as Verbs['list']['response'];
    expect([code, listed.listed!.length]).toEqual([0, listed.total]);
    expect(listed.listed!.map(({ label }) => label)).toEqual(expect.arrayContaining(['Ada', 'Mimi']));

    // It dies, and comes back with all of it.
    const before = state();
    expect(ajv.validate(LearningState, before), ajv.errorsText()).toBe(true);
    await first.kill();
    const [told, seen] = [heard.on(`${root}/learn/state`).length, heard.on(shelf).length];
    startNode(folder);
    await until(() => heard.on(`${root}/learn/state`).length > told);
    expect(state()).toEqual(before);
    // Recognised with no word from anybody.
    const again = await next(({ label, sub_label }) => label === 'person' && sub_label !== null);
    expect(again).toMatchObject({ sub_label: 'Ada' });
    expect(again.id).not.toBe(person.id);
    await until(() => heard.last(`${root}/door/taught/Ada/occupied`) === 'ON');
    const seenCat = await next(({ label, sub_label }) => label === 'cat' && sub_label !== null);
    expect(seenCat.sub_label).toBe('Mimi');
    // The state of the shelf was never another one.
    expect(
      new Set(
        heard
          .on(shelf)
          .slice(seen)
          .map(({ text }) => text),
      ),
    ).toEqual(new Set(['tidy']));
    await vi.waitFor(async () => expect(await retainedOf(broker.url, shelf)).toEqual({ [shelf]: 'tidy' }), slowly);

    // Forgotten, and with it its topic.
    for (const label of ['tidy', 'untidy']) await ask('forget', { head: 'cupboard', label });
    await until(() => heard.last(shelf) === '');
    expect(Object.keys(await retainedOf(broker.url, `${root}/+/classification/+`))).toEqual([]);
  });
});
