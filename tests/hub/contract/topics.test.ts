import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelLevel, NodeTopics } from '../../../sdk/hub/contract/topics.ts';

const topics = new NodeTopics('home/ocellus', 'porch');
const door = topics.camera('door');

describe('topics', () => {
  it.each([
    [topics.status, 'home/ocellus/porch/status'],
    [topics.stats, 'home/ocellus/porch/stats'],
    [topics.commands, 'home/ocellus/porch/+/+/set'],
    [door.status, 'home/ocellus/porch/door/status'],
    [door.events, 'home/ocellus/porch/door/events'],
    [door.motion, 'home/ocellus/porch/door/motion'],
    [door.count('person'), 'home/ocellus/porch/door/person/count'],
    [door.occupied('person', 'lawn'), 'home/ocellus/porch/door/zone/lawn/person/occupied'],
    [door.snapshot('cell phone'), 'home/ocellus/porch/door/cell_phone/snapshot'],
    [topics.requests, 'home/ocellus/porch/request/+'],
    [topics.request('info'), 'home/ocellus/porch/request/info'],
    [topics.response('info'), 'home/ocellus/porch/response/info'],
    [door.view, 'home/ocellus/porch/door/view'],
    [door.crossing('gate'), 'home/ocellus/porch/door/line/gate/crossing'],
    [topics.learningState, 'home/ocellus/porch/learn/state'],
    [door.classification('gate'), 'home/ocellus/porch/door/classification/gate'],
    [door.taughtCount('my cat'), 'home/ocellus/porch/door/taught/my_cat/count'],
    [door.taughtOccupied('my cat'), 'home/ocellus/porch/door/taught/my_cat/occupied'],
    [door.set('threshold'), 'home/ocellus/porch/door/threshold/set'],
    [door.state('threshold'), 'home/ocellus/porch/door/threshold/state'],
  ])('%s', (actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('reads a command and nothing else', () => {
    expect(topics.command('home/ocellus/porch/door/detect/set')).toEqual({ camera: 'door', setting: 'detect' });
    for (const other of [
      'home/ocellus/porch/door/detect/state',
      'home/ocellus/porch/door/set',
      'home/ocellus/porch/door/a/b/set',
      'home/ocellus/porch2/door/detect/set',
      '',
    ]) {
      expect(topics.command(other)).toBeUndefined();
    }
  });

  it('knows what is of learning, and nothing else', () => {
    const learned = [
      topics.learningState,
      door.classification('gate'),
      door.taughtCount('a'),
      door.taughtOccupied('a'),
    ];
    // Labels and zones may be called as anything.
    const others = [door.count('taught'), door.count('classification', 'taught'), door.occupied('a', 'classification')];
    others.push(door.state('learn'), door.set('learn'), door.snapshot('taught'), door.seen, topics.status, 'a/b/c');
    expect(learned.filter((topic) => topics.isLearned(topic))).toEqual(learned);
    expect(others.filter((topic) => topics.isLearned(topic))).toEqual([]);
  });

  it.each(['Porch', 'a/b', 'a+', '#', '', 'a b', 'x'.repeat(33)])('refuses the name %j', (name) => {
    expect(() => new NodeTopics('ocellus', name)).toThrow(/name of a node: expected/);
    expect(() => topics.camera(name)).toThrow(/name of a camera: expected/);
  });

  it.each(['a/+', '#', '', 'a//b', '/a', '$SYS', 'a\0'])('refuses the base %j', (base) => {
    expect(() => new NodeTopics(base, 'porch')).toThrow(/mqtt.base: expected/);
  });

  it('makes one valid level of any label', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (label) => {
        const level = labelLevel(label);
        expect(level).toMatch(/^[^\s/+#\p{Cc}]{1,128}$/u);
        expect(labelLevel(level)).toBe(level);
      }),
    );
  });
});
