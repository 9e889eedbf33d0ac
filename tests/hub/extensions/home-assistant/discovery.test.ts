import { describe, expect, it } from 'vitest';
import { Discovery } from '../../../../sdk/hub/extensions/home-assistant/discovery.ts';
import { FakeCamera, FakeContext } from '../../../support/hub.ts';

function setUp() {
  const door = new FakeCamera('door');
  const context = new FakeContext([door]);
  let url: string | undefined = 'http://10.0.0.7:8420';
  const discovery = new Discovery('homeassistant', () => url);
  discovery.scanned();
  const wanted = (versions: string | null = '{}') => {
    // As at each report, every ten seconds.
    discovery.changed();
    return discovery.wanted(context, versions);
  };
  return { door, context, discovery, wanted, move: (to: string | undefined) => (url = to) };
}

type Setup = ReturnType<typeof setUp>;

describe('Discovery', () => {
  it('makes its messages once while what they tell is the same', () => {
    const { door, wanted } = setUp();
    const first = wanted();
    door.setCount('person', 3);
    door.moving = true;
    expect(wanted()).toBe(first);
  });

  it('makes none again when the broker, after each connect, gives back what it was told', () => {
    const { discovery, wanted } = setUp();
    const first = wanted();
    for (const [topic, message] of first) {
      if (topic.endsWith('/config')) discovery.found(topic, Buffer.from(message!));
    }
    discovery.scanned();
    expect(wanted()).toBe(first);
  });

  it.each<[string, (setup: Setup) => unknown]>([
    ['the address of the page', ({ move }) => move('http://10.0.0.8:8420')],
    ['no page', ({ move }) => move(undefined)],
    ['a label', ({ door }) => door.setCount('dog', 0)],
    ['a zone', ({ door }) => door.setCount('person', 0, 'steps')],
    [
      'what the board tells',
      ({ context }) => (context.node.senses = { temperature: true, throttling: true, power: true }),
    ],
    ['a setting', ({ door }) => door.change({ lines: { gate: { from: [0, 0], to: [1, 1] } } } as never)],
    [
      'what an earlier run left',
      ({ discovery }) => {
        const left = JSON.stringify({ cmps: { gone: { p: 'sensor' } } });
        discovery.found('homeassistant/device/ocellus_porch/door/config', Buffer.from(left));
      },
    ],
  ])('makes them again when this is another: %s', async (_, change) => {
    const setup = setUp();
    const first = setup.wanted();
    await change(setup);
    const second = setup.wanted();
    expect([...second]).not.toEqual([...first]);
    expect(setup.wanted()).toBe(second);
  });

  it('tells what is not known yet from what is not there', () => {
    const { context, discovery, wanted } = setUp();
    const unknown = discovery.wanted(context, undefined);
    expect([...unknown.values()]).toEqual([undefined, undefined, undefined]);
    expect([...wanted(null).values()].every((message) => message !== undefined)).toBe(true);
  });
});
