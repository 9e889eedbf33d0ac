import { describe, expect, it } from 'vitest';
import { NodeTopics } from '../../../../sdk/hub/contract/topics.ts';
import { CameraStates, cameraStates } from '../../../../sdk/hub/extensions/cameras/camera-states.ts';
import { FakeCamera, FakeContext, nodeStats } from '../../../support/hub.ts';

const topics = new NodeTopics('ocellus', 'porch').camera('door');
const short = (states: ReadonlyMap<string, string | undefined>) =>
  Object.fromEntries([...states].map(([topic, value]) => [topic.replace('ocellus/porch/door/', ''), value]));

describe('cameraStates', () => {
  it('are status, motion, the settings, and the counts of the view and the zones', () => {
    const camera = new FakeCamera('door', ['person', 'cell phone']);
    camera.setCount('person', 2);
    camera.setCount('person', 1, 'steps');
    camera.moving = true;
    expect(short(cameraStates(camera, topics))).toEqual({
      status: 'online',
      motion: 'ON',
      view: undefined,
      'enabled/state': 'ON',
      'detect/state': 'ON',
      'threshold/state': String(camera.settings.detect.threshold),
      'motion_gate/state': 'ON',
      'motion_sensitivity/state': '0.5',
      'snapshots/state': 'ON',
      'learn/state': 'ON',
      'person/count': '2',
      'person/occupied': 'ON',
      'person/snapshot': undefined,
      'cell_phone/count': '0',
      'cell_phone/occupied': 'OFF',
      'cell_phone/snapshot': undefined,
      'zone/steps/person/count': '1',
      'zone/steps/person/occupied': 'ON',
    });
  });

  it('have no labels before the model is known', () => {
    const states = cameraStates(new FakeCamera('door', []), topics);
    expect(short(states)).toMatchObject({ status: 'online', motion: 'OFF' });
    expect([...states.keys()].join()).not.toContain('count');
  });

  it('add up labels that share a topic', () => {
    const camera = new FakeCamera('door', ['a b', 'a_b']);
    camera.setCount('a b', 1);
    expect(short(cameraStates(camera, topics))).toMatchObject({ 'a_b/count': '1', 'a_b/occupied': 'ON' });
  });
});

describe('CameraStates', () => {
  it('empties the labels of an earlier run, but not before it knows its own', () => {
    const left = ['person', 'dog'].map((label) => topics.count(label));
    const run = (labels: string[], model: string) => {
      const context = new FakeContext([new FakeCamera('door', labels)]);
      if (labels.length === 0) context.node.card = undefined;
      context.node.stats = () => ({ ...nodeStats, model });
      const extension = new CameraStates();
      extension.start(context);
      context.sources.push(extension.states!);
      context.retained.found(new Map(left.map((topic) => [topic, Buffer.from('1')])));
      context.retained.update();
      return context.told.filter(([, value]) => value === '').map(([topic]) => topic);
    };
    expect(run(['person'], 'nanodet')).toEqual([topics.count('dog')]);
    expect(run([], 'nanodet')).toEqual([]);
    // No detector at all: none of them is right.
    expect(run([], 'off')).toEqual(left);
  });
});
