import { describe, expect, it } from 'vitest';
import { nodeStatsToWire } from '../../../sdk/hub/contract/stats.ts';
import { colourOf } from '../../../tools/console/web/src/colours.ts';
import { ago, bytes, count, duration, energy } from '../../../tools/console/web/src/format.ts';
import { axisEnd, frameRates, stacked } from '../../../tools/console/web/src/health/series.ts';
import { sizeMarks } from '../../../tools/console/web/src/health/size-marks.ts';
import { mqttLine } from '../../../tools/console/web/src/mqtt-line.ts';
import { amount, labelsOf, said, takenFor } from '../../../tools/console/web/src/teach/words.ts';
import { FakeCamera, FakeNode } from '../fakes.ts';

describe('mqttLine', () => {
  it.each([
    ['mqtt://127.0.0.1:1883', "mosquitto_sub -h 127.0.0.1 -t 'ocellus/porch/+/events'"],
    ['mqtt://127.0.0.1:45515', "mosquitto_sub -h 127.0.0.1 -p 45515 -t 'ocellus/porch/+/events'"],
    ['mqtts://hub', "mosquitto_sub -h hub -p 8883 --tls-use-os-certs -t 'ocellus/porch/+/events'"],
    ['mqtt://me:***@hub', "mosquitto_sub -h hub -u me -P PASSWORD -t 'ocellus/porch/+/events'"],
    ['mqtt://[::1]:1883', "mosquitto_sub -h ::1 -t 'ocellus/porch/+/events'"],
    ["mqtt://a'b@hub", "mosquitto_sub -h hub -u 'a'\\''b' -P PASSWORD -t 'ocellus/porch/+/events'"],
  ])('%s', (url, line) => expect(mqttLine({ url, root: 'ocellus/porch' })).toBe(line));

  it('is none where mosquitto_sub cannot go', () => {
    expect(mqttLine({ url: 'wss://hub/mqtt', root: 'ocellus/porch' })).toBeUndefined();
  });
});

describe('sizeMarks', () => {
  it('shows the most frequent label of each place, in pixels of the frame', () => {
    const place = [0.5, 0.25, 0.75, 0.5] as const;
    const person = { label: 'person', place, size: 0.05, spread: 1, count: 9 };
    expect(sizeMarks([person, { ...person, label: 'dog', count: 3 }], { width: 1920, height: 1080 })).toEqual([
      { label: 'person', pixels: 96, x: 960, y: 270, width: 480, height: 270, count: 9 },
    ]);
  });
});

describe('words', () => {
  it.each([
    [0.00042, '0.4 mJ'],
    [0.012, '12 mJ'],
    [0.42, '0.42 J'],
    [3.14, '3.1 J'],
  ])('%d joules: %s', (joules, text) => expect(energy(joules)).toBe(text));

  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [61, '1 min 1 s'],
    [3661, '1 h 1 min'],
    [90_000, '1 d 1 h'],
  ])('%d seconds: %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('says how long ago', () => {
    expect([ago(98, 100), ago(80, 100), ago(0, 300)]).toEqual(['just now', '20 s ago', '5 min ago']);
  });

  it('says how many bytes', () => {
    expect([bytes(0), bytes(12_345), bytes(3_400_000)]).toEqual(['0 kB', '12 kB', '3.4 MB']);
  });

  it('groups digits', () => expect([count(999), count(1234567)]).toEqual(['999', '1\u202f234\u202f567']));

  it('gives a label always the same colour, and those seen most different ones', () => {
    expect(colourOf('giraffe')).toBe(colourOf('giraffe'));
    expect(new Set(['person', 'cat', 'car', 'dog', 'motorcycle', 'cup'].map(colourOf)).size).toBe(6);
  });
});

describe('series', () => {
  it.each([
    [[3, 4], 1, 5],
    [[0.2], 5, 5],
    [[101], 1, 200],
    [[1000], 1, 1000],
    [[], 100, 100],
  ])('an axis of %j from %d ends at %d', (values, least, end) => expect(axisEnd(values, least)).toBe(end));

  it('stacks', () => {
    expect(
      stacked([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([
      { low: [0, 0], high: [1, 2] },
      { low: [1, 2], high: [4, 6] },
    ]);
  });

  it('makes rates of totals, none where they began again', () => {
    const sample = (time: number, total: number) => {
      const stats = new FakeNode([new FakeCamera('door')]).stats();
      stats.cameras.door = {
        ...stats.cameras.door!,
        frames: { in: total, dropped: 0, gated: 0, late: 0, inferred: 0 },
      };
      return { time, stats: nodeStatsToWire(stats) };
    };
    const rates = frameRates([sample(0, 100), sample(2000, 120), sample(3000, 5)], 'door');
    expect(rates.in).toEqual([10, 0]);
  });
});

describe('words about teaching', () => {
  it.each([
    [{ right: 9, of: 10 }, 'Taught: my cat. 9 of 10 are named rightly now.'],
    [null, 'Taught: my cat.'],
  ])('%j', (named, text) => expect(said('Taught: my cat', { named })).toBe(text));

  it.each([
    [1, 0, 0, '1 example'],
    [12, 1, 0, '12 examples, 1 negative'],
    [12, 3, 2, '12 examples, 3 negatives, 2 of them from other nodes'],
  ])('%i, %i, %i: %s', (examples, negatives, others, text) => {
    expect(amount({ label: 'cat', examples, negatives, others, named: null })).toBe(text);
  });

  it('says what something is taken for', () => {
    const miss = {
      camera: 'door',
      track: 1,
      time: 0,
      score: 0.5,
      nearest: 'my cat',
      picture: '',
      likely: ['my cat'],
      doubt: 1,
    };
    expect(takenFor({ ...miss, label: 'my cat' })).toBe('my cat?');
    expect(takenFor({ ...miss, label: 'unknown' })).toBe('my cat, perhaps?');
    expect(takenFor({ ...miss, label: 'unknown', likely: [] })).toBe('Like nothing that was taught');
  });

  it('offers the labels of objects, or of one state', () => {
    const head = { version: 1, versions: [1], kind: null, named: null, false_accept: null, refused: null };
    const label = { examples: 1, negatives: 0, others: 0, named: null };
    const learning = {
      ...{ thumbnails: false, nodes: [], cuts: [], asides: 0 },
      heads: [
        { ...head, name: 'object', objects: true, labels: [{ ...label, label: 'my cat' }], confusions: [] },
        { ...head, name: 'gate', objects: false, labels: [{ ...label, label: 'open' }], confusions: [] },
      ],
    };
    expect(labelsOf(learning)).toEqual(['my cat']);
    expect(labelsOf(learning, 'gate')).toEqual(['open']);
    // A state may be called what it likes: it is not what objects are named by.
    expect(labelsOf(learning, 'object')).toEqual([]);
    expect(labelsOf(null)).toEqual([]);
  });
});
