import { describe, expect, it } from 'vitest';
import { validate } from '../../../sdk/config/validate.ts';
import { ModelCard } from '../../../sdk/core/cards/card.ts';
import { listModels } from '../../../sdk/core/cards/model-file.ts';
import { card, rawCard, rawClassifierCard } from '../cards.ts';

describe('ModelCard', () => {
  it('has composed labels, however its file writes them', () => {
    const labels = ['Cafe\u0301', 'cat'];
    const { labels: read } = validate(ModelCard, { ...rawCard({ type: 'yolov8' }), labels }, 'card');
    expect(read).toEqual(['Caf\u00e9', 'cat']);
  });

  it('fills in what most models share', () => {
    expect(card({ type: 'yolov8' })).toEqual({
      name: 'tiny',
      task: 'detect',
      labels: ['cat', 'dog'],
      decoder: { type: 'yolov8' },
      input: {
        width: 32,
        height: 32,
        layout: 'NCHW',
        type: 'float32',
        channels: 'RGB',
        mean: [0, 0, 0],
        std: [1, 1, 1],
        resize: 'letterbox',
        align: 'center',
        pad: 114,
      },
      thresholds: { score: 0.4 },
    });
  });

  it.each([
    { name: 'no decoder', change: { decoder: undefined }, message: 'decoder: expected' },
    {
      name: 'an unknown decoder',
      change: { decoder: { type: 'yolov9' } },
      message: '"nanodet" or "yolox" or "yolov5" or "yolov8" or "rtdetr" or "suppressed" or "ssd"',
    },
    {
      name: 'a decoder with a wrong field',
      change: { decoder: { type: 'yolox', strides: [8, 0] } },
      message: 'decoder.strides.1: expected a whole number from 1 to 4096, got 0',
    },
    {
      name: 'a decoder without a field',
      change: { decoder: { type: 'yolox' } },
      message: 'decoder.strides: expected a list of at least 1 and at most 16, got nothing',
    },
    {
      name: 'a decoder with a field too many',
      change: { decoder: { type: 'yolov8', strides: [8] } },
      message: 'decoder.strides: no such field; expected one of type, output',
    },
    { name: 'another task', change: { task: 'pose' }, message: 'task: expected "detect" or "classify", got "pose"' },
    { name: 'no labels', change: { labels: [] }, message: 'labels: expected a list of at least 1, got []' },
    { name: 'a name with spaces', change: { name: 'My Net' }, message: 'name: expected text that fits' },
    {
      name: 'an input without a size',
      change: { input: { width: 32 } },
      message: 'input.height: expected a whole number from 1 to 8192, got nothing',
    },
    {
      name: 'a misspelt field',
      change: { input: { width: 32, height: 32, chanels: 'BGR' } },
      message: 'input.chanels: no such field; expected one of name, width, height',
    },
    {
      name: 'a wrong choice',
      change: { input: { width: 32, height: 32, channels: 'RBG' } },
      message: 'input.channels: expected "RGB" or "BGR" or "GRAY", got "RBG"',
    },
    {
      name: 'a mean of two',
      change: { input: { width: 32, height: 32, mean: [1, 2] } },
      message: 'input.mean: expected a list of 3, got [1,2]',
    },
    {
      name: 'a standard deviation of 0',
      change: { input: { width: 32, height: 32, std: [1, 0, 1] } },
      message: 'input.std.1: expected',
    },
    {
      name: 'a threshold out of range',
      change: { thresholds: { score: 40 } },
      message: 'thresholds.score: expected a number from 0 to 1, got 40',
    },
    { name: 'a sha256 that is none', change: { sha256: 'abc' }, message: 'sha256: expected text that fits' },
  ])('names $name', ({ change, message }) => {
    expect(() => validate(ModelCard, rawCard({ type: 'yolov8' }, change), 'card x')).toThrow(message);
  });

  it('tells a classifier from a detector by its task', () => {
    const classifier = rawClassifierCard();
    expect(validate(ModelCard, classifier, 'card x')).toMatchObject({
      input: { resize: 'crop', region_resize: 'letterbox', pad: 114 },
    });
    expect(() => validate(ModelCard, { ...classifier, decoder: { type: 'yolov8' } }, 'card x')).toThrow(
      'decoder: no such field',
    );
    expect(() => validate(ModelCard, rawCard({ type: 'yolov8' }, { dimension: 3 }), 'card x')).toThrow(
      'dimension: no such field',
    );
  });

  it('reports what is wrong, not what has a default', () => {
    const wrong = rawCard({ type: 'yolov8' }, { input: { width: 32, height: 32, channels: 'RBG' } });
    expect(() => validate(ModelCard, wrong, 'card x')).toThrow(
      /^card x is not right:\n {2}input.channels: expected "RGB" or "BGR" or "GRAY", got "RBG"$/,
    );
  });

  it('is right for each model that ships, with where it comes from', async () => {
    const cards = await listModels();
    expect(cards.map(({ name, task }) => [name, task])).toEqual([
      ['blazeface-128', 'detect'],
      ['efficientnet-lite0-int8', 'classify'],
      ['efficientnet-lite1-int8', 'classify'],
      ['nanodet-g-416-int8', 'detect'],
      ['yolox-nano-416-int8', 'detect'],
    ]);
    for (const { sha256, source, labels } of cards) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(source).toMatchObject({ url: expect.stringMatching(/^https:/), licence: expect.any(String) });
      expect(new Set(labels).size).toBe(labels.length);
    }
  });
});
