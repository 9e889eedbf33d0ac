import { describe, expect, it } from 'vitest';
import { reservedStateNames } from '../../../sdk/config/schema.ts';
import { labelLevel, NodeTopics } from '../../../sdk/hub/contract/topics.ts';
import { checkStateName, isStateName } from '../../../sdk/learn/camera/state-name.ts';

describe('the name of a state', () => {
  it.each(['gate', 'airing-cupboard', 'a', '2nd_door', 'x'.repeat(32)])('%s is one, and a level of a topic', (name) => {
    expect(isStateName(name)).toBe(true);
    expect(labelLevel(name)).toBe(name);
    checkStateName(name);
  });

  it.each([...reservedStateNames, '', 'Gate', 'a b', 'a/b', '+', '#', 'über', '_a', 'x'.repeat(33), 'a\0'])(
    '%j is none',
    (name) => {
      expect(isStateName(name)).toBe(false);
      expect(() => checkStateName(name)).toThrow(/^view: expected the name of a state, such as gate .*, got "/);
    },
  );

  it('cannot be taken for another topic of a camera, whatever its labels are', () => {
    const door = new NodeTopics('ocellus', 'porch').camera('door');
    const label = 'classification';
    const others = [door.count(label), door.occupied(label), door.snapshot(label), door.appeared(label)];
    others.push(door.set(label), door.state(label));
    for (const topic of others) expect(isStateName(topic.split('/').at(-1)!)).toBe(false);
  });
});
