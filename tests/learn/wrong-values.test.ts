import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { SteadyState } from '../../sdk/learn/heads/steady-state.ts';
import { TrainingData } from '../../sdk/learn/heads/training-set.ts';
import { Learner } from '../../sdk/learn/learner.ts';
import { writeBundle } from '../../sdk/learn/ledger/bundle.ts';
import { Ledger } from '../../sdk/learn/ledger/ledger.ts';
import { isExamplePart, partKey } from '../../sdk/learn/ledger/part.ts';

const none = undefined as never;
const options = { space: 's', dimension: 8, node: 'porch' };
const ledger = () => new Ledger(options);

describe('what a program without types hands to local learning is named, with what was expected', () => {
  it.each([
    [() => ledger().teach(none), 'a lesson: expected a draft, got undefined'],
    [() => ledger().merge(none), 'Ledger.merge: expected a list of parts, got undefined'],
    [() => ledger().merge([none]), 'a part: expected a part of a ledger, got undefined'],
    [() => ledger().forget('cat' as never), 'forget: expected what to forget: { example }'],
    [() => ledger().part(none), 'Ledger.part: expected the name of a part, got undefined'],
    [() => partKey(none), 'partKey: expected a part of a ledger, got undefined'],
    [() => isExamplePart(none), 'isExamplePart: expected a part of a ledger, got undefined'],
    [() => new TrainingData().update(none), 'TrainingData.update: expected a list of examples, got undefined'],
    [
      () => writeBundle({ ...options, parts: [none] }),
      'writeBundle: a part: expected a part of a ledger, got undefined',
    ],
    [
      () => writeBundle({ ...options, parts: [] }, {} as never),
      'writeBundle: identity: publicKey: expected an Identity',
    ],
  ])('%#', (act, message) => {
    expect(act).toThrow(message);
    expect(act).toThrow(InputError);
  });

  it.each([
    [none, 1, 'SteadyState.update: expected a Prediction, got undefined'],
    [{ label: 'tidy', score: Number.NaN }, 1, 'score: expected a Prediction, with a finite number there, got NaN'],
    [{ label: 'tidy', score: 1 }, Number.NaN, 'timeMs: expected a finite number, got NaN'],
  ])('of a state %#: what is no number is no answer', (prediction, timeMs, message) => {
    const cupboard = new SteadyState({ answers: 1, seconds: 1 });
    expect(() => cupboard.update(prediction, timeMs)).toThrow(message);
    expect(cupboard.state).toBe('unsure');
  });
});

describe('a learner', () => {
  let folder: string;
  let learner: Learner;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-'));
    learner = await Learner.open(join(folder, 'learn'), options);
  });

  afterEach(async () => {
    await learner.close();
    rmSync(folder, { recursive: true });
  });

  it('says what a lesson is, and goes on', async () => {
    await expect(learner.teach(none)).rejects.toThrow('teach: expected a list of lessons, got undefined');
    await expect(learner.teach([] as never)).rejects.toThrow('teach: expected at least one lesson, got an array of 0');
    await expect(learner.teach([{}] as never)).rejects.toThrow('teach: draft: expected a lesson');
    await expect(learner.add(none)).rejects.toThrow('teachAll: expected a lesson, got undefined');
    await expect(learner.addAll([null] as never)).rejects.toThrow('teachAll: expected a lesson, got null');
    await expect(learner.forget('cat' as never)).rejects.toThrow('forget: expected what to forget');
    const embedding = { values: new Int8Array(8).fill(1), scale: 1 };
    const draft = { label: 'cat', camera: 'door', kind: 'box', embedding } as const;
    await expect(learner.add({ draft })).resolves.toMatchObject({ label: 'cat' });
  });
});
