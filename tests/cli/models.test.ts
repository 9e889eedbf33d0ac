import { describe, expect, it } from 'vitest';
import { validate } from '../../sdk/config/validate.ts';
import { ModelCard } from '../../sdk/core/cards/card.ts';
import { jsonLines, ocellus } from './cli.ts';

describe('ocellus models', () => {
  it('prints one card a line', async () => {
    const { code, out } = await ocellus(['models', '--json']);
    expect(code).toBe(0);
    const cards = jsonLines(out).map((card) => validate(ModelCard, card, 'the card'));
    expect(cards.map(({ name }) => name)).toContain('nanodet-g-416-int8');
  });

  it('shows a table with licences', async () => {
    const { out } = await ocellus(['models']);
    expect(out).toMatch(/^NAME +TASK +ENGINE +INPUT +LABELS +ACCURACY +LICENCE\n/);
    expect(out).toMatch(
      /^efficientnet-lite0-int8 +classify +(native|onnxruntime) +224x224 +1000 labels +0\.\d+ .* Apache-2\.0$/m,
    );
    expect(out).toMatch(
      /^efficientnet-lite1-int8 +classify +(native|onnxruntime) +240x240 +1000 labels +0\.\d+ .* Apache-2\.0$/m,
    );
    expect(out).toMatch(
      /^yolox-nano-416-int8 +detect +(native|onnxruntime) +416x416 +80 labels +AP 0\.\d+ .* Apache-2\.0$/m,
    );
    expect(out).toMatch(
      /^nanodet-g-416-int8 +detect +(native|onnxruntime) +416x416 +80 labels +AP 0\.\d+ .* Apache-2\.0$/m,
    );
  });
});
